package legacy

import (
	"fmt"
	"strings"
	"testing"
)

// outcome is a test that notes how it would have ended.
type outcome struct {
	testing.TB
	failed, skipped string
}

func (o *outcome) Helper()                     {}
func (o *outcome) Name() string                { return "TestFields" }
func (o *outcome) Fatal(args ...any)           { o.failed = fmt.Sprint(args...) }
func (o *outcome) Skipf(f string, args ...any) { o.skipped = fmt.Sprintf(f, args...) }

// Without a compiler a test is named as left out; where everything must run, it fails.
func TestNeed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CI", "")
	o := &outcome{}
	if Need(o); o.failed != "" || !strings.HasPrefix(o.skipped, "left out: TestFields: GnuCOBOL is missing") {
		t.Errorf("failed %q, skipped %q", o.failed, o.skipped)
	}
	t.Setenv("CI", "true")
	o = &outcome{}
	if Need(o); o.skipped != "" || !strings.Contains(o.failed, "gnucobol3") {
		t.Errorf("failed %q, skipped %q", o.failed, o.skipped)
	}
}
