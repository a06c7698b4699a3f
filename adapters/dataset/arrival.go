package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// candidate is a file in the directory that may become a generation.
type candidate struct {
	name           string
	size, modified int64
	first          time.Time // when it was seen first
	since          time.Time // since when size and time are as they are
	partial        bool      // reported as such
	held           bool      // reported as behind a gap
	known          bool      // generation is read
	generation     Generation
}

// neverTaken are endings of names that senders and Portage itself use on the way.
var neverTaken = []string{".tmp", ".part", ".filepart", reasonEnding}

// arrivals watches the directory. It remembers what it saw the last time.
type arrivals struct {
	cfg  *Config
	seen map[string]*candidate
}

// scan returns the files that are complete, and those that for too long are not, in no order.
func (a *arrivals) scan() (complete, partial []*candidate, err error) {
	entries, err := os.ReadDir(a.cfg.Path)
	if err != nil {
		return nil, nil, fmt.Errorf("dataset %s: look for arrivals: %w", a.cfg.Name, err)
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		names[e.Name()] = true
	}
	now := a.cfg.Now()
	there := make(map[string]*candidate, len(a.seen))
	for _, e := range entries {
		if !e.Type().IsRegular() || !a.matches(e.Name()) {
			continue
		}
		c, err := a.look(e, now)
		if err != nil {
			return nil, nil, err
		}
		if c == nil {
			continue
		}
		there[c.name] = c
		switch {
		case a.complete(c, names, now):
			complete = append(complete, c)
		case !c.partial && now.Sub(c.first) >= a.cfg.Patience:
			c.partial = true
			partial = append(partial, c)
		}
	}
	a.seen = there
	return complete, partial, nil
}

func (a *arrivals) matches(name string) bool {
	if strings.HasPrefix(name, ".") || a.cfg.Complete == Marker && strings.HasSuffix(name, a.cfg.Marker) {
		return false
	}
	for _, ending := range neverTaken {
		if strings.HasSuffix(name, ending) {
			return false
		}
	}
	ok, _ := filepath.Match(a.cfg.Match, name) // the pattern was tried in Open
	return ok
}

// look notes a file's size and time; nil: it has gone.
func (a *arrivals) look(e fs.DirEntry, now time.Time) (*candidate, error) {
	info, err := e.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset %s: look at %s: %w", a.cfg.Name, e.Name(), err)
	}
	c := a.seen[e.Name()]
	if c == nil {
		c = &candidate{name: e.Name(), first: now}
	}
	if size, modified := info.Size(), info.ModTime().UnixNano(); c.since.IsZero() || size != c.size || modified != c.modified {
		c.size, c.modified, c.since, c.known = size, modified, now, false
	}
	return c, nil
}

func (a *arrivals) complete(c *candidate, names map[string]bool, now time.Time) bool {
	switch a.cfg.Complete {
	case Rename:
		return true
	case Marker:
		return names[c.name+a.cfg.Marker]
	}
	return now.Sub(c.since) >= a.cfg.Settle
}

// byAge sorts candidates into the order in which they are to be taken: by cycle, then by number from last on,
// then by name. Those without a readable header come first: they are rejected.
func byAge(list []*candidate, last Generation) {
	slices.SortFunc(list, func(x, y *candidate) int {
		a, b := x.generation, y.generation
		if n := cmp.Compare(a.Cycle, b.Cycle); n != 0 {
			return n
		}
		return cmp.Or(cmp.Compare(a.turn(last), b.turn(last)), cmp.Compare(x.name, y.name))
	})
}

// turn is where g's number stands when numbers begin half a turn before last's.
func (g Generation) turn(last Generation) uint64 {
	if g.Highest == 0 || g.Number == 0 || g.Number > g.Highest || last.Number == 0 {
		return g.Number
	}
	return (g.Number + g.Highest + g.Highest/2 - last.Number%g.Highest) % g.Highest
}
