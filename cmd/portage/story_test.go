package main

import (
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"portage": func() { os.Exit(portage()) }})
}

// TestStories runs testdata/*.txtar. Beside testscript's own commands there are:
//
//	unhex FILE OUT    writes the bytes that FILE shows in hexadecimal digits; # starts a remark
//	hex FILE          prints a file's bytes in hexadecimal digits, 32 a line
//	code N CMD ...    runs a command that must exit with code N
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"unhex": unhexFile, "hex": hexFile, "code": exitCode,
	}})
}

func unhexFile(ts *testscript.TestScript, _ bool, args []string) {
	var digits strings.Builder
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	b, err := hex.DecodeString(digits.String())
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o666))
}

func hexFile(ts *testscript.TestScript, _ bool, args []string) {
	digits := hex.EncodeToString([]byte(ts.ReadFile(args[0])))
	for len(digits) > 64 {
		_, _ = ts.Stdout().Write([]byte(digits[:64] + "\n"))
		digits = digits[64:]
	}
	_, _ = ts.Stdout().Write([]byte(digits + "\n"))
}

func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
