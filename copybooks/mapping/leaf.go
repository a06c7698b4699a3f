package mapping

import (
	"encoding/hex"
	"errors"

	"github.com/portage-gateway/portage/copybooks"
)

var errForeign = errors.New("mapping: the record was not decoded by this view")

// leaf writes one value in a form of its own. A fault leaves the key behind, as refused expects.
func (m *machine) leaf(dst []byte, o *op, b []byte) ([]byte, copybooks.Fault) {
	l := o.leaf
	if l.indicator != nil {
		null, f := indicated(m.r, l.indicator)
		switch {
		case f != copybooks.OK:
			return append(dst, o.key...), f
		case null && l.form == rawLeaf && !l.always:
			return dst, copybooks.OK
		case null:
			return append(append(dst, o.key...), "null,"...), copybooks.OK
		}
	}
	switch l.form {
	case rawLeaf:
		return m.raw(dst, o, b)
	case codeLeaf:
		if e := l.codes.find(b); e != nil {
			return append(append(append(dst, o.key...), e.json...), ','), copybooks.OK
		}
		return m.unknown(append(dst, o.key...), l, b)
	case textsLeaf:
		dst = append(dst, o.key...)
		if e := l.codes.find(b); e != nil {
			return append(append(dst, e.texts...), ','), copybooks.OK
		}
		return append(dst, "null,"...), copybooks.OK
	case bytesLeaf:
		dst = append(append(dst, o.key...), '"')
		return append(hex.AppendEncode(dst, b), '"', ','), copybooks.OK
	}
	dst = append(dst, o.key[:o.name]...)
	var buf [64]byte
	text, f := o.item.Codec.AppendText(buf[:0], b)
	if f == copybooks.Blank || len(l.nulls) > 0 && isNull(l.nulls, o.item.Codec.Space(), b, text, f) {
		return append(dst, "null,"...), copybooks.OK
	}
	if f != copybooks.OK {
		return dst, f
	}
	return m.shaped(dst, o, b, text)
}

// nines reports whether all digits are 9.
func nines(digits uint64) bool {
	for digits&0xF == 9 {
		digits >>= 4
	}
	return digits == 0
}

// shaped writes a value whose canonical text is known.
func (m *machine) shaped(dst []byte, o *op, b, text []byte) ([]byte, copybooks.Fault) {
	l := o.leaf
	switch l.form {
	case numberLeaf:
		return append(append(dst, text...), ','), copybooks.OK
	case quotedLeaf:
		return append(append(append(dst, '"'), text...), '"', ','), copybooks.OK
	case identifierLeaf:
		dst = append(dst, '"')
		if len(text) > 0 && text[0] == '-' {
			dst, text = append(dst, '-'), text[1:]
		}
		for n := l.digits - len(text); n > 0; n-- {
			dst = append(dst, '0')
		}
		return append(append(dst, text...), '"', ','), copybooks.OK
	case moneyLeaf:
		dst = append(append(dst, amountKey...), text...)
		return append(append(dst, l.money...), ','), copybooks.OK
	case dateLeaf:
		n := len(dst)
		dst = append(dst, '"')
		dst, repeated, f := l.date.append(dst, text)
		if f != copybooks.OK {
			return dst[:n], f
		}
		m.repeated = m.repeated || repeated
		return append(dst, '"', ','), copybooks.OK
	}
	n := len(dst)
	dst = append(dst, '"')
	dst, f := o.item.Codec.AppendJSONText(dst, b)
	if f != copybooks.OK {
		return dst[:n], f
	}
	return append(dst, '"', ','), copybooks.OK
}

// unknown writes the code of a value that no code has.
func (m *machine) unknown(dst []byte, l *leaf, b []byte) ([]byte, copybooks.Fault) {
	var buf [64]byte
	text, f := l.item.Codec.AppendText(buf[:0], b)
	if f > copybooks.Blank {
		return dst, f
	}
	if len(text) == 0 || isNull(l.nulls, l.item.Codec.Space(), b, text, f) {
		return append(dst, "null,"...), copybooks.OK
	}
	return append(dst, `"unknown",`...), copybooks.OK
}

// raw writes the value beside its code, where the code does not say it.
func (m *machine) raw(dst []byte, o *op, b []byte) ([]byte, copybooks.Fault) {
	l := o.leaf
	e := l.codes.find(b)
	if e != nil && e.plain && !l.always {
		return dst, copybooks.OK
	}
	n := len(dst)
	dst = append(append(dst, o.key...), '"')
	var f copybooks.Fault
	empty := len(dst)
	if l.item.Codec.Kind() == copybooks.TextValue {
		dst, f = l.item.Codec.AppendJSONText(dst, b)
	} else {
		dst, f = l.item.Codec.AppendNumber(dst, b)
	}
	if f > copybooks.Blank {
		return append(dst[:n], o.key...), f
	}
	if len(dst) == empty && !l.always {
		return dst[:n], copybooks.OK
	}
	if len(dst) == empty {
		return append(append(dst[:n], o.key...), "null,"...), copybooks.OK
	}
	return append(dst, '"', ','), copybooks.OK
}
