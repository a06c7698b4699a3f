package router_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portage-gateway/portage/router"
	"github.com/portage-gateway/portage/router/breaker"
)

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func TestEveryAnswerSaysWhereItWent(t *testing.T) {
	routes := []router.Route{
		{Name: "discovery", Path: "/discovery"},
		{Name: "alpha", Path: "/alpha", Stage: router.Alpha, Override: true},
		{Name: "live", Path: "/live/{ref}", Stage: router.Live, Share: router.FullShare},
		{Name: "beta", Path: "/beta", Stage: router.Beta},
		{Name: "retired", Path: "/retired", Stage: router.Retired},
		{Name: "post", Path: "/post", Methods: []string{"POST"}, MaxBody: 4},
	}
	r := start(t, sides{says(200, "legacy"), says(200, "modern")}, routes, func(c *router.Config) {
		c.Override = func(req *http.Request) (router.Side, bool) {
			return router.Modern, req.Header.Get("Portage-Side") == "modern"
		}
	})
	for _, c := range []struct {
		method, target, header, value string
		status                        int
		body, decision                string
	}{
		{"GET", "/discovery", "", "", 200, "legacy", "route=discovery; side=legacy; reason=stage; version=0"},
		{"GET", "/alpha", "", "", 200, "legacy", "route=alpha; side=legacy; reason=stage; version=0"},
		{"GET", "/alpha", "Portage-Side", "modern", 200, "modern", "route=alpha; side=modern; reason=override; version=0"},
		{"GET", "/beta", "Portage-Side", "modern", 200, "legacy", "route=beta; side=legacy; reason=share; version=0"},
		{"GET", "/live/x", "", "", 200, "modern", "route=live; side=modern; reason=share; version=0"},
		{"GET", "/live/x", "Client", "", 200, "legacy", "route=live; side=legacy; reason=no_key; version=0"},
		{"GET", "/live/x", "Client", "bad", 404, "", "route=live; side=none; reason=bad_reference; version=0"},
		{"GET", "/retired", "Client", "", 200, "modern", "route=retired; side=modern; reason=stage; version=0"},
		{"GET", "/nothing", "", "", 404, "", "route=-; side=none; reason=not_found; version=0"},
		{"GET", "/post", "", "", 405, "", "route=-; side=none; reason=not_found; version=0"},
		{"GET", "/a//b", "", "", 400, "", "route=-; side=none; reason=refused; version=0"},
	} {
		w := r.ask(c.method, c.target, c.header, c.value)
		if w.Code != c.status || decision(w) != c.decision || c.body != "" && w.Body.String() != c.body {
			t.Errorf("%s %s %s=%s: %d %q, %s; want %d %q, %s", c.method, c.target, c.header, c.value,
				w.Code, w.Body, decision(w), c.status, c.body, c.decision)
		}
	}
	w := r.askWith(context.Background(), "POST", "/post", strings.NewReader("12345"))
	if w.Code != 413 || decision(w) != "route=post; side=none; reason=refused; version=0" {
		t.Errorf("too large: %d, %s", w.Code, decision(w))
	}
	if got := r.ask("GET", "/post").Header().Get("Allow"); got != "POST" {
		t.Errorf("Allow %q", got)
	}
	r.lint(t)
}

func TestProblemsInBothLanguages(t *testing.T) {
	r := start(t, sides{}, []router.Route{everyone()})
	for _, c := range []struct{ accept, language, title, detail string }{
		{"", "en", "Not Found", "There is nothing at this address"},
		{"fr-CA,fr;q=0.9,en;q=0.5", "fr", "Introuvable", "Il n'y a rien à cette adresse"},
		{"en-CA,fr;q=0.5", "en", "Not Found", "There is nothing at this address"},
		{"de", "en", "Not Found", "There is nothing at this address"},
		{strings.Repeat("fr,", 1000), "en", "Not Found", "There is nothing at this address"},
	} {
		w := r.ask("GET", "/secret-046454286", "Accept-Language", c.accept)
		var p struct {
			Type, Title, Detail, Code string
			Status                    int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		h := w.Header()
		if h.Get("Content-Type") != "application/problem+json" || h.Get("Content-Language") != c.language ||
			p.Title != c.title || p.Detail != c.detail || p.Status != 404 || p.Code != "not-found" {
			t.Errorf("Accept-Language %.30q: %v %+v", c.accept, h, p)
		}
		if strings.Contains(w.Body.String(), "046454286") {
			t.Error("the problem repeats the path")
		}
	}
	if w := r.ask("HEAD", "/nothing"); w.Body.Len() != 0 || w.Code != 404 {
		t.Errorf("HEAD: %d with a body of %d bytes", w.Code, w.Body.Len())
	}
}

// What each kind of failure of Modern leads to, for a read and for a write.
func TestFallbackTable(t *testing.T) {
	refused := notExecuted{errors.New("busy")}
	hang := side(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
	half := side(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader("half"), broken{})), ContentLength: 8}, nil
	})
	short := side(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("half")), ContentLength: 8}, nil
	})
	declined := side(func(*http.Request) (*http.Response, error) {
		res := reply(503, "not now")
		res.Header.Set("Portage-Executed", "no")
		return res, nil
	})
	for _, c := range []struct {
		name         string
		modern       http.RoundTripper
		get, post    int
		postBy       string // the side that answers the write
		why, problem string
	}{
		{"answers", says(200, "modern"), 200, 200, "modern", "", ""},
		{"refuses with 4xx", says(409, "modern"), 409, 409, "modern", "", ""},
		{"500", says(500, "modern"), 200, 500, "modern", "status", ""},
		{"503", says(503, "modern"), 200, 503, "modern", "status", ""},
		{"503, not executed", declined, 200, 200, "legacy", "not_executed", ""},
		{"error", side(func(*http.Request) (*http.Response, error) { return nil, errors.New("reset") }), 200, 502, "modern", "error", "outcome-unknown"},
		{"error, not executed", side(func(*http.Request) (*http.Response, error) { return nil, refused }), 200, 200, "legacy", "not_executed", ""},
		{"no such side", nil, 200, 200, "legacy", "not_executed", ""},
		{"hangs", hang, 200, 504, "modern", "timeout", "outcome-unknown"},
		{"half a body", half, 200, 502, "modern", "truncated", "outcome-unknown"},
		{"shorter than announced", short, 200, 502, "modern", "truncated", "outcome-unknown"},
		{"panics", side(func(*http.Request) (*http.Response, error) { panic("no") }), 200, 502, "modern", "error", "outcome-unknown"},
		{"neither answer nor error", side(func(*http.Request) (*http.Response, error) { return nil, nil }), 200, 502, "modern", "error", "outcome-unknown"},
		{"switches protocols", says(101, ""), 200, 502, "modern", "error", "outcome-unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, sides{says(200, "legacy"), c.modern}, []router.Route{noBreaker(everyone())})
				began := time.Now()
				w := r.ask("GET", "/v1/claims/1")
				by, reason := "legacy", "fallback"
				if c.why == "" {
					by, reason = "modern", "share"
				}
				want := "route=claims; side=" + by + "; reason=" + reason + "; version=0"
				if w.Code != c.get || w.Body.String() != by || decision(w) != want {
					t.Errorf("GET: %d %q, %s; want %d %q, %s", w.Code, w.Body, decision(w), c.get, by, want)
				}
				if c.why != "" && r.value(t, "portage_fallbacks_total", "route", "claims", "reason", c.why) != 1 {
					t.Errorf("no fallback counted under %q", c.why)
				}
				if took := time.Since(began); c.why == "timeout" && took != router.DefaultModernTimeout {
					t.Errorf("fell back after %v, want %v", took, router.DefaultModernTimeout)
				}
				w = r.askWith(context.Background(), "POST", "/v1/claims/1", strings.NewReader("x"))
				if w.Code != c.post || !strings.Contains(decision(w), "side="+c.postBy) {
					t.Errorf("POST: %d %q, %s; want %d by %s", w.Code, w.Body, decision(w), c.post, c.postBy)
				}
				if !strings.Contains(w.Body.String(), c.problem) {
					t.Errorf("POST: body %q; want problem %q", w.Body, c.problem)
				}
			})
		})
	}
}

type notExecuted struct{ error }

func (notExecuted) NotExecuted() bool { return true }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestLegacyFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		route := everyone()
		route.Share = 0
		for _, c := range []struct {
			name   string
			legacy http.RoundTripper
			status int
			code   string
		}{
			{"500 is passed on", says(500, "legacy says so"), 500, "legacy says so"},
			{"error", side(func(*http.Request) (*http.Response, error) { return nil, errors.New("SIN 046454286") }), 502, "side-failed"},
			{"half a body", side(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(broken{}), ContentLength: 3}, nil
			}), 502, "side-failed"},
			{"hangs", side(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }), 504, "side-timeout"},
			{"not there", nil, 503, "unavailable"},
		} {
			r := start(t, sides{c.legacy, never(t, "modern")}, []router.Route{route})
			w := r.ask("GET", "/v1/claims/1")
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.code) || decision(w) != "route=claims; side=legacy; reason=share; version=0" {
				t.Errorf("%s: %d %s, %s", c.name, w.Code, w.Body, decision(w))
			}
			if strings.Contains(w.Body.String(), "046454286") {
				t.Errorf("%s: a side's error text reached the client", c.name)
			}
		}
	})
}

func TestBreakerSendsToLegacyAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ill := true
		calls := 0
		modern := side(func(*http.Request) (*http.Response, error) {
			if calls++; ill {
				return reply(500, "ill"), nil
			}
			return reply(200, "modern"), nil
		})
		route := everyone()
		route.Breaker = breaker.Config{MinRequests: 10, OpenFor: 5 * time.Second, JitterPercent: -1}
		r := start(t, sides{says(200, "legacy"), modern}, []router.Route{route})
		for i := range 100 {
			w := r.ask("GET", "/v1/claims/1")
			want := "reason=fallback"
			if i >= 10 {
				want = "reason=breaker_open"
			}
			if w.Code != 200 || !strings.Contains(decision(w), want) {
				t.Fatalf("request %d: %d, %s; want %s", i, w.Code, decision(w), want)
			}
		}
		if calls != 10 {
			t.Errorf("modern was asked %d times, want 10", calls)
		}
		// A write is not executed by an open breaker: Legacy serves it.
		if w := r.askWith(context.Background(), "POST", "/v1/claims/1", strings.NewReader("x")); w.Body.String() != "legacy" {
			t.Errorf("write with the breaker open: %d %s", w.Code, w.Body)
		}
		for state, want := range map[string]float64{"open": 1, "closed": 0, "half_open": 0} {
			if got := r.value(t, "portage_breaker_state", "route", "claims", "state", state); got != want {
				t.Errorf("breaker state %s is %v", state, got)
			}
		}
		ill = false
		time.Sleep(5*time.Second + time.Millisecond)
		for range 3 {
			if w := r.ask("GET", "/v1/claims/1"); w.Body.String() != "modern" {
				t.Errorf("a probe was answered %q", w.Body)
			}
		}
		if got := r.Routes()[0].Breaker.State; got != breaker.Closed {
			t.Errorf("breaker %v after three good probes", got)
		}
		if got := r.value(t, "portage_breaker_transitions_total", "route", "claims", "to", "closed"); got != 1 {
			t.Errorf("transitions to closed: %v", got)
		}
	})
}

// Where Legacy is no substitute, a failure of Modern is told.
func TestNoFallbackWithoutLegacy(t *testing.T) {
	retired := everyone()
	retired.Stage = router.Retired
	pinned := everyone()
	pin := router.Pin{Group: "claims", Key: keyOf("046454286"), Side: router.Modern}
	for name, c := range map[string]struct {
		route router.Route
		pins  []router.Pin
	}{"retired": {retired, nil}, "pinned to modern": {pinned, []router.Pin{pin}}} {
		t.Run(name, func(t *testing.T) {
			c.route.Breaker.MinRequests = 1
			r := start(t, sides{never(t, "legacy"), says(502, "ill")}, []router.Route{c.route}, func(cfg *router.Config) { cfg.Pins = c.pins })
			if w := r.ask("GET", "/v1/claims/1"); w.Code != 502 || w.Body.String() != "ill" {
				t.Errorf("%d %s; want modern's own answer", w.Code, w.Body)
			}
			w := r.ask("GET", "/v1/claims/1")
			if w.Code != 503 || decision(w) != "route=claims; side=none; reason=breaker_open; version=0" || w.Header().Get("Retry-After") == "" {
				t.Errorf("breaker open: %d, %s, Retry-After %q", w.Code, decision(w), w.Header().Get("Retry-After"))
			}
		})
	}
}

func TestFallbacksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := make(chan struct{})
		legacy := side(func(*http.Request) (*http.Response, error) { <-busy; return reply(200, "legacy"), nil })
		route := noBreaker(everyone())
		route.MaxFallbackInFlight = 2
		dead := side(func(*http.Request) (*http.Response, error) { return nil, errors.New("dead") })
		r := start(t, sides{legacy, dead}, []router.Route{route})
		answers := make(chan *httptest.ResponseRecorder, 5)
		for range 5 {
			go func() { answers <- r.ask("GET", "/v1/claims/1") }()
		}
		synctest.Wait()
		if len(answers) != 3 {
			t.Fatalf("%d requests answered while two fallbacks are under way, want 3", len(answers))
		}
		if n := r.Routes()[0].Breaker.InFlight; n != 0 {
			t.Errorf("%d permits are held while legacy works", n)
		}
		for range 3 {
			w := <-answers
			if w.Code != 503 || !strings.Contains(decision(w), "side=none; reason=shed") || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%d, %s", w.Code, decision(w))
			}
		}
		close(busy)
		for range 2 {
			if w := <-answers; w.Code != 200 {
				t.Errorf("a fallback was answered %d", w.Code)
			}
		}
		if w := r.ask("GET", "/v1/claims/1"); w.Code != 200 {
			t.Errorf("the bound was not given back: %d", w.Code)
		}
	})
}

// A client that goes away says nothing about Modern.
func TestClientsThatLeaveDoNotOpenTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		modern := side(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		route := everyone()
		route.Breaker.MinRequests = 5
		r := start(t, sides{never(t, "legacy"), modern}, []router.Route{route})
		for range 50 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			cut := func() (cut any) {
				defer func() { cut = recover() }()
				r.askWith(ctx, "GET", "/v1/claims/1", nil)
				return nil
			}()
			if cut != http.ErrAbortHandler {
				t.Fatalf("handler ended with %v, want ErrAbortHandler", cut)
			}
			cancel()
		}
		s := r.Routes()[0].Breaker
		if s.State != breaker.Closed || s.Ignored != 50 || s.Failure != 0 || s.InFlight != 0 {
			t.Errorf("%+v: want closed with 50 ignored", s)
		}
		if got := r.value(t, "portage_requests_total", "side", "modern", "reason", "share", "code", "canceled"); got != 50 {
			t.Errorf("%v requests counted as canceled", got)
		}
		if got := r.value(t, "portage_requests_in_flight", "side", "modern"); got != 0 {
			t.Errorf("%v in flight", got)
		}
	})
}

// An inquiry by POST may be declared safe, and a GET that writes unsafe.
func TestSafetyIsTheRoutesWord(t *testing.T) {
	yes, no := true, false
	inquiry, writing := noBreaker(everyone()), noBreaker(everyone())
	inquiry.Safe, writing.Safe = &yes, &no
	s := sides{says(200, "legacy"), says(500, "modern")}
	if w := start(t, s, []router.Route{inquiry}).askWith(context.Background(), "POST", "/v1/claims/1", strings.NewReader("x")); w.Body.String() != "legacy" {
		t.Errorf("safe POST: %s", w.Body)
	}
	if w := start(t, s, []router.Route{writing}).ask("GET", "/v1/claims/1"); w.Body.String() != "modern" {
		t.Errorf("unsafe GET: %s", w.Body)
	}
}

func TestParamsReachTheSide(t *testing.T) {
	var got map[string]string
	modern := side(func(r *http.Request) (*http.Response, error) {
		got = router.Params(r)
		return reply(200, ""), nil
	})
	route := everyone()
	route.Path = "/v1/{program}/claims/{claimRef}"
	r := start(t, sides{modern: modern}, []router.Route{route})
	r.ask("GET", "/v1/ei/claims/caf%C3%A9%20A")
	if got["program"] != "ei" || got["claimRef"] != "café A" || len(got) != 2 {
		t.Errorf("parameters %v", got)
	}
	if router.Params(httptest.NewRequest("GET", "/", nil)) != nil {
		t.Error("a request that no router sent has parameters")
	}
}

func TestAnswersWithoutBody(t *testing.T) {
	for _, status := range []int{204, 304} {
		modern := side(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{"Etag": {`"1"`}}, Body: http.NoBody}, nil
		})
		r := start(t, sides{modern: modern}, []router.Route{everyone()})
		srv := server(t, r)
		req, _ := http.NewRequest("GET", srv.URL+"/v1/claims/1", nil)
		req.Header.Set("Client", "1")
		res, err := client(t).Do(req)
		if err != nil || res.StatusCode != status || res.Header.Get("Etag") != `"1"` {
			t.Fatalf("%d: %v %v", status, res, err)
		}
		_ = res.Body.Close()
	}
	backend := server(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "12345") }))
	r := start(t, sides{modern: httpSide(t, backend.URL)}, []router.Route{everyone()})
	if w := r.ask("HEAD", "/v1/claims/1"); w.Header().Get("Content-Length") != "12345" || w.Code != 200 {
		t.Errorf("HEAD: %d, Content-Length %q", w.Code, w.Header().Get("Content-Length"))
	}
}
