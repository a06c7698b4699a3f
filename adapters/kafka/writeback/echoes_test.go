package writeback_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/kafka/writeback"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

func mac(b []byte) [16]byte {
	sum := sha256.Sum256(append([]byte("key"), b...))
	return [16]byte(sum[:16])
}

func content(body []byte) ([16]byte, error) {
	if len(body) == 0 {
		return [16]byte{}, errors.New("nothing is said")
	}
	return mac(body[:1]), nil
}

// echoing is a manager with an echo queue, and a ledger that notes what it puts.
func echoing(t *testing.T, now func() time.Time) (*qmgr.Manager, *writeback.Ledger, *writeback.Echoes) {
	t.Helper()
	m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Plain: true, Now: now,
		Queues: []qmgr.Queue{{Name: "OUT", MaxDepth: 5}, {Name: "PORTAGE.STATE.CPP"}, {Name: "ECHO"}}})
	if err != nil {
		t.Fatal(err)
	}
	e := &writeback.Echoes{Dial: m.Dial, Queue: "ECHO", Within: time.Hour}
	l := &writeback.Ledger{Dial: m.Dial, Name: "CPP", Queue: "OUT", Marks: mac, Echoes: e, Content: content}
	t.Cleanup(func() {
		if err := errors.Join(e.Close(), l.Close(), m.Close()); err != nil {
			t.Error(err)
		}
	})
	if _, err := l.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m, l, e
}

func take(t *testing.T, e *writeback.Echoes, body, id string) bool {
	t.Helper()
	digest, err := content([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	echo, err := e.Take(t.Context(), digest, id)
	if err != nil {
		t.Fatal(err)
	}
	return echo
}

func TestEachPutIsEchoedOnce(t *testing.T) {
	m, l, e := echoing(t, nil)
	if take(t, e, "a", "0") {
		t.Error("an echo of nothing")
	}
	if err := l.PublishAt(t.Context(), []byte("1"), adapters.Message{ID: "x", Body: []byte("a1")}, adapters.Message{ID: "y", Body: []byte("a2")}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false, false} {
		for _, delivery := range []string{"first", "again"} {
			if got := take(t, e, "a", fmt.Sprint(i)); got != want {
				t.Errorf("message %d, %s delivery: echo %v", i, delivery, got)
			}
		}
	}
	if take(t, e, "b", "9") {
		t.Error("an echo of what nobody wrote back")
	}
	marks := writeback.Marks(mac)
	got, err := stored(t.Context(), m)
	if err != nil || len(got) != 2 {
		t.Fatal(len(got), err)
	}
	for i, id := range []string{"x", "y"} {
		mark, _ := got[i].Header("mq-msgid")
		if of := marks.Of(id); mark != fmt.Sprintf("%x", of[:]) || !marks.Has(mark) || !marks.Has(strings.ToUpper(mark)) {
			t.Errorf("message %s has the MsgId %s", id, mark)
		}
	}
}

// TestNotesArePartOfTheUnit holds that what was not put is not waited for.
func TestNotesArePartOfTheUnit(t *testing.T) {
	_, l, e := echoing(t, nil)
	var many []adapters.Message
	for i := range 6 { // one more than OUT takes
		many = append(many, adapters.Message{ID: fmt.Sprint(i), Body: []byte("a")})
	}
	if err := l.PublishAt(t.Context(), []byte("1"), many...); !mq.IsReason(err, mq.RCQFull) {
		t.Fatal(err)
	}
	if take(t, e, "a", "1") {
		t.Error("a note of a put that was backed out")
	}
	if err := l.PublishAt(t.Context(), []byte("1"), adapters.Message{ID: "1"}); err == nil || !strings.Contains(err.Error(), "nothing is said") {
		t.Errorf("without content: %v", err)
	}
	if err := l.PublishAt(t.Context(), []byte("1"), many[0]); err != nil {
		t.Errorf("after both: %v", err)
	}
}

func TestEchoThatDoesNotComeIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, l, e := echoing(t, time.Now)
		if err := l.PublishAt(t.Context(), []byte("1"), adapters.Message{ID: "x", Body: []byte("a")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour + time.Second)
		if take(t, e, "a", "1") {
			t.Error("it was waited for longer than Within")
		}
	})
}

// TestTakeAsksAgainAfterADoubt breaks the commit of a note that is taken, done or not: the message is an echo at its
// next delivery either way, and only one note is gone.
func TestTakeAsksAgainAfterADoubt(t *testing.T) {
	for name, done := range map[string]bool{"done": true, "not done": false} {
		t.Run(name, func(t *testing.T) {
			m, l, _ := echoing(t, nil)
			if err := l.PublishAt(t.Context(), []byte("1"), adapters.Message{ID: "x", Body: []byte("a")}, adapters.Message{ID: "y", Body: []byte("a")}); err != nil {
				t.Fatal(err)
			}
			broken := true
			e := &writeback.Echoes{Queue: "ECHO", Dial: func(ctx context.Context) (mq.Conn, error) {
				c, err := m.Dial(ctx)
				return faulty{c, func(commit func() error) error {
					if !broken || done {
						err := commit()
						if !broken || err != nil {
							return err
						}
					}
					broken = false
					return mq.Failed("commit", "", mq.RCConnectionBroken, "")
				}}, err
			}}
			defer e.Close()
			if _, err := e.Take(t.Context(), mac([]byte("a")), "1"); !errors.Is(err, adapters.ErrInDoubt) {
				t.Fatalf("got %v", err)
			}
			if !take(t, e, "a", "1") || !take(t, e, "a", "2") || take(t, e, "a", "3") {
				t.Error("two notes are not two echoes")
			}
		})
	}
}

func TestForeignIdsAreNoMarks(t *testing.T) {
	marks := writeback.Marks(mac)
	own := marks.Of("x")
	if own == marks.Of("y") || own != marks.Of("x") {
		t.Error("the mark is not the event's")
	}
	other := writeback.Marks(func(b []byte) [16]byte { return [16]byte{1} }).Of("x")
	for _, id := range []string{"", "zz", strings.Repeat("0", 48), fmt.Sprintf("%x", own[:12]), fmt.Sprintf("%x", other[:])} {
		if marks.Has(id) {
			t.Errorf("%q is a mark", id)
		}
	}
}

func TestEchoesNeedTheirSettings(t *testing.T) {
	m := manager(t)
	if _, err := new(writeback.Echoes).Take(t.Context(), [16]byte{}, "1"); err == nil {
		t.Error("echoes without settings answer")
	}
	if _, err := (&writeback.Echoes{Dial: m.Dial, Queue: "GONE"}).Take(t.Context(), [16]byte{}, "1"); !mq.IsReason(err, mq.RCUnknownObjectName) {
		t.Errorf("without a queue: %v", err)
	}
	l := &writeback.Ledger{Dial: m.Dial, Name: "CPP", Queue: "OUT", Echoes: &writeback.Echoes{Queue: "ECHO"}}
	if _, err := l.Recover(t.Context()); err == nil || !strings.Contains(err.Error(), "Content") {
		t.Errorf("echoes without Content: %v", err)
	}
}

// TestIdentityIsSetAndNotFlattened puts under a user identifier.
func TestIdentityIsSetAndNotFlattened(t *testing.T) {
	m := manager(t)
	l := ledger(t, m.Dial)
	l.Template = mq.Descriptor{UserIdentifier: "PORTAGE1", Format: "MQSTR", CCSID: 37, Expiry: time.Second}
	if err := l.Publish(t.Context(), adapters.Message{ID: "1", Body: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	c := m.Connect()
	defer c.Close()
	got, err := c.Get(t.Context(), "OUT", mq.GetOptions{})
	if err != nil || got.UserIdentifier != "PORTAGE1" || got.Format != "MQSTR" || got.CCSID != 37 || !got.Persistent || got.Expiry != 0 || got.MsgType != mq.MTDatagram {
		t.Errorf("%+v, %v", got.Descriptor, err)
	}
}
