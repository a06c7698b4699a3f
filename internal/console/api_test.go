package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/portage-gateway/portage/router"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares got with a file of testdata, and writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// Each answer of the control API stands in testdata/api, which is also what the tests of the commands
// read: the two cannot drift apart.
func TestEveryEndpointAnswers(t *testing.T) {
	for _, c := range []struct {
		file, method, path, body string
		status                   int
	}{
		{"routes.json", "GET", "/routes", "", 200},
		{"route.json", "GET", "/routes/ei-claim-status", "", 200},
		{"route-unknown.json", "GET", "/routes/ei-clam-status", "", 404},
		{"share.json", "POST", "/routes/ei-claim-status/share", `{"share": 5000, "reason": "parity holds"}`, 200},
		{"share-no-reason.json", "POST", "/routes/ei-claim-status/share", `{"share": 5000, "reason": "  "}`, 422},
		{"share-nothing.json", "POST", "/routes/ei-claim-status/share", `{}`, 422},
		{"share-too-much.json", "POST", "/routes/ei-claim-status/share", `{"share": 10001, "reason": "all and more"}`, 422},
		{"share-negative.json", "POST", "/routes/ei-claim-status/share", `{"share": -1, "reason": "less"}`, 422},
		{"stage.json", "POST", "/routes/ei-claim-status/stage", `{"stage": "live", "reason": "all offices"}`, 200},
		{"stage-unknown.json", "POST", "/routes/ei-claim-status/stage", `{"stage": "betta", "reason": "x"}`, 422},
		{"stage-nothing.json", "POST", "/routes/ei-claim-status/stage", `{"reason": "x"}`, 422},
		{"kill.json", "POST", "/routes/ei-claim-status/kill", `{"killed": true, "reason": "maintenance"}`, 200},
		{"resume.json", "POST", "/routes/oas-account/kill", `{"killed": false, "reason": "maintenance is over"}`, 200},
		{"kill-nothing.json", "POST", "/routes/ei-claim-status/kill", `{"reason": "x"}`, 422},
		{"plan.json", "GET", "/routes/ei-claim-status/rollback", "", 200},
		{"rollback.json", "POST", "/routes/ei-claim-status/rollback", `{"reason": "wrong amounts"}`, 200},
		{"rollback-no-reason.json", "POST", "/routes/ei-claim-status/rollback", `{}`, 422},
		{"audit.json", "GET", "/audit", "", 200},
		{"audit-after.json", "GET", "/audit?after=1&limit=5", "", 200},
		{"audit-limit.json", "GET", "/audit?limit=1001", "", 400},
		{"audit-garbage.json", "GET", "/audit?after=-1", "", 400},
		{"verify.json", "POST", "/verify", ``, 200},
		{"bridges.json", "GET", "/bridges", "", 200},
		{"queues.json", "GET", "/queues", "", 200},
		{"dead-letters.json", "GET", "/dead-letters?limit=1", "", 200},
		{"path-unknown.json", "GET", "/route", "", 404},
		{"method.json", "DELETE", "/routes/ei-claim-status", "", 405},
	} {
		t.Run(c.file, func(t *testing.T) {
			w := call(t, newSample().console(t).HTTP(), c.method, "/control/v1"+c.path, c.body)
			if w.Code != c.status {
				t.Errorf("status %d, want %d\n%s", w.Code, c.status, w.Body)
			}
			want := "application/json"
			if c.status >= 400 {
				want = "application/problem+json"
			}
			if got := w.Header().Get("Content-Type"); got != want {
				t.Errorf("Content-Type %q, want %q", got, want)
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, w.Body.Bytes(), "", "  "); err != nil {
				t.Fatalf("not JSON: %v\n%s", err, w.Body)
			}
			golden(t, "api/"+c.file, append(bytes.TrimSpace(pretty.Bytes()), '\n'))
		})
	}
}

func TestChangeReachesTheRouterWithActorAndReason(t *testing.T) {
	s := newSample()
	h := s.console(t).HTTP()
	call(t, h, "POST", "/control/v1/routes/ei-claim-status/share", `{"share": 0, "reason": " back to nothing "}`)
	call(t, h, "POST", "/control/v1/routes/ei-claim-status/stage", `{"stage": "alpha", "reason": "again from the start"}`)
	call(t, h, "POST", "/control/v1/routes/ei-claim-status/kill", `{"killed": false, "reason": "go on"}`)
	want := []router.Change{
		{Route: "ei-claim-status", Share: new(0), Actor: "token deploy", Reason: "back to nothing"},
		{Route: "ei-claim-status", Stage: new(router.Alpha), Actor: "token deploy", Reason: "again from the start"},
		{Route: "ei-claim-status", Killed: new(false), Actor: "token deploy", Reason: "go on"},
	}
	if d := cmp.Diff(want, s.changes, cmpopts.IgnoreUnexported(router.Change{})); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
}

func TestRefusedChangesChangeNothing(t *testing.T) {
	for _, body := range []string{
		``, `null`, `[]`, `"30%"`, `{"share": "30%", "reason": "x"}`, `{"share": 1.5, "reason": "x"}`, `{"share": 1, "reason": "x", "actor": "somebody else"}`,
		`{"share": 1, "reason": "x"} {"share": 2}`, `{"share": 1, "reason": "two\nlines"}`, `{"share": 1, "reason": "\u001b[31mred"}`, `{"share": 1, "reason": "` + strings.Repeat("é", 501) + `"}`,
	} {
		s := newSample()
		w := call(t, s.console(t).HTTP(), "POST", "/control/v1/routes/ei-claim-status/share", body)
		if w.Code != 400 && w.Code != 422 {
			t.Errorf("%.60q: status %d, want 400 or 422", body, w.Code)
		}
		if len(s.changes) > 0 {
			t.Errorf("%.60q: changed %+v", body, s.changes)
		}
	}
}

func TestLargeBodyIsRefused(t *testing.T) {
	s := newSample()
	w := call(t, s.console(t).HTTP(), "POST", "/control/v1/routes/ei-claim-status/share", `{"share": 1, "reason": "`+strings.Repeat("x", maxBody)+`"}`)
	if w.Code != http.StatusRequestEntityTooLarge || len(s.changes) > 0 {
		t.Errorf("status %d, changes %v", w.Code, s.changes)
	}
}

func TestWhatTheRouterRefusesIsSaidInHTTP(t *testing.T) {
	for _, c := range []struct {
		name    string
		refusal error
		status  int
		holds   string
	}{
		{"beyond the stage", fmt.Errorf("change: %w: stage beta allows a share of at most 5000", router.ErrNotAllowed), 409, "at most 5000"},
		{"meanwhile changed", fmt.Errorf("store: %w", router.ErrVersion), 409, "version"},
		{"gone since", fmt.Errorf("%w \"x\"", router.ErrUnknownRoute), 404, "unknown route"},
		{"audit disk", errors.New("audit: no space left on device; nothing was changed"), 503, "nothing was changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSample()
			s.refusal = c.refusal
			w := call(t, s.console(t).HTTP(), "POST", "/control/v1/routes/ei-claim-status/share", `{"share": 9000, "reason": "x"}`)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.holds) {
				t.Errorf("status %d, want %d, with %q:\n%s", w.Code, c.status, c.holds, w.Body)
			}
		})
	}
}

// A move towards Legacy is in force although the disk refused: that is 200 with a warning, never an error.
func TestRollbackSucceedsWithWarnings(t *testing.T) {
	s := newSample()
	s.refusal = &router.Warning{Audit: errors.New("no space left on device")}
	s.planErr = errors.New("the census is busy")
	w := call(t, s.console(t).HTTP(), "POST", "/control/v1/routes/ei-claim-status/rollback", `{"reason": "wrong amounts"}`)
	var got Rollback
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("status %d, %v\n%s", w.Code, err, w.Body)
	}
	if got.State.Share != 0 || got.State.Version != 8 {
		t.Errorf("state %+v, want share 0 at version 8", got.State)
	}
	if all := strings.Join(got.Warnings, "|"); len(got.Warnings) != 2 || !strings.Contains(all, "census is busy") || !strings.Contains(all, "no space left") {
		t.Errorf("warnings %q: want the plan's and the audit's", got.Warnings)
	}
	if got.Plan != nil {
		t.Errorf("a plan that could not be made is shown: %+v", got.Plan)
	}
	golden(t, "api/rollback-warned.json", w.Body.Bytes())
}

func TestPartsThatAreNotConfiguredAreEmptyNotNull(t *testing.T) {
	s := newSample()
	s.config = Config{Routes: func() []router.Status { return nil }, Change: s.change, Rollback: s.rollback, Plan: s.config.Plan, Tokens: s.config.Tokens}
	h := s.console(t).HTTP()
	for _, path := range []string{"/routes", "/audit", "/bridges", "/queues", "/dead-letters"} {
		if w := call(t, h, "GET", "/control/v1"+path, ""); w.Code != 200 || strings.TrimSpace(w.Body.String()) != "[]" {
			t.Errorf("%s: %d %s, want 200 []", path, w.Code, w.Body)
		}
	}
	if w := call(t, h, "POST", "/control/v1/verify", ""); w.Code != 404 {
		t.Errorf("verify without contracts: %d", w.Code)
	}
	if w := call(t, h, "GET", "/metrics", ""); w.Code != 404 {
		t.Errorf("metrics without a gatherer: %d", w.Code)
	}
}

func TestNewWantsWhatItCannotDoWithout(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a console without a router was made")
	}
	s := newSample()
	s.console(t)
	if _, err := New(s.config); err == nil {
		t.Error("the same registry was taken twice")
	}
}

func TestFaultsOfOtherRoomsAreTold(t *testing.T) {
	s := newSample()
	s.config.Queues = func(context.Context) ([]Queue, error) { return nil, errors.New("MQ 2009 connection broken") }
	s.config.DeadLetters = func(context.Context, int) ([]DeadLetter, error) { return nil, errors.New("MQ 2009 connection broken") }
	h := s.console(t).HTTP()
	for _, path := range []string{"/queues", "/dead-letters"} {
		if w := call(t, h, "GET", "/control/v1"+path, ""); w.Code != 500 || !strings.Contains(w.Body.String(), "2009") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	// The page shows everything else.
	w := call(t, h, "GET", "/", "")
	if w.Code != 200 || strings.Count(w.Body.String(), "MQ 2009") != 2 || !strings.Contains(w.Body.String(), "ei-claim-status") {
		t.Errorf("page: %d, the fault must stand in it twice, beside the routes", w.Code)
	}
}

func TestHEADIsAnsweredLikeGET(t *testing.T) {
	w := call(t, newSample().console(t).HTTP(), "HEAD", "/control/v1/routes", "")
	if w.Code != 200 {
		t.Errorf("status %d", w.Code)
	}
}

func FuzzChangeBodies(f *testing.F) {
	f.Add("share", `{"share": 3000, "reason": "x"}`)
	f.Add("stage", `{"stage": "beta", "reason": "x"}`)
	f.Add("kill", `{"killed": true, "reason": "x"}`)
	f.Add("rollback", `{"reason": "x"}`)
	f.Fuzz(func(t *testing.T, action, body string) {
		s := newSample()
		s.config.Gatherer, s.config.Registerer = nil, nil
		c := s.console(t)
		r := httptest.NewRequest("POST", "http://localhost/", strings.NewReader(body))
		r.SetPathValue("route", "ei-claim-status")
		w := httptest.NewRecorder()
		post := map[string]endpoint{"share": c.postShare, "stage": c.postStage, "kill": c.postKill, "rollback": c.postRollback}[action]
		if post == nil {
			return
		}
		if err := post(w, r); err == nil {
			if len(s.changes) != 1 || s.changes[0].Reason == "" {
				t.Errorf("%s %q: %+v", action, body, s.changes)
			}
		} else if len(s.changes) != 0 {
			t.Errorf("%s %q was refused (%v) after it had changed", action, body, err)
		}
	})
}
