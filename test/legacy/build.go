package legacy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Names of the programs.
const (
	OASXTR = "OASXTR" // OAS master extract, by the number of clients
	CPPPAY = "CPPPAY" // CPP payment events, by the number of events
	EICLMS = "EICLMS" // EI status replies, by the number of replies
	EIQS   = "EIQS"   // EI status inquiry, a filter
	// CPPBACK applies CPP payment events that were written back, and says each again under a number of its own.
	CPPBACK = "CPPBACK"
)

// Need makes sure that GnuCOBOL is there. Where it is not, the test fails if the environment has CI=true;
// otherwise it is skipped, and the line says by name what was left out.
func Need(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("cobc"); err == nil {
		return
	}
	const missing = "GnuCOBOL is missing: install cobc (Debian package gnucobol3)"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	} else {
		t.Skipf("left out: %s: %s", t.Name(), missing)
	}
}

// Programs are the compiled programs. Safe for use by several goroutines.
type Programs struct{ dir string }

// Build compiles the programs into a directory that is removed when the test ends. It calls Need. Without
// names it compiles all of them; each takes about 0.2 s.
func Build(t testing.TB, names ...string) *Programs {
	t.Helper()
	Need(t)
	p, err := BuildIn(t.TempDir(), names...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// BuildIn compiles the programs into dir. The sources are found from the working directory, which must be
// inside the module.
func BuildIn(dir string, names ...string) (*Programs, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		names = []string{OASXTR, CPPPAY, EICLMS, EIQS}
	}
	source := filepath.Join(root, "test", "legacy", "cobol")
	for _, name := range names {
		cmd := exec.Command("cobc", "-x", "-std=ibm", "-fodoslide", "-I", source,
			"-I", filepath.Join(root, "copybooks", "benefits"),
			"-o", filepath.Join(dir, name), filepath.Join(source, name+".cob"))
		cmd.Dir = dir // cobc leaves its intermediate files where it runs
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("compile %s: %w\n%s", name, err, strings.TrimSpace(string(out)))
		}
	}
	return &Programs{dir}, nil
}

// Path returns the file of a program.
func (p *Programs) Path(name string) string { return filepath.Join(p.dir, name) }

// moduleRoot returns the directory of go.mod at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod at or above the working directory")
		}
		dir = up
	}
}
