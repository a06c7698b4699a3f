package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Story plays one migration against a running Portage, and tells it. Every line that it prints was read
// from Portage's control API or counted by the load.
type Story struct {
	// Out takes the lines. Required.
	Out io.Writer
	// Control reaches the control API; its requests need a host only. Required.
	Control *http.Client
	// Route is the route that moves. Required.
	Route string
	// Modern is the side with the fault, Load what asks and checks. Required.
	Modern *Modern
	Load   *Load
	// Length is about how long the story takes. Required.
	Length time.Duration
	// Pace scales the pauses for the reader between two acts. 0: 1.
	Pace float64

	began time.Time
}

// route is what the story reads of a route.
type route struct {
	Share    int    `json:"share"`
	Breaker  string `json:"breaker"`
	Requests struct {
		Legacy, Modern uint64
	} `json:"requests"`
	Clients struct {
		Legacy, Modern uint64
	} `json:"clients"`
	Fallbacks uint64 `json:"fallbacks"`
	Parity    struct {
		Equal, Different uint64
	} `json:"parity"`
	Differences []struct {
		Pointer, Kind, Legacy, Modern string
		Count                         uint64
	} `json:"differences"`
}

// Run plays the story. An error says what did not come true.
func (s *Story) Run(ctx context.Context) error {
	s.began = time.Now()
	for _, act := range []func(context.Context) error{
		s.shadowFindsTheFault, s.faultIsMended, s.clientsMove, s.modernDies, s.modernIsBack, s.allIsTakenBack, s.auditTellsIt,
	} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *Story) say(format string, a ...any) {
	fmt.Fprintf(s.Out, "%5.1fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, a...))
}

func (s *Story) more(format string, a ...any) {
	fmt.Fprintf(s.Out, "        %s\n", fmt.Sprintf(format, a...))
}

// until asks for the route until it is as it should be, for a share of the story at most.
func (s *Story) until(ctx context.Context, part float64, what string, good func(route) bool) (route, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(part*float64(s.Length)))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := s.read(ctx)
		if err == nil && good(r) {
			return r, nil
		}
		select {
		case <-ctx.Done():
			if cause := context.Cause(ctx); errors.Is(cause, context.Canceled) {
				return r, cause
			}
			return r, fmt.Errorf("the story waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

// pass lets a share of the story go by, so that a reader can follow.
func (s *Story) pass(ctx context.Context, part float64) error {
	if s.Pace > 0 {
		part *= s.Pace
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(part * float64(s.Length))):
		return nil
	}
}

func (s *Story) shadowFindsTheFault(ctx context.Context) error {
	s.say("Legacy, a COBOL record behind a queue, answers every client. Modern gets a copy of each request, and both answers are compared.")
	r, err := s.until(ctx, 0.2, "the shadow found a difference", func(r route) bool {
		return r.Parity.Different >= 5 && r.Parity.Equal > 0 && len(r.Differences) > 0
	})
	if err != nil {
		return err
	}
	s.say("The shadow found differences: %d of %d answers.", r.Parity.Different, r.Parity.Different+r.Parity.Equal)
	for _, d := range r.Differences[:min(3, len(r.Differences))] {
		s.more("%-20s %-9s seen %3d times   Legacy %s   Modern %s", d.Pointer, d.Kind, d.Count, d.Legacy, d.Modern)
	}
	s.more("A cent, now and then: Modern rounds half cents to even, COBOL rounds them up. Clients still see Legacy only.")
	return s.pass(ctx, 0.15)
}

func (s *Story) faultIsMended(ctx context.Context) error {
	s.Modern.Faulty.Store(false)
	if err := s.pass(ctx, 0.03); err != nil { // copies under way finish
		return err
	}
	before, err := s.read(ctx)
	if err != nil {
		return err
	}
	s.say("Modern is mended.")
	r, err := s.until(ctx, 0.2, "a hundred answers more were compared", func(r route) bool {
		return r.Parity.Equal >= before.Parity.Equal+100
	})
	if err != nil {
		return err
	}
	equal, different := r.Parity.Equal-before.Parity.Equal, r.Parity.Different-before.Parity.Different
	s.say("Parity since then: %.1f %% (%d equal, %d different).", 100*float64(equal)/float64(equal+different), equal, different)
	if different > 0 {
		return fmt.Errorf("%d answers still differ", different)
	}
	return s.pass(ctx, 0.1)
}

func (s *Story) clientsMove(ctx context.Context) error {
	if err := s.post(ctx, "share", map[string]any{"share": 3000, "reason": "parity is 100 %: first cohort"}, nil); err != nil {
		return err
	}
	before := s.Load.Counts()
	r, err := s.until(ctx, 0.15, "Modern served clients", func(r route) bool {
		return r.Share == 3000 && s.Load.Counts().Modern >= before.Modern+50
	})
	if err != nil {
		return err
	}
	all := r.Clients.Legacy + r.Clients.Modern
	s.say("Share raised to 30 %%: Modern serves %d of %d clients, always the same ones.", r.Clients.Modern, all)
	return s.pass(ctx, 0.1)
}

func (s *Story) modernDies(ctx context.Context) error {
	before := s.Load.Counts()
	s.Modern.Kill()
	s.say("Modern is killed.")
	r, err := s.until(ctx, 0.15, "the breaker opened", func(r route) bool { return r.Breaker == "open" })
	if err != nil {
		return err
	}
	if err := s.pass(ctx, 0.1); err != nil {
		return err
	}
	after := s.Load.Counts()
	s.say("The breaker is %s. Since the kill: %d requests, %d failed, %d wrong; Legacy answered %d in Modern's stead.",
		r.Breaker, after.Sent-before.Sent, after.Failed-before.Failed, after.Wrong-before.Wrong, after.Fallback-before.Fallback)
	if after.Failed > before.Failed {
		return errors.New("clients noticed that Modern was dead")
	}
	return nil
}

func (s *Story) modernIsBack(ctx context.Context) error {
	if err := s.Modern.Start(""); err != nil {
		return err
	}
	s.say("Modern is restored.")
	before := s.Load.Counts()
	if _, err := s.until(ctx, 0.3, "the breaker closed", func(r route) bool {
		return r.Breaker == "closed" && s.Load.Counts().Modern > before.Modern
	}); err != nil {
		return err
	}
	s.say("The breaker has closed after its probes; Modern serves its clients again.")
	return s.pass(ctx, 0.12)
}

func (s *Story) allIsTakenBack(ctx context.Context) error {
	var plan struct {
		Returning       int      `json:"returning"`
		MovingPerMinute int      `json:"movingPerMinute"`
		Warnings        []string `json:"warnings"`
	}
	if err := s.ask(ctx, http.MethodGet, s.path("rollback"), nil, &plan); err != nil {
		return err
	}
	s.say("Rollback, planned: %d clients return to Legacy now, with about %d requests a minute.", plan.Returning, plan.MovingPerMinute)
	for _, w := range plan.Warnings {
		s.more("mind: %s", w)
	}
	if err := s.post(ctx, "rollback", map[string]any{"reason": "the demo ends"}, nil); err != nil {
		return err
	}
	if _, err := s.until(ctx, 0.1, "the share was 0", func(r route) bool { return r.Share == 0 }); err != nil {
		return err
	}
	before := s.Load.Counts()
	if err := s.pass(ctx, 0.1); err != nil {
		return err
	}
	after := s.Load.Counts()
	s.say("Rolled back. Since then Legacy answered %d requests, Modern %d.", after.Legacy-before.Legacy, after.Modern-before.Modern)
	return nil
}

func (s *Story) auditTellsIt(ctx context.Context) error {
	var entries []struct {
		Seq                   uint64
		Action, After, Reason string
	}
	if err := s.ask(ctx, http.MethodGet, "/control/v1/audit?after=0&limit=100", nil, &entries); err != nil {
		return err
	}
	s.say("The audit has it all, each entry chained to the one before:")
	for _, e := range entries {
		s.more("%3d  %-9s %-45s %s", e.Seq, e.Action, e.After, e.Reason)
	}
	if len(entries) < 3 {
		return errors.New("the audit does not hold the share and the rollback")
	}
	return nil
}

func (s *Story) path(verb string) string { return "/control/v1/routes/" + s.Route + "/" + verb }

func (s *Story) read(ctx context.Context) (r route, err error) {
	return r, s.ask(ctx, http.MethodGet, strings.TrimSuffix(s.path(""), "/"), nil, &r)
}

func (s *Story) post(ctx context.Context, verb string, body, into any) error {
	return s.ask(ctx, http.MethodPost, s.path(verb), body, into)
}

func (s *Story) ask(ctx context.Context, method, path string, body, into any) error {
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = strings.NewReader(string(text))
	}
	q, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, content)
	if err != nil {
		return err
	}
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	response, err := s.Control.Do(q)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: status %d: %s", method, path, response.StatusCode, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
