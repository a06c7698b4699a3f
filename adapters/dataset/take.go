package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// next waits until a generation is in hand: one of an earlier run, or the first complete one that is good.
func (r *run) next(ctx context.Context) error {
	for r.hand == nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := r.left()
		if err == nil && name == "" {
			name, err = r.take(ctx)
		}
		if err != nil {
			return err
		}
		if name != "" {
			err = r.judge(ctx, name)
		} else {
			err = r.idle(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// left returns the file that an earlier run took and did not file away.
func (r *run) left() (string, error) {
	entries, err := os.ReadDir(r.work(folderTaking))
	if err != nil || len(entries) == 0 {
		return "", err
	}
	if len(entries) > 1 {
		return "", fmt.Errorf("%s holds %d files: one at a time is in hand; move the others back to %s", r.work(folderTaking), len(entries), r.cfg.Path)
	}
	name := entries[0].Name()
	return name, r.removeMarker(name)
}

// take moves the next generation out of the directory; "": there is none.
func (r *run) take(ctx context.Context) (string, error) {
	complete, partial, err := r.arrivals.scan()
	if err != nil {
		return "", err
	}
	for _, c := range partial {
		r.tell(ctx, r.event(Partial, Generation{}, c.name))
	}
	for _, c := range complete {
		if c.known {
			continue
		}
		g, _, err := r.identify(filepath.Join(r.cfg.Path, c.name), c.name)
		if errors.Is(err, os.ErrNotExist) {
			return "", nil // it has gone: look again
		}
		if err != nil {
			return "", err
		}
		c.generation, c.known = g, true
	}
	byAge(complete, r.history.last)
	for _, c := range complete {
		if !r.mayTake(ctx, c) {
			continue
		}
		if _, err := move(filepath.Join(r.cfg.Path, c.name), r.work(folderTaking), c.name); err != nil {
			return "", err
		}
		delete(r.arrivals.seen, c.name)
		return c.name, r.removeMarker(c.name)
	}
	return "", nil
}

// mayTake tells whether a complete generation's turn has come.
func (r *run) mayTake(ctx context.Context, c *candidate) bool {
	if r.wanted != nil {
		return c.generation.ID == r.wanted.ID
	}
	gap, older := c.generation.order(r.history.last)
	if gap == 0 || older || r.cfg.Gaps != Hold {
		return true
	}
	if !c.held {
		c.held = true
		r.tell(ctx, r.missing(gap))
	}
	return false
}

// missing is the event of numbers left out after the last one.
func (r *run) missing(gap uint64) Event {
	last := r.history.last
	e := r.event(Missing, Generation{Number: last.next(), Highest: last.Highest}, "")
	e.Count = gap
	return e
}

// removeMarker removes the marker of a file that was taken, unless the next of that name is there already.
func (r *run) removeMarker(name string) error {
	if r.cfg.Complete != Marker {
		return nil
	}
	if next, err := exists(filepath.Join(r.cfg.Path, name)); next || err != nil {
		return err
	}
	err := os.Remove(filepath.Join(r.cfg.Path, name+r.cfg.Marker))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// idle reports what is overdue and waits until it is time to look again.
func (r *run) idle(ctx context.Context) error {
	if r.wanted != nil && !r.lost {
		r.lost = true
		r.tell(ctx, r.event(Missing, r.wanted.generation(), ""))
		r.cfg.Log.ErrorContext(ctx, "a generation was left half delivered and its file is gone: put it back, or name it in abandon",
			"dataset", r.cfg.Name, "generation", r.wanted.ID, "record", r.wanted.Record, "of", r.wanted.Of)
	}
	if r.due() && !r.overdue {
		r.overdue = true
		r.tell(ctx, r.event(Missing, Generation{}, ""))
	}
	return sleep(ctx, r.cfg.Poll)
}

// due tells whether the next generation should have come.
func (r *run) due() bool {
	since := r.history.at
	if since.IsZero() {
		since = r.began
	}
	return r.cfg.Within > 0 && r.cfg.Now().Sub(since) > r.cfg.Within
}

// judge inspects the file in taking/. A good one is in hand after that, any other is filed away.
func (r *run) judge(ctx context.Context, name string) error {
	path := r.work(folderTaking, name)
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	g, bad, err := r.identify(path, name)
	var p place
	if bad == nil && err == nil {
		p, bad, err = r.inspect(ctx, path, g)
	}
	if err != nil {
		return err
	}
	after, err := os.Stat(path)
	if err != nil {
		return err
	}
	if bad == nil && (before.Size() != after.Size() || !before.ModTime().Equal(after.ModTime())) {
		bad = &rejection{reason: "changing", err: errors.New("the file was written to while it was inspected: its sender was not done")}
	}
	content, known := r.history.content[g.ID]
	if bad == nil && known && content == p.Content {
		return r.repeat(ctx, name, p)
	}
	if bad == nil && known {
		bad = &rejection{reason: "rerun-differs", err: errors.New("a generation of this identity and other content was accepted: its records' IDs are taken")}
	}
	gap, older := g.order(r.history.last)
	older = older && bad == nil && r.wanted == nil
	if older && r.cfg.OutOfOrder == Reject {
		bad = &rejection{reason: "out-of-order", err: errors.New("a later generation was accepted before")}
	}
	if older {
		defer r.tell(ctx, r.event(OutOfOrder, g, name))
	}
	if bad != nil {
		e, err := r.reject(name, g, bad)
		if err == nil {
			r.tell(ctx, e)
		}
		return err
	}
	return r.hold(ctx, &inHand{place: p, File: name, Size: after.Size(), Modified: after.ModTime().UnixNano(), Ordinal: r.history.lines}, gap)
}

// hold makes a good generation the one in hand.
func (r *run) hold(ctx context.Context, h *inHand, gap uint64) error {
	if w := r.wanted; w != nil {
		if w.ID != h.ID || w.Content != h.Content || w.Of != h.Of {
			return fmt.Errorf("the ledger holds %d records of generation %s, and %s is another generation or has other content", w.Record, w.ID, h.File)
		}
		h.Record, h.Offset = w.Record, w.Offset
		r.wanted, r.lost = nil, false
		gap = 0
	}
	if err := writeState(r.statePath(), h); err != nil {
		return err
	}
	r.hand = h
	if gap > 0 && r.cfg.Gaps != Hold {
		r.tell(ctx, r.missing(gap))
	}
	if r.due() {
		r.tell(ctx, r.event(Late, h.generation(), h.File))
	}
	return nil
}

// repeat files a generation away whose content was accepted before. Its number counts, so that it leaves no
// gap.
func (r *run) repeat(ctx context.Context, name string, p place) error {
	if err := r.history.add(p.past(Repeated, r.cfg.Now())); err != nil {
		return err
	}
	if err := r.fileAway(name, folderRepeated); err != nil {
		return err
	}
	r.tell(ctx, r.event(Repeated, p.generation(), name))
	return nil
}

func (p place) past(result Result, at time.Time) past {
	return past{Generation: p.ID, Cycle: p.Cycle, Number: p.Number, Highest: p.Highest, Content: p.Content,
		Records: p.Of, Result: result, At: at.UnixNano()}
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
