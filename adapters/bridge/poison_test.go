package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/adapters/journal"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// poison is one sort of bad message: what is done to a good one, and where the fault must be found. Offsets
// are those of OASMSTR.cpy, in bytes.
type poison struct {
	sort           string
	spoil          func(m *mq.Message)
	reason, field  string
	offset, length int
}

func at(offset int, b ...byte) func(*mq.Message) {
	return func(m *mq.Message) { copy(m.Body[offset:], b) }
}

// sorts are the faults of a benefit record with two payments: 14 bytes that all kinds share, then the benefit.
var sorts = []poison{
	{"cut off in its history", func(m *mq.Message) { m.Body = m.Body[:70] }, "short-record", "", 70, 12},
	{"longer than its counter says", func(m *mq.Message) { m.Body = append(m.Body, 0x40, 0x40) }, "long-record", "", 82, 2},
	{"a packed digit that is none", at(26, 0xa7), "packed-nibble", "OAS-BENEFIT-RECORD.OB-MONTHLY-AMT", 25, 4},
	{"a sign that is a digit", at(28, 0x15), "packed-sign", "OAS-BENEFIT-RECORD.OB-MONTHLY-AMT", 25, 4},
	{"a zoned digit that is an asterisk", at(30, 0x5c), "zoned-digit", "OAS-BENEFIT-RECORD.OB-PARTIAL-40THS", 29, 2},
	{"a byte that the code page lacks", at(15, 0x41), "text-encoding", "OAS-BENEFIT-RECORD.OB-BENEFIT-CODE", 14, 3},
	{"a kind that nobody knows", at(0, 0xe9), "unknown-kind", "OAS-EXTRACT-RECORD.OX-REC-TYPE", 0, 1},
	{"more payments than the table holds", at(50, 0x00, 0x79), "odo-count", "OAS-BENEFIT-RECORD.OB-HIST-COUNT", 50, 2},
	{"nothing at all", func(m *mq.Message) { m.Body = nil }, "short-record", "OAS-EXTRACT-RECORD.OX-REC-TYPE", 0, 1},
	{"a header that Portage does not read", func(m *mq.Message) { m.Format = "MQHREF" }, "header-format", "", 0, -1},
	{"a dead-letter header that is none", func(m *mq.Message) { m.Format = mq.FormatDLH }, "header-id", "MQDLH.StrucId", 0, 4},
	{"a day of a year that has none", at(52, 0xf2, 0xf5, 0xf3, 0xf6, 0xf6), "date-value", "OAS-BENEFIT-RECORD.OB-HISTORY.OB-H-PAY-DATE(1)", 52, 5},
}

// poisonView is the OAS extract in a page that lacks characters, which cp037 does not.
func poisonView(t *testing.T) *mapping.View {
	t.Helper()
	read := func(name string) []byte {
		b, err := fs.ReadFile(benefits.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	layouts, err := copybooks.Parse("OASMSTR.cpy", bytes.NewReader(read("OASMSTR.cpy")), copybooks.Options{Codepage: "ebcdic-ca-fr"})
	if err != nil {
		t.Fatal(err)
	}
	file, err := mapping.Parse("OASMSTR.mapping.yaml", read("OASMSTR.mapping.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	view, err := mapping.Compile(layouts, file, mapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return view
}

// benefit is a good message, the nth.
func benefit(t *testing.T, v *mapping.View, n int) mq.Message {
	t.Helper()
	body, err := v.EncodeJSON(nil, fmt.Appendf(nil, `{"kind":"benefit","sequence":%d,"account":"000000123","benefit":"oas-pension","status":{"code":"in-pay","legacyCode":"11"},
		"startMonth":"1990-12","monthlyAmount":{"amount":"742.31","currency":"CAD"},"partial40ths":40,"income":{"amount":"-15.00","currency":"CAD"},
		"recoveryTax":{"amount":"-12.50","currency":"CAD"},"history":[{"paidOn":"2026-01-28","gross":"742.31","net":"700.00","reason":"regular"},
		{"paidOn":"2026-02-25","gross":"742.31","net":"700.00","reason":"regular"}]}`, n), nil)
	if err != nil {
		t.Fatal(err)
	}
	return mq.Message{Descriptor: mq.Descriptor{Persistent: true, CCSID: 37, Encoding: 785}, Body: body}
}

// letterLine is what is compared of a dead letter.
type letterLine struct {
	Reason, Field, Offset, Size string
	Body                        []byte
}

// TestPoisonOfEverySortIsPutAsideAlone mixes one bad message among a hundred, of twelve sorts, in an order that
// the seed chooses. Each is a dead letter once, whole, with its own reason and place; all others are events in
// the queue's order.
func TestPoisonOfEverySortIsPutAsideAlone(t *testing.T) {
	const perSort = 2
	dice := rand.New(rand.NewPCG(10, 100))
	v := poisonView(t)
	m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Sealer: inTheClear{},
		Queues: []qmgr.Queue{{Name: payQueue, BackoutThreshold: 3, BackoutQueue: payDead}, {Name: payDead}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	good, bad := putPoisoned(t, m, v, perSort, dice)

	translate, err := Events(v, EventsConfig{Unwrap: mq.Unwrap, Reference: func(string, string, string) (string, error) { return "ref", nil }})
	if err != nil {
		t.Fatal(err)
	}
	j := openJournal(t, t.TempDir())
	defer j.Close()
	reg := prometheus.NewRegistry()
	b := &Bridge{Name: "oas", Source: &mq.Source{Dial: m.Dial, Queue: payQueue, BackoutQueue: payDead}, Sink: j.Ledger("oas"),
		DeadLetters: payDead, Translate: translate, Metrics: NewMetrics(reg)}
	runUntilEmpty(t, b, m)

	if got := allSequences(t, j); !slices.Equal(got, good) {
		t.Errorf("%d events of %d good messages, or in another order", len(got), len(good))
	}
	if diff := cmp.Diff(bad, deadLetters(t, m)); diff != "" {
		t.Errorf("dead letters:\n%s", diff)
	}
	expectMetrics(t, reg, fmt.Sprintf(`
		portage_bridge_messages_total{bridge="oas",result="dead_letter"} %d
		portage_bridge_messages_total{bridge="oas",result="published"} %d
		portage_bridge_messages_total{bridge="oas",result="duplicate"} 0
		portage_dead_letters_total{bridge="oas",reason="packed-sign"} %d
		portage_dead_letters_total{bridge="oas",reason="short-record"} %d
		portage_dead_letters_total{bridge="oas",reason="other"} 0`, len(bad), len(good), perSort, 2*perSort))
}

// runUntilEmpty runs the bridge until nothing is left on its queue, and what it took is committed.
func runUntilEmpty(t *testing.T, b *Bridge, m *qmgr.Manager) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for depth(t, m, payQueue) > 0 {
		select {
		case <-tick.C:
		case err := <-done:
			t.Fatalf("%d messages are still there: %v", depth(t, m, payQueue), err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// putPoisoned puts a hundred messages for each bad one. It returns the sequence numbers of the good ones, and
// what each bad one must become.
func putPoisoned(t *testing.T, m *qmgr.Manager, v *mapping.View, perSort int, dice *rand.Rand) (good []string, bad []letterLine) {
	t.Helper()
	c := m.Connect()
	defer c.Close()
	for n, i := range dice.Perm(len(sorts) * perSort) {
		place := dice.IntN(100)
		for k := range 100 {
			number := 100*n + k + 1
			message := benefit(t, v, number)
			if k == place {
				p := sorts[i%len(sorts)]
				p.spoil(&message)
				bad = append(bad, p.letter(message.Body))
			} else {
				good = append(good, strconv.Itoa(number))
			}
			if _, err := c.Put(t.Context(), payQueue, message, mq.PutOptions{Syncpoint: true}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return good, bad
}

func (p poison) letter(body []byte) letterLine {
	text := func(n int) string {
		if n < 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return letterLine{Reason: p.reason, Field: p.field, Offset: text(p.offset), Size: text(p.length), Body: append([]byte{}, body...)}
}

// allSequences are those of the journal's events, in its order.
func allSequences(t *testing.T, j *journal.Journal) (list []string) {
	t.Helper()
	for after := journal.Cursor(""); ; {
		page, err := j.Read(t.Context(), after, journal.MaxLimit)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return list
		}
		for _, e := range page {
			var event struct{ Sequence string }
			if err := json.Unmarshal(e.Message.Body, &event); err != nil {
				t.Fatal(err)
			}
			list = append(list, event.Sequence)
		}
		after = page[len(page)-1].Cursor
	}
}

// deadLetters takes all of them off their queue.
func deadLetters(t *testing.T, m *qmgr.Manager) (list []letterLine) {
	t.Helper()
	c := m.Connect()
	defer c.Close()
	for {
		got, err := c.Get(t.Context(), payDead, mq.GetOptions{})
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		l := letterLine{Body: append([]byte{}, got.Body...)}
		for _, p := range got.Properties {
			switch p.Name {
			case HeaderReason:
				l.Reason = p.Value
			case HeaderField:
				l.Field = p.Value
			case HeaderOffset:
				l.Offset = p.Value
			case HeaderSize:
				l.Size = p.Value
			}
		}
		list = append(list, l)
	}
}
