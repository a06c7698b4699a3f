package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/contracts"
	samples "github.com/portage-gateway/portage/contracts/benefits"
	"github.com/portage-gateway/portage/contracts/parity"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/router"
)

// verify holds every side to its contracts and returns one contracts.Summary.
func (a *App) verify(ctx context.Context) (any, error) {
	var verdicts []contracts.Verdict
	for _, c := range a.Config.Contracts {
		contract, err := loadContract(c.File)
		if err != nil {
			return nil, err
		}
		targets, err := a.targets(c)
		if err != nil {
			return nil, fmt.Errorf("contract %s: %w", contract.Name, err)
		}
		defer closeTargets(targets)
		var reports []*contracts.Report
		for _, t := range targets {
			r, err := contracts.Verify(ctx, contract, t)
			if err != nil {
				return nil, err
			}
			reports = append(reports, r)
		}
		verdicts = append(verdicts, contracts.Judge(reports...))
	}
	return contracts.Summarize(verdicts...), nil
}

func loadContract(file string) (*contracts.Contract, error) {
	if name, ok := strings.CutPrefix(file, builtin); ok {
		return samples.Contract(name)
	}
	return contracts.ReadFile(file)
}

// targets are those who must honour a contract: both sides of a route, or a bridge.
func (a *App) targets(c config.Contract) ([]contracts.Target, error) {
	values, err := a.contractValues(c.Values)
	if err != nil {
		return nil, err
	}
	if c.Bridge != "" {
		t, err := a.bridgeTarget(c.Bridge, values)
		return []contracts.Target{t}, err
	}
	var out []contracts.Target
	for _, side := range []router.Side{router.Legacy, router.Modern} {
		t, err := a.sideTarget(c.Route, side)
		if err != nil {
			return nil, err
		}
		if t != nil {
			out = append(out, contracts.Target{Name: side.String(), HTTP: t, Values: values})
		}
	}
	return out, nil
}

// closeTargets ends the routers that targets have of their own.
func closeTargets(targets []contracts.Target) {
	for _, t := range targets {
		if h, ok := t.HTTP.(handlerTransport); ok {
			h.close()
		}
	}
}

// contractValues makes References of what asks for one.
func (a *App) contractValues(in map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for name, value := range in {
		out[name] = value
		words := strings.Fields(value)
		if len(words) == 0 || words[0] != "reference" {
			continue
		}
		if len(words) != 4 {
			return nil, fmt.Errorf("the value %s: write reference PROGRAM SIN CLAIM", name)
		}
		reference, err := a.vault.Reference(words[1], words[2], words[3])
		if err != nil {
			return nil, fmt.Errorf("the value %s: %w", name, err)
		}
		out[name] = reference
	}
	return out, nil
}

// sideTarget reaches one side of a route whatever its stage and share: through a router of its own, in
// which the route has only that side. Nil: the route has no such side.
func (a *App) sideTarget(route string, side router.Side) (http.RoundTripper, error) {
	for _, r := range a.Config.Routes {
		if r.Name != route {
			continue
		}
		only := r.Route
		only.Stage, only.Share, only.Shadow = router.Discovery, 0, router.Shadow{}
		if side == router.Modern {
			only.Stage, only.Share = router.Retired, router.FullShare
		}
		if a.side(route, side) == nil {
			return nil, nil
		}
		one, err := router.New(router.Config{Routes: []router.Route{only}, Sides: a.side, Key: a.key})
		if err != nil {
			return nil, err
		}
		return handlerTransport{one, func() error { return one.Close(context.Background()) }}, nil
	}
	return nil, fmt.Errorf("there is no route %q", route)
}

// bridgeTarget translates records as a bridge does, and publishes nothing.
func (a *App) bridgeTarget(name string, values map[string]string) (contracts.Target, error) {
	for _, b := range a.Config.Bridges {
		if b.Name != name {
			continue
		}
		view, err := loadView(b.Copybook, b.Mapping)
		if err != nil {
			return contracts.Target{}, err
		}
		translate, err := bridge.Events(view, a.eventsConfig(b))
		if err != nil {
			return contracts.Target{}, err
		}
		return contracts.Target{Name: name, Values: values,
			Message: func(ctx context.Context, record []byte) ([]byte, error) {
				events, err := translate(ctx, adapters.Message{ID: "verify", Body: record})
				if err != nil {
					return nil, err
				}
				if len(events) != 1 {
					return nil, fmt.Errorf("the record became %d events", len(events))
				}
				return events[0].Body, nil
			},
			Encode: func(_ context.Context, json []byte) ([]byte, error) { return view.EncodeJSON(nil, json, nil) },
		}, nil
	}
	return contracts.Target{}, fmt.Errorf("there is no bridge %q", name)
}

// handlerTransport asks a handler of this process.
type handlerTransport struct {
	handler http.Handler
	close   func() error
}

// RoundTrip implements http.RoundTripper. The answer's body is in memory.
func (t handlerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = "portage"
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	if err := w.serve(t.handler, in); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Header: w.header, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()),
	}, nil
}

// answer is an http.ResponseWriter into memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answer) Header() http.Header         { return w.header }
func (w *answer) WriteHeader(status int)      { w.status = status }
func (w *answer) Write(b []byte) (int, error) { return w.body.Write(b) }

// serve turns the panic of a broken-off answer into an error.
func (w *answer) serve(h http.Handler, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			err = errors.New("the answer broke off")
		default:
			panic(p)
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

// checkRoute holds what a route asks of its sides and of parity.
func checkRoute(r config.Route) error {
	errs := []error{r.Route.Validate()}
	for _, s := range []config.Side{r.Legacy, r.Modern} {
		if s.URL != "" {
			_, err := router.NewHTTPSide(s.URL, router.Transport{})
			errs = append(errs, err)
		}
	}
	_, err := parity.NewHTTP(parity.Config{Ignore: ignoreRules(r)})
	return errors.Join(append(errs, err)...)
}

// checkDiversion holds that a Key, and an event where one is asked for, can be made of its records.
func checkDiversion(d config.Diversion) error {
	if d.TapOf != "" && !d.Journal {
		return nil // it looks into no message
	}
	view, err := loadView(d.Copybook, d.Mapping)
	if err != nil {
		return err
	}
	if d.Journal && view.Event() == nil {
		return errors.New("its mapping has no event block")
	}
	if d.TapOf != "" {
		return nil
	}
	_, err = bridge.RecordKey(view, d.Field, func(string) [16]byte { return [16]byte{} })
	return err
}

// Check reads everything that a configuration names, and starts nothing.
func Check(c *config.Config) error {
	var errs []error
	note := func(what, name string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", what, name, err))
		}
	}
	for _, e := range c.Exchanges {
		view, err := loadView(e.Copybook, e.Mapping)
		if err == nil && view.Exchange() == nil {
			err = errors.New("its mapping has no exchange block")
		}
		note("exchange", e.Name, err)
	}
	for _, b := range c.Bridges {
		view, err := loadView(b.Copybook, b.Mapping)
		if err == nil && view.Event() == nil {
			err = errors.New("its mapping has no event block")
		}
		note("bridge", b.Name, err)
	}
	for _, r := range c.Routes {
		note("route", r.Name, checkRoute(r))
	}
	for _, d := range c.Diversions {
		note("diversion", d.Name, checkDiversion(d))
	}
	for _, w := range c.WriteBacks {
		note("write-back", w.Name, checkWriteBack(w))
	}
	for _, d := range c.Datasets {
		note("dataset", d.Name, checkDataset(d))
	}
	for _, contract := range c.Contracts {
		_, err := loadContract(contract.File)
		note("contract", contract.File, err)
	}
	return errors.Join(errs...)
}
