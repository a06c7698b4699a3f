package bridge

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/copybooks"
)

// Metrics are this room's numbers. A nil *Metrics counts nothing. Safe for use by several goroutines.
type Metrics struct {
	messages    *prometheus.CounterVec
	deadLetters *prometheus.CounterVec
	lag         *prometheus.GaugeVec
	answers     *prometheus.CounterVec
}

// NewMetrics registers this room's metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_bridge_messages_total",
			Help: "Messages by what came of them: published, duplicate (there already), dead_letter, returned (to come again)."},
			[]string{"bridge", "result"}),
		deadLetters: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_dead_letters_total",
			Help: "Messages that no retry can help, by reason."}, []string{"bridge", "reason"}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "portage_bridge_lag_seconds",
			Help: "Age of the oldest message of the last batch when it was settled."}, []string{"bridge"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_exchange_answers_total",
			Help: "Answers that exchanges gave to requests, by outcome."}, []string{"exchange", "outcome"}),
	}
	r.MustRegister(m.messages, m.deadLetters, m.lag, m.answers)
	return m
}

// The closed set of the label result.
const (
	resultPublished  = "published"
	resultDuplicate  = "duplicate"
	resultDeadLetter = "dead_letter"
	resultReturned   = "returned"
)

// reasonOther stands for a reason that is not in the closed set.
const reasonOther = "other"

// reasons are the closed set of the label reason: those of records, of identities and of sinks. A fault
// without a code counts as other.
func reasons() []string {
	named := slices.DeleteFunc(copybooks.Reasons(), func(r string) bool { return r == "" })
	return append(named, reasonReference, reasonEvent, "id-conflict", "id-missing", "id-too-long",
		"too-large", reasonNumeric, "invalid-record", "invalid-timestamp", "subscriber-refused", "header", "header-short", "header-id", "header-codepage", "header-encoding",
		"header-version", "header-length", "header-format", "header-folder", "header-segment", "header-value", "header-many", reasonOther)
}

// numbers are one bridge's series; its methods do nothing without Metrics.
type numbers struct {
	m       *Metrics
	name    string
	reasons []string
}

// bridge makes the series of one bridge, at zero.
func (m *Metrics) bridge(name string) numbers {
	n := numbers{m: m, name: name}
	if m == nil {
		return n
	}
	for _, r := range []string{resultPublished, resultDuplicate, resultDeadLetter, resultReturned} {
		m.messages.WithLabelValues(name, r)
	}
	n.reasons = reasons()
	for _, r := range n.reasons {
		m.deadLetters.WithLabelValues(name, r)
	}
	m.lag.WithLabelValues(name)
	return n
}

func (n numbers) count(result string, messages int) {
	if n.m != nil {
		n.m.messages.WithLabelValues(n.name, result).Add(float64(messages))
	}
}

func (n numbers) published(all, duplicates int) {
	n.count(resultPublished, all-duplicates)
	n.count(resultDuplicate, duplicates)
}

func (n numbers) returned(messages int) { n.count(resultReturned, messages) }

func (n numbers) deadLetter(reason string) {
	n.count(resultDeadLetter, 1)
	if n.m == nil {
		return
	}
	if !slices.Contains(n.reasons, reason) {
		reason = reasonOther
	}
	n.m.deadLetters.WithLabelValues(n.name, reason).Inc()
}

func (n numbers) lag(d time.Duration) {
	if n.m != nil {
		n.m.lag.WithLabelValues(n.name).Set(d.Seconds())
	}
}

// Outcomes of an Exchange's answers beside those of its problems.
const (
	outcomeAnswered = "answered" // 2xx, as Legacy said
	outcomeDeclined = "declined" // any other status, as Legacy said
	outcomeLeft     = "left"     // the client left before the reply came
)

func outcomeOf(status int) string {
	if status >= 200 && status < 300 {
		return outcomeAnswered
	}
	return outcomeDeclined
}

// exchange makes the series of one exchange, at zero.
func (m *Metrics) exchange(name string) {
	if m == nil {
		return
	}
	for _, p := range problems {
		m.answers.WithLabelValues(name, p.outcome)
	}
	for _, o := range []string{outcomeAnswered, outcomeDeclined, outcomeLeft} {
		m.answers.WithLabelValues(name, o)
	}
}

func (m *Metrics) answered(name, outcome string) {
	if m != nil {
		m.answers.WithLabelValues(name, outcome).Inc()
	}
}
