package qmgr_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// both runs a story in process and over the socket: the two must not differ.
func both(t *testing.T, story func(t *testing.T, dial mq.Dial), change ...func(*qmgr.Config)) {
	t.Helper()
	t.Run("inside", func(t *testing.T) { story(t, open(t, change...).Dial) })
	t.Run("socket", func(t *testing.T) { story(t, listen(t, open(t, change...))) })
}

func put(t *testing.T, c mq.Conn, queue string, m mq.Message, o mq.PutOptions) mq.Descriptor {
	t.Helper()
	d, err := c.Put(t.Context(), queue, m, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func text(s string) mq.Message {
	return mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: []byte(s)}
}

// next gets a message's body; "" if there is none.
func next(t *testing.T, c mq.Conn, queue string, o mq.GetOptions) string {
	t.Helper()
	m, err := c.Get(t.Context(), queue, o)
	if mq.IsReason(err, mq.RCNoMsgAvailable) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(m.Body)
}

func all(t *testing.T, c mq.Conn, queue string) string {
	t.Helper()
	var out []string
	for {
		s := next(t, c, queue, mq.GetOptions{})
		if s == "" {
			return strings.Join(out, " ")
		}
		out = append(out, s)
	}
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func reason(t *testing.T, what string, err error, want int32) {
	t.Helper()
	if !mq.IsReason(err, want) {
		t.Errorf("%s: %v, want reason %d", what, err, want)
	}
}

func TestFirstInFirstOutWithinPriority(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		for i, p := range []int32{4, 9, 0, 4, 9} {
			m := text(fmt.Sprintf("p%d-%d", p, i))
			m.Priority = p
			put(t, c, "IN", m, mq.PutOptions{})
		}
		expect(t, "order", all(t, c, "IN"), "p9-1 p9-4 p4-0 p4-3 p0-2")
	})
}

func TestBackedOutMessageReturnsToItsPlace(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		a, b := must(t, dial), must(t, dial)
		for _, s := range []string{"1", "2", "3", "4"} {
			put(t, a, "IN", text(s), mq.PutOptions{})
		}
		ctx := t.Context()
		under := mq.GetOptions{Syncpoint: true}
		expect(t, "a takes", next(t, a, "IN", under), "1")
		expect(t, "b takes", next(t, b, "IN", under), "2")
		expect(t, "a takes", next(t, a, "IN", under), "3")
		put(t, a, "OUT", text("never"), mq.PutOptions{Syncpoint: true})
		if err := b.Backout(ctx); err != nil {
			t.Fatal(err)
		}
		if err := a.Backout(ctx); err != nil {
			t.Fatal(err)
		}
		for i, want := range []int32{1, 1, 1, 0} {
			m, err := a.Get(ctx, "IN", mq.GetOptions{})
			if err != nil || string(m.Body) != fmt.Sprint(i+1) || m.BackoutCount != want {
				t.Errorf("message %d: %q with BackoutCount %d (%v), want %d", i+1, m.Body, m.BackoutCount, err, want)
			}
		}
		expect(t, "a put that was backed out", all(t, a, "OUT"), "")
	})
}

func TestUnitOfWorkIsInvisibleUntilCommit(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		a, b := must(t, dial), must(t, dial)
		put(t, a, "IN", text("one"), mq.PutOptions{Syncpoint: true})
		put(t, a, "OUT", text("two"), mq.PutOptions{Syncpoint: true})
		expect(t, "before commit", next(t, b, "IN", mq.GetOptions{}), "")
		if err := a.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect(t, "after commit", next(t, b, "IN", mq.GetOptions{})+next(t, b, "OUT", mq.GetOptions{}), "onetwo")
	})
}

func TestClosedConnectionBacksOut(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		a, b := must(t, dial), must(t, dial)
		put(t, b, "IN", text("kept"), mq.PutOptions{})
		next(t, a, "IN", mq.GetOptions{Syncpoint: true})
		put(t, a, "OUT", text("gone"), mq.PutOptions{Syncpoint: true})
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		m, err := b.Get(t.Context(), "IN", mq.GetOptions{Wait: 10 * time.Second})
		if err != nil || m.BackoutCount != 1 {
			t.Fatalf("BackoutCount %d, %v", m.BackoutCount, err)
		}
		expect(t, "its put", next(t, b, "OUT", mq.GetOptions{}), "")
		_, err = a.Get(t.Context(), "IN", mq.GetOptions{})
		if e, ok := errors.AsType[*mq.Error](err); !ok || e.Class() != mq.Reconnect {
			t.Errorf("a call on a closed connection: %v, want one that says reconnect", err)
		}
	})
}

// Each refusal of the MQI, by its number.
func TestReasons(t *testing.T) {
	queues := func(c *qmgr.Config) {
		c.MaxBytes = 1000
		c.Queues = append(c.Queues, qmgr.Queue{Name: "SMALL", MaxDepth: 2, MaxMsgLength: 10},
			qmgr.Queue{Name: "NOGET", GetInhibited: true}, qmgr.Queue{Name: "NOPUT", PutInhibited: true})
	}
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		c, other := must(t, dial), must(t, dial)
		tryPut := func(queue string, m mq.Message) error {
			_, err := c.Put(ctx, queue, m, mq.PutOptions{})
			return err
		}
		tryGet := func(c mq.Conn, queue string, o mq.GetOptions) error {
			_, err := c.Get(ctx, queue, o)
			return err
		}
		_, inquired := c.Inquire(ctx, "NONE")
		reason(t, "unknown queue, put", tryPut("NONE", text("")), mq.RCUnknownObjectName)
		reason(t, "unknown queue, get", tryGet(c, "NONE", mq.GetOptions{}), mq.RCUnknownObjectName)
		reason(t, "unknown queue, inquire", inquired, mq.RCUnknownObjectName)
		reason(t, "a name over 48 characters", tryPut(strings.Repeat("Q", 49), text("")), mq.RCUnknownObjectName)
		reason(t, "empty queue", tryGet(c, "IN", mq.GetOptions{}), mq.RCNoMsgAvailable)
		reason(t, "empty queue, waited", tryGet(c, "IN", mq.GetOptions{Wait: time.Millisecond}), mq.RCNoMsgAvailable)
		reason(t, "get inhibited", tryGet(c, "NOGET", mq.GetOptions{}), mq.RCGetInhibited)
		reason(t, "put inhibited", tryPut("NOPUT", text("")), mq.RCPutInhibited)
		reason(t, "11 bytes where 10 fit", tryPut("SMALL", text("01234567890")), mq.RCMsgTooBigForQ)
		reason(t, "priority 10", tryPut("IN", mq.Message{Descriptor: mq.Descriptor{Priority: 10}}), mq.RCPriorityError)
		reason(t, "negative expiry", tryPut("IN", mq.Message{Descriptor: mq.Descriptor{Expiry: -1}}), mq.RCExpiryError)
		reason(t, "a format of 9 characters", tryPut("IN", mq.Message{Descriptor: mq.Descriptor{Format: "MQSTRINGS"}}), mq.RCMDError)
		for range 2 {
			if err := tryPut("SMALL", text("x")); err != nil {
				t.Fatal(err)
			}
		}
		reason(t, "third message where 2 fit", tryPut("SMALL", text("x")), mq.RCQFull)
		reason(t, "over maxBytes", tryPut("IN", text(strings.Repeat("x", 999))), mq.RCQSpaceNotAvailable)
		reason(t, "2 bytes where 1 is accepted", func() error {
			put(t, c, "OUT", text("xx"), mq.PutOptions{})
			return tryGet(c, "OUT", mq.GetOptions{MaxBody: 1})
		}(), mq.RCTruncatedMsgFailed)
		expect(t, "a message too long stays", next(t, c, "OUT", mq.GetOptions{Exclusive: true}), "xx")
		reason(t, "taken exclusively", tryGet(other, "OUT", mq.GetOptions{}), mq.RCObjectInUse)
		reason(t, "browsed while taken exclusively", tryGet(other, "OUT", mq.GetOptions{Browse: true}), mq.RCNoMsgAvailable)
		c.Close()
		reason(t, "free again", tryGet(other, "OUT", mq.GetOptions{Exclusive: true}), mq.RCNoMsgAvailable)
	}, queues)
}

func TestUnitOfWorkHasALimit(t *testing.T) {
	c := must(t, open(t, func(c *qmgr.Config) { c.Queues[0].MaxDepth = 20_000 }).Dial)
	for range 10_000 {
		put(t, c, "IN", mq.Message{}, mq.PutOptions{Syncpoint: true})
	}
	_, err := c.Put(t.Context(), "IN", mq.Message{}, mq.PutOptions{Syncpoint: true})
	reason(t, "message 10,001", err, mq.RCSyncpointLimitReached)
	if err := c.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestGetByIdentifier(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		request := put(t, c, "IN", text("request"), mq.PutOptions{})
		reply := text("reply")
		reply.CorrelID = request.MsgID
		put(t, c, "IN", reply, mq.PutOptions{})
		if request.MsgID.Zero() {
			t.Fatal("no MsgId was made")
		}
		expect(t, "by CorrelId", next(t, c, "IN", mq.GetOptions{CorrelID: request.MsgID}), "reply")
		expect(t, "by a MsgId that is not there", next(t, c, "IN", mq.GetOptions{MsgID: mq.ID{1}}), "")
		expect(t, "by MsgId", next(t, c, "IN", mq.GetOptions{MsgID: request.MsgID}), "request")
		again := text("x")
		again.MsgID = request.MsgID
		if d := put(t, c, "IN", again, mq.PutOptions{}); d.MsgID != request.MsgID {
			t.Error("a MsgId that was set was replaced")
		}
		if d := put(t, c, "IN", again, mq.PutOptions{NewMsgID: true}); d.MsgID == request.MsgID {
			t.Error("NewMsgID made no new one")
		}
	})
}

func TestBrowseLeavesMessages(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		for _, s := range []string{"1", "2", "3"} {
			put(t, c, "IN", text(s), mq.PutOptions{})
		}
		on := mq.GetOptions{Browse: true}
		expect(t, "first", next(t, c, "IN", on), "1")
		expect(t, "second", next(t, c, "IN", on), "2")
		high := text("high")
		high.Priority = 9
		put(t, c, "IN", high, mq.PutOptions{})
		expect(t, "third, not what came in front", next(t, c, "IN", on), "3")
		expect(t, "end", next(t, c, "IN", on), "")
		expect(t, "again", next(t, c, "IN", mq.GetOptions{Browse: true, BrowseFirst: true}), "high")
		expect(t, "all are there", all(t, c, "IN"), "high 1 2 3")
	})
}

func TestWaitingGetIsWoken(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		a, b := must(t, dial), must(t, dial)
		got := make(chan string)
		go func() {
			m, err := a.Get(context.Background(), "IN", mq.GetOptions{Wait: time.Minute, CorrelID: mq.ID{7}})
			got <- fmt.Sprintf("%s %v", m.Body, err)
		}()
		put(t, b, "IN", text("another"), mq.PutOptions{})
		m := text("mine")
		m.CorrelID = mq.ID{7}
		put(t, b, "IN", m, mq.PutOptions{Syncpoint: true})
		if err := b.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		expect(t, "woken", <-got, "mine <nil>")
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c, other := must(t, dial), must(t, dial)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := c.Get(ctx, "IN", mq.GetOptions{Wait: time.Hour, Syncpoint: true})
			ended <- err
		}()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled get: %v, want context.Canceled", err)
		}
		put(t, other, "IN", text("still"), mq.PutOptions{})
		expect(t, "the connection goes on", next(t, c, "IN", mq.GetOptions{}), "still")
	})
}

func TestCloseEndsAWait(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		ended := make(chan error)
		go func() {
			_, err := c.Get(context.Background(), "IN", mq.GetOptions{Wait: time.Hour})
			ended <- err
		}()
		c.Close()
		if err := <-ended; err == nil {
			t.Error("a get on a closed connection succeeded")
		}
	})
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	dir := t.TempDir()
	here := func(c *qmgr.Config) { c.Now, c.Dir = clock, dir }
	m := open(t, here)
	c := must(t, m.Dial)
	for _, d := range []time.Duration{0, 250 * time.Millisecond, 10 * time.Second} {
		msg := text(d.String())
		msg.Expiry = d
		put(t, c, "IN", msg, mq.PutOptions{})
	}
	now = now.Add(299 * time.Millisecond)
	if a, err := c.Inquire(t.Context(), "IN"); err != nil || a.Depth != 3 || a.OldestAge != 299*time.Millisecond {
		t.Fatalf("before the first is over: depth %d, oldest %v, %v", a.Depth, a.OldestAge, err)
	}
	now = now.Add(time.Millisecond)
	if a, err := c.Inquire(t.Context(), "IN"); err != nil || a.Depth != 2 {
		t.Fatalf("250 ms count as 3 tenths: depth %d, %v, want 2", a.Depth, err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second)
	m = open(t, here)
	c = must(t, m.Dial)
	expect(t, "without expiry", next(t, c, "IN", mq.GetOptions{}), "0s")
	msg, err := c.Get(t.Context(), "IN", mq.GetOptions{Browse: true})
	if err != nil || msg.Expiry != 7700*time.Millisecond {
		t.Errorf("what is left after a restart: %v, %v, want 7.7s", msg.Expiry, err)
	}
	now = now.Add(time.Minute)
	expect(t, "expired", next(t, c, "IN", mq.GetOptions{}), "")
}

func TestFullQueueForgetsWhatExpired(t *testing.T) {
	now := time.Now()
	c := must(t, open(t, func(c *qmgr.Config) { c.Now, c.Queues[0].MaxDepth = func() time.Time { return now }, 1 }).Dial)
	old := text("old")
	old.Expiry = time.Second
	put(t, c, "IN", old, mq.PutOptions{})
	now = now.Add(time.Minute)
	put(t, c, "IN", text("new"), mq.PutOptions{})
	expect(t, "left", all(t, c, "IN"), "new")
}

func TestContextIsPassedOrSet(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		origin := time.Date(2001, 2, 3, 4, 5, 6, 789e6, time.UTC)
		m := text("x")
		m.Format, m.CCSID, m.Encoding, m.MsgType, m.Report, m.Feedback = "MQSTR", 37, 785, mq.MTReply, 1, 2
		m.ReplyToQ, m.ReplyToQMgr, m.GroupID, m.MsgSeqNumber, m.MsgFlags = "BACK", "QM1", mq.ID{9}, 3, 24
		m.UserIdentifier, m.AccountingToken, m.ApplIdentityData = "CICSUSR", [32]byte{1}, "data"
		m.PutTime, m.PutApplName, m.BackoutCount = origin, "BATCH", 7
		m.Properties = []adapters.Header{{Name: "a", Value: "1"}, {Name: "a", Value: "é"}}
		put(t, c, "IN", m, mq.PutOptions{PassContext: true})
		put(t, c, "IN", m, mq.PutOptions{})
		passed, err := c.Get(t.Context(), "IN", mq.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		m.MsgID, m.BackoutCount, m.PutTime = passed.MsgID, 0, origin.Truncate(10*time.Millisecond)
		expect(t, "passed", fmt.Sprintf("%+v", passed), fmt.Sprintf("%+v", m))
		set, err := c.Get(t.Context(), "IN", mq.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if set.UserIdentifier != "" || set.AccountingToken != [32]byte{} || set.PutApplName != "portage" || time.Since(set.PutTime) > time.Hour {
			t.Errorf("a context that was not passed came through: %q %q %v", set.UserIdentifier, set.PutApplName, set.PutTime)
		}
	})
}

func TestRestartKeepsWhatIsPersistent(t *testing.T) {
	dir := t.TempDir()
	here := func(c *qmgr.Config) { c.Dir = dir }
	m := open(t, here)
	c := must(t, m.Dial)
	secret := "046454286 is in here"
	for i := range 3 {
		msg := text(fmt.Sprintf("%s %d", secret, i))
		msg.Properties = []adapters.Header{{Name: "note", Value: secret}}
		put(t, c, "IN", msg, mq.PutOptions{})
	}
	put(t, c, "IN", mq.Message{Body: []byte("not persistent")}, mq.PutOptions{})
	next(t, c, "IN", mq.GetOptions{Syncpoint: true})
	if err := c.Backout(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, c, "OUT", text("never committed"), mq.PutOptions{Syncpoint: true})
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(filepath.Join(dir, f.Name())); err == nil && bytes.Contains(b, []byte("046454286")) {
			t.Errorf("%s holds a body in the clear", f.Name())
		}
		if info, err := f.Info(); err == nil && f.Name() == "queues.db" && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", f.Name(), info.Mode())
		}
	}
	c = must(t, open(t, here).Dial)
	for i, want := range []int32{1, 0, 0} {
		msg, err := c.Get(t.Context(), "IN", mq.GetOptions{})
		if err != nil || string(msg.Body) != fmt.Sprintf("%s %d", secret, i) || msg.BackoutCount != want || msg.Properties[0].Value != secret {
			t.Errorf("message %d: %v, BackoutCount %d", i, err, msg.BackoutCount)
		}
	}
	expect(t, "not persistent", next(t, c, "IN", mq.GetOptions{})+next(t, c, "OUT", mq.GetOptions{}), "")
}

func TestDefinitionsOutliveTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	m := open(t, func(c *qmgr.Config) {
		c.Dir, c.Queues = dir, []qmgr.Queue{{Name: "Q", MaxDepth: 7, BackoutThreshold: 2, BackoutQueue: "Q.BOQ"}}
	})
	expect(t, "queues", strings.Join(m.Queues(), " "), "Q Q.BOQ")
	m.Close()
	m = open(t, func(c *qmgr.Config) { c.Dir, c.Queues = dir, []qmgr.Queue{{Name: "R"}} })
	expect(t, "queues", strings.Join(m.Queues(), " "), "Q Q.BOQ R")
	a, err := must(t, m.Dial).Inquire(t.Context(), "Q")
	if err != nil || a.MaxDepth != 7 || a.BackoutThreshold != 2 || a.BackoutQueue != "Q.BOQ" || a.MaxMsgLength != qmgr.DefaultMaxMsgLength {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestInquireAndList(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		put(t, c, "IN", text("x"), mq.PutOptions{})
		put(t, c, "IN", text("y"), mq.PutOptions{Syncpoint: true})
		a, err := c.Inquire(t.Context(), "IN")
		if err != nil || a.Queue != "IN" || a.Depth != 2 || a.MaxDepth != 5000 || a.BackoutThreshold != 5 || a.BackoutQueue != "BAD" {
			t.Errorf("%+v, %v; what is in a unit of work counts too", a, err)
		}
		names, err := c.(qmgr.Lister).Queues(t.Context())
		if err != nil || strings.Join(names, " ") != "BAD IN OUT" {
			t.Errorf("%v, %v", names, err)
		}
	})
}
