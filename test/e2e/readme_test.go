package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks returns the README's sh blocks, in order.
func blocks(t *testing.T) (out []string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	return out
}

// TestReadmeCommandsWork runs the README's commands, in order, against the sample: only the ports differ.
// What make would do is checked to be a target.
func TestReadmeCommandsWork(t *testing.T) {
	home := newcomersHome(t)
	p := launchIn(t, home, "run", "--sample", "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0")
	if !p.out.waitFor("Ctrl-C ends it", p.done) {
		t.Fatalf("portage run --sample did not come up\n%s%s", p.out, p.errs)
	}
	said := p.out.String()
	traffic := regexp.MustCompile(`traffic +http://(\S+)`).FindStringSubmatch(said)[1]
	control := regexp.MustCompile(`control +http://(\S+)`).FindStringSubmatch(said)[1]
	reference := regexp.MustCompile(`/v1/ei/claims/(\w+)`).FindStringSubmatch(said)[1]
	ports := strings.NewReplacer("127.0.0.1:8080", traffic, "127.0.0.1:9080", control)

	eventually(t, "the first payments were events", func() bool {
		_, _, body := get(t, "http://"+traffic+"/v1/events?limit=3")
		return strings.Count(body, "\n") == 3
	})
	ran := 0
	for _, block := range blocks(t) {
		for _, line := range strings.Split(strings.ReplaceAll(strings.TrimSpace(block), "|\n", "|"), "\n") {
			if target, ok := strings.CutPrefix(line, "make "); ok {
				hasTarget(t, target)
				continue
			}
			out := shell(t, home, ports.Replace(line), "REF="+reference)
			if out == "" && !strings.Contains(line, "cmp -") {
				t.Errorf("%s\nsays nothing", line)
			}
			ran++
		}
	}
	if ran < 8 {
		t.Errorf("the README holds %d commands: was it read?", ran)
	}
}

// TestWhatTheSamplePrintsWorks runs the lines that `make run` tells a newcomer to try, as they stand.
func TestWhatTheSamplePrintsWorks(t *testing.T) {
	home := newcomersHome(t)
	p := launchIn(t, home, "run", "--sample", "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0")
	if !p.out.waitFor("Ctrl-C ends it", p.done) {
		t.Fatalf("portage run --sample did not come up\n%s%s", p.out, p.errs)
	}
	_, tries, _ := strings.Cut(p.out.String(), "in another terminal:\n")
	ran := 0
	for line := range strings.SplitSeq(tries, "\n") {
		if command := strings.TrimSpace(line); strings.HasPrefix(command, "curl") || strings.HasPrefix(command, "./bin/portage") {
			out := shell(t, home, command)
			if strings.Contains(command, "/v1/ei/claims/") && !strings.Contains(out, "200 OK") {
				t.Errorf("%s\n%s", command, out)
			}
			ran++
		}
	}
	if ran < 7 {
		t.Errorf("%d lines to try:\n%s", ran, tries)
	}
}

// newcomersHome is a folder as the README supposes it: the binary in bin, the sample files in their place.
func newcomersHome(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp("", "home-") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(home, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"bin/portage": binary, "copybooks": filepath.Join(root, "copybooks")} {
		if err := os.Symlink(target, filepath.Join(home, link)); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// shell runs a line and returns what it wrote on standard output; it must succeed.
func shell(t *testing.T, dir, line string, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-o", "pipefail", "-c", line)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s\n%v\n%s%s", line, err, out, errs.String())
	}
	return string(out)
}

func hasTarget(t *testing.T, target string) {
	t.Helper()
	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(text) {
		t.Errorf("the README says make %s, and the Makefile has no such target", target)
	}
}

// TestMakefileStaysSmall holds the Makefile to twelve targets, each with a line of help.
func TestMakefileStaysSmall(t *testing.T) {
	text, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile(`(?m)^[a-z]+:`).FindAllString(string(text), -1)
	helped := regexp.MustCompile(`(?m)^[a-z]+:.*## \S`).FindAllString(string(text), -1)
	if len(targets) == 0 || len(targets) > 12 || len(helped) != len(targets) {
		t.Errorf("%d targets, %d with help", len(targets), len(helped))
	}
}
