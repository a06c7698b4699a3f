package syntax

import (
	"io"
	"os"
	"strings"
	"testing"
)

// TestTheFormIsTriedWhereItWasGuessed shows texts that look like one form and are another.
func TestTheFormIsTriedWhereItWasGuessed(t *testing.T) {
	past := strings.Repeat(" ", 40)
	for name, c := range map[string]struct {
		text  string
		want  Form
		doubt int // the line that could not be read first; 0: the guess was right
	}{
		"fixed":                   {"      * text\n       01  R.\n           05  A PIC X.\n", Fixed, 0},
		"pictures past column 72": {"      * text\n       01  R.\n           05  A-LONG-NAME-" + past + past + "PIC X.\n", Variable, 3},
		"program in free form": {" ID DIVISION.\n DATA DIVISION.\n WORKING-STORAGE SECTION.\n 01 R.\n    05 A PIC X.\n" +
			" PROCEDURE DIVISION.\n" + strings.Repeat("        MOVE 'A' TO A.\n", 50), Free, 0},
		"program in fixed form": {"       ID DIVISION.\n       DATA DIVISION.\n       01  R.\n           05  A PIC X.\n" +
			"       PROCEDURE DIVISION.\n" + strings.Repeat(" 01 X\n", 50), Fixed, 0},
		"numbered program": {"000100 ID DIVISION.\n000200 DATA DIVISION.\n000300 01  R PIC X.\n000400 PROCEDURE DIVISION.\n" +
			strings.Repeat(" 01 X\n", 50), Fixed, 0},
		"free comments and one stray line in column 7": {"*> text\n      01 R.\n   05 A PIC X.\n", Free, 0},
		"records in column 2, fields far to the right": {" 01 R.\n" + strings.Repeat("       05 A PIC X.\n", 20), Free, 0},
		"short sequence numbers":                       {"1      01  R.\n2          05  A PIC X.\n", Fixed, 0},
		"a heading that a continuation imitates":       {"000100 77  SUB\n000200-    DIVISION PIC X.\n", Fixed, 0},
		"directive":                                    {"      $SET SOURCEFORMAT\"VARIABLE\"\n       01  R." + past + past + " 05 A PIC X.\n", Variable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			book, errs := parse(t, c.text, Options{})
			if errs != nil {
				t.Fatal(errs)
			}
			if book.Form != c.want {
				t.Errorf("form %v, not %v", book.Form, c.want)
			}
			if got := doubtful(book); got != c.doubt {
				t.Errorf("doubt in line %d, not %d", got, c.doubt)
			}
		})
	}
}

func doubtful(c *Copybook) int {
	if c.Doubt == nil {
		return 0
	}
	return c.Doubt.Line
}

func TestAFormThatIsToldIsKept(t *testing.T) {
	text := "       01  R.\n           05  A-LONG-NAME-" + strings.Repeat(" ", 60) + "PIC X.\n"
	for form, works := range map[Form]bool{Fixed: false, Variable: true, Free: true, Auto: true} {
		if _, errs := parse(t, text, Options{Form: form}); (errs == nil) != works {
			t.Errorf("%v: %v", form, errs)
		}
	}
}

// TestOtherFormsAreNotTriedInVain counts how often the text that is copied is opened: once for each form.
func TestOtherFormsAreNotTriedInVain(t *testing.T) {
	const copied, fault = "       COPY A.\n", "       01  R PCI X.\n"
	for name, c := range map[string]struct {
		text  string
		fails bool
		want  int
	}{
		"a fault that may come from the form": {copied + fault, false, 3},
		"a text that cannot be opened":        {copied + fault, true, 1},
		"a text of a size that costs time":    {copied + fault + strings.Repeat("      *\n", maxAgain/8), false, 1},
		"a text over a limit":                 {copied + strings.Repeat("\n", maxLines+1) + "X", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			opened := 0
			_, errs := parse(t, c.text, Options{Copy: func(string, string) (io.ReadCloser, error) {
				opened++
				if c.fails {
					return nil, os.ErrNotExist
				}
				return io.NopCloser(strings.NewReader("")), nil
			}})
			if errs == nil || opened != c.want {
				t.Errorf("opened %d times, not %d: %v", opened, c.want, errs)
			}
		})
	}
}

func TestLinesAColumnToTheRight(t *testing.T) {
	text := "       * comment\n        01  R PIC X(30) VALUE 'IT GOES\n       -     ' ON'.\n"
	book, errs := parse(t, text, Options{})
	if errs != nil {
		t.Fatal(errs)
	}
	if v := book.Entries[0].Values[0].From.Text; !strings.HasPrefix(v, "IT GOES ") || !strings.HasSuffix(v, " ON") {
		t.Errorf("value %q", v)
	}
	if _, errs = parse(t, text, Options{Form: Fixed}); errs == nil {
		t.Error("a form that is told has its continuation in column 7 only")
	}
}

func TestNoBreakSpaces(t *testing.T) {
	for encoding, blank := range map[string]string{"UTF-8": "\u00a0", "Latin-1": "\xa0"} {
		text := strings.ReplaceAll("       01  R.\n           05_A_PIC X(3).\n", "_", blank)
		if c, errs := parse(t, text, Options{}); errs != nil || c.Entries[1].Name != "A" {
			t.Errorf("%s: %v", encoding, errs)
		}
	}
}

func TestEndsOfLinesAndOfTexts(t *testing.T) {
	lines := []string{"       01  R.", "           05  A  PIC X.", "           05  B  PIC X."}
	for name, text := range map[string]string{
		"Unix":                       strings.Join(lines, "\n"),
		"Windows with ctrl-Z":        strings.Join(lines, "\r\n") + "\r\n\x1a\r\n",
		"early Macintosh":            strings.Join(lines, "\r") + "\r",
		"padded with NUL":            strings.Join(lines, "\n") + "\n\x00\x00\x00",
		"a listing with form feeds":  strings.Join(lines, "\n\f") + "\f\n",
		"a mark of the byte order":   "\ufeff" + strings.Join(lines, "\r\n"),
		"line ends sent twice as CR": strings.Join(lines, "\r\r\n"),
	} {
		if c, errs := parse(t, text, Options{}); errs != nil || len(c.Entries) != 3 || c.Form != Fixed {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestFormsAreWords(t *testing.T) {
	for f := Auto; f <= Variable; f++ {
		var back Form
		text, _ := f.MarshalText()
		if err := back.UnmarshalText(text); err != nil || back != f {
			t.Errorf("%s becomes %v: %v", text, back, err)
		}
	}
	if err := new(Form).UnmarshalText([]byte("punched")); err == nil {
		t.Error("punched is taken")
	}
}
