package oracle

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/portage-gateway/portage/test/legacy"
)

// buildPortage compiles the command.
func buildPortage(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "portage")
	if out, err := exec.Command("go", "build", "-o", file, "../../cmd/portage").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return file
}

// `portage decode | portage encode` gives back the file that COBOL wrote, byte by byte.
func TestCommandLineRoundTrip(t *testing.T) {
	programs := legacy.Build(t, legacy.OASXTR, legacy.CPPPAY, legacy.EICLMS)
	portage := buildPortage(t)
	for _, c := range []struct {
		copybook, program string
		n                 int
	}{{"OASMSTR", legacy.OASXTR, 5000}, {"CPPPAYEV", legacy.CPPPAY, 600}, {"EICLMSTA", legacy.EICLMS, 500}} {
		t.Run(c.copybook, func(t *testing.T) {
			file := legacy.File(programs.Extract(t, c.program, c.n))
			name := filepath.Join(t.TempDir(), "extract.vb")
			if err := os.WriteFile(name, file, 0o666); err != nil {
				t.Fatal(err)
			}
			for _, jobs := range []string{"1", "4"} {
				decode := exec.Command(portage, "decode", "-c", "builtin:"+c.copybook, "--recfm", "auto", "--jobs", jobs, "-i", name)
				encode := exec.Command(portage, "encode", "-c", "builtin:"+c.copybook, "--recfm", "VB", "--jobs", jobs)
				back := pipe(t, decode, encode)
				if !bytes.Equal(back, file) {
					t.Errorf("%s jobs: %d bytes come back as %d, changed at %d", jobs, len(file), len(back), firstDifference(back, file))
				}
			}
			t.Logf("%d bytes", len(file))
		})
	}
}

// pipe runs two commands, the first one's output into the second one's input.
func pipe(t *testing.T, from, to *exec.Cmd) []byte {
	t.Helper()
	r, w := io.Pipe()
	from.Stdout, to.Stdin = w, r
	var out, complaints bytes.Buffer
	from.Stderr, to.Stderr, to.Stdout = &complaints, os.Stderr, &out
	if err := to.Start(); err != nil {
		t.Fatal(err)
	}
	err := from.Run()
	w.Close()
	if err2 := to.Wait(); err != nil || err2 != nil {
		t.Fatalf("%v; %v\n%s", err, err2, complaints.String())
	}
	return out.Bytes()
}
