package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Load asks for claims at a steady rate, as clients do, and checks every answer.
type Load struct {
	// Base is the traffic listener, such as http://127.0.0.1:8080. Required.
	Base string
	// References are asked for in turn. Required.
	References []string
	// Rate is requests a second. Required.
	Rate int
	// Check says whether an answer is right; nil accepts every 200.
	Check func(reference string, body []byte) error
	// Workers is how many requests may be open at once. Default 32.
	Workers int

	sent, right, wrong, failed atomic.Int64
	legacy, modern, fallback   atomic.Int64
}

// Counts is what a Load saw.
type Counts struct {
	// Sent requests ended Right, Wrong (an answer that Check refuses) or Failed (no answer, or an error status).
	Sent, Right, Wrong, Failed int64
	// Legacy and Modern say which side answered; Fallback, how many of Legacy's were Modern's to answer.
	Legacy, Modern, Fallback int64
}

// Counts returns what was seen so far. Safe to call while the load runs.
func (l *Load) Counts() Counts {
	return Counts{
		Sent: l.sent.Load(), Right: l.right.Load(), Wrong: l.wrong.Load(), Failed: l.failed.Load(),
		Legacy: l.legacy.Load(), Modern: l.modern.Load(), Fallback: l.fallback.Load(),
	}
}

// Run sends until ctx ends, then waits for the open requests and returns nil.
func (l *Load) Run(ctx context.Context) error {
	workers := l.Workers
	if workers == 0 {
		workers = 32
	}
	transport := &http.Transport{MaxIdleConnsPerHost: workers}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	work := make(chan string)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for reference := range work {
				l.ask(client, reference)
			}
		})
	}
	defer wg.Wait()
	defer close(work)
	tick := time.NewTicker(time.Second / time.Duration(l.Rate))
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		select {
		case work <- l.References[i%len(l.References)]:
		case <-ctx.Done():
			return nil
		}
	}
}

// ask sends one request. It has no context: a request once sent is waited for, so that none is
// counted as failed because the load ended.
func (l *Load) ask(client *http.Client, reference string) {
	l.sent.Add(1)
	response, err := client.Get(l.Base + "/v1/ei/claims/" + reference)
	if err != nil {
		l.failed.Add(1)
		return
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		l.failed.Add(1)
		return
	}
	decision := response.Header.Get("Portage-Decision")
	if strings.Contains(decision, "side=modern") {
		l.modern.Add(1)
	} else {
		l.legacy.Add(1)
	}
	if strings.Contains(decision, "reason=fallback") || strings.Contains(decision, "reason=breaker_open") {
		l.fallback.Add(1)
	}
	if l.Check != nil {
		if err := l.Check(reference, body); err != nil {
			l.wrong.Add(1)
			return
		}
	}
	l.right.Add(1)
}

// String tells the counts in one line.
func (c Counts) String() string {
	return fmt.Sprintf("%d requests: %d right, %d wrong, %d failed; %d from Legacy, %d from Modern, %d of Legacy's instead of Modern",
		c.Sent, c.Right, c.Wrong, c.Failed, c.Legacy, c.Modern, c.Fallback)
}
