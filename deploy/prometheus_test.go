// Package deploy_test holds the dashboard, the alert rules and the runbooks against each other and
// against what Portage exports.
package deploy_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const (
	rulesFile   = "prometheus/portage.rules.yml"
	testsFile   = "prometheus/portage.rules.test.yml"
	runbookDir  = "../docs/runbooks"
	runbookBase = "https://github.com/portage-gateway/portage/blob/main/docs/runbooks/"
)

// promtool runs Debian's promtool (package prometheus). Without it the test is left out by name, and
// fails where CI=true.
func promtool(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	bin, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("promtool is missing: install the package prometheus")
		}
		t.Skip("LEFT OUT: promtool is missing (package prometheus)")
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

type rule struct {
	Alert, Record, Expr, For string
	Labels, Annotations      map[string]string
}

func readRules(t *testing.T) (rules []rule) {
	t.Helper()
	b, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	if err := yaml.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	for _, g := range f.Groups {
		rules = append(rules, g.Rules...)
	}
	if len(rules) < 10 {
		t.Fatalf("read only %d rules", len(rules))
	}
	return rules
}

func TestRulesAreValid(t *testing.T) {
	if out, err := promtool(t, ".", "check", "rules", rulesFile); err != nil {
		t.Fatalf("promtool check rules: %v\n%s", err, out)
	}
}

func TestRulesFireAndStaySilent(t *testing.T) {
	if out, err := promtool(t, "prometheus", "test", "rules", filepath.Base(testsFile)); err != nil {
		t.Fatalf("promtool test rules: %v\n%s", err, out)
	}
}

// Each clause of a rule is there for a reason, so a test must notice its loss.
func TestNoClauseOfARuleIsIdle(t *testing.T) {
	source, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile(testsFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]struct{ old, new string }{
		"a side without failures":        {"or\n              portage:requests:increase10m * 0\n", ""},
		"volume of Modern":               {`side="modern"} >= 100`, `side="modern"} >= 0`},
		"one point of gap":               {"> 0.01\n", "> -1\n"},
		"volume of parity":               {"increase30m >= 200", "increase30m >= 0"},
		"fallbacks, ratio":               {"> 0.05\n", "> 0\n"},
		"fallbacks, volume":              {"[10m])) >= 20", "[10m])) >= 0"},
		"breaker that probes":            {`state="closed"}) == 0`, `state="open"}) == 1`},
		"breaker, two minutes":           {"for: 2m", "for: 5m"},
		"flapping":                       {"[15m])) > 3", "[15m])) > 0"},
		"stalled, never compared":        {"increase(portage_parity_comparisons_total[1d])) > 0", "increase(portage_parity_comparisons_total[1d])) >= 0"},
		"duplicates are no dead letters": {`portage_bridge_messages_total{result="dead_letter"}`, `portage_bridge_messages_total`},
		"dead letters are old by nature": {`{queue!~".+[.]DLQ"}`, ""},
		"a lag that nothing follows":     {`sum by (bridge) (increase(portage_bridge_messages_total[10m])) > 0`, `sum by (bridge) (increase(portage_bridge_messages_total[10m])) >= 0`},
		"the backlog is of dead letters": {`{queue=~".+[.]DLQ"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(string(source), m.old) {
				t.Fatalf("the rules no longer hold %q: bring this table up to date", m.old)
			}
			dir := t.TempDir()
			write(t, filepath.Join(dir, filepath.Base(rulesFile)), strings.ReplaceAll(string(source), m.old, m.new))
			write(t, filepath.Join(dir, filepath.Base(testsFile)), string(tests))
			out, err := promtool(t, dir, "test", "rules", filepath.Base(testsFile))
			if err == nil {
				t.Errorf("with %q in place of %q every test still passes", m.new, m.old)
			} else if !strings.Contains(out, "got:") {
				t.Errorf("the changed rules do not even load:\n%s", out)
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRulesUseOnlyExportedMetrics(t *testing.T) {
	for _, r := range readRules(t) {
		checkNames(t, r.Alert+r.Record, r.Expr)
		if r.Record != "" && recorded[r.Record] == nil {
			t.Errorf("%s is recorded, and metrics_test.go does not know it", r.Record)
		}
	}
}

func TestEveryAlertIsTestedBothWays(t *testing.T) {
	b, err := os.ReadFile(testsFile)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Tests []struct {
			AlertRuleTest []struct {
				Alertname string
				ExpAlerts []any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	if err := yaml.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	fired, silent := map[string]bool{}, map[string]bool{}
	for _, test := range f.Tests {
		for _, a := range test.AlertRuleTest {
			if len(a.ExpAlerts) > 0 {
				fired[a.Alertname] = true
			} else {
				silent[a.Alertname] = true
			}
		}
	}
	for _, r := range readRules(t) {
		if r.Alert != "" && (!fired[r.Alert] || !silent[r.Alert]) {
			t.Errorf("%s: seen to fire %v, seen to stay silent %v", r.Alert, fired[r.Alert], silent[r.Alert])
		}
	}
}

// Each alert says what happened, how bad it is, and leads to a page that says what to do.
func TestEveryAlertHasARunbook(t *testing.T) {
	linked := map[string]bool{"README.md": true}
	for _, r := range readRules(t) {
		if r.Alert == "" {
			continue
		}
		if !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) {
			t.Errorf("%s: severity %q is neither page nor ticket", r.Alert, r.Labels["severity"])
		}
		if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
			t.Errorf("%s: a summary and a description are needed", r.Alert)
		}
		page, ok := strings.CutPrefix(r.Annotations["runbook_url"], runbookBase)
		if !ok {
			t.Errorf("%s: runbook_url %q does not lead to %s", r.Alert, r.Annotations["runbook_url"], runbookBase)
			continue
		}
		linked[page] = true
		text, err := os.ReadFile(filepath.Join(runbookDir, page))
		if err != nil {
			t.Errorf("%s: %v", r.Alert, err)
			continue
		}
		if !strings.Contains(string(text), r.Alert) {
			t.Errorf("%s: its runbook %s does not name it", r.Alert, page)
		}
	}
	checkRunbooks(t, linked)
}

var (
	fence     = regexp.MustCompile("(?s)```promql\n(.*?)```")
	pageLinks = regexp.MustCompile(`\]\(([A-Za-z]+\.md)\)`)
)

func checkRunbooks(t *testing.T, linked map[string]bool) {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(runbookDir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		name := filepath.Base(p)
		if !linked[name] {
			t.Errorf("no alert leads to %s", name)
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pageLinks.FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(runbookDir, m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
		for _, m := range fence.FindAllStringSubmatch(string(b), -1) {
			checkNames(t, name, m[1])
		}
		if name == "README.md" {
			continue
		}
		for _, heading := range []string{"## Impact", "## What to look at", "## What to do", "## How to take it back"} {
			if !strings.Contains(string(b), "\n"+heading+"\n") {
				t.Errorf("%s has no %q", name, heading)
			}
		}
	}
}

// promtool reads rules, so each expression of the dashboard and of the runbooks becomes one in a file
// that is thrown away.
func TestEveryExpressionIsPromQL(t *testing.T) {
	all := expressions(t)
	pages, err := filepath.Glob(filepath.Join(runbookDir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fence.FindAllStringSubmatch(string(b), -1) {
			all[filepath.Base(p)] = append(all[filepath.Base(p)], strings.TrimSpace(m[1]))
		}
	}
	fill := strings.NewReplacer("$__rate_interval", "5m", "$__interval", "1m", "$route", ".*", "$bridge", ".*", "$queue", ".*")
	var file strings.Builder
	file.WriteString("groups:\n- name: expressions\n  rules:\n")
	n := 0
	for where, list := range all {
		for _, expr := range list {
			expr = fill.Replace(expr)
			if strings.Contains(expr, "$") {
				t.Errorf("%s: a variable is left in %s", where, expr)
			}
			fmt.Fprintf(&file, "  - record: expression_%d\n    expr: %q # %s\n", n, expr, where)
			n++
		}
	}
	name := filepath.Join(t.TempDir(), "expressions.yml")
	write(t, name, file.String())
	if out, err := promtool(t, ".", "check", "rules", name); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, file.String())
	}
}
