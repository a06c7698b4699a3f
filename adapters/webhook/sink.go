package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Sink posts to one subscriber. Safe for use by several goroutines, which take turns.
type Sink struct {
	cfg  Config
	http *http.Client

	turn chan struct{}   // held by the Publish at work
	life context.Context // ended by Close
	end  context.CancelFunc
	gone chan struct{} // closed at 410

	// What follows belongs to who holds turn.
	notBefore time.Time       // the subscriber asked to wait
	delivered map[string]bool // ids of a Publish that failed later on: they are not sent again
}

var _ adapters.Sink = (*Sink)(nil)

// maxDelivered bounds how many delivered ids of failed Publishes are remembered.
const maxDelivered = 10_000

// Open checks the configuration and reads the keys. It sends nothing.
func Open(c Config) (*Sink, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	if _, err := readKeys(c.KeyFiles); err != nil {
		return nil, fmt.Errorf("webhook %s: %w", c.Name, err)
	}
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	c.Metrics.subscriber(c.Name)
	s := &Sink{cfg: c, http: client, turn: make(chan struct{}, 1), gone: make(chan struct{}), delivered: map[string]bool{}}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Gone is closed when the subscriber has answered 410: whoever runs a Bridge onto this Sink ends it then.
func (s *Sink) Gone() <-chan struct{} { return s.gone }

// Publish sends the messages one after the other, and each until the subscriber has it. Nil: it has all of them.
// It stops at the first that it cannot deliver:
//
//   - an *adapters.Refusal with reason "subscriber-refused" (a 4xx answer), "too-large", "not-cloudevent" or
//     "header" speaks of that message, which no retry can help;
//   - an *Error is transient: Config.Patience, or ctx, ran out. Publish the same messages again;
//   - ErrGone and ErrClosed are final.
//
// Those before it have been delivered, and when they are published again in this Sink's life they are not sent
// again.
func (s *Sink) Publish(ctx context.Context, m ...adapters.Message) error {
	if len(m) == 0 {
		return nil
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	defer func() { <-s.turn }()
	keys, err := readKeys(s.cfg.KeyFiles)
	if err != nil {
		return &Error{Subscriber: s.cfg.Name, ID: m[0].ID, Err: err, Hint: "nothing is sent unsigned"}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	if len(s.delivered) > maxDelivered { // of Publishes that were given up
		clear(s.delivered)
	}
	for i, one := range m {
		if s.delivered[one.ID] {
			continue
		}
		if err := s.deliver(ctx, keys, one); err != nil {
			if s.life.Err() != nil {
				return ErrClosed
			}
			return fmt.Errorf("message %d of %d: %w", i+1, len(m), err)
		}
		s.delivered[one.ID] = true
	}
	for _, one := range m {
		delete(s.delivered, one.ID)
	}
	return nil
}

// take waits for this Publish's turn.
func (s *Sink) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("webhook %s: nothing was sent: %w", s.cfg.Name, err)
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("webhook %s: nothing was sent: %w", s.cfg.Name, ctx.Err())
	case <-s.life.Done():
		return ErrClosed
	}
	select {
	case <-s.gone:
		<-s.turn
		return fmt.Errorf("webhook %s: %w", s.cfg.Name, ErrGone)
	case <-s.life.Done():
		<-s.turn
		return ErrClosed
	default:
		return nil
	}
}

// Close ends the Publish under way and lets go of connections. Further calls do nothing.
func (s *Sink) Close() error {
	s.end()
	s.turn <- struct{}{} // the last one is through, and nobody takes a turn after it
	s.http.CloseIdleConnections()
	<-s.turn
	return nil
}

// leave notes a 410.
func (s *Sink) leave() error {
	close(s.gone)
	return fmt.Errorf("webhook %s: %w", s.cfg.Name, ErrGone)
}

// waited holds the next attempt back until the subscriber wants it.
func (s *Sink) waited(ctx context.Context) error {
	d := s.notBefore.Sub(s.cfg.Now())
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err(), fmt.Errorf("the subscriber asked to be left alone for another %s", d.Round(time.Second)))
	}
}
