package adaptertest

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/portage-gateway/portage/adapters"
)

func publishNothing(t *testing.T, _ Features, r Rig) {
	if err := r.Sink.Publish(bound(t, r)); err != nil {
		t.Fatalf("publishing no messages: %v, want nil", err)
	}
	want := numbered(t, 0, 1)
	publish(t, r, want...)
	sameBodies(t, received(t, r, 1), want)
}

func order(t *testing.T, f Features, r Rig) {
	want := numbered(t, 0, 120)
	publish(t, r, want[:50]...)
	publish(t, r, want[50:51]...)
	publish(t, r, want[51:]...)
	got := received(t, r, len(want))
	sameBodies(t, got, want)
	uniqueIDs(t, f, got, want)
	for i, m := range got {
		if m.Attempts != 0 {
			t.Errorf("message %d: %d attempts on its first delivery", i, m.Attempts)
		}
	}
}

// content sends what breaks careless adapters: nothing, everything, much, and names that repeat.
func content(t *testing.T, f Features, r Rig) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	large := bytes.Repeat(every, f.MaxBody/256)
	want := numbered(t, 0, 6)
	want[0].Body, want[0].Key = []byte{}, nil
	want[1].Body, want[1].Key = every, []byte{0, 1, 0xff, 0}
	want[2].Body, want[2].Key = large, []byte{0}
	want[3].Body, want[3].Key = []byte{0}, bytes.Repeat([]byte{0xfe}, 200)
	want[4].Headers = []adapters.Header{{Name: "portage-reason", Value: "packed-nibble"}, {Name: "trace", Value: "one"}, {Name: "trace", Value: "two"}}
	want[5].Headers = []adapters.Header{{Name: "note", Value: "Montréal, 100 % – ünï"}, {Name: "empty", Value: ""}}
	for _, m := range want {
		publish(t, r, m)
	}
	got := received(t, r, len(want))
	sameBodies(t, got, want)
	for i, m := range got {
		if !bytes.Equal(m.Key, want[i].Key) {
			t.Errorf("message %d: its key of %d bytes came as %d other bytes", i, len(want[i].Key), len(m.Key))
		}
		sameHeaders(t, i, m.Headers, want[i].Headers)
	}
}

// sameHeaders requires the published headers, in their order; an adapter may add others.
func sameHeaders(t *testing.T, i int, got, want []adapters.Header) {
	t.Helper()
	n := 0
	for _, h := range got {
		if n < len(want) && h == want[n] {
			n++
		}
	}
	if n != len(want) {
		t.Errorf("message %d: header %q did not come through in its place", i, want[n].Name)
	}
}

func concurrentPublishers(t *testing.T, _ Features, r Rig) {
	const publishers, each = 8, 20
	var wg sync.WaitGroup
	errs := make(chan error, publishers*each)
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				m := numbered(t, p*1000+i, 1)[0]
				m.Key = fmt.Appendf(nil, "key-%d", p)
				if err := r.Sink.Publish(t.Context(), m); err != nil {
					errs <- err
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Fatalf("publish: %v", err)
	}
	next := make(map[string]int)
	got := received(t, r, publishers*each)
	for _, m := range got {
		var n int
		if _, err := fmt.Sscanf(string(m.Body), "message %d", &n); err != nil {
			t.Fatalf("a body came changed: %v", err)
		}
		if want := next[string(m.Key)]; n%1000 != want {
			t.Fatalf("%s: message %d came where %d was due", m.Key, n%1000, want)
		}
		next[string(m.Key)]++
	}
	if len(got) != publishers*each {
		t.Fatalf("%d messages, want %d", len(got), publishers*each)
	}
}

func publishCancelled(t *testing.T, _ Features, r Rig) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Sink.Publish(ctx, numbered(t, 0, 1)...); err == nil {
		t.Fatal("publish under an ended context: nil, want an error")
	}
}
