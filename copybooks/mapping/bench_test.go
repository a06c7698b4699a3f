package mapping_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// The benchmarks of the engine. Each workload runs in three directions: records to JSON, records to typed values,
// JSON to records. Beside each runs the limit: a loop written by hand for that one record, which checks what
// the engine checks and writes the same bytes. Both take turns in one run, and the best turn of each counts, so
// that a busy machine spoils neither. The table stands at the end of the output.

// workload is records of one shape, and the loops written by hand for them.
type workload struct {
	name    string
	view    *mapping.View
	records [][]byte
	fields  int // elementary values in all records

	toJSON   func(dst, rec []byte) ([]byte, bool)
	fromJSON func(dst, json []byte) ([]byte, bool)
	// access reads every value of a Record by its type, typed does so by hand.
	access func(r *copybooks.Record, s *seen) bool
	typed  func(rec []byte, s *seen) bool
}

// seen sums up typed values, so that both sides can be held against each other and no read is idle.
type seen struct {
	sum  uint64
	text []byte
}

func (s *seen) add(n int64) { s.sum = s.sum*31 + uint64(n) }

func (s *seen) coefficient(neg bool, hi, lo uint64) {
	if neg {
		lo = -lo
	}
	s.sum = (s.sum*31+lo)*31 + hi
}

func (s *seen) string(text []byte) {
	n := uint64(len(text))
	if n > 0 {
		n = n<<16 | uint64(text[0])<<8 | uint64(text[n-1])
	}
	s.sum = s.sum*31 + n
}

// group is Items that are read together: texts, whole numbers, decimals and floating point.
type group struct {
	texts, ints, decimals, floats []*copybooks.Item
	whole                         []int64
	exact                         []copybooks.Decimal
}

// read reads the Items of a group as the registers stand.
func (g *group) read(r *copybooks.Record, s *seen) bool {
	bad := copybooks.OK
	for _, it := range g.texts {
		var f copybooks.Fault
		s.text, f = r.AppendItem(s.text[:0], it)
		s.string(s.text)
		bad |= f
	}
	if g.whole == nil {
		g.whole, g.exact = make([]int64, len(g.ints)), make([]copybooks.Decimal, len(g.decimals))
	}
	_, f := r.Integers(g.whole, g.ints)
	_, h := r.Numbers(g.exact, g.decimals)
	bad |= f | h
	for _, n := range g.whole {
		s.add(n)
	}
	for i := range g.exact {
		s.coefficient(g.exact[i].Coefficient())
	}
	for _, it := range g.floats {
		v, f := r.Float(it)
		s.add(int64(math.Float64bits(v)))
		bad |= f
	}
	return bad == copybooks.OK
}

// each reads the Items of a group for every element of a table.
func (g *group) each(r *copybooks.Record, table *copybooks.Item, n int, s *seen) bool {
	for k := range n {
		f := copybooks.OK
		if k == 0 {
			f = r.First(table)
		} else {
			f = r.Next(table)
		}
		if f != copybooks.OK || !g.read(r, s) {
			return false
		}
	}
	return true
}

// items finds Items of the Plan behind one of a View's Layouts by their names.
func items(t testing.TB, v *mapping.View, rec []byte, names ...string) []*copybooks.Item {
	t.Helper()
	r, err := v.Decode(rec)
	if err != nil {
		t.Fatal(err)
	}
	var out []*copybooks.Item
	for _, n := range names {
		f, err := r.Layout().Field(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Plan().Item(f))
	}
	return out
}

func workloads(t testing.TB) []*workload {
	return []*workload{display(t), packed(t), binaries(t), eiCommarea(t), oasExtract(t), numerics(t), wide(t)}
}

// direction is one way through all records of a workload, ours and by hand.
type direction struct {
	name     string
	in, out  int // bytes
	ours, by func(tb testing.TB)
}

// directions readies the three ways, and fails unless both sides agree on every record.
func (w *workload) directions(tb testing.TB) []direction {
	tb.Helper()
	var texts [][]byte
	in, out := 0, 0
	d, e := w.view.Decoder(), w.view.Encoder()
	for i, rec := range w.records {
		r, err := d.Decode(rec)
		if err != nil {
			tb.Fatalf("%s: record %d: %v", w.name, i, err)
		}
		text, err := w.view.AppendJSON(nil, r)
		if err != nil {
			tb.Fatalf("%s: record %d: %v", w.name, i, err)
		}
		w.same(tb, i, rec, text, r, e)
		texts = append(texts, text)
		in, out = in+len(rec), out+len(text)
	}
	return []direction{w.decode(in, out), w.types(in), w.encode(texts, out, in)}
}

// same holds the loops written by hand against the engine.
func (w *workload) same(tb testing.TB, i int, rec, text []byte, r copybooks.Record, e *mapping.Encoder) {
	tb.Helper()
	if by, ok := w.toJSON(nil, rec); !ok || !bytes.Equal(by, text) {
		tb.Fatalf("%s: record %d: by hand\n%s\nours\n%s", w.name, i, by, text)
	}
	var a, b seen
	if !w.access(&r, &a) || !w.typed(rec, &b) || a.sum != b.sum {
		tb.Fatalf("%s: record %d: typed values differ from those by hand", w.name, i)
	}
	ours, err := e.Append(nil, text, nil)
	if err != nil {
		tb.Fatalf("%s: record %d: %v", w.name, i, err)
	}
	if by, ok := w.fromJSON(nil, text); !ok || !bytes.Equal(by, ours) || !bytes.Equal(rec, ours) {
		tb.Fatalf("%s: record %d: encoded by hand\n%X\nours\n%X\nrecord\n%X\n%s", w.name, i, by, ours, rec, text)
	}
}

func (w *workload) decode(in, out int) direction {
	d := w.view.Decoder()
	var dst []byte
	return direction{name: "to JSON", in: in, out: out,
		ours: func(tb testing.TB) {
			for _, rec := range w.records {
				r, err := d.Decode(rec)
				if err != nil {
					tb.Fatal(err)
				}
				if dst, err = w.view.AppendJSON(dst[:0], r); err != nil {
					tb.Fatal(err)
				}
			}
		},
		by: func(tb testing.TB) {
			ok := true
			for _, rec := range w.records {
				if dst, ok = w.toJSON(dst[:0], rec); !ok {
					tb.Fatal("refused by hand")
				}
			}
		}}
}

func (w *workload) types(in int) direction {
	d := w.view.Decoder()
	var s seen
	var r copybooks.Record
	return direction{name: "to typed values", in: in,
		ours: func(tb testing.TB) {
			for _, rec := range w.records {
				var err error
				if r, err = d.Decode(rec); err != nil {
					tb.Fatal(err)
				}
				if !w.access(&r, &s) {
					tb.Fatal("refused")
				}
			}
		},
		by: func(tb testing.TB) {
			for _, rec := range w.records {
				if !w.typed(rec, &s) {
					tb.Fatal("refused by hand")
				}
			}
		}}
}

func (w *workload) encode(texts [][]byte, in, out int) direction {
	e := w.view.Encoder()
	var dst []byte
	return direction{name: "from JSON", in: in, out: out,
		ours: func(tb testing.TB) {
			var err error
			for _, text := range texts {
				if dst, err = e.Append(dst[:0], text, nil); err != nil {
					tb.Fatal(err)
				}
			}
		},
		by: func(tb testing.TB) {
			ok := true
			for _, text := range texts {
				if dst, ok = w.fromJSON(dst[:0], text); !ok {
					tb.Fatal("refused by hand")
				}
			}
		}}
}

// table holds a line for each benchmark that ran.
var table struct {
	sync.Mutex
	lines []string
}

func line(format string, args ...any) {
	table.Lock()
	defer table.Unlock()
	text := fmt.Sprintf(format, args...)
	name := text[:34]
	for i, l := range table.lines { // the last round is the longest
		if strings.HasPrefix(l, name) {
			table.lines[i] = text
			return
		}
	}
	table.lines = append(table.lines, text)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if len(table.lines) > 0 {
		fmt.Fprintf(os.Stderr, "\n%-34s %9s %9s %9s %9s %9s %7s %8s\n", "one core", "ns/field", "records/s", "MB/s in", "MB/s out", "limit in", "ratio", "allocs")
		for _, l := range table.lines {
			fmt.Fprintln(os.Stderr, l)
		}
	}
	os.Exit(code)
}

func (w *workload) run(b *testing.B, d direction) {
	d.ours(b)
	d.by(b)
	allocs := testing.AllocsPerRun(1, func() { d.ours(b) }) / float64(len(w.records))
	ours, by := time.Duration(1<<62), time.Duration(1<<62)
	for b.Loop() {
		start := time.Now()
		d.ours(b)
		mid := time.Now()
		d.by(b)
		ours, by = min(ours, mid.Sub(start)), min(by, time.Since(mid))
	}
	perField := float64(ours.Nanoseconds()) / float64(w.fields)
	records := float64(len(w.records)) / ours.Seconds()
	mb := func(n int, t time.Duration) float64 { return float64(n) / t.Seconds() / 1e6 }
	ratio := by.Seconds() / ours.Seconds()
	b.ReportMetric(float64(ours.Nanoseconds()), "ns/op")
	b.ReportMetric(perField, "ns/field")
	b.ReportMetric(mb(d.in, ours), "MB/s-in")
	b.ReportMetric(mb(d.out, ours), "MB/s-out")
	b.ReportMetric(mb(d.in, by), "limit-MB/s-in")
	b.ReportMetric(ratio, "of-limit")
	b.ReportMetric(allocs, "allocs/record")
	line("%-34s %9.2f %9.0f %9.1f %9.1f %9.1f %7.2f %8.2f", w.name+" "+d.name, perField, records, mb(d.in, ours), mb(d.out, ours), mb(d.in, by), ratio, allocs)
}

func BenchmarkEngine(b *testing.B) {
	for _, w := range workloads(b) {
		for _, d := range w.directions(b) {
			name := strings.ReplaceAll(w.name+"/"+d.name, " ", "-")
			b.Run(name, func(b *testing.B) { w.run(b, d) })
		}
	}
}

// BenchmarkJobs decodes the OAS extract in 1 and 2 goroutines, each with a Decoder of its own, as `--jobs` does.
func BenchmarkJobs(b *testing.B) {
	w := oasExtract(b)
	alone := time.Duration(0)
	for _, jobs := range []int{1, 2} {
		b.Run(fmt.Sprint(jobs), func(b *testing.B) {
			ways := make([]direction, jobs)
			for i := range ways {
				ways[i] = w.decode(0, 0)
			}
			best := time.Duration(1 << 62)
			for b.Loop() {
				start := time.Now()
				var all sync.WaitGroup
				for _, d := range ways {
					all.Go(func() { d.ours(b) })
				}
				all.Wait()
				best = min(best, time.Since(start))
			}
			if jobs == 1 {
				alone = best
			}
			records := float64(jobs*len(w.records)) / best.Seconds()
			speedup := float64(jobs) * alone.Seconds() / best.Seconds()
			b.ReportMetric(records, "records/s")
			b.ReportMetric(speedup, "speedup")
			line("%-34s %9s %9.0f %37.2f times one job", fmt.Sprintf("OAS to JSON, %d job(s)", jobs), "", records, speedup)
		})
	}
}

// Hand-written loops are of worth only if they do the same work.
func TestHandWrittenLoopsAgree(t *testing.T) {
	for _, w := range workloads(t) {
		w.directions(t)
	}
}

// The loops by hand know every code of the mapping, and codes that it does not have.
func TestHandWrittenLoopsKnowAllCodes(t *testing.T) {
	for _, c := range []struct {
		w      *workload
		record int
		places [][2]int
	}{
		{eiCommarea(t), 3, [][2]int{{0, 4}, {6, 7}, {130, 132}, {132, 134}, {246, 247}, {265, 266}}},
		{oasExtract(t), 0, [][2]int{{96, 97}, {97, 98}, {100, 101}}},
		{oasExtract(t), 10, [][2]int{{14, 17}, {65, 67}}},
		{oasExtract(t), 2, [][2]int{{14, 15}}},
	} {
		d := c.w.view.Decoder()
		for _, at := range c.places {
			for _, text := range []string{"    ", "INQP", "PING", "REST", "1   ", "2   ", "S   ", "L   ", "X   ", "D   ", "O   ", "PS  ", "FI  ", "10  ", "25  ", "55  ", "ALW ", "ALS ", "RI  ", "M   "} {
				rec := append([]byte(nil), c.w.records[c.record]...)
				putText(rec[at[0]:at[1]], []byte(text)[:at[1]-at[0]])
				r, err := d.Decode(rec)
				if err != nil {
					t.Fatal(err)
				}
				want, err := c.w.view.AppendJSON(nil, r)
				if by, ok := c.w.toJSON(nil, rec); err != nil || !ok || !bytes.Equal(by, want) {
					t.Errorf("%s: %q at %d: by hand\n%s\nours\n%s %v", c.w.name, text, at[0], by, want, err)
				}
			}
		}
	}
}

// Once its buffers have grown, the engine allocates nothing, whatever the number of records.
func TestNothingIsAllocatedPerRecord(t *testing.T) {
	for _, w := range workloads(t) {
		for _, d := range w.directions(t) {
			d.ours(t)
			if n := testing.AllocsPerRun(3, func() { d.ours(t) }); n > 0 {
				t.Errorf("%s %s: %.0f allocations in %d records", w.name, d.name, n, len(w.records))
			}
		}
	}
}
