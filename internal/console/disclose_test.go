package console

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// What is about to be disclosed stands in the audit with its actor, or it is refused.
func TestDisclosureIsRecordedOrRefused(t *testing.T) {
	s := newSample()
	var told []string
	var refuses error
	disclose := func(_ context.Context, actor, action, object, reason string) error {
		if refuses == nil {
			told = append(told, strings.Join([]string{actor, action, object, reason}, "|"))
		}
		return refuses
	}
	post := func(body string) (int, string) {
		t.Helper()
		s.config.Registerer = nil
		w := call(t, s.console(t).HTTP(), "POST", "/control/v1/disclosures", body)
		return w.Code, w.Body.String()
	}
	good := `{"action": "reveal", "object": "dead-letter/Q/00ff", "reason": " ticket 4711 "}`
	if status, _ := post(good); status != 503 {
		t.Errorf("without an audit: status %d, want 503", status)
	}
	s.config.Disclose = disclose
	if status, body := post(good); status != 200 {
		t.Errorf("status %d, want 200: %s", status, body)
	}
	if len(told) != 1 || told[0] != "token deploy|reveal|dead-letter/Q/00ff|ticket 4711" {
		t.Errorf("recorded %q", told)
	}
	for body, want := range map[string]string{
		`{}`: "action and object and reason",
		`{"action": "reveal", "object": "x", "reason": " "}`:           "reason",
		`{"action": "share", "object": "x", "reason": "y"}`:            "reveal, disclose, redrive",
		`{"action": "reveal", "object": "x\n", "reason": "y"}`:         "printed",
		`{"action": "reveal", "object": "x", "reason": "y", "who": 1}`: "who",
	} {
		if status, text := post(body); status != 400 && status != 422 || !strings.Contains(text, want) {
			t.Errorf("%s: status %d, %s, want %q", body, status, text, want)
		}
	}
	refuses = errors.New("disk is full")
	if status, text := post(good); status != 503 || !strings.Contains(text, "disk is full") {
		t.Errorf("refused by the audit: status %d, %s", status, text)
	}
	if len(told) != 1 {
		t.Errorf("recorded %q", told)
	}
}
