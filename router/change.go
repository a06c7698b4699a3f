package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// The errors of Change; test them with errors.Is. ErrVersion is one, too.
var (
	ErrUnknownRoute = errors.New("unknown route")
	ErrNoReason     = errors.New("a reason is mandatory")
	ErrNotAllowed   = errors.New("not allowed")
)

// Change is one step of one route. Nil fields stay as they are.
type Change struct {
	Route  string
	Share  *int // ten-thousandths
	Stage  *Stage
	Killed *bool
	// Actor is who asks; Reason is why, and mandatory.
	Actor, Reason string

	rollback bool
}

// Warning is the error of a change towards Legacy that is in force although something did not work.
// Find it with errors.As: any other error of Change says that nothing was changed.
type Warning struct {
	State State // in force
	Store error // the State is not stored: a restart would undo the change. Reconcile tries again.
	Audit error // the change is not in the audit
}

// Error implements error.
func (w *Warning) Error() string {
	var parts []string
	if w.Store != nil {
		parts = append(parts, fmt.Sprintf("it is not stored, and a restart would undo it: %v", w.Store))
	}
	if w.Audit != nil {
		parts = append(parts, fmt.Sprintf("it is not in the audit: %v", w.Audit))
	}
	return fmt.Sprintf("route %q: the change is in force (version %d), but %s", w.State.Route, w.State.Version, strings.Join(parts, "; and "))
}

// Unwrap returns the causes.
func (w *Warning) Unwrap() []error {
	return slices.DeleteFunc([]error{w.Store, w.Audit}, func(err error) bool { return err == nil })
}

// retreatTime is how long a change towards Legacy, in force already, waits for Store and Audit.
const retreatTime = 5 * time.Second

// Change makes one step and returns the State in force.
//
// A step towards Legacy (share not higher, stage not higher, kill switch not released) is in force first;
// then it is stored and audited as well as possible, and what did not work is told by a *Warning. It is
// refused only if it names no route or no reason. Lowering a stage lowers the share to what the new
// stage allows, and lowering the share of a retired route takes it back to live.
//
// Any other step must fit the stage, be written to the audit and be stored; only then is it in force. If
// anything fails, nothing changes.
func (r *Router) Change(ctx context.Context, c Change) (State, error) {
	if strings.TrimSpace(c.Reason) == "" {
		return State{}, fmt.Errorf("change of route %q: %w; say why, it stands in the audit", c.Route, ErrNoReason)
	}
	if c.Share == nil && c.Stage == nil && c.Killed == nil {
		return State{}, fmt.Errorf("change of route %q: %w: neither share, stage nor kill switch is given", c.Route, ErrNotAllowed)
	}
	r.mu.Lock()
	e := r.table.Load().byName[c.Route]
	if e == nil {
		r.mu.Unlock()
		return State{}, r.unknown(c.Route)
	}
	before := e.state
	after, err := c.apply(e.route, before)
	if err != nil {
		r.mu.Unlock()
		return before, err
	}
	if TowardsModern(before, after) {
		r.mu.Unlock()
		return r.advance(ctx, c)
	}
	r.stamp(&after, c, before.Version)
	r.swap(r.table.Load().with(after))
	e.run.stored.unsaved.Store(r.config.Store != nil)
	r.mu.Unlock()
	e.run.metrics.changes[c.Action(before, after)].Inc()
	return r.recordRetreat(ctx, c, before, after)
}

// Rollback sets a route's share to 0: every client that neither a pin nor an override holds returns to
// Legacy at once. The stage stays (a retired route goes back to live), and so does the kill switch, which
// is a step of its own: Change with Killed sends pinned clients and testers to Legacy, too, and stops
// shadow copies to Modern. Plan says beforehand what it will do.
func (r *Router) Rollback(ctx context.Context, route, actor, reason string) (State, error) {
	zero := 0
	return r.Change(ctx, Change{Route: route, Share: &zero, Actor: actor, Reason: reason, rollback: true})
}

// advance makes a step towards Modern: audit, store, swap.
func (r *Router) advance(ctx context.Context, c Change) (State, error) {
	if err := r.lockWriting(ctx); err != nil {
		return State{}, err
	}
	defer r.unlockWriting()
	e := r.table.Load().byName[c.Route]
	if e == nil {
		return State{}, r.unknown(c.Route)
	}
	before := e.state
	after, err := c.apply(e.route, before)
	if err != nil {
		return before, err
	}
	r.stamp(&after, c, max(before.Version, e.run.stored.version))
	if r.config.Audit != nil {
		if err := r.config.Audit(ctx, c, before, after); err != nil {
			return before, fmt.Errorf("change of route %q: audit: %w; nothing was changed", c.Route, err)
		}
	}
	if r.config.Store != nil {
		if err := r.config.Store.Save(ctx, after, e.run.stored.version); err != nil {
			if errors.Is(err, ErrVersion) {
				r.adopt(ctx)
			}
			return r.stateOf(c.Route, before), fmt.Errorf("change of route %q: store: %w; nothing was changed; look at the route and try again", c.Route, err)
		}
		e.run.stored.version = after.Version
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.table.Load()
	now := t.byName[c.Route]
	if now == nil || now.state.Version != before.Version {
		// A step towards Legacy came in between: it stands, and will store itself over this one.
		return r.stateOf(c.Route, before), fmt.Errorf("change of route %q: %w: the route moved towards legacy meanwhile", c.Route, ErrVersion)
	}
	e.run.stored.unsaved.Store(false)
	r.swap(t.with(after))
	e.run.metrics.changes[c.Action(before, after)].Inc()
	return after, nil
}

// stateOf returns the State in force of a route, or otherwise if there is none.
func (r *Router) stateOf(route string, otherwise State) State {
	if e := r.table.Load().byName[route]; e != nil {
		return e.state
	}
	return otherwise
}

func (r *Router) stamp(s *State, c Change, version uint64) {
	s.Version, s.Changed, s.Actor, s.Reason = version+1, r.now().UTC(), c.Actor, c.Reason
}

// apply gives the State after the change, or says why it cannot be.
func (c *Change) apply(route *Route, before State) (State, error) {
	refuse := func(format string, a ...any) (State, error) {
		return before, fmt.Errorf("change of route %q: %w: %s", c.Route, ErrNotAllowed, fmt.Sprintf(format, a...))
	}
	after := before
	if c.Killed != nil {
		after.Killed = *c.Killed
	}
	if c.Stage != nil {
		if c.Stage.rank() < 0 {
			return refuse("stage %q is none of %v", *c.Stage, Stages)
		}
		after.Stage = *c.Stage
	}
	if c.Share != nil {
		if *c.Share < 0 || *c.Share > FullShare {
			return refuse("share %d lies outside 0 to %d ten-thousandths", *c.Share, FullShare)
		}
		after.Share = *c.Share
	}
	if before.Stage == Retired && after.Stage == Retired && after.Share < FullShare {
		after.Stage = Live
	}
	limit := route.shareCap(after.Stage)
	switch {
	case after.Stage == Retired && before.Stage != Retired && after.Share < FullShare:
		return refuse("share is %d; only a route that Modern serves wholly, at %d, can be retired", after.Share, FullShare)
	case after.Share > limit && after.Share > before.Share:
		return refuse("stage %s allows a share of at most %d, not %d; promote the route first", after.Stage, limit, after.Share)
	}
	after.Share = min(after.Share, limit)
	return after, nil
}

// TowardsModern reports whether any part of a step leads to Modern: such a step needs the stage's leave,
// the audit and the Store before it is in force. Any other is in force first.
func TowardsModern(before, after State) bool {
	return after.Share > before.Share || after.Stage.rank() > before.Stage.rank() || before.Killed && !after.Killed
}

// Action is the change's label in portage_route_changes_total: "rollback", "kill", "restore", "promote",
// "demote", "raise" or "lower", by the first that fits. A step that moves nothing is a "lower".
func (c Change) Action(before, after State) string {
	switch {
	case c.rollback:
		return "rollback"
	case after.Killed && !before.Killed:
		return "kill"
	case !after.Killed && before.Killed:
		return "restore"
	case after.Stage.rank() > before.Stage.rank():
		return "promote"
	case after.Stage.rank() < before.Stage.rank():
		return "demote"
	case after.Share > before.Share:
		return "raise"
	default:
		return "lower"
	}
}

// recordRetreat stores and audits a step that is in force already, and waits for it for retreatTime.
// Neither a caller that goes away nor a disk that hangs can hold it up.
func (r *Router) recordRetreat(ctx context.Context, c Change, before, after State) (State, error) {
	type result struct{ store, audit error }
	done := make(chan result, 1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), retreatTime)
	go func() {
		defer cancel()
		var res result
		if r.config.Audit != nil {
			res.audit = r.config.Audit(ctx, c, before, after)
		}
		if r.config.Store != nil {
			if res.store = r.lockWriting(ctx); res.store == nil {
				res.store = r.persist(ctx, c.Route)
				r.unlockWriting()
			}
		}
		done <- res
	}()
	var res result
	timer := time.NewTimer(retreatTime)
	defer timer.Stop()
	select {
	case res = <-done:
	case <-timer.C:
		err := fmt.Errorf("no answer within %v", retreatTime)
		res = result{store: err, audit: err}
	}
	now := r.stateOf(c.Route, after)
	if res.store == nil && res.audit == nil {
		return now, nil
	}
	w := &Warning{State: now, Store: res.store, Audit: res.audit}
	r.log.Error("a step towards legacy is in force, but not recorded", slog.String("route", c.Route),
		slog.Uint64("version", now.Version), slog.Bool("stored", res.store == nil), slog.Bool("audited", res.audit == nil))
	return now, w
}

// unknown says that there is no such route, and which name is near.
func (r *Router) unknown(name string) error {
	near := ""
	for _, e := range r.table.Load().entries {
		if near == "" || distance(e.route.Name, name) < distance(near, name) {
			near = e.route.Name
		}
	}
	if near == "" {
		return fmt.Errorf("%w %q; no routes are configured", ErrUnknownRoute, name)
	}
	return fmt.Errorf("%w %q; did you mean %q?", ErrUnknownRoute, name, near)
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
