package mask

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// MaxDepth is how deep Parse follows objects and arrays.
const MaxDepth = 64

// SyntaxError says why a text is not JSON that can be compared or masked; it never shows the text.
type SyntaxError struct {
	// Offset is in bytes from the text's start.
	Offset int64
	Reason string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("not JSON that can be compared: %s at byte %d", e.Reason, e.Offset)
}

// Parse reads one JSON text (RFC 8259) into nil, bool, string, json.Number, map[string]any and []any.
// Numbers keep their digits. Unlike encoding/json it refuses what two readers could take differently: a
// name that stands twice in an object, bytes that are not UTF-8, and half of a surrogate pair; also more
// than MaxDepth levels.
func Parse(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, &SyntaxError{Offset: invalidUTF8(body), Reason: "bytes that are not UTF-8"}
	}
	// encoding/json says whether it is JSON; what follows only reads what it has taken.
	if !json.Valid(body) {
		return nil, &SyntaxError{Offset: syntaxOffset(body), Reason: "a syntax error"}
	}
	r := &reader{text: body}
	r.space()
	return r.value(0)
}

func syntaxOffset(body []byte) int64 {
	var whole json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, &whole); errors.As(err, &syntax) {
		return syntax.Offset
	}
	return int64(len(body))
}

func invalidUTF8(body []byte) int64 {
	for i := 0; i < len(body); {
		r, size := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && size == 1 {
			return int64(i)
		}
		i += size
	}
	return 0
}

// reader reads a text that is valid JSON. It stands at the first byte of a token, never at white space.
type reader struct {
	text []byte
	at   int
}

func (r *reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// skip passes one byte and the white space behind it.
func (r *reader) skip() {
	r.at++
	r.space()
}

func (r *reader) value(depth int) (any, error) {
	switch c := r.text[r.at]; c {
	case '{', '[':
		if depth == MaxDepth {
			return nil, &SyntaxError{Offset: int64(r.at), Reason: "too many levels"}
		}
		r.skip()
		if c == '{' {
			return r.object(depth + 1)
		}
		return r.array(depth + 1)
	case '"':
		return r.string()
	case 't':
		return true, r.pass(len("true"))
	case 'f':
		return false, r.pass(len("false"))
	case 'n':
		return nil, r.pass(len("null"))
	}
	start := r.at
	for r.at < len(r.text) && bytes.IndexByte(numberBytes, r.text[r.at]) >= 0 {
		r.at++
	}
	number := json.Number(r.text[start:r.at])
	r.space()
	return number, nil
}

var numberBytes = []byte("0123456789-+.eE")

func (r *reader) pass(n int) error {
	r.at += n
	r.space()
	return nil
}

func (r *reader) array(depth int) (any, error) {
	list := []any{}
	for r.text[r.at] != ']' {
		v, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if r.text[r.at] == ',' {
			r.skip()
		}
	}
	r.skip()
	return list, nil
}

func (r *reader) object(depth int) (any, error) {
	object := map[string]any{}
	for r.text[r.at] != '}' {
		start := r.at
		name, err := r.string()
		if err != nil {
			return nil, err
		}
		if _, twice := object[name]; twice {
			return nil, &SyntaxError{Offset: int64(start), Reason: "a name that stands twice in its object"}
		}
		r.skip() // the colon
		if object[name], err = r.value(depth); err != nil {
			return nil, err
		}
		if r.text[r.at] == ',' {
			r.skip()
		}
	}
	r.skip()
	return object, nil
}

func (r *reader) string() (string, error) {
	start := r.at
	escaped := false
	for r.at++; r.text[r.at] != '"'; r.at++ {
		if r.text[r.at] == '\\' {
			escaped = true
			r.at++
		}
	}
	literal := r.text[start : r.at+1]
	r.skip()
	if !escaped {
		return string(literal[1 : len(literal)-1]), nil
	}
	if at := loneSurrogate(literal); at >= 0 {
		return "", &SyntaxError{Offset: int64(start + at), Reason: "half of a surrogate pair"}
	}
	var text string
	if err := json.Unmarshal(literal, &text); err != nil {
		return "", &SyntaxError{Offset: int64(start), Reason: "a syntax error"}
	}
	return text, nil
}

// loneSurrogate finds a \u escape of a surrogate that has no partner (RFC 8259 §8.2), or returns -1.
func loneSurrogate(body []byte) int {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		first, ok := escape(body[i:])
		switch {
		case !ok:
			i++ // whatever is escaped here is no \u
		case first >= 0xDC00 && first < 0xE000:
			return i
		case first >= 0xD800 && first < 0xDC00:
			second, ok := escape(body[i+6:])
			if !ok || second < 0xDC00 || second >= 0xE000 {
				return i
			}
			i += 11
		default:
			i += 5
		}
	}
	return -1
}

// escape reads \uXXXX at the start of b.
func escape(b []byte) (unit rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			unit = unit<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			unit = unit<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return unit, true
}
