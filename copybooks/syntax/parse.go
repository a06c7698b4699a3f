package syntax

import (
	"io"
	"strings"
)

// Parse reads a text whole and returns its data description entries. name stands in errors. Where the form
// is guessed and the text cannot be read in it, the other forms are tried; the errors are those of the
// guess. The error is of type Errors, or what src returned.
func Parse(name string, src io.Reader, o Options) (*Copybook, error) {
	text, err := io.ReadAll(io.LimitReader(src, MaxSource+1))
	if err != nil {
		return nil, err
	}
	if e := unreadable(name, text); e != nil {
		return nil, Errors{e}
	}
	r := &reader{options: o, form: o.Form}
	c, err := r.parse(name, text)
	if err == nil || o.Form != Auto || len(text) > maxAgain || !r.mayBeAnotherForm() {
		return c, err
	}
	for _, form := range [...]Form{Fixed, Variable, Free} {
		if form == r.sources[0].form {
			continue
		}
		if c, failed := (&reader{options: o, form: form}).parse(name, text); failed == nil {
			c.Doubt = r.errs[0]
			return c, nil
		}
	}
	return nil, err
}

// maxAgain is the size in bytes up to which a text is tried in other forms.
const maxAgain = 256 << 10

// mayBeAnotherForm reports whether the faults could come from the form: none of them a limit, and none a
// copied text that cannot be opened, which is the fault to name.
func (r *reader) mayBeAnotherForm() bool {
	if len(r.sources) == 0 || r.limited {
		return false
	}
	for _, e := range r.errs {
		if e.Err != nil {
			return false
		}
	}
	return true
}

// parse reads a text in the form of r.
func (r *reader) parse(name string, text []byte) (*Copybook, error) {
	words, err := r.all(name, text)
	r.limited = err != nil
	if err != nil && len(r.errs) == 0 {
		return nil, err
	}
	if err != nil {
		return nil, r.errs[:min(len(r.errs), maxErrors)]
	}
	p := newParser(r)
	p.words = joined(words, p.table)
	p.division()
	if len(p.entries) == 0 && len(r.errs) == 0 {
		w := p.end()
		r.fail(&w, "a data description entry, such as 01 NAME", "")
	}
	if len(r.errs) > 0 {
		return nil, r.errs[:min(len(r.errs), maxErrors)]
	}
	return &Copybook{Entries: p.entries, Form: r.sources[0].form, DecimalComma: p.comma, Currency: p.currency, CurrencySign: p.currencySign, reader: r}, nil
}

// unreadable reports text that is no text in ASCII's family.
func unreadable(name string, text []byte) *Error {
	blanks, zeros := 0, 0
	head := text[:min(len(text), 4096)]
	for _, b := range head {
		switch b {
		case 0x40:
			blanks++
		case 0:
			zeros++
		}
	}
	e := &Error{Position: Position{name, 1, 1}, Expected: "text in ASCII, Latin-1 or UTF-8"}
	switch {
	case zeros > len(head)/4 && len(head) > 1:
		e.Hint = "this looks like UTF-16 or binary data"
	case blanks > len(head)/4 && len(head) > 20:
		e.Hint = "this looks like EBCDIC; transfer the copybook as text"
	default:
		return nil
	}
	return e
}

// all returns the words of the text with COPY, Options.Replacing and REPLACE done.
func (r *reader) all(name string, text []byte) ([]word, error) {
	_, words, err := r.lex(name, text)
	if err != nil {
		return nil, err
	}
	if words, err = r.expand(make([]word, 0, len(words)), words, []string{strings.ToUpper(name)}); err != nil {
		return nil, err
	}
	var pairs []pair
	for _, p := range r.options.Replacing {
		from, err := r.pseudoText(p.From)
		if err != nil {
			return nil, err
		}
		to, err := r.pseudoText(p.To)
		if err != nil {
			return nil, err
		}
		if len(from) > 0 {
			pairs = append(pairs, pair{from: from, to: to})
		}
	}
	if words, err = r.replace(words, pairs); err != nil {
		return nil, err
	}
	return r.replaceStatements(words)
}

func (r *reader) pseudoText(text string) ([]word, error) {
	form := r.options.Form
	r.options.Form = Free
	_, words, err := r.lex("replacing", []byte(text))
	r.options.Form = form
	return significant(words), err
}

// joined joins words that touch into tokens, in place: X ( 5 ) becomes X(5). Separators stay alone, and so
// does a clause's word behind a parenthesis: X(5)USAGE is two words to every reader but a compiler, and no
// PICTURE.
func joined(words []word, clauses map[string]clause) []word {
	out := words[:0]
	for i := 0; i < len(words); {
		w := words[i]
		j := i + 1
		if w.kind == plain {
			for j < len(words) && words[j].kind == plain && !words[j].space {
				if words[j-1].text == ")" && clauseOf(&words[j], clauses) != nil {
					words[j].space = true
					break
				}
				j++
			}
			if j > i+1 {
				w.text = concat(words[i:j])
			}
		}
		if w.kind != listed {
			out = append(out, w)
		} else if len(out) > 0 && j < len(words) {
			words[j].space = true
		}
		i = j
	}
	return out
}

func concat(words []word) string {
	var b strings.Builder
	for i := range words {
		b.WriteString(words[i].text)
	}
	return b.String()
}

// Error returns a fault at a place of c, with its source line.
func (c *Copybook) Error(at At, expected, hint string) *Error {
	e := c.reader.errorAt(at.inner, at.line, at.col, expected, hint)
	e.Found = at.word
	return e
}

// Position returns where a word stands.
func (c *Copybook) Position(at At) Position { return c.Error(at, "", "").Position }
