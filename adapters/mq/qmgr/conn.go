package qmgr

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// conn is one connection and its unit of work, inside the process or behind a socket.
type conn struct {
	m      *Manager
	app    string // PutApplName
	inside bool   // its reader lives and dies with this process
	done   chan struct{}
	ending sync.Once

	busy sync.Mutex // held by the call that runs; a second one gets 2219

	// Of the open unit of work. Guarded by busy.
	puts, gets []*stored
	unit       uint64
	cursors    map[*queue]*cursor
	within     map[*queue]*groupPlace // groups that are taken in logical order
	before     map[*queue]*groupPlace // within, when the unit of work first changed it; nil: it did not
	gone       bool
	severed    bool // gone by a Fault
}

var _ mq.Conn = (*conn)(nil)

func (m *Manager) connect(app string, inside bool) *conn {
	c := &conn{m: m, app: app, inside: inside, done: make(chan struct{}), cursors: make(map[*queue]*cursor)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.units++
	c.unit = m.units
	if m.closed {
		c.gone = true
		return c
	}
	m.conns[c] = struct{}{}
	return c
}

// enter begins a call. Each call that it lets in ends with c.busy.Unlock.
func (c *conn) enter(ctx context.Context, op, queue string) error {
	if !c.busy.TryLock() {
		select {
		case <-c.done:
			return mq.Failed(op, queue, mq.RCConnectionStopping, "the connection is being closed")
		default:
			return mq.Failed(op, queue, mq.RCCallInProgress, "a connection is for one goroutine")
		}
	}
	err := ctx.Err()
	switch {
	case c.severed:
		err = mq.Failed(op, queue, mq.RCConnectionBroken, "the connection was lost before this call")
	case c.gone:
		err = mq.Failed(op, queue, mq.RCQMgrStopping, "the connection or its queue manager is closed")
	case err != nil:
		err = fmt.Errorf("mq %s %s: %w", op, queue, err)
	case c.m.quiescing.Load() && (op == "get" || op == "put" || op == "inquire"):
		err = quiescing(op, queue)
	case c.m.writer.isBroken() && (op == "get" || op == "put"):
		err = mq.Failed(op, queue, mq.RCUnexpectedError, "queues.db could not be written; mend the disk and restart the queue manager")
	default:
		return nil
	}
	c.busy.Unlock()
	return err
}

func (c *conn) Get(ctx context.Context, name string, o mq.GetOptions) (mq.Message, error) {
	if err := c.enter(ctx, "get", name); err != nil {
		return mq.Message{}, err
	}
	defer c.busy.Unlock()
	browse := o.Browse || o.BrowseFirst
	switch {
	case browse && o.LogicalOrder:
		return mq.Message{}, mq.Failed("get", name, mq.RCOptionsError, "browsing is in the queue's own order: ask for no logical order")
	case o.Syncpoint && !browse && c.full():
		return mq.Message{}, c.limit("get", name)
	}
	var limit <-chan time.Time
	if o.Wait > 0 {
		t := time.NewTimer(o.Wait)
		defer t.Stop()
		limit = t.C
	}
	for {
		s, arrived, err := c.look(name, o)
		if err != nil {
			return mq.Message{}, err
		}
		if s != nil {
			return c.taken(s, o)
		}
		if limit == nil {
			return mq.Message{}, mq.Failed("get", name, mq.RCNoMsgAvailable, "")
		}
		select {
		case <-arrived:
			if c.m.quiescing.Load() {
				return mq.Message{}, quiescing("get", name)
			}
		case <-limit:
			limit = nil // look once more
		case <-ctx.Done():
			return mq.Message{}, fmt.Errorf("mq get %s: %w", name, ctx.Err())
		case <-c.done:
			return mq.Message{}, mq.Failed("get", name, mq.RCConnectionStopping, "the connection is being closed")
		}
	}
}

// look takes, or browses, the message that o asks for. Nil: there is none before arrived closes.
func (c *conn) look(name string, o mq.GetOptions) (s *stored, arrived <-chan struct{}, err error) {
	m := c.m
	m.mu.Lock()
	defer m.mu.Unlock()
	q, e := m.resolve("get", name)
	if e != nil {
		return nil, nil, e
	}
	browse := o.Browse || o.BrowseFirst
	if !browse {
		if e := q.admit(c, name, o.Exclusive); e != nil {
			return nil, nil, e
		}
	} else if q.GetInhibited {
		return nil, nil, mq.Failed("get", name, mq.RCGetInhibited, "gets are inhibited on this queue")
	}
	l := &search{GetOptions: o, now: m.now(), within: c.within[q]}
	if browse && !o.BrowseFirst {
		l.from = c.cursors[q]
	}
	s, expired := q.find(l)
	m.discard(expired)
	if s == nil {
		return nil, q.arrived, nil
	}
	if o.MaxBody > 0 && len(s.m.Body) > o.MaxBody {
		e := mq.Failed("get", name, mq.RCTruncatedMsgFailed, fmt.Sprintf("the message has %d bytes and %d are accepted", len(s.m.Body), o.MaxBody))
		e.DataLength = len(s.m.Body)
		return nil, nil, e
	}
	if browse {
		c.cursors[q] = &cursor{s.m.Priority, s.seq, s}
		return s, nil, nil
	}
	q.hide(s)
	c.advance(q, s, o)
	return s, nil, nil
}

// taken gives a message out: browsed, in the unit of work, or for good.
func (c *conn) taken(s *stored, o mq.GetOptions) (mq.Message, error) {
	switch {
	case o.Browse || o.BrowseFirst:
	case o.Syncpoint:
		c.gets = append(c.gets, s)
		c.hold(s)
	default:
		if s.m.Persistent {
			if err := c.m.writer.write("get", s.queue.Name, &change{deletes: []uint64{s.seq}}); err != nil {
				c.m.mu.Lock()
				defer c.m.mu.Unlock()
				s.queue.show(s)
				return mq.Message{}, err
			}
		}
		c.m.mu.Lock()
		c.m.drop(s)
		c.m.mu.Unlock()
	}
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	out := s.m
	if !s.expires.IsZero() {
		left := s.expires.Sub(c.m.now())
		out.Expiry = max(tenth, (left+tenth-1)/tenth*tenth)
	}
	return out, nil
}

// hold marks a message for the case that this process dies by it.
func (c *conn) hold(s *stored) {
	if !c.inside || !s.m.Persistent {
		return
	}
	slot, err := c.m.held.hold(s.seq, c.unit)
	if err != nil {
		c.m.log.Warn("a held message is not marked; if the process dies it will not count as backed out", "queue", s.queue.Name, "error", err)
		return
	}
	s.slot, s.marked = slot, true
}

func (c *conn) letGo(s *stored) {
	if !s.marked {
		return
	}
	s.marked = false
	if err := c.m.held.release(s.slot); err != nil {
		c.m.log.Warn("a held message stays marked", "queue", s.queue.Name, "error", err)
	}
}

func (c *conn) Commit(ctx context.Context) error {
	if err := c.enter(ctx, "commit", ""); err != nil {
		return err
	}
	defer c.busy.Unlock()
	puts, gets := c.puts, c.gets
	c.puts, c.gets = nil, nil
	err := c.m.settle("commit", "", puts, gets)
	c.endGroups(err == nil)
	c.letGoAll(gets)
	return err
}

func (c *conn) letGoAll(gets []*stored) {
	for _, s := range gets {
		c.letGo(s)
	}
}

func (c *conn) Backout(ctx context.Context) error {
	if err := c.enter(ctx, "backout", ""); err != nil {
		return err
	}
	defer c.busy.Unlock()
	return c.backout()
}

func (c *conn) backout() error {
	puts, gets := c.puts, c.gets
	c.puts, c.gets = nil, nil
	err := c.m.giveBack(puts, gets)
	c.endGroups(false)
	c.letGoAll(gets)
	return err
}

func (c *conn) Inquire(ctx context.Context, name string) (mq.Attributes, error) {
	if err := c.enter(ctx, "inquire", name); err != nil {
		return mq.Attributes{}, err
	}
	defer c.busy.Unlock()
	m := c.m
	m.mu.Lock()
	defer m.mu.Unlock()
	q, e := m.resolve("inquire", name)
	if e != nil {
		return mq.Attributes{}, e
	}
	now := m.now()
	m.discard(q.allExpired(now))
	return q.attributes(now), nil
}

// Queues returns the names of all queues, sorted.
func (c *conn) Queues(ctx context.Context) ([]string, error) {
	if err := c.enter(ctx, "list", ""); err != nil {
		return nil, err
	}
	defer c.busy.Unlock()
	return c.m.Queues(), nil
}

// Aliases implements Lister.
func (c *conn) Aliases(ctx context.Context) ([]Alias, error) {
	if err := c.enter(ctx, "list", ""); err != nil {
		return nil, err
	}
	defer c.busy.Unlock()
	return c.m.Aliases(), nil
}

// Close backs out and ends the connection; a call that waits returns at once. Safe for concurrent use.
func (c *conn) Close() error {
	c.ending.Do(func() { close(c.done) })
	c.busy.Lock()
	defer c.busy.Unlock()
	if c.gone {
		return nil
	}
	c.gone = true
	err := c.backout()
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	for _, q := range c.m.queues {
		q.leave(c)
	}
	delete(c.m.conns, c)
	return err
}

func unknown(op, name string) *mq.Error {
	return mq.Failed(op, name, mq.RCUnknownObjectName, "define the queue, or see `portage queue list` for its name")
}
