package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"

	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// load is the size of a kill test.
type load struct {
	lanes, messages, kills, restarts int // lanes: bridges at the same time, each with a queue and a topic
	seed                             uint64
}

// fromEnv reads PORTAGE_KILLS, which asks for the long form: so many kills if the broker is restarted meanwhile, every
// ten kills, and a tenth of them otherwise; 200 messages a kill, four bridges. PORTAGE_SEED repeats the choice of
// deaths.
func (l load) fromEnv(t *testing.T) load {
	if n, err := strconv.Atoi(os.Getenv("PORTAGE_KILLS")); err == nil && n > 0 {
		long := load{lanes: 4, messages: 200 * n, kills: n, restarts: n / 10}
		if l.restarts == 0 {
			long = load{lanes: l.lanes, messages: 20 * n, kills: max(l.kills, n/10)}
		}
		l = long
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
	every := max(1, l.kills/(l.restarts+1))
	var restarts sync.WaitGroup
	var one sync.Mutex // restart at a time: who asks for the next waits, so that all happen under load
	made := 0
	runKills(t, l, b.Addr, names, func(kill int) {
		if kill%every != 0 {
			return
		}
		one.Lock()
		if made == l.restarts {
			one.Unlock()
			return
		}
		made++
		crash := made%2 == 1
		restarts.Go(func() {
			defer one.Unlock()
			if crash {
				b.Kill()
			}
			if err := b.Restart(); err != nil {
				t.Error(err)
			}
		})
	})
	restarts.Wait()
	t.Logf("the broker was restarted %d times, every other time after a crash", made)
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
	m, socket := serve(t, names)
	tallies := make([]*tally, len(names))
	began := time.Now()
	var kills atomic.Int64
	note := func() {
		kill := int(kills.Add(1))
		if kill%max(10, l.kills/20) == 0 {
			read := 0
			for _, y := range tallies {
				read += y.progress()
			}
			took := time.Since(began)
			t.Logf("%d of %d kills, %d of %d messages read, %v so far, about %v to go", kill, l.kills, read, l.messages,
				took.Round(time.Second), (took * time.Duration(l.kills-kill) / time.Duration(kill)).Round(time.Second))
		}
		killed(kill)
	}
	var work sync.WaitGroup
	for i, name := range names {
		tallies[i] = newTally(name, l.messages/len(names))
	}
	for i, y := range tallies {
		lane := &lane{tally: y, n: len(y.seen), kills: l.kills / len(names), socket: socket, broker: broker, batches: i%2 == 0,
			dice: rand.New(rand.NewPCG(l.seed, uint64(i))), killed: note}
		work.Go(func() { lane.run(t, m) })
	}
	work.Wait()
	table(t, tallies, points)
	if a, err := m.Connect().Inquire(t.Context(), "DEAD"); err != nil || a.Depth != 0 {
		t.Errorf("%d dead letters, %v", a.Depth, err)
	}
}

// serve runs a queue manager with these queues until the test ends.
func serve(t *testing.T, names []string) (m *qmgr.Manager, socket string) {
	cfg := qmgr.Config{Dir: t.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: "DEAD"}}}
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
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, m.Close()); err != nil {
			t.Error(err)
		}
	})
	return m, listener.Addr().String()
}

// lane is one queue, its bridge and its topic.
type lane struct {
	*tally
	socket, broker string
	n, kills       int
	batches        bool // its bridges take several messages in one call
	dice           *rand.Rand
	killed         func()

	may atomic.Int64 // messages that may be fed by now
}

// laneTimeout is far more than a lane ever takes.
const laneTimeout = 3 * time.Hour

// run feeds, kills, reads, and lets a last bridge finish.
func (l *lane) run(t *testing.T, m *qmgr.Manager) {
	ctx, cancel := context.WithTimeout(t.Context(), laneTimeout)
	defer cancel()
	l.may.Store(int64(l.n / (l.kills + 1)))
	var wg sync.WaitGroup
	wg.Go(func() { l.feed(ctx, t, m.Connect()) })
	reader, end := context.WithCancel(ctx)
	wg.Go(func() { l.read(reader, t, l.broker) })
	for kill := range l.kills {
		if ctx.Err() != nil {
			break
		}
		l.killOne(t, kill)
		l.may.Store(max(l.may.Load(), int64(l.n*(kill+2)/(l.kills+1))))
		l.killed()
	}
	l.may.Store(int64(l.n))
	l.finish(ctx, t, m)
	end()
	wg.Wait()
}

// still is how long nothing moves before a bridge dies that did not come to its point: there is no broker.
const still = 30 * time.Second

// killOne starts a bridge and sees it die, at a point or at any moment, after about as many messages as there are
// for each death.
func (l *lane) killOne(t *testing.T, kill int) {
	where, plan, at := "at a random moment", "", time.Duration(l.dice.IntN(2000))*time.Millisecond
	if kill < len(points) || l.dice.IntN(2) == 0 {
		where = points[kill%len(points)]
		plan, at = fmt.Sprintf("%s*%d", where, 1+l.dice.IntN(l.times(where))), laneTimeout
	}
	p := l.stand(t, plan)
	moment := time.After(at)
	most := l.n - (l.kills-kill-1)*l.n/(2*l.kills) // leave half a share to each that follows
	for moved, read := time.Now(), l.progress(); !p.over(); {
		select {
		case <-p.ended:
			continue
		case <-moment:
			p.kill()
			continue
		case <-time.After(50 * time.Millisecond):
		}
		if now := l.progress(); now != read {
			moved, read = time.Now(), now
		}
		may := int(l.may.Load())
		switch {
		case time.Since(moved) > still:
			where = "while nothing moved"
			p.kill()
		case read == may && may == most:
			where = "while nothing was to do"
			p.kill()
		case read == may:
			l.may.Store(int64(min(may+100, most))) // others use less than their share
		}
	}
	if p.cmd.ProcessState == nil {
		return // it did not start
	}
	if s := p.cmd.ProcessState.Sys().(syscall.WaitStatus); s.Signal() != syscall.SIGKILL {
		t.Errorf("%s: the bridge ended by itself: %v", l.name, p.cmd.ProcessState)
	}
	l.died(where)
}

// times is how often, at most, a bridge comes to a point before it dies there, so that each carries about its share
// of the messages. What the last one held comes again message by message, and takes a transaction each.
func (l *lane) times(where string) int {
	share := 3 * l.n / (2 * (l.kills + 1))
	switch {
	case strings.Contains(where, "InitProducerId"), strings.Contains(where, "OffsetFetch"):
		return 1 // a start asks once
	case strings.Contains(where, "mq get") && l.batches:
		return childBatch + share/childGet
	case strings.Contains(where, "mq get"):
		return childBatch + share
	}
	return childBatch + share/childBatch
}

// finish runs a bridge until the queue is empty and read, kills it, and runs another in case it had not committed.
func (l *lane) finish(ctx context.Context, t *testing.T, m *qmgr.Manager) {
	for try := range 2 {
		p := l.stand(t, "")
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
		p.kill()
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
