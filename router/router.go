package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/router/breaker"
)

// ErrVersion is what a Store's Save returns, wrapped, when the stored version is not the expected one:
// somebody else changed the route meanwhile.
var ErrVersion = errors.New("version conflict")

// Store keeps the routes' States. Safe for use by several goroutines.
type Store interface {
	// Load returns every State, in any order; none is no error.
	Load(ctx context.Context) ([]State, error)
	// Save makes s durable before it returns nil. expectVersion is the version that the Store must hold
	// now, 0 for a route that it does not know; if it holds another, the error wraps ErrVersion and
	// nothing is stored. s.Version is larger than expectVersion.
	Save(ctx context.Context, s State, expectVersion uint64) error
}

// Config connects a Router to what surrounds it. Routes and Sides are mandatory.
type Config struct {
	Routes []Route
	// Sides returns the side of a route; nil if it does not exist, such as Modern in discovery or Legacy
	// of a retired route. It is called when the Router is made and at each Reload: give the same
	// http.RoundTripper again, or its connections are made anew.
	Sides func(route string, s Side) http.RoundTripper
	// Key finds the client of a request. ok is false if the request names none: Legacy serves it. An
	// error says that the request names one that cannot be (a bad Reference): it is answered 404. The
	// error's text goes nowhere. Nil: no request has a Key.
	Key func(route string, r *http.Request, params map[string]string) (key Key, ok bool, err error)
	// Override tells the side that a tester asks for, and must check that the caller is one. Nil: none.
	Override func(*http.Request) (Side, bool)
	// Compare returns a route's comparison of shadow answers; nil: its copies are sent, not compared.
	Compare func(route string) Compare
	// Store keeps States over restarts, and outranks Routes. Nil: States live in memory only.
	Store Store
	// Audit writes a change down. Nil: nobody does.
	Audit func(ctx context.Context, c Change, before, after State) error
	// Pins hold clients to a side.
	Pins []Pin
	// MaxClients is how many clients each route's census holds, at about 60 bytes each. 0: 250,000.
	MaxClients int
	// Registerer takes the metrics; nil: they are kept and shown to nobody.
	Registerer prometheus.Registerer
	// Log; nil: nothing is logged.
	Log *slog.Logger
	// Now is the clock for stamps and durations; nil: time.Now. Deadlines and the breaker use the
	// monotonic clock itself.
	Now func() time.Time
}

// Router is an http.Handler that sends each request to one of its route's two sides. Safe for use by
// several goroutines. Close it.
type Router struct {
	config  Config
	now     func() time.Time
	started time.Time
	log     *slog.Logger
	metrics *metrics
	table   atomic.Pointer[Table]

	ctx    context.Context // of shadow copies
	cancel context.CancelFunc

	mu      sync.Mutex    // guards the swap of table; held briefly, never during I/O
	writing chan struct{} // holds one token: the leave to use Store and Audit
}

// running is what a route owns while it runs. Reload hands it on, so breaker, counts and samples stay.
type running struct {
	name       string
	sides      [2]http.RoundTripper
	breaker    *breaker.Breaker
	guard      breaker.Config // that breaker was made with
	metrics    *routeMetrics
	census     *census
	parity     *parity
	shadower   *shadower
	shadowSeed seed
	compare    Compare
	fallbacks  *atomic.Int64 // in flight
	fellBack   *atomic.Uint64
	served     *[2]atomic.Uint64

	stored *storedVersion
}

// storedVersion is what the router knows of a route's State in the Store.
type storedVersion struct {
	version uint64      // guarded by Router.writing
	unsaved atomic.Bool // the State in force is not in the Store
}

func (run *running) drop(why drop) {
	run.parity.dropped.Add(1)
	run.metrics.dropped[why].Inc()
}

// New makes a Router. It reads the Store, whose States outrank the routes' first values, and writes
// first values into it; if it cannot be read the error says so, if it cannot be written the first
// values are in force and Status shows Unsaved.
func New(c Config) (*Router, error) {
	if c.Sides == nil {
		return nil, errors.New("router: Sides is nil; without it no side can be reached")
	}
	m, err := newMetrics(c.Registerer)
	if err != nil {
		return nil, fmt.Errorf("router: register metrics: %w", err)
	}
	r := &Router{config: c, metrics: m, log: c.Log, now: c.Now, writing: make(chan struct{}, 1)}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if r.now == nil {
		r.now = time.Now
	}
	r.started = r.now()
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if err := r.Reload(r.ctx, c.Routes); err != nil {
		r.cancel()
		return nil, err
	}
	return r, nil
}

// Close stops shadow copies and waits for those under way, until ctx ends. Requests under way go on;
// stop the HTTP server first.
func (r *Router) Close(ctx context.Context) error {
	r.cancel()
	done := make(chan struct{})
	t := r.table.Load()
	for _, e := range t.entries {
		e.run.shadower.shutdown()
	}
	go func() {
		defer close(done)
		for _, e := range t.entries {
			e.run.shadower.wg.Wait()
		}
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("router: close: shadow copies still run: %w", ctx.Err())
	}
}

// Table returns the Table in force, for messages: Decide on it is what requests use.
func (r *Router) Table() *Table { return r.table.Load() }

// Reload puts another set of routes in force, atomically and without touching requests under way.
// Routes that stay keep stage, share, kill switch, breaker (unless its settings changed), counts and
// samples; their first values are ignored. A change of salt or group is refused while Modern serves
// some clients and not others, since it would send clients back and forth.
func (r *Router) Reload(ctx context.Context, routes []Route) error {
	c, err := compile(routes)
	if err != nil {
		return fmt.Errorf("router: %w", err)
	}
	if err := r.lockWriting(ctx); err != nil {
		return err
	}
	defer r.unlockWriting()
	stored, err := r.load(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	old := r.table.Load()
	entries, fresh, err := r.entries(c, old, stored)
	if err == nil {
		r.swap(newTable(entries, c.match, r.pins()))
	}
	r.mu.Unlock()
	if err != nil {
		return err
	}
	r.retire(old)
	for _, e := range fresh {
		r.saveFirst(ctx, e)
	}
	return nil
}

// entries makes the new Table's entries. fresh are those that the Store does not know yet.
func (r *Router) entries(c compiled, old *Table, stored map[string]State) (all, fresh []*entry, err error) {
	var errs []error
	for i := range c.routes {
		route := &c.routes[i]
		var before *entry
		if old != nil {
			before = old.byName[route.Name]
		}
		state, known := stored[route.Name]
		if before != nil {
			moving := before.share > 0 && before.share < FullShare
			if moving && !before.route.sameOrder(route) {
				errs = append(errs, fmt.Errorf("router: route %q: salt or group changed at share %d: clients would change sides; set the share to 0 first",
					route.Name, before.share))
				continue
			}
			state = before.state // a change in the Store comes by Refresh
		} else if !known {
			state = route.first()
		}
		run, err := r.running(route, before)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e := &entry{route: route, state: state, run: run}
		if before == nil && known {
			run.stored.version = state.Version
		}
		if before == nil && !known && r.config.Store != nil {
			fresh = append(fresh, e)
		}
		all = append(all, e)
	}
	return all, fresh, errors.Join(errs...)
}

// running makes or hands on what a route owns.
func (r *Router) running(route *Route, before *entry) (*running, error) {
	run := &running{name: route.Name}
	if before != nil {
		*run = *before.run
	} else {
		run.metrics = r.metrics.route(route.Name)
		run.census = newCensus(or(r.config.MaxClients, DefaultMaxClients))
		run.parity = &parity{}
		run.shadower = &shadower{ctx: r.ctx, do: r.copyOut}
		run.fallbacks, run.fellBack, run.served = &atomic.Int64{}, &atomic.Uint64{}, &[2]atomic.Uint64{}
		run.stored = &storedVersion{}
	}
	for _, s := range []Side{Legacy, Modern} {
		run.sides[s] = r.config.Sides(route.Name, s)
	}
	run.shadowSeed = seedOf("shadow "+route.Salt, route.Group)
	run.compare = nil
	if r.config.Compare != nil {
		run.compare = r.config.Compare(route.Name)
	}
	if run.breaker != nil && run.guard == route.Breaker {
		return run, nil
	}
	b, err := r.newBreaker(route)
	if err != nil {
		return nil, err
	}
	run.breaker, run.guard = b, route.Breaker
	return run, nil
}

func (r *Router) newBreaker(route *Route) (*breaker.Breaker, error) {
	name := route.Name
	b, err := breaker.New(route.Breaker, breaker.Hooks{OnChange: func(from, to breaker.State) {
		r.metrics.transitions.WithLabelValues(name, to.String()).Inc()
		r.metrics.breaker(name, to)
		r.log.Warn("breaker changed", slog.String("route", name), slog.String("from", from.String()), slog.String("to", to.String()))
	}})
	if err != nil {
		return nil, fmt.Errorf("router: route %q: %w", name, err)
	}
	r.metrics.breaker(name, breaker.Closed)
	return b, nil
}

// retire ends what belongs to routes that are no longer there.
func (r *Router) retire(old *Table) {
	if old == nil {
		return
	}
	now := r.table.Load()
	for _, e := range old.entries {
		if now.byName[e.route.Name] == nil {
			e.run.shadower.shutdown()
			r.metrics.forget(e.route.Name)
		}
	}
}

// swap puts a Table in force. The caller holds mu.
func (r *Router) swap(t *Table) {
	r.table.Store(t)
	r.metrics.table(t)
}

func (r *Router) pins() map[pinned]Side {
	held := make(map[pinned]Side, len(r.config.Pins))
	for _, p := range r.config.Pins {
		held[pinned{p.Group, p.Key}] = p.Side
	}
	return held
}
