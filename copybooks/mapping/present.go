package mapping

import (
	"iter"

	"github.com/portage-gateway/portage/copybooks"
)

// Present yields the elementary Items that a Record holds, in its order, each with its offset in bytes: every
// element of a table; of storage that a selector gives to one view that view alone, of other shared storage all
// views. Fields that are not shown are among them. A Record of another View yields nothing.
func (v *View) Present(r copybooks.Record) iter.Seq2[*copybooks.Item, int] {
	return func(yield func(*copybooks.Item, int) bool) {
		if rec := v.of(&r); rec != nil {
			p := presence{record: &r, yield: yield}
			p.item(rec.enc)
		}
	}
}

// presence is one walk; its funcs report whether it goes on.
type presence struct {
	record *copybooks.Record
	yield  func(*copybooks.Item, int) bool
}

func (p *presence) item(e *encItem) bool {
	switch {
	case e.skipped:
		return true
	case e.views:
		return p.views(e)
	case e.table:
		return p.elements(e.item, func() bool { return p.below(e) })
	}
	return p.below(e)
}

func (p *presence) below(e *encItem) bool {
	if len(e.children) == 0 {
		return p.plain(e.item)
	}
	for _, c := range e.children {
		if !p.item(c) {
			return false
		}
	}
	return true
}

// views walks the chosen view of shared storage, or all.
func (p *presence) views(e *encItem) bool {
	chosen := -1
	if e.cluster != nil {
		view, f := e.cluster.by.read(p.record)
		if f == copybooks.OK && view == none {
			return true
		}
		if f == copybooks.OK {
			chosen = view
		}
	}
	for i, c := range e.children {
		if chosen >= 0 && i != chosen {
			continue
		}
		if c.item.Moves() && p.record.EnterView(c.item) != copybooks.OK {
			continue
		}
		if !p.item(c) {
			return false
		}
	}
	return true
}

// elements calls each for every element of a table.
func (p *presence) elements(it *copybooks.Item, each func() bool) bool {
	if !it.Occurs() {
		return each()
	}
	n, f := p.record.Count(it)
	for i := 0; f == copybooks.OK && i < n; i++ {
		if i == 0 {
			f = p.record.First(it)
		} else {
			f = p.record.Next(it)
		}
		if f == copybooks.OK && !each() {
			return false
		}
	}
	return true
}

// plain walks an Item of which the View shows no parts.
func (p *presence) plain(it *copybooks.Item) bool {
	children := it.Children
	for _, f := range it.Field.Children { // of a group that the View shows as one value
		if c := p.record.Plan().Item(f); len(it.Children) == 0 && c != nil {
			children = append(children, c)
		}
	}
	if len(children) == 0 {
		if _, f := p.record.Slice(it); f != copybooks.OK {
			return true // a view that is longer than the record
		}
		return p.yield(it, p.record.SlicePos(it))
	}
	for _, c := range children {
		if !p.elements(c, func() bool { return p.plain(c) }) {
			return false
		}
	}
	return true
}
