package qmgr_test

import (
	"errors"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

func withFaults(c *qmgr.Config) { c.Faults = true }

func fault(t *testing.T, c mq.Conn, f qmgr.Fault) {
	t.Helper()
	do(t, c.(qmgr.Faulter).Fault(t.Context(), f))
}

func TestConnectionBreaksAtTheNthCall(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		c, other := must(t, dial), must(t, dial)
		for _, s := range []string{"1", "2", "3"} {
			put(t, other, "IN", text(s), mq.PutOptions{})
		}
		fault(t, other, qmgr.Fault{Op: "get", Queue: "IN", Nth: 3, Kind: qmgr.FaultBroken})
		expect(t, "before", next(t, c, "IN", mq.GetOptions{Syncpoint: true})+next(t, c, "IN", mq.GetOptions{Syncpoint: true}), "12")
		_, err := c.Get(ctx, "IN", mq.GetOptions{Syncpoint: true})
		reason(t, "the third", err, mq.RCConnectionBroken)
		reason(t, "and all later ones", c.Commit(ctx), mq.RCConnectionBroken)
		m, err := other.Get(ctx, "IN", mq.GetOptions{Wait: time.Minute})
		if err != nil || string(m.Body) != "1" || m.BackoutCount != 1 {
			t.Errorf("%q with BackoutCount %d, %v: what it held is back", m.Body, m.BackoutCount, err)
		}
	}, withFaults)
}

func TestCommitIsDoneAndItsAnswerLost(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c, other := must(t, dial), must(t, dial)
		put(t, c, "IN", text("committed"), mq.PutOptions{Syncpoint: true})
		fault(t, other, qmgr.Fault{Op: "commit", Kind: qmgr.FaultAnswerLost})
		err := c.Commit(t.Context())
		reason(t, "commit", err, mq.RCConnectionBroken)
		if !errors.Is(err, adapters.ErrInDoubt) {
			t.Errorf("%v is not in doubt", err)
		}
		expect(t, "and yet", next(t, other, "IN", mq.GetOptions{Wait: time.Minute}), "committed")
	}, withFaults)
}

func TestCallsAreRefusedOrSlow(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		c := must(t, dial)
		fault(t, c, qmgr.Fault{Op: "put", Queue: "IN", Nth: 2, Times: 2, Kind: qmgr.FaultReason, Reason: mq.RCQFull})
		fault(t, c, qmgr.Fault{Op: "connect", App: "portage", Kind: qmgr.FaultReason, Reason: mq.RCQMgrNotAvailable})
		for i, want := range []bool{false, true, true, false} {
			_, err := c.Put(ctx, "IN", text("x"), mq.PutOptions{})
			if mq.IsReason(err, mq.RCQFull) != want {
				t.Errorf("put %d: %v", i+1, err)
			}
		}
		put(t, c, "OUT", text("another queue"), mq.PutOptions{})
		_, err := dial(ctx)
		reason(t, "connect", err, mq.RCQMgrNotAvailable)
		do(t, must(t, dial).Close())

		fault(t, c, qmgr.Fault{Op: "get", Times: -1, Kind: qmgr.FaultSlow, Delay: 20 * time.Millisecond})
		start := time.Now()
		expect(t, "slow", next(t, c, "IN", mq.GetOptions{}), "x")
		if took := time.Since(start); took < 20*time.Millisecond {
			t.Errorf("it took %v, want at least 20 ms", took)
		}
		fault(t, c, qmgr.Fault{Times: -1, Kind: qmgr.FaultReason, Reason: mq.RCUnexpectedError})
		do(t, c.(qmgr.Faulter).ClearFaults(ctx))
		expect(t, "cleared", next(t, c, "IN", mq.GetOptions{}), "x")
		reason(t, "no such kind", c.(qmgr.Faulter).Fault(ctx, qmgr.Fault{Kind: 9}), mq.RCOptionsError)
	}, withFaults)
}

func TestFaultsAreForTestsOnly(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		reason(t, "fault", c.(qmgr.Faulter).Fault(t.Context(), qmgr.Fault{Kind: qmgr.FaultBroken}), mq.RCNotAuthorized)
		reason(t, "clear", c.(qmgr.Faulter).ClearFaults(t.Context()), mq.RCNotAuthorized)
		put(t, c, "IN", text("nothing breaks"), mq.PutOptions{})
	})
}
