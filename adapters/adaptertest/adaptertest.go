// Package adaptertest is the conformance suite of the adapters: what the interfaces in package
// adapters promise, as tests. Every adapter calls Run from its own tests and passes all of it; where
// adapters honestly differ, Features says so.
//
// An adapter without a Source (Kafka) is judged by what Rig.Stored reads back; an adapter with both is
// judged by what its Source delivers.
package adaptertest

import (
	"context"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Features are the honest differences between adapters. The zero value asks for the least.
type Features struct {
	// KeepsID: a delivered (stored) message has the ID under which it was published. Without it an ID
	// only has to be unique and the same in every delivery.
	KeepsID bool
	// CountsAttempts: Message.Attempts rises with each returned delivery.
	CountsAttempts bool
	// MaxBody is the largest body that the suite sends, in bytes. 0: 1 MiB.
	MaxBody int
	// Patience is how long one test waits for what does not come. 0: 60 s.
	Patience time.Duration
}

// Rig is one fresh and empty adapter, open for the length of one test. Its parts close by t.Cleanup.
type Rig struct {
	// Sink publishes what Source delivers. Required.
	Sink adapters.Sink
	// Source delivers what Sink published. Nil: the adapter only publishes, and Stored is required.
	Source adapters.Source
	// Reopen returns a Source on the same store, as a restarted process would make it. Nil: Source
	// itself is consumed again.
	Reopen func(t *testing.T) adapters.Source
	// Ledger is the exactly-once side of Sink. Nil: there is none.
	Ledger adapters.Ledger
	// Successor returns a new Ledger on the same store and under the same name, as the next holder
	// would open it; its Recover fences Ledger. Required with Ledger.
	Successor func(t *testing.T) adapters.Ledger
	// Dest is a destination that Unit.Put reaches. Empty: the Source's unit of work takes no puts.
	Dest string
	// Stored returns all committed messages in dest, oldest first, without taking them; dest "" is where
	// Sink publishes. Required when Source is nil, Ledger is set or Dest is set.
	Stored func(ctx context.Context, dest string) ([]adapters.Message, error)

	patience time.Duration
}

// Run runs the whole suite. It calls open once for each test.
func Run(t *testing.T, f Features, open func(t *testing.T) Rig) {
	t.Helper()
	if f.MaxBody == 0 {
		f.MaxBody = 1 << 20
	}
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			r := open(t)
			r.patience = f.Patience
			if r.patience <= 0 {
				r.patience = time.Minute
			}
			if !c.fits(r) {
				// Not a hidden skip: the adapter has no such part, and its Rig says so.
				t.Logf("not offered by this adapter")
				return
			}
			c.run(t, f, r)
		})
	}
}

// conformance is one promise of package adapters.
type conformance struct {
	name string
	fits func(Rig) bool
	run  func(*testing.T, Features, Rig)
}

func cases() []conformance {
	always := func(Rig) bool { return true }
	source := func(r Rig) bool { return r.Source != nil }
	unit := func(r Rig) bool { return r.Source != nil && r.Dest != "" }
	ledger := func(r Rig) bool { return r.Ledger != nil }
	return []conformance{
		{"publish nothing", always, publishNothing},
		{"order of one publisher", always, order},
		{"bodies keys and headers come through untouched", always, content},
		{"several publishers lose and double nothing", always, concurrentPublishers},
		{"publish after the context ended", always, publishCancelled},

		{"settle once", source, settleOnce},
		{"one batch at a time", source, oneAtATime},
		{"an error returns all of a batch", source, errorReturnsAll},
		{"bisection isolates one message", source, bisection},
		{"redelivery keeps the identity and counts", source, redelivery},
		{"the context ends while idle", source, endIdle},
		{"the context ends in a handler that fails", source, endInFailure},
		{"the context ends in a handler that succeeds", source, endInSuccess},

		{"unit put is settled with the batch", unit, unitPutCommits},
		{"unit put goes away with an error", unit, unitPutReturns},

		{"ledger starts empty", ledger, ledgerEmpty},
		{"ledger keeps both", ledger, ledgerBoth},
		{"ledger keeps neither", ledger, ledgerNeither},
		{"ledger fences its predecessor", ledger, ledgerFences},
	}
}
