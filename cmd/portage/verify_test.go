package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/contracts"
)

// runVerb runs a command and returns what it wrote and its exit code.
func runVerb(t *testing.T, cmd *cobra.Command, args ...string) (stdout string, code int, err error) {
	t.Helper()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	var out, errOut bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		code = exit.code
	case err != nil:
		t.Fatalf("an error without an exit code: %v", err)
	}
	return out.String(), code, err
}

const rateContract = `
contract: rate
version: 1.0.0
operation: GET /v1/rates/{ref}
values: {ref: a Reference}
interactions:
  - name: a rate
    request: {method: GET, path: "/v1/rates/{ref}"}
    response: {status: 200, exact: {/rate: "729.00"}}
`

func rateService(t *testing.T, rate string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/rates/r1" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `{"rate":%q}`, rate)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestVerifyFromHere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rate.contract.yaml")
	if err := os.WriteFile(file, []byte(rateContract), 0o600); err != nil {
		t.Fatal(err)
	}
	good, bad := rateService(t, "729.00"), rateService(t, "729.01")
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"both honour it": {[]string{"--legacy", good, "--modern", good}, exitDone, "1 contract: yes"},
		"one side alone": {[]string{"--modern", good}, exitDone, "ok    modern"},
		"Modern breaks it": {[]string{"--legacy", good, "--modern", bad}, exitNo,
			"  ok    legacy   a rate\n  FAIL  modern   a rate\n        /rate  value: expected \"729.00\", got decimal(3.2)\n1 contract, 1 broken: no\n"},
		"as JSON":                 {[]string{"--modern", bad, "--json"}, exitNo, `"kind": "value"`},
		"nobody answers":          {[]string{"--modern", gone.URL}, exitRemote, "unanswered"},
		"an address that is none": {[]string{"--modern", "localhost:1"}, exitUsage, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, code, err := runVerb(t, newVerify(), append(tt.args, "--contract", file, "--value", "ref=r1")...)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("code %d, %v\n%s", code, err, out)
			}
		})
	}
}

func TestVerifySaysWhatIsMissing(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no contract":            {[]string{"--modern", "http://127.0.0.1:1"}, "--contract FILE"},
		"no side":                {[]string{"--contract", "builtin:ei-claim-status"}, "--legacy URL"},
		"a sample nearly right":  {[]string{"--contract", "builtin:ei-claims", "--modern", "http://127.0.0.1:1"}, "ei-claim-status"},
		"a file that is missing": {[]string{"--contract", "nowhere.yaml", "--modern", "http://127.0.0.1:1"}, "nowhere.yaml"},
	} {
		if _, code, err := runVerb(t, newVerify(), tt.args...); code != exitUsage || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: code %d, %v", name, code, err)
		}
	}
}

func TestVerifyByARunningPortage(t *testing.T) {
	yes := contracts.Summarize(contracts.Judge(&contracts.Report{Contract: "rate", Version: "1.0.0", Target: "legacy", OK: true,
		Interactions: []contracts.Result{{Name: "a rate", OK: true}}}))
	no := contracts.Summarize(contracts.Judge(&contracts.Report{Contract: "rate", Version: "1.0.0", Target: "modern",
		Interactions: []contracts.Result{{Name: "a rate", Failures: []contracts.Failure{{Pointer: "status", Kind: contracts.KindStatus, Expected: "200", Got: "404"}}}}}))
	for name, tt := range map[string]struct {
		summary contracts.Summary
		code    int
		want    string
	}{
		"yes":     {yes, exitDone, "rate 1.0.0\n  ok    legacy   a rate\n1 contract: yes\n"},
		"no":      {no, exitNo, "        status  status: expected 200, got 404\n"},
		"nothing": {contracts.Summarize(), exitNo, "nothing was verified: no\n"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Method + " " + r.URL.Path
				if err := json.NewEncoder(w).Encode(tt.summary); err != nil {
					t.Error(err)
				}
			}))
			defer server.Close()
			out, code, err := runVerb(t, newVerify(), "--control", server.URL)
			if code != tt.code || !strings.Contains(out, tt.want) || asked != "POST /control/v1/verify" {
				t.Errorf("asked %s, code %d, %v\n%s", asked, code, err, out)
			}
		})
	}
	if _, code, _ := runVerb(t, newVerify(), "--data", t.TempDir()); code != exitRemote {
		t.Errorf("without a Portage: code %d", code)
	}
}
