package copybooks

import (
	"encoding/binary"
)

// Zoned decimal: a digit a byte. In EBCDIC the zone of a digit is F, and the sign stands in the zone of the
// last byte, or the first under SIGN LEADING: C, A, E and F are plus, D and B minus (Language Reference,
// SIGN clause; Principles of Operation, Decimal-operand formats). An unsigned item with a plus zone is read,
// as NUMPROC(NOPFD) does. In ASCII there are the customs of Overpunch.

// zonedForm is what the bytes of a zoned item look like.
type zonedForm struct {
	ascii bool // digits are 0x30 to 0x39
	over  Overpunch
	plain bool // national: no overpunched signs
	sign  Sign
	scale int
	pic   int // digits of the PICTURE
}

// blank reports whether the item holds only spaces or only low-values.
func (z *zonedForm) blank(b []byte) bool {
	if z.ascii {
		return only(b, ' ') || only(b, 0)
	}
	return only(b, 0x40) || only(b, 0)
}

// digit takes a byte without a sign apart.
func (z *zonedForm) digit(c byte) (byte, bool) {
	if z.ascii {
		return c - '0', c-'0' < 10
	}
	return c - 0xF0, c >= 0xF0 && c <= 0xF9
}

// signed takes a byte with an overpunched sign apart.
func (z *zonedForm) signed(c byte) (digit byte, neg, ok bool) {
	if z.ascii && z.over == Fujitsu {
		low := c & 0xF
		return low, c>>4 == 5, low < 10 && c>>4 >= 3 && c>>4 <= 5
	}
	if z.ascii {
		switch {
		case c-'0' < 10:
			return c - '0', false, true
		case c == '{':
			return 0, false, true
		case c >= 'A' && c <= 'I':
			return c - 'A' + 1, false, true
		case c == '}':
			return 0, true, true
		case c >= 'J' && c <= 'R':
			return c - 'J' + 1, true, true
		case c >= 'p' && c <= 'y':
			return c - 'p', true, true
		}
		return 0, false, false
	}
	zone := c >> 4
	return c & 0xF, zone == 0xD || zone == 0xB, zone >= 0xA && c&0xF < 10
}

// separate reads the byte of a SEPARATE sign.
func (z *zonedForm) separate(c byte) (neg, ok bool) {
	plus, minus := byte(0x4E), byte(0x60)
	if z.ascii {
		plus, minus = '+', '-'
	}
	return c == minus, c == minus || c == plus
}

// append appends the canonical text of a zoned item.
func (z *zonedForm) append(dst, b []byte) ([]byte, Fault) {
	if z.scale >= 0 && z.scale < 16 {
		if bcd, neg, ok := z.short(b); ok {
			return appendBCD(dst, bcd, z.scale, neg), OK
		}
	}
	out, f := z.appendAny(dst, b)
	if f != OK && z.blank(b) {
		return dst, Blank
	}
	return out, f
}

// loadZoned reads up to 8 bytes to the right of the result, with EBCDIC zeros before them.
func loadZoned(b []byte) uint64 {
	const zeros = 0xF0F0F0F0F0F0F0F0
	n := len(b)
	if n == 8 {
		return binary.BigEndian.Uint64(b)
	}
	var x uint64
	if n >= 4 {
		x = uint64(binary.BigEndian.Uint32(b))<<(8*uint(n-4)&63) | uint64(binary.BigEndian.Uint32(b[n-4:]))
	} else {
		for _, c := range b {
			x = x<<8 | uint64(c)
		}
	}
	return x | zeros<<(8*uint(n)&63)
}

// squeeze gathers the low nibbles of 8 bytes.
func squeeze(v uint64) uint64 {
	v &= lowNibbles
	v = (v | v>>4) & 0x00FF00FF00FF00FF
	v = (v | v>>8) & 0x0000FFFF0000FFFF
	return (v | v>>16) & 0xFFFFFFFF
}

// short returns the digits of an EBCDIC item of up to 16, one in each nibble; ok is false where the long way
// must look.
func (z *zonedForm) short(b []byte) (bcd uint64, neg, ok bool) {
	const zones, six = 0xF0F0F0F0F0F0F0F0, 0x0606060606060606
	if z.sign > TrailingOverpunch && len(b) > 1 && !z.ascii {
		return z.shortSigned(b)
	}
	if z.ascii || z.sign > TrailingOverpunch || len(b)-1 > 15 {
		return 0, false, false
	}
	last := b[len(b)-1]
	var hi, lo uint64 = zones, 0
	if len(b) > 8 {
		over := 8 * uint(16-len(b))
		hi = binary.BigEndian.Uint64(b)>>(over&63) | ^(^uint64(0)>>(over&63))&zones
		lo = binary.BigEndian.Uint64(b[len(b)-8:])
	} else {
		lo = loadZoned(b)
	}
	if last < 0xF0 {
		zone := last >> 4
		neg = zone == 0xD || zone == 0xB
		if zone < 0xA || z.sign == Unsigned && neg {
			return 0, false, false
		}
		lo |= 0xF0
	}
	if hi&zones != zones || lo&zones != zones ||
		(((hi&lowNibbles)+six)|((lo&lowNibbles)+six))&0x1010101010101010 != 0 {
		return 0, false, false
	}
	return squeeze(hi)<<32 | squeeze(lo), neg, true
}

// shortSigned is short for a sign that does not stand over the last digit.
func (z *zonedForm) shortSigned(b []byte) (bcd uint64, neg, ok bool) {
	digits := zonedForm{sign: Unsigned}
	end := len(b) - 1
	switch z.sign {
	case LeadingSeparate:
		neg, ok = z.separate(b[0])
		b = b[1:]
	case TrailingSeparate:
		neg, ok = z.separate(b[end])
		b = b[:end]
	case LeadingOverpunch:
		var first byte
		first, neg, ok = z.signed(b[0])
		bcd = uint64(first) << (4 * uint(end) & 63)
		b = b[1:]
	}
	if !ok || end > 15 || b[len(b)-1] < 0xF0 {
		return 0, false, false
	}
	rest, _, ok := digits.short(b)
	return bcd | rest, neg, ok
}

func (z *zonedForm) appendAny(dst, b []byte) ([]byte, Fault) {
	var buf [64]byte
	if len(b) > len(buf) {
		return dst, NotEncodable
	}
	neg, first, end := false, 0, len(b)
	switch z.sign {
	case LeadingSeparate, TrailingSeparate:
		if len(b) == 0 {
			return dst, ShortRecord
		}
		at := 0
		if z.sign == TrailingSeparate {
			at, end = len(b)-1, len(b)-1
		} else {
			first = 1
		}
		var ok bool
		if neg, ok = z.separate(b[at]); !ok {
			return dst, ZonedSign
		}
	}
	over := -1
	switch z.sign {
	case TrailingOverpunch, Unsigned:
		if !z.plain {
			over = end - 1
		}
	case LeadingOverpunch:
		over = 0
	}
	digits := buf[:0]
	for i := first; i < end; i++ {
		if i == over {
			d, minus, ok := z.signed(b[i])
			if !ok {
				return dst, overpunchFault(b[i], z.ascii)
			}
			if minus && z.sign == Unsigned {
				return dst, ZonedSign
			}
			neg = minus
			digits = append(digits, '0'+d)
			continue
		}
		d, ok := z.digit(b[i])
		if !ok {
			return dst, ZonedDigit
		}
		digits = append(digits, '0'+d)
	}
	return appendDigits(dst, neg, digits, z.scale), OK
}

func overpunchFault(c byte, ascii bool) Fault {
	if !ascii && c&0xF < 10 {
		return ZonedSign
	}
	return ZonedDigit
}

// put writes decimal text in the canonical signs: C and D, F for unsigned items, "+" and "-" if SEPARATE, in
// ASCII those of the Overpunch.
func (z *zonedForm) put(b, text []byte) Fault {
	var n number
	if f := n.parse(text); f != OK {
		return f
	}
	if n.negative() && z.sign == Unsigned {
		return SignLost
	}
	digits := b
	switch z.sign {
	case LeadingSeparate:
		digits = b[1:]
	case TrailingSeparate:
		digits = b[:len(b)-1]
	}
	pad := max(0, len(digits)-z.pic)
	for i := range pad {
		digits[i] = '0'
	}
	if f := n.align(digits[pad:], z.scale); f != OK {
		return f
	}
	if !z.ascii {
		for i := range digits {
			digits[i] |= 0xF0
		}
	}
	z.putSign(b, n.negative())
	return OK
}

func (z *zonedForm) putSign(b []byte, neg bool) {
	at := len(b) - 1
	if z.sign == LeadingOverpunch || z.sign == LeadingSeparate {
		at = 0
	}
	switch z.sign {
	case TrailingOverpunch, LeadingOverpunch:
		d := b[at] & 0xF
		switch {
		case !z.ascii && neg:
			b[at] = 0xD0 | d
		case !z.ascii:
			b[at] = 0xC0 | d
		case neg:
			b[at] = [...]string{"}JKLMNOPQR", "pqrstuvwxy", "PQRSTUVWXY"}[z.over][d]
		default:
			b[at] = [...]string{"{ABCDEFGHI", "0123456789", "@ABCDEFGHI"}[z.over][d]
		}
	case TrailingSeparate, LeadingSeparate:
		plus, minus := byte(0x4E), byte(0x60)
		if z.ascii {
			plus, minus = '+', '-'
		}
		b[at] = plus
		if neg {
			b[at] = minus
		}
	}
}

// putBlank writes spaces: the null of a zoned item.
func (z *zonedForm) putBlank(b []byte) {
	c := byte(0x40)
	if z.ascii {
		c = ' '
	}
	for i := range b {
		b[i] = c
	}
}
