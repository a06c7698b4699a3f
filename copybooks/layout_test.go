package copybooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

func mustParse(t testing.TB, text string, o Options) []*Layout {
	t.Helper()
	layouts, err := Parse("test.cpy", strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return layouts
}

func sample(t testing.TB, name string) []*Layout {
	t.Helper()
	f, err := os.Open("benefits/" + name + ".cpy")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	layouts, err := Parse(name+".cpy", f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return layouts
}

// TestSampleSizes holds the samples against what GnuCOBOL says of them (cobc -std=ibm -fodoslide).
func TestSampleSizes(t *testing.T) {
	want := map[string][]string{
		"EICLMSTA": {"EI-STATUS-COMMAREA 586..586"},
		"CPPPAYEV": {"CPP-PAYMENT-EVENT 170..170"},
		"CPA005":   {"AFT-CREDIT-RECORD 1464..1464"},
		"OASMSTR": {"OAS-EXTRACT-RECORD 14..14", "OAS-HEADER-RECORD 80..80", "OAS-CLIENT-RECORD 134..134",
			"OAS-BENEFIT-RECORD 52..1852", "OAS-ADDRESS-RECORD 63..213", "OAS-TRAILER-RECORD 80..80"},
	}
	for name, want := range want {
		var got []string
		for _, l := range sample(t, name) {
			got = append(got, fmt.Sprintf("%s %d..%d", l.Name(), l.MinSize(), l.Size()))
			if w := l.Warnings(); len(w) > 0 {
				t.Errorf("%s: %v", name, w)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestFieldByName(t *testing.T) {
	l := mustParse(t, `
       01  R.
           05  A.
               10  X      PIC X.
               10  DAY-NO PIC 99.
               10  FILLER PIC X.
               10  FILLER PIC XX.
           05  B.
               10  X      PIC XX.
               10  X      PIC XXX.
               10  C.
                   15  Y  PIC X.
       66  Z RENAMES A.
`, Options{})[0]
	for path, want := range map[string]string{
		"R": "R", "R.A.X": "R.A.X", "r.a.x": "R.A.X", "A.X": "R.A.X", "X OF A": "R.A.X", "x in a of r": "R.A.X",
		"DAY-NO": "R.A.DAY-NO", "R.DAY-NO": "R.A.DAY-NO", "B.Y": "R.B.C.Y", "Y OF B": "R.B.C.Y", "C.Y": "R.B.C.Y",
		"R.B.X": "R.B.X", "B.X#2": "R.B.X#2", "X#2": "R.B.X#2", "R.A.FILLER#2": "R.A.FILLER#2", "Z": "R.Z", "R.Z": "R.Z",
	} {
		f, err := l.Field(path)
		if err != nil || f.Path != want {
			t.Errorf("%q: %v, %v", path, f, err)
		}
	}
	for path, want := range map[string]string{
		"X":               `layout R: "X" is 3 fields; qualify it: R.A.X, R.B.X, R.B.X#2`,
		"X OF B":          `layout R: "X OF B" is 2 fields; qualify it: R.B.X, R.B.X#2`,
		"DAYNO":           `layout R: no field "DAYNO"; did you mean DAY-NO?`,
		"Q.X":             `layout R: no field "Q.X"`,
		"":                `layout R: no field ""`,
		".":               `layout R: no field "."`,
		"A OF":            `layout R: "A OF"`,
		"NOTHING-LIKE-IT": `layout R: no field "NOTHING-LIKE-IT"`,
	} {
		f, err := l.Field(path)
		var e *NameError
		if !errors.As(err, &e) {
			if path != "A OF" {
				t.Errorf("%q: %v, %v", path, f, err)
			}
			continue
		}
		if err.Error() != want {
			t.Errorf("%q:\n%v, not\n%v", path, err, want)
		}
	}
}

func TestFieldsArePreorderWithFillers(t *testing.T) {
	var got []string
	l := sample(t, "EICLMSTA")[0]
	for f := range l.Fields() {
		got = append(got, f.label())
		if len(got) == 16 {
			break
		}
	}
	want := strings.Fields(`EI-STATUS-COMMAREA CA-HEADER CA-FUNC-CODE CA-VERSION CA-LANG CA-RETURN-CODE CA-REASON-CODE
		CA-CORREL-TOKEN CA-REQ-USERID CA-PURPOSE-CODE CA-KEY CA-SIN CA-SIN-X CA-SIN-FIRST FILLER CA-CLAIM-NO`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for want, o := range map[string]Options{
		"unknown code page":    {Codepage: "cp9999"},
		"maxRecord":            {MaxRecord: 1 << 30},
		"currency":             {Currency: "CAD"},
		"not one of the const": {ODO: 7},
	} {
		if _, err := Parse("x.cpy", strings.NewReader("01 A PIC X."), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	l := mustParse(t, "       ENVIRONMENT DIVISION.\n       DECIMAL-POINT IS COMMA.\n       DATA DIVISION.\n       01 A PIC 9,9.\n", Options{Codepage: "500"})[0]
	if o := l.Options(); !o.DecimalComma || o.Form != syntax.Fixed || o.Codepage != "500" {
		t.Errorf("%+v", o)
	}
}

func TestOptionWords(t *testing.T) {
	var o Options
	for _, set := range []struct {
		into interface {
			UnmarshalText([]byte) error
			fmt.Stringer
		}
		words string
	}{{&o.ODO, "slide max"}, {&o.Float, "hex ieee"}, {&o.Endian, "big little"}, {&o.Trunc, "std bin"}, {&o.Form, "auto fixed free"}} {
		for _, w := range strings.Fields(set.words) {
			if err := set.into.UnmarshalText([]byte(w)); err != nil || set.into.String() != w {
				t.Errorf("%s: %v, %v", w, set.into, err)
			}
		}
		if err := set.into.UnmarshalText([]byte("neither")); err == nil {
			t.Errorf("%T takes anything", set.into)
		}
		if err := set.into.UnmarshalText(nil); err != nil || set.into.String() != strings.Fields(set.words)[0] {
			t.Errorf("empty: %v, %v", set.into, err)
		}
	}
}

func TestMaxRecord(t *testing.T) {
	text := "       01 R.\n           05 T OCCURS 1000.\n              10 A PIC X(10).\n"
	if _, err := Parse("x", strings.NewReader(text), Options{MaxRecord: 10_000}); err != nil {
		t.Error(err)
	}
	var errs syntax.Errors
	if _, err := Parse("x", strings.NewReader(text), Options{MaxRecord: 9_999}); !errors.As(err, &errs) || errs[0].Line != 2 {
		t.Errorf("%v", err)
	}
}

func TestInspectJSONOfTheSample(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, sample(t, "OASMSTR")); err != nil {
		t.Fatal(err)
	}
	var layouts []struct {
		Name   string
		Fields []map[string]any
	}
	if err := json.Unmarshal(b.Bytes(), &layouts); err != nil {
		t.Fatal(err)
	}
	find := func(path string) map[string]any {
		for _, l := range layouts {
			for _, f := range l.Fields {
				if f["path"] == path {
					return f
				}
			}
		}
		t.Fatalf("no %s", path)
		return nil
	}
	got := find("OAS-BENEFIT-RECORD.OB-INCOME-AMT")
	want := map[string]any{"path": "OAS-BENEFIT-RECORD.OB-INCOME-AMT", "level": 5.0, "offset": 31.0, "size": 12.0, "usage": "DISPLAY",
		"picture": "S9(09)V99", "digits": 11.0, "scale": 2.0, "signed": true, "occurs": nil, "redefines": nil,
		"category": "numeric", "sign": "leading separate"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f := find("OAS-BENEFIT-RECORD.OB-HISTORY"); f["occurs"] != 120.0 || f["occursMin"] != 0.0 || f["dependingOn"] != "OAS-BENEFIT-RECORD.OB-HIST-COUNT" {
		t.Errorf("%v", f)
	}
	if f := find("OAS-CLIENT-RECORD.OC-CHEQUE-DATA"); f["redefines"] != "OC-BANK-DATA" || f["picture"] != nil || f["usage"] != "GROUP" {
		t.Errorf("%v", f)
	}
}

// TestHostileLayouts holds the memory that a text can cost behind its syntax.
func TestHostileLayouts(t *testing.T) {
	for name, text := range hostileLayouts() {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := Parse("x", strings.NewReader(text), Options{Form: syntax.Free})
			runtime.ReadMemStats(&after)
			if sum := (after.TotalAlloc - before.TotalAlloc) >> 20; sum > 200 {
				t.Errorf("allocated %d MiB, freed ones included: %.60v", sum, err)
			}
		})
	}
}

func BenchmarkHostileLayouts(b *testing.B) {
	all := hostileLayouts()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Parse("x", strings.NewReader(all[name]), Options{Form: syntax.Free})
			}
		})
	}
}

func hostileLayouts() map[string]string {
	var deep strings.Builder
	for level := 1; level < 49; level++ {
		fmt.Fprintf(&deep, "%02d %s OCCURS 99999999.\n", level, strings.Repeat("N", 120))
	}
	return map[string]string{
		"occurs of occurs":      strings.Replace(deep.String(), " OCCURS 99999999", "", 1) + "49 A PIC X(99999999).\n",
		"long paths":            strings.ReplaceAll(deep.String(), " OCCURS 99999999", "") + strings.Repeat("49 A PIC X.\n", 38_000),
		"many items":            "01 R.\n" + strings.Repeat("05 PIC X.\n", 39_000),
		"one name":              "01 R.\n" + strings.Repeat("05 A PIC X.\n", 38_000),
		"one counter, one name": "01 R.\n" + strings.Repeat("05 N PIC 9.\n", 8_000) + strings.Repeat("05 T PIC X OCCURS 1 TO 2 DEPENDING ON N.\n", 8_000),
		"unknown counters":      "01 R.\n" + strings.Repeat("05 T PIC X OCCURS 1 TO 2 DEPENDING ON M.\n", 15_000),
		"redefinitions":         "01 R.\n05 A PIC X.\n" + strings.Repeat("05 A1 REDEFINES A PIC X.\n", 27_000),
		"renames":               "01 R.\n05 A PIC X.\n" + strings.Repeat("66 B RENAMES A.\n", 30_000),
		"conditions":            "01 R.\n05 A PIC X(32768).\n" + strings.Repeat("88 B VALUE ALL 'AB'.\n", 30_000),
		"records":               strings.Repeat("01 R PIC X.\n", 38_000),
		"warnings":              "01 R.\n" + strings.Repeat("05 A PIC X BLANK WHEN ZERO.\n", 22_000),
		"slack":                 "01 R.\n" + strings.Repeat("05 A PIC X.\n05 B COMP-2 SYNC.\n", 18_000),
		"levels going up":       "01 R.\n" + strings.Repeat("49 A PIC X.\n48 B PIC X.\n", 19_000),
	}
}

// FuzzParse holds what every Layout promises.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"EICLMSTA", "OASMSTR", "CPPPAYEV", "CPA005"} {
		text, err := os.ReadFile("benefits/" + name + ".cpy")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), false)
	}
	for _, text := range []string{
		"01 R. 02 N PIC 9. 02 T OCCURS 1 TO 3 DEPENDING ON N. 03 A PIC X. 03 B COMP SYNC PIC 9(5). 02 Z COMP-2 SYNC.",
		"01 R. 02 A PIC X. 02 B REDEFINES A PIC XXX. 02 C REDEFINES B. 03 D PIC 9. 66 E RENAMES A THRU C.",
		"05 A SIGN LEADING SEPARATE. 10 B PIC S9 OCCURS 5. 10 PIC X. 88 C VALUE ALL 'X' THRU HIGH-VALUES.",
		"01 R. 02 N PIC 9. 02 G. 03 T OCCURS 3 DEPENDING ON N. 04 M PIC 9. 04 U PIC X OCCURS 0 TO 2 DEPENDING ON M. 02 H PIC X.",
	} {
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, most bool) {
		o := Options{MaxRecord: 1 << 20}
		if most {
			o.ODO = Max
		}
		layouts, err := Parse("x", strings.NewReader(text), o)
		if err != nil {
			return
		}
		for _, l := range layouts {
			checkLayout(t, l)
		}
	})
}

// checkLayout holds what every Layout promises.
func checkLayout(t *testing.T, l *Layout) {
	t.Helper()
	if l.MinSize() < 0 || l.MinSize() > l.Size() || l.Size() > 1<<20 {
		t.Errorf("%s: sizes %d to %d", l.Name(), l.MinSize(), l.Size())
	}
	if !l.Root().Variable && l.MinSize() != l.Size() {
		t.Errorf("%s: sizes %d to %d without a variable table", l.Name(), l.MinSize(), l.Size())
	}
	paths := map[string]bool{}
	for f := range l.Fields() {
		if paths[f.Path] {
			t.Errorf("two fields %s", f.Path)
		}
		paths[f.Path] = true
		if found, err := l.Field(f.Path); err != nil || found != f {
			t.Errorf("%s is not found by its path: %v", f.Path, err)
		}
		if f.Size <= 0 {
			t.Errorf("%s: size %d", f.Path, f.Size)
		}
		if f.Elementary() == (f.Usage == Group) {
			t.Errorf("%s: usage %v, %d children", f.Path, f.Usage, len(f.Children))
		}
		if f.Redefines != nil && f.Parent != nil && f.Offset != f.Redefines.Offset {
			t.Errorf("%s at %d redefines %d", f.Path, f.Offset, f.Redefines.Offset)
		}
		checkChildren(t, f)
	}
	for _, write := range []func() error{
		func() error { return WriteTable(new(bytes.Buffer), []*Layout{l}) },
		func() error { return WriteJSON(new(bytes.Buffer), []*Layout{l}) },
	} {
		if err := write(); err != nil {
			t.Error(err)
		}
	}
}

func checkChildren(t *testing.T, f *Field) {
	t.Helper()
	end := f.Offset
	for _, c := range f.Children {
		if c.Parent != f {
			t.Errorf("%s: parent", c.Path)
		}
		n := max(c.OccursMax, 1)
		if c.Redefines == nil {
			if c.Offset < end || c.Offset > end+2*7+f.Size {
				t.Errorf("%s at %d begins before %d", c.Path, c.Offset, end)
			}
			end = c.Offset + c.Size*n
		}
		if c.Offset+c.Size*n > f.Offset+f.Size {
			t.Errorf("%s ends at %d, outside of %s at %d", c.Path, c.Offset+c.Size*n, f.Path, f.Offset+f.Size)
		}
		if f.Sliding && !c.Sliding {
			t.Errorf("%s slides, %s inside does not", f.Path, c.Path)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, name := range []string{"EICLMSTA", "OASMSTR"} {
		text, err := os.ReadFile("benefits/" + name + ".cpy")
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(name, bytes.NewReader(text), Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleParse() {
	layouts, err := Parse("claim.cpy", strings.NewReader(`
       01  CLAIM.
           05  CLAIM-NO     PIC 9(8) COMP.
           05  PAID-COUNT   PIC 99.
           05  PAID OCCURS 0 TO 10 DEPENDING ON PAID-COUNT.
               10  AMOUNT   PIC S9(5)V99 COMP-3.
`), Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	l := layouts[0]
	f, _ := l.Field("AMOUNT")
	fmt.Println(l.Name(), l.MinSize(), l.Size())
	fmt.Println(f.Path, f.Offset, f.Size, f.Usage, f.Digits, f.Scale)
	_, err = l.Field("AMUONT")
	fmt.Println(err)
	// Output:
	// CLAIM 6 46
	// CLAIM.PAID.AMOUNT 6 4 COMP-3 7 2
	// layout CLAIM: no field "AMUONT"; did you mean AMOUNT?
}

func ExampleWriteTable() {
	layouts, _ := Parse("claim.cpy", strings.NewReader(`
       01  CLAIM.
           05  STATUS-CODE  PIC X(2).
               88  OPEN-CLAIM  VALUE '10' THRU '19'.
           05  PAID         PIC S9(5)V99 COMP-3 OCCURS 10.
           05  CLAIM-DATE   PIC 9(8).
           05  PARTS REDEFINES CLAIM-DATE.
               10  CCYY     PIC 9(4).
               10  FILLER   PIC X(4).
`), Options{})
	_ = WriteTable(os.Stdout, layouts)
	// Output:
	// CLAIM, 50 bytes
	// LEVEL  NAME           OFFSET  LENGTH  PICTURE   USAGE    OCCURS  REDEFINES
	// 01     CLAIM               0      50
	// 05       STATUS-CODE       0       2  X(2)      DISPLAY
	// 88         OPEN-CLAIM = "10" THRU "19"
	// 05       PAID              2       4  S9(5)V99  COMP-3   10
	// 05       CLAIM-DATE       42       8  9(8)      DISPLAY
	// 05       PARTS            42       8                             CLAIM-DATE
	// 10         CCYY           42       4  9(4)      DISPLAY
	// 10         FILLER         46       4  X(4)      DISPLAY
}
