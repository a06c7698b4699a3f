package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/internal/audit"
)

// An endpoint answers one method of one path.
type endpoint func(http.ResponseWriter, *http.Request) error

// control is the control API: every path of it, and what its methods do.
func (c *Console) control() http.Handler {
	paths := map[string]map[string]endpoint{
		"/control/v1/routes":                  {"GET": c.getRoutes},
		"/control/v1/routes/{route}":          {"GET": c.getRoute},
		"/control/v1/routes/{route}/share":    {"POST": c.postShare},
		"/control/v1/routes/{route}/stage":    {"POST": c.postStage},
		"/control/v1/routes/{route}/kill":     {"POST": c.postKill},
		"/control/v1/routes/{route}/rollback": {"GET": c.getRollback, "POST": c.postRollback},
		"/control/v1/audit":                   {"GET": c.getAudit},
		"/control/v1/verify":                  {"POST": c.postVerify},
		"/control/v1/bridges":                 {"GET": c.getBridges},
		"/control/v1/queues":                  {"GET": c.getQueues},
		"/control/v1/dead-letters":            {"GET": c.getDeadLetters},
		"/control/v1/disclosures":             {"POST": c.postDisclosure},
	}
	mux := http.NewServeMux()
	for path, methods := range paths {
		mux.Handle(path, c.dispatch(methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p := refuse(http.StatusNotFound, "the control API has no such path")
		p.Nearest = nearest(r.URL.Path, slices.Sorted(maps.Keys(paths)))
		c.fail(w, r, p)
	})
	return mux
}

func (c *Console) dispatch(methods map[string]endpoint) http.Handler {
	allow := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		answer, ok := methods[method]
		if !ok {
			c.fail(w, r, refuse(http.StatusMethodNotAllowed, "this path answers "+allow).with("Allow", allow))
			return
		}
		if err := answer(w, r); err != nil {
			c.fail(w, r, err)
		}
	})
}

// The limits of lists: how many without ?limit=, and how many at most.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

func (c *Console) getRoutes(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, c.routes())
}

func (c *Console) getRoute(w http.ResponseWriter, r *http.Request) error {
	route, err := c.find(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, route)
}

func (c *Console) getRollback(w http.ResponseWriter, r *http.Request) error {
	route, err := c.find(r)
	if err != nil {
		return err
	}
	plan, err := c.config.Plan(route.Name)
	if err != nil {
		return changeProblem(err)
	}
	return writeJSON(w, http.StatusOK, planOf(plan))
}

func (c *Console) getAudit(w http.ResponseWriter, r *http.Request) error {
	after, err := queryNumber(r, "after", 0, 1<<63-1)
	if err != nil {
		return err
	}
	limit, err := queryNumber(r, "limit", defaultLimit, maxLimit)
	if err != nil {
		return err
	}
	entries := []audit.Entry{}
	if c.config.Audit != nil {
		if entries, err = c.config.Audit(r.Context(), uint64(after), limit); err != nil {
			return fmt.Errorf("read the audit after %d: %w", after, err)
		}
	}
	return writeJSON(w, http.StatusOK, entries)
}

func (c *Console) postVerify(w http.ResponseWriter, r *http.Request) error {
	if c.config.Verify == nil {
		return refuse(http.StatusNotFound, "no contract is configured")
	}
	report, err := c.config.Verify(r.Context())
	if err != nil {
		return fmt.Errorf("verify the contracts: %w", err)
	}
	return writeJSON(w, http.StatusOK, report)
}

func (c *Console) getBridges(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, c.bridges())
}

func (c *Console) getQueues(w http.ResponseWriter, r *http.Request) error {
	queues, err := c.queues(r.Context())
	if err != nil {
		return fmt.Errorf("read the queues: %w", err)
	}
	return writeJSON(w, http.StatusOK, queues)
}

func (c *Console) getDeadLetters(w http.ResponseWriter, r *http.Request) error {
	limit, err := queryNumber(r, "limit", defaultLimit, maxLimit)
	if err != nil {
		return err
	}
	letters, err := c.deadLetters(r.Context(), limit)
	if err != nil {
		return fmt.Errorf("read the dead letters: %w", err)
	}
	return writeJSON(w, http.StatusOK, letters)
}

// find returns the route that the path names, or says which name is nearest.
func (c *Console) find(r *http.Request) (Route, error) {
	name := r.PathValue("route")
	var names []string
	for _, route := range c.routes() {
		if route.Name == name {
			return route, nil
		}
		names = append(names, route.Name)
	}
	return Route{}, unknownRoute(name, names)
}

func unknownRoute(name string, names []string) *Problem {
	p := refuse(http.StatusNotFound, fmt.Sprintf("no route is called %.64q", name))
	switch p.Nearest = nearest(name, names); {
	case p.Nearest != "":
		p.Detail += fmt.Sprintf("; did you mean %q?", p.Nearest)
	case len(names) > 0:
		p.Detail += "; there are " + strings.Join(names, ", ")
	}
	return p
}

// queryNumber reads a parameter of the query: a whole number from 0 to most.
func queryNumber(r *http.Request, name string, without, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return without, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, refuse(http.StatusBadRequest, fmt.Sprintf("%s is a whole number from 0 to %d", name, most))
	}
	return n, nil
}

// readBody decodes the one JSON object of a request, strictly.
func readBody(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows the object")
		}
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("a request has at most %d bytes", tooLarge.Limit))
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "the body is not the JSON object that this path takes: "+err.Error())
	}
	return nil
}

// What the Config may leave out is empty here, never null.

func (c *Console) bridges() []Bridge {
	if c.config.Bridges == nil {
		return []Bridge{}
	}
	return nonNil(c.config.Bridges())
}

func (c *Console) queues(ctx context.Context) ([]Queue, error) {
	if c.config.Queues == nil {
		return []Queue{}, nil
	}
	q, err := c.config.Queues(ctx)
	return nonNil(q), err
}

func (c *Console) deadLetters(ctx context.Context, limit int) ([]DeadLetter, error) {
	if c.config.DeadLetters == nil {
		return []DeadLetter{}, nil
	}
	l, err := c.config.DeadLetters(ctx, limit)
	return nonNil(l), err
}

func (c *Console) latestAudit(ctx context.Context, limit int) ([]audit.Entry, error) {
	if c.config.LatestAudit == nil {
		return []audit.Entry{}, nil
	}
	e, err := c.config.LatestAudit(ctx, limit)
	return nonNil(e), err
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
