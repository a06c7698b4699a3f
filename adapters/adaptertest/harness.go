package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// errReturned is what the suite's handlers fail with: an ordinary error, no Refusal and no outage.
var errReturned = errors.New("adaptertest: the handler returns the batch")

// bound returns a context that ends with the test's patience.
func bound(t *testing.T, r Rig) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), r.patience)
	t.Cleanup(cancel)
	return ctx
}

// numbered makes n messages whose bodies say their place.
func numbered(t *testing.T, from, n int) []adapters.Message {
	t.Helper()
	out := make([]adapters.Message, n)
	for i := range out {
		out[i] = adapters.Message{
			ID:   fmt.Sprintf("%s-%06d", shortName(t), from+i),
			Key:  []byte("key-a"),
			Body: fmt.Appendf(nil, "message %06d", from+i),
			Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		}
	}
	return out
}

// shortName makes the test's name fit for an ID.
func shortName(t *testing.T) string {
	name := t.Name()
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	return name
}

func publish(t *testing.T, r Rig, m ...adapters.Message) {
	t.Helper()
	if err := r.Sink.Publish(bound(t, r), m...); err != nil {
		t.Fatalf("publish of %d messages: %v", len(m), err)
	}
}

// consume runs the source until h says that it has seen enough, or until it ends by itself.
// h returns done together with the handler's own result.
func consume(t *testing.T, r Rig, s adapters.Source, h func(ctx context.Context, u adapters.Unit, b adapters.Batch) (done bool, err error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(bound(t, r))
	defer cancel()
	finished := false
	err := s.Consume(ctx, func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
		checkBatch(t, b)
		done, err := h(ctx, u, b)
		if done {
			finished = true
			cancel()
		}
		return err
	})
	if err != nil {
		t.Fatalf("Consume ended with %v, want nil", err)
	}
	if !finished {
		t.Fatalf("Consume ended before the messages came: %v", context.Cause(ctx))
	}
}

// checkBatch holds what is true of every batch.
func checkBatch(t *testing.T, b adapters.Batch) {
	t.Helper()
	if len(b.Messages) == 0 {
		t.Error("a batch without messages was delivered")
	}
	if len(b.Position) > adapters.MaxPosition {
		t.Errorf("a position has %d bytes, at most %d are allowed", len(b.Position), adapters.MaxPosition)
	}
	for _, m := range b.Messages {
		if m.ID == "" {
			t.Error("a message was delivered without an ID")
		}
	}
}

// take consumes n messages, settles them and returns them in the order of delivery.
func take(t *testing.T, r Rig, s adapters.Source, n int) []adapters.Message {
	t.Helper()
	var got []adapters.Message
	if n == 0 {
		return nil
	}
	consume(t, r, s, func(_ context.Context, _ adapters.Unit, b adapters.Batch) (bool, error) {
		got = append(got, b.Messages...)
		return len(got) >= n, nil
	})
	return got
}

// received returns what Sink published: what Source delivers, or what is stored when there is none.
func received(t *testing.T, r Rig, n int) []adapters.Message {
	t.Helper()
	if r.Source != nil {
		return take(t, r, r.Source, n)
	}
	return stored(t, r, "")
}

func stored(t *testing.T, r Rig, dest string) []adapters.Message {
	t.Helper()
	got, err := r.Stored(bound(t, r), dest)
	if err != nil {
		t.Fatalf("reading back what is stored in %q: %v", dest, err)
	}
	return got
}

// reopened returns the source of a restarted process.
func reopened(t *testing.T, r Rig) adapters.Source {
	t.Helper()
	if r.Reopen == nil {
		return r.Source
	}
	return r.Reopen(t)
}

// expectOnly publishes one more message and requires that the source delivers it and nothing before it.
func expectOnly(t *testing.T, r Rig, s adapters.Source, why string) {
	t.Helper()
	last := numbered(t, 999_999, 1)
	publish(t, r, last...)
	got := take(t, r, s, 1)
	if len(got) != 1 || !bytes.Equal(got[0].Body, last[0].Body) {
		t.Fatalf("%s: %d messages came before the new one", why, len(got)-1)
	}
}

func bodies(ms []adapters.Message) []string {
	out := make([]string, len(ms))
	for i, m := range ms {
		out[i] = string(m.Body)
	}
	return out
}

// sameBodies requires equal bodies in equal order.
func sameBodies(t *testing.T, got, want []adapters.Message) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i].Body, want[i].Body) {
			t.Fatalf("message %d of %d: its %d bytes differ from the %d published", i, len(want), len(got[i].Body), len(want[i].Body))
		}
	}
}

// uniqueIDs requires that no ID stands twice, and, if the adapter keeps IDs, that they are the published ones.
func uniqueIDs(t *testing.T, f Features, got, want []adapters.Message) {
	t.Helper()
	seen := make(map[string]bool, len(got))
	for i, m := range got {
		if seen[m.ID] {
			t.Fatalf("message %d has an ID that an earlier one has", i)
		}
		seen[m.ID] = true
		if f.KeepsID && m.ID != want[i].ID {
			t.Fatalf("message %d was published as %q and delivered as %q", i, want[i].ID, m.ID)
		}
	}
}
