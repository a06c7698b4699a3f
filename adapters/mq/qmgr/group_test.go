package qmgr_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/adapters/mq"
)

// member is message seq of a group; last says that it is the last.
func member(group byte, seq int32, last bool) mq.Message {
	m := text(fmt.Sprintf("%c%d", 'a'+group-1, seq))
	m.GroupID, m.MsgSeqNumber, m.MsgFlags = mq.ID{group}, seq, mq.MFMsgInGroup
	if last {
		m.MsgFlags |= mq.MFLastMsgInGroup
	}
	return m
}

var whole = mq.GetOptions{Syncpoint: true, LogicalOrder: true, AllAvailable: true}

func TestGroupIsTakenWholeAndInItsOrder(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		ctx := t.Context()
		c, other := must(t, dial), must(t, dial)
		put(t, c, "IN", member(1, 3, true), mq.PutOptions{})
		put(t, c, "IN", member(2, 1, false), mq.PutOptions{})
		put(t, c, "IN", member(1, 1, false), mq.PutOptions{})
		expect(t, "no group is whole", next(t, c, "IN", whole), "")
		put(t, c, "IN", text("alone"), mq.PutOptions{})
		high := member(1, 2, false)
		high.Priority = 9
		put(t, c, "IN", high, mq.PutOptions{})

		expect(t, "one after the other", next(t, c, "IN", whole)+next(t, c, "IN", whole), "a1a2")
		do(t, c.Backout(ctx))
		expect(t, "from its first again", next(t, c, "IN", whole), "a1")
		do(t, c.Commit(ctx))
		expect(t, "across a commit, though it is not whole any more", next(t, c, "IN", whole)+next(t, c, "IN", whole), "a2a3")
		do(t, c.Backout(ctx))
		expect(t, "back to the commit", next(t, c, "IN", whole)+next(t, c, "IN", whole), "a2a3")
		expect(t, "then what is alone, and not the group that is not whole", next(t, c, "IN", whole)+next(t, c, "IN", whole), "alone")
		do(t, c.Commit(ctx))

		put(t, c, "IN", member(2, 2, true), mq.PutOptions{Syncpoint: true})
		expect(t, "not whole for others", next(t, other, "IN", whole), "")
		do(t, c.Commit(ctx))
		expect(t, "whole", next(t, other, "IN", whole)+next(t, other, "IN", whole), "b1b2")
	})
}

func TestGetByGroup(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c := must(t, dial)
		for _, m := range []mq.Message{text("alone"), member(1, 1, false), member(2, 1, false), member(1, 2, true)} {
			put(t, c, "IN", m, mq.PutOptions{})
		}
		expect(t, "any of a group", next(t, c, "IN", mq.GetOptions{GroupID: mq.ID{2}, Browse: true}), "b1")
		expect(t, "one of a group", next(t, c, "IN", mq.GetOptions{GroupID: mq.ID{1}, MsgSeqNumber: 2}), "a2")
		expect(t, "without order", all(t, c, "IN"), "alone a1 b1")
		_, err := c.Get(t.Context(), "IN", mq.GetOptions{Browse: true, LogicalOrder: true})
		reason(t, "browsed in logical order", err, mq.RCOptionsError)
		m := member(0, 1, true)
		if d := put(t, c, "IN", m, mq.PutOptions{}); d.GroupID.Zero() || d.MsgSeqNumber != 1 {
			t.Errorf("GroupId %x, MsgSeqNumber %d", d.GroupID, d.MsgSeqNumber)
		}
	})
}

// Whatever order the messages of several groups come in, each group is delivered whole, in its order,
// with nothing between, and nothing is lost.
func TestGroupsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := open(t).Connect()
		defer c.Close()
		var list []mq.Message
		groups := rapid.IntRange(1, 4).Draw(r, "groups")
		for g := range groups {
			n := rapid.Int32Range(1, 5).Draw(r, "size")
			for seq := int32(1); seq <= n; seq++ {
				list = append(list, member(byte(g+1), seq, seq == n))
			}
		}
		for _, m := range rapid.Permutation(list).Draw(r, "order") {
			m.Priority = rapid.Int32Range(0, 9).Draw(r, "priority")
			put(t, c, "IN", m, mq.PutOptions{})
		}
		var got []string
		for {
			m, err := c.Get(context.Background(), "IN", whole)
			if mq.IsReason(err, mq.RCNoMsgAvailable) {
				break
			}
			if err != nil {
				r.Fatal(err)
			}
			got = append(got, string(m.Body))
			if rapid.Bool().Draw(r, "commit") {
				do(t, c.Commit(context.Background()))
			}
		}
		if len(got) != len(list) {
			r.Fatalf("got %v of %d messages", got, len(list))
		}
		for i, s := range got {
			if !strings.HasSuffix(s, "1") && (i == 0 || got[i-1] != fmt.Sprintf("%c%d", s[0], s[1]-'0'-1)) {
				r.Fatalf("%v: %s does not follow its predecessor", got, s)
			}
		}
	})
}

func TestGetOfAGroupWaitsForItsLast(t *testing.T) {
	both(t, func(t *testing.T, dial mq.Dial) {
		c, other := must(t, dial), must(t, dial)
		put(t, other, "IN", member(1, 1, false), mq.PutOptions{})
		got := make(chan string)
		go func() {
			m, err := c.Get(context.Background(), "IN", mq.GetOptions{Wait: time.Minute, LogicalOrder: true, AllAvailable: true})
			got <- fmt.Sprintf("%s %v", m.Body, err)
		}()
		put(t, other, "IN", member(1, 2, true), mq.PutOptions{})
		expect(t, "woken by the last", <-got, "a1 <nil>")
	})
}
