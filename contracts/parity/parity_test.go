package parity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/portage-gateway/portage/contracts/mask"
)

var update = flag.Bool("update", false, "write the want files anew")

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newHTTP(t testing.TB, c Config) *HTTP {
	t.Helper()
	if c.Now == nil {
		c.Now = func() time.Time { return day }
	}
	h, err := NewHTTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// storyConfig is what every story in testdata is compared with.
func storyConfig() Config {
	until := "2026-12-31"
	return Config{
		Ignore: []Rule{
			{Pointer: "/source", Reason: "names the side", Owner: "ei-team", Until: until},
			{Pointer: "/payments/*/sequence", Reason: "a counter of Legacy", Owner: "ei-team", Until: until},
			{Pointer: "/old", Reason: "was known", Owner: "ei-team", Until: "2026-02-28"},
		},
		Decimals: []Decimal{
			{Pointer: "/weeklyRate/amount", Scale: 2, Money: true},
			{Pointer: "/factor", Scale: 4},
			{Pointer: "/points", Scale: 1},
		},
		Arrays: []Array{{Pointer: "/byWeek", Key: "/week/start"}},
		Mask:   mask.Masker{Sensitivity: func(p string) string { return map[string]string{"/status/code": mask.Public, "/sin": mask.SIN}[p] }},
	}
}

// Each story holds two bodies, and what comparing them must say.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d stories, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string][]byte{}
			for _, f := range archive.Files {
				part[f.Name] = f.Data
			}
			h := newHTTP(t, storyConfig())
			got := report(h.Bodies(part["legacy"], part["modern"]))
			if *update {
				archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
				archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(part["want"]); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
			if again := newHTTP(t, storyConfig()).Bodies(part["legacy"], part["legacy"]); !again.Equal || len(again.Fields) > 0 {
				t.Errorf("a body differs from itself: %+v", again)
			}
		})
	}
}

func report(r Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "equal=%v severity=%d hidden=%d\n", r.Equal, r.Severity, r.Hidden)
	for _, d := range r.Fields {
		fmt.Fprintf(&b, "%s %s %d %s -> %s %s\n", d.Pointer, d.Kind, d.Severity, d.Legacy, d.Modern, d.Delta)
	}
	return strings.ReplaceAll(b.String(), " \n", "\n")
}

func answer(status int, contentType, body string) Answer {
	h := http.Header{}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	return Answer{Status: status, Header: h, Body: []byte(body)}
}

func TestAnswers(t *testing.T) {
	const js, problem = "application/json", "application/problem+json"
	gone := Answer{Err: errors.New("dial refused")}
	tests := []struct {
		name           string
		legacy, modern Answer
		want           string // of "pointer kind" joined, or what was skipped
	}{
		{"equal but for white space and member order", answer(200, js, `{"a":1,"b":2}`), answer(200, js, "{\"b\" : 2,\n\"a\": 1}"), ""},
		{"another status, whatever the body", answer(200, js, `{"a":1}`), answer(404, problem, `{"type":"x"}`), "status status"},
		{"charset UTF-8 said or not", answer(200, js, `{}`), answer(200, "application/json; charset=UTF-8", `{}`), ""},
		{"another charset", answer(200, js, `{}`), answer(200, "application/json; charset=latin1", `{}`), "header/Content-Type value"},
		{"no content type", answer(200, js, `{}`), answer(200, "", `{}`), "header/Content-Type value"},
		{"problems by type, not text", answer(404, problem, `{"type":"/p/a","title":"Not found","status":404}`), answer(404, problem, `{"type":"/p/a","title":"Introuvable","status":404,"detail":"x"}`), ""},
		{"problems of another type", answer(404, problem, `{"type":"/p/a","status":404}`), answer(404, problem, `{"type":"/p/b","status":404}`), "/type value"},
		{"a problem without a type is about:blank", answer(500, problem, `{"title":"a"}`), answer(500, problem, `{"type":"about:blank","title":"b"}`), ""},
		{"a problem against another error body", answer(404, problem, `{"type":"/p/a"}`), answer(404, js, `{"type":"/p/a"}`), "header/Content-Type value"},
		{"problems that are no objects", answer(500, problem, `[1]`), answer(500, problem, `[2]`), "/0 value"},
		{"a success is no problem", answer(200, problem, `{"title":"a"}`), answer(200, problem, `{"title":"b"}`), "/title value"},
		{"texts that are not JSON, equal", answer(200, "text/plain", "a"), answer(200, "text/plain", "a"), ""},
		{"texts that are not JSON", answer(200, "text/plain", "a"), answer(200, "text/plain", "b"), " value"},
		{"JSON against something else", answer(200, js, `{"a":1}`), answer(200, js, `<a/>`), " type"},
		{"an empty body against JSON", answer(200, js, ``), answer(200, js, `{}`), " type"},
		{"two empty bodies", answer(204, "", ``), answer(204, "", ``), ""},
		{"a name twice is never equal to once", answer(200, js, `{"a":1,"a":1}`), answer(200, js, `{"a":1}`), " type"},
		{"Legacy failed", gone, answer(200, js, `{}`), "legacy_error"},
		{"Modern failed", answer(200, js, `{}`), gone, "modern_error"},
		{"both failed", gone, gone, "both_error"},
		{"a huge body", answer(200, js, strings.Repeat(" ", 2000)+`{}`), answer(200, js, `{}`), "too_large"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHTTP(t, Config{MaxBody: 1000})
			r := h.Compare(t.Context(), tt.legacy, tt.modern)
			got := r.Skipped
			for _, d := range r.Fields {
				got += d.Pointer + " " + string(d.Kind)
			}
			if got != tt.want || r.Equal != (tt.want == "") {
				t.Errorf("got %q, equal %v, want %q", got, r.Equal, tt.want)
			}
		})
	}
}

func TestHeadersAsAsked(t *testing.T) {
	h := newHTTP(t, Config{Headers: []string{"etag", "Retry-After"}})
	a, b := answer(200, "text/plain", ""), answer(200, "application/json", "")
	a.Header.Set("ETag", `"1"`)
	b.Header.Set("ETag", `"2"`)
	b.Header.Set("Retry-After", "120")
	r := h.Compare(t.Context(), a, b)
	want := []Difference{
		{Pointer: "header/Etag", Kind: Value, Severity: 2, Legacy: "text(3)", Modern: "text(3)"},
		{Pointer: "header/Retry-After", Kind: Extra, Severity: 2, Legacy: "absent", Modern: "digits(3)"},
	}
	if !slices.Equal(r.Fields, want) {
		t.Errorf("%+v", r.Fields)
	}
	if r := h.Compare(t.Context(), b, a); r.Fields[1].Kind != Missing {
		t.Errorf("%+v", r.Fields)
	}
}

func TestRulesCountAndExpire(t *testing.T) {
	now := day
	c := storyConfig()
	c.Now = func() time.Time { return now }
	h := newHTTP(t, c)
	a, b := []byte(`{"source":{"path":"legacy","asOf":"1"},"old":1}`), []byte(`{"source":{"path":"modern","asOf":"2"},"old":2}`)
	r := h.Bodies(a, b)
	if r.Hidden != 2 || len(r.Fields) != 1 || r.Fields[0].Pointer != "/old" {
		t.Errorf("%+v", r)
	}
	if r := h.Bodies(a, a); r.Hidden != 0 || !r.Equal {
		t.Errorf("equal bodies: %+v", r)
	}
	rules := h.Rules()
	if rules[0].Hid != 2 || rules[0].Expired || rules[2].Hid != 0 || !rules[2].Expired {
		t.Errorf("%+v", rules)
	}
	for _, tt := range []struct {
		at     time.Time
		hidden int
	}{
		{time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), 2},
		{time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), 0},
	} {
		now = tt.at
		if r := h.Bodies(a, b); r.Hidden != tt.hidden {
			t.Errorf("at %v %d are hidden, want %d", tt.at, r.Hidden, tt.hidden)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	good := Rule{Pointer: "/a", Reason: "r", Owner: "o", Until: "2026-12-31"}
	bad := func(change func(*Rule)) Config {
		r := good
		change(&r)
		return Config{Ignore: []Rule{good, r}}
	}
	for want, c := range map[string]Config{
		"ignore rule 2: the pointer":   bad(func(r *Rule) { r.Pointer = "a" }),
		"an owner":                     bad(func(r *Rule) { r.Owner = "" }),
		"a reason":                     bad(func(r *Rule) { r.Reason = "" }),
		"until date":                   bad(func(r *Rule) { r.Until = "" }),
		"should be a date":             bad(func(r *Rule) { r.Until = "31/12/2026" }),
		"decimal 1: the pointer":       {Decimals: []Decimal{{Pointer: ""}}},
		"the scale is -1":              {Decimals: []Decimal{{Pointer: "/a", Scale: -1}}},
		"array 1: the pointer":         {Arrays: []Array{{Pointer: "a", Key: "/b"}}},
		"array 1 (/a): key: the point": {Arrays: []Array{{Pointer: "/a", Key: "b"}}},
	} {
		if _, err := NewHTTP(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestManyDifferencesAreCounted(t *testing.T) {
	a, b := map[string]int{}, map[string]int{}
	for i := range 80 {
		name := "n" + strings.Repeat("x", i/10) + string(rune('a'+i%10))
		a[name], b[name] = i, i+1
	}
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	if r := newHTTP(t, Config{}).Bodies(x, y); len(r.Fields) != MaxFields || r.More != 30 || r.Equal {
		t.Errorf("%d listed, %d more", len(r.Fields), r.More)
	}
}

// mirror is what the comparison must say with the sides changed over.
func mirror(d Difference) Difference {
	d.Legacy, d.Modern = d.Modern, d.Legacy
	switch d.Kind {
	case Missing:
		d.Kind = Extra
	case Extra:
		d.Kind = Missing
	}
	d.Delta = strings.Map(func(r rune) rune {
		switch r {
		case '+':
			return '-'
		case '-':
			return '+'
		}
		return r
	}, d.Delta)
	return d
}

func FuzzBodies(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data, archive.Files[1].Data)
	}
	f.Add([]byte(`1e999999999`), []byte(`1.0e999999999`))
	f.Add([]byte(`["0.1",1]`), []byte(`[1,"0.10"]`))
	f.Add([]byte{0xff}, []byte(`{}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		plain, ruled := newHTTP(t, Config{}), newHTTP(t, storyConfig())
		for _, h := range []*HTTP{plain, ruled} {
			for _, body := range [][]byte{a, b} {
				if r := h.Bodies(body, bytes.Clone(body)); !r.Equal || len(r.Fields)+r.Hidden > 0 {
					t.Fatalf("not equal to itself: %+v", r)
				}
			}
			there, back := h.Bodies(a, b), h.Bodies(b, a)
			if there.Equal != back.Equal || there.Severity != back.Severity || there.Hidden != back.Hidden || there.More != back.More {
				t.Fatalf("there %+v\nback  %+v", there, back)
			}
			if there.Equal != (len(there.Fields) == 0) || there.Equal != (there.Severity == 0) {
				t.Fatalf("contradicts itself: %+v", there)
			}
		}
		// Arrays paired by a key take their pointers from the first side, so only the plain comparison mirrors
		// field by field.
		there, back := plain.Bodies(a, b), plain.Bodies(b, a)
		for i, d := range there.Fields {
			if mirror(d) != back.Fields[i] {
				t.Fatalf("%+v is mirrored as %+v", d, back.Fields[i])
			}
		}
	})
}

func TestParseDecimal(t *testing.T) {
	equal := [][]string{
		{"0", "-0", "0.00", "-0.0e9", "0e-7"}, {"1", "1.0", "01.00", "1e0", "10e-1", "0.1E+1"}, {"-12.3", "-12.30", "-1.23e1"},
		{"100", "1e2"}, {"0.05", "5e-2"}, {"123456789012345678901234567890.01", "12345678901234567890123456789001e-2"},
	}
	seen := map[number]int{}
	for i, group := range equal {
		for _, text := range group {
			d, ok := parseDecimal(text)
			if !ok {
				t.Errorf("%s is no decimal", text)
			}
			if other, taken := seen[d.number()]; taken && other != i {
				t.Errorf("%s is taken for one of %v", text, equal[other])
			}
			seen[d.number()] = i
		}
	}
	if len(seen) != len(equal) {
		t.Errorf("%d values, want %d", len(seen), len(equal))
	}
	for _, text := range []string{"", "-", ".", "1.", ".1", "+1", "1e", "1e99999999999", "0x1", "1 ", "1.2.3", "--1", "Inf"} {
		if _, ok := parseDecimal(text); ok {
			t.Errorf("%q is taken for a decimal", text)
		}
	}
}

func TestDelta(t *testing.T) {
	for _, tt := range []struct {
		a, b    string
		scale   int
		want    string
		oneUnit bool
	}{
		{"729.00", "729.01", 2, "+0.01", true}, {"729.01", "729.00", 2, "-0.01", true}, {"729.00", "729.02", 2, "+0.02", false},
		{"-0.01", "0.01", 2, "+0.02", false}, {"0", "1000000", 0, "+1000000", false}, {"9.99", "-9.99", 2, "-19.98", false},
		{"1.5", "1.50001", 5, "+0.00001", true}, {"1", "1e500", 2, "", false}, {"1e-9", "0", 2, "", false},
		{"99999999999999999.99", "100000000000000000.00", 2, "+0.01", true},
	} {
		a, _ := parseDecimal(tt.a)
		b, _ := parseDecimal(tt.b)
		if got, one := delta(a, b, tt.scale); got != tt.want || one != tt.oneUnit {
			t.Errorf("%s to %s: %q %v, want %q %v", tt.a, tt.b, got, one, tt.want, tt.oneUnit)
		}
	}
}

func ExampleHTTP_Compare() {
	h, err := NewHTTP(Config{Ignore: []Rule{{Pointer: "/source", Reason: "names the side", Owner: "ei-team", Until: "9999-12-31"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	json := http.Header{"Content-Type": {"application/json"}}
	r := h.Compare(context.Background(),
		Answer{Status: 200, Header: json, Body: []byte(`{"weeklyRate":{"amount":"729.00"},"weeks":38,"source":"legacy"}`)},
		Answer{Status: 200, Header: json, Body: []byte(`{"weeklyRate":{"amount":"729.01"},"source":"modern"}`)})
	fmt.Println(r.Equal, r.Severity, r.Hidden)
	for _, d := range r.Fields {
		fmt.Println(d.Pointer, d.Kind, d.Severity, d.Legacy, d.Modern, d.Delta)
	}
	// Output:
	// false 1 1
	// /weeklyRate/amount rounding 1 decimal(3.2) decimal(3.2) +0.01
	// /weeks missing 2 integer(2) absent
}

var claim = []byte(`{"id":"r","type":"regular","status":{"code":"in-pay","legacyCode":"40","text":{"en":"In pay","fr":"En paiement"}},"appliedOn":"2026-01-12","benefitPeriodStart":"2026-01-11","weeklyRate":{"amount":"729.00","currency":"CAD"},"weeks":{"entitled":38,"paid":4},"decisionMode":"automated","payments":[{"weekStart":"2026-01-11","gross":"729.00","net":"641.52","method":"direct-deposit"},{"weekStart":"2026-01-18","gross":"729.00","net":"641.52","method":"direct-deposit"}],"source":{"system":"ei-mainframe","path":"legacy","asOf":"2026-02-01T00:00:00Z","stale":false}}`)

func BenchmarkBodies(b *testing.B) {
	h := newHTTP(b, storyConfig())
	other := bytes.Replace(claim, []byte(`"path":"legacy"`), []byte(`"path":"modern"`), 1)
	b.SetBytes(int64(2 * len(claim)))
	b.ReportAllocs()
	for b.Loop() {
		if r := h.Bodies(claim, other); !r.Equal {
			b.Fatal(r)
		}
	}
}
