package kafka

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// readiness is what is known of the way to the brokers. It logs one line per change of state, however
// often it is told the same. Safe for use by several goroutines.
type readiness struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	err   error // nil: it works
	since time.Time
	tries int
}

// saw notes the outcome of work with the brokers. That a caller left says nothing of them.
func (r *readiness) saw(err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.err
	r.err = err
	switch {
	case err == nil && r.tries > 0:
		r.log.Info("kafka answers", "after", r.now().Sub(r.since).Round(time.Millisecond).String(), "tries", r.tries)
		r.tries = 0
	case err != nil:
		if r.tries++; r.tries == 1 {
			r.since = r.now()
		}
		if was == nil || !sameTrouble(was, err) {
			r.log.Warn("kafka waits", "error", err)
		}
	}
}

// sameTrouble reports whether two failures ask for the same of a person. Texts of one trouble may differ: that of
// an expired certificate holds the time.
func sameTrouble(a, b error) bool {
	x, xok := errors.AsType[*Error](a)
	y, yok := errors.AsType[*Error](b)
	if xok && yok && x.Hint != "" {
		return x.Op == y.Op && x.Class == y.Class && x.Hint == y.Hint
	}
	return a.Error() == b.Error()
}

// ready returns the last failure, or nil.
func (r *readiness) ready() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// pauseAfter is how long to wait after n failures in a row, n counted from 1: 100 ms, doubled up to 10 s.
func pauseAfter(n int) time.Duration {
	return min(10*time.Second, 100*time.Millisecond<<min(n-1, 10))
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
