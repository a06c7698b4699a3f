package mapping

import (
	"bytes"
	"errors"

	"github.com/portage-gateway/portage/copybooks"
)

// renaming is a level 66 that the mapping file names: one more view of bytes that other Fields have. On the
// way back it writes them where the JSON names none of those, and must agree with them where it does.
type renaming struct {
	item    *encItem
	covered []*encItem // the values in the same bytes
	marked  []*node    // those whose null indicator is there
}

// rename walks a level 66.
func (w walk) rename(f *copybooks.Field, s *Setting) {
	it := w.c.rec.plan.Item(f)
	path := w.c.names[s]
	n := w.place(it, s, path, leafNode)
	if n == nil {
		return
	}
	e := &encItem{item: it, path: path}
	w.leaf(n, it, e, s, path)
	r := &renaming{item: e}
	r.cover(w.c.rec.enc, f.Offset, f.Offset+f.Size)
	for i := range w.c.rec.indicators {
		in := &w.c.rec.indicators[i]
		if by := in.leaf.indicator.Field; by.Offset < f.Offset+f.Size && by.Offset+by.Size*max(by.OccursMax, 1) > f.Offset {
			r.marked = append(r.marked, in.node)
		}
	}
	w.c.rec.renames = append(w.c.rec.renames, r)
}

// cover finds the values that begin or end in a run of bytes.
func (r *renaming) cover(e *encItem, from, to int) {
	f := e.item.Field
	if e.node != nil && f.Offset < to && f.Offset+f.Size*max(f.OccursMax, 1) > from {
		r.covered = append(r.covered, e)
	}
	for _, c := range e.children {
		r.cover(c, from, to)
	}
}

// after writes what depends on the whole record: null indicators and level 66.
func (j *encodeJob) after() error {
	if err := j.indicate(); err != nil {
		return err
	}
	for _, r := range j.rec.renames {
		if err := j.rename(r); err != nil {
			return err
		}
	}
	return nil
}

func (j *encodeJob) rename(r *renaming) error {
	e := r.item
	at := j.bound[e.node.id]
	if at < 0 || j.tape.values[at].kind == jsonNull {
		return nil
	}
	b, f := j.enc.Record().Slice(e.item)
	if f != copybooks.OK {
		return j.refuse(e.node, at, e.item, f)
	}
	before := append([]byte(nil), b...)
	if err := j.leaf(e); err != nil {
		return err
	}
	if bytes.Equal(before, b) {
		return nil
	}
	for _, c := range r.covered {
		if v := j.bound[c.node.id]; v >= 0 && j.tape.values[v].kind != jsonNull {
			return j.differ(e.node, at, c.node)
		}
	}
	for _, n := range r.marked {
		if j.bound[n.id] >= 0 {
			return j.differ(e.node, at, n)
		}
	}
	return nil
}

func (j *encodeJob) differ(n *node, at int32, other *node) error {
	return j.fail(n, at, copybooks.ViewsDiffer, errors.New(other.pointer()+" has the same bytes and another value: leave one of them null"))
}
