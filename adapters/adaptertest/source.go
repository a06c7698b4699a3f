package adaptertest

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/portage-gateway/portage/adapters"
)

func settleOnce(t *testing.T, _ Features, r Rig) {
	want := numbered(t, 0, 30)
	publish(t, r, want...)
	sameBodies(t, take(t, r, r.Source, len(want)), want)
	expectOnly(t, r, reopened(t, r), "settled messages came again")
}

func oneAtATime(t *testing.T, _ Features, r Rig) {
	const n = 40
	publish(t, r, numbered(t, 0, n)...)
	var running atomic.Int32
	got := 0
	consume(t, r, r.Source, func(_ context.Context, _ adapters.Unit, b adapters.Batch) (bool, error) {
		if running.Add(1) != 1 {
			t.Error("the handler was called while it ran")
		}
		defer running.Add(-1)
		got += len(b.Messages)
		return got >= n, nil
	})
}

func errorReturnsAll(t *testing.T, f Features, r Rig) {
	want := numbered(t, 0, 25)
	publish(t, r, want...)
	failed := 0
	var settled []adapters.Message
	consume(t, r, r.Source, func(_ context.Context, _ adapters.Unit, b adapters.Batch) (bool, error) {
		if failed < 3 {
			failed++
			return false, errReturned
		}
		settled = append(settled, b.Messages...)
		return len(settled) >= len(want), nil
	})
	sameBodies(t, settled, want)
	uniqueIDs(t, f, settled, want)
	expectOnly(t, r, reopened(t, r), "settled messages came again")
}

// bisection has one message that fails every batch it is in, until it comes alone.
func bisection(t *testing.T, _ Features, r Rig) {
	want := numbered(t, 0, 24)
	const poison = 7
	publish(t, r, want...)
	var settled []adapters.Message
	alone := false
	consume(t, r, r.Source, func(_ context.Context, _ adapters.Unit, b adapters.Batch) (bool, error) {
		if slices.Contains(bodies(b.Messages), string(want[poison].Body)) {
			if len(b.Messages) > 1 {
				return false, errReturned
			}
			alone = true
		}
		settled = append(settled, b.Messages...)
		return len(settled) >= len(want), nil
	})
	sameBodies(t, settled, want)
	if !alone {
		t.Error("the failing message never came alone")
	}
}

func redelivery(t *testing.T, f Features, r Rig) {
	publish(t, r, numbered(t, 0, 1)...)
	var ids []string
	var attempts []int
	consume(t, r, r.Source, func(_ context.Context, _ adapters.Unit, b adapters.Batch) (bool, error) {
		ids = append(ids, b.Messages[0].ID)
		attempts = append(attempts, b.Messages[0].Attempts)
		if len(ids) < 3 {
			return false, errReturned
		}
		return true, nil
	})
	if ids[0] != ids[1] || ids[1] != ids[2] {
		t.Errorf("the ID changed between deliveries: %q", ids)
	}
	if f.CountsAttempts && !slices.Equal(attempts, []int{0, 1, 2}) {
		t.Errorf("attempts of three deliveries: %v, want 0 1 2", attempts)
	}
}

func endIdle(t *testing.T, _ Features, r Rig) {
	publish(t, r, numbered(t, 0, 1)...)
	take(t, r, r.Source, 1)
	ctx, cancel := context.WithCancel(bound(t, r))
	ended := make(chan error, 1)
	go func() {
		ended <- r.Source.Consume(ctx, func(context.Context, adapters.Unit, adapters.Batch) error { return nil })
	}()
	cancel()
	if err := <-ended; err != nil {
		t.Fatalf("Consume of an ended context: %v, want nil", err)
	}
	expectOnly(t, r, reopened(t, r), "after an idle end")
}

func endInFailure(t *testing.T, _ Features, r Rig) {
	want := numbered(t, 0, 12)
	publish(t, r, want...)
	ctx, cancel := context.WithCancel(bound(t, r))
	defer cancel()
	calls := 0
	err := r.Source.Consume(ctx, func(ctx context.Context, _ adapters.Unit, _ adapters.Batch) error {
		calls++
		cancel()
		return ctx.Err()
	})
	if err != nil {
		t.Fatalf("Consume: %v, want nil", err)
	}
	if calls != 1 {
		t.Errorf("the handler was called %d times, want once", calls)
	}
	sameBodies(t, take(t, r, reopened(t, r), len(want)), want)
}

// endInSuccess holds the settling rule against shutdown: nil settles, even when the context has ended.
func endInSuccess(t *testing.T, _ Features, r Rig) {
	want := numbered(t, 0, 12)
	publish(t, r, want...)
	ctx, cancel := context.WithCancel(bound(t, r))
	defer cancel()
	var settled []adapters.Message
	err := r.Source.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
		settled = append(settled, b.Messages...)
		cancel()
		return nil
	})
	if err != nil {
		t.Fatalf("Consume: %v, want nil", err)
	}
	rest := take(t, r, reopened(t, r), len(want)-len(settled))
	sameBodies(t, append(settled, rest...), want)
	expectOnly(t, r, reopened(t, r), "a batch settled during shutdown came again")
}
