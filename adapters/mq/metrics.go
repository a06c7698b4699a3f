package mq

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are this room's numbers. A nil *Metrics counts nothing. Safe for use by several goroutines.
type Metrics struct {
	connected *prometheus.GaugeVec
	calls     *prometheus.CounterVec
	inFlight  *prometheus.GaugeVec
	late      *prometheus.CounterVec
}

// NewMetrics registers this room's metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		connected: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "portage_mq_connected",
			Help: "1 while the last connection attempt or call reached the queue manager."}, []string{"queue_manager"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_exchange_calls_total",
			Help: "Calls over queues by result."}, []string{"exchange", "result"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "portage_exchange_in_flight",
			Help: "Calls that wait for their reply."}, []string{"exchange"}),
		late: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_exchange_late_replies_total",
			Help: "Replies that no call waited for, moved to the LATE queue."}, []string{"exchange"}),
	}
	r.MustRegister(m.connected, m.calls, m.inFlight, m.late)
	return m
}

// Dial returns dial with portage_mq_connected kept under the name of its queue manager.
func (m *Metrics) Dial(queueManager string, dial Dial) Dial {
	if m == nil {
		return dial
	}
	g := m.connected.WithLabelValues(queueManager)
	return func(ctx context.Context) (Conn, error) {
		c, err := dial(ctx)
		if err != nil {
			g.Set(0)
			return nil, err
		}
		g.Set(1)
		return &watched{Conn: c, up: g}, nil
	}
}

// watched sets the gauge to 0 when a call finds the connection broken.
type watched struct {
	Conn
	up prometheus.Gauge
}

func (w *watched) saw(err error) {
	if e := asError(err); e != nil && (e.Class() == Reconnect || e.Class() == InDoubt) {
		w.up.Set(0)
	}
}

func (w *watched) Get(ctx context.Context, queue string, o GetOptions) (Message, error) {
	m, err := w.Conn.Get(ctx, queue, o)
	w.saw(err)
	return m, err
}

// GetBatch implements BatchGetter over whatever the connection offers.
func (w *watched) GetBatch(ctx context.Context, queue string, o GetOptions, most, size int) ([]Message, error) {
	ms, err := getBatch(ctx, w.Conn, queue, o, most, size)
	w.saw(err)
	return ms, err
}

func (w *watched) Put(ctx context.Context, queue string, m Message, o PutOptions) (Descriptor, error) {
	d, err := w.Conn.Put(ctx, queue, m, o)
	w.saw(err)
	return d, err
}

func (w *watched) Commit(ctx context.Context) error {
	err := w.Conn.Commit(ctx)
	w.saw(err)
	return err
}

// results are the closed set of the label result.
var results = []string{"ok", "busy", "timeout", "in_doubt", "unreachable", "refused", "failed"}

// exchange are the numbers of one Requester; its methods do nothing without Metrics.
type exchange struct {
	m    *Metrics
	name string
}

func (m *Metrics) exchange(name string) exchange {
	if m != nil {
		for _, r := range results {
			m.calls.WithLabelValues(name, r)
		}
		m.inFlight.WithLabelValues(name)
		m.late.WithLabelValues(name)
	}
	return exchange{m, name}
}

func (e exchange) begin() {
	if e.m != nil {
		e.m.inFlight.WithLabelValues(e.name).Inc()
	}
}

func (e exchange) end() {
	if e.m != nil {
		e.m.inFlight.WithLabelValues(e.name).Dec()
	}
}

func (e exchange) count(result string) {
	if e.m != nil {
		e.m.calls.WithLabelValues(e.name, result).Inc()
	}
}

func (e exchange) tooLate() {
	if e.m != nil {
		e.m.late.WithLabelValues(e.name).Inc()
	}
}

var (
	depthDesc = prometheus.NewDesc("portage_queue_depth_messages", "Messages on the queue, those in open units of work included.", []string{"queue"}, nil)
	ageDesc   = prometheus.NewDesc("portage_queue_oldest_age_seconds", "Age of the oldest message that waits on the queue.", []string{"queue"}, nil)
)

// Depths collects depth and age of queues when Prometheus asks. It keeps one connection. While the
// queue manager does not answer within two seconds the series are absent, and portage_mq_connected is 0.
// Safe for use by several goroutines.
type Depths struct {
	Dial   Dial
	Queues []string

	mu   sync.Mutex
	conn Conn
}

var _ prometheus.Collector = (*Depths)(nil)

// Describe implements prometheus.Collector.
func (d *Depths) Describe(ch chan<- *prometheus.Desc) {
	ch <- depthDesc
	ch <- ageDesc
}

// Collect implements prometheus.Collector.
func (d *Depths) Collect(ch chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, q := range d.Queues {
		a, err := d.inquire(ctx, q)
		if err != nil {
			continue
		}
		ch <- prometheus.MustNewConstMetric(depthDesc, prometheus.GaugeValue, float64(a.Depth), q)
		ch <- prometheus.MustNewConstMetric(ageDesc, prometheus.GaugeValue, a.OldestAge.Seconds(), q)
	}
}

func (d *Depths) inquire(ctx context.Context, queue string) (Attributes, error) {
	if d.conn == nil {
		c, err := d.Dial(ctx)
		if err != nil {
			return Attributes{}, err
		}
		d.conn = c
	}
	a, err := d.conn.Inquire(ctx, queue)
	if err != nil && classOf(err) == Reconnect {
		d.conn.Close()
		d.conn = nil
	}
	return a, err
}

// Close closes the connection.
func (d *Depths) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		return nil
	}
	err := d.conn.Close()
	d.conn = nil
	return err
}
