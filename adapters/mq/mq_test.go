package mq_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

// What to do after each reason code that says something about the connection, the queue or the message.
func TestOutcomeOfEachReason(t *testing.T) {
	for class, reasons := range map[mq.Outcome][]int32{
		mq.Transient: {2003, 2016, 2024, 2033, 2051, 2053, 2056, 2071, 2102, 2192, 2219},
		mq.Reconnect: {2009, 2018, 2019, 2059, 2161, 2162, 2195, 2202, 2203, 2537, 2538, 2539, 2543, 2544, 2548, 2549, 2556, 9999},
		mq.Alert:     {2035, 2042, 2052, 2058, 2063, 2085, 2393, 2397, 2400, 2540},
		mq.Permanent: {2010, 2026, 2030, 2031, 2142, 2148, 2334},
	} {
		for _, r := range reasons {
			if got := mq.Failed("get", "Q", r, "").Class(); got != class {
				t.Errorf("%d on a get: %v, want %v", r, got, class)
			}
			want := class
			if class == mq.Reconnect {
				want = mq.InDoubt
			}
			err := mq.Failed("commit", "", r, "")
			if got := err.Class(); got != want {
				t.Errorf("%d on a commit: %v, want %v", r, got, want)
			}
			if errors.Is(err, adapters.ErrInDoubt) != (want == mq.InDoubt) {
				t.Errorf("%d on a commit: errors.Is does not say what its class says", r)
			}
		}
	}
	if mq.Failed("commit", "", mq.RCOutcomePending, "").Class() != mq.InDoubt {
		t.Error("2124 on a commit is in doubt")
	}
}

func ExampleError() {
	err := fmt.Errorf("bridge: %w", mq.Failed("put", "CPP.PAY.EVENT.DLQ", mq.RCQFull, "see who should read it"))
	var e *mq.Error
	errors.As(err, &e)
	fmt.Println(err)
	fmt.Println(e.Class())
	// Output:
	// bridge: mq put CPP.PAY.EVENT.DLQ: 2053 Q_FULL (see who should read it)
	// transient
}

func TestOutcomesHaveNames(t *testing.T) {
	var names []string
	for o := mq.Permanent; o <= mq.InDoubt+1; o++ {
		names = append(names, o.String())
	}
	if got := strings.Join(names, ","); got != "permanent,transient,reconnect,alert,in doubt,Outcome(5)" {
		t.Error(got)
	}
}

func TestSinkPutsBareBodies(t *testing.T) {
	l := newLab(t)
	s := &mq.Sink{Dial: l.Dial, Queue: "OUT", Bare: true, Descriptor: mq.Descriptor{Format: "MQSTR", UserIdentifier: "PORTAGE"}}
	defer s.Close()
	m := adapters.Message{ID: "1", Key: []byte("k"), Body: []byte("b"), Headers: []adapters.Header{{Name: "a", Value: "b"}}}
	if err := s.Publish(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := l.on(t, "OUT")[0]
	if len(got.Properties) != 0 || got.Format != "MQSTR" || !got.Persistent || got.UserIdentifier != "PORTAGE" {
		t.Errorf("%+v", got.Descriptor)
	}
}

// All of a Publish is one unit of work; one that cannot be put leaves nothing, and the sink goes on.
func TestSinkPublishesAllOrNothing(t *testing.T) {
	l := newLab(t)
	s := &mq.Sink{Dial: l.Dial, Queue: "OUT", Connections: 1}
	defer s.Close()
	good := adapters.Message{ID: "1", Body: []byte("good")}
	if err := s.Publish(t.Context(), good, adapters.Message{ID: "2", Body: make([]byte, 5<<20)}); !mq.IsReason(err, mq.RCMsgTooBigForQ) {
		t.Errorf("%v, want 2030", err)
	}
	if err := s.Publish(t.Context(), good); err != nil {
		t.Error(err)
	}
	if got := l.bodies(t, "OUT"); got != "good" {
		t.Errorf("OUT has %q", got)
	}
}

func TestSinkAndLostConnections(t *testing.T) {
	l := newLab(t)
	s := &mq.Sink{Dial: l.Dial, Queue: "OUT", Connections: 1}
	defer s.Close()
	send := func(id string) error {
		return s.Publish(t.Context(), adapters.Message{ID: id, Body: []byte(id)})
	}
	if err := send("1"); err != nil {
		t.Fatal(err)
	}
	l.once("put", 1, broken()) // restarted while the connection was idle
	if err := send("2"); err != nil {
		t.Errorf("a stale connection: %v, want one more try", err)
	}
	l.once("commit", 1, broken())
	if err := send("3"); !errors.Is(err, adapters.ErrInDoubt) {
		t.Errorf("a commit that lost its connection: %v, want in doubt", err)
	}
	l.once("connect", 1, fault{err: mq.Failed("connect", "", mq.RCHostNotAvailable, "")})
	if err := send("4"); !mq.IsReason(err, mq.RCHostNotAvailable) {
		t.Errorf("no connection: %v", err)
	}
	if err := send("5"); err != nil {
		t.Error(err)
	}
	if got := l.bodies(t, "OUT"); got != "1 2 5" {
		t.Errorf("OUT has %q", got)
	}
	s.Close()
	if err := send("6"); err == nil {
		t.Error("a closed sink published")
	}
}

func TestConnectedAndDepths(t *testing.T) {
	l := newLab(t)
	reg := prometheus.NewRegistry()
	dial := mq.NewMetrics(reg).Dial("QM1", l.Dial)
	depths := &mq.Depths{Dial: dial, Queues: []string{"IN", "OUT", "NONE"}}
	defer depths.Close()
	reg.MustRegister(depths)
	l.put(t, "IN", "1", "2")
	if got := gathered(t, reg, "portage_queue_depth_messages"); got != 2 {
		t.Errorf("depth %v, want 2", got)
	}
	if got := gathered(t, reg, "portage_mq_connected"); got != 1 {
		t.Errorf("connected %v, want 1", got)
	}
	c, err := dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l.once("get", 1, broken())
	if _, err := c.Get(t.Context(), "IN", mq.GetOptions{}); err == nil {
		t.Fatal("the fault did not come")
	}
	if got := gathered(t, reg, "portage_mq_connected"); got != 0 {
		t.Errorf("connected %v after a broken call, want 0", got)
	}
}

func TestPauseGrowsToItsMost(t *testing.T) {
	var waits []time.Duration
	src := &mq.Source{Queue: "Q", Reconnect: mq.Pace{First: time.Second, Most: 8 * time.Second, Dice: func() float64 { return 0 }},
		Dial: func(context.Context) (mq.Conn, error) {
			return nil, mq.Failed("connect", "", mq.RCHostNotAvailable, "")
		}}
	waits = measure(t, src, 6)
	if got, want := fmt.Sprint(waits), "[500ms 1s 2s 4s 4s 4s]"; got != want {
		t.Errorf("pauses %s, want %s", got, want)
	}
}
