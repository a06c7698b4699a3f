package qmgr

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

func insert(seq uint64) *change { return &change{inserts: []row{{seq: seq}}} }

func TestChangesThatWaitShareOneTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var groups []int
		first := make(chan struct{})
		w := newWriter(func(_ context.Context, g []*change) (bool, error) {
			groups = append(groups, len(g))
			if len(groups) == 1 {
				<-first // a slow fsync, during which others arrive
			}
			return false, nil
		})
		var wg sync.WaitGroup
		write := func(seq uint64) {
			wg.Go(func() {
				if err := w.write("commit", "", insert(seq)); err != nil {
					t.Error(err)
				}
			})
		}
		write(1)
		synctest.Wait()
		for seq := range uint64(20) {
			write(seq + 2)
		}
		synctest.Wait()
		close(first)
		wg.Wait()
		w.close()
		if len(groups) != 2 || groups[1] != 20 {
			t.Errorf("transactions of %v changes, want one of 1 and one of 20", groups)
		}
		if err := w.write("commit", "", insert(99)); !mq.IsReason(err, mq.RCQMgrStopping) {
			t.Errorf("a write after the end: %v, want 2162", err)
		}
	})
}

func TestNothingIsWrittenAfterALastingError(t *testing.T) {
	calls := 0
	w := newWriter(func(context.Context, []*change) (bool, error) { calls++; return true, errors.New("EIO") })
	defer w.close()
	for range 3 {
		err := w.write("commit", "", insert(1))
		if !mq.IsReason(err, mq.RCUnexpectedError) || !errors.Is(err, adapters.ErrInDoubt) {
			t.Errorf("%v, want 2195 in doubt", err)
		}
	}
	if calls != 1 {
		t.Errorf("the disk was asked %d times, want once", calls)
	}
	if err := w.write("commit", "", new(change)); err != nil {
		t.Errorf("a change without content: %v", err)
	}
}

// newManager opens a manager whose disk the test can spoil.
func newManager(t *testing.T) (*Manager, mq.Conn) {
	t.Helper()
	m, err := Open(Config{Dir: t.TempDir(), Plain: true, Queues: []Queue{{Name: "Q"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m, m.Connect()
}

func persistent(n int) mq.Message {
	return mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: make([]byte, n)}
}

func TestFullDiskBacksOutAndGoesOnLater(t *testing.T) {
	m, c := newManager(t)
	ctx := t.Context()
	if _, err := c.Put(ctx, "Q", persistent(10), mq.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	limit := func(pages string) {
		if _, err := m.store.conn.ExecContext(ctx, "PRAGMA max_page_count = "+pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("8")
	for range 3 {
		if _, err := c.Get(ctx, "Q", mq.GetOptions{Syncpoint: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Put(ctx, "Q", persistent(100_000), mq.PutOptions{Syncpoint: true}); err != nil {
			t.Fatal(err)
		}
		err := c.Commit(ctx)
		if !mq.IsReason(err, mq.RCStorageMediumFull) || errors.Is(err, adapters.ErrInDoubt) {
			t.Fatalf("commit on a full disk: %v, want 2192 and no doubt", err)
		}
		if e := err.(*mq.Error); e.Hint == "" || e.Class() != mq.Transient {
			t.Errorf("hint %q, class %v", e.Hint, e.Class())
		}
	}
	if _, err := c.Put(ctx, "Q", persistent(100_000), mq.PutOptions{}); !mq.IsReason(err, mq.RCStorageMediumFull) {
		t.Errorf("put on a full disk: %v, want 2192", err)
	}
	limit("100000")
	if _, err := c.Put(ctx, "Q", persistent(100_000), mq.PutOptions{}); err != nil {
		t.Errorf("once there is room: %v", err)
	}
	if a, err := c.Inquire(ctx, "Q"); err != nil || a.Depth != 2 {
		t.Errorf("depth %d, %v, want 2: the old message and the new", a.Depth, err)
	}
	if msg, err := c.Get(ctx, "Q", mq.GetOptions{}); err != nil || len(msg.Body) != 10 || msg.BackoutCount != 3 {
		t.Errorf("the old message: %d bytes, BackoutCount %d, %v", len(msg.Body), msg.BackoutCount, err)
	}
}

func TestBrokenDiskAcknowledgesNothing(t *testing.T) {
	m, c := newManager(t)
	ctx := t.Context()
	if _, err := c.Put(ctx, "Q", persistent(1), mq.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(ctx, "Q", mq.GetOptions{Syncpoint: true}); err != nil {
		t.Fatal(err)
	}
	m.writer.apply = func(context.Context, []*change) (bool, error) { return true, errors.New("EIO") }
	if err := c.Commit(ctx); !errors.Is(err, adapters.ErrInDoubt) {
		t.Errorf("the commit that met the error: %v, want in doubt", err)
	}
	if _, err := c.Get(ctx, "Q", mq.GetOptions{}); !mq.IsReason(err, mq.RCUnexpectedError) {
		t.Errorf("a get afterwards: %v, want 2195", err)
	}
	if _, err := c.Put(ctx, "Q", persistent(1), mq.PutOptions{}); !mq.IsReason(err, mq.RCUnexpectedError) {
		t.Errorf("a put afterwards: %v, want 2195", err)
	}
	// A restart reads what the disk holds: here the commit never reached it.
	dir := m.cfg.Dir
	m.Close()
	again, err := Open(Config{Dir: dir, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if msg, err := again.Connect().Get(ctx, "Q", mq.GetOptions{}); err != nil || len(msg.Body) != 1 {
		t.Errorf("after the restart: %v", err)
	}
}

func TestSuspects(t *testing.T) {
	dir := t.TempDir()
	h, found, err := openHeld(dir)
	if err != nil || len(found) != 0 {
		t.Fatal(found, err)
	}
	var slots []int64
	for _, s := range []struct{ seq, unit uint64 }{{10, 1}, {11, 1}, {12, 2}, {13, 3}} {
		slot, err := h.hold(s.seq, s.unit)
		if err != nil {
			t.Fatal(err)
		}
		slots = append(slots, slot)
	}
	if err := h.release(slots[3]); err != nil {
		t.Fatal(err)
	}
	if again, err := h.hold(14, 4); err != nil || again != slots[3] {
		t.Errorf("slot %d (%v), want the free one %d", again, err, slots[3])
	}
	h.close() // the process dies
	h, found, err = openHeld(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []suspect{{10, false}, {11, false}, {12, true}, {14, true}}
	if len(found) != len(want) {
		t.Fatalf("%v, want %v", found, want)
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("suspect %d: %v, want %v", i, found[i], want[i])
		}
	}
	if err := h.forget(); err != nil {
		t.Fatal(err)
	}
	h.close()
	if h, found, err = openHeld(dir); err != nil || len(found) != 0 {
		t.Errorf("after they were counted: %v, %v", found, err)
	}
	h.close()
}
