package bridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/journal"
	"github.com/portage-gateway/portage/adapters/memory"
	"github.com/portage-gateway/portage/copybooks"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

const deadQueue = "IN.DLQ"

var clock = time.Date(2026, 3, 8, 7, 30, 0, 0, time.UTC)

// inTheClear seals nothing: what lies on the disk is not what these tests are about.
type inTheClear struct{}

func (inTheClear) Seal(plain []byte, _ string) ([]byte, error)  { return plain, nil }
func (inTheClear) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

type tester interface {
	Fatal(...any)
	Helper()
}

func openJournal(t tester, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(journal.Config{Path: filepath.Join(dir, "journal.db"), Sealer: inTheClear{}})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func entries(t tester, j *journal.Journal) (ids []string) {
	t.Helper()
	list, err := j.Read(context.Background(), "", journal.MaxLimit)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		ids = append(ids, e.Message.ID)
	}
	return ids
}

func message(n int) adapters.Message {
	return adapters.Message{ID: fmt.Sprintf("m%03d", n), Key: []byte{byte(n)}, Body: fmt.Appendf(nil, "body %d", n),
		Time: clock.Add(time.Duration(n) * time.Second), Headers: []adapters.Header{{Name: "mq.format", Value: "MQSTR"}}}
}

func put(t tester, s adapters.Sink, list ...adapters.Message) {
	t.Helper()
	if err := s.Publish(context.Background(), list...); err != nil {
		t.Fatal(err)
	}
}

// sinkFunc is a Sink, and a counter of nothing.
type sinkFunc func(context.Context, ...adapters.Message) error

func (f sinkFunc) Publish(ctx context.Context, m ...adapters.Message) error { return f(ctx, m...) }

// runUntil runs the bridge until done says so after a batch was settled.
func runUntil(t tester, b *Bridge, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	own := *b
	own.Source = watched{b.Source, func(adapters.Batch) {
		if done() {
			cancel()
		}
	}}
	if err := own.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// watched tells of each batch that the Handler settled.
type watched struct {
	adapters.Source
	settled func(adapters.Batch)
}

func (w watched) Consume(ctx context.Context, h adapters.Handler) error {
	return w.Source.Consume(ctx, func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
		err := h(ctx, u, b)
		if err == nil {
			w.settled(b)
		}
		return err
	})
}

// refuseBad makes dead letters of messages whose body says so, in both ways that a room can say it.
func refuseBad(_ context.Context, m adapters.Message) ([]adapters.Message, error) {
	switch {
	case bytes.HasPrefix(m.Body, []byte("bad field")):
		return nil, fmt.Errorf("decode: %w", &copybooks.FieldError{Layout: "L", Path: "L.F", Offset: 7, Size: 3,
			Reason: "packed-nibble", Err: errors.New("a nibble is not a digit")})
	case bytes.HasPrefix(m.Body, []byte("bad whole")):
		return nil, &adapters.Refusal{Reason: "unheard-of", Offset: -1, Size: -1, Err: errors.New("no")}
	}
	return []adapters.Message{m}, nil
}

func bad(n int, how string) adapters.Message {
	m := message(n)
	m.Body = fmt.Appendf(nil, "bad %s SECRET", how)
	return m
}

func TestBadMessagesBecomeDeadLettersAndHoldNobodyUp(t *testing.T) {
	var broker memory.Broker
	var logged strings.Builder
	reg := prometheus.NewRegistry()
	j := openJournal(t, t.TempDir())
	defer j.Close()
	again := bad(4, "whole")
	again.Headers = []adapters.Header{{Name: HeaderReason, Value: "older"}, {Name: "trace", Value: "t"}}
	put(t, broker.Sink("IN"), message(1), bad(2, "field"), message(3), again, message(5), message(3))
	b := &Bridge{Name: "b", Source: broker.Source("IN"), Sink: j.Ledger("b"), DeadLetters: deadQueue, Translate: refuseBad,
		Metrics: NewMetrics(reg), Now: func() time.Time { return clock.Add(10 * time.Second) }, Log: slog.New(slog.NewTextHandler(&logged, nil))}
	runUntil(t, b, func() bool { return len(broker.Messages("IN")) == 0 })

	if diff := cmp.Diff([]string{"m001", "m003", "m005"}, entries(t, j)); diff != "" {
		t.Error(diff)
	}
	field := bad(2, "field")
	field.Headers = []adapters.Header{{Name: "portage-reason", Value: "packed-nibble"}, {Name: "portage-bridge", Value: "b"},
		{Name: "portage-field", Value: "L.F"}, {Name: "portage-offset", Value: "7"}, {Name: "portage-size", Value: "3"},
		{Name: "mq.format", Value: "MQSTR"}}
	again.Headers = []adapters.Header{{Name: "portage-reason", Value: "unheard-of"}, {Name: "portage-bridge", Value: "b"}, {Name: "trace", Value: "t"}}
	if diff := cmp.Diff([]adapters.Message{field, again}, broker.Messages(deadQueue)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(logged.String(), "SECRET") || !strings.Contains(logged.String(), "field=L.F offset=7") {
		t.Errorf("logged: %s", logged.String())
	}
	expectMetrics(t, reg, `
		portage_bridge_messages_total{bridge="b",result="dead_letter"} 2
		portage_bridge_messages_total{bridge="b",result="duplicate"} 1
		portage_bridge_messages_total{bridge="b",result="published"} 3
		portage_bridge_messages_total{bridge="b",result="returned"} 0
		portage_bridge_lag_seconds{bridge="b"} 9
		portage_dead_letters_total{bridge="b",reason="packed-nibble"} 1
		portage_dead_letters_total{bridge="b",reason="other"} 1
		portage_dead_letters_total{bridge="b",reason="id-conflict"} 0`)
}

// expectMetrics compares single series by their text.
func expectMetrics(t *testing.T, reg *prometheus.Registry, want string) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			got[f.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(want), "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if v, ok := got[name]; !ok || fmt.Sprint(v) != value {
			t.Errorf("%s is %v (there: %v), want %s", name, v, ok, value)
		}
	}
}

func TestSeriesAreThereBeforeTheFirstMessage(t *testing.T) {
	reg := prometheus.NewRegistry()
	var broker memory.Broker
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := &Bridge{Name: "b", Source: broker.Source("IN"), Sink: sinkFunc(nil), DeadLetters: deadQueue, Metrics: NewMetrics(reg)}
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := testutil.GatherAndCount(reg, "portage_bridge_messages_total"); n != 4 || err != nil {
		t.Errorf("%d series of messages, %v", n, err)
	}
	if n, err := testutil.GatherAndCount(reg, "portage_dead_letters_total"); n != len(reasons()) || err != nil {
		t.Errorf("%d series of dead letters, want %d, %v", n, len(reasons()), err)
	}
	if problems, err := testutil.GatherAndLint(reg); len(problems) != 0 || err != nil {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestAMessageThatTheSinkRefusesBecomesADeadLetterOnceItComesAlone(t *testing.T) {
	var broker memory.Broker
	j := openJournal(t, t.TempDir())
	defer j.Close()
	other := message(3)
	other.Body = []byte("another body")
	put(t, j, other)
	put(t, broker.Sink("IN"), message(1), message(2), message(3), message(4))
	b := &Bridge{Name: "b", Source: broker.Source("IN"), Sink: j.Ledger("b"), DeadLetters: deadQueue}
	runUntil(t, b, func() bool { return len(broker.Messages("IN")) == 0 })
	if diff := cmp.Diff([]string{"m003", "m001", "m002", "m004"}, entries(t, j)); diff != "" {
		t.Error(diff)
	}
	letters := broker.Messages(deadQueue)
	if len(letters) != 1 || letters[0].ID != "m003" {
		t.Fatalf("dead letters: %v", letters)
	}
	if reason, _ := letters[0].Header(HeaderReason); reason != "id-conflict" {
		t.Errorf("reason %s", reason)
	}
}

func TestOtherErrorsReturnTheBatchAndLeaveNoDeadLetter(t *testing.T) {
	var broker memory.Broker
	reg := prometheus.NewRegistry()
	put(t, broker.Sink("IN"), message(1), bad(2, "field"), message(3))
	failures := 2
	var got []string
	b := &Bridge{Name: "b", Source: broker.Source("IN"), DeadLetters: deadQueue, Translate: refuseBad, Metrics: NewMetrics(reg),
		Sink: sinkFunc(func(_ context.Context, m ...adapters.Message) error {
			if failures--; failures >= 0 {
				return errors.New("down")
			}
			for _, one := range m {
				got = append(got, one.ID)
			}
			return nil
		})}
	runUntil(t, b, func() bool { return len(broker.Messages("IN")) == 0 })
	if diff := cmp.Diff([]string{"m001", "m003"}, got); diff != "" || len(broker.Messages(deadQueue)) != 1 {
		t.Errorf("%s\ndead letters %v", diff, broker.Messages(deadQueue))
	}
	expectMetrics(t, reg, `portage_bridge_messages_total{bridge="b",result="returned"} 4`) // 3, then 1 of a halved batch
}

func TestTranslationFaultsThatAreNobodysReturnTheBatch(t *testing.T) {
	var broker memory.Broker
	put(t, broker.Sink("IN"), message(1))
	calls := 0
	b := &Bridge{Name: "b", Source: broker.Source("IN"), Sink: broker.Sink("OUT"), DeadLetters: deadQueue,
		Translate: func(_ context.Context, m adapters.Message) ([]adapters.Message, error) {
			if calls++; calls == 1 {
				return nil, errors.New("the vault is closed")
			}
			return []adapters.Message{m, m}, nil // one record, two messages
		}}
	runUntil(t, b, func() bool { return len(broker.Messages("IN")) == 0 })
	if len(broker.Messages("OUT")) != 2 || len(broker.Messages(deadQueue)) != 0 || calls != 2 {
		t.Errorf("out %v, dead %v, calls %d", broker.Messages("OUT"), broker.Messages(deadQueue), calls)
	}
}

// doubtful is a Ledger whose outcome is in doubt, or that was taken over.
type doubtful struct {
	sinkFunc
	err      error
	position []byte
}

func (d *doubtful) Recover(context.Context) ([]byte, error) { return d.position, nil }
func (d *doubtful) PublishAt(context.Context, []byte, ...adapters.Message) error {
	return fmt.Errorf("ledger: %w", d.err)
}

func TestDoubtAndTakeoverEndTheBridge(t *testing.T) {
	for _, cause := range []error{adapters.ErrInDoubt, adapters.ErrFenced} {
		j := openJournal(t, t.TempDir())
		put(t, j, message(1))
		b := &Bridge{Name: "b", Source: j.Reader("b"), Sink: &doubtful{err: cause}, DeadLetters: deadQueue}
		err := b.Run(t.Context())
		if !errors.Is(err, cause) || !strings.HasPrefix(err.Error(), "bridge b: ") {
			t.Errorf("got %v, want %v", err, cause)
		}
		j.Close()
	}
}

// resumable is a Source that wants to know where it was.
type resumable struct {
	adapters.Source
	got []byte
	err error
}

func (r *resumable) Resume(position []byte) error { r.got = position; return r.err }

func TestTheSourceLearnsTheLedgersPosition(t *testing.T) {
	var broker memory.Broker
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &resumable{Source: broker.Source("IN")}
	b := &Bridge{Name: "b", Source: s, Sink: &doubtful{position: []byte("here")}, DeadLetters: deadQueue}
	if err := b.Run(ctx); err != nil || string(s.got) != "here" {
		t.Errorf("%q, %v", s.got, err)
	}
	s.err = errors.New("not a position")
	if err := b.Run(ctx); err == nil || !strings.Contains(err.Error(), "not a position") {
		t.Errorf("got %v", err)
	}
}

func TestABridgeThatCannotWorkSaysSo(t *testing.T) {
	var broker memory.Broker
	whole := Bridge{Name: "b", Source: broker.Source("IN"), Sink: broker.Sink("OUT"), DeadLetters: deadQueue}
	for want, change := range map[string]func(*Bridge){
		"no Name":              func(b *Bridge) { b.Name = "" },
		"needs a Source":       func(b *Bridge) { b.Source = nil },
		"and a Sink":           func(b *Bridge) { b.Sink = nil },
		"DeadLetters is empty": func(b *Bridge) { b.DeadLetters = "" },
	} {
		b := whole
		change(&b)
		if err := b.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// flaky is a journal's Ledger that fails before or after it has done its work.
type flaky struct {
	*journal.Ledger
	dice func() int
}

func (f *flaky) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	roll := f.dice()
	if roll == 0 {
		return errors.New("down")
	}
	err := f.Ledger.PublishAt(ctx, position, m...)
	switch {
	case err == nil && roll == 1:
		return errors.New("the answer was lost")
	case err == nil && roll == 2:
		return adapters.ErrInDoubt
	}
	return err
}

// TestWhateverFailsEachMessageArrivesOnceAndInOrder runs one journal into another through failures drawn
// at random: of the sink before and after it published, in doubt or not, and of runs that end after any batch.
func TestWhateverFailsEachMessageArrivesOnceAndInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		from, to := openJournal(rt, t.TempDir()), openJournal(rt, t.TempDir())
		defer from.Close()
		defer to.Close()
		var good, dead []string
		total := rapid.IntRange(1, 30).Draw(rt, "messages")
		for n := range total {
			m := message(n)
			if rapid.IntRange(0, 4).Draw(rt, "kind") == 0 {
				m = bad(n, "field")
				dead = append(dead, m.ID)
			} else {
				good = append(good, m.ID)
			}
			put(rt, from, m)
		}
		for last := message(total - 1).ID; !runOnce(rt, from, to, last); {
		}
		if diff := cmp.Diff(good, entries(rt, to)); diff != "" {
			rt.Fatal(diff)
		}
		letters, err := from.Letters(context.Background(), deadQueue, 100)
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for _, l := range letters {
			got = append(got, l.ID)
		}
		if diff := cmp.Diff(dead, got); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// runOnce runs the bridge for some batches and reports whether the last message was settled.
func runOnce(t *rapid.T, from, to *journal.Journal, last string) (finished bool) {
	reader := from.Reader("b")
	reader.MaxBatch = rapid.IntRange(1, 8).Draw(t, "batch")
	reader.RetryMin, reader.RetryMax = time.Nanosecond, time.Microsecond
	sink := &flaky{to.Ledger("b"), func() int { return rapid.IntRange(0, 8).Draw(t, "sink") }}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	batches := rapid.IntRange(1, 5).Draw(t, "batches")
	source := watched{reader, func(b adapters.Batch) {
		finished = b.Messages[len(b.Messages)-1].ID == last
		if batches--; finished || batches == 0 {
			cancel()
		}
	}}
	b := &Bridge{Name: "b", Source: source, Sink: sink, DeadLetters: deadQueue, Translate: refuseBad}
	if err := b.Run(ctx); err != nil && !errors.Is(err, adapters.ErrInDoubt) {
		t.Fatal(err)
	}
	return finished
}
