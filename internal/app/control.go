package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/portage-gateway/portage/internal/console"
)

// openConsole joins the control API and the page to what they show and change.
func (a *App) openConsole(context.Context) error {
	tokens, err := console.LoadTokens(a.data.file("control.token"), nil)
	if err != nil {
		return err
	}
	a.console, err = console.New(console.Config{
		Routes: a.router.Routes, Samples: a.router.Samples, Change: a.router.Change,
		Rollback: a.router.Rollback, Plan: a.router.Plan,
		Audit: a.audit.Read, LatestAudit: a.audit.Latest,
		Verify:  a.verify,
		Bridges: a.bridgeCounts, Queues: a.queues, DeadLetters: a.deadLetters, Disclose: a.disclose,
		Checks: a.checks, Draining: a.draining.Load,
		Gatherer: a.registry, Registerer: a.registry,
		Tokens: tokens, Build: a.build(), Log: a.log,
	})
	if err != nil {
		return err
	}
	a.socket, err = listenUnix(a.data.file("control.sock"))
	return err
}

// addServers adds the three doors: clients, people over loopback, the owner over the socket.
func (a *App) addServers() {
	a.actors.addDoor("traffic", func(ctx context.Context) error { return serve(ctx, a.traffic, a.clients(), nil) })
	a.actors.addDoor("control", func(ctx context.Context) error { return serve(ctx, a.control, a.console.HTTP(), nil) })
	a.actors.addDoor("control socket", func(ctx context.Context) error {
		return serve(ctx, a.socket, a.console.Socket(), func(s *http.Server) { s.ConnContext = console.PeerContext })
	})
}

// clients answers on the traffic listener. It is no ServeMux: that would mend paths which the router refuses.
func (a *App) clients() http.Handler {
	var events http.Handler
	if a.journal != nil {
		events = a.journal.Handler()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if events != nil && r.URL.Path == "/v1/events" {
			ctx, end := context.WithCancel(r.Context())
			defer end()
			defer context.AfterFunc(a.streams, end)()
			events.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		a.router.ServeHTTP(w, r)
	})
}

// bridgeCounts tells the page what /metrics tells: both read the same series.
func (a *App) bridgeCounts() []console.Bridge {
	families, err := a.registry.Gather()
	if err != nil {
		a.log.Warn("the metrics cannot be read", "err", err)
	}
	counts := series(families, "portage_bridge_messages_total", "bridge", "result")
	lags := series(families, "portage_bridge_lag_seconds", "bridge")
	diverted := series(families, "portage_diversion_messages_total", "diversion")
	lost := series(families, "portage_diversion_tap_lost_total", "diversion")
	out := []console.Bridge{}
	for _, b := range a.bridges {
		name := b.name
		count := func(result string) uint64 { return uint64(counts[name+"/"+result]) }
		c := console.Bridge{
			Name: name, Queue: b.queue,
			Published: count("published") + uint64(diverted[name]), Duplicates: count("duplicate"), DeadLetters: count("dead_letter"), Returned: count("returned"),
		}
		if lag, ok := lags[name]; ok && c.Published > 0 {
			c.LagSeconds = &lag
		}
		if n, tap := lost[name]; tap {
			c.Tap, c.LostCopies = true, uint64(n)
		}
		if fault := b.fault.Load(); fault != nil {
			c.Fault = *fault
		}
		out = append(out, c)
	}
	return out
}

// series returns a family's values by those of the given labels, joined by slashes; what differs in other labels
// is added up.
func series(families []*dto.MetricFamily, family string, labels ...string) map[string]float64 {
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() != family {
			continue
		}
		for _, m := range f.GetMetric() {
			values := map[string]string{}
			for _, l := range m.GetLabel() {
				values[l.GetName()] = l.GetValue()
			}
			key := make([]string, len(labels))
			for i, l := range labels {
				key[i] = values[l]
			}
			out[strings.Join(key, "/")] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return out
}

// testerSecret reads the secret with which testers choose a side, or makes it (0600).
func testerSecret(file string) (string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(rand.Text() + "\n")
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("the testers' secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("%s is empty\n  remove it, and Portage makes a new one", file)
	}
	return secret, nil
}
