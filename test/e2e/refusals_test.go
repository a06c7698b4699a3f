package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/internal/demo"
)

// sampleFile writes the sample's configuration with one text replaced, and returns its path.
func sampleFile(t *testing.T, from, to string) string {
	t.Helper()
	text := string(demo.ConfigYAML)
	if from != "" && !strings.Contains(text, from) {
		t.Fatalf("the sample does not hold %q", from)
	}
	file := filepath.Join(t.TempDir(), "portage.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(text, from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestConfigurationFaultsSayWhereAndWhat holds that a fault in the file is shown with its place and, for
// a slip, the nearest name; exit code 2, and nothing is started.
func TestConfigurationFaultsSayWhereAndWhat(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		says           []string
	}{
		{"unknown setting", "    share: 0 ", "    shere: 0 ", []string{`there is no setting "shere"`, `did you mean "share"?`, "portage.yaml:", "^"}},
		{"share too large", "    share: 0 ", "    share: 20000 ", []string{"share counts ten-thousandths", "30 % of the clients are 3000"}},
		{"share is text", "    share: 0 ", "    share: few ", []string{"portage.yaml:", "^"}},
		{"unknown stage", "    stage: beta ", "    stage: betta ", []string{`there is no stage "betta"`, `did you mean "beta"?`}},
		{"unknown exchange", "      exchange: ei-status", "      exchange: ei-statis", []string{`there is no exchange "ei-statis"`, `did you mean "ei-status"?`}},
		{"two sides in one", "      url: http://127.0.0.1:8081", "      url: http://127.0.0.1:8081\n      exchange: ei-status", []string{"an exchange or a url, not both"}},
		{"no address", "  listen: 127.0.0.1:8080 ", "  listen: 8080 ", []string{"is no address to listen on"}},
		{"unknown copybook", "copybook: builtin:EICLMSTA", "copybook: builtin:EICLMSTB", []string{"EICLMSTB", "EICLMSTA"}},
		{"copybook that is not there", "copybook: builtin:EICLMSTA", "copybook: nowhere.cpy", []string{"nowhere.cpy"}},
		{"tab instead of spaces", "    share: 0 ", "\tshare: 0 ", []string{"portage.yaml:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := run(t, "check", sampleFile(t, c.from, c.to))
			if code != 2 {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			for _, word := range c.says {
				if !strings.Contains(stderr, word) {
					t.Errorf("does not say %q:\n%s", word, stderr)
				}
			}
		})
	}
	if stdout, stderr, code := run(t, "check", sampleFile(t, "", "")); code != 0 || !strings.Contains(stdout, "in order") {
		t.Errorf("the sample itself: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestWhatStopsAStartSaysWhatToDo holds each refusal to start to its sentence and exit code.
func TestWhatStopsAStartSaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	held := t.TempDir()
	start(t, "run", "--sample", "--data", held, "--traffic", "127.0.0.1:0", "--control", "127.0.0.1:0")

	write := func(name, text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"port taken", []string{"--data", t.TempDir(), "--traffic", taken.Addr().String()}, 3,
			[]string{taken.Addr().String() + " is taken by another program", "--traffic"}},
		{"data held", []string{"--data", held}, 3, []string{"is held by process", "--data"}},
		{"newer data", []string{"--data", write("version", "7\n")}, 3, []string{"is of version 7", "run the newer Portage"}},
		{"foreign directory", []string{"--data", write("version", "hello\n")}, 3, []string{"does not hold a version number"}},
		{"data is a file", []string{"--data", filepath.Join(write("plain", "x"), "plain")}, 3, []string{"data directory", "--data"}},
		{"damaged keys", []string{"--data", write("keys.json", "{")}, 3, []string{"keys.json", "backup"}},
		{"damaged journal", []string{"--data", write("journal.db", strings.Repeat("not a database ", 400))}, 3, []string{"journal"}},
		{"unknown role", []string{"--data", t.TempDir(), "--role", "helper"}, 2, []string{`no role "helper"`, "all, router or bridge"}},
		{"unknown flag", []string{"--dta", "x"}, 2, []string{"unknown flag", "--help"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"run", "--sample", "--control", "127.0.0.1:0"}, c.args...)
			if c.name != "port taken" {
				args = append(args, "--traffic", "127.0.0.1:0")
			}
			_, stderr, code := run(t, args...)
			if code != c.code {
				t.Errorf("exit code %d, not %d\n%s", code, c.code, stderr)
			}
			for _, word := range c.says {
				if !strings.Contains(stderr, word) {
					t.Errorf("does not say %q:\n%s", word, stderr)
				}
			}
		})
	}
}

// TestUnreachablePortageIsNotAnInternalFault holds the exit code of live verbs when nothing answers.
func TestUnreachablePortageIsNotAnInternalFault(t *testing.T) {
	for _, verb := range [][]string{{"routes"}, {"audit"}, {"verify"}, {"rollback", "r", "--reason", "x"}, {"queue", "list"}} {
		_, stderr, code := run(t, append(verb, "--data", t.TempDir())...)
		if code != 4 || stderr == "" {
			t.Errorf("portage %s: exit code %d: %s", verb[0], code, stderr)
		}
	}
	if _, stderr, code := run(t, "nonsense"); code != 2 {
		t.Errorf("portage nonsense: exit code %d: %s", code, stderr)
	}
}
