package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// TestBridgeInDoubtAsksAgain holds that doubt is asked about again, after a pause in which /readyz says so.
func TestBridgeInDoubtAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var runs atomic.Int64
		b := &bridgeRun{name: "b", log: slog.New(slog.DiscardHandler), carry: func(ctx context.Context) error {
			if runs.Add(1) < 3 {
				return fmt.Errorf("commit: %w", adapters.ErrInDoubt)
			}
			<-ctx.Done()
			return nil
		}}
		done := make(chan error, 1)
		go func() { done <- b.run(ctx) }()
		synctest.Wait()
		if err := b.probe(ctx); runs.Load() != 1 || err == nil || !strings.Contains(err.Error(), "in doubt") {
			t.Errorf("after %d runs /readyz hears %v", runs.Load(), err)
		}
		time.Sleep(2*inDoubtPause + time.Millisecond)
		synctest.Wait()
		if err := b.probe(ctx); runs.Load() != 3 || err != nil {
			t.Errorf("after %d runs /readyz hears %v", runs.Load(), err)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestBridgeThatIsTakenOverStandsStill holds that it does not fence its successor in turn.
func TestBridgeThatIsTakenOverStandsStill(t *testing.T) {
	for _, fault := range []error{adapters.ErrFenced, errors.New("the journal cannot be written")} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			var runs atomic.Int64
			b := &bridgeRun{name: "b", log: slog.New(slog.DiscardHandler), carry: func(context.Context) error { runs.Add(1); return fault }}
			done := make(chan error, 1)
			go func() { done <- b.run(ctx) }()
			time.Sleep(time.Hour)
			synctest.Wait()
			if err := b.probe(ctx); runs.Load() != 1 || err == nil {
				t.Errorf("after %v it ran %d times, and /readyz hears %v", fault, runs.Load(), err)
			}
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}
