package router

import (
	"errors"
	"fmt"
)

// Table is every route with its State, compiled. It is immutable and safe to share: a change makes a
// new one, and a request keeps the one that it started with.
type Table struct {
	entries []*entry
	byName  map[string]*entry
	match   *matcher
	pins    map[pinned]Side
	version uint64
}

// entry is one route of one Table.
type entry struct {
	route *Route
	state State
	seed  *seed
	share int // effective: what Modern serves of clients without pin or override
	// lines are the Portage-Decision values by side and reason, made once.
	lines map[lineKey][]string
	run   *running // nil in a Table made by NewTable
}

type lineKey struct {
	side   Side
	reason Reason
}

// Pin holds a client to one side. It outranks the share and an override, and a client pinned to
// Modern does not fall back to Legacy, whose data about it is old.
type Pin struct {
	Group string
	Key   Key
	Side  Side
}

type pinned struct {
	group string
	key   Key
}

// Request is what a Decision depends on, for a request or a message.
type Request struct {
	// Route is the route's name.
	Route string
	// Key is the client's; HasKey is false if it could not be told.
	Key    Key
	HasKey bool
	// Override is the side that a tester asks for if Overridden.
	Override   Side
	Overridden bool
	// BreakerOpen says that Modern must not be called now.
	BreakerOpen bool
}

// NewTable compiles routes. States of routes that do not exist are ignored; a route without one takes
// its first values. The error joins every fault.
func NewTable(routes []Route, states []State, pins []Pin) (*Table, error) {
	compiled, err := compile(routes)
	if err != nil {
		return nil, err
	}
	known := make(map[string]State, len(states))
	for _, s := range states {
		known[s.Route] = s
	}
	held := make(map[pinned]Side, len(pins))
	for _, p := range pins {
		if p.Side > Modern {
			return nil, fmt.Errorf("pin in group %q: side %v is neither legacy nor modern", p.Group, p.Side)
		}
		held[pinned{p.Group, p.Key}] = p.Side
	}
	entries := make([]*entry, len(compiled.routes))
	for i := range compiled.routes {
		r := &compiled.routes[i]
		s, ok := known[r.Name]
		if !ok {
			s = r.first()
		}
		entries[i] = &entry{route: r, state: s}
	}
	return newTable(entries, compiled.match, held), nil
}

// compiled is the part of a Table that only the configuration decides.
type compiled struct {
	routes []Route
	match  *matcher
}

func compile(routes []Route) (compiled, error) {
	c := compiled{routes: make([]Route, len(routes)), match: &matcher{}}
	var errs []error
	seen := map[string]bool{}
	for i, r := range routes {
		if err := r.Validate(); err != nil {
			errs = append(errs, err)
			continue
		}
		if seen[r.Name] {
			errs = append(errs, fmt.Errorf("route %q: name: stands twice", r.Name))
			continue
		}
		seen[r.Name] = true
		c.routes[i] = r.withDefaults()
		if err := c.match.add(i, c.routes); err != nil {
			errs = append(errs, err)
		}
	}
	return c, errors.Join(errs...)
}

// newTable finishes entries, in the order of the routes that the matcher counts.
func newTable(entries []*entry, m *matcher, pins map[pinned]Side) *Table {
	t := &Table{entries: entries, byName: make(map[string]*entry, len(entries)), match: m, pins: pins}
	for _, e := range entries {
		t.version += e.state.Version
		t.byName[e.route.Name] = e
	}
	for _, e := range entries {
		e.finish(t.version)
	}
	return t
}

// with returns a Table that differs in one route's State.
func (t *Table) with(s State) *Table {
	entries := make([]*entry, len(t.entries))
	for i, e := range t.entries {
		copied := *e
		if e.route.Name == s.Route {
			copied.state = s
		}
		entries[i] = &copied
	}
	return newTable(entries, t.match, t.pins)
}

func (e *entry) finish(version uint64) {
	if e.seed == nil {
		s := seedOf(e.route.Salt, e.route.Group)
		e.seed = &s
	}
	e.share = e.effectiveShare()
	e.lines = make(map[lineKey][]string, len(decisions))
	for _, k := range decisions {
		d := Decision{Route: e.route.Name, Side: k.side, Reason: k.reason, Version: version}
		e.lines[k] = []string{d.String()}
	}
}

// decisions lists every side and reason that may stand together.
var decisions = func() (all []lineKey) {
	for _, r := range []Reason{ReasonShare, ReasonStage, ReasonOverride, ReasonPin, ReasonNoKey, ReasonKilled, ReasonBreakerOpen, ReasonFallback} {
		all = append(all, lineKey{Legacy, r})
	}
	for _, r := range []Reason{ReasonShare, ReasonStage, ReasonOverride, ReasonPin} {
		all = append(all, lineKey{Modern, r})
	}
	for _, r := range []Reason{ReasonRefused, ReasonNotFound, ReasonBadReference, ReasonShed, ReasonBreakerOpen} {
		all = append(all, lineKey{Neither, r})
	}
	return all
}()

// effectiveShare is the share that clients really see.
func (e *entry) effectiveShare() int {
	switch {
	case e.state.Killed:
		return 0
	case e.state.Stage == Retired:
		return FullShare
	default:
		return min(e.state.Share, e.route.shareCap(e.state.Stage))
	}
}

// Version grows by one with each change of any route. It is the sum of the routes' versions, so
// replicas with the same States have the same Version.
func (t *Table) Version() uint64 { return t.version }

// Decide says where a request or a message goes. It is a pure function of the Table and q:
//
//	kill switch                      → Legacy   killed
//	stage discovery                  → Legacy   stage
//	stage retired                    → Modern   stage
//	pin (to Legacy; to Modern from beta on)    pin
//	override, if the route allows it           override
//	stage alpha                      → Legacy   stage
//	no Key                           → Legacy   no_key
//	bucket < share                   → Modern   share, else Legacy
//
// If that is Modern and BreakerOpen, a client that may return goes to Legacy (breaker_open); at stage
// retired and for a pinned client Legacy is no substitute, and the side is Neither. A route that
// does not exist gives Neither, not_found.
func (t *Table) Decide(q Request) Decision {
	e := t.byName[q.Route]
	if e == nil {
		return Decision{Route: q.Route, Side: Neither, Reason: ReasonNotFound, Version: t.version}
	}
	bucket := 0
	if q.HasKey {
		bucket = e.seed.bucket(q.Key)
	}
	d := t.decide(e, &q, bucket)
	if d.Side == Modern && q.BreakerOpen {
		d.Side, d.Reason = e.withoutModern(d), ReasonBreakerOpen
	}
	return d
}

// decide is Decide without the breaker, for a bucket that is known already.
func (t *Table) decide(e *entry, q *Request, bucket int) Decision {
	d := Decision{Route: e.route.Name, Side: Legacy, Version: t.version}
	stage := e.state.Stage
	switch {
	case e.state.Killed:
		d.Reason = ReasonKilled
		return d
	case stage == Retired:
		d.Side, d.Reason = Modern, ReasonStage
		return d
	case stage != Alpha && stage != Beta && stage != Live:
		d.Reason = ReasonStage
		return d
	}
	if len(t.pins) > 0 && q.HasKey {
		side, ok := t.pins[pinned{e.route.Group, q.Key}]
		if ok && (side == Legacy || stage != Alpha) {
			d.Side, d.Reason = side, ReasonPin
			return d
		}
	}
	switch {
	case q.Overridden && e.route.Override && q.Override <= Modern:
		d.Side, d.Reason = q.Override, ReasonOverride
	case stage == Alpha:
		d.Reason = ReasonStage
	case !q.HasKey:
		d.Reason = ReasonNoKey
	default:
		d.Reason = ReasonShare
		if bucket < e.share {
			d.Side = Modern
		}
	}
	return d
}

// withoutModern is the side for a decision that Modern cannot serve.
func (e *entry) withoutModern(d Decision) Side {
	if e.state.Stage == Retired || d.Reason == ReasonPin {
		return Neither
	}
	return Legacy
}
