package dataset_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/dataset"
	"github.com/portage-gateway/portage/adapters/journal"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

const (
	paymentSize = 170  // bytes of a CPP payment event
	sequenceAt  = 8    // PE-EVENT-SEQ, 8 bytes, high byte first
	eventSize   = 1000 // bytes of the event that becomes of it, about
)

var fixed = recfm.Format{Recfm: recfm.FB, Lrecl: paymentSize}

// clear seals nothing.
type clear struct{}

// Seal implements adapters.Sealer.
func (clear) Seal(plain []byte, _ string) ([]byte, error) { return plain, nil }

// Open implements adapters.Sealer.
func (clear) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

// paydayFile writes n payments, numbered from 1, and returns the file's folder.
func paydayFile(t testing.TB, n int) string {
	t.Helper()
	view, err := benefits.View("CPPPAYEV")
	if err != nil {
		t.Fatal(err)
	}
	record, err := view.EncodeJSON(nil, []byte(`{"eyecatcher":"CPPE","version":1,"event":"issued","sequence":"1",
		"occurredAt":"2026-03-08T07:00:00Z","sin":"046454286","benefit":"retirement","payMonth":"2026-03",
		"payment":{"gross":{"amount":"729.00","currency":"CAD"},"net":{"amount":"641.52","currency":"CAD"},"dueOn":"2026-03-27","trace":"T42"}}`), nil)
	if err != nil || len(record) != paymentSize {
		t.Fatalf("%d bytes, %v", len(record), err)
	}
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "PAYDAY"))
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range n {
		binary.BigEndian.PutUint64(record[sequenceAt:], uint64(i+1))
		if _, err := w.Write(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func paydayJournal(t testing.TB, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(journal.Config{Path: filepath.Join(dir, "journal.db"), Sealer: clear{}})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// carryPayday brings the file through a bridge into the journal, as the configuration's datasets do. each is
// called before each commit.
func carryPayday(t testing.TB, dir string, j *journal.Journal, each func()) {
	t.Helper()
	view, err := benefits.View("CPPPAYEV")
	if err != nil {
		t.Fatal(err)
	}
	translate, err := bridge.Events(view, bridge.EventsConfig{
		Reference: func(program, _, _ string) (string, error) { return program + "-reference", nil },
		Key:       func(string) []byte { return []byte("sixteen bytes mac") },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, done := context.WithCancel(t.Context())
	defer done()
	source, err := dataset.Open(dataset.Config{Name: "payday", Path: dir, Match: "PAYDAY", Format: fixed, Complete: dataset.Rename,
		Identify: dataset.ByName("payday"), Notify: func(_ context.Context, e dataset.Event) {
			if e.Err != nil {
				t.Error(e.Err)
			}
			done()
		}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bridge.Bridge{Name: "payday", Source: source, Sink: watchedLedger{j.Ledger("payday"), each}, DeadLetters: "payday", Translate: translate}
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// watchedLedger calls each before it publishes.
type watchedLedger struct {
	*journal.Ledger
	each func()
}

// PublishAt implements adapters.Ledger.
func (l watchedLedger) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	l.each()
	return l.Ledger.PublishAt(ctx, position, m...)
}

// TestPaydayNeedsTheSameMemoryHoweverLong holds what is alive while a file is carried to a bound that a
// fraction of the file would break.
func TestPaydayNeedsTheSameMemoryHoweverLong(t *testing.T) {
	const records, bound = 50_000, 6 << 20 // the events are 50 MB, the file is 8.5 MB
	dir := paydayFile(t, records)
	j := paydayJournal(t, t.TempDir())
	defer j.Close()
	alive := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, batches := alive(), uint64(0), 0
	carryPayday(t, dir, j, func() {
		if batches++; batches%10 == 0 {
			most = max(most, alive())
		}
	})
	stats, err := j.Stats(t.Context())
	if err != nil || stats.Events != records || stats.Duplicates != 0 {
		t.Fatalf("%d events, %d twice, %v", stats.Events, stats.Duplicates, err)
	}
	if most = max(most, before) - before; most > bound {
		t.Errorf("%d KiB were alive in %d batches, at most %d are allowed", most>>10, batches, bound>>10)
	}
	t.Logf("at most %d KiB alive in %d batches", most>>10, batches)
}

// BenchmarkPayday carries a payment day of 1,000,000 events from a file through the bridge to the journal, and
// beside it reads the same file and writes as many bytes to another journal: no judging, no decoding. The ratio
// is the bridge's rate over the latter's. The heap is sampled, garbage included.
func BenchmarkPayday(b *testing.B) {
	const records = 1_000_000
	b.ReportAllocs()
	var carried, alone time.Duration
	var heap uint64
	for b.Loop() {
		b.StopTimer()
		dir := paydayFile(b, records)
		b.StartTimer()
		alone += timed(b, func(j *journal.Journal) { copyPayday(b, filepath.Join(dir, "PAYDAY"), j) })
		stop := sampleHeap(&heap)
		carried += timed(b, func(j *journal.Journal) { carryPayday(b, dir, j, func() {}) })
		stop()
	}
	total := float64(b.N * records)
	b.ReportMetric(total/carried.Seconds(), "events/s")
	b.ReportMetric(total/alone.Seconds(), "alone-events/s")
	b.ReportMetric(alone.Seconds()/carried.Seconds(), "ratio")
	b.ReportMetric(float64(heap)/(1<<20), "max-heap-MiB")
}

// timed gives do a journal of its own, which is removed after.
func timed(b *testing.B, do func(*journal.Journal)) time.Duration {
	b.Helper()
	dir, err := os.MkdirTemp("", "payday-")
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	j := paydayJournal(b, dir)
	began := time.Now()
	do(j)
	took := time.Since(began)
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	return took
}

// copyPayday is the rival: records in, as many bytes out as events have, in batches and with a position as
// the bridge's.
func copyPayday(b *testing.B, path string, j *journal.Journal) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	r, err := recfm.NewReader(f, fixed)
	if err != nil {
		b.Fatal(err)
	}
	ledger := j.Ledger("alone")
	if _, err := ledger.Recover(b.Context()); err != nil {
		b.Fatal(err)
	}
	batch := make([]adapters.Message, 0, 500)
	for {
		record, err := r.Next()
		if err == nil {
			body := make([]byte, eventSize)
			copy(body, record)
			batch = append(batch, adapters.Message{ID: fmt.Sprintf("cpp-pay-%d", r.Number()), Body: body})
		}
		if len(batch) == cap(batch) || err == io.EOF && len(batch) > 0 {
			if err := ledger.PublishAt(b.Context(), make([]byte, 256), batch...); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// sampleHeap keeps the most that the heap held until stop is called.
func sampleHeap(most *uint64) (stop func()) {
	quit, tick := make(chan struct{}), time.NewTicker(5*time.Millisecond)
	var wg sync.WaitGroup
	wg.Go(func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			metrics.Read(sample)
			*most = max(*most, sample[0].Value.Uint64())
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	})
	return func() {
		tick.Stop()
		close(quit)
		wg.Wait()
	}
}
