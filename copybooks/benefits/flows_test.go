package benefits_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// canary is the SIN of the samples: valid by its check digit, and of no person (it starts with 0).
const canary = "046454286"

const claim = `{"header":{"function":"inquire-status","version":1,"language":"en","returnCode":0,"reasonCode":"","correlationToken":"abc","requestedBy":"PORTAGE","purpose":"BEN"},
"key":{"sin":"046454286","claimNumber":"00000017"},"client":{"surname":"TREMBLAY","givenNames":"HÉLÈNE","birthDate":"1980-02-29"},
"type":"regular","status":{"code":"in-pay","legacyCode":"40","text":{"en":"In pay","fr":"En paiement"}},"appliedOn":"2026-01-12","benefitPeriodStart":"2026-01-11",
"weeklyRate":{"amount":"729.00","currency":"CAD"},"weeks":{"entitled":38,"paid":4},"insurableHours":1820,"insurableEarnings":{"amount":"68900.00","currency":"CAD"},
"region":"10","overpaymentBalance":{"amount":"-12.50","currency":"CAD"},"decisionMode":"automated",
"payments":[{"weekStart":"2026-01-11","gross":"729.00","tax":"87.48","net":"641.52","method":"direct-deposit"}]}`

var cppEvents = map[string]string{
	"issued": `{"eyecatcher":"CPPE","version":1,"event":"issued","sequence":"20260128000001","occurredAt":"2026-01-28T14:03:22.15Z","sin":"046454286","benefit":"retirement","payMonth":"2026-01",
"payment":{"gross":{"amount":"1507.65","currency":"CAD"},"tax":{"amount":"100.00","currency":"CAD"},"oasRecovery":{"amount":"0.00","currency":"CAD"},"net":{"amount":"1407.65","currency":"CAD"},
"dueOn":"2026-01-28","account":{"institution":"0003","transit":"00006","number":"1234567"},"trace":"T1","cpaCode":"231","segment":1}}`,
	"returned": `{"eyecatcher":"CPPE","version":1,"event":"returned","sequence":"20260128000002","occurredAt":"2026-07-01T14:03:22.00Z","sin":"046454286","benefit":"survivor","payMonth":"2026-01",
"return":{"originalTrace":"T1","reason":"905","amount":{"amount":"1407.65","currency":"CAD"},"returnedOn":"2026-02-03"}}`,
	"rate-changed": `{"eyecatcher":"CPPE","version":1,"event":"rate-changed","sequence":"20260128000003","occurredAt":"2026-01-28T14:03:22.15Z","sin":"046454286","benefit":"unknown","benefitLegacyCode":"ZZZ","payMonth":"2026-01",
"rate":{"old":{"amount":"1.0000","currency":"CAD"},"new":{"amount":"1.0260","currency":"CAD"},"reason":{"en":"Index","fr":"Indexé"},"indexFactor":"1.026","indexFactorLong":"-118.625"}}`,
	"stopped-death": `{"eyecatcher":"CPPE","version":1,"event":"stopped-death","sequence":"20260128000004","occurredAt":"2026-01-28T14:03:22.15Z","sin":"046454286","benefit":"retirement","payMonth":"2026-01","detail":""}`,
}

var oasRecords = map[string]string{
	"header":  `{"kind":"header","sequence":1,"account":"000000000","extract":"OASNIGHT","cycleDate":"2026-01-28","generation":1,"ccsid":37}`,
	"client":  `{"kind":"client","sequence":7,"account":"000000123","sin":"046454286","name":{"surname":"ROY","given":"LÉO"},"birthDate":"1925-12-31","deathDate":null,"sex":"M","language":"unknown","languageLegacyCode":"X","maritalStatus":"widowed","residenceYears":40,"enrolment":"automatic","consents":"YYNN","changedOn":"2026-01-02","bank":{"institution":"0001","transit":"12345","number":"77"},"payMethod":"direct-deposit"}`,
	"cheque":  `{"kind":"client","sequence":7,"account":"000000123","sin":"046454286","name":{"surname":"ROY","given":"LÉO"},"birthDate":"1925-12-31","deathDate":"2026-01-01","sex":"M","language":"fr","maritalStatus":"widowed","residenceYears":40,"enrolment":"automatic","consents":"YYNN","changedOn":"2026-01-02","cheque":{"mailCode":"A1","holdUntil":null},"payMethod":"cheque"}`,
	"benefit": `{"kind":"benefit","sequence":8,"account":"000000123","benefit":"oas-pension","status":{"code":"in-pay","legacyCode":"11"},"startMonth":"1990-12","monthlyAmount":{"amount":"742.31","currency":"CAD"},"partial40ths":40,"income":{"amount":"-15.00","currency":"CAD"},"recoveryTax":{"amount":"-12.50","currency":"CAD"},"history":[{"paidOn":"2026-01-28","gross":"742.31","net":"700.00","reason":"regular"},{"paidOn":"1951-02-28","gross":"742.31","net":"700.00","reason":"returned"}]}`,
	"address": `{"kind":"address","sequence":9,"account":"000000123","addressType":"mailing","lines":["1 RUE X","QUÉBEC"],"province":"QC","postalCode":"H2X1Y4","country":"CAN","effectiveMonth":"2020-01"}`,
	"trailer": `{"kind":"trailer","sequence":10,"account":"000000000","records":10,"clients":1,"totalMonthly":{"amount":"742.31","currency":"CAD"},"sinHashTotal":46454286}`,
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func view(t testing.TB, name string) *mapping.View {
	t.Helper()
	v, err := benefits.View(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// record encodes JSON, and holds what is decoded against it.
func record(t *testing.T, v *mapping.View, text string) (copybooks.Record, []byte) {
	t.Helper()
	text = compact(t, text)
	b, err := v.EncodeJSON(nil, []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.AppendJSON(nil, r)
	if err != nil || string(out) != text {
		t.Fatalf("got  %s %v\nwant %s", out, err, text)
	}
	return r, b
}

func TestSamplesComeBack(t *testing.T) {
	record(t, view(t, "EICLMSTA"), claim)
	for _, text := range cppEvents {
		if _, b := record(t, view(t, "CPPPAYEV"), text); len(b) != 170 {
			t.Error(len(b))
		}
	}
	sizes := map[string]int{"header": 80, "client": 134, "cheque": 134, "benefit": 82, "address": 93, "trailer": 80}
	for name, text := range oasRecords {
		if _, b := record(t, view(t, "OASMSTR"), text); len(b) != sizes[name] {
			t.Errorf("%s has %d bytes, want %d", name, len(b), sizes[name])
		}
	}
	v := view(t, "CPA005")
	b, err := v.EncodeJSON(nil, []byte(`{"recordType":"C","recordCount":1,"segments":[{"transactionCode":"231","amount":{"amount":"1407.65","currency":"CAD"},"dueOn":"2026-01-28","account":{"institution":"0003","transit":"00006","number":"1234567"},"payee":"LÉO ROY"},{},{},{},{},{}]}`), nil)
	if err != nil || len(b) != 1464 {
		t.Fatal(len(b), err)
	}
	if _, err := v.Decode(b); err != nil {
		t.Error(err)
	}
}

func TestClaimAnswerIsThatOfTheAPI(t *testing.T) {
	r, _ := record(t, view(t, "EICLMSTA"), claim)
	now := time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC)
	status, kind, body, err := view(t, "EICLMSTA").Exchange().Reply(nil, r, mapping.ReplyContext{})
	if err == nil || status != 502 || kind != "application/problem+json" {
		t.Error("another View's record was taken:", status, kind, err)
	}
	v := view(t, "EICLMSTA")
	r, b := record(t, v, claim)
	x := v.Exchange()
	status, kind, body, err = x.Reply(body[:0], r, mapping.ReplyContext{Reference: "abc234", Now: now})
	want := compact(t, `{"id":"abc234","type":"regular","status":{"code":"in-pay","legacyCode":"40","text":{"en":"In pay","fr":"En paiement"}},
"appliedOn":"2026-01-12","benefitPeriodStart":"2026-01-11","weeklyRate":{"amount":"729.00","currency":"CAD"},"weeks":{"entitled":38,"paid":4},
"decisionMode":"automated","payments":[{"weekStart":"2026-01-11","gross":"729.00","net":"641.52","method":"direct-deposit"}],
"source":{"system":"ei-mainframe","path":"legacy","asOf":"2026-01-28T12:00:00Z","stale":false}}`)
	if err != nil || status != 200 || kind != "application/json" || string(body) != want {
		t.Errorf("%d %s %v\n%s\nwant\n%s", status, kind, err, body, want)
	}
	_ = b
}

func TestReturnCodesBecomeProblems(t *testing.T) {
	v := view(t, "EICLMSTA")
	for _, c := range []struct {
		code   string
		status int
		reason string
		fails  bool
	}{
		{"4", 404, "not-found", false}, {"8", 400, "bad-request", false}, {"12", 502, "legacy-error", false},
		{"9999", 502, "legacy-error", false}, {"5", 502, "legacy-error", true}, {"11", 502, "legacy-error", true},
	} {
		b, err := v.EncodeJSON(nil, []byte(`{"header":{"returnCode":`+c.code+`},"key":{"sin":"`+canary+`"},"error":{"en":"DB2 FAILED","program":"EIQS","sqlCode":-904}}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := v.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		for language, title := range map[string]string{"": "en", "en": "en", "fr": "fr"} {
			status, kind, body, err := v.Exchange().Reply(nil, r, mapping.ReplyContext{Reference: "x", Language: language})
			var p struct {
				Title, Reason string
				Status        int
				Titles        map[string]string
			}
			if jerr := json.Unmarshal(body, &p); jerr != nil {
				t.Fatal(jerr)
			}
			if status != c.status || p.Status != c.status || kind != "application/problem+json" || p.Reason != c.reason || p.Title == "" || p.Title != p.Titles[title] || (err != nil) != c.fails {
				t.Errorf("code %s in %q: %d %s %s %v", c.code, language, status, kind, body, err)
			}
			for _, inside := range []string{canary, "DB2", "EIQS", "904"} {
				if bytes.Contains(body, []byte(inside)) {
					t.Errorf("the problem shows %s", inside)
				}
			}
		}
	}
}

func TestRepliesOfAnotherLengthAreBadGateways(t *testing.T) {
	v := view(t, "EICLMSTA")
	_, b := record(t, v, claim)
	for _, size := range []int{0, 585, 587} {
		if _, err := v.Decode(append(b, 0)[:size]); err == nil {
			t.Errorf("%d bytes were decoded", size)
		}
	}
}

func TestRequestIsTheRecordThatLegacyExpects(t *testing.T) {
	v := view(t, "EICLMSTA")
	header := map[string]string{"Accept-Language": "fr-CA, en;q=0.5", "X-Correlation-Id": "0123456789-0123456789-0123456789", "Purpose": "BEN"}
	in := mapping.RequestValues{Method: "GET", SIN: canary, Claim: "17", Header: func(n string) string { return header[n] }}
	b, err := v.Exchange().Request(nil, in)
	if err != nil || len(b) != 586 {
		t.Fatal(len(b), err)
	}
	r, err := v.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"CA-FUNC-CODE": "INQS", "CA-VERSION": "1", "CA-LANG": "F", "CA-RETURN-CODE": "0",
		"CA-CORREL-TOKEN": "0123456789-0123456789-01", "CA-REQ-USERID": "PORTAGE", "CA-PURPOSE-CODE": "BEN", "CA-SIN": "46454286", "CA-CLAIM-NO": "17"} {
		if got, err := r.Text(path); err != nil || got != want {
			t.Errorf("%s is %q %v, want %q", path, got, err, want)
		}
	}
	for _, c := range []struct {
		name   string
		change func()
		status int
		reason string
	}{
		{"another method", func() { in.Method = "PUT" }, 405, "method"},
		{"no SIN", func() { in.Method, in.SIN = "GET", "" }, 400, "missing-value"},
		{"purpose too long", func() { in.SIN = canary; header["Purpose"] = "BENEFIT" }, 400, "text-too-long"},
		{"purpose in no code page", func() { header["Purpose"] = "Œ" }, 400, "unencodable"},
		{"claim that is no number", func() { header["Purpose"] = ""; in.Claim = "x" }, 400, "not-number"},
	} {
		c.change()
		_, err := v.Exchange().Request(nil, in)
		var e *mapping.RequestError
		if !errors.As(err, &e) || e.Status != c.status || e.Reason != c.reason || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAcceptLanguage(t *testing.T) {
	for header, want := range map[string]string{"": "", "fr": "fr", "en-CA,fr;q=0.9": "en", "de, fr;q=0.2, en;q=0.1": "fr", "fr;q=0, en;q=0.1": "en", "*": "", "en;q=0.5,fr;q=0.75": "fr"} {
		if got := mapping.Language(header); got != want {
			t.Errorf("%q is %q, want %q", header, got, want)
		}
	}
}

func TestEventsSayWhatHappenedAndHideWhom(t *testing.T) {
	v := view(t, "CPPPAYEV")
	for name, want := range map[string]struct{ kind, data, at string }{
		"issued": {"ca.example.benefits.cpp.payment.issued.v1", `{"benefit":"retirement","payMonth":"2026-01","payment":{"gross":{"amount":"1507.65","currency":"CAD"},"tax":{"amount":"100.00","currency":"CAD"},
"oasRecovery":{"amount":"0.00","currency":"CAD"},"net":{"amount":"1407.65","currency":"CAD"},"dueOn":"2026-01-28","trace":"T1","cpaCode":"231","segment":1}}`, "2026-01-28T14:03:22.15Z"},
		"returned":      {"ca.example.benefits.cpp.payment.returned.v1", `{"benefit":"survivor","payMonth":"2026-01","return":{"originalTrace":"T1","reason":"905","amount":{"amount":"1407.65","currency":"CAD"},"returnedOn":"2026-02-03"}}`, "2026-07-01T14:03:22Z"},
		"rate-changed":  {"ca.example.benefits.cpp.benefit.rate-changed.v1", `{"benefit":"unknown","benefitLegacyCode":"ZZZ","payMonth":"2026-01","rate":{"old":{"amount":"1.0000","currency":"CAD"},"new":{"amount":"1.0260","currency":"CAD"},"reason":{"en":"Index","fr":"Indexé"},"indexFactor":"1.026","indexFactorLong":"-118.625"}}`, "2026-01-28T14:03:22.15Z"},
		"stopped-death": {"ca.example.benefits.cpp.benefit.stopped-death.v1", `{"benefit":"retirement","payMonth":"2026-01"}`, "2026-01-28T14:03:22.15Z"},
	} {
		r, _ := record(t, v, cppEvents[name])
		a, err := v.Event().Attributes(r)
		if err != nil {
			t.Fatal(err)
		}
		if a.Type != want.kind || a.Time.Format(time.RFC3339Nano) != want.at || a.ID != "cpp-pay-"+a.Sequence || a.Source != "/legacy/cpp/pay" ||
			a.Program != "cpp" || a.SIN != canary || len(a.Flags) != 0 || !slices.Contains(v.Event().Types(), a.Type) {
			t.Errorf("%s: %+v", name, a)
		}
		data, err := v.Event().AppendData(nil, r)
		if err != nil || string(data) != compact(t, want.data) {
			t.Errorf("%s: %s %v", name, data, err)
		}
		for _, secret := range []string{canary, "46454286", "1234567", "0003", "00006"} {
			if bytes.Contains(data, []byte(secret)) || strings.Contains(a.Source+a.DataSchema, secret) {
				t.Errorf("%s shows %s", name, secret)
			}
		}
	}
}

func TestRepeatedHourOfAnEventIsFlagged(t *testing.T) {
	v := view(t, "CPPPAYEV")
	r, _ := record(t, v, strings.Replace(cppEvents["returned"], "2026-07-01T14:03:22.00Z", "2026-11-01T05:30:00.00Z", 1))
	a, err := v.Event().Attributes(r)
	if err != nil || !slices.Equal(a.Flags, []string{"repeated-hour"}) || !a.Time.Equal(time.Date(2026, 11, 1, 5, 30, 0, 0, time.UTC)) {
		t.Errorf("%+v %v", a, err)
	}
}

func TestPoisonIsRefusedWithItsReason(t *testing.T) {
	v := view(t, "CPPPAYEV")
	_, good := record(t, v, cppEvents["issued"])
	for _, c := range []struct {
		name   string
		poison func(b []byte) []byte
		reason string
		path   string
	}{
		{"another eyecatcher", func(b []byte) []byte { b[0] = 0x40; return b }, "eyecatcher", "CPP-PAYMENT-EVENT.PE-EYECATCHER"},
		{"ASCII", func(b []byte) []byte { copy(b, "CPPE"); return b }, "eyecatcher", "CPP-PAYMENT-EVENT.PE-EYECATCHER"},
		{"unknown type", func(b []byte) []byte { copy(b[6:], "\xE9\xE9"); return b }, "unknown-kind", "CPP-PAYMENT-EVENT.PE-EVENT-TYPE"},
		{"bad packed", func(b []byte) []byte { b[50] = 0xFF; return b }, "packed-nibble", "CPP-PAYMENT-EVENT.PE-ISSUE-DETAIL.PE-GROSS"},
		{"short", func(b []byte) []byte { return b[:169] }, "short-record", ""},
		{"long", func(b []byte) []byte { return append(b, 0) }, "long-record", ""},
		{"month 13", func(b []byte) []byte { copy(b[20:], "\xF1\xF3"); return b }, "date-value", "CPP-PAYMENT-EVENT.PE-EVENT-TS"},
	} {
		r, err := v.Decode(c.poison(bytes.Clone(good)))
		if err == nil {
			_, err = v.Event().Attributes(r)
		}
		if err == nil {
			_, err = v.Event().AppendData(nil, r)
		}
		var e *copybooks.FieldError
		if !errors.As(err, &e) || e.Reason != c.reason || e.Path != c.path {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSensitivityByPointer(t *testing.T) {
	for _, c := range []struct{ view, pointer, want string }{
		{"CPPPAYEV", "/sin", "sin"}, {"CPPPAYEV", "/payment/account/number", "protectedB"}, {"CPPPAYEV", "/payment/gross/amount", "protectedA"},
		{"CPPPAYEV", "/benefit", ""}, {"EICLMSTA", "/client/surname", "protectedB"}, {"EICLMSTA", "/payments/3/net", "protectedB"},
		{"OASMSTR", "/sin", "sin"}, {"OASMSTR", "/bank/number", "protectedB"}, {"CPA005", "/segments/0/payee", "protectedB"},
	} {
		if got := view(t, c.view).Sensitivity(c.pointer); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.view, c.pointer, got, c.want)
		}
	}
}

func TestShapesFollowTheJSON(t *testing.T) {
	v := view(t, "EICLMSTA")
	shape := v.Exchange().Shape()
	var names []string
	for _, m := range shape.Members {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "type typeLegacyCode status appliedOn benefitPeriodStart weeklyRate weeks decisionMode decisionModeLegacyCode payments" {
		t.Error(got)
	}
	for _, m := range shape.Members {
		switch m.Name {
		case "type":
			if m.Kind != mapping.CodeShape || len(m.Codes) != 7 || m.Codes[0].Slug != "compassionate-care" || m.Codes[0].FR != "Compassion" {
				t.Errorf("%+v", m)
			}
		case "payments":
			if m.Kind != mapping.ArrayShape || m.Least != 0 || m.Most != 10 || len(m.Members) != 1 || len(m.Members[0].Members) != 5 {
				t.Errorf("%+v", m)
			}
		case "weeklyRate":
			if m.Kind != mapping.MoneyShape || m.Currency != "CAD" || m.Digits != 7 || m.Scale != 2 || !m.Signed {
				t.Errorf("%+v", m)
			}
		}
	}
	if n := len(view(t, "OASMSTR").Shapes()); n != 6 {
		t.Error(n)
	}
}

func TestFilesAreAllThere(t *testing.T) {
	all, err := fs.Glob(benefits.Files(), "*")
	if err != nil || len(all) != 8 {
		t.Error(all, err)
	}
	if _, err := benefits.View("NOBODY"); err == nil || !strings.Contains(err.Error(), "EICLMSTA") {
		t.Error(err)
	}
}

func TestDecodingToJSONAllocatesNothing(t *testing.T) {
	for name, texts := range map[string]map[string]string{"EICLMSTA": {"": claim}, "CPPPAYEV": cppEvents, "OASMSTR": oasRecords} {
		v := view(t, name)
		d := v.Decoder()
		var out []byte
		for kind, text := range texts {
			_, b := record(t, v, text)
			if n := testing.AllocsPerRun(50, func() {
				r, err := d.Decode(b)
				if err == nil {
					out, err = v.AppendJSON(out[:0], r)
				}
				if err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%s %s: %v allocations a record", name, kind, n)
			}
		}
	}
}
