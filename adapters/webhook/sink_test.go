package webhook

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Features{KeepsID: true}, func(t *testing.T) adaptertest.Rig {
		sub, sink, _ := overHTTP(t, func(c *Config) { c.ForwardKey, c.ForwardHeaders, c.MaxBody = true, true, 2<<20 })
		return adaptertest.Rig{Sink: sink, Stored: func(context.Context, string) ([]adapters.Message, error) {
			var list []adapters.Message
			for _, r := range sub.taken {
				m := adapters.Message{ID: r.id, Body: []byte(r.body)}
				var err error
				if m.Key, err = base64.StdEncoding.DecodeString(r.header.Get(headerKey)); err != nil {
					return nil, err
				}
				for _, h := range r.header.Values(headerHeader) {
					name, value, _ := strings.Cut(h, "=")
					if value, err = url.PathUnescape(value); err != nil {
						return nil, err
					}
					m.Headers = append(m.Headers, adapters.Header{Name: name, Value: value})
				}
				list = append(list, m)
			}
			return list, nil
		}}
	})
}

// Each answer has one meaning.
func TestAnswers(t *testing.T) {
	for status, want := range map[int]string{
		200: "", 202: "", 204: "",
		301: "again", 307: "again", 408: "again", 425: "again", 429: "again", 500: "again", 501: "again", 503: "again",
		400: "subscriber-refused", 401: "subscriber-refused", 404: "subscriber-refused", 409: "subscriber-refused", 422: "subscriber-refused",
	} {
		synctest.Test(t, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			sub, sink, l := inBubble(t, func(c *Config) { c.Metrics = NewMetrics(registry) })
			sub.answer = func(try int, _ received) answer {
				if try < 3 {
					return answer{status: status, header: http.Header{"Location": {"https://elsewhere.example"}}}
				}
				return took(200)
			}
			err := sink.Publish(t.Context(), events(1)...)
			hidden(t, err, l)
			var refused *adapters.Refusal
			switch {
			case want == "" && (err != nil || sub.tries != 1),
				want == "again" && (err != nil || sub.tries != 3),
				want == "subscriber-refused" && (!errors.As(err, &refused) || refused.Reason != want || sub.tries != 1):
				t.Errorf("status %d: %d attempts, %v", status, sub.tries, err)
			}
			m := sink.cfg.Metrics.deliveries
			got := []float64{testutil.ToFloat64(m.WithLabelValues("partner", resultDelivered)), testutil.ToFloat64(m.WithLabelValues("partner", resultFailed)),
				testutil.ToFloat64(m.WithLabelValues("partner", resultRefused)), testutil.ToFloat64(m.WithLabelValues("partner", resultGone))}
			if counts := map[string][]float64{"": {1, 0, 0, 0}, "again": {1, 2, 0, 0}, "subscriber-refused": {0, 0, 1, 0}}[want]; !slices.Equal(got, counts) {
				t.Errorf("status %d: delivered, failed, refused, gone: %v", status, got)
			}
		})
	}
}

func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sub, sink, _ := inBubble(t, nil)
		sub.answer = func(int, received) answer { return said(http.StatusGone) }
		for range 2 {
			if err := sink.Publish(t.Context(), events(3)...); !errors.Is(err, ErrGone) {
				t.Errorf("%v", err)
			}
		}
		<-sink.Gone()
		if sub.tries != 1 {
			t.Errorf("%d attempts, want 1", sub.tries)
		}
	})
}

// The pauses are those asked for, and else double up to their most; each attempt is signed at its own time.
func TestPauses(t *testing.T) {
	after := func(s string) http.Header { return http.Header{"Retry-After": {s}} }
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		script := []answer{said(500), {status: 503, header: after("7")}, {status: 429, header: after(began.Add(20 * time.Second).UTC().Format(http.TimeFormat))},
			{status: 408, header: after("soon")}, silent(false), said(500), said(500)}
		sub, sink, _ := inBubble(t, func(c *Config) {
			c.RetryMin, c.RetryMax, c.Rand = time.Second, 4*time.Second, func(n int64) int64 { return n - 1 }
		})
		var at []time.Duration
		sub.answer = func(try int, r received) answer {
			at = append(at, time.Since(began))
			if try > len(script) {
				return took(200)
			}
			return script[try-1]
		}
		if err := sink.Publish(t.Context(), events(1)...); err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, 1, 8, 20, 24, 28, 32, 36}
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(at, want) {
			t.Errorf("attempts at %v, want %v", at, want)
		}
	})
}

// The patience ends before the wait that the subscriber asked for; the next Publish waits for the rest of it.
func TestRetryAfterOutlastsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		sub, sink, _ := inBubble(t, func(c *Config) { c.Patience, c.RetryAfterMax = time.Minute, 150*time.Second })
		sub.answer = func(try int, _ received) answer {
			if try == 1 {
				return answer{status: 503, header: http.Header{"Retry-After": {"999"}}}
			}
			return took(200)
		}
		for n := range 3 {
			err := sink.Publish(t.Context(), events(1)...)
			var e *Error
			switch {
			case n < 2 && (!errors.As(err, &e) || !e.Transient() || sub.tries != 1):
				t.Fatalf("publish %d: %v after %d attempts", n+1, err, sub.tries)
			case n == 0 && (e.Status != 503 || e.Attempts != 1), n == 1 && e.Attempts != 0, n == 2 && err != nil:
				t.Fatalf("publish %d: %v", n+1, err)
			}
		}
		if waited := time.Since(began); waited != 150*time.Second || sub.tries != 2 {
			t.Errorf("delivered after %s in %d attempts", waited, sub.tries)
		}
	})
}

// One event is under way at a time, whoever publishes; Close ends what waits.
func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sub, sink, _ := inBubble(t, nil)
		sub.answer = func(int, received) answer { return said(500) }
		ended := make(chan error, 2)
		for range 2 {
			go func() { ended <- sink.Publish(t.Context(), events(1)...) }()
		}
		time.Sleep(time.Second)
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := <-ended; !errors.Is(err, ErrClosed) {
				t.Errorf("%v", err)
			}
		}
		if err := sink.Publish(t.Context(), events(1)...); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// A refused event in a batch stops it there; when the halves come again, what was delivered is not sent again.
func TestARefusalDoesNotDoubleTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sub, sink, _ := inBubble(t, nil)
		sub.answer = func(_ int, r received) answer {
			if r.id == "e-5" {
				return said(422)
			}
			return took(200)
		}
		all := events(8)
		for _, batch := range [][]adapters.Message{all, all[:4], all[4:6], all[4:5], all[5:6], all[6:]} {
			var refused *adapters.Refusal
			if err := sink.Publish(t.Context(), batch...); err != nil && !errors.As(err, &refused) {
				t.Fatal(err)
			}
		}
		if got := strings.Join(sub.ids(), " "); got != "e-1 e-2 e-3 e-4 e-6 e-7 e-8" || len(sink.delivered) != 0 {
			t.Errorf("taken: %s; %d ids are kept", got, len(sink.delivered))
		}
	})
}

// A subscriber that never answers costs one timeout an attempt, and a redirect leads nowhere.
func TestOverTheNetwork(t *testing.T) {
	sub, sink, l := overHTTP(t, func(c *Config) { c.Timeout = 200 * time.Millisecond })
	release := make(chan struct{})
	hang := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sub.mu.Lock()
		first := sub.tries == 0
		sub.mu.Unlock()
		switch sub.hear(r); {
		case first:
			<-release
		default:
			w.WriteHeader(200)
		}
	})
	server := httptest.NewServer(hang)
	defer server.Close()
	defer close(release)
	sink.cfg.URL = server.URL
	if err := sink.Publish(t.Context(), events(1)...); err != nil || sub.tries < 2 {
		t.Errorf("%v after %d attempts", err, sub.tries)
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	redirect := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/"+canaryURL, http.StatusPermanentRedirect))
	defer redirect.Close()
	sink.cfg.URL, sink.http.Timeout = redirect.URL+"/"+canaryURL, time.Minute
	redirected := failing(t, sink, l)
	if redirected.Status != 308 || redirected.Hint == "" {
		t.Error(redirected)
	}
	sink.cfg.URL = "http://127.0.0.1:1/" + canaryURL // nobody listens
	refused := failing(t, sink, l)
	if refused.Status != 0 || !strings.Contains(refused.Error(), "connection refused") {
		t.Error(refused)
	}
	hidden(t, redirected, refused, l)
}

func TestTLS(t *testing.T) {
	sub := &subscriber{t: t, now: time.Now}
	server := httptest.NewUnstartedServer(sub)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c, l := fast(t, server.URL)
	c.TLS.CAFile = ca
	if err := open(t, c).Publish(t.Context(), events(1)...); err != nil {
		t.Errorf("a trusted subscriber: %v", err)
	}
	c.TLS.CAFile = ""
	if err := failing(t, open(t, c), l); !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown subscriber: %v", err)
	}
	if len(sub.taken) != 1 {
		t.Errorf("%d events were taken", len(sub.taken))
	}
}

func TestConfigIsRefused(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"name":       func(c *Config) { c.Name = "A partner" },
		"keyFiles":   func(c *Config) { c.KeyFiles = nil },
		"3 keyFiles": func(c *Config) { c.KeyFiles = []string{"a", "b", "c"} },
		"no such":    func(c *Config) { c.KeyFiles = []string{"/none"} },
		"https only": func(c *Config) { c.URL = "http://partner.example/" + canaryURL },
		"scheme":     func(c *Config) { c.URL = "ftp://partner.example/" + canaryURL },
		"user":       func(c *Config) { c.URL = "https://u:" + canaryURL + "@partner.example" },
		"absolute":   func(c *Config) { c.URL = canaryURL },
		"content":    func(c *Config) { c.Content = "batched" },
		"caFile":     func(c *Config) { c.TLS.CAFile = c.KeyFiles[0] },
		"certFile":   func(c *Config) { c.TLS.CertFile = "/none" },
	} {
		c, _ := fast(t, "https://partner.example")
		change(&c)
		_, err := Open(c)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		hidden(t, err)
	}
}
