package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/internal/demo"
	"github.com/portage-gateway/portage/internal/demo/eiqs"
	"github.com/portage-gateway/portage/internal/vault"
)

// yard is Portage and its queue manager as two processes, with a Legacy program and loads beside them.
type yard struct {
	t        *testing.T
	dir      string
	socket   string
	traffic  string
	control  string
	queues   []string
	manager  *process
	portage  *process
	vault    *vault.Vault
	poisoned atomic.Int64
}

const yardConfig = `
queueManager:
  socket: %s
exchanges:
  - {name: ei-status, copybook: "builtin:EICLMSTA", request: EI.STATUS.REQ, reply: EI.STATUS.RPL}
routes:
  - name: ei-claim-status
    methods: [GET]
    path: /v1/ei/claims/{claimRef}
    reference: claimRef
    program: ei
    stage: live
    share: %d
    override: true
    legacyTimeout: 3s
    modernTimeout: 2s
    legacy: {exchange: ei-status}
    modern: {url: %s}
bridges:
  - {name: cpp-payments, queue: CPP.PAY.EVENT, deadLetters: CPP.PAY.EVENT.DLQ, copybook: "builtin:CPPPAYEV"}
`

// newYard starts both processes. modern is the address of the Modern side, share what it serves.
func newYard(t *testing.T, modern string, share int) *yard {
	t.Helper()
	dir, err := os.MkdirTemp("", "yard-") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	y := &yard{t: t, dir: dir, socket: filepath.Join(dir, "q.sock"), traffic: freePort(t), control: freePort(t),
		queues: []string{"EI.STATUS.REQ", "EI.STATUS.RPL", "EI.STATUS.RPL.LATE", "CPP.PAY.EVENT", "CPP.PAY.EVENT.DLQ"}}
	config := fmt.Sprintf(yardConfig, y.socket, share, modern)
	if err := os.WriteFile(y.file("portage.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	y.startManager()
	y.startPortage()
	if y.vault, err = vault.Open(y.file("portage"), nil); err != nil {
		t.Fatal(err)
	}
	return y
}

func (y *yard) file(name string) string { return filepath.Join(y.dir, name) }

func (y *yard) startManager() {
	args := []string{"queue-manager", "--data", y.file("queues"), "--socket", y.socket}
	for _, q := range y.queues {
		args = append(args, "--queue", q+",maxdepth=100000")
	}
	y.manager = launch(y.t, args...)
	if !y.manager.out.waitFor("listening on", y.manager.done) {
		y.t.Fatalf("the queue manager did not come up\n%s", y.manager.errs)
	}
}

func (y *yard) startPortage() {
	y.portage = start(y.t, "run", "--config", y.file("portage.yaml"), "--data", y.file("portage"), "--traffic", y.traffic, "--control", y.control)
}

func (y *yard) dial() mq.Dial { return qmgr.Dial(y.socket) }

// legacy answers inquiries until ctx ends, as the COBOL program does.
func (y *yard) legacy(ctx context.Context, wg *sync.WaitGroup) {
	for range 4 {
		host := &demo.Host{Dial: y.dial(), Queue: "EI.STATUS.REQ", Answer: func(area []byte) ([]byte, error) { return eiqs.Answer(area), nil }}
		wg.Go(func() { host.Run(ctx) })
	}
}

// put puts payment message n and returns once its unit of work is committed. As a payment run would, it
// puts the same message again while it cannot tell.
func (y *yard) put(ctx context.Context, record []byte) error {
	for {
		err := y.putOnce(ctx, record)
		if err == nil || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (y *yard) putOnce(ctx context.Context, record []byte) error {
	conn, err := y.dial()(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	m := mq.Message{Descriptor: mq.Descriptor{Persistent: true, Encoding: 785, CCSID: 37}, Body: record}
	if _, err := conn.Put(ctx, "CPP.PAY.EVENT", m, mq.PutOptions{Syncpoint: true}); err != nil {
		return err
	}
	return conn.Commit(ctx)
}

// payments puts messages from several programs at once until ctx ends. It returns the sequence numbers
// that were acknowledged, each of which must become an event.
func (y *yard) payments(ctx context.Context, wg *sync.WaitGroup) (acknowledged func() []int64) {
	view, err := benefits.View("CPPPAYEV")
	if err != nil {
		y.t.Fatal(err)
	}
	var mu sync.Mutex
	var done []int64
	var next atomic.Int64
	records := func(n int64) []byte {
		mu.Lock()
		defer mu.Unlock()
		record, err := demo.Payment(view, n, time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC))
		if err != nil {
			y.t.Error(err)
		}
		return record
	}
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := next.Add(1)
				record := records(n)
				if n%97 == 0 {
					demo.Spoil(record)
				}
				if y.put(ctx, record) != nil {
					continue
				}
				if n%97 == 0 {
					y.poisoned.Add(1)
					continue
				}
				mu.Lock()
				done = append(done, n)
				mu.Unlock()
			}
		})
	}
	return func() []int64 {
		mu.Lock()
		defer mu.Unlock()
		return done
	}
}

// inquiries asks for claims until ctx ends, and holds every 200 to be right.
func (y *yard) inquiries(ctx context.Context, wg *sync.WaitGroup) (right, unanswered *atomic.Int64) {
	right, unanswered = new(atomic.Int64), new(atomic.Int64)
	for worker := range 4 {
		wg.Go(func() {
			client := &http.Client{Timeout: 5 * time.Second}
			defer client.CloseIdleConnections()
			for n := worker; ctx.Err() == nil; n += 4 {
				sin, claim := demo.SIN(n), int64(n%1000*10+1)
				reference, err := y.vault.Reference("ei", sin, strconv.FormatInt(claim, 10))
				if err != nil {
					y.t.Error(err)
					return
				}
				answered, err := ask(client, "http://"+y.traffic, reference, sin, claim)
				switch {
				case err != nil:
					y.t.Error(err)
				case answered:
					right.Add(1)
				default:
					unanswered.Add(1)
				}
			}
		})
	}
	return right, unanswered
}

// ask returns whether the claim was answered; an error says that the answer was wrong.
func ask(client *http.Client, base, reference, sin string, claim int64) (bool, error) {
	response, err := client.Get(base + "/v1/ei/claims/" + reference)
	if err != nil {
		return false, nil
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return false, nil
	}
	var got struct {
		ID         string
		WeeklyRate struct{ Amount string }
		Payments   []struct{ Gross, Net string }
	}
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		return false, nil // cut off: no answer
	}
	client64, err := strconv.ParseInt(sin, 10, 64)
	if err != nil {
		return false, err
	}
	want, refusal := eiqs.Find(client64, claim, nil)
	if refusal != nil {
		return false, fmt.Errorf("claim %d is refused", claim)
	}
	if got.ID != reference || got.WeeklyRate.Amount != demo.Cents(want.Rate) || len(got.Payments) != len(want.Payments) {
		return true, errors.New("a claim was answered with another one's data")
	}
	for i, p := range want.Payments {
		if got.Payments[i].Net != demo.Cents(p.Net) || got.Payments[i].Gross != demo.Cents(p.Gross) {
			return true, fmt.Errorf("payment %d of a claim has another amount", i)
		}
	}
	return true, nil
}

// events counts the journal's events by id.
func (y *yard) events() map[string]int {
	y.t.Helper()
	seen := map[string]int{}
	for cursor := ""; ; {
		response, err := http.Get("http://" + y.traffic + "/v1/events?limit=1000&after=" + cursor)
		if err != nil {
			y.t.Fatal(err)
		}
		n := 0
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var event struct{ ID string }
			if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
				y.t.Fatal(err)
			}
			seen[event.ID]++
			n++
		}
		response.Body.Close()
		if err := lines.Err(); err != nil {
			y.t.Fatal(err)
		}
		if n == 0 {
			return seen
		}
		if cursor = response.Header.Get("Portage-Cursor"); cursor == "" {
			y.t.Fatal("no Portage-Cursor beside a page of events")
		}
	}
}

// missing lists what was acknowledged and is no event.
func missing(acknowledged []int64, events map[string]int) (out []string) {
	for _, n := range acknowledged {
		if id := fmt.Sprintf("cpp-pay-%d", n); events[id] == 0 {
			out = append(out, id)
		}
	}
	return out
}

// TestKillLosesNothingDoublesNothing kills Portage and the queue manager at random moments under load.
// Every acknowledged payment message must be one event; every answered inquiry must be right.
func TestKillLosesNothingDoublesNothing(t *testing.T) {
	n, seed := kills(t, 100), rand.Uint64()
	t.Logf("%d kills, seed %d", n, seed)
	dice := rand.New(rand.NewPCG(seed, 1))
	y := newYard(t, "http://"+freePort(t), 0)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	y.legacy(ctx, &wg)
	acknowledged := y.payments(ctx, &wg)
	right, unanswered := y.inquiries(ctx, &wg)
	for i := range n {
		select {
		case <-time.After(time.Duration(20+dice.IntN(380)) * time.Millisecond):
		case <-ctx.Done():
		}
		switch i % 3 {
		case 0:
			y.portage.kill()
			y.startPortage()
		case 1:
			y.manager.kill()
			y.startManager()
		case 2:
			y.portage.kill()
			y.manager.kill()
			y.startManager()
			y.startPortage()
		}
	}
	stop()
	wg.Wait()
	sent := acknowledged()
	if len(sent) < n || right.Load() < int64(n) {
		t.Fatalf("the load did nothing: %d messages, %d answers", len(sent), right.Load())
	}
	var events map[string]int
	eventually(t, "every acknowledged message was an event", func() bool {
		events = y.events()
		return len(missing(sent, events)) == 0
	})
	for id, times := range events {
		if times != 1 {
			t.Errorf("event %s stands %d times in the journal", id, times)
		}
	}
	t.Logf("%d kills: %d messages acknowledged, %d events, %d poison; %d inquiries answered rightly, %d not answered",
		n, len(sent), len(events), y.poisoned.Load(), right.Load(), unanswered.Load())
	for _, p := range []*process{y.portage, y.manager} {
		if text := p.errs.String(); strings.Contains(text, "panic") {
			t.Errorf("a process panicked:\n%s", text)
		}
	}
}
