package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/memory"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

func TestSinkNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"OUT.G9998V00", "OUT.G9999V00", "OUT.X.G5000V00", "OTHER.G7000V00", ".OUT.part-left"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenSink(SinkConfig{Dir: dir, Name: "OUT", Format: recfm.Format{Lrecl: 3}})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 { // G0001, and past G0002, which another hand put there: it is never replaced
		if n == 1 {
			if err := os.WriteFile(filepath.Join(dir, "OUT.G0002V00"), []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Publish(t.Context(), adapters.Message{ID: "1", Body: []byte("new")}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, e.Name()+" "+string(b))
	}
	want := []string{"OTHER.G7000V00 old", "OUT.G0001V00 new", "OUT.G0002V00 old", "OUT.G0003V00 new",
		"OUT.G9998V00 old", "OUT.G9999V00 old", "OUT.X.G5000V00 old"}
	if !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
}

func TestSinkIsAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenSink(SinkConfig{Dir: dir, Name: "OUT", Format: recfm.Format{Lrecl: 3}})
	if err != nil {
		t.Fatal(err)
	}
	var refused *adapters.Refusal
	err = s.Publish(t.Context(), adapters.Message{ID: "1", Body: []byte("fit")}, adapters.Message{ID: "2", Body: []byte("does not fit")})
	if !errors.As(err, &refused) || refused.Reason != "invalid-record" || strings.Contains(err.Error(), "does not fit") {
		t.Errorf("%v", err)
	}
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(adapters.Message{ID: "1", Body: []byte("fit")}), w.Abort()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%d files are left, %v", len(entries), err)
	}
}

func TestSinkConfigIsRefused(t *testing.T) {
	dir := t.TempDir()
	for want, c := range map[string]SinkConfig{
		"name":    {Dir: dir, Name: "../x", Format: recfm.Format{Lrecl: 1}},
		"content": {Dir: dir, Name: "x", Content: "rows", Format: recfm.Format{Lrecl: 1}},
		"lrecl":   {Dir: dir, Name: "x"},
		"sealed":  {Dir: dir, Name: "x", Format: recfm.Format{Lrecl: 1}, Sealer: seal{}},
		"no such": {Dir: dir + "/none", Name: "x", Format: recfm.Format{Lrecl: 1}},
	} {
		if _, err := OpenSink(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestUnderABridge carries a file through a Bridge into a Ledger; what cannot be translated lies whole, sealed
// and with its reason among the letters, and from there goes on its way again as a dataset of messages.
func TestUnderABridge(t *testing.T) {
	c := paydayConfig(t, t.TempDir())
	c.Sealer, c.Poll = seal{}, time.Millisecond
	if err := os.WriteFile(filepath.Join(c.Path, "PAYDAY"), []byte(ten), 0o600); err != nil {
		t.Fatal(err)
	}
	broker := new(memory.Broker)
	carry := func(c Config, name string, translate func(context.Context, adapters.Message) ([]adapters.Message, error)) *Source {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c.Notify = func(_ context.Context, e Event) {
			if e.Result != Accepted {
				t.Errorf("event %s, reason %s: %v", e.Result, e.Reason, e.Err)
			}
			cancel()
		}
		s, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		b := &bridge.Bridge{Name: "payday", Source: s, Sink: broker.Sink(name), DeadLetters: "dead", Translate: translate}
		if err := b.Run(ctx); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := carry(c, "events", func(_ context.Context, m adapters.Message) ([]adapters.Message, error) {
		if string(m.Body) == "D000005" {
			return nil, &adapters.Refusal{Reason: "zoned-digit", Field: "AMOUNT", Offset: 1, Size: 6, Err: errReturned}
		}
		return []adapters.Message{m}, nil
	})
	letters, err := s.Letters(t.Context(), "dead", 0)
	if err != nil || len(letters) != 1 || string(letters[0].Body) != "D000005" {
		t.Fatalf("letters %d, %v", len(letters), err)
	}
	if reason, _ := letters[0].Header(bridge.HeaderReason); reason != "zoned-digit" {
		t.Errorf("reason %q", reason)
	}
	if n := len(broker.Messages("events")); n != 9 {
		t.Errorf("%d events, want 9", n)
	}
	dead := filepath.Join(c.Path, "portage", folderLetters, "dead")
	for _, path := range glob(t, dead, "*") {
		if b, err := os.ReadFile(path); err != nil || bytes.Contains(b, []byte("D000005")) {
			t.Errorf("a sealed letter shows its body, or %v", err)
		}
	}
	carry(Config{Name: "again", Path: dead, Content: Messages, Complete: Rename, Poll: time.Millisecond, Sealer: seal{},
		Format: recfm.Format{Recfm: recfm.Text}}, "again", nil)
	if again := broker.Messages("again"); len(again) != 1 || again[0].ID != letters[0].ID || string(again[0].Body) != "D000005" {
		t.Errorf("sent again: %+v", again)
	}
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestMemoryStaysFlat delivers a file of 23 MB and looks at the heap in the middle of it.
func TestMemoryStaysFlat(t *testing.T) {
	dir := t.TempDir()
	bigFile(t, dir, 150_000)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most, batches := uint64(0), 0
	deliverAll(t, dir, func(adapters.Batch) {
		if batches++; batches%50 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc-min(before.HeapAlloc, now.HeapAlloc))
		}
	})
	if batches < 300 || most > 8<<20 {
		t.Errorf("%d batches, %d KiB live in the middle of a file of 23 MB", batches, most>>10)
	}
}

func bigFile(t testing.TB, dir string, records int) {
	t.Helper()
	s, err := OpenSink(SinkConfig{Dir: dir, Name: "BIG", Format: recfm.Format{Recfm: recfm.VB}})
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := range records {
		if err := w.Write(adapters.Message{ID: "n", Body: fmt.Appendf(nil, "%0150d", n)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

// deliverAll brings the one file of a directory through a Source whose places a Ledger keeps.
func deliverAll(t testing.TB, dir string, each func(adapters.Batch)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := Open(Config{Name: "big", Path: dir, Match: "BIG*", Format: recfm.Format{Recfm: recfm.VB}, Complete: Rename,
		Notify: func(context.Context, Event) { cancel() }})
	if err == nil {
		err = s.Resume(nil)
	}
	if err == nil {
		err = s.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error { each(b); return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkDeliver judges and delivers a file of 200,000 records of 150 bytes.
func BenchmarkDeliver(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(200_000 * 154)
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		bigFile(b, dir, 200_000)
		b.StartTimer()
		deliverAll(b, dir, func(adapters.Batch) {})
	}
	b.ReportMetric(200_000*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
