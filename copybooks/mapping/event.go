package mapping

import (
	"strings"
	"time"

	"github.com/portage-gateway/portage/copybooks"
)

// Event says how a record becomes a CloudEvent (CloudEvents 1.0).
type Event struct {
	// Type chooses the event's type by a Field's value.
	Type EventType `yaml:"type"`
	// ID is the event's id; {FIELD} stands for a Field's canonical text.
	ID string `yaml:"id"`
	// Source is the event's source, a URI reference.
	Source string `yaml:"source"`
	// Time names the Field, with a date setting that holds a time, at which the event happened.
	Time string `yaml:"time"`
	// Subject says whom the event is about.
	Subject Subject `yaml:"subject"`
	// Sequence names a Field that counts up; "": there is none.
	Sequence string `yaml:"sequence"`
	// DataSchema is a URI of the data's schema; {type} stands for the event's type. "": none.
	DataSchema string `yaml:"dataSchema"`
	// Include are the JSON Pointers of what the data hold. Empty: all that is not of sensitivity sin.
	Include []string `yaml:"include"`
}

// EventType chooses the type by a Field's value.
type EventType struct {
	Field  string            `yaml:"field"`
	Values map[string]string `yaml:"values"`
}

// Subject names the Fields that identify a person's file in a program. They never leave Portage: the caller
// makes a Reference of them.
type Subject struct {
	Program string `yaml:"program"`
	SIN     string `yaml:"sin"`
	Claim   string `yaml:"claim"`
}

// EventAttributes are what a CloudEvent says beside its data. Program, SIN and Claim identify the subject;
// they must be turned into a Reference and never shown.
type EventAttributes struct {
	ID, Type, Source, DataSchema string
	// Time is in UTC.
	Time time.Time
	// Flags are "repeated-hour" if the local time came twice that day, and the earlier one was taken.
	Flags []string
	// Sequence is the canonical text of the sequence Field; "" without one.
	Sequence            string
	Program, SIN, Claim string
}

// EventView makes CloudEvents of the Records of a View. It is immutable and safe to share.
type EventView struct {
	view     *View
	rec      *record
	types    *selector
	names    []string
	id       []idPart
	time     *leaf
	sequence *copybooks.Item
	sin      *copybooks.Item
	claim    *copybooks.Item
	ops      []op
}

// idPart is text, or a Field's canonical text.
type idPart struct {
	text string
	item *copybooks.Item
}

// event compiles the event block.
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
	e := &EventView{view: c.view, rec: rec}
	e.types = &selector{item: rec.plan.Item(f), otherwise: refuse}
	for i, value := range sorted(ev.Type.Values) {
		list, err := entries(f, e.types.item.Codec.Kind() == copybooks.IntegerValue, value, i)
		if err != nil {
			c.fail("event.type.values."+value, "%w", err)
		}
		e.types.entries = append(e.types.entries, list...)
		e.names = append(e.names, ev.Type.Values[value])
	}
	if len(e.names) == 0 || ev.Source == "" || ev.ID == "" {
		c.fail("event", "needs types, an id and a source")
	}
	e.id = c.template(rec, ev.ID)
	e.sequence = c.optional(rec, ev.Sequence, "event.sequence")
	e.sin = c.optional(rec, ev.Subject.SIN, "event.subject.sin")
	e.claim = c.optional(rec, ev.Subject.Claim, "event.subject.claim")
	if n := c.optional(rec, ev.Time, "event.time"); n != nil {
		if e.time = rec.leafOf(n.Field); e.time == nil || e.time.date == nil || e.time.date.kind != timeDate {
			c.fail("event.time", "%s needs a date setting that holds a time, and must be shown", ev.Time)
		}
	} else if ev.Time == "" {
		c.fail("event", "needs a time")
	}
	e.ops = c.included(rec, ev.Include, "event.include")
	c.view.event = e
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

func (c *compiler) template(rec *record, text string) []idPart {
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
		if it := c.optional(rec, name, "event.id"); it != nil {
			parts = append(parts, idPart{item: it})
		}
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

// included compiles a program of what the pointers name, without what is of sensitivity sin.
func (c *compiler) included(rec *record, pointers []string, path string) []op {
	wanted := map[*node]bool{}
	for i, p := range pointers {
		n := rec.root.at(pointer("/" + strings.TrimPrefix(p, "/")))
		if n == nil {
			c.fail(path, "%q is the place of no field", pointers[i])
			continue
		}
		for up := n; up != nil; up = up.parent {
			wanted[up] = true
		}
		n.each(func(m *node) { wanted[m] = true })
	}
	keep := func(n *node) bool {
		return n.sensitive(nil) != sinSensitivity && (len(pointers) == 0 || wanted[n]) || n.kind != leafNode && n.holds(func(m *node) bool {
			return m.kind == leafNode && m.sensitivity != sinSensitivity && (len(pointers) == 0 || wanted[m])
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

// Types returns the event types, each once.
func (e *EventView) Types() []string {
	seen := map[string]bool{}
	var out []string
	for _, n := range e.names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// Attributes returns what the event of a Record says of itself. Errors are *copybooks.FieldError;
// "unknown-kind" says that the record's type has no event.
func (e *EventView) Attributes(r copybooks.Record) (EventAttributes, error) {
	ev := e.view.file.Event
	a := EventAttributes{Source: ev.Source, Program: ev.Subject.Program}
	if e.view.of(&r) != e.rec {
		return a, errForeign
	}
	i, f := e.types.read(&r)
	if f != copybooks.OK {
		return a, r.Error(e.types.item, f)
	}
	a.Type = e.names[i]
	a.DataSchema = strings.ReplaceAll(ev.DataSchema, "{type}", a.Type)
	var id []byte
	for _, p := range e.id {
		id = append(id, p.text...)
		if p.item != nil {
			text, err := fieldText(&r, p.item)
			if err != nil {
				return a, err
			}
			id = append(id, text...)
		}
	}
	a.ID = string(id)
	var err error
	if a.Sequence, err = fieldText(&r, e.sequence); err != nil {
		return a, err
	}
	if a.SIN, err = identifier(&r, e.sin); err != nil {
		return a, err
	}
	if a.Claim, err = identifier(&r, e.claim); err != nil {
		return a, err
	}
	return a, e.when(&r, &a)
}

// when reads the event's time.
func (e *EventView) when(r *copybooks.Record, a *EventAttributes) error {
	text, err := fieldText(r, e.time.item)
	if err != nil {
		return err
	}
	m, f := e.time.date.read([]byte(text))
	var repeated bool
	if f == copybooks.OK {
		a.Time, repeated, f = m.utc(e.time.date.zone)
	}
	if f != copybooks.OK {
		return r.Error(e.time.item, f)
	}
	if repeated {
		a.Flags = append(a.Flags, "repeated-hour")
	}
	return nil
}

// fieldText returns an Item's canonical text; "" for no Item.
func fieldText(r *copybooks.Record, it *copybooks.Item) (string, error) {
	if it == nil {
		return "", nil
	}
	b, f := r.Slice(it)
	if f != copybooks.OK {
		return "", r.Error(it, f)
	}
	var buf [64]byte
	text, f := it.Codec.AppendText(buf[:0], b)
	if f != copybooks.OK {
		return "", r.Error(it, f)
	}
	return string(text), nil
}

// identifier returns the text with all leading zeros of a number.
func identifier(r *copybooks.Record, it *copybooks.Item) (string, error) {
	text, err := fieldText(r, it)
	if err != nil || it == nil || it.Codec.Kind() != copybooks.IntegerValue {
		return text, err
	}
	return strings.Repeat("0", max(0, it.Codec.WholeDigits()-len(text))) + text, nil
}

// AppendData appends the event's data: the JSON of the Record without fields of sensitivity sin.
func (e *EventView) AppendData(dst []byte, r copybooks.Record) ([]byte, error) {
	if e.view.of(&r) != e.rec {
		return dst, errForeign
	}
	return e.rec.append(dst, &r, e.ops)
}
