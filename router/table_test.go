package router_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/router"
	"github.com/portage-gateway/portage/router/breaker"
)

func claims() router.Route {
	return router.Route{Name: "ei-claim-status", Path: "/v1/ei/claims/{claimRef}", Override: true}
}

// early and late are clients of the first and the last bucket that claims() finds among the samples.
func earlyAndLate(t testing.TB) (early, late router.Key) {
	t.Helper()
	lo, hi := router.FullShare, -1
	for _, sin := range sins(3000) {
		k := keyOf(sin)
		switch b := router.Bucket("ei-claim-status", "ei-claim-status", k); {
		case b < lo:
			lo, early = b, k
		case b > hi:
			hi, late = b, k
		}
	}
	return early, late
}

func TestDecide(t *testing.T) {
	early, late := earlyAndLate(t)
	const modern, legacy, neither = router.Modern, router.Legacy, router.Neither
	type q = router.Request
	toModern := q{Key: early, HasKey: true, Override: modern, Overridden: true}
	toLegacy := q{Key: early, HasKey: true, Override: legacy, Overridden: true}
	pinM := []router.Pin{{Group: "ei-claim-status", Key: late, Side: modern}}
	pinL := []router.Pin{{Group: "ei-claim-status", Key: early, Side: legacy}}
	other := []router.Pin{{Group: "another-group", Key: late, Side: modern}}
	for _, c := range []struct {
		name   string
		stage  router.Stage
		share  int
		killed bool
		pins   []router.Pin
		q      q
		side   router.Side
		reason router.Reason
	}{
		{"discovery serves legacy only", router.Discovery, 10_000, false, nil, toModern, legacy, router.ReasonStage},
		{"alpha serves legacy", router.Alpha, 10_000, false, nil, q{Key: early, HasKey: true}, legacy, router.ReasonStage},
		{"alpha serves testers", router.Alpha, 0, false, nil, toModern, modern, router.ReasonOverride},
		{"alpha serves no pin to modern", router.Alpha, 0, false, pinM, q{Key: late, HasKey: true}, legacy, router.ReasonStage},
		{"alpha: a pin to legacy outranks a tester", router.Alpha, 0, false, pinL, toModern, legacy, router.ReasonPin},
		{"beta below the share", router.Beta, 100, false, nil, q{Key: early, HasKey: true}, modern, router.ReasonShare},
		{"beta above the share", router.Beta, 100, false, nil, q{Key: late, HasKey: true}, legacy, router.ReasonShare},
		{"beta caps a share that is too high", router.Beta, 10_000, false, nil, q{Key: late, HasKey: true}, legacy, router.ReasonShare},
		{"no key", router.Live, 10_000, false, nil, q{}, legacy, router.ReasonNoKey},
		{"no key, but an override", router.Live, 0, false, nil, q{Override: modern, Overridden: true}, modern, router.ReasonOverride},
		{"override to legacy", router.Live, 10_000, false, nil, toLegacy, legacy, router.ReasonOverride},
		{"live, full share", router.Live, 10_000, false, nil, q{Key: late, HasKey: true}, modern, router.ReasonShare},
		{"a pin to modern outranks the share", router.Live, 0, false, pinM, q{Key: late, HasKey: true}, modern, router.ReasonPin},
		{"a pin to legacy outranks the share", router.Live, 10_000, false, pinL, q{Key: early, HasKey: true}, legacy, router.ReasonPin},
		{"a pin outranks an override", router.Live, 10_000, false, pinL, toModern, legacy, router.ReasonPin},
		{"a pin of another group", router.Live, 0, false, other, q{Key: late, HasKey: true}, legacy, router.ReasonShare},
		{"killed outranks all", router.Live, 10_000, true, pinM, q{Key: late, HasKey: true, Override: modern, Overridden: true}, legacy, router.ReasonKilled},
		{"retired serves modern only", router.Retired, 10_000, false, nil, q{}, modern, router.ReasonStage},
		{"retired, even against an override", router.Retired, 10_000, false, nil, toLegacy, modern, router.ReasonStage},
		{"killed outranks retired", router.Retired, 10_000, true, nil, q{}, legacy, router.ReasonKilled},
		{"an unknown stage serves legacy", "gamma", 10_000, false, nil, toModern, legacy, router.ReasonStage},
		{"breaker open", router.Live, 10_000, false, nil, q{Key: late, HasKey: true, BreakerOpen: true}, legacy, router.ReasonBreakerOpen},
		{"breaker open, legacy anyway", router.Live, 0, false, nil, q{Key: late, HasKey: true, BreakerOpen: true}, legacy, router.ReasonShare},
		{"breaker open, retired", router.Retired, 10_000, false, nil, q{BreakerOpen: true}, neither, router.ReasonBreakerOpen},
		{"breaker open, pinned to modern", router.Live, 0, false, pinM, q{Key: late, HasKey: true, BreakerOpen: true}, neither, router.ReasonBreakerOpen},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := router.State{Route: "ei-claim-status", Stage: c.stage, Share: c.share, Killed: c.killed, Version: 7}
			tab, err := router.NewTable([]router.Route{claims()}, []router.State{s}, c.pins)
			if err != nil {
				t.Fatal(err)
			}
			c.q.Route = "ei-claim-status"
			want := router.Decision{Route: "ei-claim-status", Side: c.side, Reason: c.reason, Version: 7}
			if got := tab.Decide(c.q); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestOverrideMustBeAllowed(t *testing.T) {
	r := claims()
	r.Override = false
	tab := table(t, r, router.State{Route: r.Name, Stage: router.Live})
	if d := tab.Decide(router.Request{Route: r.Name, HasKey: true, Override: router.Modern, Overridden: true}); d.Side != router.Legacy || d.Reason != router.ReasonShare {
		t.Errorf("got %v; the route allows no override", d)
	}
	if d := tab.Decide(router.Request{Route: "other"}); d.Side != router.Neither || d.Reason != router.ReasonNotFound {
		t.Errorf("unknown route: %v", d)
	}
}

// Routes of one group and salt move a client at the same share.
func TestGroupsMoveTogether(t *testing.T) {
	routes := []router.Route{
		{Name: "claim", Path: "/claim", Group: "ei", Stage: router.Live, Share: 3000},
		{Name: "history", Path: "/history", Group: "ei", Stage: router.Live, Share: 3000},
		{Name: "payment", Path: "/payment", Group: "cpp", Stage: router.Live, Share: 3000},
	}
	tab, err := router.NewTable(routes, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	apart := 0
	for _, sin := range sins(2000) {
		side := func(route string) router.Side {
			return tab.Decide(router.Request{Route: route, Key: keyOf(sin), HasKey: true}).Side
		}
		if side("claim") != side("history") {
			t.Fatalf("a client is split within its group")
		}
		if side("claim") != side("payment") {
			apart++
		}
	}
	if apart < 500 { // 42 % of 2,000 expected
		t.Errorf("only %d of 2000 clients differ between two groups", apart)
	}
}

func TestRoutesThatAreRefused(t *testing.T) {
	yes := router.Route{Name: "ok", Path: "/ok/{id}"}
	with := func(f func(*router.Route)) []router.Route {
		r := yes
		f(&r)
		return []router.Route{r}
	}
	for _, c := range []struct {
		want   string
		routes []router.Route
	}{
		{"name", with(func(r *router.Route) { r.Name = "Upper" })},
		{"name", with(func(r *router.Route) { r.Name = "" })},
		{"does not begin with a slash", with(func(r *router.Route) { r.Path = "ok" })},
		{"path-dots", with(func(r *router.Route) { r.Path = "/a/../b" })},
		{"path-empty-segment", with(func(r *router.Route) { r.Path = "/a//b" })},
		{"canonical form", with(func(r *router.Route) { r.Path = "/%41" })},
		{"fills a whole segment", with(func(r *router.Route) { r.Path = "/{id}.json" })},
		{"fills a whole segment", with(func(r *router.Route) { r.Path = "/{}" })},
		{"stands twice", with(func(r *router.Route) { r.Path = "/{id}/{id}" })},
		{"at most 8", with(func(r *router.Route) { r.Path = "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}" })},
		{"stage", with(func(r *router.Route) { r.Stage = "gamma" })},
		{"between 0 and 0 at stage alpha", with(func(r *router.Route) { r.Stage, r.Share = router.Alpha, 1 })},
		{"between 0 and 5000 at stage beta", with(func(r *router.Route) { r.Stage, r.Share = router.Beta, 5001 })},
		{"between 0 and 200 at stage beta", with(func(r *router.Route) { r.Stage, r.BetaCap, r.Share = router.Beta, 200, 201 })},
		{"methods", with(func(r *router.Route) { r.Methods = []string{"CONNECT"} })},
		{"methods", with(func(r *router.Route) { r.Methods = []string{"get"} })},
		{"breaker", with(func(r *router.Route) { r.Breaker = breaker.Config{FailurePercent: 200} })},
		{"shadow", with(func(r *router.Route) { r.Shadow.Share = 10_001 })},
		{"timeouts", with(func(r *router.Route) { r.ModernTimeout = -time.Second })},
		{"limits", with(func(r *router.Route) { r.MaxBody = -1 })},
		{"stands twice", []router.Route{yes, yes}},
		{`already taken by route "ok"`, []router.Route{yes, {Name: "again", Path: "/ok/{other}"}}},
	} {
		_, err := router.NewTable(c.routes, nil, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v; want %q in it", err, c.want)
		}
	}
	if _, err := router.NewTable([]router.Route{yes, {Name: "post", Path: "/ok/{id}", Methods: []string{"POST"}}}, nil, nil); err != nil {
		t.Errorf("two methods of one path: %v", err)
	}
}

func TestVersionGrowsWithEveryChange(t *testing.T) {
	routes := []router.Route{{Name: "a", Path: "/a"}, {Name: "b", Path: "/b"}}
	tab, err := router.NewTable(routes, []router.State{{Route: "a", Stage: router.Live, Version: 3}, {Route: "b", Stage: router.Live, Version: 4}, {Route: "gone", Version: 9}}, nil)
	if err != nil || tab.Version() != 7 {
		t.Errorf("version %d, %v; want 7: the sum of the routes that exist", tab.Version(), err)
	}
}

func ExampleTable_Decide() {
	routes := []router.Route{{Name: "cpp-payments", Path: "/v1/cpp/payments/{ref}", Stage: router.Beta, Share: 2500}}
	table, err := router.NewTable(routes, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := router.Key{1, 2, 3} // 16 bytes of an HMAC
	fmt.Println(table.Decide(router.Request{Route: "cpp-payments", Key: client, HasKey: true}))
	fmt.Println(table.Decide(router.Request{Route: "cpp-payments"}))
	fmt.Println("the client's bucket is", router.Bucket("cpp-payments", "cpp-payments", client))
	// Output:
	// route=cpp-payments; side=modern; reason=share; version=0
	// route=cpp-payments; side=legacy; reason=no_key; version=0
	// the client's bucket is 1674
}

func BenchmarkDecide(b *testing.B) {
	tab := table(b, claims(), router.State{Route: "ei-claim-status", Stage: router.Live, Share: 5000})
	q := router.Request{Route: "ei-claim-status", Key: keyOf("046454286"), HasKey: true}
	b.ReportAllocs()
	for b.Loop() {
		tab.Decide(q)
	}
}
