package copybooks

import (
	"encoding/binary"
	"math/bits"
)

// Decimal digits, several at once in the bytes or nibbles of a word. Multiplying by a reciprocal divides all
// lanes of a word together: 10486/2^20 is 1/100 for numbers below 10,000, and 103/2^10 is 1/10 below 100.

// pow10 holds the powers of ten that 64 bits hold.
var pow10 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// pairs splits a number below 10^8 into four of two digits, 16 bits apart, the first on top.
func pairs(n uint64) uint64 {
	top := n / 10000
	x := top<<32 | (n - 10000*top)
	hundreds := x * 10486 >> 20 & 0x0000007F0000007F
	return hundreds<<16 | (x - 100*hundreds)
}

// digits8 returns the 8 digits of a number below 10^8, a byte each, the first on top.
func digits8(n uint64) uint64 {
	x := pairs(n)
	tens := x * 103 >> 10 & 0x000F000F000F000F
	return tens<<8 | (x - 10*tens)
}

// bcd8 returns the 8 digits of a number below 10^8, a nibble each.
func bcd8(n uint64) uint64 {
	x := pairs(n)
	tens := x * 103 >> 10 & 0x000F000F000F000F
	x += 6 * tens
	x = (x | x>>8) & 0x0000FFFF0000FFFF
	return (x | x>>16) & 0xFFFFFFFF
}

// toBCD returns the 16 digits of a number below 10^16, a nibble each.
func toBCD(n uint64) uint64 {
	if n < 1e8 {
		return bcd8(n)
	}
	top := n / 1e8
	return bcd8(top)<<32 | bcd8(n-1e8*top)
}

// fromBCD returns the number of 16 digits in nibbles.
func fromBCD(x uint64) uint64 {
	x -= 6 * (x >> 4 & lowNibbles)              // 8 times 0 to 99
	x -= 156 * (x >> 8 & 0x00FF00FF00FF00FF)    // 4 times 0 to 9999
	x -= 55536 * (x >> 16 & 0x0000FFFF0000FFFF) // 2 times 8 digits
	return x&0xFFFFFFFF + 100000000*(x>>32)
}

// appendUint appends a number in decimal.
func appendUint(dst []byte, n uint64) []byte {
	at := len(dst)
	dst = grow(dst, 24)
	out := dst[at : at+24]
	size := 0
	if n >= 1e8 {
		top := n / 1e8
		n -= 1e8 * top
		if top >= 1e8 {
			most := top / 1e8
			top -= 1e8 * most
			size = putLeading(out, most)
			binary.BigEndian.PutUint64(out[size&7:], digits8(top)|asciiZeros)
			size += 8
		} else {
			size = putLeading(out, top)
		}
		binary.BigEndian.PutUint64(out[size&15:], digits8(n)|asciiZeros)
		return dst[:at+size+8]
	}
	return dst[:at+putLeading(out, n)]
}

// putLeading writes a number below 10^8 without leading zeros, and says how many digits it has.
func putLeading(out []byte, n uint64) int {
	x := digits8(n)
	size := 8 - bits.LeadingZeros64(x|1)>>3
	binary.BigEndian.PutUint64(out, (x|asciiZeros)<<(8*uint(8-size)&63))
	return size
}

// AppendDigits appends the last n digits, 1 to 16, of those that a word holds in its nibbles, leading zeros
// included.
func AppendDigits(dst []byte, digits uint64, n int) []byte {
	at := len(dst)
	dst = grow(dst, 16)
	digits <<= uint(64-4*n) & 63
	out := dst[at : at+16]
	binary.BigEndian.PutUint64(out, spread(uint32(digits>>32))|asciiZeros)
	binary.BigEndian.PutUint64(out[8:], spread(uint32(digits))|asciiZeros)
	return dst[:at+n]
}

// Whole returns the value of an item that holds a whole number from 0 to 10^16-1. ok is false for any other
// value, and where only AppendNumber can tell.
func (c *Codec) Whole(b []byte) (n uint64, ok bool) {
	if c.scale != 0 {
		return 0, false
	}
	neg := false
	switch c.form {
	case formPacked:
		var top uint64
		if top, n, neg, ok = packedDigits(b, c.signed); ok {
			n, ok = fromBCD(n), top == 0
		}
	case formZoned:
		if n, neg, ok = c.zoned.short(b); ok {
			n = fromBCD(n)
		}
	case formBinary:
		var hi uint64
		if len(b) > 0 && len(b) <= 8 {
			neg, hi, n = c.binary.load(b)
			ok = hi == 0 && n < 1e16
		}
	}
	return n, ok && !(neg && n != 0)
}

// asciiDigits reads a run of 1 to 16 digits.
func asciiDigits(text []byte) (n uint64, ok bool) {
	if len(text) <= 8 {
		return fewDigits(text)
	}
	if len(text) > 16 {
		return 0, false
	}
	top, ok := fewDigits(text[:len(text)-8])
	low, good := fewDigits(text[len(text)-8:])
	return 1e8*top + low, ok && good
}

// fewDigits reads a run of 1 to 8 digits.
func fewDigits(text []byte) (n uint64, ok bool) {
	var x uint64
	switch size := len(text); {
	case size >= 8:
		x = binary.BigEndian.Uint64(text)
	case size >= 4:
		x = uint64(binary.BigEndian.Uint32(text))<<(8*uint(size-4)&63) | uint64(binary.BigEndian.Uint32(text[size-4:]))
		x |= asciiZeros << (8 * uint(size) & 63)
	case size == 0:
		return 0, false
	default:
		x = asciiZeros
		for _, c := range text {
			x = x<<8 | uint64(c)
		}
	}
	bad := (x^asciiZeros) & ^uint64(lowNibbles) | (x&lowNibbles+sixes)&tens
	return zonedNumber(x & lowNibbles), bad == 0
}

// fixed reads decimal text that has as many digits behind its point as are wanted, to.
func fixed(text []byte, to int) (n uint64, neg, ok bool) {
	if len(text) > 0 && text[0] == '-' {
		neg, text = true, text[1:]
	}
	if to <= 0 || len(text) > 17 {
		n, ok = asciiDigits(text)
		return n, neg && n != 0, ok && to == 0
	}
	point := len(text) - to - 1
	if point < 1 || text[point] != '.' {
		return 0, false, false
	}
	n, ok = asciiDigits(text[:point])
	fraction, good := asciiDigits(text[point+1:])
	n = n*pow10[to] + fraction
	return n, neg && n != 0, ok && good
}

// short reads decimal text of up to 19 digits without an exponent.
func short(text []byte) (n uint64, scale int, neg, ok bool) {
	if len(text) > 0 && text[0] == '-' {
		neg, text = true, text[1:]
	}
	if len(text) == 0 || len(text) > 19 {
		return 0, 0, false, false
	}
	point := -1
	for i, c := range text {
		d := c - '0'
		if d > 9 {
			if c != '.' || point >= 0 || i == 0 || i == len(text)-1 {
				return 0, 0, false, false
			}
			point = i
			continue
		}
		n = n*10 + uint64(d)
	}
	if point >= 0 {
		scale = len(text) - 1 - point
	}
	return n, scale, neg && n != 0, true
}

// exactly returns the text of a number as a whole number with so many digits behind the point. ok is false where
// it is not exact, too long, or has more digits than pic: the long way says why.
func exactly(text []byte, pic, to int) (n uint64, neg, ok bool) {
	n, scale, neg, ok := short(text)
	if !ok || to < 0 {
		return 0, false, false
	}
	switch {
	case scale < to:
		if to-scale >= len(pow10) {
			return 0, false, false
		}
		var over uint64
		if over, n = bits.Mul64(n, pow10[to-scale]); over != 0 {
			return 0, false, false
		}
	case scale > to:
		cut := pow10[scale-to]
		if n%cut != 0 {
			return 0, false, false
		}
		n /= cut
	}
	return n, neg, pic >= len(pow10) || n < pow10[pic]
}

// putShort writes a number of up to 19 digits. It reports false, having written nothing of worth, where the long
// way must look.
func (c *Codec) putShort(b, text []byte) bool {
	switch c.form {
	case formPacked, formZoned, formBinary:
	default:
		return false
	}
	pic := c.precision()
	n, neg, ok := fixed(text, int(c.scale))
	if !ok {
		n, neg, ok = exactly(text, pic, int(c.scale))
	}
	return ok && (pic >= len(pow10) || n < pow10[pic]) && c.putNumber(b, n, neg)
}

// precision is how many digits a number may have.
func (c *Codec) precision() int {
	if c.form == formBinary && c.binary.full {
		return len(pow10)
	}
	return int(c.pic)
}

// putNumber writes a number that has no more digits than precision, under putShort's terms.
func (c *Codec) putNumber(b []byte, n uint64, neg bool) bool {
	if neg && !c.signed {
		return false
	}
	switch c.form {
	case formPacked:
		sign := uint64(0xF)
		switch {
		case neg:
			sign = 0xD
		case c.signed:
			sign = 0xC
		}
		return putPackedShort(b, n, sign)
	case formZoned:
		return !c.bwz && c.zoned.putShort(b, n, neg)
	case formBinary:
		return c.binary.putShort(b, n, neg)
	}
	return false
}

// putPackedShort writes digits and a sign nibble.
func putPackedShort(b []byte, n, sign uint64) bool {
	low := n
	if len(b) > 8 {
		if len(b) > 16 {
			return false
		}
		top := n / 1e15
		low = n - 1e15*top
		putLow(b[:len(b)-8], toBCD(top))
		b = b[len(b)-8:]
	} else if n >= 1e15 {
		return false
	}
	putLow(b, toBCD(low)<<4|sign)
	return true
}

// putLow writes the lowest bytes of x, big endian.
func putLow(b []byte, x uint64) {
	if len(b) == 8 {
		binary.BigEndian.PutUint64(b, x)
		return
	}
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(x)
		x >>= 8
	}
}

// putShort writes digits and a sign.
func (z *zonedForm) putShort(b []byte, n uint64, neg bool) bool {
	digits := b
	switch z.sign {
	case LeadingSeparate:
		digits = b[1:]
	case TrailingSeparate:
		digits = b[:len(b)-1]
	}
	zone := uint64(0xF0F0F0F0F0F0F0F0)
	if z.ascii {
		zone = asciiZeros
	}
	end := len(digits)
	for ; end > 8; end -= 8 {
		top := n / 1e8
		binary.BigEndian.PutUint64(digits[end-8:], digits8(n-1e8*top)|zone)
		n = top
	}
	if n >= 1e8 {
		return false
	}
	putLow(digits[:end], digits8(n)|zone)
	z.putSign(b, neg)
	return true
}

// putShort writes two's complement of up to 8 bytes.
func (f *binaryForm) putShort(b []byte, n uint64, neg bool) bool {
	if len(b) == 0 || len(b) > 8 || f.little || !f.fits(len(b), neg, 0, n) {
		return false
	}
	if neg {
		n = -n
	}
	switch len(b) {
	case 2:
		binary.BigEndian.PutUint16(b, uint16(n))
	case 4:
		binary.BigEndian.PutUint32(b, uint32(n))
	default:
		putLow(b, n)
	}
	return true
}
