package syntax

import "strings"

// span maps a part of a logical line, from byte start on, to its place in the source. col is a byte index
// into the expanded physical line, from 0.
type span struct {
	start     int
	line, col uint32
}

// logical is a line with its continuations joined. Most have one span.
type logical struct {
	text  string
	spans []span
	// bad is the place in the text where a literal stays open, or a line cannot be read; -1 if none.
	bad  int
	want string // what was expected at bad
	hint string
}

// logicalLines calls yield for each logical line of s, until it returns false; yield must not keep the
// line. With debug, lines marked D count.
func (s *source) logicalLines(debug bool, yield func(*logical) bool) {
	j := joiner{margin: 72}
	if s.form == Variable {
		j.margin = 0 // GnuCOBOL and Micro Focus: to the end of its line
	}
	for n := range s.lines {
		line := s.line(n + 1)
		indicator, text, col := byte(' '), line, 0
		trimmed := strings.TrimLeft(line, " ")
		if strings.HasPrefix(trimmed, ">>") {
			continue
		}
		if includes(trimmed) {
			// Panvalet and Librarian have columns of their own.
		} else if s.form != Free {
			indicator, text, col = s.cutFixed(line)
			if s.guessed && j.quote != 0 && indicator == ' ' {
				indicator, text, col = shifted(text, col, j.quote)
			}
		} else if strings.HasPrefix(trimmed, "$SET") {
			continue
		}
		switch indicator {
		case '*', '/', '$':
			continue
		case 'D', 'd':
			if !debug {
				continue
			}
			indicator = ' '
		}
		if t := strings.TrimLeft(text, " "); t == "" && indicator != '-' ||
			strings.HasPrefix(t, "*") { // *>, a comment not quite in column 7, *CBL and *CONTROL
			continue
		}
		if indicator == '-' && j.started {
			j.join(text, uint32(n+1), uint32(col))
			continue
		}
		if j.started && !yield(j.finish()) {
			return
		}
		j.start(text, uint32(n+1), uint32(col))
		if indicator != ' ' && indicator != '-' {
			j.cur.bad, j.cur.want = 0, "a blank, *, /, D or - in column 7"
			j.cur.hint = "columns 1 to 6 and 73 to 80 are not read in fixed form; is the text in free form?"
			j.cur.spans[0].col = uint32(column(line, 7))
		}
	}
	if j.started {
		yield(j.finish())
	}
}

// cutFixed returns a fixed line's indicator, its columns 8 to 72 (in variable form all from 8 on), and the
// byte index of column 8. Where the form was guessed, a level number in column 7 behind blanks is text: people who never see a compiler
// write it there.
func (s *source) cutFixed(line string) (byte, string, int) {
	at := column(line, 7)
	if at >= len(line) {
		return ' ', "", at
	}
	from, to := column(line, 8), len(line)
	if s.form == Fixed {
		to = column(line, 73)
	}
	if s.guessed && line[at] >= '0' && line[at] <= '9' && startsWithLevel(line[at:]) {
		return ' ', line[at:to], at
	}
	if line[at] != ' ' && strings.HasPrefix(line[at:], "*>") {
		return '*', "", from
	}
	return line[at], line[from:to], from
}

// includes reports whether a line, without the blanks before it, is Panvalet's or Librarian's way to copy a
// text.
func includes(trimmed string) bool {
	return strings.HasPrefix(trimmed, "++INCLUDE ") || strings.HasPrefix(trimmed, "-INC ")
}

// shifted is for texts that stand a column too far to the right. While a literal is open, nothing but its
// continuation can follow: a hyphen, blanks, and the quotation mark.
func shifted(text string, col int, quote byte) (byte, string, int) {
	t := strings.TrimLeft(text, " ")
	if rest := strings.TrimPrefix(t, "-"); rest != t && strings.HasPrefix(strings.TrimLeft(rest, " "), string(rune(quote))) {
		return '-', rest, col + len(text) - len(rest)
	}
	return ' ', text, col
}

// joiner builds one logical line. quote is the delimiter of a literal that is still open at its end.
type joiner struct {
	cur     *logical // used again for each line
	buf     []byte   // text, once continued
	joined  bool
	started bool
	quote   byte
	opened  int // where the open literal began
	margin  int // the column to which a continued literal reaches
}

func (j *joiner) start(text string, line, col uint32) {
	if j.cur == nil {
		j.cur = &logical{}
	}
	*j.cur = logical{spans: append(j.cur.spans[:0], span{0, line, col}), bad: -1}
	j.buf, j.joined, j.started = j.buf[:0], false, true
	text, j.quote, j.opened = scanQuotes(text, 0, 0)
	j.cur.text = text
}

// join appends a continuation line: a literal goes on after the quotation mark that its line begins
// with, and reaches to the right margin of the line before; a word goes on at the first character.
func (j *joiner) join(text string, line, col uint32) {
	if !j.joined {
		j.buf, j.joined = append(j.buf[:0], j.cur.text...), true
	}
	rest := strings.TrimLeft(text, " ")
	col += uint32(len(text) - len(rest))
	quote := j.quote
	if quote != 0 {
		if rest == "" || rest[0] != quote {
			j.fail(len(j.buf), line, col, "the quotation mark that continues the literal of the line before")
			quote = 0
		} else {
			for last := j.cur.spans[len(j.cur.spans)-1]; len(j.buf)-last.start+int(last.col) < j.margin; {
				j.buf = append(j.buf, ' ')
			}
			rest, col = rest[1:], col+1
		}
	} else {
		for len(j.buf) > 0 && j.buf[len(j.buf)-1] == ' ' {
			j.buf = j.buf[:len(j.buf)-1]
		}
	}
	j.cur.spans = append(j.cur.spans, span{len(j.buf), line, col})
	base := len(j.buf)
	opened := j.opened
	rest, j.quote, j.opened = scanQuotes(rest, quote, base)
	if j.quote != 0 && j.opened < 0 {
		j.opened = opened
	}
	j.buf = append(j.buf, rest...)
}

func (j *joiner) fail(at int, line, col uint32, want string) {
	if j.cur.bad < 0 {
		j.cur.bad, j.cur.want = at, want
		j.cur.spans = append(j.cur.spans, span{at, line, col})
	}
}

func (j *joiner) finish() *logical {
	if j.joined {
		j.cur.text = string(j.buf)
	}
	if j.quote != 0 && j.cur.bad < 0 {
		j.cur.bad, j.cur.want = j.opened, "the closing quotation mark of this literal"
		j.cur.hint = "a literal ends on its line, or goes on after - in column 7; columns past 72 are not read in fixed form"
	}
	j.started = false
	return j.cur
}

// scanQuotes follows the literals of text, the first of which may be open already with the delimiter
// quote. It cuts a *> comment off, and returns the delimiter of a literal that stays open with the place
// where it opened (-1 if before text), base added.
func scanQuotes(text string, quote byte, base int) (string, byte, int) {
	opened := -1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote, opened = 0, -1
			}
		case c == '"' || c == '\'':
			quote, opened = c, base+i
		case c == '*' && i+1 < len(text) && text[i+1] == '>' && (i == 0 || text[i-1] == ' '):
			return text[:i], 0, -1
		}
	}
	return text, quote, opened
}

// place returns where byte i of the logical line stands in its source: the line from 1, and the byte
// index in the expanded line from 0.
func (l *logical) place(i int) (line, col uint32) {
	k := len(l.spans) - 1
	for k > 0 && l.spans[k].start > i {
		k--
	}
	s := l.spans[k]
	return s.line, s.col + uint32(i-s.start)
}
