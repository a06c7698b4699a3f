package copybooks

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// Typed access to a Record's values, without text in between and without allocation. DecimalAt, Int64At and
// Float64At find a Field and its occurrence each time; Number, Integer, Float and AppendItem take an Item as the registers
// stand, which is what loops over many records or elements want: First and Next move them.

// Float returns the value of a floating-point Item, as Float64At does, with the registers as they stand.
func (r *Record) Float(it *Item) (float64, Fault) {
	b, f := r.Slice(it)
	if f != OK {
		return 0, f
	}
	return it.Codec.float(b)
}

// elementary returns an occurrence of an elementary Field. The Item is nil if the Field is of another Layout.
func (r *Record) elementary(f *Field, index []int) (*Item, []byte, Fault) {
	it := r.plan.Item(f)
	if it == nil {
		return nil, nil, NotEncodable
	}
	if it.reg == r.plan.scope.first && it.table == nil && it.view == nil { // it never moves
		if end := int(it.off + it.size); end <= len(r.b) {
			return it, r.b[it.off:end], OK
		}
		return it, nil, ShortRecord
	}
	if _, fault := r.seek(it, index); fault != OK {
		return it, nil, fault
	}
	b, fault := r.Slice(it)
	return it, b, fault
}

// refuse is the error of what elementary or a Codec said. index must not escape: it is the caller's.
func (r *Record) refuse(f *Field, it *Item, fault Fault, index []int) error {
	if it == nil {
		return fmt.Errorf("field %s is not of layout %s", f.Path, r.plan.layout.Name())
	}
	return r.Error(it, fault, append([]int(nil), index...)...)
}

// DecimalAt returns a numeric Field's value; Blank items are an error with reason "blank".
func (r *Record) DecimalAt(f *Field, index ...int) (Decimal, error) {
	it, b, fault := r.elementary(f, index)
	if fault == OK {
		var d Decimal
		if d, fault = it.Codec.decimal(b); fault == OK {
			return d, nil
		}
	}
	return Decimal{}, r.refuse(f, it, fault, index)
}

// Int64At returns a Field's value if it is an integer of 64 bits.
func (r *Record) Int64At(f *Field, index ...int) (int64, error) {
	it, b, fault := r.elementary(f, index)
	if fault == OK {
		var n int64
		if n, fault = it.Codec.integer(b); fault == OK {
			return n, nil
		}
	}
	return 0, r.refuse(f, it, fault, index)
}

// integer reads a whole number.
func (c *Codec) integer(b []byte) (int64, Fault) {
	if c.form == formBinary && c.scale == 0 && c.signed && !c.little {
		switch len(b) {
		case 2:
			return int64(int16(binary.BigEndian.Uint16(b))), OK
		case 4:
			return int64(int32(binary.BigEndian.Uint32(b))), OK
		case 8:
			return int64(binary.BigEndian.Uint64(b)), OK
		}
	}
	if n, ok := c.Whole(b); ok {
		return int64(n), OK
	}
	if c.kind == TextValue {
		return c.integerByText(b)
	}
	d, fault := c.decimal(b)
	if fault != OK {
		return 0, fault
	}
	n, ok := d.Int64()
	if !ok {
		return 0, Overflow
	}
	return n, OK
}

func (c *Codec) integerByText(b []byte) (int64, Fault) {
	var buf [64]byte
	text, f := c.AppendText(buf[:0], b)
	if f != OK {
		return 0, f
	}
	return integer(text)
}

// Float64At returns the value of a floating-point item (COMP-1, COMP-2): the nearest binary64, which is exact for
// COMP-1. Any other item is an error with reason "not-number": decimals have DecimalAt.
func (r *Record) Float64At(f *Field, index ...int) (float64, error) {
	it, b, fault := r.elementary(f, index)
	if fault == OK {
		var v float64
		if v, fault = it.Codec.float(b); fault == OK {
			return v, nil
		}
	}
	return 0, r.refuse(f, it, fault, index)
}

// decimal reads a number. What has no short way goes by its canonical text, which every form has.
func (c *Codec) decimal(b []byte) (Decimal, Fault) {
	if c.scale < 0 {
		return c.decimalByText(b)
	}
	switch c.form {
	case formPacked:
		if len(b) <= 8 {
			x := loadPacked(b)
			sign := x & 0xF
			x >>= 4
			neg := sign == 0xD || sign == 0xB
			if sign < 0xA || neg && !c.signed || notDigits(x) != 0 {
				break
			}
			return Decimal{lo: fromBCD(x), neg: neg && x != 0, scale: c.scale}, OK
		}
		if bcd, low, neg, ok := packedDigits(b, c.signed); ok {
			return joined(bcd, low, neg, c.scale), OK
		}
	case formZoned:
		if bcd, neg, ok := c.zoned.short(b); ok {
			n := fromBCD(bcd)
			return Decimal{lo: n, neg: neg && n != 0, scale: c.scale}, OK
		}
	case formBinary:
		if len(b) > 0 && len(b) <= 8 {
			neg, hi, lo := c.binary.load(b)
			return Decimal{hi: hi, lo: lo, neg: neg, scale: c.scale}, OK
		}
	}
	return c.decimalByText(b)
}

func (c *Codec) decimalByText(b []byte) (Decimal, Fault) {
	var buf [256]byte
	text, f := c.AppendText(buf[:0], b)
	if f != OK {
		return Decimal{}, f
	}
	var n number
	if f := n.parse(text); f != OK {
		if len(text) == 0 {
			f = Blank
		}
		return Decimal{}, f
	}
	d, err := n.decimal()
	if err != nil {
		return Decimal{}, Overflow
	}
	return d, OK
}

// joined is a number of 16 digits in nibbles and 15 more behind them.
func joined(top, low uint64, neg bool, scale int16) Decimal {
	d := Decimal{lo: fromBCD(low), scale: scale}
	if top != 0 {
		var carry uint64
		hi, lo := bits.Mul64(fromBCD(top), 1e15)
		d.lo, carry = bits.Add64(lo, d.lo, 0)
		d.hi = hi + carry
	}
	d.neg = neg && d.hi|d.lo != 0
	return d
}

// packedDigits takes the digits of up to 16 bytes of packed decimal apart: the last 15, and those before. ok is
// false where there is no number.
func packedDigits(b []byte, signed bool) (top, low uint64, neg, ok bool) {
	if n := len(b); n > 8 {
		if n > 16 {
			return 0, 0, false, false
		}
		top, b = loadPacked(b[:n-8]), b[n-8:]
	}
	low = loadPacked(b)
	sign := low & 0xF
	low >>= 4
	neg = sign == 0xD || sign == 0xB
	return top, low, neg, sign >= 0xA && (signed || !neg) && notDigits(top)|notDigits(low) == 0
}

// float reads floating point.
func (c *Codec) float(b []byte) (float64, Fault) {
	if c.form != formIEEE && c.form != formHexFloat {
		return 0, NotNumber
	}
	x := loadFloat(b, c.little)
	if c.form == formIEEE {
		v := math.Float64frombits(x)
		if len(b) == 4 {
			v = float64(math.Float32frombits(uint32(x)))
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0, FloatSpecial
		}
		return v, OK
	}
	fraction := uint(8*len(b) - 8)
	// 16 to the power of the characteristic is a power of two that binary64 holds exactly.
	power := 4*(int(x>>fraction&0x7F)-64) - int(fraction)
	v := float64(x&(1<<fraction-1)) * math.Float64frombits(uint64(1023+power)<<52)
	if x>>(fraction+7) != 0 {
		v = -v
	}
	return v, OK
}
