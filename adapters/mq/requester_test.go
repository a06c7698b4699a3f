package mq_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

// asking runs a Requester for the length of a test and waits until it reads answers.
func asking(t *testing.T, l *lab, change ...func(*mq.Requester)) *mq.Requester {
	t.Helper()
	r := &mq.Requester{Name: "ei-status", Dial: l.Dial, RequestQueue: "REQ", ReplyQueue: "RPL", Reconnect: quick}
	for _, f := range change {
		f(r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		r.Close()
	})
	return r
}

// request takes the next request off the queue.
func request(t *testing.T, l *lab) mq.Message {
	t.Helper()
	c := l.m.Connect()
	defer c.Close()
	m, err := c.Get(context.Background(), "REQ", mq.GetOptions{Wait: 20 * time.Second})
	if err != nil {
		t.Error(err)
	}
	return m
}

func reply(t *testing.T, l *lab, to mq.Message, body string) {
	t.Helper()
	c := l.m.Connect()
	defer c.Close()
	if _, err := c.Put(context.Background(), to.ReplyToQ, mq.Message{
		Descriptor: mq.Descriptor{CorrelID: to.MsgID, MsgType: mq.MTReply}, Body: []byte(body)}, mq.PutOptions{}); err != nil {
		t.Error(err)
	}
}

func TestCallsGetTheirOwnAnswers(t *testing.T) {
	l := newLab(t)
	reg := prometheus.NewRegistry()
	r := asking(t, l, func(r *mq.Requester) { r.Metrics = mq.NewMetrics(reg) })
	const calls = 40
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			body := fmt.Sprintf("question %d", i)
			got, err := r.Call(t.Context(), []byte(body), nil)
			if err != nil || string(got) != "answer to "+body {
				t.Errorf("%q: %q, %v", body, got, err)
			}
		})
	}
	// Answered in the other order, and with what a Legacy program sees checked.
	requests := make([]mq.Message, calls)
	for i := range requests {
		requests[i] = request(t, l)
		if m := requests[i]; m.Persistent || m.MsgType != mq.MTRequest || m.ReplyToQ != "RPL" || m.Expiry <= 9*time.Second || m.Expiry > 10*time.Second {
			t.Fatalf("request: %+v", m.Descriptor)
		}
	}
	for i := range requests {
		m := requests[calls-1-i]
		reply(t, l, m, "answer to "+string(m.Body))
	}
	wg.Wait()
	if err := testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP portage_exchange_calls_total Calls over queues by result.
# TYPE portage_exchange_calls_total counter
portage_exchange_calls_total{exchange="ei-status",result="busy"} 0
portage_exchange_calls_total{exchange="ei-status",result="failed"} 0
portage_exchange_calls_total{exchange="ei-status",result="in_doubt"} 0
portage_exchange_calls_total{exchange="ei-status",result="ok"} 40
portage_exchange_calls_total{exchange="ei-status",result="refused"} 0
portage_exchange_calls_total{exchange="ei-status",result="timeout"} 0
portage_exchange_calls_total{exchange="ei-status",result="unreachable"} 0
# HELP portage_exchange_in_flight Calls that wait for their reply.
# TYPE portage_exchange_in_flight gauge
portage_exchange_in_flight{exchange="ei-status"} 0
`), "portage_exchange_calls_total", "portage_exchange_in_flight"); err != nil {
		t.Error(err)
	}
}

func TestFullBulkheadPutsNothing(t *testing.T) {
	l := newLab(t)
	r := asking(t, l, func(r *mq.Requester) { r.InFlight = 1 })
	first := make(chan error)
	go func() {
		_, err := r.Call(context.Background(), []byte("first"), nil)
		first <- err
	}()
	m := request(t, l)
	if _, err := r.Call(t.Context(), []byte("second"), nil); !errors.Is(err, adapters.ErrBusy) || errors.Is(err, adapters.ErrInDoubt) {
		t.Errorf("a second call: %v, want adapters.ErrBusy", err)
	}
	if got := l.bodies(t, "REQ"); got != "" {
		t.Errorf("%q was put", got)
	}
	reply(t, l, m, "done")
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// The caller has gone when the answer comes: the answer is put aside, and the next call gets its own.
func TestLateAnswerIsPutAside(t *testing.T) {
	l := newLab(t)
	reg := prometheus.NewRegistry()
	r := asking(t, l, func(r *mq.Requester) { r.Metrics = mq.NewMetrics(reg) })
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := r.Call(ctx, []byte("slow"), nil)
		gone <- err
	}()
	slow := request(t, l)
	leave()
	if err := <-gone; !errors.Is(err, adapters.ErrInDoubt) || !errors.Is(err, context.Canceled) {
		t.Errorf("the caller that left: %v, want in doubt and cancelled", err)
	}
	answer := make(chan string)
	go func() {
		b, err := r.Call(t.Context(), []byte("next"), nil)
		answer <- fmt.Sprint(string(b), err)
	}()
	next := request(t, l)
	reply(t, l, slow, "too late")
	reply(t, l, next, "in time")
	reply(t, l, next, "in time, again")
	if got := <-answer; got != "in time<nil>" {
		t.Errorf("the next call got %q", got)
	}
	c := l.m.Connect()
	defer c.Close()
	for _, want := range []string{"too late", "in time, again"} {
		m, err := c.Get(t.Context(), "RPL.LATE", mq.GetOptions{Wait: 20 * time.Second})
		if err != nil || string(m.Body) != want {
			t.Fatalf("LATE has %q, %v, want %q", m.Body, err, want)
		}
		if reason, _ := mq.AsMessage(m).Header("portage-reason"); reason != "late-reply" {
			t.Errorf("reason %q", reason)
		}
	}
	if got := gathered(t, reg, "portage_exchange_late_replies_total"); got != 2 {
		t.Errorf("%v late replies counted, want 2", got)
	}
}

func gathered(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestDeadlineExpiresTheRequest(t *testing.T) {
	l := newLab(t)
	r := asking(t, l)
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	_, err := r.Call(ctx, []byte("nobody answers"), nil)
	if !errors.Is(err, adapters.ErrInDoubt) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "may have run") {
		t.Errorf("%v, want in doubt and a deadline", err)
	}
	c := l.m.Connect()
	defer c.Close()
	if m, err := c.Get(t.Context(), "REQ", mq.GetOptions{Browse: true}); err == nil && m.Expiry > 200*time.Millisecond {
		t.Errorf("the request lives for %v more", m.Expiry)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Call(done, nil, nil); errors.Is(err, adapters.ErrInDoubt) || !errors.Is(err, context.Canceled) {
		t.Errorf("a call whose context had ended: %v, want no doubt", err)
	}
}

// The reader's connection is lost and found again: what is on the queue is delivered, the rest in doubt.
func TestLostReaderLeavesCallsInDoubt(t *testing.T) {
	l := newLab(t)
	r := asking(t, l)
	results := make(chan string, 2)
	call := func(body string) {
		b, err := r.Call(context.Background(), []byte(body), nil)
		results <- fmt.Sprintf("%s %v", b, errors.Is(err, adapters.ErrInDoubt))
	}
	go call("a")
	a := request(t, l)
	go call("b")
	request(t, l)
	l.once("get", 1, broken()) // the get that follows this answer's
	reply(t, l, a, "answer")
	got := map[string]bool{<-results: true, <-results: true}
	if !got["answer false"] || !got[" true"] {
		t.Errorf("results %v, want one answer and one in doubt", got)
	}
	go call("c")
	reply(t, l, request(t, l), "goes on")
	if got := <-results; got != "goes on false" {
		t.Errorf("after the reconnect: %q", got)
	}
}

func TestNothingIsPutWhileNobodyReads(t *testing.T) {
	l := newLab(t)
	r := &mq.Requester{Name: "x", Dial: l.Dial, RequestQueue: "REQ", ReplyQueue: "RPL"}
	defer r.Close()
	_, err := r.Call(t.Context(), []byte("q"), nil)
	if !mq.IsReason(err, mq.RCQMgrNotAvailable) || errors.Is(err, adapters.ErrInDoubt) {
		t.Errorf("%v, want 2059 without doubt", err)
	}
	if got := l.bodies(t, "REQ"); got != "" {
		t.Errorf("%q was put", got)
	}
}

// The put's connection was idle while the queue manager restarted: one more try, and no double.
func TestStaleConnectionIsReplaced(t *testing.T) {
	l := newLab(t)
	r := asking(t, l, func(r *mq.Requester) { r.Connections = 1 })
	for i := range 3 {
		if i == 1 {
			l.once("put", 1, broken())
		}
		answered := make(chan error)
		go func() {
			_, err := r.Call(t.Context(), []byte("q"), nil)
			answered <- err
		}()
		reply(t, l, request(t, l), "a")
		if err := <-answered; err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if got := l.bodies(t, "REQ"); got != "" {
		t.Errorf("%q was put twice", got)
	}
}

// A commit in doubt may have put the request: the call waits for an answer all the same.
func TestPutInDoubtStillWaits(t *testing.T) {
	l := newLab(t)
	r := asking(t, l)
	f := broken()
	f.done = true
	l.once("commit", 1, f)
	answered := make(chan string)
	go func() {
		b, err := r.Call(t.Context(), []byte("q"), nil)
		answered <- fmt.Sprint(string(b), err)
	}()
	reply(t, l, request(t, l), "a")
	if got := <-answered; got != "a<nil>" {
		t.Errorf("%q", got)
	}
}

func TestReportsAreNotAnswers(t *testing.T) {
	for feedback, doubt := range map[int32]bool{258: false, mq.RCUnknownObjectName: false, 260: true} {
		l := newLab(t)
		r := asking(t, l)
		answered := make(chan error)
		go func() {
			_, err := r.Call(t.Context(), []byte("q"), nil)
			answered <- err
		}()
		m := request(t, l)
		c := l.m.Connect()
		if _, err := c.Put(t.Context(), "RPL", mq.Message{Descriptor: mq.Descriptor{CorrelID: m.MsgID, MsgType: mq.MTReport, Feedback: feedback}}, mq.PutOptions{}); err != nil {
			t.Fatal(err)
		}
		c.Close()
		err := <-answered
		if e, ok := errors.AsType[*mq.ReportError](err); !ok || e.Feedback != feedback || errors.Is(err, adapters.ErrInDoubt) != doubt {
			t.Errorf("feedback %d: %v, want doubt %v", feedback, err, doubt)
		}
	}
}

func TestRefusedRequest(t *testing.T) {
	l := newLab(t)
	r := asking(t, l)
	_, err := r.Call(t.Context(), make([]byte, 5<<20), nil)
	if !mq.IsReason(err, mq.RCMsgTooBigForQ) || errors.Is(err, adapters.ErrInDoubt) {
		t.Errorf("5 MiB where 4 fit: %v", err)
	}
}

func TestTwoReadersOfOneReplyQueueAreRefused(t *testing.T) {
	l := newLab(t)
	first := asking(t, l)
	answered := make(chan error)
	go func() {
		_, err := first.Call(t.Context(), []byte("q"), nil)
		answered <- err
	}()
	reply(t, l, request(t, l), "a")
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	second := asking(t, l)
	if _, err := second.Call(t.Context(), []byte("q"), nil); !mq.IsReason(err, mq.RCQMgrNotAvailable) {
		t.Errorf("a call of the second: %v, want that its queue is not being read", err)
	}
	if !first.Ready() || second.Ready() {
		t.Errorf("ready: %v and %v, want only the first", first.Ready(), second.Ready())
	}
}

// Who is asked sees the body bare, and the identity that the route sets.
func TestIdentityAndBareBody(t *testing.T) {
	l := newLab(t)
	r := asking(t, l, func(r *mq.Requester) {
		r.Descriptor = mq.Descriptor{CCSID: 37, Encoding: 785, UserIdentifier: "EICLERK"}
	})
	go r.Call(t.Context(), []byte{0xc1, 0x00}, nil)
	m := request(t, l)
	if m.UserIdentifier != "EICLERK" || m.CCSID != 37 || m.Encoding != 785 || len(m.Properties) != 0 || !bytes.Equal(m.Body, []byte{0xc1, 0}) {
		t.Errorf("%+v", m)
	}
	reply(t, l, m, "")
}

func BenchmarkCall(b *testing.B) {
	b.ReportAllocs()
	l := newLab(b)
	r := &mq.Requester{Name: "bench", Dial: l.m.Dial, RequestQueue: "REQ", ReplyQueue: "RPL"}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer r.Close()
	wg.Go(func() { r.Run(ctx) })
	for range 4 {
		wg.Go(func() {
			c := l.m.Connect()
			defer c.Close()
			for {
				m, err := c.Get(ctx, "REQ", mq.GetOptions{Wait: time.Minute})
				if err != nil {
					return
				}
				c.Put(ctx, m.ReplyToQ, mq.Message{Descriptor: mq.Descriptor{CorrelID: m.MsgID}, Body: m.Body}, mq.PutOptions{})
			}
		})
	}
	body := make([]byte, 500)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.Call(ctx, body, nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
