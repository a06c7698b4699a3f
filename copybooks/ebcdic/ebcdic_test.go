package ebcdic

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func all(t testing.TB) []*Codepage {
	t.Helper()
	var pages []*Codepage
	for _, n := range Names() {
		c, err := Lookup(n)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, c)
	}
	return pages
}

func iconv(from, to string, in []byte) ([]byte, bool) {
	cmd := exec.Command("iconv", "-f", from, "-t", to)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	return out, err == nil
}

// lossy are bytes that iconv reads as one character and, given that character, writes as another one's. Ours
// writes the byte that was read.
var lossy = map[string]map[byte]byte{"cp930": {0xA0: 0xA0, 0xB2: 0xB2}, "cp939": {0xA1: 0xA1, 0xE0: 0xE0},
	"cp1371": {0xE0: 0xE0}}

// TestTablesEqualIconv holds every byte of every page, both ways, against the iconv of this machine.
func TestTablesEqualIconv(t *testing.T) {
	if _, err := exec.LookPath("iconv"); err != nil {
		t.Fatal("iconv (Debian: libc-bin) is needed to prove the tables: ", err)
	}
	for _, p := range catalogue() {
		if p.charset == "" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			c, err := Lookup(p.name)
			if err != nil {
				t.Fatal(err)
			}
			var defined, text []byte
			for i := range 256 {
				b := []byte{byte(i)}
				if c.Runes()[i] == Undefined {
					if out, ok := iconv(p.charset, "UTF-8", b); ok && len(out) > 0 {
						t.Errorf("%02X is %q to iconv", i, out)
					}
					continue
				}
				defined = append(defined, b...)
				text = utf8.AppendRune(text, c.Runes()[i])
			}
			if out, ok := iconv(p.charset, "UTF-8", defined); !ok || !bytes.Equal(out, text) || !bytes.Equal(c.AppendUTF8(nil, defined), text) {
				t.Errorf("decoded\n%q\n%q", out, text)
			}
			back, ok := iconv("UTF-8", p.charset, text)
			for i, b := range lossy[p.name] { // the tilde as an overline, the backslash as a yen or a dollar sign
				back[bytes.IndexByte(defined, i)] = b
			}
			if ours, err := c.Encode(nil, text); !ok || err != nil || !bytes.Equal(ours, back) || !bytes.Equal(ours, defined) {
				t.Errorf("encoded %v\n% X\n% X", err, ours, back)
			}
		})
	}
}

func TestEveryPageGoesThereAndBack(t *testing.T) {
	for _, c := range all(t) {
		seen := map[rune]bool{}
		for i, r := range c.Runes() {
			ch := c.Table()[i]
			switch b, ok := c.Byte(r); {
			case r == Undefined:
				if string(ch.Bytes[:ch.Len]) != "\ufffd" || c.ASCII()[i] < 0x80 {
					t.Errorf("%s: %02X is undefined but has %v", c.Name(), i, ch)
				}
			case !ok || b != byte(i) || seen[r]:
				t.Errorf("%s: %U is %02X and %02X", c.Name(), r, i, b)
			case string(ch.Bytes[:ch.Len]) != string(r):
				t.Errorf("%s: %02X is % X", c.Name(), i, ch.Bytes)
			case (r < 0x80) != (c.ASCII()[i] < 0x80) || r < 0x80 && rune(c.ASCII()[i]) != r:
				t.Errorf("%s: ASCII of %02X is %02X", c.Name(), i, c.ASCII()[i])
			}
			seen[r] = true
		}
	}
}

func TestEBCDICPagesShareWhatNumbersNeed(t *testing.T) {
	for _, c := range all(t) {
		if !c.EBCDIC() {
			if c.Space() != ' ' {
				t.Errorf("%s: blank %02X", c.Name(), c.Space())
			}
			continue
		}
		if c.Space() != 0x40 {
			t.Errorf("%s: blank %02X", c.Name(), c.Space())
		}
		for i, want := range map[byte]rune{0xF0: '0', 0xF9: '9', 0x4E: '+', 0x60: '-', 0x4B: '.', 0x6B: ',', 0x5C: '*', 0x61: '/'} {
			if got := c.Runes()[i]; got != want {
				t.Errorf("%s: %02X is %q, not %q", c.Name(), i, got, want)
			}
		}
	}
}

// TestFrenchLetters holds what the pages of Canada do with the same letters.
func TestFrenchLetters(t *testing.T) {
	for name, want := range map[string]string{
		"037": "51544448", "500": "51544448", "1047": "51544448", "1140": "51544448", "1148": "51544448", "297": "C0D07CE0", "ebcdic-ca-fr": "C0D04A48",
	} {
		c, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Encode(nil, []byte("éèàç")); err != nil || fmt.Sprintf("%X", got) != want {
			t.Errorf("%s: %X, %v", name, got, err)
		}
	}
}

func TestLookup(t *testing.T) {
	for name, want := range map[string]string{
		"cp037": "cp037", "CP037": "cp037", "ibm037": "cp037", "IBM-037": "cp037", "ibm-37": "cp037", "37": "cp037", "037": "cp037", "ccsid 37": "cp037",
		"ebcdic": "cp037", "EBCDIC-CP-CA": "cp037", "1047": "cp1047", "IBM-1047": "cp1047", "Cp1140": "cp1140",
		"latin-1": "latin1", "ISO-8859-1": "latin1", "819": "latin1", "US-ASCII": "ascii", "367": "ascii", "UTF-8": "utf8", "1208": "utf8",
		"850": "cp850", "IBM863": "cp863", "EBCDIC-CA-FR": "ebcdic-ca-fr", "csEBCDICCAFR": "ebcdic-ca-fr", "cp1025": "cp1025",
	} {
		c, err := Lookup(name)
		if err != nil || c.Name() != want {
			t.Errorf("%q: %v, %v", name, c, err)
			continue
		}
		if again, _ := Lookup(want); again != c {
			t.Errorf("%q: another pointer", name)
		}
	}
	for name, want := range map[string]string{"cp1074": "cp1047", "cp1148x": "cp1148", "latin": "latin1", "ascci": "ascii", "utf": "utf8", "klingon": "", "": ""} {
		_, err := Lookup(name)
		var e *UnknownError
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if want != "" && e.Nearest != want {
			t.Errorf("%q: nearest %q, not %q", name, e.Nearest, want)
		}
		if want == "" && name != "" && !strings.Contains(e.Error(), "cp1047 ") {
			t.Errorf("%q: %v", name, e)
		}
	}
	if _, err := Lookup(strings.Repeat("9", 1<<20)); err == nil || len(err.Error()) > 1000 {
		t.Error("a long name")
	}
}

func TestEncodeNamesTheCharacterByPosition(t *testing.T) {
	c, _ := Lookup("cp037")
	for text, want := range map[string]EncodeError{
		"abé€d":         {Codepage: "cp037", Position: 3, Offset: 4},
		"Œuvre":         {Codepage: "cp037"},
		"ab\xffc":       {Codepage: "cp037", Position: 2, Offset: 2, NotUTF8: true},
		"ok \U0001F6F6": {Codepage: "cp037", Position: 3, Offset: 3},
	} {
		got, err := c.Encode([]byte("kept"), []byte(text))
		var e *EncodeError
		if !errors.As(err, &e) || *e != want || string(got) != "kept" {
			t.Errorf("%q: %q, %+v", text, got, err)
		}
		for _, secret := range []string{"Œ", "€", "uvre"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error holds the text: %v", err)
			}
		}
	}
	if _, err := mustLookup(t, "utf8").Encode(nil, []byte("a\xff")); err == nil {
		t.Error("utf8 takes what is none")
	}
}

func mustLookup(t testing.TB, name string) *Codepage {
	t.Helper()
	c, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestUTF8PassesThroughOnceValid(t *testing.T) {
	c := mustLookup(t, "utf8")
	if got := c.AppendUTF8(nil, []byte("é€\U0001F6F6")); string(got) != "é€\U0001F6F6" || c.SingleByte() {
		t.Errorf("%q", got)
	}
	bad := []byte("a\xc3(\xf0\x9f")
	if got := c.AppendUTF8(nil, bad); string(got) != "a\ufffd(\ufffd\ufffd" || c.Invalid(bad) != 1 {
		t.Errorf("%q, %d", got, c.Invalid(bad))
	}
	if c.Invalid([]byte("\ufffd")) != -1 {
		t.Error("the replacement character itself is valid")
	}
}

func TestInvalidBytes(t *testing.T) {
	if i := mustLookup(t, "ascii").Invalid([]byte("ab\x80")); i != 2 {
		t.Errorf("ascii: %d", i)
	}
	if i := mustLookup(t, "cafr").Invalid([]byte{0xC0, 0x41}); i != 1 {
		t.Errorf("ebcdic-ca-fr: %d", i)
	}
	if i := mustLookup(t, "cp037").Invalid([]byte{0, 0xff}); i != -1 {
		t.Errorf("cp037: %d", i)
	}
}

func TestNamesAndSources(t *testing.T) {
	if n := Names(); len(n) != 40 || !slices.Contains(n, "cp1153") {
		t.Errorf("%d: %v", len(n), n)
	}
	for _, c := range all(t) {
		if !strings.Contains(c.Source(), "iconv") && !strings.Contains(c.Source(), "RFC") {
			t.Errorf("%s: source %q", c.Name(), c.Source())
		}
	}
}

func FuzzRoundTrip(f *testing.F) {
	for i := range Names() {
		f.Add([]byte("\x00\x15\x25\x40é€\xc1\xff"), uint8(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		names := Names()
		c := mustLookup(t, names[int(n)%len(names)])
		text := c.AppendUTF8(nil, data)
		if !utf8.Valid(text) {
			t.Fatalf("%q is not UTF-8", text)
		}
		back, err := c.Encode(nil, text)
		if c.Invalid(data) < 0 {
			same := bytes.Equal(back, data)
			if c.Mixed() { // shifts that shift nothing are not written
				same = bytes.Equal(c.AppendUTF8(nil, back), text)
			}
			if err != nil || !same {
				t.Errorf("%s: % X became % X, %v", c.Name(), data, back, err)
			}
		} else if c.SingleByte() && err == nil {
			t.Errorf("%s: an undefined byte came back as % X", c.Name(), back)
		}
	})
}

func BenchmarkAppendUTF8(b *testing.B) {
	for _, name := range []string{"cp037", "cp1025", "utf8"} {
		c := mustLookup(b, name)
		text, err := mustLookup(b, "cp037").Encode(nil, bytes.Repeat([]byte("LE RELEVE DE PAIE 0042 "), 400))
		if err != nil {
			b.Fatal(err)
		}
		if name == "utf8" {
			text = bytes.Repeat([]byte("LE RELEVÉ DE PAIE 0042 "), 400)
		}
		dst := make([]byte, 0, 4*len(text))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				dst = c.AppendUTF8(dst[:0], text)
			}
		})
	}
}

func ExampleLookup() {
	c, err := Lookup("IBM-1047")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Name(), string(c.AppendUTF8(nil, []byte{0xC9, 0xAD, 0xF1, 0xBD})))
	_, err = Lookup("cp1074")
	fmt.Println(err)
	// Output:
	// cp1047 I[1]
	// unknown code page "cp1074"; did you mean cp1047?
}

func ExampleCodepage_Encode() {
	c, _ := Lookup("cp037")
	b, err := c.Encode(nil, []byte("Été"))
	fmt.Printf("%X %v\n", b, err)
	_, err = c.Encode(nil, []byte("10 €"))
	fmt.Println(err)
	// Output:
	// 71A351 <nil>
	// code page cp037 lacks character 3 (byte 3) of the text
}
