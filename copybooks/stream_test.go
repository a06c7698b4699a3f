package copybooks

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRecordsOfAStream(t *testing.T) {
	l := layout(t, "       01  R.\n           05  N PIC 9(3).\n", Options{Codepage: "ascii"})
	d := l.Decoder()
	var got []string
	for r, err := range d.Records(FixedRecords(iotest.OneByteReader(strings.NewReader("001x02003")), 3)) {
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.Int64("N")
		if err != nil {
			got = append(got, reason(t, err))
			continue
		}
		got = append(got, string(rune('0'+n)))
	}
	if s := strings.Join(got, " "); s != "1 zoned-digit 3" {
		t.Error(s)
	}
}

func TestAStreamThatEndsInARecord(t *testing.T) {
	n := 0
	for b, err := range FixedRecords(strings.NewReader("abcdefg"), 3) {
		if err == nil {
			n += len(b)
			continue
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "record 3 at byte 6: 1 of 3 bytes") {
			t.Error(err)
		}
	}
	if n != 6 {
		t.Error(n)
	}
	for _, size := range []int{0, -1, maxMaxRecord + 1} {
		for _, err := range FixedRecords(strings.NewReader("a"), size) {
			if err == nil {
				t.Errorf("size %d", size)
			}
		}
	}
	broken := errors.New("broken")
	for _, err := range FixedRecords(iotest.ErrReader(broken), 3) {
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	}
}

func TestARecordThatCannotBeDecodedDoesNotEndTheStream(t *testing.T) {
	l := layout(t, nested, Options{Codepage: "ascii"})
	source := errors.New("the source")
	src := func(yield func([]byte, error) bool) {
		_ = yield([]byte("0zz"), nil) && yield([]byte("9zz"), nil) && yield([]byte("11aaxzz"), nil) && yield(nil, source) && yield([]byte("0zz"), nil)
	}
	var log []string
	for r, err := range l.Decoder().Records(src) {
		var e *FieldError
		switch {
		case errors.As(err, &e):
			if !strings.HasPrefix(err.Error(), "record 2: ") {
				t.Error(err)
			}
			log = append(log, e.Reason)
		case err != nil:
			log = append(log, err.Error())
		default:
			log = append(log, string(r.Bytes()))
		}
	}
	if s := strings.Join(log, ", "); s != "0zz, odo-count, 11aaxzz, the source" {
		t.Error(s)
	}
	next, stop := iter.Pull2(l.Decoder().Records(src))
	if _, err, ok := next(); err != nil || !ok {
		t.Error(err)
	}
	stop()
}

func TestEmitUsesItsMemoryAgain(t *testing.T) {
	l := layout(t, "       01  R.\n           05  N PIC 9(3) COMP-3.\n           05  S PIC X(4).\n", Options{})
	e := l.Encoder()
	var out bytes.Buffer
	out.Grow(1 << 16)
	f, _ := l.Field("N")
	write := func(b []byte) error { _, err := out.Write(b); return err }
	if n := testing.AllocsPerRun(100, func() {
		if err := e.Begin(nil); err != nil {
			t.Fatal(err)
		}
		if err := e.Set(f, "7"); err != nil {
			t.Fatal(err)
		}
		if err := e.Emit(write); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
	if b := out.Bytes(); len(b) != 101*6 || !bytes.Equal(b[:6], unhex(t, "007F40404040")) {
		t.Errorf("%d bytes, %x", len(b), b[:6])
	}
	full := errors.New("full")
	if err := e.Emit(func([]byte) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
}

// TestTypedAccessAllocatesNothing reads every kind of item by its path.
func TestTypedAccessAllocatesNothing(t *testing.T) {
	l := layout(t, `       01  PAYMENT.
           05  KEY-NO  PIC 9(9).
           05  NET     PIC S9(9)V99 COMP-3.
           05  WIDE    PIC S9(31) COMP-3.
           05  B       PIC S9(9) COMP.
           05  F       COMP-2.
           05  E       PIC ZZ,ZZ9.99-.
           05  NAME    PIC X(20).
           05  N       PIC N(4).
           05  T OCCURS 3.
               10  V   PIC S9(3).
       66  HEAD RENAMES KEY-NO THRU NET.
`, Options{})
	e := l.Encoder()
	if err := e.Begin(nil); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{"NET": "-727.67", "WIDE": "1234567890123456789012345678901", "E": "-1.5", "NAME": "Hélène \"x\"", "N": "é", "F": "0.1"} {
		f, _ := l.Field(path)
		if err := e.Set(f, text); err != nil {
			t.Fatal(path, err)
		}
	}
	b := e.Bytes()
	d := l.Decoder()
	buf := make([]byte, 0, 256)
	name, _ := l.Field("NAME")
	for what, read := range map[string]func(Record) error{
		"Int64 of a zoned item":        func(r Record) error { _, err := r.Int64("key-no"); return err },
		"Decimal of a packed item":     func(r Record) error { _, err := r.Decimal("payment.net"); return err },
		"Decimal of 31 digits":         func(r Record) error { _, err := r.Decimal("WIDE"); return err },
		"Int64 of a binary item":       func(r Record) error { _, err := r.Int64("B"); return err },
		"Decimal of an edited item":    func(r Record) error { _, err := r.Decimal("PAYMENT.E"); return err },
		"Decimal of an element":        func(r Record) error { _, err := r.Decimal("V OF T", 2); return err },
		"AppendText of text":           func(r Record) error { _, err := r.AppendText(buf, name); return err },
		"AppendTextOf a national item": func(r Record) error { _, err := r.AppendTextOf(buf, "N"); return err },
		"AppendTextOf floating point":  func(r Record) error { _, err := r.AppendTextOf(buf, "F"); return err },
		"Locate":                       func(r Record) error { _, _, err := r.Locate(name); return err },
	} {
		if n := testing.AllocsPerRun(100, func() {
			r, err := d.Decode(b)
			if err == nil {
				err = read(r)
			}
			if err != nil {
				t.Fatal(what, err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

func TestManyPathsAreFoundThoughOnlySomeAreRemembered(t *testing.T) {
	var b strings.Builder
	b.WriteString("       01  R.\n")
	for i := range 1500 {
		b.WriteString("           05  F" + strings.Repeat("X", i%7) + "-" + string(rune('A'+i%26)) + string(rune('A'+i/26%26)) + string(rune('A'+i/676)) + " PIC X.\n")
	}
	l := layout(t, b.String(), Options{})
	for range 2 {
		for f := range l.Fields() {
			if got, err := l.Field(f.Path); err != nil || got != f {
				t.Fatal(f.Path, err)
			}
		}
	}
	if n := len(*l.found.Load()); n != maxFound {
		t.Errorf("%d paths are remembered", n)
	}
}
