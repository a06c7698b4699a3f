package mapping_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// views are the samples with and without their mappings, and under each way with invalid fields.
func views(t testing.TB) []*mapping.View {
	t.Helper()
	var out []*mapping.View
	for _, name := range benefits.Names() {
		v, err := benefits.View(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
		ls, err := benefits.Layouts(name)
		if err != nil {
			t.Fatal(err)
		}
		if all, err := mapping.Compile(ls, nil, mapping.Options{}); err != nil {
			t.Fatal(err)
		} else {
			out = append(out, all)
		}
		for _, l := range ls {
			for _, o := range []mapping.Options{{}, {Invalid: mapping.InvalidNull, Trim: copybooks.TrimBoth}, {Invalid: mapping.InvalidRaw, Numbers: mapping.NumberNumbers, Fillers: true, Trim: copybooks.TrimNone}} {
				v, err := mapping.Compile([]*copybooks.Layout{l}, nil, o)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, v)
			}
		}
	}
	for _, o := range []mapping.Options{{}, {Invalid: mapping.InvalidNull}, {Invalid: mapping.InvalidRaw}} {
		out = append(out, db2View(t, o))
	}
	return out
}

// db2View has what Db2 and level 66 add, under a page of one and two bytes a character.
func db2View(t testing.TB, o mapping.Options) *mapping.View {
	t.Helper()
	layouts, err := copybooks.Parse("db2", strings.NewReader(`01 R.
05 A PIC X(3).
05 A-IND PIC S9(4) COMP.
05 B PIC S9(3)V99 COMP-3.
05 C.
49 C-LEN PIC S9(4) COMP.
49 C-TEXT PIC X(4).
05 INDS PIC S9(4) COMP OCCURS 3.
05 D PIC X(10).
05 S PIC X(26).
05 M PIC X.
05 E PIC 9(3).
05 G PIC G(2) DISPLAY-1.
05 N PIC 9(2) NATIONAL.
66 BOTH RENAMES D THRU M.
`), copybooks.Options{Codepage: "cp939"})
	if err != nil {
		t.Fatal(err)
	}
	f, err := mapping.Parse("db2.yaml", []byte(`zone: America/Toronto
fields:
  A: {nullIndicator: A-IND, fold: ascii}
  B: {nullIndicator: INDS(1), money: CAD}
  C: {varchar: true, nullIndicator: INDS(2)}
  D: {date: YYYY-MM-DD, nullIndicator: INDS(3)}
  S: {date: YYYY-MM-DD-HH.MM.SS.NNNNNN}
  E: {nullIndicator: M, "null": [nines]}
  BOTH: {to: /both}
`))
	if err != nil {
		t.Fatal(err)
	}
	if o.Invalid == mapping.InvalidNull {
		f.Fields["BOTH"].Omit = true // a null that stands for bytes of others cannot bring them back
	}
	v, err := mapping.Compile(layouts, f, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// FuzzRoundTrip: any bytes that decode give valid JSON, and with the record that JSON gives the bytes again.
func FuzzRoundTrip(f *testing.F) {
	all := views(f)
	for i, v := range all {
		for _, l := range v.Layouts() {
			e := l.Encoder()
			if err := e.Begin(nil); err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), uint16(0), e.Bytes())
		}
	}
	for _, s := range []struct{ name, json string }{{"EICLMSTA", eiReply}, {"OASMSTR", oasBenefit}} {
		_, b := sample(f, s.name, s.json)
		for i := range all {
			f.Add(uint8(i), uint16(0), b)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, stretch uint16, data []byte) {
		v := all[int(i)%len(all)]
		// Bring the bytes near to a length that the layout has.
		l := v.Layouts()[int(i)%len(v.Layouts())]
		size := l.MinSize() + int(stretch)%(l.Size()-l.MinSize()+1)
		b := make([]byte, size)
		for n := range b {
			b[n] = 0xF0
		}
		copy(b, data)
		roundTrip(t, v, b)
		roundTrip(t, v, data)
	})
}

func roundTrip(t *testing.T, v *mapping.View, b []byte) {
	t.Helper()
	r, err := v.Decode(b)
	if err != nil {
		return
	}
	out, err := v.AppendJSON(nil, r)
	if err != nil {
		return
	}
	if !json.Valid(out) {
		t.Fatalf("%s: %x is %s, which is no JSON", v.Name(), b, out)
	}
	back, err := v.EncodeJSON(nil, out, b)
	if err != nil || !bytes.Equal(back, b) {
		t.Fatalf("%s: %x\nis %s\nback %x %v", v.Name(), b, out, back, err)
	}
	alone, err := v.EncodeJSON(nil, out, nil)
	if err != nil {
		// Refused with its place: what a record holds beyond its PICTURE, or bytes that are no value.
		for _, known := range []string{"overflow", "no-blank", "views-differ", "unknown-kind", "unknown-code", "unencodable", "want one member", "date-value", "text-too-long", "odo-count", "encode to different bytes"} {
			if strings.Contains(err.Error(), known) {
				return
			}
		}
		t.Fatalf("%s: %s alone: %v", v.Name(), out, err)
	}
	r, err = v.Decode(alone)
	if err != nil {
		t.Fatalf("%s: %s alone is %x: %v", v.Name(), out, alone, err)
	}
	again, err := v.AppendJSON(nil, r)
	if views := strings.Contains(v.Name(), "RECORD") || strings.Contains(v.Name(), "AREA") || strings.Contains(v.Name(), "EVENT"); views && err == nil && bytes.Contains(out, []byte("null")) {
		return // all views of some bytes may have been null, and say nothing of them
	}
	if err != nil || !bytes.Equal(again, out) {
		t.Fatalf("%s: %s\nalone is %x, read as\n%s %v", v.Name(), out, alone, again, err)
	}
}

// FuzzEncode: any JSON is encoded or refused, and what was encoded decodes.
func FuzzEncode(f *testing.F) {
	all := views(f)
	f.Add(uint8(0), eiReply)
	f.Add(uint8(4), oasBenefit)
	f.Add(uint8(1), `{"oxRecType":"H"}`)
	f.Fuzz(func(t *testing.T, i uint8, text string) {
		v := all[int(i)%len(all)]
		b, err := v.EncodeJSON(nil, []byte(text), nil)
		if err != nil {
			return
		}
		if _, err := v.Decode(b); err != nil && !strings.Contains(err.Error(), "eyecatcher") {
			t.Fatalf("%s: %q gives %x: %v", v.Name(), text, b, err)
		}
	})
}
