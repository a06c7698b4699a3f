package copybooks

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// clauses are items of every form, for fuzzing and properties.
var clauses = []string{
	"PIC S9(5)V99 COMP-3", "PIC 9(4) COMP-3", "PIC S9(31) COMP-3", "PIC S9(3)PP COMP-3", "PIC SVPP9(3) COMP-3", "PIC 9(6) COMP-6",
	"PIC S9(7)V99", "PIC 9(5)", "PIC S9(20)", "PIC S9(4) SIGN LEADING", "PIC S9(4) SIGN LEADING SEPARATE", "PIC S9(4)V9 SIGN TRAILING SEPARATE",
	"PIC 9(4) BLANK WHEN ZERO", "PIC 9(3)P(4)", "PIC S9(4) COMP", "PIC 9(9) COMP", "PIC S9(16)V99 COMP", "PIC S9(9) COMP-5", "PIC 9(18) COMP-5",
	"COMP-1", "COMP-2", "PIC X(5)", "PIC X(5) JUSTIFIED RIGHT", "PIC A(3)", "PIC N(3)", "PIC ZZ,ZZ9.99CR", "PIC $$$,$$9.99-", "PIC +++9.9",
	"PIC 9(3) NATIONAL", "PIC S9(2)V9 NATIONAL SIGN LEADING SEPARATE", "PIC ZZ9.9- NATIONAL", "PIC G(3) DISPLAY-1", "PIC X(9)", "PIC X(7) JUSTIFIED",
	"PIC **,**9.99", "PIC ZZZ.ZZ", "PIC 99/99/9999", "PIC XXBXX/XX", "PIC ZZ9.99 BLANK WHEN ZERO", "PIC -Z,ZZ9",
}

var optionSets = []Options{{}, {Codepage: "cp500", Trunc: Bin}, {Codepage: "ascii", Endian: Little, Float: IEEE}, {Codepage: "latin1", Float: IEEE},
	{Codepage: "cp1140", Endian: Little}, {Codepage: "utf8"}, {Codepage: "cp939", CurrencySign: "EUR"}, {Codepage: "cp933"},
	{Codepage: "ascii", Overpunch: GnuCOBOL, BinarySize: Binary1to8}, {Codepage: "latin1", Overpunch: Fujitsu, BinarySize: Binary1248}}

func allItems(t testing.TB) []*Item {
	var out []*Item
	for _, o := range optionSets {
		for _, c := range clauses {
			out = append(out, item(t, c, o))
		}
	}
	return out
}

// roundTrip holds a codec to its promises for any bytes.
func roundTrip(t interface{ Fatalf(string, ...any) }, it *Item, b []byte) {
	text, f := it.Codec.AppendText(nil, b)
	if f > Blank {
		return
	}
	e := Encoder{plan: &Plan{root: it}, out: Record{frame: &frame{regs: []int32{0}}, b: make([]byte, len(b))}, prefer: b}
	at := *it
	at.off, at.reg = 0, 0
	at.settle()
	if f == Blank {
		if f = e.PutNull(&at); f != OK || !bytes.Equal(e.out.b, b) {
			t.Fatalf("%s: null of %x over the original: %x %v", it.Field.Picture, b, e.out.b, f)
		}
		out := make([]byte, len(b))
		if f = it.Codec.PutNull(out); f != OK {
			t.Fatalf("%s: %x is null, and null cannot be written: %v", it.Field.Picture, b, f)
		}
		if _, f = it.Codec.AppendText(nil, out); f != Blank {
			t.Fatalf("%s: null is written as %x, read as %v", it.Field.Picture, out, f)
		}
		return
	}
	if f = e.Put(&at, text); f != OK || !bytes.Equal(e.out.b, b) {
		t.Fatalf("%s: %q of %x over the original: %x %v", it.Field.Picture, text, b, e.out.b, f)
	}
	out := make([]byte, len(b))
	if f = it.Codec.Put(out, text); f != OK {
		if f != Overflow {
			t.Fatalf("%s: %x is read as %q, which cannot be written: %v", it.Field.Picture, b, text, f)
		}
		return
	}
	again, f := it.Codec.AppendText(nil, out)
	if f != OK || !bytes.Equal(again, text) {
		t.Fatalf("%s: %x is read as %q, written as %x, read as %q %v", it.Field.Picture, b, text, out, again, f)
	}
}

func FuzzDecode(f *testing.F) {
	items := allItems(f)
	for i := range items {
		f.Add(uint16(i), []byte{0xF0, 0xF1, 0xC2, 0x40, 0x00, 0x12, 0x3C, 0xD9})
		f.Add(uint16(i), []byte("  -1,234.50CR"))
	}
	f.Fuzz(func(t *testing.T, i uint16, data []byte) {
		it := items[int(i)%len(items)]
		b := make([]byte, it.Size())
		copy(b, data)
		roundTrip(t, it, b)
	})
}

func FuzzRecord(f *testing.F) {
	l := layout(f, nested, Options{Codepage: "ascii"})
	d, e, m := l.Decoder(), l.Encoder(), l.Decoder()
	f.Add([]byte("2" + "1aax" + "3bbccddy" + "zz"))
	f.Add([]byte("0zz"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := d.Decode(b)
		if err != nil {
			return
		}
		for f := range l.Fields() {
			if _, _, err := r.Locate(f); err != nil && r.Len() == len(b) && !strings.Contains(err.Error(), "odo-count") {
				t.Fatalf("%s: %v", f.Path, err)
			}
		}
		if n, err := m.Measure(b); err != nil || n != r.Len() {
			t.Fatalf("%d bytes are measured, want %d: %v", n, r.Len(), err)
		}
		if err := e.Begin(b); err != nil {
			t.Fatal(err)
		}
		if got := e.Bytes(); !bytes.Equal(got, b) {
			t.Fatalf("%q, want %q", got, b)
		}
	})
}

func TestAnyBytesRoundTrip(t *testing.T) {
	items := allItems(t)
	rapid.Check(t, func(t *rapid.T) {
		it := rapid.SampledFrom(items).Draw(t, "item")
		// Bytes that are often digits, signs and spaces.
		likely := rapid.SampledFrom([]byte{0xF0, 0xF1, 0xF9, 0xC0, 0xD9, 0x40, 0x00, 0x12, 0x3C, 0x9D, 0x0F, 0x4B, 0x6B, 0x60, 0x4E, 0x5B, 0x5C, 0x20, 0x30, 0x39, 0x7B, 0x2E, 0x2D})
		b := rapid.SliceOfN(rapid.OneOf(likely, rapid.Byte()), it.Size(), it.Size()).Draw(t, "bytes")
		roundTrip(t, it, b)
	})
}

// TestWrittenNumbersAreRead draws numbers that fit, and holds what is read against math/big.
func TestWrittenNumbersAreRead(t *testing.T) {
	var items []*Item
	for _, it := range allItems(t) {
		if k := it.Codec.Kind(); k == IntegerValue || k == DecimalValue {
			items = append(items, it)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		it := rapid.SampledFrom(items).Draw(t, "item")
		text := rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,3})?`).Draw(t, "text")
		b := make([]byte, it.Size())
		switch f := it.Codec.Put(b, []byte(text)); f {
		case OK:
		case Overflow, FractionLost, SignLost:
			return
		default:
			t.Fatalf("%s of %s: %v", it.Field.Picture, text, f)
		}
		read, f := it.Codec.AppendText(nil, b)
		got, ok := new(big.Rat).SetString(string(read))
		want, _ := new(big.Rat).SetString(text)
		if f != OK || !ok || got.Cmp(want) != 0 {
			t.Fatalf("%s of %s: %x is read as %q %v", it.Field.Picture, text, b, read, f)
		}
	})
}

// hexFloat is the value of hexadecimal floating point by its definition.
func hexFloat(b []byte) *big.Rat {
	m := new(big.Int).SetBytes(b[1:])
	v := new(big.Rat).SetInt(m)
	exp := int(b[0]&0x7F) - 64 - 2*(len(b)-1)
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(16), big.NewInt(int64(max(exp, -exp))), nil))
	if exp < 0 {
		scale.Inv(scale)
	}
	v.Mul(v, scale)
	if b[0] >= 0x80 {
		v.Neg(v)
	}
	return v
}

// TestHexFloatIsTheShortestDecimalOfItsBytes: the text is not below the exact value (in magnitude), encodes
// to the normalized bytes, and one digit less does not.
func TestHexFloatIsTheShortestDecimalOfItsBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{4, 8}).Draw(t, "size")
		b := rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "bytes")
		b[1] |= 0x10 // normalized
		text, f := appendHexFloat(nil, b, false)
		if f != OK {
			t.Fatal(f)
		}
		out := make([]byte, size)
		if f := putHexFloat(out, text, false); f != OK || !bytes.Equal(out, b) {
			t.Fatalf("%x is %s, written as %x %v", b, text, out, f)
		}
		got, _ := new(big.Rat).SetString(string(text))
		if exact := hexFloat(b); new(big.Rat).Abs(got).Cmp(new(big.Rat).Abs(exact)) < 0 {
			t.Fatalf("%x is %s, less than its value %s", b, text, exact.FloatString(30))
		}
		shorterMust(t, b, text)
	})
}

// shorterMust shows that no decimal with one significant digit less encodes to b.
func shorterMust(t *rapid.T, b, text []byte) {
	var n number
	if f := n.parse(text); f != OK {
		t.Fatal(f)
	}
	digits := strings.TrimRight(string(n.digits()), "0")
	if len(digits) < 2 {
		return
	}
	scale := n.scale - (n.n - len(digits)) - 1
	low, _ := new(big.Int).SetString(digits[:len(digits)-1], 10)
	for i := range 2 {
		c := new(big.Int).Add(low, big.NewInt(int64(i)))
		short := c.String() + "E" + big.NewInt(int64(-scale)).String()
		if b[0] >= 0x80 {
			short = "-" + short
		}
		out := make([]byte, len(b))
		if putHexFloat(out, []byte(short), false) == OK && bytes.Equal(out, b) {
			t.Fatalf("%x is %s, but %s is enough", b, text, short)
		}
	}
}
