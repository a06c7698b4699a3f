package router_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/router"
)

// ledger is a Store and an Audit in memory, with faults to order.
type ledger struct {
	mu     sync.Mutex
	states map[string]router.State
	audit  []string
	load   error
	save   error
	write  error         // of the audit
	hang   chan struct{} // Save waits for it
}

func (l *ledger) Load(context.Context) ([]router.State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []router.State
	for _, s := range l.states {
		all = append(all, s)
	}
	return all, l.load
}

func (l *ledger) Save(_ context.Context, s router.State, expect uint64) error {
	l.mu.Lock()
	hang := l.hang
	l.mu.Unlock()
	if hang != nil {
		<-hang
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.save != nil {
		return l.save
	}
	if have := l.states[s.Route].Version; have != expect || s.Version <= expect {
		return fmt.Errorf("have %d, expected %d, new %d: %w", have, expect, s.Version, router.ErrVersion)
	}
	if l.states == nil {
		l.states = map[string]router.State{}
	}
	l.states[s.Route] = s
	return nil
}

func (l *ledger) Audit(_ context.Context, c router.Change, before, after router.State) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.write != nil {
		return l.write
	}
	l.audit = append(l.audit, fmt.Sprintf("%s %s/%d/%v > %s/%d/%v by %s: %s", c.Route, before.Stage, before.Share, before.Killed,
		after.Stage, after.Share, after.Killed, c.Actor, c.Reason))
	return nil
}

func (l *ledger) stored(route string) router.State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.states[route]
}

func (l *ledger) set(f func(*ledger)) { l.mu.Lock(); defer l.mu.Unlock(); f(l) }

func keeping(l *ledger) func(*router.Config) {
	return func(c *router.Config) { c.Store, c.Audit = l, l.Audit }
}

func ptr[T any](v T) *T { return &v }

func change(stage router.Stage, share int, killed string) router.Change {
	c := router.Change{Route: "claims", Actor: "operator", Reason: "because"}
	if stage != "" {
		c.Stage = &stage
	}
	if share >= 0 {
		c.Share = &share
	}
	if killed != "" {
		c.Killed = ptr(killed == "on")
	}
	return c
}

func beta(share int) router.Route {
	r := everyone()
	r.Stage, r.Share = router.Beta, share
	return r
}

// One story from discovery to retirement and back.
func TestLifeOfARoute(t *testing.T) {
	l := &ledger{}
	r := start(t, sides{says(200, "legacy"), says(200, "modern")}, []router.Route{{Name: "claims", Path: "/v1/claims/{ref}"}}, keeping(l))
	ctx := context.Background()
	for i, c := range []struct {
		change  router.Change
		stage   router.Stage
		share   int
		killed  bool
		refused string // part of the error
		action  string
	}{
		{change("", 100, ""), router.Discovery, 0, false, "stage discovery allows a share of at most 0", ""},
		{change(router.Alpha, -1, ""), router.Alpha, 0, false, "", "promote"},
		{change("", 1, ""), router.Alpha, 0, false, "promote the route first", ""},
		{change(router.Beta, 500, ""), router.Beta, 500, false, "", "promote"},
		{change("", 5001, ""), router.Beta, 500, false, "stage beta allows a share of at most 5000", ""},
		{change("", 5000, ""), router.Beta, 5000, false, "", "raise"},
		{change("", 10_001, ""), router.Beta, 5000, false, "outside 0 to 10000", ""},
		{change("", -1, ""), router.Beta, 5000, false, "neither share, stage nor kill switch", ""},
		{change(router.Retired, -1, ""), router.Beta, 5000, false, "only a route that Modern serves wholly", ""},
		{change("gamma", -1, ""), router.Beta, 5000, false, `stage "gamma" is none of`, ""},
		{change("", -1, "on"), router.Beta, 5000, true, "", "kill"},
		{change("", -1, "on"), router.Beta, 5000, true, "", "lower"}, // again: nothing moves
		{change("", -1, "off"), router.Beta, 5000, false, "", "restore"},
		{change(router.Live, 10_000, ""), router.Live, 10_000, false, "", "promote"},
		{change(router.Retired, -1, ""), router.Retired, 10_000, false, "", "promote"},
		{change("", 9000, ""), router.Live, 9000, false, "", "demote"}, // the way back from retired
		{change(router.Beta, -1, ""), router.Beta, 5000, false, "", "demote"},
		{change("", 200, ""), router.Beta, 200, false, "", "lower"},
		{change(router.Alpha, -1, ""), router.Alpha, 0, false, "", "demote"},
		{change(router.Beta, -1, ""), router.Beta, 0, false, "", "promote"}, // the old share does not come back
	} {
		before := r.value(t, "portage_route_changes_total", "action", or(c.action, "raise"))
		got, err := r.Change(ctx, c.change)
		if (err == nil) != (c.refused == "") || err != nil && (!strings.Contains(err.Error(), c.refused) || !errors.Is(err, router.ErrNotAllowed)) {
			t.Errorf("step %d: error %v, want %q", i, err, c.refused)
		}
		now := r.Routes()[0].State
		if now.Stage != c.stage || now.Share != c.share || now.Killed != c.killed {
			t.Errorf("step %d: %s/%d/%v, want %s/%d/%v", i, now.Stage, now.Share, now.Killed, c.stage, c.share, c.killed)
		}
		if diff := cmp.Diff(now, l.stored("claims")); diff != "" {
			t.Errorf("step %d: stored state differs (-in force +stored):\n%s", i, diff)
		}
		if err == nil && (got != now || now.Actor != "operator" || now.Reason != "because" || now.Changed.IsZero()) {
			t.Errorf("step %d: returned %+v, in force %+v", i, got, now)
		}
		if c.action != "" {
			if after := r.value(t, "portage_route_changes_total", "action", c.action); after != before+1 {
				t.Errorf("step %d: action %s counted %v, before %v", i, c.action, after, before)
			}
		}
		if got := r.value(t, "portage_route_stage", "stage", string(c.stage)); got != 1 {
			t.Errorf("step %d: stage gauge %v", i, got)
		}
	}
	if len(l.audit) != 13 || l.audit[1] != "claims alpha/0/false > beta/500/false by operator: because" {
		t.Errorf("audit of %d entries: %q", len(l.audit), l.audit)
	}
	r.lint(t)
}

func TestAReasonIsMandatory(t *testing.T) {
	r := start(t, sides{}, []router.Route{beta(0)})
	for _, reason := range []string{"", "  \t"} {
		c := change("", 100, "")
		c.Reason = reason
		if _, err := r.Change(context.Background(), c); !errors.Is(err, router.ErrNoReason) {
			t.Errorf("reason %q: %v", reason, err)
		}
		if _, err := r.Rollback(context.Background(), "claims", "operator", reason); !errors.Is(err, router.ErrNoReason) {
			t.Errorf("rollback, reason %q: %v", reason, err)
		}
	}
	c := change("", 100, "")
	c.Route = "claim"
	if _, err := r.Change(context.Background(), c); !errors.Is(err, router.ErrUnknownRoute) || !strings.Contains(err.Error(), `did you mean "claims"?`) {
		t.Errorf("unknown route: %v", err)
	}
}

// Towards Modern everything must work; towards Legacy nothing need to.
func TestFaultsOfStoreAndAudit(t *testing.T) {
	disk := errors.New("disk full")
	for _, c := range []struct {
		name  string
		ruin  func(*ledger)
		store bool
		audit bool
	}{
		{"store", func(l *ledger) { l.save = disk }, true, false},
		{"audit", func(l *ledger) { l.write = disk }, false, true},
		{"both", func(l *ledger) { l.save, l.write = disk, disk }, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &ledger{}
			ctx := context.Background()
			r := start(t, sides{says(200, "legacy"), says(200, "modern")}, []router.Route{beta(1000)}, keeping(l))
			if _, err := r.Change(ctx, change("", -1, "on")); err != nil {
				t.Fatal(err)
			}
			first := r.Routes()[0].State
			l.set(c.ruin)
			for _, up := range []router.Change{change("", 2000, ""), change(router.Live, -1, ""), change("", 10, "off")} {
				if got, err := r.Change(ctx, up); !errors.Is(err, disk) || errors.As(err, new(*router.Warning)) || got != first || r.Routes()[0].State != first {
					t.Errorf("towards modern: %v, %+v", err, got)
				}
			}
			got, err := r.Rollback(ctx, "claims", "operator", "alarm")
			var w *router.Warning
			if !errors.As(err, &w) || (w.Store != nil) != c.store || (w.Audit != nil) != c.audit || !errors.Is(err, disk) {
				t.Fatalf("towards legacy: %v", err)
			}
			if got.Share != 0 || r.Routes()[0].State != got || w.State != got || r.Routes()[0].Unsaved != c.store {
				t.Errorf("in force %+v, unsaved %v", r.Routes()[0].State, r.Routes()[0].Unsaved)
			}
			if w := r.ask("GET", "/v1/claims/1"); w.Body.String() != "legacy" {
				t.Errorf("after the rollback %s answers", w.Body)
			}
			l.set(func(l *ledger) { l.save, l.write = nil, nil })
			if err := r.Reconcile(ctx); err != nil || l.stored("claims").Share != 0 || r.Routes()[0].Unsaved {
				t.Errorf("reconcile: %v, stored %+v", err, l.stored("claims"))
			}
			if _, err := r.Change(ctx, change("", 300, "")); err != nil || l.stored("claims").Share != 300 {
				t.Errorf("after reconciling: %v", err)
			}
		})
	}
}

// A store that hangs with a raise in its hands must not keep a rollback waiting.
func TestRollbackOvertakesAStuckRaise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		r := start(t, sides{says(200, "legacy"), says(200, "modern")}, []router.Route{beta(1000)}, keeping(l))
		stuck := make(chan struct{})
		l.set(func(l *ledger) { l.hang = stuck })
		raised := make(chan error, 1)
		go func() {
			_, err := r.Change(context.Background(), change("", 5000, ""))
			raised <- err
		}()
		synctest.Wait()
		back := make(chan error, 1)
		began := time.Now()
		go func() {
			_, err := r.Rollback(context.Background(), "claims", "operator", "alarm")
			back <- err
		}()
		synctest.Wait()
		if s := r.Routes()[0].State; s.Share != 0 {
			t.Fatalf("share %d while the store hangs", s.Share)
		}
		var w *router.Warning
		if err := <-back; !errors.As(err, &w) || w.Store == nil || time.Since(began) > 5*time.Second {
			t.Errorf("rollback: %v after %v", err, time.Since(began))
		}
		close(stuck)
		if err := <-raised; !errors.Is(err, router.ErrVersion) {
			t.Errorf("the raise that was overtaken: %v", err)
		}
		synctest.Wait()
		if err := r.Reconcile(context.Background()); err != nil {
			t.Fatal(err)
		}
		if s, stored := r.Routes()[0].State, l.stored("claims"); s.Share != 0 || stored.Share != 0 || s != stored {
			t.Errorf("in force %+v, stored %+v", s, stored)
		}
	})
}

func TestARollbackOutlivesItsCaller(t *testing.T) {
	l := &ledger{}
	r := start(t, sides{}, []router.Route{beta(1000)}, keeping(l))
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Rollback(gone, "claims", "operator", "alarm"); err != nil || l.stored("claims").Share != 0 {
		t.Errorf("%v, stored %+v", err, l.stored("claims"))
	}
}

// The Store outranks the file at every restart, and the file's first values are kept as they were.
func TestRestart(t *testing.T) {
	l := &ledger{}
	start(t, sides{}, []router.Route{beta(1000)}, keeping(l))
	if s := l.stored("claims"); s.Share != 1000 || s.Version != 1 {
		t.Fatalf("first values are not stored: %+v", s)
	}
	edited := beta(4000)
	r := start(t, sides{}, []router.Route{edited}, keeping(l))
	if s := r.Routes()[0].State; s.Share != 1000 {
		t.Errorf("an edit of the file moved clients: share %d", s.Share)
	}
	if _, err := r.Change(context.Background(), change("", 2000, "")); err != nil {
		t.Fatal(err)
	}
	want := r.Routes()[0].State
	if got := start(t, sides{}, []router.Route{edited}, keeping(l)).Routes()[0].State; got != want {
		t.Errorf("after a restart %+v, want %+v", got, want)
	}
	l.set(func(l *ledger) { l.load = errors.New("no disk") })
	if _, err := router.New(router.Config{Routes: []router.Route{edited}, Sides: sides{}.of, Store: l}); err == nil || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("a store that cannot be read: %v", err)
	}
}

func TestFirstValuesThatCannotBeStored(t *testing.T) {
	l := &ledger{save: errors.New("read-only")}
	r := start(t, sides{says(200, ""), says(200, "")}, []router.Route{beta(1000)}, keeping(l))
	if s := r.Routes()[0]; !s.Unsaved || s.State.Share != 1000 {
		t.Errorf("%+v", s)
	}
}

func TestReload(t *testing.T) {
	l := &ledger{}
	ctx := context.Background()
	r := start(t, sides{says(200, "legacy"), says(500, "modern")}, []router.Route{beta(1000)}, keeping(l))
	if _, err := r.Change(ctx, change("", 2000, "")); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		r.ask("GET", "/v1/claims/1", "Client", "early-"+findEarly(t, 1000))
	}
	before := r.Routes()[0]
	if before.Fallbacks != 20 {
		t.Fatalf("%+v", before)
	}
	next := beta(77)
	next.ModernTimeout = time.Second
	if err := r.Reload(ctx, []router.Route{next, {Name: "new", Path: "/new", Stage: router.Beta, Share: 5}}); err != nil {
		t.Fatal(err)
	}
	all := r.Routes()
	if s := all[0]; s.State != before.State || s.Fallbacks != 20 || s.Breaker.Failure != 20 || s.Clients != 1 || s.Route.ModernTimeout != time.Second {
		t.Errorf("reload lost state: %+v", s)
	}
	if s := all[1]; s.State.Share != 5 || l.stored("new").Share != 5 {
		t.Errorf("new route: %+v", s)
	}
	for name, routes := range map[string][]router.Route{
		"salt":  {func() router.Route { x := next; x.Salt = "other"; return x }()},
		"group": {func() router.Route { x := next; x.Group = "other"; return x }()},
		"path":  {func() router.Route { x := next; x.Path = "//"; return x }()},
	} {
		if err := r.Reload(ctx, routes); err == nil || !strings.Contains(err.Error(), name) || len(r.Routes()) != 2 {
			t.Errorf("reload with a wrong %s: %v", name, err)
		}
	}
	if err := r.Reload(ctx, []router.Route{next}); err != nil || len(r.Routes()) != 1 || r.value(t, "portage_route_share_ratio", "route", "new") != -1 {
		t.Errorf("route removed: %v", err)
	}
	if _, err := r.Rollback(ctx, "claims", "operator", "new salt"); err != nil {
		t.Fatal(err)
	}
	next.Salt = "other"
	if err := r.Reload(ctx, []router.Route{next}); err != nil {
		t.Errorf("salt changed at share 0: %v", err)
	}
	r.lint(t)
}

// findEarly returns n such that client "early-n" has a bucket below share.
func findEarly(t testing.TB, share int) string {
	t.Helper()
	for i := range 100_000 {
		if n := fmt.Sprint(i); router.Bucket("claims", "claims", keyOf("early-"+n)) < share {
			return n
		}
	}
	t.Fatal("no such client")
	return ""
}

// Two instances share a store: what one stores the other takes over, and of two that raise one wins.
func TestTwoInstances(t *testing.T) {
	l := &ledger{}
	ctx := context.Background()
	a := start(t, sides{}, []router.Route{beta(1000)}, keeping(l))
	b := start(t, sides{}, []router.Route{beta(1000)}, keeping(l))
	if _, err := a.Change(ctx, change("", 2000, "")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Change(ctx, change("", 3000, "")); !errors.Is(err, router.ErrVersion) {
		t.Errorf("a raise from an old view: %v", err)
	}
	if s := b.Routes()[0].State; s.Share != 2000 {
		t.Errorf("after the conflict b has share %d, want the stored 2000", s.Share)
	}
	if _, err := b.Change(ctx, change("", 3000, "")); err != nil {
		t.Fatal(err)
	}
	if err := a.Refresh(ctx); err != nil || a.Routes()[0].State != b.Routes()[0].State || a.Table().Version() != b.Table().Version() {
		t.Errorf("refresh: %v; a %+v, b %+v", err, a.Routes()[0].State, b.Routes()[0].State)
	}
	// a kills while b, from an old view, lowers: neither is lost.
	if _, err := a.Change(ctx, change("", -1, "on")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Change(ctx, change("", 100, "")); err != nil {
		t.Fatal(err)
	}
	if s := l.stored("claims"); !s.Killed || s.Share != 100 || s != b.Routes()[0].State {
		t.Errorf("stored %+v, b %+v; want killed and share 100", s, b.Routes()[0].State)
	}
}

// Whatever happens, the invariants hold: the share fits the stage, versions grow, and what is in force
// is stored once nothing fails any more.
func TestChangesKeepTheInvariants(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := &ledger{}
		r, err := router.New(router.Config{Routes: []router.Route{beta(0)}, Sides: sides{}.of, Store: l, Audit: l.Audit})
		if err != nil {
			rt.Fatal(err)
		}
		ctx := context.Background()
		last, served := r.Routes()[0].State, r.Routes()[0].Share
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			faulty := rapid.Bool().Draw(rt, "faulty")
			l.set(func(l *ledger) {
				l.save = nil
				if faulty {
					l.save = errors.New("disk full")
				}
			})
			c := change(rapid.SampledFrom([]router.Stage{"", "", router.Discovery, router.Alpha, router.Beta, router.Live, router.Retired}).Draw(rt, "stage"),
				rapid.SampledFrom([]int{-1, -1, 0, 100, 5000, 10_000}).Draw(rt, "share"), rapid.SampledFrom([]string{"", "", "on", "off"}).Draw(rt, "kill"))
			got, err := r.Change(ctx, c)
			now := r.Routes()[0]
			var w *router.Warning
			inForce := err == nil || errors.As(err, &w)
			switch {
			case !inForce && now.State.Share > last.Share, !inForce && now.State.Killed != last.Killed, !inForce && now.State.Stage != last.Stage:
				rt.Fatalf("a refused change changed %+v into %+v", last, now.State)
			case inForce && now.State.Version <= last.Version, inForce && got != now.State:
				rt.Fatalf("in force %+v, returned %+v, before %+v", now.State, got, last)
			case faulty && now.Share > served:
				rt.Fatal("moved towards modern with a broken store")
			}
			limit := map[router.Stage]int{router.Beta: 5000, router.Live: 10_000, router.Retired: 10_000}[now.State.Stage]
			if now.State.Share > limit || now.State.Stage == router.Retired && now.State.Share != 10_000 {
				rt.Fatalf("share %d at stage %s", now.State.Share, now.State.Stage)
			}
			last, served = now.State, now.Share
		}
		l.set(func(l *ledger) { l.save = nil })
		if err := r.Reconcile(ctx); err != nil || l.stored("claims") != r.Routes()[0].State {
			rt.Fatalf("%v: stored %+v, in force %+v", err, l.stored("claims"), r.Routes()[0].State)
		}
		_ = r.Close(ctx)
	})
}

// Changes under load: no request fails, each has one Decision, and after a rollback has returned no new
// request goes to Modern.
func TestChangesUnderLoad(t *testing.T) {
	l := &ledger{}
	r := start(t, sides{says(200, "legacy"), says(200, "modern")}, []router.Route{{Name: "claims", Path: "/v1/claims/{ref}", Stage: router.Live}}, keeping(l))
	ctx := context.Background()
	stop := make(chan struct{})
	var phase atomic.Int64 // odd: a rollback has returned, and no raise has begun
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				before := phase.Load()
				w := r.ask("GET", "/v1/claims/1", "Client", fmt.Sprint(g, i%50))
				if w.Code != 200 || !strings.Contains(decision(w), "side="+w.Body.String()+";") {
					t.Errorf("%d %s, %s", w.Code, w.Body, decision(w))
				}
				if before%2 == 1 && phase.Load() == before && w.Body.String() == "modern" {
					t.Error("served by modern after the rollback")
				}
			}
		})
	}
	for i := range 200 {
		if _, err := r.Change(ctx, change("", 1+i*40, "")); err != nil {
			t.Error(err)
		}
		r.Routes()
		if _, err := r.Plan("claims"); err != nil {
			t.Error(err)
		}
		if i%50 == 0 {
			if err := r.Reload(ctx, []router.Route{{Name: "claims", Path: "/v1/claims/{ref}"}}); err != nil {
				t.Error(err)
			}
		}
		if _, err := r.Rollback(ctx, "claims", "operator", "trial"); err != nil {
			t.Error(err)
		}
		phase.Add(1)
		for range 20 {
			r.ask("GET", "/v1/claims/1")
		}
		phase.Add(1)
	}
	close(stop)
	wg.Wait()
}

func ExampleRouter_Change() {
	r, err := router.New(router.Config{
		Routes: []router.Route{{Name: "claims", Path: "/v1/claims/{ref}", Stage: router.Beta}},
		Sides:  sides{says(200, ""), says(200, "")}.of,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = r.Close(context.Background()) }()
	ctx, share := context.Background(), 250
	state, err := r.Change(ctx, router.Change{Route: "claims", Share: &share, Actor: "ops", Reason: "first trial"})
	fmt.Println(state.Share, err)
	share = 6000
	_, err = r.Change(ctx, router.Change{Route: "claims", Share: &share, Actor: "ops", Reason: "all went well"})
	fmt.Println(err)
	state, err = r.Rollback(ctx, "claims", "ops", "complaints")
	fmt.Println(state.Share, err)
	// Output:
	// 250 <nil>
	// change of route "claims": not allowed: stage beta allows a share of at most 5000, not 6000; promote the route first
	// 0 <nil>
}
