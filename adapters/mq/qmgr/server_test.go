package qmgr

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// serving returns a manager behind a socket, and a way to speak to it byte by byte.
func serving(t *testing.T) (*Manager, func() net.Conn) {
	t.Helper()
	m, _ := newManager(t)
	l, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(l.Addr().String()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's rights: %v, %v, want 0600", info.Mode(), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- m.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return m, func() net.Conn {
		nc, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(30 * time.Second))
		return nc
	}
}

func send(t *testing.T, nc net.Conn, op byte, request uint32, payload []byte) {
	t.Helper()
	if _, err := nc.Write(appendFrame(nil, frame{op: op, request: request, payload: payload})); err != nil {
		t.Fatal(err)
	}
}

// answer reads a reply and returns its reason.
func answered(t *testing.T, nc net.Conn, op byte, request uint32) (int32, *reader) {
	t.Helper()
	f, err := readFrame(nc)
	if err != nil || f.op != op|opReply || f.request != request {
		t.Fatalf("reply %+v, %v, want one to request %d", f, err, request)
	}
	r := &reader{b: f.payload}
	if e := r.status("", ""); e != nil {
		return e.Reason, r
	}
	return 0, r
}

func TestCutOff(t *testing.T) {
	_, dial := serving(t)
	connect := appendFrame(nil, frame{op: opConnect, request: 1, payload: appendText(nil, "x")})
	for name, stream := range map[string][]byte{
		"another protocol":      []byte("EHLO example.ca\r\n........"),
		"connect with too much": appendFrame(nil, frame{op: opConnect, request: 1, payload: []byte{0, 1, 'x', 'y'}}),
		"an unknown operation":  append(connect[:len(connect):len(connect)], appendFrame(nil, frame{op: 99, request: 2})...),
		"a get of nothing":      append(connect[:len(connect):len(connect)], appendFrame(nil, frame{op: opGet, request: 2})...),
		"connect twice":         append(connect[:len(connect):len(connect)], connect...),
	} {
		nc := dial()
		if _, err := nc.Write(stream); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, nc); err != nil {
			t.Errorf("%s: %v, want the end of the stream", name, err)
		}
	}
}

func TestFirstRequestIsConnect(t *testing.T) {
	_, dial := serving(t)
	nc := dial()
	send(t, nc, opCommit, 1, nil)
	if reason, _ := answered(t, nc, opCommit, 1); reason != mq.RCHconnError {
		t.Errorf("reason %d, want 2018", reason)
	}
	send(t, nc, opConnect, 2, appendText(nil, "late"))
	if reason, r := answered(t, nc, opConnect, 2); reason != 0 || r.text() != "PORTAGE" {
		t.Errorf("connect: reason %d", reason)
	}
}

// A client that dies in the middle of a frame, or while it waits, leaves nothing behind.
func TestDeadClientsAreBackedOut(t *testing.T) {
	m, dial := serving(t)
	c := m.Connect()
	for range 2 {
		if _, err := c.Put(t.Context(), "Q", persistent(1), mq.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, last := range [][]byte{
		{0, 0, 0, 50, 1, opPut}, // half a frame
		appendFrame(nil, frame{op: opGet, request: 4, payload: appendGet(nil, "Q", mq.GetOptions{Wait: time.Hour, CorrelID: mq.ID{1}})}),
	} {
		nc := dial()
		send(t, nc, opConnect, 1, appendText(nil, "mortal"))
		answered(t, nc, opConnect, 1)
		for i := range uint32(2) {
			send(t, nc, opGet, 2+i, appendGet(nil, "Q", mq.GetOptions{Syncpoint: true}))
			answered(t, nc, opGet, 2+i)
		}
		if _, err := nc.Write(last); err != nil {
			t.Fatal(err)
		}
		nc.Close()
		for range 2 {
			if _, err := c.Get(t.Context(), "Q", mq.GetOptions{Syncpoint: true, Wait: 30 * time.Second}); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Backout(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	msg, err := c.Get(t.Context(), "Q", mq.GetOptions{})
	if err != nil || msg.BackoutCount != 4 {
		t.Errorf("BackoutCount %d, %v, want 4", msg.BackoutCount, err)
	}
}

// A cancel that comes before its request is not lost.
func TestCancelOvertakesItsRequest(t *testing.T) {
	_, dial := serving(t)
	nc := dial()
	send(t, nc, opConnect, 1, appendText(nil, "x"))
	answered(t, nc, opConnect, 1)
	send(t, nc, opCancel, 2, nil)
	send(t, nc, opGet, 2, appendGet(nil, "Q", mq.GetOptions{Wait: time.Hour}))
	if reason, _ := answered(t, nc, opGet, 2); reason != mq.RCNoMsgAvailable {
		t.Errorf("reason %d, want 2033", reason)
	}
	send(t, nc, opClose, 3, nil)
	answered(t, nc, opClose, 3)
	if _, err := nc.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after close: %v, want the end of the stream", err)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	m, _ := newManager(t)
	l, err := m.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Serve(ctx, l) }()
	c, err := Dial(l.Addr().String())(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	waited := make(chan error)
	go func() {
		_, err := c.Get(context.Background(), "Q", mq.GetOptions{Wait: time.Hour})
		waited <- err
	}()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-waited; err == nil {
		t.Error("a get survived its queue manager")
	} else if e, ok := err.(*mq.Error); !ok || e.Class() != mq.Reconnect {
		t.Errorf("%v, want one that says reconnect", err)
	}
	if _, err := Dial(l.Addr().String())(t.Context()); !mq.IsReason(err, mq.RCQMgrNotAvailable) || !strings.Contains(err.Error(), "portage queue-manager") {
		t.Errorf("dialling nobody: %v, want 2059 and what to start", err)
	}
}

func TestOldSocketIsReplacedAndAForeignOneIsNot(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "elsewhere.sock")
	open := func() *Manager {
		m, err := Open(Config{Dir: t.TempDir(), Socket: path, Plain: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		return m
	}
	first, err := open().Listen()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open().Listen(); err == nil || !strings.Contains(err.Error(), "in use by another") {
		t.Errorf("a socket that answers: %v", err)
	}
	first.(*net.UnixListener).SetUnlinkOnClose(false)
	first.Close() // as after kill -9: the file stays, nobody answers
	l, err := open().Listen()
	if err != nil {
		t.Fatalf("a dead socket: %v", err)
	}
	l.Close()
}
