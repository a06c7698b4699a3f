package copybooks

import (
	"fmt"
	"slices"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

// maxRedefinitions bounds the views of one item, and so the time to find them.
const maxRedefinitions = 1024

// storage gives every item its offset and every group its length.
func (b *builder) storage() {
	for i, r := range b.roots {
		if e := r.entry; e != nil && e.Redefines != nil {
			b.redefineRoot(r, b.roots[:i])
		}
		if b.place(r, 0); len(b.errs) > 0 {
			return
		}
		b.slide(r, false)
	}
}

func (b *builder) redefineRoot(r *node, before []*node) {
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].Name == r.entry.Redefines.Name && before[i].Level == r.Level {
			r.Redefines = before[i].Field
			return
		}
	}
	b.fail(r.entry.Redefines.At, "the name of a record before this one", "")
}

// place puts n at offset and everything below it behind; it sets n.Size and n.min.
func (b *builder) place(n *node, offset int) {
	n.Offset = offset
	if len(n.children) == 0 {
		n.min = n.Size
		b.fits(n, n.Size)
		return
	}
	end, minimum := offset, 0
	var base *node // the last child that redefines nothing
	for i, c := range n.children {
		if c.entry.Redefines != nil {
			if !b.redefine(n, c, base, i) {
				return
			}
		} else {
			if slack := -end & (c.leadingAlign() - 1); slack > 0 {
				if base != nil && n.children[i-1] == base && b.options.Sync == SyncIBM {
					base.stretch(slack)
				}
				end, minimum = end+slack, minimum+slack
			}
			base, c.base = c, c
		}
		start := end
		if c.base != c {
			start = c.base.Offset
		}
		if b.place(c, start); len(b.errs) > 0 {
			return
		}
		total := c.Size * c.occMax
		if !b.fits(c, total) || !b.fits(n, start+total-offset) {
			return
		}
		switch over := start + total - end; {
		case c.base == c:
			end, minimum = start+total, minimum+c.min*c.occMin
			c.Variable = b.varies(c)
		case over > 0 && (base.counted() || base.Variable) && b.options.ODO == Slide:
			b.fail(c.entry.At, "a redefinition no longer than "+base.Name+", whose length varies", "")
			return
		case over > 0:
			b.warn(c, "is %s longer than %s, which it redefines; %s takes the longer length", plural(over, "byte"), nameOf(base), nameOf(base))
			end, minimum = end+over, minimum+over
		}
		if c.base != c {
			c.Variable = b.varies(c)
		}
	}
	n.Size, n.min = end-offset, minimum
	if n.occMax > 1 || n.entry != nil && n.entry.Occurs != nil {
		// Slack behind each element, so that the next is aligned as the first.
		slack := -n.Size & (n.widestAlign() - 1)
		n.Size, n.min = n.Size+slack, n.min+slack
	}
	if b.options.ODO == Max {
		n.min = n.Size
	}
}

// counted reports whether n is a table of variable length.
func (n *node) counted() bool {
	return n.entry != nil && n.entry.Occurs != nil && n.entry.Occurs.DependingOn != nil
}

// varies reports whether one occurrence of n has a length that depends on data.
func (b *builder) varies(n *node) bool {
	return b.options.ODO == Slide && slices.ContainsFunc(n.children, func(c *node) bool {
		return c.base == c && (c.counted() || c.Variable)
	})
}

// fits reports the item that makes a record too long.
func (b *builder) fits(n *node, size int) bool {
	if size <= b.limit {
		return true
	}
	at := syntax.At{}
	if n.entry != nil {
		at = n.entry.At
	} else if n.children[0].entry != nil {
		at = n.children[0].entry.At
	}
	b.fail(at, fmt.Sprintf("a record of at most %d bytes, not %d or more", b.limit, size), "raise maxRecord if this is meant")
	return false
}

// leadingAlign returns the boundary at which n begins: that of its first item.
func (n *node) leadingAlign() int {
	if n.rule == SyncGnuCOBOL {
		return n.align() // a group begins with the slack bytes of its first item
	}
	for len(n.children) > 0 {
		n = n.children[0]
	}
	return n.align()
}

func (n *node) widestAlign() int {
	widest := n.align()
	for _, c := range n.children {
		widest = max(widest, c.widestAlign())
	}
	return widest
}

// stretch adds slack bytes to the group that holds the item before a SYNCHRONIZED one: they stand on that
// item's level (Language Reference, "Slack bytes within records"). Behind a table they stand outside.
func (n *node) stretch(slack int) {
	for len(n.children) > 0 && n.entry != nil && n.entry.Occurs == nil {
		n.Size, n.min = n.Size+slack, n.min+slack
		last := n.children[len(n.children)-1]
		if last.base != last {
			return
		}
		n = last
	}
}

// redefine finds the item whose storage c, child i of n, shares. base is the last child that redefines
// nothing.
func (b *builder) redefine(n, c, base *node, i int) bool {
	ref := c.entry.Redefines
	if base == nil {
		b.fail(ref.At, "an item of level "+fmt.Sprintf("%02d", c.Level)+" before this one, in the same group", "")
		return false
	}
	for k := i - 1; k >= 0 && i-k <= maxRedefinitions; k-- {
		s := n.children[k]
		if s.Name == ref.Name {
			if s.Level != c.Level {
				b.fail(ref.At, fmt.Sprintf("an item of level %02d; %s has %02d", c.Level, s.Name, s.Level), "")
				return false
			}
			c.base, c.Redefines = base, base.Field
			if base.entry.Occurs != nil {
				b.warn(c, "redefines a table; compilers refuse this, its storage is shared from the first element on")
			}
			return true
		}
		if s == base {
			break
		}
	}
	b.fail(ref.At, "the name of the item right before, here "+nameOf(base),
		"only other redefinitions of the same item may stand between it and this one")
	return false
}

// slide marks what stands behind a table of variable length. moved tells that n itself does.
func (b *builder) slide(n *node, moved bool) {
	n.Sliding = moved
	if n.parent == nil {
		n.Variable = b.varies(n)
	}
	moved = moved || n.OccursMax > 1 && n.Variable
	before := moved // in front of the item that is redefined
	for _, c := range n.children {
		if c.base == c {
			before = moved
			b.slide(c, moved)
			moved = moved || b.options.ODO == Slide && (c.counted() || c.Variable)
		} else {
			b.slide(c, before)
		}
	}
}
