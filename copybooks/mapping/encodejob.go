package mapping

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/portage-gateway/portage/copybooks"
)

// encodeJob is one record on its way from JSON to bytes.
type encodeJob struct {
	rec   *record
	enc   *copybooks.Encoder
	tape  *tape
	bound []int32 // the value of each slot, -1 if the JSON has none
	waits []waiting
	// mask says which bytes of shared storage a view has written; by says which view.
	mask  []*encItem
	view  *encItem
	where []int // indices of the elements around
}

// waiting is shared storage whose selector may stand behind it.
type waiting struct {
	e    *encItem
	live bool
}

func (j *encodeJob) start(rec *record, enc *copybooks.Encoder, t *tape) {
	j.rec, j.enc, j.tape = rec, enc, t
	if cap(j.bound) < rec.leaves {
		j.bound = make([]int32, rec.leaves)
	}
	j.bound = j.bound[:rec.leaves]
	for i := range j.bound {
		j.bound[i] = -1
	}
	j.waits, j.where, j.view = j.waits[:0], j.where[:0], nil
	clear(j.mask)
}

// bind notes which value belongs to which node, below an object.
func (j *encodeJob) bind(n *node, at int32) error {
	t := j.tape
	for i := at + 1; i < t.values[at].next; i = t.values[i+1].next {
		name := t.bytes(i)
		known := false
		for _, m := range n.members {
			if m.key != string(name) {
				continue
			}
			if j.bound[m.id] >= 0 && !known {
				return j.fail(m, i, copybooks.WrongKind, fmt.Errorf("member stands twice"))
			}
			known = true
			j.bound[m.id] = i + 1
			if m.kind == objectNode && t.values[i+1].kind == jsonObject {
				if err := j.bind(m, i+1); err != nil {
					return err
				}
			}
		}
		if !known {
			keys := map[string]bool{}
			for _, m := range n.members {
				keys[m.key] = true
			}
			return &ValueError{Pointer: n.pointer(), Offset: int(t.values[i].at), Reason: copybooks.WrongKind.String(),
				Err: fmt.Errorf("no field belongs to the member%s", hint(string(name), keys))}
		}
	}
	for _, m := range n.members {
		if m.kind == leafNode {
			continue
		}
		if v := j.bound[m.id]; v >= 0 && t.values[v].kind != jsonNull && m.kind == objectNode && t.values[v].kind != jsonObject {
			return t.wrong(v, m.pointer(), "an object")
		}
	}
	return nil
}

// fail is an error at a node.
func (j *encodeJob) fail(n *node, at int32, f copybooks.Fault, err error) error {
	e := &ValueError{Offset: -1, Reason: f.String(), Err: err}
	if n != nil {
		e.Pointer = n.pointer()
	}
	if at >= 0 {
		e.Offset = int(j.tape.values[at].at)
	}
	return e
}

// refuse is the error of a Fault in an Item.
func (j *encodeJob) refuse(n *node, at int32, it *copybooks.Item, f copybooks.Fault) error {
	return j.fail(n, at, f, j.enc.Record().Error(it, f, j.where...))
}

// item encodes one Field and what is below it.
func (j *encodeJob) item(e *encItem) error {
	switch {
	case e.views:
		return j.shared(e)
	case e.table:
		return j.table(e)
	case len(e.children) > 0:
		for _, c := range e.children {
			if err := j.item(c); err != nil {
				return err
			}
		}
		return nil
	case len(e.item.Children) > 0:
		return nil
	}
	return j.leaf(e)
}

// table encodes the elements of a table.
func (j *encodeJob) table(e *encItem) error {
	at := int32(-1)
	if e.node != nil {
		at = j.bound[e.node.id]
	}
	if at >= 0 && j.tape.values[at].kind == jsonNull {
		at = -1
	}
	if at >= 0 && j.tape.values[at].kind != jsonArray {
		return j.tape.wrong(at, e.node.pointer(), "an array")
	}
	n, f := j.enc.OriginalCount(e.item)
	if f != copybooks.OK {
		return j.refuse(e.node, at, e.item, f)
	}
	given := 0
	if at >= 0 {
		given = int(j.tape.values[at].n)
		if err := j.length(e, at, given, &n); err != nil {
			return err
		}
	}
	live, waits := j.enc.Live(), len(j.waits)
	if f := j.enc.Open(e.item, n, true); f != copybooks.OK {
		return j.refuse(e.node, at, e.item, f)
	}
	v := at + 1
	j.where = append(j.where, 0)
	for i := range n {
		j.where[len(j.where)-1] = i
		if f := j.enc.Step(e.item, i); f != copybooks.OK {
			return j.refuse(e.node, at, e.item, f)
		}
		if e.node != nil {
			if err := j.element(e.node.members[0], i < given, v); err != nil {
				return err
			}
		}
		if i < given {
			v = j.tape.values[v].next
		}
		for _, c := range e.children {
			if err := j.item(c); err != nil {
				return err
			}
		}
		if err := j.deferred(waits); err != nil {
			return err
		}
	}
	j.where = j.where[:len(j.where)-1]
	j.enc.Close(e.item, n)
	j.enc.SetLive(live)
	return nil
}

// length says how many elements a table gets, and writes the count that depends on it.
func (j *encodeJob) length(e *encItem, at int32, given int, n *int) error {
	least, most := e.item.Bounds()
	counter := e.item.Counter()
	if given > most || counter != nil && given < least || counter == nil && e.used == nil && given != most {
		return j.fail(e.node, at, copybooks.ODOCount, fmt.Errorf("%d elements, %s takes %d to %d", given, e.item.Field.Path, least, most))
	}
	if counter != nil {
		*n = given
		if shown := j.rec.shown(counter); shown != nil && j.bound[shown.id] >= 0 {
			if f := j.enc.Open(e.item, given, false); f != copybooks.OK {
				return j.fail(e.node, at, f, fmt.Errorf("%d elements, but %s says otherwise", given, shown.pointer()))
			}
		}
	}
	if e.used != nil {
		if f := j.enc.Put(e.used, []byte(strconv.Itoa(given))); f != copybooks.OK {
			return j.refuse(e.node, at, e.used, f)
		}
	}
	return nil
}

// shown returns the node of a Field's value, nil if it has none.
func (rec *record) shown(it *copybooks.Item) *node {
	var found *node
	var visit func(e *encItem)
	visit = func(e *encItem) {
		if e.item.Field == it.Field && e.node != nil && e.node.kind == leafNode {
			found = e.node
		}
		for _, c := range e.children {
			visit(c)
		}
	}
	visit(rec.enc)
	return found
}

// element binds the values of one element, or none.
func (j *encodeJob) element(n *node, given bool, at int32) error {
	j.unbind(n)
	if !given {
		return nil
	}
	j.bound[n.id] = at
	if n.kind != objectNode {
		return nil
	}
	if k := j.tape.values[at].kind; k != jsonObject {
		return j.tape.wrong(at, n.pointer(), "an object")
	}
	return j.bind(n, at)
}

func (j *encodeJob) unbind(n *node) {
	j.bound[n.id] = -1
	for _, m := range n.members {
		j.unbind(m)
	}
}

// shared encodes storage that has several views.
func (j *encodeJob) shared(e *encItem) error {
	if e.cluster != nil {
		if err := j.keep(e.children[0].item); err != nil {
			return err
		}
		j.waits = append(j.waits, waiting{e: e, live: j.enc.Live()})
		return nil
	}
	return j.trials(e)
}

// deferred encodes the chosen views of the storage that was met since.
func (j *encodeJob) deferred(since int) error {
	for i := since; i < len(j.waits); i++ {
		e := j.waits[i].e
		c := e.cluster
		view, f := c.by.read(j.enc.Record())
		if f != copybooks.OK {
			return j.refuse(nil, -1, c.by.item, f)
		}
		for k, child := range e.children {
			if k == view {
				if err := j.chosen(e, child); err != nil {
					return err
				}
			} else if at, n := j.given(child); at >= 0 && !j.givenElsewhere(e, k, n) {
				return j.fail(n, at, copybooks.UnknownKind, fmt.Errorf("%s does not select this value", c.by.item.Field.Path))
			}
		}
	}
	j.waits = j.waits[:since]
	return nil
}

func (j *encodeJob) chosen(e, child *encItem) error {
	was := j.enc.Live()
	j.enc.SetLive(was && j.sameView(e.cluster))
	if child.item.Moves() {
		j.enc.EnterView(child.item)
	}
	err := j.item(child)
	j.enc.SetLive(was)
	return err
}

// sameView reports whether the original record has the same view chosen.
func (j *encodeJob) sameView(c *cluster) bool {
	orig := j.enc.Original()
	if orig.Layout() == nil {
		return false
	}
	was, f := c.by.read(&orig)
	now, g := c.by.read(j.enc.Record())
	return f == copybooks.OK && g == copybooks.OK && was == now
}

// given returns the first value of a view that is not null. An object is one, whatever it holds.
func (j *encodeJob) given(e *encItem) (int32, *node) {
	for _, n := range [3]*node{e.node, e.raw, e.object} {
		if n != nil && j.bound[n.id] >= 0 && j.tape.values[j.bound[n.id]].kind != jsonNull {
			return j.bound[n.id], n
		}
	}
	for _, c := range e.children {
		if at, n := j.given(c); at >= 0 {
			return at, n
		}
	}
	return -1, nil
}

// givenElsewhere reports whether another view of the same storage has a value at the same place.
func (j *encodeJob) givenElsewhere(e *encItem, view int, n *node) bool {
	for k, c := range e.children {
		if k != view && c.has(n.parent, n.key) {
			return true
		}
	}
	return false
}

func (e *encItem) has(parent *node, key string) bool {
	if e.node != nil && e.node.parent == parent && e.node.key == key {
		return true
	}
	for _, c := range e.children {
		if c.has(parent, key) {
			return true
		}
	}
	return false
}

// trials encodes views that no selector chooses between. Views of text go first: their bytes say
// everything, and the numbers of the others keep the bytes that mean the same.
func (j *encodeJob) trials(e *encItem) error {
	if err := j.keep(e.children[0].item); err != nil {
		return err
	}
	if at, _ := j.givenAny(e); at < 0 {
		return j.blank(e)
	}
	outer := j.view
	if outer == nil {
		if n := len(j.enc.Record().Bytes()); len(j.mask) < n {
			j.mask = make([]*encItem, n)
		}
	}
	for _, text := range [2]bool{true, false} {
		for _, c := range e.children {
			if at, _ := j.given(c); at < 0 || c.allText() != text {
				continue
			}
			if outer == nil {
				j.view = c
			}
			if c.item.Moves() {
				j.enc.EnterView(c.item)
			}
			if err := j.item(c); err != nil {
				return err
			}
		}
	}
	j.view = outer
	return nil
}

// givenAny is given for any of the views.
func (j *encodeJob) givenAny(e *encItem) (int32, *node) {
	for _, c := range e.children {
		if at, n := j.given(c); at >= 0 {
			return at, n
		}
	}
	return -1, nil
}

// blank deals with views that are all null: the first one that can be blank is, unless there are original
// bytes to keep.
func (j *encodeJob) blank(e *encItem) error {
	for _, c := range e.children {
		if j.enc.Live() || j.view != nil || c.node == nil || c.node.kind != leafNode || j.bound[c.node.id] < 0 {
			continue
		}
		if j.enc.PutNull(c.item) == copybooks.OK {
			return nil
		}
	}
	return nil
}

// allText reports whether all values of a view are text.
func (e *encItem) allText() bool {
	if len(e.children) == 0 {
		return e.node == nil || e.item.Codec.Kind() == copybooks.TextValue
	}
	for _, c := range e.children {
		if !c.allText() {
			return false
		}
	}
	return true
}

// keep writes all bytes below an Item as they were, or their initial values.
func (j *encodeJob) keep(it *copybooks.Item) error {
	if j.view != nil {
		return nil // inside of a view whose storage was kept before
	}
	if f := j.enc.KeepAll(it); f != copybooks.OK {
		return j.refuse(nil, -1, it, f)
	}
	return nil
}

// merge deals with bytes that another view of the same storage has written before; was holds them. Other
// bytes than those are an error.
func (j *encodeJob) merge(e *encItem, n *node, at int32, was []byte) error {
	slot, _ := j.enc.Record().Slice(e.item)
	mask := j.masked(e.item)
	for i, by := range mask {
		if by != nil && by != j.view && was[i] != slot[i] {
			return j.fail(n, at, copybooks.ViewsDiffer, fmt.Errorf("%s and %s share their bytes and differ: leave one of them null", by.item.Field.Path, j.view.item.Field.Path))
		}
	}
	for i := range mask {
		if mask[i] == nil {
			mask[i] = j.view
		}
	}
	return nil
}

// masked returns who wrote the Item's bytes.
func (j *encodeJob) masked(it *copybooks.Item) []*encItem {
	start := j.enc.Record().SlicePos(it)
	return j.mask[start : start+it.Size()]
}

// before returns a copy of the bytes of shared storage, and makes them the ones that win if other views
// have written all of them.
func (j *encodeJob) before(it *copybooks.Item) []byte {
	slot, f := j.enc.Record().Slice(it)
	if f != copybooks.OK {
		return nil
	}
	was := bytes.Clone(slot)
	for _, by := range j.masked(it) {
		if by == nil || by == j.view {
			return was
		}
	}
	j.enc.Prefer(was)
	return was
}

// leaf encodes one elementary Field.
func (j *encodeJob) leaf(e *encItem) error {
	at, raw := int32(-1), int32(-1)
	if e.node != nil {
		at = j.bound[e.node.id]
	}
	if e.raw != nil {
		raw = j.bound[e.raw.id]
	}
	if at < 0 && raw < 0 {
		return j.absent(e)
	}
	var was []byte
	if j.view != nil {
		was = j.before(e.item)
	}
	f := j.put(e, at, raw)
	j.enc.Prefer(nil)
	if f != copybooks.OK {
		if at < 0 {
			return j.refuse(e.raw, raw, e.item, f)
		}
		return j.refuse(e.node, at, e.item, f)
	}
	if was != nil {
		return j.merge(e, e.node, at, was)
	}
	return nil
}

// absent writes a Field that the JSON does not name.
func (j *encodeJob) absent(e *encItem) error {
	if j.view != nil {
		return nil // another view may write it; the storage was kept before
	}
	f := copybooks.OK
	if e.def != nil && !j.enc.Live() {
		f = j.enc.Put(e.item, []byte(*e.def))
	} else {
		f = j.enc.Keep(e.item)
	}
	if f != copybooks.OK {
		return j.refuse(e.node, -1, e.item, f)
	}
	return nil
}

// put writes one value.
func (j *encodeJob) put(e *encItem, at, raw int32) copybooks.Fault {
	if raw >= 0 && j.tape.values[raw].kind == jsonString {
		return j.putCode(e, at, j.tape.bytes(raw))
	}
	if at < 0 {
		return copybooks.WrongKind
	}
	l := e.node.leaf
	v := &j.tape.values[at]
	if v.kind == jsonNull {
		return j.putNull(e, l)
	}
	if b, ok := j.tape.parseRaw(at); ok {
		return j.enc.PutRaw(e.item, b)
	}
	switch l.form {
	case moneyLeaf:
		return j.putMoney(e, l, at)
	case codeLeaf:
		if v.kind != jsonString {
			return copybooks.WrongKind
		}
		return j.putSlug(e, l, j.tape.bytes(at))
	case dateLeaf:
		if v.kind != jsonString {
			return copybooks.WrongKind
		}
		return j.putDate(e, l, j.tape.bytes(at))
	case bytesLeaf:
		return j.putBytes(e, at)
	case textLeaf:
		if v.kind != jsonString {
			return copybooks.WrongKind
		}
	default:
		if v.kind != jsonString && v.kind != jsonNumber {
			return copybooks.WrongKind
		}
	}
	return j.enc.Put(e.item, j.tape.bytes(at))
}

func (j *encodeJob) putBytes(e *encItem, at int32) copybooks.Fault {
	if j.tape.values[at].kind != jsonString {
		return copybooks.WrongKind
	}
	b := make([]byte, e.item.Size())
	text := j.tape.bytes(at)
	if len(text) != 2*len(b) {
		return copybooks.TextTooLong
	}
	for i := range b {
		n, err := strconv.ParseUint(string(text[2*i:2*i+2]), 16, 8)
		if err != nil {
			return copybooks.NotNumber
		}
		b[i] = byte(n)
	}
	return j.enc.PutRaw(e.item, b)
}

// putNull writes null: the original bytes if they mean it, else the first rule's content.
func (j *encodeJob) putNull(e *encItem, l *leaf) copybooks.Fault {
	if b := j.enc.OriginalBytes(e.item); b != nil {
		var buf [64]byte
		text, f := e.item.Codec.AppendText(buf[:0], b)
		empty := l.form == codeLeaf && len(text) == 0 && f <= copybooks.Blank
		hidden := f > copybooks.Blank && j.rec.view.options.Invalid == InvalidNull
		if f == copybooks.Blank || hidden || empty || isNull(l.nulls, e.item.Codec.Space(), b, text, f) {
			return j.enc.PutRaw(e.item, b)
		}
	}
	if len(l.nulls) > 0 {
		return l.nulls[0].put(j.enc, e.item, l.digits)
	}
	if l.form == codeLeaf && e.item.Codec.Kind() == copybooks.TextValue {
		return j.enc.Put(e.item, nil)
	}
	return j.enc.PutNull(e.item)
}

func (j *encodeJob) putMoney(e *encItem, l *leaf, at int32) copybooks.Fault {
	t := j.tape
	if t.values[at].kind != jsonObject || t.values[at].n != 2 {
		return copybooks.WrongKind
	}
	amount, currency := t.member(at, "amount"), t.member(at, "currency")
	if amount < 0 || currency < 0 {
		return copybooks.WrongKind
	}
	want := l.money[len(`","currency":"`) : len(l.money)-2]
	if k := t.values[amount].kind; k != jsonString && k != jsonNumber || !bytes.Equal(t.bytes(currency), want) {
		return copybooks.WrongKind
	}
	return j.enc.Put(e.item, t.bytes(amount))
}

// putSlug writes the value of a code: the original one if it has the same code, else the one that the code
// says.
func (j *encodeJob) putSlug(e *encItem, l *leaf, slug []byte) copybooks.Fault {
	if b := j.enc.OriginalBytes(e.item); b != nil {
		found := l.codes.find(b)
		if found != nil && found.slug == string(slug) || found == nil && string(slug) == unknownCode {
			return j.enc.PutRaw(e.item, b)
		}
	}
	plain, _ := l.codes.named(slug)
	if plain == nil {
		return copybooks.UnknownCode
	}
	return j.enc.PutRaw(e.item, plain.from)
}

// putCode writes the value that stands beside its code, and holds the code against it.
func (j *encodeJob) putCode(e *encItem, at int32, raw []byte) copybooks.Fault {
	if f := j.enc.Put(e.item, raw); f != copybooks.OK {
		return f
	}
	if at < 0 {
		return copybooks.OK
	}
	slot, f := j.enc.Record().Slice(e.item)
	if f != copybooks.OK {
		return f
	}
	slug := unknownCode
	if found := e.node.leaf.codes.find(slot); found != nil {
		slug = found.slug
	}
	if j.tape.values[at].kind == jsonString && string(j.tape.bytes(at)) != slug {
		return copybooks.UnknownCode
	}
	return copybooks.OK
}

// putDate writes a date's digits; the original ones if they mean the same day.
func (j *encodeJob) putDate(e *encItem, l *leaf, text []byte) copybooks.Fault {
	if b := j.enc.OriginalBytes(e.item); b != nil {
		var buf, out [64]byte
		if digits, f := e.item.Codec.AppendText(buf[:0], b); f == copybooks.OK && !isNull(l.nulls, e.item.Codec.Space(), b, digits, f) {
			if was, _, f := l.date.append(out[:0], digits); f == copybooks.OK && bytes.Equal(was, text) {
				return j.enc.PutRaw(e.item, b)
			}
		}
	}
	var buf [40]byte
	digits, f := l.date.put(buf[:0], text)
	if f != copybooks.OK {
		return f
	}
	return j.enc.Put(e.item, digits)
}
