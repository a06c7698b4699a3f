package mq_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// defined is a connection that tells how its queue is defined.
type defined struct {
	mq.Conn
	as  mq.Definition
	err error
}

// Definition implements mq.Definer.
func (d defined) Definition(_ context.Context, queue string) (mq.Definition, error) {
	if queue != "Q" {
		return mq.Definition{}, errors.New("asked of an alias")
	}
	return d.as, d.err
}

func TestDoctorInspectsDefinitions(t *testing.T) {
	inOrder := mq.Definition{QueueManager: "QM1", ZOS: true, HardenBackout: true, Index: mq.IndexNone}
	with := func(f func(*mq.Definition)) mq.Definition { d := inOrder; f(&d); return d }
	alias := []string{"ALIAS"}
	for name, tc := range map[string]struct {
		as                        mq.Definition
		err                       error
		diverted, replies, groups []string
		want                      string
	}{
		"in order":                  {as: inOrder, want: "unknown channel-conversion"},
		"not on z/OS":               {as: mq.Definition{QueueManager: "QM1"}, groups: alias, want: "unknown channel-conversion"},
		"not hardened":              {as: with(func(d *mq.Definition) { d.HardenBackout = false }), want: "fault harden-backout ALTER QLOCAL(Q) HARDENBO; unknown channel-conversion"},
		"triggered and diverted":    {as: with(func(d *mq.Definition) { d.Triggered = true }), diverted: alias, want: "fault triggering ALTER QLOCAL(Q) NOTRIGGER; unknown channel-conversion"},
		"triggered":                 {as: with(func(d *mq.Definition) { d.Triggered = true }), want: "unknown triggering DISPLAY QLOCAL(Q) PROCESS INITQ TRIGTYPE; unknown channel-conversion"},
		"replies without an index":  {as: inOrder, replies: alias, want: "fault index ALTER QLOCAL(Q) INDXTYPE(CORRELID); unknown channel-conversion; unknown reply-queue-manager"},
		"replies with an index":     {as: with(func(d *mq.Definition) { d.Index = mq.IndexCorrelID }), replies: alias, want: "unknown channel-conversion; unknown reply-queue-manager"},
		"groups with another index": {as: with(func(d *mq.Definition) { d.Index = mq.IndexMsgID }), groups: alias, want: "fault index ALTER QLOCAL(Q) INDXTYPE(GROUPID); unknown channel-conversion"},
		"not authorised": {err: mq.Failed("inquire", "Q", mq.RCNotAuthorized, ""), replies: alias,
			want: "unknown triggering DISPLAY QLOCAL(Q) TRIGGER TRIGTYPE INDXTYPE HARDENBO"},
	} {
		d := doctored(t, "", func(c *qmgr.Config) {
			c.Queues = []qmgr.Queue{{Name: "Q", BackoutThreshold: 3, BackoutQueue: "BOQ"}, {Name: "BOQ"}}
			c.Aliases = []qmgr.Alias{{Name: "ALIAS", Target: "Q"}}
		})
		d.Scratch, d.Queues, d.Diverted, d.Replies, d.Groups = "", alias, tc.diverted, tc.replies, tc.groups
		dial := d.Dial
		d.Dial = func(ctx context.Context) (mq.Conn, error) {
			c, err := dial(ctx)
			return defined{c, tc.as, tc.err}, err
		}
		_, found := faults(t, d)
		var got []string
		for _, f := range found {
			if f.Verdict == mq.Pass {
				continue
			}
			line := string(f.Verdict) + " " + f.Check
			if f.Detail == "" || f.Fix == "" {
				t.Errorf("%s: %s has no detail or no fix", name, line)
			}
			if f.Queue != "" {
				line += " " + f.Fix
			}
			got = append(got, line)
		}
		if strings.Join(got, "; ") != tc.want {
			t.Errorf("%s: %s\nwant %s", name, strings.Join(got, "; "), tc.want)
		}
	}
}
