package qmgr

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

const (
	// callTimeout bounds a call whose context has no deadline, beside what a get may wait.
	callTimeout = 30 * time.Second
	// cancelGrace is how long a cancelled get may take to say whether it took a message.
	cancelGrace = 2 * time.Second
)

// Dial returns an mq.Dial that connects to a queue manager's socket.
func Dial(socket string) mq.Dial { return DialAs(socket, "portage") }

// DialAs is Dial under an application's name of at most 28 bytes, which messages bear as PutApplName.
func DialAs(socket, app string) mq.Dial {
	return func(ctx context.Context) (mq.Conn, error) {
		c, err := connect(ctx, socket, app)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// Lister is what connections of this package offer beside mq.Conn.
type Lister interface {
	// Queues returns the names of all queues, sorted; aliases are not among them.
	Queues(ctx context.Context) ([]string, error)
	// Aliases returns all aliases, sorted by name.
	Aliases(ctx context.Context) ([]Alias, error)
}

var (
	_ Lister = (*client)(nil)
	_ Lister = (*conn)(nil)
)

// client is a connection over the socket.
type client struct {
	nc net.Conn
	in *bufio.Reader

	busy    sync.Mutex // held by the call that runs
	sending sync.Mutex // a cancel is sent while a call waits
	request uint32
	broken  bool
	level   uint16 // of the queue manager
}

var (
	_ mq.Conn        = (*client)(nil)
	_ mq.BatchGetter = (*client)(nil)
)

func connect(ctx context.Context, socket, app string) (*client, error) {
	var d net.Dialer
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	nc, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("mq connect: %w", ctx.Err())
		}
		return nil, mq.Failed("connect", "", mq.RCQMgrNotAvailable, "no queue manager answers on "+socket+": start `portage queue-manager` or `portage run`")
	}
	c := &client{nc: nc, in: bufio.NewReader(nc)}
	r, err := c.call(ctx, "connect", "", opConnect, append(appendText(nil, app), 0, protocolLevel), 0)
	if err == nil {
		r.text()
		c.level = r.uint16()
		err = c.finish("connect", "", r)
	}
	if err != nil {
		c.nc.Close()
		return nil, err
	}
	return c, nil
}

// call sends one request and reads its reply. wait is how long the queue manager may take on purpose.
func (c *client) call(ctx context.Context, op, queue string, code byte, payload []byte, wait time.Duration) (*reader, error) {
	if !c.busy.TryLock() {
		return nil, mq.Failed(op, queue, mq.RCCallInProgress, "a connection is for one goroutine")
	}
	defer c.busy.Unlock()
	if c.broken {
		return nil, mq.Failed(op, queue, mq.RCConnectionBroken, "the connection was lost before this call")
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("mq %s %s: %w", op, queue, err)
	}
	c.request++
	f, err := c.exchange(ctx, frame{op: code, request: c.request, payload: payload}, wait)
	if err != nil {
		c.broken = true
		c.nc.Close()
		return nil, mq.Failed(op, queue, mq.RCConnectionBroken, "the connection to the queue manager was lost")
	}
	r := &reader{b: f.payload}
	if e := r.status(op, queue); e != nil {
		return nil, e
	}
	return r, nil
}

func (c *client) exchange(ctx context.Context, f frame, wait time.Duration) (frame, error) {
	deadline, ok := ctx.Deadline()
	if !ok || wait > 0 {
		deadline = time.Now().Add(wait + callTimeout)
	}
	if err := c.nc.SetDeadline(deadline); err != nil {
		return frame{}, err
	}
	if err := c.send(f); err != nil {
		return frame{}, err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		c.interrupt(f, wait > 0)
	})
	reply, err := readFrame(c.in)
	if !stop() {
		<-interrupted // or it would shorten the next call
	}
	if err != nil {
		return frame{}, err
	}
	if reply.request != f.request || reply.op != f.op|opReply {
		return frame{}, errFrame
	}
	return reply, nil
}

func (c *client) send(f frame) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	_, err := c.nc.Write(appendFrame(make([]byte, 0, 4+frameHead+len(f.payload)), f))
	return err
}

// interrupt ends a call when its context ends. A get that waits is cancelled and says whether it took
// a message; every other call is cut off, and the connection with it.
func (c *client) interrupt(f frame, waits bool) {
	if !waits {
		c.nc.SetDeadline(time.Now())
		return
	}
	c.nc.SetDeadline(time.Now().Add(cancelGrace))
	c.send(frame{op: opCancel, request: f.request}) // a failure shows in the read
}

// finish requires that a reply was read whole.
func (c *client) finish(op, queue string, r *reader) error {
	if err := r.end(); err != nil {
		c.nc.Close()
		c.busy.Lock()
		defer c.busy.Unlock()
		c.broken = true
		return mq.Failed(op, queue, mq.RCConnectionBroken, "a reply cannot be read: "+err.Error())
	}
	return nil
}

func (c *client) Get(ctx context.Context, queue string, o mq.GetOptions) (mq.Message, error) {
	if len(queue) > maxName {
		return mq.Message{}, unknown("get", queue[:maxName])
	}
	r, err := c.call(ctx, "get", queue, opGet, appendGet(nil, queue, o), o.Wait)
	if err != nil {
		return mq.Message{}, cancelled(ctx, queue, err)
	}
	m := r.message()
	return m, c.finish("get", queue, r)
}

// cancelled says that nothing was got because ctx ended, if that is why.
func cancelled(ctx context.Context, queue string, err error) error {
	if ctx.Err() != nil && mq.IsReason(err, mq.RCNoMsgAvailable) {
		return fmt.Errorf("mq get %s: %w", queue, ctx.Err())
	}
	return err
}

// GetBatch implements mq.BatchGetter: one request and one reply. A queue manager of an older level is asked
// for one message.
func (c *client) GetBatch(ctx context.Context, queue string, o mq.GetOptions, most, size int) ([]mq.Message, error) {
	if c.level < batchLevel {
		m, err := c.Get(ctx, queue, o)
		if err != nil {
			return nil, err
		}
		return []mq.Message{m}, nil
	}
	if len(queue) > maxName {
		return nil, unknown("get", queue[:maxName])
	}
	r, err := c.call(ctx, "get", queue, opGetBatch, appendGetBatch(nil, queue, o, most, size), o.Wait)
	if err != nil {
		return nil, cancelled(ctx, queue, err)
	}
	ms := r.batch()
	return ms, c.finish("get", queue, r)
}

func (c *client) Put(ctx context.Context, queue string, m mq.Message, o mq.PutOptions) (mq.Descriptor, error) {
	switch {
	case len(queue) > maxName:
		return mq.Descriptor{}, unknown("put", queue[:maxName])
	case len(m.Body) > MaxMsgLength:
		return mq.Descriptor{}, mq.Failed("put", queue, mq.RCMsgTooBigForQMgr, "a message has at most 100 MiB")
	}
	if err := checkDescriptor(queue, &m.Descriptor); err != nil {
		return mq.Descriptor{}, err
	}
	r, err := c.call(ctx, "put", queue, opPut, appendPut(make([]byte, 0, len(m.Body)+512), queue, &m, o), 0)
	if err != nil {
		return mq.Descriptor{}, err
	}
	d := r.message().Descriptor
	return d, c.finish("put", queue, r)
}

func (c *client) Commit(ctx context.Context) error {
	_, err := c.call(ctx, "commit", "", opCommit, nil, 0)
	return err
}

func (c *client) Backout(ctx context.Context) error {
	_, err := c.call(ctx, "backout", "", opBackout, nil, 0)
	return err
}

func (c *client) Inquire(ctx context.Context, queue string) (mq.Attributes, error) {
	if len(queue) > maxName {
		return mq.Attributes{}, unknown("inquire", queue[:maxName])
	}
	r, err := c.call(ctx, "inquire", queue, opInquire, appendText(nil, queue), 0)
	if err != nil {
		return mq.Attributes{}, err
	}
	a := r.attributes()
	return a, c.finish("inquire", queue, r)
}

// Queues implements Lister.
func (c *client) Queues(ctx context.Context) ([]string, error) {
	r, err := c.call(ctx, "list", "", opList, nil, 0)
	if err != nil {
		return nil, err
	}
	var names []string
	for n := r.uint32(); n > 0 && r.err == nil; n-- {
		names = append(names, r.text())
	}
	return names, c.finish("list", "", r)
}

// Aliases implements Lister.
func (c *client) Aliases(ctx context.Context) ([]Alias, error) {
	r, err := c.call(ctx, "list", "", opAliases, nil, 0)
	if err != nil {
		return nil, err
	}
	all := r.aliases()
	return all, c.finish("list", "", r)
}

// Close backs out and ends the connection. A call that runs is cut off.
func (c *client) Close() error {
	if !c.busy.TryLock() {
		return ignoreClosed(c.nc.Close())
	}
	broken := c.broken
	c.busy.Unlock()
	if broken {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	_, err := c.call(ctx, "close", "", opClose, nil, 0)
	c.busy.Lock()
	defer c.busy.Unlock()
	c.broken = true
	return errors.Join(err, ignoreClosed(c.nc.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
