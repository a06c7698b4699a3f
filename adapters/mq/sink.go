package mq

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/portage-gateway/portage/adapters"
)

// maxUnit bounds a unit of work in messages; queue managers refuse more than 10,000 by default (2024).
const maxUnit = 1000

// Sink publishes messages to a queue, those of one Publish in one unit of work (of up to 1,000). Safe
// for use by several goroutines. Fields are set before the first Publish.
type Sink struct {
	// Dial opens connections. Required.
	Dial Dial `yaml:"-"`
	// Queue takes the messages. Required.
	Queue string `yaml:"queue"`
	// Connections is how many units of work can be open at once. 0: 4.
	Connections int `yaml:"connections"`
	// Bare puts bodies without properties, for readers that do not expect an MQRFH2. Then ID, Key and
	// headers of messages are not carried. False: they are, as message properties.
	Bare bool `yaml:"bare"`
	// Descriptor is the template of each message's descriptor: format, code page, priority and so on.
	// Persistent need not be set: what Publish puts is durable.
	Descriptor Descriptor `yaml:"-"`

	once sync.Once
	pool *pool
}

var _ adapters.Sink = (*Sink)(nil)

func (s *Sink) connections() *pool {
	s.once.Do(func() {
		n := s.Connections
		if n <= 0 {
			n = 4
		}
		s.pool = newPool(s.Dial, n)
	})
	return s.pool
}

// Publish implements adapters.Sink. An error whose errors.Is says adapters.ErrInDoubt comes from a
// commit that may have happened: publishing again may double messages, under the same IDs.
func (s *Sink) Publish(ctx context.Context, m ...adapters.Message) error {
	if s.Dial == nil || s.Queue == "" {
		return errors.New("mq: a sink needs Dial and Queue")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("mq: publish to %s: %w", s.Queue, err)
	}
	for len(m) > 0 {
		n := min(len(m), maxUnit)
		if err := s.connections().do(ctx, func(c Conn) error { return s.publish(ctx, c, m[:n]) }); err != nil {
			return fmt.Errorf("publish to %s: %w", s.Queue, err)
		}
		m = m[n:]
	}
	return nil
}

func (s *Sink) publish(ctx context.Context, c Conn, ms []adapters.Message) error {
	template := s.Descriptor
	template.Persistent = true
	for i := range ms {
		if _, err := c.Put(ctx, s.Queue, newDatagram(&ms[i], template, !s.Bare), PutOptions{Syncpoint: true, PassContext: template.hasIdentity()}); err != nil {
			return err
		}
	}
	return c.Commit(ctx)
}

// Close closes the connections. A Publish that runs ends first.
func (s *Sink) Close() { s.connections().close() }
