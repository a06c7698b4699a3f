package qmgr

import (
	"context"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// FaultKind says how a call fails.
type FaultKind uint8

// The kinds. FaultBroken ends the connection before the call, which backs out: 2009. FaultAnswerLost does
// the call and then ends the connection: 2009, and a commit has happened. FaultReason refuses the call
// with Fault.Reason and does nothing. FaultSlow waits Fault.Delay and then does the call.
const (
	FaultBroken FaultKind = 1 + iota
	FaultAnswerLost
	FaultReason
	FaultSlow
)

// Fault is a failure on demand, for tests.
type Fault struct {
	// Op is the call that fails: connect, get, put, commit, backout, inquire. Empty: any.
	Op string
	// Queue is the name that the call gives. Empty: any.
	Queue string
	// App is the application name of the connection; within the process it is "portage". Empty: any.
	App string
	// Nth is the first call to fail, counted from 1 among those that match from now on. 0: 1.
	Nth int
	// Times is how many calls fail from there on. 0: 1. Below 0: all.
	Times int
	// Kind says how. Required.
	Kind FaultKind
	// Reason is what FaultReason answers, such as 2053.
	Reason int32
	// Delay is how long FaultSlow waits.
	Delay time.Duration
}

// Faulter takes faults. Connections of this package are Faulters; without Config.Faults each request gets 2035.
type Faulter interface {
	// Fault adds a fault to those there are. The first that matches a call is its only one.
	Fault(ctx context.Context, f Fault) error
	// ClearFaults removes all faults.
	ClearFaults(ctx context.Context) error
}

var (
	_ Faulter = (*Manager)(nil)
	_ Faulter = (*conn)(nil)
	_ Faulter = (*client)(nil)
)

// faults are those that wait. Safe for concurrent use.
type faults struct {
	mu   sync.Mutex
	list []*pending
}

type pending struct {
	Fault
	seen int // calls that matched
}

// Fault implements Faulter.
func (m *Manager) Fault(_ context.Context, f Fault) error {
	switch {
	case !m.cfg.Faults:
		return noFaults()
	case f.Kind < FaultBroken || f.Kind > FaultSlow || f.Nth < 0 || f.Delay < 0 || f.Kind == FaultReason && f.Reason <= 0:
		return mq.Failed("fault", f.Queue, mq.RCOptionsError, "no such fault: see protocol.md")
	}
	f.Nth = max(f.Nth, 1)
	if f.Times == 0 {
		f.Times = 1
	}
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	m.faults.list = append(m.faults.list, &pending{Fault: f})
	return nil
}

// ClearFaults implements Faulter.
func (m *Manager) ClearFaults(context.Context) error {
	if !m.cfg.Faults {
		return noFaults()
	}
	m.faults.mu.Lock()
	defer m.faults.mu.Unlock()
	m.faults.list = nil
	return nil
}

func noFaults() *mq.Error {
	return mq.Failed("fault", "", mq.RCNotAuthorized, "this queue manager was not opened for tests")
}

// Fault implements Faulter.
func (c *conn) Fault(ctx context.Context, f Fault) error { return c.m.Fault(ctx, f) }

// ClearFaults implements Faulter.
func (c *conn) ClearFaults(ctx context.Context) error { return c.m.ClearFaults(ctx) }

// match returns the fault of a call; nil if it has none.
func (l *faults) match(op, queue, app string) (found *Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.list {
		if p.Op != "" && p.Op != op || p.Queue != "" && p.Queue != queue || p.App != "" && p.App != app {
			continue
		}
		p.seen++
		if found == nil && p.seen >= p.Nth && (p.Times < 0 || p.seen < p.Nth+p.Times) {
			f := p.Fault
			found = &f
		}
	}
	return found
}

// unreliable is a connection of a queue manager that takes faults.
type unreliable struct{ *conn }

// strike lets a call's fault happen. lost says that the answer to the call must be lost.
func (u unreliable) strike(ctx context.Context, op, queue string) (lost bool, err error) {
	f := u.m.faults.match(op, queue, u.app)
	if f == nil {
		return false, nil
	}
	switch f.Kind {
	case FaultBroken:
		return false, u.sever(op, queue)
	case FaultReason:
		return false, mq.Failed(op, queue, f.Reason, "as a test asked for")
	case FaultSlow:
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-u.done:
		case <-ctx.Done():
		}
	}
	return f.Kind == FaultAnswerLost, nil
}

// sever ends the connection as the network would.
func (u unreliable) sever(op, queue string) error {
	u.busy.Lock()
	u.severed = true
	u.busy.Unlock()
	if err := u.conn.Close(); err != nil {
		u.m.log.Warn("a severed connection was backed out, and its count is not on the disk", "error", err)
	}
	return mq.Failed(op, queue, mq.RCConnectionBroken, "the connection was lost")
}

// call runs a call under the fault that it may have.
func (u unreliable) call(ctx context.Context, op, queue string, f func() error) error {
	lost, err := u.strike(ctx, op, queue)
	if err != nil {
		return err
	}
	err = f()
	if lost {
		return u.sever(op, queue)
	}
	return err
}

// Get implements mq.Getter.
func (u unreliable) Get(ctx context.Context, queue string, o mq.GetOptions) (m mq.Message, err error) {
	err = u.call(ctx, "get", queue, func() error {
		m, err = u.conn.Get(ctx, queue, o)
		return err
	})
	return m, err
}

// Put implements mq.Putter.
func (u unreliable) Put(ctx context.Context, queue string, m mq.Message, o mq.PutOptions) (d mq.Descriptor, err error) {
	err = u.call(ctx, "put", queue, func() error {
		d, err = u.conn.Put(ctx, queue, m, o)
		return err
	})
	return d, err
}

// Commit implements mq.UnitOfWork.
func (u unreliable) Commit(ctx context.Context) error {
	return u.call(ctx, "commit", "", func() error { return u.conn.Commit(ctx) })
}

// Backout implements mq.UnitOfWork.
func (u unreliable) Backout(ctx context.Context) error {
	return u.call(ctx, "backout", "", func() error { return u.conn.Backout(ctx) })
}

// Inquire implements mq.Inquirer.
func (u unreliable) Inquire(ctx context.Context, queue string) (a mq.Attributes, err error) {
	err = u.call(ctx, "inquire", queue, func() error {
		a, err = u.conn.Inquire(ctx, queue)
		return err
	})
	return a, err
}
