package mapping

import (
	"fmt"

	"github.com/portage-gateway/portage/copybooks"
)

// shared encodes storage that has several views.
func (j *encodeJob) shared(e *encItem) error {
	if e.cluster != nil {
		if err := j.keep(e.children[0].item); err != nil {
			return err
		}
		j.waits = append(j.waits, waiting{e: e, live: j.enc.Live()})
		return nil
	}
	return j.trials(e)
}

// deferred encodes the chosen views of the storage that was met since.
func (j *encodeJob) deferred(since int) error {
	for i := since; i < len(j.waits); i++ {
		e := j.waits[i].e
		c := e.cluster
		view, f := c.by.read(j.enc.Record())
		if f != copybooks.OK {
			return j.refuse(nil, -1, c.by.item, f)
		}
		for k, child := range e.children {
			if k == view {
				if err := j.chosen(e, child); err != nil {
					return err
				}
			} else if at, n := j.given(child); at >= 0 && !j.givenElsewhere(e, k, n) {
				return j.fail(n, at, copybooks.UnknownKind, fmt.Errorf("%s does not select this value", c.by.item.Field.Path))
			}
		}
	}
	j.waits = j.waits[:since]
	return nil
}

func (j *encodeJob) chosen(e, child *encItem) error {
	was := j.enc.Live()
	j.enc.SetLive(was && j.sameView(e.cluster))
	if child.item.Moves() {
		j.enc.EnterView(child.item)
	}
	err := j.item(child)
	j.enc.SetLive(was)
	return err
}

// sameView reports whether the original record has the same view chosen.
func (j *encodeJob) sameView(c *cluster) bool {
	orig := j.enc.Original()
	if orig.Layout() == nil {
		return false
	}
	was, f := c.by.read(&orig)
	now, g := c.by.read(j.enc.Record())
	return f == copybooks.OK && g == copybooks.OK && was == now
}

// given returns the first value of a view that is not null. An object is one, whatever it holds.
func (j *encodeJob) given(e *encItem) (int32, *node) {
	for _, n := range [3]*node{e.node, e.raw, e.object} {
		if n != nil && j.bound[n.id] >= 0 && j.tape.values[j.bound[n.id]].kind != jsonNull {
			return j.bound[n.id], n
		}
	}
	for _, c := range e.children {
		if at, n := j.given(c); at >= 0 {
			return at, n
		}
	}
	return -1, nil
}

// givenElsewhere reports whether another view of the same storage has a value at the same place.
func (j *encodeJob) givenElsewhere(e *encItem, view int, n *node) bool {
	for k, c := range e.children {
		if k != view && c.has(n.parent, n.key) {
			return true
		}
	}
	return false
}

func (e *encItem) has(parent *node, key string) bool {
	if e.node != nil && e.node.parent == parent && e.node.key == key {
		return true
	}
	for _, c := range e.children {
		if c.has(parent, key) {
			return true
		}
	}
	return false
}

// trials encodes views that no selector chooses between. Views of text go first: their bytes say
// everything, and the numbers of the others keep the bytes that mean the same.
func (j *encodeJob) trials(e *encItem) error {
	if err := j.keep(e.children[0].item); err != nil {
		return err
	}
	if at, _ := j.givenAny(e); at < 0 {
		return j.blank(e)
	}
	outer := j.view
	if outer == nil && !j.several(e) {
		return j.only(e)
	}
	if outer == nil {
		if n := len(j.enc.Record().Bytes()); len(j.mask) < n {
			j.mask = make([]*encItem, n)
		}
	}
	for _, text := range [2]bool{true, false} {
		for _, c := range e.children {
			if at, _ := j.given(c); at < 0 || c.allText() != text {
				continue
			}
			if outer == nil {
				j.view = c
			}
			if c.item.Moves() {
				j.enc.EnterView(c.item)
			}
			if err := j.item(c); err != nil {
				return err
			}
		}
	}
	j.view = outer
	return nil
}

// several reports whether more than one view has a value.
func (j *encodeJob) several(e *encItem) bool {
	n := 0
	for _, c := range e.children {
		if at, _ := j.given(c); at >= 0 {
			n++
		}
	}
	return n > 1
}

// only encodes the one view that has a value: there is nothing to hold it against.
func (j *encodeJob) only(e *encItem) error {
	for _, c := range e.children {
		if at, _ := j.given(c); at < 0 {
			continue
		}
		if c.item.Moves() {
			j.enc.EnterView(c.item)
		}
		return j.item(c)
	}
	return nil
}

// givenAny is given for any of the views.
func (j *encodeJob) givenAny(e *encItem) (int32, *node) {
	for _, c := range e.children {
		if at, n := j.given(c); at >= 0 {
			return at, n
		}
	}
	return -1, nil
}

// blank deals with views that are all null: the first one that can be blank is, unless there are original
// bytes to keep.
func (j *encodeJob) blank(e *encItem) error {
	for _, c := range e.children {
		if j.enc.Live() || j.view != nil || c.node == nil || c.node.kind != leafNode || j.bound[c.node.id] < 0 {
			continue
		}
		if j.enc.PutNull(c.item) == copybooks.OK {
			return nil
		}
	}
	return nil
}

// allText reports whether all values of a view are text.
func (e *encItem) allText() bool {
	if len(e.children) == 0 {
		return e.node == nil || e.item.Codec.Kind() == copybooks.TextValue
	}
	for _, c := range e.children {
		if !c.allText() {
			return false
		}
	}
	return true
}

// keep writes all bytes below an Item as they were, or their initial values.
func (j *encodeJob) keep(it *copybooks.Item) error {
	if j.view != nil {
		return nil // inside of a view whose storage was kept before
	}
	if f := j.enc.KeepAll(it); f != copybooks.OK {
		return j.refuse(nil, -1, it, f)
	}
	return nil
}

// merge deals with bytes that another view of the same storage has written before; was holds them. Other
// bytes than those are an error.
func (j *encodeJob) merge(e *encItem, n *node, at int32, was []byte) error {
	slot, _ := j.enc.Record().Slice(e.item)
	mask := j.masked(e.item)
	for i, by := range mask {
		if by != nil && by != j.view && was[i] != slot[i] {
			return j.fail(n, at, copybooks.ViewsDiffer, fmt.Errorf("%s and %s share their bytes and differ: leave one of them null", by.item.Field.Path, j.view.item.Field.Path))
		}
	}
	for i := range mask {
		if mask[i] == nil {
			mask[i] = j.view
		}
	}
	return nil
}

// masked returns who wrote the Item's bytes.
func (j *encodeJob) masked(it *copybooks.Item) []*encItem {
	start := j.enc.Record().SlicePos(it)
	return j.mask[start : start+it.Size()]
}

// before returns a copy of the bytes of shared storage, and makes them the ones that win if other views
// have written all of them.
func (j *encodeJob) before(it *copybooks.Item) []byte {
	slot, f := j.enc.Record().Slice(it)
	if f != copybooks.OK {
		return nil
	}
	j.was = append(j.was[:0], slot...)
	was := j.was
	for _, by := range j.masked(it) {
		if by == nil || by == j.view {
			return was
		}
	}
	j.enc.Prefer(was)
	return was
}

// unused returns how many bytes at the end of a record its last chosen view does not have.
func (j *encodeJob) unused(e *encItem) int {
	n := 0
	for len(e.children) > 0 && !e.table {
		if e.cluster != nil {
			view, f := e.cluster.by.read(j.enc.Record())
			if f != copybooks.OK || view < 0 {
				return n
			}
			most := 0
			for _, c := range e.children {
				most = max(most, c.item.Size())
			}
			e = e.children[view]
			n += most - e.item.Size()
			continue
		}
		if e.views {
			return n
		}
		e = e.children[len(e.children)-1]
	}
	return n
}
