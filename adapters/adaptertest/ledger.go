package adaptertest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/portage-gateway/portage/adapters"
)

func recovered(t *testing.T, r Rig, l adapters.Ledger) []byte {
	t.Helper()
	p, err := l.Recover(bound(t, r))
	if err != nil {
		t.Fatalf("Recover: %v", err)
	}
	return p
}

func publishAt(t *testing.T, r Rig, l adapters.Ledger, position string, m ...adapters.Message) {
	t.Helper()
	if err := l.PublishAt(bound(t, r), []byte(position), m...); err != nil {
		t.Fatalf("PublishAt of %d messages: %v", len(m), err)
	}
}

func ledgerEmpty(t *testing.T, _ Features, r Rig) {
	if p := recovered(t, r, r.Ledger); p != nil {
		t.Fatalf("a new ledger has a position of %d bytes, want nil", len(p))
	}
}

func ledgerBoth(t *testing.T, f Features, r Rig) {
	recovered(t, r, r.Ledger)
	want := numbered(t, 0, 9)
	publishAt(t, r, r.Ledger, "first", want[:4]...)
	publishAt(t, r, r.Ledger, "second\x00\xff", want[4:]...)
	sameBodies(t, stored(t, r, ""), want)
	uniqueIDs(t, f, stored(t, r, ""), want)
	if p := recovered(t, r, r.Successor(t)); string(p) != "second\x00\xff" {
		t.Fatalf("the recovered position is not the last one committed (%d bytes)", len(p))
	}
}

// ledgerNeither asks for what cannot be done; whatever the ledger says, it must not have done half.
func ledgerNeither(t *testing.T, _ Features, r Rig) {
	recovered(t, r, r.Ledger)
	kept := numbered(t, 0, 2)
	publishAt(t, r, r.Ledger, "kept", kept...)

	tooLong := bytes.Repeat([]byte{'p'}, adapters.MaxPosition+1)
	if err := r.Ledger.PublishAt(bound(t, r), tooLong, numbered(t, 2, 1)...); err == nil {
		t.Fatal("a position over adapters.MaxPosition was taken")
	}
	sameBodies(t, stored(t, r, ""), kept)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Ledger.PublishAt(ctx, []byte("cancelled"), numbered(t, 3, 2)...); err == nil {
		t.Fatal("PublishAt under an ended context: nil, want an error")
	}
	p := string(recovered(t, r, r.Successor(t)))
	n := len(stored(t, r, ""))
	if !(p == "kept" && n == 2) && !(p == "cancelled" && n == 4) {
		t.Fatalf("after a failed PublishAt: position of %d bytes with %d messages is half of it", len(p), n)
	}
}

func ledgerFences(t *testing.T, _ Features, r Rig) {
	recovered(t, r, r.Ledger)
	want := numbered(t, 0, 3)
	publishAt(t, r, r.Ledger, "old", want[:2]...)
	next := r.Successor(t)
	if p := recovered(t, r, next); string(p) != "old" {
		t.Fatalf("the successor recovers %d bytes, want the last position", len(p))
	}
	if err := r.Ledger.PublishAt(bound(t, r), []byte("zombie"), numbered(t, 10, 1)...); !errors.Is(err, adapters.ErrFenced) {
		t.Fatalf("the fenced predecessor publishes: %v, want adapters.ErrFenced", err)
	}
	publishAt(t, r, next, "new", want[2:]...)
	sameBodies(t, stored(t, r, ""), want)
}
