package router

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Answer is what a side answered to a request that both were asked.
type Answer struct {
	Status int
	// Header is without hop-by-hop headers. It must not be changed.
	Header http.Header
	// Body is the whole body, as sent: compressed, if Header says so. It must not be changed.
	Body []byte
	// Err says that there is no answer; the rest is zero then, except Took.
	Err error
	// Took is the time to the last byte of the body. A copy runs later than the original and may find
	// warm caches: compare pairs, not sums.
	Took time.Duration
}

// Compare compares both sides' answers to one request. It runs in the shadow's workers, several at a
// time, under the shadow's deadline; a panic counts as skipped. It is not called if a side failed.
type Compare func(ctx context.Context, legacy, modern Answer) Verdict

// Verdict is what a Compare found.
type Verdict struct {
	Equal bool
	// Severity is the comparer's word for how bad it is; empty if Equal.
	Severity string
	// Fields are the unequal fields, their values masked: they are shown on the page as they are.
	Fields []Difference
	// Ref leads to the stored sample, if there is one.
	Ref string
	// Skipped says why nothing was compared; empty if something was.
	Skipped string
}

// Difference is one unequal field.
type Difference struct {
	// Pointer is the field's place: a JSON Pointer (RFC 6901), or "status", or "header/NAME".
	Pointer string
	// Kind is one of DifferenceKinds; any other counts as "other" in the metrics.
	Kind string
	// Legacy and Modern are the masked values; empty for a side that has none.
	Legacy, Modern string
}

var differenceKinds = [...]string{
	"status", "header", "value", "type", "missing", "extra", "order", "rounding", "padding", "encoding", "sign", "other",
}

// DifferenceKinds returns the values of the label kind in portage_parity_differences_total.
func DifferenceKinds() []string { return differenceKinds[:] }

// Result is what came of one shadow copy that was sent.
type Result string

// The results. An answer of 500 or more, or none in time, is an error of its side.
const (
	Equal       Result = "equal"
	Different   Result = "different"
	LegacyError Result = "legacy_error"
	ModernError Result = "modern_error"
	BothError   Result = "both_error"
	Skipped     Result = "skipped"
)

// Results lists all results: metrics make one series of each.
var Results = [...]Result{Equal, Different, LegacyError, ModernError, BothError, Skipped}

// Sample is one comparison that found a difference.
type Sample struct {
	At                         time.Time
	Served                     Side
	LegacyStatus, ModernStatus int
	LegacyTook, ModernTook     time.Duration
	Verdict                    Verdict
}

// keptSamples is how many differences a route keeps in memory, the newest.
const keptSamples = 50

// parity counts comparisons and keeps the newest differences. Safe for use by several goroutines.
type parity struct {
	results  [len(Results)]atomic.Uint64
	eligible atomic.Uint64 // safe requests of a route that has a shadow
	sent     atomic.Uint64
	dropped  atomic.Uint64

	mu   sync.Mutex
	ring []Sample
	next int
}

func (p *parity) count(r Result) {
	for i, v := range Results {
		if v == r {
			p.results[i].Add(1)
		}
	}
}

func (p *parity) keep(s Sample) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ring) < keptSamples {
		p.ring = append(p.ring, s)
		return
	}
	p.ring[p.next] = s
	p.next = (p.next + 1) % keptSamples
}

// samples returns the kept differences, newest first.
func (p *parity) samples() []Sample {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Sample, 0, len(p.ring))
	for i := range p.ring {
		out = append(out, p.ring[(p.next+len(p.ring)-1-i)%len(p.ring)])
	}
	return out
}

// judge gives the result of one pair of answers.
func judge(ctx context.Context, compare Compare, legacy, modern Answer) (r Result, v Verdict) {
	switch lost, lostToo := legacy.failed(), modern.failed(); {
	case lost && lostToo:
		return BothError, Verdict{}
	case lost:
		return LegacyError, Verdict{}
	case lostToo:
		return ModernError, Verdict{}
	case compare == nil:
		return Skipped, Verdict{Skipped: "no comparison configured"}
	}
	defer func() {
		if recover() != nil {
			r, v = Skipped, Verdict{Skipped: "comparison panicked"}
		}
	}()
	switch v = compare(ctx, legacy, modern); {
	case v.Skipped != "":
		return Skipped, v
	case v.Equal:
		return Equal, v
	default:
		return Different, v
	}
}

func (a *Answer) failed() bool { return a.Err != nil || a.Status >= 500 }
