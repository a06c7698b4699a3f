package copybooks

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

// TestQuirks has one case, or some, for each row of what differs between compilers and tools: what the records
// of Enterprise COBOL for z/OS mean, and what we make of them. A row's cases begin with its name.
//
// Record-level rows (record descriptor words) are those of the package recfm; its tests are named for them.
func TestQuirks(t *testing.T) {
	micro := Options{BinarySize: Binary1to8, Sync: SyncMF, Pointers: LP64, Codepage: "ascii", Endian: Little, Float: IEEE}
	for _, c := range []struct {
		row, clauses string
		o            Options
		bytes        string // of the item
		text         string // "!fault": its bytes are refused; "": null
		back         string // what the text encodes to; "" the same bytes; "!fault": it cannot be written
	}{
		{"binary width: 1 to 4 digits, 2 bytes", "PIC 9(4) COMP", Options{}, "04D2", "1234", ""},
		{"binary width: 5 to 9 digits, 4 bytes", "PIC 9(5) COMP", Options{}, "00003039", "12345", ""},
		{"binary width: 10 to 18 digits, 8 bytes", "PIC S9(10) COMP", Options{}, "FFFFFFFFFFFFFFFF", "-1", ""},
		{"binary width: as few bytes as hold the digits (Micro Focus)", "PIC 9(5) COMP", micro, "393000", "12345", ""},

		{"TRUNC(STD): a stored value beyond the PICTURE is read whole, not written", "PIC S9(4) COMP", Options{}, "3039", "12345", "!overflow"},
		{"TRUNC(BIN): it is written too", "PIC S9(4) COMP", Options{Trunc: Bin}, "3039", "12345", ""},
		{"TRUNC: COMP-5 is always as BIN", "PIC 9(4) COMP-5", Options{}, "FFFF", "65535", ""},
		{"TRUNC: an unsigned item with its top bit set is a number", "PIC 9(9) COMP", Options{Trunc: Bin}, "FFFFFFFF", "4294967295", ""},

		{"packed sign: A is plus", "PIC S9(3) COMP-3", Options{}, "123A", "123", "123C"},
		{"packed sign: B is minus", "PIC S9(3) COMP-3", Options{}, "123B", "-123", "123D"},
		{"packed sign: C is plus, and written", "PIC S9(3) COMP-3", Options{}, "123C", "123", ""},
		{"packed sign: D is minus, and written", "PIC S9(3) COMP-3", Options{}, "123D", "-123", ""},
		{"packed sign: E is plus", "PIC S9(3) COMP-3", Options{}, "123E", "123", "123C"},
		{"packed sign: F is plus", "PIC S9(3) COMP-3", Options{}, "123F", "123", "123C"},
		{"packed sign: a digit is none", "PIC S9(3) COMP-3", Options{}, "1239", "!packed-sign", ""},
		{"packed sign: F is written for an unsigned item", "PIC 9(3) COMP-3", Options{}, "123F", "123", ""},
		{"unsigned with sign C: NUMPROC(NOPFD) takes it", "PIC 9(3) COMP-3", Options{}, "123C", "123", "123F"},
		{"unsigned with sign D: there is no such value", "PIC 9(3) COMP-3", Options{}, "123D", "!packed-sign", ""},
		{"pad nibble: the high digit of an even PICTURE is a digit", "PIC S9(2) COMP-3", Options{}, "123C", "123", "!overflow"},
		{"pad nibble: zero is written", "PIC S9(2) COMP-3", Options{}, "023C", "23", ""},

		{"zoned sign: C, trailing", "PIC S9(2)", Options{}, "F1C2", "12", ""},
		{"zoned sign: D, trailing", "PIC S9(2)", Options{}, "F1D2", "-12", ""},
		{"zoned sign: A and E are plus", "PIC S9(2)", Options{}, "F1E2", "12", "F1C2"},
		{"zoned sign: B is minus", "PIC S9(2)", Options{}, "F1B2", "-12", "F1D2"},
		{"zoned sign: F, unsigned", "PIC 9(2)", Options{}, "F1F2", "12", ""},
		{"zoned sign: in the first byte under SIGN LEADING", "PIC S9(2) SIGN LEADING", Options{}, "D1F2", "-12", ""},
		{"zoned sign: not in another byte", "PIC S9(3)", Options{}, "F1D2F3", "!zoned-digit", ""},
		{"ASCII overpunch: EBCDIC translated", "PIC S9(2)", Options{Codepage: "ascii"}, "314B", "-12", ""},
		{"ASCII overpunch: GnuCOBOL and Micro Focus", "PIC S9(2)", Options{Codepage: "ascii", Overpunch: GnuCOBOL}, "3172", "-12", ""},
		{"ASCII overpunch: Fujitsu", "PIC S9(2)", Options{Codepage: "ascii", Overpunch: Fujitsu}, "3152", "-12", ""},
		{"ASCII overpunch: the other custom is read", "PIC S9(2)", Options{Codepage: "ascii"}, "3172", "-12", "314B"},
		{"invalid zone bits are refused, not guessed", "PIC 9(2)", Options{}, "31F2", "!zoned-digit", ""},
		{"invalid digits are refused", "PIC 9(2)", Options{}, "F1FA", "!zoned-digit", ""},

		{"spaces in numeric DISPLAY are null", "PIC 9(3)", Options{}, "404040", "", ""},
		{"spaces in numeric DISPLAY: some of them are no number", "PIC 9(3)", Options{}, "4040F1", "!zoned-digit", ""},
		{"spaces in numeric DISPLAY: zero under BLANK WHEN ZERO", "PIC 9(3) BLANK WHEN ZERO", Options{}, "404040", "0", ""},
		{"low-values in zoned are null", "PIC 9(3)", Options{}, "000000", "", "404040"},
		{"low-values in packed are null, for there is no sign", "PIC S9(3) COMP-3", Options{}, "0000", "", ""},
		{"spaces in COMP are a number", "PIC S9(9) COMP", Options{}, "40404040", "1077952576", "!overflow"},
		{"negative zero, packed: zero", "PIC S9(3) COMP-3", Options{}, "000D", "0", "000C"},
		{"negative zero, zoned: zero", "PIC S9(3)", Options{}, "F0F0D0", "0", "F0F0C0"},
		{"negative zero keeps its scale", "PIC S9V99 COMP-3", Options{}, "000D", "0.00", "000C"},

		{"COMP-1 is hexadecimal on z/OS: 0x43142EFC is 322.936523...", "COMP-1", Options{}, "43142EFC", "322.9366", ""},
		{"COMP-2 is hexadecimal on z/OS", "COMP-2", Options{}, "C276A00000000000", "-118.625", ""},
		{"COMP-1 as IEEE, little endian (GnuCOBOL)", "COMP-1", Options{Float: IEEE, Endian: Little}, "E677A143", "322.9367", ""},

		{"trailing NUL is data", "PIC X(3)", Options{}, "C10000", "A\x00\x00", ""},
		{"trailing spaces are padding", "PIC X(3)", Options{}, "C14040", "A", ""},
		{"PIC N: 2 bytes a character", "PIC N(2)", Options{}, "00C90074", "Ét", ""},
		{"PIC G: 2 bytes a character, of a page that has them", "PIC G(1) DISPLAY-1", Options{Codepage: "cp939"}, "4557", "東", ""},
		{"PIC U: 4 bytes a character", "PIC U(2)", Options{}, "C3A9412020202020", "éA", ""},
		{"PIC U: or as BYTE-LENGTH says", "PIC U BYTE-LENGTH 3", Options{}, "C3A941", "éA", ""},
		{"P scaling: P has no storage, behind", "PIC 9(3)P(2)", Options{}, "F1F2F3", "12300", ""},
		{"P scaling: P has no storage, before", "PIC SVPP9(5) COMP-3", Options{}, "12345C", "0.0012345", ""},
		{"digits: 18", "PIC 9(18)", Options{}, strings.Repeat("F9", 18), strings.Repeat("9", 18), ""},
		{"digits: 31 with ARITH(EXTEND)", "PIC S9(31) COMP-3", Options{}, strings.Repeat("99", 15) + "9D", "-" + strings.Repeat("9", 31), ""},

		{"JUSTIFIED RIGHT", "PIC X(6) JUSTIFIED RIGHT", Options{}, "40404040C1C2", "AB", ""},
		{"edited: CR", "PIC ZZ,ZZ9.99CR", Options{}, "40F16BF2F3F44BF5F0C3D9", "-1234.50", ""},
		{"edited: DECIMAL-POINT IS COMMA", "PIC ZZ.ZZ9,99-", Options{DecimalComma: true}, "40F14BF2F3F46BF5F060", "-1234.50", ""},
		{"external floating point is text", "PIC +9.9(3)E+99", Options{}, "4EF14BF5F0F0C54EF0F3", "+1.500E+03", ""},
	} {
		t.Run(c.row, func(t *testing.T) {
			it := item(t, c.clauses, c.o)
			b := unhex(t, c.bytes)
			if len(b) != it.Size() {
				t.Fatalf("%d bytes, the item has %d", len(b), it.Size())
			}
			text, f := it.Codec.AppendText(nil, b)
			if fault, ok := strings.CutPrefix(c.text, "!"); ok {
				if f.String() != fault {
					t.Errorf("read %q %v, want %s", text, f, fault)
				}
				return
			}
			if string(text) != c.text || (f == Blank) != (c.text == "") || f > Blank {
				t.Fatalf("read %q %v, want %q", text, f, c.text)
			}
			roundTrip(t, it, b) // the original bytes win
			out := make([]byte, len(b))
			if f = it.Codec.Put(out, text); c.text == "" {
				f = it.Codec.PutNull(out)
			}
			want := c.back
			if want == "" {
				want = c.bytes
			}
			if fault, ok := strings.CutPrefix(want, "!"); ok {
				if f.String() != fault {
					t.Errorf("written %x %v, want %s", out, f, fault)
				}
			} else if f != OK || !bytes.Equal(out, unhex(t, want)) {
				t.Errorf("written %x %v, want %s", out, f, want)
			}
		})
	}
}

// TestLayoutQuirks has the rows of the same table that are about places: offset+size of each item named.
func TestLayoutQuirks(t *testing.T) {
	for _, c := range []struct {
		row, text string
		o         Options
		want      string // name@offset+size ...
	}{
		{"SYNC: 8-byte binary stands on 4", "05 A PIC X(4). 05 B PIC S9(18) COMP SYNC. 05 C PIC X.", Options{}, "B@4+8 C@12+1 R@0+13"},
		{"SYNC: GnuCOBOL has it on 8", "05 A PIC X(4). 05 B PIC S9(18) COMP SYNC. 05 C PIC X.", Options{Sync: SyncGnuCOBOL}, "B@8+8 C@16+1 R@0+17"},
		{"SYNC: none under Micro Focus without IBMCOMP", "05 A PIC X. 05 B PIC S9(9) COMP SYNC.", Options{Sync: SyncMF}, "B@1+4"},
		{"SYNC: 2 for four digits, 4 for COMP-1, 8 for COMP-2", "05 A PIC X. 05 B PIC 9(4) COMP SYNC. 05 C PIC X. 05 D COMP-1 SYNC. 05 E PIC X. 05 F COMP-2 SYNC.", Options{}, "B@2+2 D@8+4 F@16+8"},
		{"SYNC: slack behind each element, so that all stand alike", "05 T OCCURS 2. 10 A PIC X(2). 10 B COMP-2 SYNC. 10 C PIC X.", Options{}, "A@0+2 B@8+8 C@16+1 T@0+24 R@0+48"},
		{"SYNC: addresses under LP(64)", "05 A PIC X. 05 P POINTER SYNC.", Options{Pointers: LP64}, "P@8+8"},
		{"REDEFINES longer: its target takes the length", "05 A PIC X(2). 05 B REDEFINES A PIC X(5). 05 C PIC X.", Options{}, "A@0+2 B@0+5 C@5+1 R@0+6"},
		{"ODO storage: greatest and least length", "05 N PIC 9. 05 T PIC X(2) OCCURS 1 TO 4 DEPENDING ON N. 05 Z PIC X.", Options{}, "T@1+2 Z@9+1 R@0+10"},
		{"group USAGE reaches what is below", "05 G COMP-3. 10 A PIC S9(5). 10 B PIC 9(2).", Options{}, "A@0+3 B@3+2"},
		{"group SIGN: the nearest clause wins, unsigned items have none", "05 G SIGN LEADING SEPARATE. 10 A PIC S9(5). 10 B PIC 9(5). 10 C PIC S9(5) SIGN TRAILING.", Options{}, "A@0+6 B@6+5 C@11+5"},
		{"FILLER: several, without names", "05 FILLER PIC X. 05 PIC X(2). 05 A PIC X.", Options{}, "A@3+1"},
		{"PIC N G U sizes", "05 A PIC N(3). 05 B PIC G(3) DISPLAY-1. 05 C PIC U(3).", Options{}, "A@0+6 B@6+6 C@12+12"},
		{"P has no storage", "05 A PIC S9(3)P(5) COMP-3. 05 B PIC VP(4)9.", Options{}, "A@0+2 B@2+1"},
	} {
		t.Run(c.row, func(t *testing.T) {
			l := layout(t, "01 R. "+c.text, c.o)
			for _, w := range strings.Fields(c.want) {
				name, place, _ := strings.Cut(w, "@")
				f, err := l.Field(name)
				if err != nil {
					t.Fatal(err)
				}
				if got := strconv.Itoa(f.Offset) + "+" + strconv.Itoa(f.Size); got != place {
					t.Errorf("%s is at %s, want %s", name, got, place)
				}
			}
		})
	}
}

// TestODOQuirks has the rows about tables of variable length in records.
func TestODOQuirks(t *testing.T) {
	const text = "01 R. 05 N PIC 9. 05 T PIC X OCCURS 1 TO 3 DEPENDING ON N. 05 Z PIC X."
	for _, c := range []struct {
		row, bytes string
		o          Options
		want       string // of Z; "!fault"
	}{
		{"ODO slides: what follows moves with the counter", "2abz", Options{}, "z"},
		{"ODO max: it does not (Micro Focus NOODOSLIDE)", "2ab-z", Options{ODO: Max}, "z"},
		{"ODO min: a counter below it is refused", "0z", Options{}, "!odo-count"},
		{"ODO max: a counter above it is refused", "4abcdz", Options{}, "!odo-count"},
		{"ODO: a record longer than its counter says is refused", "1abz", Options{}, "!long-record"},
		{"ODO: the greatest length is taken, as a READ INTO leaves it", "1az--", Options{}, "z"},
	} {
		t.Run(c.row, func(t *testing.T) {
			c.o.Codepage = "ascii"
			l := layout(t, text, c.o)
			r, err := l.Decoder().Decode([]byte(c.bytes))
			if fault, ok := strings.CutPrefix(c.want, "!"); ok {
				if got := reason(t, err); got != fault {
					t.Errorf("%s, want %s", got, fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := r.Text("Z"); err != nil || got != c.want {
				t.Errorf("%q %v, want %q", got, err, c.want)
			}
			e := l.Encoder()
			if err := e.Begin([]byte(c.bytes)); err != nil || string(e.Bytes()) != c.bytes {
				t.Errorf("%q %v", e.Bytes(), err)
			}
		})
	}
}
