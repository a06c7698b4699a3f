package syntax

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// clause reads the rest of one clause, whose first word is w.
type clause func(p *parser, e *Entry, w *word)

// clauseTable returns the clauses of a data description entry by their first words.
func clauseTable() map[string]clause {
	flag := func(set func(*Entry)) clause { return func(_ *parser, e *Entry, _ *word) { set(e) } }
	t := map[string]clause{
		"PIC": (*parser).picture, "PICTURE": (*parser).picture,
		"USAGE": (*parser).usage, "OCCURS": (*parser).occurs, "REDEFINES": (*parser).redefines,
		"VALUE": (*parser).values, "VALUES": (*parser).values,
		"SIGN": (*parser).sign, "LEADING": (*parser).signWord, "TRAILING": (*parser).signWord,
		"BLANK": (*parser).blank, "GROUP-USAGE": (*parser).groupUsage, "OBJECT": (*parser).object,
		"SYNC": (*parser).sync, "SYNCHRONIZED": (*parser).sync,
		"JUST": (*parser).justified, "JUSTIFIED": (*parser).justified,
		"EXTERNAL": (*parser).external,
		"GLOBAL":   flag(func(e *Entry) { e.Global = true }),
		"VOLATILE": flag(func(*Entry) {}),
		"IS":       flag(func(*Entry) {}), // IS EXTERNAL, IS GLOBAL
		"DYNAMIC":  (*parser).dynamic, "BYTE-LENGTH": (*parser).byteLength,
	}
	for w := range usages {
		t[w] = (*parser).bareUsage
	}
	return t
}

// clauseOf returns the clause that w begins, a bare usage included; nil if it begins none.
func (p *parser) clauseOf(w *word) clause { return clauseOf(w, p.table) }

func clauseOf(w *word, table map[string]clause) clause {
	if w.kind != plain || len(w.text) > 24 {
		return nil
	}
	return table[strings.ToUpper(w.text)]
}

// clauses reads the clauses of e and the period.
func (p *parser) clauses(e *Entry) {
	faults := len(p.r.errs)
	for p.peek().kind != stop {
		w := p.peek()
		read := p.clauseOf(w)
		if read == nil {
			p.notClause(w, e)
			return
		}
		p.i++
		if read(p, e, w); len(p.r.errs) > faults {
			return
		}
	}
	p.i++
	if e.Level == 88 && len(e.Values) == 0 {
		p.fail(p.ahead(-1), "VALUE with the values of this condition", "")
	}
}

func (p *parser) notClause(w *word, e *Entry) {
	if level(w) >= 0 && w.line != p.ahead(-1).line || w.kind == endOfAll {
		p.fail(w, "the period that ends the entry before", "")
		return
	}
	hint := usageHint(w, slices.Sorted(maps.Keys(p.table)))
	if w.kind == plain && hint == "" && strings.HasPrefix(w.text, "(") {
		hint = "a PICTURE holds no blanks: write X(5)"
	}
	what := "a clause such as PIC, USAGE, OCCURS or VALUE, or the period that ends the entry"
	if e.Level == 88 {
		what = "VALUE with the values of this condition"
	}
	if len(e.Values) > 0 && strings.Contains(w.text, ",") {
		what, hint = "another value, or the period that ends the entry", "a blank must follow the comma between two values"
	}
	p.fail(w, what, hint)
}

func (p *parser) picture(e *Entry, w *word) {
	p.take("IS")
	if e.Picture != nil {
		p.fail(w, "one PICTURE", "")
		return
	}
	t := p.peek()
	if t.kind != plain {
		p.fail(t, "a PICTURE character-string such as X(10) or S9(7)V99", "")
		return
	}
	pic, bad := parsePicture(t.text, pictureRules{p.comma, p.currency, p.currencySign, p.constants})
	if bad != nil {
		f := *t
		if bad.at > 0 && bad.at < len(t.text) {
			f.col += uint32(bad.at)
			f.text = t.text[bad.at:]
		}
		p.fail(&f, bad.want, bad.hint)
		return
	}
	p.i++
	e.Picture = pic
}

func (p *parser) usage(e *Entry, _ *word) {
	p.take("IS")
	w := p.peek()
	if w.is("OBJECT") {
		p.i++
		p.object(e, w)
		return
	}
	if _, ok := usages[strings.ToUpper(w.text)]; !ok || w.kind != plain {
		p.fail(w, "a usage such as DISPLAY, COMP, COMP-3 or BINARY", usageHint(w, slices.Sorted(maps.Keys(usages))))
		return
	}
	p.i++
	p.bareUsage(e, w)
}

// usageHint is a hint for a word that is no usage, the nearest of words unless another product has it.
func usageHint(w *word, words []string) string {
	switch up := strings.ToUpper(w.text); {
	case up == "COMP-3U", up == "COMPUTATIONAL-3U":
		return "packed decimal without a sign is COMP-6"
	case up == "COMP-9", up == "COMPUTATIONAL-9":
		return "write COMP, and say that binary items are little-endian"
	case strings.HasPrefix(up, "COMP-"):
		return "known are COMP-1 to COMP-6 and COMP-X" // another digit is no misspelling
	}
	return nearestHint(w, words...)
}

func (p *parser) bareUsage(e *Entry, w *word) {
	u := usages[strings.ToUpper(w.text)]
	if e.Usage != NoUsage && e.Usage != u {
		p.fail(w, "one USAGE", "")
		return
	}
	e.Usage = u
	if u >= BinaryChar && !p.take("SIGNED") {
		e.UnsignedBinary = p.take("UNSIGNED")
	}
}

func (p *parser) object(e *Entry, _ *word) {
	if !p.take("REFERENCE") {
		p.fail(p.peek(), "REFERENCE", nearestHint(p.peek(), "REFERENCE"))
		return
	}
	e.Usage = ObjectReference
	p.take("FACTORY")
	p.take("OF")
	if w := p.peek(); w.kind == plain && p.clauseOf(w) == nil {
		p.i++
	}
}

func (p *parser) groupUsage(e *Entry, _ *word) {
	p.take("IS")
	w := p.peek()
	if !w.is("NATIONAL") && !w.is("UTF-8") {
		p.fail(w, "NATIONAL or UTF-8", nearestHint(w, "NATIONAL", "UTF-8"))
		return
	}
	p.i++
	e.Usage = usages[strings.ToUpper(w.text)]
}

func (p *parser) redefines(e *Entry, w *word) {
	if e.Redefines != nil {
		p.fail(w, "one REDEFINES", "")
		return
	}
	e.Redefines = p.reference("the name of the item to redefine")
}

func (p *parser) sign(e *Entry, _ *word) {
	p.take("IS")
	w := p.peek()
	if !p.take("LEADING", "TRAILING") {
		p.fail(w, "LEADING or TRAILING", nearestHint(w, "LEADING", "TRAILING"))
		return
	}
	p.signWord(e, w)
}

func (p *parser) signWord(e *Entry, w *word) {
	e.Sign = Trailing
	if w.is("LEADING") {
		e.Sign = Leading
	}
	if e.Separate = p.take("SEPARATE"); e.Separate {
		p.take("CHARACTER")
	}
}

func (p *parser) blank(e *Entry, _ *word) {
	p.take("WHEN")
	if w := p.peek(); !p.take("ZERO", "ZEROS", "ZEROES") {
		p.fail(w, "ZERO", nearestHint(w, "ZERO", "ZEROS", "ZEROES"))
	}
	e.BlankWhenZero = true
}

func (p *parser) sync(e *Entry, _ *word) {
	e.Synchronized = true
	p.take("LEFT", "RIGHT")
}

func (p *parser) justified(e *Entry, _ *word) {
	e.Justified = true
	p.take("RIGHT")
}

func (p *parser) external(e *Entry, _ *word) {
	e.External = true
	if p.take("AS") && p.peek().kind == literal {
		p.i++
	}
}

func (p *parser) byteLength(e *Entry, _ *word) {
	p.take("IS")
	e.ByteLength, _ = p.integer()
}

func (p *parser) dynamic(_ *Entry, w *word) {
	p.fail(w, "an item of fixed length", "the text of a DYNAMIC LENGTH item is not stored inside of its record")
}

func (p *parser) occurs(e *Entry, w *word) {
	if e.Occurs != nil {
		p.fail(w, "one OCCURS", "")
		return
	}
	o := &Occurs{At: p.at(w)}
	to, ok := false, false
	if o.Max, ok = p.integer(); !ok {
		return
	}
	if o.Min = o.Max; p.take("TO") {
		if to = true; p.peek().is("UNBOUNDED") {
			p.fail(p.peek(), "the greatest number of elements", "a record needs a greatest size; write a number instead of UNBOUNDED")
			return
		}
		if o.Max, ok = p.integer(); !ok {
			return
		}
	}
	p.take("TIMES", "TIME")
	faults := len(p.r.errs)
	for len(p.r.errs) == faults && p.occursPhrase(o) {
	}
	switch {
	case len(p.r.errs) > faults:
	case to && o.DependingOn == nil:
		p.fail(w, "DEPENDING ON after OCCURS "+strconv.Itoa(o.Min)+" TO "+strconv.Itoa(o.Max),
			"say which item counts the elements, or write OCCURS "+strconv.Itoa(o.Max))
	case o.Max == 0 || o.Min > o.Max:
		p.fail(w, "a greatest number of elements that is at least 1 and not below the least", "")
	default:
		if o.DependingOn != nil && !to {
			o.Min = 1 // Language Reference, "Variable-length tables": 1 is assumed without TO
		}
		e.Occurs = o
	}
}

// occursPhrase reads DEPENDING ON, INDEXED BY, or ASCENDING and DESCENDING KEY.
func (p *parser) occursPhrase(o *Occurs) bool {
	switch {
	case p.take("DEPENDING"):
		p.take("ON")
		o.DependingOn = p.reference("the name of the item that counts the elements")
	case p.take("INDEXED"):
		p.take("BY")
		p.nameList("the name of an index")
	case p.take("ASCENDING", "DESCENDING"):
		p.take("KEY")
		p.take("IS")
		p.nameList("the name of a key")
	default:
		return false
	}
	return true
}

// nameList passes over one or more names.
func (p *parser) nameList(what string) {
	for n := 0; ; n++ {
		w := p.peek()
		if n > 0 && (w.kind != plain || p.clauseOf(w) != nil || level(w) >= 0 || w.is("INDEXED") ||
			w.is("ASCENDING") || w.is("DESCENDING") || w.is("DEPENDING")) {
			return
		}
		if n > 0 && Nearest(w.text, []string{"VALUE", "PICTURE", "DEPENDING", "INDEXED"}) != "" && !p.nameEnds(1) {
			return // the clause loop reports a misspelt word better
		}
		if p.reference(what) == nil {
			return
		}
	}
}

// nameEnds reports whether the word n ahead can follow a name in a list.
func (p *parser) nameEnds(n int) bool {
	w := p.ahead(n)
	return w.kind != plain || p.clauseOf(w) != nil || wrongNameText(w.text)
}

func wrongNameText(text string) bool {
	expected, _ := wrongName(text)
	return expected != ""
}

// integer reads a number of elements, or a constant that stands for one.
func (p *parser) integer() (int, bool) {
	w := p.peek()
	text := w.text
	if c, ok := p.constants[strings.ToUpper(text)]; ok && c.Kind == Number {
		text = c.Text
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || w.kind != plain {
		hint := ""
		if w.kind == plain && err != nil && strings.ContainsAny(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && text != "DYNAMIC" {
			hint = "a constant (level 78) must stand before its use"
		}
		p.fail(w, "a number of elements", hint)
		return 0, false
	}
	p.i++
	return int(n), true
}
