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
	if at := loneSurrogate(body); at >= 0 {
		return nil, &SyntaxError{Offset: int64(at), Reason: "half of a surrogate pair"}
	}
	// The token reader alone takes some texts that are not JSON, such as one with a comma too many.
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		syntax := &json.SyntaxError{Offset: int64(len(body))}
		errors.As(err, &syntax)
		return nil, &SyntaxError{Offset: syntax.Offset, Reason: "a syntax error"}
	}
	p := &parser{d: json.NewDecoder(bytes.NewReader(body))}
	p.d.UseNumber()
	value, err := p.value(0)
	if err != nil {
		return nil, err
	}
	return value, nil
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

type parser struct{ d *json.Decoder }

func (p *parser) fail(reason string) error {
	return &SyntaxError{Offset: p.d.InputOffset(), Reason: reason}
}

func (p *parser) value(depth int) (any, error) {
	token, err := p.d.Token()
	if err != nil {
		return nil, p.fail("a syntax error")
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == MaxDepth {
		return nil, p.fail("too many levels")
	}
	if delim == '[' {
		return p.array(depth + 1)
	}
	return p.object(depth + 1)
}

func (p *parser) array(depth int) (any, error) {
	list := []any{}
	for p.d.More() {
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, p.close()
}

func (p *parser) object(depth int) (any, error) {
	object := map[string]any{}
	for p.d.More() {
		token, err := p.d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, p.fail("a syntax error")
		}
		if _, twice := object[name]; twice {
			return nil, p.fail("a name that stands twice in its object")
		}
		if object[name], err = p.value(depth); err != nil {
			return nil, err
		}
	}
	return object, p.close()
}

func (p *parser) close() error {
	if _, err := p.d.Token(); err != nil {
		return p.fail("a syntax error")
	}
	return nil
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
