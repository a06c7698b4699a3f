package mqi

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outcome is a test that notes how it would have ended.
type outcome struct {
	testing.TB
	failed, skipped string
}

func (o *outcome) Helper()           {}
func (o *outcome) Name() string      { return "TestIBMClientRuns" }
func (o *outcome) Fatal(args ...any) { o.failed = fmt.Sprint(args...) }
func (o *outcome) Skip(args ...any)  { o.skipped = fmt.Sprint(args...) }

// Without npm and without IBM's headers the tests are named as left out; where everything must run, they fail.
func TestWithoutHeaders(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := headers(t.TempDir())
	if !errors.Is(err, errNoHeaders) {
		t.Fatalf("%v, want errNoHeaders", err)
	}
	list := filepath.Join(t.TempDir(), "left-out")
	if err := os.WriteFile(list, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PORTAGE_LEFT_OUT", list)
	t.Setenv("CI", "")
	o := &outcome{}
	leaveOut(o, err.Error())
	if lines, err := os.ReadFile(list); o.failed != "" || !strings.HasPrefix(o.skipped, "left out: TestIBMClientRuns: npm") || string(lines) != o.skipped+"\n" || err != nil {
		t.Errorf("failed %q, skipped %q, written %q, %v", o.failed, o.skipped, lines, err)
	}
	t.Setenv("CI", "true")
	o = &outcome{}
	if leaveOut(o, err.Error()); o.skipped != "" || !strings.Contains(o.failed, "npm") {
		t.Errorf("failed %q, skipped %q", o.failed, o.skipped)
	}
}

// A package without the headers, or cut off, is an error and leaves nothing behind.
func TestUnpackRefuses(t *testing.T) {
	if _, err := unpack([]byte("no package"), "x"); err == nil {
		t.Error("what is no gzip is taken")
	}
}

func TestReasonNames(t *testing.T) {
	text := reasonNames([]byte("#define MQRC_NONE   0\n#define MQRC_NO_MSG_AVAILABLE 2033\n#define MQCC_OK 0\n#define MQRC_FIRST 0\n"))
	for _, want := range []string{`case 2033: return (char *)"MQRC_NO_MSG_AVAILABLE";`, `case 0: return (char *)"MQRC_NONE";`, "MQIAMO64_STR"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("no %q", want)
		}
	}
	if bytes.Contains(text, []byte("MQRC_FIRST")) {
		t.Error("a number has two names, which no compiler takes")
	}
}
