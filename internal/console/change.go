package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/portage-gateway/portage/router"
)

// ChangeAnswer is what a POST on a route answers: how the route stands now.
type ChangeAnswer struct {
	Route string `json:"route"`
	RouteState
	// Warnings say what did not work although the route has moved.
	Warnings []string `json:"warnings"`
}

// maxReason bounds a reason, in characters.
const maxReason = 500

func (c *Console) postShare(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Share  *int   `json:"share"`
		Reason string `json:"reason"`
	}
	change, err := c.readChange(r, &body, &body.Reason, func() []string { return lacking("share", body.Share == nil) })
	if err != nil {
		return err
	}
	if *body.Share < 0 || *body.Share > router.FullShare {
		return refuse(http.StatusUnprocessableEntity, fmt.Sprintf("share is in ten-thousandths, from 0 to %d: 30%% is 3000", router.FullShare))
	}
	change.Share = body.Share
	return c.act(w, r, change)
}

func (c *Console) postStage(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Stage  *router.Stage `json:"stage"`
		Reason string        `json:"reason"`
	}
	change, err := c.readChange(r, &body, &body.Reason, func() []string { return lacking("stage", body.Stage == nil) })
	if err != nil {
		return err
	}
	if name := string(*body.Stage); !slices.Contains(stages, name) {
		p := refuse(http.StatusUnprocessableEntity, fmt.Sprintf("no stage is called %.64q: there are %s", name, strings.Join(stages, ", ")))
		p.Nearest = nearest(name, stages)
		return p
	}
	change.Stage = body.Stage
	return c.act(w, r, change)
}

func (c *Console) postKill(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Killed *bool  `json:"killed"`
		Reason string `json:"reason"`
	}
	change, err := c.readChange(r, &body, &body.Reason, func() []string { return lacking("killed", body.Killed == nil) })
	if err != nil {
		return err
	}
	change.Killed = body.Killed
	return c.act(w, r, change)
}

func (c *Console) act(w http.ResponseWriter, r *http.Request, change router.Change) error {
	state, err := c.config.Change(r.Context(), change)
	answer, err := answerOf(change.Route, state, err)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, answer)
}

// postRollback plans first, so that the answer says what it did; a plan that cannot be made stops nothing.
func (c *Console) postRollback(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Reason string `json:"reason"`
	}
	change, err := c.readChange(r, &body, &body.Reason, func() []string { return nil })
	if err != nil {
		return err
	}
	answer := Rollback{Warnings: []string{}}
	if plan, err := c.config.Plan(change.Route); err == nil {
		answer.Plan = new(planOf(plan))
	} else {
		answer.Warnings = append(answer.Warnings, "no plan could be made: "+err.Error())
	}
	// The person who asked may go away; the clients still have to come back.
	state, err := c.config.Rollback(context.WithoutCancel(r.Context()), change.Route, change.Actor, change.Reason)
	answer.State, err = answerOf(change.Route, state, err)
	if err != nil {
		return err
	}
	answer.Warnings = append(answer.Warnings, answer.State.Warnings...)
	return writeJSON(w, http.StatusOK, answer)
}

// answerOf tells a change that is in force, with warnings or without, from one that was refused.
func answerOf(route string, state router.State, err error) (ChangeAnswer, error) {
	warning, inForce := errors.AsType[*router.Warning](err)
	if err != nil && !inForce {
		return ChangeAnswer{}, changeProblem(err)
	}
	answer := ChangeAnswer{Route: route, Warnings: []string{}}
	if inForce {
		state = warning.State
		answer.Warnings = append(answer.Warnings, warning.Error())
	}
	answer.RouteState = stateOf(state)
	return answer, nil
}

// changeProblem says in HTTP what the router said in Go.
func changeProblem(err error) error {
	status := http.StatusServiceUnavailable // store or audit: nothing was changed, and it may be tried again
	switch {
	case errors.Is(err, router.ErrUnknownRoute):
		status = http.StatusNotFound
	case errors.Is(err, router.ErrNoReason):
		status = http.StatusUnprocessableEntity
	case errors.Is(err, router.ErrNotAllowed), errors.Is(err, router.ErrVersion):
		status = http.StatusConflict
	}
	p := refuse(status, err.Error())
	p.cause = err
	return p
}

// readChange decodes a body and begins the Change that it asks for. All that is missing is named at once:
// lacks tells what beside the reason.
func (c *Console) readChange(r *http.Request, body any, reason *string, lacks func() []string) (router.Change, error) {
	route, err := c.find(r)
	if err != nil {
		return router.Change{}, err
	}
	if err := readBody(r, body); err != nil {
		return router.Change{}, err
	}
	*reason = strings.TrimSpace(*reason)
	if missing := append(lacks(), lacking("reason", *reason == "")...); len(missing) > 0 {
		p := refuse(http.StatusUnprocessableEntity, "a change of a route needs "+strings.Join(missing, " and "))
		p.Missing = missing
		return router.Change{}, p
	}
	by, _ := r.Context().Value(callerKey{}).(caller)
	return router.Change{Route: route.Name, Actor: by.actor, Reason: *reason}, checkReason(*reason)
}

func lacking(name string, isMissing bool) []string {
	if isMissing {
		return []string{name}
	}
	return nil
}

// checkReason keeps out what would spoil a terminal or a log line that shows the reason.
func checkReason(reason string) error {
	if utf8.RuneCountInString(reason) > maxReason {
		return refuse(http.StatusUnprocessableEntity, fmt.Sprintf("a reason has at most %d characters", maxReason))
	}
	if i := strings.IndexFunc(reason, func(c rune) bool { return !unicode.IsPrint(c) }); i >= 0 {
		return refuse(http.StatusUnprocessableEntity, fmt.Sprintf("a reason is one line of text: byte %d of it is a character that cannot be printed", i))
	}
	return nil
}
