package syntax

// editing gathers what a numeric-edited PICTURE holds.
type editing struct {
	pic      *Picture
	runs     []run
	total    map[byte]int // of + - $
	point    bool
	pFirst   int // leading P
	pLast    int // trailing P
	sign     byte
	suppress byte // Z or *
	nine     bool // a 9 was met
	floats   bool // a floating string was met
	blank    bool // digits behind the point are suppressed or float
}

// edited reads a numeric-edited PICTURE (Language Reference, "PICTURE clause editing"): simple insertion,
// fixed and floating signs and currency, zero suppression. It counts digits; the editing itself is the
// codec's.
func (pic *Picture) edited(runs []run) *pictureFault {
	e := &editing{pic: pic, runs: runs, total: map[byte]int{}}
	for _, r := range runs {
		if r.symbol == '+' || r.symbol == '-' || r.symbol == '$' {
			e.total[r.symbol] += r.count
		}
	}
	for i, r := range runs {
		if fault := e.symbol(i, r); fault != nil {
			return fault
		}
	}
	if pic.Digits == 0 {
		return &pictureFault{0, "a PICTURE with at least one digit position: 9, Z, * or a floating + - $", ""}
	}
	if e.pFirst+e.pLast > maxDigits {
		return &pictureFault{0, "at most 38 digits, P included", ""}
	}
	pic.Scale += e.pFirst - e.pLast
	return nil
}

func (e *editing) symbol(i int, r run) *pictureFault {
	switch r.symbol {
	case 'S':
		return &pictureFault{r.at, "no S in an edited PICTURE", "an edited item shows its sign with + - CR or DB"}
	case 'V', '.':
		if e.point || r.count > 1 {
			return &pictureFault{r.at, "one decimal point", ""}
		}
		if e.point = true; r.symbol == '.' && i == len(e.runs)-1 {
			return &pictureFault{r.at, "digits after the decimal point", "a period that ends the entry needs a blank or the end of the line behind it"}
		}
	case 'P':
		if e.pFirst+e.pLast > 0 {
			return &pictureFault{r.at, "P only at the left end or the right end", ""}
		}
		if e.pic.Digits == 0 {
			e.pFirst = r.count
		} else {
			e.pLast = r.count
		}
	case 'C', 'D':
		if i != len(e.runs)-1 || r.count > 1 {
			return &pictureFault{r.at, "CR or DB once, at the right end", ""}
		}
		return e.signed(r)
	case '9':
		if e.blank {
			return &pictureFault{r.at, "no 9 behind digits that are suppressed or float right of the point", "right of the point all digits are suppressed, or none"}
		}
		e.nine = true
		return e.digits(r)
	case 'Z', '*':
		switch {
		case e.suppress != 0 && e.suppress != r.symbol:
			return &pictureFault{r.at, "either Z or *", ""}
		case e.nine:
			return &pictureFault{r.at, "Z and * only to the left of all 9", ""}
		case e.floats:
			return &pictureFault{r.at, "either a floating string or Z and *", ""}
		}
		e.suppress, e.blank = r.symbol, e.point
		return e.digits(r)
	case '+', '-', '$':
		return e.floating(i, r)
	}
	return nil
}

// floating reads one sign or currency symbol that stays in place, or a string of them that floats: its
// first is no digit position, the others are.
func (e *editing) floating(i int, r run) *pictureFault {
	if r.symbol != '$' {
		if fault := e.signed(r); fault != nil {
			return fault
		}
	}
	n := e.total[r.symbol]
	if n == 1 {
		end := i == 0 || i == len(e.runs)-1 || i == 1 && e.runs[0].symbol == '$'
		if r.symbol == '$' {
			end = i == 0 || i == 1 && (e.runs[0].symbol == '+' || e.runs[0].symbol == '-') || i == len(e.runs)-1
		}
		if !end {
			return &pictureFault{r.at, "a fixed " + string(rune(r.symbol)) + " only at an end of the PICTURE", ""}
		}
		return nil
	}
	if e.nine || e.suppress != 0 {
		return &pictureFault{r.at, "a floating " + string(rune(r.symbol)) + " in one string, to the left of all 9, without Z or *", ""}
	}
	e.floats, e.blank = true, e.point
	if n > 0 { // the first of a floating string
		e.total[r.symbol] = -1
		r.count--
	}
	return e.digits(r)
}

func (e *editing) signed(r run) *pictureFault {
	if e.sign != 0 && e.sign != r.symbol || e.sign != 0 && e.total[r.symbol] >= 0 {
		return &pictureFault{r.at, "one sign: + or - or CR or DB", ""}
	}
	e.sign = r.symbol
	e.pic.Signed = true
	return nil
}

// digits counts the digit positions of r.
func (e *editing) digits(r run) *pictureFault {
	if e.pLast > 0 {
		return &pictureFault{r.at, "no digit after trailing P", ""}
	}
	e.pic.Digits += r.count
	if e.point || e.pFirst > 0 {
		e.pic.Scale += r.count
	}
	return nil
}
