package router

import (
	"time"

	"github.com/portage-gateway/portage/router/breaker"
)

// Status is a route as the page and the control API show it.
type Status struct {
	// State is what is in force; its Share is the one set. Share is the effective one: 0 when killed or
	// before beta, 10,000 when retired.
	State State
	Share int
	// Unsaved says that State is not in the Store: a restart would bring back an older one.
	Unsaved bool
	// Route is the configuration with its defaults. It must not be changed.
	Route   Route
	Breaker breaker.Status
	// Legacy and Modern count the requests that each side served since the start; Fallbacks those that
	// Legacy served in Modern's stead.
	Legacy, Modern, Fallbacks uint64
	// LegacyPerMinute and ModernPerMinute are the requests of the last minute.
	LegacyPerMinute, ModernPerMinute int
	// Clients is the number of clients seen in the last hour; ModernClients those of them that Modern
	// serves by share or pin. Both are exact unless ClientsAtLeast: then there were more.
	Clients, ModernClients int
	ClientsAtLeast         bool
	Shadow                 ShadowStatus
}

// ShadowStatus counts a route's shadow copies since the start.
type ShadowStatus struct {
	// Eligible counts the safe requests of a route with a shadow; Sent those of them that were copied,
	// Dropped those that were chosen and not copied or not compared. Sent of Eligible is the coverage.
	Eligible, Sent, Dropped uint64
	// Waiting is how many copies are queued now.
	Waiting int
	// Results counts Sent by what came of it.
	Results map[Result]uint64
}

// Parity is the share of equal answers among those compared, in ten-thousandths, rounded down; false if none
// was compared. Errors of either side are not comparisons.
func (s ShadowStatus) Parity() (int, bool) {
	compared := s.Results[Equal] + s.Results[Different]
	if compared == 0 {
		return 0, false
	}
	return int(s.Results[Equal] * FullShare / compared), true
}

// Routes returns every route's Status, in the order of the configuration.
func (r *Router) Routes() []Status {
	t := r.table.Load()
	all := make([]Status, len(t.entries))
	for i, e := range t.entries {
		all[i] = r.status(t, e)
	}
	return all
}

func (r *Router) status(t *Table, e *entry) Status {
	run, at := e.run, r.now().Sub(r.started)
	s := Status{
		State: e.state, Share: e.share, Unsaved: run.stored.unsaved.Load(), Route: *e.route, Breaker: run.breaker.Status(),
		Legacy: run.served[Legacy].Load(), Modern: run.served[Modern].Load(), Fallbacks: run.fellBack.Load(),
		Shadow: ShadowStatus{
			Eligible: run.parity.eligible.Load(), Sent: run.parity.sent.Load(), Dropped: run.parity.dropped.Load(),
			Waiting: run.shadower.waiting(), Results: make(map[Result]uint64, len(Results)),
		},
	}
	for i, name := range Results {
		s.Shadow.Results[name] = run.parity.results[i].Load()
	}
	complete := run.census.each(at, func(key Key, bucket int) {
		s.Clients++
		if t.decide(e, &Request{Key: key, HasKey: true}, bucket).Side == Modern {
			s.ModernClients++
		}
	})
	s.ClientsAtLeast = !complete
	rates := run.census.rates(at)
	s.LegacyPerMinute, s.ModernPerMinute = rates[Legacy], rates[Modern]
	return s
}

// Samples returns the newest differences that comparisons of a route found, newest first, at most 50.
func (r *Router) Samples(route string) ([]Sample, error) {
	e := r.table.Load().byName[route]
	if e == nil {
		return nil, r.unknown(route)
	}
	return e.run.parity.samples(), nil
}

// Plan says what a rollback of a route would do now.
type Plan struct {
	// Now is the State in force, After the one that Rollback would set.
	Now, After State
	// Returning is the number of clients seen in the last hour that Modern serves now and Legacy would
	// serve; exact unless AtLeast. Held is those that a pin keeps at Modern.
	Returning, Held int
	AtLeast         bool
	// MovingPerMinute is the requests that Modern served in the last minute; LegacyPerMinute those that
	// Legacy served.
	MovingPerMinute, LegacyPerMinute int
	// LegacyCapacity is the route's, in requests a minute; 0: unknown. OverCapacity is by how much
	// Legacy's load would exceed it; 0: it would not, or nobody knows.
	LegacyCapacity, OverCapacity int
	// Breaker guards Modern.
	Breaker breaker.Status
	// Closed says that the batch window keeps Legacy from serving now, until Opens. Always false for
	// now: no window is known.
	Closed bool
	Opens  time.Time
}

// Plan computes what Rollback would do, from the Table in force and the clients of the last hour. It
// changes nothing.
func (r *Router) Plan(route string) (Plan, error) {
	t := r.table.Load()
	e := t.byName[route]
	if e == nil {
		return Plan{}, r.unknown(route)
	}
	zero := 0
	after, err := (&Change{Route: route, Share: &zero}).apply(e.route, e.state)
	if err != nil {
		return Plan{}, err // cannot be: share 0 fits every stage
	}
	then := t.with(after)
	e2 := then.byName[route]
	p := Plan{Now: e.state, After: after, LegacyCapacity: e.route.LegacyCapacity, Breaker: e.run.breaker.Status()}
	at := r.now().Sub(r.started)
	complete := e.run.census.each(at, func(key Key, bucket int) {
		q := Request{Key: key, HasKey: true}
		if t.decide(e, &q, bucket).Side != Modern {
			return
		}
		if then.decide(e2, &q, bucket).Side == Modern {
			p.Held++
		} else {
			p.Returning++
		}
	})
	p.AtLeast = !complete
	rates := e.run.census.rates(at)
	p.LegacyPerMinute, p.MovingPerMinute = rates[Legacy], rates[Modern]
	if load := rates[Legacy] + rates[Modern]; p.LegacyCapacity > 0 && load > p.LegacyCapacity {
		p.OverCapacity = load - p.LegacyCapacity
	}
	return p, nil
}
