package copybooks

import (
	"fmt"
	"math/bits"
	"strconv"
)

// Decimal is an exact decimal number: an integer of at most 38 digits and the place of its point. The zero
// value is 0. Decimals are compared with Cmp: == also compares the scale.
type Decimal struct {
	hi, lo uint64
	neg    bool
	scale  int16
}

// MaxDecimalDigits is how many digits a Decimal holds: the 31 of ARITH(EXTEND) (Enterprise COBOL
// Programming Guide) and those of 16-byte binary items.
const MaxDecimalDigits = 38

// ParseDecimal reads decimal text such as "-12.30" or "1.5E3". The scale is that of the text.
func ParseDecimal(text string) (Decimal, error) {
	var n number
	if f := n.parse([]byte(text)); f != OK {
		return Decimal{}, fmt.Errorf("decimal of %d characters: %v", len(text), f)
	}
	return n.decimal()
}

// Sign returns -1, 0 or 1. Negative zero is 0.
func (d Decimal) Sign() int {
	switch {
	case d.hi|d.lo == 0:
		return 0
	case d.neg:
		return -1
	}
	return 1
}

// Scale returns the number of digits after the point; negative if the last digits are zeros that PICTURE P
// stands for.
func (d Decimal) Scale() int { return int(d.scale) }

// Coefficient returns the number without its point, as 128 bits and a sign: cents where the scale is 2.
func (d Decimal) Coefficient() (neg bool, hi, lo uint64) { return d.neg, d.hi, d.lo }

// Int64 returns the number, and whether it is an integer that fits.
func (d Decimal) Int64() (int64, bool) {
	hi, lo, ok := d.hi, d.lo, true
	for s := d.scale; s > 0 && ok; s-- {
		var r uint64
		hi, lo, r = div10(hi, lo)
		ok = r == 0
	}
	for s := d.scale; s < 0 && ok; s++ {
		hi, lo, ok = mul10(hi, lo, 0)
	}
	if !ok || hi != 0 || lo > 1<<63 || (lo == 1<<63 && !d.neg) {
		return 0, false
	}
	if d.neg {
		return -int64(lo), true
	}
	return int64(lo), true
}

// Cmp returns -1, 0 or 1 as d is less than, equal to or greater than e, whatever their scales.
func (d Decimal) Cmp(e Decimal) int {
	if s, t := d.Sign(), e.Sign(); s != t {
		if s < t {
			return -1
		}
		return 1
	} else if s == 0 {
		return 0
	}
	c := d.cmpAbs(e)
	if d.neg {
		return -c
	}
	return c
}

func (d Decimal) cmpAbs(e Decimal) int {
	if d.scale > e.scale {
		return -e.cmpAbs(d)
	}
	hi, lo, ok := d.hi, d.lo, true
	for s := d.scale; s < e.scale; s++ {
		if hi, lo, ok = mul10(hi, lo, 0); !ok {
			return 1
		}
	}
	switch {
	case hi < e.hi || hi == e.hi && lo < e.lo:
		return -1
	case hi == e.hi && lo == e.lo:
		return 0
	}
	return 1
}

// AppendText appends the canonical text: no exponent, every digit of the scale, "-" only before a number
// that is not zero.
func (d Decimal) AppendText(dst []byte) []byte {
	var buf [40]byte
	i := len(buf)
	for hi, lo := d.hi, d.lo; hi|lo != 0; {
		var r uint64
		hi, lo, r = div10(hi, lo)
		i--
		buf[i] = byte('0' + r)
	}
	return appendDigits(dst, d.neg, buf[i:], int(d.scale))
}

// String is AppendText as a string.
func (d Decimal) String() string { return string(d.AppendText(nil)) }

// MarshalText is AppendText for encoders: JSON shows a Decimal as a string that keeps every digit.
func (d Decimal) MarshalText() ([]byte, error) { return d.AppendText(nil), nil }

func div10(hi, lo uint64) (uint64, uint64, uint64) {
	qhi := hi / 10
	qlo, r := bits.Div64(hi%10, lo, 10)
	return qhi, qlo, r
}

// mul10 returns 10*(hi,lo)+digit and whether it still fits in 38 digits.
func mul10(hi, lo, digit uint64) (uint64, uint64, bool) {
	over, h := bits.Mul64(hi, 10)
	c, l := bits.Mul64(lo, 10)
	l, carry := bits.Add64(l, digit, 0)
	h, carry = bits.Add64(h, c, carry)
	// 10^38 is 0x4B3B4CA85A86C47A_098A224000000000.
	const topHi, topLo = 0x4B3B4CA85A86C47A, 0x098A224000000000
	return h, l, over == 0 && carry == 0 && (h < topHi || h == topHi && l < topLo)
}

// appendDigits appends the number whose digits (ASCII, leading zeros allowed, empty for zero) have scale
// digits after the point.
func appendDigits(dst []byte, neg bool, digits []byte, scale int) []byte {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
	}
	if neg && len(digits) > 0 {
		dst = append(dst, '-')
	}
	if scale <= 0 {
		if len(digits) == 0 {
			return append(dst, '0')
		}
		dst = append(dst, digits...)
		for ; scale < 0; scale++ {
			dst = append(dst, '0')
		}
		return dst
	}
	whole := len(digits) - scale
	if whole > 0 {
		dst = append(dst, digits[:whole]...)
		dst = append(dst, '.')
		return append(dst, digits[whole:]...)
	}
	dst = append(dst, '0', '.')
	for ; whole < 0; whole++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// number is decimal text taken apart: coefficient digits without leading zeros, and a scale.
type number struct {
	neg   bool
	n     int
	scale int
	d     [maxNumber]byte
}

// maxNumber is how many significant digits of a text are taken: enough for 10^±77 written out.
const maxNumber = 192

func (n *number) digits() []byte { return n.d[:n.n] }

// parse reads -?[0-9]+(.[0-9]+)?([eE][+-]?[0-9]+)?, the number of RFC 8259 section 6 but for leading zeros,
// which are allowed.
func (n *number) parse(text []byte) Fault {
	n.neg, n.n, n.scale = false, 0, 0
	i := 0
	if i < len(text) && text[i] == '-' {
		n.neg = true
		i++
	}
	whole, f := n.take(text[i:])
	if f != OK || whole == 0 {
		return max(f, NotNumber)
	}
	i += whole
	if i < len(text) && text[i] == '.' {
		frac, f := n.take(text[i+1:])
		if f != OK || frac == 0 {
			return max(f, NotNumber)
		}
		n.scale = frac
		i += 1 + frac
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		exp, err := strconv.Atoi(string(text[i+1:]))
		if err != nil || exp > 999 || exp < -999 {
			return NotNumber
		}
		n.scale -= exp
		i = len(text)
	}
	if i < len(text) {
		return NotNumber
	}
	return OK
}

// take appends the digits that text begins with, and returns how many there are.
func (n *number) take(text []byte) (int, Fault) {
	i := 0
	for ; i < len(text) && text[i]-'0' < 10; i++ {
		if n.n == 0 && text[i] == '0' {
			continue
		}
		if n.n == maxNumber {
			return i, Overflow
		}
		n.d[n.n] = text[i]
		n.n++
	}
	return i, OK
}

// align writes the number as len(to) ASCII digits with scale digits after the point.
func (n *number) align(to []byte, scale int) Fault {
	digits := n.digits()
	for cut := n.scale - scale; cut > 0 && len(digits) > 0; cut-- {
		if digits[len(digits)-1] != '0' {
			return FractionLost
		}
		digits = digits[:len(digits)-1]
	}
	zeros := max(0, scale-n.scale)
	if len(digits) == 0 {
		zeros = 0
	}
	pad := len(to) - zeros - len(digits)
	if pad < 0 {
		return Overflow
	}
	for i := range to {
		switch {
		case i < pad || i >= pad+len(digits):
			to[i] = '0'
		default:
			to[i] = digits[i-pad]
		}
	}
	return OK
}

// negative reports whether the number is below zero.
func (n *number) negative() bool { return n.neg && n.n > 0 }

func (n *number) decimal() (Decimal, error) {
	d := Decimal{neg: n.negative(), scale: int16(n.scale)}
	for _, c := range n.digits() {
		var ok bool
		if d.hi, d.lo, ok = mul10(d.hi, d.lo, uint64(c-'0')); !ok {
			return Decimal{}, fmt.Errorf("decimal: more than %d digits", MaxDecimalDigits)
		}
	}
	return d, nil
}
