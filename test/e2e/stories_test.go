package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/portage-gateway/portage/internal/demo"
	"github.com/portage-gateway/portage/internal/demo/eiqs"
)

// inhabit starts a yard with both sides alive.
func inhabit(t *testing.T, share int) (*yard, *demo.Modern) {
	t.Helper()
	modern := &demo.Modern{}
	y := newYard(t, startModern(t, modern), share)
	modern.Open = y.vault.OpenReference
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	y.legacy(ctx, &wg)
	t.Cleanup(func() { stop(); wg.Wait() })
	return y, modern
}

func TestModernDeadAndTenThousandSafeRequestsSeeNoError(t *testing.T) {
	const requests, clients = 10_000, 16
	y, modern := inhabit(t, 10_000)
	if right := y.askMany(clients, 200); right != 200 {
		t.Fatalf("with Modern alive %d of 200 requests were answered", right)
	}
	modern.Kill()
	if right := y.askMany(clients, requests); right != requests {
		t.Errorf("with Modern dead %d of %d requests were answered rightly", right, requests)
	}
	var routes []struct {
		Fallbacks uint64 `json:"fallbacks"`
		Breaker   string `json:"breaker"`
	}
	out, stderr, code := run(t, "routes", "--json", "--data", y.file("portage"))
	if err := json.Unmarshal([]byte(out), &routes); err != nil || code != 0 {
		t.Fatalf("portage routes --json: %v, exit code %d\n%s", err, code, stderr)
	}
	if routes[0].Fallbacks < requests {
		t.Errorf("%d fallbacks were counted of %d", routes[0].Fallbacks, requests)
	}
}

// askMany asks for claims of as many clients and returns how many were answered rightly.
func (y *yard) askMany(workers, requests int) int64 {
	y.t.Helper()
	var right, next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			client := &http.Client{Timeout: 20 * time.Second}
			defer client.CloseIdleConnections()
			for {
				n := int(next.Add(1))
				if n > requests {
					return
				}
				sin, claim := demo.SIN(n), int64(n%500*10+1)
				reference, err := y.vault.Reference("ei", sin, strconv.FormatInt(claim, 10))
				if err != nil {
					y.t.Error(err)
					return
				}
				answered, err := ask(client, "http://"+y.traffic, reference, sin, claim)
				if err != nil {
					y.t.Error(err)
				}
				if answered && err == nil {
					right.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return right.Load()
}

// served returns the side that answers each of the first n clients.
func (y *yard) served(n int) []string {
	y.t.Helper()
	sides := make([]string, n)
	for i := range n {
		reference, err := y.vault.Reference("ei", demo.SIN(i+1), "11")
		if err != nil {
			y.t.Fatal(err)
		}
		status, header, body := get(y.t, "http://"+y.traffic+"/v1/ei/claims/"+reference)
		if status != http.StatusOK {
			y.t.Fatalf("client %d: status %d: %s", i, status, body)
		}
		decision := header.Get("Portage-Decision")
		for _, word := range strings.Split(decision, "; ") {
			if side, ok := strings.CutPrefix(word, "side="); ok {
				sides[i] = side
			}
		}
		if sides[i] == "" {
			y.t.Fatalf("no side in Portage-Decision %q", decision)
		}
	}
	return sides
}

func (y *yard) share(share string) {
	y.t.Helper()
	if _, stderr, code := run(y.t, "share", "ei-claim-status", share, "--reason", "a story", "--data", y.file("portage")); code != 0 {
		y.t.Fatalf("portage share: exit code %d: %s", code, stderr)
	}
}

func count(sides []string, side string) (n int) {
	for _, s := range sides {
		if s == side {
			n++
		}
	}
	return n
}

func TestShareKeepsClientsAndMovesThemOneWay(t *testing.T) {
	const clients = 600
	y, _ := inhabit(t, 3000)
	first := y.served(clients)
	if modern := count(first, "modern"); modern < clients*24/100 || modern > clients*36/100 {
		t.Errorf("at share 3,000 Modern serves %d of %d clients", modern, clients)
	}
	again := y.served(clients)
	for i := range first {
		if first[i] != again[i] {
			t.Errorf("client %d was at %s and is at %s, and nothing was changed", i, first[i], again[i])
		}
	}
	y.portage.kill() // a restart changes nothing either
	y.startPortage()
	y.share("45%")
	raised := y.served(clients)
	for i := range first {
		if first[i] == "modern" && raised[i] == "legacy" {
			t.Errorf("client %d went back to Legacy when the share was raised", i)
		}
	}
	if count(raised, "modern") <= count(first, "modern") {
		t.Error("raising the share moved nobody")
	}
	y.share("3000")
	for i, side := range y.served(clients) {
		if side != first[i] {
			t.Errorf("client %d is at %s; at the same share it was at %s", i, side, first[i])
		}
	}
}

func TestChangesOutliveTheProcessAndTheFile(t *testing.T) {
	y, _ := inhabit(t, 3000)
	if _, stderr, code := run(t, "rollback", "ei-claim-status", "--reason", "a story", "--data", y.file("portage")); code != 0 {
		t.Fatalf("portage rollback: %s", stderr)
	}
	y.portage.kill()
	y.startPortage() // the file still says 3,000
	if modern := count(y.served(50), "modern"); modern != 0 {
		t.Errorf("after a rollback and a restart Modern serves %d of 50 clients", modern)
	}
	out, _, _ := run(t, "audit", "--data", y.file("portage"))
	for _, word := range []string{"rollback", "a story", "start"} {
		if !strings.Contains(out, word) {
			t.Errorf("the audit does not speak of %q:\n%s", word, out)
		}
	}
	y.portage.stop()
	if out, stderr, code := run(t, "audit", "verify", "--data", y.file("portage")); code != 0 || !strings.Contains(out, "in order") {
		t.Errorf("portage audit verify: exit code %d: %s%s", code, out, stderr)
	}
}

func TestTestersChooseASideAndNobodyElse(t *testing.T) {
	y, _ := inhabit(t, 0)
	secret, err := os.ReadFile(y.file("portage/tester.token"))
	if err != nil {
		t.Fatal(err)
	}
	reference, err := y.vault.Reference("ei", demo.SIN(1), "11")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ header, side string }{
		{"modern " + strings.TrimSpace(string(secret)), "side=modern; reason=override"},
		{"modern guess", "side=legacy; reason=share"},
		{"modern ", "side=legacy; reason=share"},
	} {
		q, err := http.NewRequest(http.MethodGet, "http://"+y.traffic+"/v1/ei/claims/"+reference, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Portage-Override", c.header)
		response, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if got := response.Header.Get("Portage-Decision"); !strings.Contains(got, c.side) {
			t.Errorf("Portage-Decision is %q, not %q", got, c.side)
		}
	}
}

// TestStopLetsRequestsFinishAndEndsStreams asks Portage to end while Legacy still thinks about a request and
// a client follows the events: the request is answered, the stream does not hold anything up.
func TestStopLetsRequestsFinishAndEndsStreams(t *testing.T) {
	y := newYard(t, "http://"+freePort(t), 0)
	thinking, think := make(chan struct{}), make(chan struct{})
	host := &demo.Host{Dial: y.dial(), Queue: "EI.STATUS.REQ", Answer: func(area []byte) ([]byte, error) {
		close(thinking)
		<-think
		return eiqs.Answer(area), nil
	}}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { host.Run(ctx) })
	t.Cleanup(func() { stop(); wg.Wait() })

	follower, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+y.traffic+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	follower.Header.Set("Accept", "text/event-stream")
	stream, err := http.DefaultClient.Do(follower)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	ended := make(chan struct{})
	go func() { io.Copy(io.Discard, stream.Body); close(ended) }()

	sin := demo.SIN(7)
	reference, err := y.vault.Reference("ei", sin, "11")
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan bool, 1)
	go func() {
		ok, err := ask(&http.Client{}, "http://"+y.traffic, reference, sin, 11)
		answered <- ok && err == nil
	}()
	<-thinking
	y.portage.cmd.Process.Signal(syscall.SIGTERM)
	<-ended
	eventually(t, "the door was closed", func() bool {
		c, err := net.Dial("tcp", y.traffic)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(think)
	if !<-answered {
		t.Error("the request under way was not answered")
	}
	<-y.portage.done // no second signal: that would end it at once
	if code := y.portage.state.ExitCode(); code != 0 {
		t.Errorf("exit code %d\n%s", code, y.portage.errs)
	}
}
