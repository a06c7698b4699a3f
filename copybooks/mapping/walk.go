package mapping

import (
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

// walk is a place in a Layout on the way from its fields to the JSON tree.
type walk struct {
	c         *compiler
	base      *node // where pointers start: the record's or the element's object
	container *node // where names stand
	when      *choice
	element   *node // the array around, nil for the record
	sensitive string
}

// settle walks the children of a group, storage by storage, and adds what encoding needs to e.
func (w walk) settle(group *copybooks.Item, e *encItem) {
	for _, views := range clusters(group.Children) {
		if len(views) == 1 {
			e.children = append(e.children, w.item(views[0]))
			continue
		}
		e.children = append(e.children, w.cluster(views))
	}
}

// clusters returns items in runs that share storage.
func clusters(items []*copybooks.Item) [][]*copybooks.Item {
	var out [][]*copybooks.Item
	for _, it := range items {
		if it.Field.Redefines != nil && len(out) > 0 {
			out[len(out)-1] = append(out[len(out)-1], it)
			continue
		}
		out = append(out, []*copybooks.Item{it})
	}
	return out
}

// cluster walks storage that has several views.
func (w walk) cluster(views []*copybooks.Item) *encItem {
	e := &encItem{item: views[0], views: true}
	var by *selects
	for _, v := range views {
		if s := w.c.selects[v.Field]; s != nil {
			by = s
		}
	}
	if by == nil {
		w.c.trials(w, views, e)
		return e
	}
	e.cluster = w.c.cluster(w, views, by)
	for i, v := range views {
		inner := w
		inner.when = &choice{cluster: e.cluster, view: i}
		if !e.cluster.selects(i) {
			e.children = append(e.children, &encItem{item: v, skipped: true})
			continue
		}
		e.children = append(e.children, inner.item(v))
	}
	return e
}

// selects reports whether any value chooses a view.
func (c *cluster) selects(view int) bool {
	for _, e := range c.by.entries {
		if e.choice == view {
			return true
		}
	}
	return c.by.otherwise == view
}

// trials walks views that no selector chooses between: each is shown, null if it cannot be decoded.
func (c *compiler) trials(w walk, views []*copybooks.Item, e *encItem) {
	shown := 0
	for _, v := range views {
		if s := c.settings[v.Field]; s == nil || !s.Omit {
			shown++
		}
	}
	for _, v := range views {
		before := len(w.container.members)
		child := w.item(v)
		e.children = append(e.children, child)
		if shown > 1 && len(w.container.members) == before+1 {
			w.container.members[before].trial = true
		}
	}
}

// cluster compiles a selector.
func (c *compiler) cluster(w walk, views []*copybooks.Item, by *selects) *cluster {
	out := &cluster{id: len(c.rec.clusters), outer: w.when, views: views, element: w.element}
	out.by = &selector{item: c.rec.plan.Item(by.by), otherwise: refuse}
	if out.by.item == nil {
		c.fail(by.path, "%s is not of the layout %s", by.by.Path, c.rec.layout.Name())
		return out
	}
	numeric := out.by.item.Codec.Kind() == copybooks.IntegerValue
	for _, value := range sorted(by.setting.Selects) {
		i := viewIndex(views, by.setting.Selects[value])
		if i < 0 {
			continue // another storage's
		}
		e, err := entries(by.by, numeric, value, i)
		if err != nil {
			c.fail(by.path+"."+value, "%w", err)
		}
		out.by.entries = append(out.by.entries, e...)
	}
	switch o := by.setting.Otherwise; o {
	case "":
	case "none":
		out.by.otherwise = none
	default:
		if out.by.otherwise = viewIndex(views, o); out.by.otherwise < 0 {
			c.fail(strings.TrimSuffix(by.path, ".selects")+".otherwise", "%s is no view of %s", o, views[0].Field.Path)
		}
	}
	out.by.settle()
	if w.element != nil {
		w.element.clusters = append(w.element.clusters, out)
	}
	c.rec.clusters = append(c.rec.clusters, out)
	return out
}

func viewIndex(views []*copybooks.Item, name string) int {
	for i, v := range views {
		if strings.EqualFold(v.Field.Name, name) || strings.EqualFold(v.Field.Path, name) {
			return i
		}
	}
	return -1
}

// item walks one Field.
func (w walk) item(it *copybooks.Item) *encItem {
	c, s := w.c, w.c.settings[it.Field]
	path := c.names[s]
	if s == nil {
		s = &Setting{}
	}
	e := &encItem{item: it, path: path, hidden: c.rec.hidden[it.Field], def: s.Default}
	if s.Expect != nil {
		c.rec.expects = append(c.rec.expects, expect{item: it, text: *s.Expect})
		if e.def == nil {
			e.def = s.Expect
		}
	}
	if s.Sensitivity != "" {
		w.sensitive = s.Sensitivity
	}
	if s.Codepage != "" {
		if d, err := c.rec.plan.WithCodepage(it, s.Codepage); err != nil {
			c.fail(path+".codepage", "%w", err)
		} else {
			it, e.item = d, d
		}
	}
	group := len(it.Children) > 0 && s.Date == "" && !s.Varchar
	if s.Omit || e.hidden && s.To == "" || it.Field.Filler() && !group && s.To == "" && !c.view.options.Fillers {
		w.omitted(it, e)
		return e
	}
	if s.Layout != "" {
		if children := c.graft(it, s.Layout, path); children != nil {
			g := *it
			g.Children = children
			it, e.item, group = &g, &g, true
		}
	}
	if it.Occurs() {
		return w.table(it, e, s, path, group)
	}
	if group {
		return w.group(it, e, s, path)
	}
	if n := w.place(it, s, path, leafNode); n != nil {
		w.leaf(n, it, e, s, path)
	}
	return e
}

// omitted walks a Field that is not shown, for its defaults.
func (w walk) omitted(it *copybooks.Item, e *encItem) {
	if it.Occurs() {
		e.table = true
	}
	for _, views := range clusters(it.Children) {
		child := &encItem{item: views[0]}
		if s := w.c.settings[views[0].Field]; s != nil {
			child.def = s.Default
		}
		w.omitted(views[0], child)
		e.children = append(e.children, child)
	}
}

// graft puts the Fields of another 01 level in the place of an elementary one.
func (c *compiler) graft(it *copybooks.Item, name, path string) []*copybooks.Item {
	for _, rec := range c.view.records {
		if !strings.EqualFold(rec.layout.Name(), name) {
			continue
		}
		children, err := c.rec.plan.Graft(it, rec.plan)
		if err != nil {
			c.fail(path+".layout", "%w", err)
		}
		return children
	}
	known := map[string]bool{}
	for _, rec := range c.view.records {
		known[rec.layout.Name()] = true
	}
	c.fail(path+".layout", "no 01 level %q%s", name, hint(name, known))
	return nil
}

func (w walk) group(it *copybooks.Item, e *encItem, s *Setting, path string) *encItem {
	if s.To != "." {
		n := w.place(it, s, path, objectNode)
		if n == nil {
			return e
		}
		n.item, e.object = it, n
		w.container = n
	}
	w.settle(it, e)
	return e
}

// table walks a Field that OCCURS.
func (w walk) table(it *copybooks.Item, e *encItem, s *Setting, path string, group bool) *encItem {
	n := w.place(it, s, path, arrayNode)
	if n == nil {
		return e
	}
	e.table, e.node, n.item = true, n, it
	if s.Count != "" {
		if f, err := w.c.rec.layout.Field(s.Count); err == nil {
			n.used = w.c.rec.plan.Item(f)
			e.used = n.used
		}
	}
	if by := it.Counter(); by != nil {
		e.counter = w.c.rec.shows[by.Field]
	}
	inner := walk{c: w.c, when: w.when, element: n, sensitive: w.sensitive}
	if group {
		element := n.add(&node{kind: objectNode, item: it, id: w.c.slot()})
		inner.base, inner.container = element, element
		inner.settle(it, e)
		n.slots = [2]int{element.id, w.c.rec.leaves}
		return e
	}
	element := n.add(&node{kind: leafNode, id: w.c.slot(), sensitivity: w.sensitive})
	n.slots = [2]int{element.id, element.id + 1}
	value := &encItem{item: it, path: path, element: true}
	inner.base, inner.container = element, element
	inner.leaf(element, it, value, s, path)
	e.children = append(e.children, value)
	return e
}

// slot returns a new number for a value on the way back.
func (c *compiler) slot() int {
	c.rec.leaves++
	return c.rec.leaves - 1
}

// place makes the node of a Field where its setting says.
func (w walk) place(it *copybooks.Item, s *Setting, path string, kind nodeKind) *node {
	n := &node{kind: kind, when: w.when, sensitivity: w.sensitive, id: w.c.slot()}
	parent, key := w.container, s.To
	switch {
	case strings.HasPrefix(s.To, "/"):
		parts := pointer(s.To)
		parent, key = w.base, parts[len(parts)-1]
		for _, p := range parts[:len(parts)-1] {
			next := parent.member(p)
			if next == nil {
				next = parent.add(&node{key: p, kind: objectNode, implicit: true, id: w.c.slot()})
			}
			if next.kind != objectNode {
				w.c.fail(path+".to", "%s goes through %s, which is no object", s.To, next.pointer())
				return nil
			}
			parent = next
		}
	case s.To == "":
		key = memberName(it.Field.Name, w.c.view.options.Names)
		key = distinct(key, func(k string) bool { return w.taken(parent, k) })
	}
	if key == "" || parent.kind != objectNode {
		w.c.fail(path+".to", "%q is no place for a value", s.To)
		return nil
	}
	if kind == objectNode {
		if was := parent.member(key); was != nil && was.kind == objectNode && was.implicit {
			was.item = it
			return was
		}
	}
	if w.taken(parent, key) {
		w.c.fail(path+".to", "%s is the place of two fields", parent.pointer()+"/"+key)
		return nil
	}
	n.key = key
	return parent.add(n)
}

// taken reports whether a member would stand beside another one of the same name.
func (w walk) taken(parent *node, key string) bool {
	for _, m := range parent.members {
		if m.key == key && !exclusive(m.when, w.when) {
			return true
		}
	}
	return false
}

const (
	protectedA     = "protectedA"
	protectedB     = "protectedB"
	sinSensitivity = "sin"
)
