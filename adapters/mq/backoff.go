package mq

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Pace says how fast a broken connection is tried again. The zero value is ready.
type Pace struct {
	// First is the pause after the first failure; each further one doubles it. 0: 200 ms.
	First time.Duration `yaml:"first"`
	// Most is the longest pause. 0: 30 s.
	Most time.Duration `yaml:"most"`
	// Dice returns a number in [0,1) that spreads pauses over half to all of their length, so that many
	// clients do not come back at once. Nil: math/rand.
	Dice func() float64 `yaml:"-"`
}

// delay returns the pause after n failures in a row, n counted from 1.
func (p Pace) delay(n int) time.Duration {
	first, most, dice := p.First, p.Most, p.Dice
	if first <= 0 {
		first = 200 * time.Millisecond
	}
	if most <= 0 {
		most = 30 * time.Second
	}
	if dice == nil {
		dice = rand.Float64
	}
	d := first
	for ; n > 1 && d < most; n-- {
		d *= 2
	}
	d = min(d, most)
	// The float only spreads a pause: no amount of money comes near it.
	return d/2 + time.Duration(dice()*float64(d/2))
}

// pause waits, and reports false when the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// health logs one line per change of state, however often it is told the same.
type health struct {
	log    *slog.Logger
	now    func() time.Time
	since  time.Time // of the failure that lasts
	reason int32     // -1: none that has a number
	down   bool
	tries  int
}

func (h *health) failed(err error) {
	reason := int32(-1)
	if e := asError(err); e != nil {
		reason = e.Reason
	}
	h.tries++
	if h.down && h.reason == reason {
		return
	}
	if !h.down {
		h.since = h.now()
	}
	h.down, h.reason = true, reason
	h.log.Warn("queue work waits", "error", err, "class", classOf(err).String())
}

func (h *health) worked() {
	if h.down {
		h.log.Info("queue work goes on", "after", h.now().Sub(h.since).Round(time.Millisecond).String(), "tries", h.tries)
	}
	h.down, h.tries = false, 0
}
