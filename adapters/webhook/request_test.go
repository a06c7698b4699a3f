package webhook

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/journal"
)

const payment = `{"specversion":"1.0","id":"cpp-pay-17","type":"ca.example.payment.issued.v1","source":"/legacy/cpp/pay",` +
	`"subject":"réf 1%","datacontenttype":"application/json","sequence":17,"flag":true,"none":null,"data":{"net":"641.52"}}`

func TestContentModes(t *testing.T) {
	m := adapters.Message{ID: "cpp-pay-17", Key: []byte("mac"), Body: []byte(payment), Headers: []adapters.Header{
		{Name: "content-type", Value: bridge.ContentType}, {Name: "traceparent", Value: "00-1-2-01"}, {Name: "other", Value: "stays"}}}
	for mode, want := range map[Content]struct {
		body   string
		header http.Header
	}{
		Structured: {payment, http.Header{"Content-Type": {bridge.ContentType}}},
		Binary: {`{"net":"641.52"}`, http.Header{"Content-Type": {"application/json"}, "Ce-Id": {"cpp-pay-17"}, "Ce-Specversion": {"1.0"},
			"Ce-Type": {"ca.example.payment.issued.v1"}, "Ce-Source": {"/legacy/cpp/pay"}, "Ce-Subject": {"r%C3%A9f%201%25"},
			"Ce-Sequence": {"17"}, "Ce-Flag": {"true"}}},
	} {
		c := Config{Name: "partner", Content: mode, MaxBody: 1000}
		got, err := c.content(m)
		if err != nil {
			t.Fatal(err)
		}
		want.header["Webhook-Id"], want.header["Idempotency-Key"] = []string{"cpp-pay-17"}, []string{`"cpp-pay-17"`}
		want.header["User-Agent"], want.header["Traceparent"] = []string{"Portage"}, []string{"00-1-2-01"}
		if diff := cmp.Diff(want.header, got.header); diff != "" || string(got.body) != want.body {
			t.Errorf("%s: body %s\n%s", mode, got.body, diff)
		}
	}
}

func TestContentIsRefused(t *testing.T) {
	ce := []adapters.Header{{Name: "content-type", Value: bridge.ContentType}}
	for reason, m := range map[string]adapters.Message{
		"too-large":      {ID: "1", Body: make([]byte, 101)},
		"not-cloudevent": {ID: "1", Body: []byte(`{"sin":{"n":"` + canary + `"}}`), Headers: ce},
		"header":         {ID: "1", Headers: []adapters.Header{{Name: "content-type", Value: "a/b\r\nX: " + canary}}},
	} {
		_, err := (&Config{Name: "partner", Content: Binary, MaxBody: 100}).content(m)
		var refused *adapters.Refusal
		if !errors.As(err, &refused) || refused.Reason != reason {
			t.Errorf("%s: %v", reason, err)
		}
		hidden(t, err)
	}
}

func TestSignature(t *testing.T) {
	now, body := time.Unix(1772323200, 0), []byte("body")
	both := http.Header{HeaderID: {"e-1"}, HeaderTimestamp: {"1772323200"}, HeaderSignature: {sign([][]byte{keyA, keyB}, "e-1", "1772323200", body)}}
	for _, keys := range [][][]byte{{keyA}, {keyB}, {keyB, keyA}} {
		if err := Verify(both, body, keys, now.Add(5*time.Minute), 5*time.Minute); err != nil {
			t.Errorf("%d keys: %v", len(keys), err)
		}
	}
	changed := func(name, value string) http.Header {
		h := both.Clone()
		h.Set(name, value)
		return h
	}
	for what, err := range map[string]error{
		"another body":      Verify(both, []byte("Body"), [][]byte{keyA}, now, time.Minute),
		"another id":        Verify(changed(HeaderID, "e-2"), body, [][]byte{keyA}, now, time.Minute),
		"another time":      Verify(changed(HeaderTimestamp, "1772323201"), body, [][]byte{keyA}, now, time.Minute),
		"no time":           Verify(changed(HeaderTimestamp, ""), body, [][]byte{keyA}, now, time.Minute),
		"a replay":          Verify(both, body, [][]byte{keyA}, now.Add(time.Hour), time.Minute),
		"another key":       Verify(both, body, [][]byte{[]byte(rand.Text())}, now, time.Minute),
		"another version":   Verify(changed(HeaderSignature, strings.ReplaceAll(both.Get(HeaderSignature), "v1,", "v2,")), body, [][]byte{keyA}, now, time.Minute),
		"no key at all":     Verify(both, body, nil, now, time.Minute),
		"no signature":      Verify(changed(HeaderSignature, "v1,"), body, [][]byte{keyA}, now, time.Minute),
		"a bare signature?": Verify(changed(HeaderSignature, strings.Repeat("v1,AAAA ", 50)), body, [][]byte{keyA}, now, time.Minute),
	} {
		if !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A key is changed while the Sink runs: the subscriber, which knows A only, is never left without its signature
// until it has learnt B; a file that goes missing sends nothing unsigned.
func TestKeysChangeWhileItRuns(t *testing.T) {
	a, b := keyFile(t, keyA), keyFile(t, keyB)
	sub, sink, _ := overHTTP(t, func(c *Config) { c.KeyFiles = []string{b, a} }) // each attempt is verified with A
	if err := sink.Publish(t.Context(), events(1)...); err != nil {
		t.Fatal(err)
	}
	if n := len(strings.Fields(sub.taken[0].header.Get(HeaderSignature))); n != 2 {
		t.Errorf("%d signatures, want 2", n)
	}
	if err := os.Rename(a, b); err != nil {
		t.Fatal(err)
	}
	err := sink.Publish(t.Context(), events(2)...)
	var e *Error
	if !errors.As(err, &e) || len(sub.taken) != 1 {
		t.Errorf("without a key: %v, %d taken", err, len(sub.taken))
	}
	if err := os.WriteFile(a, []byte("whsec_short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sink.Publish(t.Context(), events(2)...); !errors.As(err, &e) || strings.Contains(err.Error(), "short") {
		t.Errorf("with a bad key: %v", err)
	}
}

// Under a Bridge that reads the journal, what the subscriber refuses lies among the dead letters, and nothing
// behind it waits.
func TestDeadLettersByTheJournal(t *testing.T) {
	sub, sink, _ := overHTTP(t, nil)
	sub.answer = func(_ int, r received) answer {
		if r.id == "e-7" {
			return said(400)
		}
		return took(202)
	}
	j, err := journal.Open(journal.Config{Path: t.TempDir() + "/journal.db", Sealer: plain{}})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Publish(t.Context(), events(20)...); err != nil {
		t.Fatal(err)
	}
	reader := j.Reader("partner")
	reader.MaxBatch, reader.RetryMin, reader.RetryMax = 8, time.Microsecond, time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	answers := sub.answer
	sub.answer = func(try int, r received) answer {
		if r.id == "e-20" {
			cancel()
		}
		return answers(try, r)
	}
	b := &bridge.Bridge{Name: "partner", Source: reader, Sink: sink, DeadLetters: "partner"}
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	letters, err := j.Letters(t.Context(), "partner", 0)
	if err != nil || len(letters) != 1 || letters[0].ID != "e-7" {
		t.Fatalf("letters %v, %v", letters, err)
	}
	if reason, _ := letters[0].Header(bridge.HeaderReason); reason != "subscriber-refused" {
		t.Errorf("reason %q", reason)
	}
	if got := sub.ids(); got[5] != "e-6" || got[6] != "e-8" {
		t.Errorf("taken %q", got)
	}
}

// plain seals nothing; the journal of this test holds nothing to hide.
type plain struct{}

func (plain) Seal(b []byte, _ string) ([]byte, error) { return b, nil }
func (plain) Open(b []byte, _ string) ([]byte, error) { return b, nil }

func ExampleVerify() {
	key, err := ParseKey("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz")
	if err != nil {
		fmt.Println(err)
		return
	}
	body := []byte(`{"id":"cpp-pay-17"}`)
	// What a subscriber's handler finds in its request:
	header := http.Header{
		"Webhook-Id":        {"cpp-pay-17"},
		"Webhook-Timestamp": {"1772323200"},
		"Webhook-Signature": {"v1,wy/JFFu3eh1kthlkIYMnqR0K0+cjuCT+VQyslzMEDn4="},
	}
	fmt.Println(Verify(header, body, [][]byte{key}, time.Unix(1772323260, 0), 5*time.Minute))
	// Output: <nil>
}
