package mask

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func tag(data []byte) string {
	h := fnv.New32a()
	h.Write([]byte("a key"))
	h.Write(data)
	return fmt.Sprintf("%08x", h.Sum32())
}

func TestValue(t *testing.T) {
	sensitivity := map[string]string{"/id": Public, "/sin": SIN, "/name": "protectedB", "/ok": Public, "/n": Public}
	m := Masker{Sensitivity: func(p string) string { return sensitivity[p] }}
	long := strings.Repeat("é", 70)
	for _, tt := range []struct {
		pointer string
		value   any
		want    string
	}{
		{"/unknown", "in-pay", "text(6)"},
		{"/unknown", "", "text(0)"},
		{"/unknown", "Émilie", "text(6)"},
		{"/unknown", "729.00", "decimal(3.2)"},
		{"/unknown", "-0.05", "decimal(1.2)"},
		{"/unknown", "046454286", "digits(9)"},
		{"/unknown", "1.", "text(2)"},
		{"/unknown", "--1", "text(3)"},
		{"/unknown", "2026-01-12", "text(10)"},
		{"/unknown", json.Number("38"), "integer(2)"},
		{"/unknown", json.Number("-7.25"), "number(1.2)"},
		{"/unknown", json.Number("1e9"), "number"},
		{"/unknown", true, "boolean"},
		{"/unknown", nil, "null"},
		{"/unknown", map[string]any{"a": 1, "b": 2}, "object(2)"},
		{"/unknown", []any{1}, "array(1)"},
		{"/unknown", struct{}{}, "unknown"},
		{"/name", "Tremblay", "text(8)"},
		{"/sin", "046454286", "sin"},
		{"/sin", json.Number("46454286"), "sin"},
		{"/id", "in-pay", `"in-pay"`},
		{"/id", long, `"` + strings.Repeat("é", 64) + `…"`},
		{"/n", json.Number("38"), "38"},
		{"/ok", true, "true"},
	} {
		if got := m.Value(tt.pointer, tt.value); got != tt.want {
			t.Errorf("%s of %T: %s, want %s", tt.pointer, tt.value, got, tt.want)
		}
	}
}

func TestTagsShowEqualityOnly(t *testing.T) {
	m := Masker{Tag: tag, Sensitivity: func(p string) string {
		if p == "/sin" {
			return SIN
		}
		return ""
	}}
	if a, b := m.Value("/x", "046454286"), m.Value("/y", "046454286"); a != b {
		t.Errorf("equal values differ: %s and %s", a, b)
	}
	if a, b := m.Value("/x", "046454286"), m.Value("/x", "046454287"); a == b {
		t.Error("different values look equal")
	}
	if got := m.Value("/sin", "046454286"); got != "sin#"+tag([]byte("046454286")) {
		t.Errorf("a SIN shows %s", got)
	}
	for _, v := range []any{true, nil, map[string]any{}, []any{}} {
		if got := m.Value("/x", v); strings.Contains(got, "#") {
			t.Errorf("%T has a tag: %s", v, got)
		}
	}
}

func TestAppendJSON(t *testing.T) {
	m := Masker{Sensitivity: func(p string) string {
		if Match("/status/code", p) || Match("/payments/*/method", p) {
			return Public
		}
		return ""
	}}
	in := `{"status":{"code":"in-pay","text":{"fr":"Prestations"}},"weeks":38,"open":true,"none":null,
		"payments":[{"gross":"729.00","method":"direct-deposit"}],"046454286":{"Tremblay, É":1},"123456789":2}`
	want := `{"*":{"*":"integer(1)"},"*2":"integer(1)","none":null,"open":"boolean",` +
		`"payments":[{"gross":"decimal(3.2)","method":"direct-deposit"}],` +
		`"status":{"code":"in-pay","text":{"fr":"text(11)"}},"weeks":"integer(2)"}`
	got, err := m.AppendJSON([]byte("> "), []byte(in))
	if err != nil || string(got) != "> "+want {
		t.Errorf("%v\ngot  %s\nwant > %s", err, got, want)
	}
	if got, err := m.AppendJSON([]byte("> "), []byte(`{"a":`)); err == nil || string(got) != "> " {
		t.Errorf("half an object gives %s, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":                    "",
		"a word":                     "SIN046454286",
		"two values":                 `1 2`,
		"a comma too many":           `[1,]`,
		"a comma too many in object": `{"a":1,}`,
		"a name twice":               `{"a":1,"b":{"a":2},"a":3}`,
		"a name twice by an escape":  "{\"a\":1,\"\\u0061\":2}",
		"not UTF-8":                  "\"\xff\"",
		"half a pair, high":          `"\ud800"`,
		"half a pair, low":           `"\udc00"`,
		"two high halves":            `"\ud800\ud800"`,
		"high half at the end":       `"\uD83D`,
		"too deep":                   strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
		"a million levels":           strings.Repeat("[", 1_000_000),
	} {
		_, err := Parse([]byte(in))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if syntax.Offset < 0 || syntax.Offset > int64(len(in)) || strings.Contains(err.Error(), "046454286") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseTakes(t *testing.T) {
	for in, want := range map[string]string{
		`"\ud83d\ude00"`:     "😀",
		`"\\ud800"`:          `\ud800`,
		`"\\\\ud800"`:        `\\ud800`,
		`"\"\ud83d\ude00\\"`: `"😀\`,
	} {
		got, err := Parse([]byte(in))
		if err != nil || got != want {
			t.Errorf("%s gives %q, %v", in, got, err)
		}
	}
	got, err := Parse([]byte(` 12.300 `))
	if err != nil || got != json.Number("12.300") {
		t.Errorf("a number gives %v, %v", got, err)
	}
	if _, err := Parse([]byte(strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth))); err != nil {
		t.Error(err)
	}
}

func TestName(t *testing.T) {
	for name, shown := range map[string]bool{
		"status": true, "x-digits": true, "$schema": true, "@type": true, "weeks2": true, "iso8601": true, "a.b:c": true,
		"": false, "046454286": false, "sin046454286": false, "Tremblay, A": false, "é": false, "1": false, "a/b": false, "a~b": false,
		strings.Repeat("a", 65): false, "12-34": false, "a1234b5678": true, "a12345": false,
	} {
		if got := Name(name) == name; got != shown {
			t.Errorf("%q shown: %v, want %v", name, got, shown)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, pointer string
		want             bool
	}{
		{"", "", true}, {"", "/a", false}, {"/a", "", false}, {"/a", "/a", true}, {"/a", "/b", false}, {"/a", "/a/b", false},
		{"/a/*/c", "/a/0/c", true}, {"/a/*/c", "/a/c", false}, {"/*", "/a", true}, {"/*", "/a/b", false}, {"/**", "/a/b", true},
		{"/**", "", true}, {"/a/**", "/a", true}, {"/a/**", "/a/b/c", true}, {"/a/**", "/b", false}, {"/a/*", "/a", false},
	} {
		if got := Match(tt.pattern, tt.pointer); got != tt.want {
			t.Errorf("%q on %q: %v", tt.pattern, tt.pointer, got)
		}
	}
}

// Whatever is masked without a public place shows none of its values and parses as JSON of the same shape.
func TestMaskedJSONShowsNoContent(t *testing.T) {
	canary := "Zq046454286"
	rapid.Check(t, func(t *rapid.T) {
		body, err := json.Marshal(anyJSON(canary).Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := (Masker{Tag: tag}).AppendJSON(nil, body)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(got, []byte("0464")) || bytes.Contains(got, []byte("Zq")) {
			t.Fatalf("shows content: %s", got)
		}
		before, _ := Parse(body)
		after, err := Parse(got)
		if err != nil || !sameShape(before, after) {
			t.Fatalf("%v: %s became %s", err, body, got)
		}
	})
}

// anyJSON makes values in which every text and name holds the canary.
func anyJSON(canary string) *rapid.Generator[any] {
	scalar := rapid.SampledFrom([]any{canary, "046454286", "0464.54", json.Number("46454286"), json.Number("464.54"), true, nil})
	return rapid.Custom(func(t *rapid.T) any {
		var build func(depth int) any
		build = func(depth int) any {
			kind := rapid.IntRange(0, 3).Draw(t, "kind")
			if depth == 0 || kind < 2 {
				return scalar.Draw(t, "scalar")
			}
			n := rapid.IntRange(0, 3).Draw(t, "n")
			if kind == 2 {
				list := []any{}
				for range n {
					list = append(list, build(depth-1))
				}
				return list
			}
			object := map[string]any{}
			for i := range n {
				object[fmt.Sprintf("%s%c", canary, 'a'+i)] = build(depth - 1)
			}
			return object
		}
		return build(4)
	})
}

func sameShape(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && len(a) == len(b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !sameShape(a[i], b[i]) {
				return false
			}
		}
		return true
	case nil:
		return b == nil
	}
	_, ok := b.(string)
	return ok
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.50,"x",null,true]}`, `"\ud83d\ude00"`, `[[[]]]`, `{"a":1,"a":2}`, "\xff", `-0.0e+9`, ` { "a\\"\\\\" : [ true , false ] , "b":"\\u00e9\\n" } `, `{"a":1,}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := Parse(body)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatal("took what is not JSON")
		}
		oracle := json.NewDecoder(bytes.NewReader(body))
		oracle.UseNumber()
		var want any
		if err := oracle.Decode(&want); err != nil || !reflect.DeepEqual(v, want) {
			t.Fatalf("%q is read as %v, by encoding/json as %v (%v)", body, v, want, err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Parse(text); err != nil || fmt.Sprint(again) != fmt.Sprint(v) {
			t.Fatalf("%s gives %v, then %v (%v)", body, v, again, err)
		}
		if masked, err := (Masker{}).AppendJSON(nil, body); err != nil || !json.Valid(masked) {
			t.Fatalf("masked to %s, %v", masked, err)
		}
	})
}

func ExampleMasker_AppendJSON() {
	m := Masker{Sensitivity: func(pointer string) string {
		return map[string]string{"/status": Public, "/sin": SIN}[pointer]
	}}
	masked, err := m.AppendJSON(nil, []byte(`{"sin":"046454286","status":"in-pay","weeklyRate":"729.00"}`))
	fmt.Println(string(masked), err)
	// Output: {"sin":"sin","status":"in-pay","weeklyRate":"decimal(3.2)"} <nil>
}

func BenchmarkAppendJSON(b *testing.B) {
	body := []byte(`{"status":{"code":"in-pay","text":{"en":"In pay","fr":"En paiement"}},"weeklyRate":{"amount":"729.00","currency":"CAD"},"payments":[{"gross":"729.00","net":"641.52"},{"gross":"729.00","net":"641.52"}]}`)
	m := Masker{Tag: tag}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var out []byte
	for b.Loop() {
		var err error
		if out, err = m.AppendJSON(out[:0], body); err != nil {
			b.Fatal(err)
		}
	}
}
