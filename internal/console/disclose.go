package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// disclosures are the actions that may be recorded before they are taken: to show content, to take it out,
// and to put a dead letter back.
var disclosures = []string{"reveal", "disclose", "redrive"}

// postDisclosure records what somebody is about to do with content that only the owner of the files can reach. Who
// asks does nothing unless this answers 200: what is not in the audit is not shown.
func (c *Console) postDisclosure(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Action string `json:"action"`
		Object string `json:"object"`
		Reason string `json:"reason"`
	}
	if err := readBody(r, &body); err != nil {
		return err
	}
	body.Reason = strings.TrimSpace(body.Reason)
	missing := slices.Concat(lacking("action", body.Action == ""), lacking("object", body.Object == ""), lacking("reason", body.Reason == ""))
	if len(missing) > 0 {
		p := refuse(http.StatusUnprocessableEntity, "a disclosure needs "+strings.Join(missing, " and "))
		p.Missing = missing
		return p
	}
	if !slices.Contains(disclosures, body.Action) {
		return refuse(http.StatusUnprocessableEntity, "action is one of "+strings.Join(disclosures, ", "))
	}
	for _, text := range []string{body.Object, body.Reason} {
		if err := checkReason(text); err != nil {
			return err
		}
	}
	if c.config.Disclose == nil {
		return refuse(http.StatusServiceUnavailable, "this Portage records no disclosures")
	}
	by, _ := r.Context().Value(callerKey{}).(caller)
	if err := c.config.Disclose(r.Context(), by.actor, body.Action, body.Object, body.Reason); err != nil {
		p := refuse(http.StatusServiceUnavailable, fmt.Sprintf("the audit does not take the disclosure: %v", err))
		p.cause = err
		return p
	}
	return writeJSON(w, http.StatusOK, body)
}
