package mq

import (
	"context"
	"errors"
	"sync"
)

// pool lends a fixed number of connections, opened when first needed. Safe for concurrent use.
type pool struct {
	dial  Dial
	slots chan Conn // nil: a place without a connection

	mu     sync.Mutex
	closed bool
}

var errClosed = errors.New("mq: closed")

func newPool(dial Dial, size int) *pool {
	p := &pool{dial: dial, slots: make(chan Conn, size)}
	for range size {
		p.slots <- nil
	}
	return p
}

// borrow waits for a connection; reused says that it served before. Each one borrowed goes back by
// giveBack, or by giveBack(nil) when it is broken.
func (p *pool) borrow(ctx context.Context) (c Conn, reused bool, err error) {
	select {
	case c = <-p.slots:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	if closed {
		p.giveBack(c)
		return nil, false, errClosed
	}
	if c != nil {
		return c, true, nil
	}
	if c, err = p.dial(ctx); err != nil {
		p.slots <- nil
		return nil, false, err
	}
	return c, false, nil
}

func (p *pool) giveBack(c Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed && c != nil {
		c.Close()
		c = nil
	}
	p.slots <- c
}

// close closes what is idle now, and the rest when it comes back.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	for range cap(p.slots) {
		select {
		case c := <-p.slots:
			if c != nil {
				c.Close()
			}
			defer func() { p.slots <- nil }()
		default:
		}
	}
}

// do runs work on a connection. A connection that served before and turns out to be broken before
// anything was committed is replaced once, since the queue manager may have been restarted meanwhile.
func (p *pool) do(ctx context.Context, work func(Conn) error) error {
	for {
		c, reused, err := p.borrow(ctx)
		if err != nil {
			return err
		}
		err = work(c)
		switch e := asError(err); {
		case err == nil:
			p.giveBack(c)
			return nil
		case e != nil && (e.Class() == Transient || e.Class() == Permanent):
			// The connection is sound, its unit of work is not.
			if c.Backout(context.WithoutCancel(ctx)) != nil {
				c.Close()
				c = nil
			}
			p.giveBack(c)
			return err
		default:
			c.Close()
			p.giveBack(nil)
			if reused && e != nil && e.Class() == Reconnect && ctx.Err() == nil {
				continue
			}
			return err
		}
	}
}
