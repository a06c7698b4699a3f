package qmgr_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// batch gets several messages in one call and shows their bodies.
func batch(t *testing.T, c mq.Conn, o mq.GetOptions, most, size int) string {
	t.Helper()
	ms, err := c.(mq.BatchGetter).GetBatch(t.Context(), "IN", o, most, size)
	if mq.IsReason(err, mq.RCNoMsgAvailable) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		out = append(out, string(m.Body))
	}
	return strings.Join(out, " ")
}

func TestABatchIsWhatIsThereWithinItsLimits(t *testing.T) {
	m := open(t)
	c := must(t, listen(t, m))
	inUnit := mq.GetOptions{Syncpoint: true}
	for i := range 8 {
		put(t, c, "IN", text(fmt.Sprint(i)), mq.PutOptions{})
	}
	put(t, c, "IN", text(strings.Repeat("x", 5000)), mq.PutOptions{})
	put(t, c, "IN", text("end"), mq.PutOptions{})

	if got := batch(t, c, mq.GetOptions{Browse: true, BrowseFirst: true}, 3, 1<<20); got != "0 1 2" {
		t.Errorf("browsed %q", got)
	}
	if got := batch(t, c, mq.GetOptions{Browse: true}, 3, 1<<20); got != "3 4 5" {
		t.Errorf("browsed on: %q", got)
	}
	if got := batch(t, c, inUnit, 3, 1<<20); got != "0 1 2" {
		t.Errorf("three at most: %q", got)
	}
	if got := batch(t, c, inUnit, 100, 4096); got != "3 4 5 6 7" {
		t.Errorf("4096 bytes at most, with a longer one behind: %q", got)
	}
	if got := batch(t, c, inUnit, 100, 1); len(got) != 5000 {
		t.Errorf("a message that is longer than the limit has to come alone: %d bytes", len(got))
	}
	if err := c.Backout(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Those that were backed out come alone; "end" was not.
	for i := range 8 {
		if got := batch(t, c, inUnit, 100, 1<<20); got != fmt.Sprint(i) {
			t.Errorf("backed out: %q, want %d alone", got, i)
		}
	}
	if got := batch(t, c, inUnit, 100, 1<<20); len(got) != 5000 {
		t.Errorf("backed out: %d bytes", len(got))
	}
	if got := batch(t, c, inUnit, 100, 1<<20); got != "end" {
		t.Errorf("%q, want what was not backed out", got)
	}
	if got := batch(t, c, inUnit, 100, 1<<20); got != "" {
		t.Errorf("nothing is left, and %q came", got)
	}
	if err := c.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(t, c, "IN"); got != "" {
		t.Errorf("%q is left after the commit", got)
	}
}

// A wait for a batch is a wait for its first message, and can be cancelled.
func TestABatchWaitsForItsFirstMessage(t *testing.T) {
	m := open(t)
	dial := listen(t, m)
	c, other := must(t, dial), must(t, dial)
	got := make(chan string, 1)
	go func() { got <- batch(t, c, mq.GetOptions{Wait: time.Minute}, 10, 1<<20) }()
	put(t, other, "IN", text("first"), mq.PutOptions{})
	if s := <-got; s != "first" {
		t.Errorf("got %q", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := c.(mq.BatchGetter).GetBatch(ctx, "IN", mq.GetOptions{Wait: time.Hour}, 10, 1<<20)
		failed <- err
	}()
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait: %v", err)
	}
	if _, err := c.(mq.BatchGetter).GetBatch(t.Context(), strings.Repeat("Q", 49), mq.GetOptions{}, 10, 1); !mq.IsReason(err, mq.RCUnknownObjectName) {
		t.Errorf("a name that is too long: %v", err)
	}
}

// A fault in the middle of a batch loses none of it: all are backed out with the connection.
func TestABatchThatIsCutIsBackedOut(t *testing.T) {
	m := open(t, func(c *qmgr.Config) { c.Faults = true })
	dial := listen(t, m)
	c, other := must(t, dial), must(t, dial)
	for i := range 4 {
		put(t, other, "IN", text(fmt.Sprint(i)), mq.PutOptions{})
	}
	if err := m.Fault(t.Context(), qmgr.Fault{Op: "get", Nth: 3, Kind: qmgr.FaultBroken}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.(mq.BatchGetter).GetBatch(t.Context(), "IN", mq.GetOptions{Syncpoint: true}, 10, 1<<20); !mq.IsReason(err, mq.RCConnectionBroken) {
		t.Fatalf("the third get cuts the connection: %v", err)
	}
	if err := m.ClearFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(t, other, "IN"); got != "0 1 2 3" {
		t.Errorf("after the cut the queue has %q", got)
	}
}

// A browse goes on behind the message it stood at, also when that one is gone, or came back.
func TestABrowseGoesOnWhereItStood(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c, other := must(t, dial), must(t, dial)
		for i := range 6 {
			put(t, c, "IN", text(fmt.Sprint(i)), mq.PutOptions{})
		}
		o := mq.GetOptions{Browse: true, BrowseFirst: true}
		first := next(t, c, "IN", o)
		o.BrowseFirst = false
		second := next(t, c, "IN", o)
		taken := next(t, other, "IN", mq.GetOptions{Syncpoint: true}) + next(t, other, "IN", mq.GetOptions{Syncpoint: true})
		third := next(t, c, "IN", o)
		if err := other.Backout(t.Context()); err != nil {
			t.Fatal(err)
		}
		urgent := text("urgent")
		urgent.Priority = 9
		put(t, other, "IN", urgent, mq.PutOptions{})
		put(t, other, "IN", text("last"), mq.PutOptions{})
		rest := next(t, c, "IN", o) + next(t, c, "IN", o) + next(t, c, "IN", o) + next(t, c, "IN", o)
		if got := first + second + taken + third + rest; got != "01"+"01"+"2"+"345"+"last" {
			t.Errorf("browsed %q", got)
		}
	})
}

// Two queues share the numbers of the rows: a commit deletes its own and none between them.
func TestACommitDeletesOnlyItsOwn(t *testing.T) {
	dir := t.TempDir()
	cfg := qmgr.Config{Dir: dir, Plain: true, Queues: []qmgr.Queue{{Name: "A"}, {Name: "B"}}}
	m, err := qmgr.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := m.Connect()
	for i, queue := range strings.Split("A A B A B B A A A B A", " ") {
		put(t, c, queue, text(fmt.Sprint(i)), mq.PutOptions{})
	}
	for range 6 {
		next(t, c, "A", mq.GetOptions{Syncpoint: true})
	}
	if err := errors.Join(c.Commit(t.Context()), m.Close()); err != nil {
		t.Fatal(err)
	}
	if m, err = qmgr.Open(cfg); err != nil { // what is on the disk
		t.Fatal(err)
	}
	defer m.Close()
	c = m.Connect()
	if a, b := all(t, c, "A"), all(t, c, "B"); a != "10" || b != "2 4 5 9" {
		t.Errorf("on the disk: A %q, B %q", a, b)
	}
}
