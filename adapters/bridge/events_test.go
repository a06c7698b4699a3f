package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/adapters/memory"
)

func reference(program, sin, claim string) (string, error) {
	if claim == "0" || sin == "000000000" {
		return "", errors.New("no such client")
	}
	return program + "-ref", nil
}

type translate func(context.Context, adapters.Message) ([]adapters.Message, error)

func events(t testing.TB, c EventsConfig) translate {
	t.Helper()
	if c.Reference == nil {
		c.Reference = reference
	}
	f, err := Events(view(t, "CPPPAYEV"), c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func one(t testing.TB, f translate, m adapters.Message) adapters.Message {
	t.Helper()
	out, err := f(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 {
		t.Fatalf("%d messages of one record", len(out))
	}
	return out[0]
}

// An extract's mapping gives no id: a record of a generation is known by its message's. What frames it is no event.
func TestRecordsOfAnExtractAreEventsByTheirKind(t *testing.T) {
	v := view(t, "OASMSTR")
	f, err := Events(v, EventsConfig{Reference: reference, Key: func(string) []byte { return []byte("mac") }})
	if err != nil {
		t.Fatal(err)
	}
	record := func(text string) []byte {
		b, err := v.EncodeJSON(nil, []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	m := one(t, f, adapters.Message{ID: "oas/20260128/0123456789abcdef/3", Body: record(
		`{"kind":"address","sequence":9,"account":"000000123","addressType":"mailing","lines":["1 RUE X"],"province":"QC","country":"CAN"}`)})
	var e event.Event
	if err := json.Unmarshal(m.Body, &e); err != nil {
		t.Fatal(err)
	}
	if m.ID != "oas/20260128/0123456789abcdef/3" || e.ID() != m.ID || e.Type() != "ca.example.benefits.oas.address.recorded.v1" ||
		e.Subject() != "oas-ref" || string(m.Key) != "oas-ref" || !e.Time().IsZero() || e.Extensions()["sequence"] != "9" {
		t.Errorf("message %s of key %s: %s", m.ID, m.Key, m.Body)
	}
	for _, text := range []string{`{"kind":"header","sequence":1,"account":"000000000"}`, `{"kind":"trailer","sequence":1,"account":"000000000"}`} {
		if out, err := f(t.Context(), adapters.Message{ID: "oas/1", Body: record(text)}); len(out) > 0 || err != nil {
			t.Errorf("%s became %d messages, %v", text, len(out), err)
		}
	}
}

func TestARecordBecomesACloudEventWithoutItsSIN(t *testing.T) {
	f := events(t, EventsConfig{Key: func(s string) []byte {
		if s != sin {
			t.Errorf("the key is made of something else than the SIN")
		}
		return []byte("mac")
	}})
	m := one(t, f, adapters.Message{ID: "AMQ-1", Body: payment(t), Time: clock,
		Headers: []adapters.Header{{Name: "traceparent", Value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}})
	if m.ID != "cpp-pay-42" || string(m.Key) != "mac" || !m.Time.Equal(clock) {
		t.Errorf("message %s, key %s, time %v", m.ID, m.Key, m.Time)
	}
	if kind, _ := m.Header("content-type"); kind != ContentType {
		t.Errorf("content type %s", kind)
	}
	if bytes.Contains(m.Body, []byte(sin)) {
		t.Errorf("the event tells the SIN: %s", m.Body)
	}
	var e event.Event
	if err := json.Unmarshal(m.Body, &e); err != nil {
		t.Fatal(err)
	}
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
	for name, is := range map[string][2]string{
		"id": {e.ID(), "cpp-pay-42"}, "source": {e.Source(), "/legacy/cpp/pay"}, "subject": {e.Subject(), "cpp-ref"},
		"type":            {e.Type(), "ca.example.benefits.cpp.payment.issued.v1"},
		"datacontenttype": {e.DataContentType(), "application/json"},
		"time":            {e.Time().Format(time.RFC3339Nano), "2026-03-08T07:00:00Z"}, // 03:00 in Ottawa, an hour after clocks went forward
	} {
		if is[0] != is[1] {
			t.Errorf("%s is %q, want %q", name, is[0], is[1])
		}
	}
	if x := e.Extensions(); x["routedside"] != "legacy" || x["sequence"] != "42" && x["sequence"] != "000000000000000042" || x["traceparent"] == nil {
		t.Errorf("extensions %v", x)
	}
	if e.DataSchema() == "" {
		t.Error("no dataschema")
	}
	if data := string(e.Data()); !json.Valid(e.Data()) || !strings.Contains(data, `"641.52"`) {
		t.Errorf("data %s", data)
	}
}

func TestTheSameRecordGivesTheSameEvent(t *testing.T) {
	f := events(t, EventsConfig{Source: "/elsewhere", Side: "modern"})
	a := one(t, f, adapters.Message{ID: "first", Body: payment(t), Time: clock})
	b := one(t, f, adapters.Message{ID: "again", Body: payment(t), Time: clock.Add(time.Hour), Attempts: 3})
	if !bytes.Equal(a.Body, b.Body) || a.ID != b.ID {
		t.Errorf("%s\n%s", a.Body, b.Body)
	}
	if !bytes.Contains(a.Body, []byte(`"/elsewhere"`)) || !bytes.Contains(a.Body, []byte(`"routedside":"modern"`)) {
		t.Errorf("%s", a.Body)
	}
}

func TestUndecodableRecordsAreRefusedWithTheirPlaceAndWithoutContent(t *testing.T) {
	f := events(t, EventsConfig{})
	broken := payment(t)
	copy(broken[44+3+6:], []byte{0xff, 0xff}) // nibbles F in PE-GROSS
	wrongEye := payment(t, "PE-EYECATCHER", "XXXX")
	for name, tc := range map[string]struct {
		body   []byte
		reason string
	}{
		"short":               {payment(t)[:169], "short-record"},
		"empty":               {nil, "short-record"},
		"long":                {append(payment(t), 0x40), "long-record"},
		"packed":              {broken, "packed-nibble"},
		"eyecatcher":          {wrongEye, "eyecatcher"},
		"ASCII":               {bytes.Repeat([]byte("A"), 170), ""},
		"unknown event type":  {payment(t, "PE-EVENT-TYPE", "ZZ"), ""},
		"nobody's identifier": {payment(t, "PE-SIN", "000000000"), "reference"},
		"no date":             {payment(t, "PE-EVENT-DATE", "20261399"), "date-value"},
	} {
		_, err := f(t.Context(), adapters.Message{ID: "m", Body: tc.body})
		if err == nil {
			t.Errorf("%s: an event was made of it", name)
			continue
		}
		why, refused := refusalOf(err)
		if !refused || tc.reason != "" && why.Reason != tc.reason {
			t.Errorf("%s: %v (%+v), want reason %s", name, err, why, tc.reason)
			continue
		}
		for _, secret := range []string{sin, "641.52", "000123456789", "TRACE"} {
			if strings.Contains(why.Error(), secret) {
				t.Errorf("%s: the error tells content: %v", name, why)
			}
		}
	}
}

func TestEventsNeedsAnEventBlock(t *testing.T) {
	if _, err := Events(view(t, "EICLMSTA"), EventsConfig{}); err == nil || !strings.Contains(err.Error(), "no event block") {
		t.Errorf("got %v", err)
	}
	if _, err := Events(view(t, "CPPPAYEV"), EventsConfig{Source: "a b:%"}); err == nil || !strings.Contains(err.Error(), "not a URI") {
		t.Errorf("got %v", err)
	}
	f, err := Events(view(t, "CPPPAYEV"), EventsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f(t.Context(), adapters.Message{ID: "m", Body: payment(t)}); err == nil || !strings.Contains(err.Error(), "no Reference") {
		t.Errorf("an event without its subject: %v", err)
	}
}

// TestFromAQueueThroughTheJournalToReaders is flow 3: good and bad payment events on a queue, some of
// them twice, become events in the journal; the journal feeds a second bridge.
func TestFromAQueueThroughTheJournalToReaders(t *testing.T) {
	var broker memory.Broker
	j := openJournal(t, t.TempDir())
	defer j.Close()
	var in []adapters.Message
	for i, seq := range []string{"1", "2", "2", "9", "3"} {
		m := message(i)
		m.Body = payment(t, "PE-EVENT-SEQ", seq)
		if seq == "9" {
			m.Body = m.Body[:100]
		}
		in = append(in, m)
	}
	put(t, broker.Sink("IN"), in...)
	ledger := j.Ledger("cpp-payments")
	runUntil(t, &Bridge{Name: "cpp-payments", Source: broker.Source("IN"), Sink: ledger, DeadLetters: deadQueue,
		Translate: events(t, EventsConfig{})}, func() bool { return len(broker.Messages("IN")) == 0 })
	if got := strings.Join(entries(t, j), " "); got != "cpp-pay-1 cpp-pay-2 cpp-pay-3" || ledger.Duplicates() != 1 {
		t.Errorf("journal: %s, duplicates %d", got, ledger.Duplicates())
	}
	letters := broker.Messages(deadQueue)
	if len(letters) != 1 || !bytes.Equal(letters[0].Body, in[3].Body) {
		t.Fatalf("%d dead letters", len(letters))
	}
	out := broker.Sink("OUT")
	runUntil(t, &Bridge{Name: "fan-out", Source: j.Reader("fan-out"), Sink: sinkFunc(out.Publish), DeadLetters: deadQueue},
		func() bool { return len(broker.Messages("OUT")) == 3 })
	for i, m := range broker.Messages("OUT") {
		if m.ID != entries(t, j)[i] {
			t.Errorf("message %d is %s", i, m.ID)
		}
	}
}

var _ adapters.Sink = (*kafka.Sink)(nil)

func BenchmarkEvents(b *testing.B) {
	f := events(b, EventsConfig{})
	m := adapters.Message{ID: "m", Body: payment(b), Time: clock}
	b.ReportAllocs()
	b.SetBytes(int64(len(m.Body)))
	for b.Loop() {
		if _, err := f(context.Background(), m); err != nil {
			b.Fatal(err)
		}
	}
}
