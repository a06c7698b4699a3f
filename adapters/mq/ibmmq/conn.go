//go:build ibmmq

package ibmmq

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ibm-messaging/mq-golang/v5/ibmmq"

	"github.com/portage-gateway/portage/adapters/mq"
)

const (
	// callGrace is how long after its context's end a call may still return by itself.
	callGrace = 2 * time.Second
	// mostHandles is how many queues stay open for output; the queue manager's MAXHANDS is 256 by default.
	mostHandles = 64
)

// conn is one MQHCONN.
type conn struct {
	config  Config
	manager *ibmmq.MQQueueManager

	busy sync.Mutex  // held by the call that runs; a second one gets 2219
	lost atomic.Bool // a call outlived its context, or Close was called

	// Guarded by busy.
	ended   bool
	handles map[handleKey]*ibmmq.MQObject
	names   *ibmmq.MQMessageHandle // takes the properties of each get; nil before the first
	buffer  []byte
	origins origins
}

var _ mq.Conn = (*conn)(nil)

func newConn(m ibmmq.MQQueueManager, c Config) *conn {
	return &conn{config: c, manager: &m, handles: make(map[handleKey]*ibmmq.MQObject), buffer: make([]byte, firstBuffer)}
}

// call runs f, which calls the MQI, as the connection's only call. The MQI cannot be interrupted: when ctx has ended
// and f does not return in the grace, the connection is given up, and ends when f comes back.
func call[T any](ctx context.Context, c *conn, op, queue string, f func() (T, error)) (T, error) {
	var none T
	if !c.busy.TryLock() {
		return none, failed(op, queue, mq.CCFailed, mq.RCCallInProgress)
	}
	if c.lost.Load() || c.ended {
		c.busy.Unlock()
		return none, failed(op, queue, mq.CCFailed, mq.RCConnectionBroken)
	}
	if err := ctx.Err(); err != nil {
		c.busy.Unlock()
		return none, fmt.Errorf("mq %s %s: %w", op, queue, err)
	}
	if ctx.Done() == nil {
		defer c.busy.Unlock()
		return f()
	}
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		c.busy.Unlock()
		return r.value, r.err
	case <-ctx.Done():
	}
	t := time.NewTimer(c.config.Poll + callGrace)
	defer t.Stop()
	select {
	case r := <-done:
		c.busy.Unlock()
		return r.value, r.err
	case <-t.C:
	}
	c.lost.Store(true)
	go func() {
		<-done
		c.end()
		c.busy.Unlock()
	}()
	err := failed(op, queue, mq.CCFailed, mq.RCConnectionBroken)
	err.Hint = "no answer in the caller's time: the connection is given up, and backed out when the library lets go of it"
	return none, err
}

// Commit implements mq.UnitOfWork.
func (c *conn) Commit(ctx context.Context) error {
	return c.settle(ctx, "commit", (*ibmmq.MQQueueManager).Cmit)
}

// Backout implements mq.UnitOfWork.
func (c *conn) Backout(ctx context.Context) error {
	return c.settle(ctx, "backout", (*ibmmq.MQQueueManager).Back)
}

func (c *conn) settle(ctx context.Context, op string, verb func(*ibmmq.MQQueueManager) error) error {
	_, err := call(ctx, c, op, "", func() (struct{}, error) {
		c.origins.clear()
		if e := callError(op, "", verb(c.manager)); e != nil {
			return struct{}{}, e
		}
		return struct{}{}, nil
	})
	return err
}

// Close backs out and disconnects. A call that runs in another goroutine goes on, and the connection ends with it.
func (c *conn) Close() error {
	if !c.busy.TryLock() {
		if !c.lost.Swap(true) {
			go func() {
				c.busy.Lock()
				defer c.busy.Unlock()
				c.end()
			}()
		}
		return nil
	}
	defer c.busy.Unlock()
	c.lost.Store(true)
	c.end()
	return nil
}

// end backs out before it disconnects, since MQDISC would commit. Both fail on a connection that is lost already, which
// leaves nothing to do: the queue manager has backed it out. The caller holds busy.
func (c *conn) end() {
	if c.ended {
		return
	}
	c.ended = true
	_ = c.manager.Back()
	if c.names != nil {
		_ = c.names.DltMH(ibmmq.NewMQDMHO())
	}
	_ = c.manager.Disc()
}
