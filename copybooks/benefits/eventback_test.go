package benefits_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// TestEventsGoTheWayBack makes a record of what its event says: with all that the view shows it is the record
// again, with the event's own data it lacks only what events never tell.
func TestEventsGoTheWayBack(t *testing.T) {
	v := view(t, "CPPPAYEV")
	for name, text := range cppEvents {
		t.Run(name, func(t *testing.T) {
			r, b := record(t, v, text)
			backIs(t, v, r, b)
			a, err := v.Event().Attributes(r)
			if err != nil {
				t.Fatal(err)
			}
			data, err := v.Event().AppendData(nil, r)
			if err != nil {
				t.Fatal(err)
			}
			out, err := v.Event().Encoder().Append(nil, a, data)
			if err != nil {
				t.Fatalf("%s: %v", data, err)
			}
			again, err := v.Decode(out)
			if err != nil {
				t.Fatal(err)
			}
			same, err := v.Event().AppendData(nil, again)
			if err != nil || !bytes.Equal(same, data) {
				t.Errorf("%v\n%s\n%s", err, same, data)
			}
		})
	}
}

// backIs encodes all that a view shows of a record but what its attributes say, and wants the record.
func backIs(t *testing.T, v *mapping.View, r copybooks.Record, want []byte) {
	t.Helper()
	a, err := v.Event().Attributes(r)
	if err != nil {
		t.Fatal(err)
	}
	data, err := v.AppendJSON(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Event().Encoder().Append([]byte("before"), a, data)
	if err != nil || string(got) != "before"+string(want) {
		t.Errorf("%v\n got %X\nwant %X", err, got, want)
	}
}

// TestCOBOLRecordsGoTheWayBack does it with records that COBOL programs wrote.
func TestCOBOLRecordsGoTheWayBack(t *testing.T) {
	for name, file := range map[string]string{"CPPPAYEV": "testdata/cpp-events.vb", "OASMSTR": "testdata/oas-extract.vb"} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			source, err := recfm.NewReader(f, recfm.Format{Recfm: recfm.VB})
			if err != nil {
				t.Fatal(err)
			}
			v := view(t, name)
			n := 0
			for {
				b, err := source.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				r, err := v.Decode(b)
				if err != nil {
					t.Fatal(err)
				}
				a, err := v.Event().Attributes(r)
				if errors.Is(err, mapping.ErrNoEvent) {
					continue
				}
				if err != nil || !slices.Contains(v.Event().Types(), a.Type) {
					t.Fatal(err)
				}
				backIs(t, v, r, slices.Clone(b))
				n++
			}
			if n == 0 {
				t.Error("no record was an event")
			}
		})
	}
}

// TestEventsThatMakeNoRecord are refused with the Field that is at fault.
func TestEventsThatMakeNoRecord(t *testing.T) {
	v := view(t, "CPPPAYEV")
	good := mapping.EventAttributes{
		ID: "0a6e", Type: "ca.example.benefits.cpp.payment.issued.v1", Sequence: "17", SIN: canary,
		Time: time.Date(2026, 7, 1, 14, 3, 22, 159_999_999, time.UTC),
	}
	const data = `{"benefit":"retirement","payMonth":"2026-07"}`
	for name, c := range map[string]struct {
		change       func(*mapping.EventAttributes)
		data, reason string
		field        string
	}{
		"as it should be":           {func(*mapping.EventAttributes) {}, data, "", ""},
		"number in the id":          {func(a *mapping.EventAttributes) { a.Sequence, a.ID = "", "cpp-pay-18" }, data, "", ""},
		"number in the data":        {func(a *mapping.EventAttributes) { a.Sequence = "" }, `{"sequence":"19"}`, "", ""},
		"no number":                 {func(a *mapping.EventAttributes) { a.Sequence = "" }, data, "missing-value", "PE-EVENT-SEQ"},
		"id of another form":        {func(a *mapping.EventAttributes) { a.Sequence, a.ID = "", "cpp-pay-" }, data, "missing-value", "PE-EVENT-SEQ"},
		"no subject":                {func(a *mapping.EventAttributes) { a.SIN = "" }, data, "missing-value", "PE-SIN"},
		"no time":                   {func(a *mapping.EventAttributes) { a.Time = time.Time{} }, data, "missing-value", "PE-EVENT-TS"},
		"another number":            {func(*mapping.EventAttributes) {}, `{"sequence":"18"}`, "views-differ", "PE-EVENT-SEQ"},
		"another client":            {func(*mapping.EventAttributes) {}, `{"sin":"010000016"}`, "views-differ", "PE-SIN"},
		"another time":              {func(*mapping.EventAttributes) {}, `{"occurredAt":"2026-07-01T14:03:22.16Z"}`, "views-differ", "PE-EVENT-TS"},
		"another type":              {func(*mapping.EventAttributes) {}, `{"event":"returned"}`, "views-differ", "PE-EVENT-TYPE"},
		"another type's data":       {func(*mapping.EventAttributes) {}, `{"rate":{}}`, "unknown-kind", ""},
		"a type that is not known":  {func(a *mapping.EventAttributes) { a.Type = "x" }, data, "unknown-kind", ""},
		"a repeated hour's second":  {func(a *mapping.EventAttributes) { a.Time = time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC) }, data, "date-value", "PE-EVENT-TS"},
		"a number that is too long": {func(a *mapping.EventAttributes) { a.Sequence = strings.Repeat("9", 19) }, data, "overflow", "PE-EVENT-SEQ"},
		"data that are no object":   {func(*mapping.EventAttributes) {}, `[]`, "value-kind", ""},
		"an unknown member":         {func(*mapping.EventAttributes) {}, `{"benefits":1}`, "value-kind", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := good
			c.change(&a)
			b, err := v.Event().Encoder().Append(nil, a, []byte(c.data))
			if c.reason == "" {
				if err != nil || len(b) != 170 {
					t.Fatalf("%d bytes, %v", len(b), err)
				}
				return
			}
			var e *mapping.ValueError
			if !errors.As(err, &e) || e.Reason != c.reason || !strings.Contains(err.Error(), c.field) || len(b) != 0 {
				t.Errorf("%d bytes, %v; want %s at %s", len(b), err, c.reason, c.field)
			}
		})
	}
}

// TestDataOfARecordThatMakesNoEventAreRefused: data that say "header" where the event says "client" are the event's
// own fault, and hold up no event behind it.
func TestDataOfARecordThatMakesNoEventAreRefused(t *testing.T) {
	encoder := view(t, "OASMSTR").Event().Encoder()
	for _, kind := range []string{"header", "trailer"} {
		a := mapping.EventAttributes{Type: "ca.example.benefits.oas.client.recorded.v1", Program: "oas", Sequence: "1", Claim: "123456789"}
		_, err := encoder.Append(nil, a, []byte(`{"kind":"`+kind+`"}`))
		var e *mapping.ValueError
		if !errors.As(err, &e) || e.Reason != "views-differ" || !strings.Contains(err.Error(), "OX-REC-TYPE") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestContentIsTheSameUnderAnotherNumber holds that an event told again at another time has the same content,
// and that nothing else has.
func TestContentIsTheSameUnderAnotherNumber(t *testing.T) {
	v := view(t, "CPPPAYEV")
	content := func(text string) string {
		r, _ := record(t, v, text)
		b, err := v.Event().Content().Append(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	issued := cppEvents["issued"]
	again := strings.NewReplacer("20260128000001", "20260128000009", "14:03:22.15Z", "15:03:22.15Z").Replace(issued)
	if content(issued) != content(again) {
		t.Errorf("%s\n%s", content(issued), content(again))
	}
	for _, other := range []string{
		strings.ReplaceAll(issued, "100.00", "100.01"), strings.ReplaceAll(issued, canary, "010000016"),
		strings.ReplaceAll(issued, `"issued"`, `"reissued"`), strings.ReplaceAll(issued, "2026-01\"", "2026-02\""),
	} {
		if content(issued) == content(other) {
			t.Errorf("the content does not tell %s", other)
		}
	}
}

// TestPresentIsWhatTheTypeSelects holds that shared storage is walked by the view that the record has.
func TestPresentIsWhatTheTypeSelects(t *testing.T) {
	v := view(t, "CPPPAYEV")
	for name, want := range map[string]string{"issued": "PE-GROSS", "returned": "PE-RETURN-AMT", "rate-changed": "PE-OLD-RATE", "stopped-death": "PE-DETAIL"} {
		r, _ := record(t, v, cppEvents[name])
		at := map[string]int{}
		for it, offset := range v.Present(r) {
			at[it.Field.Name] = offset
		}
		got := slices.DeleteFunc([]string{"PE-GROSS", "PE-RETURN-AMT", "PE-OLD-RATE", "PE-DETAIL"}, func(n string) bool { return at[n] == 0 })
		if len(got) != 1 || got[0] != want || at["PE-SIN"] != 32 || at["PE-EVENT-TIME"] != 24 {
			t.Errorf("%s: %v, PE-SIN at %d", name, got, at["PE-SIN"])
		}
	}
	if r, _ := record(t, v, cppEvents["issued"]); true {
		dates := 0
		for it := range v.Present(r) {
			if strings.HasPrefix(it.Field.Name, "PE-DUE-") {
				dates++
			}
		}
		if dates != 3 {
			t.Errorf("%d items of the due date are there, want both of its views", dates)
		}
	}
}
