package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/internal/demo"
	"github.com/portage-gateway/portage/internal/vault"
	"github.com/portage-gateway/portage/test/legacy"
)

const backConfig = `
queueManager: {socket: %s}
kafka: {brokers: [%q], topic: legacy.events, delivery: exactlyOnce}
bridges:
  - {name: cpp-payments, queue: CPP.PAY.EVENT, deadLetters: CPP.PAY.EVENT.DLQ, copybook: "builtin:CPPPAYEV"}
writeBacks:
  - name: cpp-back
    topic: cpp.changes
    deadLetters: cpp.changes.dead
    queue: CPP.CHANGE
    copybook: builtin:CPPPAYEV
    echoes: {bridges: [cpp-payments]}
`

// Legacy counts what it says itself from ownNumbers on, and echoes, as CPPBACK says, echoNumbers above what it got.
const (
	ownNumbers  = 900_000_000
	echoNumbers = 500_000_000
)

// loop is Portage between a Modern that answers all that Legacy says and a Legacy that repeats all that it is told.
type loop struct {
	*yard
	program string
	broker  string
	kafka   *kgo.Client // Modern's

	mu      sync.Mutex
	applied map[int]int
	refused []string
}

func newLoop(t *testing.T) *loop {
	t.Helper()
	program := legacy.Build(t, legacy.CPPBACK).Path(legacy.CPPBACK)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "cpp.changes", "cpp.changes.dead", "legacy.events"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	dir, err := os.MkdirTemp("", "loop-") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	y := &yard{t: t, dir: dir, socket: filepath.Join(dir, "q.sock"), traffic: freePort(t), control: freePort(t),
		queues: []string{"CPP.PAY.EVENT", "CPP.PAY.EVENT.DLQ", "CPP.CHANGE", "PORTAGE.STATE.CPP.BACK", "PORTAGE.ECHO.CPP.BACK"}}
	l := &loop{yard: y, program: program, broker: c.ListenAddrs()[0], applied: map[int]int{}}
	if err := os.WriteFile(y.file("portage.yaml"), fmt.Appendf(nil, backConfig, y.socket, l.broker), 0o600); err != nil {
		t.Fatal(err)
	}
	y.startManager()
	y.startPortage()
	if y.vault, err = vault.Open(y.file("portage"), nil); err != nil {
		t.Fatal(err)
	}
	l.kafka, err = kgo.NewClient(kgo.SeedBrokers(l.broker), kgo.ConsumeTopics("legacy.events"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.kafka.Close)
	return l
}

// host is Legacy: it takes what was written back, applies it by the COBOL program and says it again, in one unit of
// work. Every second message bears the MsgId of what it answers as its CorrelId, the others bear nothing.
func (l *loop) host(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := l.work(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func (l *loop) work(ctx context.Context) error {
	conn, err := l.dial()(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var ids []mq.ID
	var records []byte
	for wait := 100 * time.Millisecond; len(ids) < 25; wait = 0 {
		m, err := conn.Get(ctx, "CPP.CHANGE", mq.GetOptions{Syncpoint: true, Wait: wait})
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			break
		}
		if err != nil {
			return err
		}
		ids, records = append(ids, m.MsgID), append(records, m.Body...)
	}
	if len(ids) == 0 {
		return nil
	}
	said, echoes, err := l.apply(ctx, records)
	if err != nil {
		return err
	}
	for i := 0; (i+1)*170 <= len(echoes); i++ {
		m := mq.Message{Descriptor: mq.Descriptor{Persistent: true, Encoding: 785, CCSID: 37}, Body: echoes[i*170 : (i+1)*170]}
		if i%2 == 0 {
			m.CorrelID = ids[i]
		}
		if _, err := conn.Put(ctx, "CPP.PAY.EVENT", m, mq.PutOptions{Syncpoint: true}); err != nil {
			return err
		}
	}
	if err := conn.Commit(ctx); err != nil {
		return err
	}
	l.count(said)
	return nil
}

// apply runs the COBOL program over records.
func (l *loop) apply(ctx context.Context, records []byte) (said string, echoes []byte, err error) {
	in, out := l.file("applied"), l.file("said")
	if err := os.WriteFile(in, records, 0o600); err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, l.program)
	cmd.Env = append(os.Environ(), "DD_EXTRACT="+in, "DD_ECHOES="+out)
	text, err := cmd.Output()
	if err == nil {
		echoes, err = os.ReadFile(out)
	}
	return string(text), echoes, err
}

// count notes what was applied, by number, once the unit of work is done.
func (l *loop) count(said string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range strings.Split(strings.TrimSpace(said), "\n") {
		n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "APPLIED")))
		if err != nil {
			l.refused = append(l.refused, line)
			continue
		}
		l.applied[n]++
	}
}

func (l *loop) appliedNow() map[int]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.applied)
}

// tell publishes Modern's events, of payments n from up to below to. Every fortieth leaves a number blank.
func (l *loop) tell(from, to int) {
	l.t.Helper()
	for n := from; n < to; n++ {
		reference, err := l.vault.Reference("cpp", demo.SIN(n%90+1), "")
		if err != nil {
			l.t.Fatal(err)
		}
		account := map[string]any{"institution": "0003", "transit": "00006", "number": "1234567"}
		if poisoned(n) {
			account["transit"] = nil
		}
		cad := func(cents int) map[string]string {
			return map[string]string{"amount": demo.Cents(int64(cents)), "currency": "CAD"}
		}
		l.publish(map[string]any{
			"specversion": "1.0", "id": fmt.Sprintf("modern-%d", n), "source": "/modern/cpp", "type": "ca.example.benefits.cpp.payment.issued.v1",
			"subject": reference, "time": "2026-11-22T12:00:00.004Z", "sequence": strconv.Itoa(n), "data": map[string]any{
				"benefit": "retirement", "payMonth": "2026-11",
				"payment": map[string]any{"gross": cad(72900 + n%7), "net": cad(72900 + n%7), "dueOn": "2026-11-27", "account": account}},
		})
	}
}

func poisoned(n int) bool { return n%40 == 39 }

func (l *loop) publish(event map[string]any) {
	l.t.Helper()
	body, err := json.Marshal(event)
	if err != nil {
		l.t.Fatal(err)
	}
	r := &kgo.Record{Topic: "cpp.changes", Value: body, Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json")}}}
	if err := l.kafka.ProduceSync(l.t.Context(), r).FirstErr(); err != nil {
		l.t.Fatal(err)
	}
}

// answer is Modern's other half, which knows nothing of echoes: each event of Legacy's becomes one of its own. It
// returns when ctx ends.
func (l *loop) answer(ctx context.Context, heard func(id string)) {
	for ctx.Err() == nil {
		l.kafka.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			var e map[string]any
			if err := json.Unmarshal(r.Value, &e); err != nil {
				l.t.Error(err)
				return
			}
			id := e["id"].(string)
			heard(id)
			e["id"], e["source"] = "modern-"+id, "/modern/cpp"
			body, err := json.Marshal(e)
			if err != nil {
				l.t.Error(err)
			}
			out := &kgo.Record{Topic: "cpp.changes", Value: body, Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json")}}}
			if err := l.kafka.ProduceSync(ctx, out).FirstErr(); err != nil && ctx.Err() == nil {
				l.t.Error(err)
			}
		})
	}
}

// say puts payments of Legacy's own, which are no echoes.
func (l *loop) say(n int) {
	l.t.Helper()
	view, err := benefits.View("CPPPAYEV")
	if err != nil {
		l.t.Fatal(err)
	}
	for i := range n {
		record, err := demo.Payment(view, int64(ownNumbers+i), time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC))
		if err != nil {
			l.t.Fatal(err)
		}
		if err := l.put(l.t.Context(), record); err != nil {
			l.t.Fatal(err)
		}
	}
}

// TestKillWriteBackAppliesEachOnceAndItsEchoEnds kills Portage at random moments while Modern's events go to a COBOL
// program and all that it says comes back. Each event is applied once, every numeric field of each passes the
// class test of COBOL, what would not is a dead letter, and only what Legacy said of its own became an event.
func TestKillWriteBackAppliesEachOnceAndItsEchoEnds(t *testing.T) {
	n, seed := kills(t, 12), rand.Uint64()
	t.Logf("%d kills, seed %d", n, seed)
	dice := rand.New(rand.NewPCG(seed, 1))
	const each, own = 40, 10
	l := newLoop(t)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	var mu sync.Mutex
	heard := map[string]int{}
	wg.Go(func() {
		if err := l.host(ctx); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() { l.answer(ctx, func(id string) { mu.Lock(); heard[id]++; mu.Unlock() }) })
	l.say(own)
	for i := range n {
		l.tell(each*i, each*(i+1))
		select {
		case <-time.After(time.Duration(50+dice.IntN(1500)) * time.Millisecond):
		case <-ctx.Done():
		}
		l.portage.kill()
		l.startPortage()
	}
	l.tell(each*n, each*(n+1))
	want, dead := wanted(each*(n+1), own)
	eventually(t, "Legacy had applied all", func() bool {
		now := l.appliedNow()
		for i := range want {
			if now[i] == 0 {
				return false
			}
		}
		return true
	})
	eventually(t, "Portage had read all that Legacy said", func() bool { return l.depth("CPP.PAY.EVENT") == 0 && l.depth("CPP.CHANGE") == 0 })
	deadLetters := readTopic(t, l.broker, "cpp.changes.dead", dead)
	stop()
	wg.Wait()
	l.judge(want, heard, deadLetters, dead, own)
}

// wanted are the numbers that Legacy is to apply, and how many events are to be dead letters.
func wanted(told, own int) (numbers map[int]bool, dead int) {
	numbers = map[int]bool{}
	for i := range told {
		if poisoned(i) {
			dead++
		} else {
			numbers[i] = true
		}
	}
	for i := range own {
		numbers[ownNumbers+i] = true
	}
	return numbers, dead
}

// judge holds what happened against what should.
func (l *loop) judge(want map[int]bool, heard map[string]int, deadLetters []*kgo.Record, dead, own int) {
	for i, times := range l.applied {
		if times != 1 || !want[i] {
			l.t.Errorf("Legacy applied number %d %d times; wanted: %v", i, times, want[i])
		}
	}
	if len(l.refused) > 0 {
		l.t.Errorf("%d records were not NUMERIC to COBOL, such as %q", len(l.refused), l.refused[0])
	}
	if len(heard) != own {
		l.t.Errorf("Modern heard of %d events, and Legacy said %d of its own: %v", len(heard), own, slices.Sorted(maps.Keys(heard)))
	}
	for id, times := range heard {
		if times != 1 {
			l.t.Errorf("Modern heard %s %d times", id, times)
		}
	}
	seen := map[string]int{}
	for _, r := range deadLetters {
		seen[string(r.Value)]++
		at := slices.IndexFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == "portage-field" })
		if at < 0 || !strings.HasSuffix(string(r.Headers[at].Value), "PE-TRANSIT") {
			l.t.Errorf("a dead letter does not name its field: %v", r.Headers)
		}
	}
	if len(deadLetters) != dead || len(seen) != dead {
		l.t.Errorf("%d dead letters, %d of them different, want %d", len(deadLetters), len(seen), dead)
	}
	l.t.Logf("%d applied once each, %d dead letters, %d events of Legacy's own, 0 echoes", len(l.applied), len(deadLetters), len(heard))
}

func (l *loop) depth(queue string) int {
	c, err := qmgr.Dial(l.socket)(l.t.Context())
	if err != nil {
		return -1
	}
	defer c.Close()
	a, err := c.Inquire(l.t.Context(), queue)
	if err != nil {
		return -1
	}
	return a.Depth
}

// readTopic reads the committed records of a topic until there are n, and what comes within a moment after.
func readTopic(t *testing.T, broker, topic string, n int) (out []*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for {
		patient := patience
		if len(out) >= n {
			patient = 300 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), patient)
		f := client.PollFetches(ctx)
		cancel()
		if err := f.Err(); err != nil {
			if len(out) < n || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%d of %d records of %s: %v", len(out), n, topic, err)
			}
			return out
		}
		out = append(out, f.Records()...)
	}
}
