package adaptertest

import (
	"bytes"
	"context"
	"testing"

	"github.com/portage-gateway/portage/adapters"
)

// unitPutCommits also holds that a put is not visible before its unit is settled.
func unitPutCommits(t *testing.T, _ Features, r Rig) {
	want := numbered(t, 0, 5)
	publish(t, r, want...)
	got := 0
	consume(t, r, r.Source, func(ctx context.Context, u adapters.Unit, b adapters.Batch) (bool, error) {
		before := len(stored(t, r, r.Dest))
		for _, m := range b.Messages {
			m.Headers = append(m.Headers[:len(m.Headers):len(m.Headers)], adapters.Header{Name: "portage-reason", Value: "conformance"})
			if err := u.Put(ctx, r.Dest, m); err != nil {
				t.Errorf("unit put: %v", err)
			}
		}
		if after := len(stored(t, r, r.Dest)); after != before {
			t.Errorf("%d puts were visible before their unit was settled", after-before)
		}
		got += len(b.Messages)
		return got >= len(want), nil
	})
	moved := stored(t, r, r.Dest)
	sameBodies(t, moved, want)
	for i, m := range moved {
		if v, _ := m.Header("portage-reason"); v != "conformance" {
			t.Errorf("message %d lost the header that the handler added", i)
		}
		if !bytes.Equal(m.Key, want[i].Key) {
			t.Errorf("message %d lost its key", i)
		}
	}
	expectOnly(t, r, reopened(t, r), "settled messages came again")
}

func unitPutReturns(t *testing.T, _ Features, r Rig) {
	want := numbered(t, 0, 6)
	publish(t, r, want...)
	failed, got := 0, 0
	consume(t, r, r.Source, func(ctx context.Context, u adapters.Unit, b adapters.Batch) (bool, error) {
		if err := u.Put(ctx, r.Dest, b.Messages...); err != nil {
			t.Errorf("unit put: %v", err)
		}
		if failed < 2 {
			failed++
			return false, errReturned
		}
		got += len(b.Messages)
		return got >= len(want), nil
	})
	sameBodies(t, stored(t, r, r.Dest), want)
}
