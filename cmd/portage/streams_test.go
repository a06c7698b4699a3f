package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
)

// full returns a file that takes nothing, as a full disk does.
func full(t *testing.T) *os.File {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("This test writes to /dev/full, which this system does not have: what commands do on a full disk is not tested here.")
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A command whose output cannot be written ends with 3, whatever it had to say, and says so once.
func TestOutputThatCannotBeWritten(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "[]\n") }))
	defer server.Close()
	records := filepath.Join(t.TempDir(), "records.bin")
	if err := os.WriteFile(records, []byte(strings.Repeat("\x00\x00\x01", 20)), 0o600); err != nil {
		t.Fatal(err)
	}
	copybook := filepath.Join(t.TempDir(), "r.cpy")
	if err := os.WriteFile(copybook, []byte("       01  R.\n           05  N PIC 9(05) COMP-3.\n           05  A PIC X.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"version"}, {"exit-codes"}, {"help"}, {"run", "--help"}, {"completion", "bash"},
		{"inspect", "builtin:EICLMSTA"}, {"inspect", "--json", "builtin:EICLMSTA"}, {"inspect", copybook, "--hex", records, "--recfm", "F"},
		{"explain", "packed-sign"}, {"explain", "field", "CA-SIN", "-c", "builtin:EICLMSTA"},
		{"triage", records}, {"triage", records, "--json"}, {"decode", "-c", copybook, "-i", records, "--invalid", "null"},
		{"decode", "-c", copybook, "-i", records, "--invalid", "null", "--format", "csv"},
		{"check", "../../internal/demo/portage.yaml"}, {"init", filepath.Join(t.TempDir(), "new.yaml")},
		{"healthcheck", "--control", server.URL}, {"routes", "--control", server.URL}, {"routes", "--json", "--control", server.URL},
	} {
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) {
			var complaints strings.Builder
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Args = append([]string{"portage"}, args...)
			cmd.Stdout, cmd.Stderr = full(t), &complaints
			_ = cmd.Run() // the code says how it ended
			if code := cmd.ProcessState.ExitCode(); code != exitIO || strings.Count(complaints.String(), "no space left on device") != 1 {
				t.Errorf("exit code %d: %s", code, complaints.String())
			}
		})
	}
}

// A server that was told to stop ends well, even if nobody could read its first words.
func TestOutputOfACommandThatLasts(t *testing.T) {
	run, _, err := newRoot().Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	decode, _, err := newRoot().Find([]string{"decode"})
	if err != nil {
		t.Fatal(err)
	}
	out := &standardOutput{w: fullDisk{}}
	if _, err := out.Write([]byte("x")); err == nil {
		t.Fatal("written")
	}
	if code := report(run, out.result(run, context.Canceled)); code != exitDone {
		t.Errorf("run: %d", code)
	}
	if e := new(exitError); !errors.As(out.result(decode, context.Canceled), &e) || e.code != exitIO {
		t.Errorf("decode: %v", e)
	}
	if err := (&standardOutput{}).result(decode, nil); err != nil {
		t.Error(err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// Whatever waits for standard input ends with the first interrupt, and with the exit code of interrupts.
func TestInterruptEndsWaitingForInput(t *testing.T) {
	copybook := filepath.Join(t.TempDir(), "two.cpy")
	if err := os.WriteFile(copybook, []byte("       01  TWO.\n           05  A PIC X(05).\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in   string // what came before it waits
		args []string
	}{
		{"", []string{"decode", "-c", copybook}},
		{"\xc1\xc2\xc3\x40\x40", []string{"decode", "-c", copybook}},
		{"\xc1\xc2", []string{"decode", "-c", copybook}},
		{"\xc1\xc2", []string{"decode", "-c", copybook, "--recfm", "auto"}},
		{"", []string{"encode", "-c", copybook}},
		{`{"a":"ABC"}` + "\n{", []string{"encode", "-c", copybook}},
		{"       01  TWO.\n", []string{"inspect", "-"}},
		{"\xc1", []string{"inspect", copybook, "--hex", "-"}},
		{"\xc1", []string{"triage", "-"}},
		{"", []string{"explain", "field", "A", "-c", "-"}},
	} {
		t.Run(strings.Join(append([]string{c.args[0]}, c.args[len(c.args)-1]), " ")+" "+c.in, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, terminal := io.Pipe()
				defer terminal.Close() // ends the read that was left behind
				ctx, interrupt := context.WithCancel(t.Context())
				root := newRoot()
				root.SetArgs(c.args)
				root.SetIn(in)
				root.SetOut(io.Discard)
				root.SetErr(io.Discard)
				code := make(chan int, 1)
				go func() {
					cmd, err := root.ExecuteContextC(ctx)
					code <- report(cmd, err)
				}()
				if c.in != "" {
					if _, err := io.WriteString(terminal, c.in); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				interrupt()
				if got := <-code; got != exitInterrupted {
					t.Errorf("exit code %d", got)
				}
			})
		})
	}
}

// What is read is what the source has, however it comes, with its error at the end.
func TestInterruptibleReadsAsItsSource(t *testing.T) {
	text := strings.Repeat("portage ", 20_000)
	for name, src := range map[string]io.Reader{
		"at once":      strings.NewReader(text),
		"by bytes":     iotest.OneByteReader(strings.NewReader(text)),
		"by halves":    iotest.HalfReader(strings.NewReader(text)),
		"error at end": iotest.DataErrReader(strings.NewReader(text)),
	} {
		got, err := io.ReadAll(&interruptible{ctx: t.Context(), src: src})
		if err != nil || string(got) != text {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	broken := errors.New("cable pulled")
	got, err := io.ReadAll(&interruptible{ctx: t.Context(), src: io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(broken))})
	if string(got) != "ab" || !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}
