package bridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/journal"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

const payQueue, payDead = "CPP.PAY.EVENT", "CPP.PAY.EVENT.DLQ"

// doubtfulConn loses the connection at some commits: before the queue manager has heard, or after.
type doubtfulConn struct {
	mq.Conn
	dice *rand.Rand
}

func (c doubtfulConn) Commit(ctx context.Context) error {
	lost := mq.Failed("commit", payQueue, mq.RCConnectionBroken, "cut by the test")
	switch c.dice.IntN(8) {
	case 0:
		return errors.Join(lost, c.Backout(ctx))
	case 1:
		if err := c.Conn.Commit(ctx); err != nil {
			return err
		}
		return lost
	}
	return c.Conn.Commit(ctx)
}

// TestPaymentsArriveOnceThroughDoubtsAndRestarts is flow 3 over the embedded queue manager: connections
// break around commits, the journal's answers get lost, and runs end after some batches, each time with
// nothing remembered but what is durable.
func TestPaymentsArriveOnceThroughDoubtsAndRestarts(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 7))
			m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Sealer: inTheClear{}, Queues: []qmgr.Queue{{Name: payQueue}, {Name: payDead}}})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			j := openJournal(t, t.TempDir())
			defer j.Close()
			good, bad := putPayments(t, m, dice, 60)

			for deadline := time.Now().Add(time.Minute); depth(t, m, payQueue) > 0; {
				runSome(t, m, j, dice)
				if time.Now().After(deadline) {
					t.Fatalf("%d messages are still there", depth(t, m, payQueue))
				}
			}
			if diff := cmp.Diff(good, entries(t, j)); diff != "" {
				t.Errorf("journal:\n%s", diff)
			}
			checkDead(t, m, bad)
		})
	}
}

// putPayments puts n events, some of them cut short, as Legacy does: bare areas with nothing beside them.
func putPayments(t *testing.T, m *qmgr.Manager, dice *rand.Rand, n int) (ids []string, bad [][]byte) {
	t.Helper()
	c := m.Connect()
	defer c.Close()
	for i := range n {
		body := payment(t, "PE-EVENT-SEQ", fmt.Sprint(i))
		if dice.IntN(6) == 0 {
			body = body[:100+i]
			bad = append(bad, body)
		} else {
			ids = append(ids, fmt.Sprintf("cpp-pay-%d", i))
		}
		d := mq.Descriptor{Persistent: true, CCSID: 37, Encoding: 785}
		if _, err := c.Put(t.Context(), payQueue, mq.Message{Descriptor: d, Body: body}, mq.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return ids, bad
}

func depth(t *testing.T, m *qmgr.Manager, queue string) int {
	t.Helper()
	c := m.Connect()
	defer c.Close()
	a, err := c.Inquire(t.Context(), queue)
	if err != nil {
		t.Fatal(err)
	}
	return a.Depth
}

// runSome runs the bridge as a new process would, for a few batches or until the queue has been idle.
func runSome(t *testing.T, m *qmgr.Manager, j *journal.Journal, dice *rand.Rand) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	pace := mq.Pace{First: time.Microsecond, Most: time.Millisecond}
	source := &mq.Source{Queue: payQueue, MaxBatch: 1 + dice.IntN(12), Wait: 20 * time.Millisecond, BackoutThreshold: -1,
		Retry: pace, Reconnect: pace,
		Dial: func(ctx context.Context) (mq.Conn, error) {
			c, err := m.Dial(ctx)
			if err != nil {
				return nil, err
			}
			return doubtfulConn{c, dice}, nil
		}}
	batches := 1 + dice.IntN(6)
	b := &Bridge{Name: "cpp-payments", DeadLetters: payDead, Translate: events(t, EventsConfig{}),
		Sink: &flaky{j.Ledger("cpp-payments"), func() int { return dice.IntN(9) }},
		Source: stopping{source, func() {
			if batches--; batches == 0 {
				cancel()
			}
		}}}
	if err := b.Run(ctx); err != nil && !errors.Is(err, adapters.ErrInDoubt) {
		t.Fatal(err)
	}
}

// stopping is an mq.Source that tells of settled batches, and keeps its Resume.
type stopping struct {
	*mq.Source
	settled func()
}

func (s stopping) Consume(ctx context.Context, h adapters.Handler) error {
	return watched{s.Source, func(adapters.Batch) { s.settled() }}.Consume(ctx, h)
}

// checkDead requires the bad messages whole, each once, with their reason and Legacy's descriptor.
func checkDead(t *testing.T, m *qmgr.Manager, bad [][]byte) {
	t.Helper()
	c := m.Connect()
	defer c.Close()
	for i, body := range bad {
		letter, err := c.Get(t.Context(), payDead, mq.GetOptions{})
		if err != nil {
			t.Fatalf("dead letter %d of %d: %v", i, len(bad), err)
		}
		reason := ""
		for _, p := range letter.Properties {
			if p.Name == HeaderReason {
				reason = p.Value
			}
		}
		if !bytes.Equal(letter.Body, body) || reason != "short-record" || letter.CCSID != 37 || letter.Encoding != 785 {
			t.Errorf("dead letter %d: %d bytes of %d, reason %s, CCSID %d", i, len(letter.Body), len(body), reason, letter.CCSID)
		}
	}
	if n := depth(t, m, payDead); n != 0 {
		t.Errorf("%d dead letters more than bad messages", n)
	}
}
