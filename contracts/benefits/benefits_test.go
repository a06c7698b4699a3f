package benefits

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/contracts"
	samples "github.com/portage-gateway/portage/copybooks/benefits"
)

func TestEverySampleReads(t *testing.T) {
	if names := strings.Join(Names(), " "); names != "cpp-payment-issued ei-claim-status" {
		t.Errorf("samples %s", names)
	}
	for _, name := range Names() {
		c, err := Contract(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if c.Name != name || len(c.Interactions) < 5 {
			t.Errorf("%s: called %s, %d interactions", name, c.Name, len(c.Interactions))
		}
	}
	if _, err := Contract("ei-claims"); err == nil || !strings.Contains(err.Error(), "ei-claim-status") {
		t.Errorf("%v", err)
	}
}

// cppEvent makes the event that the sample mapping says, in an envelope written by hand.
func cppEvent(t testing.TB) func(context.Context, []byte) ([]byte, error) {
	t.Helper()
	view, err := samples.View("CPPPAYEV")
	if err != nil {
		t.Fatal(err)
	}
	return func(_ context.Context, record []byte) ([]byte, error) {
		r, err := view.Decode(record)
		if err != nil {
			return nil, err
		}
		a, err := view.Event().Attributes(r)
		if err != nil {
			return nil, err
		}
		data, err := view.Event().AppendData(nil, r)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]any{
			"specversion": "1.0", "id": a.ID, "source": a.Source, "type": a.Type, "subject": strings.Repeat("a", 80),
			"time": a.Time.UTC().Format(time.RFC3339Nano), "datacontenttype": "application/json", "data": json.RawMessage(data),
		})
	}
}

func text(t testing.TB, reports ...*contracts.Report) string {
	t.Helper()
	var b strings.Builder
	if err := contracts.Summarize(contracts.Judge(reports...)).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPaymentsAsTheMappingMakesThem(t *testing.T) {
	c, err := Contract("cpp-payment-issued")
	if err != nil {
		t.Fatal(err)
	}
	good := cppEvent(t)
	r, err := contracts.Verify(t.Context(), c, contracts.Target{Name: "legacy", Message: good})
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK {
		t.Errorf("broken:\n%s", text(t, r))
	}
	// A bridge that rounds, one that shows the SIN, and one that takes damaged records all break it.
	for name, bad := range map[string]func(record []byte) ([]byte, error){
		"a cent off": func(record []byte) ([]byte, error) {
			event, err := good(t.Context(), record)
			return []byte(strings.Replace(string(event), `"641.52"`, `"641.51"`, 1)), err
		},
		"a SIN in a text": func(record []byte) ([]byte, error) {
			event, err := good(t.Context(), record)
			return []byte(strings.Replace(string(event), `"data":{`, `"data":{"note":"046454286",`, 1)), err
		},
		"damaged records taken": func(record []byte) ([]byte, error) {
			event, err := good(t.Context(), record)
			if err != nil {
				return []byte(`{}`), nil
			}
			return event, nil
		},
	} {
		r, err := contracts.Verify(t.Context(), c, contracts.Target{Name: name, Message: func(_ context.Context, b []byte) ([]byte, error) { return bad(b) }})
		if err != nil || r.OK {
			t.Errorf("%s: nothing found (%v)", name, err)
		}
		if strings.Contains(text(t, r), "046454286") {
			t.Errorf("%s: the report shows a SIN", name)
		}
	}
}

const claim = `{"id":"%s","type":"regular","status":{"code":"in-pay","legacyCode":"40","text":{"en":"In pay","fr":"En paiement"}},
	"appliedOn":"2026-01-12","benefitPeriodStart":"2026-01-11","weeklyRate":{"amount":"729.00","currency":"CAD"},"weeks":{"entitled":38,"paid":4},
	"decisionMode":"automated","payments":[{"weekStart":"2026-01-11","gross":"729.00","net":"641.52","method":"direct-deposit"}],
	"source":{"system":"ei-mainframe","path":"legacy","asOf":"2026-02-01T00:00:00Z","stale":false}}`

// claims answers as the sample contract asks; change may break what it answers.
func claims(change func(body string) string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/ei/claims/{ref}", func(w http.ResponseWriter, q *http.Request) {
		ref, status, contentType := q.PathValue("ref"), http.StatusNotFound, "application/problem+json"
		body := `{"type":"urn:portage:problem:not-found","title":"No such claim","status":404}`
		if strings.HasPrefix(q.Header.Get("Accept-Language"), "fr") {
			w.Header().Set("Content-Language", "fr")
		}
		if ref == "known" {
			status, contentType, body = http.StatusOK, "application/json", fmt.Sprintf(claim, ref)
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, change(body))
	})
	return mux
}

func TestClaimsOfAnHTTPService(t *testing.T) {
	c, err := Contract("ei-claim-status")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		old, with string
		ok        bool
	}{
		"as asked":               {"", "", true},
		"money as a number":      {`"729.00"`, `729.00`, false},
		"a zero lost":            {`"641.52"`, `"641.5"`, false},
		"no French text":         {`,"fr":"En paiement"`, ``, false},
		"a status nobody knows":  {`"in-pay"`, `"paused"`, false},
		"a date of two forms":    {`"2026-01-12"`, `"12/01/2026"`, false},
		"the claimant's name":    {`"type":"regular"`, `"type":"regular","client":{"surname":"X"}`, false},
		"another claim":          {`"id":"known"`, `"id":"other"`, false},
		"a problem of no status": {`,"status":404`, ``, false},
		"weeks as text":          {`"entitled":38`, `"entitled":"38"`, false},
		"a currency that is not": {`"CAD"`, `"USD"`, false},
		"an empty list":          {`{"weekStart":"2026-01-11","gross":"729.00","net":"641.52","method":"direct-deposit"}`, ``, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(claims(func(body string) string { return strings.Replace(body, tt.old, tt.with, 1) }))
			defer server.Close()
			rt, err := contracts.Base(server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := contracts.Verify(t.Context(), c, contracts.Target{
				Name: "modern", HTTP: rt, Values: map[string]string{"claimRef": "known", "unknownClaimRef": "unknown"},
			})
			if err != nil {
				t.Fatal(err)
			}
			if r.OK != tt.ok {
				t.Errorf("ok is %v:\n%s", r.OK, text(t, r))
			}
		})
	}
}
