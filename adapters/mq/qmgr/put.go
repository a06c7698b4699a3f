package qmgr

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

func (c *conn) Put(ctx context.Context, name string, msg mq.Message, o mq.PutOptions) (mq.Descriptor, error) {
	if err := c.enter(ctx, "put", name); err != nil {
		return mq.Descriptor{}, err
	}
	defer c.busy.Unlock()
	if o.Syncpoint && c.full() {
		return mq.Descriptor{}, c.limit("put", name)
	}
	if err := checkDescriptor(name, &msg.Descriptor); err != nil {
		return mq.Descriptor{}, err
	}
	puts, err := c.reserve(name, msg, o)
	if err != nil {
		return mq.Descriptor{}, err
	}
	if !o.Syncpoint {
		if err := c.m.settle("put", name, puts, nil); err != nil {
			return mq.Descriptor{}, err
		}
	} else {
		c.puts = append(c.puts, puts...)
	}
	return puts[0].m.Descriptor, nil
}

// full reports whether the unit of work takes no more (MAXUMSGS).
func (c *conn) full() bool { return len(c.puts)+len(c.gets) >= c.m.cfg.MaxUncommitted }

func (c *conn) limit(op, queue string) *mq.Error {
	return mq.Failed(op, queue, mq.RCSyncpointLimitReached,
		fmt.Sprintf("commit earlier: a unit of work has at most %d messages", c.m.cfg.MaxUncommitted))
}

// reserve completes the descriptor and takes room on the queue, and on its stream queue if that has some.
func (c *conn) reserve(name string, msg mq.Message, o mq.PutOptions) ([]*stored, error) {
	m := c.m
	m.mu.Lock()
	defer m.mu.Unlock()
	q, e := m.resolve("put", name)
	if e != nil {
		return nil, e
	}
	now := m.now().UTC()
	if e := m.room(q, name, len(msg.Body), now); e != nil {
		return nil, e
	}
	c.complete(&msg, o, now)
	s := m.place(q, msg, now)
	if q.StreamQueue == "" {
		return []*stored{s}, nil
	}
	to, e := m.resolve("put", q.StreamQueue)
	if e == nil {
		e = m.room(to, q.StreamQueue, len(msg.Body), now)
	}
	if e == nil && to == q {
		e = unknown("put", q.StreamQueue) // an alias that stands for the queue itself
	}
	if e != nil {
		s.lost = true
		if q.copiesLost == 0 {
			m.log.Warn("a stream queue does not take its copies; the puts go on", "queue", q.Name, "streamQueue", q.StreamQueue, "error", e)
		}
		return []*stored{s}, nil
	}
	return []*stored{s, m.place(to, msg, now)}, nil
}

// room refuses a body for which a queue has none. The caller holds m.mu.
func (m *Manager) room(q *queue, name string, size int, now time.Time) *mq.Error {
	fail := func(reason int32, hint string) *mq.Error { return mq.Failed("put", name, reason, hint) }
	switch {
	case q.PutInhibited:
		return fail(mq.RCPutInhibited, "puts are inhibited on this queue")
	case size > q.MaxMsgLength:
		return fail(mq.RCMsgTooBigForQ, fmt.Sprintf("the message has %d bytes and the queue takes %d", size, q.MaxMsgLength))
	}
	if q.depth >= q.MaxDepth {
		m.discard(q.allExpired(now))
	}
	switch {
	case q.depth >= q.MaxDepth:
		return fail(mq.RCQFull, fmt.Sprintf("the queue holds its %d messages; see who should read it", q.MaxDepth))
	case m.bytes+int64(size) > m.cfg.MaxBytes:
		return fail(mq.RCQSpaceNotAvailable, "all queues together hold as many bytes as they may (maxBytes)")
	}
	return nil
}

// complete fills in what the queue manager knows. The caller holds m.mu.
func (c *conn) complete(msg *mq.Message, o mq.PutOptions, now time.Time) {
	if msg.MsgID.Zero() || o.NewMsgID {
		msg.MsgID = c.m.newID()
	}
	if msg.InGroup() && msg.GroupID.Zero() {
		msg.GroupID = c.m.newID()
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
	if msg.Expiry > 0 {
		msg.Expiry = (msg.Expiry + tenth - 1) / tenth * tenth
	}
}

// place takes the room for a completed message. The caller holds m.mu.
func (m *Manager) place(q *queue, msg mq.Message, now time.Time) *stored {
	s := &stored{queue: q, m: msg, arrived: now}
	if msg.Expiry > 0 {
		s.expires = now.Add(msg.Expiry)
	}
	q.depth++
	m.bytes += int64(len(msg.Body))
	return s
}

// newID returns a MsgId that no other message has: "PTG ", twelve bytes of this process, a count.
// The caller holds m.mu.
func (m *Manager) newID() (id mq.ID) {
	m.ids++
	copy(id[:], m.origin[:])
	binary.BigEndian.PutUint64(id[16:], m.ids)
	return id
}
