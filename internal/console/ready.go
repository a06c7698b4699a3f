package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// checkTimeout bounds each check of /readyz.
const checkTimeout = 2 * time.Second

// Check is one thing that must be well before this instance should be sent traffic.
type Check struct {
	// Name is a metric label and a line of /readyz: lower case, such as "queue-manager". Unique.
	Name string
	// Probe returns nil when all is well, an error made by Warn when traffic should still come, and any
	// other error when it should not. It must end with its context, within two seconds.
	Probe func(context.Context) error
}

// Warning is a check's answer when something wants a person, and traffic may still come.
type Warning struct{ Text string }

// Error implements error.
func (w *Warning) Error() string { return w.Text }

// Warn returns a Warning. The text is for operators: no personal information.
func Warn(format string, a ...any) error { return &Warning{fmt.Sprintf(format, a...)} }

// Readiness words, as /readyz, the page and the JSON write them.
const (
	CheckOK      = "ok"
	CheckWarning = "warning"
	CheckFailing = "failing"
)

// CheckResult is one line of /readyz.
type CheckResult struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, warning or failing
	Text  string `json:"text,omitempty"`
}

// readiness asks every check, in their order.
func (c *Console) readiness(ctx context.Context) (lines []CheckResult, ready bool) {
	ready = true
	if c.config.Draining != nil && c.config.Draining() {
		ready = false
		lines = append(lines, CheckResult{Name: "draining", State: CheckFailing, Text: "this instance is stopping"})
	}
	for _, check := range c.config.Checks {
		line := c.ask(ctx, check)
		ready = ready && line.State != CheckFailing
		lines = append(lines, line)
	}
	return lines, ready
}

func (c *Console) ask(ctx context.Context, check Check) CheckResult {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := check.Probe(ctx)
	line := CheckResult{Name: check.Name, State: CheckOK}
	if err != nil {
		line.State, line.Text = CheckFailing, err.Error()
	}
	if _, ok := errors.AsType[*Warning](err); ok {
		line.State = CheckWarning
	}
	return line
}

// livez says that the process answers, and nothing else: who restarts a process must not ask about its
// neighbours.
func livez(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// readyz says whether this instance should be sent traffic, and why not. 200 or 503.
func (c *Console) readyz(w http.ResponseWriter, r *http.Request) {
	lines, ready := c.readiness(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	word := "ready"
	if !ready {
		word = "not ready"
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintln(w, word)
	for _, l := range lines {
		if l.Text == "" {
			fmt.Fprintf(w, "%s: %s\n", l.Name, l.State)
		} else {
			fmt.Fprintf(w, "%s: %s: %s\n", l.Name, l.State, l.Text)
		}
	}
}
