package copybooks

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// testdata/edited.txt is what GnuCOBOL 3 (-std=ibm) displays after MOVE of a PIC S9(9)V9(4) item to each
// numeric-edited PICTURE: picture|value|edited text|. Left out are pictures where it departs from IBM's
// rules: a fixed sign before the currency symbol, and a slash among suppressed zeros.
func TestEditedPicturesAsGnuCOBOLEditsThem(t *testing.T) {
	src, err := os.Open("testdata/edited.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	moved, back := 0, 0
	for lines := bufio.NewScanner(src); lines.Scan(); {
		part := strings.Split(lines.Text(), "|")
		pic, value, want := part[0], part[1], part[2]
		e, err := newEditedForm(&Field{Picture: pic, Size: len(want)}, false, "", "")
		if err != nil {
			t.Fatal(pic, err)
		}
		got := make([]byte, len(want))
		if f := e.put(got, []byte(value)); f == OK {
			moved++
			if string(got) != want {
				t.Errorf("%s of %s: %q, GnuCOBOL %q", pic, value, got, want)
			}
		} else if f != Overflow && f != FractionLost && f != SignLost {
			t.Errorf("%s of %s: %v", pic, value, f)
		} else {
			continue // MOVE cut the value off
		}
		text, f := e.parse(nil, []byte(want))
		if f != OK {
			t.Errorf("%s holds %q: %v", pic, want, f)
			continue
		}
		if f := e.put(got, text); f != OK || string(got) != want {
			t.Errorf("%s holds %q, read %s, written %q, %v", pic, want, text, got, f)
			continue
		}
		back++
	}
	if moved < 200 || back < 200 {
		t.Errorf("only %d values moved and %d read back", moved, back)
	}
}

func TestEditedPicturesByIBMsRules(t *testing.T) {
	for _, c := range []struct{ pic, value, want string }{
		{"-$$$,$$9.99", "1", "      $1.00"},
		{"-$$$,$$9.99", "-1", "-     $1.00"},
		{"+$ZZ9.99", "-1", "-$  1.00"},
		{"ZZ/ZZ/99", "1", "      01"},
		{"ZZ/ZZ/99", "123", "    1/23"},
		{"ZZZ9-", "-12", "  12-"},
		{"*,***,**9.99", "1234.5", "****1,234.50"},
	} {
		e, err := newEditedForm(&Field{Picture: c.pic, Size: len(c.want)}, false, "", "")
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(c.want))
		if f := e.put(got, []byte(c.value)); f != OK || string(got) != c.want {
			t.Errorf("%s of %s: %q %v, want %q", c.pic, c.value, got, f, c.want)
		}
		text, f := e.parse(nil, []byte(c.want))
		if f != OK || e.put(got, text) != OK || string(got) != c.want {
			t.Errorf("%s holds %q, read %s %v", c.pic, c.want, text, f)
		}
	}
}

func TestEditedTextThatThePictureCannotProduceIsRefused(t *testing.T) {
	chars, err := newCharset("ascii")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ pic, text string }{
		{"ZZ9.99", "  A.00"}, {"ZZ9.99", " 12.5"}, {"ZZ9.99", "    00"}, {"99", " 1"}, {"ZZ9", "-12"},
		{"ZZ9CR", " 12DB"}, {"**9", "  9"}, {"$$9", "++9"},
		{"ZZ9", "1 2"}, {"**9", "1*2"}, {"Z,ZZ9", "1 234"}, {"Z,ZZ9", "1, 34"}, {"$$$9", "$1$2"}, {"---9", " 1-2"}, {"+++9", " 1 2"},
		{"*,**9", "1*234"}, {"99B99", "12*34"}, {"9909", "12 4"}, {"Z9.99", "12 34"},
	} {
		e, err := newEditedForm(&Field{Picture: c.pic, Size: len(mustExpand(t, c.pic))}, false, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if text, f := e.parse(nil, []byte(c.text)); f == OK {
			t.Errorf("%s took %q as %s", c.pic, c.text, text)
		}
		e.rule(chars)
		if digits, _, ok := e.short([]byte(c.text)); ok {
			t.Errorf("%s took %q as %X in short", c.pic, c.text, digits)
		}
	}
}

func mustExpand(t *testing.T, pic string) string {
	t.Helper()
	s, err := expandPicture(pic)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDecimalCommaSwapsPointAndComma(t *testing.T) {
	e, err := newEditedForm(&Field{Picture: "Z.ZZ9,99", Size: 8}, true, "", "")
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 8)
	if f := e.put(got, []byte("1234.5")); f != OK || string(got) != "1.234,50" {
		t.Errorf("%q %v", got, f)
	}
	if text, f := e.parse(nil, got); f != OK || string(text) != "1234.50" {
		t.Errorf("%s %v", text, f)
	}
}
