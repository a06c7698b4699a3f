package kafka_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// tally is what a reader of committed records saw of one lane, and after which death.
type tally struct {
	name     string
	complete chan struct{} // closed when each message was read

	mu       sync.Mutex
	where    string // the last death
	rows     map[string]*row
	seen     []int // how often each message was read
	distinct int
	last     int
	skipped  map[int]string // what a reader went past, and after which death
}

// row is a kill point: how often, and what a reader saw wrong between such a death and the next.
type row struct{ times, lost, doubled, disorder int }

func newTally(name string, n int) *tally {
	return &tally{name: name, complete: make(chan struct{}), where: "(before the first)", rows: map[string]*row{},
		seen: make([]int, n), last: -1, skipped: map[int]string{}}
}

// row returns that of a kill point. The caller holds mu.
func (y *tally) row(where string) *row {
	if y.rows[where] == nil {
		y.rows[where] = new(row)
	}
	return y.rows[where]
}

func (y *tally) died(where string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.where = where
	y.row(where).times++
}

// progress is how many different messages were read.
func (y *tally) progress() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.distinct
}

// read counts what a reader of committed records sees, until ctx ends.
func (y *tally) read(ctx context.Context, t *testing.T, broker string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(y.name),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	for ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			number, ok := strings.CutPrefix(string(r.Value), y.name+" ")
			n, err := strconv.Atoi(number)
			if !ok || err != nil || n < 0 || n >= len(y.seen) {
				t.Errorf("%s: offset %d holds what nobody put", y.name, r.Offset)
				return
			}
			y.count(n)
		})
	}
}

func (y *tally) count(n int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if n != y.last+1 {
		y.row(y.where).disorder++
	}
	for past := y.last + 1; past < n; past++ {
		if y.seen[past] == 0 {
			y.skipped[past] = y.where
		}
	}
	y.last = n
	if y.seen[n]++; y.seen[n] > 1 {
		y.row(y.where).doubled++
		return
	}
	if y.distinct++; y.distinct == len(y.seen) {
		close(y.complete)
	}
}

// lose finds what was never read, once reading has ended.
func (y *tally) lose() {
	y.mu.Lock()
	defer y.mu.Unlock()
	for n, times := range y.seen {
		if times > 0 {
			continue
		}
		where, known := y.skipped[n]
		if !known {
			where = y.where
		}
		y.row(where).lost++
	}
}

// table prints where bridges died, and what became of the messages, and requires that nothing became of them.
// asked are the points at which one must have died at least, if there were deaths enough.
func table(t *testing.T, tallies []*tally, asked []string) {
	rows, all, messages := map[string]*row{}, row{}, 0
	for _, y := range tallies {
		y.lose()
		messages += len(y.seen)
		for where, r := range y.rows {
			if rows[where] == nil {
				rows[where] = new(row)
			}
			for _, sum := range []*row{rows[where], &all} {
				sum.times += r.times
				sum.lost += r.lost
				sum.doubled += r.doubled
				sum.disorder += r.disorder
			}
		}
	}
	var b strings.Builder
	line := func(where string, r *row) {
		fmt.Fprintf(&b, "\n%-50s %6d %6d %8d %13d", where, r.times, r.lost, r.doubled, r.disorder)
	}
	fmt.Fprintf(&b, "\n%-50s %6s %6s %8s %13s", "killed", "times", "lost", "doubled", "out of order")
	for _, where := range slices.Sorted(maps.Keys(rows)) {
		line(where, rows[where])
	}
	line(fmt.Sprintf("all, of %d messages", messages), &all)
	t.Log(b.String())
	if all.lost+all.doubled+all.disorder != 0 {
		t.Error("not exactly once, in order")
	}
	for _, where := range asked {
		if (rows[where] == nil || rows[where].times == 0) && all.times >= 2*len(asked) {
			t.Errorf("no bridge died %s: the test shows less than it says", where)
		}
	}
}

// A tally that sees nothing wrong would make every test of this package green.
func TestTallySeesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		read []int
		want row
	}{
		"all of it":          {[]int{0, 1, 2, 3}, row{}},
		"one lost":           {[]int{0, 2, 3}, row{lost: 1, disorder: 1}},
		"the end lost":       {[]int{0, 1}, row{lost: 2}},
		"one doubled":        {[]int{0, 1, 1, 2, 3}, row{doubled: 1, disorder: 1}},
		"two swapped":        {[]int{0, 2, 1, 3}, row{disorder: 3}},
		"a batch come again": {[]int{0, 1, 2, 1, 2, 3}, row{doubled: 2, disorder: 1}},
	} {
		y := newTally("Q", 4)
		y.died("here")
		for _, n := range c.read {
			y.count(n)
		}
		y.lose()
		if c.want.times = 1; *y.rows["here"] != c.want {
			t.Errorf("%s: %+v, want %+v", name, *y.rows["here"], c.want)
		}
	}
}
