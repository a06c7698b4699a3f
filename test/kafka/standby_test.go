package kafka_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// A bridge and a second one of the same name that stands by. The one at work goes on as if it were alone, since the
// other touches the ledger only when it has the queue; and when it is killed, the other takes over where it was.
func TestStandbyTakesOverFromAKilledBridge(t *testing.T) {
	t.Parallel()
	const takeovers, each = 6, 500
	b := broker(t)
	name := topic(t, b, fmt.Sprintf("STANDBY.%d", time.Now().UnixNano()))
	m, socket := serve(t, []string{name})
	l := &lane{tally: newTally(name, (takeovers+1)*each), n: (takeovers + 1) * each, socket: socket, broker: b.Addr, batches: true}
	ctx, cancel := context.WithTimeout(t.Context(), laneTimeout)
	defer cancel()
	var wg sync.WaitGroup
	reader, end := context.WithCancel(ctx)
	defer wg.Wait()
	defer end()
	wg.Go(func() { l.read(reader, t, l.broker) })
	wg.Go(func() { l.feed(ctx, t, m.Connect()) })

	active := l.stand(t, "")
	for n := range takeovers {
		standby := l.stand(t, "")
		l.may.Store(int64((n + 1) * each))
		l.reach(ctx, t, (n+1)*each) // both live: a ledger that was fenced would have ended the process
		for who, p := range map[string]*process{"at work": active, "standing by": standby} {
			if p.over() {
				t.Fatalf("takeover %d: the bridge %s ended by itself: %v", n+1, who, p.cmd.ProcessState)
			}
		}
		l.may.Add(each / 2) // so that it dies at work, most times
		active.kill()
		l.died("while another stands by")
		began := time.Now()
		l.reach(ctx, t, (n+1)*each+each/2)
		t.Logf("takeover %d: the %dth message after the death was read %v later", n+1, each/2, time.Since(began).Round(time.Millisecond))
		active = standby
	}
	l.may.Store(int64(l.n))
	l.reach(ctx, t, l.n)
	if !drained(ctx, m, name) {
		t.Error("messages are left on the queue")
	}
	active.kill()
	table(t, []*tally{l.tally}, nil)
}

// reach waits until n messages were read.
func (l *lane) reach(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	for l.progress() < n {
		if ctx.Err() != nil {
			t.Fatalf("%d of %d messages were read", l.progress(), n)
		}
		wait(ctx, 5*time.Millisecond)
	}
}
