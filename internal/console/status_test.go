package console

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/router"
)

func TestOneFaultInAListIsOneDifference(t *testing.T) {
	field := func(pointer, kind, legacy string) router.Difference {
		return router.Difference{Pointer: pointer, Kind: kind, Legacy: legacy}
	}
	samples := []router.Sample{
		{Verdict: router.Verdict{Fields: []router.Difference{field("/weeks/11/amount", "value", "newest"), field("/weeks/2/amount", "missing", "a")}}},
		{Verdict: router.Verdict{Fields: []router.Difference{field("/weeks/0/amount", "value", "older"), field("header/Content-Type", "header", "b")}}},
		{Verdict: router.Verdict{Skipped: "too large"}},
	}
	want := []Difference{
		{Pointer: "/weeks/*/amount", Kind: "value", Count: 2, Legacy: "newest"},
		{Pointer: "/weeks/*/amount", Kind: "missing", Count: 1, Legacy: "a"},
		{Pointer: "header/Content-Type", Kind: "header", Count: 1, Legacy: "b"},
	}
	if d := cmp.Diff(want, differencesOf(samples)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if got := differencesOf(nil); got == nil || len(got) != 0 {
		t.Errorf("no samples: %#v, want an empty list", got)
	}
}

func TestPlanWarnsOfWhatShouldMakeOneHesitate(t *testing.T) {
	share := router.State{Route: "r", Stage: router.Beta, Share: 3000}
	for _, c := range []struct {
		plan router.Plan
		want string
	}{
		{router.Plan{Now: share, Returning: 10, LegacyCapacity: 100, MovingPerMinute: 5}, ""},
		{router.Plan{Now: share, Held: 2, LegacyCapacity: 100}, "2 clients stay at Modern"},
		{router.Plan{Now: share, LegacyCapacity: 100, LegacyPerMinute: 90, MovingPerMinute: 30, OverCapacity: 20}, "120 requests a minute, 20 more than"},
		{router.Plan{Now: share, MovingPerMinute: 5}, "nobody has said what Legacy can serve"},
		{router.Plan{Now: share, Closed: true, Opens: at("2026-11-23T05:00:00Z")}, "batch window until 2026-11-23 05:00 UTC"},
		{router.Plan{Now: router.State{Route: "r", Stage: router.Beta}}, "nothing would move"},
	} {
		got := strings.Join(planOf(c.plan).Warnings, "|")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("warnings %q, want %q", got, c.want)
		}
	}
}

func TestFirstValuesHaveNoLastChange(t *testing.T) {
	if got := stateOf(router.State{Route: "r", Changed: time.Unix(1, 0), Reason: "first values"}); got.LastChange != nil {
		t.Errorf("somebody changed it: %+v", got.LastChange)
	}
}

// 100% means all of them.
func TestRatioIsNeverRoundedUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Uint64Range(1, 1<<40).Draw(t, "whole")
		part := rapid.Uint64Range(0, whole).Draw(t, "part")
		n, ok := ratio(part, whole)
		if !ok || n < 0 || n > router.FullShare {
			t.Fatalf("ratio(%d, %d) = %d, %v", part, whole, n, ok)
		}
		if (n == router.FullShare) != (part == whole) {
			t.Fatalf("ratio(%d, %d) = %d", part, whole, n)
		}
	})
	if _, ok := ratio(0, 0); ok {
		t.Error("nothing has a ratio")
	}
}

func TestNearestIsASlipNotAGuess(t *testing.T) {
	names := []string{"ei-claim-status", "oas-account", "cpp-payment"}
	for name, want := range map[string]string{
		"ei-clam-status": "ei-claim-status", "ei-claim-stauts": "ei-claim-status", "oas-acount": "oas-account", "OAS": "", "payments": "", "": "", "zzz": "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 12, -1).Draw(t, "a"), rapid.StringN(0, 12, -1).Draw(t, "b")
		d := edits(a, b)
		if d != edits(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Fatalf("edits(%q, %q) = %d", a, b, d)
		}
	})
}
