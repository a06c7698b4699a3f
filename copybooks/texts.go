package copybooks

import (
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

// Bounds on ALL literals, which are repeated to their item's length.
const (
	maxRepeated    = 32 << 10 // bytes of one
	maxAllRepeated = 4 << 20  // bytes of all in a text
)

// texts settles conditions and values.
func (b *builder) texts() {
	for _, r := range b.roots {
		b.textsOf(r)
	}
	for _, n := range b.renames {
		b.textsOf(n)
	}
}

func (b *builder) textsOf(n *node) {
	for _, e := range n.states {
		c := Condition{Name: e.Name, Values: make([]ValueRange, 0, len(e.Values))}
		for i := range e.Values {
			c.Values = append(c.Values, b.valueRange(n, &e.Values[i]))
		}
		n.Conditions = append(n.Conditions, c)
	}
	if n.entry != nil && len(n.entry.Values) > 0 && n.Level != 66 {
		v := b.valueRange(n, &n.entry.Values[0])
		n.Value = &v
	}
	for _, c := range n.children {
		b.textsOf(c)
	}
}

func (b *builder) valueRange(n *node, v *syntax.Value) ValueRange {
	out := ValueRange{From: b.text(n, v.At, &v.From), Figurative: v.From.Kind == syntax.Figurative}
	if v.Through != nil {
		out.Through = b.text(n, v.At, v.Through)
		out.ThroughFigurative = v.Through.Kind == syntax.Figurative
	}
	return out
}

// text returns a literal as UTF-8 text, or a number as it is written.
func (b *builder) text(n *node, at syntax.At, l *syntax.Literal) string {
	text := l.Text
	switch l.Kind {
	case syntax.HexText:
		raw, _ := hex.DecodeString(text) // syntax has checked the digits
		text = string(b.page.AppendUTF8(nil, raw))
	case syntax.HexUnicode:
		raw, _ := hex.DecodeString(text)
		if n.Usage == National && len(raw)%2 == 0 {
			units := make([]uint16, len(raw)/2)
			for i := range units {
				units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
			}
			raw = []byte(string(utf16.Decode(units)))
		}
		text = strings.ToValidUTF8(string(raw), string(utf8.RuneError))
	}
	if !l.All || text == "" || l.Kind == syntax.Figurative {
		return text
	}
	characters := n.Size
	if n.Usage == National || n.Usage == DBCS {
		characters /= 2
	}
	if b.repeated += characters; characters > maxRepeated || b.repeated > maxAllRepeated {
		b.fail(at, "ALL only for items of at most 32768 bytes", "")
		return text
	}
	width := utf8.RuneCountInString(text)
	full := []rune(strings.Repeat(text, characters/width+1))
	return string(full[:characters])
}
