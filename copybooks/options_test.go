package copybooks

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestOverpunchCustomsOfASCII(t *testing.T) {
	with := func(o Overpunch) Options { return Options{Codepage: "ascii", Overpunch: o} }
	for _, c := range []struct {
		custom Overpunch
		bytes  string
		text   string // "" is refused
		canon  string // "" is bytes
	}{
		{Translated, "12L", "-123", ""}, {Translated, "12C", "123", ""}, {Translated, "12{", "120", ""}, {Translated, "12}", "-120", ""},
		{Translated, "12s", "-123", "12L"}, {Translated, "123", "123", "12C"},
		{GnuCOBOL, "12s", "-123", ""}, {GnuCOBOL, "123", "123", ""}, {GnuCOBOL, "12L", "-123", "12s"}, {GnuCOBOL, "12C", "123", "123"},
		{Fujitsu, "12S", "-123", ""}, {Fujitsu, "12C", "123", ""}, {Fujitsu, "12@", "120", ""}, {Fujitsu, "12P", "-120", ""},
		{Fujitsu, "12s", "", ""}, {Fujitsu, "12}", "", ""}, {Translated, "12S", "", ""}, {GnuCOBOL, "12@", "", ""},
		{Fujitsu, "12J", "", ""}, {Fujitsu, "12:", "", ""},
	} {
		it := item(t, "PIC S9(3)", with(c.custom))
		text, f := it.Codec.AppendText(nil, []byte(c.bytes))
		if c.text == "" {
			if f == OK {
				t.Errorf("%v took %s as %s", c.custom, c.bytes, text)
			}
			continue
		}
		out := make([]byte, 3)
		want := c.canon
		if want == "" {
			want = c.bytes
		}
		if g := it.Codec.Put(out, text); f != OK || string(text) != c.text || g != OK || string(out) != want {
			t.Errorf("%v: %s is %q %v, written %q %v, want %q and %q", c.custom, c.bytes, text, f, out, g, c.text, want)
		}
	}
	for o, want := range map[Overpunch]string{Translated: "12C", GnuCOBOL: "s23", Fujitsu: "Q23"} {
		it := item(t, "PIC S9(3) SIGN LEADING", with(o))
		out := make([]byte, 3)
		value := "-323"
		if o == Translated {
			it = item(t, "PIC S9(3)", with(o))
			value = "123"
		} else if o == Fujitsu {
			value = "-123"
		}
		if f := it.Codec.Put(out, []byte(value)); f != OK || string(out) != want {
			t.Errorf("%v: %q %v, want %q", o, out, f, want)
		}
	}
}

func TestDialectsLayOutBinaryAndAddressesDifferently(t *testing.T) {
	const text = `       01  R.
           05  A   PIC X.
           05  B   PIC S9(2) COMP.
           05  C   PIC S9(5) COMP SYNC.
           05  G.
               10  D  PIC S9(18) COMP SYNC.
           05  P   POINTER.
           05  Q   POINTER-32.
           05  I   INDEX.
           05  F   PROCEDURE-POINTER.
           05  Z   PIC 9(7) COMP-5.
`
	for _, c := range []struct {
		name string
		o    Options
		want string // offset and size of B C G D P Q I F Z
	}{
		{"IBM", Options{}, "1+2 4+4 8+8 8+8 16+4 20+4 24+4 28+8 36+4"},
		{"IBM, LP(64)", Options{Pointers: LP64}, "1+2 4+4 8+8 8+8 16+8 24+4 28+8 36+8 44+4"},
		{"GnuCOBOL", Options{Sync: SyncGnuCOBOL, BinarySize: Binary1248}, "1+1 4+4 8+8 8+8 16+4 20+4 24+4 28+8 36+4"},
		{"Micro Focus", Options{Sync: SyncMF, BinarySize: Binary1to8}, "1+1 2+3 5+8 5+8 13+4 17+4 21+4 25+8 33+3"},
	} {
		l := layout(t, text, c.o)
		var got []string
		for _, name := range strings.Fields("B C G D P Q I F Z") {
			f, err := l.Field(name)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%d+%d", f.Offset, f.Size))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

func TestThreeByteBinaryNumbers(t *testing.T) {
	it := item(t, "PIC S9(5) COMP", Options{BinarySize: Binary1to8})
	for text, want := range map[string]string{"-1": "ffffff", "99999": "01869f", "-99999": "fe7961"} {
		b := make([]byte, 3)
		if f := it.Codec.Put(b, []byte(text)); f != OK || fmt.Sprintf("%x", b) != want {
			t.Errorf("%s: %x %v, want %s", text, b, f, want)
		}
		if got, f := it.Codec.AppendText(nil, b); f != OK || string(got) != text {
			t.Errorf("%x: %s %v, want %s", b, got, f, text)
		}
	}
}

func TestDialectWords(t *testing.T) {
	var o struct {
		Overpunch  Overpunch
		Sync       Sync
		BinarySize BinarySize
		Pointers   Pointers
	}
	for _, c := range []struct {
		to interface {
			UnmarshalText([]byte) error
			MarshalText() ([]byte, error)
		}
		words string
		bad   string
	}{
		{&o.Overpunch, "translated gnucobol fujitsu", `overpunch: "x" is none of translated, gnucobol, fujitsu`},
		{&o.Sync, "ibm gnucobol mf", `sync: "x" is none of ibm, gnucobol, mf`},
		{&o.BinarySize, "2-4-8 1-2-4-8 1-8", `binarySize: "x" is none of 2-4-8, 1-2-4-8, 1-8`},
		{&o.Pointers, "lp32 lp64", `pointers: "x" is neither lp32 nor lp64`},
	} {
		for _, w := range strings.Fields(c.words) {
			if err := c.to.UnmarshalText([]byte(w)); err != nil {
				t.Error(err)
			}
			if got, err := c.to.MarshalText(); err != nil || string(got) != w {
				t.Errorf("%s: %s %v", w, got, err)
			}
		}
		if err := c.to.UnmarshalText(nil); err != nil {
			t.Error(err)
		}
		if got, _ := c.to.MarshalText(); string(got) != strings.Fields(c.words)[0] {
			t.Errorf("the zero value is %s", got)
		}
		if err := c.to.UnmarshalText([]byte("x")); err == nil || err.Error() != c.bad {
			t.Errorf("%v, want %s", err, c.bad)
		}
	}
	for _, bad := range []Options{{Overpunch: 9}, {Sync: 9}, {BinarySize: 9}, {Pointers: 9}, {CurrencySign: strings.Repeat("E", 21)}} {
		if _, err := Parse("r", strings.NewReader("01 R PIC X."), bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestCharactersOfTwoBytes(t *testing.T) {
	jp := Options{Codepage: "cp939"}
	for _, c := range []struct {
		quirk, clauses string
		o              Options
		bytes, text    string
		canonical      string
	}{
		{"mixed text", "PIC X(8)", jp, "C10E455745750FC2", "A東京B", ""},
		{"mixed text is padded with the blank of one byte", "PIC X(8)", jp, "0E45570F40404040", "東", ""},
		{"JUSTIFIED mixed text", "PIC X(6) JUST RIGHT", jp, "40400E45570F", "東", ""},
		{"an empty pair of shifts is dropped", "PIC X(4)", jp, "C10E0F40", "A", "C1404040"},
		{"blanks before an empty pair of shifts are padding", "PIC X(4)", jp, "C1400E0F", "A", "C1404040"},
		{"blanks behind an empty pair, JUSTIFIED", "PIC X(4) JUST RIGHT", jp, "0E0F40C1", "A", "404040C1"},
		{"a blank of two bytes inside of shifts is data", "PIC X(4)", jp, "0E40400F", "\u3000", ""},
		{"DBCS without shifts", "PIC G(3) DISPLAY-1", jp, "455745754040", "東京", ""},
		{"PIC N under DISPLAY-1", "PIC N(2) DISPLAY-1", jp, "45574040", "東", ""},
		{"JUSTIFIED DBCS", "PIC G(2) DISPLAY-1 JUST", jp, "40404557", "東", ""},
		{"zoned numbers are EBCDIC's", "PIC S9(3)", jp, "F1F2D3", "-123", ""},
		{"Korean", "PIC G(1) DISPLAY-1", Options{Codepage: "933"}, "8861", "가", ""},
		{"DBCS on a page that is not EBCDIC is UTF-16", "PIC G(2) DISPLAY-1", Options{Codepage: "utf8"}, "67714EAC", "東京", ""},
		{"a national number", "PIC 9(3) NATIONAL", Options{}, "003100320033", "123", ""},
		{"a signed national number", "PIC S9(2)V9 NATIONAL SIGN TRAILING SEPARATE", Options{}, "0031003200330 02D", "-12.3", ""},
		{"an edited national number", "PIC ZZ9.9- NATIONAL", Options{}, "002000200037002E0035002D", "-7.5", ""},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			it := item(t, c.clauses, c.o)
			b := unhex(t, c.bytes)
			if len(b) != it.Size() {
				t.Fatalf("%d bytes, the item has %d", len(b), it.Size())
			}
			text, f := it.Codec.AppendText(nil, b)
			if f != OK || string(text) != c.text {
				t.Fatalf("read %q %v, want %q", text, f, c.text)
			}
			want := b
			if c.canonical != "" {
				want = unhex(t, c.canonical)
			}
			out := make([]byte, len(b))
			if f = it.Codec.Put(out, text); f != OK || !bytes.Equal(out, want) {
				t.Errorf("written %x %v, want %x", out, f, want)
			}
			if it.Codec.Kind() == TextValue {
				if js, f := it.Codec.AppendJSONText([]byte("k"), b); f != OK || string(js) != "k"+c.text {
					t.Errorf("JSON %q %v", js, f)
				}
			}
			roundTrip(t, it, b)
		})
	}
	for _, c := range []struct {
		quirk, clauses string
		o              Options
		bytes          string
		fault          Fault
	}{
		{"a shift-out without a shift-in", "PIC X(4)", jp, "0E455740", TextEncoding},
		{"a pair that is none", "PIC G(1) DISPLAY-1", jp, "FEFE", TextEncoding},
		{"a national letter in a number", "PIC 9(2) NATIONAL", Options{}, "00310041", ZonedDigit},
		{"a digit of another script", "PIC 9(2) NATIONAL", Options{}, "0031FF12", ZonedDigit},
		{"DBCS under cp037 has no characters", "PIC G(1) DISPLAY-1", Options{}, "4557", NotEncodable},
		{"blank national number", "PIC 9(2) NATIONAL", Options{}, "00200020", Blank},
		{"low-values in a national number", "PIC Z9 NATIONAL", Options{}, "00000000", Blank},
	} {
		it := item(t, c.clauses, c.o)
		if text, f := it.Codec.AppendText([]byte("kept"), unhex(t, c.bytes)); f != c.fault || string(text) != "kept" {
			t.Errorf("%s: %q %v, want %v", c.quirk, text, f, c.fault)
		}
	}
	it := item(t, "PIC G(2) DISPLAY-1", jp)
	for text, want := range map[string]Fault{"A": Unencodable, "😀": Unencodable, "東東東": TextTooLong} {
		if f := it.Codec.Put(make([]byte, 4), []byte(text)); f != want {
			t.Errorf("%q: %v, want %v", text, f, want)
		}
	}
	if f := item(t, "PIC X(3)", jp).Codec.Put(make([]byte, 3), []byte("東")); f != TextTooLong {
		t.Errorf("shifts need room: %v", f)
	}
}

func TestCurrencySymbolsAndStrings(t *testing.T) {
	for _, c := range []struct {
		quirk, special, pic, codepage, value, want string
	}{
		{"another symbol", "CURRENCY SIGN IS 'F'", "FF,FF9.99", "", "1234.5", "F1,234.50"},
		{"a symbol that prints a word", "CURRENCY SIGN IS 'EUR' WITH PICTURE SYMBOL 'E'", "EE,EE9.99", "", "1234.5", "EUR1,234.50"},
		{"the word floats", "CURRENCY SIGN IS 'EUR' WITH PICTURE SYMBOL 'E'", "EE,EE9.99", "", "7", "    EUR7.00"},
		{"the word of a zero is suppressed too", "CURRENCY SIGN IS 'EUR' WITH PICTURE SYMBOL 'E'", "EEEE.EE", "", "0", "         "},
		{"a fixed word", "CURRENCY SIGN IS 'CA$' PICTURE SYMBOL '$'", "$ZZ9.99-", "", "-1", "CA$  1.00-"},
		{"a character beyond ASCII", "CURRENCY SIGN IS '€' WITH PICTURE SYMBOL '$'", "$$9.99", "cp1140", "12", "€12.00"},
		{"a symbol beyond ASCII", "CURRENCY SIGN IS '€'", "€€9.99", "cp1140", "12", "€12.00"},
		{"asterisks", "CURRENCY SIGN IS 'EUR' WITH PICTURE SYMBOL 'E'", "E**9.99", "", "1", "EUR**1.00"},
		{"DECIMAL-POINT IS COMMA", "CURRENCY SIGN IS 'E' DECIMAL-POINT IS COMMA", "E.EE9,99-", "", "-1234.5", "1E234,50-"},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			text := "       ENVIRONMENT DIVISION.\n       CONFIGURATION SECTION.\n       SPECIAL-NAMES.\n           " + c.special +
				".\n       DATA DIVISION.\n       WORKING-STORAGE SECTION.\n       01  R.\n           05  X PIC " + c.pic + ".\n"
			if c.quirk == "DECIMAL-POINT IS COMMA" {
				c.pic, c.want = "EE.EE9,99-", "E1.234,50-"
				text = strings.Replace(text, "E.EE9,99-", c.pic, 1)
			}
			l := layout(t, text, Options{Codepage: c.codepage})
			p, err := NewPlan(l)
			if err != nil {
				t.Fatal(err)
			}
			it := p.Root().Children[0]
			b := make([]byte, it.Size())
			if f := it.Codec.Put(b, []byte(c.value)); f != OK {
				t.Fatal(f)
			}
			shown, f := it.Codec.chars.appendText(nil, b)
			if f != OK || string(shown) != c.want {
				t.Fatalf("%q %v, want %q", shown, f, c.want)
			}
			back, f := it.Codec.AppendText(nil, b)
			want, _ := ParseDecimal(c.value)
			got, err := ParseDecimal(string(back))
			if f != OK || err != nil || got.Cmp(want) != 0 {
				t.Errorf("read %s %v, want %s", back, f, c.value)
			}
			roundTrip(t, it, b)
		})
	}
	it := item(t, "PIC E(3)9.99", Options{Currency: "E", CurrencySign: "EUR"})
	for _, bad := range []string{"EU   1.00", "USD  1.00", "  EUREU1."} {
		b, _ := it.Codec.chars.page.Encode(nil, []byte(bad))
		if text, f := it.Codec.AppendText(nil, b); f != EditedText {
			t.Errorf("%q is %q %v", bad, text, f)
		}
	}
}
