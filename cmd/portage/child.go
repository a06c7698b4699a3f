package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// maxTree bounds what one root record and all that stands below it may take, in bytes of JSON.
const maxTree = 256 << 20

// hierarchy is what --child says: records of one kind stand below those of another, as an IMS unload has them in
// hierarchic sequence. It is immutable.
type hierarchy struct {
	kinds   []string       // all kinds, upper case
	parents map[int]int    // by kind: the kind above it
	members map[int]string // by child kind: the name of its array
	kindOf  func(copybooks.Record) (int, bool)
}

// hierarchy reads --child; nil without one.
func (f *recordFlags) hierarchy(view *mapping.View) (*hierarchy, error) {
	if len(f.children) == 0 {
		return nil, nil
	}
	h := &hierarchy{parents: map[int]int{}, members: map[int]string{}}
	views := f.viewKinds(view)
	for _, l := range view.Layouts() {
		h.kinds = append(h.kinds, l.Name())
	}
	for _, k := range views {
		if !slices.Contains(h.kinds, k.group) {
			h.kinds = append(h.kinds, k.group)
		}
	}
	for _, text := range f.children {
		child, parent, ok := strings.Cut(strings.ToUpper(text), "=")
		c, p := slices.Index(h.kinds, child), slices.Index(h.kinds, parent)
		switch _, twice := h.parents[c]; {
		case !ok || child == "" || parent == "":
			return nil, fmt.Errorf("--child %q: want KIND=PARENTKIND", text)
		case c < 0 || p < 0:
			return nil, fmt.Errorf("--child %q: kinds are %s", text, strings.Join(h.kinds, ", "))
		case twice:
			return nil, fmt.Errorf("--child %q: %s has a parent already", text, child)
		}
		h.parents[c], h.members[c] = p, kindMember(child, f.view.Names)
	}
	for kind := range h.parents {
		up, steps := kind, 0
		for {
			next, ok := h.parents[up]
			if !ok {
				break
			}
			if up, steps = next, steps+1; steps > len(h.kinds) {
				return nil, fmt.Errorf("--child: %s is below itself", h.kinds[kind])
			}
		}
	}
	h.kindOf = func(r copybooks.Record) (int, bool) {
		for _, k := range views {
			if k.matches(r) {
				return slices.Index(h.kinds, k.group), true
			}
		}
		i := slices.Index(h.kinds, r.Layout().Name())
		return i, i >= 0
	}
	return h, nil
}

// kindMember is the member name of a kind, as mapping names members.
func kindMember(name string, style mapping.Names) string {
	lower := strings.ToLower(name)
	switch style {
	case mapping.Cobol:
		return name
	case mapping.Snake:
		return strings.ReplaceAll(lower, "-", "_")
	}
	words := strings.FieldsFunc(lower, func(r rune) bool { return r == '-' || r == '_' })
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}

// viewKind is a kind that selects a view of a REDEFINES, by the value of the kind field.
type viewKind struct {
	group  string
	field  *copybooks.Field
	layout *copybooks.Layout
	values []string
}

// viewKinds returns the kinds that are views of a REDEFINES, of flags or of the mapping.
func (f *recordFlags) viewKinds(view *mapping.View) (out []viewKind) {
	list, name := f.view.Kinds, f.view.KindField
	if file := f.file; file != nil && file.Kinds != nil {
		if name == "" {
			name = file.Kinds.Field
		}
		if list == nil {
			for value, group := range file.Kinds.Records {
				list = append(list, mapping.Kind{Values: []string{value}, Group: strings.ToUpper(group)})
			}
		}
	}
	for _, l := range view.Layouts() {
		field, err := l.Field(name)
		if err != nil {
			continue
		}
		for _, k := range list {
			if _, err := l.Field(k.Group); err == nil && !strings.EqualFold(l.Name(), k.Group) {
				out = append(out, viewKind{k.Group, field, l, k.Values})
			}
		}
	}
	return out
}

// matches reports whether a record is of this kind: by a value, a range a..b or the name of an 88 level.
func (k viewKind) matches(r copybooks.Record) bool {
	if r.Layout() != k.layout {
		return false
	}
	text, err := r.TextAt(k.field)
	if err != nil {
		return false
	}
	for _, value := range k.values {
		from, to, isRange := strings.Cut(value, "..")
		if !isRange {
			to = from
		}
		if within(text, from, to) {
			return true
		}
		for _, c := range k.field.Conditions {
			if !strings.EqualFold(c.Name, value) {
				continue
			}
			for _, v := range c.Values {
				last := v.Through
				if last == "" {
					last = v.From
				}
				if within(text, v.From, last) {
					return true
				}
			}
		}
	}
	return false
}

// within compares as numbers if all three are, as text otherwise.
func within(text, from, to string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	low, err2 := strconv.ParseInt(from, 10, 64)
	high, err3 := strconv.ParseInt(to, 10, 64)
	if err == nil && err2 == nil && err3 == nil {
		return low <= n && n <= high
	}
	from, to = strings.TrimRight(from, " "), strings.TrimRight(to, " ")
	return from <= text && text <= to
}

// branch is one record and what stands below it.
type branch struct {
	kind   int
	json   []byte
	groups []group
}

// group is the children of one kind, in their order.
type group struct {
	kind     int
	branches []*branch
}

// nester puts records together in trees, in the order of the file. It belongs to one goroutine.
type nester struct {
	h     *hierarchy
	emit  func([]byte) error
	open  []*branch // from a root down to the last record
	size  int
	mixed int64 // times that a child came behind one of another kind that its own kind stood before
	out   []byte
}

// refusal is an error about one record, from the one that takes the records.
type refusal struct{ err error }

// Error implements error.
func (r *refusal) Error() string { return r.err.Error() }

// Unwrap returns the cause.
func (r *refusal) Unwrap() error { return r.err }

// add takes the next record: its kind in the first two bytes, then its JSON and a newline.
func (n *nester) add(record []byte) error {
	b := &branch{kind: int(record[0])<<8 | int(record[1]), json: bytes.Clone(record[2 : len(record)-1])}
	parent, below := n.h.parents[b.kind]
	if !below {
		if err := n.flush(); err != nil {
			return err
		}
		n.open, n.size = append(n.open, b), len(b.json)
		return nil
	}
	depth := len(n.open)
	for depth > 0 && n.open[depth-1].kind != parent {
		depth--
	}
	if depth == 0 {
		return &refusal{fmt.Errorf("a record %s stands below no %s", n.h.kinds[b.kind], n.h.kinds[parent])}
	}
	if n.size += len(b.json); n.size > maxTree {
		return &exitError{exitNo, fmt.Errorf("the records below one %s exceed %d bytes of JSON", n.h.kinds[n.open[0].kind], maxTree)}
	}
	up := n.open[depth-1]
	i := slices.IndexFunc(up.groups, func(g group) bool { return g.kind == b.kind })
	if i < 0 {
		i = len(up.groups)
		up.groups = append(up.groups, group{kind: b.kind})
	} else if i != len(up.groups)-1 {
		n.mixed++
	}
	up.groups[i].branches = append(up.groups[i].branches, b)
	n.open = append(n.open[:depth], b)
	return nil
}

// lost says that a record was refused: what stands below it must not go to another one. known is false if not even its
// kind is certain.
func (n *nester) lost(kind int, known bool) error {
	parent, below := n.h.parents[kind]
	for depth := len(n.open); known && below && depth > 0; depth-- {
		if n.open[depth-1].kind == parent {
			n.open = n.open[:depth]
			return nil
		}
	}
	return n.flush()
}

// flush emits the tree that is open.
func (n *nester) flush() error {
	if len(n.open) == 0 {
		return nil
	}
	out, err := n.h.append(n.out[:0], n.open[0])
	n.out, n.open = append(out, '\n'), n.open[:0]
	if err != nil {
		return err
	}
	return n.emit(n.out)
}

// append appends the JSON of a record with its children as arrays behind its own members.
func (h *hierarchy) append(dst []byte, b *branch) ([]byte, error) {
	if len(b.groups) == 0 {
		return append(dst, b.json...), nil
	}
	dst = append(dst, b.json[:len(b.json)-1]...) // without the closing brace
	for i, g := range b.groups {
		name := h.members[g.kind]
		if hasMember(b.json, name) {
			return dst, &exitError{exitUsage, fmt.Errorf("--child: %s has a member %q of its own, the name of its children", h.kinds[b.kind], name)}
		}
		if i > 0 || len(b.json) > 2 {
			dst = append(dst, ',')
		}
		dst = append(strconv.AppendQuote(dst, name), ":["...)
		for k, child := range g.branches {
			if k > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = h.append(dst, child); err != nil {
				return dst, err
			}
		}
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}

// hasMember reports whether a JSON object has a member of that name.
func hasMember(object []byte, name string) bool {
	if !bytes.Contains(object, strconv.AppendQuote(nil, name)) {
		return false
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return false
	}
	_, ok := members[name]
	return ok
}

// flatten returns what gives each record of nested JSON lines: a parent, then what stands below it.
func (h *hierarchy) flatten(next func() ([]byte, int64, error)) func() ([]byte, int64, error) {
	var waiting [][]byte
	var at int64
	return func() ([]byte, int64, error) {
		if len(waiting) == 0 {
			line, offset, err := next()
			if err != nil {
				return nil, offset, err
			}
			at = offset
			if waiting, err = h.split(nil, line); err != nil {
				waiting = [][]byte{bytes.Clone(line)} // the encoder says what is wrong with it
			}
		}
		record := waiting[0]
		waiting = waiting[1:]
		return record, at, nil
	}
}

var errNoObject = errors.New("no object")

// split appends a JSON object without its children, then them.
func (h *hierarchy) split(to [][]byte, object []byte) ([][]byte, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return to, errNoObject
	}
	self := len(to)
	to = append(to, nil)
	own := []byte{'{'}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return to, err
		}
		name, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return to, err
		}
		if h.isChild(name) && value[0] == '[' {
			var elements []json.RawMessage
			if err := json.Unmarshal(value, &elements); err != nil {
				return to, err
			}
			for _, e := range elements {
				if to, err = h.split(to, e); err != nil {
					return to, err
				}
			}
			continue
		}
		if len(own) > 1 {
			own = append(own, ',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return to, err
		}
		own = append(append(append(own, key...), ':'), value...)
	}
	if _, err := d.Token(); err != nil {
		return to, err
	}
	if _, err := d.Token(); err != io.EOF {
		return to, errNoObject
	}
	to[self] = append(own, '}')
	return to, nil
}

func (h *hierarchy) isChild(member string) bool {
	for _, name := range h.members {
		if name == member {
			return true
		}
	}
	return false
}
