// Package app builds Portage from its rooms and runs it. It is the only package that knows everyone: rooms
// offer func fields, and app joins them.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/journal"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/internal/audit"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/console"
	"github.com/portage-gateway/portage/internal/vault"
	"github.com/portage-gateway/portage/router"
)

// Role says what a process does. Bridges may run in a process of their own, so that a fault in a queue
// client cannot take the router down.
type Role string

// The roles. RoleRouter serves routes; RoleBridge carries messages and serves /v1/events; RoleAll does both.
const (
	RoleAll    Role = "all"
	RoleRouter Role = "router"
	RoleBridge Role = "bridge"
)

// Valid reports whether there is such a role.
func (r Role) Valid() bool { return slices.Contains([]Role{RoleAll, RoleRouter, RoleBridge}, r) }

func (r Role) routes() bool  { return r != RoleBridge }
func (r Role) bridges() bool { return r != RoleRouter }

// Options say what to run.
type Options struct {
	// Config is what `portage run` read. Required.
	Config *config.Config
	// Role is what this process does. Default RoleAll.
	Role Role
	// Sample runs the sample sides and their queues too.
	Sample bool
	// LegacyProgram is the sample's Legacy program, a filter over areas; "" takes the built-in one.
	LegacyProgram string
	// Version and Revision name the build, in /metrics and on the page.
	Version, Revision string
	// Log takes what operators should know. Nil: nothing is logged.
	Log *slog.Logger
}

// App is a Portage, built and not yet running. Close it, whether it ran or not.
type App struct {
	Options
	log      *slog.Logger
	registry *prometheus.Registry
	data     *dataDir
	vault    *vault.Vault
	audit    *audit.Log
	journal  *journal.Journal
	dial     mq.Dial
	direct   mq.Dial // not counted; of the embedded queue manager with all that its connections can do
	metrics  struct {
		mq     *mq.Metrics
		bridge *bridge.Metrics
		back   *bridge.BackMetrics
	}
	router   *router.Router
	console  *console.Console
	parity   map[string]router.Compare
	bridges  []*bridgeRun
	datasets []*datasetWatch
	sides    map[string]http.RoundTripper // by sideName
	checks   []console.Check
	sample   *sample
	actors   group
	closers  []func() error
	draining atomic.Bool

	traffic, control, socket net.Listener
	tester                   string // secret of testers

	streams    context.Context // of event streams; endStreams ends it
	endStreams context.CancelFunc
}

// New builds everything and opens its files and ports; nothing serves yet. What fails says what to do.
func New(ctx context.Context, o Options) (*App, error) {
	if o.Role == "" {
		o.Role = RoleAll
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{Options: o, log: o.Log, registry: prometheus.NewRegistry(), sides: map[string]http.RoundTripper{}, parity: map[string]router.Compare{}}
	a.streams, a.endStreams = context.WithCancel(context.Background())
	a.onClose(func() error { a.endStreams(); return nil })
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.metrics.mq, a.metrics.bridge = mq.NewMetrics(a.registry), bridge.NewMetrics(a.registry)
	a.metrics.back = bridge.NewBackMetrics(a.registry)
	for _, step := range []func(context.Context) error{
		a.openPorts, a.openFiles, a.openQueues, a.openSample, a.openExchanges, a.openRouter, a.openBridges, a.openDatasets, a.openDiversions, a.openKafka, a.openWriteBacks, a.openWebhooks, a.openConsole,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// openPorts comes first: a port that is taken should cost nothing.
func (a *App) openPorts(context.Context) (err error) {
	if a.traffic, err = listen(a.Config.Traffic.Listen, "traffic"); err != nil {
		return err
	}
	if a.control, err = listen(a.Config.Control.Listen, "control"); err != nil {
		a.traffic.Close()
	}
	return err
}

// openFiles takes the data directory and opens what lies in it.
func (a *App) openFiles(context.Context) (err error) {
	c := a.Config
	if a.data, err = holdData(c.Data); err != nil {
		return err
	}
	a.onClose(func() error { a.data.release(); return nil })
	keys := c.Keys
	if keys == "" {
		keys = c.Data
	}
	if a.vault, err = vault.Open(keys, nil); err != nil {
		return err
	}
	a.audit, err = audit.Open(audit.Config{Dir: a.data.file("audit"), Log: a.log, Registerer: a.registry})
	if err != nil {
		return err
	}
	a.onClose(a.audit.Close)
	a.check("audit", a.probeAudit)
	if !a.Role.bridges() {
		return nil
	}
	a.journal, err = journal.Open(journal.Config{
		Path: a.data.file("journal.db"), Sealer: a.vault.Sealer("journal"), Log: a.log, Registerer: a.registry,
	})
	if err != nil {
		return err
	}
	a.onClose(a.journal.Close)
	a.check("journal", func(context.Context) error { return a.journal.Err() })
	return nil
}

// onClose adds a closer; the last added runs first.
func (a *App) onClose(f func() error) { a.closers = append(a.closers, f) }

func (a *App) check(name string, probe func(context.Context) error) {
	a.checks = append(a.checks, console.Check{Name: name, Probe: probe})
}

// probeAudit turns the record's level into a line of /readyz: yellow while it is spilled, since moves
// towards Legacy still work.
func (a *App) probeAudit(context.Context) error {
	s := a.audit.State()
	switch s.Level {
	case audit.Green:
		return nil
	case audit.Yellow:
		return console.Warn("%d entries wait for the disk: %s", s.Waiting+s.InMemory, s.Reason)
	}
	return errors.New(s.Reason)
}

// Run serves until ctx ends, then lets what is under way finish. up is called once everything serves.
func (a *App) Run(ctx context.Context, up func()) error {
	a.addServers()
	a.record("start", "instance", "")
	defer a.record("stop", "instance", "")
	a.actors.addDoor("ready", func(ctx context.Context) error {
		if up != nil {
			up()
		}
		<-ctx.Done()
		return nil
	})
	return a.actors.run(ctx, a.drain)
}

// drain lets /readyz say that this instance ends, for as long as balancers need to hear it, and ends the
// event streams, which would never end by themselves.
func (a *App) drain() {
	a.draining.Store(true)
	if a.Config.Drain > 0 {
		a.log.Info("draining", "for", a.Config.Drain)
		time.Sleep(a.Config.Drain)
	}
	a.endStreams()
}

// record writes an entry that nobody waits for: a start or a stop is no reason to fail.
func (a *App) record(action, object, reason string) {
	_, err := a.audit.Append(context.Background(), audit.Entry{Actor: "portage", Action: action, Object: object, Reason: reason, After: a.Version})
	if err != nil {
		a.log.Warn("the audit does not take entries", "action", action, "err", err)
	}
}

// Close ends what New opened. Safe to call more than once.
func (a *App) Close() error {
	var errs []error
	for _, f := range slices.Backward(a.closers) {
		errs = append(errs, f())
	}
	a.closers = nil
	for _, l := range []net.Listener{a.traffic, a.control, a.socket} {
		if l != nil {
			l.Close()
		}
	}
	return errors.Join(errs...)
}

// TrafficURL and ControlURL are where clients and people come in.
func (a *App) TrafficURL() string { return "http://" + a.traffic.Addr().String() }

// ControlURL is the address of the page and the control API.
func (a *App) ControlURL() string { return "http://" + a.control.Addr().String() }

func (a *App) build() console.Build {
	return console.Build{Version: a.Version, Revision: a.Revision, Go: runtime.Version()}
}
