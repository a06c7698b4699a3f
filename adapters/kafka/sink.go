// Package kafka carries messages into one topic of Apache Kafka and out of one, over
// github.com/IBM/sarama.
//
//   - [Sink] publishes at least once. Its producer is idempotent and waits for all in-sync replicas: a
//     message that Publish acknowledged is on the log once, in its place among the messages of its Key.
//     After an error the caller publishes again, and readers know repetitions by the CloudEvents id and by
//     the header portage-id.
//   - [Ledger] publishes exactly once for readers with isolation.level=read_committed: messages and the
//     source's position are one transaction.
//   - [Source] reads committed records as a member of a consumer group.
//
// The Key chooses the partition as Java producers do (murmur2). What each promises, and what to do when
// it cannot, stands in docs/delivery.md.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/portage-gateway/portage/adapters"
)

// retryPause is between two tries of a message. Config.Patience divided by it is how many tries there
// are; sarama counts a try also for messages that only queue behind the one that failed.
const retryPause = 100 * time.Millisecond

// ErrClosed says that the Sink was closed.
var ErrClosed = errors.New("kafka sink is closed")

// firstTry is how long Open waits for brokers before it goes on without them.
const firstTry = 2 * time.Second

// Sink publishes into one topic, at least once. Safe for use by several goroutines.
type Sink struct {
	cfg    Config
	conf   *sarama.Config
	health readiness
	cancel context.CancelFunc // ends the dialling
	dialed chan struct{}      // closed when line is set, or when the dialling ended

	mu     sync.Mutex
	line   *line // nil: not connected yet
	closed bool
	sends  sync.WaitGroup  // under way, abandoned ones included
	stale  []chan struct{} // sends whose callers left: each closes when it is decided
}

var _ adapters.Sink = (*Sink)(nil)

// Open returns a Sink at once, or after at most 2 s: it needs no broker. Without one it goes on dialling
// in the background, with pauses of up to 10 s, and Ready says why it is not connected. An error says that
// the configuration is wrong, or what a person must change on the cluster, such as a missing topic, if
// that was found out in time.
func Open(ctx context.Context, c Config) (*Sink, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	conf, err := c.sarama()
	if err != nil {
		return nil, err
	}
	s := &Sink{cfg: c, conf: conf, health: readiness{log: c.Log.With("topic", c.Topic), now: c.Now}, dialed: make(chan struct{})}
	var dialing context.Context
	dialing, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.health.err = c.fail("connect", errNotYet)
	first := make(chan error, 1)
	go s.dial(dialing, first)
	wait := time.NewTimer(firstTry)
	defer wait.Stop()
	select {
	case err = <-first:
	case <-wait.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if e, ok := errors.AsType[*Error](err); err == nil || ok && e.Class != Alert {
		return s, nil
	}
	return nil, errors.Join(err, s.Close())
}

// dial connects, sooner or later. The first outcome goes to first.
func (s *Sink) dial(ctx context.Context, first chan<- error) {
	defer close(s.dialed)
	for n := 1; ; n++ {
		l, err := s.cfg.open(s.conf)
		s.health.saw(err)
		if err == nil && !s.connected(l) {
			l.close()
		}
		if n == 1 {
			first <- err
		}
		if err == nil || !pause(ctx, pauseAfter(n)) {
			return
		}
	}
}

// connected hands the line over, unless the Sink was closed.
func (s *Sink) connected(l *line) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.line = l
	return true
}

// Ready returns nil while messages get through, and otherwise the last failure.
func (s *Sink) Ready() error { return s.health.ready() }

// producer returns the producer; without a connection it says why, as soon as that is known.
func (s *Sink) producer(ctx context.Context) (sarama.SyncProducer, error) {
	s.mu.Lock()
	l, closed := s.line, s.closed
	s.mu.Unlock()
	if l == nil && !closed && errors.Is(s.Ready(), errNotYet) {
		select {
		case <-s.dialed:
		case <-ctx.Done():
			return nil, fmt.Errorf("kafka topic %s: nothing was handed over: %w", s.cfg.Topic, ctx.Err())
		case <-time.After(s.cfg.Patience):
		}
		s.mu.Lock()
		l, closed = s.line, s.closed
		s.mu.Unlock()
	}
	switch {
	case closed:
		return nil, ErrClosed
	case l == nil:
		return nil, s.Ready()
	}
	return l.producer, nil
}

// Publish sends the messages and waits until all in-sync replicas hold them. Messages of one Key keep
// their order. A message that Kafka will never take gives an *adapters.Refusal; a failure of the
// brokers gives an *Error. After an error some messages may be on the log.
//
// When ctx ends Publish returns at once, and what was handed over may still be written; the next
// Publish first waits until that is decided, so that repetitions stay behind it.
func (s *Sink) Publish(ctx context.Context, m ...adapters.Message) error {
	records, err := s.cfg.records(m)
	if err != nil || len(records) == 0 {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("kafka topic %s: nothing was handed over: %w", s.cfg.Topic, err)
	}
	producer, err := s.producer(ctx)
	if err != nil {
		return err
	}
	if err := s.settleStale(ctx); err != nil {
		return err
	}
	if err := s.begin(); err != nil {
		return err
	}
	verdict, decided := make(chan error, 1), make(chan struct{})
	go func() {
		defer s.sends.Done()
		defer close(decided)
		verdict <- s.send(producer, records)
	}()
	select {
	case err := <-verdict:
		return err
	case <-ctx.Done():
		s.mu.Lock()
		s.stale = append(s.stale, decided)
		s.mu.Unlock()
		return fmt.Errorf("kafka topic %s: %d messages handed over, not acknowledged: %w", s.cfg.Topic, len(m), ctx.Err())
	}
}

// send is the producer's part of Publish.
func (s *Sink) send(producer sarama.SyncProducer, records []*sarama.ProducerMessage) error {
	err := producer.SendMessages(records)
	if err == nil {
		s.health.saw(nil)
		return nil
	}
	err = s.cfg.classify(err, len(records))
	if e, ok := errors.AsType[*Error](err); ok {
		s.health.saw(e)
	}
	return err
}

// begin counts a send, unless the Sink is closed.
func (s *Sink) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.sends.Add(1)
	return nil
}

// settleStale waits for sends whose callers have left.
func (s *Sink) settleStale(ctx context.Context) error {
	s.mu.Lock()
	stale := s.stale
	s.mu.Unlock()
	for _, decided := range stale {
		select {
		case <-decided:
		case <-ctx.Done():
			return fmt.Errorf("kafka topic %s: nothing was handed over, an earlier send is undecided: %w", s.cfg.Topic, ctx.Err())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.stale[:0]
	for _, decided := range s.stale {
		select {
		case <-decided:
		default:
			left = append(left, decided)
		}
	}
	s.stale = left
	return nil
}

// Close waits for every send under way, at most about Config.Patience, and disconnects. Further calls
// do nothing.
func (s *Sink) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	l := s.line
	s.mu.Unlock()
	s.cancel()
	s.sends.Wait() // sarama drops what still retries when it closes
	if l == nil {
		return nil
	}
	return l.close()
}
