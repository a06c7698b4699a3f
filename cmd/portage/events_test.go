package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/journal"
)

// inTheClear seals nothing: what lies on the disk is not what these tests are about.
type inTheClear struct{}

func (inTheClear) Seal(plain []byte, _ string) ([]byte, error)  { return plain, nil }
func (inTheClear) Open(sealed []byte, _ string) ([]byte, error) { return sealed, nil }

func eventLog(t *testing.T) *journal.Journal {
	t.Helper()
	j, err := journal.Open(journal.Config{Path: filepath.Join(t.TempDir(), "journal.db"), Sealer: inTheClear{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func appendEvents(t *testing.T, j *journal.Journal, from, to int) {
	t.Helper()
	var batch []adapters.Message
	for n := from; n <= to; n++ {
		batch = append(batch, adapters.Message{ID: fmt.Sprintf("cpp-pay-%d", n), Body: fmt.Appendf(nil, `{"id":"cpp-pay-%d"}`, n),
			Headers: []adapters.Header{{Name: "content-type", Value: "application/cloudevents+json"}}})
	}
	if err := j.Publish(t.Context(), batch...); err != nil {
		t.Fatal(err)
	}
}

// runEvents runs the verb and returns its lines, its hint and its error.
func runEvents(ctx context.Context, args ...string) (lines []string, hint string, err error) {
	cmd := newEvents()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	var out, hints bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&hints)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(ctx)
	return strings.Fields(out.String()), strings.TrimSpace(hints.String()), err
}

func cursorOf(t *testing.T, hint string) string {
	t.Helper()
	_, cursor, ok := strings.Cut(hint, "--after ")
	if !ok {
		t.Fatalf("hint %q", hint)
	}
	return cursor
}

func TestEventsGoOnFromTheHintedCursor(t *testing.T) {
	j := eventLog(t)
	appendEvents(t, j, 1, 2300)
	server := httptest.NewServer(j.Handler())
	defer server.Close()
	first, hint, err := runEvents(t.Context(), "--url", server.URL, "--limit", "1200")
	if err != nil || len(first) != 1200 || first[1199] != `{"id":"cpp-pay-1200"}` {
		t.Fatalf("%d lines, %v", len(first), err)
	}
	rest, hint, err := runEvents(t.Context(), "--url", server.URL+"/", "--after", cursorOf(t, hint))
	if err != nil || len(rest) != 1100 || rest[0] != `{"id":"cpp-pay-1201"}` {
		t.Fatalf("%d lines, %v", len(rest), err)
	}
	if none, again, err := runEvents(t.Context(), "--url", server.URL, "--after", cursorOf(t, hint)); len(none) != 0 || again != hint || err != nil {
		t.Errorf("at the head: %d lines, %q, %v", len(none), again, err)
	}
}

// TestFollowedEventsSurviveALostConnection lets the server break the stream off once, after some events.
func TestFollowedEventsSurviveALostConnection(t *testing.T) {
	j := eventLog(t)
	appendEvents(t, j, 1, 150)
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch calls.Add(1) {
		case 1:
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			j.Handler().ServeHTTP(&breaking{ResponseWriter: w, after: 2, off: cancel}, r.WithContext(ctx))
		case 2:
			http.Error(w, "restarting", http.StatusServiceUnavailable)
		default:
			j.Handler().ServeHTTP(w, r)
		}
	}))
	defer server.Close()
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var lines []string
	var hint string
	go func() {
		defer close(ended)
		r := &eventReader{client: server.Client(), pause: time.Microsecond, left: 200}
		var out bytes.Buffer
		r.out, r.hints = &out, &out
		r.base = base.JoinPath("v1", "events")
		err = r.follow(t.Context())
		lines = strings.Fields(out.String())
		out.Reset()
		r.hint()
		hint = out.String()
	}()
	appendEvents(t, j, 151, 200)
	<-ended
	if err != nil || len(lines) != 200 || calls.Load() < 3 {
		t.Fatalf("%d lines after %d calls, %v", len(lines), calls.Load(), err)
	}
	for i, line := range lines {
		if line != fmt.Sprintf(`{"id":"cpp-pay-%d"}`, i+1) {
			t.Fatalf("line %d is %s", i, line)
		}
	}
	if !strings.Contains(hint, string(j.Head())) {
		t.Errorf("hint %q", hint)
	}
}

// breaking ends the stream at the n-th write.
type breaking struct {
	http.ResponseWriter
	after int
	off   func()
}

func (b *breaking) Unwrap() http.ResponseWriter { return b.ResponseWriter }

func (b *breaking) Write(p []byte) (int, error) {
	if b.after--; b.after < 0 {
		b.off()
		return 0, errors.New("broken off")
	}
	return b.ResponseWriter.Write(p)
}

func TestEventsSayWhatWentWrong(t *testing.T) {
	j := eventLog(t)
	server := httptest.NewServer(j.Handler())
	defer server.Close()
	gone := httptest.NewServer(j.Handler())
	gone.Close()
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "{\"id\":\"a\"}\n{\"id\":")
	}))
	defer half.Close()
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--url", server.URL, "--after", "yesterday"}, exitUsage, "cursor cannot be used"},
		{[]string{"--url", server.URL, "--after", "yesterday", "--follow"}, exitUsage, "cursor cannot be used"},
		{[]string{"--url", server.URL, "--limit", "-1"}, exitUsage, "--limit"},
		{[]string{"--url", "127.0.0.1:8080"}, exitUsage, "--url"},
		{[]string{"--url", gone.URL}, exitRemote, "is Portage running there?"},
		{[]string{"--url", gone.URL, "--follow"}, exitRemote, "is Portage running there?"},
		{[]string{"--url", half.URL}, exitRemote, "broke off"},
	} {
		_, _, err := runEvents(t.Context(), tc.args...)
		var e *exitError
		if !errors.As(err, &e) || e.code != tc.code || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: %v", tc.args, err)
		}
	}
}

func TestInterruptedFollowEndsWell(t *testing.T) {
	j := eventLog(t)
	server := httptest.NewServer(j.Handler())
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, _, err := runEvents(ctx, "--url", server.URL, "--follow"); err != nil {
		t.Errorf("got %v", err)
	}
}
