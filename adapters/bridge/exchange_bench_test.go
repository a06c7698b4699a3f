package bridge

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

const askQueue, replyQueue, bareQueue = "EI.STATUS.REQ", "EI.STATUS.RPL", "EI.STATUS.BARE"

// BenchmarkExchangeRoundTrip asks the same Legacy program in three ways, in turns: an Exchange over queues; the
// bare queues, each caller with a connection of its own that puts an area and gets the answer by CorrelId; and
// an Exchange whose call is a function, without queues. What is added is the Exchange's time over that of the
// bare queues, percentile by percentile, in µs.
func BenchmarkExchangeRoundTrip(b *testing.B) {
	for _, way := range []string{"in-process", "socket"} {
		for _, callers := range []int{1, 50} {
			b.Run(fmt.Sprintf("%s/callers=%d", way, callers), func(b *testing.B) {
				benchmarkExchange(b, way == "socket", callers)
			})
		}
	}
}

func benchmarkExchange(b *testing.B, socket bool, callers int) {
	const each = 2000
	y := newAskYard(b, socket)
	over, stop := y.exchange(b)
	defer stop()
	area := reply(b)
	direct := exchange(b, func(context.Context, []byte, []adapters.Header) ([]byte, error) { return area, nil })
	bare := y.bare(b, callers)
	requests := make([]*http.Request, callers)
	for i := range requests {
		requests[i] = inquiry(claimRef)
	}
	var queues, alone, without laps
	b.ReportAllocs()
	for b.Loop() {
		queues.run(b, callers, each, func(caller int) error { return ask(over, requests[caller]) })
		alone.run(b, callers, each, bare)
		without.run(b, callers, each, func(caller int) error { return ask(direct, requests[caller]) })
	}
	b.ReportMetric(queues.rate(), "exchange-rt/s")
	b.ReportMetric(alone.rate(), "bare-rt/s")
	b.ReportMetric(without.rate(), "no-queue-rt/s")
	b.ReportMetric(queues.rate()/alone.rate(), "ratio")
	b.ReportMetric(queues.at(50), "p50-µs")
	b.ReportMetric(queues.at(99), "p99-µs")
	b.ReportMetric(queues.at(50)-alone.at(50), "added-p50-µs")
	b.ReportMetric(queues.at(99)-alone.at(99), "added-p99-µs")
	b.ReportMetric(without.at(50), "no-queue-p50-µs")
}

func ask(x *Exchange, r *http.Request) error {
	res, err := x.RoundTrip(r)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	return err
}

// laps are the times of one way's round trips.
type laps struct {
	each []time.Duration
	took time.Duration
}

// run makes n round trips from several callers.
func (l *laps) run(b *testing.B, callers, n int, trip func(caller int) error) {
	b.Helper()
	times := make([]time.Duration, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for caller := range callers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				start := time.Now()
				if err := trip(caller); err != nil {
					b.Error(err)
					return
				}
				times[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	l.took += time.Since(began)
	l.each = append(l.each, times...)
}

func (l *laps) rate() float64 { return float64(len(l.each)) / l.took.Seconds() }

// at returns a percentile in µs.
func (l *laps) at(percent int) float64 {
	slices.Sort(l.each)
	return float64(l.each[(len(l.each)-1)*percent/100].Nanoseconds()) / 1000
}

// askYard is an embedded queue manager with a Legacy program of four tasks that answers with one area.
type askYard struct{ dial mq.Dial }

func newAskYard(b *testing.B, socket bool) *askYard {
	b.Helper()
	m, err := qmgr.Open(qmgr.Config{Dir: b.TempDir(), Plain: true,
		Queues: []qmgr.Queue{{Name: askQueue}, {Name: replyQueue}, {Name: replyQueue + ".LATE"}, {Name: bareQueue}}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	b.Cleanup(func() {
		cancel()
		wg.Wait()
		m.Close()
	})
	y := &askYard{dial: m.Dial}
	if socket {
		l, err := m.Listen()
		if err != nil {
			b.Fatal(err)
		}
		y.dial = qmgr.Dial(l.Addr().String())
		wg.Go(func() { m.Serve(ctx, l) })
	}
	area := reply(b)
	for range 4 {
		c := y.connect(b)
		wg.Go(func() { answerAll(ctx, c, area) })
	}
	return y
}

func (y *askYard) connect(b *testing.B) mq.Conn {
	b.Helper()
	c, err := y.dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// answerAll is Legacy: one task.
func answerAll(ctx context.Context, c mq.Conn, area []byte) {
	defer c.Close()
	for {
		m, err := c.Get(ctx, askQueue, mq.GetOptions{Wait: time.Minute})
		if err != nil {
			return
		}
		answer := mq.Message{Descriptor: mq.Descriptor{CorrelID: m.MsgID, CCSID: 37, Encoding: 785}, Body: area}
		if _, err := c.Put(ctx, m.ReplyToQ, answer, mq.PutOptions{}); err != nil {
			return
		}
	}
}

// exchange is what routes have: an Exchange over a Requester.
func (y *askYard) exchange(b *testing.B) (x *Exchange, stop func()) {
	b.Helper()
	r := &mq.Requester{Name: "ei-status", Dial: y.dial, RequestQueue: askQueue, ReplyQueue: replyQueue,
		Descriptor: mq.Descriptor{CCSID: 37, Encoding: 785}}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	return exchange(b, r.Call), func() {
		cancel()
		wg.Wait()
		r.Close()
	}
}

// bare is the rival: a put, and a get by CorrelId, on the caller's own connection.
func (y *askYard) bare(b *testing.B, callers int) func(caller int) error {
	b.Helper()
	conns := make([]mq.Conn, callers)
	for i := range conns {
		conns[i] = y.connect(b)
		b.Cleanup(func() { conns[i].Close() })
	}
	area := reply(b)
	return func(caller int) error {
		c := conns[caller]
		request := mq.Message{Descriptor: mq.Descriptor{ReplyToQ: bareQueue, CCSID: 37, Encoding: 785}, Body: area}
		d, err := c.Put(b.Context(), askQueue, request, mq.PutOptions{})
		if err == nil {
			_, err = c.Get(b.Context(), bareQueue, mq.GetOptions{CorrelID: d.MsgID, Wait: 10 * time.Second})
		}
		return err
	}
}
