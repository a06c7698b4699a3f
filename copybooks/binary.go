package copybooks

import (
	"encoding/binary"
	"math/bits"
)

// Binary items: two's complement of 2, 4, 8 or 16 bytes (Language Reference, Computational items). z/OS is
// big endian. Decoding takes the full range of the bytes: a stored value may exceed the PICTURE where
// TRUNC(BIN) or TRUNC(OPT) was used or another product wrote it. Encoding holds to the PICTURE's digits under
// TRUNC(STD), and to the bytes under TRUNC(BIN) and for COMP-5.

// binaryForm is what the bytes of a binary item look like.
type binaryForm struct {
	little bool
	signed bool
	full   bool // the range of the bytes, not of the PICTURE
	scale  int
	pic    int
}

// load reads up to 16 bytes; negative values keep their magnitude in hi and lo.
func (f *binaryForm) load(b []byte) (neg bool, hi, lo uint64) {
	var top byte
	switch {
	case f.little:
		for i := len(b) - 1; i >= 0; i-- {
			hi, lo = hi<<8|lo>>56, lo<<8|uint64(b[i])
		}
		top = b[len(b)-1]
	case len(b) == 8:
		lo, top = binary.BigEndian.Uint64(b), b[0]
	case len(b) == 4:
		lo, top = uint64(binary.BigEndian.Uint32(b)), b[0]
	case len(b) == 2:
		lo, top = uint64(binary.BigEndian.Uint16(b)), b[0]
	default:
		for _, c := range b {
			hi, lo = hi<<8|lo>>56, lo<<8|uint64(c)
		}
		top = b[0]
	}
	if !f.signed || top < 0x80 {
		return false, hi, lo
	}
	if n := len(b); n < 8 {
		lo |= ^uint64(0) << (8 * n)
	}
	if n := len(b); n <= 8 {
		return true, 0, -lo
	} else if n < 16 {
		hi |= ^uint64(0) << (8 * (n - 8))
	}
	hi, lo = ^hi, ^lo
	lo, carry := bits.Add64(lo, 1, 0)
	return true, hi + carry, lo
}

// append appends the canonical text.
func (f *binaryForm) append(dst, b []byte) ([]byte, Fault) {
	if len(b) == 0 || len(b) > 16 {
		return dst, NotEncodable
	}
	neg, hi, lo := f.load(b)
	if hi == 0 && f.scale == 0 {
		if neg {
			dst = append(dst, '-')
		}
		return appendUint(dst, lo), OK
	}
	if hi == 0 && lo < 1e16 && f.scale > 0 && f.scale < 16 {
		return appendBCD(dst, toBCD(lo), f.scale, neg), OK
	}
	var buf [40]byte
	i := len(buf)
	for hi != 0 {
		var r uint64
		hi, lo, r = div10(hi, lo)
		i--
		buf[i] = byte('0' + r)
	}
	for lo != 0 {
		i--
		buf[i] = byte('0' + lo%10)
		lo /= 10
	}
	return appendDigits(dst, neg, buf[i:], f.scale), OK
}

// put writes decimal text.
func (f *binaryForm) put(b, text []byte) Fault {
	var n number
	if g := n.parse(text); g != OK {
		return g
	}
	if n.negative() && !f.signed {
		return SignLost
	}
	size := 39
	if !f.full {
		size = f.pic
	}
	var buf [64]byte
	digits := buf[:size]
	if g := n.align(digits, f.scale); g != OK {
		return g
	}
	var hi, lo uint64
	for _, c := range digits {
		over, h := bits.Mul64(hi, 10)
		c10, l := bits.Mul64(lo, 10)
		l, carry := bits.Add64(l, uint64(c-'0'), 0)
		h, carry = bits.Add64(h, c10, carry)
		if over != 0 || carry != 0 {
			return Overflow
		}
		hi, lo = h, l
	}
	if !f.fits(len(b), n.negative(), hi, lo) {
		return Overflow
	}
	if n.negative() {
		hi, lo = ^hi, ^lo
		var carry uint64
		lo, carry = bits.Add64(lo, 1, 0)
		hi += carry
	}
	for i := range b {
		at := len(b) - 1 - i
		if f.little {
			at = i
		}
		b[at] = byte(lo)
		lo, hi = lo>>8|hi<<56, hi>>8
	}
	return OK
}

// fits reports whether a magnitude fits in size bytes.
func (f *binaryForm) fits(size int, neg bool, hi, lo uint64) bool {
	width := bits.Len64(lo)
	if hi != 0 {
		width = 64 + bits.Len64(hi)
	}
	room := 8 * size
	switch {
	case !f.signed:
		return width <= room
	case width < room:
		return true
	}
	least := width == room && (size <= 8 && hi == 0 && lo == 1<<(room-1) || size > 8 && lo == 0 && hi == 1<<(room-65))
	return neg && least
}
