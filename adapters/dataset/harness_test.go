package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// Payday is the dataset of these tests: lines of text, a header H with cycle (8 digits) and number (4), details
// D with an amount (6), a trailer T with the count of details and their sum (6 each).
var payday = Totals{Kind: Place{Size: 1}, Header: "48", Trailer: "54", Totals: []Total{
	{Name: "details", Kind: "44", Trailer: Place{Offset: 1, Size: 6, Usage: Zoned}},
	{Name: "amount", Kind: "44", Sum: Place{Offset: 1, Size: 6, Usage: Zoned}, Trailer: Place{Offset: 7, Size: 6, Usage: Zoned}},
}}

// extract makes a good file.
func extract(cycle string, number int, amounts ...int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "H%s%04d\n", cycle, number)
	sum := 0
	for _, a := range amounts {
		fmt.Fprintf(&b, "D%06d\n", a)
		sum += a
	}
	fmt.Fprintf(&b, "T%06d%06d\n", len(amounts), sum)
	return b.String()
}

// desk is a directory, a Source on it, and what came of both. Its clock is synctest's.
type desk struct {
	t      *testing.T
	dir    string
	cfg    Config
	mu     sync.Mutex
	got    []adapters.Message
	events []Event
	fail   func(adapters.Batch) error
	err    error // of Consume
	stop   context.CancelFunc
	done   chan struct{}
}

func paydayConfig(t testing.TB, dir string) Config {
	t.Helper()
	check, err := payday.Check()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Name: "payday", Path: dir, Match: "PAYDAY*", Format: recfm.Format{Recfm: recfm.Text}, Check: check,
		Cycle: Digits{1, 8}, Number: Digits{9, 4}, Complete: Rename, Poll: time.Second, MaxBatch: 4}
}

// newDesk is called inside a bubble.
func newDesk(t *testing.T, change func(*Config)) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir()}
	d.cfg = paydayConfig(t, d.dir)
	d.cfg.Notify = func(_ context.Context, e Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.events = append(d.events, e)
	}
	if change != nil {
		change(&d.cfg)
	}
	return d
}

// start runs a Source until halt. Between them the bubble's clock moves by sleep alone.
func (d *desk) start(resume ...[]byte) {
	d.t.Helper()
	s, err := Open(d.cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, p := range resume {
		if err := s.Resume(p); err != nil {
			d.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(d.t.Context())
	d.stop, d.done = cancel, make(chan struct{})
	go func() {
		defer close(d.done)
		d.err = s.Consume(ctx, func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.fail != nil {
				if err := d.fail(b); err != nil {
					return err
				}
			}
			d.got = append(d.got, b.Messages...)
			return nil
		})
	}()
}

// halt ends the Source and requires that it ended well.
func (d *desk) halt() {
	d.t.Helper()
	d.stop()
	<-d.done
	if d.err != nil {
		d.t.Fatal(d.err)
	}
}

// through runs a Source until all that is there was looked at.
func (d *desk) through(resume ...[]byte) {
	d.t.Helper()
	d.start(resume...)
	d.sleep(10 * time.Second)
	d.halt()
}

func (d *desk) sleep(t time.Duration) {
	time.Sleep(t)
	synctest.Wait()
}

func (d *desk) put(name, content string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(content), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// results are the events as "result name reason".
func (d *desk) results() (list []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.events {
		s := string(e.Result)
		if e.File != "" {
			s += " " + e.File
		}
		if e.Reason != "" {
			s += " " + e.Reason
		}
		if e.Result == Missing && e.Generation.Number > 0 {
			s += fmt.Sprintf(" %d from %d", e.Count, e.Generation.Number)
		}
		list = append(list, s)
	}
	return list
}

func (d *desk) expect(want ...string) {
	d.t.Helper()
	if got := d.results(); !slices.Equal(got, want) {
		d.t.Fatalf("events:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (d *desk) delivered(want string) {
	d.t.Helper()
	var b strings.Builder
	for _, m := range d.got {
		b.Write(m.Body)
		b.WriteByte('\n')
	}
	if b.String() != want {
		d.t.Fatalf("delivered:\n%swant:\n%s", b.String(), want)
	}
}

// folder lists the files of a folder in Config.Work.
func (d *desk) folder(name string) []string {
	d.t.Helper()
	entries, err := os.ReadDir(filepath.Join(d.dir, "portage", name))
	if err != nil {
		d.t.Fatal(err)
	}
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func (d *desk) holds(folder string, want ...string) {
	d.t.Helper()
	if got := d.folder(folder); !slices.Equal(got, want) {
		d.t.Fatalf("%s holds %q, want %q", folder, got, want)
	}
}

func (d *desk) reason(name string) (r reason) {
	d.t.Helper()
	b, err := os.ReadFile(filepath.Join(d.dir, "portage", folderRejected, name+".reason"))
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func ids(ms []adapters.Message) (list []string) {
	for _, m := range ms {
		list = append(list, m.ID)
	}
	return list
}

var errReturned = errors.New("the handler returns it")

// story runs named stories, each in a bubble of its own.
func story(t *testing.T, stories map[string]func(*testing.T)) {
	for _, name := range slices.Sorted(maps.Keys(stories)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, stories[name]) })
	}
}
