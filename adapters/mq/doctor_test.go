package mq_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// flawed is a connection with one flaw of those that are seen on real queue managers.
type flawed struct {
	mq.Conn
	flaw string
}

func (f flawed) Get(ctx context.Context, queue string, o mq.GetOptions) (mq.Message, error) {
	if f.flaw == "exclusive" {
		o.Exclusive = false
	}
	if f.flaw == "match" {
		o.CorrelID = mq.ID{}
	}
	m, err := f.Conn.Get(ctx, queue, o)
	switch f.flaw {
	case "bytes-untouched":
		m.Body = bytes.ReplaceAll(m.Body, []byte{0x15}, []byte{0x25})
	case "properties":
		if len(m.Properties) > 0 {
			m.Body = append([]byte("RFH "), m.Body...)
		}
	case "backout":
		m.BackoutCount = 0
	case "expiry":
		m.Expiry = 0
	}
	return m, err
}

func (f flawed) Put(ctx context.Context, queue string, m mq.Message, o mq.PutOptions) (mq.Descriptor, error) {
	switch f.flaw {
	case "unit-of-work":
		o.Syncpoint = false
	case "context":
		if o.PassContext {
			return mq.Descriptor{}, mq.Failed("put", queue, mq.RCNotAuthorized, "")
		}
	case "longest-message":
		if len(m.Body) > 1000 {
			return mq.Descriptor{}, mq.Failed("put", queue, mq.RCMsgTooBigForQMgr, "")
		}
	case "browse":
		m.Priority = 0
	}
	return f.Conn.Put(ctx, queue, m, o)
}

func (f flawed) Close() error {
	if f.flaw == "close-backs-out" {
		f.Conn.Commit(context.Background()) // as MQDISC does
	}
	return f.Conn.Close()
}

func doctored(t *testing.T, flaw string, change ...func(*qmgr.Config)) *mq.Doctor {
	t.Helper()
	cfg := qmgr.Config{Dir: t.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: "SCRATCH", MaxMsgLength: 64 << 10}}}
	for _, f := range change {
		f(&cfg)
	}
	m, err := qmgr.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return &mq.Doctor{Scratch: "SCRATCH", Wait: 20 * time.Millisecond, Dial: func(ctx context.Context) (mq.Conn, error) {
		c, err := m.Dial(ctx)
		return flawed{c, flaw}, err
	}}
}

func faults(t *testing.T, d *mq.Doctor) (names []string, found []mq.Finding) {
	t.Helper()
	found, err := d.Examine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.Verdict == mq.Fault {
			names = append(names, f.Check)
		}
	}
	return names, found
}

// The doctor finds nothing wrong where nothing is, and each flaw where there is one; and leaves nothing behind.
func TestDoctorFindsEachFlaw(t *testing.T) {
	for _, flaw := range []string{"", "unit-of-work", "backout", "close-backs-out", "bytes-untouched", "context", "properties", "match", "expiry", "exclusive", "longest-message"} {
		d := doctored(t, flaw)
		got, found := faults(t, d)
		want := flaw
		if strings.Join(got, " ") != want {
			t.Errorf("flaw %q: faults %v", flaw, got)
		}
		if len(found) != 12 {
			t.Errorf("flaw %q: %d findings, want 12: connect and 11 trials", flaw, len(found))
		}
		for _, f := range found {
			if f.Check == "context" && flaw == "context" && !strings.Contains(f.Fix, "PROFILE(SCRATCH)") {
				t.Errorf("its fix is %q", f.Fix)
			}
		}
		c, err := d.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a, err := c.Inquire(t.Context(), "SCRATCH"); err != nil || a.Depth != 0 {
			t.Errorf("flaw %q: it left %d messages, %v", flaw, a.Depth, err)
		}
		c.Close()
	}
}

func TestDoctorTouchesNoMessageOfOthers(t *testing.T) {
	d := doctored(t, "")
	c, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Put(t.Context(), "SCRATCH", mq.Message{Body: []byte("another's")}, mq.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, _ := faults(t, d); fmt.Sprint(got) != "[scratch]" {
		t.Errorf("faults %v", got)
	}
	if m, err := c.Get(t.Context(), "SCRATCH", mq.GetOptions{}); err != nil || string(m.Body) != "another's" {
		t.Errorf("%q, %v", m.Body, err)
	}
	d.Scratch = "NONE"
	if got, _ := faults(t, d); fmt.Sprint(got) != "[inquire]" {
		t.Errorf("without its scratch queue: faults %v", got)
	}
}

func TestDoctorInspectsQueues(t *testing.T) {
	d := doctored(t, "", func(c *qmgr.Config) {
		c.Queues = []qmgr.Queue{
			{Name: "GOOD", BackoutThreshold: 3, BackoutQueue: "GOOD.BOQ"},
			{Name: "LONG", BackoutThreshold: 3, BackoutQueue: "SHORT", MaxMsgLength: 5000}, {Name: "SHORT", MaxMsgLength: 4999, BackoutThreshold: 1, BackoutQueue: "GOOD.BOQ"},
			{Name: "FULL", MaxDepth: 5, BackoutThreshold: 3, BackoutQueue: "SHUT"}, {Name: "SHUT", PutInhibited: true, BackoutThreshold: 1, BackoutQueue: "GOOD.BOQ"},
		}
		c.Aliases = []qmgr.Alias{{Name: "ALIAS", Target: "FULL"}}
	})
	d.Scratch, d.Longest = "", 5000
	c, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 4 {
		if _, err := c.Put(t.Context(), "FULL", mq.Message{}, mq.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for queue, want := range map[string]string{
		"GOOD":  "",
		"LONG":  "backout-queue ALTER QLOCAL(SHORT) MAXMSGL(5000)",
		"SHORT": "message-length ALTER QLOCAL(SHORT) MAXMSGL(5000)",
		"ALIAS": "depth ALTER QLOCAL(FULL) MAXDEPTH(5000) backout-queue ALTER QLOCAL(SHUT) PUT(ENABLED)",
	} {
		d.Queues = []string{queue}
		_, found := faults(t, d)
		var got []string
		unknown := 0
		for _, f := range found {
			if f.Verdict == mq.Fault {
				got = append(got, f.Check, f.Fix)
			}
			if f.Verdict == mq.Unknown {
				unknown++
			}
		}
		if strings.Join(got, " ") != want || unknown != 1 {
			t.Errorf("%s: %v, %d unknown; want %s", queue, got, unknown, want)
		}
	}
}
