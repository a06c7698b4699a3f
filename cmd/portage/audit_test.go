package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/internal/audit"
)

// auditServer answers like the control API with n entries.
func auditServer(t *testing.T, n int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		page := []audit.Entry{}
		for seq := after + 1; seq <= n && len(page) < limit; seq++ {
			page = append(page, audit.Entry{Seq: uint64(seq), Time: time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC), Actor: "ops", Action: "share",
				Object: "route/ei-claim-status", Before: "1000", After: "3000", Reason: "line\n\x1b[31mtwo", Outcome: audit.Done})
		}
		if err := json.NewEncoder(w).Encode(page); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAuditList(t *testing.T) {
	base := auditServer(t, 2500)
	for name, tt := range map[string]struct {
		args        []string
		first, last int
	}{
		"the newest":          {nil, 2481, 2500},
		"the newest by list":  {[]string{"list", "--limit", "3"}, 2498, 2500},
		"after an entry":      {[]string{"list", "--after", "100", "--limit", "2"}, 101, 102},
		"from the beginning":  {[]string{"--after", "0", "--limit", "1500"}, 1, 1500},
		"after the last":      {[]string{"--after", "2500"}, 0, 0},
		"more than there are": {[]string{"--limit", "9999"}, 1, 2500},
	} {
		t.Run(name, func(t *testing.T) {
			out, code, err := runVerb(t, newAudit(), append(tt.args, "--control", base, "--json")...)
			if code != exitDone {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if tt.first == 0 {
				if out != "" {
					t.Errorf("%s", out)
				}
				return
			}
			if len(lines) != tt.last-tt.first+1 || !strings.HasPrefix(lines[0], fmt.Sprintf(`{"seq":%d,`, tt.first)) ||
				!strings.HasPrefix(lines[len(lines)-1], fmt.Sprintf(`{"seq":%d,`, tt.last)) {
				t.Errorf("%d lines, from %.20s to %.20s", len(lines), lines[0], lines[len(lines)-1])
			}
		})
	}
	out, _, _ := runVerb(t, newAudit(), "--control", base, "--limit", "1")
	want := "ENTRY  TIME                 ACTOR  ACTION  OBJECT                 CHANGE        OUTCOME  REASON\n" +
		"2500   2026-01-12 09:00:00  ops    share   route/ei-claim-status  1000 -> 3000  done     line  [31mtwo\n"
	if out != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
	if _, code, _ := runVerb(t, newAudit(), "--limit", "0"); code != exitUsage {
		t.Errorf("limit 0: code %d", code)
	}
}

func TestAuditVerify(t *testing.T) {
	data := t.TempDir()
	log, err := audit.Open(audit.Config{Dir: filepath.Join(data, "audit"), Now: func() time.Time { return time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	var heads []string
	for range 3 {
		if _, err := log.Append(t.Context(), audit.Entry{Actor: "ops", Action: "share", Reason: "because"}); err != nil {
			t.Fatal(err)
		}
		heads = append(heads, log.Head().String())
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	out, code, err := runVerb(t, newAudit(), "verify", "--data", data, "--head", heads[1])
	if code != exitDone || !strings.Contains(out, "in order; entries: 3, files: 1") || !strings.Contains(out, "head "+heads[2]) {
		t.Fatalf("code %d, %v\n%s", code, err, out)
	}
	if _, code, _ := runVerb(t, newAudit(), "verify", "--data", data, "--head", "7"); code != exitUsage {
		t.Errorf("a head that is none: code %d", code)
	}
	if _, code, err := runVerb(t, newAudit(), "verify", "--data", data, "--head", "9:"+heads[2][2:]); code != exitNo || !strings.Contains(err.Error(), "entries 4 to 9 are cut off") {
		t.Errorf("a head beyond the end: code %d, %v", code, err)
	}
	if _, code, _ := runVerb(t, newAudit(), "verify", "--data", filepath.Join(data, "nowhere")); code != exitIO {
		t.Errorf("no folder: code %d", code)
	}
	file := filepath.Join(data, "audit", "audit-00000000000000000001.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[1][20] ^= 1
	if err := os.WriteFile(file, bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code, err = runVerb(t, newAudit(), "verify", "--data", data, "--json")
	if code != exitNo || !strings.Contains(err.Error(), "audit entry 2") || !strings.Contains(out, `"ok":false`) || !strings.Contains(out, `"damage":{"seq":2,`) {
		t.Errorf("code %d, %v\n%s", code, err, out)
	}
}
