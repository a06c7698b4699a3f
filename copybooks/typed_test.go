package copybooks

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const typedBook = `       01  REC.
           05  N      PIC 9(2) COMP.
           05  AMOUNT PIC S9(5)V99 COMP-3.
           05  CODE   PIC X(3).
           05  RATE   COMP-1.
           05  ENTRY-LINE OCCURS 1 TO 3 TIMES DEPENDING ON N.
               10  QTY   PIC S9(3) SIGN LEADING SEPARATE.
               10  BIG   PIC 9(28) COMP-3.
`

func typedRecord(t testing.TB, set map[string]string) (*Layout, Record) {
	t.Helper()
	ls, err := Parse("typed", strings.NewReader(typedBook), Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := ls[0].Encoder()
	if err := e.Begin(nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"N", "AMOUNT", "CODE", "RATE"} {
		f, _ := ls[0].Field(name)
		if text, ok := set[name]; ok {
			if err := e.Set(f, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, text := range strings.Fields(set["QTY"]) {
		f, _ := ls[0].Field("QTY")
		if err := e.Set(f, text, i); err != nil {
			t.Fatal(err)
		}
	}
	r, err := ls[0].Decoder().Decode(e.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return ls[0], r
}

func TestTypedValues(t *testing.T) {
	l, r := typedRecord(t, map[string]string{"N": "2", "AMOUNT": "-12.30", "CODE": "007", "RATE": "1.25", "QTY": "-5 999"})
	f := func(name string) *Field {
		f, err := l.Field(name)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if d, err := r.DecimalAt(f("AMOUNT")); err != nil || d.String() != "-12.30" || d.Scale() != 2 {
		t.Errorf("AMOUNT is %v, %v", d, err)
	} else if neg, hi, lo := d.Coefficient(); !neg || hi != 0 || lo != 1230 {
		t.Errorf("coefficient %v %d %d", neg, hi, lo)
	}
	for i, want := range []int64{-5, 999} {
		if n, err := r.Int64At(f("QTY"), i); err != nil || n != want {
			t.Errorf("QTY(%d) is %d, %v", i+1, n, err)
		}
	}
	if n, err := r.Int64At(f("CODE")); err != nil || n != 7 {
		t.Errorf("CODE is %d, %v", n, err)
	}
	if v, err := r.Float64At(f("RATE")); err != nil || v != 1.25 {
		t.Errorf("RATE is %v, %v", v, err)
	}
	if text, err := r.AppendText(nil, f("QTY"), 1); err != nil || string(text) != "999" {
		t.Errorf("QTY(2) is %q, %v", text, err)
	}
}

func TestTypedValuesRefuse(t *testing.T) {
	l, r := typedRecord(t, map[string]string{"N": "1", "AMOUNT": "1.50"})
	big, _ := l.Field("BIG")
	copy(r.Bytes()[len(r.Bytes())-15:], "\x09\x99\x99\x99\x99\x99\x99\x99\x99\x99\x99\x99\x99\x99\x9F")
	other, _ := typedRecord(t, nil)
	for _, c := range []struct {
		what, reason string
		read         func(f *Field) error
		field        string
	}{
		{"a fraction as an integer", "overflow", func(f *Field) error { _, err := r.Int64At(f); return err }, "AMOUNT"},
		{"28 digits as an integer", "overflow", func(f *Field) error { _, err := r.Int64At(f); return err }, "BIG"},
		{"an element that is not there", "odo-count", func(f *Field) error { _, err := r.Int64At(f, 1); return err }, "QTY"},
		{"a decimal as floating point", "not-number", func(f *Field) error { _, err := r.Float64At(f); return err }, "AMOUNT"},
		{"spaces as a decimal", "blank", func(f *Field) error { _, err := r.DecimalAt(f); return err }, "CODE"},
		{"another layout's field", "", func(*Field) error { _, err := r.DecimalAt(other.Root().Children[0]); return err }, "CODE"},
	} {
		f, _ := l.Field(c.field)
		err := c.read(f)
		var e *FieldError
		if err == nil || errors.As(err, &e) != (c.reason != "") || e != nil && e.Reason != c.reason {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if d, err := r.DecimalAt(big); err != nil || d.String() != strings.Repeat("9", 28) {
		t.Errorf("BIG is %v, %v", d, err)
	}
}

// A service that reads the same items of many records finds them once.
func ExampleRecord_Number() {
	ls, err := Parse("ORDER", strings.NewReader("       01 ORDER-REC.\n           05 LINE-NO OCCURS 2 TIMES.\n               10 PRICE PIC S9(3)V99 COMP-3.\n"), Options{})
	if err != nil {
		panic(err)
	}
	r, err := ls[0].Decoder().Decode([]byte{0x01, 0x25, 0x0C, 0x00, 0x99, 0x5D})
	if err != nil {
		panic(err)
	}
	field, _ := ls[0].Field("PRICE")
	price := r.Plan().Item(field)
	table := price.Parent
	for i := range 2 {
		if i == 0 {
			r.First(table)
		} else {
			r.Next(table)
		}
		d, fault := r.Number(price)
		fmt.Println(d, fault)
	}
	// Output:
	// 12.50 ok
	// -9.95 ok
}
