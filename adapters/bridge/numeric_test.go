package bridge

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// plainView compiles a copybook without a mapping.
func plainView(t testing.TB, text string, o copybooks.Options) *mapping.View {
	t.Helper()
	layouts, err := copybooks.Parse("BOOK", strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	v, err := mapping.Compile(layouts, nil, mapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestNumericClass holds bytes of one item against the NUMERIC test.
func TestNumericClass(t *testing.T) {
	for _, c := range []struct {
		name, picture string
		good, bad     []string
	}{
		{"unsigned zoned", "9(3)", []string{"\xF1\xF2\xF3", "\xF0\xF0\xF0"},
			[]string{"   ", "\x40\x40\x40", "\x00\x00\x00", "\x40\xF1\xF2", "\xF1\xF2\xC3", "\xF1\xF2\xD3", "123", "\xF1\xFA\xF3", "\xFF\xFF\xFF"}},
		{"signed zoned", "S9(3)", []string{"\xF1\xF2\xC3", "\xF1\xF2\xD3", "\xF0\xF0\xC0"},
			[]string{"\xF1\xF2\xF3", "\xF1\xF2\xA3", "\xF1\xF2\xB3", "\xF0\xF0\xD0", "\xF1\xC2\xC3", "\x40\x40\xC3", "\xF1\xF2\xCA"}},
		{"sign leading", "S9(3) SIGN LEADING", []string{"\xC1\xF2\xF3", "\xD1\xF0\xF0"}, []string{"\xF1\xF2\xC3", "\xD0\xF0\xF0", "\xC1\xC2\xF3"}},
		{"sign trailing separate", "S9(3) SIGN TRAILING SEPARATE", []string{"\xF1\xF2\xF3\x4E", "\xF1\xF2\xF3\x60"},
			[]string{"\xF1\xF2\xF3\x40", "\xF0\xF0\xF0\x60", "\xF1\xF2\xC3\x4E", "\xF1\xF2\xF3+"}},
		{"sign leading separate", "S9(3) SIGN LEADING SEPARATE", []string{"\x4E\xF1\xF2\xF3", "\x60\xF1\xF2\xF3"}, []string{"\x60\xF0\xF0\xF0", "\xF1\xF1\xF2\xF3"}},
		{"signed packed", "S9(5) COMP-3", []string{"\x12\x34\x5C", "\x12\x34\x5D", "\x00\x00\x0C"},
			[]string{"\x12\x34\x5F", "\x12\x34\x5A", "\x12\x34\x50", "\x00\x00\x0D", "\x00\x00\x00", "\x40\x40\x40", "\x1A\x34\x5C"}},
		{"unsigned packed", "9(5) COMP-3", []string{"\x12\x34\x5F"}, []string{"\x12\x34\x5C", "\x12\x34\x5D", "\x40\x40\x40"}},
		{"packed of even digits", "S9(4) COMP-3", []string{"\x01\x23\x4C"}, []string{"\x11\x23\x4C", "\xF1\x23\x4C"}},
		{"packed without a sign", "9(3) COMP-6", []string{"\x01\x23"}, []string{"\x11\x23", "\x01\x2C"}},
		{"national", "9(2) USAGE NATIONAL", []string{"\x001\x002"}, []string{"\x001\x00 ", "\x301\x002", "\xF0\xF1\xF0\xF2"}},
		{"binary is always numeric", "S9(4) COMP", []string{"\x40\x40", "\x00\x00", "\xFF\xFF"}, nil},
		{"floating point is too", "COMP-1", []string{"\x40\x40\x40\x40"}, nil},
		{"text has no such test", "X(3)", []string{"\x40\x40\x40"}, nil},
		{"blank when zero is edited", "9(3) BLANK WHEN ZERO", []string{"\x40\x40\x40"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			clause := "PIC " + c.picture
			if c.picture == "COMP-1" {
				clause = c.picture
			}
			v := plainView(t, "       01  R.\n           05  FILLER PIC X.\n           05  N  "+clause+".\n", copybooks.Options{})
			for want, list := range map[bool][]string{true: c.good, false: c.bad} {
				for _, b := range list {
					r, err := v.Decode([]byte("\x40" + b))
					if err != nil {
						t.Fatal(err)
					}
					err = checkNumeric(v, r)
					if (err == nil) != want {
						t.Errorf("%X: %v", b, err)
					}
					if why, refused := refusalOf(err); refused && (why.Field != "R.N" || why.Offset != 1 || why.Size != len(b) || why.Reason != reasonNumeric) {
						t.Errorf("%X: %+v", b, why)
					}
				}
			}
		})
	}
}

// TestWhatTheEncoderWritesIsNumeric holds it for each page, custom and usage: the guard and the encoder were written
// apart.
func TestWhatTheEncoderWritesIsNumeric(t *testing.T) {
	const text = `       01  R.
           05  A  PIC 9(5).
           05  B  PIC S9(5)V99.
           05  C  PIC S9(5) SIGN LEADING.
           05  D  PIC S9(5) SIGN LEADING SEPARATE.
           05  E  PIC S9(5) SIGN TRAILING SEPARATE.
           05  F  PIC S9(5)V99 COMP-3.
           05  G  PIC 9(4) COMP-3.
           05  H  PIC 9(3) COMP-6.
           05  I  PIC S9(4) USAGE NATIONAL SIGN TRAILING SEPARATE.
           05  J  OCCURS 3 PIC S9(3).
`
	for _, o := range []copybooks.Options{
		{}, {Codepage: "cp500"}, {Codepage: "latin1"}, {Codepage: "ascii", Overpunch: copybooks.GnuCOBOL}, {Codepage: "ascii", Overpunch: copybooks.Fujitsu}, {Endian: copybooks.Little},
	} {
		v := plainView(t, text, o)
		for _, n := range []int{0, 7, -7, 123, -123, 10} {
			unsigned := max(n, -n)
			json := fmt.Sprintf(`{"a":%d,"b":"%d.25","c":%d,"d":%d,"e":%d,"f":"%d.50","g":%d,"h":%d,"i":%d,"j":[%d,1,-1]}`, unsigned, n, n, n, n, n, unsigned, unsigned, n, n)
			b, err := v.EncodeJSON(nil, []byte(json), nil)
			if err != nil {
				t.Fatalf("%+v %s: %v", o, json, err)
			}
			r, err := v.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkNumeric(v, r); err != nil {
				t.Errorf("%s %s %s, %d: %v\n%X", o.Codepage, o.Overpunch, o.Endian, n, err, b)
			}
			if n == 123 { // and a table's last element is looked at too
				spoiled := bytes.Clone(b)
				clear(spoiled[len(spoiled)-3:])
				if r, err = v.Decode(spoiled); err != nil {
					t.Fatal(err)
				}
				if why, refused := refusalOf(checkNumeric(v, r)); !refused || why.Offset != len(b)-3 || why.Field != "R.J" {
					t.Errorf("a table's last element of low-values: %+v", why)
				}
			}
		}
	}
}
