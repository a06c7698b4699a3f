package mq_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

// hooked tells of each get.
type hooked struct {
	mq.Conn
	got func(o mq.GetOptions, err error)
}

func (c hooked) Get(ctx context.Context, queue string, o mq.GetOptions) (mq.Message, error) {
	m, err := c.Conn.Get(ctx, queue, o)
	c.got(o, err)
	return m, err
}

func (l *lab) hooked(got func(o mq.GetOptions, err error)) mq.Dial {
	return func(ctx context.Context) (mq.Conn, error) {
		c, err := l.Dial(ctx)
		return hooked{c, got}, err
	}
}

// A reader that stands by has taken nothing and asked nobody; when the queue is its own it asks first, then delivers.
func TestStandbyAsksOnlyWhenTheQueueIsItsOwn(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "2")
	var asked atomic.Int32
	var once sync.Once
	stands := make(chan struct{})
	standby := l.source()
	standby.Dial = l.hooked(func(_ mq.GetOptions, err error) {
		if mq.IsReason(err, mq.RCObjectInUse) {
			once.Do(func() { close(stands) })
		}
	})
	standby.OnTake(func(context.Context) error { asked.Add(1); return nil })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended, got := make(chan error, 1), make(chan int32, 2)
	active := l.source()
	active.MaxBatch = 1
	run(t, active, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		go func() {
			ended <- standby.Consume(ctx, func(context.Context, adapters.Unit, adapters.Batch) error {
				got <- asked.Load()
				cancel()
				return nil
			})
		}()
		<-stands
		if n := asked.Load(); n != 0 {
			t.Errorf("it asked %d times while another reads the queue", n)
		}
		return true, nil
	})
	if n := <-got; n != 1 {
		t.Errorf("it had asked %d times when the first message came, want once", n)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// On each new connection the ledger is asked again: between two connections another reader may have been at work.
func TestEachConnectionAsksBeforeItDelivers(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "2", "3")
	l.once("get", 5, broken())
	src := l.source()
	src.MaxBatch = 1
	asked, failures := 0, 2
	src.OnTake(func(context.Context) error {
		if asked++; failures > 0 {
			failures--
			return errors.New("the ledger is away")
		}
		return nil
	})
	var s seen
	run(t, src, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		s.note(b)
		return has(b, "3"), nil
	})
	if got := strings.Join(s.bodies, " "); got != "1 2 3" {
		t.Errorf("handled %q", got)
	}
	l.mu.Lock()
	connections := l.dials
	l.mu.Unlock()
	if asked != connections || connections < 4 {
		t.Errorf("asked %d times on %d connections", asked, connections)
	}
}

// What is deep down a long queue, far away, does not hold up a start: the marks go along until the queue is empty.
func TestALongLookForDoubtsDoesNotHoldUpAStart(t *testing.T) {
	l := newLab(t)
	var bodies []string
	for i := range 40 {
		bodies = append(bodies, fmt.Sprint(i))
	}
	l.put(t, "IN", bodies...)
	var position []byte
	l.once("commit", 1, broken())
	first := l.source()
	ctx, cancel := context.WithCancel(t.Context())
	if err := first.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
		position = bytes.Clone(b.Position)
		cancel()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	next := l.source()
	next.MaxBatch = 10
	if err := next.Resume(position); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l.mu.Lock()
	l.plan = func(op string) *fault { // each call takes 100 ms
		at = at.Add(100 * time.Millisecond)
		return nil
	}
	l.mu.Unlock()
	next.Now = func() time.Time {
		l.mu.Lock()
		defer l.mu.Unlock()
		return at
	}
	var s seen
	var carried []int
	run(t, next, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		if len(s.batches) == 0 {
			l.put(t, "IN", "41") // so that the end of the queue is not the end of the run
		}
		s.note(b)
		carried = append(carried, (len(b.Position)-9)/8-len(b.Messages))
		return has(b, "41"), nil
	})
	if got, want := strings.Join(s.bodies, " "), strings.Join(append(bodies[4:], "41"), " "); got != want {
		t.Errorf("handled %q, want each once, in order, without what the ledger has", got)
	}
	if carried[0] != 4 {
		t.Errorf("the first position carries %d marks in doubt, want those of the batch that the ledger has", carried[0])
	}
	if last := carried[len(carried)-1]; last != 0 {
		t.Errorf("the last position still carries %d marks", last)
	}
}

// An empty queue proves that what was in doubt is gone.
func TestAnEmptyQueueSettlesDoubts(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "2", "3")
	var position []byte
	run(t, l.source(), func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		position = bytes.Clone(b.Position)
		return true, nil
	})
	l.put(t, "IN", "4")
	src := l.source()
	if err := src.Resume(position); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	src.Now = func() time.Time { at = at.Add(time.Hour); return at } // no time to look
	put := false
	src.Dial = l.hooked(func(o mq.GetOptions, err error) {
		if mq.IsReason(err, mq.RCNoMsgAvailable) && o.Wait > 0 && !put {
			put = true
			l.put(t, "IN", "5")
		}
	})
	var marks []int
	run(t, src, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		marks = append(marks, (len(b.Position)-9)/8)
		return has(b, "5"), nil
	})
	if fmt.Sprint(marks) != "[4 1]" {
		t.Errorf("positions of %v marks, want that of 4 with the three in doubt, and that of 5 without", marks)
	}
}

// A batch ends when it took as long to get as MaxTime says, however many wait.
func TestMaxTimeEndsABatch(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "2", "3", "4", "5", "6")
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l.mu.Lock()
	l.plan = func(op string) *fault { // a queue manager 100 ms away
		at = at.Add(100 * time.Millisecond)
		return nil
	}
	l.mu.Unlock()
	src := l.source()
	src.MaxBatch, src.MaxTime = 100, 200*time.Millisecond
	src.Now = func() time.Time {
		l.mu.Lock()
		defer l.mu.Unlock()
		return at
	}
	var s seen
	run(t, src, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		s.note(b)
		return has(b, "6"), nil
	})
	if got := strings.Join(s.batches, " "); got != "1+2+3 4+5+6" {
		t.Errorf("batches %q, want each of three gets, 200 ms after the first", got)
	}
}

// many is a connection that gives several messages in one call.
type many struct{ mq.Conn }

func (c many) GetBatch(ctx context.Context, queue string, o mq.GetOptions, most, size int) (ms []mq.Message, err error) {
	for len(ms) < most && size > 0 {
		m, err := c.Get(ctx, queue, o)
		if err != nil && len(ms) == 0 {
			return nil, err
		}
		if err != nil {
			break
		}
		ms = append(ms, m)
		if size -= len(m.Body); m.BackoutCount > 0 {
			break
		}
		o.Wait = 0
	}
	return ms, nil
}

// Messages that come several in a call are treated as if they came one by one: those that were returned come alone.
func TestSeveralInACallAreTreatedOneByOne(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "bad", "2", "3", "4", "5")
	src := l.source()
	src.Dial = func(ctx context.Context) (mq.Conn, error) {
		c, err := l.Dial(ctx)
		return many{c}, err
	}
	var s seen
	run(t, src, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		s.note(b)
		if has(b, "bad") {
			return false, errBad
		}
		return has(b, "5"), nil
	})
	if got, want := strings.Join(s.batches, " "), "1+bad+2+3 1 bad bad 2 3 4+5"; got != want {
		t.Errorf("batches %q, want %q", got, want)
	}
	if left := l.bodies(t, "BAD"); left != "bad" {
		t.Errorf("the backout queue has %q", left)
	}
}

// Seen through Metrics a connection still gives several messages in one call, or one if that is all it can.
func TestMetricsPassBatchesOn(t *testing.T) {
	l := newLab(t)
	for name, c := range map[string]struct {
		dial mq.Dial
		want int
	}{
		"several": {func(ctx context.Context) (mq.Conn, error) { c, err := l.Dial(ctx); return many{c}, err }, 3},
		"one":     {l.Dial, 1},
	} {
		l.put(t, "IN", "1", "2", "3")
		conn, err := mq.NewMetrics(prometheus.NewRegistry()).Dial("QM", c.dial)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ms, err := conn.(mq.BatchGetter).GetBatch(t.Context(), "IN", mq.GetOptions{}, 10, 1<<20)
		if len(ms) != c.want || err != nil {
			t.Errorf("%s: %d messages in one call, %v", name, len(ms), err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		l.empty(t, "IN")
	}
}
