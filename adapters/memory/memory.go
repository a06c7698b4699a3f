// Package memory is the reference adapter: Source, Sink and Ledger over queues in memory. It shows in
// few lines what package adapters asks for, and it is what tests of bridges use. It keeps nothing
// across a restart.
package memory

import (
	"context"
	"fmt"
	"sync"

	"github.com/portage-gateway/portage/adapters"
)

// Broker holds named queues. The zero value is ready. Safe for use by several goroutines.
type Broker struct {
	mu     sync.Mutex
	queues map[string]*queue
}

// queue is a line of messages and the ledger kept with it.
type queue struct {
	waiting  []adapters.Message
	arrived  chan struct{} // closed at the next arrival
	position []byte
	epoch    uint64
}

// queue returns the queue under name, which need not exist before. The caller holds b.mu.
func (b *Broker) queue(name string) *queue {
	if b.queues == nil {
		b.queues = make(map[string]*queue)
	}
	q := b.queues[name]
	if q == nil {
		q = &queue{arrived: make(chan struct{})}
		b.queues[name] = q
	}
	return q
}

// add appends messages and wakes whoever waits. The caller holds the broker's lock.
func (q *queue) add(m ...adapters.Message) {
	if len(m) == 0 {
		return
	}
	q.waiting = append(q.waiting, m...)
	close(q.arrived)
	q.arrived = make(chan struct{})
}

// Messages returns the messages that wait in a queue, oldest first, without taking them.
func (b *Broker) Messages(name string) []adapters.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]adapters.Message(nil), b.queue(name).waiting...)
}

// Sink is a Sink and a Ledger over one queue. Safe for use by several goroutines.
type Sink struct {
	broker *Broker
	name   string

	mu    sync.Mutex
	epoch uint64 // of the last Recover; 0: none
}

var (
	_ adapters.Sink   = (*Sink)(nil)
	_ adapters.Ledger = (*Sink)(nil)
)

// Sink returns a new sink onto the queue under name.
func (b *Broker) Sink(name string) *Sink { return &Sink{broker: b, name: name} }

// Publish implements adapters.Sink: all messages or, on an error, none.
func (s *Sink) Publish(ctx context.Context, m ...adapters.Message) error {
	if err := check(ctx, m); err != nil {
		return err
	}
	s.broker.mu.Lock()
	defer s.broker.mu.Unlock()
	s.broker.queue(s.name).add(m...)
	return nil
}

// Recover implements adapters.Ledger: it fences all other Sinks of this queue that recovered before.
func (s *Sink) Recover(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: recover %s: %w", s.name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broker.mu.Lock()
	defer s.broker.mu.Unlock()
	q := s.broker.queue(s.name)
	q.epoch++
	s.epoch = q.epoch
	return append([]byte(nil), q.position...), nil
}

// PublishAt implements adapters.Ledger. It is refused before Recover, and with adapters.ErrFenced after
// another Sink's. Its outcome is never in doubt.
func (s *Sink) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	if err := check(ctx, m); err != nil {
		return err
	}
	if len(position) > adapters.MaxPosition {
		return fmt.Errorf("memory: publish to %s: a position of %d bytes is over the limit of %d", s.name, len(position), adapters.MaxPosition)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broker.mu.Lock()
	defer s.broker.mu.Unlock()
	q := s.broker.queue(s.name)
	switch {
	case s.epoch == 0:
		return fmt.Errorf("memory: publish to %s: PublishAt before Recover", s.name)
	case s.epoch != q.epoch:
		return fmt.Errorf("memory: publish to %s: %w", s.name, adapters.ErrFenced)
	}
	q.position = append([]byte(nil), position...)
	q.add(m...)
	return nil
}

func check(ctx context.Context, ms []adapters.Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: publish: %w", err)
	}
	for i, m := range ms {
		if m.ID == "" {
			return fmt.Errorf("memory: publish: message %d of %d has no ID", i+1, len(ms))
		}
	}
	return nil
}
