package mapping

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/portage-gateway/portage/copybooks"
)

// encItem is one Field on the way from JSON to bytes, in the order of the record.
type encItem struct {
	item     *copybooks.Item
	path     string // of its setting in the mapping file
	node     *node  // the value, or the array of a table
	raw      *node  // the value beside a code
	object   *node  // the object of a group
	def      *string
	children []*encItem
	table    bool
	element  bool            // the value of a table of single values
	used     *copybooks.Item // the count that a table's length gives
	hidden   bool            // a count, written with its table
	views    bool            // shared storage: children are its views
	cluster  *cluster        // its selector, if there is one
	skipped  bool            // a view that no value selects
	counter  *node           // the value of the count that a table depends on, if the JSON shows it
}

// ValueError says which value of a JSON text cannot be encoded, and where it would have gone.
type ValueError struct {
	// Pointer is the JSON Pointer of the value.
	Pointer string
	// Offset is the byte in the JSON text at which the value starts; -1 for a value that is missing.
	Offset int
	// Reason is one of copybooks.Reasons.
	Reason string
	// Err says what was wrong; it is a *copybooks.FieldError if a Field refused the value.
	Err error
}

// Error implements error.
func (e *ValueError) Error() string {
	place := e.Pointer
	if place == "" {
		place = "JSON"
	}
	if e.Offset >= 0 {
		place = fmt.Sprintf("%s at byte %d", place, e.Offset)
	}
	if _, ok := e.Err.(*copybooks.FieldError); ok {
		return fmt.Sprintf("%s: %v", place, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", place, e.Reason, e.Err)
}

// Unwrap returns the cause.
func (e *ValueError) Unwrap() error { return e.Err }

// Encoder turns JSON into the records of a View. It is reusable and belongs to one goroutine.
type Encoder struct {
	view     *View
	encoders []*copybooks.Encoder
	kinds    []*node // by record: the value at the kind field's bytes
	alike    bool    // all records show their kind by the same member in the same way
	tape     tape
	job      encodeJob
}

// Encoder returns a new Encoder.
func (v *View) Encoder() *Encoder {
	e := &Encoder{view: v, tape: tape{keys: v.keys}}
	for _, r := range v.records {
		e.encoders = append(e.encoders, r.plan.Encoder())
		if v.kinds != nil {
			e.kinds = append(e.kinds, r.kindLeaf(v.kinds.item))
		}
	}
	e.alike = len(e.kinds) > 0
	for _, k := range e.kinds {
		e.alike = e.alike && sameKind(e.kinds[0], k)
	}
	return e
}

// EncodeJSON is Encoder.Append with an Encoder of its own.
func (v *View) EncodeJSON(dst, json, original []byte) ([]byte, error) {
	return v.Encoder().Append(dst, json, original)
}

// Append appends the record of a JSON text that AppendJSON could have written. original may be nil; it is
// the record that was decoded before, whose bytes win where a value has several encodings, and where the
// JSON has no member. Without it such fields get their default of the mapping, or what INITIALIZE gives.
//
// Unknown members, values that do not fit exactly, and views of the same storage that encode to different
// bytes are errors: a *SyntaxError, a *ValueError or, for the original, a *copybooks.FieldError.
func (e *Encoder) Append(dst, json, original []byte) ([]byte, error) {
	if err := e.tape.parse(json); err != nil {
		return dst, err
	}
	if e.tape.values[0].kind != jsonObject {
		return dst, e.tape.wrong(0, "", "an object")
	}
	if e.view.kinds == nil && len(e.view.records) > 1 {
		return e.all(dst, original)
	}
	i := 0
	if e.view.kinds != nil {
		var err error
		if i, err = e.kind(original); err != nil {
			return dst, err
		}
	}
	return e.record(dst, i, 0, original)
}

// kind finds the record that a JSON text is of: by the kind field's value, or by the original.
func (e *Encoder) kind(original []byte) (int, error) {
	s := e.view.kinds
	for i := range e.view.records {
		if !s.selects(i) {
			continue
		}
		got, ok := e.kindIn(e.kinds[i], s)
		if ok && got != i && e.alike {
			got, ok = e.kindIn(e.kinds[got], s)
			i = got
		}
		if ok && got == i {
			return i, nil
		}
	}
	if original != nil {
		if i, f := s.peek(original, e.view.records); f == copybooks.OK {
			return i, nil
		}
	}
	if i, ok := e.tryKinds(s); ok {
		return i, nil
	}
	return 0, &ValueError{Offset: -1, Reason: copybooks.UnknownKind.String(),
		Err: fmt.Errorf("no member says which record kind this is: %s selects it", s.item.Field.Path)}
}

// sameKind reports whether two records show their kind by the same member in the same way.
func sameKind(a, b *node) bool {
	return a != nil && b != nil && a.key == b.key && a.parent.parent == nil && b.parent.parent == nil && a.leaf.form == b.leaf.form &&
		a.leaf.codes.same(b.leaf.codes)
}

// tryKinds finds the one record whose encoding says that it is of its own kind: the kind field may lie
// inside of a text.
func (e *Encoder) tryKinds(s *selector) (int, bool) {
	found := -1
	for i := range e.view.records {
		if !s.selects(i) {
			continue
		}
		out, err := e.record(nil, i, 0, nil)
		if err != nil {
			continue
		}
		if got, f := s.peek(out, e.view.records); f == copybooks.OK && got == i {
			if found >= 0 {
				return 0, false
			}
			found = i
		}
	}
	return found, found >= 0
}

func (s *selector) selects(i int) bool {
	for _, e := range s.entries {
		if e.choice == i {
			return true
		}
	}
	return false
}

// kindIn reads the kind as the JSON of one record would hold it: from the leaf at the kind field's bytes.
func (e *Encoder) kindIn(leaf *node, s *selector) (int, bool) {
	if leaf == nil {
		return 0, false
	}
	at := e.tape.lookup(0, leaf)
	if at < 0 {
		return 0, false
	}
	text := e.tape.bytes(at)
	if leaf.leaf.form == codeLeaf {
		plain, _ := leaf.leaf.codes.named(text)
		if plain == nil {
			return 0, false
		}
		i, f := s.bytes(plain.from)
		return i, f == copybooks.OK
	}
	i, f := s.choose(text, copybooks.OK)
	return i, f == copybooks.OK
}

// all encodes a text with one member for each 01 level. They share the record's storage: what one of them
// writes must be what the others write there, and the longest says how long the record is.
func (e *Encoder) all(dst, original []byte) ([]byte, error) {
	var merged []byte
	var by []string // which member wrote a byte
	seen, given := 0, 0
	for i, rec := range e.view.records {
		key := rec.member
		at := e.tape.member(0, key)
		if at < 0 {
			continue
		}
		seen++
		if e.tape.values[at].kind == jsonNull {
			continue
		}
		if e.tape.values[at].kind != jsonObject {
			return dst, e.tape.wrong(at, "/"+escapePointer(key), "an object")
		}
		given++
		e.job.written = make([]bool, max(rec.layout.Size(), len(original)))
		out, err := e.record(nil, i, at, original)
		if err != nil {
			return dst, err
		}
		for k, b := range out {
			switch {
			case k >= len(merged):
				merged, by = append(merged, b), append(by, "")
			case !e.job.written[k]:
				continue
			case by[k] == "":
				merged[k] = b
			case merged[k] != b:
				return dst, &ValueError{Pointer: "/" + escapePointer(key), Offset: int(e.tape.values[at].at), Reason: copybooks.ViewsDiffer.String(),
					Err: fmt.Errorf("%s and %s encode to different bytes: leave one of them null", by[k], key)}
			}
			if e.job.written[k] {
				by[k] = key
			}
		}
	}
	e.job.written = nil
	if int(e.tape.values[0].n) != seen || given == 0 {
		return dst, &ValueError{Offset: 0, Reason: copybooks.UnknownKind.String(),
			Err: errors.New("want one member for each 01 level, and one of them not null")}
	}
	return append(dst, merged...), nil
}

// record encodes the object at a place of the tape.
func (e *Encoder) record(dst []byte, i int, at int32, original []byte) ([]byte, error) {
	rec, enc := e.view.records[i], e.encoders[i]
	if err := enc.Start(original); err != nil {
		return dst, err
	}
	j := &e.job
	j.start(rec, enc, &e.tape)
	if err := j.bind(rec.root, at); err != nil {
		return dst, err
	}
	if err := j.item(rec.enc); err != nil {
		return dst, err
	}
	if err := j.deferred(0); err != nil {
		return dst, err
	}
	if err := j.after(); err != nil {
		return dst, err
	}
	dst = enc.AppendRecord(dst)
	if original == nil && e.view.options.Variable {
		dst = dst[:len(dst)-j.unused(rec.enc)]
	}
	return dst, nil
}

// wrong says that a value is of another kind.
func (t *tape) wrong(at int32, pointer, want string) error {
	v := &t.values[at]
	return &ValueError{Pointer: pointer, Offset: int(v.at), Reason: copybooks.WrongKind.String(),
		Err: fmt.Errorf("is %s, want %s", v.kind, want)}
}

// member returns the value of an object's member, -1 if there is none.
func (t *tape) member(object int32, key string) int32 {
	for i := object + 1; i < t.values[object].next; i = t.values[i+1].next {
		if string(t.bytes(i)) == key {
			return i + 1
		}
	}
	return -1
}

// lookup follows the way to a node from the object of its root; arrays are not followed.
func (t *tape) lookup(object int32, n *node) int32 {
	if n.parent == nil {
		return object
	}
	up := t.lookup(object, n.parent)
	if up < 0 || t.values[up].kind != jsonObject {
		return -1
	}
	return t.member(up, n.key)
}

// kindLeaf returns the node that shows the bytes of the kind field.
func (rec *record) kindLeaf(kind *copybooks.Item) *node {
	var found *node
	var visit func(n *node)
	visit = func(n *node) {
		if n.kind == arrayNode || found != nil {
			return
		}
		if l := n.leaf; l != nil && l.item.SamePlace(kind) && l.form != rawLeaf && l.form != textsLeaf {
			found = n
		}
		for _, m := range n.members {
			visit(m)
		}
	}
	visit(rec.root)
	return found
}

// parseRaw reads {"raw": "hex digits"}.
func (t *tape) parseRaw(at int32) ([]byte, bool) {
	if t.values[at].kind != jsonObject || t.values[at].n != 1 {
		return nil, false
	}
	v := t.member(at, "raw")
	if v < 0 || t.values[v].kind != jsonString {
		return nil, false
	}
	b, err := hex.DecodeString(string(t.bytes(v)))
	return b, err == nil
}
