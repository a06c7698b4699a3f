package syntax

import (
	"errors"
	"io"
	"strings"
)

// The limits on a text with everything that it copies. They bound time and memory, whatever the text.
const (
	MaxSource = 4 << 20 // bytes read
	maxWords  = 200_000 // text words, those of copied texts and replacements included
	maxTries  = 8 << 20 // comparisons made by REPLACING and REPLACE
	maxDepth  = 32      // COPY within COPY
	maxErrors = 20
)

// errTooMuch ends a parse at a limit.
var errTooMuch = errors.New("limit reached")

// Replacement is one pair of REPLACING: From and To are pseudo-text without its delimiters.
type Replacement struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

// Options say how a text is read. The zero value guesses the form and knows no copied texts.
type Options struct {
	// Form is the reference format; a copied text is guessed anew if it is Auto.
	Form Form
	// Copy opens a text for COPY name [OF library]. nil makes every COPY an error.
	Copy func(name, library string) (io.ReadCloser, error)
	// Replacing is applied to the whole text, as if it were copied by COPY ... REPLACING.
	Replacing []Replacement
	// DebugLines takes the lines marked D in column 7 as text; they are comments otherwise.
	DebugLines bool
	// DecimalComma, Currency and CurrencySign are what SPECIAL-NAMES would set.
	DecimalComma bool
	Currency     string
	CurrencySign string
}

// pair is one operand pair of REPLACING or REPLACE.
type pair struct {
	from, to []word
	partial  byte // 0, 'L' for LEADING, 'T' for TRAILING
}

// reader turns texts into one row of words, with COPY and REPLACE done.
type reader struct {
	options Options
	form    Form // of the text itself; those that it copies have that of options
	limited bool // the text went over a limit
	sources []*source
	errs    Errors
	read    int // bytes
	words   int
	tries   int
}

func (r *reader) fail(w *word, expected, hint string) *Error {
	if hint == "" {
		hint = r.pastMargin(w)
	}
	e := r.errorAt(w.file, w.line, w.col, expected, hint)
	if w.kind != faulty {
		e.Found = w.text
	}
	r.errs = append(r.errs, e)
	return e
}

// pastMargin is a hint if the line of w, or the line before it, has text where fixed form reads none.
func (r *reader) pastMargin(w *word) string {
	s := r.sources[w.file]
	if s.form != Fixed {
		return ""
	}
	for n := int(w.line); n >= max(1, int(w.line)-1); n-- {
		line := s.line(n)
		if at := column(line, 73); at < len(line) && strings.ContainsAny(line[at:], ".(),'\"") {
			return "text past column 72 is not read in fixed form"
		}
	}
	return ""
}

func (r *reader) errorAt(file uint16, line, col uint32, expected, hint string) *Error {
	s := r.sources[file]
	text := s.line(int(line))
	at := 1 + len([]rune(text[:min(int(col), len(text))]))
	return &Error{Position: Position{s.name, int(line), at}, Expected: expected, Hint: hint, Source: text}
}

// lex reads one text into words; it stops before the procedure division of a program.
func (r *reader) lex(name string, text []byte) (uint16, []word, error) {
	r.read += len(text)
	file := uint16(len(r.sources))
	form := r.options.Form
	if file == 0 {
		form = r.form
	}
	s := newSource(name, text, form)
	s.guessed = r.options.Form == Auto
	r.sources = append(r.sources, s)
	if r.read > MaxSource || len(r.sources) > 1<<12 {
		r.errs = append(r.errs, &Error{Position: Position{name, 1, 1}, Expected: "at most 4 MiB of text in 4096 copied texts",
			Hint: "is this a copybook, or does one copy itself many times?"})
		return file, nil, errTooMuch
	}
	if n := s.tooLong(); n > 0 {
		r.errs = append(r.errs, &Error{Position: Position{name, n, 1}, Expected: "at most 250000 lines of at most 16384 characters",
			Hint: "is this a copybook?"})
		return file, nil, errTooMuch
	}
	out := make([]word, 0, min(len(text)/8+8, maxWords))
	var err error
	s.logicalLines(r.options.DebugLines, func(l *logical) bool {
		from := len(out)
		out = l.words(out, file)
		if line := out[from:]; listing(line) {
			out = out[:from]
		} else if len(line) > 1 && line[0].is("PROCEDURE") && line[1].is("DIVISION") {
			out = out[:from]
			return false
		}
		if r.words+len(out) > maxWords {
			r.fail(&out[len(out)-1], "at most 200000 words in a text and what it copies", "")
			err = errTooMuch
		}
		return err == nil
	})
	r.words += len(out)
	return file, out, err
}

// expand appends words to out with the COPY statements replaced by what they copy. names is the chain of
// texts that are being copied.
func (r *reader) expand(out, words []word, names []string) ([]word, error) {
	prologue := len(words) > 1 && (words[0].is("IDENTIFICATION") || words[0].is("ID")) && words[1].is("DIVISION")
	for i := 0; i < len(words); i++ {
		w := &words[i]
		if len(r.errs) >= maxErrors {
			return out, errTooMuch
		}
		if prologue {
			prologue = !(w.is("DIVISION") && words[i-1].is("DATA"))
			out = append(out, *w)
			continue
		}
		switch {
		case w.is("EXEC") || w.is("EXECUTE"):
			for i < len(words) && !words[i].is("END-EXEC") {
				i++
			}
			if i+1 < len(words) && words[i+1].kind == stop {
				i++
			}
		case w.is("COPY") || w.is("++INCLUDE") || w.is("-INC"):
			c, next := r.copyStatement(words, i)
			i = next
			if c == nil {
				continue
			}
			body, err := r.copied(c, w, names)
			if err != nil {
				return out, err
			}
			out = append(out, body...)
		default:
			out = append(out, *w)
		}
	}
	return out, nil
}

// copyOrder is a COPY statement.
type copyOrder struct {
	name, library string
	replacing     []pair
	at            *word
}

// copyStatement reads COPY name [OF library] [SUPPRESS] [REPLACING pairs] and its period. It returns the
// index of the statement's last word.
func (r *reader) copyStatement(words []word, i int) (*copyOrder, int) {
	short := !words[i].is("COPY") // Panvalet and Librarian: one line, no period needed
	i++
	if i >= len(words) || words[i].kind != plain && words[i].kind != literal {
		r.fail(&words[min(i, len(words)-1)], "the name of the text to copy", "")
		return nil, skipStop(words, i)
	}
	c := &copyOrder{name: unquoted(&words[i]), at: &words[i]}
	if i++; short {
		if i < len(words) && words[i].kind == stop {
			i++
		}
		return c, i - 1
	}
	if i+1 < len(words) && (words[i].is("OF") || words[i].is("IN")) {
		c.library = unquoted(&words[i+1])
		i += 2
	}
	if i < len(words) && words[i].is("SUPPRESS") {
		i++
	}
	if i < len(words) && words[i].is("REPLACING") {
		var ok bool
		if c.replacing, i, ok = r.pairs(words, i+1); !ok {
			return nil, skipStop(words, i)
		}
	}
	if i >= len(words) || words[i].kind != stop {
		r.fail(&words[min(i, len(words)-1)], "REPLACING or the period that ends COPY", "")
		return c, i - 1
	}
	return c, i
}

// skipStop returns the index of the first period from i on, or of the last word.
func skipStop(words []word, i int) int {
	for i < len(words)-1 && words[i].kind != stop {
		i++
	}
	return i
}

// copied returns the words that a COPY statement stands for.
func (r *reader) copied(c *copyOrder, at *word, names []string) ([]word, error) {
	name := strings.ToUpper(c.name)
	if c.library != "" {
		name += " OF " + strings.ToUpper(c.library)
	}
	for _, n := range names {
		if n == name {
			r.fail(c.at, "a text that does not copy itself: "+strings.Join(append(names, name), ", then "), "")
			return nil, nil
		}
	}
	if len(names) >= maxDepth {
		r.fail(c.at, "at most 32 texts that copy one another", "")
		return nil, errTooMuch
	}
	if r.options.Copy == nil {
		r.fail(c.at, "a text without COPY, since none can be opened here", "say where copied texts are kept")
		return nil, nil
	}
	text, err := r.open(c)
	if err != nil {
		r.fail(c.at, "a text that can be opened", "").Err = err
		return nil, nil
	}
	_, words, err := r.lex(c.name, text)
	if err != nil {
		return nil, err
	}
	words, err = r.expand(make([]word, 0, len(words)), words, append(names[:len(names):len(names)], name))
	if err != nil || len(words) == 0 {
		return nil, err
	}
	if words, err = r.replace(words, c.replacing); len(words) > 0 {
		words[0].space = true
	}
	return words, err
}

func (r *reader) open(c *copyOrder) ([]byte, error) {
	f, err := r.options.Copy(c.name, c.library)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxSource+1))
	return text, errors.Join(err, f.Close())
}

// unquoted returns a word's text, or what a literal's quotation marks hold.
func unquoted(w *word) string {
	if w.kind == literal {
		return strings.Trim(w.text, `"'`)
	}
	return w.text
}
