package syntax

import "strings"

// pairs reads the operands of REPLACING or REPLACE up to a period, whose index it returns.
func (r *reader) pairs(words []word, i int) ([]pair, int, bool) {
	var out []pair
	for i < len(words) && words[i].kind != stop {
		if words[i].kind == listed {
			i++
			continue
		}
		var p pair
		if words[i].is("LEADING") || words[i].is("TRAILING") {
			p.partial = words[i].text[0] &^ 0x20
			i++
		}
		start, ok := i, false
		if p.from, i, ok = r.operand(words, i); !ok {
			return nil, i, false
		}
		if i >= len(words) || !words[i].is("BY") {
			r.fail(&words[min(i, len(words)-1)], "BY between the text to replace and the new text", "")
			return nil, i, false
		}
		if p.to, i, ok = r.operand(words, i+1); !ok {
			return nil, i, false
		}
		if len(p.from) == 0 || p.partial != 0 && (len(p.from) != 1 || len(p.to) > 1) {
			r.fail(&words[start], "some text to replace: one word after LEADING and TRAILING", "")
			return nil, i, false
		}
		if out = append(out, p); len(out) > 500 {
			r.fail(&words[start], "at most 500 replacements", "")
			return nil, i, false
		}
	}
	return out, i, true
}

// operand reads ==pseudo-text==, a literal, or a word with its qualifiers.
func (r *reader) operand(words []word, i int) ([]word, int, bool) {
	if i >= len(words) {
		r.fail(&words[len(words)-1], "==text==, a word or a literal", "")
		return nil, i, false
	}
	from := i
	if words[i].kind == pseudo {
		for i++; i < len(words); i++ {
			if words[i].kind == pseudo {
				return significant(words[from+1 : i]), i + 1, true
			}
		}
		r.fail(&words[from], "the == that closes this text", "")
		return nil, i, false
	}
	if words[i].kind != plain && words[i].kind != literal {
		r.fail(&words[i], "==text==, a word or a literal", "")
		return nil, i, false
	}
	for i++; i < len(words); i++ {
		touching := !words[i].space && (words[i].kind == plain || words[i].kind == literal)
		if (words[i].is("OF") || words[i].is("IN")) && i+1 < len(words) {
			i++
		} else if !touching {
			break
		}
	}
	return words[from:i], i, true
}

// significant drops the commas and semicolons, which do not count where texts are compared.
func significant(words []word) []word {
	out := words[:0:0]
	for _, w := range words {
		if w.kind != listed {
			out = append(out, w)
		}
	}
	return out
}

// replace returns words with pairs applied: at each place the first pair that matches (Language
// Reference, "COPY statement", comparison rules).
func (r *reader) replace(words []word, pairs []pair) ([]word, error) {
	if len(pairs) == 0 {
		return words, nil
	}
	out := make([]word, 0, len(words))
	space := false // left behind by words that were replaced by nothing
	for i := 0; i < len(words); {
		n, to := 0, []word(nil)
		for k := range pairs {
			if n, to = pairs[k].match(words[i:]); n > 0 {
				break
			}
		}
		if r.tries += len(pairs); r.tries > maxTries {
			r.fail(&words[i], "less text to compare with REPLACING", "")
			return nil, errTooMuch
		}
		from := len(out)
		if n == 0 {
			out = append(out, words[i])
			n = 1
		} else {
			for _, t := range to {
				t.file, t.line, t.col = words[i].file, words[i].line, words[i].col
				out = append(out, t)
			}
			if r.words += len(to); r.words > maxWords {
				r.fail(&words[i], "at most 200000 words in a text and what it copies", "")
				return nil, errTooMuch
			}
		}
		if len(out) > from {
			out[from].space = words[i].space || space
			space = false
		} else {
			space = space || words[i].space
		}
		i += n
	}
	return out, nil
}

// match returns how many words of the text p replaces, and by what; 0 if it does not match.
func (p *pair) match(words []word) (int, []word) {
	if p.partial != 0 {
		return p.matchPart(&words[0])
	}
	n := 0
	for k := range p.from {
		for k > 0 && n < len(words) && words[n].kind == listed {
			n++
		}
		if n >= len(words) || !same(&p.from[k], &words[n]) {
			return 0, nil
		}
		n++
	}
	return n, p.to
}

// matchPart replaces the beginning or the end of one word.
func (p *pair) matchPart(w *word) (int, []word) {
	part := p.from[0].text
	if w.kind != plain || len(w.text) < len(part) {
		return 0, nil
	}
	with := ""
	if len(p.to) == 1 {
		with = p.to[0].text
	}
	cut := len(w.text) - len(part)
	changed := *w
	switch {
	case p.partial == 'L' && strings.EqualFold(w.text[:len(part)], part):
		changed.text = with + w.text[len(part):]
	case p.partial == 'T' && strings.EqualFold(w.text[cut:], part):
		changed.text = w.text[:cut] + with
	default:
		return 0, nil
	}
	if changed.text == "" {
		return 1, nil
	}
	return 1, []word{changed}
}

func same(a, b *word) bool {
	if a.kind != b.kind || len(a.text) != len(b.text) {
		return false
	}
	if a.kind == literal {
		return a.text == b.text
	}
	return strings.EqualFold(a.text, b.text)
}

// replaceStatements carries out REPLACE and REPLACE OFF. Each holds until the next.
func (r *reader) replaceStatements(words []word) ([]word, error) {
	first := nextReplace(words, 0)
	if first < 0 {
		return words, nil
	}
	out := append(make([]word, 0, len(words)), words[:first]...)
	for i := first; i < len(words); {
		pairs, end, ok := []pair(nil), i+1, true
		if end < len(words) && words[end].is("OFF") {
			end++
		} else if pairs, end, ok = r.pairs(words, end); !ok {
			end = skipStop(words, end)
		}
		if end < len(words) && words[end].kind == stop {
			end++
		}
		next := nextReplace(words, end)
		if next < 0 {
			next = len(words)
		}
		part, err := r.replace(words[end:next], pairs)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		i = next
	}
	return out, nil
}

// nextReplace returns the index of the next REPLACE statement, which stands at the beginning or behind a
// period; -1 if there is none.
func nextReplace(words []word, from int) int {
	for i := from; i < len(words); i++ {
		if words[i].is("REPLACE") && (i == from || words[i-1].kind == stop) {
			return i
		}
	}
	return -1
}
