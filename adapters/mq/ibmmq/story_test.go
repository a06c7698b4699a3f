//go:build ibmmq

package ibmmq_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/ibmmq"
)

var quick = mq.Pace{First: time.Millisecond, Most: 5 * time.Millisecond}

// A commit whose connection broke may have happened or not. Either way each message is handed over once.
func TestCommitInDoubt(t *testing.T) {
	for what, why := range map[string]string{"MQCMIT:3:lose": "it happened", "MQCMIT:3:cut": "it did not happen"} {
		t.Run(why, func(t *testing.T) {
			d := start(t).dial(t)
			c := connect(t, d)
			const n = 40
			for i := range n {
				put(t, c, "IN", fmt.Sprint(i))
			}
			fault(t, what)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var handed []string
			s := &mq.Source{Dial: d, Queue: "IN", MaxBatch: 5, Retry: quick, Reconnect: quick}
			err := s.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
				for _, m := range b.Messages {
					handed = append(handed, string(m.Body))
				}
				if len(handed) >= n {
					cancel()
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, body := range handed {
				if body != fmt.Sprint(i) {
					t.Fatalf("message %d handed over is %s: lost, doubled or out of order", i, body)
				}
			}
			if a, err := c.Inquire(t.Context(), "IN"); err != nil || a.Depth != 0 {
				t.Errorf("%d messages are left, %v", a.Depth, err)
			}
		})
	}
}

// kill starts the queue manager as a process of its own, which the test kills.
func process(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dirVar+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the queue manager said %q: %v", line, err)
	}
	return cmd
}

// kill -9 of the queue manager: 2009, what was not committed is back, and a Source goes on by itself.
func TestQueueManagerKilled(t *testing.T) {
	dir := short(t)
	d := dialed(t, ibmmq.Config{Channel: "C", Connection: filepath.Join(dir, "queues.sock"), Poll: 20 * time.Millisecond})
	first := process(t, dir)
	c := connect(t, d)
	put(t, c, "IN", "one")
	put(t, c, "IN", "two")
	get(t, c, "IN", mq.GetOptions{Syncpoint: true})
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	_, err := c.Get(t.Context(), "IN", mq.GetOptions{Syncpoint: true})
	refused(t, err, mq.RCConnectionBroken, mq.Reconnect)
	err = c.Commit(t.Context())
	refused(t, err, mq.RCConnectionBroken, mq.InDoubt)
	if !errors.Is(err, adapters.ErrInDoubt) {
		t.Errorf("%v is not in doubt", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	_, err = d(t.Context())
	refused(t, err, mq.RCHostNotAvailable, mq.Reconnect)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var bodies []string
	ended := make(chan error, 1)
	go func() {
		s := &mq.Source{Dial: d, Queue: "IN", Retry: quick, Reconnect: quick, MaxBatch: 1}
		ended <- s.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
			if bodies = append(bodies, string(b.Messages[0].Body)); len(bodies) == 2 {
				cancel()
			}
			return nil
		})
	}()
	process(t, dir)
	if err := <-ended; err != nil || len(bodies) != 2 || bodies[0] != "one" || bodies[1] != "two" {
		t.Errorf("%q, %v", bodies, err)
	}
}

// One who asks and one who answers, both through IBM's client.
func TestRequestAndReply(t *testing.T) {
	d := start(t).dial(t)
	r := &mq.Requester{Name: "test", Dial: d, RequestQueue: "IN", ReplyQueue: "OUT", LateQueue: "BAD", Reconnect: quick}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.Run(ctx) })
	wg.Go(func() { answer(ctx, t, d) })
	defer wg.Wait()
	defer cancel()
	var calls sync.WaitGroup
	for i := range 30 {
		calls.Go(func() {
			got, err := r.Call(ctx, []byte(fmt.Sprint("q", i)), []adapters.Header{{Name: "trace-parent", Value: "00"}})
			if want := fmt.Sprint("q", i, " 00"); err != nil || string(got) != want {
				t.Errorf("%q, %v, want %q", got, err, want)
			}
		})
	}
	calls.Wait()
}

// answer is a server: it gets, answers with CorrelId = MsgId, and commits both together.
func answer(ctx context.Context, t *testing.T, d mq.Dial) {
	c, err := d(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for ctx.Err() == nil {
		m, err := c.Get(ctx, "IN", mq.GetOptions{Syncpoint: true, Wait: time.Second})
		if err != nil {
			continue
		}
		reply := mq.Message{Descriptor: mq.Descriptor{CorrelID: m.MsgID, MsgType: mq.MTReply}, Body: append(m.Body, " "+m.Properties[0].Value...)}
		if _, err := c.Put(ctx, m.ReplyToQ, reply, mq.PutOptions{Syncpoint: true}); err != nil {
			t.Error(err)
		}
		if err := c.Commit(ctx); err != nil {
			t.Error(err)
		}
	}
}

// frozen is a way to a queue manager that stops passing bytes on when told to, and never says so.
func frozen(t *testing.T, socket string) (path string, freeze func()) {
	t.Helper()
	path = filepath.Join(short(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var open sync.Map
	pass := func(to, from net.Conn) {
		b := make([]byte, 64<<10)
		for {
			n, err := from.Read(b)
			if err != nil {
				break
			}
			select {
			case <-stop:
				_, _ = io.Copy(io.Discard, from)
				return
			default:
			}
			if _, err := to.Write(b[:n]); err != nil {
				break
			}
		}
		to.Close()
	}
	wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("unix", socket)
			if err != nil {
				in.Close()
				continue
			}
			open.Store(in, nil)
			open.Store(out, nil)
			wg.Go(func() { pass(out, in) })
			wg.Go(func() { pass(in, out) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return path, func() { close(stop) }
}

// The MQI cannot be interrupted. A call that does not come back in its caller's time is given up, and a commit is in
// doubt; the goroutine that waits for it ends with the socket.
func TestCallOutlivesItsContext(t *testing.T) {
	h := start(t)
	path, freeze := frozen(t, h.socket)
	cfg := h.config()
	cfg.Connection = path
	d := dialed(t, cfg)
	c := connect(t, d)
	put(t, c, "IN", "x", func(_ *mq.Message, o *mq.PutOptions) { o.Syncpoint = true })
	freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	refused(t, c.Commit(ctx), mq.RCConnectionBroken, mq.InDoubt)
	_, err := c.Get(t.Context(), "IN", mq.GetOptions{})
	refused(t, err, mq.RCCallInProgress, mq.Transient) // the call before still holds the connection
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := d(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("connecting to one who is silent: %v", err)
	}
}

// A connection is for one goroutine.
func TestCallInProgress(t *testing.T) {
	d := start(t).dial(t)
	c := connect(t, d)
	trace := traced(t)
	waiting := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, err := c.Get(ctx, "IN", mq.GetOptions{Wait: time.Hour})
		waiting <- err
	}()
	for {
		if _, err := os.Stat(os.Getenv("PORTAGE_MQI_TRACE")); err == nil && len(trace()) > 0 {
			break
		}
	}
	_, err := c.Put(t.Context(), "IN", mq.Message{}, mq.PutOptions{})
	refused(t, err, mq.RCCallInProgress, mq.Transient)
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
