package qmgr_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func detail(t *testing.T, c mq.Conn, name string) qmgr.Detail {
	t.Helper()
	d, err := c.(qmgr.Describer).Describe(t.Context(), name)
	do(t, err)
	return d
}

// The cut-in and cut-out of a diversion: putters keep their name, the queue behind it changes.
func TestAliasIsRepointedBetweenTwoCalls(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		c, admin := must(t, dial), must(t, dial)
		def := admin.(qmgr.Definer)
		do(t, def.Alias(ctx, "PAY", "IN"))
		put(t, c, "PAY", text("1"), mq.PutOptions{})
		put(t, c, "PAY", text("2, in a unit of work"), mq.PutOptions{Syncpoint: true})
		do(t, def.Alias(ctx, "PAY", "OUT"))
		put(t, c, "PAY", text("3"), mq.PutOptions{Syncpoint: true})
		do(t, c.Commit(ctx))
		expect(t, "by its own name", all(t, c, "IN"), "1 2, in a unit of work")
		expect(t, "by its alias", all(t, c, "PAY"), "3")
		if d := detail(t, c, "PAY"); d.Target != "OUT" || d.Attributes.Queue != "OUT" {
			t.Errorf("described: %+v", d)
		}
		if a, err := c.Inquire(ctx, "PAY"); err != nil || a.Queue != "OUT" {
			t.Errorf("inquired: %+v, %v", a, err)
		}
		do(t, def.Alter(ctx, "PAY", []string{"put=disabled"}))
		_, err := c.Put(ctx, "PAY", text("x"), mq.PutOptions{})
		reason(t, "an inhibited alias", err, mq.RCPutInhibited)
		put(t, c, "OUT", text("its queue is not"), mq.PutOptions{})
		aliases, err := c.(qmgr.Lister).Aliases(ctx)
		if err != nil || fmt.Sprint(aliases) != "[{PAY OUT false true}]" {
			t.Errorf("%v, %v", aliases, err)
		}
		for what, err := range map[string]error{
			"2085 no target":            def.Alias(ctx, "X", "NONE"),
			"2085 a target's alias":     def.Alias(ctx, "X", "PAY"),
			"2100 name of a queue":      def.Alias(ctx, "IN", "OUT"),
			"2046 itself":               def.Alias(ctx, "X", "X"),
			"2046 a name that is none":  def.Alias(ctx, "a b", "IN"),
			"2100 defined twice":        def.Define(ctx, "PAY", nil),
			"2046 an unknown setting":   def.Alter(ctx, "PAY", []string{"depth=1"}),
			"2085 altering nothing":     def.Alter(ctx, "NONE", nil),
			"2046 its own stream queue": def.Alter(ctx, "IN", []string{"streamq=IN"}),
		} {
			if err == nil || !strings.Contains(err.Error(), what[:4]) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestReaderByAliasLetsGoOfTheQueueItLeft(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		legacy, portage := must(t, dial), must(t, dial)
		def := portage.(qmgr.Definer)
		do(t, def.Alias(ctx, "LEGACY.IN", "IN"))
		put(t, portage, "IN", text("1"), mq.PutOptions{})
		expect(t, "taken", next(t, legacy, "LEGACY.IN", mq.GetOptions{Syncpoint: true, Exclusive: true}), "1")
		_, err := portage.Get(ctx, "IN", mq.GetOptions{Exclusive: true})
		reason(t, "before", err, mq.RCObjectInUse)
		do(t, def.Alias(ctx, "LEGACY.IN", "OUT"))
		_, err = portage.Get(ctx, "IN", mq.GetOptions{Exclusive: true})
		reason(t, "after", err, mq.RCNoMsgAvailable)
		do(t, legacy.Backout(ctx))
		expect(t, "what the unit of work held", next(t, portage, "IN", mq.GetOptions{}), "1")
	})
}

func TestAttributesChangeWhileMessagesFlow(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		c, admin := must(t, dial), must(t, dial)
		def := admin.(qmgr.Definer)
		do(t, def.Define(ctx, "NEW", []string{"maxdepth=2", "maxmsgl=10", "bothresh=3", "boqname=NEW.BOQ"}))
		a, err := c.Inquire(ctx, "NEW")
		if err != nil || a.MaxDepth != 2 || a.MaxMsgLength != 10 || a.BackoutThreshold != 3 || a.BackoutQueue != "NEW.BOQ" {
			t.Fatalf("%+v, %v", a, err)
		}
		put(t, c, "NEW.BOQ", text("it was made too"), mq.PutOptions{})
		put(t, c, "NEW", text("1"), mq.PutOptions{})
		put(t, c, "NEW", text("2"), mq.PutOptions{})
		_, err = c.Put(ctx, "NEW", text("3"), mq.PutOptions{})
		reason(t, "full", err, mq.RCQFull)
		do(t, def.Alter(ctx, "NEW", []string{"maxdepth=3"}))
		put(t, c, "NEW", text("3"), mq.PutOptions{})
		do(t, def.Alter(ctx, "NEW", []string{"maxmsgl=3", "put=disabled"}))
		_, err = c.Put(ctx, "NEW", text("3"), mq.PutOptions{})
		reason(t, "put inhibited", err, mq.RCPutInhibited)
		do(t, def.Alter(ctx, "NEW", []string{"put=enabled", "maxdepth=9"}))
		_, err = c.Put(ctx, "NEW", text("four"), mq.PutOptions{})
		reason(t, "too long now", err, mq.RCMsgTooBigForQ)
		expect(t, "what was there stays", all(t, c, "NEW"), "1 2 3")

		ended := make(chan error)
		go func() {
			_, err := c.Get(context.Background(), "NEW", mq.GetOptions{Wait: time.Hour})
			ended <- err
		}()
		for detail(t, admin, "NEW").Readers == 0 { //nolint:revive // until the get waits
		}
		do(t, def.Alter(ctx, "NEW", []string{"get=disabled"}))
		reason(t, "a get that waits", <-ended, mq.RCGetInhibited)
	})
}

func TestDefinitionsOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	here := func(c *qmgr.Config) { c.Dir, c.Aliases = dir, []qmgr.Alias{{Name: "PAY", Target: "IN"}} }
	m := open(t, here)
	do(t, m.Define(t.Context(), "NEW", []string{"maxdepth=7", "streamq=OUT"}))
	do(t, m.Alter(t.Context(), "NEW", []string{"get=disabled"}))
	do(t, m.Alias(t.Context(), "PAY", "OUT"))
	do(t, m.Close())
	c := must(t, open(t, here).Dial)
	if d := detail(t, c, "NEW"); d.Attributes.MaxDepth != 7 || !d.GetInhibited || d.StreamQueue != "OUT" {
		t.Errorf("%+v", d)
	}
	if d := detail(t, c, "PAY"); d.Target != "OUT" {
		t.Errorf("the restart repointed the alias to %s", d.Target)
	}
	_, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Plain: true, Aliases: []qmgr.Alias{{Name: "A", Target: "NONE"}}})
	if err == nil || !strings.Contains(err.Error(), "NONE, which is no queue") {
		t.Errorf("an alias for nothing: %v", err)
	}
}

// queues.db as the first schema wrote it opens, with its messages, and takes aliases.
func TestFirstSchemaIsMigrated(t *testing.T) {
	dir := t.TempDir()
	here := func(c *qmgr.Config) { c.Dir = dir }
	m := open(t, here)
	put(t, must(t, m.Dial), "IN", text("kept"), mq.PutOptions{})
	do(t, m.Close())
	db, err := sql.Open("sqlite", filepath.Join(dir, "queues.db"))
	do(t, err)
	_, err = db.Exec("ALTER TABLE queues DROP COLUMN stream; DROP TABLE aliases; PRAGMA user_version = 1")
	do(t, errors.Join(err, db.Close()))
	m = open(t, here)
	do(t, m.Alias(t.Context(), "PAY", "IN"))
	expect(t, "by the alias", all(t, must(t, m.Dial), "PAY"), "kept")
}

func TestStreamQueueGetsCopiesAndLosesThemQuietly(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		c := must(t, dial)
		def := c.(qmgr.Definer)
		do(t, def.Define(ctx, "TAP", []string{"maxdepth=2"}))
		do(t, def.Alter(ctx, "IN", []string{"streamq=TAP"}))
		first := put(t, c, "IN", text("1"), mq.PutOptions{})
		put(t, c, "IN", text("backed out"), mq.PutOptions{Syncpoint: true})
		do(t, c.Backout(ctx))
		put(t, c, "IN", text("2"), mq.PutOptions{Syncpoint: true})
		expect(t, "the copy before the commit", fmt.Sprint(detail(t, c, "TAP").Attributes.Depth), "2")
		do(t, c.Commit(ctx))
		put(t, c, "IN", text("3"), mq.PutOptions{}) // TAP is full
		put(t, c, "IN", text("4, backed out"), mq.PutOptions{Syncpoint: true})
		do(t, c.Backout(ctx))
		if d := detail(t, c, "IN"); d.CopiesLost != 1 {
			t.Errorf("%d copies lost, want 1: what was backed out is no loss", d.CopiesLost)
		}
		copied, err := c.Get(ctx, "TAP", mq.GetOptions{})
		if err != nil || copied.MsgID != first.MsgID || !copied.PutTime.Equal(first.PutTime) || string(copied.Body) != "1" {
			t.Errorf("the copy: %q, %v", copied.Body, err)
		}
		expect(t, "copies", all(t, c, "TAP"), "2")
		expect(t, "originals", all(t, c, "IN"), "1 2 3")
		do(t, def.Alter(ctx, "TAP", []string{"put=disabled"}))
		put(t, c, "IN", text("5"), mq.PutOptions{})
		if d := detail(t, c, "IN"); d.CopiesLost != 2 {
			t.Errorf("%d copies lost, want 2", d.CopiesLost)
		}
	})
}

func TestQuiesceLetsUnitsOfWorkEnd(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		c, waits, admin := must(t, dial), must(t, dial), must(t, dial)
		put(t, c, "IN", text("1"), mq.PutOptions{})
		next(t, c, "IN", mq.GetOptions{Syncpoint: true})
		put(t, c, "BAD", text("2"), mq.PutOptions{Syncpoint: true})
		ended := make(chan error)
		go func() {
			_, err := waits.Get(context.Background(), "OUT", mq.GetOptions{Wait: time.Hour})
			ended <- err
		}()
		for detail(t, admin, "OUT").Readers == 0 { //nolint:revive // until the get waits
		}
		do(t, admin.(qmgr.Quiescer).Quiesce(ctx, true))
		reason(t, "a get that waits", <-ended, mq.RCQMgrQuiescing)
		_, err := c.Get(ctx, "IN", mq.GetOptions{})
		reason(t, "get", err, mq.RCQMgrQuiescing)
		_, err = c.Put(ctx, "IN", text("x"), mq.PutOptions{})
		reason(t, "put", err, mq.RCQMgrQuiescing)
		_, err = dial(ctx)
		reason(t, "connect", err, mq.RCQMgrQuiescing)
		do(t, c.Commit(ctx))
		do(t, admin.(qmgr.Quiescer).Quiesce(ctx, false))
		expect(t, "the unit of work ended whole", all(t, c, "IN")+all(t, c, "BAD"), "2")
	})
}

func TestMaxUncommitted(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		put(t, c, "IN", text("1"), mq.PutOptions{})
		put(t, c, "IN", text("2"), mq.PutOptions{Syncpoint: true})
		next(t, c, "IN", mq.GetOptions{Syncpoint: true})
		_, err := c.Put(t.Context(), "IN", text("3"), mq.PutOptions{Syncpoint: true})
		reason(t, "third", err, mq.RCSyncpointLimitReached)
		_, err = c.Get(t.Context(), "IN", mq.GetOptions{Syncpoint: true})
		reason(t, "third", err, mq.RCSyncpointLimitReached)
		put(t, c, "IN", text("outside of it"), mq.PutOptions{})
		do(t, c.Commit(t.Context()))
		expect(t, "left, in the order of their commits", all(t, c, "IN"), "outside of it 2")
	}, func(c *qmgr.Config) { c.MaxUncommitted = 2 })
}

// A client in C of level 1: its connect names no level, and gets no byte that it does not know.
func TestClientOfLevelOneIsAnsweredAsBefore(t *testing.T) {
	l, err := open(t).Listen()
	do(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	m := open(t)
	go func() { ended <- m.Serve(ctx, l) }()
	defer func() { cancel(); do(t, <-ended) }()
	nc, err := net.Dial("unix", l.Addr().String())
	do(t, err)
	defer nc.Close()
	_, err = nc.Write([]byte("\x00\x00\x00\x09\x01\x01\x00\x00\x00\x07\x00\x01C"))
	do(t, err)
	head := make([]byte, 4)
	_, err = io.ReadFull(nc, head)
	do(t, err)
	rest := make([]byte, binary.BigEndian.Uint32(head))
	_, err = io.ReadFull(nc, rest)
	do(t, err)
	if want := "\x01\x81\x00\x00\x00\x07" + strings.Repeat("\x00", 10) + "\x00\x07PORTAGE"; string(rest) != want {
		t.Errorf("% x, want % x", rest, want)
	}
}
