package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// AreaSize is the length in bytes of the EI status COMMAREA, request and reply (EICLMSTA).
const AreaSize = 586

// Answer is the Legacy program: it turns a request area into a reply area of the same length. It is
// used by one goroutine at a time.
type Answer func(request []byte) ([]byte, error)

// Host connects the Legacy program to its queue: it takes each request, lets the program answer, and
// puts the reply where the request asks for it, with the request's MsgId as CorrelId.
type Host struct {
	// Dial connects to the queue manager. Required.
	Dial mq.Dial
	// Queue is where the requests come in. Required.
	Queue string
	// Answer is the program. Required.
	Answer Answer
	// Delay is how long the program thinks before each answer; 0 for not at all.
	Delay time.Duration
	// Log takes one line per connection lost; nil for none.
	Log *slog.Logger
}

// retryPause is how long a Host waits before it connects again.
const retryPause = 200 * time.Millisecond

// Run serves requests until ctx ends, then returns nil. It connects again for ever.
func (h *Host) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := h.serve(ctx)
		if ctx.Err() != nil {
			break
		}
		if h.Log != nil {
			h.Log.Warn("the Legacy host lost its queue manager and connects again", "queue", h.Queue, "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retryPause):
		}
	}
	return nil
}

// serve answers on one connection until it breaks.
func (h *Host) serve(ctx context.Context) error {
	conn, err := h.Dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for ctx.Err() == nil {
		request, err := conn.Get(ctx, h.Queue, mq.GetOptions{Wait: time.Second})
		if noMessage(err) {
			continue
		}
		if err != nil {
			return err
		}
		if h.Delay > 0 {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(h.Delay):
			}
		}
		if err := h.reply(ctx, conn, request); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) reply(ctx context.Context, conn mq.Conn, request mq.Message) error {
	body, err := h.Answer(request.Body)
	if err != nil {
		return fmt.Errorf("the Legacy program did not answer: %w", err)
	}
	_, err = conn.Put(ctx, request.ReplyToQ, mq.Message{
		Descriptor: mq.Descriptor{
			CorrelID: request.MsgID,
			MsgType:  mq.MTReply,
			Encoding: request.Encoding,
			CCSID:    request.CCSID,
			Expiry:   request.Expiry,
		},
		Body: body,
	}, mq.PutOptions{})
	if gone := new(mq.Error); errors.As(err, &gone) && gone.Class() == mq.Permanent {
		return nil // nobody can take this reply; the caller's deadline answers for it
	}
	return err
}

func noMessage(err error) bool {
	e := new(mq.Error)
	return errors.As(err, &e) && e.Reason == mq.RCNoMsgAvailable
}

// Filter runs a Legacy program as a child process: a filter that reads areas of AreaSize bytes on its
// standard input and writes one answer for each on its standard output. Close ends it.
type Filter struct {
	mu   sync.Mutex
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  io.Reader
	path string
}

// StartFilter starts the program at path.
func StartFilter(path string) (*Filter, error) {
	f := &Filter{path: path, cmd: exec.Command(path)}
	var err error
	if f.in, err = f.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if f.out, err = f.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := f.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the Legacy program %s: %w", path, err)
	}
	return f, nil
}

// Answer asks the program. It is an Answer; several goroutines may share it and wait for each other.
func (f *Filter) Answer(request []byte) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(request) != AreaSize {
		return nil, fmt.Errorf("the area has %d bytes, not %d", len(request), AreaSize)
	}
	if _, err := f.in.Write(request); err != nil {
		return nil, fmt.Errorf("write to %s: %w", f.path, err)
	}
	reply := make([]byte, AreaSize)
	if _, err := io.ReadFull(f.out, reply); err != nil {
		return nil, fmt.Errorf("read from %s: %w", f.path, err)
	}
	return reply, nil
}

// Close ends the program and waits for it.
func (f *Filter) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in.Close()
	return f.cmd.Wait()
}
