package copybooks

import "encoding/binary"

// The usual values of Items. Numbers are read as one word that ends with the Item's last byte: what stands before it in the
// word is shifted out. Which way an Item goes is settled when the Plan is made. Every other number, a number
// near the record's start and one that is not valid goes by its Codec, which knows the reasons.

// way is how the bytes of an Item become a number.
type way uint8

const (
	byCodec     way = iota
	byBinary        // two's complement, big endian, of 2, 4 or 8 bytes
	byNatural       // the same without a sign, of 2 or 4 bytes
	byPacked        // packed decimal of up to 8 bytes
	byZoned         // EBCDIC digits, at most 8, without a sign or with one over the last
	byLongZoned     // the same of 9 to 16 digits
	byEdited        // a numeric-edited PICTURE of up to 16 digits
	byText          // text of a code page with one byte a character, spaces to the right
)

// span is what reading a number takes.
type span struct {
	end, reg int32 // behind the last byte, and the register that shifts it
	way      way
	signed   bool
	shift    uint8 // how many bits of the word are not the Item's
	scale    int16
}

const (
	zones = 0xF0F0F0F0F0F0F0F0 // those of EBCDIC digits
	sixes = 0x0606060606060606 // carry into the bit above a nibble that is no digit
	tens  = 0x1010101010101010 // that bit
)

// settle chooses the way of an Item whose Codec, offset and register are known.
func (it *Item) settle() {
	c := &it.Codec
	p := span{end: it.off + it.size, reg: it.reg, signed: c.signed, scale: c.scale}
	if it.table != nil {
		p.reg = it.table.inner.first
	}
	if it.size > 0 && it.size <= 8 {
		p.shift = uint8(64 - 8*it.size)
	}
	if len(it.Children) == 0 && c.size == it.size && c.scale >= 0 && c.scale < 16 {
		p.way = c.way()
	}
	switch p.way {
	case byZoned:
		p.signed = c.zoned.sign != Unsigned
	case byEdited:
		p.scale = int16(c.edited.scale)
	}
	it.span = p
}

func (c *Codec) way() way {
	n := c.size
	switch c.form {
	case formBinary:
		switch {
		case c.little || n != 2 && n != 4 && n != 8:
		case c.signed:
			return byBinary
		case n < 8:
			return byNatural
		}
	case formPacked:
		if n <= 8 {
			return byPacked
		}
	case formZoned:
		switch {
		case c.zoned.ascii || c.zoned.sign > TrailingOverpunch || n > 16:
		case n <= 8:
			return byZoned
		default:
			return byLongZoned
		}
	case formEdited:
		if c.edited.rules != nil {
			return byEdited
		}
	case formText:
		if c.trim == TrimPadding && !c.right && !c.chars.utf8 && !c.chars.mixed {
			return byText
		}
	}
	return byCodec
}

// word returns the 8 bytes that end with an Item. ok is false where the record does not have them.
func (r *Record) word(p *span) (x uint64, ok bool) {
	end := int(p.end + r.regs[p.reg])
	if end < 8 || end > len(r.b) {
		return 0, false
	}
	return binary.BigEndian.Uint64(r.b[end-8 : end]), true
}

// packedWord takes packed decimal apart: its digits in nibbles.
func (p *span) packedWord(x uint64) (digits uint64, neg, ok bool) {
	x = x << (p.shift & 63) >> (p.shift & 63)
	sign := x & 0xF
	neg = sign == 0xD || sign == 0xB
	x >>= 4
	return x, neg, sign >= 0xA && (p.signed || !neg) && notDigits(x) == 0
}

// zonedWord takes up to 8 EBCDIC digits apart, the sign over the last.
func (p *span) zonedWord(x uint64) (digits uint64, neg, ok bool) {
	x |= zones &^ (^uint64(0) >> (p.shift & 63))
	zone := x >> 4 & 0xF
	neg = zone == 0xD || zone == 0xB
	x |= 0xF0
	bad := ^x&zones | (x&lowNibbles+sixes)&tens
	return squeeze(x), neg, zone >= 0xA && (p.signed || !neg) && bad == 0
}

// decimals returns the digits of a packed or zoned Item of up to 16, a nibble each.
func (r *Record) decimals(it *Item) (digits uint64, neg, ok bool) {
	p := &it.span
	switch p.way {
	case byPacked:
		if x, ok := r.word(p); ok {
			return p.packedWord(x)
		}
	case byZoned:
		if x, ok := r.word(p); ok {
			return p.zonedWord(x << (p.shift & 63) >> (p.shift & 63))
		}
	case byLongZoned:
		if b, f := r.Slice(it); f == OK {
			return it.Codec.zoned.short(b)
		}
	case byEdited:
		if b, f := r.Slice(it); f == OK {
			return it.Codec.edited.short(b)
		}
	}
	return 0, false, false
}

// Integer returns the value of an elementary Item with the registers as they stand. Blank: it has none;
// Overflow: it is no integer of 64 bits.
func (r *Record) Integer(it *Item) (int64, Fault) {
	p := &it.span
	if p.way == byCodec || p.way == byText || p.scale != 0 {
		return r.slowInteger(it)
	}
	if p.way <= byNatural {
		x, ok := r.word(p)
		if !ok {
			return r.slowInteger(it)
		}
		if p.way == byBinary {
			return int64(x<<(p.shift&63)) >> (p.shift & 63), OK
		}
		return int64(x << (p.shift & 63) >> (p.shift & 63)), OK
	}
	digits, neg, ok := r.decimals(it)
	if !ok {
		return r.slowInteger(it)
	}
	n := int64(fromBCD(digits))
	if neg {
		n = -n
	}
	return n, OK
}

// slowInteger is Integer by the Item's Codec.
func (r *Record) slowInteger(it *Item) (int64, Fault) {
	b, f := r.Slice(it)
	if f != OK {
		return 0, f
	}
	return it.Codec.integer(b)
}

// Number returns the value of a numeric Item with the registers as they stand. Blank: it has none.
func (r *Record) Number(it *Item) (Decimal, Fault) {
	p := &it.span
	if p.way >= byPacked {
		if digits, neg, ok := r.decimals(it); ok {
			return Decimal{lo: fromBCD(digits), neg: neg && digits != 0, scale: p.scale}, OK
		}
	}
	b, f := r.Slice(it)
	if f != OK {
		return Decimal{}, f
	}
	return it.Codec.decimal(b)
}

// Integers reads Items as Integer does, each into its element of dst, which must have as many. It stops at the
// first that is refused: n is how many were read.
func (r *Record) Integers(dst []int64, items []*Item) (n int, f Fault) {
	dst = dst[:len(items)]
	for i, it := range items {
		p := &it.span
		x, ok := r.word(p)
		shift := p.shift & 63
		switch {
		case !ok || p.scale != 0:
			p = nil
		case p.way == byBinary:
			dst[i] = int64(x<<shift) >> shift
			continue
		case p.way == byNatural:
			dst[i] = int64(x << shift >> shift)
			continue
		}
		if dst[i], f = r.Integer(it); f != OK {
			return i, f
		}
	}
	return len(items), OK
}

// Numbers reads Items as Number does, each into its element of dst, which must have as many. It stops at the
// first that is refused: n is how many were read.
func (r *Record) Numbers(dst []Decimal, items []*Item) (n int, f Fault) {
	dst = dst[:len(items)]
	for i, it := range items {
		p, d := &it.span, &dst[i]
		if p.way == byPacked {
			if x, ok := r.word(p); ok {
				if digits, neg, ok := p.packedWord(x); ok {
					d.hi, d.lo, d.neg, d.scale = 0, fromBCD(digits), neg && digits != 0, p.scale
					continue
				}
			}
		}
		if *d, f = r.Number(it); f != OK {
			return i, f
		}
	}
	return len(items), OK
}

// Digits returns the digits of a whole number from 0 to 10^16-1, a nibble each, with the registers as they
// stand. ok is false for any other value, and where only AppendItem can tell.
func (r *Record) Digits(it *Item) (digits uint64, ok bool) {
	p := &it.span
	if p.way >= byPacked && p.scale == 0 {
		var neg bool
		if digits, neg, ok = r.decimals(it); ok {
			return digits, !neg || digits == 0
		}
	}
	b, f := r.Slice(it)
	if f != OK {
		return 0, false
	}
	n, ok := it.Codec.Whole(b)
	return toBCD(n), ok
}

// AppendItem appends the canonical text of an elementary Item with the registers as they stand. Blank: it has
// none.
func (r *Record) AppendItem(dst []byte, it *Item) ([]byte, Fault) {
	if out, ok := r.appendShort(dst, it); ok {
		return out, OK
	}
	b, f := r.Slice(it)
	if f != OK {
		return dst, f
	}
	return it.Codec.AppendText(dst, b)
}

// AppendJSONItem is AppendItem for the inside of a JSON string (RFC 8259 section 7).
func (r *Record) AppendJSONItem(dst []byte, it *Item) ([]byte, Fault) {
	if out, ok := r.appendShort(dst, it); ok {
		return out, OK
	}
	b, f := r.Slice(it)
	if f != OK {
		return dst, f
	}
	if it.Codec.kind == TextValue {
		return it.Codec.AppendJSONText(dst, b)
	}
	return it.Codec.AppendText(dst, b)
}

// appendShort appends a usual number, or text that is the same in JSON.
func (r *Record) appendShort(dst []byte, it *Item) ([]byte, bool) {
	p := &it.span
	switch p.way {
	case byCodec:
		return dst, false
	case byText:
		b, f := r.Slice(it)
		if f != OK {
			return dst, false
		}
		chars := it.Codec.chars
		b = trimRight(b, chars.space)
		n := len(dst)
		dst = grow(dst, len(b)+8)
		return dst[:n+len(b)], chars.translate(dst[n:n+len(b)], b)
	case byBinary, byNatural:
		x, ok := r.word(p)
		if !ok {
			return dst, false
		}
		neg := false
		if shift := p.shift & 63; p.way == byNatural {
			x = x << shift >> shift
		} else if signed := int64(x<<shift) >> shift; signed < 0 {
			x, neg = uint64(-signed), true
		} else {
			x = uint64(signed)
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
	digits, neg, ok := r.decimals(it)
	if !ok {
		return dst, false
	}
	return appendBCD(dst, digits, int(p.scale), neg), true
}
