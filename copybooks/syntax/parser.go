package syntax

import (
	"strconv"
	"strings"
)

// parser turns tokens into entries.
type parser struct {
	r         *reader
	words     []word
	i         int
	entries   []Entry
	constants map[string]Literal
	table     map[string]clause
	comma     bool
	currency  string
	// currencySign is what the symbol currency prints.
	currencySign string
}

func newParser(r *reader) *parser {
	return &parser{r: r, constants: map[string]Literal{}, table: clauseTable(),
		comma: r.options.DecimalComma, currency: r.options.Currency, currencySign: r.options.CurrencySign}
}

// end is a word behind the last.
func (p *parser) end() word {
	if len(p.words) > 0 {
		w := p.words[len(p.words)-1]
		return word{kind: endOfAll, file: w.file, line: w.line, col: w.col + uint32(len(w.text))}
	}
	return word{kind: endOfAll, line: 1}
}

func (p *parser) peek() *word { return p.ahead(0) }

func (p *parser) ahead(n int) *word {
	if p.i+n < len(p.words) {
		return &p.words[p.i+n]
	}
	w := p.end()
	return &w
}

func (p *parser) next() *word {
	w := p.peek()
	p.i++
	return w
}

// take moves past the next word if it is one of up, which are in upper case.
func (p *parser) take(up ...string) bool {
	w := p.peek()
	for _, u := range up {
		if w.is(u) {
			p.i++
			return true
		}
	}
	return false
}

func (p *parser) at(w *word) At {
	return At{Line: int(w.line), word: w.text, line: w.line, col: w.col, inner: w.file}
}

// fail reports w; what cannot be read at all reports itself.
func (p *parser) fail(w *word, expected, hint string) {
	if w.kind == faulty {
		expected, hint, _ = strings.Cut(w.text, "\n")
	}
	p.r.fail(w, expected, hint)
}

// division reads the whole text, sentence by sentence.
func (p *parser) division() {
	prologue := (p.peek().is("IDENTIFICATION") || p.peek().is("ID")) && p.ahead(1).is("DIVISION")
	for p.i < len(p.words) && len(p.r.errs) < maxErrors {
		w := p.peek()
		switch {
		case p.ahead(1).is("DIVISION"):
			if w.is("PROCEDURE") {
				return
			}
			prologue = !w.is("DATA")
			p.skip()
		case prologue:
			p.specialNames()
		case p.ahead(1).is("SECTION") && (w.is("REPORT") || w.is("SCREEN")):
			p.skipSection()
		case p.ahead(1).is("SECTION"), w.is("FD"), w.is("SD"), w.is("RD"), w.is("CD"):
			p.skip()
		case w.kind == stop:
			p.i++
		case level(w) >= 0:
			p.entry()
		default:
			p.fail(w, "a level number", p.levelHint(w))
			p.recover()
		}
		if len(p.entries) > MaxEntries {
			p.fail(w, "at most "+strconv.Itoa(MaxEntries)+" data description entries", "")
			return
		}
	}
}

// MaxEntries is the greatest number of data description entries in one text.
const MaxEntries = 40_000

func (p *parser) levelHint(w *word) string {
	if strings.HasPrefix(w.text, ":") {
		return "COPY ... REPLACING gives " + clip(w.text, 30) + " its value; say what to put in its place"
	}
	if p.clauseOf(w) != nil {
		return "is the period before " + w.text + " one too many?"
	}
	return ""
}

// level returns the level number that w is, -1 if it is none.
func level(w *word) int {
	if w.kind != plain || len(w.text) > 2 {
		return -1
	}
	n, err := strconv.Atoi(w.text)
	if err != nil || n < 1 || n > 49 && n != 66 && n != 77 && n != 78 && n != 88 {
		return -1
	}
	return n
}

// skip moves behind the next period.
func (p *parser) skip() {
	for p.i < len(p.words) {
		if p.next().kind == stop {
			return
		}
	}
}

// skipSection moves to the next heading: what prints or shows is no record.
func (p *parser) skipSection() {
	p.skip()
	for p.i < len(p.words) && !p.ahead(1).is("SECTION") && !p.ahead(1).is("DIVISION") {
		p.skip()
	}
}

// recover moves behind the next period, or to a level number that begins a line.
func (p *parser) recover() {
	for p.i++; p.i < len(p.words); p.i++ {
		w, before := p.peek(), &p.words[p.i-1]
		if before.kind == stop || level(w) >= 0 && (w.line != before.line || w.file != before.file) {
			return
		}
	}
}

// specialNames passes over one word before the data division, and takes DECIMAL-POINT IS COMMA and
// CURRENCY SIGN IS from it.
func (p *parser) specialNames() {
	switch {
	case p.take("DECIMAL-POINT"):
		p.take("IS")
		if p.take("COMMA") {
			p.comma = true
		}
	case p.peek().is("CURRENCY"):
		p.i++
		p.take("SIGN")
		p.take("IS")
		if w := p.peek(); w.kind == literal {
			p.currency = strings.Trim(w.text, `"'`)
			p.currencySign = p.currency
			p.i++
		}
		if p.take("WITH") || p.peek().is("PICTURE") {
			p.take("PICTURE")
			p.take("SYMBOL")
			if w := p.peek(); w.kind == literal {
				p.currency = strings.Trim(w.text, `"'`)
			}
		}
	default:
		p.i++
	}
}

// entry reads one data description entry.
func (p *parser) entry() {
	faults := len(p.r.errs)
	w := p.next()
	e := Entry{At: p.at(w), Level: level(w)}
	p.name(&e)
	if len(p.r.errs) > faults {
		p.recover()
		return
	}
	switch e.Level {
	case 66:
		p.renames(&e)
	case 78:
		p.constant(&e)
		return
	default:
		if p.take("CONSTANT") {
			p.constant(&e)
			return
		}
		p.clauses(&e)
	}
	if len(p.r.errs) > faults {
		p.recoverEntry()
		if e.Level == 88 {
			return
		}
	}
	p.entries = append(p.entries, e)
}

// recoverEntry is recover for an entry that has failed at the current word or the one before.
func (p *parser) recoverEntry() {
	if p.i > 0 && p.i <= len(p.words) && p.words[p.i-1].kind == stop {
		return
	}
	if p.i < len(p.words) {
		w := p.peek()
		if level(w) >= 0 && p.i > 0 && w.line != p.words[p.i-1].line {
			return
		}
	}
	p.i--
	p.recover()
}

// name reads the data-name or FILLER; both may be missing.
func (p *parser) name(e *Entry) {
	w := p.peek()
	needed := e.Level == 66 || e.Level == 78 || e.Level == 88
	switch {
	case w.kind == faulty:
		p.fail(w, "", "")
		return
	case w.is("FILLER") && !needed:
		p.i++
		return
	case w.kind != plain, p.clauseOf(w) != nil && !p.newWord(w):
		if needed {
			p.fail(w, "a name", "")
		}
		return
	}
	if want, hint := wrongName(w.text); want != "" {
		p.fail(w, want, hint)
		return
	}
	e.At, e.Name = p.at(w), strings.ToUpper(w.text)
	p.i++
}

// newWord reports whether w is used as a name, though newer compilers reserve it.
func (p *parser) newWord(w *word) bool {
	after := p.ahead(1)
	return (w.is("VOLATILE") || w.is("DYNAMIC")) && (after.is("PIC") || after.is("PICTURE") || after.kind == stop)
}

// wrongName says why text cannot be a data-name, "" if it can.
func wrongName(text string) (expected, hint string) {
	const rule = "a data-name: letters, digits, hyphens and underscores"
	letter := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= 0x80:
			letter = true
		case c == ':' || c == '&' || c == '!':
			return rule, "COPY ... REPLACING gives " + clip(text, 30) + " its value; say what to put in its place"
		case c >= '0' && c <= '9', c == '-', c == '_', c == '#', c == '@', c == '$':
		default:
			return rule, ""
		}
	}
	switch {
	case len(text) > 128:
		return "a data-name of at most 128 characters", ""
	case !letter:
		return "a data-name with at least one letter", ""
	case text[0] == '-':
		return "a data-name that does not begin with a hyphen", ""
	}
	return "", ""
}

// stops reads the period that ends an entry.
func (p *parser) stops(after string) {
	if w := p.peek(); w.kind != stop {
		if level(w) >= 0 && w.line != p.ahead(-1).line {
			p.fail(w, "the period that ends the entry before", "")
			return
		}
		p.fail(w, "a period after "+after, "")
		return
	}
	p.i++
}

// reference reads a name and its qualifiers.
func (p *parser) reference(what string) *Reference {
	w := p.peek()
	if w.kind != plain || level(w) >= 0 {
		p.fail(w, what, "")
		return nil
	}
	if msg, hint := wrongName(w.text); msg != "" {
		p.fail(w, msg, hint)
		return nil
	}
	p.i++
	r := &Reference{At: p.at(w), Name: strings.ToUpper(w.text)}
	for p.take("OF", "IN") {
		q := p.peek()
		if q.kind != plain {
			p.fail(q, "the name of a group", "")
			return nil
		}
		r.Qualifiers = append(r.Qualifiers, strings.ToUpper(q.text))
		p.i++
	}
	return r
}

// renames reads level 66.
func (p *parser) renames(e *Entry) {
	if w := p.peek(); !p.take("RENAMES") {
		p.fail(w, "RENAMES", nearestHint(w, "RENAMES"))
		return
	}
	if e.Renames = p.reference("the first item to rename"); e.Renames == nil {
		return
	}
	if p.take("THRU", "THROUGH") {
		if e.Through = p.reference("the last item to rename"); e.Through == nil {
			return
		}
	}
	p.stops("RENAMES")
}

// constant reads level 78, or 01 name CONSTANT AS literal. Its value stands for it from here on.
func (p *parser) constant(e *Entry) {
	faults := len(p.r.errs)
	if e.Level == 78 && !p.take("VALUE") {
		p.fail(p.peek(), "VALUE", nearestHint(p.peek(), "VALUE"))
	}
	p.take("IS", "AS")
	if len(p.r.errs) == faults {
		if l, ok := p.literal(); ok {
			p.constants[e.Name] = l
			p.stops("the constant")
		}
	}
	if len(p.r.errs) > faults {
		p.recoverEntry()
	}
}

func nearestHint(w *word, words ...string) string {
	if n := Nearest(w.text, words); n != "" && w.kind == plain {
		return "did you mean " + n + "?"
	}
	return ""
}
