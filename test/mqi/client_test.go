package mqi

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// IBM's own Go client, compiled from its sources as they are, passes the conformance suite and the stories of
// adapters/mq/ibmmq.
func TestIBMClientRuns(t *testing.T) {
	k := need(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-race", "-count=1", "-tags", "ibmmq", "-v", "./adapters/mq/ibmmq")
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "CGO_CFLAGS="+k.cflags(), "CGO_LDFLAGS="+k.ldflags())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, failures(out))
	}
	passed := regexp.MustCompile(`(?m)^\s*--- PASS: (\S+)`).FindAllSubmatch(out, -1)
	for _, name := range []string{
		"TestConformance/bisection_isolates_one_message", "TestConformance/unit_put_goes_away_with_an_error", "TestCommitInDoubt",
		"TestDefinitionsAreInquired", "TestQueueManagerKilled", "TestWarningsDeliver", "TestLongerThanTheBuffer", "TestOptionsOnTheWire", "TestCredentials",
	} {
		if !bytes.Contains(out, []byte("--- PASS: "+name)) {
			t.Errorf("%s did not run", name)
		}
	}
	t.Logf("%d tests and subtests passed through IBM's client", len(passed))
}

// failures keeps what a reader needs of a long log: everything from the first failure on, and the end.
func failures(out []byte) []byte {
	const most = 20_000
	if i := bytes.Index(out, []byte("--- FAIL")); i >= 0 {
		out = out[max(0, i-2000):]
	}
	return out[:min(len(out), most)]
}
