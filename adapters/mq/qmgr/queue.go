package qmgr

import (
	"container/list"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// stored is a message in memory, on its queue or in a unit of work. Guarded by Manager.mu; m itself
// changes only in BackoutCount.
type stored struct {
	seq     uint64 // place on the queue, among those of its priority
	queue   *queue
	m       mq.Message
	expires time.Time // zero: never
	arrived time.Time
	elem    *list.Element // nil while no get can see it
	slot    int64         // in the held file, if marked
	marked  bool
	lost    bool // its copy for the stream queue could not be made
}

func (s *stored) expired(now time.Time) bool { return !s.expires.IsZero() && !now.Before(s.expires) }

// queue is a local queue. Guarded by Manager.mu.
type queue struct {
	Queue
	lines     [10]list.List    // by priority; each in order of seq; only what a get can see
	depth     int              // also what is in units of work
	arrived   chan struct{}    // closed when a message can be seen, or attributes change
	exclusive *conn            // has the queue for itself
	readers   map[*conn]string // and the name by which they came
	// copiesLost counts messages whose copy the stream queue could not take.
	copiesLost uint64
}

func newQueue(q Queue) *queue {
	return &queue{Queue: q, arrived: make(chan struct{}), readers: make(map[*conn]string)}
}

// show makes s visible in its place: new messages are near the end, backed-out ones near the front.
func (q *queue) show(s *stored) {
	line := &q.lines[s.m.Priority]
	front, back := line.Front(), line.Back()
	switch {
	case back == nil || back.Value.(*stored).seq < s.seq:
		s.elem = line.PushBack(s)
	case s.seq < front.Value.(*stored).seq:
		s.elem = line.PushFront(s)
	case s.m.BackoutCount > 0:
		at := front.Next()
		for at.Value.(*stored).seq < s.seq {
			at = at.Next()
		}
		s.elem = line.InsertBefore(s, at)
	default:
		at := back.Prev()
		for at.Value.(*stored).seq > s.seq {
			at = at.Prev()
		}
		s.elem = line.InsertAfter(s, at)
	}
	q.wake()
}

// wake lets gets that wait look again.
func (q *queue) wake() {
	close(q.arrived)
	q.arrived = make(chan struct{})
}

// hide takes s out of sight.
func (q *queue) hide(s *stored) {
	q.lines[s.m.Priority].Remove(s.elem)
	s.elem = nil
}

// threshold is the BackoutCount at which readers move a message.
func (q *queue) threshold() int32 {
	if q.BackoutThreshold > 0 {
		return int32(q.BackoutThreshold)
	}
	return mq.DefaultBackoutThreshold
}

// cursor is where a browse stands: after the message with this priority and seq. at is that message.
type cursor struct {
	priority int32
	seq      uint64
	at       *stored
}

// passed reports whether a browse at c has seen s.
func (c *cursor) passed(s *stored) bool {
	return c != nil && (s.m.Priority > c.priority || s.m.Priority == c.priority && s.seq <= c.seq)
}

// next returns where a browse at c goes on in the line of a priority. A message that was taken meanwhile has
// left no place in it: then it looks from the front.
func (c *cursor) next(line *list.List, priority int32) *list.Element {
	switch {
	case c == nil || priority < c.priority:
		return line.Front()
	case priority > c.priority:
		return nil
	case c.at.elem != nil:
		return c.at.elem.Next()
	}
	return line.Front()
}

// find returns the first message that l asks for, and those found expired on the way.
func (q *queue) find(l *search) (found *stored, expired []*stored) {
	for p := len(q.lines) - 1; p >= 0; p-- {
		for e := l.from.next(&q.lines[p], int32(p)); e != nil; e = e.Next() {
			s := e.Value.(*stored)
			switch {
			case s.expired(l.now):
				expired = append(expired, s)
			case l.wants(q, s):
				return s, expired
			}
		}
	}
	return nil, expired
}

// allExpired returns the messages whose time is over.
func (q *queue) allExpired(now time.Time) (out []*stored) {
	for p := range q.lines {
		for e := q.lines[p].Front(); e != nil; e = e.Next() {
			if s := e.Value.(*stored); s.expired(now) {
				out = append(out, s)
			}
		}
	}
	return out
}

func (q *queue) attributes(now time.Time) mq.Attributes {
	a := mq.Attributes{
		Queue: q.Name, Depth: q.depth, MaxDepth: q.MaxDepth, MaxMsgLength: q.MaxMsgLength,
		BackoutThreshold: q.BackoutThreshold, BackoutQueue: q.BackoutQueue,
		GetInhibited: q.GetInhibited, PutInhibited: q.PutInhibited,
	}
	for p := range q.lines {
		if e := q.lines[p].Front(); e != nil {
			a.OldestAge = max(a.OldestAge, now.Sub(e.Value.(*stored).arrived))
		}
	}
	return a
}

// admit lets a connection take messages by a name of the queue, and reports whether it may.
func (q *queue) admit(c *conn, name string, exclusive bool) *mq.Error {
	if q.GetInhibited {
		return mq.Failed("get", name, mq.RCGetInhibited, "gets are inhibited on this queue")
	}
	_, reads := q.readers[c]
	others := len(q.readers) > 1 || len(q.readers) == 1 && !reads
	if q.exclusive != nil && q.exclusive != c || exclusive && others {
		return mq.Failed("get", name, mq.RCObjectInUse, "another connection takes from this queue")
	}
	if !reads {
		q.readers[c] = name
	}
	if exclusive {
		q.exclusive = c
	}
	return nil
}

// leave ends what admit began.
func (q *queue) leave(c *conn) {
	delete(q.readers, c)
	if q.exclusive == c {
		q.exclusive = nil
	}
}

// dismiss ends what admit began for all who came by a name.
func (q *queue) dismiss(name string) {
	for c, by := range q.readers {
		if by == name {
			q.leave(c)
		}
	}
}
