package mapping

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// tape is JSON text (RFC 8259) taken apart in one pass into a flat run of values, reused from record to record.
// A string with escapes stands decoded in buf, any other one where it is.
type tape struct {
	src    []byte
	values []value
	buf    []byte
	pos    int
	depth  int
	// keys are the names that may come; nil: none are known. last is the one that came last, and follows what came
	// behind each.
	keys    *keys
	last    int16
	follows []int16
}

type valueKind uint8

const (
	jsonNull valueKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

func (k valueKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// value is one JSON value. A member's name is a string value before it.
type value struct {
	kind       valueKind
	escaped    bool  // the text stands in buf
	start, end int32 // text: in src, or in buf
	at         int32 // offset in src
	next       int32 // index of the value behind this one
	n          int32 // members or elements; of a name its number among the keys
}

// maxDepth bounds nested arrays and objects.
const maxDepth = 64

// SyntaxError says where JSON text is malformed.
type SyntaxError struct {
	// Offset is in bytes from the start of the text.
	Offset int
	// Err says what was expected.
	Err error
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("JSON at byte %d: %v", e.Offset, e.Err) }

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

func (t *tape) fail(what string) error {
	return &SyntaxError{Offset: t.pos, Err: fmt.Errorf("expected %s", what)}
}

// parse reads one JSON text.
func (t *tape) parse(src []byte) error {
	t.src, t.values, t.buf, t.pos, t.depth, t.last = src, t.values[:0], t.buf[:0], 0, 0, 0
	if len(src) > 1<<30 {
		return &SyntaxError{Err: fmt.Errorf("text of %d bytes is too long", len(src))}
	}
	if err := t.value(); err != nil {
		return err
	}
	t.space()
	if t.pos < len(src) {
		return t.fail("nothing behind the value")
	}
	return nil
}

func (t *tape) space() {
	for t.pos < len(t.src) {
		switch t.src[t.pos] {
		case ' ', '\t', '\n', '\r':
			t.pos++
		default:
			return
		}
	}
}

// peek returns the byte behind spaces, 0 at the end.
func (t *tape) peek() byte {
	if t.pos < len(t.src) && t.src[t.pos] > ' ' {
		return t.src[t.pos]
	}
	t.space()
	if t.pos < len(t.src) {
		return t.src[t.pos]
	}
	return 0
}

func (t *tape) value() error {
	i := len(t.values)
	c := t.peek()
	if c == '"' {
		return t.text()
	}
	if c == '-' || c-'0' < 10 {
		return t.number()
	}
	t.add(jsonNull, t.pos, t.pos, t.pos)
	if c == '{' || c == '[' {
		if t.depth++; t.depth > maxDepth {
			return t.fail("less nesting")
		}
		err := t.container(i, c == '{')
		t.depth--
		t.values[i].next = int32(len(t.values))
		return err
	}
	return t.literal(i)
}

func (t *tape) literal(i int) error {
	for _, l := range []struct {
		text string
		kind valueKind
	}{{"null", jsonNull}, {"true", jsonBool}, {"false", jsonBool}} {
		if end := t.pos + len(l.text); end <= len(t.src) && string(t.src[t.pos:end]) == l.text {
			t.values[i].kind, t.values[i].start, t.values[i].end = l.kind, int32(t.pos), int32(end)
			t.pos = end
			return nil
		}
	}
	return t.fail("a value")
}

// digits returns where the digits that begin at i end.
func (t *tape) digits(i int) int {
	for i+8 <= len(t.src) {
		x := binary.LittleEndian.Uint64(t.src[i:]) ^ 0x3030303030303030
		// The lowest bit that is set is that of the first other byte; those above it may be false.
		if stop := (x | (x + 0x7676767676767676)) & 0x8080808080808080; stop != 0 {
			return i + bits.TrailingZeros64(stop)>>3
		}
		i += 8
	}
	for i < len(t.src) && t.src[i]-'0' < 10 {
		i++
	}
	return i
}

func (t *tape) number() error {
	start := t.pos
	i := start
	if t.src[i] == '-' {
		i++
	}
	whole := i
	i = t.digits(i)
	if i == whole || i > whole+1 && t.src[whole] == '0' {
		t.pos = i
		return t.fail("a number without leading zeros")
	}
	if i < len(t.src) && t.src[i] == '.' {
		point := i + 1
		if i = t.digits(point); i == point {
			t.pos = i
			return t.fail("digits behind the point")
		}
	}
	if i < len(t.src) && t.src[i]|0x20 == 'e' {
		i++
		if i < len(t.src) && (t.src[i] == '+' || t.src[i] == '-') {
			i++
		}
		exponent := i
		if i = t.digits(i); i == exponent {
			t.pos = i
			return t.fail("an exponent")
		}
	}
	t.add(jsonNumber, start, start, i)
	t.pos = i
	return nil
}

func (t *tape) container(i int, object bool) error {
	t.pos++
	n, end := int32(0), byte(']')
	t.values[i].kind = jsonArray
	if object {
		t.values[i].kind, end = jsonObject, '}'
	}
	if t.peek() == end {
		t.pos++
		return nil
	}
	for {
		if object {
			if err := t.key(); err != nil {
				return err
			}
		}
		if err := t.value(); err != nil {
			return err
		}
		n++
		switch c := t.peek(); {
		case c == ',':
			t.pos++
		case c == end:
			t.pos++
			t.values[i].n = n
			return nil
		default:
			return t.fail("a comma or the end")
		}
	}
}

// text reads a string; it stands at its quote.
func (t *tape) text() error {
	at := t.pos
	t.pos++
	end, plain := t.plain(t.pos)
	if end >= len(t.src) || t.src[end] != '"' {
		return t.rest(at)
	}
	if !plain && !utf8.Valid(t.src[t.pos:end]) {
		t.pos = end + 1
		return t.fail("UTF-8")
	}
	t.add(jsonString, at, t.pos, end)
	t.pos = end + 1
	return nil
}

// add appends a value, field by field: a literal would be built beside the tape and copied.
func (t *tape) add(kind valueKind, at, start, end int) *value {
	n := len(t.values)
	if n == cap(t.values) {
		t.values = slices.Grow(t.values, n+16)
	}
	t.values = t.values[:n+1]
	v := &t.values[n]
	v.kind, v.escaped, v.n = kind, false, 0
	v.at, v.start, v.end, v.next = int32(at), int32(start), int32(end), int32(n+1)
	return v
}

// plain returns where a string's run of characters as they are ends, and whether all of it is ASCII: at a quote,
// an escape, a control character or the end. It looks at eight bytes at a time.
func (t *tape) plain(i int) (end int, ascii bool) {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	ascii = true
	for ; i+8 <= len(t.src); i += 8 {
		x := binary.LittleEndian.Uint64(t.src[i:])
		quote, slash := x^'"'*ones, x^'\\'*ones
		// The lowest bit that is set is that of the first such byte; those above it may be false.
		stop := ((quote-ones)&^quote | (slash-ones)&^slash | (x-' '*ones)&^x) & tops
		if stop == 0 {
			ascii = ascii && x&tops == 0
			continue
		}
		n := bits.TrailingZeros64(stop)
		return i + n>>3, ascii && x&tops&(1<<n-1) == 0
	}
	for ; i < len(t.src); i++ {
		c := t.src[i]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		ascii = ascii && c < 0x80
	}
	return i, ascii
}

// rest reads a string with escapes, or finds what is wrong with it.
func (t *tape) rest(at int) error {
	start := len(t.buf)
	for {
		end, _ := t.plain(t.pos)
		t.buf = append(t.buf, t.src[t.pos:end]...)
		t.pos = end
		switch {
		case end == len(t.src):
			return t.fail("the end of the string")
		case t.src[end] == '"':
			t.pos++
			if !utf8.Valid(t.buf[start:]) {
				return t.fail("UTF-8")
			}
			t.add(jsonString, at, start, len(t.buf)).escaped = true
			return nil
		case t.src[end] == '\\':
			if err := t.escape(); err != nil {
				return err
			}
		default:
			return t.fail("no control character in a string")
		}
	}
}

func (t *tape) escape() error {
	t.pos++
	if t.pos >= len(t.src) {
		return t.fail("an escape")
	}
	c := t.src[t.pos]
	t.pos++
	switch c {
	case '"', '\\', '/':
		t.buf = append(t.buf, c)
	case 'b':
		t.buf = append(t.buf, '\b')
	case 'f':
		t.buf = append(t.buf, '\f')
	case 'n':
		t.buf = append(t.buf, '\n')
	case 'r':
		t.buf = append(t.buf, '\r')
	case 't':
		t.buf = append(t.buf, '\t')
	case 'u':
		r, err := t.hex()
		if err != nil {
			return err
		}
		if utf16.IsSurrogate(r) {
			if t.pos+1 >= len(t.src) || t.src[t.pos] != '\\' || t.src[t.pos+1] != 'u' {
				return t.fail("the second half of a surrogate pair")
			}
			t.pos += 2
			second, err := t.hex()
			if err != nil {
				return err
			}
			if r = utf16.DecodeRune(r, second); r == utf8.RuneError {
				return t.fail("a surrogate pair")
			}
		}
		t.buf = utf8.AppendRune(t.buf, r)
	default:
		t.pos--
		return t.fail("an escape")
	}
	return nil
}

func (t *tape) hex() (rune, error) {
	if t.pos+4 > len(t.src) {
		return 0, t.fail("four hexadecimal digits")
	}
	n, err := strconv.ParseUint(string(t.src[t.pos:t.pos+4]), 16, 32)
	if err != nil {
		return 0, t.fail("four hexadecimal digits")
	}
	t.pos += 4
	return rune(n), nil
}

// bytes returns the text of a string, number or literal.
func (t *tape) bytes(i int32) []byte {
	v := &t.values[i]
	if v.escaped {
		return t.buf[v.start:v.end]
	}
	return t.src[v.start:v.end]
}
