package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func probe(err error) func(context.Context) error { return func(context.Context) error { return err } }

func TestReadyz(t *testing.T) {
	for _, c := range []struct {
		name     string
		checks   []Check
		draining bool
		status   int
		want     string
	}{
		{"all well", []Check{{"store", probe(nil)}}, false, 200, "ready\nstore: ok\n"},
		{"nothing to check", nil, false, 200, "ready\n"},
		{"a warning keeps traffic coming", []Check{{"store", probe(nil)}, {"audit", probe(Warn("%d entries wait", 2))}}, false, 200, "ready\nstore: ok\naudit: warning: 2 entries wait\n"},
		{"a failure stops it", []Check{{"store", probe(errors.New("no space left on device"))}, {"audit", probe(nil)}}, false, 503, "not ready\nstore: failing: no space left on device\naudit: ok\n"},
		{"a wrapped warning is a warning", []Check{{"audit", probe(errors.Join(Warn("spilled")))}}, false, 200, "ready\naudit: warning: spilled\n"},
		{"draining", []Check{{"store", probe(nil)}}, true, 503, "not ready\ndraining: failing: this instance is stopping\nstore: ok\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSample()
			s.config.Checks, s.config.Draining = c.checks, func() bool { return c.draining }
			h := s.console(t).HTTP()
			if w := call(t, h, "GET", "/readyz", ""); w.Code != c.status || w.Body.String() != c.want {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, c.status, c.want)
			}
			if w := call(t, h, "GET", "/livez", ""); w.Code != 200 || w.Body.String() != "ok\n" {
				t.Errorf("/livez: %d %q: it must not ask about anything", w.Code, w.Body)
			}
		})
	}
}

func TestAHangingCheckFailsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSample()
		s.config.Checks = []Check{{"queue-manager", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}}
		start := time.Now()
		w := call(t, s.console(t).HTTP(), "GET", "/readyz", "")
		if w.Code != 503 || !strings.Contains(w.Body.String(), "deadline exceeded") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if took := time.Since(start); took != checkTimeout {
			t.Errorf("it took %v, want %v", took, checkTimeout)
		}
	})
}

func TestMetricsAgreeWithReadyz(t *testing.T) {
	s := newSample()
	s.config.Checks = []Check{{"store", probe(errors.New("down"))}, {"audit", probe(Warn("spilled"))}, {"journal", probe(nil)}}
	s.console(t)
	want := `
# HELP portage_ready_check 1: the check of /readyz lets traffic come, a warning included. 0: it does not.
# TYPE portage_ready_check gauge
portage_ready_check{check="audit"} 1
portage_ready_check{check="journal"} 1
portage_ready_check{check="store"} 0
# HELP portage_build_info Always 1. The labels say what this program was built from.
# TYPE portage_build_info gauge
portage_build_info{goversion="go1.26.8",revision="abc1234",version="1.0.0"} 1
`
	if err := testutil.GatherAndCompare(s.config.Gatherer, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	problems, err := testutil.GatherAndLint(s.config.Gatherer)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

// Exemplars exist in OpenMetrics only, so a scraper that asks for it must get it.
func TestMetricsInOpenMetricsKeepExemplars(t *testing.T) {
	s := newSample()
	registry := prometheus.NewRegistry()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "portage_story_seconds", Help: "Of a story.", Buckets: []float64{1}})
	registry.MustRegister(h)
	h.(prometheus.ExemplarObserver).ObserveWithExemplar(0.5, prometheus.Labels{"trace_id": "0af7651916cd43dd8448eb211c80319c"})
	s.config.Gatherer, s.config.Registerer = registry, registry
	door := s.console(t).HTTP()
	w := call(t, door, "GET", "/metrics", "", accepting("fr"))
	if w.Code != 200 || strings.Contains(w.Body.String(), "trace_id") {
		t.Errorf("text: %d %s", w.Code, w.Body)
	}
	w = call(t, door, "GET", "/metrics", "", acceptOpenMetrics)
	if kind := w.Header().Get("Content-Type"); !strings.HasPrefix(kind, "application/openmetrics-text") || !strings.Contains(w.Body.String(), `trace_id="0af7651916cd43dd8448eb211c80319c"`) || !strings.HasSuffix(w.Body.String(), "# EOF\n") {
		t.Errorf("OpenMetrics: %s\n%s", kind, w.Body)
	}
}

func acceptOpenMetrics(r *http.Request) {
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
}
