package router

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/router/breaker"
)

// Codes are the values of the label code: an answer's class; "canceled" if the client left before it,
// "aborted" if it was cut off because the side broke off in the middle. Exact statuses of sides are no
// closed set.
var Codes = [...]string{"2xx", "3xx", "4xx", "5xx", "canceled", "aborted"}

const (
	codeCanceled = 4
	codeAborted  = 5
)

// codeIndex is the place of a status's class in Codes.
func codeIndex(status int) int { return min(max(status/100-2, 0), 3) }

// shadowCodes are the values of code in portage_shadow_requests_total; "error": no answer.
var shadowCodes = [...]string{"2xx", "3xx", "4xx", "5xx", "error"}

const shadowError = 4

// noRoute is the label of requests that no route took.
const noRoute = "-"

// actions are the values of action in portage_route_changes_total.
var actions = [...]string{"raise", "lower", "promote", "demote", "kill", "restore", "rollback"}

// metrics are the router's collectors. All series of a route exist from its beginning, at zero.
type metrics struct {
	requests, fallbacks, changes, transitions, refusals *prometheus.CounterVec
	shadows, dropped, comparisons, differences          *prometheus.CounterVec
	duration                                            *prometheus.HistogramVec
	inFlight, share, stage, killed, breakerState        *prometheus.GaugeVec

	mu     sync.Mutex
	routes map[string]*routeMetrics
	// unmatched counts requests that no route took, by reason.
	unmatched map[lineKey][len(Codes)]prometheus.Counter
}

// buckets are the classic histogram's, in seconds.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	m := &metrics{
		routes:       map[string]*routeMetrics{},
		unmatched:    map[lineKey][len(Codes)]prometheus.Counter{},
		requests:     counter("portage_requests_total", "Requests by the side that answered, why, and the class of the answer.", "route", "side", "reason", "code"),
		fallbacks:    counter("portage_fallbacks_total", "Requests that Legacy served in Modern's stead, by what was wrong with Modern.", "route", "reason"),
		changes:      counter("portage_route_changes_total", "Changes of a route while it runs.", "route", "action"),
		transitions:  counter("portage_breaker_transitions_total", "Changes of a breaker's state.", "route", "to"),
		refusals:     counter("portage_refusals_total", "Malformed requests, by what is malformed.", "code"),
		shadows:      counter("portage_shadow_requests_total", "Shadow copies sent, by the side that got them and the class of its answer.", "route", "side", "code"),
		dropped:      counter("portage_shadow_dropped_total", "Requests chosen for a shadow copy that was not sent or not compared.", "route", "reason"),
		comparisons:  counter("portage_parity_comparisons_total", "Comparisons of both sides' answers.", "route", "result"),
		differences:  counter("portage_parity_differences_total", "Unequal fields found by comparisons.", "route", "kind"),
		inFlight:     gauge("portage_requests_in_flight", "Requests under way to a side.", "route", "side"),
		share:        gauge("portage_route_share_ratio", "Part of the clients that Modern serves, as in force: 0 when killed or before beta, 1 when retired.", "route"),
		stage:        gauge("portage_route_stage", "1 for the stage at which the route is.", "route", "stage"),
		killed:       gauge("portage_route_killed", "1 if the kill switch holds the route on Legacy.", "route"),
		breakerState: gauge("portage_breaker_state", "1 for the state in which the route's breaker is.", "route", "state"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "portage_request_duration_seconds", Help: "Time from a request's arrival to the end of its answer, fallback included.",
			Buckets: buckets, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route", "side"}),
	}
	if reg != nil {
		for _, c := range m.collectors() {
			if err := reg.Register(c); err != nil {
				return nil, err
			}
		}
	}
	for _, code := range Refusals {
		m.refusals.WithLabelValues(code)
	}
	for _, reason := range []Reason{ReasonRefused, ReasonNotFound} {
		m.unmatched[lineKey{Neither, reason}] = m.codes(noRoute, Neither, reason)
	}
	return m, nil
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.requests, m.fallbacks, m.changes, m.transitions, m.refusals, m.shadows, m.dropped,
		m.comparisons, m.differences, m.duration, m.inFlight, m.share, m.stage, m.killed, m.breakerState}
}

func (m *metrics) codes(route string, s Side, r Reason) (c [len(Codes)]prometheus.Counter) {
	for i, code := range Codes {
		c[i] = m.requests.WithLabelValues(route, s.String(), string(r), code)
	}
	return c
}

// routeMetrics are one route's series, looked up once.
type routeMetrics struct {
	requests    map[lineKey]*[len(Codes)]prometheus.Counter
	duration    [2]prometheus.Observer
	inFlight    [2]prometheus.Gauge
	fallbacks   map[failure]prometheus.Counter
	changes     map[string]prometheus.Counter
	shadows     [2][len(shadowCodes)]prometheus.Counter
	dropped     map[drop]prometheus.Counter
	comparisons map[Result]prometheus.Counter
	differences map[string]prometheus.Counter
}

// route returns the series of a route, made at zero on the first call.
func (m *metrics) route(name string) *routeMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	if rm := m.routes[name]; rm != nil {
		return rm
	}
	rm := &routeMetrics{
		requests:    map[lineKey]*[len(Codes)]prometheus.Counter{},
		fallbacks:   map[failure]prometheus.Counter{},
		changes:     map[string]prometheus.Counter{},
		dropped:     map[drop]prometheus.Counter{},
		comparisons: map[Result]prometheus.Counter{},
		differences: map[string]prometheus.Counter{},
	}
	for _, k := range decisions {
		c := m.codes(name, k.side, k.reason)
		rm.requests[k] = &c
	}
	for _, s := range []Side{Legacy, Modern} {
		rm.duration[s] = m.duration.WithLabelValues(name, s.String())
		rm.inFlight[s] = m.inFlight.WithLabelValues(name, s.String())
		for i, code := range shadowCodes {
			rm.shadows[s][i] = m.shadows.WithLabelValues(name, s.String(), code)
		}
	}
	fill(rm.fallbacks, fallbackReasons[:], m.fallbacks, name)
	fill(rm.changes, actions[:], m.changes, name)
	fill(rm.dropped, drops[:], m.dropped, name)
	fill(rm.comparisons, Results[:], m.comparisons, name)
	fill(rm.differences, differenceKinds[:], m.differences, name)
	for _, s := range breaker.States {
		m.transitions.WithLabelValues(name, s.String())
	}
	m.routes[name] = rm
	return rm
}

func fill[T ~string](to map[T]prometheus.Counter, values []T, vec *prometheus.CounterVec, route string) {
	for _, v := range values {
		to[v] = vec.WithLabelValues(route, string(v))
	}
}

// forget removes the series of a route that the configuration no longer has.
func (m *metrics) forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.routes, name)
	labels := prometheus.Labels{"route": name}
	for _, c := range m.collectors() {
		if v, ok := c.(interface{ DeletePartialMatch(prometheus.Labels) int }); ok {
			v.DeletePartialMatch(labels)
		}
	}
}

// table shows a Table's routes.
func (m *metrics) table(t *Table) {
	for _, e := range t.entries {
		name := e.route.Name
		m.share.WithLabelValues(name).Set(float64(e.share) / FullShare)
		m.killed.WithLabelValues(name).Set(oneIf(e.state.Killed))
		for _, s := range Stages {
			m.stage.WithLabelValues(name, string(s)).Set(oneIf(s == e.state.Stage))
		}
	}
}

// breaker shows a breaker's state.
func (m *metrics) breaker(route string, now breaker.State) {
	for _, s := range breaker.States {
		m.breakerState.WithLabelValues(route, s.String()).Set(oneIf(s == now))
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
