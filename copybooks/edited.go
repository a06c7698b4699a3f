package copybooks

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Numeric-edited items: text that the PICTURE makes of a number (Enterprise COBOL for z/OS, Language
// Reference, PICTURE clause editing: simple, special and fixed insertion, floating insertion, zero
// suppression). Decoding checks each character against its place in the PICTURE and gives the number;
// encoding edits the number as MOVE does.

// editedForm is a compiled numeric-edited PICTURE.
type editedForm struct {
	symbols  []editSymbol
	digits   int // digit positions
	scale    int
	currency byte   // always $: what the PICTURE writes is put in its place
	print    string // what the currency prints where it is not $, "" otherwise
	point    byte   // '.' or ','
	signed   bool   // has + - CR or DB
	blankOK  bool   // zero becomes spaces: BLANK WHEN ZERO, or only Z, or only floating symbols
	allStar  bool   // zero becomes asterisks
	bwz      bool
	// rules say, position by position, what a byte means; nil where only parse can tell.
	rules []*[256]uint8
}

// editSymbol is one character position of the edited text.
type editSymbol struct {
	sym   byte // 9 Z * + - $ , . B 0 / C R D, and b for the second letter of DB
	digit bool // takes a digit
	float bool // part of a floating string
}

// newEditedForm compiles a PICTURE. currency is its currency symbol and sign what that prints; "" are $ and
// the symbol.
func newEditedForm(f *Field, comma bool, currency, sign string) (*editedForm, error) {
	e := &editedForm{currency: '$', point: '.', bwz: f.BlankWhenZero}
	if comma {
		e.point = ','
	}
	pic := f.Picture
	if currency != "" {
		pic = strings.ReplaceAll(pic, strings.ToUpper(currency), "$")
	}
	if sign == "" {
		sign = currency
	}
	pic, err := expandPicture(pic)
	if err != nil {
		return nil, err
	}
	if strings.Contains(pic, "$") && sign != "$" {
		e.print = sign
	}
	e.scale = -1
	for i := 0; i < len(pic); i++ {
		c := pic[i]
		if e.scale >= 0 && c == 'P' {
			e.scale++
		}
		switch c {
		case 'V':
			e.scale = max(e.scale, 0)
			continue
		case 'P':
			continue
		}
		e.add(c, pic)
	}
	e.scale = max(e.scale, 0)
	e.finish()
	if n := len(e.symbols) + max(0, utf8.RuneCountInString(e.print)-1); n != f.Size {
		return nil, fmt.Errorf("picture %s: %d characters, field has %d", f.Picture, n, f.Size)
	}
	return e, nil
}

// unprint puts $ in the place of what the currency prints. Where that is missing, which is so in a suppressed
// zero, the characters that it would take are left out.
func (e *editedForm) unprint(dst, text []byte) []byte {
	if i := bytes.Index(text, []byte(e.print)); i >= 0 {
		return append(append(append(dst, text[:i]...), '$'), text[i+len(e.print):]...)
	}
	more := utf8.RuneCountInString(e.print) - 1
	if more > len(text) || more > 0 && !only(text[:more], text[0]) {
		return append(dst, 0) // which no PICTURE can produce
	}
	return append(dst, text[more:]...)
}

// printed is the opposite of unprint.
func (e *editedForm) printed(dst, text []byte) []byte {
	if i := bytes.IndexByte(text, '$'); i >= 0 {
		return append(append(append(dst, text[:i]...), e.print...), text[i+1:]...)
	}
	for range utf8.RuneCountInString(e.print) - 1 {
		dst = append(dst, text[0])
	}
	return append(dst, text...)
}

func (e *editedForm) floats(pic string, c byte) bool {
	return (c == '+' || c == '-' || c == e.currency) && strings.Count(pic, string(c)) > 1
}

func (e *editedForm) add(c byte, pic string) {
	s := editSymbol{sym: c}
	if n := len(e.symbols); c == 'B' && n > 0 && e.symbols[n-1].sym == 'D' {
		s.sym = 'b'
	}
	switch {
	case c == e.point:
		e.scale = max(e.scale, 0)
	case c == '9' || c == 'Z' || c == '*':
		s.digit = true
	case e.floats(pic, c):
		s.float = true
		s.digit = false
		for _, t := range e.symbols {
			if t.float && t.sym == c {
				s.digit = true // the first one only holds the symbol
			}
		}
	}
	switch c {
	case '+', '-', 'C', 'D':
		e.signed = true
	}
	if s.digit {
		e.digits++
		if e.scale >= 0 {
			e.scale++
		}
	}
	e.symbols = append(e.symbols, s)
}

func (e *editedForm) finish() {
	stars, others := 0, 0
	for _, s := range e.symbols {
		switch {
		case s.sym == '*':
			stars++
		case s.digit && s.sym == '9':
			others++
		}
	}
	e.blankOK = e.bwz || others == 0 && stars == 0
	e.allStar = stars > 0 && others == 0
}

// expandPicture writes the repetitions of a PICTURE out: Z(3)9 is ZZZ9.
func expandPicture(pic string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(pic); i++ {
		c := pic[i]
		if i+1 >= len(pic) || pic[i+1] != '(' {
			out.WriteByte(c)
			continue
		}
		end := strings.IndexByte(pic[i:], ')')
		if end < 0 {
			return "", fmt.Errorf("picture %s: no closing parenthesis", pic)
		}
		n := 0
		for _, d := range pic[i+2 : i+end] {
			if d < '0' || d > '9' || n > 1<<16 {
				return "", fmt.Errorf("picture %s: not a repetition", pic)
			}
			n = n*10 + int(d-'0')
		}
		for range n {
			out.WriteByte(c)
		}
		i += end
	}
	return out.String(), nil
}

// parse reads the edited text (ASCII) into the canonical text of its number.
func (e *editedForm) parse(dst, text []byte) ([]byte, Fault) {
	if len(text) != len(e.symbols) {
		return dst, EditedText
	}
	if only(text, ' ') {
		if e.blankOK {
			return appendDigits(dst, false, nil, e.scale), OK
		}
		return dst, Blank
	}
	if e.allStar && only(trimPoint(text, e.point), '*') {
		return appendDigits(dst, false, nil, e.scale), OK
	}
	var buf [64]byte
	digits := buf[:0]
	neg, shown := false, false
	for i, s := range e.symbols {
		digit, minus, ok := e.meaning(s, text[i])
		if !ok || shown && e.suppressed(s, text[i]) {
			return dst, EditedText
		}
		neg = neg || minus
		if s.digit {
			digits = append(digits, '0'+digit)
			shown = shown || text[i]-'0' < 10
		}
	}
	return appendDigits(dst, neg, digits, e.scale), OK
}

func trimPoint(text []byte, point byte) []byte {
	for i, c := range text {
		if c == point {
			if only(text[i+1:], '*') {
				return text[:i]
			}
			break
		}
	}
	return text
}

// holds reports whether a suppressed or floating position may hold c.
func (e *editedForm) holds(s editSymbol, c byte) bool {
	switch s.sym {
	case '*':
		return c == '*'
	case '+':
		return c == ' ' || c == '+' || c == '-'
	case '-':
		return c == ' ' || c == '-'
	case e.currency:
		return c == ' ' || c == e.currency
	}
	return c == ' '
}

// inserted reports whether an insertion position may hold c, and whether that means minus.
func (e *editedForm) inserted(sym, c byte) (minus, ok bool) {
	switch sym {
	case '+':
		return c == '-', c == '+' || c == '-' || c == ' '
	case '-':
		return c == '-', c == '-' || c == ' '
	case 'C', 'R', 'D':
		return c == sym, c == sym || c == ' '
	case 'b':
		return c == 'B', c == 'B' || c == ' '
	case 'B':
		return e.drifted(c, ' ')
	}
	return e.drifted(c, sym)
}

// suppressed reports whether a character that may stand in a position stands there for a leading zero, or before the
// first digit that is shown. Behind that digit it is nothing that MOVE could have written.
func (e *editedForm) suppressed(s editSymbol, c byte) bool {
	switch {
	case s.digit:
		return c-'0' > 9
	case s.float, s.sym == '+', s.sym == '-', s.sym == 'C', s.sym == 'R', s.sym == 'D', s.sym == 'b':
		return false
	case s.sym == 'B':
		return c != ' '
	}
	return c != s.sym
}

// drifted is inserted for a simple insertion character, in whose place a floating symbol or a suppressed
// zero's replacement may stand.
func (e *editedForm) drifted(c, sym byte) (minus, ok bool) {
	for _, s := range e.symbols {
		if s.float && (c == s.sym || c == '-' && s.sym == '+') {
			return c == '-', true
		}
	}
	return false, c == sym || c == ' ' || c == '*'
}

// put edits decimal text as MOVE does. Characters are ASCII.
func (e *editedForm) put(out, text []byte) Fault {
	var n number
	if f := n.parse(text); f != OK {
		return f
	}
	if n.negative() && !e.signed {
		return SignLost
	}
	var buf [64]byte
	digits := buf[:e.digits]
	if f := n.align(digits, e.scale); f != OK {
		return f
	}
	if n.n == 0 && (e.blankOK || e.allStar) {
		e.putZero(out)
		return OK
	}
	e.edit(out, digits, n.negative())
	return OK
}

// putZero writes the zero of a PICTURE without a 9: spaces, or asterisks around the point.
func (e *editedForm) putZero(out []byte) {
	for i, s := range e.symbols {
		switch {
		case e.blankOK:
			out[i] = ' '
		case s.sym == e.point:
			out[i] = e.point
		default:
			out[i] = '*'
		}
	}
}

func (e *editedForm) edit(out, digits []byte, neg bool) {
	suppress, fill := true, byte(' ')
	next, floatAt := 0, -1
	var floatSym byte
	for i, s := range e.symbols {
		switch {
		case s.float && !s.digit:
			floatSym, floatAt = s.sym, i
			out[i] = ' '
		case s.digit:
			d := digits[next]
			next++
			if s.sym == '9' || d != '0' || next > e.digits-e.scale {
				suppress = false
			}
			if s.sym == '*' {
				fill = '*'
			}
			if suppress {
				out[i] = fill
				if s.float {
					floatAt = i
				}
				continue
			}
			out[i] = d
		case s.sym == e.point:
			suppress = false
			out[i] = e.point
		default:
			out[i] = e.insertion(s.sym, suppress, fill, neg, i)
			if suppress && floatAt >= 0 {
				floatAt = i
			}
		}
	}
	if floatAt >= 0 {
		e.putFloat(out, floatAt, floatSym, neg)
	}
}

// insertion is the character of an insertion symbol.
func (e *editedForm) insertion(sym byte, suppress bool, fill byte, neg bool, at int) byte {
	switch sym {
	case '+':
		if neg {
			return '-'
		}
		return '+'
	case '-', 'C', 'D', 'R':
		if neg {
			return sym
		}
		return ' '
	case 'b':
		if neg {
			return 'B'
		}
		return ' '
	case e.currency:
		return sym
	case 'B':
		if suppress && fill == '*' {
			return '*'
		}
		return ' '
	}
	if suppress && at > 0 {
		return fill
	}
	return sym
}

func (e *editedForm) putFloat(out []byte, at int, sym byte, neg bool) {
	switch {
	case neg && (sym == '+' || sym == '-'):
		out[at] = '-'
	case sym != '-':
		out[at] = sym
	}
}
