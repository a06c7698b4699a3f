package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/memory"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// The queues of a diversion: putters put by the alias, Legacy reads the real queue.
const (
	aliasQueue  = "CPP.PAY"
	legacyQueue = "CPP.PAY.EVENT"
	divertQueue = "CPP.PAY.DIVERT"
	modernQueue = "CPP.PAY.MODERN"
)

func openDiversion(t *testing.T, change ...func(*qmgr.Config)) *qmgr.Manager {
	t.Helper()
	cfg := qmgr.Config{Dir: t.TempDir(), Plain: true, Faults: true,
		Queues: []qmgr.Queue{{Name: legacyQueue, MaxDepth: 100_000}, {Name: divertQueue, MaxDepth: 100_000}, {Name: modernQueue, MaxDepth: 100_000}}}
	for _, f := range change {
		f(&cfg)
	}
	m, err := qmgr.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if err := m.Alias(t.Context(), aliasQueue, legacyQueue); err != nil {
		t.Fatal(err)
	}
	return m
}

var quick = mq.Pace{First: time.Microsecond, Most: time.Millisecond}

// divertSource reads the divert queue.
func divertSource(dial mq.Dial) *mq.Source {
	return &mq.Source{Queue: divertQueue, Dial: dial, MaxBatch: 7, Wait: 20 * time.Millisecond, BackoutThreshold: -1, Retry: quick, Reconnect: quick}
}

// firstByte is the client of a message in these tests: its body's first byte. Bodies that begin with a
// question mark cannot be decoded.
func firstByte(m adapters.Message) (key [16]byte, ok bool, err error) {
	if m.Body[0] == '?' {
		return key, false, errors.New("unreadable")
	}
	return [16]byte{m.Body[0]}, m.Body[0] != '-', nil
}

// byShare sends clients below the share to Modern.
func byShare(share *atomic.Int32) func([16]byte, bool) (bool, string) {
	return func(key [16]byte, ok bool) (bool, string) {
		if !ok {
			return false, "no_key"
		}
		return int32(key[0]-'0') < share.Load(), "share"
	}
}

// drain gets all that waits on a queue.
func drain(t *testing.T, c mq.Conn, queue string) (out []mq.Message) {
	t.Helper()
	for {
		m, err := c.Get(t.Context(), queue, mq.GetOptions{})
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m)
	}
}

func bodies(ms []mq.Message) string {
	var out []string
	for _, m := range ms {
		out = append(out, string(m.Body))
	}
	return strings.Join(out, " ")
}

// runDiversion runs until the divert queue is empty.
func runDiversion(t *testing.T, d *Diversion, m *qmgr.Manager) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	c := m.Connect()
	defer c.Close()
	for limit := time.Now().Add(time.Minute); ; {
		a, err := c.Inquire(t.Context(), divertQueue)
		if err != nil || time.Now().After(limit) {
			t.Fatalf("depth %d, %v", a.Depth, err)
		}
		if a.Depth == 0 {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("it ended: %v", err)
		case <-time.After(time.Millisecond): // asks again; nothing is judged by it
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// A message that is passed on is the message that was put: bytes, identifiers, context, properties.
func TestDivertedMessageIsUntouched(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := openDiversion(t, func(c *qmgr.Config) { c.Now = func() time.Time { return now } })
	c := m.Connect()
	defer c.Close()
	for _, body := range []string{"1", "9"} {
		var in mq.Message
		in.Body = append([]byte(body), 0, 0xff, 'x')
		in.MsgID, in.CorrelID, in.GroupID = mq.ID{1, body[0]}, mq.ID{2}, mq.ID{3}
		in.Format, in.Encoding, in.CCSID, in.Priority, in.MsgType, in.Report, in.Feedback = "MQHRF2", 785, 37, 7, mq.MTRequest, 64, 5
		in.MsgSeqNumber, in.MsgFlags, in.Persistent, in.Expiry = 2, 8, body == "1", 90*time.Second
		in.ReplyToQ, in.ReplyToQMgr, in.PutApplName, in.PutTime = "BACK", "QM9", "CICSPAY", now.Add(-time.Hour)
		in.UserIdentifier, in.AccountingToken, in.ApplIdentityData = "CLERK7", [32]byte{9}, "region"
		in.Properties = []adapters.Header{{Name: "mq-own", Value: "kept"}, {Name: "portage-key", Value: "not base64!"}, {Name: "a", Value: "1"}, {Name: "a", Value: "2"}}
		if _, err := c.Put(t.Context(), divertQueue, in, mq.PutOptions{PassContext: true}); err != nil {
			t.Fatal(err)
		}
		was, err := c.Get(t.Context(), divertQueue, mq.GetOptions{Browse: true})
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(30 * time.Second) // it waits for Portage
		was.Expiry = 60 * time.Second
		source := divertSource(m.Dial)
		source.Now = func() time.Time { return now }
		var share atomic.Int32
		share.Store(5)
		runDiversion(t, &Diversion{Name: "d", Source: source, LegacyQueue: legacyQueue, ModernQueue: modernQueue,
			Key: firstByte, Decide: byShare(&share)}, m)
		to := legacyQueue
		if body == "1" {
			to = modernQueue
		}
		got, err := c.Get(t.Context(), to, mq.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(was, got); diff != "" {
			t.Errorf("on %s (-put +got):\n%s", to, diff)
		}
	}
}

func TestEachMessageGoesWhereItsKeySays(t *testing.T) {
	m := openDiversion(t)
	c := m.Connect()
	defer c.Close()
	reg := prometheus.NewRegistry()
	for _, body := range []string{"9a", "1a", "?", "-", "1b", "9b", "5"} {
		if _, err := c.Put(t.Context(), divertQueue, mq.Message{Body: []byte(body)}, mq.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	decide := func(key [16]byte, ok bool) (bool, string) {
		switch {
		case !ok:
			return false, "no_key"
		case key[0] == '5':
			return true, "a reason that nobody knows"
		}
		return key[0] == '1', "share"
	}
	runDiversion(t, &Diversion{Name: "pay", Source: divertSource(m.Dial), LegacyQueue: legacyQueue, ModernQueue: modernQueue,
		Key: firstByte, Decide: decide, Metrics: NewDiversionMetrics(reg)}, m)
	if got := bodies(drain(t, c, legacyQueue)); got != "9a ? - 9b" {
		t.Errorf("Legacy got %s", got)
	}
	if got := bodies(drain(t, c, modernQueue)); got != "1a 1b 5" {
		t.Errorf("Modern got %s", got)
	}
	want := `# HELP portage_diversion_messages_total Messages of a queue that Legacy read, by the side they were passed on to and why.
# TYPE portage_diversion_messages_total counter
`
	for _, s := range []string{"breaker_open 0", "killed 0", "no_key 1", "not_found 0", "other 0", "override 0", "pin 0", "share 2", "stage 0", "undecodable 1"} {
		reason, n, _ := strings.Cut(s, " ")
		want += fmt.Sprintf("portage_diversion_messages_total{diversion=\"pay\",reason=%q,side=\"legacy\"} %s\n", reason, n)
	}
	for _, s := range []string{"other 1", "override 0", "pin 0", "share 2", "stage 0"} {
		reason, n, _ := strings.Cut(s, " ")
		want += fmt.Sprintf("portage_diversion_messages_total{diversion=\"pay\",reason=%q,side=\"modern\"} %s\n", reason, n)
	}
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "portage_diversion_messages_total"); err != nil {
		t.Error(err)
	}
}

// TestDiversionThroughDoubts breaks the connection at, before and after every commit in turn, while the
// share changes with each message: no message is lost, doubled, or on both sides.
func TestDiversionThroughDoubts(t *testing.T) {
	const n = 40
	for _, kind := range []qmgr.FaultKind{qmgr.FaultBroken, qmgr.FaultAnswerLost} {
		for _, journaled := range []bool{false, true} {
			t.Run(fmt.Sprint("kind ", kind, " journal ", journaled), func(t *testing.T) {
				m := openDiversion(t)
				j := openJournal(t, t.TempDir())
				defer j.Close()
				c := m.Connect()
				defer c.Close()
				want := map[string]int{}
				for i := range n {
					body := fmt.Sprintf("%d-%d", i%10, i)
					want[body] = 1
					if _, err := c.Put(t.Context(), divertQueue, mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: []byte(body)}, mq.PutOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				for nth := 1; nth <= 12; nth += 2 {
					if err := m.Fault(t.Context(), qmgr.Fault{Op: "commit", Nth: nth, Kind: kind}); err != nil {
						t.Fatal(err)
					}
				}
				var share atomic.Int32
				d := &Diversion{Name: "d", Source: divertSource(m.Dial), LegacyQueue: legacyQueue, ModernQueue: modernQueue, Key: firstByte,
					Decide: func(key [16]byte, ok bool) (bool, string) {
						share.Store((share.Load() + 7) % 11) // every delivery may be decided differently
						return byShare(&share)(key, ok)
					}}
				if journaled {
					d.ModernQueue, d.Sink = "", j.Ledger("d")
				}
				runDiversion(t, d, m)
				got := map[string]int{}
				for _, q := range []string{legacyQueue, modernQueue} {
					for _, m := range drain(t, c, q) {
						got[string(m.Body)]++
					}
				}
				list, err := j.Read(t.Context(), "", 1000)
				if err != nil || journaled == (len(list) == 0) {
					t.Fatalf("%d in the journal, %v", len(list), err)
				}
				for _, e := range list {
					got[string(e.Message.Body)]++
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-put +seen):\n%s", diff)
				}
			})
		}
	}
}

// What Modern cannot read stays Legacy's, though its Key could be told.
func TestWhatModernCannotReadGoesToLegacy(t *testing.T) {
	m := openDiversion(t)
	j := openJournal(t, t.TempDir())
	defer j.Close()
	c := m.Connect()
	defer c.Close()
	mac := func(text string) (key [16]byte) { copy(key[:], text); return key }
	key, err := RecordKey(view(t, "CPPPAYEV"), "PE-SIN", mac)
	if err != nil {
		t.Fatal(err)
	}
	good, noDate, short := payment(t), payment(t, "PE-EVENT-SEQ", "43"), payment(t)[:100]
	for i := 20; i < 60; i++ {
		noDate[i] = 0xff
	}
	for _, body := range [][]byte{good, noDate, short} {
		if _, err := c.Put(t.Context(), divertQueue, mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: body}, mq.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var asked []string
	runDiversion(t, &Diversion{Name: "d", Source: divertSource(m.Dial), LegacyQueue: legacyQueue, Sink: j.Ledger("d"),
		Translate: events(t, EventsConfig{}), Key: key,
		Decide: func(key [16]byte, ok bool) (bool, string) {
			asked = append(asked, strings.TrimRight(string(key[:]), "\x00"))
			return true, "share"
		}}, m)
	if got := entries(t, j); len(got) != 1 || got[0] != "cpp-pay-42" {
		t.Errorf("Modern got %v", got)
	}
	if got := drain(t, c, legacyQueue); len(got) != 2 || string(got[0].Body) != string(noDate) || string(got[1].Body) != string(short) {
		t.Errorf("Legacy got %d messages", len(got))
	}
	for _, a := range asked {
		if a != sin {
			t.Errorf("a Key was made of %d characters that are not the SIN", len(a))
		}
	}
}

func TestTapCountsWhatItLost(t *testing.T) {
	m := openDiversion(t)
	c := m.Connect()
	defer c.Close()
	ctx := t.Context()
	if err := errors.Join(m.Define(ctx, "TAP", []string{"maxdepth=3"}), m.Alter(ctx, legacyQueue, []string{"streamq=TAP"})); err != nil {
		t.Fatal(err)
	}
	source := divertSource(m.Dial)
	source.Queue = "TAP"
	d := &Diversion{Name: "tap", Source: source, Tap: true, ModernQueue: modernQueue, Metrics: NewDiversionMetrics(prometheus.NewRegistry()),
		Lost: func(ctx context.Context) (uint64, error) {
			c := m.Connect()
			defer c.Close()
			d, err := c.(qmgr.Describer).Describe(ctx, legacyQueue)
			return d.CopiesLost, err
		}}
	putAll := func(n int) {
		t.Helper()
		for range n {
			if _, err := c.Put(ctx, aliasQueue, mq.Message{Body: []byte("x")}, mq.PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	lost := func() float64 { return testutil.ToFloat64(d.Metrics.lost.WithLabelValues("tap")) }
	takes := func(state string) {
		t.Helper()
		if err := m.Alter(ctx, "TAP", []string{"put=" + state}); err != nil {
			t.Fatal(err)
		}
	}
	takes("disabled")
	putAll(1) // lost before Portage came: not its to count
	takes("enabled")
	run, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.Run(run) }()
	getAll := func(n int) {
		t.Helper()
		for range n {
			if _, err := c.Get(ctx, modernQueue, mq.GetOptions{Wait: time.Minute}); err != nil {
				t.Fatal(err)
			}
		}
	}
	putAll(2)
	getAll(2)
	if n := lost(); n != 0 {
		t.Errorf("%v lost, want 0", n)
	}
	takes("disabled")
	putAll(3)
	takes("enabled")
	putAll(1)
	getAll(1)
	if n := lost(); n != 3 {
		t.Errorf("%v lost, want 3", n)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := len(drain(t, c, legacyQueue)); got != 7 {
		t.Errorf("Legacy got %d messages, want all 7", got)
	}
}

func TestDiversionsThatCannotBe(t *testing.T) {
	var broker memory.Broker
	key, decide := firstByte, func([16]byte, bool) (bool, string) { return false, "" }
	full := Diversion{Name: "d", Source: broker.Source("IN"), LegacyQueue: "L", ModernQueue: "M", Key: key, Decide: decide}
	plain := sinkFunc(func(context.Context, ...adapters.Message) error { return nil })
	for want, change := range map[string]func(*Diversion){
		"no Name":                    func(d *Diversion) { d.Name = "" },
		"no Source":                  func(d *Diversion) { d.Source = nil },
		"ModernQueue or a Sink":      func(d *Diversion) { d.Sink = plain },
		"Legacy would get nothing":   func(d *Diversion) { d.LegacyQueue = "" },
		"needs Key and Decide":       func(d *Diversion) { d.Decide = nil },
		"are the same queue":         func(d *Diversion) { d.LegacyQueue = "M" },
		"must not get them again":    func(d *Diversion) { d.Tap = true },
		"its Sink remembers nothing": func(d *Diversion) { d.ModernQueue, d.Sink = "", plain },
	} {
		d := full
		change(&d)
		if err := d.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	v := view(t, "CPPPAYEV")
	if _, err := RecordKey(v, "PE-SIM", nil); err == nil || !strings.Contains(err.Error(), "PE-SIN") {
		t.Errorf("a field misspelt: %v", err)
	}
}
