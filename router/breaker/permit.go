package breaker

import (
	"sync/atomic"
	"time"
)

// Permit is the leave to make one call. Settle it with Done. Safe for use by several goroutines.
type Permit struct {
	b       *Breaker
	done    func(error) // nil when the breaker is off
	start   time.Duration
	settled atomic.Bool
	timer   *time.Timer // of a probe
}

// Acquire asks for leave to make one call. The error is ErrOpen, and nothing else.
func (b *Breaker) Acquire() (*Permit, error) {
	now := time.Since(b.epoch)
	if b.config.Off {
		b.inFlight.Add(1)
		return &Permit{b: b, start: now}, nil
	}
	if b.State() == Open && int64(now) < b.retryAt.Load() {
		b.rejected.Add(1)
		return nil, ErrOpen
	}
	done, err := b.cb.Allow()
	if err != nil {
		b.rejected.Add(1)
		b.flush()
		return nil, ErrOpen
	}
	b.inFlight.Add(1)
	p := &Permit{b: b, done: done, start: now}
	// If the state is another one by now, gobreaker ignores this permit, and needs no deadline for it.
	if b.State() == HalfOpen {
		p.timer = time.AfterFunc(b.config.ProbeTimeout, p.expire)
	}
	b.flush()
	return p, nil
}

// Done settles the permit. Only the first call counts; later ones, and one that comes after the
// probe's deadline, change nothing. A Success that took SlowCall or longer is a Failure.
func (p *Permit) Done(o Outcome) {
	if !p.settled.CompareAndSwap(false, true) {
		return
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.settle(o)
}

func (p *Permit) expire() {
	if !p.settled.CompareAndSwap(false, true) {
		return
	}
	p.b.expired.Add(1)
	p.settle(Failure)
}

func (p *Permit) settle(o Outcome) {
	b := p.b
	b.inFlight.Add(-1)
	if slow := b.config.SlowCall; slow > 0 && o == Success && time.Since(b.epoch)-p.start >= slow {
		b.slow.Add(1)
		o = Failure
	}
	var err error
	switch o {
	case Success:
		b.success.Add(1)
	case Failure:
		b.failure.Add(1)
		err = errFailed
	default:
		b.ignored.Add(1)
		err = errIgnored
	}
	if p.done != nil {
		p.done(err)
		b.flush()
	}
}
