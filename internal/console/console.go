// Package console is where people look and steer: the control API under /control/v1/, one page at /,
// /metrics, /livez and /readyz.
//
// There are two doors. Socket is for the Unix socket of the owner (mode 0600): the kernel says who
// comes, and no token is needed. HTTP is for a loopback port: reading the page, the metrics and the
// health is open there, the control API wants a token of the token file. A change is a POST with a JSON
// body and a reason, whatever the door.
//
// The package holds no state of its own and decides nothing about routes: it asks the funcs of its Config.
package console

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/internal/audit"
	"github.com/portage-gateway/portage/router"
)

// Config connects a Console to what it shows. A nil func means that there is nothing of its kind, unless
// it says otherwise.
type Config struct {
	// Routes, Samples, Change, Rollback and Plan are those of a router.Router, which says what they do.
	// All are mandatory but Samples.
	Routes   func() []router.Status
	Samples  func(route string) ([]router.Sample, error)
	Change   func(context.Context, router.Change) (router.State, error)
	Rollback func(ctx context.Context, route, actor, reason string) (router.State, error)
	Plan     func(route string) (router.Plan, error)
	// Audit returns at most limit entries after a sequence number, in their order.
	Audit func(ctx context.Context, after uint64, limit int) ([]audit.Entry, error)
	// LatestAudit returns the newest entries, at most limit, the newest first.
	LatestAudit func(ctx context.Context, limit int) ([]audit.Entry, error)
	// Verify holds every side to every contract and returns a report that marshals to JSON.
	Verify func(context.Context) (any, error)
	// Bridges, Queues and DeadLetters return what there is, the newest dead letter first.
	Bridges     func() []Bridge
	Queues      func(context.Context) ([]Queue, error)
	DeadLetters func(ctx context.Context, limit int) ([]DeadLetter, error)
	// Disclose records that actor is about to take an action, "reveal", "disclose" or "redrive", on an object. Nil:
	// nobody may.
	Disclose func(ctx context.Context, actor, action, object, reason string) error
	// Checks are the lines of /readyz. Draining says that the instance is stopping.
	Checks   []Check
	Draining func() bool
	// Gatherer feeds /metrics. Nil: there is no /metrics. Registerer takes the console's own metrics.
	Gatherer   prometheus.Gatherer
	Registerer prometheus.Registerer
	// Tokens open the control API over HTTP; see LoadTokens. None: nobody gets in by HTTP.
	Tokens []Token
	// Hosts are served over HTTP beside 127.0.0.1, localhost and [::1]: names without a port.
	Hosts []string
	// Build is what /metrics and the page's foot say of this program.
	Build Build
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Log takes faults of requests. Nil: nobody hears of them.
	Log *slog.Logger
}

// Console answers for one instance. Safe for use by several goroutines.
type Console struct {
	config    Config
	keys      keyring
	allowed   []string
	catalogue *i18n.Bundle
	template  *template.Template
	now       func() time.Time
	log       *slog.Logger
}

// New checks the Config, reads the embedded texts and registers the console's metrics.
func New(config Config) (*Console, error) {
	if config.Routes == nil || config.Change == nil || config.Rollback == nil || config.Plan == nil {
		return nil, errors.New("console: Routes, Change, Rollback and Plan are mandatory")
	}
	c := &Console{
		config:  config,
		keys:    newKeyring(config.Tokens),
		allowed: []string{"127.0.0.1", "localhost", "[::1]"},
		now:     config.Now,
		log:     config.Log,
	}
	for _, h := range config.Hosts {
		c.allowed = append(c.allowed, hostName(h))
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if c.catalogue, err = loadCatalogue(); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	if c.template, err = parseTemplates(); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	if config.Registerer != nil {
		if err := config.Registerer.Register(collector{c}); err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
	}
	return c, nil
}

// Socket serves the control API to the owner of the Unix socket. The http.Server needs PeerContext as its
// ConnContext.
func (c *Console) Socket() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/control/v1/", c.guard(socketCaller, c.control()))
	mux.HandleFunc("GET /livez", livez)
	mux.HandleFunc("GET /readyz", c.readyz)
	return mux
}

// HTTP serves everything to a loopback port.
func (c *Console) HTTP() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/control/v1/", c.guard(c.tokenCaller, c.control()))
	mux.HandleFunc("GET /livez", livez)
	mux.HandleFunc("GET /readyz", c.readyz)
	if c.config.Gatherer != nil {
		mux.Handle("GET /metrics", c.addressed(c.metrics()))
	}
	mux.Handle("GET /assets/{file}", c.hosts(assets()))
	mux.Handle("GET /{$}", c.hosts(http.HandlerFunc(c.page)))
	return harden(mux)
}

// harden sets the headers that every answer carries.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// assets serves the style sheet and the icon.
func assets() http.Handler {
	files := http.FileServerFS(assetFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		files.ServeHTTP(w, r)
	})
}
