package copybooks

// The short way of numeric-edited items: what a byte may be depends on its position's symbol alone, so each
// symbol has a table of all bytes.

// What a rule says of a byte: a digit in the low nibble, and these.
const (
	ruleDigit uint8 = 0x10 // the position is a digit's; a suppressed one is 0
	ruleMinus uint8 = 0x20
	ruleFits  uint8 = 0x40
	ruleEarly uint8 = 0x80 // may not stand behind a digit that is shown
)

// rule makes the rules of a PICTURE of up to 16 digits, 15 of them behind the point, over a page with one byte a character.
func (e *editedForm) rule(chars *charset) {
	if e.digits > 16 || e.scale > 15 || e.print != "" || chars.utf8 || chars.mixed {
		return
	}
	same := map[editSymbol]*[256]uint8{}
	e.rules = make([]*[256]uint8, len(e.symbols))
	for i, s := range e.symbols {
		if same[s] == nil {
			same[s] = e.bytes(s, chars)
		}
		e.rules[i] = same[s]
	}
}

// bytes says what each byte means in the place of a symbol.
func (e *editedForm) bytes(s editSymbol, chars *charset) *[256]uint8 {
	var out [256]uint8
	for b := range out {
		c := byte(chars.text[b])
		if chars.text[b]>>56 != 1 {
			continue // no ASCII character
		}
		digit, minus, ok := e.meaning(s, c)
		if !ok {
			continue
		}
		out[b] = ruleFits | digit
		if s.digit {
			out[b] |= ruleDigit
		}
		if minus {
			out[b] |= ruleMinus
		}
		if e.suppressed(s, c) {
			out[b] |= ruleEarly
		}
	}
	return &out
}

// meaning says what a character means in the place of a symbol.
func (e *editedForm) meaning(s editSymbol, c byte) (digit uint8, minus, ok bool) {
	switch {
	case s.digit && c-'0' < 10:
		return c - '0', false, true
	case s.digit && s.sym == '9':
		return 0, false, false
	case s.digit || s.float:
		return 0, c == '-', e.holds(s, c)
	}
	minus, ok = e.inserted(s.sym, c)
	return 0, minus, ok
}

// short returns the digits of a number that is not zero, a nibble each; ok is false where parse must look.
func (e *editedForm) short(b []byte) (digits uint64, neg, ok bool) {
	if len(b) != len(e.rules) {
		return 0, false, false
	}
	all, some, shown := ruleFits, uint8(0), uint8(0)
	for i, table := range e.rules {
		r := table[b[i]]
		if r&shown != 0 {
			return 0, false, false
		}
		all, some = all&r, some|r
		if r&ruleDigit != 0 {
			digits = digits<<4 | uint64(r&0xF)
			shown |= ^r & ruleEarly
		}
	}
	return digits, some&ruleMinus != 0, all != 0 && digits != 0
}
