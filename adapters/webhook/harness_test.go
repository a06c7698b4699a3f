package webhook

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/adapters"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// canary stands in bodies, canaryURL in the URL: neither may be seen anywhere else.
const (
	canary    = "046454286"
	canaryURL = "s3cret-path"
)

var keyA, keyB = bytes.Repeat([]byte("A"), 32), bytes.Repeat([]byte("B"), 24)

func keyFile(t testing.TB, key []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, []byte(keyPrefix+base64.StdEncoding.EncodeToString(key)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// subscriber keeps what it took. answer decides about each attempt, from 1 on; nil: 204.
type subscriber struct {
	t      testing.TB
	mu     sync.Mutex
	tries  int
	taken  []received
	answer func(try int, r received) answer
	now    func() time.Time
}

// received is one attempt as the subscriber saw it.
type received struct {
	id     string
	header http.Header
	body   string
}

// answer is what the subscriber does: take the event or not, and answer, or leave the sender without one.
type answer struct {
	take   bool
	status int // 0: no answer
	header http.Header
}

func took(status int) answer { return answer{take: true, status: status} }
func said(status int) answer { return answer{status: status} }
func silent(take bool) answer {
	return answer{take: take}
}

// hear judges one attempt.
func (s *subscriber) hear(r *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return silent(false)
	}
	if err := Verify(r.Header, body, [][]byte{keyA}, s.now(), time.Minute); err != nil {
		s.t.Errorf("attempt %d: %v", s.tries+1, err)
	}
	id, err := url.PathUnescape(r.Header.Get(HeaderID))
	if err != nil || r.Header.Get(HeaderIdempotency) != quote(r.Header.Get(HeaderID)) || r.Method != http.MethodPost {
		s.t.Errorf("method %s, id %q, %v", r.Method, id, err)
	}
	got := received{id, r.Header.Clone(), string(body)}
	s.tries++
	a := took(http.StatusNoContent)
	if s.answer != nil {
		a = s.answer(s.tries, got)
	}
	if a.take {
		s.taken = append(s.taken, got)
	}
	return a
}

// ServeHTTP is the subscriber over a network.
func (s *subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := s.hear(r)
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	fmt.Fprint(w, "an answer that says ", canary)
}

// RoundTrip is the subscriber without a network, for bubbles.
func (s *subscriber) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	a := s.hear(r)
	if a.status == 0 {
		return nil, errors.New("connection reset")
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader("an answer that says " + canary))}, nil
}

func (s *subscriber) ids() (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.taken {
		list = append(list, r.id)
	}
	return list
}

// log is where a Sink's lines go; it is searched for what must not be there.
type log struct {
	mu     sync.Mutex
	b      bytes.Buffer
	failed func() // called at each line, if set: an attempt has failed
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		l.failed()
	}
	return l.b.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// failing publishes one event that cannot be delivered, and gives up after the first failed attempt.
func failing(t testing.TB, s *Sink, l *log) *Error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l.failed = cancel
	err := s.Publish(ctx, events(1)...)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, context.Canceled) {
		t.Fatalf("publish: %v", err)
	}
	return e
}

// fast is a Config whose pauses are too short to notice.
func fast(t testing.TB, to string) (Config, *log) {
	l := new(log)
	return Config{Name: "partner", URL: to + "/" + canaryURL, KeyFiles: []string{keyFile(t, keyA)}, Timeout: 10 * time.Second,
		RetryMin: time.Microsecond, RetryMax: time.Millisecond, Log: slog.New(slog.NewTextHandler(l, nil))}, l
}

func open(t testing.TB, c Config) *Sink {
	t.Helper()
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// overHTTP starts a subscriber on a port and a Sink to it.
func overHTTP(t testing.TB, change func(*Config)) (*subscriber, *Sink, *log) {
	t.Helper()
	sub := &subscriber{t: t, now: time.Now}
	server := httptest.NewUnstartedServer(sub)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	c, l := fast(t, server.URL)
	if change != nil {
		change(&c)
	}
	return sub, open(t, c), l
}

// inBubble makes a subscriber without a network, and a Sink to it with its usual pauses.
func inBubble(t testing.TB, change func(*Config)) (*subscriber, *Sink, *log) {
	t.Helper()
	sub := &subscriber{t: t, now: time.Now}
	l := new(log)
	c := Config{Name: "partner", URL: "https://partner.example/" + canaryURL, KeyFiles: []string{keyFile(t, keyA)},
		Transport: sub, Log: slog.New(slog.NewTextHandler(l, nil))}
	if change != nil {
		change(&c)
	}
	return sub, open(t, c), l
}

func events(n int) (list []adapters.Message) {
	for i := range n {
		list = append(list, adapters.Message{ID: fmt.Sprintf("e-%d", i+1), Body: fmt.Appendf(nil, `{"n":%d,"sin":"%s"}`, i+1, canary),
			Headers: []adapters.Header{{Name: "content-type", Value: "application/json"}}})
	}
	return list
}

// hidden requires that neither canary is in any of the texts.
func hidden(t testing.TB, texts ...any) {
	t.Helper()
	for _, x := range texts {
		if s := fmt.Sprint(x); strings.Contains(s, canary) || strings.Contains(s, canaryURL) {
			t.Errorf("content or URL is shown in %q", s)
		}
	}
}
