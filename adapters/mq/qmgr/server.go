package qmgr

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

const (
	// sendTimeout bounds how long a reply may take to be read by its client.
	sendTimeout = 30 * time.Second
	// firstTimeout bounds how long a new connection may stay silent.
	firstTimeout = 30 * time.Second
)

// Listen opens the Manager's socket, for its owner only, and removes one that a dead process left: the
// directory's lock proves that it is dead.
func (m *Manager) Listen() (net.Listener, error) {
	path, err := m.cfg.socket()
	if err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		if err := m.removeSocket(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("queue manager: listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("queue manager: %w", err), l.Close())
	}
	return l, nil
}

// removeSocket removes a socket that nobody answers on.
func (m *Manager) removeSocket(path string) error {
	if m.cfg.Socket != "" && filepath.Dir(path) != filepath.Clean(m.cfg.Dir) {
		// Outside the locked directory another queue manager may own it.
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return fmt.Errorf("queue manager: the socket %s is in use by another queue manager: name another one", path)
		}
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("queue manager: remove the old socket: %w", err)
	}
	return nil
}

// Serve answers connections on l until ctx ends, then closes them all, backing out their units of
// work, and returns nil. It closes l.
func (m *Manager) Serve(ctx context.Context, l net.Listener) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			wg.Go(func() { m.serve(ctx, nc) })
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("queue manager: %w", err)
		default:
			// Out of file descriptors, most likely: those who are connected go on.
			m.log.Warn("a connection could not be accepted", "error", err)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

// served is one client's connection.
type served struct {
	m    *Manager
	nc   net.Conn
	conn *conn
	work mq.Conn // conn, or with the faults of a test

	mu        sync.Mutex
	running   uint32 // the request that runs
	cancel    context.CancelFunc
	cancelled uint32 // the last request that was cancelled
}

func (m *Manager) serve(ctx context.Context, nc net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &served{m: m, nc: nc}
	defer func() {
		nc.Close()
		if s.conn == nil {
			return
		}
		if err := s.conn.Close(); err != nil {
			m.log.Warn("a lost connection was backed out, and its count is not on the disk", "error", err)
		}
	}()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	requests := make(chan frame)
	go s.read(ctx, cancel, requests)
	for f := range requests {
		if !s.handle(ctx, f) {
			break
		}
	}
	cancel()
	for range requests { //nolint:revive // lets the reader end
	}
}

// read takes frames off the socket. The end of the stream ends the call that runs: its client is gone.
func (s *served) read(ctx context.Context, cancel context.CancelFunc, requests chan<- frame) {
	defer close(requests)
	defer cancel()
	r := bufio.NewReader(s.nc)
	s.nc.SetReadDeadline(time.Now().Add(firstTimeout))
	for {
		f, err := readFrame(r)
		if err != nil {
			if errors.Is(err, errFrame) {
				s.m.log.Warn("a client broke the protocol and was cut off", "error", err)
			}
			return
		}
		s.nc.SetReadDeadline(time.Time{})
		if f.op == opCancel {
			s.stop(f.request)
			continue
		}
		select {
		case requests <- f:
		case <-ctx.Done():
			return
		}
	}
}

// stop ends a request that waits, or will.
func (s *served) stop(request uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancelled = request
	if s.running == request && s.cancel != nil {
		s.cancel()
	}
}

// start returns the context of a request.
func (s *served) start(ctx context.Context, request uint32) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.cancel = request, cancel
	if s.cancelled == request {
		cancel()
	}
	return ctx, cancel
}

// handle answers one request and reports whether the connection goes on.
func (s *served) handle(ctx context.Context, f frame) bool {
	rctx, cancel := s.start(ctx, f.request)
	result, err, ok := s.do(rctx, f)
	cancel()
	if !ok || s.conn != nil && s.conn.severed {
		return false
	}
	if _, told := errors.AsType[*mq.Error](err); err != nil && !told && ctx.Err() != nil {
		return false // it is the queue manager that ends, not the wait: the client must not ask again here
	}
	payload := appendStatus(nil, replyError(err))
	if err == nil {
		payload = append(payload, result...)
	}
	s.nc.SetWriteDeadline(time.Now().Add(sendTimeout))
	_, err = s.nc.Write(appendFrame(nil, frame{op: f.op | opReply, request: f.request, payload: payload}))
	return err == nil && f.op != opClose
}

// replyError makes what can be sent of err.
func replyError(err error) *mq.Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*mq.Error](err); ok {
		return e
	}
	// The only other error is a cancelled wait: nothing was taken.
	return mq.Failed("", "", mq.RCNoMsgAvailable, "the call was cancelled")
}
