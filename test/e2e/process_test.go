// Package e2e runs the plain portage binary as its users do: real processes, real sockets, real signals.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the portage binary that the tests run: without the race detector, as it is shipped.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "portage-e2e-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "portage")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/portage")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build portage:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// patience is how long a test waits for what must come. It is no measure: a slow machine may use it up.
const patience = 60 * time.Second

// process is a running portage.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	done  chan struct{}
	state *os.ProcessState // once done is closed
	out   *output
	errs  *output
}

// output keeps all that a process wrote and tells who waits for a line.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newOutput(r io.Reader) *output {
	o := &output{changed: make(chan struct{})}
	go func() {
		lines := bufio.NewReader(r)
		for {
			line, err := lines.ReadString('\n')
			o.mu.Lock()
			o.text.WriteString(line)
			close(o.changed)
			o.changed = make(chan struct{})
			o.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return o
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// waitFor returns once the output holds text, or false when the process ended or patience did.
func (o *output) waitFor(text string, done <-chan struct{}) bool {
	deadline := time.After(patience)
	for {
		o.mu.Lock()
		found, changed := strings.Contains(o.text.String(), text), o.changed
		o.mu.Unlock()
		if found {
			return true
		}
		select {
		case <-changed:
		case <-done:
			return strings.Contains(o.String(), text)
		case <-deadline:
			return false
		}
	}
}

// start runs portage with the arguments and waits until it says that it is up.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := launch(t, args...)
	if !p.out.waitFor("Portage is up", p.done) {
		p.kill()
		t.Fatalf("portage %s did not come up\n%s%s", strings.Join(args, " "), p.out, p.errs)
	}
	return p
}

// launch runs portage and does not wait. The process is killed when the test ends.
func launch(t *testing.T, args ...string) *process {
	t.Helper()
	return launchIn(t, "", args...)
}

// launchIn runs portage in a folder.
func launchIn(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary, args...), done: make(chan struct{})}
	p.cmd.Dir = dir
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.out, p.errs = newOutput(stdout), newOutput(stderr)
	go func() {
		p.state, _ = p.cmd.Process.Wait()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power cut would, and waits until it is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// stop asks the process to end and waits until it has.
func (p *process) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.t.Errorf("portage did not end after SIGTERM\n%s", p.errs)
		p.kill()
	}
}

// run runs portage to its end and returns what it wrote and its exit code.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// freePort returns a loopback address that nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// get asks for a URL and returns the status, the headers and the body.
func get(t *testing.T, url string) (int, http.Header, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}

// eventually asks until the condition holds, or fails the test when patience ends.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

// kills is how many processes a kill test kills: PORTAGE_KILLS, or the number given.
func kills(t *testing.T, ordinary int) int {
	text := os.Getenv("PORTAGE_KILLS")
	if text == "" {
		return ordinary
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("PORTAGE_KILLS is no number: %v", err)
	}
	return n
}
