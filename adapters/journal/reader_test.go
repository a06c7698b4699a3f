package journal

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/adapters"
)

var errDown = errors.New("the sink is down")

func impatient(j *Journal, name string) *Reader {
	r := j.Reader(name)
	r.RetryMin, r.RetryMax = time.Microsecond, time.Millisecond
	return r
}

// consume runs a reader until the handler has seen the message with the last ID, and settled it.
func consume(t *testing.T, r *Reader, last string, h adapters.Handler) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := r.Consume(ctx, func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
		if err := h(ctx, u, b); err != nil {
			return err
		}
		if b.Messages[len(b.Messages)-1].ID == last {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReaderGoesOnWhereItSettled(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	publish(t, j, messages(1, 25)...)
	var got []adapters.Message
	collect := func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
		if want := j.cursor(int64(len(got) + len(b.Messages))); string(b.Position) != string(want) {
			t.Errorf("position %s, want %s", b.Position, want)
		}
		got = append(got, b.Messages...)
		return nil
	}
	r := impatient(j, "kafka")
	r.MaxBatch = 10
	consume(t, r, "cpp-pay-25", collect)
	publish(t, j, message(26))
	if s, err := j.Stats(t.Context()); err != nil || !cmp.Equal(s.Readers, []ReaderStats{{"kafka", 1}}) {
		t.Errorf("readers %v, %v", s.Readers, err)
	}
	j.Close()
	j = open(t, c)
	consume(t, impatient(j, "kafka"), "cpp-pay-26", collect)
	if diff := cmp.Diff(messages(1, 26), got); diff != "" {
		t.Error(diff)
	}
	got = nil
	consume(t, impatient(j, "webhook"), "cpp-pay-26", collect)
	if len(got) != 26 {
		t.Errorf("another name got %d messages, want all 26", len(got))
	}
}

func TestReaderBisectsSoThatOneMessageDoesNotCondemnItsBatch(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, messages(1, 16)...)
	var got []string
	refused, attempts := 0, 0
	consume(t, impatient(j, "r"), "cpp-pay-16", func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
		for _, m := range b.Messages {
			if m.ID == "cpp-pay-11" && refused < 9 {
				refused++
				return errDown
			}
		}
		for _, m := range b.Messages {
			if m.ID == "cpp-pay-11" {
				attempts = m.Attempts
			}
			got = append(got, m.ID)
		}
		return nil
	})
	if len(got) != 16 || attempts != 9 {
		t.Errorf("got %d messages, attempts of the bad one %d; want 16 and 9", len(got), attempts)
	}
	for i, id := range got {
		if id != message(i+1).ID {
			t.Fatalf("order lost: %v", got)
		}
	}
}

func TestWhatAHandlerPutsStandsOnlyIfItsBatchSettles(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	publish(t, j, messages(1, 4)...)
	failures := 3
	consume(t, impatient(j, "r"), "cpp-pay-4", func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
		for _, m := range b.Messages {
			if m.ID == "cpp-pay-2" {
				m.Headers = append(m.Headers, adapters.Header{Name: "portage-reason", Value: "too-large"})
				if err := u.Put(ctx, "dead", m); err != nil {
					return err
				}
			}
		}
		if err := u.Put(ctx, "", message(9)); err == nil {
			t.Error("put without a destination was taken")
		}
		if err := u.Put(ctx, "dead", adapters.Message{}); err == nil {
			t.Error("put without an ID was taken")
		}
		if failures--; failures >= 0 {
			return errDown
		}
		return nil
	})
	j.Close()
	j = open(t, c)
	want := message(2)
	want.Headers = append(want.Headers, adapters.Header{Name: "portage-reason", Value: "too-large"})
	letters, err := j.Letters(t.Context(), "dead", 0)
	if diff := cmp.Diff([]adapters.Message{want}, letters); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if other, err := j.Letters(t.Context(), "other", 0); len(other) != 0 || err != nil {
		t.Errorf("another destination: %v, %v", other, err)
	}
}

func TestAReaderRunsOnce(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, message(1))
	consume(t, impatient(j, "r"), "cpp-pay-1", func(ctx context.Context, _ adapters.Unit, _ adapters.Batch) error {
		if err := j.Reader("r").Consume(ctx, nil); err == nil || !strings.Contains(err.Error(), "already running") {
			t.Errorf("a second run: %v", err)
		}
		return nil
	})
}

func TestClosingTheJournalEndsItsReaders(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, message(1))
	seen, ended := make(chan bool), make(chan error)
	go func() {
		ended <- j.Reader("r").Consume(context.Background(), func(context.Context, adapters.Unit, adapters.Batch) error {
			seen <- true
			return nil
		})
	}()
	<-seen
	j.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestPauseDoublesUpToItsBound(t *testing.T) {
	d := &delivery{Reader: &Reader{}}
	for returned, want := range map[int]time.Duration{0: 100 * time.Millisecond, 1: 200 * time.Millisecond,
		3: 800 * time.Millisecond, 9: 30 * time.Second, 1000: 30 * time.Second} {
		d.returned = returned
		if got := d.pause(); got != want {
			t.Errorf("after %d returns: %v, want %v", returned, got, want)
		}
	}
}

// TestResumeOutranksTheKeptPlace holds that what a Ledger has is not delivered again when a process died
// between the Ledger's commit and the journal's.
func TestResumeOutranksTheKeptPlace(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, messages(1, 5)...)
	entries, err := j.Read(t.Context(), "", 3)
	if err != nil {
		t.Fatal(err)
	}
	r := j.Reader("kafka")
	if err := r.Resume([]byte(entries[2].Cursor)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var got []string
	err = r.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
		for _, m := range b.Messages {
			got = append(got, m.ID)
		}
		if len(got) >= 2 {
			stop()
		}
		return nil
	})
	if err != nil || len(got) != 2 || got[0] != message(4).ID {
		t.Errorf("after the third came %v, %v", got, err)
	}
	if err := j.Reader("kafka").Resume([]byte("nonsense")); !errors.Is(err, ErrCursor) {
		t.Errorf("a position of no log: %v", err)
	}
	if err := j.Reader("new").Resume(nil); err != nil {
		t.Errorf("no position: %v", err)
	}
}
