package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/copybooks/benefits"
)

// open is the inverse of the tests' reference func.
func open(ref string) (program, sinText, claimText string, err error) {
	if ref != "cpp-ref" {
		return "", "", "", errors.New("not ours")
	}
	return "cpp", sin, "", nil
}

func records(t testing.TB, c RecordsConfig) translate {
	t.Helper()
	if c.Open == nil {
		c.Open = open
	}
	f, err := Records(view(t, "CPPPAYEV"), c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// changed is the event of a payment that Modern tells, with members and data changed; nil takes one away.
func changed(t testing.TB, members map[string]any, data map[string]any) adapters.Message {
	t.Helper()
	m := one(t, events(t, EventsConfig{Source: "/modern/cpp"}), adapters.Message{ID: "1", Body: payment(t)})
	var e map[string]any
	decoder := json.NewDecoder(bytes.NewReader(m.Body))
	decoder.UseNumber()
	if err := decoder.Decode(&e); err != nil {
		t.Fatal(err)
	}
	maps.Copy(e, members)
	inner, ok := e["data"].(map[string]any)
	for name, value := range data {
		if inner[name] = value; value == nil && ok {
			delete(inner, name)
		}
	}
	for name, value := range e {
		if value == nil {
			delete(e, name)
		}
	}
	var err error
	if m.Body, err = json.Marshal(e); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRecordsIsTheInverseOfEvents makes an event of a record, a record of the event and an event of that: both
// events say the same, in either content mode, and the record is NUMERIC where the event said nothing.
func TestRecordsIsTheInverseOfEvents(t *testing.T) {
	tell := events(t, EventsConfig{Source: "/modern/cpp"})
	f := records(t, RecordsConfig{})
	for name, pairs := range map[string][]string{
		"issued": nil, "returned": {"PE-EVENT-TYPE", "RT", "PE-ORIG-TRACE-NO", "T1", "PE-RETURN-REASON", "905", "PE-RETURN-AMT", "12.30", "PE-RETURN-DATE", "2026034"},
		"stopped at death": {"PE-EVENT-TYPE", "DS", "PE-DETAIL", ""}, "cancelled": {"PE-EVENT-TYPE", "CX", "PE-GROSS", "-729.00", "PE-NET", "-641.52"},
	} {
		t.Run(name, func(t *testing.T) {
			m := one(t, tell, adapters.Message{ID: "1", Body: payment(t, pairs...)})
			back := one(t, f, m)
			if back.ID != m.ID || len(back.Body) != 170 {
				t.Fatalf("%d bytes under %s", len(back.Body), back.ID)
			}
			if again := one(t, tell, adapters.Message{ID: "2", Body: back.Body}); !bytes.Equal(again.Body, m.Body) {
				t.Errorf("told again:\n%s\n%s", again.Body, m.Body)
			}
			if binary := one(t, f, binaryMode(t, m)); !bytes.Equal(binary.Body, back.Body) {
				t.Errorf("the binary mode makes another record:\n%X\n%X", binary.Body, back.Body)
			}
		})
	}
}

// binaryMode is the message as kafka.Config.Content binary publishes it.
func binaryMode(t testing.TB, m adapters.Message) adapters.Message {
	t.Helper()
	var e map[string]json.RawMessage
	if err := json.Unmarshal(m.Body, &e); err != nil {
		t.Fatal(err)
	}
	out := adapters.Message{ID: m.ID, Body: e["data"], Headers: []adapters.Header{{Name: "content-type", Value: "application/json"}, {Name: kafka.IDHeader, Value: m.ID}}}
	for name, raw := range e {
		if name != "data" && name != "datacontenttype" {
			out.Headers = append(out.Headers, adapters.Header{Name: "ce_" + name, Value: strings.Trim(string(raw), `"`)})
		}
	}
	return out
}

// TestEventsThatAreRefusedNameTheirField also holds that no refusal tells content.
func TestEventsThatAreRefusedNameTheirField(t *testing.T) {
	f := records(t, RecordsConfig{})
	payment := map[string]any{"gross": map[string]string{"amount": "729.005", "currency": "CAD"}}
	for name, c := range map[string]struct {
		m              adapters.Message
		reason, field  string
		offset, within int // where the offset points: 0 nowhere, 1 into the body
	}{
		"no JSON":                  {m: adapters.Message{ID: "1", Body: []byte("x"), Headers: []adapters.Header{{Name: "content-type", Value: ContentType}}}, reason: "not-cloudevent"},
		"no CloudEvent":            {m: adapters.Message{ID: "1", Body: []byte(`{"a":1}`)}, reason: "not-cloudevent"},
		"no id":                    {m: changed(t, map[string]any{"id": nil}, nil), reason: "not-cloudevent"},
		"no data":                  {m: changed(t, map[string]any{"data": nil}, nil), reason: "not-cloudevent"},
		"time in words":            {m: adapters.Message{ID: "1", Headers: []adapters.Header{{Name: "ce_specversion", Value: "1.0"}, {Name: "ce_time", Value: "noon"}}}, reason: "not-cloudevent"},
		"subject of others":        {m: changed(t, map[string]any{"subject": "ei-ref"}, nil), reason: "reference"},
		"no subject":               {m: changed(t, map[string]any{"subject": nil}, nil), reason: "reference"},
		"no sequence":              {m: changed(t, map[string]any{"sequence": nil, "id": "7f"}, nil), reason: "missing-value", field: "PE-EVENT-SEQ"},
		"half a cent":              {m: changed(t, nil, map[string]any{"payment": payment}), reason: "fraction-lost", field: "PE-GROSS", within: 1},
		"no such member":           {m: changed(t, nil, map[string]any{"secret": sin}), reason: "value-kind", within: 1},
		"text that does not fit":   {m: changed(t, nil, map[string]any{"payment": map[string]any{"trace": strings.Repeat("T", 23)}}), reason: "text-too-long", field: "PE-TRACE-NO", within: 1},
		"a number left blank":      {m: changed(t, nil, map[string]any{"payment": map[string]any{"account": map[string]any{"institution": nil}}}), reason: reasonNumeric, field: "PE-INSTITUTION"},
		"raw bytes that are blank": {m: changed(t, nil, map[string]any{"payment": map[string]any{"gross": map[string]string{"raw": "4040404040"}}}), reason: reasonNumeric, field: "PE-GROSS"},
		"another type's data":      {m: changed(t, nil, map[string]any{"return": map[string]any{"reason": "905"}}), reason: "unknown-kind", within: 1},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := f(t.Context(), c.m)
			why, refused := refusalOf(err)
			if !refused || len(out) > 0 || why.Reason != c.reason || !strings.HasSuffix(why.Field, c.field) {
				t.Fatalf("%d messages, %v, want %s at %s", len(out), err, c.reason, c.field)
			}
			if strings.Contains(err.Error(), sin) || strings.Contains(err.Error(), "729") {
				t.Errorf("it tells content: %v", err)
			}
			if c.within == 1 && (why.Offset <= bytes.Index(c.m.Body, []byte(`"data"`)) || why.Offset >= len(c.m.Body)) {
				t.Errorf("byte %d of %s", why.Offset, c.m.Body)
			}
			if why.Reason == reasonNumeric && (why.Offset < 50 || why.Offset+why.Size > 170) {
				t.Errorf("%d bytes at offset %d of a record of 170", why.Size, why.Offset)
			}
		})
	}
}

// TestWhatIsPassedOver holds that what Legacy said, what answers a write-back and what others said are no records,
// and no dead letters.
func TestWhatIsPassedOver(t *testing.T) {
	var passed []string
	c := RecordsConfig{
		Types: []string{"ca.example.benefits.cpp.payment.issued.v1"}, Marked: func(id string) bool { return id == "ab" },
		Passed: func(reason string) { passed = append(passed, reason) },
	}
	f := records(t, c)
	for want, m := range map[string]adapters.Message{
		"":     changed(t, nil, nil),
		"type": changed(t, map[string]any{"type": "ca.example.benefits.cpp.payment.returned.v1"}, nil),
		// the mapping's own source, since none is named
		"source": changed(t, map[string]any{"source": "/legacy/cpp/pay"}, nil),
		"mark":   {ID: "1", Body: changed(t, nil, nil).Body, Headers: []adapters.Header{{Name: "content-type", Value: ContentType}, {Name: "mq-correlid", Value: "ab"}}},
	} {
		passed = nil
		out, err := f(t.Context(), m)
		if err != nil || (want == "") != (len(out) == 1) || want != strings.Join(passed, " ") {
			t.Errorf("want %q passed over: %d messages, %q, %v", want, len(out), passed, err)
		}
	}
	for name, broken := range map[string]RecordsConfig{"a type that nothing makes": {Types: []string{"x"}}} {
		if _, err := Records(view(t, "CPPPAYEV"), broken); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := Records(view(t, "EICLMSTA"), RecordsConfig{}); err == nil {
		t.Error("a mapping without events is taken")
	}
}

// FuzzRecords holds that whatever is read as an event becomes a record that can be decoded and is NUMERIC, or
// nothing.
func FuzzRecords(f *testing.F) {
	v, err := benefits.View("CPPPAYEV")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(changed(f, nil, nil).Body)
	f.Add(changed(f, map[string]any{"sequence": nil}, map[string]any{"payment": nil}).Body)
	back, err := Records(v, RecordsConfig{Open: open})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, kind := range []string{ContentType, "application/json"} {
			out, err := back(t.Context(), adapters.Message{ID: "1", Body: body, Headers: []adapters.Header{{Name: "content-type", Value: kind}}})
			if _, refused := refusalOf(err); err != nil && !refused {
				t.Fatalf("it would be tried for ever: %v", err)
			}
			for _, m := range out {
				r, err := v.Decode(m.Body)
				if err != nil || checkNumeric(v, r) != nil {
					t.Errorf("%X: %v", m.Body, err)
				}
			}
		}
	})
}

// A Modern service tells a payment, and Legacy gets the record that it would have written itself.
func ExampleRecords() {
	v, _ := sample()
	back, err := Records(v, RecordsConfig{Open: func(string) (string, string, string, error) { return "cpp", sin, "", nil }})
	if err != nil {
		log.Fatal(err)
	}
	event := `{"specversion":"1.0","id":"cpp-pay-77","source":"/modern/cpp","type":"ca.example.benefits.cpp.payment.issued.v1",
		"subject":"k3j9","time":"2026-03-08T07:00:00Z","data":{"benefit":"retirement","payMonth":"2026-03",
		"payment":{"gross":{"amount":"729.00","currency":"CAD"},"dueOn":"2026-03-27"}}}`
	out, err := back(nil, adapters.Message{ID: "m1", Body: []byte(event), Headers: []adapters.Header{{Name: "content-type", Value: ContentType}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%X\n", out[0].Body[:57])
	// Output: C3D7D7C5F0F1C9E2000000000000004DF2F0F2F6F0F3F0F8F0F3F0F0F0F0F0F0F0F4F6F4F5F4F2F8F6D9E3D9F2F0F2F6F0F3000072900C0000
}
