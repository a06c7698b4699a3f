package copybooks

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// varcharForm is a Db2 VARCHAR in a host structure: a halfword with the length, then the text at its greatest
// length (Db2 for z/OS, Application Programming and SQL Guide, host variables in COBOL: level 49). The length
// counts bytes, and characters of two bytes in a VARGRAPHIC. What stands behind the length means nothing.
type varcharForm struct {
	length, text Codec
}

// VarcharCodec returns a Codec for a group of a length and a text, DCLGEN's two items of level 49, that takes
// them as one text. Trims do not apply: a VARCHAR has the spaces that its length says.
func (p *Plan) VarcharCodec(it *Item) (Codec, error) {
	c := Codec{form: formVarchar, kind: TextValue, size: it.size, trim: TrimNone}
	if len(it.Children) != 2 {
		return c, fmt.Errorf("%s is no VARCHAR: it has %d items, want a length and a text", it.Field.Path, len(it.Children))
	}
	v := &varcharForm{length: it.Children[0].Codec, text: it.Children[1].Codec.WithTrim(TrimNone)}
	shared := it.Children[1].Field.Redefines != nil
	if shared || v.length.form != formBinary || v.length.scale != 0 || v.text.kind != TextValue || it.Children[0].Occurs() || it.Children[1].Occurs() {
		return c, fmt.Errorf("%s is no VARCHAR: want a binary length, then a text", it.Field.Path)
	}
	v.length.binary.full = true // a length is no number of the PICTURE's digits
	v.text.right = false
	c.varchar, c.chars, c.little = v, v.text.chars, v.text.little
	return c, nil
}

// TextSize returns the greatest number of characters of a text.
func (c *Codec) TextSize() int {
	switch {
	case c.form == formVarchar:
		return c.varchar.text.TextSize()
	case c.form == formNational || c.form == formDouble:
		return int(c.size) / 2
	}
	return int(c.size)
}

// append appends the text that the length says.
func (v *varcharForm) append(dst, b []byte) ([]byte, Fault) {
	at := int(v.length.size)
	var buf [24]byte
	digits, f := v.length.binary.append(buf[:0], b[:at])
	if f != OK {
		return dst, f
	}
	n, f := integer(digits)
	text := b[at:]
	unit := int64(v.unit())
	if f != OK || n < 0 || n*unit > int64(len(text)) {
		return dst, TextLength
	}
	text = text[:n*unit]
	switch v.text.form { // not by AppendText, whose callers' buffers would move to the heap
	case formNational:
		return appendNational(dst, text, v.text.little, false, false)
	case formDouble:
		return v.text.chars.appendDouble(dst, text, false, false)
	}
	return v.text.chars.appendText(dst, text)
}

// unit is how many bytes the length counts as one.
func (v *varcharForm) unit() int {
	if v.text.form == formNational || v.text.form == formDouble {
		return 2
	}
	return 1
}

// put writes the text and its length.
func (v *varcharForm) put(b, text []byte, fold bool) Fault {
	at, n := int(v.length.size), 0
	var f Fault
	switch v.text.form {
	case formNational:
		f = putNational(b[at:], text, v.text.little, false)
		for _, r := range string(text) {
			n += utf16.RuneLen(r)
		}
	case formDouble:
		f = v.text.chars.putDouble(b[at:], text, false)
		n = utf8.RuneCount(text)
	default:
		var buf [256]byte
		var enc []byte
		c := v.text
		c.fold = fold
		if enc, f = c.encode(buf[:0], text); f == OK {
			n = len(enc)
			f = fill(b[at:], enc, []byte{c.chars.space}, false)
		}
	}
	if f != OK {
		return f
	}
	return v.length.binary.putInt(b[:at], n)
}

// putInt writes a small number that is not negative.
func (f *binaryForm) putInt(b []byte, n int) Fault {
	if !f.fits(len(b), false, 0, uint64(n)) {
		return Overflow
	}
	for i := range b {
		at := len(b) - 1 - i
		if f.little {
			at = i
		}
		b[at] = byte(n >> (8 * min(i, 7)))
	}
	return OK
}
