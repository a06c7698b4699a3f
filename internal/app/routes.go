package app

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portage-gateway/portage/contracts/mask"
	"github.com/portage-gateway/portage/contracts/parity"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/internal/audit"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/store"
	"github.com/portage-gateway/portage/router"
)

// overrideHeader asks for a side: "modern SECRET", with the secret of the data directory's tester file.
const overrideHeader = "Portage-Override"

// reconcileEvery is how often what a move towards Legacy could not write is written again.
const reconcileEvery = 10 * time.Second

// errReference says that a path holds no Reference of ours. It says no more: the text goes nowhere.
var errReference = errors.New("no such reference")

// openRouter compiles the routes and joins them to vault, store, audit and parity.
func (a *App) openRouter(ctx context.Context) error {
	if err := a.openHTTPSides(); err != nil {
		return err
	}
	routes := []router.Route{}
	if a.Role.routes() {
		for _, r := range a.Config.Routes {
			routes = append(routes, r.Route)
			if err := a.openCompare(r); err != nil {
				return fmt.Errorf("route %s: %w", r.Name, err)
			}
		}
	}
	states, err := store.Open(a.data.file("control.db"), nil)
	if err != nil {
		return err
	}
	a.onClose(states.Close)
	if a.tester, err = testerSecret(a.data.file("tester.token")); err != nil {
		return err
	}
	a.router, err = router.New(router.Config{
		Routes:     routes,
		Sides:      a.side,
		Key:        a.key,
		Override:   a.override,
		Compare:    func(route string) router.Compare { return a.parity[route] },
		Store:      states,
		Audit:      a.auditChange,
		Registerer: a.registry,
		Log:        a.log,
	})
	if err != nil {
		return err
	}
	a.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		return a.router.Close(ctx)
	})
	a.actors.add("reconcile", a.reconcile)
	return nil
}

// side returns the configured side of a route; nil if there is none.
func (a *App) side(route string, s router.Side) http.RoundTripper {
	for _, r := range a.Config.Routes {
		if r.Name != route {
			continue
		}
		if s == router.Modern {
			return a.sides[sideName(r.Modern)]
		}
		return a.sides[sideName(r.Legacy)]
	}
	return nil
}

// sideName is the key of a side in App.sides: equal sides share their connections.
func sideName(s config.Side) string {
	if s.Exchange != "" {
		return "exchange " + s.Exchange
	}
	return s.URL
}

// openHTTPSides makes the sides that speak HTTP.
func (a *App) openHTTPSides() error {
	for _, r := range a.Config.Routes {
		for _, s := range []config.Side{r.Legacy, r.Modern} {
			if s.URL == "" || a.sides[s.URL] != nil {
				continue
			}
			h, err := router.NewHTTPSide(s.URL, router.Transport{})
			if err != nil {
				return fmt.Errorf("route %s: %w", r.Name, err)
			}
			a.sides[s.URL] = h
		}
	}
	return nil
}

// key opens the Reference in a request's path. The Key is an HMAC of the SIN: all claims of a client
// keep to one side, and nobody can tell from a Key whose it is.
func (a *App) key(name string, _ *http.Request, params map[string]string) (router.Key, bool, error) {
	i := slices.IndexFunc(a.Config.Routes, func(r config.Route) bool { return r.Name == name })
	if i < 0 || a.Config.Routes[i].Reference == "" {
		return router.Key{}, false, nil
	}
	route := a.Config.Routes[i]
	program, sin, _, err := a.vault.OpenReference(params[route.Reference])
	if err != nil || route.Program != "" && program != route.Program {
		return router.Key{}, false, errReference
	}
	return a.vault.MAC("key", []byte(sin)), true, nil
}

// override lets a tester choose the side; anybody else is served as ever.
func (a *App) override(r *http.Request) (router.Side, bool) {
	side, secret, _ := strings.Cut(r.Header.Get(overrideHeader), " ")
	if subtle.ConstantTimeCompare([]byte(secret), []byte(a.tester)) != 1 {
		return router.Legacy, false
	}
	switch side {
	case router.Legacy.String():
		return router.Legacy, true
	case router.Modern.String():
		return router.Modern, true
	}
	return router.Legacy, false
}

// openCompare joins a route's shadow to parity; what may be shown of a value is the View's word.
func (a *App) openCompare(r config.Route) error {
	c := parity.Config{Mask: mask.Masker{Tag: a.tag}, Ignore: ignoreRules(r)}
	if view, err := a.exchangeView(r.Legacy.Exchange); err != nil {
		return err
	} else if view != nil {
		c.Mask.Sensitivity = view.Sensitivity
	}
	h, err := parity.NewHTTP(c)
	if err != nil {
		return err
	}
	a.parity[r.Name] = func(ctx context.Context, legacy, modern router.Answer) router.Verdict {
		return verdict(h.Compare(ctx, parity.Answer(legacy), parity.Answer(modern)))
	}
	return nil
}

func ignoreRules(r config.Route) (rules []parity.Rule) {
	for _, i := range r.Ignore {
		rules = append(rules, parity.Rule{Pointer: i.Pointer, Reason: i.Reason, Owner: i.Owner, Until: i.Until})
	}
	return rules
}

// tag lets people see that two masked values are equal, and nothing else.
func (a *App) tag(value []byte) string {
	sum := a.vault.MAC("mask", value)
	return fmt.Sprintf("%x", sum[:4])
}

func (a *App) exchangeView(name string) (*mapping.View, error) {
	for _, e := range a.Config.Exchanges {
		if e.Name == name {
			return loadView(e.Copybook, e.Mapping)
		}
	}
	return nil, nil
}

// verdict says a comparison's result in the router's words.
func verdict(r parity.Result) router.Verdict {
	v := router.Verdict{Equal: r.Equal, Skipped: r.Skipped}
	if r.Severity > 0 {
		v.Severity = strconv.Itoa(r.Severity)
	}
	for _, f := range r.Fields {
		modern := f.Modern
		if f.Delta != "" {
			modern += " (" + f.Delta + ")"
		}
		v.Fields = append(v.Fields, router.Difference{Pointer: f.Pointer, Kind: string(f.Kind), Legacy: f.Legacy, Modern: modern})
	}
	return v
}

// auditChange writes a change of a route down.
func (a *App) auditChange(ctx context.Context, c router.Change, before, after router.State) error {
	_, err := a.audit.Append(ctx, audit.Entry{
		Actor: c.Actor, Action: c.Action(before, after), Object: "route/" + c.Route,
		Before: stateText(before), After: stateText(after), Reason: c.Reason,
		TowardsLegacy: !router.TowardsModern(before, after),
	})
	return err
}

func stateText(s router.State) string {
	return fmt.Sprintf("stage=%s share=%d killed=%t version=%d", s.Stage, s.Share, s.Killed, s.Version)
}

// reconcile writes what a move towards Legacy could not write at once.
func (a *App) reconcile(ctx context.Context) error {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := a.router.Reconcile(ctx); err != nil {
			a.log.Warn("a change is in force and not yet stored", "err", err)
		}
		if _, err := a.audit.Reconcile(ctx); err != nil {
			a.log.Warn("the audit still waits for its disk", "err", err)
		}
	}
}
