package mapping

import (
	"bytes"
	"strconv"

	"github.com/portage-gateway/portage/copybooks"
)

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
	if j.written != nil {
		start := j.enc.Record().SlicePos(e.item)
		for i := range e.item.Size() {
			j.written[start+i] = true
		}
	}
	if was != nil {
		return j.merge(e, e.node, at, was)
	}
	return nil
}

// usual writes a value of the usual kind. It reports false where leaf must look, which knows the reason.
func (j *encodeJob) usual(e *encItem, at int32) bool {
	l, kind := e.node.leaf, j.tape.values[at].kind
	switch l.form {
	case numberLeaf, quotedLeaf, identifierLeaf:
		return (kind == jsonString || kind == jsonNumber) && j.enc.Put(e.item, j.tape.bytes(at)) == copybooks.OK
	case textLeaf:
		return kind == jsonString && j.enc.Put(e.item, j.tape.bytes(at)) == copybooks.OK
	case moneyLeaf:
		return kind == jsonObject && j.putMoney(e, l, at) == copybooks.OK
	case dateLeaf:
		if kind == jsonString && l.date.order != otherOrder {
			n, ok := l.date.number(j.tape.bytes(at))
			return ok && j.enc.PutWhole(e.item, n)
		}
	case codeLeaf:
		if kind == jsonString && !j.enc.Live() && (e.raw == nil || j.bound[e.raw.id] < 0) {
			plain, _ := l.codes.named(j.tape.bytes(at))
			return plain != nil && j.enc.PutRaw(e.item, plain.from) == copybooks.OK
		}
	}
	return false
}

// absent writes a Field that the JSON does not name.
func (j *encodeJob) absent(e *encItem) error {
	if j.view != nil {
		return nil // another view may write it; the storage was kept before
	}
	f := copybooks.OK
	if text, ok := j.attributes[e.item.Field]; ok {
		if j.digits = append(j.digits[:0], text...); len(j.digits) == 0 {
			return j.refuse(e.node, -1, e.item, copybooks.MissingValue)
		}
		f = j.enc.Put(e.item, j.digits)
	} else if e.def != nil && !j.enc.Live() {
		j.digits = append(j.digits[:0], *e.def...)
		f = j.enc.Put(e.item, j.digits)
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
	if v.kind == jsonObject {
		if b, ok := j.tape.parseRaw(at); ok {
			return j.enc.PutRaw(e.item, b)
		}
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
		if l.shownAsNull(e.item, b, j.rec.view.options.Invalid) {
			return j.enc.PutRaw(e.item, b)
		}
	}
	if len(l.nulls) > 0 {
		if l.nulls[0].kind == nullIndicator {
			return j.enc.Keep(e.item)
		}
		var raw bool
		if j.digits, raw = l.nulls[0].content(j.digits[:0], e.item, l.digits); raw {
			return j.enc.PutRaw(e.item, j.digits)
		}
		return j.enc.Put(e.item, j.digits)
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
	amount, currency := at+2, at+4
	if string(t.bytes(at+1)) != "amount" || t.values[amount].next != at+3 || string(t.bytes(at+3)) != "currency" {
		amount, currency = t.member(at, "amount"), t.member(at, "currency")
	}
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
	var f copybooks.Fault
	if j.digits, f = l.date.put(j.digits[:0], text); f != copybooks.OK {
		return f
	}
	return j.enc.Put(e.item, j.digits)
}
