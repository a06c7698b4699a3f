package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/internal/demo"
)

func TestMain(m *testing.M) {
	// sarama's metrics keep one goroutine for the life of the process.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// sampleOptions run the sample on free ports in a directory of the test's own.
func sampleOptions(t *testing.T) Options {
	t.Helper()
	c, err := SampleConfig()
	if err != nil {
		t.Fatal(err)
	}
	if c.Data, err = os.MkdirTemp("", "app-"); err != nil { // short: a socket's path has at most 107 bytes
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(c.Data) })
	c.Traffic.Listen, c.Control.Listen = "127.0.0.1:0", "127.0.0.1:0"
	return Options{Config: c, Sample: true, Version: "test"}
}

// TestDemoComesTrue plays the whole story: it fails if any line of it does not come true, and if one
// answer is wrong or fails.
func TestDemoComesTrue(t *testing.T) {
	var out bytes.Buffer
	o := sampleOptions(t)
	if err := Demo(t.Context(), o, DemoOptions{Out: &out, Length: 60 * time.Second, Rate: 60, KeepData: true, Pace: 0.1}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, words := range []string{
		"The shadow found differences", "rounding", "(-0.01)", "Parity since then: 100.0 %", "Share raised to 30 %",
		"The breaker is open", "0 failed, 0 wrong", "Modern is restored", "Rollback, planned", "Modern 0.", "rollback",
	} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("the story does not say %q:\n%s", words, out.String())
		}
	}
	if s, err := VerifyAudit(filepath.Join(o.Config.Data, "audit")); err != nil || s.Entries < 4 {
		t.Errorf("the audit after the demo: %+v, %v", s, err)
	}
}

// TestBothSidesHonourTheSampleContracts asks what `portage verify` asks.
func TestBothSidesHonourTheSampleContracts(t *testing.T) {
	a, err := New(t.Context(), sampleOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	up, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.Run(ctx, func() { close(up) }) }()
	<-up
	defer func() {
		stop()
		if err := errors.Join(<-done, a.Close()); err != nil {
			t.Error(err)
		}
	}()
	client := a.socketClient()
	response, err := client.Post("http://localhost/control/v1/verify", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"target": "modern"`)) || bytes.Contains(body, []byte(`"ok": false`)) {
		t.Errorf("status %d, %v\n%s", response.StatusCode, err, body)
	}
}

func TestDataDirectoryIsHeldOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	d, err := holdData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holdData(dir); err == nil || !strings.Contains(err.Error(), "is held by process") {
		t.Errorf("a second holder gets %v", err)
	}
	d.release()
	again, err := holdData(dir)
	if err != nil {
		t.Fatalf("after its release the directory is refused: %v", err)
	}
	again.release()
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// TestGroupEndsWithItsFirst holds that one actor's fault ends the others and is told.
func TestGroupEndsWithItsFirst(t *testing.T) {
	fault := errors.New("fault")
	for _, c := range []struct {
		name  string
		err   error
		wants string
	}{{"a fault", fault, "fault"}, {"an end without one", nil, "fails ended by itself"}} {
		t.Run(c.name, func(t *testing.T) {
			var g group
			var order []string
			wait := func(name string) func(context.Context) error {
				return func(ctx context.Context) error { <-ctx.Done(); order = append(order, name); return ctx.Err() }
			}
			g.add("fails", func(context.Context) error { return c.err })
			g.add("works", wait("worker"))
			g.addDoor("serves", wait("door"))
			err := g.run(t.Context(), func() { order = append(order, "drain") })
			if err == nil || !strings.Contains(err.Error(), c.wants) {
				t.Errorf("the error is %v", err)
			}
			if got := strings.Join(order, " "); got != "drain door worker" {
				t.Errorf("they ended in the order %s", got)
			}
		})
	}
}

func TestHandlerTransportCarriesAnAnswerAndABreak(t *testing.T) {
	broken := handlerTransport{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X", "y")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.RequestURI)
	})}
	ask := func(path string) (*http.Response, error) {
		return broken.RoundTrip(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Header: http.Header{}})
	}
	response, err := ask("/a")
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusTeapot || string(body) != "/a" || response.Header.Get("X") != "y" {
		t.Errorf("answered %d %q", response.StatusCode, body)
	}
	if _, err := ask("/broken"); err == nil {
		t.Error("an answer that broke off looks whole")
	}
}

func TestContractValuesBecomeReferences(t *testing.T) {
	o := sampleOptions(t)
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	values, err := a.contractValues(map[string]string{"ref": "reference ei " + demo.SIN(5) + " 7", "plain": "x"})
	if err != nil || values["plain"] != "x" {
		t.Fatalf("%v, %v", values, err)
	}
	program, sin, claim, err := a.vault.OpenReference(values["ref"])
	if err != nil || program != "ei" || sin != demo.SIN(5) || claim != "7" {
		t.Errorf("the Reference opens to %s %s, %v", program, claim, err)
	}
	if _, err := a.contractValues(map[string]string{"ref": "reference ei 1"}); err == nil {
		t.Error("half a reference is taken")
	}
}
