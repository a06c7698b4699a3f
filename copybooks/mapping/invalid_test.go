package mapping_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// TestInvalidBytesAreCarriedAlong holds, for each fault that a field's bytes can have, the three ways: an
// error with that reason, null, and the raw bytes, which encode to the record again, with and without it.
func TestInvalidBytesAreCarriedAlong(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range []struct {
		fault, clauses, setting, codepage, float string
		bytes                                    string
	}{
		{"zoned-digit", "PIC 9(3)", "", "", "", "F1C1F3"},
		{"zoned-sign", "PIC S9(3)", "", "", "", "F1F293"},
		{"packed-nibble", "PIC S9(3) COMP-3", "", "", "", "1A3C"},
		{"packed-sign", "PIC S9(3) COMP-3", "", "", "", "1234"},
		{"packed-sign", "PIC 9(3) COMP-3", "money: CAD", "", "", "123D"},
		{"float-special", "COMP-1", "", "", "ieee", "7F800000"},
		{"text-encoding", "PIC X(2)", "", "utf8", "", "C341"},
		{"text-encoding", "PIC N(1)", "", "", "", "D83D"},
		{"text-encoding", "PIC X(3)", "", "cp939", "", "0E4557"},
		{"edited-text", "PIC ZZ9", "", "", "", "40C1F1"},
		{"date-value", "PIC 9(8)", "date: CCYYMMDD", "", "", "F2F0F2F6F0F2F3F0"},
		{"date-gap", "PIC 9(14)", "date: CCYYMMDDHHMISS", "", "", "F2F0F2F6F0F3F0F8F0F2F3F0F0F0"},
		{"packed-nibble", "PIC 9(5) COMP-3", "identifier: true", "", "", "1A345F"},
		{"zoned-sign", "PIC 9(3)", "", "", "", "F1F240"},
	} {
		covered[c.fault] = true
		t.Run(c.fault+" "+c.clauses, func(t *testing.T) {
			o := copybooks.Options{Codepage: c.codepage}
			if c.float == "ieee" {
				o.Float = copybooks.IEEE
			}
			layouts, err := copybooks.Parse("r", strings.NewReader("01 R. 05 A PIC X. 05 F "+c.clauses+". 05 Z PIC 9 COMP."), o)
			if err != nil {
				t.Fatal(err)
			}
			file, err := mapping.Parse("r.yaml", []byte("zone: America/Toronto\nfields:\n  Z: {to: z}\n"))
			if c.setting != "" {
				file, err = mapping.Parse("r.yaml", []byte("zone: America/Toronto\nfields:\n  F: {"+c.setting+"}\n"))
			}
			if err != nil {
				t.Fatal(err)
			}
			bad, err := hex.DecodeString(c.bytes)
			if err != nil {
				t.Fatal(err)
			}
			blank := byte(0x40)
			if c.codepage == "utf8" {
				blank = ' '
			}
			record := append(append([]byte{blank}, bad...), 0, 7)
			view := func(invalid mapping.Invalid) *mapping.View {
				v, err := mapping.Compile(layouts, file, mapping.Options{Invalid: invalid})
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			show := func(v *mapping.View) ([]byte, error) {
				r, err := v.Decode(record)
				if err != nil {
					t.Fatal(err)
				}
				return v.AppendJSON(nil, r)
			}
			_, err = show(view(mapping.InvalidError))
			var e *copybooks.FieldError
			if !errors.As(err, &e) || e.Reason != c.fault || e.Path != "R.F" || e.Offset != 1 || e.Size != len(bad) {
				t.Errorf("%v, want %s at R.F", err, c.fault)
			}
			if err != nil && (strings.Contains(err.Error(), c.bytes) || strings.Contains(err.Error(), strings.ToLower(c.bytes))) {
				t.Error("the error shows content")
			}
			v := view(mapping.InvalidNull)
			if js, err := show(v); err != nil || string(js) != `{"a":"","f":null,"z":7}` {
				t.Errorf("null: %s %v", js, err)
			} else if back, err := v.EncodeJSON(nil, js, record); err != nil || !bytes.Equal(back, record) {
				t.Errorf("null, with the record: %x %v, want %x", back, err, record)
			}
			v = view(mapping.InvalidRaw)
			js, err := show(v)
			if want := `{"a":"","f":{"raw":"` + strings.ToLower(c.bytes) + `"},"z":7}`; err != nil || string(js) != want {
				t.Fatalf("raw: %s %v, want %s", js, err, want)
			}
			for _, original := range [][]byte{record, nil} {
				if back, err := v.EncodeJSON(nil, js, original); err != nil || !bytes.Equal(back, record) {
					t.Errorf("raw: %x %v, want %x", back, err, record)
				}
			}
			short := strings.Replace(string(js), strings.ToLower(c.bytes), strings.ToLower(c.bytes[2:]), 1)
			if back, err := v.EncodeJSON(nil, []byte(short), nil); err == nil {
				t.Errorf("raw bytes that are too few became %x", back)
			}
		})
	}
	// Faults that are not of a field's bytes: of a record's length, of counters and selectors, of what is written.
	others := strings.Fields("blank short-record long-record odo-count used-count unknown-kind eyecatcher not-number overflow fraction-lost sign-lost text-too-long " +
		"unencodable no-blank unknown-code views-differ value-kind missing-value not-encodable return-code text-length")
	for _, r := range copybooks.Reasons() {
		other := false
		for _, o := range others {
			other = other || o == r
		}
		if covered[r] == other {
			t.Errorf("fault %s: covered %v, listed as another's %v", r, covered[r], other)
		}
	}
}
