package bridge

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/portage-gateway/portage/adapters"
)

// still is a Source to which nothing comes.
type still struct{}

func (still) Consume(ctx context.Context, _ adapters.Handler) error {
	<-ctx.Done()
	return nil
}

// TestLossesAreCountedWhileNothingComes has a queue manager that can make no copy at all, does not answer for a while,
// and is started again.
func TestLossesAreCountedWhileNothingComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var copies atomic.Int64
		copies.Store(5)
		d := &Diversion{Name: "tap", Source: still{}, Tap: true, ModernQueue: "M", Metrics: NewDiversionMetrics(prometheus.NewRegistry()),
			Lost: func(context.Context) (uint64, error) {
				if n := copies.Load(); n >= 0 {
					return uint64(n), nil
				}
				return 0, errors.New("the queue manager is away")
			}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		synctest.Wait()
		for i, step := range []struct {
			copies int64
			want   float64
		}{{5, 0}, {8, 3}, {-1, 3}, {9, 4}, {2, 6}} { // at the last one it was started again, and counts from 0
			copies.Store(step.copies)
			time.Sleep(lostEvery)
			synctest.Wait()
			if n := testutil.ToFloat64(d.Metrics.lost.WithLabelValues("tap")); n != step.want {
				t.Errorf("step %d: %v lost, want %v", i, n, step.want)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
