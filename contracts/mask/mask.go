// Package mask hides the content of JSON and keeps its structure. It is the only masker: what reports,
// samples and comparisons show of a body has passed through here.
//
// Everything is hidden unless its place is known to be public. What stays visible of a hidden value is its
// kind, its length or shape, and a short tag that is equal for equal values if the caller gives a keyed
// function for it. Member names are shown if they look like names, since some bodies use identifiers as names.
package mask

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The sensitivities that this package tells apart; any other, "" included, hides content and shows its shape.
const (
	// Public values are shown as they are.
	Public = "public"
	// SIN values show nothing but that they are there, not even their length.
	SIN = "sin"
)

// Masker hides values. The zero value hides all of them, without tags. Safe for use by several goroutines
// if its functions are.
type Masker struct {
	// Sensitivity returns what is known of the value at a JSON Pointer (RFC 6901), such as
	// "/payments/0/gross". Nil knows nothing.
	Sensitivity func(pointer string) string
	// Tag returns a few characters that stand for data, by a keyed hash so that nobody can try values out.
	// Nil: no tags.
	Tag func(data []byte) string
}

func (m Masker) sensitivity(pointer string) string {
	if m.Sensitivity == nil {
		return ""
	}
	return m.Sensitivity(pointer)
}

// Value returns what may be shown of one value at pointer: nil, a bool, a string, a json.Number, a
// map[string]any or a []any, as Parse returns them. Examples: "text(7)#3fa2c1d0", "decimal(3.2)",
// "digits(9)", "integer(2)", "boolean", "null", "object(3)", "array(10)", "sin".
func (m Masker) Value(pointer string, value any) string {
	sensitivity := m.sensitivity(pointer)
	shape, tagged := shapeOf(value)
	if !tagged {
		if b, ok := value.(bool); ok && sensitivity == Public {
			return strconv.FormatBool(b)
		}
		return shape
	}
	if sensitivity == Public {
		return shown(value)
	}
	if sensitivity == SIN {
		shape = SIN
	}
	if m.Tag == nil {
		return shape
	}
	return shape + "#" + m.Tag([]byte(text(value)))
}

// maxShown is how much of a public text is shown, in characters.
const maxShown = 64

func shown(value any) string {
	s, ok := value.(string)
	if !ok {
		return text(value)
	}
	if r := []rune(s); len(r) > maxShown {
		s = string(r[:maxShown]) + "…"
	}
	return strconv.Quote(s)
}

func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// shapeOf says what kind of value it is, and whether a tag may tell more: a boolean has too few values.
func shapeOf(value any) (shape string, tagged bool) {
	switch v := value.(type) {
	case nil:
		return "null", false
	case bool:
		return "boolean", false
	case string:
		return textShape(v), true
	case json.Number:
		return numberShape(v.String()), true
	case map[string]any:
		return fmt.Sprintf("object(%d)", len(v)), false
	case []any:
		return fmt.Sprintf("array(%d)", len(v)), false
	}
	return "unknown", false
}

func textShape(s string) string {
	whole, fraction, isDecimal := digits(s)
	switch {
	case isDecimal && fraction >= 0:
		return fmt.Sprintf("decimal(%d.%d)", whole, fraction)
	case isDecimal:
		return fmt.Sprintf("digits(%d)", whole)
	}
	return fmt.Sprintf("text(%d)", utf8.RuneCountInString(s))
}

func numberShape(s string) string {
	whole, fraction, isDecimal := digits(s)
	switch {
	case isDecimal && fraction >= 0:
		return fmt.Sprintf("number(%d.%d)", whole, fraction)
	case isDecimal:
		return fmt.Sprintf("integer(%d)", whole)
	}
	return "number"
}

// digits counts the digits before and after the point; fraction is -1 without a point.
func digits(s string) (whole, fraction int, ok bool) {
	before, after, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if before == "" || !allDigits(before) || point && (after == "" || !allDigits(after)) {
		return 0, 0, false
	}
	if !point {
		return len(before), -1, true
	}
	return len(before), len(after), true
}

func allDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// AppendJSON appends body with every value that is not public replaced by a text that says its shape. Null
// stays null; members come in the order of their names. An error says that body is not JSON, and where.
func (m Masker) AppendJSON(dst, body []byte) ([]byte, error) {
	value, err := Parse(body)
	if err != nil {
		return dst, err
	}
	return m.appendValue(dst, "", value), nil
}

func (m Masker) appendValue(dst []byte, pointer string, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case map[string]any:
		return m.appendObject(dst, pointer, v)
	case []any:
		dst = append(dst, '[')
		for i, item := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = m.appendValue(dst, Index(pointer, i), item)
		}
		return append(dst, ']')
	}
	if m.sensitivity(pointer) == Public {
		return appendText(dst, value)
	}
	return appendText(dst, m.Value(pointer, value))
}

func (m Masker) appendObject(dst []byte, pointer string, object map[string]any) []byte {
	dst = append(dst, '{')
	hidden := 0
	for i, name := range Names(object) {
		if i > 0 {
			dst = append(dst, ',')
		}
		shown := Name(name)
		if shown == HiddenName {
			// Members must stay apart: "*", "*2", "*3".
			if hidden++; hidden > 1 {
				shown += strconv.Itoa(hidden)
			}
		}
		dst = append(appendText(dst, shown), ':')
		dst = m.appendValue(dst, Member(pointer, name), object[name])
	}
	return append(dst, '}')
}

// appendText appends a scalar as JSON.
func appendText(dst []byte, value any) []byte {
	text, err := json.Marshal(value)
	if err != nil { // a json.Number that Parse did not make
		return append(dst, "null"...)
	}
	return append(dst, text...)
}

// Names returns an object's member names in their order.
func Names(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
