package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/router"
)

type sideFunc func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f sideFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The console over a real router: what a person sets is what clients meet, and what the page shows.
func TestAShareSetHereMovesClients(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	r, err := router.New(router.Config{
		Routes: []router.Route{{Name: "ei-claim-status", Path: "/v1/ei/claims/{claimRef}", Stage: router.Live}},
		Sides: func(_ string, s router.Side) http.RoundTripper {
			return sideFunc(func(r *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				w.WriteString(s.String())
				answer := w.Result()
				answer.Request = r
				return answer, nil
			})
		},
		Key: func(_ string, _ *http.Request, params map[string]string) (key router.Key, ok bool, err error) {
			copy(key[:], params["claimRef"]+"----------------")
			return key, true, nil
		},
		Registerer: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	c, err := New(Config{
		Routes: r.Routes, Samples: r.Samples, Change: r.Change, Rollback: r.Rollback, Plan: r.Plan,
		Gatherer: registry, Registerer: registry, Tokens: []Token{{"deploy", true, changeSecret}},
	})
	if err != nil {
		t.Fatal(err)
	}
	door := c.HTTP()
	served := func() map[string]int {
		got := map[string]int{}
		for _, client := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
			w := httptest.NewRecorder()
			r.ServeHTTP(w, httptest.NewRequest("GET", "/v1/ei/claims/"+client, nil))
			got[w.Body.String()]++
		}
		return got
	}
	if got := served(); got["legacy"] != 26 {
		t.Fatalf("before: %v", got)
	}
	if w := call(t, door, "POST", "/control/v1/routes/ei-claim-status/share", `{"share": 10000, "reason": "all of them"}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := served(); got["modern"] != 26 {
		t.Fatalf("after the raise: %v", got)
	}
	var plan Plan
	if err := json.Unmarshal(call(t, door, "GET", "/control/v1/routes/ei-claim-status/rollback", "").Body.Bytes(), &plan); err != nil || plan.Returning != 26 {
		t.Errorf("plan %+v, %v: want 26 clients to return", plan, err)
	}
	if body := call(t, door, "GET", "/", "").Body.String(); !strings.Contains(body, "26 of 26") || !strings.Contains(body, "all of them") {
		t.Error("the page does not show the clients or the reason")
	}
	if w := call(t, door, "POST", "/control/v1/routes/ei-claim-status/rollback", `{"reason": "enough"}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := served(); got["legacy"] != 26 {
		t.Errorf("after the rollback: %v", got)
	}
	// Back to beta, where the share may not be raised beyond its limit.
	call(t, door, "POST", "/control/v1/routes/ei-claim-status/stage", `{"stage": "beta", "reason": "again in steps"}`)
	if w := call(t, door, "POST", "/control/v1/routes/ei-claim-status/share", `{"share": 9000, "reason": "too far"}`); w.Code != 409 || !strings.Contains(w.Body.String(), "at most 5000") {
		t.Errorf("%d %s, want 409", w.Code, w.Body)
	}
	if w := call(t, door, "GET", "/metrics", ""); !strings.Contains(w.Body.String(), `portage_route_changes_total{action="rollback",route="ei-claim-status"} 1`) {
		t.Error("/metrics does not count the rollback")
	}
}

func TestARollbackOutlivesItsCaller(t *testing.T) {
	s := newSample()
	ctx, cancel := context.WithCancel(t.Context())
	s.config.Plan = func(route string) (router.Plan, error) {
		cancel() // the person gives up between plan and act
		return router.Plan{Now: s.find(route).State}, nil
	}
	act := s.config.Rollback
	s.config.Rollback = func(ctx context.Context, route, actor, reason string) (router.State, error) {
		if ctx.Err() != nil {
			return router.State{}, errors.New("the caller's context reached the rollback")
		}
		return act(ctx, route, actor, reason)
	}
	w := call(t, s.console(t).HTTP(), "POST", "/control/v1/routes/ei-claim-status/rollback", `{"reason": "wrong amounts"}`, func(r *http.Request) { *r = *r.WithContext(ctx) })
	if w.Code != 200 || s.find("ei-claim-status").State.Share != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
