package bridge

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// The labels of a diverted message.
const (
	sideLegacy        = "legacy"
	sideModern        = "modern"
	reasonUndecodable = "undecodable" // no Key can be told, or Modern could not read it: Legacy
	reasonTap         = "tap"         // a copy: Modern
)

// DecideReasons are the reasons that Diversion.Decide may give, those of the router's Decision; any other
// counts as "other".
var DecideReasons = [...]string{"share", "stage", "pin", "no_key", "killed", "override", "breaker_open", "not_found"}

// DiversionMetrics are the numbers of diversions. A nil one counts nothing. Safe for use by several goroutines.
type DiversionMetrics struct {
	messages *prometheus.CounterVec
	lost     *prometheus.CounterVec
}

// NewDiversionMetrics registers them.
func NewDiversionMetrics(r prometheus.Registerer) *DiversionMetrics {
	m := &DiversionMetrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_diversion_messages_total",
			Help: "Messages of a queue that Legacy read, by the side they were passed on to and why."},
			[]string{"diversion", "side", "reason"}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "portage_diversion_tap_lost_total",
			Help: "Copies that the queue manager could not make for a tap: Modern has not seen these messages."},
			[]string{"diversion"}),
	}
	r.MustRegister(m.messages, m.lost)
	return m
}

// diversionNumbers are one diversion's series; its methods do nothing without DiversionMetrics.
type diversionNumbers struct {
	m    *DiversionMetrics
	name string
}

// diversion makes the series of one diversion, at zero.
func (m *DiversionMetrics) diversion(name string, tap bool) diversionNumbers {
	n := diversionNumbers{m, name}
	if m == nil {
		return n
	}
	n.count(sideReason{sideLegacy, reasonUndecodable}, 0)
	if tap {
		n.count(sideReason{sideModern, reasonTap}, 0)
		n.lost(0)
		return n
	}
	for _, reason := range append(DecideReasons[:], reasonOther) {
		n.count(sideReason{sideLegacy, reason}, 0)
	}
	for _, reason := range []string{"share", "stage", "pin", "override", reasonOther} {
		n.count(sideReason{sideModern, reason}, 0)
	}
	return n
}

func (n diversionNumbers) count(k sideReason, messages int) {
	if n.m == nil {
		return
	}
	if k.reason != reasonUndecodable && k.reason != reasonTap && !slices.Contains(DecideReasons[:], k.reason) {
		k.reason = reasonOther
	}
	n.m.messages.WithLabelValues(n.name, k.side, k.reason).Add(float64(messages))
}

func (n diversionNumbers) lost(messages uint64) {
	if n.m != nil {
		n.m.lost.WithLabelValues(n.name).Add(float64(messages))
	}
}
