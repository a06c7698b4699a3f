package copybooks

import (
	"encoding/binary"
	"math/big"
	"math/bits"
)

// Hexadecimal floating point (Principles of Operation, Hexadecimal-floating-point instructions): a sign bit,
// a 7-bit characteristic (exponent of 16, excess 64) and a fraction of 6 (COMP-1) or 14 (COMP-2) hexadecimal
// digits. Decoding gives the shortest decimal that encoding turns back into the same normalized bytes;
// encoding cuts off what the fraction cannot hold, as storing a long number into a short one does: 1.026 is
// 41106A7E. Both are exact integer arithmetic.

// wide is an unsigned integer of 512 bits, least significant word first. The greatest number at work is
// about 2^400: a fraction of 2^56 at 16^-78, times 10.
type wide [8]uint64

func (w *wide) shl(n uint) {
	for ; n >= 64; n -= 64 {
		copy(w[1:], w[:7])
		w[0] = 0
	}
	if n == 0 {
		return
	}
	for i := 7; i > 0; i-- {
		w[i] = w[i]<<n | w[i-1]>>(64-n)
	}
	w[0] <<= n
}

func (w *wide) mul(m uint64) {
	var carry uint64
	for i := range w {
		hi, lo := bits.Mul64(w[i], m)
		var c uint64
		w[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
}

func (w *wide) sub(v *wide) {
	var borrow uint64
	for i := range w {
		w[i], borrow = bits.Sub64(w[i], v[i], borrow)
	}
}

func (w *wide) cmp(v *wide) int {
	for i := 7; i >= 0; i-- {
		switch {
		case w[i] < v[i]:
			return -1
		case w[i] > v[i]:
			return 1
		}
	}
	return 0
}

func (w *wide) zero() bool { return *w == wide{} }

// loadFloat reads 4 or 8 bytes.
func loadFloat(b []byte, little bool) uint64 {
	switch {
	case len(b) == 4 && little:
		return uint64(binary.LittleEndian.Uint32(b))
	case len(b) == 4:
		return uint64(binary.BigEndian.Uint32(b))
	case little:
		return binary.LittleEndian.Uint64(b)
	}
	return binary.BigEndian.Uint64(b)
}

func storeFloat(b []byte, x uint64, little bool) {
	switch {
	case len(b) == 4 && little:
		binary.LittleEndian.PutUint32(b, uint32(x))
	case len(b) == 4:
		binary.BigEndian.PutUint32(b, uint32(x))
	case little:
		binary.LittleEndian.PutUint64(b, x)
	default:
		binary.BigEndian.PutUint64(b, x)
	}
}

// appendHexFloat appends the canonical text of a COMP-1 (4 bytes) or COMP-2 (8 bytes) item.
func appendHexFloat(dst, b []byte, little bool) ([]byte, Fault) {
	if len(b) != 4 && len(b) != 8 {
		return dst, NotEncodable
	}
	x := loadFloat(b, little)
	fraction := uint(8*len(b) - 8)
	neg := x>>(fraction+7) != 0
	exp := int(x>>fraction) & 0x7F
	m := x & (1<<fraction - 1)
	if m == 0 {
		return append(dst, '0'), OK
	}
	for exp > 0 && m>>(fraction-4) == 0 {
		m <<= 4
		exp--
	}
	// The value is m * 2^e, and the next greater one (m+1) * 2^e.
	e := 4*(exp-64) - int(fraction)
	if exp >= 64 && e < 0 {
		return appendHexShort(dst, neg, m, uint(-e)), OK
	}
	var buf [24]byte
	digits, point := shortest(buf[:0], m, e)
	return appendFloatText(dst, neg, digits, point), OK
}

// shortest appends the fewest decimal digits of a number in [m*2^e, (m+1)*2^e), the nearest to the lower
// end. The number is 0.digits * 10^point.
func shortest(digits []byte, m uint64, e int) ([]byte, int) {
	r, s, w := wide{m}, wide{1}, wide{1}
	if e >= 0 {
		r.shl(uint(e))
		w.shl(uint(e))
	} else {
		s.shl(uint(-e))
	}
	// Scale so that r/s lies in [0.1, 1). 1233/4096 is just under log10(2).
	point := ((bits.Len64(m)+e)*1233)>>12 - 1
	for i := point; i > 0; i-- {
		s.mul(10)
	}
	for i := point; i < 0; i++ {
		r.mul(10)
		w.mul(10)
	}
	for r.cmp(&s) >= 0 {
		s.mul(10)
		point++
	}
	for {
		r.mul(10)
		w.mul(10)
		d := byte('0')
		for r.cmp(&s) >= 0 {
			r.sub(&s)
			d++
		}
		digits = append(digits, d)
		if r.zero() {
			return digits, point
		}
		up := s
		up.sub(&r)
		if up.cmp(&w) < 0 {
			return roundUp(digits, point)
		}
	}
}

// appendHexShort appends the shortest decimal of a number from 1/16 up with k bits behind the point, at most 56.
// It is shortest in 64 bits; rounding up never carries, because the digit before would have been the last one.
func appendHexShort(dst []byte, neg bool, m uint64, k uint) []byte {
	if neg {
		dst = append(dst, '-')
	}
	one := uint64(1) << k
	dst = appendUint(dst, m>>k)
	r := m & (one - 1)
	if r == 0 {
		return dst
	}
	dst = append(dst, '.')
	for w := uint64(10); ; w *= 10 {
		r *= 10
		d := byte('0' + r>>k)
		r &= one - 1
		switch {
		case r == 0:
			return append(dst, d)
		case one-r < w:
			return append(dst, d+1)
		}
		dst = append(dst, d)
	}
}

// roundUp adds one to the last digit.
func roundUp(digits []byte, point int) ([]byte, int) {
	for i := len(digits) - 1; i >= 0; i-- {
		if digits[i] != '9' {
			digits[i]++
			return digits[:i+1], point
		}
	}
	return append(digits[:0], '1'), point + 1
}

// appendFloatText writes 0.digits * 10^point: plainly from 10^-7 up to 10^21, else as d.dddE±nn.
func appendFloatText(dst []byte, neg bool, digits []byte, point int) []byte {
	for len(digits) > 1 && digits[0] == '0' {
		digits, point = digits[1:], point-1
	}
	if neg {
		dst = append(dst, '-')
	}
	if point > -6 && point <= 21 {
		if len(digits) > point {
			return appendDigits(dst, false, digits, len(digits)-point)
		}
		dst = append(dst, digits...)
		for range point - len(digits) {
			dst = append(dst, '0')
		}
		return dst
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, digits[1:]...)
	}
	dst = append(dst, 'E')
	exp := point - 1
	if exp < 0 {
		dst = append(dst, '-')
		exp = -exp
	}
	if exp >= 100 {
		dst = append(dst, byte('0'+exp/100))
	}
	if exp >= 10 {
		dst = append(dst, byte('0'+exp/10%10))
	}
	return append(dst, byte('0'+exp%10))
}

// putHexFloat writes decimal text, cutting off what the fraction cannot hold. A number too great or, but
// for zero itself, too small is Overflow.
func putHexFloat(b, text []byte, little bool) Fault {
	if putHexShort(b, text, little) {
		return OK
	}
	var n number
	if f := n.parse(text); f != OK {
		return f
	}
	if n.n == 0 {
		storeFloat(b, 0, little)
		return OK
	}
	num, _ := new(big.Int).SetString(string(n.digits()), 10)
	den := big.NewInt(1)
	pow := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n.scale, -n.scale))), nil)
	if n.scale > 0 {
		den = pow
	} else {
		num.Mul(num, pow)
	}
	fraction := 8*len(b) - 8
	// Choose the exponent of 16 so that num/den * 16^-exp lies in [1/16, 1), then take fraction bits.
	exp := max(-64, (num.BitLen()-den.BitLen()+4)>>2)
	for {
		m := scaled(num, den, fraction-4*exp)
		if m.BitLen() > fraction {
			exp++
			continue
		}
		if m.BitLen() <= fraction-4 && exp > -64 {
			exp--
			continue
		}
		if exp+64 > 127 || m.Sign() == 0 {
			return Overflow
		}
		x := m.Uint64() | uint64(exp+64)<<fraction
		if n.neg {
			x |= 1 << (fraction + 7)
		}
		storeFloat(b, x, little)
		return OK
	}
}

// putHexShort is putHexFloat for numbers from 1/16 up that 64 bits hold; false where the long way must look.
func putHexShort(b, text []byte, little bool) bool {
	n, scale, neg, ok := short(text)
	if !ok || n == 0 {
		return false
	}
	fraction, den := uint(8*len(b)-8), pow10[scale]
	for exp := uint(0); 4*exp <= fraction; exp++ {
		hi, lo := bits.Mul64(n, 1<<(fraction-4*exp))
		if hi >= den {
			continue
		}
		m, _ := bits.Div64(hi, lo, den)
		switch {
		case m>>fraction != 0:
			continue
		case m>>(fraction-4) == 0:
			return false
		}
		x := m | uint64(exp+64)<<fraction
		if neg {
			x |= 1 << (fraction + 7)
		}
		storeFloat(b, x, little)
		return true
	}
	return false
}

// scaled returns num/den * 2^shift without its fraction.
func scaled(num, den *big.Int, shift int) *big.Int {
	if shift >= 0 {
		return new(big.Int).Quo(new(big.Int).Lsh(num, uint(shift)), den)
	}
	return new(big.Int).Quo(num, new(big.Int).Lsh(den, uint(-shift)))
}
