package qmgr

import (
	"context"
	"encoding/binary"
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
	gone       bool
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
	case c.gone:
		err = mq.Failed(op, queue, mq.RCQMgrStopping, "the connection or its queue manager is closed")
	case err != nil:
		err = fmt.Errorf("mq %s %s: %w", op, queue, err)
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
	if o.Syncpoint && !o.Browse && len(c.puts)+len(c.gets) >= maxUnit {
		return mq.Message{}, mq.Failed("get", name, mq.RCSyncpointLimitReached, "commit earlier: a unit of work has at most 10,000 messages")
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
	q := m.queues[name]
	if q == nil {
		return nil, nil, unknown("get", name)
	}
	browse := o.Browse || o.BrowseFirst
	if !browse {
		if e := q.admit(c, o.Exclusive); e != nil {
			return nil, nil, e
		}
	} else if q.GetInhibited {
		return nil, nil, mq.Failed("get", name, mq.RCGetInhibited, "gets are inhibited on this queue")
	}
	var from *cursor
	if browse && !o.BrowseFirst {
		from = c.cursors[q]
	}
	s, expired := q.find(o, from, m.now())
	m.discard(expired)
	if s == nil {
		return nil, q.arrived, nil
	}
	if o.MaxBody > 0 && len(s.m.Body) > o.MaxBody {
		return nil, nil, mq.Failed("get", name, mq.RCTruncatedMsgFailed, fmt.Sprintf("the message has %d bytes and %d are accepted", len(s.m.Body), o.MaxBody))
	}
	if browse {
		c.cursors[q] = &cursor{s.m.Priority, s.seq}
		return s, nil, nil
	}
	q.hide(s)
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

func (c *conn) Put(ctx context.Context, name string, msg mq.Message, o mq.PutOptions) (mq.Descriptor, error) {
	if err := c.enter(ctx, "put", name); err != nil {
		return mq.Descriptor{}, err
	}
	defer c.busy.Unlock()
	if o.Syncpoint && len(c.puts)+len(c.gets) >= maxUnit {
		return mq.Descriptor{}, mq.Failed("put", name, mq.RCSyncpointLimitReached, "commit earlier: a unit of work has at most 10,000 messages")
	}
	if err := checkDescriptor(name, &msg.Descriptor); err != nil {
		return mq.Descriptor{}, err
	}
	s, err := c.reserve(name, msg, o)
	if err != nil {
		return mq.Descriptor{}, err
	}
	if !o.Syncpoint {
		if err := c.m.settle("put", name, []*stored{s}, nil); err != nil {
			return mq.Descriptor{}, err
		}
	} else {
		c.puts = append(c.puts, s)
	}
	return s.m.Descriptor, nil
}

// reserve completes the descriptor and takes room on the queue.
func (c *conn) reserve(name string, msg mq.Message, o mq.PutOptions) (*stored, error) {
	m := c.m
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[name]
	if q == nil {
		return nil, unknown("put", name)
	}
	now := m.now().UTC()
	fail := func(reason int32, hint string) (*stored, error) { return nil, mq.Failed("put", name, reason, hint) }
	switch {
	case q.PutInhibited:
		return fail(mq.RCPutInhibited, "puts are inhibited on this queue")
	case len(msg.Body) > q.MaxMsgLength:
		return fail(mq.RCMsgTooBigForQ, fmt.Sprintf("the message has %d bytes and the queue takes %d", len(msg.Body), q.MaxMsgLength))
	}
	if q.depth >= q.MaxDepth {
		m.discard(q.allExpired(now))
	}
	switch {
	case q.depth >= q.MaxDepth:
		return fail(mq.RCQFull, fmt.Sprintf("the queue holds its %d messages; see who should read it", q.MaxDepth))
	case m.bytes+int64(len(msg.Body)) > m.cfg.MaxBytes:
		return fail(mq.RCQSpaceNotAvailable, "all queues together hold as many bytes as they may (maxBytes)")
	}
	if msg.MsgID.Zero() || o.NewMsgID {
		msg.MsgID = m.newID()
	}
	if !o.PassContext {
		msg.UserIdentifier, msg.AccountingToken, msg.ApplIdentityData = "", [32]byte{}, ""
		msg.PutApplName, msg.PutTime = c.app, time.Time{}
	}
	if msg.PutTime.IsZero() {
		msg.PutTime = now
	}
	msg.PutTime = msg.PutTime.UTC().Truncate(10 * time.Millisecond)
	if msg.MsgType == 0 {
		msg.MsgType = mq.MTDatagram
	}
	msg.BackoutCount = 0
	msg.Body = append(make([]byte, 0, len(msg.Body)), msg.Body...)
	s := &stored{queue: q, m: msg, arrived: now}
	if msg.Expiry > 0 {
		s.m.Expiry = (msg.Expiry + tenth - 1) / tenth * tenth
		s.expires = now.Add(s.m.Expiry)
	}
	q.depth++
	m.bytes += int64(len(msg.Body))
	return s, nil
}

// newID returns a MsgId that no other message has: "PTG ", twelve bytes of this process, a count.
// The caller holds m.mu.
func (m *Manager) newID() (id mq.ID) {
	m.ids++
	copy(id[:], m.origin[:])
	binary.BigEndian.PutUint64(id[16:], m.ids)
	return id
}

func (c *conn) Commit(ctx context.Context) error {
	if err := c.enter(ctx, "commit", ""); err != nil {
		return err
	}
	defer c.busy.Unlock()
	puts, gets := c.puts, c.gets
	c.puts, c.gets = nil, nil
	if err := c.m.settle("commit", "", puts, gets); err != nil {
		c.letGoAll(gets)
		return err
	}
	c.letGoAll(gets)
	return nil
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
	q := m.queues[name]
	if q == nil {
		return mq.Attributes{}, unknown("inquire", name)
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
