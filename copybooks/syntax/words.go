package syntax

import "strings"

// kind is what a text word is (Language Reference, "Text words").
type kind uint8

const (
	plain    kind = iota // a word, a number, a PICTURE's part, or one of ( ) :
	literal              // with its quotation marks and its prefix, as X'00'
	stop                 // the separator period
	listed               // the separators comma and semicolon
	pseudo               // ==
	faulty               // text that cannot be read; text is the message
	endOfAll             // behind the last word
)

// word is one text word. space tells that it does not touch the word before.
type word struct {
	text      string
	line, col uint32 // col: byte index in the expanded line, from 0
	file      uint16
	kind      kind
	space     bool
}

// is reports whether w is the word up, which is in upper case.
func (w *word) is(up string) bool {
	return w.kind == plain && len(w.text) == len(up) && strings.EqualFold(w.text, up)
}

// words appends the text words of one logical line.
func (l *logical) words(dst []word, file uint16) []word {
	text, from := l.text, len(dst)
	if l.bad >= 0 {
		text = text[:l.bad]
	}
	add := func(k kind, start, end int, space bool) {
		line, col := l.place(start)
		dst = append(dst, word{text: l.text[start:end], line: line, col: col, file: file, kind: k, space: space || len(dst) == from})
	}
	for i, space := 0, true; i < len(text); {
		switch c := text[i]; {
		case c == ' ':
			i++
			space = true
			continue
		case separates(text, i):
			k := listed
			if c == '.' {
				k = stop
			}
			add(k, i, i+1, space)
			i++
		case c == '=' && strings.HasPrefix(text[i:], "=="):
			add(pseudo, i, i+2, space)
			i += 2
		case c == '(' || c == ')' || c == ':':
			add(plain, i, i+1, space)
			i++
		case c == '"' || c == '\'':
			end := closing(text, i)
			add(literal, i, end, space)
			i = end
		default:
			end := wordEnd(text, i)
			if end < len(text) && (text[end] == '"' || text[end] == '\'') && literalPrefix(text[i:end]) {
				q := closing(text, end)
				add(literal, i, q, space)
				i = q
			} else {
				add(plain, i, end, space)
				i = end
			}
		}
		space = false
	}
	if l.bad >= 0 {
		line, col := l.place(l.bad)
		dst = append(dst, word{text: l.want + "\n" + l.hint, line: line, col: col, file: file, kind: faulty, space: true})
	}
	return dst
}

// separates reports whether text[i] is a period, comma or semicolon that separates: one before a blank,
// the end of the line, or a pseudo-text delimiter.
func separates(text string, i int) bool {
	if c := text[i]; c != '.' && c != ',' && c != ';' {
		return false
	}
	rest := text[i+1:]
	return rest == "" || rest[0] == ' ' || strings.HasPrefix(rest, "==")
}

// closing returns the index behind the literal whose quotation mark stands at i. Doubled marks stand for
// one. scanQuotes has seen to it that the literal closes; the end of text is taken otherwise.
func closing(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		if i+1 < len(text) && text[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return len(text)
}

func wordEnd(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case ' ', '"', '\'', '(', ')', ':':
			return i
		case '.', ',', ';':
			if separates(text, i) {
				return i
			}
		case '=':
			if strings.HasPrefix(text[i:], "==") {
				return i
			}
		}
	}
	return i
}

// literalPrefix reports whether s before a quotation mark belongs to the literal.
func literalPrefix(s string) bool {
	switch s {
	case "X", "x", "N", "n", "G", "g", "U", "u", "Z", "z", "B", "b", "H", "h",
		"NX", "nx", "Nx", "nX", "UX", "ux", "Ux", "uX":
		return true
	}
	return false
}

// listing reports whether the words of one line are a listing statement or a compiler control: EJECT,
// SKIP1 to SKIP3, TITLE with its literal, *CBL, *CONTROL, CBL, PROCESS.
func listing(w []word) bool {
	if len(w) == 0 {
		return false
	}
	first, last := &w[0], len(w)
	if w[last-1].kind == stop {
		last--
	}
	switch {
	case first.is("EJECT"), first.is("SKIP1"), first.is("SKIP2"), first.is("SKIP3"):
		return last == 1
	case first.is("TITLE"):
		return last == 2 && w[1].kind == literal
	case first.is("*CBL"), first.is("*CONTROL"), first.is("CBL"), first.is("PROCESS"):
		return true
	}
	return false
}
