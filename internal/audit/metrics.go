package audit

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is nil if nobody registered any.
type metrics struct {
	entries *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	if r == nil {
		return nil
	}
	m := &metrics{entries: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "portage_audit_entries_total",
		Help: "Entries taken by the audit, spilled ones included, by action and outcome.",
	}, []string{"action", "outcome"})}
	for _, action := range Actions {
		for _, outcome := range [...]Outcome{Done, Refused, Failed} {
			m.entries.WithLabelValues(action, string(outcome))
		}
	}
	r.MustRegister(m.entries)
	return m
}

func (m *metrics) count(e Entry) {
	if m == nil {
		return
	}
	action := e.Action
	if !slices.Contains(Actions[:], action) {
		action = "other"
	}
	m.entries.WithLabelValues(action, string(e.Outcome)).Inc()
}
