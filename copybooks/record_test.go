package copybooks

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func layout(t testing.TB, text string, o Options) *Layout {
	t.Helper()
	ls, err := Parse("test", strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return ls[0]
}

func reason(t *testing.T, err error) string {
	t.Helper()
	var e *FieldError
	if !errors.As(err, &e) {
		t.Fatalf("%v is no FieldError", err)
	}
	return e.Reason
}

const nested = `       01  REC.
           05  OUTER-COUNT   PIC 9.
           05  OUTER OCCURS 0 TO 3 DEPENDING ON OUTER-COUNT.
               10  INNER-COUNT PIC 9.
               10  INNER OCCURS 1 TO 4 DEPENDING ON INNER-COUNT
                   PIC X(2).
               10  AFTER-INNER PIC X.
           05  AFTER-OUTER   PIC X(2).
`

func TestNestedTablesSlide(t *testing.T) {
	l := layout(t, nested, Options{Codepage: "ascii"})
	if l.Size() != 1+3*(1+8+1)+2 || l.MinSize() != 3 {
		t.Fatal(l.Size(), l.MinSize())
	}
	b := []byte("2" + "1aax" + "3bbccddy" + "zz")
	r, err := l.Decoder().Decode(b)
	if err != nil || r.Len() != len(b) {
		t.Fatal(err, r.Len())
	}
	for _, c := range []struct {
		path  string
		index []int
		want  string
	}{
		{"INNER-COUNT", []int{0}, "1"}, {"INNER-COUNT", []int{1}, "3"},
		{"INNER", []int{0, 0}, "aa"}, {"INNER", []int{1, 0}, "bb"}, {"INNER", []int{1, 2}, "dd"},
		{"AFTER-INNER", []int{0}, "x"}, {"AFTER-INNER", []int{1}, "y"}, {"AFTER-OUTER", nil, "zz"},
	} {
		if got, err := r.Text(c.path, c.index...); err != nil || got != c.want {
			t.Errorf("%s%v: %q %v, want %q", c.path, c.index, got, err, c.want)
		}
	}
	if _, err := r.Text("INNER", 0, 1); reason(t, err) != "odo-count" {
		t.Error(err)
	}
}

func TestLocateGivesRealOffsets(t *testing.T) {
	l := layout(t, nested, Options{Codepage: "ascii"})
	r, err := l.Decoder().Decode([]byte("2" + "1aax" + "3bbccddy" + "zz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path      string
		index     []int
		off, size int
	}{
		{"REC", nil, 0, 15}, {"OUTER", nil, 1, 12}, {"OUTER", []int{0}, 1, 4}, {"OUTER", []int{1}, 5, 8},
		{"INNER", []int{1}, 6, 6}, {"INNER", []int{1, 1}, 8, 2}, {"AFTER-OUTER", nil, 13, 2},
	} {
		f, err := l.Field(c.path)
		if err != nil {
			t.Fatal(err)
		}
		off, size, err := r.Locate(f, c.index...)
		if err != nil || off != c.off || size != c.size {
			t.Errorf("%s%v: %d+%d %v, want %d+%d", c.path, c.index, off, size, err, c.off, c.size)
		}
	}
}

func TestUnderODOMaxNothingSlides(t *testing.T) {
	l := layout(t, `       01  REC.
           05  N PIC 9.
           05  T OCCURS 0 TO 3 DEPENDING ON N PIC X(2).
           05  AFTER PIC X.
`, Options{Codepage: "ascii", ODO: Max})
	r, err := l.Decoder().Decode([]byte("1aa----z"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Text("AFTER"); err != nil || got != "z" {
		t.Error(got, err)
	}
	if _, err := r.Text("T", 1); reason(t, err) != "odo-count" {
		t.Error(err)
	}
}

func TestLengthsAndCounters(t *testing.T) {
	fixed := layout(t, "       01  REC.\n           05  A PIC X(4).\n", Options{Codepage: "ascii"})
	views := layout(t, `       01  REC.
           05  KIND PIC X.
           05  LONG-VIEW PIC X(9).
           05  SHORT-VIEW REDEFINES LONG-VIEW PIC X(4).
`, Options{Codepage: "ascii"})
	table := layout(t, nested, Options{Codepage: "ascii"})
	for _, c := range []struct {
		quirk  string
		l      *Layout
		bytes  string
		size   int // Decoder.RecordSize
		reason string
		path   string
	}{
		{"exact", fixed, "abcd", 0, "", ""},
		{"short", fixed, "abc", 0, "short-record", ""},
		{"empty", fixed, "", 0, "short-record", ""},
		{"long", fixed, "abcde", 0, "long-record", ""},
		{"long, as the file's LRECL says", fixed, "abcde", 5, "", ""},
		{"ends with the shorter view", views, "xaaaa", 0, "", ""},
		{"ends inside of both views", views, "xaaa", 0, "short-record", ""},
		{"counter below the record", table, "", 0, "short-record", "REC.OUTER-COUNT"},
		{"counter above the maximum", table, "4" + strings.Repeat("1aax", 4) + "zz", 0, "odo-count", "REC.OUTER-COUNT"},
		{"inner counter below the minimum", table, "10xzz", 0, "odo-count", "REC.OUTER.INNER-COUNT"},
		{"counter that is no number", table, "?zz", 0, "zoned-digit", "REC.OUTER-COUNT"},
		{"blank counter", table, " zz", 0, "blank", "REC.OUTER-COUNT"},
		{"counter and length disagree", table, "11aaxzz----", 0, "long-record", ""},
		{"counter says more than there is", table, "21aax4b", 0, "short-record", ""},
		{"as long as the greatest record", table, "11aaxzz" + strings.Repeat("-", 26), 0, "", ""},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			d := c.l.Decoder()
			d.RecordSize = c.size
			_, err := d.Decode([]byte(c.bytes))
			if c.reason == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *FieldError
			if !errors.As(err, &e) || e.Reason != c.reason || c.path != "" && e.Path != c.path {
				t.Errorf("%v, want %s at %s", err, c.reason, c.path)
			}
		})
	}
}

func TestTheZeroRecordHasNothing(t *testing.T) {
	var r Record
	if r.Len() != 0 || r.Layout() != nil || r.Plan() != nil || r.Bytes() != nil {
		t.Errorf("%d bytes, %v, %v", r.Len(), r.Layout(), r.Plan())
	}
}

func TestARecordIsMeasuredByItsOwnCounters(t *testing.T) {
	table := layout(t, nested, Options{Codepage: "ascii"})
	fixed := layout(t, "       01  REC.\n           05  A PIC X(4).\n", Options{Codepage: "ascii"})
	for _, c := range []struct {
		quirk  string
		l      *Layout
		bytes  string
		want   int
		reason string
		more   int // how many bytes it takes to tell
	}{
		{"fixed", fixed, "abcdef", 4, "", 0},
		{"fixed, nothing is there", fixed, "", 4, "", 0},
		{"counters, and the next record behind", table, "2" + "1aax" + "2bbccy" + "zz" + "11aaxzz", 13, "", 0},
		{"no element", table, "0zz", 3, "", 0},
		{"only the counters are there", table, "2" + "1aax" + "2", 13, "", 0},
		{"the outer counter is not", table, "", 0, "short-record", 1},
		{"an inner counter is not", table, "2" + "1aax", 0, "short-record", 6},
		{"a counter above the maximum", table, "9", 0, "odo-count", 0},
		{"an inner counter above the maximum", table, "19", 0, "odo-count", 0},
	} {
		n, err := c.l.Decoder().Measure([]byte(c.bytes))
		if n != c.want || (err == nil) != (c.reason == "") || err != nil && reason(t, err) != c.reason {
			t.Errorf("%s: %d %v, want %d %s", c.quirk, n, err, c.want, c.reason)
		}
		if e := new(FieldError); c.more > 0 && (!errors.As(err, &e) || e.Offset+e.Size != c.more) {
			t.Errorf("%s: takes %d bytes, want %d", c.quirk, e.Offset+e.Size, c.more)
		}
	}
}

func TestErrorsNameTheElementAndHideTheContent(t *testing.T) {
	l := layout(t, "       01  REC.\n           05  T OCCURS 3.\n               10  N PIC 9(3) COMP-3.\n", Options{})
	r, err := l.Decoder().Decode(unhex(t, "123F 999A 9E9F"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Text("N", 2)
	var e *FieldError
	if !errors.As(err, &e) || e.Path != "REC.T.N(3)" || e.Offset != 4 || e.Size != 2 || e.Reason != "packed-nibble" || e.Layout != "REC" {
		t.Fatalf("%+v", e)
	}
	if strings.Contains(err.Error(), "9E9F") || strings.Contains(err.Error(), "999") {
		t.Error("the error shows content:", err)
	}
}

func TestTypedAccess(t *testing.T) {
	l := layout(t, `       01  REC.
           05  AMOUNT PIC S9(5)V99 COMP-3.
           05  N      PIC 9(18) COMP.
           05  S      PIC X(3).
           05  BLANK-N PIC 9(2).
`, Options{})
	r, err := l.Decoder().Decode(unhex(t, "0001250D 0000126D2DBB8801 C1C240 4040"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.Decimal("AMOUNT")
	want, _ := ParseDecimal("-12.5")
	if err != nil || d.String() != "-12.50" || d.Cmp(want) != 0 || d.Sign() != -1 || d.Scale() != 2 {
		t.Error(d, err)
	}
	if n, err := r.Int64("N"); err != nil || n != 20260128000001 {
		t.Error(n, err)
	}
	if _, err := r.Int64("AMOUNT"); reason(t, err) != "overflow" {
		t.Error(err)
	}
	if s, err := r.Text("S"); err != nil || s != "AB" {
		t.Error(s, err)
	}
	if _, err := r.Decimal("BLANK-N"); reason(t, err) != "blank" {
		t.Error(err)
	}
	if s, err := r.Text("BLANK-N"); err != nil || s != "" {
		t.Error(s, err)
	}
	if _, err := r.Text("NOBODY"); err == nil {
		t.Error("a field that is not there")
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	l := layout(t, nested, Options{Codepage: "ascii"})
	b := []byte("2" + "1aax" + "3bbccddy" + "zz")
	d := l.Decoder()
	if n := testing.AllocsPerRun(100, func() {
		if _, err := d.Decode(b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func TestEncoderSetsFieldsAndCounters(t *testing.T) {
	l := layout(t, nested, Options{Codepage: "ascii"})
	e := l.Encoder()
	if err := e.Begin(nil); err != nil {
		t.Fatal(err)
	}
	if got := string(e.Bytes()); got != "0  " {
		t.Fatalf("%q", got)
	}
	for _, c := range []struct {
		path, text string
		index      []int
	}{
		{"AFTER-OUTER", "zz", nil}, {"OUTER-COUNT", "2", nil}, {"INNER", "aa", []int{0, 0}}, {"AFTER-INNER", "x", []int{0}},
		{"INNER", "bb", []int{1, 0}}, {"AFTER-INNER", "y", []int{1}},
	} {
		f, err := l.Field(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Set(f, c.text, c.index...); err != nil {
			t.Fatal(c, err)
		}
	}
	if got := string(e.Bytes()); got != "21aax1bbyzz" {
		t.Fatalf("%q", got)
	}
	f, _ := l.Field("AFTER-OUTER")
	if err := e.Set(f, "zzz"); reason(t, err) != "text-too-long" {
		t.Error(err)
	}
	f, _ = l.Field("OUTER-COUNT")
	if err := e.Set(f, "4"); err == nil {
		t.Error("a counter above the maximum")
	}
}

func TestOriginalBytesWin(t *testing.T) {
	l := layout(t, `       01  REC.
           05  P PIC S9(3) COMP-3.
           05  Z PIC S9(3).
           05  F COMP-1.
           05  FILLER PIC X(2).
           05  B PIC S9(4) COMP.
`, Options{})
	orig := unhex(t, "000B F1F2F3 42010000 0102 7FFF")
	e := l.Encoder()
	if err := e.Begin(orig); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"P": "0", "Z": "123.0", "F": "1", "B": "32767"} {
		f, _ := l.Field(name)
		if err := e.Set(f, text); err != nil {
			t.Fatal(name, err)
		}
	}
	if got := e.Bytes(); !bytes.Equal(got, orig) {
		t.Errorf("%x, want %x", got, orig)
	}
	f, _ := l.Field("P")
	if err := e.Set(f, "1"); err != nil || !bytes.Equal(e.Bytes()[:2], unhex(t, "001C")) {
		t.Errorf("%x %v", e.Bytes()[:2], err)
	}
}

func TestRecordsOfViewsThatMoveAreReadInPlace(t *testing.T) {
	l := layout(t, `       01  REC.
           05  A PIC X(6).
           05  B REDEFINES A.
               10  N PIC 9.
               10  T OCCURS 1 TO 2 DEPENDING ON N PIC X.
               10  TAIL PIC X.
           05  AFTER PIC X.
`, Options{Codepage: "ascii"})
	r, err := l.Decoder().Decode([]byte("1xy---z"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"TAIL": "y", "AFTER": "z", "A": "1xy---"} {
		if got, err := r.Text(path); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", path, got, err, want)
		}
	}
}
