package copybooks

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// item compiles one elementary item, described as in a copybook.
func item(t testing.TB, clauses string, o Options) *Item {
	t.Helper()
	ls, err := Parse("item", strings.NewReader("       01  REC.\n           05  X  "+clauses+".\n"), o)
	if err != nil {
		t.Fatal(clauses, err)
	}
	p, err := NewPlan(ls[0])
	if err != nil {
		t.Fatal(clauses, err)
	}
	return p.Root().Children[0]
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var ascii = Options{Codepage: "ascii", Endian: Little, Float: IEEE}

// Each line is one quirk: bytes and the text that they mean. Where canonical is empty the text encodes to the
// same bytes, else to those.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		quirk, clauses string
		o              Options
		bytes, text    string
		canonical      string
	}{
		{"packed: a weekly rate", "PIC S9(5)V99 COMP-3", Options{}, "0072767C", "727.67", ""},
		{"packed: negative", "PIC S9(5)V99 COMP-3", Options{}, "0001250D", "-12.50", ""},
		{"packed: a SIN keeps no leading zero as a number", "PIC S9(9) COMP-3", Options{}, "046454286C", "46454286", ""},
		{"packed: unsigned ends in F", "PIC 9(5) COMP-3", Options{}, "01820F", "1820", ""},
		{"packed: sign A is plus", "PIC S9(3) COMP-3", Options{}, "123A", "123", "123C"},
		{"packed: sign E is plus", "PIC S9(3) COMP-3", Options{}, "123E", "123", "123C"},
		{"packed: sign F is plus", "PIC S9(3) COMP-3", Options{}, "123F", "123", "123C"},
		{"packed: sign B is minus", "PIC S9(3) COMP-3", Options{}, "123B", "-123", "123D"},
		{"packed: unsigned with sign C (NUMPROC NOPFD)", "PIC 9(3) COMP-3", Options{}, "123C", "123", "123F"},
		{"packed: negative zero is zero", "PIC S9(3) COMP-3", Options{}, "000D", "0", "000C"},
		{"packed: negative zero with a fraction", "PIC S9V99 COMP-3", Options{}, "000D", "0.00", "000C"},
		{"packed: the pad nibble of an even number of digits is a digit", "PIC S9(4) COMP-3", Options{}, "12345C", "12345", "!overflow"},
		{"packed: 31 digits", "PIC S9(31) COMP-3", Options{}, "1234567890123456789012345678901D", "-1234567890123456789012345678901", ""},
		{"packed: 18 digits with scale", "PIC S9(9)V9(9) COMP-3", Options{}, "0123456789000000001C", "123456789.000000001", ""},
		{"packed: fraction only", "PIC SV9(5) COMP-3", Options{}, "00001D", "-0.00001", ""},
		{"packed: P behind the digits", "PIC S9(3)PP COMP-3", Options{}, "123C", "12300", ""},
		{"packed: P before the digits", "PIC SVPP9(3) COMP-3", Options{}, "123C", "0.00123", ""},
		{"packed: no sign nibble (COMP-6)", "PIC 9(4) COMP-6", Options{}, "1234", "1234", ""},
		{"zoned: negative", "PIC S9(5)V99", Options{}, "F0F0F0F1F2F5D0", "-12.50", ""},
		{"zoned: positive", "PIC S9(5)V99", Options{}, "F0F0F0F1F2F5C0", "12.50", ""},
		{"zoned: F in a signed item is plus", "PIC S9(3)", Options{}, "F1F2F3", "123", "F1F2C3"},
		{"zoned: A and E are plus", "PIC S9(3)", Options{}, "F1F2A3", "123", "F1F2C3"},
		{"zoned: B is minus", "PIC S9(3)", Options{}, "F1F2B3", "-123", "F1F2D3"},
		{"zoned: C in an unsigned item (NUMPROC NOPFD)", "PIC 9(3)", Options{}, "F1F2C3", "123", "F1F2F3"},
		{"zoned: negative zero", "PIC S9(3)", Options{}, "F0F0D0", "0", "F0F0C0"},
		{"zoned: leading overpunch", "PIC S9(3) SIGN LEADING", Options{}, "D1F2F3", "-123", ""},
		{"zoned: leading separate", "PIC S9(9)V99 SIGN LEADING SEPARATE", Options{}, "4EF0F0F0F0F1F2F3F4F5F6F7", "12345.67", ""},
		{"zoned: trailing separate", "PIC S9(3) SIGN TRAILING SEPARATE", Options{}, "F1F2F360", "-123", ""},
		{"zoned: 20 digits", "PIC 9(20)", Options{}, "F1F2F3F4F5F6F7F8F9F0F1F2F3F4F5F6F7F8F9F0", "12345678901234567890", ""},
		{"zoned: 18 digits, fraction", "PIC S9(2)V9(16)", Options{}, "F0F1F0F0F0F0F0F0F0F0F0F0F0F0F0F0F0D1", "-1.0000000000000001", ""},
		{"zoned: P behind", "PIC 9(3)PP", Options{}, "F1F2F3", "12300", ""},
		{"zoned: sign bytes stay digits in cp500", "PIC S9(3)", Options{Codepage: "cp500"}, "F1F2D3", "-123", ""},
		{"zoned: BLANK WHEN ZERO", "PIC 9(3) BLANK WHEN ZERO", Options{}, "404040", "0", ""},
		{"zoned: ASCII overpunch as EBCDIC translated", "PIC S9(3)", ascii, "31324C", "-123", ""},
		{"zoned: ASCII plus as EBCDIC translated", "PIC S9(3)", ascii, "313243", "123", ""},
		{"zoned: ASCII zero plus", "PIC S9(3)", ascii, "31327B", "120", ""},
		{"zoned: ASCII overpunch of GnuCOBOL", "PIC S9(5)", ascii, "3132333475", "-12345", "313233344E"},
		{"zoned: ASCII plain digit is plus", "PIC S9(3)", ascii, "313233", "123", "313243"},
		{"zoned: ASCII separate", "PIC S9(2) SIGN LEADING SEPARATE", ascii, "2D3132", "-12", ""},
		{"binary: 2 bytes", "PIC S9(4) COMP", Options{}, "FFFE", "-2", ""},
		{"binary: 4 bytes unsigned", "PIC 9(9) COMP", Options{}, "006F63A0", "7300000", ""},
		{"binary: 8 bytes", "PIC 9(18) COMP", Options{}, "0000126D2DBB8801", "20260128000001", ""},
		{"binary: scale", "PIC S9(5)V99 COMP", Options{}, "FFFFFB1E", "-12.50", ""},
		{"binary: more than the PICTURE is read whole", "PIC S9(4) COMP", Options{}, "7FFF", "32767", "!overflow"},
		{"binary: TRUNC(BIN) writes it too", "PIC S9(4) COMP", Options{Trunc: Bin}, "7FFF", "32767", ""},
		{"binary: COMP-5 has the range of its bytes", "PIC S9(4) COMP-5", Options{}, "8000", "-32768", ""},
		{"binary: COMP-5 unsigned", "PIC 9(4) COMP-5", Options{}, "FFFF", "65535", ""},
		{"binary: spaces are a number", "PIC 9(9) COMP", Options{}, "40404040", "1077952576", "!overflow"},
		{"binary: little endian", "PIC S9(9) COMP-5", ascii, "FEFFFFFF", "-2", ""},
		{"binary: P", "PIC 9(2)PPP COMP", Options{}, "0011", "17000", ""},
		{"hex float: truncated", "COMP-1", Options{}, "41106A7E", "1.026", ""},
		{"hex float: exact", "COMP-1", Options{}, "C276A000", "-118.625", ""},
		{"hex float: zero", "COMP-1", Options{}, "00000000", "0", ""},
		{"hex float: negative zero", "COMP-1", Options{}, "80000000", "0", "00000000"},
		{"hex float: zero with an exponent", "COMP-1", Options{}, "42000000", "0", "00000000"},
		{"hex float: not normalized", "COMP-1", Options{}, "42010000", "1", "41100000"},
		{"hex float: one", "COMP-2", Options{}, "4110000000000000", "1", ""},
		{"hex float: a third", "COMP-2", Options{}, "4055555555555555", "0.33333333333333333", ""},
		{"hex float: greatest", "COMP-1", Options{}, "7FFFFFFF", "7.2370052E75", ""},
		{"hex float: least normalized", "COMP-1", Options{}, "00100000", "5.39761E-79", ""},
		{"ieee: shortest", "COMP-1", Options{Float: IEEE}, "3F8353F8", "1.026", ""},
		{"ieee: double", "COMP-2", Options{Float: IEEE}, "3FB999999999999A", "0.1", ""},
		{"ieee: negative zero", "COMP-1", Options{Float: IEEE}, "80000000", "0", "00000000"},
		{"ieee: little endian", "COMP-1", ascii, "E677A143", "322.9367", ""},
		{"text: French in cp037", "PIC X(14)", Options{}, "D8A45182858340C871D374D5C540", "Québec HÉLÈNE", ""},
		{"text: trailing spaces are padding", "PIC X(4)", Options{}, "C1404040", "A", ""},
		{"text: leading spaces stay", "PIC X(4)", Options{}, "4040C140", "  A", ""},
		{"text: low-values are data", "PIC X(2)", Options{}, "0000", "\x00\x00", ""},
		{"text: JUSTIFIED pads to the left", "PIC X(4) JUSTIFIED RIGHT", Options{}, "4040C1C2", "AB", ""},
		{"text: JUSTIFIED keeps trailing spaces", "PIC X(4) JUSTIFIED RIGHT", Options{}, "4040C140", "A ", ""},
		{"text: alphabetic", "PIC A(3)", Options{}, "C1C2C3", "ABC", ""},
		{"text: alphanumeric-edited is text", "PIC XXBXX", Options{}, "C1C240C3C4", "AB CD", ""},
		{"text: the euro of cp1140", "PIC X(2)", Options{Codepage: "cp1140"}, "9FF1", "€1", ""},
		{"text: brackets of cp1047", "PIC X(2)", Options{Codepage: "cp1047"}, "ADBD", "[]", ""},
		{"national: UTF-16", "PIC N(3)", Options{}, "00C900740020", "Ét", ""},
		{"national: surrogate pair", "PIC N(2)", Options{}, "D83DDE00", "😀", ""},
		{"national: little endian", "PIC N(2)", ascii, "C9002000", "É", ""},
		{"edited: credit", "PIC ZZ,ZZ9.99CR", Options{}, "40F16BF2F3F44BF5F0C3D9", "-1234.50", ""},
		{"edited: suppressed", "PIC ZZ9", Options{}, "4040F7", "7", ""},
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
			want := c.canonical
			if want == "" {
				want = c.bytes
			}
			out := make([]byte, len(b))
			f = it.Codec.Put(out, text)
			if name, ok := strings.CutPrefix(want, "!"); ok {
				if f.String() != name {
					t.Errorf("written %x %v, want the fault %s", out, f, name)
				}
			} else if f != OK || !bytes.Equal(out, unhex(t, want)) {
				t.Errorf("written %x %v, want %s", out, f, want)
			}
		})
	}
}

func TestBlankNumbersAreNull(t *testing.T) {
	for _, c := range []struct {
		quirk, clauses string
		o              Options
		bytes, null    string
	}{
		{"zoned spaces", "PIC 9(3)", Options{}, "404040", "404040"},
		{"zoned low-values", "PIC 9(3)", Options{}, "000000", "404040"},
		{"signed zoned spaces", "PIC S9(3)V99 SIGN LEADING SEPARATE", Options{}, "404040404040", "404040404040"},
		{"ASCII zoned spaces", "PIC 9(3)", ascii, "202020", "202020"},
		{"packed spaces", "PIC S9(5) COMP-3", Options{}, "404040", "000000"},
		{"packed low-values", "PIC S9(5) COMP-3", Options{}, "000000", "000000"},
		{"BLANK WHEN ZERO low-values", "PIC 9(3) BLANK WHEN ZERO", Options{}, "000000", "000000"},
		{"edited spaces where zero has digits", "PIC ZZ9", Options{}, "404040", "000000"},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			it := item(t, c.clauses, c.o)
			text, f := it.Codec.AppendText(nil, unhex(t, c.bytes))
			if f != Blank || len(text) != 0 {
				t.Fatalf("read %q %v", text, f)
			}
			out := make([]byte, it.Size())
			if f := it.Codec.PutNull(out); f != OK || !bytes.Equal(out, unhex(t, c.null)) {
				t.Errorf("null is %x %v, want %s", out, f, c.null)
			}
			if _, f := it.Codec.AppendText(nil, out); f != Blank {
				t.Errorf("null is read as %v", f)
			}
		})
	}
}

func TestBytesThatAreNoValueAreRefused(t *testing.T) {
	for _, c := range []struct {
		quirk, clauses string
		o              Options
		bytes          string
		fault          Fault
	}{
		{"packed nibble above 9", "PIC S9(5) COMP-3", Options{}, "0A123C", PackedNibble},
		{"packed without a sign", "PIC S9(5) COMP-3", Options{}, "012345", PackedSign},
		{"packed translated as text", "PIC S9(5) COMP-3", Options{}, "002003", PackedSign},
		{"packed minus in an unsigned item", "PIC 9(5) COMP-3", Options{}, "01234D", PackedSign},
		{"long packed nibble", "PIC S9(19) COMP-3", Options{}, "0123456789A12345679C", PackedNibble},
		{"long packed without a sign", "PIC S9(19) COMP-3", Options{}, "01234567890123456789", PackedSign},
		{"zoned letter", "PIC 9(3)", Options{}, "F1C1F3", ZonedDigit},
		{"zoned partly blank", "PIC 9(3)", Options{}, "4040F3", ZonedDigit},
		{"zoned minus in an unsigned item", "PIC 9(3)", Options{}, "F1F2D3", ZonedSign},
		{"zoned zone below A", "PIC S9(3)", Options{}, "F1F293", ZonedSign},
		{"zoned sign in the middle", "PIC S9(3)", Options{}, "F1D2F3", ZonedDigit},
		{"separate sign that is a digit", "PIC S9(2) SIGN LEADING SEPARATE", Options{}, "F1F2F3", ZonedSign},
		{"EBCDIC digits read as ASCII", "PIC 9(3)", ascii, "F1F2F3", ZonedDigit},
		{"ieee infinity", "COMP-1", Options{Float: IEEE}, "7F800000", FloatSpecial},
		{"ieee not a number", "COMP-2", Options{Float: IEEE}, "7FF8000000000000", FloatSpecial},
		{"national: lone surrogate", "PIC N(2)", Options{}, "D83D0041", TextEncoding},
		{"text that is not UTF-8", "PIC X(2)", Options{Codepage: "utf8"}, "C341", TextEncoding},
		{"edited letter", "PIC ZZ9", Options{}, "40C1F1", EditedText},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			it := item(t, c.clauses, c.o)
			b := unhex(t, c.bytes)
			if len(b) != it.Size() {
				t.Fatalf("%d bytes, the item has %d", len(b), it.Size())
			}
			before := []byte("kept")
			if out, f := it.Codec.AppendText(before, b); f != c.fault || f != OK && string(out) != "kept" {
				t.Errorf("read %q %v, want %v", out, f, c.fault)
			}
		})
	}
}

func TestValuesThatDoNotFitAreRefused(t *testing.T) {
	for _, c := range []struct {
		clauses, text string
		fault         Fault
	}{
		{"PIC S9(3) COMP-3", "1234", Overflow},
		{"PIC S9(4) COMP-3", "12345", Overflow},
		{"PIC 9(3)", "1000", Overflow},
		{"PIC 9(3)V99", "1.005", FractionLost},
		{"PIC 9(3)", "-1", SignLost},
		{"PIC 9(3) COMP-3", "-1", SignLost},
		{"PIC 9(4) COMP", "-1", SignLost},
		{"PIC S9(4) COMP", "10000", Overflow},
		{"PIC S9(4) COMP-5", "32768", Overflow},
		{"PIC S9(4) COMP-5", "-32769", Overflow},
		{"PIC 9(18) COMP-5", "18446744073709551616", Overflow},
		{"PIC 9(3)PP", "12345", FractionLost},
		{"PIC 9(3)", "", NotNumber},
		{"PIC 9(3)", "12a", NotNumber},
		{"PIC 9(3)", "+1", NotNumber},
		{"PIC 9(3)", "1.", NotNumber},
		{"PIC 9(3)", "1e5000", NotNumber},
		{"PIC X(3)", "ABCD", TextTooLong},
		{"PIC X(3)", "Œ", Unencodable},
		{"PIC X(3)", "😀", Unencodable},
		{"PIC N(1)", "😀", TextTooLong},
		{"COMP-1", "1E80", Overflow},
		{"COMP-1", "1E-90", Overflow},
		{"PIC ZZ9", "-1", SignLost},
		{"PIC ZZ9", "1000", Overflow},
	} {
		it := item(t, c.clauses, Options{})
		if f := it.Codec.Put(make([]byte, it.Size()), []byte(c.text)); f != c.fault {
			t.Errorf("%s takes %q: %v, want %v", c.clauses, c.text, f, c.fault)
		}
	}
}

func TestNumbersMayBeWrittenInOtherWays(t *testing.T) {
	for _, c := range []struct{ clauses, text, want string }{
		{"PIC S9(5)V99 COMP-3", "12.5", "0001250C"},
		{"PIC S9(5)V99 COMP-3", "12.5000", "0001250C"},
		{"PIC S9(5)V99 COMP-3", "1.25e1", "0001250C"},
		{"PIC S9(5)V99 COMP-3", "-0", "0000000C"},
		{"PIC S9(5)V99 COMP-3", "0012.50", "0001250C"},
		{"PIC 9(3)PP", "12300.00", "F1F2F3"},
		{"PIC 9(5)", "1.2E4", "F1F2F0F0F0"},
		{"COMP-1", "0.00001E5", "41100000"},
	} {
		it := item(t, c.clauses, Options{})
		b := make([]byte, it.Size())
		if f := it.Codec.Put(b, []byte(c.text)); f != OK || !bytes.Equal(b, unhex(t, c.want)) {
			t.Errorf("%s of %s: %x %v, want %s", c.clauses, c.text, b, f, c.want)
		}
	}
}

func TestTrims(t *testing.T) {
	it := item(t, "PIC X(5)", Options{})
	b := unhex(t, "4040C14040")
	for trim, want := range map[Trim]string{TrimPadding: "  A", TrimBoth: "A", TrimLeft: "A  ", TrimNone: "  A  "} {
		c := it.Codec.WithTrim(trim)
		if text, f := c.AppendText(nil, b); f != OK || string(text) != want {
			t.Errorf("%v: %q %v", trim, text, f)
		}
	}
}

func TestJSONTextIsEscaped(t *testing.T) {
	it := item(t, "PIC X(9)", Options{})
	// A quote, a backslash, a line feed, NUL, a vertical tab and é in cp037.
	text, f := it.Codec.AppendJSONText(nil, unhex(t, "C17FE025000B51C1C1"))
	if want := `A\"\\\n\u0000\u000béAA`; f != OK || string(text) != want {
		t.Errorf("%s %v, want %s", text, f, want)
	}
}
