package ebcdic

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func mixedPages(t testing.TB) []*Codepage {
	t.Helper()
	var out []*Codepage
	for _, c := range all(t) {
		if c.Mixed() {
			out = append(out, c)
		}
	}
	if len(out) != 8 {
		t.Fatalf("%d mixed pages", len(out))
	}
	return out
}

// TestPairsEqualIconv holds every pair of every mixed page, both ways, against the iconv of this machine. X
// stands between pairs, so that one that is no character leaves a gap.
func TestPairsEqualIconv(t *testing.T) {
	for _, c := range mixedPages(t) {
		t.Run(c.Name(), func(t *testing.T) {
			t.Parallel()
			charset := "IBM" + strings.TrimPrefix(c.Name(), "cp")
			var good, pairs bytes.Buffer
			gaps := 0
			for hi := 0; hi < 256; hi++ {
				for lo := 0; lo < 256; lo++ {
					pair := []byte{byte(hi), byte(lo)}
					if text, ok := c.AppendDouble(nil, pair); ok {
						good.Write([]byte{0x0E, pair[0], pair[1], 0x0F, 0xE7})
						pairs.Write(text)
						pairs.WriteByte('X')
					} else if gaps++; gaps%64 == 0 { // a sample of what is none: one process each
						if out, ok := iconv(charset, "UTF-8", []byte{0x0E, pair[0], pair[1], 0x0F}); ok && len(out) > 0 && hi >= firstDouble && lo >= firstDouble {
							t.Errorf("%X is %q to iconv", pair, out)
						}
					}
				}
			}
			out, ok := iconv(charset, "UTF-8", good.Bytes())
			if !ok || !bytes.Equal(out, pairs.Bytes()) {
				t.Errorf("iconv reads the %d bytes of pairs otherwise (%v)", good.Len(), ok)
			}
			if ours := c.AppendUTF8(nil, good.Bytes()); !bytes.Equal(ours, out) || c.Invalid(good.Bytes()) >= 0 {
				t.Errorf("mixed text is read otherwise")
			}
			back, ok := iconv("UTF-8", charset, out)
			ours, err := c.Encode(nil, out)
			if !ok || err != nil || !bytes.Equal(ours, back) {
				t.Errorf("iconv writes otherwise (%v, %v): %d bytes, %d", ok, err, len(ours), len(back))
			}
		})
	}
}

func TestMixedText(t *testing.T) {
	c, err := Lookup("939")
	if err != nil || !c.Mixed() || c.SingleByte() || !c.EBCDIC() {
		t.Fatal(c, err)
	}
	for _, x := range []struct{ text, bytes string }{
		{"AB", "C1C2"},
		{"", ""},
		{"A東京B", "C10E455745750FC2"},
		{"東", "0E45570F"},
		{"ｱ", "59"}, // half-width katakana has one byte
		{"\u3000", "0E40400F"},
	} {
		enc, err := c.Encode(nil, []byte(x.text))
		if got := fmt.Sprintf("%X", enc); err != nil || got != x.bytes {
			t.Errorf("%q: %s %v, want %s", x.text, got, err, x.bytes)
		}
		if got := string(c.AppendUTF8(nil, enc)); got != x.text {
			t.Errorf("%s: %q", x.bytes, got)
		}
	}
	for name, b := range map[string]string{
		"an odd byte between the shifts": "\x0E\x45\x0F", "no shift-in": "\xC1\x0E\x45\x62", "shift-out twice": "\x0E\x45\x62\x0E\x0F",
		"shift-in alone": "\x0F", "a pair that is none": "\x0E\xFE\xFE\x0F",
	} {
		if c.Invalid([]byte(b)) < 0 {
			t.Errorf("%s: taken", name)
		}
		if !strings.Contains(string(c.AppendUTF8(nil, []byte(b))), "\ufffd") && name != "no shift-in" {
			t.Errorf("%s: no U+FFFD", name)
		}
	}
	var e *EncodeError
	if out, err := c.Encode([]byte("kept"), []byte("A東😀")); !errors.As(err, &e) || e.Position != 2 || e.Offset != 4 || string(out) != "kept" {
		t.Errorf("%q %+v", out, e)
	}
	if out, err := c.EncodeDouble([]byte("kept"), []byte("東A")); !errors.As(err, &e) || e.Position != 1 || string(out) != "kept" {
		t.Errorf("a character of one byte in text of two: %q %+v", out, e)
	}
	if _, err := c.EncodeDouble(nil, []byte("\xff")); !errors.As(err, &e) || !e.NotUTF8 {
		t.Errorf("%v", err)
	}
	single, _ := Lookup("037")
	if _, ok := single.AppendDouble(nil, []byte("\x45\x62")); ok {
		t.Error("cp037 has no pairs")
	}
}

func TestPagesThatAreRefusedSayWhy(t *testing.T) {
	for name, want := range map[string]string{"cp1399": "cp939", "IBM-1390": "cp930", "300": "cp930 or cp939"} {
		_, err := Lookup(name)
		var e *UnknownError
		if !errors.As(err, &e) || e.Nearest != "" || !strings.Contains(err.Error(), "is not supported: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzMixed(f *testing.F) {
	pages := mixedPages(f)
	f.Add(uint8(0), []byte("\xC1\x0E\x45\x62\x0F"))
	f.Fuzz(func(t *testing.T, i uint8, b []byte) {
		c := pages[int(i)%len(pages)]
		text := c.AppendUTF8(nil, b)
		if !utf8.Valid(text) {
			t.Fatalf("% X is % X", b, text)
		}
		enc, err := c.Encode(nil, text)
		if c.Invalid(b) >= 0 {
			return
		}
		if err != nil {
			t.Fatalf("%s: % X is %q: %v", c.Name(), b, text, err)
		}
		if again := c.AppendUTF8(nil, enc); !bytes.Equal(again, text) || len(enc) > len(b) && bytes.IndexByte(b, 0x0E) < 0 {
			t.Fatalf("%s: % X is %q, written % X, read %q", c.Name(), b, text, enc, again)
		}
	})
}

func ExampleCodepage_mixed() {
	c, _ := Lookup("cp939")
	b, _ := c.Encode(nil, []byte("A東京"))
	fmt.Printf("%X\n%s\n", b, c.AppendUTF8(nil, b))
	// Output:
	// C10E455745750F
	// A東京
}
