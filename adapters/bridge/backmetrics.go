package bridge

import "github.com/prometheus/client_golang/prometheus"

// BackMetrics are the numbers of write-back. A nil one counts nothing. Safe for use by several goroutines.
type BackMetrics struct {
	passed *prometheus.CounterVec
	echoes *prometheus.CounterVec
}

// NewBackMetrics registers them.
func NewBackMetrics(r prometheus.Registerer) *BackMetrics {
	m := &BackMetrics{
		passed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_writeback_passed_total",
			Help: "Events that were not written back to Legacy: of a type that is not taken, from Legacy itself, or with the mark of a write-back."},
			[]string{"bridge", "reason"}),
		echoes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_writeback_echoes_total",
			Help: "Messages of Legacy that only repeat what was written back and became no events, by how they were known."},
			[]string{"bridge", "sign"}),
	}
	r.MustRegister(m.passed, m.echoes)
	return m
}

// Passed returns RecordsConfig.Passed for a write-back, with its series at zero.
func (m *BackMetrics) Passed(bridge string) func(reason string) {
	if m == nil {
		return func(string) {}
	}
	return counter(m.passed, bridge, PassReasons[:])
}

// Dropped returns Echo.Dropped for the bridge that reads Legacy's messages, with its series at zero.
func (m *BackMetrics) Dropped(bridge string) func(sign string) {
	if m == nil {
		return func(string) {}
	}
	return counter(m.echoes, bridge, EchoSigns[:])
}

func counter(v *prometheus.CounterVec, bridge string, words []string) func(string) {
	for _, w := range words {
		v.WithLabelValues(bridge, w)
	}
	return func(word string) { v.WithLabelValues(bridge, word).Inc() }
}
