package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

// event compiles the event block: once for each kind of record that has the type's Field.
func (c *compiler) event() {
	ev := c.file.Event
	if ev == nil {
		return
	}
	rec, f, err := c.find(ev.Type.Field, nil)
	if err != nil {
		c.fail("event.type.field", "%w", err)
		return
	}
	e := &EventView{view: c.view}
	types := c.eventTypes(e, rec.plan.Item(f), ev)
	if len(e.names) == 0 || ev.Source == "" {
		c.fail("event", "needs types and a source")
	}
	chosen := c.chosenBy(f, types)
	for i, rec := range c.view.records {
		if item := rec.itemOf(f); item != nil && chosen(i) {
			k := &eventKind{rec: rec, types: &selector{item: item, record: i, entries: types, otherwise: refuse}}
			c.eventKind(k, ev)
			e.kinds = append(e.kinds, k)
		}
	}
	c.eventFields(e.kinds, ev)
	for i, p := range ev.Include {
		if !slices.ContainsFunc(e.kinds, func(k *eventKind) bool { return k.rec.root.at(pointerTo(p)) != nil }) {
			c.fail("event.include", "%q is the place of no field", ev.Include[i])
		}
	}
	c.view.event = e
}

// eventTypes reads which type belongs to which value.
func (c *compiler) eventTypes(e *EventView, it *copybooks.Item, ev *Event) (types []selectEntry) {
	add := func(path, value string, choice int) {
		list, err := entries(it.Field, it.Codec.Kind() == copybooks.IntegerValue, value, choice)
		if err != nil {
			c.fail(path, "%w", err)
		}
		types = append(types, list...)
	}
	for i, value := range sorted(ev.Type.Values) {
		add("event.type.values."+value, value, i)
		e.names = append(e.names, ev.Type.Values[value])
	}
	for _, value := range ev.Type.None {
		add("event.type.none", value, none)
	}
	return types
}

// chosenBy tells which records may hold one of the types' values: where the type is the record's kind, those
// of these kinds.
func (c *compiler) chosenBy(f *copybooks.Field, types []selectEntry) func(record int) bool {
	kinds := c.view.kinds
	if kinds == nil || kinds.item.Field != f {
		return func(int) bool { return true }
	}
	chosen := map[int]bool{}
	for _, t := range types {
		if i, fault := kinds.choose([]byte(t.from), copybooks.OK); fault == copybooks.OK {
			chosen[i] = true
		}
	}
	return func(record int) bool { return chosen[record] }
}

// eventKind compiles what one kind of record shows.
func (c *compiler) eventKind(k *eventKind, ev *Event) {
	item := func(name string) *copybooks.Item {
		_, f, err := c.find(name, k.rec)
		if name == "" || err != nil {
			return nil
		}
		return k.rec.itemOf(f)
	}
	k.id = c.template(k, ev.ID, item)
	k.sequence, k.sin, k.claim = item(ev.Sequence), item(ev.Subject.SIN), item(ev.Subject.Claim)
	if it := item(ev.Time); it != nil {
		if k.time = k.rec.leafOf(it.Field); k.time == nil || k.time.date == nil || k.time.date.kind != timeDate {
			c.fail("event.time", "%s needs a date setting that holds a time, and must be shown", ev.Time)
		}
	}
	wanted := map[*node]bool{}
	for _, p := range ev.Include {
		k.rec.root.at(pointerTo(p)).mark(wanted)
	}
	k.ops = k.rec.program(wanted, len(ev.Include) == 0)
}

// eventFields holds that each name stands for a Field of at least one kind that makes events.
func (c *compiler) eventFields(kinds []*eventKind, ev *Event) {
	for _, n := range []struct{ path, name string }{{"event.sequence", ev.Sequence}, {"event.subject.sin", ev.Subject.SIN},
		{"event.subject.claim", ev.Subject.Claim}, {"event.time", ev.Time}} {
		if n.name == "" {
			continue
		}
		_, _, err := c.find(n.name, nil)
		if err == nil && !slices.ContainsFunc(kinds, func(k *eventKind) bool {
			_, f, err := c.find(n.name, k.rec)
			return err == nil && k.rec.itemOf(f) != nil
		}) {
			err = fmt.Errorf("%s is in no record that makes an event", n.name)
		}
		if err != nil {
			c.fail(n.path, "%w", err)
		}
	}
}

// itemOf returns the Item of a Field in this record: its own, or one that stands there by a layout setting.
func (rec *record) itemOf(f *copybooks.Field) *copybooks.Item {
	if own, err := rec.layout.Field(f.Path); err == nil && own == f {
		return rec.plan.Item(f)
	}
	if l := rec.leafOf(f); l != nil {
		return l.item
	}
	return nil
}

// makes tells whether records of this kind may make events of a type, by its number.
func (k *eventKind) makes(i int) bool {
	kinds := k.rec.view.kinds
	for _, t := range k.types.entries {
		if t.choice != i {
			continue
		}
		if kinds == nil || kinds.item.Field != k.types.item.Field {
			return true
		}
		if r, fault := kinds.choose([]byte(t.from), copybooks.OK); fault == copybooks.OK && k.rec.view.records[r] == k.rec {
			return true
		}
	}
	return false
}

// optional finds a Field that may be left out.
func (c *compiler) optional(rec *record, name, path string) *copybooks.Item {
	if name == "" {
		return nil
	}
	f, err := rec.layout.Field(name)
	if err != nil {
		c.fail(path, "%w", err)
		return nil
	}
	return rec.plan.Item(f)
}

func (c *compiler) template(k *eventKind, text string, item func(string) *copybooks.Item) []idPart {
	var parts []idPart
	for text != "" {
		before, rest, ok := strings.Cut(text, "{")
		if before != "" {
			parts = append(parts, idPart{text: before})
		}
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			c.fail("event.id", "{ without }")
			break
		}
		it := item(name)
		if it == nil {
			_, _, err := c.find(name, nil)
			if err == nil {
				err = fmt.Errorf("%s is not in %s, which makes events too", name, k.rec.layout.Name())
			}
			c.fail("event.id", "%w", err)
		}
		parts = append(parts, idPart{item: it})
		text = after
	}
	return parts
}

// leafOf returns the leaf of a Field's value.
func (rec *record) leafOf(f *copybooks.Field) *leaf {
	var found *leaf
	var visit func(n *node)
	visit = func(n *node) {
		if n.leaf != nil && n.leaf.item.Field == f && n.leaf.form != rawLeaf && n.leaf.form != textsLeaf {
			found = n.leaf
		}
		for _, m := range n.members {
			visit(m)
		}
	}
	visit(rec.root)
	return found
}

// pointerTo are the parts of a JSON Pointer, whose first slash may be left out.
func pointerTo(text string) []string { return pointer("/" + strings.TrimPrefix(text, "/")) }

// included compiles a program of what the pointers name, without what is of sensitivity sin.
func (c *compiler) included(rec *record, pointers []string, path string) []op {
	wanted := map[*node]bool{}
	for i, p := range pointers {
		n := rec.root.at(pointerTo(p))
		if n == nil {
			c.fail(path, "%q is the place of no field", pointers[i])
			continue
		}
		n.mark(wanted)
	}
	return rec.program(wanted, len(pointers) == 0)
}

// mark wants a node with all that is above and below it; nil wants nothing.
func (n *node) mark(wanted map[*node]bool) {
	if n == nil {
		return
	}
	for up := n; up != nil; up = up.parent {
		wanted[up] = true
	}
	n.each(func(m *node) { wanted[m] = true })
}

// program writes the wanted nodes, or all, but never what is of sensitivity sin.
func (rec *record) program(wanted map[*node]bool, all bool) []op {
	keep := func(n *node) bool {
		return n.sensitive(nil) != sinSensitivity && (all || wanted[n]) || n.kind != leafNode && n.holds(func(m *node) bool {
			return m.kind == leafNode && m.sensitivity != sinSensitivity && (all || wanted[m])
		})
	}
	b := builder{rec: rec, keep: keep}
	b.object(rec.root, true)
	return b.ops
}

// at follows the parts of a pointer.
func (n *node) at(parts []string) *node {
	if len(parts) == 0 {
		return n
	}
	if n.kind == arrayNode {
		return n.members[0].at(parts[1:])
	}
	if m := n.member(parts[0]); m != nil {
		return m.at(parts[1:])
	}
	return nil
}

func (n *node) each(do func(*node)) {
	do(n)
	for _, m := range n.members {
		m.each(do)
	}
}

func (n *node) holds(is func(*node) bool) bool {
	if is(n) {
		return true
	}
	for _, m := range n.members {
		if m.holds(is) {
			return true
		}
	}
	return false
}
