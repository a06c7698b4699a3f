package syntax

import (
	"encoding/hex"
	"strings"
)

// values reads the VALUE clause of an item or of level 88.
func (p *parser) values(e *Entry, w *word) {
	if len(e.Values) > 0 {
		p.fail(w, "one VALUE clause", "")
		return
	}
	p.take("IS", "ARE")
	for {
		at := p.at(p.peek())
		from, ok := p.literal()
		if !ok {
			return
		}
		v := Value{At: at, From: from}
		if p.take("THRU", "THROUGH") {
			to, ok := p.literal()
			if !ok {
				return
			}
			v.Through = &to
		}
		e.Values = append(e.Values, v)
		for p.peek().text == "," && p.peek().kind == plain {
			p.i++
		}
		if !p.moreValues() {
			break
		}
		if e.Level != 88 {
			p.fail(p.peek(), "one value, a clause, or the period that ends the entry", "only level 88 lists values")
			return
		}
	}
	if e.Level == 88 && p.take("WHEN", "FALSE") {
		p.take("SET")
		p.take("TO")
		p.take("FALSE")
		p.take("IS")
		p.literal()
	}
}

// moreValues reports whether another literal follows.
func (p *parser) moreValues() bool {
	w := p.peek()
	if w.kind == literal {
		return true
	}
	if w.kind != plain || p.clauseOf(w) != nil {
		return false
	}
	up := strings.ToUpper(w.text)
	_, constant := p.constants[up]
	return constant || up == "ALL" || figuratives[up] != "" || numeric(w.text, p.comma) != "" && !(level(w) >= 0 && p.beginsEntry())
}

// beginsEntry reports whether the next word begins a line, which a value list could do as well as an
// entry whose predecessor lacks its period: a name or PIC behind it settles for the entry.
func (p *parser) beginsEntry() bool {
	w, after := p.peek(), p.ahead(1)
	if p.i == 0 || p.words[p.i-1].line == w.line || after.kind != plain {
		return false
	}
	if after.is("THRU") || after.is("THROUGH") || figuratives[strings.ToUpper(after.text)] != "" {
		return false
	}
	return numeric(after.text, p.comma) == ""
}

// literal reads one literal, a figurative constant, or a constant's name.
func (p *parser) literal() (Literal, bool) {
	all := p.take("ALL")
	w := p.peek()
	l := Literal{All: all}
	up := strings.ToUpper(w.text)
	c, constant := p.constants[up]
	switch {
	case w.kind == literal:
		return p.quoted(l)
	case w.kind != plain:
		p.fail(w, "a value: a literal or a figurative constant", "")
		return l, false
	case constant:
		l = c
	case figuratives[up] != "":
		l.Kind, l.Text, l.All = Figurative, figuratives[up], false
	default:
		if l.Text = numeric(w.text, p.comma); l.Text == "" {
			hint := nearestHint(w, "ZERO", "ZEROS", "SPACE", "SPACES", "HIGH-VALUES", "LOW-VALUES", "QUOTES", "NULL")
			if strings.Contains(w.text, ",") {
				hint = "a blank must follow the comma between two values"
			}
			p.fail(w, "a value: a literal or a figurative constant", hint)
			return l, false
		}
	}
	p.i++
	return l, true
}

// quoted reads a literal in quotation marks, and those joined to it by &.
func (p *parser) quoted(l Literal) (Literal, bool) {
	for first := true; ; first = false {
		w := p.peek()
		if w.kind != literal {
			p.fail(w, "a literal after &", "")
			return l, false
		}
		kind, text, want := unquote(w.text)
		if want == "" && !first && kind != l.Kind {
			want = "a literal of the same kind as the one before &"
		}
		if want != "" {
			p.fail(w, want, "")
			return l, false
		}
		l.Kind = kind
		l.Text += text
		p.i++
		if !p.take("&") {
			return l, true
		}
	}
}

// unquote returns what a literal's quotation marks hold, and what it should be if it is malformed.
func unquote(text string) (LiteralKind, string, string) {
	at := strings.IndexAny(text, `"'`)
	if at < 0 || len(text) < at+2 {
		return Text, "", "a literal in quotation marks"
	}
	prefix, quote := strings.ToUpper(text[:at]), text[at:at+1]
	body := strings.ReplaceAll(text[at+1:len(text)-1], quote+quote, quote)
	switch prefix {
	case "X", "NX", "UX":
		if _, err := hex.DecodeString(body); err != nil {
			return HexText, "", "pairs of hexadecimal digits"
		}
		if prefix != "X" {
			return HexUnicode, strings.ToUpper(body), ""
		}
		return HexText, strings.ToUpper(body), ""
	case "Z":
		return Text, body + "\x00", ""
	case "B", "H":
		return Text, "", "a literal of text, X'...' or a number"
	}
	return Text, body, ""
}

// numeric returns text with a decimal point if it is a number, "" otherwise.
func numeric(text string, comma bool) string {
	if comma {
		if strings.Contains(text, ".") {
			return ""
		}
		text = strings.Replace(text, ",", ".", 1)
	}
	digits, points := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			points++
		case (c == '+' || c == '-') && i == 0:
		case (c == 'E' || c == 'e') && digits > 0 && i+1 < len(text):
			if numeric(text[i+1:], false) == "" || strings.ContainsAny(text[i+1:], ".Ee") {
				return ""
			}
			return text
		default:
			return ""
		}
	}
	if digits == 0 || points > 1 {
		return ""
	}
	return text
}
