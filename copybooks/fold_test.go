package copybooks

import (
	"strings"
	"testing"
)

func TestFoldedLetters(t *testing.T) {
	for _, c := range []struct{ page, text, want string }{
		{"ascii", "Hélène d’Œuvre", "Helene d'OEuvre"},
		{"ascii", "Łódź – Đặng", ""}, // ặ has no base here
		{"ascii", "naïve ‘x’ “y” … €", "naive 'x' \"y\" ... EUR"},
		{"ascii", "e\u0301", "e"}, // a combining acute
		{"ascii", "東", ""},
		{"cp037", "Hélène œuf", "Hélène oeuf"}, // only what the page lacks
		{"cp1025", "Жé", "Жe"},
	} {
		it := item(t, "PIC X(30)", Options{Codepage: c.page})
		plain := it.Codec
		folding, ok := plain.WithFold("ascii")
		if !ok {
			t.Fatal("no fold")
		}
		b := make([]byte, 30)
		f := folding.Put(b, []byte(c.text))
		if c.want == "" {
			if f != Unencodable {
				t.Errorf("%s: %q is %v", c.page, c.text, f)
			}
			continue
		}
		if got, g := folding.AppendText(nil, b); f != OK || g != OK || string(got) != c.want {
			t.Errorf("%s: %q is %q %v %v, want %q", c.page, c.text, got, f, g, c.want)
		}
		if strings.ContainsRune(string(b), '?') {
			t.Error("a question mark")
		}
		if f := plain.Put(b, []byte(c.text)); f != Unencodable {
			t.Errorf("%s: %q without a fold: %v", c.page, c.text, f)
		}
	}
	if _, ok := item(t, "PIC X", Options{}).Codec.WithFold("latin"); ok {
		t.Error("latin is a fold")
	}
	if _, ok := item(t, "PIC 9", Options{}).Codec.WithFold("ascii"); ok {
		t.Error("numbers fold")
	}
	for r, base := range folds() {
		for _, b := range base {
			if b >= 0x80 {
				t.Errorf("%q folds to %q", r, base)
			}
		}
	}
}

func TestVarchars(t *testing.T) {
	for _, c := range []struct {
		quirk, text string
		o           Options
		bytes, want string // "!fault"
		back        string // "" the same bytes; "-" is not written
	}{
		{"the length says what counts", "49 L PIC S9(4) COMP. 49 T PIC X(4).", Options{}, "0002C1C2C3C4", "AB", "0002C1C24040"},
		{"spaces that the length counts stay", "49 L PIC S9(4) COMP-5. 49 T PIC X(4).", Options{}, "0003C1404040", "A  ", ""},
		{"empty", "49 L PIC S9(4) COMP. 49 T PIC X(2).", Options{}, "00004040", "", ""},
		{"a VARGRAPHIC counts characters", "49 L PIC S9(4) COMP. 49 T PIC G(3) DISPLAY-1.", Options{Codepage: "cp939"}, "0002455745754040", "東京", ""},
		{"national", "49 L PIC S9(4) COMP. 49 T PIC N(2).", Options{}, "000100C90020", "É", ""},
		{"mixed text counts shifts", "49 L PIC S9(4) COMP. 49 T PIC X(6).", Options{Codepage: "cp939"}, "00050E45570FC140", "東A", ""},
		{"more than PIC 9(4) says", "49 L PIC S9(4) COMP. 49 T PIC X(12000).", Options{}, "2EE0" + strings.Repeat("C1", 12000), strings.Repeat("A", 12000), ""},
		{"a negative length", "49 L PIC S9(4) COMP. 49 T PIC X(2).", Options{}, "FFFFC1C2", "!text-length", ""},
		{"a length beyond the text", "49 L PIC S9(4) COMP. 49 T PIC X(2).", Options{}, "0003C1C2", "!text-length", ""},
		{"a length that has no sign", "49 L PIC 9(4) COMP. 49 T PIC X(2).", Options{}, "FFFFC1C2", "!text-length", ""},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			p, err := NewPlan(layout(t, "01 R. 05 V. "+c.text, c.o))
			if err != nil {
				t.Fatal(err)
			}
			it := p.Root().Children[0]
			codec, err := p.VarcharCodec(it)
			if err != nil {
				t.Fatal(err)
			}
			it = it.With(codec)
			b := unhex(t, c.bytes)
			text, f := codec.AppendText(nil, b)
			if fault, ok := strings.CutPrefix(c.want, "!"); ok {
				if f.String() != fault {
					t.Errorf("%q %v", text, f)
				}
				return
			}
			if f != OK || string(text) != c.want {
				t.Fatalf("%q %v, want %q", text, f, c.want)
			}
			roundTrip(t, it, b)
			want := c.bytes
			if c.back != "" {
				want = c.back
			}
			out := make([]byte, len(b))
			if f := codec.Put(out, text); f != OK || string(out) != string(unhex(t, want)) {
				t.Errorf("written %.40x %v, want %.40s", out, f, want)
			}
			if f := codec.Put(out, append(text, strings.Repeat("x", len(b))...)); f != TextTooLong && f != Unencodable {
				t.Errorf("a text too long: %v", f)
			}
		})
	}
	for _, bad := range []string{"49 L PIC 9(4). 49 T PIC X.", "49 T PIC X.", "49 L PIC S9(4) COMP. 49 T PIC 9.", "49 L PIC S9(4) COMP. 49 T PIC X OCCURS 2.",
		"49 L PIC S9(4) COMP. 49 T PIC X. 49 Z PIC X.", "49 L PIC S9(3)V9 COMP. 49 T PIC X.", "49 L PIC S9(4) COMP. 49 T REDEFINES L PIC X."} {
		p, err := NewPlan(layout(t, "01 R. 05 V. "+bad, Options{}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.VarcharCodec(p.Root().Children[0]); err == nil || !strings.Contains(err.Error(), "R.V is no VARCHAR") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
