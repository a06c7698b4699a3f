package ebcdic

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf8"
)

// Mixed pages hold characters of one byte, and behind a shift-out (X'0E') characters of two bytes until a
// shift-in (X'0F'): Character Data Representation Architecture, encoding scheme 1301. DBCS items of COBOL
// (USAGE DISPLAY-1) are the two-byte characters alone.

const (
	shiftOut = 0x0E
	shiftIn  = 0x0F
	// Both bytes of a two-byte character lie between these; X'4040' is the blank.
	firstDouble, lastDouble = 0x40, 0xFE
	doubles                 = lastDouble - firstDouble + 1
)

// double is the two-byte part of a mixed page.
type double struct {
	runes [doubles * doubles]uint16 // by pair; 0: no character
	codes [1 << 16]uint16           // by rune; 0: the page lacks it
}

// Mixed reports whether X'0E' and X'0F' shift to characters of two bytes and back.
func (c *Codepage) Mixed() bool { return c.double != nil }

// rune returns the character of a pair, 0 if there is none.
func (d *double) rune(hi, lo byte) rune {
	if hi < firstDouble || hi > lastDouble || lo < firstDouble || lo > lastDouble {
		return 0
	}
	return rune(d.runes[int(hi-firstDouble)*doubles+int(lo-firstDouble)])
}

// code returns the pair of a character, 0 if the page lacks it.
func (d *double) code(r rune) uint16 {
	if r < 0 || r > 0xFFFF {
		return 0
	}
	return d.codes[r]
}

// AppendDouble appends characters of two bytes, without shifts, to dst as UTF-8. ok is false where src is of
// odd length or holds a pair that is no character, and for pages that are not Mixed; dst is returned as it
// was given then.
func (c *Codepage) AppendDouble(dst, src []byte) (out []byte, ok bool) {
	if c.double == nil || len(src)%2 != 0 {
		return dst, false
	}
	out = dst
	for i := 0; i < len(src); i += 2 {
		r := c.double.rune(src[i], src[i+1])
		if r == 0 {
			return dst, false
		}
		out = utf8.AppendRune(out, r)
	}
	return out, true
}

// EncodeDouble appends the UTF-8 text src to dst as characters of two bytes, without shifts. The error is an
// *EncodeError, and dst is returned as it was given.
func (c *Codepage) EncodeDouble(dst, src []byte) ([]byte, error) {
	out, position := dst, 0
	for i := 0; i < len(src); position++ {
		r, n := utf8.DecodeRune(src[i:])
		bad := r == utf8.RuneError && n == 1
		code := uint16(0)
		if c.double != nil && !bad {
			code = c.double.code(r)
		}
		if code == 0 {
			return dst, &EncodeError{Codepage: c.name, Position: position, Offset: i, NotUTF8: bad}
		}
		out = append(out, byte(code>>8), byte(code))
		i += n
	}
	return out, nil
}

// mixed appends src to dst as UTF-8, U+FFFD where there is no character. bad is the index of the first byte
// that is none, -1 if all are: a shift to where the text is already, and a shift-out without its shift-in,
// are faults too.
func (c *Codepage) mixed(dst, src []byte) (out []byte, bad int) {
	bad = -1
	two, opened := false, 0
	for i := 0; i < len(src); i++ {
		b, r := src[i], utf8.RuneError
		switch {
		case b == shiftOut && !two, b == shiftIn && two:
			two, opened = !two, i
			continue
		case two && i+1 < len(src):
			if d := c.double.rune(b, src[i+1]); d != 0 {
				r = d
				i++
			}
		case !two && c.runes[b] != Undefined:
			r = c.runes[b]
		}
		if r == utf8.RuneError && bad < 0 {
			bad = i
		}
		dst = utf8.AppendRune(dst, r)
	}
	if two && bad < 0 {
		bad = opened
	}
	return dst, bad
}

// encodeMixed is Encode for mixed pages: one byte where the page has it, else two between shifts.
func (c *Codepage) encodeMixed(dst, src []byte) ([]byte, error) {
	out, position, two := dst, 0, false
	for i := 0; i < len(src); position++ {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return dst, &EncodeError{Codepage: c.name, Position: position, Offset: i, NotUTF8: true}
		}
		i += n
		if b, ok := c.Byte(r); ok {
			if two {
				out, two = append(out, shiftIn), false
			}
			out = append(out, b)
			continue
		}
		code := c.double.code(r)
		if code == 0 {
			return dst, &EncodeError{Codepage: c.name, Position: position, Offset: i - n}
		}
		if !two {
			out, two = append(out, shiftOut), true
		}
		out = append(out, byte(code>>8), byte(code))
	}
	if two {
		out = append(out, shiftIn)
	}
	return out, nil
}

// loadDouble reads the two-byte part of a page: gzip of big-endian 16-bit numbers. First the characters by
// pair, each as the difference from the one before; then, for characters that several pairs mean, the
// character and the pair that it is written as. The gzip header's comment is the source.
func loadDouble(charset string) (d *double, source string) {
	packed, err := tables.ReadFile("tables/" + charset + ".dbcs.gz")
	if err != nil {
		panic(err) // embedded: the tests load every page
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, 1<<20))
	if err != nil {
		panic(err)
	}
	d = &double{}
	var last uint16
	for i := range d.runes {
		last += binary.BigEndian.Uint16(raw[2*i:])
		d.runes[i] = last
		if last != 0 && d.codes[last] == 0 {
			d.codes[last] = uint16(i/doubles+firstDouble)<<8 | uint16(i%doubles+firstDouble)
		}
	}
	for rest := raw[2*len(d.runes):]; len(rest) >= 4; rest = rest[4:] {
		d.codes[binary.BigEndian.Uint16(rest)] = binary.BigEndian.Uint16(rest[2:])
	}
	return d, strings.TrimSpace(z.Comment)
}
