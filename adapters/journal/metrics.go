package journal

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	events prometheus.Counter
}

// newMetrics makes the journal's series, at zero; r may be nil.
func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{events: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "portage_journal_events_total",
		Help: "Events appended to the journal since this process opened it; duplicates are not counted.",
	})}
	if r != nil {
		r.MustRegister(m.events)
	}
	return m
}
