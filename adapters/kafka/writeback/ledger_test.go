package writeback_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
	"github.com/portage-gateway/portage/adapters/kafka/writeback"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func manager(t *testing.T) *qmgr.Manager {
	t.Helper()
	m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: "OUT"}, {Name: "PORTAGE.STATE.CPP"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func ledger(t *testing.T, dial mq.Dial) *writeback.Ledger {
	l := &writeback.Ledger{Dial: dial, Name: "CPP", Queue: "OUT", Wait: 100 * time.Millisecond}
	t.Cleanup(func() { l.Close() })
	return l
}

// stored browses the queue that Legacy reads. The wire has bodies only: what names a message is in them.
func stored(ctx context.Context, m *qmgr.Manager) (out []adapters.Message, err error) {
	c := m.Connect()
	defer c.Close()
	for o := (mq.GetOptions{Browse: true, BrowseFirst: true}); ; o.BrowseFirst = false {
		got, err := c.Get(ctx, "OUT", o)
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, mq.AsMessage(got))
	}
}

func count(t *testing.T, m *qmgr.Manager) int {
	t.Helper()
	got, err := stored(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return len(got)
}

// The suite's cases of a ledger; the others ask for keys and headers, which records for Legacy do not have.
func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Features{}, func(t *testing.T) adaptertest.Rig {
		m := manager(t)
		l := ledger(t, m.Dial)
		return adaptertest.Rig{
			Sink:      &mq.Sink{Dial: m.Dial, Queue: "OUT"},
			Ledger:    l,
			Successor: func(t *testing.T) adapters.Ledger { return ledger(t, m.Dial) },
			Stored:    func(ctx context.Context, _ string) ([]adapters.Message, error) { return stored(ctx, m) },
		}
	})
}

// faulty connections fail at Commit: before it is done or after.
type faulty struct {
	mq.Conn
	fail func(commit func() error) error
}

func (f faulty) Commit(ctx context.Context) error {
	return f.fail(func() error { return f.Conn.Commit(ctx) })
}

func TestACommitInDoubtIsSettledByRecover(t *testing.T) {
	for name, done := range map[string]bool{"done": true, "not done": false} {
		t.Run(name, func(t *testing.T) {
			m := manager(t)
			broken := false
			l := ledger(t, func(ctx context.Context) (mq.Conn, error) {
				c, err := m.Dial(ctx)
				return faulty{c, func(commit func() error) error {
					if !broken {
						return commit()
					}
					broken = false
					if done {
						if err := commit(); err != nil {
							t.Error(err)
						}
					}
					return mq.Failed("commit", "", mq.RCConnectionBroken, "")
				}}, err
			})
			if _, err := l.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			broken = true
			err := l.PublishAt(t.Context(), []byte("one"), adapters.Message{ID: "1", Body: []byte("a")})
			if !errors.Is(err, adapters.ErrInDoubt) {
				t.Fatalf("got %v", err)
			}
			if err := l.PublishAt(t.Context(), []byte("two")); err == nil || !strings.Contains(err.Error(), "before Recover") {
				t.Errorf("while in doubt: %v", err)
			}
			p, err := l.Recover(t.Context())
			if err != nil || (string(p) == "one") != done || count(t, m) != len(p)/3 {
				t.Errorf("position %q with %d messages, %v", p, count(t, m), err)
			}
		})
	}
}

// A successor waits for a unit of work that holds the state, and does not make a second one.
func TestAHeldStateIsWaitedFor(t *testing.T) {
	m := manager(t)
	if _, err := ledger(t, m.Dial).Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := m.Connect()
	if _, err := c.Get(t.Context(), "PORTAGE.STATE.CPP", mq.GetOptions{Syncpoint: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger(t, m.Dial).Recover(t.Context()); !mq.IsReason(err, mq.RCObjectInUse) {
		t.Errorf("while the state is held: %v", err)
	}
	c.Close()
	if _, err := ledger(t, m.Dial).Recover(t.Context()); err != nil {
		t.Errorf("after it was given back: %v", err)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	if _, err := new(writeback.Ledger).Recover(t.Context()); err == nil {
		t.Error("a ledger without settings recovered")
	}
	m := manager(t)
	l := &writeback.Ledger{Dial: m.Dial, Name: "OTHER", Queue: "OUT"}
	if _, err := l.Recover(t.Context()); !mq.IsReason(err, mq.RCUnknownObjectName) {
		t.Errorf("without a state queue: %v", err)
	}
	l.Close()
}

func TestPublishKeepsThePosition(t *testing.T) {
	m := manager(t)
	l := ledger(t, m.Dial)
	if err := l.Publish(t.Context(), adapters.Message{Body: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.PublishAt(t.Context(), []byte("p")), l.Publish(t.Context(), adapters.Message{Body: []byte("b")})); err != nil {
		t.Fatal(err)
	}
	if p, err := ledger(t, m.Dial).Recover(t.Context()); err != nil || string(p) != "p" || count(t, m) != 2 {
		t.Errorf("position %q, %d messages, %v", p, count(t, m), err)
	}
	if err := l.Publish(t.Context(), adapters.Message{Body: []byte("c")}); !errors.Is(err, adapters.ErrFenced) {
		t.Errorf("after a takeover: %v", err)
	}
}

func TestAMessageThatTheQueueIsTooSmallForIsRefused(t *testing.T) {
	m := manager(t)
	if err := m.Alter(t.Context(), "OUT", []string{"maxmsgl=3"}); err != nil {
		t.Fatal(err)
	}
	l := ledger(t, m.Dial)
	if _, err := l.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	err := l.PublishAt(t.Context(), []byte("1"), adapters.Message{ID: "a", Body: []byte("abc")}, adapters.Message{ID: "b", Body: []byte("abcd")})
	if why, refused := errors.AsType[*adapters.Refusal](err); !refused || why.Reason != "too-large" || why.Size != 4 {
		t.Errorf("got %v", err)
	}
	if err := l.PublishAt(t.Context(), []byte("2"), adapters.Message{ID: "a", Body: []byte("abc")}); err != nil || count(t, m) != 1 {
		t.Errorf("after it: %d messages, %v", count(t, m), err)
	}
}
