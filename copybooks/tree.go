package copybooks

import (
	"fmt"
	"strconv"
)

// tree hangs the entries under one another by their levels. A lower level number that no open group has
// hangs under the next group up, as Enterprise COBOL takes it (Language Reference, "Level-numbers").
func (b *builder) tree(text string) {
	var last, owner, open *node // the last item; whose conditions follow; the root of items below no 01
	for i := range b.book.Entries {
		e := &b.book.Entries[i]
		n := &node{entry: e, Field: &Field{Name: e.Name, Level: e.Level, Line: e.Line}, occMin: 1, occMax: 1}
		switch {
		case e.Level == 88:
			if owner == nil {
				b.fail(e.At, "an item before its conditions", "")
				return
			}
			owner.states = append(owner.states, e)
			continue
		case e.Level == 66:
			if last == nil || last.Level == 77 {
				b.fail(e.At, "a record before RENAMES", "")
				return
			}
			n.layout = len(b.roots) - 1
			b.renames, owner = append(b.renames, n), n
			continue
		case e.Level == 1 || e.Level == 77:
			open = nil
			if e.Level == 1 && e.Occurs != nil && e.Redefines == nil {
				b.hold(n)
			} else {
				b.addRoot(n)
			}
		default:
			parent := last.above(e.Level)
			if parent == nil {
				if open == nil {
					open = &node{Field: &Field{Name: text, Level: 1}, occMin: 1, occMax: 1}
					b.addRoot(open)
				}
				parent = open
			}
			if !b.adopt(parent, n) {
				return
			}
		}
		last, owner = n, n
	}
	b.promote()
	for _, r := range b.roots {
		b.identify(r, "", map[string]int{})
	}
}

// above returns the nearest group from n up whose level is lower than level; nil if there is none.
func (n *node) above(level int) *node {
	for n != nil && n.Level >= level {
		n = n.parent
	}
	return n
}

func (b *builder) addRoot(n *node) {
	n.layout = len(b.roots)
	b.roots = append(b.roots, n)
	b.warnings = append(b.warnings, nil)
}

// hold gives a table of level 01 the group of level 01 that Enterprise COBOL wants around it, by its name
// (Language Reference, "OCCURS clause": not at level 01, 66, 77 or 88; GnuCOBOL and Micro Focus allow 01).
func (b *builder) hold(table *node) {
	group := &node{Field: &Field{Name: table.Name, Level: 1, Line: table.Line}, occMin: 1, occMax: 1}
	b.addRoot(group)
	b.adopt(group, table)
}

func (b *builder) adopt(parent, n *node) bool {
	if parent.entry != nil && parent.entry.Picture != nil {
		b.fail(n.entry.At, fmt.Sprintf("level %02d or lower after %s, which has a PICTURE", parent.Level, nameOf(parent)),
			"an item with a PICTURE has no items below it")
		return false
	}
	n.parent, n.layout = parent, parent.layout
	parent.children = append(parent.children, n)
	return true
}

// promote makes a group that is alone below a missing 01 the root.
func (b *builder) promote() {
	for i, r := range b.roots {
		if r.entry == nil && len(r.children) == 1 {
			if only := r.children[0]; len(only.children) > 0 && only.entry.Occurs == nil {
				only.parent = nil
				b.roots[i] = only
			}
		}
	}
}

// identify gives n and what is below it their paths, parents and children. among counts the names of
// n's siblings so far.
func (b *builder) identify(n *node, above string, among map[string]int) {
	if b.paths > maxPathBytes {
		return
	}
	part := nameOf(n)
	if among[part]++; among[part] > 1 {
		part += "#" + strconv.Itoa(among[part])
	}
	if n.Path = part; above != "" {
		n.Path = above + "." + part
	}
	if b.paths += len(n.Path); b.paths > maxPathBytes && n.entry != nil {
		b.fail(n.entry.At, "fewer or shorter names: at most 16 MiB of paths", "")
	}
	if n.Name != "" {
		b.byName[n.Name] = append(b.byName[n.Name], n)
	}
	if len(n.children) == 0 {
		return
	}
	names := make(map[string]int, len(n.children))
	n.Children = make([]*Field, 0, len(n.children))
	for _, c := range n.children {
		c.Field.Parent = n.Field
		n.Children = append(n.Children, c.Field)
		b.identify(c, n.Path, names)
	}
}

func nameOf(n *node) string {
	if n.Name == "" {
		return "FILLER"
	}
	return n.Name
}

// layouts makes the Layouts of what is built.
func (b *builder) layouts() []*Layout {
	out := make([]*Layout, len(b.roots))
	for i, r := range b.roots {
		l := &Layout{name: nameOf(r), root: r.Field, min: r.min, options: b.options,
			warnings: b.warnings[i], byName: map[string][]*Field{}}
		l.add(r.Field)
		out[i] = l
	}
	for _, n := range b.renames {
		l := out[n.layout]
		l.renames = append(l.renames, n.Field)
		l.byName[n.Name] = append(l.byName[n.Name], n.Field)
	}
	return out
}

func (l *Layout) add(f *Field) {
	f.ordinal = int32(len(l.fields))
	l.fields = append(l.fields, f)
	name := step(f)
	l.byName[name] = append(l.byName[name], f)
	if f.Name != "" && f.Name != name { // NAME#2 is found as NAME too
		l.byName[f.Name] = append(l.byName[f.Name], f)
	}
	for _, c := range f.Children {
		l.add(c)
	}
}
