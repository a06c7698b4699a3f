package copybooks

import "encoding/binary"

// The usual values of Items. A number is read as one word that begins with the Item's first byte: what stands
// behind it in the word is shifted out. Which way an Item goes is settled when the Plan is made. Every other value,
// and one that is not valid, goes by its Codec, which knows the reasons.

// way is how the bytes of an Item become a number.
type way uint8

const (
	byCodec     way = iota
	byText          // text of a code page with one byte a character, spaces to the right
	byInteger       // two's complement, big endian, of 2 or 8 bytes
	byInteger4      // the same of 4 bytes
	byNatural       // the same without a sign, of 2 or 4 bytes
	byFraction      // with a sign, of 2, 4 or 8 bytes and with digits behind the point
	byPacked        // packed decimal of up to 8 bytes
	byZoned         // EBCDIC digits, at most 8, without a sign or with one over the last
	byLongZoned     // up to 16 EBCDIC digits with any sign
	byEdited        // a numeric-edited PICTURE of up to 16 digits
)

// span is what reading a number takes.
type span struct {
	off, reg int32 // of the first byte, and the register that shifts it
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
	p := span{off: it.off, reg: it.reg, signed: c.signed, scale: c.scale}
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
	if len(it.Children) == 0 && c.size == it.size && it.size <= maxInitial {
		it.initial = make([]byte, it.size)
		c.PutInitial(it.initial)
	}
}

// maxInitial bounds the initial values that are kept, in bytes.
const maxInitial = 64

func (c *Codec) way() way {
	n := c.size
	switch c.form {
	case formBinary:
		switch {
		case c.little || n != 2 && n != 4 && n != 8:
		case c.signed && c.scale > 0:
			return byFraction
		case c.signed && n == 4:
			return byInteger4
		case c.signed:
			return byInteger
		case n < 8 && c.scale == 0:
			return byNatural
		}
	case formPacked:
		if n <= 8 {
			return byPacked
		}
	case formZoned:
		switch {
		case c.zoned.ascii || n > 17:
		case n > 8 || c.zoned.sign > TrailingOverpunch:
			return byLongZoned
		default:
			return byZoned
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

// word returns the 8 bytes that begin with an Item. ok is false where the record does not have the Item.
func (r *Record) word(p *span) (x uint64, ok bool) {
	off := int(p.off + r.regs[p.reg])
	if off+8 > len(r.b) {
		return r.lastWord(p)
	}
	return binary.BigEndian.Uint64(r.b[off:]), true
}

// lastWord is word for an Item among the last 8 bytes: zeros stand behind them. It stays a call, so that word
// need not be one.
//
//go:noinline
func (r *Record) lastWord(p *span) (x uint64, ok bool) {
	over := 8 * (int(p.off+r.regs[p.reg]) + 8 - len(r.b))
	if len(r.b) < 8 || over > int(p.shift) {
		return 0, false
	}
	return binary.BigEndian.Uint64(r.b[len(r.b)-8:]) << (uint(over) & 63), true
}

// packedWord takes packed decimal apart: its digits in nibbles.
func (p *span) packedWord(x uint64) (digits uint64, neg, ok bool) {
	x >>= p.shift & 63
	sign := x & 0xF
	neg = sign == 0xD || sign == 0xB
	x >>= 4
	return x, neg, sign >= 0xA && (p.signed || !neg) && notDigits(x) == 0
}

// zonedWord takes up to 8 EBCDIC digits apart, the sign over the last: its digits in the low nibbles.
func (p *span) zonedWord(x uint64) (digits uint64, neg, ok bool) {
	x = x>>(p.shift&63) | zones&^(^uint64(0)>>(p.shift&63))
	zone := x >> 4 & 0xF
	neg = zone == 0xD || zone == 0xB
	x |= 0xF0
	bad := ^x&zones | (x&lowNibbles+sixes)&tens
	return x & lowNibbles, neg, zone >= 0xA && (p.signed || !neg) && bad == 0
}

// zonedNumber is the number of 8 digits, one in the low nibble of each byte.
func zonedNumber(x uint64) uint64 {
	x = x>>8&0x000F000F000F000F*10 + x&0x000F000F000F000F
	x = x>>16&0x000000FF000000FF*100 + x&0x000000FF000000FF
	return x>>32*10000 + x&0xFFFFFFFF
}

// magnitude returns the number in a word without its point and its sign. ok is false where it has none, and where
// the word does not hold it.
func (p *span) magnitude(x uint64) (n uint64, neg, ok bool) {
	switch p.way {
	case byZoned:
		x, neg, ok = p.zonedWord(x)
		return zonedNumber(x), neg, ok
	case byPacked:
		x, neg, ok = p.packedWord(x)
		return fromBCD(x), neg, ok
	case byNatural:
		return x >> (p.shift & 63), false, true
	case byInteger, byInteger4, byFraction:
		if n := int64(x) >> (p.shift & 63); n < 0 {
			return uint64(-n), true, true
		}
		return x >> (p.shift & 63), false, true
	}
	return 0, false, false
}

// decimals returns the digits of a packed, zoned or edited Item of up to 16, a nibble each.
func (r *Record) decimals(it *Item) (digits uint64, neg, ok bool) {
	p := &it.span
	switch p.way {
	case byPacked:
		if x, ok := r.word(p); ok {
			return p.packedWord(x)
		}
	case byZoned:
		if x, ok := r.word(p); ok {
			x, neg, ok = p.zonedWord(x)
			return squeeze(x), neg, ok
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
	switch {
	case p.scale != 0:
	case p.way >= byLongZoned:
		if digits, neg, ok := r.decimals(it); ok {
			return signed(fromBCD(digits), neg), OK
		}
	case p.way > byText:
		if x, ok := r.word(p); ok {
			if n, neg, ok := p.magnitude(x); ok {
				return signed(n, neg), OK
			}
		}
	}
	b, f := r.Slice(it)
	if f != OK {
		return 0, f
	}
	return it.Codec.integer(b)
}

func signed(n uint64, neg bool) int64 {
	if neg {
		return -int64(n)
	}
	return int64(n)
}

// Number returns the value of a numeric Item with the registers as they stand. Blank: it has none.
func (r *Record) Number(it *Item) (Decimal, Fault) {
	p := &it.span
	if p.way >= byLongZoned {
		if digits, neg, ok := r.decimals(it); ok {
			return Decimal{lo: fromBCD(digits), neg: neg && digits != 0, scale: p.scale}, OK
		}
	} else if p.way > byText {
		if x, ok := r.word(p); ok {
			if n, neg, ok := p.magnitude(x); ok {
				return Decimal{lo: n, neg: neg && n != 0, scale: p.scale}, OK
			}
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
	b, regs := r.b, r.regs
	for i, it := range items {
		p := &it.span
		off := int(p.off + regs[p.reg])
		if p.way == byInteger4 && off+4 <= len(b) {
			dst[i] = int64(int32(binary.BigEndian.Uint32(b[off:])))
			continue
		}
		if off+8 <= len(b) && p.scale == 0 {
			if n, neg, ok := p.magnitude(binary.BigEndian.Uint64(b[off:])); ok {
				dst[i] = signed(n, neg)
				continue
			}
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
	b, regs := r.b, r.regs
	for i, it := range items {
		p := &it.span
		if off := int(p.off + regs[p.reg]); off+8 <= len(b) && p.way < byLongZoned {
			if n, neg, ok := p.magnitude(binary.BigEndian.Uint64(b[off:])); ok {
				d := &dst[i]
				d.hi, d.lo, d.neg, d.scale = 0, n, neg && n != 0, p.scale
				continue
			}
		}
		if dst[i], f = r.Number(it); f != OK {
			return i, f
		}
	}
	return len(items), OK
}

// Digits returns the digits of a whole number from 0 to 10^16-1, a nibble each, with the registers as they
// stand. ok is false for any other value, and where only AppendItem can tell.
func (r *Record) Digits(it *Item) (digits uint64, ok bool) {
	p := &it.span
	if off := int(p.off + r.regs[p.reg]); off+8 <= len(r.b) && p.scale == 0 {
		x, neg := binary.BigEndian.Uint64(r.b[off:]), false
		switch p.way {
		case byZoned:
			x, neg, ok = p.zonedWord(x)
			x = squeeze(x)
		case byPacked:
			x, neg, ok = p.packedWord(x)
		}
		if ok && !neg {
			return x, true
		}
	}
	return r.wholeDigits(it)
}

// wholeDigits is Digits for what is not usual.
func (r *Record) wholeDigits(it *Item) (digits uint64, ok bool) {
	if p := &it.span; p.way >= byPacked && p.scale == 0 {
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
