// Package ebcdic knows the code pages of mainframe data: EBCDIC pages, the PC and ISO pages beside them,
// and UTF-8. It turns bytes into UTF-8 and back, exactly: a character that a page lacks is an error, never
// a question mark.
//
// The tables are those of glibc's iconv (tables, written by gen.go); a test holds every byte and every pair
// of every page against the iconv of the machine it runs on. Control characters map as iconv maps them:
// X'15' is U+0085 and X'25' is U+000A on the EBCDIC pages.
//
// Numbers are not the work of this package: a zoned sign shares its bytes with letters, and which letters
// depends on the page.
package ebcdic

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:generate go run gen.go

//go:embed tables/*.txt tables/*.dbcs.gz
var tables embed.FS

// Undefined stands in Runes for a byte that is no character of the page.
const Undefined rune = -1

// Char is one character as UTF-8: Bytes[:Len]. A byte that is no character of the page is U+FFFD.
type Char struct {
	Bytes [3]byte
	Len   uint8
}

// Codepage is one code page. It is immutable and safe to share. The same name yields the same pointer.
type Codepage struct {
	name, source string
	ebcdic       bool
	multi        bool    // UTF-8
	double       *double // of a mixed page
	runes        [256]rune
	chars        [256]Char
	ascii        [256]byte
	low          [256]int16 // byte of U+0000 to U+00FF, -1 if the page lacks it
	high         map[rune]byte
}

// Name returns the page's own name, as cp037.
func (c *Codepage) Name() string { return c.name }

// Source says where the table comes from.
func (c *Codepage) Source() string { return c.source }

// EBCDIC reports whether digits are X'F0' to X'F9' and the blank is X'40'.
func (c *Codepage) EBCDIC() bool { return c.ebcdic }

// SingleByte reports whether each byte is a character: all pages but utf8 and those that are Mixed.
func (c *Codepage) SingleByte() bool { return !c.multi && c.double == nil }

// Space returns the byte of a blank.
func (c *Codepage) Space() byte { b, _ := c.Byte(' '); return b }

// Runes returns the characters by byte, Undefined where there is none. For utf8 only ASCII is defined, for
// mixed pages the characters of one byte.
func (c *Codepage) Runes() [256]rune { return c.runes }

// Table returns the characters by byte, encoded as UTF-8: the fast way to translate text of a page that is
// SingleByte. The caller must not change it.
func (c *Codepage) Table() *[256]Char { return &c.chars }

// ASCII returns the ASCII characters by byte; X'80' stands for every byte that is none, so that or-ing the
// entries of a text tells whether all of it is ASCII. The caller must not change it.
func (c *Codepage) ASCII() *[256]byte { return &c.ascii }

// Byte returns the byte of r, false if the page lacks it. For utf8 only ASCII has one.
func (c *Codepage) Byte(r rune) (byte, bool) {
	if r >= 0 && r < 256 {
		b := c.low[r]
		return byte(b), b >= 0
	}
	b, ok := c.high[r]
	return b, ok
}

// Invalid returns the index of the first byte of src that is no character, -1 if all are.
func (c *Codepage) Invalid(src []byte) int {
	if c.multi {
		for i := 0; i < len(src); {
			r, n := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && n < 2 {
				return i
			}
			i += n
		}
		return -1
	}
	if c.double != nil {
		var buf [512]byte
		_, bad := c.mixed(buf[:0], src)
		return bad
	}
	for i, b := range src {
		if c.runes[b] == Undefined {
			return i
		}
	}
	return -1
}

// AppendUTF8 appends src to dst as UTF-8. A byte that is no character becomes U+FFFD; Invalid finds it.
func (c *Codepage) AppendUTF8(dst, src []byte) []byte {
	if c.multi {
		return appendValid(dst, src)
	}
	if c.double != nil {
		dst, _ = c.mixed(dst, src)
		return dst
	}
	for _, b := range src {
		if a := c.ascii[b]; a < utf8.RuneSelf {
			dst = append(dst, a)
			continue
		}
		ch := &c.chars[b]
		dst = append(dst, ch.Bytes[:ch.Len]...)
	}
	return dst
}

func appendValid(dst, src []byte) []byte {
	if utf8.Valid(src) {
		return append(dst, src...)
	}
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		dst = utf8.AppendRune(dst, r)
		src = src[n:]
	}
	return dst
}

// Encode appends the UTF-8 text src to dst in the page's bytes. The error is an *EncodeError, and dst is
// returned as it was given.
func (c *Codepage) Encode(dst, src []byte) ([]byte, error) {
	if c.double != nil {
		return c.encodeMixed(dst, src)
	}
	out, position := dst, 0
	for i := 0; i < len(src); position++ {
		r, n := rune(src[i]), 1
		if r >= utf8.RuneSelf {
			if r, n = utf8.DecodeRune(src[i:]); r == utf8.RuneError && n == 1 {
				return dst, &EncodeError{Codepage: c.name, Position: position, Offset: i, NotUTF8: true}
			}
		}
		switch b, ok := c.Byte(r); {
		case c.multi:
			out = append(out, src[i:i+n]...)
		case ok:
			out = append(out, b)
		default:
			return dst, &EncodeError{Codepage: c.name, Position: position, Offset: i}
		}
		i += n
	}
	return out, nil
}

// EncodeError says which character of a text cannot be encoded. It does not hold the character, which is
// data.
type EncodeError struct {
	Codepage string
	// Position counts characters from 0, Offset bytes of the UTF-8 text.
	Position, Offset int
	// NotUTF8 says that the text is not UTF-8 there; else the page lacks the character.
	NotUTF8 bool
}

// Error says what stands in the way.
func (e *EncodeError) Error() string {
	if e.NotUTF8 {
		return fmt.Sprintf("code page %s: character %d (byte %d) is not UTF-8", e.Codepage, e.Position, e.Offset)
	}
	return fmt.Sprintf("code page %s lacks character %d (byte %d) of the text", e.Codepage, e.Position, e.Offset)
}

// load reads a table and derives the others.
func load(p *page) *Codepage {
	c := &Codepage{name: p.name, ebcdic: p.ebcdic, multi: p.charset == "", high: map[rune]byte{}}
	for i := range c.low {
		c.low[i] = -1
	}
	c.source = "RFC 3629; bytes pass through once they are valid"
	var words []string
	if !c.multi {
		text, err := tables.ReadFile("tables/" + p.charset + ".txt")
		if err != nil {
			panic(err) // embedded: the tests load every page
		}
		lines := strings.SplitN(string(text), "\n", 3)
		c.source = strings.TrimPrefix(lines[0], "# ")
		words = strings.Fields(lines[2])
		if p.mixed {
			c.double, c.source = loadDouble(p.charset)
		}
	}
	for i := range c.runes {
		r := Undefined
		if c.multi && i < utf8.RuneSelf {
			r = rune(i)
		} else if !c.multi && words[i] != "...." {
			n, err := strconv.ParseUint(words[i], 16, 16)
			if err != nil {
				panic(err)
			}
			r = rune(n)
		}
		c.set(byte(i), r)
	}
	return c
}

func (c *Codepage) set(b byte, r rune) {
	c.runes[b], c.ascii[b] = r, utf8.RuneSelf
	switch {
	case r == Undefined:
		r = utf8.RuneError
	case r < utf8.RuneSelf:
		c.ascii[b], c.low[r] = byte(r), int16(b)
	case r < 256:
		c.low[r] = int16(b)
	default:
		c.high[r] = b
	}
	ch := &c.chars[b]
	ch.Len = uint8(utf8.EncodeRune(ch.Bytes[:], r))
}

// page is an entry of the catalogue.
type page struct {
	name    string
	charset string // of the table; "" for utf8
	ebcdic  bool
	mixed   bool // has a table of two-byte characters too
	aliases []string
	once    sync.Once
	loaded  *Codepage
}
