package qmgr

import (
	"maps"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// groupPlace is where a connection stands in a group that it takes in logical order.
type groupPlace struct {
	id   mq.ID
	last int32 // MsgSeqNumber of the message it took last
}

// search is one look for a message on a queue.
type search struct {
	mq.GetOptions
	from     *cursor     // nil: from the start
	within   *groupPlace // nil: in no group
	now      time.Time
	complete map[mq.ID]bool // filled when first asked
}

// wants reports whether s is a message that is asked for.
func (l *search) wants(q *queue, s *stored) bool {
	switch {
	case !l.MsgID.Zero() && s.m.MsgID != l.MsgID,
		!l.CorrelID.Zero() && s.m.CorrelID != l.CorrelID,
		!l.GroupID.Zero() && s.m.GroupID != l.GroupID,
		l.MsgSeqNumber != 0 && s.m.MsgSeqNumber != l.MsgSeqNumber,
		l.from.passed(s):
		return false
	case l.LogicalOrder && l.within != nil:
		return s.m.InGroup() && s.m.GroupID == l.within.id && s.m.MsgSeqNumber == l.within.last+1
	case !s.m.InGroup():
		return true
	case l.LogicalOrder && s.m.MsgSeqNumber > 1:
		return false
	}
	return !l.AllAvailable || l.isComplete(q, s.m.GroupID)
}

// isComplete reports whether a get can see every message of a group, 1 to its last. The first question
// looks through the whole queue.
func (l *search) isComplete(q *queue, id mq.ID) bool {
	if l.complete != nil {
		return l.complete[id]
	}
	l.complete = make(map[mq.ID]bool)
	type member struct {
		id  mq.ID
		seq int32
	}
	seen, size := make(map[member]bool), make(map[mq.ID]int32)
	for p := range q.lines {
		for e := q.lines[p].Front(); e != nil; e = e.Next() {
			s := e.Value.(*stored)
			if !s.m.InGroup() || s.expired(l.now) {
				continue
			}
			seen[member{s.m.GroupID, s.m.MsgSeqNumber}] = true
			if s.m.MsgFlags&mq.MFLastMsgInGroup != 0 {
				size[s.m.GroupID] = s.m.MsgSeqNumber
			}
		}
	}
	for group, n := range size {
		whole := true
		for seq := int32(1); seq <= n && whole; seq++ {
			whole = seen[member{group, seq}]
		}
		l.complete[group] = whole
	}
	return l.complete[id]
}

// advance notes a message that was taken in logical order. The caller holds m.mu.
func (c *conn) advance(q *queue, s *stored, o mq.GetOptions) {
	if !o.LogicalOrder || !s.m.InGroup() {
		return
	}
	if o.Syncpoint && c.before == nil {
		c.before = maps.Clone(c.within)
		if c.before == nil {
			c.before = map[*queue]*groupPlace{}
		}
	}
	if c.within == nil {
		c.within = make(map[*queue]*groupPlace)
	}
	if s.m.MsgFlags&mq.MFLastMsgInGroup != 0 {
		delete(c.within, q)
		return
	}
	c.within[q] = &groupPlace{s.m.GroupID, s.m.MsgSeqNumber}
}

// endGroups ends the unit of work for the places in groups: kept by a commit, taken back by a backout.
func (c *conn) endGroups(committed bool) {
	if !committed && c.before != nil {
		c.within = c.before
	}
	c.before = nil
}
