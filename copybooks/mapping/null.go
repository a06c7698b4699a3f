package mapping

import (
	"bytes"

	"github.com/portage-gateway/portage/copybooks"
)

// nullRule is one content that means null.
type nullRule struct {
	kind nullKind
	text string
}

type nullKind uint8

const (
	nullText nullKind = iota
	nullZeros
	nullSpaces
	nullLow
	nullHigh
	nullNines
	nullIndicator // another Item says so
)

var nullWords = map[string]nullKind{"zeros": nullZeros, "spaces": nullSpaces, "lowValues": nullLow, "highValues": nullHigh, "nines": nullNines}

func nullRules(words []string) []nullRule {
	var out []nullRule
	for _, w := range words {
		out = append(out, nullRule{kind: nullWords[w], text: w})
	}
	return out
}

var dateNulls = []string{"zeros", "spaces", "lowValues", "nines"}

// isNull reports whether one of the rules holds. text is the canonical text if f is OK.
func isNull(rules []nullRule, space byte, b, text []byte, f copybooks.Fault) bool {
	for i := range rules {
		if rules[i].holds(space, b, text, f) {
			return true
		}
	}
	return false
}

func (r *nullRule) holds(space byte, b, text []byte, f copybooks.Fault) bool {
	switch r.kind {
	case nullSpaces:
		return all(b, space)
	case nullLow:
		return all(b, 0)
	case nullHigh:
		return all(b, 0xFF)
	case nullZeros:
		return f == copybooks.OK && all(text, '0') || f == copybooks.OK && zeroFraction(text)
	case nullNines:
		return f == copybooks.OK && all(text, '9')
	case nullIndicator:
		return false // seen before the content is
	}
	return f == copybooks.OK && string(text) == r.text
}

func all(b []byte, c byte) bool {
	for _, x := range b {
		if x != c {
			return false
		}
	}
	return len(b) > 0
}

func zeroFraction(text []byte) bool {
	return bytes.HasPrefix(text, []byte("0.")) && all(text[2:], '0')
}

// content appends what means null: bytes as they are, or the canonical text of a value.
func (r *nullRule) content(dst []byte, it *copybooks.Item, digits int) (out []byte, raw bool) {
	fill := func(c byte, n int) []byte {
		for range n {
			dst = append(dst, c)
		}
		return dst
	}
	switch r.kind {
	case nullLow:
		return fill(0, it.Size()), true
	case nullHigh:
		return fill(0xFF, it.Size()), true
	case nullSpaces:
		return fill(it.Codec.Space(), it.Size()), true
	case nullZeros:
		if it.Codec.Kind() == copybooks.TextValue {
			return fill('0', digits), false
		}
		return append(dst, '0'), false
	case nullNines:
		return fill('9', digits), false
	}
	return append(dst, r.text...), false
}

// shownAsNull reports whether an Item's bytes are null in JSON, an indicator left aside.
func (l *leaf) shownAsNull(it *copybooks.Item, b []byte, invalid Invalid) bool {
	var buf [64]byte
	text, f := it.Codec.AppendText(buf[:0], b)
	switch {
	case f == copybooks.Blank, isNull(l.nulls, it.Codec.Space(), b, text, f):
		return true
	case f != copybooks.OK:
		return invalid == InvalidNull
	case l.form == dateLeaf && invalid == InvalidNull:
		var out [64]byte
		_, _, f = l.date.append(out[:0], text)
		return f != copybooks.OK
	}
	return l.form == codeLeaf && len(text) == 0
}
