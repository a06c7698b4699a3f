package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/adapters"
)

const claimRef = "ei-7k3qexample"

// exchange is the EI inquiry over a Legacy that answers with this func.
func exchange(t testing.TB, call func(ctx context.Context, area []byte, h []adapters.Header) ([]byte, error)) *Exchange {
	t.Helper()
	return &Exchange{Name: "ei-status", View: view(t, "EICLMSTA"), Call: call,
		Now: func() time.Time { return clock },
		Open: func(ref string) (string, string, string, error) {
			switch ref {
			case claimRef:
				return "ei", sin, claim, nil
			case "cpp-ref":
				return "cpp", sin, claim, nil
			}
			return "", "", "", errors.New("not a Reference")
		},
		Params: func(r *http.Request) map[string]string { return map[string]string{"claimRef": r.PathValue("claimRef")} },
	}
}

func inquiry(ref string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/v1/ei/claims/"+ref, nil)
	r.SetPathValue("claimRef", ref)
	r.Header.Set("Purpose", "BENE")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func trip(t testing.TB, x *Exchange, r *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := x.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b) {
		t.Errorf("not JSON: %s", b)
	}
	return res, string(b)
}

func TestAnInquiryBecomesAnAreaAndTheReplyBecomesJSON(t *testing.T) {
	v := view(t, "EICLMSTA")
	x := exchange(t, func(_ context.Context, area []byte, h []adapters.Header) ([]byte, error) {
		if len(area) != 586 || len(h) != 1 {
			t.Errorf("area of %d bytes, headers %v", len(area), h)
		}
		record, err := v.Decode(area)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{"CA-FUNC-CODE": "INQS", "CA-LANG": "F", "CA-SIN": strings.TrimLeft(sin, "0"), "CA-CLAIM-NO": claim} {
			if got, err := record.Text(path); strings.TrimSpace(got) != want || err != nil {
				t.Errorf("%s is %q, %v; want %q", path, got, err, want)
			}
		}
		return reply(t), nil
	})
	x.Headers = func(*http.Request) []adapters.Header { return []adapters.Header{{Name: "trace", Value: "t"}} }
	res, body := trip(t, x, inquiry(claimRef, "Accept-Language", "fr-CA"))
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Content-Language") != "fr" ||
		res.Header.Get("Cache-Control") != "no-store" || res.ContentLength != int64(len(body)) {
		t.Errorf("%s %v", res.Status, res.Header)
	}
	for _, want := range []string{`"` + claimRef + `"`, `"729.00"`, `"641.52"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if strings.Contains(body, sin) {
		t.Errorf("the SIN is in %s", body)
	}
}

func TestLegacysOwnRefusalsKeepTheirStatus(t *testing.T) {
	for code, status := range map[string]int{"4": 404, "8": 400, "12": 502} {
		reg := prometheus.NewRegistry()
		x := exchange(t, func(context.Context, []byte, []adapters.Header) ([]byte, error) {
			return area(t, view(t, "EICLMSTA"), "CA-FUNC-CODE", "INQS", "CA-VERSION", "1", "CA-RETURN-CODE", code, "CA-SIN", sin,
				"CA-ERR-TEXT-EN", "Text", "CA-ERR-TEXT-FR", "Texte", "CA-ERR-PROGRAM", "EIQS", "CA-ERR-SQLCODE", "-911"), nil
		})
		x.Metrics = NewMetrics(reg)
		res, body := trip(t, x, inquiry(claimRef))
		if res.StatusCode != status && !(code == "12" && res.StatusCode >= 500) {
			t.Errorf("return code %s: %d %s", code, res.StatusCode, body)
		}
		if strings.Contains(body, "911") || strings.Contains(body, "EIQS") {
			t.Errorf("internal detail in %s", body)
		}
		expectMetrics(t, reg, `portage_exchange_answers_total{exchange="ei-status",outcome="declined"} 1`)
	}
}

// callFunc is Exchange.Call.
type callFunc func(ctx context.Context, area []byte, h []adapters.Header) ([]byte, error)

// trouble is a request that Legacy does not answer, and what the client is told. call nil: Legacy must
// not be asked.
type trouble struct {
	name, ref string
	call      callFunc
	header    []string
	status    int
	kind      string
	outcome   string
	retry     string
}

// errFull is what a Requester might say in words of its own.
var errFull = errors.New("mq: too many")

func TestWhatLegacyCouldNotAnswerIsAProblem(t *testing.T) {
	fail := func(err error) callFunc {
		return func(context.Context, []byte, []adapters.Header) ([]byte, error) { return nil, err }
	}
	give := func(b []byte) callFunc {
		return func(context.Context, []byte, []adapters.Header) ([]byte, error) { return b, nil }
	}
	packed := reply(t)
	for i := 66; i < 586; i++ {
		packed[i] = 0xff
	}
	for _, tc := range []trouble{
		{"unknown Reference", "nonsense", nil, nil, 404, "unknown-reference", "unknown_reference", ""},
		{"another program's Reference", "cpp-ref", nil, nil, 404, "unknown-reference", "unknown_reference", ""},
		{"a header that no code page has", claimRef, nil, []string{"X-Correlation-Id", "日本"}, 400, "bad-request", "bad_request", ""},
		{"a purpose too long for the area", claimRef, nil, []string{"Purpose", "curiosity"}, 400, "bad-request", "bad_request", ""},
		{"busy", claimRef, fail(fmt.Errorf("call: %w", adapters.ErrBusy)), nil, 503, "legacy-busy", "busy", "1"},
		{"busy in the Requester's words", claimRef, fail(fmt.Errorf("call: %w", errFull)), nil, 503, "legacy-busy", "busy", "1"},
		{"deadline", claimRef, fail(context.DeadlineExceeded), nil, 504, "legacy-timeout", "timeout", ""},
		{"in doubt", claimRef, fail(adapters.ErrInDoubt), nil, 504, "legacy-timeout", "timeout", ""},
		{"no queue manager", claimRef, fail(errors.New("MQCONN: reason 2059")), nil, 503, "legacy-unreachable", "unreachable", "5"},
		{"short reply", claimRef, give(reply(t)[:585]), nil, 502, "legacy-answer", "undecodable", ""},
		{"long reply", claimRef, give(append(reply(t), 0x40)), nil, 502, "legacy-answer", "undecodable", ""},
		{"empty reply", claimRef, give(nil), nil, 502, "legacy-answer", "undecodable", ""},
		{"reply of garbage", claimRef, give(packed), nil, 502, "legacy-answer", "undecodable", ""},
		{"reply in ASCII", claimRef, give(bytes.Repeat([]byte("A"), 586)), nil, 502, "legacy-answer", "undecodable", ""},
	} {
		t.Run(tc.name, tc.check)
	}
}

func (tc trouble) check(t *testing.T) {
	reg := prometheus.NewRegistry()
	var logged strings.Builder
	x := exchange(t, tc.call)
	if tc.call == nil {
		x.Call = func(context.Context, []byte, []adapters.Header) ([]byte, error) {
			t.Error("Legacy was called")
			return nil, errFull
		}
	}
	x.Metrics, x.Log = NewMetrics(reg), slog.New(slog.NewTextHandler(&logged, nil))
	if strings.Contains(tc.name, "Requester's") {
		x.Busy = func(err error) bool { return errors.Is(err, errFull) }
	}
	res, body := trip(t, x, inquiry(tc.ref, tc.header...))
	var p problemBody
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != tc.status || p.Status != tc.status || p.Type != "urn:portage:problem:"+tc.kind || res.Header.Get("Retry-After") != tc.retry {
		t.Errorf("%s, Retry-After %q: %s", res.Status, res.Header.Get("Retry-After"), body)
	}
	if strings.Contains(body+logged.String(), sin) || strings.Contains(logged.String(), "EXAMPLE") {
		t.Errorf("personal data in %s or %s", body, logged.String())
	}
	if tc.status == 502 && !strings.Contains(logged.String(), "reply cannot be read") {
		t.Errorf("the reason is not in the log: %s", logged.String())
	}
	expectMetrics(t, reg, fmt.Sprintf("portage_exchange_answers_total{exchange=\"ei-status\",outcome=%q} 1", tc.outcome))
}

func TestOnlyTheMappedMethodReachesLegacy(t *testing.T) {
	calls := 0
	x := exchange(t, func(context.Context, []byte, []adapters.Header) ([]byte, error) {
		calls++
		return reply(t), nil
	})
	r := inquiry(claimRef)
	r.Method = http.MethodDelete
	closed := &closing{Reader: strings.NewReader("body")}
	r.Body = closed
	if res, body := trip(t, x, r); res.StatusCode != 405 || res.Header.Get("Allow") != "GET" || calls != 0 || !closed.done {
		t.Errorf("%s, %d calls, body closed %v: %s", res.Status, calls, closed.done, body)
	}
	r = inquiry(claimRef)
	r.Method = http.MethodHead
	if res, _ := trip(t, x, r); res.StatusCode != 200 || calls != 1 {
		t.Errorf("HEAD: %s, %d calls", res.Status, calls)
	}
}

type closing struct {
	io.Reader
	done bool
}

func (c *closing) Close() error { c.done = true; return nil }

func TestTheCallEndsWithItsTimeout(t *testing.T) {
	x := exchange(t, nil)
	synctest.Test(t, func(t *testing.T) {
		x.Timeout = 2 * time.Second
		x.Call = func(ctx context.Context, _ []byte, _ []adapters.Header) ([]byte, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("no answer in time: %w: %w", adapters.ErrInDoubt, ctx.Err())
		}
		began := time.Now()
		res, _ := trip(t, x, inquiry(claimRef))
		if res.StatusCode != 504 || time.Since(began) != 2*time.Second {
			t.Errorf("%s after %v", res.Status, time.Since(began))
		}
	})
}

func TestAClientThatLeftGetsNoAnswer(t *testing.T) {
	reg := prometheus.NewRegistry()
	ctx, cancel := context.WithCancel(t.Context())
	x := exchange(t, func(ctx context.Context, _ []byte, _ []adapters.Header) ([]byte, error) {
		cancel()
		return nil, ctx.Err()
	})
	x.Metrics = NewMetrics(reg)
	if res, err := x.RoundTrip(inquiry(claimRef).WithContext(ctx)); !errors.Is(err, context.Canceled) || res != nil {
		t.Errorf("%v, %v", res, err)
	}
	expectMetrics(t, reg, `portage_exchange_answers_total{exchange="ei-status",outcome="left"} 1`)
}

func TestLossAndReturnOfTheQueueManagerAreOneLineEach(t *testing.T) {
	var logged strings.Builder
	down := true
	x := exchange(t, func(context.Context, []byte, []adapters.Header) ([]byte, error) {
		if down {
			return nil, errors.New("2059")
		}
		return reply(t), nil
	})
	x.Log = slog.New(slog.NewTextHandler(&logged, nil))
	for range 3 {
		trip(t, x, inquiry(claimRef))
	}
	down = false
	for range 3 {
		trip(t, x, inquiry(claimRef))
	}
	if n := strings.Count(logged.String(), "\n"); n != 2 {
		t.Errorf("%d lines: %s", n, logged.String())
	}
}

func TestManyInquiriesAtOnceGetTheirOwnAnswers(t *testing.T) {
	x := exchange(t, nil)
	v := view(t, "EICLMSTA")
	x.Open = func(ref string) (string, string, string, error) { return "ei", sin, strings.TrimPrefix(ref, "r"), nil }
	x.Call = func(_ context.Context, area []byte, _ []adapters.Header) ([]byte, error) {
		record, err := v.Decode(area)
		if err != nil {
			return nil, err
		}
		n, err := record.Int64("CA-CLAIM-NO")
		return reply(t, "CA-WEEKLY-RATE", fmt.Sprintf("%d.25", n)), err
	}
	var wg sync.WaitGroup
	for n := 1; n <= 200; n++ {
		wg.Go(func() {
			_, body := trip(t, x, inquiry(fmt.Sprintf("r%d", n)))
			if !strings.Contains(body, fmt.Sprintf(`"%d.25"`, n)) || !strings.Contains(body, fmt.Sprintf(`"r%d"`, n)) {
				t.Errorf("inquiry %d got %s", n, body)
			}
		})
	}
	wg.Wait()
}

func TestAnExchangeThatIsNotWholeSaysSo(t *testing.T) {
	for want, change := range map[string]func(*Exchange){
		"no Name":           func(x *Exchange) { x.Name = "" },
		"needs View":        func(x *Exchange) { x.Open = nil },
		"no exchange block": func(x *Exchange) { x.View = view(t, "CPPPAYEV") },
	} {
		x := exchange(t, func(context.Context, []byte, []adapters.Header) ([]byte, error) { return nil, nil })
		change(x)
		if err := x.Prepare(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if _, err := x.RoundTrip(inquiry(claimRef)); err == nil {
			t.Errorf("%s: it answered", want)
		}
	}
}

func BenchmarkExchange(b *testing.B) {
	answer := reply(b)
	x := exchange(b, func(context.Context, []byte, []adapters.Header) ([]byte, error) { return answer, nil })
	r := inquiry(claimRef)
	b.ReportAllocs()
	for b.Loop() {
		if res, err := x.RoundTrip(r); err != nil || res.StatusCode != 200 {
			b.Fatal(res, err)
		}
	}
}
