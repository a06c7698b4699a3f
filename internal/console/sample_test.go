package console

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/internal/audit"
	"github.com/portage-gateway/portage/router"
	"github.com/portage-gateway/portage/router/breaker"
)

// The secrets of the sample tokens.
const (
	changeSecret = "change-change-change-change-change-0"
	readSecret   = "read-read-read-read-read-read-read-0"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// sample is a console over three routes, a bridge and three queues; stories change its fields.
type sample struct {
	config  Config
	routes  []router.Status
	changes []router.Change
	// refusal, if set, is what Change and Rollback answer; planErr what Plan does.
	refusal, planErr error
}

func sampleRoutes() []router.Status {
	return []router.Status{
		{
			State: router.State{
				Route: "ei-claim-status", Stage: router.Beta, Share: 3000, Version: 7,
				Changed: at("2026-11-20T14:05:09Z"), Actor: "m.tremblay", Reason: "parity held for two weeks, first cohort <30 %>",
			},
			Share: 3000, Route: router.Route{Methods: []string{"GET", "HEAD"}, Path: "/v1/ei/claims/{claimRef}"},
			Clients: 10_000, ModernClients: 2887,
			Legacy: 181_204, Modern: 102_331, Fallbacks: 12, LegacyPerMinute: 905, ModernPerMinute: 512,
			Shadow: router.ShadowStatus{Eligible: 283_535, Sent: 100_031, Dropped: 4, Results: map[router.Result]uint64{
				router.Equal: 99_998, router.Different: 2, router.ModernError: 31,
			}},
		},
		{
			State: router.State{
				Route: "oas-account", Stage: router.Beta, Share: 500, Killed: true, Version: 3,
				Changed: at("2026-11-21T22:41:00Z"), Actor: "token deploy", Reason: "Modern answers with another currency",
			},
			Unsaved: true, Route: router.Route{Methods: []string{"GET"}, Path: "/v1/oas/accounts/{accountRef}"},
			Breaker: breaker.Status{State: breaker.Open, RetryAfter: 12 * time.Second},
			Clients: 250_000, ClientsAtLeast: true, Legacy: 1290, LegacyPerMinute: 40,
		},
		{
			State: router.State{Route: "cpp-payment", Stage: router.Discovery},
			Route: router.Route{Methods: []string{"POST"}, Path: "/v1/cpp/payments/{paymentRef}"}, Breaker: breaker.Status{State: breaker.HalfOpen},
		},
	}
}

func sampleDifferences(route string) ([]router.Sample, error) {
	if route != "ei-claim-status" {
		return nil, nil
	}
	amount := func(pointer, legacy, modern string) router.Difference {
		return router.Difference{Pointer: pointer, Kind: "value", Legacy: legacy, Modern: modern}
	}
	return []router.Sample{
		{Verdict: router.Verdict{Fields: []router.Difference{amount("/weeks/2/amount", "###.00", "###.01"), {Pointer: "status", Kind: "status", Legacy: "200", Modern: "404"}}}},
		{Verdict: router.Verdict{Fields: []router.Difference{amount("/weeks/0/amount", "##.10", "##.20")}}},
	}, nil
}

func newSample() *sample {
	s := &sample{routes: sampleRoutes()}
	entries := []audit.Entry{
		{Seq: 1, Time: at("2026-11-20T14:05:09Z"), Chain: "portage", Actor: "m.tremblay", Action: "share", Object: "route/ei-claim-status", Before: "share=1000", After: "share=3000", Reason: "parity held for two weeks, first cohort <30 %>", Outcome: audit.Done},
		{Seq: 2, Time: at("2026-11-21T22:41:00Z"), Chain: "portage", Actor: "token deploy", Action: "kill", Object: "route/oas-account", Before: "killed=false", After: "killed=true", Reason: "Modern answers with another currency", Outcome: audit.Done, TowardsLegacy: true},
	}
	registry := prometheus.NewPedanticRegistry()
	s.config = Config{
		Routes:   func() []router.Status { return s.routes },
		Samples:  sampleDifferences,
		Change:   s.change,
		Rollback: s.rollback,
		Plan: func(route string) (router.Plan, error) {
			now := s.find(route).State
			after := now
			after.Share = 0
			return router.Plan{Now: now, After: after, Returning: 2887, Held: 4, MovingPerMinute: 512, LegacyPerMinute: 905, LegacyCapacity: 1200, OverCapacity: 217}, s.planErr
		},
		Audit: func(_ context.Context, after uint64, limit int) ([]audit.Entry, error) {
			rest := entries[min(after, uint64(len(entries))):]
			return rest[:min(limit, len(rest))], nil
		},
		LatestAudit: func(_ context.Context, limit int) ([]audit.Entry, error) {
			newest := slices.Clone(entries)
			slices.Reverse(newest)
			return newest[:min(limit, len(newest))], nil
		},
		Verify: func(context.Context) (any, error) { return map[string]any{"passed": true}, nil },
		Bridges: func() []Bridge {
			return []Bridge{{Name: "cpp-payments", Queue: "CPP.PAY.EVENT", Published: 1_204_331, Duplicates: 100, DeadLetters: 3, LagSeconds: new(1.4)},
				{Name: "cpp-tap", Queue: "CPP.PAY.TAP", Published: 1_204_000, Tap: true, LostCopies: 12}}
		},
		Queues: func(context.Context) ([]Queue, error) {
			return []Queue{
				{Name: "EI.STATUS.REQ", Depth: 4, MaxDepth: 5000, OldestAgeSeconds: new(0.2)},
				{Name: "CPP.PAY.EVENT", Depth: 12_045, MaxDepth: 100_000, OldestAgeSeconds: new(3725.0)},
				{Name: "CPP.PAY.EVENT.DLQ", Depth: 3, MaxDepth: 100_000, OldestAgeSeconds: new(90_061.0)},
			}, nil
		},
		DeadLetters: func(_ context.Context, limit int) ([]DeadLetter, error) {
			all := []DeadLetter{
				{Bridge: "cpp-payments", Queue: "CPP.PAY.EVENT.DLQ", Time: at("2026-11-21T03:12:44Z"), Reason: "packed-nibble", Field: "CPP-PAY-AMT", Offset: 120, Size: 5},
				{Bridge: "cpp-payments", Queue: "CPP.PAY.EVENT.DLQ", Time: at("2026-11-21T03:12:41Z"), Reason: "short-record", Offset: -1, Size: -1},
			}
			return all[:min(limit, len(all))], nil
		},
		Checks: []Check{
			{Name: "store", Probe: func(context.Context) error { return nil }},
			{Name: "audit", Probe: func(context.Context) error { return Warn("2 entries wait in the spill") }},
			{Name: "queue-manager", Probe: func(context.Context) error { return nil }},
		},
		Gatherer: registry, Registerer: registry,
		Tokens: []Token{{"deploy", true, changeSecret}, {"wall", false, readSecret}},
		Build:  Build{Version: "1.0.0", Revision: "abc1234", Go: "go1.26.8"},
		Now:    func() time.Time { return at("2026-11-22T07:30:00Z") },
	}
	return s
}

func (s *sample) find(route string) *router.Status {
	return &s.routes[slices.IndexFunc(s.routes, func(r router.Status) bool { return r.State.Route == route })]
}

func (s *sample) change(_ context.Context, c router.Change) (router.State, error) {
	s.changes = append(s.changes, c)
	if _, inForce := errors.AsType[*router.Warning](s.refusal); s.refusal != nil && !inForce {
		return s.find(c.Route).State, s.refusal
	}
	state := &s.find(c.Route).State
	state.Version++
	state.Changed, state.Actor, state.Reason = s.config.Now(), c.Actor, c.Reason
	if c.Share != nil {
		state.Share = *c.Share
	}
	if c.Stage != nil {
		state.Stage = *c.Stage
	}
	if c.Killed != nil {
		state.Killed = *c.Killed
	}
	if w, ok := errors.AsType[*router.Warning](s.refusal); ok {
		w.State = *state
	}
	return *state, s.refusal
}

func (s *sample) rollback(ctx context.Context, route, actor, reason string) (router.State, error) {
	return s.change(ctx, router.Change{Route: route, Share: new(0), Actor: actor, Reason: reason})
}

func (s *sample) console(t testing.TB) *Console {
	t.Helper()
	c, err := New(s.config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// call asks the HTTP door as the token may, from the host that it serves.
func call(t testing.TB, h http.Handler, method, target, body string, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:9080"+target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+changeSecret)
	if method != http.MethodGet && method != http.MethodHead {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range edit {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
