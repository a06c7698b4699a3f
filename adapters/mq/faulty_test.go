package mq_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// fault is what happens to one call: its error, and whether it was carried out all the same.
type fault struct {
	err  *mq.Error
	done bool
}

// lab is a queue manager whose connections fail as a test plans it.
type lab struct {
	m *qmgr.Manager

	mu    sync.Mutex
	plan  func(op string) *fault // nil: no fault. Called with mu held.
	dials int
}

func newLab(t testing.TB, queues ...qmgr.Queue) *lab {
	t.Helper()
	if len(queues) == 0 {
		queues = []qmgr.Queue{{Name: "IN", BackoutThreshold: 3, BackoutQueue: "BAD"}, {Name: "OUT"}, {Name: "BAD"},
			{Name: "REQ"}, {Name: "RPL"}, {Name: "RPL.LATE"}}
	}
	m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Plain: true, Queues: queues})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return &lab{m: m}
}

// once plans one fault for the n-th call of op from now on, counted from 1.
func (l *lab) once(op string, n int, f fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan = func(called string) *fault {
		if called != op {
			return nil
		}
		if n--; n != 0 {
			return nil
		}
		return &f
	}
}

func (l *lab) sound() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan = nil
}

func (l *lab) next(op string) *fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.plan == nil {
		return nil
	}
	return l.plan(op)
}

func (l *lab) Dial(ctx context.Context) (mq.Conn, error) {
	l.mu.Lock()
	l.dials++
	l.mu.Unlock()
	if f := l.next("connect"); f != nil {
		return nil, f.err
	}
	c, err := l.m.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return &faulty{Conn: c, lab: l}, nil
}

// faulty is a connection that breaks by plan; once broken it stays so.
type faulty struct {
	mq.Conn
	lab    *lab
	broken *mq.Error
}

// call runs one call under the plan.
func (c *faulty) call(op string, do func() error) error {
	if c.broken != nil {
		return c.broken
	}
	f := c.lab.next(op)
	if f == nil {
		return do()
	}
	if f.done {
		if err := do(); err != nil {
			return err
		}
	}
	err := *f.err
	err.Op = op
	if class := err.Class(); class == mq.Reconnect || class == mq.InDoubt {
		c.broken = mq.Failed(op, "", mq.RCConnectionBroken, "")
		c.Conn.Close()
	}
	return &err
}

func (c *faulty) Get(ctx context.Context, queue string, o mq.GetOptions) (m mq.Message, err error) {
	err = c.call("get", func() error { m, err = c.Conn.Get(ctx, queue, o); return err })
	return m, err
}

func (c *faulty) Put(ctx context.Context, queue string, m mq.Message, o mq.PutOptions) (d mq.Descriptor, err error) {
	err = c.call("put", func() error { d, err = c.Conn.Put(ctx, queue, m, o); return err })
	return d, err
}

func (c *faulty) Commit(ctx context.Context) error {
	return c.call("commit", func() error { return c.Conn.Commit(ctx) })
}

func (c *faulty) Backout(ctx context.Context) error {
	return c.call("backout", func() error { return c.Conn.Backout(ctx) })
}

func (c *faulty) Inquire(ctx context.Context, queue string) (a mq.Attributes, err error) {
	err = c.call("inquire", func() error { a, err = c.Conn.Inquire(ctx, queue); return err })
	return a, err
}

func broken() fault { return fault{err: mq.Failed("", "", mq.RCConnectionBroken, "")} }

// quick paces tests in real time.
var quick = mq.Pace{First: time.Millisecond, Most: 4 * time.Millisecond}

func (l *lab) source() *mq.Source {
	return &mq.Source{Dial: l.Dial, Queue: "IN", Retry: quick, Reconnect: quick, Wait: 20 * time.Millisecond, MaxBatch: 4}
}

// put puts persistent messages with these bodies, each in a commit of its own.
func (l *lab) put(t testing.TB, queue string, bodies ...string) {
	t.Helper()
	c := l.m.Connect()
	defer c.Close()
	for _, b := range bodies {
		m := mq.Message{Descriptor: mq.Descriptor{Persistent: true, Format: "MQSTR", CCSID: 37, UserIdentifier: "CICSUSR"}, Body: []byte(b)}
		if _, err := c.Put(t.Context(), queue, m, mq.PutOptions{PassContext: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// empty takes everything off queues.
func (l *lab) empty(t testing.TB, queues ...string) {
	t.Helper()
	c := l.m.Connect()
	defer c.Close()
	for _, q := range queues {
		for {
			_, err := c.Get(t.Context(), q, mq.GetOptions{})
			if mq.IsReason(err, mq.RCNoMsgAvailable) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// on returns what lies on a queue, without taking it.
func (l *lab) on(t testing.TB, queue string) []mq.Message {
	t.Helper()
	c := l.m.Connect()
	defer c.Close()
	var out []mq.Message
	for o := (mq.GetOptions{Browse: true, BrowseFirst: true}); ; o.BrowseFirst = false {
		m, err := c.Get(context.Background(), queue, o)
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
}

func (l *lab) bodies(t testing.TB, queue string) string {
	t.Helper()
	var out []string
	for _, m := range l.on(t, queue) {
		out = append(out, string(m.Body))
	}
	return strings.Join(out, " ")
}

// seen is a handler's memory.
type seen struct {
	batches []string
	bodies  []string
}

func (s *seen) note(b adapters.Batch) {
	var in []string
	for _, m := range b.Messages {
		in = append(in, string(m.Body))
	}
	s.batches = append(s.batches, strings.Join(in, "+"))
	s.bodies = append(s.bodies, in...)
}

// run consumes until the handler, or what it settles, says that it has seen enough.
func run(t *testing.T, s *mq.Source, h func(u adapters.Unit, b adapters.Batch) (done bool, err error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	finished := false
	if err := s.Consume(ctx, func(_ context.Context, u adapters.Unit, b adapters.Batch) error {
		done, err := h(u, b)
		if done {
			finished = true
			cancel()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if !finished {
		t.Fatal("the source ended before the messages came")
	}
}

func has(b adapters.Batch, body string) bool {
	return slices.ContainsFunc(b.Messages, func(m adapters.Message) bool { return string(m.Body) == body })
}
