package router_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/portage-gateway/portage/router"
	"github.com/portage-gateway/portage/router/breaker"
)

// side is a side in memory.
type side func(*http.Request) (*http.Response, error)

func (s side) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// says is a side that always gives the same answer.
func says(status int, body string) side {
	return func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return reply(status, body), nil
	}
}

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/plain"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// sides is what a Router's Sides returns for every route.
type sides struct{ legacy, modern http.RoundTripper }

func (s sides) of(_ string, which router.Side) http.RoundTripper {
	if which == router.Modern {
		return s.modern
	}
	return s.legacy
}

// anyone is the Key of every request: the header Client, if there is one; "bad" is no Reference.
func anyone(_ string, r *http.Request, _ map[string]string) (router.Key, bool, error) {
	switch id := r.Header.Get("Client"); id {
	case "":
		return router.Key{}, false, nil
	case "bad":
		return router.Key{}, false, fmt.Errorf("not a reference")
	default:
		return keyOf(id), true, nil
	}
}

// everyone sends all clients to Modern.
func everyone() router.Route {
	return router.Route{Name: "claims", Path: "/v1/claims/{ref}", Methods: []string{"GET", "HEAD", "POST"}, Stage: router.Live, Share: router.FullShare}
}

type rig struct {
	*router.Router
	reg *prometheus.Registry
}

// start makes a Router that is closed with the test.
func start(t testing.TB, s sides, routes []router.Route, adjust ...func(*router.Config)) rig {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	c := router.Config{Routes: routes, Sides: s.of, Key: anyone, Registerer: reg}
	for _, f := range adjust {
		f(&c)
	}
	r, err := router.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return rig{r, reg}
}

// ask sends one request in memory.
func (r rig) ask(method, target string, header ...string) *httptest.ResponseRecorder {
	return r.askWith(context.Background(), method, target, nil, header...)
}

func (r rig) askWith(ctx context.Context, method, target string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, body).WithContext(ctx)
	req.Header.Set("Client", "046454286")
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "" {
			continue
		}
		if header[i+1] == "" {
			req.Header.Del(header[i])
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w
}

// value is the sum of the series with these labels, of a histogram their count; -1 if there is none.
func (r rig) value(t testing.TB, name string, labels ...string) float64 {
	t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := -1.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			got := map[string]string{}
			for _, l := range m.GetLabel() {
				got[l.GetName()] = l.GetValue()
			}
			match := true
			for i := 0; i+1 < len(labels); i += 2 {
				match = match && got[labels[i]] == labels[i+1]
			}
			if match {
				sum = max(sum, 0) + m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return sum
}

func (r rig) lint(t testing.TB) {
	t.Helper()
	problems, err := testutil.GatherAndLint(r.reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("metric %s: %s", p.Metric, p.Text)
	}
}

// server runs a handler on loopback until the test ends.
func server(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = discardLog()
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// httpSide is the HTTPSide of a server.
func httpSide(t testing.TB, url string) *router.HTTPSide {
	t.Helper()
	s, err := router.NewHTTPSide(url, router.Transport{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.CloseIdleConnections)
	return s
}

// client has connections of its own.
func client(t testing.TB) *http.Client {
	t.Helper()
	tr := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// raw sends bytes over one connection and returns the first answer.
func raw(t testing.TB, addr, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	var b bytes.Buffer
	_, _ = b.ReadFrom(res.Body)
	_ = res.Body.Close()
	return res, b.String()
}

// seen collects what a side was sent.
type seen struct {
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func (s *seen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.requests = append(s.requests, r)
	s.bodies = append(s.bodies, string(b))
	s.mu.Unlock()
	_, _ = io.WriteString(w, "ok")
}

func (s *seen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func never(t testing.TB, name string) side {
	return func(*http.Request) (*http.Response, error) {
		t.Errorf("%s was asked", name)
		return reply(500, name), nil
	}
}

func noBreaker(r router.Route) router.Route {
	r.Breaker = breaker.Config{Off: true}
	return r
}

func decision(w *httptest.ResponseRecorder) string { return w.Result().Header.Get("Portage-Decision") }

// inParallel runs f(0) to f(n-1) in some goroutines.
func inParallel(n, workers int, f func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
