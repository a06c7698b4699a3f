package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Category is the category of data that a PICTURE describes.
type Category uint8

// The categories (Language Reference, "Data categories and PICTURE rules").
const (
	Alphabetic Category = iota
	Alphanumeric
	AlphanumericEdited
	Numeric
	NumericEdited
	NationalText  // N, with or without B 0 /
	DBCSText      // G, with or without B
	UTF8Text      // U
	ExternalFloat // +9.9(5)E+99
)

// Picture is a PICTURE clause.
type Picture struct {
	// Text is the character-string in upper case.
	Text     string
	Category Category
	// Size is the number of character positions, without the place of a separate sign.
	Size int
	// Digits counts the digit positions; Scale those behind the point. P is not counted in Digits:
	// leading P add to Scale, trailing P make it negative.
	Digits, Scale int
	// Signed is an S, or an editing sign. An AlphanumericEdited one is S9(3).99, which is not COBOL.
	Signed bool
}

// maxDigits is more than Enterprise COBOL takes (31 with ARITH(EXTEND)); others go to 38.
const maxDigits = 38

// maxPositions is the limit of Enterprise COBOL on an elementary item.
const maxPositions = 134_217_727

// pictureRules are what the program around a PICTURE settles.
type pictureRules struct {
	comma     bool
	currency  string
	sign      string // what the currency symbol prints; "" is one character
	constants map[string]Literal
}

// pictureFault says what is wrong at which byte of a character-string.
type pictureFault struct {
	at   int
	want string
	hint string
}

// run is a symbol and how often it stands in a row. CR is 'C', DB is 'D'.
type run struct {
	symbol byte
	count  int
	at     int
}

// parsePicture reads a PICTURE character-string.
func parsePicture(text string, rules pictureRules) (*Picture, *pictureFault) {
	pic := &Picture{Text: strings.ToUpper(text)}
	if len(rules.constants) > 0 {
		pic.Text = resolved(pic.Text, rules.constants)
	}
	runs, fault := pictureRuns(pic.Text, rules)
	if fault != nil {
		return nil, fault
	}
	more := max(0, utf8.RuneCountInString(rules.sign)-1) // of a currency sign, once
	for _, r := range runs {
		switch r.symbol {
		case 'S', 'V', 'P':
		case 'C', 'D':
			pic.Size += 2
		case '$':
			pic.Size += r.count + more
			more = 0
		default:
			pic.Size += r.count
		}
		if pic.Size > maxPositions {
			return nil, &pictureFault{r.at, "at most 134217727 character positions", ""}
		}
	}
	if fault = pic.classify(runs); fault != nil {
		return nil, fault
	}
	if pic.Digits > maxDigits {
		return nil, &pictureFault{0, "at most 38 digits", ""}
	}
	if pic.Size == 0 {
		return nil, &pictureFault{0, "a PICTURE with at least one character position", ""}
	}
	return pic, nil
}

// pictureRuns cuts text into runs; comma and point change places under DECIMAL-POINT IS COMMA.
func pictureRuns(text string, rules pictureRules) ([]run, *pictureFault) {
	currency := strings.ToUpper(rules.currency)
	var runs []run
	for i := 0; i < len(text); {
		c, at, width := text[i], i, 1
		switch {
		case currency != "" && strings.HasPrefix(text[i:], currency):
			c, width = '$', len(currency)
		case strings.HasPrefix(text[i:], "CR"), strings.HasPrefix(text[i:], "DB"):
			width = 2
		case strings.IndexByte("XA9SVPNGUB0/.,+-Z*$E", c) < 0:
			return nil, &pictureFault{i, "a PICTURE symbol: X A 9 S V P N G U B 0 / . , + - CR DB Z * $ E", pictureHint(c)}
		case rules.comma && c == '.':
			c = ','
		case rules.comma && c == ',':
			c = '.'
		}
		i += width
		count := 1
		if i < len(text) && text[i] == '(' {
			end := strings.IndexByte(text[i:], ')')
			if end < 0 {
				return nil, &pictureFault{i, "the ) that closes this repetition", ""}
			}
			inner := text[i+1 : i+end]
			n, err := strconv.ParseUint(inner, 10, 31)
			if err != nil || n == 0 || n > maxPositions {
				return nil, &pictureFault{i + 1, "a repetition from 1 to 134217727", ""}
			}
			count = int(n)
			i += end + 1
		}
		if k := len(runs) - 1; k >= 0 && runs[k].symbol == c {
			if runs[k].count += count; runs[k].count > maxPositions {
				return nil, &pictureFault{at, "at most 134217727 character positions", ""}
			}
		} else {
			runs = append(runs, run{c, count, at})
		}
	}
	return runs, nil
}

// resolved puts numbers in the place of constants: X(LEN) becomes X(30).
func resolved(text string, constants map[string]Literal) string {
	var b strings.Builder
	for {
		from := strings.IndexByte(text, '(')
		to := strings.IndexByte(text, ')')
		if from < 0 || to < from {
			b.WriteString(text)
			return b.String()
		}
		inner := text[from+1 : to]
		if l, ok := constants[inner]; ok && l.Kind == Number {
			inner = l.Text
		}
		b.WriteString(text[:from+1] + inner + ")")
		text = text[to+1:]
	}
}

func pictureHint(c byte) string {
	switch c {
	case 'O':
		return "did you mean the digit 0?"
	case 'Y':
		return "dates have no symbols of their own: write 9(8)"
	case ')', '(':
		return "a repetition is a symbol, then a number in parentheses: X(5)"
	case ':':
		return "COPY ... REPLACING gives :TAG: its value; say what to put in its place"
	}
	return ""
}

// classify settles category, digits and scale.
func (pic *Picture) classify(runs []run) *pictureFault {
	has := map[byte]bool{}
	for _, r := range runs {
		has[r.symbol] = true
	}
	only := func(symbols string) *pictureFault {
		for _, r := range runs {
			if strings.IndexByte(symbols, r.symbol) < 0 {
				return &pictureFault{r.at, "only " + strings.Join(strings.Split(symbols, ""), " ") + " in this PICTURE", ""}
			}
		}
		return nil
	}
	edited := has['B'] || has['0'] || has['/']
	switch {
	case has['N']:
		pic.Category = NationalText
		return only("NB0/")
	case has['G']:
		pic.Category = DBCSText
		return only("GB")
	case has['U']:
		pic.Category = UTF8Text
		return only("U")
	case has['E']:
		pic.Category = ExternalFloat
		return pic.externalFloat(runs)
	case has['X'] || has['A']:
		switch {
		case edited:
			pic.Category = AlphanumericEdited
		case has['X'] || has['9']:
			pic.Category = Alphanumeric
		default:
			pic.Category = Alphabetic
		}
		return only("XA9B0/")
	case edited || has['Z'] || has['*'] || has['+'] || has['-'] || has['.'] || has[','] || has['$'] || has['C'] || has['D']:
		if pic.signedText(runs) {
			return nil
		}
		pic.Category = NumericEdited
		return pic.edited(runs)
	}
	pic.Category = Numeric
	return pic.number(runs)
}

// signedText takes S before digits and an explicit point, which some tools write and no compiler takes:
// text of that many characters.
func (pic *Picture) signedText(runs []run) bool {
	for i, r := range runs {
		if strings.IndexByte("9.,", r.symbol) < 0 && (i > 0 || r.symbol != 'S') || r.symbol != '9' && r.count > 1 {
			return false
		}
	}
	if len(runs) < 3 || runs[0].symbol != 'S' {
		return false
	}
	pic.Category, pic.Signed = AlphanumericEdited, true
	return true
}

// number reads S 9 V P.
func (pic *Picture) number(runs []run) *pictureFault {
	point, leading, trailing := false, 0, 0
	for i, r := range runs {
		switch r.symbol {
		case 'S':
			if i > 0 || r.count > 1 {
				return &pictureFault{r.at, "one S, at the beginning", ""}
			}
			pic.Signed = true
		case 'V':
			if point || r.count > 1 {
				return &pictureFault{r.at, "one V", ""}
			}
			if point = true; leading > 0 && pic.Digits == 0 {
				return &pictureFault{r.at, "9 after leading P", "the point stands left of leading P"}
			}
		case 'P':
			if leading+trailing > 0 || point && pic.Digits > 0 {
				return &pictureFault{r.at, "P only at the left end or the right end", ""}
			}
			if pic.Digits == 0 {
				leading = r.count
			} else {
				trailing = r.count
			}
		case '9':
			if trailing > 0 {
				return &pictureFault{r.at, "no 9 after trailing P", ""}
			}
			if pic.Digits += r.count; point || leading > 0 {
				pic.Scale += r.count
			}
		}
	}
	if pic.Digits == 0 {
		return &pictureFault{0, "a PICTURE with at least one 9, X, A, N, G or U", ""}
	}
	if pic.Digits+leading+trailing > maxDigits {
		return &pictureFault{0, "at most 38 digits, P included", ""}
	}
	pic.Scale += leading - trailing
	return nil
}

// externalFloat reads a signed mantissa and E with a signed exponent of two digits.
func (pic *Picture) externalFloat(runs []run) *pictureFault {
	text := pic.Text
	mantissa, exponent, _ := strings.Cut(text, "E")
	if exponent != "+99" && exponent != "-99" && exponent != "+9(2)" && exponent != "-9(2)" {
		return &pictureFault{len(mantissa), "E+99 or E-99 at the end", ""}
	}
	if mantissa == "" || mantissa[0] != '+' && mantissa[0] != '-' {
		return &pictureFault{0, "+ or - before the mantissa", ""}
	}
	points := 0
	for _, r := range runs {
		if r.at == 0 || r.at >= len(mantissa) {
			continue
		}
		switch r.symbol {
		case '9':
			if pic.Digits += r.count; points > 0 {
				pic.Scale += r.count
			}
		case '.', 'V':
			points += r.count
		default:
			return &pictureFault{r.at, "9 and one point in the mantissa", ""}
		}
	}
	if points != 1 || pic.Digits == 0 || pic.Digits > 16 {
		return &pictureFault{0, "a mantissa of 1 to 16 digits with one point", ""}
	}
	pic.Signed = true
	return nil
}
