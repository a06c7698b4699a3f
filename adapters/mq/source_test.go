package mq_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBad = errors.New("the handler cannot do it")

// The handler fails whenever it sees "bad": its batch is retried singly, the others go through in
// order, and the bad one moves to the backout queue at the threshold of 3.
func TestBadMessageMovesAtTheThreshold(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "bad", "2", "3", "4")
	var s seen
	run(t, l.source(), func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		s.note(b)
		if has(b, "bad") {
			return false, errBad
		}
		return has(b, "4"), nil
	})
	if got, want := strings.Join(s.batches, " "), "1+bad+2+3 1 bad bad 2 3 4"; got != want {
		t.Errorf("batches %q, want %q", got, want)
	}
	bad := l.on(t, "BAD")
	if len(bad) != 1 || string(bad[0].Body) != "bad" {
		t.Fatalf("%d messages on the backout queue", len(bad))
	}
	if bad[0].Format != "MQSTR" || bad[0].CCSID != 37 || bad[0].UserIdentifier != "CICSUSR" {
		t.Errorf("its descriptor was not kept: %+v", bad[0].Descriptor)
	}
	want := []adapters.Header{{Name: "portage-reason", Value: "backout-threshold"}, {Name: "portage-queue", Value: "IN"}, {Name: "portage-attempts", Value: "3"}}
	if fmt.Sprint(bad[0].Properties) != fmt.Sprint(want) {
		t.Errorf("headers %v, want %v", bad[0].Properties, want)
	}
	if left := l.bodies(t, "IN"); left != "" {
		t.Errorf("%q is left", left)
	}
}

func TestRefusalMovesAtOnce(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "bad", "good")
	var s seen
	src := l.source()
	src.MaxBatch = 1
	run(t, src, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		s.note(b)
		if has(b, "bad") {
			return false, fmt.Errorf("translate: %w", &adapters.Refusal{Reason: "packed-nibble", Field: "A.B", Offset: 7, Size: 0, Err: errBad})
		}
		return true, nil
	})
	if got := strings.Join(s.batches, " "); got != "bad good" {
		t.Errorf("batches %q", got)
	}
	m := mq.AsMessage(l.on(t, "BAD")[0])
	for name, want := range map[string]string{"portage-reason": "packed-nibble", "portage-field": "A.B", "portage-offset": "7", "portage-size": "0", "portage-attempts": "0", "mq-format": "MQSTR", "mq-ccsid": "37"} {
		if got, _ := m.Header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// While the way out is closed nothing moves to the backout queue, however long it takes.
func TestOutageHoldsTheMessage(t *testing.T) {
	for name, outage := range map[string]error{
		"the queue manager of the way out": mq.Failed("put", "Q", mq.RCQMgrNotAvailable, ""),
		"the network":                      &net.OpError{Op: "dial", Err: io.ErrUnexpectedEOF},
		"a deadline":                       context.DeadlineExceeded,
		"in doubt":                         adapters.ErrInDoubt,
		"an error that says so":            transient{},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.put(t, "IN", "1", "2")
			var attempts []int
			calls := 0
			run(t, l.source(), func(_ adapters.Unit, b adapters.Batch) (bool, error) {
				if calls++; calls <= 12 {
					attempts = append(attempts, b.Messages[0].Attempts)
					return false, fmt.Errorf("publish: %w", outage)
				}
				return has(b, "2"), nil
			})
			if left := l.bodies(t, "BAD"); left != "" {
				t.Errorf("%q moved to the backout queue during an outage", left)
			}
			if want := "[0 1 2 3 4 5 6 7 8 9 10 11]"; fmt.Sprint(attempts) != want {
				t.Errorf("attempts %v, want %s", attempts, want)
			}
		})
	}
}

type transient struct{}

func (transient) Error() string   { return "later" }
func (transient) Transient() bool { return true }

// Whatever call the connection breaks in, done or not, each message is settled once, in order.
func TestConnectionBreaksInEachCall(t *testing.T) {
	for _, op := range []string{"connect", "inquire", "get", "put", "commit", "backout"} {
		for n := 1; n <= 3; n++ {
			for _, done := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %d done=%v", op, n, done), func(t *testing.T) {
					l := newLab(t)
					l.put(t, "IN", "1", "2", "3", "4", "5", "6")
					f := broken()
					f.done = done
					l.once(op, n, f)
					failed := false
					run(t, l.source(), func(u adapters.Unit, b adapters.Batch) (bool, error) {
						if !failed {
							failed = true
							return false, errBad // so that there is a backout
						}
						return has(b, "6"), u.Put(t.Context(), "OUT", b.Messages...)
					})
					// The last commit may have been the one in doubt.
					l.sound()
					if l.bodies(t, "IN") != "" {
						run(t, l.source(), func(u adapters.Unit, b adapters.Batch) (bool, error) {
							return has(b, "6"), u.Put(t.Context(), "OUT", b.Messages...)
						})
					}
					if got := l.bodies(t, "OUT"); got != "1 2 3 4 5 6" {
						t.Errorf("OUT has %q", got)
					}
				})
			}
		}
	}
}

// A commit in doubt: what the handler did outside the unit of work is not done again, done or not.
func TestCommitInDoubtIsNotHandledTwice(t *testing.T) {
	for _, done := range []bool{false, true} {
		l := newLab(t)
		l.put(t, "IN", "1", "2", "3")
		f := broken()
		f.done = done
		l.once("commit", 1, f)
		var s seen
		run(t, l.source(), func(_ adapters.Unit, b adapters.Batch) (bool, error) {
			s.note(b)
			if has(b, "3") {
				l.put(t, "IN", "last")
			}
			return has(b, "last"), nil
		})
		if got := strings.Join(s.bodies, " "); got != "1 2 3 last" {
			t.Errorf("done=%v: handled %q", done, got)
		}
		if left := l.bodies(t, "IN"); left != "" {
			t.Errorf("done=%v: %q is left", done, left)
		}
	}
}

// What the handler put in the unit of work is gone with it, so those messages are handled again, and
// only those.
func TestDeadLetterSurvivesACommitInDoubt(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "dead", "2")
	l.once("commit", 1, broken())
	var s seen
	run(t, l.source(), func(u adapters.Unit, b adapters.Batch) (bool, error) {
		s.note(b)
		for _, m := range b.Messages {
			if string(m.Body) == "dead" {
				m.Headers = append(m.Headers, adapters.Header{Name: "portage-reason", Value: "short-record"})
				if err := u.Put(t.Context(), "BAD", m); err != nil {
					return false, err
				}
			}
		}
		return len(s.batches) == 2, nil
	})
	if got := strings.Join(s.batches, " "); got != "1+dead+2 dead" {
		t.Errorf("batches %q", got)
	}
	if got := l.bodies(t, "BAD"); got != "dead" {
		t.Errorf("BAD has %q", got)
	}
}

// A process dies between the ledger's commit and the queue's. The next one is told the position.
func TestResumeDropsWhatTheLedgerHas(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "dead", "2", "3")
	var position []byte
	l.once("commit", 1, broken())
	src := l.source()
	ctx, cancel := context.WithCancel(t.Context())
	if err := src.Consume(ctx, func(_ context.Context, u adapters.Unit, b adapters.Batch) error {
		if err := u.Put(ctx, "BAD", b.Messages[1]); err != nil {
			return err
		}
		position = bytes.Clone(b.Position) // what a Ledger commits
		cancel()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	l.put(t, "IN", "4")
	next := l.source()
	if err := next.Resume(position); err != nil {
		t.Fatal(err)
	}
	var s seen
	var second []byte
	run(t, next, func(u adapters.Unit, b adapters.Batch) (bool, error) {
		s.note(b)
		second = bytes.Clone(b.Position)
		return has(b, "4"), nil
	})
	if got := strings.Join(s.bodies, " "); got != "dead 4" {
		t.Errorf("handled %q, want only what the ledger does not have", got)
	}
	if bytes.Compare(second[1:9], position[1:9]) <= 0 {
		t.Error("the sequence did not go on")
	}
	if err := l.source().Resume([]byte("nonsense")); err == nil {
		t.Error("a position of somebody else was taken")
	}
	if err := l.source().Resume(append([]byte{9}, position[1:]...)); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a position of version 9: %v", err)
	}
}

// Marks of messages that are gone do not stay for ever.
func TestResumeForgetsWhatIsProvenAbsent(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "2", "3")
	var position []byte
	run(t, l.source(), func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		position = b.Position
		return true, nil
	})
	l.put(t, "IN", "4")
	src := l.source()
	if err := src.Resume(position); err != nil {
		t.Fatal(err)
	}
	run(t, src, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		if n := len(b.Position); n != 1+8+8 {
			t.Errorf("the position of one message has %d bytes: it still carries the old ones", n)
		}
		return true, nil
	})
}

// A second reader waits until the first is gone.
func TestReadersAreExclusive(t *testing.T) {
	l := newLab(t)
	l.put(t, "IN", "1", "2")
	first := l.source()
	first.MaxBatch = 1
	second := make(chan string, 2)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	run(t, first, func(_ adapters.Unit, b adapters.Batch) (bool, error) {
		go func() {
			ended <- l.source().Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
				second <- string(b.Messages[0].Body)
				return nil
			})
		}()
		return true, nil
	})
	if got := <-second; got != "2" {
		t.Errorf("the second reader got %q first", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestIdentityTellsMessagesWithOneMsgIdApart(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 120e6, time.UTC)
	m := mq.Message{Descriptor: mq.Descriptor{MsgID: mq.ID{1}, PutTime: at}, Body: []byte("a")}
	id := mq.AsMessage(m).ID
	if want := "010000000000000000000000000000000000000000000000-20260301120000.12-ca978112ca1bbdca"; id != want {
		t.Errorf("identity %q, want %q", id, want)
	}
	m.BackoutCount, m.Expiry, m.Priority = 4, time.Second, 9
	if mq.AsMessage(m).ID != id {
		t.Error("the identity changed with what changes in delivery")
	}
	other, later, another := m, m, m
	other.Body, later.PutTime, another.MsgID = []byte("b"), at.Add(10*time.Millisecond), mq.ID{2}
	for _, o := range []mq.Message{other, later, another} {
		if mq.AsMessage(o).ID == id {
			t.Errorf("%+v has the identity of another message", o.Descriptor)
		}
	}
}

// Ten thousand failed attempts make one line; so does coming back.
func TestOneLogLineForEachChangeOfState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		fails := 0
		src := &mq.Source{Queue: "IN", Log: slog.New(slog.NewTextHandler(&log, nil)),
			Reconnect: mq.Pace{First: time.Second, Most: time.Second},
			Dial: func(context.Context) (mq.Conn, error) {
				switch fails++; {
				case fails > 10_000:
					return idle{}, nil
				case fails > 5_000:
					return nil, mq.Failed("connect", "", mq.RCNotAuthorized, "")
				}
				return nil, mq.Failed("connect", "", mq.RCHostNotAvailable, "")
			}}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Hour)
		defer cancel()
		if err := src.Consume(ctx, nil); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], "2538") || !strings.Contains(lines[1], "2035") || !strings.Contains(lines[2], "tries=10000") {
			t.Errorf("%d lines:\n%s", len(lines), log.String())
		}
	})
}

// idle is a connection to an empty queue.
type idle struct{ mq.Conn }

func (idle) Close() error { return nil }
func (idle) Inquire(context.Context, string) (mq.Attributes, error) {
	return mq.Attributes{}, nil
}
func (idle) Get(ctx context.Context, queue string, o mq.GetOptions) (mq.Message, error) {
	select {
	case <-time.After(o.Wait):
		return mq.Message{}, mq.Failed("get", queue, mq.RCNoMsgAvailable, "")
	case <-ctx.Done():
		return mq.Message{}, ctx.Err()
	}
}

func TestSourceThatIsNotSetUp(t *testing.T) {
	for name, s := range map[string]*mq.Source{
		"no dial":  {Queue: "Q"},
		"no queue": {Dial: newLab(t).Dial},
		"too much": {Dial: newLab(t).Dial, Queue: "Q", MaxBatch: mq.MaxBatch + 1},
	} {
		if err := s.Consume(t.Context(), nil); err == nil {
			t.Errorf("%s: nil, want an error", name)
		}
	}
}

// Under any plan of faults and handler errors, what the unit of work moves arrives once and in order.
func TestAnyFaults(t *testing.T) {
	l := newLab(t)
	rapid.Check(t, func(rt *rapid.T) {
		l.empty(t, "IN", "OUT")
		var bodies []string
		for i := range 12 {
			bodies = append(bodies, fmt.Sprint(i))
		}
		l.put(t, "IN", bodies...)
		plan := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 60).Draw(rt, "plan")
		call := 0
		l.mu.Lock()
		l.plan = func(op string) *fault {
			if call++; call > len(plan) {
				return nil
			}
			f := broken()
			switch plan[call-1] {
			case 0:
				return &f
			case 1:
				f.done = op != "connect"
				return &f
			}
			return nil
		}
		l.mu.Unlock()
		errs := rapid.SliceOfN(rapid.Bool(), 0, 6).Draw(rt, "errors")
		src := l.source()
		src.BackoutThreshold = -1
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		handled := 0
		if err := src.Consume(ctx, func(_ context.Context, u adapters.Unit, b adapters.Batch) error {
			handled++
			if err := u.Put(ctx, "OUT", b.Messages...); err != nil {
				return err
			}
			if handled <= len(errs) && errs[handled-1] {
				return errBad
			}
			if has(b, "11") {
				cancel()
			}
			return nil
		}); err != nil {
			rt.Fatal(err)
		}
		l.sound()
		both := strings.TrimSpace(l.bodies(t, "OUT") + " " + l.bodies(t, "IN"))
		if want := strings.Join(bodies, " "); both != want {
			rt.Fatalf("OUT and IN together: %q, want %q", both, want)
		}
	})
}

// measure returns how long a source waits between its first n+1 attempts to connect.
func measure(t *testing.T, src *mq.Source, n int) (waits []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		dial, last := src.Dial, time.Time{}
		src.Dial = func(ctx context.Context) (mq.Conn, error) {
			if !last.IsZero() {
				waits = append(waits, time.Since(last))
			}
			if last = time.Now(); len(waits) == n {
				cancel()
			}
			return dial(ctx)
		}
		if err := src.Consume(ctx, nil); err != nil {
			t.Error(err)
		}
	})
	return waits
}
