package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/portage-gateway/portage/router"
)

// routes returns every route with what its shadow found.
func (c *Console) routes() []Route {
	all := []Route{}
	for _, s := range c.config.Routes() {
		r := routeOf(s)
		if c.config.Samples != nil {
			if samples, err := c.config.Samples(r.Name); err == nil { // else it has gone since
				r.Differences = differencesOf(samples)
			}
		}
		all = append(all, r)
	}
	return all
}

func routeOf(s router.Status) Route {
	results := s.Shadow.Results
	return Route{
		Name: s.State.Route, Methods: nonNil(s.Route.Methods), Path: s.Route.Path,
		RouteState: stateOf(s.State), InForce: s.Share, Unsaved: s.Unsaved,
		Breaker: s.Breaker.State.String(), RetrySeconds: s.Breaker.RetryAfter.Seconds(),
		Clients:        Sides{Legacy: uint64(s.Clients - s.ModernClients), Modern: uint64(s.ModernClients)},
		ClientsAtLeast: s.ClientsAtLeast,
		Requests:       Sides{Legacy: s.Legacy, Modern: s.Modern},
		LastMinute:     Sides{Legacy: uint64(s.LegacyPerMinute), Modern: uint64(s.ModernPerMinute)},
		Fallbacks:      s.Fallbacks,
		Parity: Parity{
			Equal: results[router.Equal], Different: results[router.Different],
			LegacyError: results[router.LegacyError], ModernError: results[router.ModernError],
			BothError: results[router.BothError], Skipped: results[router.Skipped],
		},
		Shadow:      Shadow{Eligible: s.Shadow.Eligible, Sent: s.Shadow.Sent, Dropped: s.Shadow.Dropped},
		Differences: []Difference{},
	}
}

func stateOf(s router.State) RouteState {
	r := RouteState{Stage: string(s.Stage), Share: s.Share, Killed: s.Killed, Version: s.Version}
	if s.Actor != "" {
		r.LastChange = &LastChange{Time: s.Changed.UTC(), Actor: s.Actor, Reason: s.Reason}
	}
	return r
}

// differencesOf counts the unequal fields of samples, which come newest first: the newest is the example.
func differencesOf(samples []router.Sample) []Difference {
	type place struct{ pointer, kind string }
	found := map[place]*Difference{}
	for _, s := range samples {
		for _, f := range s.Verdict.Fields {
			at := place{anyElement(f.Pointer), f.Kind}
			if found[at] == nil {
				found[at] = &Difference{Pointer: at.pointer, Kind: at.kind, Legacy: f.Legacy, Modern: f.Modern}
			}
			found[at].Count++
		}
	}
	all := []Difference{}
	for _, d := range found {
		all = append(all, *d)
	}
	slices.SortFunc(all, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Kind, b.Kind))
	})
	return all
}

// anyElement replaces array indexes (RFC 6901 §4) by *, so that one fault in a list is one line.
func anyElement(pointer string) string {
	tokens := strings.Split(pointer, "/")
	for i, t := range tokens {
		if t != "" && strings.Trim(t, "0123456789") == "" {
			tokens[i] = "*"
		}
	}
	return strings.Join(tokens, "/")
}

// planOf says a plan in numbers, and in words where somebody should hesitate.
func planOf(p router.Plan) Plan {
	plan := Plan{
		Route: p.Now.Route, Now: stateOf(p.Now), After: stateOf(p.After),
		Returning: p.Returning, Held: p.Held, AtLeast: p.AtLeast,
		MovingPerMinute: p.MovingPerMinute, LegacyPerMinute: p.LegacyPerMinute, LegacyCapacity: p.LegacyCapacity,
		Warnings: []string{},
	}
	plan.After.LastChange = nil // nobody has made it yet
	warn := func(format string, a ...any) { plan.Warnings = append(plan.Warnings, fmt.Sprintf(format, a...)) }
	if p.Held > 0 {
		warn("%d clients stay at Modern: pins hold them", p.Held)
	}
	if p.OverCapacity > 0 {
		warn("Legacy would get %d requests a minute, %d more than it can serve", p.LegacyPerMinute+p.MovingPerMinute, p.OverCapacity)
	}
	if p.LegacyCapacity == 0 && p.MovingPerMinute > 0 {
		warn("nobody has said what Legacy can serve: watch it (legacyCapacity of the route)")
	}
	if p.Closed {
		warn("Legacy is closed by its batch window until %s", p.Opens.UTC().Format("2006-01-02 15:04 UTC"))
	}
	if p.Now.Share == 0 && p.Now.Stage != router.Retired {
		warn("the share is 0 already: nothing would move")
	}
	return plan
}
