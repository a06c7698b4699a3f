package copybooks

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/portage-gateway/portage/copybooks/ebcdic"
)

// charset is a code page made ready: one lookup a byte, in the form that JSON strings take and in plain
// UTF-8. It is immutable and shared by the codecs of a Layout.
type charset struct {
	page  *ebcdic.Codepage
	utf8  bool // the bytes are UTF-8 already
	mixed bool // shifts to characters of two bytes and back
	ascii bool // digits are 0x30 to 0x39
	space byte
	// plain holds the ASCII character that a byte stands for if a JSON string can hold it as it is;
	// otherwise special.
	plain [256]byte
	// json and text hold up to 6 bytes of output and, in the top byte, how many. 0: the byte is undefined.
	json, text [256]uint64
	// back holds the bytes of the ASCII characters, if the page has all of them.
	back    [256]byte
	backAll bool
}

const special = 0xFF

func newCharset(name string) (*charset, error) {
	if name == "" {
		name = "cp037"
	}
	page, err := ebcdic.Lookup(name)
	if err != nil {
		return nil, err
	}
	c := &charset{page: page, mixed: page.Mixed(), ascii: !page.EBCDIC(), space: page.Space()}
	c.utf8 = !page.SingleByte() && !c.mixed
	if c.utf8 {
		return c, nil
	}
	c.backAll = !c.mixed
	for i := range utf8.RuneSelf {
		var ok bool
		c.back[i], ok = page.Byte(rune(i))
		c.backAll = c.backAll && ok
	}
	for i := range 256 {
		c.plain[i] = special
		text := page.AppendUTF8(nil, []byte{byte(i)})
		r, _ := utf8.DecodeRune(text)
		if r == utf8.RuneError || len(text) > 6 {
			continue
		}
		c.text[i] = packOutput(text)
		escaped := appendEscaped(nil, text)
		c.json[i] = packOutput(escaped)
		if len(escaped) == 1 {
			c.plain[i] = escaped[0]
		}
	}
	return c, nil
}

func packOutput(b []byte) uint64 {
	var buf [8]byte
	copy(buf[:], b)
	buf[7] = byte(len(b))
	return binary.LittleEndian.Uint64(buf[:])
}

// grow makes room for n more bytes.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	return append(dst, make([]byte, n)...)[:len(dst)]
}

// appendJSON appends the bytes as the inside of a JSON string.
func (c *charset) appendJSON(dst, b []byte) ([]byte, Fault) {
	if c.utf8 {
		if !utf8.Valid(b) {
			return dst, TextEncoding
		}
		return appendEscaped(dst, b), OK
	}
	n := len(dst)
	dst = grow(dst, len(b)+8)
	if c.translate(dst[n:n+len(b)], b) {
		return dst[:n+len(b)], OK
	}
	if c.mixed {
		var buf [256]byte
		text, f := c.appendMixed(buf[:0], b)
		if f != OK {
			return dst[:n], f
		}
		return appendEscaped(dst[:n], text), OK
	}
	return c.appendWide(dst, b, &c.json)
}

// translate writes plain characters, and reports whether there was nothing else.
func (c *charset) translate(out, b []byte) bool {
	t := &c.plain
	var all byte
	for len(b) >= 8 && len(out) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		a0, a1, a2, a3 := t[byte(x)], t[byte(x>>8)], t[byte(x>>16)], t[byte(x>>24)]
		a4, a5, a6, a7 := t[byte(x>>32)], t[byte(x>>40)], t[byte(x>>48)], t[byte(x>>56)]
		y := uint64(a0) | uint64(a1)<<8 | uint64(a2)<<16 | uint64(a3)<<24 |
			uint64(a4)<<32 | uint64(a5)<<40 | uint64(a6)<<48 | uint64(a7)<<56
		binary.LittleEndian.PutUint64(out, y)
		if y&0x8080808080808080 != 0 {
			return false
		}
		b, out = b[8:], out[8:]
	}
	out = out[:len(b)]
	for i, x := range b {
		a := t[x]
		out[i] = a
		all |= a
	}
	return all < 0x80
}

// appendWide appends by a table of up to 6 bytes a character.
func (c *charset) appendWide(dst, b []byte, table *[256]uint64) ([]byte, Fault) {
	n := len(dst)
	dst = grow(dst, 6*len(b)+8)
	out := dst[:cap(dst)]
	for _, x := range b {
		v := table[x]
		if v == 0 {
			return dst, TextEncoding
		}
		binary.LittleEndian.PutUint64(out[n:], v)
		n += int(v >> 56)
	}
	return out[:n], OK
}

// appendText appends the bytes as UTF-8.
func (c *charset) appendText(dst, b []byte) ([]byte, Fault) {
	if c.utf8 {
		if !utf8.Valid(b) {
			return dst, TextEncoding
		}
		return append(dst, b...), OK
	}
	n := len(dst)
	dst = grow(dst, len(b)+8)
	if c.translate(dst[n:n+len(b)], b) {
		return dst[:n+len(b)], OK
	}
	if c.mixed {
		return c.appendMixed(dst[:n], b)
	}
	return c.appendWide(dst, b, &c.text)
}

// appendMixed appends characters of one and two bytes.
func (c *charset) appendMixed(dst, b []byte) ([]byte, Fault) {
	if c.page.Invalid(b) >= 0 {
		return dst, TextEncoding
	}
	return c.page.AppendUTF8(dst, b), OK
}

// appendDouble appends characters of two bytes, those of a DBCS item.
func (c *charset) appendDouble(dst, b []byte, left, right bool) ([]byte, Fault) {
	for right && len(b) >= 2 && b[len(b)-2] == c.space && b[len(b)-1] == c.space {
		b = b[:len(b)-2]
	}
	for left && len(b) >= 2 && b[0] == c.space && b[1] == c.space {
		b = b[2:]
	}
	out, ok := c.page.AppendDouble(dst, b)
	if !ok {
		return dst, TextEncoding
	}
	return out, OK
}

// putDouble writes characters of two bytes, filled up with the blank of that size.
func (c *charset) putDouble(b, text []byte, right bool) Fault {
	var buf [256]byte
	enc, err := c.page.EncodeDouble(buf[:0], text)
	if err != nil {
		return Unencodable
	}
	return fill(b, enc, []byte{c.space, c.space}, right)
}

// put writes UTF-8 text into b, filled up with spaces to the right, or to the left if right is set.
func (c *charset) put(b, text []byte, right bool) Fault {
	if !right && c.backAll && len(text) <= len(b) && c.putASCII(b, text) {
		return OK
	}
	var buf [256]byte
	enc, f := c.encode(buf[:0], text)
	if f != OK {
		return f
	}
	return fill(b, enc, []byte{c.space}, right)
}

// encode appends UTF-8 text in the page's bytes.
func (c *charset) encode(dst, text []byte) ([]byte, Fault) {
	if c.utf8 {
		if !utf8.Valid(text) {
			return dst, Unencodable
		}
		return append(dst, text...), OK
	}
	enc, err := c.page.Encode(dst, text)
	if err != nil {
		return dst, Unencodable
	}
	return enc, OK
}

// putASCII writes ASCII text and spaces behind it; false says that not all of it is ASCII.
func (c *charset) putASCII(b, text []byte) bool {
	t, out, rest := &c.back, b[:len(text)], b[len(text):]
	for len(text) >= 8 && len(out) >= 8 {
		x := binary.LittleEndian.Uint64(text)
		if x&0x8080808080808080 != 0 {
			return false
		}
		binary.LittleEndian.PutUint64(out, uint64(t[byte(x)])|uint64(t[byte(x>>8)])<<8|uint64(t[byte(x>>16)])<<16|uint64(t[byte(x>>24)])<<24|
			uint64(t[byte(x>>32)])<<32|uint64(t[byte(x>>40)])<<40|uint64(t[byte(x>>48)])<<48|uint64(t[byte(x>>56)])<<56)
		text, out = text[8:], out[8:]
	}
	for i, x := range text {
		if x >= utf8.RuneSelf {
			return false
		}
		out[i] = t[x]
	}
	blank(rest, c.space)
	return true
}

// blank fills b with one byte.
func blank(b []byte, c byte) {
	eight := uint64(c) * 0x0101010101010101
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, eight)
		b = b[8:]
	}
	for i := range b {
		b[i] = c
	}
}

// fill copies text into b and repeats pad over the rest.
func fill(b, text, pad []byte, right bool) Fault {
	if len(text) > len(b) {
		return TextTooLong
	}
	rest := b[len(text):]
	if right {
		rest = b[:len(b)-len(text)]
		copy(b[len(rest):], text)
	} else {
		copy(b, text)
	}
	for i := range rest {
		rest[i] = pad[i%len(pad)]
	}
	return OK
}

// trimRight returns b without trailing spaces, and without shifts that nothing stands between: a reader sees only the spaces
// before them.
func (c *charset) trimRight(b []byte) []byte {
	b = trimRight(b, c.space)
	for c.mixed && len(b) >= 2 && b[len(b)-2] == shiftOut && b[len(b)-1] == shiftIn {
		b = trimRight(b[:len(b)-2], c.space)
	}
	return b
}

// trimLeft returns b without leading spaces, and such shifts.
func (c *charset) trimLeft(b []byte) []byte {
	b = trimLeft(b, c.space)
	for c.mixed && len(b) >= 2 && b[0] == shiftOut && b[1] == shiftIn {
		b = trimLeft(b[2:], c.space)
	}
	return b
}

// Shifts of mixed pages.
const shiftOut, shiftIn = 0x0E, 0x0F

// trimRight returns b without trailing spaces.
func trimRight(b []byte, space byte) []byte {
	eight := uint64(space) * 0x0101010101010101
	for len(b) >= 8 && binary.LittleEndian.Uint64(b[len(b)-8:]) == eight {
		b = b[:len(b)-8]
	}
	for len(b) > 0 && b[len(b)-1] == space {
		b = b[:len(b)-1]
	}
	return b
}

// trimLeft returns b without leading spaces.
func trimLeft(b []byte, space byte) []byte {
	for len(b) > 0 && b[0] == space {
		b = b[1:]
	}
	return b
}

// appendEscaped appends valid UTF-8 as the inside of a JSON string (RFC 8259 section 7).
func appendEscaped(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	start := 0
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&0xF])
		}
	}
	return append(dst, text[start:]...)
}

// AppendEscaped appends UTF-8 text as the inside of a JSON string (RFC 8259 section 7).
func AppendEscaped(dst []byte, text string) []byte { return appendEscaped(dst, []byte(text)) }

// National items are UTF-16 (CCSID 1200), big endian on z/OS. So are DBCS items where the code page is not
// EBCDIC.

// appendNational appends UTF-16 as UTF-8, without the spaces at the sides named.
func appendNational(dst, b []byte, little, left, right bool) ([]byte, Fault) {
	if len(b)%2 != 0 {
		return dst, TextEncoding
	}
	unit := func(i int) rune {
		if little {
			return rune(b[i]) | rune(b[i+1])<<8
		}
		return rune(b[i])<<8 | rune(b[i+1])
	}
	start, end := 0, len(b)
	for right && end > 0 && unit(end-2) == ' ' {
		end -= 2
	}
	for left && start < end && unit(start) == ' ' {
		start += 2
	}
	n := len(dst)
	for i := start; i < end; i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) {
			i += 2
			if i >= end {
				return dst[:n], TextEncoding
			}
			if r = utf16.DecodeRune(r, unit(i)); r == utf8.RuneError {
				return dst[:n], TextEncoding
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst, OK
}

// putNational writes UTF-8 text as UTF-16.
func putNational(b, text []byte, little, right bool) Fault {
	var enc []byte
	pad := []byte{0, ' '}
	if little {
		pad = []byte{' ', 0}
	}
	var units []uint16
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n < 2 {
			return Unencodable
		}
		units = utf16.AppendRune(units[:0], r)
		for _, u := range units {
			if little {
				enc = append(enc, byte(u), byte(u>>8))
			} else {
				enc = append(enc, byte(u>>8), byte(u))
			}
		}
		text = text[n:]
	}
	return fill(b, enc, pad, right)
}
