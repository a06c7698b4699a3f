package copybooks

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// The short ways must say what the long ways say.

func TestDigitsOfWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "n")
		n /= pow10[rapid.IntRange(0, 19).Draw(t, "shift")]
		if got := appendUint(nil, n); string(got) != strconv.FormatUint(n, 10) {
			t.Fatalf("appendUint(%d) = %s", n, got)
		}
		low := n % 1e16
		if got := fmt.Sprintf("%x", toBCD(low)); got != strconv.FormatUint(low, 10) {
			t.Fatalf("toBCD(%d) = %s", low, got)
		}
		if got := fromBCD(toBCD(low)); got != low {
			t.Fatalf("fromBCD(toBCD(%d)) = %d", low, got)
		}
	})
}

// codecs are numeric forms of all sizes.
func numericCodec(t *rapid.T) Codec {
	digits := rapid.IntRange(1, 31).Draw(t, "digits")
	c := Codec{pic: int16(digits), scale: int16(rapid.IntRange(-3, min(digits, 18)).Draw(t, "scale")), chars: &charset{space: 0x40}}
	c.signed = rapid.Bool().Draw(t, "signed")
	c.form = rapid.SampledFrom([]codecForm{formPacked, formZoned, formBinary}).Draw(t, "form")
	c.kind = DecimalValue
	switch c.form {
	case formPacked:
		c.size = int32(digits/2 + 1)
	case formZoned:
		c.size = int32(digits)
		c.zoned = zonedForm{ascii: rapid.Bool().Draw(t, "ascii"), scale: int(c.scale), pic: digits}
		if c.signed {
			c.zoned.sign = Sign(rapid.IntRange(1, 4).Draw(t, "sign"))
		}
		if c.zoned.sign >= TrailingSeparate {
			c.size++
		}
	case formBinary:
		c.pic = int16(min(digits, 18))
		c.size = 2
		if c.pic > 4 {
			c.size = 4
		}
		if c.pic > 9 {
			c.size = 8
		}
		c.scale = min(c.scale, c.pic)
		c.binary = binaryForm{signed: c.signed, full: rapid.Bool().Draw(t, "full"), scale: int(c.scale), pic: int(c.pic), little: rapid.Bool().Draw(t, "little")}
	}
	return c
}

// long is Codec.Put without its short way.
func (c *Codec) putLong(b, text []byte) Fault {
	switch c.form {
	case formPacked:
		return putPacked(b, text, int(c.pic), int(c.scale), c.signed, true)
	case formZoned:
		return c.zoned.put(b, text)
	}
	return c.binary.put(b, text)
}

func TestShortWaysPutTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := numericCodec(t)
		text := []byte(rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,4})?([eE][+-]?[0-9])?|[-0-9.]{0,5}`).Draw(t, "text"))
		long, short := make([]byte, c.size), make([]byte, c.size)
		f, g := c.putLong(long, text), c.Put(short, text)
		if f != g || f == OK && !bytes.Equal(long, short) {
			t.Fatalf("%+v %q: %X (%v), the long way %X (%v)", c, text, short, g, long, f)
		}
	})
}

func TestShortWaysReadTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := numericCodec(t)
		b := make([]byte, c.size)
		text := []byte(rapid.StringMatching(`-?[0-9]{1,18}`).Draw(t, "text"))
		if rapid.Bool().Draw(t, "valid") && c.Put(b, text) == OK {
			if rapid.Bool().Draw(t, "damaged") {
				b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			}
		} else {
			b = rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0x0C, 0x12, 0x40, 0xF1, 0xC3, 0xD4, 0x4E, 0x60, '1', '-'}), len(b), len(b)).Draw(t, "bytes")
		}
		got, f := c.decimal(b)
		want, g := c.decimalByText(b)
		if f != g || f == OK && (got.Cmp(want) != 0 || got.scale != want.scale || got.neg != want.neg) {
			t.Fatalf("%+v %X: %v (%v), by text %v (%v)", c, b, got, f, want, g)
		}
		out, f := c.AppendNumber(nil, b)
		if c.form == formZoned && f == OK {
			if slow, g := c.zoned.appendAny(nil, b); g != OK || !bytes.Equal(out, slow) {
				t.Fatalf("%+v %X: %s, the long way %s (%v)", c, b, out, slow, g)
			}
		}
	})
}

func TestShortHexFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{4, 8}).Draw(t, "size")
		text := []byte(rapid.StringMatching(`-?[0-9]{1,9}(\.[0-9]{1,9})?`).Draw(t, "text"))
		a, b := make([]byte, size), make([]byte, size)
		if putHexShort(a, text, false) {
			long := append(append([]byte(nil), text...), "E0"...) // which only the long way takes
			if f := putHexFloat(b, long, false); f != OK || !bytes.Equal(a, b) {
				t.Fatalf("%s: %X, the long way %X (%v)", text, a, b, f)
			}
		}
		b = rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "bytes")
		b[0] = b[0]&0x80 | byte(rapid.IntRange(0x3E, 0x4F).Draw(t, "characteristic"))
		got, _ := appendHexFloat(nil, b, false)
		fraction := uint(8*size - 8)
		x := loadFloat(b, false)
		m, exp := x&(1<<fraction-1), int(x>>fraction)&0x7F
		if m == 0 {
			return
		}
		for m>>(fraction-4) == 0 {
			m, exp = m<<4, exp-1
		}
		digits, point := shortest(nil, m, 4*(exp-64)-int(fraction))
		if want := appendFloatText(nil, b[0]&0x80 != 0, digits, point); !bytes.Equal(got, want) {
			t.Fatalf("%X: %s, the long way %s", b, got, want)
		}
	})
}
