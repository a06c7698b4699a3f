package syntax

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func parse(t testing.TB, text string, o Options) (*Copybook, Errors) {
	t.Helper()
	c, err := Parse("x.cpy", strings.NewReader(text), o)
	var errs Errors
	if err != nil && !errors.As(err, &errs) {
		t.Fatalf("error of type %T: %v", err, err)
	}
	if (c == nil) == (errs == nil) {
		t.Fatalf("copybook %v, errors %v", c, errs)
	}
	return c, errs
}

func TestErrorSaysWhereAndWhat(t *testing.T) {
	_, errs := parse(t, "       01  R.\n           05  A   PCI X(5).\n", Options{})
	if len(errs) != 1 {
		t.Fatalf("%d errors: %v", len(errs), errs)
	}
	e := errs[0]
	if e.File != "x.cpy" || e.Line != 2 || e.Column != 20 || e.Found != "PCI" || e.Hint != "did you mean PIC?" {
		t.Errorf("%+v", e)
	}
	var single *Error
	if !errors.As(error(errs), &single) || single != e {
		t.Error("errors.As does not find the *Error")
	}
	if want := "x.cpy:2:20: found PCI, expected "; !strings.HasPrefix(e.Error(), want) {
		t.Errorf("%q does not begin with %q", e.Error(), want)
	}
	lines := strings.Split(e.Error(), "\n")
	if strings.Index(lines[2], "^") != strings.Index(lines[1], "PCI") {
		t.Errorf("the caret does not stand below the word:\n%s", e.Error())
	}
}

func TestErrorsStayInTheirOrderAndAreAtMost20(t *testing.T) {
	_, errs := parse(t, "       01  R.\n"+strings.Repeat("           05  A   PCI X(5).\n", 50), Options{})
	if len(errs) != maxErrors {
		t.Fatalf("%d errors", len(errs))
	}
	for i, e := range errs {
		if e.Line != i+2 {
			t.Errorf("error %d is of line %d", i, e.Line)
		}
	}
}

func TestErrorOfALongLineShowsAPartAroundTheCaret(t *testing.T) {
	_, errs := parse(t, "01 R. "+strings.Repeat(" ", 500)+"05 A PCI X. "+strings.Repeat("*", 500), Options{Form: Free})
	lines := strings.Split(errs[0].Error(), "\n")
	if len(lines[1]) > 130 || strings.Index(lines[2], "^") != strings.Index(lines[1], "PCI") {
		t.Errorf("\n%s", errs[0].Error())
	}
}

func TestNearest(t *testing.T) {
	words := []string{"PIC", "PICTURE", "COMP-3", "COMP", "DISPLAY", "DEPENDING", "REDEFINES"}
	for word, want := range map[string]string{
		"PCI": "PIC", "pictrue": "PICTURE", "COMP3": "COMP-3", "DISLAY": "DISPLAY", "REDEFINE": "REDEFINES",
		"DEPNDING": "DEPENDING", "X": "", "MOVE": "", "": "", strings.Repeat("P", 1000): "",
	} {
		if got := Nearest(word, words); got != want {
			t.Errorf("Nearest(%.20q) is %q, not %q", word, got, want)
		}
	}
}

func TestGuessedForm(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Form
	}{
		"fixed with sequence numbers":    {"000100 01  R.\n000200     05 A PIC X.\n", Fixed},
		"fixed with letters as sequence": {"AB0001 01  R.\nAB0002     05 A PIC X.\n", Fixed},
		"fixed with comments":            {"      * text\n       01 R.\n", Fixed},
		"free from column 1":             {"01 R.\n  05 A PIC X.\n", Free},
		"free with a comment":            {"*> text\n   01 R PIC X.\n", Free},
		"free from column 7":             {"      01 R.\n          05 A PIC X.\n", Free},
		"one stray column 7":             {"000100* text\n       01 R.\n      05 A PIC X.\n", Fixed},
		"directive":                      {"      $SET SOURCEFORMAT\"FREE\"\n       01 R PIC X.\n", Free},
		"directive back":                 {">>SOURCE FORMAT FIXED\n01 R PIC X.\n", Fixed},
		"nothing":                        {"", Fixed},
		"tabs":                           {"\t01 R.\n\t05 A PIC X.\n", Fixed},
	} {
		t.Run(name, func(t *testing.T) {
			if got := guess(strings.Split(c.text, "\n")); got != c.want {
				t.Errorf("%v, not %v", got, c.want)
			}
		})
	}
}

func TestUnreadableTextSaysWhatItLooksLike(t *testing.T) {
	ebcdic := bytes.Repeat([]byte{0x40, 0x40, 0x40, 0xf0, 0xf1, 0x40, 0xc1}, 20)
	utf16 := []byte("\xff\xfe0\x001\x00 \x00R\x00.\x00")
	for hint, text := range map[string][]byte{"EBCDIC": ebcdic, "UTF-16": utf16} {
		_, err := Parse("x", bytes.NewReader(text), Options{})
		if err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v", hint, err)
		}
	}
}

func TestReaderErrorsAreReturnedAsTheyAre(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Parse("x", io.MultiReader(strings.NewReader("01 R."), failing{broken}), Options{}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	_, errs := parse(t, "       COPY A.\n", Options{Copy: func(string, string) (io.ReadCloser, error) {
		return io.NopCloser(failing{broken}), nil
	}})
	if !errors.Is(errs, broken) {
		t.Errorf("the cause is lost: %v", errs)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestDebugLines(t *testing.T) {
	text := "       01  R.\n           05 A PIC X.\n      D    05 B PIC X.\n"
	for _, debug := range []bool{false, true} {
		c, _ := parse(t, text, Options{DebugLines: debug})
		if got := len(c.Entries) == 3; got != debug {
			t.Errorf("debug %v: %d entries", debug, len(c.Entries))
		}
	}
}

func TestPictures(t *testing.T) {
	for text, want := range map[string]string{
		"S9(7)V99":                "Numeric size 9 digits 9 scale 2 signed",
		"9(3)PPP":                 "Numeric size 3 digits 3 scale -3",
		"SVPP9(5)":                "Numeric size 5 digits 5 scale 7 signed",
		"PPP9(3)":                 "Numeric size 3 digits 3 scale 6",
		"V9(4)":                   "Numeric size 4 digits 4 scale 4",
		"9(4)V":                   "Numeric size 4 digits 4 scale 0",
		"s9v9":                    "Numeric size 2 digits 2 scale 1 signed",
		"ZZ,ZZ9.99CR":             "NumericEdited size 11 digits 7 scale 2 signed",
		"$$,$$9.99-":              "NumericEdited size 10 digits 6 scale 2 signed",
		"+++,++9":                 "NumericEdited size 7 digits 5 scale 0 signed",
		"-(5)9":                   "NumericEdited size 6 digits 5 scale 0 signed",
		"+Z(3).ZZ":                "NumericEdited size 7 digits 5 scale 2 signed",
		"$$$.$$":                  "NumericEdited size 6 digits 4 scale 2",
		"$+99":                    "NumericEdited size 4 digits 2 scale 0 signed",
		"ZZZPP":                   "NumericEdited size 3 digits 3 scale -2",
		"9(3)V9(2)B":              "NumericEdited size 6 digits 5 scale 2",
		"99/99/9999":              "NumericEdited size 10 digits 8 scale 0",
		"X(3)BX(3)/X":             "AlphanumericEdited size 9 digits 0 scale 0",
		"A(3)9":                   "Alphanumeric size 4 digits 0 scale 0",
		"A(10)":                   "Alphabetic size 10 digits 0 scale 0",
		"N(4)B":                   "NationalText size 5 digits 0 scale 0",
		"GGB":                     "DBCSText size 3 digits 0 scale 0",
		"U(4)":                    "UTF8Text size 4 digits 0 scale 0",
		"+9.9(5)E+99":             "ExternalFloat size 12 digits 6 scale 5 signed",
		"-9V9E-9(2)":              "ExternalFloat size 7 digits 2 scale 1 signed",
		"S9(3).99":                "AlphanumericEdited size 6 digits 0 scale 0 signed",
		"S9.9":                    "AlphanumericEdited size 3 digits 0 scale 0 signed",
		"SZ9.99":                  "",
		"9(38)":                   "Numeric size 38 digits 38 scale 0",
		"X(134217727)":            "Alphanumeric size 134217727 digits 0 scale 0",
		"X(67108864)X(67108864)":  "",
		"9(39)":                   "",
		"":                        "",
		"S":                       "",
		"V":                       "",
		"B":                       "",
		"+":                       "",
		"99S":                     "",
		"SS9":                     "",
		"9VV":                     "",
		"9P9":                     "",
		"9V9P":                    "",
		"PV9":                     "",
		"9(0)":                    "",
		"9()":                     "",
		"9(-1)":                   "",
		"9(":                      "",
		"9)":                      "",
		"XV":                      "",
		"X9V9":                    "",
		"Z*":                      "",
		"CR9":                     "",
		"99CRDB":                  "",
		"+99-":                    "",
		"+99+9":                   "",
		"9.":                      "",
		"9.9.9":                   "",
		"9.9V9":                   "",
		"E":                       "",
		"+9E+99":                  "",
		"9.9E+99":                 "",
		"+9.9E+9":                 "",
		"1(8)":                    "",
		"N9":                      "",
		"X(99999999999999999999)": "",
		"9(4294967297)":           "",
		"\xff":                    "",
		"Q":                       "",
		"P(30)9(9)V":              "",
		"9P(39)":                  "",
	} {
		t.Run(text, func(t *testing.T) {
			p, fault := parsePicture(text, pictureRules{})
			got := ""
			if fault == nil {
				names := [...]string{"Alphabetic", "Alphanumeric", "AlphanumericEdited", "Numeric", "NumericEdited", "NationalText", "DBCSText", "UTF8Text", "ExternalFloat"}
				got = fmt.Sprintf("%s size %d digits %d scale %d", names[p.Category], p.Size, p.Digits, p.Scale)
				if p.Signed {
					got += " signed"
				}
			} else if fault.want == "" || fault.at < 0 || fault.at > len(text) {
				t.Errorf("fault %+v", fault)
			}
			if got != want {
				t.Errorf("%q, not %q (%+v)", got, want, fault)
			}
		})
	}
}

func TestPicturesOfOtherCountries(t *testing.T) {
	p, fault := parsePicture("€€.€€9,99", pictureRules{comma: true, currency: "€"})
	if fault != nil || p.Size != 9 || p.Digits != 6 || p.Scale != 2 {
		t.Errorf("%+v, %+v", p, fault)
	}
	if _, fault = parsePicture("9.9", pictureRules{comma: true}); fault != nil {
		t.Errorf("the period inserts: %+v", fault)
	}
}

// hostile is a text made to cost much.
type hostile struct {
	text string
	copy func(string, string) (io.ReadCloser, error)
}

func (h hostile) parse() error {
	form := Free
	if strings.HasPrefix(h.text, "       ") {
		form = Fixed
	}
	_, err := Parse("x", strings.NewReader(h.text), Options{Copy: h.copy, Form: form})
	return err
}

func hostiles() map[string]hostile {
	copies := func(text string) func(string, string) (io.ReadCloser, error) {
		return func(name, _ string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(strings.ReplaceAll(text, "@", name+"X"))), nil
		}
	}
	pairs := strings.Repeat("==A== BY ==A A A A==\n ", 400)
	return map[string]hostile{
		"short lines of tabs": {text: strings.Repeat(strings.Repeat("\t", 100)+".\n", 30_000)},
		"too long":            {text: strings.Repeat("01 A PIC X.\n", 1<<19)},
		"many entries":        {text: "01 R.\n" + strings.Repeat("05 A PIC X.\n", 100_000)},
		"copies that double":  {text: "COPY A.", copy: copies("COPY @. COPY @.")},
		"copies that fail and branch": {text: "COPY A. COPY B. COPY C. COPY D. COPY E. COPY F. COPY G.",
			copy: func(string, string) (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader("COPY A. COPY B. COPY C. COPY D. COPY E. COPY F. COPY G.")), nil
			}},
		"a copy without end":              {text: "COPY A.", copy: func(string, string) (io.ReadCloser, error) { return io.NopCloser(endless{}), nil }},
		"replacing that grows":            {text: "REPLACE " + pairs + ".\n" + strings.Repeat("A\n", 150_000)},
		"replacing without matches":       {text: "REPLACE " + strings.ReplaceAll(pairs, "==A==", "==B==") + ".\n" + strings.Repeat("A\n", 150_000)},
		"one word without end":            {text: strings.Repeat("01 "+strings.Repeat("A", 16_000)+"\n", 200)},
		"one literal without end":         {text: "01 R PIC X VALUE '" + strings.Repeat("A", 16_000)},
		"continued without end":           {text: "       01 R PIC X VALUE 'A\n" + strings.Repeat("      -    'A\n", 200_000)},
		"quotes only":                     {text: strings.Repeat("'\n", 249_000)},
		"periods only":                    {text: strings.Repeat(".\n", 199_000)},
		"parentheses":                     {text: "01 R PIC " + strings.Repeat("(", 16_000)},
		"pseudo-text":                     {text: "REPLACE " + strings.Repeat("==\n", 100_000)},
		"index names":                     {text: "01 R. 05 A OCCURS 5 INDEXED BY " + strings.Repeat("B\n", 190_000)},
		"values":                          {text: "01 R PIC X. 88 A VALUE " + strings.Repeat("1\n", 190_000) + "."},
		"picture of symbols":              {text: "01 R PIC " + strings.Repeat("9X", 8000) + "."},
		"tabs":                            {text: strings.Repeat("\t", 3<<20)},
		"line ends":                       {text: strings.Repeat("\n", 249_000)},
		"exec without end":                {text: strings.Repeat("EXEC SQL\n", 90_000)},
		"spans of one token after splits": {text: "       01 A\n" + strings.Repeat("      -B\n", 249_000)},
	}
}

// TestHostileTexts holds the memory that a text can cost; BenchmarkHostileTexts shows the time, of which
// the limits allow about 100 ms on a quiet machine.
func TestHostileTexts(t *testing.T) {
	for name, h := range hostiles() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_ = h.parse()
			runtime.ReadMemStats(&after)
			if sum := (after.TotalAlloc - before.TotalAlloc) >> 20; sum > 160 {
				t.Errorf("allocated %d MiB, freed ones included", sum)
			}
		})
	}
}

func BenchmarkHostileTexts(b *testing.B) {
	all := hostiles()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = all[name].parse()
			}
		})
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = " 01 A PIC X."[i%12]
	}
	return len(p), nil
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"01 R.\n 05 A PIC X(5) OCCURS 1 TO 5 DEPENDING ON N.", "       01  R.\n      -    'A\n", "COPY A REPLACING ==:T:== BY ==X==.",
		"REPLACE LEADING ==A== BY ====. 01 AB PIC X.", "66 A RENAMES B THRU C.", "88 A VALUE 1 THRU 2 'A' X'00' ALL '*'.",
		"ID DIVISION. SPECIAL-NAMES. DECIMAL-POINT IS COMMA. DATA DIVISION. 01 A PIC 9,9.", "78 A VALUE 5. 01 R PIC X(A).",
		"01 R PIC X VALUE 'A' & 'B' & X'00'.", "EXEC SQL X END-EXEC. 01 A COMP-1 SYNC.",
	} {
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, text string, form uint8) {
		o := Options{Form: Form(form % 3), Copy: func(name, _ string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}}
		c, err := Parse("x", strings.NewReader(text), o)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		for _, e := range c.Entries {
			if e.Name != strings.ToUpper(e.Name) {
				t.Errorf("name %q", e.Name)
			}
			if p := c.Position(e.At); p.Line < 1 || p.Column < 1 {
				t.Errorf("position %v", p)
			}
		}
	})
}

func ExampleParse() {
	c, err := Parse("cust.cpy", strings.NewReader(`
       01  CUSTOMER.
           05  CUST-NO      PIC 9(9) COMP.
           05  CUST-ORDERS  PIC S9(7)V99 COMP-3 OCCURS 12 TIMES.
`), Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range c.Entries {
		fmt.Println(e.Level, e.Name)
	}
	_, err = Parse("bad.cpy", strings.NewReader("01 A PIC X(3) VALEU 'ABC'."), Options{})
	fmt.Println(err)
	// Output:
	// 1 CUSTOMER
	// 5 CUST-NO
	// 5 CUST-ORDERS
	// bad.cpy:1:15: found VALEU, expected a clause such as PIC, USAGE, OCCURS or VALUE, or the period that ends the entry
	//   01 A PIC X(3) VALEU 'ABC'.
	//                 ^
	//   hint: did you mean VALUE?
}
