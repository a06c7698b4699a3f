package contracts

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the want files anew")

// claims is a contract that uses everything an operation's contract has.
const claims = `
contract: claims
version: 1.2.0
summary: what the portal needs of a claim
operation: GET /v1/ei/claims/{claimRef}
values:
  claimRef: the Reference of a claim that exists
  purpose: a purpose code
  sin: the claimant's SIN
public: [/status/code, /weeks/*]
schemas:
  money:
    type: object
    required: [amount, currency]
    properties:
      amount: {type: string, pattern: '^-?[0-9]{1,7}\.[0-9]{2}$'}
      currency: {const: CAD}
  claim:
    type: object
    required: [id, status, weeklyRate, weeks]
    properties:
      id: {type: string}
      status: {type: object, required: [code], properties: {code: {enum: [in-pay, received]}}}
      weeklyRate: {$ref: "#/schemas/money"}
      weeks: {type: object, properties: {entitled: {type: integer, minimum: 0, maximum: 52}, factor: {multipleOf: 0.25}}}
      appliedOn: {type: string, format: date}
      payments: {type: array, maxItems: 2, uniqueItems: true, items: {oneOf: [{type: string}, {type: number}]}}
      sealed: false
    additionalProperties: false
interactions:
  - name: a claim that exists
    state: claim-exists
    request: {method: GET, path: "/v1/ei/claims/{claimRef}", headers: {Accept: application/json, Purpose: "{purpose}"}}
    response:
      status: 200
      headers: {Content-Type: application/json, Cache-Control: no-store, X-Any: "*"}
      schema: {$ref: "#/schemas/claim"}
      exact:
        /id: "{claimRef}"
        /weeks/entitled: 38
        /weeklyRate/amount: "729.00"
      absent: [/sin, /*/sin]
      never: ["{sin}"]
`

var goodClaim = `{"id":"ref-1","status":{"code":"in-pay"},"weeklyRate":{"amount":"729.00","currency":"CAD"},"weeks":{"entitled":38},"appliedOn":"2026-01-12"}`

// side is a RoundTripper that answers with one body.
type side struct {
	status  int
	headers map[string]string
	body    string
	err     error
	asked   *http.Request
	sent    string
}

func (s *side) RoundTrip(q *http.Request) (*http.Response, error) {
	s.asked = q
	if q.Body != nil {
		b, _ := io.ReadAll(q.Body)
		s.sent = string(b)
	}
	if s.err != nil {
		return nil, s.err
	}
	w := httptest.NewRecorder()
	for name, value := range s.headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(s.status)
	io.WriteString(w, s.body)
	return w.Result(), nil
}

func goodSide(body string) *side {
	return &side{status: 200, body: body, headers: map[string]string{
		"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store", "X-Any": "x",
	}}
}

func target(s *side) Target {
	return Target{Name: "modern", HTTP: s, Values: map[string]string{"claimRef": "ref-1", "purpose": "EIAD", "sin": "046454286"}}
}

func mustParse(t testing.TB, text string) *Contract {
	t.Helper()
	c, err := Parse("claims.contract.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnOperationThatHolds(t *testing.T) {
	s := goodSide(goodClaim)
	r, err := Verify(t.Context(), mustParse(t, claims), target(s))
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK || len(r.Interactions) != 1 || r.Interactions[0].Failures != nil {
		t.Errorf("%+v", r)
	}
	if got := s.asked.Method + " " + s.asked.URL.EscapedPath(); got != "GET /v1/ei/claims/ref-1" {
		t.Errorf("asked %s", got)
	}
	if s.asked.Header.Get("Purpose") != "EIAD" {
		t.Errorf("headers %v", s.asked.Header)
	}
}

// Each story of testdata/answers is an answer and what the report says of it.
func TestAnswersThatBreakTheContract(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/answers.txtar")
	if err != nil {
		t.Fatal(err)
	}
	c := mustParse(t, claims)
	var out []txtar.File
	for i := 0; i+1 < len(archive.Files); i += 2 {
		story := archive.Files[i]
		t.Run(story.Name, func(t *testing.T) {
			r, err := Verify(t.Context(), c, target(goodSide(string(story.Data))))
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := Summarize(Judge(r)).WriteText(&text); err != nil {
				t.Fatal(err)
			}
			out = append(out, story, txtar.File{Name: "want", Data: text.Bytes()})
			if want := string(archive.Files[i+1].Data); !*update && text.String() != want {
				t.Errorf("got:\n%s\nwant:\n%s", text.String(), want)
			}
			if strings.Contains(text.String(), "Tremblay") || strings.Contains(strings.ReplaceAll(text.String(), " ", ""), "0464") || strings.Contains(text.String(), "999.99") {
				t.Errorf("the report shows content:\n%s", text.String())
			}
		})
	}
	if *update {
		archive.Files = out
		if err := os.WriteFile("testdata/answers.txtar", txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func failures(t testing.TB, c *Contract, to Target) []Failure {
	t.Helper()
	r, err := Verify(t.Context(), c, to)
	if err != nil {
		t.Fatal(err)
	}
	if r.OK != (len(r.Interactions[0].Failures) == 0) {
		t.Errorf("%+v contradicts itself", r)
	}
	return r.Interactions[0].Failures
}

func TestAroundTheBody(t *testing.T) {
	c := mustParse(t, claims)
	missing := goodSide(goodClaim)
	missing.headers = map[string]string{"Content-Type": "text/plain"}
	noValue := target(goodSide(goodClaim))
	noValue.Values = map[string]string{"claimRef": "ref-1", "sin": "046454286"}
	noState := target(goodSide(goodClaim))
	noState.State = func(context.Context, string) (map[string]string, error) {
		return nil, errors.New("the database sleeps")
	}
	for name, tt := range map[string]struct {
		target Target
		want   []Failure
	}{
		"another status": {target(&side{status: 404, body: "{}"}), []Failure{{"status", KindStatus, "200", "404"}}},
		"headers": {target(missing), []Failure{
			{"header/Content-Type", KindHeader, "application/json", "text/plain"},
			{"header/Cache-Control", KindHeader, "no-store", "absent"},
			{"header/X-Any", KindHeader, "*", "absent"},
		}},
		"no answer":             {target(&side{err: errors.New("dial refused")}), []Failure{{"", KindUnanswered, "an answer", "dial refused"}}},
		"no value":              {noValue, []Failure{{"", KindUnprepared, "a value for {purpose}: a purpose code", "none"}}},
		"a state that fails":    {noState, []Failure{{"", KindUnprepared, `the state "claim-exists"`, "the database sleeps"}}},
		"a target without HTTP": {Target{}, []Failure{{"", KindUnsupported, "a target that answers requests", "none"}}},
		"a body that is cut":    {target(goodSide(goodClaim[:20])), []Failure{{"", KindJSON, "JSON", "not JSON that can be compared: a syntax error at byte 20"}}},
		"a huge body":           {target(goodSide(strings.Repeat(" ", maxAnswer+1))), []Failure{{"", KindUnanswered, "a whole body of at most 4194304 bytes", "another"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := failures(t, c, tt.target)
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestStatesGiveValues(t *testing.T) {
	s := goodSide(strings.Replace(goodClaim, "ref-1", "ref 2/é", 1))
	to := target(s)
	to.State = func(_ context.Context, state string) (map[string]string, error) {
		return map[string]string{"claimRef": "ref 2/é"}, map[bool]error{true: nil, false: errors.New(state)}[state == "claim-exists"]
	}
	if got := failures(t, mustParse(t, claims), to); got != nil {
		t.Errorf("%+v", got)
	}
	if path := s.asked.URL.EscapedPath(); path != "/v1/ei/claims/ref%202%2F%C3%A9" {
		t.Errorf("asked for %s", path)
	}
}

func TestRequestsWithABody(t *testing.T) {
	c := mustParse(t, `
contract: search
version: 1.0.0
operation: POST /v1/ei/claims:search
values: {surname: a surname}
interactions:
  - name: by name
    request: {method: POST, path: "/v1/ei/claims:search", body: {name: "{surname}", limit: 10, rate: 1.50, deep: ["{surname}"]}}
    response: {status: 200}
`)
	s := &side{status: 200, body: "anything"}
	if got := failures(t, c, Target{HTTP: s, Values: map[string]string{"surname": `O"Brien`}}); got != nil {
		t.Errorf("%+v", got)
	}
	if s.sent != `{"deep":["O\"Brien"],"limit":10,"name":"O\"Brien","rate":1.50}` || s.asked.Header.Get("Content-Type") != "application/json" {
		t.Errorf("sent %s as %s", s.sent, s.asked.Header.Get("Content-Type"))
	}
}

const payments = `
contract: payments
version: 1.0.0
event: ca.example.benefits.cpp.payment.issued.v1
values: {seq: a sequence}
public: [/data/code]
interactions:
  - name: from bytes
    record: {hex: "C3D7 D7C5\n F0F1"}
    expect:
      exact: {/data/net: "641.52", /id: "cpp-pay-1"}
      absent: [/data/sin]
      never: ["046454286"]
  - name: from a file
    record: {file: record.bin}
    expect: {schema: {type: object, required: [data]}}
  - name: from JSON
    record: {json: {seq: "{seq}", net: 641.52}}
    expect: {schemaFile: event.schema.json}
  - name: a damaged record
    record: {hex: "00"}
    expect: {refused: true}
`

var event = `{"specversion":"1.0","id":"cpp-pay-1","source":"/legacy/cpp/pay","type":"ca.example.benefits.cpp.payment.issued.v1","data":{"net":"641.52"}}`

func paymentsContract(t testing.TB) *Contract {
	t.Helper()
	c, err := ReadFS(fstest.MapFS{
		"c/payments.contract.yaml": {Data: []byte(payments)}, "c/record.bin": {Data: []byte{1, 2, 3}},
		"c/event.schema.json": {Data: []byte(`{"type":"object","properties":{"id":{"type":"string"}}}`)},
	}, "c/payments.contract.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEvents(t *testing.T) {
	c := paymentsContract(t)
	var seen []string
	to := Target{
		Name: "legacy", Values: map[string]string{"seq": "7"},
		Message: func(_ context.Context, record []byte) ([]byte, error) {
			seen = append(seen, hex.EncodeToString(record))
			if len(record) == 1 {
				return nil, errors.New("short-record")
			}
			return []byte(event), nil
		},
		Encode: func(_ context.Context, json []byte) ([]byte, error) { return json, nil },
	}
	r, err := Verify(t.Context(), c, to)
	if err != nil || !r.OK {
		t.Fatalf("%+v %v", r, err)
	}
	want := []string{"c3d7d7c5f0f1", "010203", hex.EncodeToString([]byte(`{"net":641.52,"seq":"7"}`)), "00"}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("records %v, want %v", seen, want)
	}
}

func TestEventsThatBreakTheContract(t *testing.T) {
	c := paymentsContract(t)
	answer := func(event string, err error) Target {
		return Target{Name: "legacy", Message: func(context.Context, []byte) ([]byte, error) { return []byte(event), err }}
	}
	replace := func(old, with string) Target { return answer(strings.Replace(event, old, with, 1), nil) }
	for name, tt := range map[string]struct {
		target Target
		want   string
	}{
		"refused":           {answer("", errors.New("packed-nibble")), `refused: expected an event, got packed-nibble`},
		"another type":      {replace("issued.v1", "issued.v2"), `/type  event: expected "ca.example.benefits.cpp.payment.issued.v1", got text(41)`},
		"an older spec":     {replace(`"1.0"`, `"0.3"`), `/specversion  event: expected "1.0", got decimal(1.1)`},
		"no source":         {replace(`"source":"/legacy/cpp/pay",`, ""), `/source  event: expected a text that is not empty, got null`},
		"an empty id":       {replace(`"cpp-pay-1"`, `""`), `/id  event: expected a text that is not empty, got text(0)`},
		"a null attribute":  {replace(`"data":`, `"subject":null,"data":`), `/subject  event: expected no attribute that is null, got null`},
		"not an object":     {answer(`[1]`, nil), `(whole)  event: expected a CloudEvent as a JSON object, got array(1)`},
		"not JSON":          {answer(`<a/>`, nil), `json: expected JSON`},
		"a cent off":        {replace("641.52", "641.53"), `/data/net  value: expected "641.52", got decimal(3.2)`},
		"money as a number": {replace(`"641.52"`, `641.52`), `/data/net  type: expected "641.52", got number(3.2)`},
		"no data":           {replace(`,"data":{"net":"641.52"}`, ``), `/data/net  missing: expected "641.52", got absent`},
		"a SIN member":      {replace(`"net"`, `"sin":"x","net"`), `/data/sin  extra: expected nothing here, got text(1)`},
		"a SIN in a text":   {replace(`"net"`, `"note":"SIN 046454286","net"`), `leak: expected never to hold the text number 1 of never`},
		"a SIN in escapes":  {replace(`"net"`, `"note":"\u0030\u0034\u0036454286","net"`), `leak: expected never to hold the text number 1 of never`},
		"a SIN as a name":   {replace(`"net"`, `"\u003046454286":1,"net"`), `leak: expected never to hold the text number 1 of never`},
		"no bridge":         {Target{Name: "legacy"}, `unsupported: expected a target that makes events of records`},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Verify(t.Context(), c, tt.target)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			Summarize(Judge(r)).WriteText(&text)
			first, _, _ := strings.Cut(text.String(), "from a file")
			if !strings.Contains(first, tt.want) || r.OK {
				t.Errorf("want %s in\n%s", tt.want, first)
			}
			if strings.Contains(text.String(), "046454286") {
				t.Errorf("the report shows a SIN:\n%s", text.String())
			}
		})
	}
	r, _ := Verify(t.Context(), c, answer(event, nil))
	var kinds []Kind
	for _, i := range r.Interactions {
		for _, f := range i.Failures {
			kinds = append(kinds, f.Kind)
		}
	}
	if fmt.Sprint(kinds) != fmt.Sprint([]Kind{KindUnsupported, KindRefused}) {
		t.Errorf("without Encode, and with an event of a damaged record: %v", kinds)
	}
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, mustParse(t, claims), target(goodSide(goodClaim))); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestJudge(t *testing.T) {
	yes := &Report{Contract: "a", Version: "1.0.0", Target: "legacy", OK: true, Interactions: []Result{{Name: "x", OK: true}}}
	no := &Report{Contract: "a", Version: "1.0.0", Target: "modern", Interactions: []Result{{Name: "x"}}}
	other := &Report{Contract: "a", Version: "2.0.0", OK: true, Interactions: yes.Interactions}
	empty := &Report{Contract: "a", Version: "1.0.0", OK: true}
	for name, tt := range map[string]struct {
		reports []*Report
		ok      bool
	}{
		"both": {[]*Report{yes, yes}, true}, "one": {[]*Report{yes}, true}, "one breaks it": {[]*Report{yes, no}, false}, "nobody": {nil, false},
		"two versions": {[]*Report{yes, other}, false}, "nothing verified": {[]*Report{empty}, false},
	} {
		if v := Judge(tt.reports...); v.OK != tt.ok {
			t.Errorf("%s: %v", name, v.OK)
		}
	}
	if Summarize().OK || Summarize(Judge(yes), Judge(no)).OK || !Summarize(Judge(yes), Judge(yes, yes)).OK {
		t.Error("a Summary says otherwise than its Verdicts")
	}
	var text strings.Builder
	Summarize().WriteText(&text)
	if text.String() != "nothing was verified: no\n" {
		t.Error(text.String())
	}
}

func TestSummaryIsJSON(t *testing.T) {
	r, err := Verify(t.Context(), mustParse(t, claims), target(&side{status: 404}))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(Summarize(Judge(r)))
	want := `{"ok":false,"verdicts":[{"contract":"claims","version":"1.2.0","ok":false,"reports":[{"contract":"claims","version":"1.2.0","target":"modern","ok":false,` +
		`"interactions":[{"name":"a claim that exists","state":"claim-exists","ok":false,"failures":[{"pointer":"status","kind":"status","expected":"200","got":"404"}]}]}]}]}`
	if err != nil || string(text) != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, text, want)
	}
	var back Summary
	if err := json.Unmarshal(text, &back); err != nil || back.Verdicts[0].Reports[0].Interactions[0].Failures[0].Kind != KindStatus {
		t.Errorf("%v %+v", err, back)
	}
}

func TestBase(t *testing.T) {
	var path, host string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		path, host = q.URL.EscapedPath(), q.Host
		http.Redirect(w, q, "/elsewhere", http.StatusFound)
	}))
	defer server.Close()
	for in, want := range map[string]string{"": "/v1/a%2Fb", "/": "/v1/a%2Fb", "/api": "/api/v1/a%2Fb", "/api/": "/api/v1/a%2Fb"} {
		rt, err := Base(server.URL+in, nil)
		if err != nil {
			t.Fatal(err)
		}
		q := httptest.NewRequest(http.MethodGet, "http://contract.invalid/v1/a%2Fb", nil)
		q.RequestURI = ""
		res, err := rt.RoundTrip(q)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if path != want || host != strings.TrimPrefix(server.URL, "http://") || res.StatusCode != http.StatusFound {
			t.Errorf("%q: asked for %s at %s, got %d", in, path, host, res.StatusCode)
		}
	}
	for _, bad := range []string{"", "127.0.0.1:80", "ftp://x", "http://", "http://x?y=1", "http://x/#a", "://"} {
		if _, err := Base(bad, nil); err == nil {
			t.Errorf("%q taken", bad)
		}
	}
}

func TestReadFileStaysInItsFolder(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "contracts")
	if err := os.Mkdir(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(inner, "p.contract.yaml")
	text := "contract: p\nversion: 1.0.0\nevent: ca.example.a.v1\ninteractions:\n  - name: a\n    record: {file: %s}\n    expect: {refused: true}\n"
	for name, ok := range map[string]bool{"../secret": false, "own": true, "nowhere": false} {
		os.WriteFile(filepath.Join(inner, "own"), []byte("x"), 0o600)
		if err := os.WriteFile(file, fmt.Appendf(nil, text, name), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFile(file); (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none")); err == nil {
		t.Error("read a file that is not there")
	}
}

func ExampleVerify() {
	c, err := Parse("weeks.contract.yaml", []byte(`
contract: weeks
version: 1.0.0
operation: GET /v1/weeks/{ref}
values: {ref: a Reference}
interactions:
  - name: weeks are whole
    request: {method: GET, path: "/v1/weeks/{ref}"}
    response: {status: 200, exact: {/rate: "729.00"}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	legacy := Target{Name: "legacy", HTTP: &side{status: 200, body: `{"rate":"729.00"}`}, Values: map[string]string{"ref": "r"}}
	modern := Target{Name: "modern", HTTP: &side{status: 200, body: `{"rate":"729.0"}`}, Values: map[string]string{"ref": "r"}}
	a, _ := Verify(context.Background(), c, legacy)
	b, _ := Verify(context.Background(), c, modern)
	Summarize(Judge(a, b)).WriteText(os.Stdout)
	// Output:
	// weeks 1.0.0
	//   ok    legacy   weeks are whole
	//   FAIL  modern   weeks are whole
	//         /rate  value: expected "729.00", got decimal(3.1)
	// 1 contract, 1 broken: no
}
