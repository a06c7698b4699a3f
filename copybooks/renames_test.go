package copybooks

import (
	"strings"
	"testing"
)

const renamed = `       01  R.
           05  N          PIC 9.
           05  T OCCURS 0 TO 3 DEPENDING ON N PIC X.
           05  WHOLE.
               10  YYYY   PIC 9(4).
               10  MM     PIC 9(2).
               10  DD     PIC 9(2).
           05  AMOUNT     PIC S9(5)V99 COMP-3.
           05  V REDEFINES AMOUNT.
               10  V1     PIC X.
               10  V2     PIC X(3).
       66  YEAR-MONTH RENAMES YYYY THRU MM.
       66  THE-DAY    RENAMES DD OF WHOLE.
       66  NET        RENAMES AMOUNT.
       66  ALL-OF-IT  RENAMES WHOLE.
       66  RAW-NET    RENAMES V1 THRU V2.
`

// TestLevel66IsAnotherNameForBytes reads renamed items behind a table of variable length.
func TestLevel66IsAnotherNameForBytes(t *testing.T) {
	l := layout(t, renamed, Options{})
	b := unhex(t, "F2 C1C2 F2F0F2F6F0F1F3F1 0012345D")
	d := l.Decoder()
	r, err := d.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"YEAR-MONTH": "202601", "THE-DAY": "31", "NET": "-123.45", "ALL-OF-IT": "20260131", "R.NET": "-123.45"} {
		if got, err := r.Text(path); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", path, got, err, want)
		}
	}
	if n, err := r.Int64("THE-DAY"); err != nil || n != 31 {
		t.Error(n, err)
	}
	if v, err := r.Decimal("NET"); err != nil || v.String() != "-123.45" {
		t.Error(v, err)
	}
	f, _ := l.Field("YEAR-MONTH")
	if off, size, err := r.Locate(f); err != nil || off != 3 || size != 6 {
		t.Error(off, size, err)
	}
	e := l.Encoder()
	if err := e.Begin(b); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{"YEAR-MONTH": "202712", "NET": "1.00"} {
		f, _ := l.Field(path)
		if err := e.Set(f, text); err != nil {
			t.Fatal(err)
		}
	}
	r, err = d.Decode(e.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"MM": "12", "YYYY": "2027", "DD": "31", "AMOUNT": "1.00"} {
		if got, err := r.Text(path); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", path, got, err, want)
		}
	}
}

func TestWhatCannotBeRenamed(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"05 N PIC 9. 05 A PIC X. 05 T PIC X OCCURS 1 TO 3 DEPENDING ON N. 05 B PIC X. 66 C RENAMES A THRU B.", "items of fixed length"},
		{"05 A PIC X. 05 T PIC X OCCURS 3. 66 C RENAMES T.", "an item outside of tables"},
		{"05 A PIC X. 05 B PIC X. 66 C RENAMES B THRU A.", "an item behind B"},
		{"05 A PIC X. 66 C RENAMES Z.", "the name of an item of the record before"},
	} {
		_, err := Parse("r", strings.NewReader("01 R. "+c.text), Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.text, err, c.want)
		}
	}
	// Under ODO Max nothing moves, so that the bytes between are always the same.
	l := layout(t, "01 R. 05 N PIC 9. 05 A PIC X. 05 T PIC X OCCURS 1 TO 3 DEPENDING ON N. 05 B PIC X. 66 C RENAMES A THRU B.", Options{ODO: Max, Codepage: "ascii"})
	r, err := l.Decoder().Decode([]byte("1axyzb"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Text("C"); err != nil || got != "axyzb" {
		t.Error(got, err)
	}
}

// TestACounterOfAnotherRecordIsReadAtItsBytes: records of one file share their storage.
func TestACounterOfAnotherRecordIsReadAtItsBytes(t *testing.T) {
	for name, c := range map[string]struct{ second, bytes string }{
		"that are FILLER here":       {"05 FILLER PIC X(3).", "XY2aabbz"},
		"that have a name here":      {"05 KIND-B PIC XX. 05 COUNT-B PIC 9.", "XY2aabbz"},
		"that are another form here": {"05 KIND-B PIC X(3).", "XY2aabbz"},
	} {
		t.Run(name, func(t *testing.T) {
			ls, err := Parse("r", strings.NewReader("01 A. 05 KIND PIC XX. 05 HOW-MANY PIC 9.\n01 B. "+c.second+
				" 05 T PIC XX OCCURS 0 TO 4 DEPENDING ON HOW-MANY. 05 Z PIC X."), Options{Codepage: "ascii"})
			if err != nil {
				t.Fatal(err)
			}
			l := ls[1]
			if w := l.Warnings(); len(w) != 1 || !strings.Contains(w[0].Text, "is read at byte 2 of this one") {
				t.Error(w)
			}
			r, err := l.Decoder().Decode([]byte(c.bytes))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := r.Text("T", 1); err != nil || got != "bb" {
				t.Error(got, err)
			}
			if got, err := r.Text("Z"); err != nil || got != "z" {
				t.Error(got, err)
			}
			_, err = l.Decoder().Decode([]byte("XY5aabbz"))
			if reason(t, err) != "odo-count" {
				t.Error(err)
			}
			e := l.Encoder()
			if err := e.Begin([]byte(c.bytes)); err != nil || string(e.Bytes()) != c.bytes {
				t.Errorf("%q %v", e.Bytes(), err)
			}
			if err := e.Begin(nil); err != nil {
				t.Fatal(err)
			}
			if r, err = l.Decoder().Decode(e.Bytes()); err != nil || r.Len() != 4 {
				t.Errorf("%q: %v", e.Bytes(), err)
			}
		})
	}
}

func TestRecordsAboveACommareaAreNamed(t *testing.T) {
	for size, want := range map[string]int{"32767": 0, "32768": 1} {
		l := layout(t, "01 R. 05 A PIC X("+size+").", Options{})
		if w := l.Warnings(); len(w) != want {
			t.Errorf("%s: %v", size, w)
		}
	}
}
