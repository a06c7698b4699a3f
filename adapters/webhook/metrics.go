package webhook

import "github.com/prometheus/client_golang/prometheus"

// Metrics are this room's numbers. A nil *Metrics counts nothing. Safe for use by several goroutines.
type Metrics struct {
	deliveries *prometheus.CounterVec
}

// NewMetrics registers this room's metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_webhook_deliveries_total",
		Help: "Attempts to deliver an event by what came of them: delivered, failed (to be tried again), refused (a dead letter), gone (the subscriber has left)."},
		[]string{"subscriber", "result"})}
	r.MustRegister(m.deliveries)
	return m
}

// The closed set of the label result.
const (
	resultDelivered = "delivered"
	resultFailed    = "failed"
	resultRefused   = "refused"
	resultGone      = "gone"
)

// subscriber makes the series of one subscriber, at zero.
func (m *Metrics) subscriber(name string) {
	if m == nil {
		return
	}
	for _, r := range []string{resultDelivered, resultFailed, resultRefused, resultGone} {
		m.deliveries.WithLabelValues(name, r)
	}
}

func (m *Metrics) count(name, result string) {
	if m != nil {
		m.deliveries.WithLabelValues(name, result).Inc()
	}
}
