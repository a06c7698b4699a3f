package router_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portage-gateway/portage/router"
)

// What the plan says is what the rollback does, client by client.
func TestPlanIsTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		route := router.Route{Name: "claims", Path: "/v1/claims/{ref}", Stage: router.Live, Share: 3000, LegacyCapacity: 1500}
		pins := []router.Pin{{Group: "claims", Key: keyOf("1"), Side: router.Modern}, {Group: "claims", Key: keyOf("2"), Side: router.Legacy}}
		r := start(t, sides{says(200, "legacy"), says(200, "modern")}, []router.Route{route}, func(c *router.Config) { c.Pins = pins })
		ctx := context.Background()
		side := func(i int) string { return r.ask("GET", "/v1/claims/1", "Client", strconv.Itoa(i)).Body.String() }
		for i := range 500 {
			side(i + 10_000) // seen, but longer ago than an hour
		}
		time.Sleep(time.Hour + 2*time.Second)
		const n = 2000
		onModern := map[int]bool{}
		for i := range n {
			if side(i) == "modern" {
				onModern[i] = true
			}
		}
		s := r.Routes()[0]
		if s.Clients != n || s.ModernClients != len(onModern) || s.ClientsAtLeast || s.ModernPerMinute != len(onModern) || s.LegacyPerMinute != n-len(onModern) {
			t.Errorf("%d clients, %d modern; status %+v", n, len(onModern), s)
		}
		plan, err := r.Plan("claims")
		if err != nil {
			t.Fatal(err)
		}
		if plan.After.Share != 0 || plan.Now.Share != 3000 || plan.AtLeast || plan.Closed || plan.LegacyCapacity != 1500 || plan.OverCapacity != n-1500 {
			t.Errorf("%+v", plan)
		}
		if plan.MovingPerMinute != len(onModern) || plan.LegacyPerMinute != n-len(onModern) {
			t.Errorf("moving %d, legacy %d a minute; %d of %d requests went to modern", plan.MovingPerMinute, plan.LegacyPerMinute, len(onModern), n)
		}
		if s := r.Routes()[0].State; s != plan.Now {
			t.Errorf("the plan changed the route: %+v", s)
		}
		if _, err := r.Rollback(ctx, "claims", "operator", "trial"); err != nil {
			t.Fatal(err)
		}
		returned, held := 0, 0
		for i := range n {
			switch {
			case side(i) == "modern":
				held++
			case onModern[i]:
				returned++
			}
		}
		if returned != plan.Returning || held != plan.Held || held != 1 {
			t.Errorf("plan: %d return, %d held; in truth %d and %d", plan.Returning, plan.Held, returned, held)
		}
		time.Sleep(time.Minute + time.Second)
		if plan, _ := r.Plan("claims"); plan.Returning != 0 || plan.MovingPerMinute != 0 || plan.OverCapacity != 0 {
			t.Errorf("after the rollback: %+v", plan)
		}
		if _, err := r.Plan("claim"); !errors.Is(err, router.ErrUnknownRoute) {
			t.Errorf("unknown route: %v", err)
		}
	})
}

// A full census says that it is full, and makes room by forgetting who was not seen for an hour.
func TestCensusIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, sides{says(200, ""), says(200, "")}, []router.Route{beta(0)}, func(c *router.Config) { c.MaxClients = 160 })
		for i := range 1000 {
			r.ask("GET", "/v1/claims/1", "Client", strconv.Itoa(i))
		}
		if s := r.Routes()[0]; s.Clients != 160 || !s.ClientsAtLeast {
			t.Errorf("%d clients, at least %v; want 160, and that there were more", s.Clients, s.ClientsAtLeast)
		}
		time.Sleep(time.Hour + time.Minute)
		for i := range 50 {
			r.ask("GET", "/v1/claims/1", "Client", strconv.Itoa(5000+i))
		}
		if s := r.Routes()[0]; s.Clients != 50 || s.ClientsAtLeast {
			t.Errorf("%d clients, at least %v; want 50 exactly", s.Clients, s.ClientsAtLeast)
		}
	})
}

// Every closed combination exists from the start, at zero.
func TestSeriesExistAtZero(t *testing.T) {
	r := start(t, sides{says(200, ""), says(200, "")}, []router.Route{everyone(), {Name: "quiet", Path: "/quiet"}})
	for _, name := range []string{"claims", "quiet"} {
		for series, want := range map[string]int{
			"portage_requests_total": (8 + 4 + 5) * 6, "portage_request_duration_seconds": 2, "portage_requests_in_flight": 2,
			"portage_fallbacks_total": 6, "portage_route_share_ratio": 1, "portage_route_stage": 5, "portage_route_killed": 1,
			"portage_route_changes_total": 7, "portage_breaker_state": 3, "portage_breaker_transitions_total": 3,
			"portage_shadow_requests_total": 10, "portage_shadow_dropped_total": 9, "portage_parity_comparisons_total": 6,
			"portage_parity_differences_total": len(router.DifferenceKinds()),
		} {
			families, err := r.reg.Gather()
			if err != nil {
				t.Fatal(err)
			}
			got := 0
			for _, f := range families {
				for _, m := range f.GetMetric() {
					for _, l := range m.GetLabel() {
						if f.GetName() == series && l.GetName() == "route" && l.GetValue() == name {
							got++
						}
					}
				}
			}
			if got != want {
				t.Errorf("%s of %s: %d series, want %d", series, name, got, want)
			}
		}
	}
	if got := r.value(t, "portage_route_share_ratio", "route", "claims"); got != 1 {
		t.Errorf("share ratio %v", got)
	}
	if got := r.value(t, "portage_breaker_state", "route", "quiet", "state", "closed"); got != 1 {
		t.Errorf("breaker closed %v", got)
	}
	if got := r.value(t, "portage_refusals_total"); got != 0 {
		t.Errorf("refusals %v", got)
	}
	r.lint(t)
	r.ask("GET", "/v1/claims/1")
	if got := r.value(t, "portage_requests_total", "route", "claims", "side", "modern", "reason", "share", "code", "2xx"); got != 1 {
		t.Errorf("requests %v", got)
	}
	if got := r.value(t, "portage_request_duration_seconds", "route", "claims", "side", "modern"); got != 1 {
		t.Errorf("durations %v", got)
	}
}

func TestKilledRouteShowsShareZero(t *testing.T) {
	r := start(t, sides{says(200, "legacy"), says(200, "modern")}, []router.Route{everyone()})
	if _, err := r.Change(context.Background(), change("", -1, "on")); err != nil {
		t.Fatal(err)
	}
	if share, killed := r.value(t, "portage_route_share_ratio"), r.value(t, "portage_route_killed"); share != 0 || killed != 1 {
		t.Errorf("share ratio %v, killed %v", share, killed)
	}
	if w := r.ask("GET", "/v1/claims/1"); w.Body.String() != "legacy" || decision(w) != "route=claims; side=legacy; reason=killed; version=1" {
		t.Errorf("%s, %s", w.Body, decision(w))
	}
}
