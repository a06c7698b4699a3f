package router_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/router"
)

// rival is httputil.ReverseProxy at its best: Rewrite, many idle connections, a buffer pool.
func rival(b testing.TB, target string) http.Handler {
	u, err := url.Parse(target)
	if err != nil {
		b.Fatal(err)
	}
	tr := &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true, IdleConnTimeout: 30 * time.Second}
	b.Cleanup(tr.CloseIdleConnections)
	return &httputil.ReverseProxy{
		Transport:  tr,
		BufferPool: make(buffers, 64),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.SetXForwarded()
		},
	}
}

type buffers chan []byte

func (p buffers) Get() []byte {
	select {
	case b := <-p:
		return b
	default:
		return make([]byte, 32<<10)
	}
}

func (p buffers) Put(b []byte) {
	select {
	case p <- b:
	default:
	}
}

// routed is a Router with everything on: split, stickiness, breaker, metrics, census.
func routed(b testing.TB, target string, shadow int) *router.Router {
	s := httpSide(b, target)
	r, err := router.New(router.Config{
		Routes: []router.Route{{Name: "claims", Path: "/v1/ei/claims/{claimRef}", Stage: router.Live, Share: 5000,
			Shadow: router.Shadow{Share: shadow, Legacy: true, Queue: 1000}}},
		Sides:      sides{s, s}.of,
		Key:        anyone,
		Registerer: prometheus.NewRegistry(),
		Compare: func(string) router.Compare {
			return func(_ context.Context, l, m router.Answer) router.Verdict {
				return router.Verdict{Equal: string(l.Body) == string(m.Body)}
			}
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close(context.Background()) })
	return r
}

func backend(b testing.TB) string {
	body := []byte(strings.Repeat("0123456789abcdef", 64)) // 1 KiB
	return server(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = w.Write(body)
	})).URL
}

// BenchmarkRouted sends the same requests in turn through a bare tuned ReverseProxy and through a Router
// with everything on, over loopback, and reports what part of the rival's speed the Router has.
func BenchmarkRouted(b *testing.B) {
	target := backend(b)
	for _, c := range []struct {
		name   string
		shadow int
	}{{"split", 0}, {"shadow10percent", 1000}} {
		b.Run(c.name, func(b *testing.B) {
			bare, ours := server(b, rival(b, target)), server(b, routed(b, target, c.shadow))
			cl := client(b)
			var bareTime, oursTime time.Duration
			get := func(base string, i int) time.Duration {
				req, _ := http.NewRequest("GET", base+"/v1/ei/claims/MFRGGZDFMZTWQ2LK?lang=en", nil)
				req.Header.Set("Client", sinOf[i%len(sinOf)])
				req.Header.Set("Accept", "application/json")
				began := time.Now()
				res, err := cl.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				return time.Since(began)
			}
			i := 0
			for b.Loop() {
				bareTime += get(bare.URL, i)
				oursTime += get(ours.URL, i)
				i++
			}
			b.ReportMetric(float64(bareTime.Nanoseconds())/float64(i), "bare-ns/req")
			b.ReportMetric(float64(oursTime.Nanoseconds())/float64(i), "routed-ns/req")
			b.ReportMetric(float64(bareTime)/float64(oursTime), "of-bare")
		})
	}
}

var sinOf = sins(1000)

// BenchmarkOwnPart leaves the network out: the side answers from memory, so what remains is the proxy.
func BenchmarkOwnPart(b *testing.B) {
	body := strings.Repeat("0123456789abcdef", 64)
	s := side(func(*http.Request) (*http.Response, error) { return reply(200, body), nil })
	run := func(b *testing.B, h http.Handler) {
		req := httptest.NewRequest("GET", "/v1/ei/claims/MFRGGZDFMZTWQ2LK?lang=en", nil)
		req.Header.Set("Client", "046454286")
		req.Header.Set("Accept", "application/json")
		req.Header.Set("User-Agent", "bench")
		b.ReportAllocs()
		for b.Loop() {
			h.ServeHTTP(&discard{header: http.Header{}}, req)
		}
	}
	b.Run("bare", func(b *testing.B) {
		h := rival(b, "http://127.0.0.1:1").(*httputil.ReverseProxy)
		h.Transport = s
		run(b, h)
	})
	b.Run("routed", func(b *testing.B) {
		r, err := router.New(router.Config{
			Routes: []router.Route{{Name: "claims", Path: "/v1/ei/claims/{claimRef}", Stage: router.Live, Share: 5000}},
			Sides:  sides{s, s}.of, Key: anyone, Registerer: prometheus.NewRegistry(),
		})
		if err != nil {
			b.Fatal(err)
		}
		run(b, r)
	})
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
