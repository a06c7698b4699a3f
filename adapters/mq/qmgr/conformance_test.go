package qmgr_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// xorSealer hides bytes well enough to find those that were not hidden, and binds them to a context.
type xorSealer struct{}

func (xorSealer) Seal(plain []byte, at string) ([]byte, error) {
	out := append([]byte(at), 0)
	for _, b := range plain {
		out = append(out, b^0x5a)
	}
	return out, nil
}

func (xorSealer) Open(sealed []byte, at string) ([]byte, error) {
	if len(sealed) <= len(at) || string(sealed[:len(at)]) != at {
		return nil, errors.New("sealed for another place")
	}
	var out []byte
	for _, b := range sealed[len(at)+1:] {
		out = append(out, b^0x5a)
	}
	return out, nil
}

// open opens a queue manager with the queues IN, OUT and BAD for the length of a test.
func open(t testing.TB, change ...func(*qmgr.Config)) *qmgr.Manager {
	t.Helper()
	cfg := qmgr.Config{Dir: t.TempDir(), Sealer: xorSealer{}, Queues: []qmgr.Queue{
		{Name: "IN", BackoutThreshold: 5, BackoutQueue: "BAD"}, {Name: "OUT"}, {Name: "BAD"},
	}}
	for _, f := range change {
		f(&cfg)
	}
	m, err := qmgr.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return m
}

// listen serves m on its socket for the length of a test and returns how to connect.
func listen(t testing.TB, m *qmgr.Manager) mq.Dial {
	t.Helper()
	l, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return qmgr.Dial(l.Addr().String())
}

// must returns a connection that is closed with the test.
func must(t testing.TB, dial mq.Dial) mq.Conn {
	t.Helper()
	c, err := dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// browse returns all messages of a queue as a reader would see them, without taking them.
func browse(ctx context.Context, dial mq.Dial, queue string) ([]adapters.Message, error) {
	c, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var out []adapters.Message
	for o := (mq.GetOptions{Browse: true, BrowseFirst: true}); ; o.BrowseFirst = false {
		m, err := c.Get(ctx, queue, o)
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, mq.AsMessage(m))
	}
}

func conforms(t *testing.T, dial func(*testing.T) mq.Dial) {
	f := adaptertest.Features{KeepsID: true, CountsAttempts: true}
	adaptertest.Run(t, f, func(t *testing.T) adaptertest.Rig {
		d := dial(t)
		sink := &mq.Sink{Dial: d, Queue: "IN"}
		t.Cleanup(sink.Close)
		source := func() adapters.Source {
			quick := mq.Pace{First: time.Millisecond, Most: 5 * time.Millisecond}
			return &mq.Source{Dial: d, Queue: "IN", Retry: quick, Reconnect: quick, MaxBatch: 16}
		}
		return adaptertest.Rig{
			Sink:   sink,
			Source: source(),
			Reopen: func(*testing.T) adapters.Source { return source() },
			Dest:   "OUT",
			Stored: func(ctx context.Context, dest string) ([]adapters.Message, error) {
				if dest == "" {
					dest = "IN"
				}
				return browse(ctx, d, dest)
			},
		}
	})
}

func TestConformanceInProcess(t *testing.T) {
	conforms(t, func(t *testing.T) mq.Dial { return open(t).Dial })
}

func TestConformanceOverTheSocket(t *testing.T) {
	conforms(t, func(t *testing.T) mq.Dial { return listen(t, open(t)) })
}
