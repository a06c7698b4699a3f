package dataset

import "github.com/prometheus/client_golang/prometheus"

// Metrics are this room's numbers. A nil *Metrics counts nothing. Safe for use by several goroutines.
type Metrics struct {
	generations *prometheus.CounterVec
}

// NewMetrics registers this room's metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{generations: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_dataset_generations_total",
		Help: "Generations of files by what became of them: accepted, rejected (whole), repeated, missing, late, out_of_order, partial."},
		[]string{"dataset", "result"})}
	r.MustRegister(m.generations)
	return m
}

// dataset makes the series of one dataset, at zero.
func (m *Metrics) dataset(name string) {
	if m == nil {
		return
	}
	for _, r := range results() {
		m.generations.WithLabelValues(name, string(r))
	}
}

func (m *Metrics) count(e Event) {
	if m != nil {
		m.generations.WithLabelValues(e.Dataset, string(e.Result)).Add(float64(e.Count))
	}
}
