//go:build ibmmq

package ibmmq_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/ibmmq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// The test binary is also the queue manager that the tests kill.
const dirVar = "PORTAGE_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVar); dir != "" {
		fmt.Fprintln(os.Stderr, serveForever(dir))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func queues() []qmgr.Queue {
	return []qmgr.Queue{
		{Name: "IN", BackoutThreshold: 3, BackoutQueue: "BAD"}, {Name: "OUT"}, {Name: "BAD"},
		{Name: "SMALL", MaxDepth: 1, MaxMsgLength: 10}, {Name: "NOGET", GetInhibited: true}, {Name: "NOPUT", PutInhibited: true},
	}
}

func serveForever(dir string) error {
	m, err := qmgr.Open(qmgr.Config{Dir: dir, Plain: true, Queues: queues()})
	if err != nil {
		return err
	}
	l, err := m.Listen()
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return m.Serve(context.Background(), l)
}

// host is a queue manager on a socket.
type host struct {
	manager *qmgr.Manager
	socket  string
	stop    func()
}

// short returns a directory whose name leaves room for a socket's.
func short(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "mqi")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// start starts a queue manager that ends with the test.
func start(t testing.TB, change ...func(*qmgr.Config)) *host {
	t.Helper()
	cfg := qmgr.Config{Dir: short(t), Plain: true, Queues: queues()}
	for _, f := range change {
		f(&cfg)
	}
	m, err := qmgr.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var l net.Listener
	if l, err = m.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, l) }()
	h := &host{manager: m, socket: l.Addr().String()}
	stopped := false
	h.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := errors.Join(<-ended, m.Close()); err != nil {
			t.Errorf("the queue manager ended with %v", err)
		}
	}
	t.Cleanup(func() { h.stop() })
	return h
}

func (h *host) config() ibmmq.Config {
	return ibmmq.Config{Channel: "PORTAGE.SVRCONN", Connection: h.socket, Poll: 20 * time.Millisecond}
}

func (h *host) dial(t testing.TB) mq.Dial { return dialed(t, h.config()) }

func dialed(t testing.TB, c ibmmq.Config) mq.Dial {
	t.Helper()
	d, err := ibmmq.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// connect opens a connection that is closed with the test.
func connect(t testing.TB, d mq.Dial) mq.Conn {
	t.Helper()
	c, err := d(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func put(t testing.TB, c mq.Conn, queue, body string, change ...func(*mq.Message, *mq.PutOptions)) mq.Descriptor {
	t.Helper()
	m, o := mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: []byte(body)}, mq.PutOptions{}
	for _, f := range change {
		f(&m, &o)
	}
	d, err := c.Put(t.Context(), queue, m, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func get(t testing.TB, c mq.Conn, queue string, o mq.GetOptions) mq.Message {
	t.Helper()
	m, err := c.Get(t.Context(), queue, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// refused requires an *mq.Error with this reason and class.
func refused(t testing.TB, err error, reason int32, class mq.Outcome) {
	t.Helper()
	var e *mq.Error
	if !errors.As(err, &e) || e.Reason != reason || e.Class() != class {
		t.Errorf("%v, want reason %d, %s", err, reason, class)
	}
}

// fault sets a fault of the stand-in for the length of the test.
func fault(t *testing.T, what string) {
	t.Helper()
	t.Setenv("PORTAGE_MQI_FAULT", "")
	if _, err := dialed(t, ibmmq.Config{Channel: "C", Connection: "/nowhere"})(t.Context()); err == nil {
		t.Fatal("connected to nowhere")
	}
	// That call has seen no fault, so the count begins anew.
	t.Setenv("PORTAGE_MQI_FAULT", what)
}

// traced writes the stand-in's trace into a file for the length of the test and returns a func that reads it.
func traced(t *testing.T) func() string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace")
	t.Setenv("PORTAGE_MQI_TRACE", path)
	return func() string {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}
