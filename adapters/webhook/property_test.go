package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/adapters"
)

// faults are what a subscriber may do to an attempt; the last two leave the sender in doubt.
var faults = []answer{said(500), said(502), said(408), {status: 429, header: http.Header{"Retry-After": {"90"}}},
	{status: 503, header: http.Header{"Retry-After": {"1"}}}, said(302), silent(false), silent(true), took(504)}

// TestEveryEventArrivesInOrder: under any faults each event arrives, first deliveries come in order, and what
// comes again has the id, the body and a signature of its own.
func TestEveryEventArrivesInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.IntRange(-2, len(faults)-1), 0, 60).Draw(rt, "script")
		all := events(rapid.IntRange(1, 25).Draw(rt, "events"))
		size := rapid.IntRange(1, 10).Draw(rt, "batch")
		patience := time.Duration(rapid.IntRange(1, 100).Draw(rt, "patience")) * time.Second
		restarts := rapid.Bool().Draw(rt, "restarts")
		var said string
		synctest.Test(t, func(t *testing.T) { said = underFaults(t, script, all, size, patience, restarts) })
		if said != "" {
			rt.Fatal(said)
		}
	})
}

func underFaults(t *testing.T, script []int, all []adapters.Message, size int, patience time.Duration, restarts bool) string {
	change := func(c *Config) { c.Patience = patience }
	sub, sink, l := inBubble(t, change)
	sub.answer = func(try int, _ received) answer {
		if try > len(script) || script[try-1] < 0 {
			return took(200)
		}
		return faults[script[try-1]]
	}
	if said := publishAll(t, sub, sink, all, size, restarts, change); said != "" {
		return said
	}
	hidden(t, l)
	return judge(sub.taken, all)
}

// publishAll publishes in batches as a Source does: again after an error, in halves.
func publishAll(t *testing.T, sub *subscriber, sink *Sink, all []adapters.Message, size int, restarts bool, change func(*Config)) string {
	limit := size
	for at := 0; at < len(all); {
		batch := all[at:min(at+limit, len(all))]
		err := sink.Publish(t.Context(), batch...)
		if err == nil {
			at, limit = at+len(batch), size
			continue
		}
		var e *Error
		if !errors.As(err, &e) {
			return fmt.Sprintf("publish: %v", err)
		}
		hidden(t, err)
		limit = max(1, len(batch)/2)
		if restarts { // a new Sink has forgotten what arrived
			c := sink.cfg
			change(&c)
			sink = open(t, c)
		}
	}
	return ""
}

// judge holds what the subscriber took to what was published.
func judge(taken []received, all []adapters.Message) string {
	bodies, firsts := map[string]string{}, 0
	for _, r := range taken {
		if body, again := bodies[r.id]; again {
			if body != r.body {
				return fmt.Sprintf("event %s came again with another body", r.id)
			}
			continue
		}
		if firsts == len(all) || r.id != all[firsts].ID || r.body != string(all[firsts].Body) {
			return fmt.Sprintf("event %s came first where number %d was due", r.id, firsts+1)
		}
		bodies[r.id] = r.body
		firsts++
	}
	if firsts != len(all) {
		return fmt.Sprintf("%d of %d events arrived", firsts, len(all))
	}
	return ""
}

func FuzzVerify(f *testing.F) {
	f.Add("id", "1772323200", sign([][]byte{keyA}, "id", "1772323200", []byte("body")), "body")
	f.Add("id", "99999999999999999999", "v1,", "")
	f.Fuzz(func(t *testing.T, id, timestamp, signature, body string) {
		h := http.Header{HeaderID: {id}, HeaderTimestamp: {timestamp}, HeaderSignature: {signature}}
		err := Verify(h, []byte(body), [][]byte{keyA}, time.Unix(1772323200, 0), time.Hour)
		own := sign([][]byte{keyA}, id, timestamp, []byte(body))
		if err == nil && !strings.Contains(signature, strings.TrimRight(own, "=")[:len(own)-3]) {
			t.Fatalf("%q was taken for %q", signature, own)
		}
		if err != nil && !errors.Is(err, ErrSignature) {
			t.Fatal(err)
		}
	})
}

// FuzzContent holds what is sent to what HTTP carries, whatever the message; and what is refused says nothing.
func FuzzContent(f *testing.F) {
	f.Add("cpp-pay-1", `{"specversion":"1.0","id":"cpp-pay-1","source":"/legacy","type":"t","data":{"net":"1.00"}}`, "application/cloudevents+json")
	f.Add("é\n\"", `{"data_base64":"AAEC","datacontenttype":"a/b\r\nX: y"}`, "application/cloudevents+json; charset=UTF-8")
	f.Fuzz(func(t *testing.T, id, body, kind string) {
		c := Config{Name: "partner", Content: Binary, MaxBody: 1 << 16, ForwardHeaders: true, ForwardKey: true}
		m := adapters.Message{ID: id, Key: []byte(id), Body: []byte(body), Headers: []adapters.Header{{Name: "content-type", Value: kind}}}
		out, err := c.content(m)
		if err != nil {
			return
		}
		r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1", strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = out.header
		var sent strings.Builder
		if err := r.Header.Write(&sent); err != nil || strings.Count(sent.String(), "\r\n") != count(out.header) {
			t.Fatalf("%v: %q", err, sent.String())
		}
	})
}

func count(h http.Header) (n int) {
	for _, values := range h {
		n += len(values)
	}
	return n
}
