package mapping

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

// Compile sees Layouts through a mapping file, which may be nil. Options override what the file says. The
// error is an Errors, with the place of each fault in the file, or says which option is wrong.
func Compile(layouts []*copybooks.Layout, f *File, o Options) (*View, error) {
	if len(layouts) == 0 {
		return nil, fmt.Errorf("mapping: no layouts")
	}
	v := &View{options: o, file: f, name: layouts[0].Name(), keys: newKeys()}
	if f == nil {
		f = &File{}
	} else if f.Name != "" {
		v.name = f.Name
	}
	c := &compiler{view: v, file: f, settings: map[*copybooks.Field]*Setting{}, names: map[*Setting]string{}}
	for _, l := range layouts {
		p, err := copybooks.NewPlan(l)
		if err != nil {
			return nil, err
		}
		member := distinct(memberName(l.Name(), o.Names), func(name string) bool {
			return slices.ContainsFunc(v.records, func(r *record) bool { return r.member == name })
		})
		v.records = append(v.records, &record{view: v, member: member, layout: l, plan: p, hidden: map[*copybooks.Field]bool{}})
		v.longest = max(v.longest, l.Size())
	}
	c.resolve()
	c.kinds()
	for _, rec := range v.records {
		c.record(rec)
	}
	c.event()
	c.exchange()
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	return v, nil
}

type compiler struct {
	view     *View
	file     *File
	settings map[*copybooks.Field]*Setting
	names    map[*Setting]string // the keys of settings in the file
	selects  map[*copybooks.Field]*selects
	errs     Errors
	rec      *record
}

// selects is the setting that chooses a view.
type selects struct {
	by      *copybooks.Field
	setting *Setting
	path    string
}

func (c *compiler) fail(path, format string, args ...any) {
	if len(c.errs) < 20 {
		c.errs = append(c.errs, &Error{File: c.file.Name, Position: c.file.position(path), Path: path, Err: fmt.Errorf(format, args...)})
	}
}

// find returns the Field of a name in one of the Layouts, and its record. within, if not nil, is searched
// first.
func (c *compiler) find(name string, within *record) (*record, *copybooks.Field, error) {
	if within != nil {
		if f, err := within.layout.Field(name); err == nil {
			return within, f, nil
		}
	}
	var first error
	for _, rec := range c.view.records {
		f, err := rec.layout.Field(name)
		if err == nil {
			return rec, f, nil
		}
		if first == nil || strings.Contains(err.Error(), "did you mean") {
			first = err
		}
	}
	return nil, nil, first
}

// sorted returns the keys of a map in order, so that errors come in order.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// resolve finds the Field of each setting. A name that several Layouts have is meant in all of them.
func (c *compiler) resolve() {
	c.selects = map[*copybooks.Field]*selects{}
	for _, name := range sorted(c.file.Fields) {
		s, path := c.file.Fields[name], "fields."+name
		if s == nil {
			c.fail(path, "has no settings")
			continue
		}
		c.names[s] = path
		found := false
		for _, rec := range c.view.records {
			if f, err := rec.layout.Field(name); err == nil {
				found = true
				c.settings[f] = s
				c.resolveOne(rec, f, s, path)
			}
		}
		if !found {
			_, _, err := c.find(name, nil)
			c.fail(path, "%w", err)
		}
	}
}

func (c *compiler) resolveOne(rec *record, f *copybooks.Field, s *Setting, path string) {
	for _, value := range sorted(s.Selects) {
		view, err := rec.layout.Field(s.Selects[value])
		if err != nil {
			c.fail(path+".selects."+value, "%w", err)
			continue
		}
		c.selects[view] = &selects{by: f, setting: s, path: path + ".selects"}
	}
	if s.Count != "" {
		used, err := rec.layout.Field(s.Count)
		switch {
		case err != nil:
			c.fail(path+".count", "%w", err)
		case f.OccursMax == 0:
			c.fail(path+".count", "%s is no table", f.Name)
		default:
			rec.hidden[used] = true
		}
	}
	if name, _, err := subscript(s.NullIndicator); s.NullIndicator != "" && err == nil {
		if by, err := rec.layout.Field(name); err == nil {
			rec.hidden[by] = true
		}
	}
	switch s.Sensitivity {
	case "", protectedA, protectedB, sinSensitivity:
	default:
		c.fail(path+".sensitivity", "%q is none of protectedA, protectedB and sin", s.Sensitivity)
	}
}

// kinds reads the record kinds of the options or the file.
func (c *compiler) kinds() {
	name, list, path := c.view.options.KindField, c.view.options.Kinds, ""
	if name == "" && c.file.Kinds != nil {
		name, path = c.file.Kinds.Field, "kinds"
	}
	if list == nil && c.file.Kinds != nil {
		for _, value := range sorted(c.file.Kinds.Records) {
			list = append(list, Kind{Values: []string{value}, Group: c.file.Kinds.Records[value]})
		}
	}
	if name == "" {
		if len(list) > 0 {
			c.fail(path, "record kinds need a kind field")
		}
		return
	}
	rec, f, err := c.find(name, nil)
	if err != nil {
		c.fail(path+".field", "%w", err)
		return
	}
	s := &selector{item: rec.plan.Item(f), otherwise: refuse}
	for i, r := range c.view.records {
		if r == rec {
			s.record = i
		}
	}
	if _, fault := rec.plan.Peek(make([]byte, rec.layout.Size()), s.item); fault != copybooks.OK {
		c.fail(path+".field", "%s does not stand at a fixed place", name)
	}
	views := &selects{by: f, setting: &Setting{Selects: map[string]string{}}, path: path}
	for _, k := range list {
		c.kind(k, s, views, path)
	}
	if len(s.entries) > 0 {
		s.settle()
		c.view.kinds = s
	} else if len(views.setting.Selects) == 0 {
		c.fail(path, "no record kind selects anything by %s", name)
	}
}

// kind adds one kind: an 01 level, or a view of a REDEFINES.
func (c *compiler) kind(k Kind, s *selector, views *selects, path string) {
	numeric := s.item.Codec.Kind() == copybooks.IntegerValue
	for i, r := range c.view.records {
		if !strings.EqualFold(r.layout.Name(), k.Group) {
			continue
		}
		if slices.ContainsFunc(c.view.records[i+1:], func(o *record) bool { return strings.EqualFold(o.layout.Name(), k.Group) }) {
			c.fail(path, "kind %s: several 01 levels are called %s: give the one that is meant a name", strings.Join(k.Values, ","), k.Group)
			return
		}
		for _, value := range k.Values {
			e, err := entries(s.item.Field, numeric, value, i)
			if err != nil {
				c.fail(path, "kind %s: %w", value, err)
			}
			s.entries = append(s.entries, e...)
		}
		return
	}
	_, view, err := c.find(k.Group, nil)
	if err != nil {
		c.fail(path, "kind %s: %w", strings.Join(k.Values, ","), err)
		return
	}
	if !shared(view) {
		c.fail(path, "kind %s: %s is neither an 01 level nor a view of a REDEFINES", strings.Join(k.Values, ","), view.Path)
		return
	}
	for _, value := range k.Values {
		views.setting.Selects[value] = k.Group
	}
	c.selects[view] = views
}

// shared reports whether a Field shares its storage with a sibling.
func shared(f *copybooks.Field) bool {
	if f.Redefines != nil {
		return true
	}
	if f.Parent != nil {
		for _, s := range f.Parent.Children {
			if s.Redefines == f {
				return true
			}
		}
	}
	return false
}

// record compiles one Layout.
func (c *compiler) record(rec *record) {
	c.rec = rec
	rec.root = &node{kind: objectNode}
	w := walk{c: c, base: rec.root, container: rec.root}
	rec.enc = &encItem{item: rec.plan.Root()}
	if len(rec.plan.Root().Children) == 0 {
		rec.enc = w.item(rec.plan.Root())
	} else {
		w.settle(rec.plan.Root(), rec.enc)
	}
	for _, f := range rec.layout.Renames() {
		if s := c.settings[f]; s != nil && !s.Omit {
			w.rename(f, s)
		}
	}
	if len(rec.clusters) > maxClusters {
		c.fail("fields", "layout %s has %d selectors, at most %d are possible", rec.layout.Name(), len(rec.clusters), maxClusters)
		return
	}
	if len(c.errs) > 0 {
		return // a value may have no meaning
	}
	rec.root.prune()
	b := builder{rec: rec}
	b.object(rec.root, true)
	rec.ops = b.ops
}
