package router

import (
	"context"
	"errors"
	"fmt"
)

// lockWriting waits for the leave to use Store and Audit.
func (r *Router) lockWriting(ctx context.Context) error {
	select {
	case r.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("router: another change is being stored: %w", ctx.Err())
	}
}

func (r *Router) unlockWriting() { <-r.writing }

// load reads the Store.
func (r *Router) load(ctx context.Context) (map[string]State, error) {
	if r.config.Store == nil {
		return nil, nil
	}
	states, err := r.config.Store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("router: load the routes' states: %w", err)
	}
	m := make(map[string]State, len(states))
	for _, s := range states {
		m[s.Route] = s
	}
	return m, nil
}

// saveFirst stores the first values of a route, so that a later edit of the file does not move clients.
func (r *Router) saveFirst(ctx context.Context, e *entry) {
	r.mu.Lock()
	s := e.state
	s.Version, s.Changed, s.Reason = s.Version+1, r.now().UTC(), "first values"
	r.swap(r.table.Load().with(s))
	r.mu.Unlock()
	e.run.stored.unsaved.Store(true)
	if err := r.persist(ctx, s.Route); err != nil {
		r.log.Error("first values are in force, but not stored", "route", s.Route)
	}
}

// persist brings the State in force into the Store. If somebody else stored another one meanwhile, what
// lies nearer to Legacy of both is put in force and stored. The caller holds the leave to write.
func (r *Router) persist(ctx context.Context, route string) error {
	var err error
	for range 3 {
		r.mu.Lock()
		t := r.table.Load()
		e := t.byName[route]
		if e == nil {
			r.mu.Unlock()
			return fmt.Errorf("store: %w %q", ErrUnknownRoute, route)
		}
		known, s := e.run.stored, e.state
		if s.Version <= known.version {
			s.Version = known.version + 1
			r.swap(t.with(s))
		}
		r.mu.Unlock()
		if err = r.config.Store.Save(ctx, s, known.version); err == nil {
			known.version = s.Version
			r.mu.Lock()
			// A step towards Legacy may have come in between; it saves itself.
			if r.stateOf(route, s).Version == s.Version {
				known.unsaved.Store(false)
			}
			r.mu.Unlock()
			return nil
		}
		if !errors.Is(err, ErrVersion) {
			break
		}
		states, loadErr := r.load(ctx)
		if loadErr != nil {
			return loadErr
		}
		row := states[route]
		known.version = row.Version
		r.mu.Lock()
		t = r.table.Load()
		if e := t.byName[route]; e != nil && row.Version > 0 {
			r.swap(t.with(nearerLegacy(e.state, row)))
		}
		r.mu.Unlock()
	}
	return fmt.Errorf("store: %w", err)
}

// nearerLegacy joins two States of a route into one that sends to Legacy what either does.
func nearerLegacy(mine, theirs State) State {
	s := mine
	s.Share = min(mine.Share, theirs.Share)
	if theirs.Stage.rank() < mine.Stage.rank() {
		s.Stage = theirs.Stage
	}
	s.Killed = mine.Killed || theirs.Killed
	s.Version = max(mine.Version, theirs.Version)
	return s
}

// Reconcile stores what a step towards Legacy could not store. Call it now and then; nil says that
// the Store holds what is in force.
func (r *Router) Reconcile(ctx context.Context) error {
	if r.config.Store == nil {
		return nil
	}
	var errs []error
	for _, e := range r.table.Load().entries {
		if !e.run.stored.unsaved.Load() {
			continue
		}
		if err := r.lockWriting(ctx); err != nil {
			return err
		}
		if err := r.persist(ctx, e.route.Name); err != nil {
			errs = append(errs, fmt.Errorf("route %q: %w", e.route.Name, err))
		}
		r.unlockWriting()
	}
	return errors.Join(errs...)
}

// Refresh puts in force what another instance stored. Call it every second where several share a Store.
func (r *Router) Refresh(ctx context.Context) error {
	if err := r.lockWriting(ctx); err != nil {
		return err
	}
	defer r.unlockWriting()
	return r.adopt(ctx)
}

// adopt is Refresh for a caller that holds the leave to write. Routes whose own State is not stored yet
// are left to persist.
func (r *Router) adopt(ctx context.Context) error {
	states, err := r.load(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.table.Load()
	for _, e := range t.entries {
		row, ok := states[e.route.Name]
		if !ok || row.Version <= e.run.stored.version || e.run.stored.unsaved.Load() {
			continue
		}
		e.run.stored.version = row.Version
		t = t.with(row)
	}
	if t != r.table.Load() {
		r.swap(t)
	}
	return nil
}
