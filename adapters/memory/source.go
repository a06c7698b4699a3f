package memory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Source delivers the messages of one queue. Fields are set before Consume.
type Source struct {
	// MaxBatch is the largest number of messages in a batch. 0: 50.
	MaxBatch int
	// Pause is how long to wait before a message that failed alone is delivered again. 0: 10 ms.
	Pause time.Duration

	broker *Broker
	name   string
}

var _ adapters.Source = (*Source)(nil)

// Source returns a new source of the queue under name.
func (b *Broker) Source(name string) *Source { return &Source{broker: b, name: name} }

// Consume implements adapters.Source. After an error it halves the batch, down to one message, until
// all that failed are settled.
func (s *Source) Consume(ctx context.Context, h adapters.Handler) error {
	most := s.MaxBatch
	if most <= 0 {
		most = 50
	}
	limit, careful := most, 0 // careful: messages of a failed batch that are still to be settled
	for {
		batch := s.take(ctx, limit)
		if batch == nil {
			return nil
		}
		u := &unit{broker: s.broker, puts: make(map[string][]adapters.Message)}
		err := h(ctx, u, adapters.Batch{Messages: batch})
		u.over = true
		n := len(batch)
		if err == nil {
			u.commit()
			if careful -= n; careful <= 0 {
				limit, careful = most, 0
			}
			continue
		}
		s.giveBack(batch)
		if ctx.Err() != nil {
			return nil
		}
		careful = max(careful, n)
		limit = max(1, n/2)
		if n == 1 {
			s.pause(ctx)
		}
	}
}

// take waits for at least one message and removes up to limit. Nil: the context ended.
func (s *Source) take(ctx context.Context, limit int) []adapters.Message {
	for {
		if ctx.Err() != nil {
			return nil
		}
		s.broker.mu.Lock()
		q := s.broker.queue(s.name)
		if n := min(limit, len(q.waiting)); n > 0 {
			batch := append([]adapters.Message(nil), q.waiting[:n]...)
			q.waiting = q.waiting[n:]
			s.broker.mu.Unlock()
			return batch
		}
		arrived := q.arrived
		s.broker.mu.Unlock()
		select {
		case <-arrived:
		case <-ctx.Done():
		}
	}
}

// giveBack returns messages to their old place, each with one more attempt.
func (s *Source) giveBack(batch []adapters.Message) {
	s.broker.mu.Lock()
	defer s.broker.mu.Unlock()
	q := s.broker.queue(s.name)
	back := make([]adapters.Message, 0, len(batch)+len(q.waiting))
	for _, m := range batch {
		m.Attempts++
		back = append(back, m)
	}
	q.waiting = append(back, q.waiting...)
}

func (s *Source) pause(ctx context.Context) {
	d := s.Pause
	if d <= 0 {
		d = 10 * time.Millisecond
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

var errUnitOver = errors.New("memory: the unit of work ended with its handler")

// unit collects puts; commit makes them visible at once.
type unit struct {
	broker *Broker
	order  []string
	puts   map[string][]adapters.Message
	over   bool
}

// Put implements adapters.Unit.
func (u *unit) Put(ctx context.Context, dest string, m ...adapters.Message) error {
	if u.over {
		return errUnitOver
	}
	if dest == "" {
		return errors.New("memory: put without a destination")
	}
	if err := check(ctx, m); err != nil {
		return fmt.Errorf("put to %s: %w", dest, err)
	}
	if _, known := u.puts[dest]; !known {
		u.order = append(u.order, dest)
	}
	u.puts[dest] = append(u.puts[dest], m...)
	return nil
}

func (u *unit) commit() {
	u.broker.mu.Lock()
	defer u.broker.mu.Unlock()
	for _, dest := range u.order {
		u.broker.queue(dest).add(u.puts[dest]...)
	}
}
