// Package oracle holds Portage's copybook engine against COBOL: programs compiled from the sample copybooks
// write records and say what they wrote (package test/legacy), and the engine must see the same fields at the
// same places with the same values, and write the same bytes.
package oracle

import (
	"bytes"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/test/legacy"
)

// layouts parses a sample copybook, and returns its 01 levels by name.
func layouts(t *testing.T, name string) map[string]*copybooks.Layout {
	t.Helper()
	file := filepath.Join("..", "..", "copybooks", "benefits", name+".cpy")
	src, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	all, err := copybooks.Parse(file, src, copybooks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*copybooks.Layout{}
	for _, l := range all {
		byName[l.Name()] = l
	}
	return byName
}

// oracle compares records of one Layout with what COBOL said of them.
type oracle struct {
	layout  *copybooks.Layout
	decoder *copybooks.Decoder
	encoder *copybooks.Encoder
	byName  map[string]*copybooks.Field
}

func newOracle(l *copybooks.Layout) *oracle {
	o := &oracle{layout: l, decoder: l.Decoder(), encoder: l.Encoder(), byName: map[string]*copybooks.Field{}}
	for f := range l.Fields() {
		if !f.Filler() {
			o.byName[f.Name] = f
		}
	}
	return o
}

// index returns the subscripts of a reported field, counted from 0.
func index(f legacy.Field) []int {
	if f.Index == 0 {
		return nil
	}
	return []int{f.Index - 1}
}

// decode holds each field of the record that COBOL reported and that the Layout has against the engine's
// view, and returns how many there were.
func (o *oracle) decode(b []byte, reported []legacy.Field) (n int, err error) {
	r, err := o.decoder.Decode(b)
	if err != nil {
		return 0, err
	}
	for _, want := range reported {
		f := o.byName[want.Name]
		if f == nil {
			continue
		}
		n++
		off, size, err := r.Locate(f, index(want)...)
		if err != nil {
			return n, err
		}
		if off != want.Offset || size != want.Length {
			return n, fmt.Errorf("%s(%d) is at %d with %d bytes, COBOL says at %d with %d", want.Name, want.Index, off, size, want.Offset, want.Length)
		}
		got, err := r.AppendText(nil, f, index(want)...)
		if err != nil {
			return n, err
		}
		if err := equal(f, string(got), want); err != nil {
			return n, fmt.Errorf("%s(%d): %w", want.Name, want.Index, err)
		}
	}
	return n, nil
}

// equal compares a canonical text with what COBOL showed. The data is synthetic, so that errors may show it.
func equal(f *copybooks.Field, got string, want legacy.Field) error {
	switch want.Kind {
	case legacy.Text:
		if got != strings.TrimRight(want.Value, " ") {
			return fmt.Errorf("text %q, COBOL shows %q", got, want.Value)
		}
		return nil
	case legacy.Single, legacy.Double:
		// The shortest decimals that name the same floating point number.
		size := 64
		if want.Kind == legacy.Single {
			size = 32
		}
		g, err1 := strconv.ParseFloat(got, size)
		w, err2 := strconv.ParseFloat(want.Value, size)
		if err1 != nil || err2 != nil || g != w {
			return fmt.Errorf("number %s, COBOL shows %s", got, want.Value)
		}
		return nil
	}
	g, ok1 := new(big.Rat).SetString(got)
	w, ok2 := new(big.Rat).SetString(want.Value)
	if !ok1 || !ok2 || g.Cmp(w) != 0 {
		return fmt.Errorf("number %s, COBOL shows %s", got, want.Value)
	}
	if point := strings.IndexByte(got, '.'); f.Scale > 0 && (point < 0 || len(got)-point-1 != f.Scale) {
		return fmt.Errorf("number %s does not keep the %d digits after the point", got, f.Scale)
	}
	return nil
}

// encode writes the record anew from the canonical texts of its fields alone: those that COBOL reported, and
// the bytes that all layouts of a file have in common.
func (o *oracle) encode(b []byte, reported []legacy.Field) error {
	r, err := o.decoder.Decode(b)
	if err != nil {
		return err
	}
	if err := o.encoder.Begin(nil); err != nil {
		return err
	}
	set := func(f *copybooks.Field, index ...int) error {
		text, err := r.TextAt(f, index...)
		if err != nil {
			return err
		}
		return o.encoder.Set(f, text, index...)
	}
	for name, f := range o.byName {
		if strings.HasSuffix(name, "-COMMON") {
			if err := set(f); err != nil {
				return err
			}
		}
	}
	for _, want := range reported {
		if f := o.byName[want.Name]; f != nil {
			if err := set(f, index(want)...); err != nil {
				return err
			}
		}
	}
	if got := o.encoder.Bytes(); !bytes.Equal(got, b) {
		return fmt.Errorf("written anew, the record of %d bytes has %d and differs at %d", len(b), len(got), firstDifference(b, got))
	}
	return nil
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func TestFields(t *testing.T) {
	programs := legacy.Build(t, legacy.OASXTR, legacy.CPPPAY, legacy.EICLMS)
	for _, c := range []struct {
		copybook, program string
		n                 int
	}{{"OASMSTR", legacy.OASXTR, 1000}, {"CPPPAYEV", legacy.CPPPAY, 600}, {"EICLMSTA", legacy.EICLMS, 500}} {
		t.Run(c.copybook, func(t *testing.T) {
			byName := layouts(t, c.copybook)
			oracles := map[string]*oracle{}
			for name, l := range byName {
				oracles[name] = newOracle(l)
			}
			records := programs.Extract(t, c.program, c.n)
			fields := 0
			for i, r := range records {
				o := oracles[r.Layout]
				if o == nil {
					t.Fatalf("record %d has layout %s, which the copybook does not", i+1, r.Layout)
				}
				n, err := o.decode(r.Bytes, r.Fields)
				if err != nil {
					t.Fatalf("record %d: %v", i+1, err)
				}
				if common := oracles["OAS-EXTRACT-RECORD"]; common != nil {
					m, err := common.decode(r.Bytes[:14], r.Fields)
					if err != nil {
						t.Fatalf("record %d: %v", i+1, err)
					}
					n += m
				}
				if n != len(r.Fields) {
					t.Fatalf("record %d: COBOL reports %d fields, the layouts have %d of them", i+1, len(r.Fields), n)
				}
				if err := o.encode(r.Bytes, r.Fields); err != nil {
					t.Fatalf("record %d: %v", i+1, err)
				}
				fields += n
			}
			t.Logf("%d records, %d fields: place and value as COBOL has them, bytes the same when written anew", len(records), fields)
		})
	}
}
