package copybooks

import (
	"fmt"
	"strings"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

// maxSteps bounds the search for names, however many items share one.
const maxSteps = 4 << 20

// references finds the counters of tables of variable length.
func (b *builder) references() {
	for _, r := range b.roots {
		b.counters(r)
	}
}

func (b *builder) counters(n *node) {
	if len(b.errs) >= 20 {
		return
	}
	if n.counted() {
		b.counter(n, n.entry.Occurs.DependingOn)
	}
	for _, c := range n.children {
		b.counters(c)
	}
}

// counter finds the item that DEPENDING ON names. Among several of one name it takes the one that shares
// the innermost group with the table; COBOL asks for qualification there, which is heeded first.
func (b *builder) counter(n *node, ref *syntax.Reference) {
	found, several := b.find(n, ref)
	switch {
	case found == nil && len(several) > 0:
		b.fail(ref.At, "a qualified name: "+strings.Join(several, " or "), "write "+ref.Name+" OF and the name of its group")
		return
	case found == nil:
		hint := ""
		if near := b.nearest(ref.Name); near != "" {
			hint = "did you mean " + near + "?"
		}
		b.fail(ref.At, "the name of an item of this text", hint)
		return
	}
	if want := b.cannotCount(n, found); want != "" {
		hint := ""
		if found.layout != n.layout {
			hint = fmt.Sprintf("no byte of this record holds %s; write OCCURS %d if the record always has all elements", found.Path, n.occMax)
		}
		b.fail(ref.At, want, hint)
		return
	}
	n.DependingOn = found.Field
	switch {
	case found.layout != n.layout:
		b.warn(n, "is counted by %s of another record; it is read at byte %d of this one", found.Path, found.Offset)
	case found.Sliding && found.element() != n.parent.element():
		b.warn(n, "is counted by %s, which itself stands behind a table of variable length", found.Name)
	}
}

// find returns the item that ref, said at n, names. Without one, several are the paths it could name.
func (b *builder) find(n *node, ref *syntax.Reference) (found *node, several []string) {
	best, ties := -1, []*node(nil)
	for _, c := range b.byName[ref.Name] {
		if b.steps += 1 + c.Level/8; b.steps > maxSteps {
			return nil, nil
		}
		if c == n || !c.qualified(ref.Qualifiers) {
			continue
		}
		near := -1
		if c.layout == n.layout {
			near = shared(c, n)
		}
		switch {
		case found == nil || near > best:
			found, best, ties = c, near, []*node{c}
		case near == best:
			ties = append(ties, c)
		}
	}
	if len(ties) > 1 {
		for _, t := range ties[:min(len(ties), 3)] {
			several = append(several, t.Path)
		}
		return nil, several
	}
	return found, nil
}

// qualified reports whether groups, innermost first, are among n's parents in that order.
func (n *node) qualified(groups []string) bool {
	p := n.parent
	for _, g := range groups {
		for p != nil && p.Name != g {
			p = p.parent
		}
		if p == nil {
			return false
		}
		p = p.parent
	}
	return true
}

// shared returns how deep the innermost group lies that holds both a and b.
func shared(a, b *node) int {
	depth := func(n *node) (d int) {
		for ; n.parent != nil; n = n.parent {
			d++
		}
		return d
	}
	da, db := depth(a), depth(b)
	for ; da > db; da-- {
		a = a.parent
	}
	for ; db > da; db-- {
		b = b.parent
	}
	for a != b {
		a, b, da = a.parent, b.parent, da-1
	}
	return da
}

// cannotCount says what the counter of n should be if c cannot be it.
func (b *builder) cannotCount(n, c *node) string {
	if c.Category != Numeric || c.Scale != 0 || len(c.children) > 0 {
		return "an integer item to count the elements"
	}
	for p := c; p != nil; p = p.parent {
		if p == n {
			return "a counter outside of the table that it counts"
		}
		if p.OccursMax > 0 && !n.below(p) {
			return "a counter that is not an element of another table"
		}
	}
	if c.layout != n.layout {
		if c.Offset+c.Size > b.roots[n.layout].min || c.Sliding {
			return "a counter inside of this record"
		}
	} else if b.options.ODO == Slide && c.Offset+c.Size > n.Offset {
		return "a counter that stands before its table"
	}
	return ""
}

// element returns the innermost table that n is or is in; nil if there is none.
func (n *node) element() *node {
	for n != nil && n.OccursMax == 0 {
		n = n.parent
	}
	return n
}

func (n *node) below(p *node) bool {
	for ; n != nil; n = n.parent {
		if n == p {
			return true
		}
	}
	return false
}

func (b *builder) nearest(name string) string {
	if b.steps += len(b.byName); b.steps > maxSteps {
		return ""
	}
	names := make([]string, 0, len(b.byName))
	for n := range b.byName {
		names = append(names, n)
	}
	return syntax.Nearest(name, names)
}

// renamings settles the level 66 items.
func (b *builder) renamings() {
	for _, n := range b.renames {
		root := b.roots[n.layout]
		from := b.renamed(root, n.entry.Renames)
		to := from
		if n.entry.Through != nil && from != nil {
			to = b.renamed(root, n.entry.Through)
		}
		if from == nil || to == nil || len(b.errs) > 0 {
			return
		}
		end := to.Offset + to.Size
		if end <= from.Offset || n.entry.Through != nil && to.Offset < from.Offset {
			b.fail(n.entry.Through.At, "an item behind "+from.Name, "")
			return
		}
		if e := b.variableWithin(root, from.Offset, end); e != nil || to.Sliding != from.Sliding {
			b.fail(n.entry.Renames.At, "items of fixed length, with no table of variable length between them", "")
			return
		}
		line, name := n.Line, n.Name
		if n.entry.Through == nil && len(from.children) == 0 {
			*n.Field = *from.Field
			n.Conditions, n.Value = nil, nil
		} else {
			*n.Field = Field{Usage: Display, Category: Alphanumeric, Sliding: from.Sliding}
		}
		n.Name, n.Line, n.Level, n.Redefines = name, line, 66, nil
		n.Offset, n.Size = from.Offset, end-from.Offset
		n.Field.Parent, n.Path = root.Field, root.Path+"."+name
		n.Field.renames = from.Field
	}
}

// variableWithin returns a table of variable length that begins in a run of bytes; nil if there is none, or
// if such tables move nothing.
func (b *builder) variableWithin(n *node, start, end int) *node {
	if b.options.ODO == Max {
		return nil
	}
	if n.counted() && n.Offset >= start && n.Offset < end {
		return n
	}
	for _, c := range n.children {
		if b.steps++; b.steps > maxSteps {
			return nil
		}
		if found := b.variableWithin(c, start, end); found != nil {
			return found
		}
	}
	return nil
}

// renamed finds an item that RENAMES names: no table, nothing in one, and none of variable length.
func (b *builder) renamed(root *node, ref *syntax.Reference) *node {
	var found *node
	for _, c := range b.byName[ref.Name] {
		if b.steps++; b.steps > maxSteps {
			break
		}
		if c.layout == root.layout && c != root && c.qualified(ref.Qualifiers) {
			if found != nil {
				b.fail(ref.At, "a qualified name: "+found.Path+" or "+c.Path, "")
				return nil
			}
			found = c
		}
	}
	if found == nil {
		hint := ""
		if near := b.nearest(ref.Name); ref.Name == root.Name {
			hint = "RENAMES names items below level 01; the record itself has a name already"
		} else if near != "" && near != ref.Name {
			hint = "did you mean " + near + "?"
		}
		b.fail(ref.At, "the name of an item of the record before", hint)
		return nil
	}
	for p := found; p != nil; p = p.parent {
		if p.OccursMax > 0 {
			b.fail(ref.At, fmt.Sprintf("an item outside of tables; %s OCCURS", p.Name), "")
			return nil
		}
	}
	if found.Variable {
		b.fail(ref.At, "an item of fixed length", "")
		return nil
	}
	return found
}
