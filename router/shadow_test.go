package router_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portage-gateway/portage/router"
)

// mirrored is a route in discovery whose every client is copied to Modern.
func mirrored() router.Route {
	return router.Route{Name: "claims", Path: "/v1/claims/{ref}", Methods: []string{"GET", "HEAD", "POST"},
		Shadow: router.Shadow{Share: router.FullShare}}
}

func comparing(f router.Compare) func(*router.Config) {
	return func(c *router.Config) { c.Compare = func(string) router.Compare { return f } }
}

func bodiesEqual(_ context.Context, l, m router.Answer) router.Verdict {
	if string(l.Body) == string(m.Body) {
		return router.Verdict{Equal: true}
	}
	return router.Verdict{Severity: "major", Ref: "sample-1", Fields: []router.Difference{
		{Pointer: "/amount", Kind: "rounding", Legacy: "***", Modern: "***"}, {Pointer: "/x", Kind: "never heard of"}}}
}

func TestShadowResults(t *testing.T) {
	dead := side(func(*http.Request) (*http.Response, error) { return nil, errors.New("dead") })
	hang := side(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
	skip := func(context.Context, router.Answer, router.Answer) router.Verdict {
		return router.Verdict{Skipped: "window"}
	}
	panics := func(context.Context, router.Answer, router.Answer) router.Verdict { panic("no") }
	for _, c := range []struct {
		name           string
		legacy, modern http.RoundTripper
		compare        router.Compare
		want           router.Result
		code           string
	}{
		{"equal", says(200, "a"), says(200, "a"), bodiesEqual, router.Equal, "2xx"},
		{"different", says(200, "a"), says(404, "b"), bodiesEqual, router.Different, "4xx"},
		{"modern 500", says(200, "a"), says(500, "a"), bodiesEqual, router.ModernError, "5xx"},
		{"modern dead", says(200, "a"), dead, bodiesEqual, router.ModernError, "error"},
		{"modern not there", says(200, "a"), nil, bodiesEqual, router.ModernError, "error"},
		{"modern hangs", says(200, "a"), hang, bodiesEqual, router.ModernError, "error"},
		{"legacy 500", says(500, "a"), says(200, "a"), bodiesEqual, router.LegacyError, "2xx"},
		{"both 500", says(500, "a"), says(503, "a"), bodiesEqual, router.BothError, "5xx"},
		{"skipped", says(200, "a"), says(200, "a"), skip, router.Skipped, "2xx"},
		{"comparison panics", says(200, "a"), says(200, "a"), panics, router.Skipped, "2xx"},
		{"no comparison", says(200, "a"), says(200, "a"), nil, router.Skipped, "2xx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, sides{c.legacy, c.modern}, []router.Route{mirrored()}, comparing(c.compare))
				began := time.Now()
				r.ask("GET", "/v1/claims/1")
				if time.Since(began) != 0 {
					t.Error("the client waited for the copy")
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				s := r.Routes()[0].Shadow
				if s.Results[c.want] != 1 || s.Sent != 1 || s.Eligible != 1 || s.Dropped != 0 {
					t.Errorf("%+v; want one %s", s, c.want)
				}
				if got := r.value(t, "portage_parity_comparisons_total", "route", "claims", "result", string(c.want)); got != 1 {
					t.Errorf("comparisons: %v", got)
				}
				if got := r.value(t, "portage_shadow_requests_total", "side", "modern", "code", c.code); got != 1 {
					t.Errorf("shadow requests of %s: %v", c.code, got)
				}
				if got := r.value(t, "portage_requests_total", "side", "modern"); got != 0 {
					t.Errorf("the copy counts as served traffic: %v", got)
				}
				if b := r.Routes()[0].Breaker; b.Success+b.Failure != 0 {
					t.Errorf("the copy moved the breaker: %+v", b)
				}
			})
		})
	}
}

func TestDifferencesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, sides{says(200, "a"), says(201, "b")}, []router.Route{mirrored()}, comparing(bodiesEqual))
		for range 60 {
			r.ask("GET", "/v1/claims/1")
			synctest.Wait()
			time.Sleep(time.Second)
		}
		samples, err := r.Samples("claims")
		if err != nil || len(samples) != 50 {
			t.Fatalf("%d samples, %v; want the newest 50", len(samples), err)
		}
		if s := samples[0]; s.LegacyStatus != 200 || s.ModernStatus != 201 || s.Served != router.Legacy || s.Verdict.Ref != "sample-1" || !samples[0].At.After(samples[49].At) {
			t.Errorf("%+v", s)
		}
		for kind, want := range map[string]float64{"rounding": 60, "other": 60, "value": 0} {
			if got := r.value(t, "portage_parity_differences_total", "kind", kind); got != want {
				t.Errorf("differences of kind %s: %v, want %v", kind, got, want)
			}
		}
		if p, ok := r.Routes()[0].Shadow.Parity(); !ok || p != 0 {
			t.Errorf("parity %d %v", p, ok)
		}
		if _, err := r.Samples("claim"); !errors.Is(err, router.ErrUnknownRoute) || !strings.Contains(err.Error(), `"claims"`) {
			t.Errorf("unknown route: %v", err)
		}
	})
}

// What a copy carries: the body, the parameters, no credentials, its own deadline, and a mark.
func TestWhatACopyCarries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		yes := true
		route := mirrored()
		route.Safe = &yes
		route.Shadow.Strip = []string{"X-Office"}
		var got *http.Request
		var body string
		modern := side(func(r *http.Request) (*http.Response, error) {
			b, _ := io.ReadAll(r.Body)
			got, body = r, string(b)
			return reply(200, ""), nil
		})
		r := start(t, sides{says(200, ""), modern}, []router.Route{route})
		type private struct{}
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), private{}, "secret"))
		r.askWith(ctx, "POST", "/v1/claims/A%20B?q=1", strings.NewReader("inquiry"), "Authorization", "Bearer x", "Cookie", "c=1",
			"Idempotency-Key", "k", "X-Api-Key", "k", "X-Office", "Moncton", "X-Keep", "1", "Portage-Side", "modern")
		cancel()
		synctest.Wait()
		for _, name := range []string{"Authorization", "Cookie", "Idempotency-Key", "X-Api-Key", "X-Office", "Portage-Side"} {
			if v := got.Header.Get(name); v != "" {
				t.Errorf("%s: %s travelled with the copy", name, v)
			}
		}
		if got.Header.Get("Portage-Shadow") != "1" || got.Header.Get("X-Keep") != "1" || got.Header.Get("X-Forwarded-For") != "192.0.2.1" {
			t.Errorf("header %v", got.Header)
		}
		if body != "inquiry" || got.Method != "POST" || got.URL.RequestURI() != "/v1/claims/A%20B?q=1" || router.Params(got)["ref"] != "A B" {
			t.Errorf("%s %s %q %v", got.Method, got.URL, body, router.Params(got))
		}
		if got.Context().Value(private{}) != nil {
			t.Error("the copy sees the client's context")
		}
	})
}

func TestWritesAreNeverCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, sides{says(200, ""), never(t, "modern")}, []router.Route{mirrored()})
		r.askWith(context.Background(), "POST", "/v1/claims/1", strings.NewReader("x"))
		synctest.Wait()
		if s := r.Routes()[0].Shadow; s.Eligible != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestModernServedCopiesToLegacyOnlyIfAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, asked := range []bool{false, true} {
			var copies atomic.Int64
			legacy := side(func(*http.Request) (*http.Response, error) { copies.Add(1); return reply(200, "b"), nil })
			route := mirrored()
			route.Stage, route.Share, route.Shadow.Legacy = router.Live, router.FullShare, asked
			var order string
			r := start(t, sides{legacy, says(200, "a")}, []router.Route{route}, comparing(func(_ context.Context, l, m router.Answer) router.Verdict {
				order = string(l.Body) + string(m.Body)
				return router.Verdict{}
			}))
			r.ask("GET", "/v1/claims/1")
			synctest.Wait()
			if (copies.Load() == 1) != asked || asked && order != "ba" {
				t.Errorf("asked %v: %d copies to legacy, compared %q", asked, copies.Load(), order)
			}
		}
	})
}

// A slow shadow costs the clients nothing: workers and queue are bounded, the rest is dropped and counted.
func TestSlowShadow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy, most atomic.Int64
		modern := side(func(*http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), busy.Add(1)))
			time.Sleep(time.Second)
			busy.Add(-1)
			return reply(200, ""), nil
		})
		route := mirrored()
		route.Shadow.Workers, route.Shadow.Queue = 3, 7
		r := start(t, sides{says(200, ""), modern}, []router.Route{route})
		began := time.Now()
		for range 100 {
			r.ask("GET", "/v1/claims/1")
		}
		if time.Since(began) != 0 {
			t.Errorf("100 clients waited %v", time.Since(began))
		}
		if s := r.Routes()[0].Shadow; s.Waiting != 7 || s.Dropped != 90 {
			t.Errorf("%+v; want 7 waiting, 90 dropped", s)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := r.Routes()[0].Shadow; s.Sent != 10 || most.Load() != 3 {
			t.Errorf("%+v, at most %d at once; want 10 sent, 3 at once", s, most.Load())
		}
		if got := r.value(t, "portage_shadow_dropped_total", "reason", "queue_full"); got != 90 {
			t.Errorf("dropped: %v", got)
		}
	})
}

// Sampling goes by client, not by request, and not along the order of moving.
func TestSamplingIsByClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		copied := map[string]int{}
		modern := side(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			copied[r.Header.Get("Client")]++
			mu.Unlock()
			return reply(200, ""), nil
		})
		route := mirrored()
		route.Shadow.Share = 2000
		route.Shadow.Queue = 10_000
		r := start(t, sides{says(200, ""), modern}, []router.Route{route})
		const clients, each = 1000, 3
		for i := range clients * each {
			r.ask("GET", "/v1/claims/1", "Client", strconv.Itoa(i%clients))
		}
		r.ask("GET", "/v1/claims/1", "Client", "")
		synctest.Wait()
		low := 0
		for id, n := range copied {
			if n != each {
				t.Errorf("client %s: %d of %d requests copied", id, n, each)
			}
			if router.Bucket("claims", "claims", keyOf(id)) < router.FullShare/2 {
				low++
			}
		}
		if n := len(copied); n < 140 || n > 260 {
			t.Errorf("%d of %d clients copied, want about 200", n, clients)
		}
		if low < len(copied)*3/10 || low > len(copied)*7/10 {
			t.Errorf("%d of %d copied clients move in the first half: sampling follows the order of moving", low, len(copied))
		}
		if got := r.value(t, "portage_shadow_dropped_total", "reason", "no_key"); got != 1 {
			t.Errorf("without a key: %v dropped", got)
		}
	})
}

func TestWhatIsNotCopied(t *testing.T) {
	big := strings.Repeat("x", 300<<10)
	half := func(r router.Route) router.Route { r.Stage, r.Share = router.Live, router.FullShare; return r }
	yes := true
	for _, c := range []struct {
		name, reason   string
		legacy, modern http.RoundTripper
		route          router.Route
		body           string
		killed         bool
	}{
		{"a large answer", "answer_too_large", says(200, big), never(t, "modern"), mirrored(), "", false},
		{"a large copy's answer", "answer_too_large", says(200, ""), says(200, big), mirrored(), "", false},
		{"a large body", "body_too_large", says(200, ""), never(t, "modern"), func() router.Route { r := mirrored(); r.Safe = &yes; return r }(), big, false},
		{"a killed route", "killed", says(200, ""), never(t, "modern"), mirrored(), "", true},
		{"a fallback", "fallback", says(200, ""), says(500, ""), half(mirrored()), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, sides{c.legacy, c.modern}, []router.Route{c.route}, comparing(bodiesEqual))
				if c.killed {
					on := true
					if _, err := r.Change(context.Background(), router.Change{Route: "claims", Killed: &on, Reason: "test"}); err != nil {
						t.Fatal(err)
					}
				}
				if c.body != "" {
					r.askWith(context.Background(), "POST", "/v1/claims/1", strings.NewReader(c.body))
				} else {
					r.ask("GET", "/v1/claims/1")
				}
				synctest.Wait()
				if got := r.value(t, "portage_shadow_dropped_total", "reason", c.reason); got != 1 {
					t.Errorf("%s: %v; all: %+v", c.reason, got, r.Routes()[0].Shadow)
				}
			})
		})
	}
}

func TestOpenBreakerSparesModernItsCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		modern := side(func(*http.Request) (*http.Response, error) { asked.Add(1); return reply(500, ""), nil })
		route := mirrored()
		route.Stage, route.Share, route.Breaker.MinRequests = router.Live, 5000, 1
		route.Breaker.OpenFor = time.Hour
		r := start(t, sides{says(200, ""), modern}, []router.Route{route})
		early, late := 0, 0
		for i := range 100 {
			if router.Bucket("claims", "claims", keyOf(strconv.Itoa(i))) < 5000 {
				early = i
			} else {
				late = i
			}
		}
		r.ask("GET", "/v1/claims/1", "Client", strconv.Itoa(early)) // opens it
		r.ask("GET", "/v1/claims/1", "Client", strconv.Itoa(late))
		synctest.Wait()
		if asked.Load() != 1 || r.value(t, "portage_shadow_dropped_total", "reason", "breaker_open") != 1 {
			t.Errorf("modern was asked %d times", asked.Load())
		}
	})
}

func TestCloseEndsCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := side(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		route := mirrored()
		route.Shadow.Workers, route.Shadow.Timeout = 1, time.Hour
		r := start(t, sides{says(200, ""), hang}, []router.Route{route})
		for range 3 {
			r.ask("GET", "/v1/claims/1")
		}
		synctest.Wait()
		began := time.Now()
		if err := r.Close(context.Background()); err != nil || time.Since(began) != 0 {
			t.Errorf("close: %v after %v", err, time.Since(began))
		}
		r.ask("GET", "/v1/claims/1")
		if s := r.Routes()[0].Shadow; s.Sent != 0 || s.Results[router.ModernError] != 0 {
			t.Errorf("%+v: copies that the router ended are nobody's error", s)
		}
	})
}

func TestCloseWaitsNoLongerThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		r := start(t, sides{says(200, ""), side(func(*http.Request) (*http.Response, error) { <-stuck; return reply(200, ""), nil })}, []router.Route{mirrored()})
		r.ask("GET", "/v1/claims/1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close with a stuck side: %v", err)
		}
		close(stuck)
	})
}
