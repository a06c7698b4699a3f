// Package kafka publishes messages into one topic of Apache Kafka, over github.com/IBM/sarama.
//
// The producer is idempotent and waits for all in-sync replicas: a message that Publish acknowledged is
// on the log once, in its place among the messages of its Key. Delivery is at least once: after an
// error the caller publishes again, and readers know repetitions by the CloudEvents id and by the
// header portage-id. The Key chooses the partition as Java producers do (murmur2).
//
// A Sink keeps no position, so it is no Ledger. Transactions, which make it one, have their place in
// [Sink.send].
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/portage-gateway/portage/adapters"
)

// Config says which topic, where, and how.
type Config struct {
	// Brokers are host:port addresses to start from. At least one.
	Brokers []string `yaml:"brokers"`
	// Topic takes the messages. Required.
	Topic string `yaml:"topic"`
	// CreateTopic makes the topic when it is not there. Default: a missing topic is an error.
	CreateTopic bool `yaml:"createTopic"`
	// Partitions of a topic that is created; 1 to 10,000. Default 6. More partitions of a topic that
	// exists would send Keys elsewhere: Portage never changes them.
	Partitions int32 `yaml:"partitions"`
	// Replicas of a topic that is created. 0: the broker's default.
	Replicas int16 `yaml:"replicas"`
	// Content is how CloudEvents travel (CloudEvents Kafka protocol binding 1.0.2, section 3):
	// "structured", the default, or "binary". Messages that are not CloudEvents go as they are.
	Content Content `yaml:"content"`
	// Compression is "none", the default, "gzip", "snappy", "lz4" or "zstd".
	Compression string `yaml:"compression"`
	// MaxMessageBytes is the largest message, key and headers included; a larger one is refused. It
	// must not exceed the topic's max.message.bytes. Default 1,048,576.
	MaxMessageBytes int `yaml:"maxMessageBytes"`
	// Patience is how long Publish lets the producer try again before it gives up. Default 30s.
	Patience time.Duration `yaml:"patience"`
	// ClientID names Portage in the broker's logs and quotas. Default "portage".
	ClientID string `yaml:"clientId"`
	// Version is the oldest broker version in use. Default "2.8.0".
	Version string `yaml:"version"`
	// TLS and SASL say how to connect. Zero: in the clear, without a name.
	TLS  TLS  `yaml:"tls"`
	SASL SASL `yaml:"sasl"`
	// Log hears of a topic that was created. Nil: discard.
	Log *slog.Logger `yaml:"-"`
}

// Content is a CloudEvents content mode.
type Content string

// The content modes.
const (
	Structured Content = "structured"
	Binary     Content = "binary"
)

// retryPause is between two tries of a message. Config.Patience divided by it is how many tries there
// are; sarama counts a try also for messages that only queue behind the one that failed.
const retryPause = 100 * time.Millisecond

// ErrClosed says that the Sink was closed.
var ErrClosed = errors.New("kafka sink is closed")

// Sink publishes into one topic. Safe for use by several goroutines.
type Sink struct {
	cfg      Config
	client   sarama.Client
	producer sarama.SyncProducer

	mu     sync.Mutex
	closed bool
	sends  sync.WaitGroup  // under way, abandoned ones included
	stale  []chan struct{} // sends whose callers left: each closes when it is decided
}

var _ adapters.Sink = (*Sink)(nil)

// Open connects, checks that the topic is there (or creates it) and starts the producer. It gives up
// after about 15 seconds when no broker answers.
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
	client, err := sarama.NewClient(c.Brokers, conf)
	if err != nil {
		return nil, c.fail("connect", err)
	}
	if err := c.ensureTopic(client); err != nil {
		return nil, errors.Join(err, client.Close())
	}
	producer, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		return nil, errors.Join(c.fail("start producer", err), client.Close())
	}
	return &Sink{cfg: c, client: client, producer: producer}, nil
}

// Publish sends the messages and waits until all in-sync replicas hold them. Messages of one Key keep
// their order. A message that Kafka will never take gives an *adapters.Refusal; a failure of the
// brokers gives an *Error. After an error some messages may be on the log.
//
// When ctx ends Publish returns at once, and what was handed over may still be written; the next
// Publish first waits until that is decided, so that repetitions stay behind it.
func (s *Sink) Publish(ctx context.Context, m ...adapters.Message) error {
	records, err := s.records(m)
	if err != nil || len(records) == 0 {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("kafka topic %s: nothing was handed over: %w", s.cfg.Topic, err)
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
		verdict <- s.send(records)
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

// send is the producer's part of Publish: with a transactional producer it is begin, send, commit.
func (s *Sink) send(records []*sarama.ProducerMessage) error {
	if err := s.producer.SendMessages(records); err != nil {
		return s.cfg.classify(err, len(records))
	}
	return nil
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
	s.mu.Unlock()
	s.sends.Wait() // sarama drops what still retries when it closes
	return errors.Join(s.producer.Close(), s.client.Close())
}
