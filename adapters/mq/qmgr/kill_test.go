package qmgr_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// ledger is what clients of a queue manager that keeps dying remember: what was acknowledged to them,
// and what was in doubt.
type ledger struct {
	clock atomic.Int64 // orders deliveries of one message

	mu         sync.Mutex
	acked      map[string]bool    // puts that Commit acknowledged
	refused    map[string]bool    // puts that were certainly not committed
	putDoubt   [][]string         // units of puts in doubt
	delivered  map[string][]int64 // queue/message → when it was given to somebody
	moved      map[string]int     // acknowledged moves from IN to OUT
	taken      map[string]int     // acknowledged gets from OUT
	moveDoubt  []map[string]int64 // units of moves in doubt: message → when delivered
	takeDoubt  []map[string]int64 // units of final gets in doubt
	backedOut  map[string]int32   // queue/message → acknowledged backouts
	complaints []string           // what was seen wrong at once
}

func newLedger() *ledger {
	return &ledger{acked: map[string]bool{}, refused: map[string]bool{}, delivered: map[string][]int64{},
		moved: map[string]int{}, taken: map[string]int{}, backedOut: map[string]int32{}}
}

func (l *ledger) do(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// produce puts a few messages in one unit of work.
func (l *ledger) produce(ctx context.Context, c mq.Conn, dice *rand.Rand, name string, n int) error {
	var unit []string
	var err error
	for i := range 1 + dice.IntN(5) {
		id := fmt.Sprintf("%s-%d-%d", name, n, i)
		unit = append(unit, id)
		if _, err = c.Put(ctx, "IN", mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: []byte(id)}, mq.PutOptions{Syncpoint: true}); err != nil {
			break
		}
	}
	if err == nil {
		err = c.Commit(ctx)
	}
	l.do(func() {
		switch {
		case err == nil:
			for _, id := range unit {
				l.acked[id] = true
			}
		case errors.Is(err, adapters.ErrInDoubt):
			l.putDoubt = append(l.putDoubt, unit)
		default:
			for _, id := range unit {
				l.refused[id] = true
			}
		}
	})
	return err
}

// consume takes a few messages from a queue, and puts them to another if there is one, in one unit of
// work; at times it backs out instead.
func (l *ledger) consume(ctx context.Context, c mq.Conn, dice *rand.Rand, from, to string) error {
	unit := map[string]int64{}
	for range 1 + dice.IntN(5) {
		m, err := c.Get(ctx, from, mq.GetOptions{Syncpoint: true, Wait: 5 * time.Millisecond})
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			break
		}
		if err != nil {
			return err
		}
		id := string(m.Body)
		unit[id] = l.clock.Add(1)
		l.do(func() {
			key := from + "/" + id
			l.delivered[key] = append(l.delivered[key], unit[id])
			if m.BackoutCount < l.backedOut[key] {
				l.complaints = append(l.complaints, fmt.Sprintf("%s came with BackoutCount %d after %d acknowledged backouts", key, m.BackoutCount, l.backedOut[key]))
			}
		})
		if to == "" {
			continue
		}
		if _, err := c.Put(ctx, to, mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: m.Body}, mq.PutOptions{Syncpoint: true}); err != nil {
			return err
		}
	}
	if len(unit) == 0 {
		return nil
	}
	if dice.IntN(4) == 0 {
		err := c.Backout(ctx)
		if err == nil {
			l.do(func() {
				for id := range unit {
					l.backedOut[from+"/"+id]++
				}
			})
		}
		return err
	}
	err := c.Commit(ctx)
	l.do(func() {
		acknowledged, doubt := l.taken, &l.takeDoubt
		if to != "" {
			acknowledged, doubt = l.moved, &l.moveDoubt
		}
		switch {
		case err == nil:
			for id := range unit {
				acknowledged[id]++
			}
		case errors.Is(err, adapters.ErrInDoubt):
			*doubt = append(*doubt, unit)
		}
	})
	return err
}

// work runs one client until ctx ends, through every loss of its connection.
func work(ctx context.Context, dial mq.Dial, load *trigger, step func(ctx context.Context, c mq.Conn, n int) error) {
	for n := 0; ctx.Err() == nil; {
		c, err := dial(ctx)
		if err != nil {
			select {
			case <-time.After(2 * time.Millisecond):
			case <-ctx.Done():
			}
			continue
		}
		for ctx.Err() == nil {
			n++
			load.step()
			if err := step(ctx, c, n); err != nil {
				break
			}
		}
		c.Close()
	}
}

// startServer starts the queue manager's process and waits until it says that it listens.
func startServer(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := child("serve", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		cmd.Process.Kill()
		t.Fatalf("the queue manager did not start: %v", err)
	}
	return cmd
}

// trigger closes a channel when the load has done some more steps.
type trigger struct {
	mu   sync.Mutex
	left int
	hit  chan struct{}
}

func (g *trigger) step() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left--; g.left == 0 {
		close(g.hit)
	}
}

func (g *trigger) after(steps int) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.hit = steps, make(chan struct{})
	return g.hit
}

// TestKilledAtAnyMoment loads a queue manager from outside, kills it with SIGKILL again and again, and
// then asks for every message. PORTAGE_KILLS sets how often (25), PORTAGE_SEED repeats a run.
func TestKilledAtAnyMoment(t *testing.T) {
	kills, seed := 25, uint64(time.Now().UnixNano())
	if s := os.Getenv("PORTAGE_KILLS"); s != "" {
		kills, _ = strconv.Atoi(s)
	}
	if s := os.Getenv("PORTAGE_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("%d kills, PORTAGE_SEED=%d", kills, seed)
	dir := t.TempDir()
	dial := qmgr.Dial(filepath.Join(dir, "queues.sock"))
	cmd := startServer(t, dir)

	l, load := newLedger(), new(trigger)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 4 {
		dice := rand.New(rand.NewPCG(seed, uint64(i)))
		name := fmt.Sprintf("p%d", i)
		wg.Go(func() {
			work(ctx, dial, load, func(ctx context.Context, c mq.Conn, n int) error { return l.produce(ctx, c, dice, name, n) })
		})
		wg.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(100+i)))
			work(ctx, dial, load, func(ctx context.Context, c mq.Conn, _ int) error { return l.consume(ctx, c, dice, "IN", "OUT") })
		})
		if i%2 == 0 {
			wg.Go(func() {
				dice := rand.New(rand.NewPCG(seed, uint64(200+i)))
				work(ctx, dial, load, func(ctx context.Context, c mq.Conn, _ int) error { return l.consume(ctx, c, dice, "OUT", "") })
			})
		}
	}
	dice := rand.New(rand.NewPCG(seed, 999))
	for range kills {
		<-load.after(1 + dice.IntN(150))
		cmd.Process.Kill()
		cmd.Wait()
		cmd = startServer(t, dir)
	}
	cancel()
	wg.Wait()
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	l.settle(t, dial)
}

// settle compares what the clients know with what the queues hold.
func (l *ledger) settle(t *testing.T, dial mq.Dial) {
	in, out := remaining(t, dial, "IN"), remaining(t, dial, "OUT")
	t.Logf("%d messages acknowledged, %d moved, %d taken; %d left on IN, %d on OUT; units in doubt: %d put, %d moved, %d taken",
		len(l.acked), len(l.moved), len(l.taken), len(in), len(out), len(l.putDoubt), len(l.moveDoubt), len(l.takeDoubt))
	for _, c := range l.complaints {
		t.Error(c)
	}
	if len(l.acked) < 50 || len(l.taken) < 5 {
		t.Error("the load was too light to show anything")
	}
	exists := func(id string) bool { return len(l.delivered["IN/"+id]) > 0 || in[id] > 0 }
	for id := range l.refused {
		if exists(id) {
			t.Errorf("%s was not committed and exists", id)
		}
	}
	for _, unit := range l.putDoubt {
		first := exists(unit[0])
		if first {
			for _, id := range unit {
				l.acked[id] = true
			}
		}
		if slices.ContainsFunc(unit, func(id string) bool { return exists(id) != first }) {
			t.Errorf("a unit of puts in doubt was done by half: %v", unit)
		}
	}
	took, gave := l.resolve(t, l.takeDoubt, "OUT", out), l.resolve(t, l.moveDoubt, "IN", in)
	for id := range l.acked {
		moved := l.moved[id] + gave[id]
		taken := l.taken[id] + took[id]
		if moved+in[id] != 1 {
			t.Errorf("%s: moved %d times and %d times on IN", id, moved, in[id])
		}
		if taken+out[id] != moved {
			t.Errorf("%s: moved %d times, taken %d times, %d times on OUT", id, moved, taken, out[id])
		}
	}
	for id := range in {
		if !l.acked[id] {
			t.Errorf("%s is on IN and nobody put it", id)
		}
	}
}

// resolve finds which units in doubt were done: those whose messages were not seen again. Each must be
// done, or not, as a whole.
func (l *ledger) resolve(t *testing.T, doubt []map[string]int64, queue string, left map[string]int) map[string]int {
	done := map[string]int{}
	for _, unit := range doubt {
		again := 0
		for id, at := range unit {
			later := slices.ContainsFunc(l.delivered[queue+"/"+id], func(x int64) bool { return x > at })
			if later || left[id] > 0 {
				again++
			} else {
				done[id]++
			}
		}
		if again != 0 && again != len(unit) {
			t.Errorf("a unit of gets in doubt was done by half: %d of %d messages came again", again, len(unit))
		}
	}
	return done
}

func remaining(t *testing.T, dial mq.Dial, queue string) map[string]int {
	t.Helper()
	ms, err := browse(t.Context(), dial, queue)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, m := range ms {
		out[string(m.Body)]++
	}
	return out
}

// TestPoisonKillsTwiceAtMost has a message that kills every process whose handler sees it. The first
// death suspects its batch, the second convicts it alone; the third run moves it and does the rest.
func TestPoisonKillsTwiceAtMost(t *testing.T) {
	dir := t.TempDir()
	m, err := qmgr.Open(poisonConfig(dir))
	if err != nil {
		t.Fatal(err)
	}
	sink := &mq.Sink{Dial: m.Dial, Queue: "IN"}
	for i := range 20 {
		body := fmt.Appendf(nil, "good %d", i)
		if i == 5 {
			body = poison
		}
		if err := sink.Publish(t.Context(), adapters.Message{ID: strconv.Itoa(i), Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	sink.Close()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	deaths := 0
	for ; child("poison", dir).Run() != nil; deaths++ {
		if deaths == 3 {
			t.Fatal("the message still kills")
		}
	}
	if deaths != 2 {
		t.Errorf("%d processes died, want 2", deaths)
	}
	if m, err = qmgr.Open(poisonConfig(dir)); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	bad, err := browse(t.Context(), m.Dial, "BAD")
	if err != nil || len(bad) != 1 || string(bad[0].Body) != string(poison) {
		t.Fatalf("%d messages on the backout queue (%v), want the poison", len(bad), err)
	}
	if reason, _ := bad[0].Header("portage-reason"); reason != "backout-threshold" || bad[0].ID != "5" {
		t.Errorf("the poison says reason %q and ID %q", reason, bad[0].ID)
	}
	out, err := browse(t.Context(), m.Dial, "OUT")
	if err != nil || len(out) != 19 {
		t.Fatalf("%d good messages came through (%v), want 19", len(out), err)
	}
	want := 0
	for _, m := range out {
		if want == 5 {
			want++
		}
		if string(m.Body) != fmt.Sprintf("good %d", want) {
			t.Fatalf("%q came where %d was due", m.Body, want)
		}
		want++
	}
}
