package bridge

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/portage-gateway/portage/adapters"
)

func macOf(b []byte) (out [16]byte) {
	h := hmac.New(sha256.New, []byte("key"))
	h.Write(b)
	copy(out[:], h.Sum(nil))
	return out
}

// notes is what was written back, by content.
type notes struct {
	awaited map[[16]byte]int
	taken   map[string]bool
	err     error
}

func (n *notes) take(_ context.Context, content [16]byte, id string) (bool, error) {
	if n.err != nil {
		return false, n.err
	}
	if !n.taken[id] && n.awaited[content] > 0 {
		n.awaited[content]--
		n.taken[id] = true
	}
	return n.taken[id], nil
}

// TestEchoesBecomeNoEvents writes one payment back and lets Legacy say it twice, under numbers of its own: one is the
// echo, the other is Legacy's.
func TestEchoesBecomeNoEvents(t *testing.T) {
	content, err := Content(view(t, "CPPPAYEV"), macOf)
	if err != nil {
		t.Fatal(err)
	}
	written, err := content(payment(t))
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	n := &notes{awaited: map[[16]byte]int{written: 1}, taken: map[string]bool{}}
	echo := &Echo{Content: content, Take: n.take, Marked: func(id string) bool { return id == "ab" }, Dropped: NewBackMetrics(registry).Dropped("cpp")}
	f := echo.Wrap(events(t, EventsConfig{}))
	again := payment(t, "PE-EVENT-SEQ", "90", "PE-EVENT-TIME", "4000000")
	for i, c := range []struct {
		name string
		m    adapters.Message
		want int
	}{
		{"another payment", adapters.Message{ID: "1", Body: payment(t, "PE-GROSS", "730.00", "PE-NET", "642.52")}, 1},
		{"the echo, under another number", adapters.Message{ID: "2", Body: again}, 0},
		{"the echo, delivered again", adapters.Message{ID: "2", Body: again, Attempts: 1}, 0},
		{"the same, said once more", adapters.Message{ID: "3", Body: again}, 1},
		{"an answer by CorrelId", adapters.Message{ID: "4", Body: again, Headers: []adapters.Header{{Name: "mq-correlid", Value: "ab"}}}, 0},
	} {
		out, err := f(t.Context(), c.m)
		if err != nil || len(out) != c.want {
			t.Errorf("%d: %s became %d events, %v", i, c.name, len(out), err)
		}
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`# HELP portage_writeback_echoes_total Messages of Legacy that only repeat what was written back and became no events, by how they were known.
# TYPE portage_writeback_echoes_total counter
portage_writeback_echoes_total{bridge="cpp",sign="content"} 2
portage_writeback_echoes_total{bridge="cpp",sign="mark"} 1
`)); err != nil {
		t.Error(err)
	}
	n.err = errors.New("the queue manager is away")
	if out, err := f(t.Context(), adapters.Message{ID: "5", Body: again}); !errors.Is(err, n.err) || len(out) > 0 {
		t.Errorf("nobody could be asked, and %d events came out: %v", len(out), err)
	}
	if _, err := f(t.Context(), adapters.Message{ID: "6", Body: []byte("short")}); err == nil || errors.Is(err, n.err) {
		t.Errorf("what is no record: %v", err)
	}
	if _, err := Content(view(t, "EICLMSTA"), macOf); err == nil {
		t.Error("a mapping without events has content")
	}
}

func TestNoBackMetricsCountNothing(t *testing.T) {
	var none *BackMetrics
	none.Passed("x")("type")
	none.Dropped("x")("mark")
}
