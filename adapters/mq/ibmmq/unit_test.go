//go:build ibmmq

package ibmmq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

func TestPutAndGetUnderSyncpoint(t *testing.T) {
	d := start(t).dial(t)
	a, b := connect(t, d), connect(t, d)
	under := func(m *mq.Message, o *mq.PutOptions) { o.Syncpoint = true }
	put(t, a, "IN", "one", under)
	_, err := b.Get(t.Context(), "IN", mq.GetOptions{})
	refused(t, err, mq.RCNoMsgAvailable, mq.Transient)
	if err := a.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	for want := range int32(3) {
		m := get(t, b, "IN", mq.GetOptions{Syncpoint: true})
		if string(m.Body) != "one" || m.BackoutCount != want {
			t.Fatalf("%q with backout count %d, want %d", m.Body, m.BackoutCount, want)
		}
		if err := b.Backout(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if m := get(t, a, "IN", mq.GetOptions{Browse: true}); m.BackoutCount != 3 {
		t.Errorf("browsing shows backout count %d, want 3", m.BackoutCount)
	}
	put(t, a, "IN", "gone", under)
	if err := a.Backout(t.Context()); err != nil {
		t.Fatal(err)
	}
	get(t, b, "IN", mq.GetOptions{Syncpoint: true})
	b.Close() // backs out: MQDISC alone would have committed
	got := get(t, a, "IN", mq.GetOptions{Wait: 5 * time.Second})
	if string(got.Body) != "one" || got.BackoutCount != 4 {
		t.Errorf("after Close: %q with backout count %d, want 4", got.Body, got.BackoutCount)
	}
	if _, err := a.Get(t.Context(), "IN", mq.GetOptions{}); !mq.IsReason(err, mq.RCNoMsgAvailable) {
		t.Errorf("what was backed out is there: %v", err)
	}
	_, err = b.Get(t.Context(), "IN", mq.GetOptions{})
	refused(t, err, mq.RCConnectionBroken, mq.Reconnect)
}

// A descriptor comes back as it went, and each get has a fresh one: nothing of the last message restricts it.
func TestDescriptor(t *testing.T) {
	c := connect(t, start(t).dial(t))
	want := mq.Message{Body: []byte{0, 0xff, 0x1c, 0x40}, Descriptor: mq.Descriptor{
		MsgID: mq.ID{1, 2, 3}, CorrelID: mq.ID{23: 9}, Format: "MQSTR", Encoding: 785, CCSID: 37, Persistent: true,
		Expiry: time.Hour, Priority: 7, MsgType: mq.MTRequest, Report: 64, Feedback: 65536, ReplyToQ: "OUT", ReplyToQMgr: "QM2",
		UserIdentifier: "CICSUSER", AccountingToken: [32]byte{0x16, 1, 31: 2}, ApplIdentityData: "IDENTITY",
		PutApplName: "EIQS BATCH", PutTime: time.Date(2026, 3, 1, 23, 59, 58, 990_000_000, time.UTC),
		GroupID: mq.ID{5, 5}, MsgSeqNumber: 3, MsgFlags: 8,
		Properties: []adapters.Header{{Name: "portage-reason", Value: "x"}, {Name: "note", Value: "Montréal"}, {Name: "note", Value: ""}},
	}}
	if _, err := c.Put(t.Context(), "IN", want, mq.PutOptions{PassContext: true}); err != nil {
		t.Fatal(err)
	}
	put(t, c, "IN", "other")
	got := get(t, c, "IN", mq.GetOptions{})
	if got.Expiry <= 59*time.Minute || got.Expiry > time.Hour {
		t.Errorf("the remaining expiry is %s", got.Expiry)
	}
	got.Expiry = want.Expiry
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if m := get(t, c, "IN", mq.GetOptions{}); string(m.Body) != "other" {
		t.Errorf("the next get took %q", m.Body)
	}
}

func TestMatchByIdentifiers(t *testing.T) {
	c := connect(t, start(t).dial(t))
	correl := func(id mq.ID) func(*mq.Message, *mq.PutOptions) {
		return func(m *mq.Message, _ *mq.PutOptions) { m.CorrelID = id }
	}
	put(t, c, "IN", "first", correl(mq.ID{1}))
	second := put(t, c, "IN", "second", correl(mq.ID{2}))
	third := put(t, c, "IN", "third", correl(mq.ID{2}))
	_, err := c.Get(t.Context(), "IN", mq.GetOptions{CorrelID: mq.ID{3}})
	refused(t, err, mq.RCNoMsgAvailable, mq.Transient)
	if m := get(t, c, "IN", mq.GetOptions{MsgID: third.MsgID}); string(m.Body) != "third" {
		t.Errorf("by MsgId came %q", m.Body)
	}
	if m := get(t, c, "IN", mq.GetOptions{CorrelID: mq.ID{2}}); m.MsgID != second.MsgID {
		t.Errorf("by CorrelId came %q", m.Body)
	}
	if m := get(t, c, "IN", mq.GetOptions{}); string(m.Body) != "first" {
		t.Errorf("by nothing came %q", m.Body)
	}
}

func TestBrowse(t *testing.T) {
	c := connect(t, start(t).dial(t))
	for _, body := range []string{"a", "b", "c"} {
		put(t, c, "IN", body)
	}
	var seen string
	for range 3 {
		seen += string(get(t, c, "IN", mq.GetOptions{Browse: true}).Body)
	}
	_, err := c.Get(t.Context(), "IN", mq.GetOptions{Browse: true})
	refused(t, err, mq.RCNoMsgAvailable, mq.Transient)
	if _, err := c.Inquire(t.Context(), "IN"); err != nil { // looks at the first message, by a cursor of its own
		t.Fatal(err)
	}
	seen += string(get(t, c, "IN", mq.GetOptions{Browse: true, BrowseFirst: true}).Body)
	seen += string(get(t, c, "IN", mq.GetOptions{Browse: true}).Body)
	if seen != "abcab" {
		t.Errorf("seen: %s, want abcab", seen)
	}
}

func TestWait(t *testing.T) {
	d := start(t).dial(t)
	c, other := connect(t, d), connect(t, d)
	_, err := c.Get(t.Context(), "IN", mq.GetOptions{Wait: 50 * time.Millisecond})
	refused(t, err, mq.RCNoMsgAvailable, mq.Transient)
	came := make(chan string, 1)
	go func() {
		m, err := c.Get(t.Context(), "IN", mq.GetOptions{Wait: time.Minute})
		came <- string(m.Body) + errorText(err)
	}()
	put(t, other, "IN", "late")
	if got := <-came; got != "late" {
		t.Errorf("the wait ended with %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Get(ctx, "IN", mq.GetOptions{Wait: time.Hour, Syncpoint: true})
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled wait ended with %v", err)
	}
	put(t, other, "IN", "next") // the connection is as good as before
	if m := get(t, c, "IN", mq.GetOptions{}); string(m.Body) != "next" {
		t.Errorf("got %q", m.Body)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := make(chan time.Time, 1)
	clock <- now
	h := start(t, func(c *qmgr.Config) {
		c.Now = func() time.Time { at := <-clock; clock <- at; return at }
	})
	c := connect(t, h.dial(t))
	put(t, c, "IN", "short", func(m *mq.Message, _ *mq.PutOptions) { m.Expiry = 1050 * time.Millisecond })
	<-clock
	clock <- now.Add(600 * time.Millisecond)
	if m := get(t, c, "IN", mq.GetOptions{Browse: true}); m.Expiry != 500*time.Millisecond {
		t.Errorf("%s of 1.1 s are left after 0.6 s, want 0.5 s", m.Expiry)
	}
	<-clock
	clock <- now.Add(1200 * time.Millisecond)
	_, err := c.Get(t.Context(), "IN", mq.GetOptions{})
	refused(t, err, mq.RCNoMsgAvailable, mq.Transient)
	_, err = c.Put(t.Context(), "IN", mq.Message{Descriptor: mq.Descriptor{Expiry: -1}}, mq.PutOptions{})
	refused(t, err, mq.RCExpiryError, mq.Permanent)
}

func TestLongerThanTheBuffer(t *testing.T) {
	c := connect(t, start(t).dial(t))
	long := make([]byte, 300_000)
	for i := range long {
		long[i] = byte(i * 7)
	}
	put(t, c, "IN", string(long))
	var e *mq.Error
	_, err := c.Get(t.Context(), "IN", mq.GetOptions{MaxBody: 1000})
	if !errors.As(err, &e) || e.Reason != mq.RCTruncatedMsgFailed || e.DataLength != len(long) || e.CompCode != mq.CCWarning {
		t.Errorf("with 1,000 bytes accepted: %v", err)
	}
	for _, o := range []mq.GetOptions{{Browse: true}, {Syncpoint: true, MaxBody: len(long), Wait: time.Second}} {
		if m := get(t, c, "IN", o); string(m.Body) != string(long) {
			t.Errorf("%+v: %d bytes came, not those that were put", o, len(m.Body))
		}
	}
	if err := c.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, c, "IN", "")
	if m := get(t, c, "IN", mq.GetOptions{}); len(m.Body) != 0 {
		t.Errorf("no bytes became %d", len(m.Body))
	}
}

func TestInquire(t *testing.T) {
	now := time.Now()
	h := start(t)
	cfg := h.config()
	cfg.Now = func() time.Time { return now.Add(time.Minute) }
	c := connect(t, dialed(t, cfg))
	put(t, c, "IN", "waits")
	a, err := c.Inquire(t.Context(), "IN")
	if err != nil {
		t.Fatal(err)
	}
	if a.OldestAge < 55*time.Second || a.OldestAge > 61*time.Second {
		t.Errorf("the oldest is %s old, want about a minute", a.OldestAge)
	}
	a.OldestAge = 0
	want := mq.Attributes{Queue: "IN", Depth: 1, MaxDepth: qmgr.DefaultMaxDepth, MaxMsgLength: qmgr.DefaultMaxMsgLength, BackoutThreshold: 3, BackoutQueue: "BAD"}
	if a != want {
		t.Errorf("%+v, want %+v", a, want)
	}
	for queue, want := range map[string]mq.Attributes{
		"NOGET": {Queue: "NOGET", MaxDepth: qmgr.DefaultMaxDepth, MaxMsgLength: qmgr.DefaultMaxMsgLength, GetInhibited: true},
		"NOPUT": {Queue: "NOPUT", MaxDepth: qmgr.DefaultMaxDepth, MaxMsgLength: qmgr.DefaultMaxMsgLength, PutInhibited: true},
		"SMALL": {Queue: "SMALL", MaxDepth: 1, MaxMsgLength: 10},
	} {
		if got, err := c.Inquire(t.Context(), queue); got != want || err != nil {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	_, err = c.Inquire(t.Context(), "NONE")
	refused(t, err, mq.RCUnknownObjectName, mq.Alert)
}

// A group is taken whole, in its own order, once it is all there.
func TestGroups(t *testing.T) {
	c := connect(t, start(t).dial(t))
	part := func(sequence, flags int32, body string) {
		put(t, c, "IN", body, func(m *mq.Message, _ *mq.PutOptions) {
			m.GroupID, m.MsgSeqNumber, m.MsgFlags = mq.ID{7}, sequence, flags
		})
	}
	whole := mq.GetOptions{Syncpoint: true, LogicalOrder: true, AllAvailable: true}
	part(2, mq.MFMsgInGroup, "two")
	part(3, mq.MFLastMsgInGroup, "three")
	_, err := c.Get(t.Context(), "IN", whole)
	refused(t, err, mq.RCNoMsgAvailable, mq.Transient)
	part(1, mq.MFMsgInGroup, "one")
	if m := get(t, c, "IN", mq.GetOptions{Browse: true, GroupID: mq.ID{7}, MsgSeqNumber: 3}); string(m.Body) != "three" {
		t.Errorf("by group and number came %q", m.Body)
	}
	for _, want := range []string{"one", "two", "three"} {
		if m := get(t, c, "IN", whole); string(m.Body) != want || m.GroupID != (mq.ID{7}) || !m.InGroup() {
			t.Errorf("%q came, want %q", m.Body, want)
		}
	}
}

// An alias has the attributes of the queue behind it, and takes its messages.
func TestAlias(t *testing.T) {
	h := start(t, func(c *qmgr.Config) { c.Aliases = []qmgr.Alias{{Name: "DOOR", Target: "IN"}} })
	c := connect(t, h.dial(t))
	put(t, c, "DOOR", "x")
	a, err := c.Inquire(t.Context(), "DOOR")
	if err != nil || a.Depth != 1 || a.BackoutQueue != "BAD" || a.Queue != "IN" {
		t.Errorf("%+v, %v", a, err)
	}
	if m := get(t, c, "IN", mq.GetOptions{}); string(m.Body) != "x" {
		t.Errorf("%q", m.Body)
	}
}
