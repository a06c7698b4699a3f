package copybooks

import "encoding/binary"

// The text of Items, as the registers stand: that of the usual ones straight from their word or their bytes.

// AppendItem appends the canonical text of an elementary Item with the registers as they stand. Blank: it has
// none.
func (r *Record) AppendItem(dst []byte, it *Item) ([]byte, Fault) {
	p := &it.span
	if off := int(p.off + r.regs[p.reg]); p.way == byPacked && off+8 <= len(r.b) {
		if digits, neg, ok := p.packedWord(binary.BigEndian.Uint64(r.b[off:])); ok {
			return appendBCD(dst, digits, int(p.scale), neg), OK
		}
	}
	b, f := r.Slice(it)
	if f != OK {
		return dst, f
	}
	if p.way == byText {
		return it.Codec.chars.appendText(dst, trimRight(b, it.Codec.chars.space))
	}
	if out, ok := r.appendShort(dst, it); ok {
		return out, OK
	}
	return it.Codec.AppendText(dst, b)
}

// AppendJSONItem is AppendItem for the inside of a JSON string (RFC 8259 section 7).
func (r *Record) AppendJSONItem(dst []byte, it *Item) ([]byte, Fault) {
	b, f := r.Slice(it)
	if f != OK {
		return dst, f
	}
	if it.span.way == byText {
		return it.Codec.chars.appendJSON(dst, trimRight(b, it.Codec.chars.space))
	}
	if it.Codec.kind == TextValue {
		return it.Codec.AppendJSONText(dst, b)
	}
	if out, ok := r.appendShort(dst, it); ok {
		return out, OK
	}
	return it.Codec.AppendText(dst, b)
}

// appendShort appends a usual number.
func (r *Record) appendShort(dst []byte, it *Item) ([]byte, bool) {
	p := &it.span
	switch p.way {
	case byCodec, byText:
		return dst, false
	case byInteger, byInteger4, byNatural, byFraction:
		x, ok := r.word(p)
		if !ok {
			return dst, false
		}
		return appendBinary(dst, x, p)
	}
	digits, neg, ok := r.decimals(it)
	if !ok {
		return dst, false
	}
	return appendBCD(dst, digits, int(p.scale), neg), true
}

// appendBinary appends a number in two's complement.
func appendBinary(dst []byte, x uint64, p *span) ([]byte, bool) {
	shift, neg := p.shift&63, false
	if p.way == byNatural {
		return appendUint(dst, x>>shift), true
	}
	n := int64(x) >> shift
	if x = uint64(n); n < 0 {
		x, neg = -x, true
	}
	if p.scale == 0 {
		if neg {
			dst = append(dst, '-')
		}
		return appendUint(dst, x), true
	}
	if x >= 1e16 {
		return dst, false
	}
	return appendBCD(dst, toBCD(x), int(p.scale), neg), true
}
