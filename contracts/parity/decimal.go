package parity

import (
	"math/big"
	"strconv"
	"strings"
)

// maxScale is the most digits after the point that differences are counted with.
const maxScale = 64

// decimal is an exact number: (-1)^negative × 0.digits × 10^exponent, digits without zeros at either end.
// Zero has no digits. Equal numbers have equal decimals.
type decimal struct {
	negative bool
	digits   string
	exponent int64
	// scale is how many digits the text has after the point; text that uses an exponent has none.
	scale int
	// point says that the text has a decimal point and no exponent.
	point bool
}

// number is the decimal's value alone.
type number struct {
	negative bool
	digits   string
	exponent int64
}

func (d decimal) number() number { return number{d.negative, d.digits, d.exponent} }

// parseDecimal reads a JSON number (RFC 8259 §6), with zeros in front allowed as in decimal texts. It never
// builds the number, so that an exponent of a billion costs nothing.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	rest, negative := strings.CutPrefix(s, "-")
	mantissa, power := rest, int64(0)
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		var err error
		if power, err = strconv.ParseInt(rest[i+1:], 10, 32); err != nil {
			return d, false
		}
		mantissa = rest[:i]
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	if !digitsOnly(whole) || point && !digitsOnly(fraction) {
		return d, false
	}
	d.point = point && len(mantissa) == len(rest)
	if d.point {
		d.scale = len(fraction)
	}
	significant := strings.TrimLeft(whole+fraction, "0")
	exponent := int64(len(whole)) - int64(len(whole)+len(fraction)-len(significant)) + power
	significant = strings.TrimRight(significant, "0")
	if significant == "" {
		return d, true // zero, whatever its sign
	}
	d.negative, d.digits, d.exponent = negative, significant, exponent
	return d, true
}

func digitsOnly(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// scaled returns the number times 10^scale; ok is false if that is no whole number or has more than about
// 200 digits.
func (d decimal) scaled(scale int) (n *big.Int, ok bool) {
	if d.digits == "" {
		return new(big.Int), true
	}
	zeros := d.exponent + int64(scale) - int64(len(d.digits))
	if zeros < 0 || zeros > 200 || len(d.digits) > 200 {
		return nil, false
	}
	n, ok = new(big.Int).SetString(d.digits+strings.Repeat("0", int(zeros)), 10)
	if ok && d.negative {
		n.Neg(n)
	}
	return n, ok
}

// delta returns b - a as text with its sign and scale digits after the point, and whether it is at most one
// unit in the last place. Text is empty if the numbers are too long to subtract.
func delta(a, b decimal, scale int) (text string, oneUnit bool) {
	x, ok := a.scaled(scale)
	if !ok {
		return "", false
	}
	y, ok := b.scaled(scale)
	if !ok {
		return "", false
	}
	diff := y.Sub(y, x)
	sign := "+"
	if diff.Sign() < 0 {
		sign = "-"
		diff.Neg(diff)
	}
	digits := diff.String()
	if pad := scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	if scale > 0 {
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	return sign + digits, diff.Cmp(big.NewInt(1)) <= 0
}
