package kafka_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// load is the size of a kill test.
type load struct {
	lanes, messages, kills, restarts int // lanes: bridges at the same time, each with a queue and a topic
	seed                             uint64
}

// fromEnv reads PORTAGE_KILLS, which asks for the long form, 200 messages a kill, four bridges and a restart of the
// broker every ten kills; and PORTAGE_SEED, which repeats the choice of deaths.
func (l load) fromEnv(t *testing.T) load {
	if n, err := strconv.Atoi(os.Getenv("PORTAGE_KILLS")); err == nil && n > 0 {
		l = load{lanes: 4, messages: 200 * n, kills: n, restarts: min(l.restarts, 1) * n / 10}
	}
	l.seed = uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("PORTAGE_SEED"), 10, 64); err == nil {
		l.seed = s
	}
	t.Logf("%d messages, %d bridges, %d kills, %d restarts of the broker, PORTAGE_SEED=%d", l.messages, l.lanes, l.kills, l.restarts, l.seed)
	return l
}

// TestKillWithApacheKafka kills bridges at every point of a transaction and at random, and brokers under
// them, and then reads what readers of committed records see: every message once, in its queue's order.
func TestKillWithApacheKafka(t *testing.T) {
	t.Parallel()
	b := kafkatest.Start(t) // its own: it is killed
	l := load{lanes: 2, messages: 20_000, kills: 60, restarts: 3}.fromEnv(t)
	names := laneNames(l.lanes)
	for _, name := range names {
		topic(t, b, name)
	}
	every := 0
	if l.restarts > 0 {
		every = max(1, l.kills/(l.restarts+1))
	}
	var restarts sync.WaitGroup
	var one sync.Mutex // restart at a time
	var made atomic.Int64
	runKills(t, l, b.Addr, names, func(kill int) {
		if every == 0 || kill%every != 0 || int(made.Load()) == l.restarts {
			return
		}
		n := made.Add(1)
		restarts.Go(func() {
			one.Lock()
			defer one.Unlock()
			if n%2 == 1 {
				b.Kill()
			}
			if err := b.Restart(); err != nil {
				t.Error(err)
			}
		})
	})
	restarts.Wait()
	t.Logf("the broker was restarted %d times, every other time after a crash", made.Load())
}

// TestKillWithKfake is the same without restarts of the broker, which kfake does not survive with an open
// transaction.
func TestKillWithKfake(t *testing.T) {
	t.Parallel()
	l := load{lanes: 1, messages: 3_000, kills: 30}.fromEnv(t)
	names := laneNames(l.lanes)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, names...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	runKills(t, l, c.ListenAddrs()[0], names, func(int) {})
}

func laneNames(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("CPP.PAY.EVENT.%d", i))
	}
	return names
}

// runKills runs one lane a name until all messages are through, and prints the table.
func runKills(t *testing.T, l load, broker string, names []string, killed func(kill int)) {
	dir := t.TempDir()
	cfg := qmgr.Config{Dir: dir, Plain: true, Queues: []qmgr.Queue{{Name: "DEAD"}}}
	for _, name := range names {
		cfg.Queues = append(cfg.Queues, qmgr.Queue{Name: name})
	}
	m, err := qmgr.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = m.Serve(ctx, listener) })
	lanes := make([]*lane, len(names))
	var kills atomic.Int64
	var work sync.WaitGroup
	for i, name := range names {
		lanes[i] = &lane{name: name, n: l.messages / len(names), kills: l.kills / len(names), socket: listener.Addr().String(),
			broker: broker, dice: rand.New(rand.NewPCG(l.seed, uint64(i))), seen: make([]int, l.messages/len(names)), deaths: map[string]int{},
			killed: func() { killed(int(kills.Add(1))) }}
		work.Go(func() { lanes[i].run(t, m) })
	}
	work.Wait()
	table(t, lanes)
	if a, err := m.Connect().Inquire(t.Context(), "DEAD"); err != nil || a.Depth != 0 {
		t.Errorf("%d dead letters, %v", a.Depth, err)
	}
	stop()
	wg.Wait()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// lane is one queue, its bridge and its topic.
type lane struct {
	name, socket, broker string
	n, kills             int
	dice                 *rand.Rand
	killed               func()

	may    atomic.Int64 // messages that may be fed by now
	deaths map[string]int

	seen     []int // how often each message was read
	distinct int
	disorder int
	last     int
	complete chan struct{}
}

// run feeds, kills, reads, and lets a last bridge finish.
func (l *lane) run(t *testing.T, m *qmgr.Manager) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	l.complete = make(chan struct{})
	l.may.Store(int64(l.n / (l.kills + 1)))
	var wg sync.WaitGroup
	wg.Go(func() { l.feed(ctx, t, m.Connect()) })
	reader, end := context.WithCancel(ctx)
	wg.Go(func() { l.read(reader, t) })
	for kill := range l.kills {
		if ctx.Err() != nil {
			break
		}
		l.killOne(t, kill)
		l.may.Store(int64(l.n * (kill + 2) / (l.kills + 1)))
		l.killed()
	}
	l.may.Store(int64(l.n))
	l.finish(ctx, t, m)
	end()
	wg.Wait()
}

// killOne starts a bridge and sees it die.
func (l *lane) killOne(t *testing.T, kill int) {
	where, plan, after := "at a random moment", "", 20*time.Second
	switch {
	case kill < len(points) || l.dice.IntN(2) == 0:
		where = points[kill%len(points)]
		n := 1 + l.dice.IntN(8)
		if strings.Contains(where, "InitProducerId") || strings.Contains(where, "OffsetFetch") {
			n = 1 // a start asks once
		}
		plan = fmt.Sprintf("%s*%d", where, n)
	default:
		after = time.Duration(l.dice.IntN(600)) * time.Millisecond
	}
	cmd := l.bridge(plan)
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(after):
		if plan != "" {
			where = "while waiting to die " + where
		}
		cmd.Process.Kill()
		<-ended
	}
	if s := cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGKILL {
		t.Errorf("%s: the bridge ended by itself: %v", l.name, cmd.ProcessState)
	}
	l.deaths[where]++
}

// bridge is the child process.
func (l *lane) bridge(plan string) *exec.Cmd {
	return child("bridge", l.socket, l.broker, l.name, plan)
}

// child runs this binary in a role.
func child(role, socket, broker, name, plan string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, socketVar+"="+socket, brokerVar+"="+broker, nameVar+"="+name, planVar+"="+plan)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// finish runs a bridge until the queue is empty and read, kills it, and runs another in case it had not committed.
func (l *lane) finish(ctx context.Context, t *testing.T, m *qmgr.Manager) {
	for try := range 2 {
		cmd := l.bridge("")
		if err := cmd.Start(); err != nil {
			t.Error(err)
			return
		}
		if try == 0 {
			select {
			case <-l.complete:
			case <-ctx.Done():
				t.Errorf("%s: not complete", l.name)
			}
		}
		if !drained(ctx, m, l.name) {
			t.Errorf("%s: messages are left on the queue", l.name)
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
}

// drained waits until the queue holds nothing.
func drained(ctx context.Context, m *qmgr.Manager, queue string) bool {
	c := m.Connect()
	defer c.Close()
	for ctx.Err() == nil {
		a, err := c.Inquire(ctx, queue)
		if err == nil && a.Depth == 0 {
			return true
		}
		wait(ctx, 10*time.Millisecond)
	}
	return false
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// feed puts the numbered messages, not too many at a time.
func (l *lane) feed(ctx context.Context, t *testing.T, c mq.Conn) {
	defer c.Close()
	for n := 0; n < l.n && ctx.Err() == nil; {
		a, err := c.Inquire(ctx, l.name)
		if err != nil {
			t.Error(err)
			return
		}
		room := min(400-a.Depth, int(l.may.Load())-n, l.n-n, 50)
		if room <= 0 {
			wait(ctx, 5*time.Millisecond)
			continue
		}
		for range room {
			body := fmt.Appendf(nil, "%s %d", l.name, n)
			if _, err := c.Put(ctx, l.name, mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: body}, mq.PutOptions{Syncpoint: true}); err != nil {
				t.Error(err)
				return
			}
			n++
		}
		if err := c.Commit(ctx); err != nil {
			t.Error(err)
			return
		}
	}
}

// read counts what a reader of committed records sees, until ctx ends.
func (l *lane) read(ctx context.Context, t *testing.T) {
	client, err := kgo.NewClient(kgo.SeedBrokers(l.broker), kgo.ConsumeTopics(l.name),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	l.last = -1
	for ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { l.count(t, r) })
	}
}

func (l *lane) count(t *testing.T, r *kgo.Record) {
	number, ok := strings.CutPrefix(string(r.Value), l.name+" ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n >= l.n {
		t.Errorf("%s: offset %d holds what nobody put", l.name, r.Offset)
		return
	}
	if n != l.last+1 {
		l.disorder++
	}
	l.last = n
	if l.seen[n]++; l.seen[n] == 1 {
		if l.distinct++; l.distinct == l.n {
			close(l.complete)
		}
	}
}

// table prints where bridges died, and what became of the messages.
func table(t *testing.T, lanes []*lane) {
	deaths := map[string]int{}
	total, lost, doubled, disorder, messages := 0, 0, 0, 0, 0
	for _, l := range lanes {
		for where, n := range l.deaths {
			deaths[where] += n
			total += n
		}
		for _, n := range l.seen {
			messages++
			lost += max(0, 1-n)
			doubled += max(0, n-1)
		}
		disorder += l.disorder
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-55s %6s\n", "killed", "times")
	for _, where := range slices.Sorted(maps.Keys(deaths)) {
		fmt.Fprintf(&b, "%-55s %6d\n", where, deaths[where])
	}
	fmt.Fprintf(&b, "%-55s %6d\n%d messages: %d lost, %d doubled, %d out of order", "all", total, messages, lost, doubled, disorder)
	t.Log(b.String())
	if lost+doubled+disorder != 0 {
		t.Error("not exactly once, in order")
	}
	for _, where := range points {
		if deaths[where] == 0 && total >= 2*len(points) {
			t.Errorf("no bridge died %s: the test shows less than it says", where)
		}
	}
}
