// Package writeback carries events back to Legacy: its Ledger puts messages on the queue that Legacy reads,
// and in the same unit of work a record of how far the source has come, so that Legacy gets each once.
package writeback

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
)

// DefaultStatePrefix and the Ledger's name make the name of its state queue.
const DefaultStatePrefix = "PORTAGE.STATE."

// maxUnit bounds a unit of work in messages, their notes and the state's two operations aside; queue managers
// refuse more than 10,000 operations by default (2024).
const maxUnit = 1000

// Ledger puts messages on a queue, those of one PublishAt in one unit of work with the position. Safe for
// use by several goroutines, which wait for each other. Fields are set before the first call.
//
// The state queue holds one message: the holder's mark and the position. Each unit of work takes it and
// puts its successor. Whoever recovers puts a mark of its own there; a Ledger that finds another's has been
// taken over. While one unit of work has the message, others wait for it.
//
// The state queue needs DEFSOPT(SHARED) and SHARE, persistent messages and no expiry, and belongs to this
// Ledger alone.
type Ledger struct {
	// Dial opens connections. Required.
	Dial mq.Dial
	// Name is the Ledger's for its whole life. Required unless State is set.
	Name string
	// Queue takes the messages. Required.
	Queue string
	// State is the state queue. Empty: "PORTAGE.STATE." and Name. It must be there.
	State string
	// Template is the descriptor of each message: format, code page, priority and so on. They are
	// persistent whatever it says. An identity in it is set (MQPMO_SET_ALL_CONTEXT); without one the queue manager
	// sets that of the connection.
	Template mq.Descriptor
	// Marks give each message its MsgId, by its ID. Nil: the queue manager gives it one.
	Marks Marks
	// Echoes get a note of each message in the same unit of work, under its Content. Nil: none.
	Echoes *Echoes
	// Content digests what a body says, apart from when and under which number. Required with Echoes; it is called
	// by one goroutine at a time.
	Content func(body []byte) ([16]byte, error)
	// Wait is how long to wait for the state while another unit of work holds it. 0: 5 s.
	Wait time.Duration
	// Rand is where the holder's mark comes from. Nil: crypto/rand.
	Rand io.Reader

	mu     sync.Mutex
	conn   mq.Conn
	holder []byte // nil: not recovered
	fenced bool
}

var (
	_ adapters.Sink   = (*Ledger)(nil)
	_ adapters.Ledger = (*Ledger)(nil)
)

// The state's body is: version 1, the holder's mark, the position.
const (
	stateVersion = 1
	markSize     = 16
)

// Recover takes the ledger over and returns the position that was committed last; nil says that there is
// none. It makes the state's first message when there is none and nobody can have one in a unit of work.
func (l *Ledger) Recover(ctx context.Context) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder, l.fenced = nil, false
	source := l.Rand
	if source == nil {
		source = rand.Reader
	}
	holder := make([]byte, markSize)
	if _, err := io.ReadFull(source, holder); err != nil {
		return nil, l.fail("draw a mark", err)
	}
	body, err := l.takeState(ctx)
	if mq.IsReason(err, mq.RCNoMsgAvailable) {
		l.drop()
		if err := l.create(ctx); err != nil {
			return nil, err
		}
		body, err = l.takeState(ctx)
	}
	if err != nil {
		l.drop()
		return nil, l.fail("take the state", err)
	}
	_, position, err := parseState(body)
	if err == nil {
		err = l.putState(ctx, holder, position)
	}
	if err == nil {
		err = l.conn.Commit(ctx)
	}
	if err != nil {
		l.drop()
		return nil, l.fail("recover", err)
	}
	l.holder = holder
	if len(position) == 0 {
		return nil, nil
	}
	return position, nil
}

// PublishAt puts the messages and the position in one unit of work. adapters.ErrFenced says that another
// holder has recovered since, adapters.ErrInDoubt that the commit may have happened: Recover tells. After
// any other error nothing was put, and PublishAt may be called again; an *adapters.Refusal says that a message is
// longer than the queue takes.
func (l *Ledger) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	return l.publish(ctx, func([]byte) []byte { return position }, m)
}

// Publish puts the messages in one unit of work and leaves the position as it is. Without a Recover
// before it, it does that first.
func (l *Ledger) Publish(ctx context.Context, m ...adapters.Message) error {
	if len(m) == 0 {
		return nil
	}
	l.mu.Lock()
	fresh := l.holder == nil && !l.fenced
	l.mu.Unlock()
	if fresh {
		if _, err := l.Recover(ctx); err != nil {
			return err
		}
	}
	return l.publish(ctx, func(last []byte) []byte { return last }, m)
}

func (l *Ledger) publish(ctx context.Context, position func(last []byte) []byte, m []adapters.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.fenced:
		return l.fail("publish", adapters.ErrFenced)
	case l.holder == nil:
		return l.fail("publish", errors.New("PublishAt before Recover"))
	case len(position(nil)) > adapters.MaxPosition:
		return l.fail("publish", fmt.Errorf("position of %d bytes, more than %d", len(position(nil)), adapters.MaxPosition))
	case len(m) > maxUnit:
		return l.fail("publish", fmt.Errorf("%d messages, more than %d in a unit of work", len(m), maxUnit))
	case ctx.Err() != nil:
		return l.fail("publish", ctx.Err())
	}
	if err := l.prepare(ctx, position, m); err != nil {
		l.drop() // which backs out
		return l.fail("publish", err)
	}
	if err := l.conn.Commit(ctx); err != nil {
		l.drop()
		if errors.Is(err, adapters.ErrInDoubt) {
			l.holder = nil
		}
		return l.fail("commit", err)
	}
	return nil
}

// prepare fills a unit of work.
func (l *Ledger) prepare(ctx context.Context, position func(last []byte) []byte, m []adapters.Message) error {
	body, err := l.takeState(ctx)
	if err != nil {
		return err
	}
	holder, last, err := parseState(body)
	if err != nil {
		return err
	}
	if !bytes.Equal(holder, l.holder) {
		l.fenced, l.holder = true, nil
		return adapters.ErrFenced
	}
	for i := range m {
		if err := l.put(ctx, &m[i]); err != nil {
			return err
		}
	}
	return l.putState(ctx, l.holder, position(last))
}

// put puts one message, and the note of it.
func (l *Ledger) put(ctx context.Context, m *adapters.Message) error {
	out := mq.Message{Descriptor: l.Template, Body: m.Body}
	out.Persistent, out.Expiry = true, 0
	if out.MsgType == 0 {
		out.MsgType = mq.MTDatagram
	}
	if l.Marks != nil {
		out.MsgID = l.Marks.Of(m.ID)
	}
	identity := out.UserIdentifier != "" || out.ApplIdentityData != "" || out.AccountingToken != [32]byte{}
	if _, err := l.conn.Put(ctx, l.Queue, out, mq.PutOptions{Syncpoint: true, PassContext: identity}); err != nil {
		if mq.IsReason(err, mq.RCMsgTooBigForQ) || mq.IsReason(err, mq.RCMsgTooBigForQMgr) {
			return &adapters.Refusal{Reason: "too-large", Offset: -1, Size: len(m.Body), Err: err}
		}
		return err
	}
	if l.Echoes == nil {
		return nil
	}
	content, err := l.Content(m.Body)
	if err != nil {
		return fmt.Errorf("digest what message %s says: %w", m.ID, err)
	}
	return l.Echoes.note(ctx, l.conn, noteAwaited, content)
}

// takeState gets the state in the unit of work, on a connection that is opened if there is none.
func (l *Ledger) takeState(ctx context.Context) ([]byte, error) {
	switch {
	case l.Dial == nil || l.Queue == "" || l.Name == "" && l.State == "":
		return nil, errors.New("a ledger needs Dial, Queue, and Name or State")
	case l.Echoes != nil && l.Content == nil:
		return nil, errors.New("a ledger with Echoes needs Content")
	}
	if l.conn == nil {
		c, err := l.Dial(ctx)
		if err != nil {
			return nil, err
		}
		l.conn = c
	}
	wait := l.Wait
	if wait <= 0 {
		wait = 5 * time.Second
	}
	m, err := l.conn.Get(ctx, l.state(), mq.GetOptions{Syncpoint: true, Wait: wait})
	return m.Body, err
}

// create puts the state's first message. Having the queue alone proves that no unit of work holds one;
// 2042 says that another Ledger of this name is at work.
func (l *Ledger) create(ctx context.Context) error {
	c, err := l.Dial(ctx)
	if err != nil {
		return l.fail("make the state", err)
	}
	defer c.Close()
	_, err = c.Get(ctx, l.state(), mq.GetOptions{Syncpoint: true, Exclusive: true})
	switch {
	case err == nil:
		return nil // it came meanwhile; closing gives it back
	case !mq.IsReason(err, mq.RCNoMsgAvailable):
		return l.fail("make the state", err)
	}
	first := mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: appendState(make([]byte, markSize), nil)}
	if _, err := c.Put(ctx, l.state(), first, mq.PutOptions{Syncpoint: true}); err != nil {
		return l.fail("make the state", err)
	}
	if err := c.Commit(ctx); err != nil {
		return l.fail("make the state", err)
	}
	return nil
}

func (l *Ledger) putState(ctx context.Context, holder, position []byte) error {
	m := mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: appendState(holder, position)}
	_, err := l.conn.Put(ctx, l.state(), m, mq.PutOptions{Syncpoint: true})
	return err
}

func (l *Ledger) state() string {
	if l.State != "" {
		return l.State
	}
	return DefaultStatePrefix + l.Name
}

// drop closes the connection, which backs out.
func (l *Ledger) drop() {
	if l.conn != nil {
		l.conn.Close() //nolint:errcheck // it is given up
		l.conn = nil
	}
}

// Close closes the connection. The Ledger opens another when it is used again.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop()
	return nil
}

func (l *Ledger) fail(op string, err error) error {
	return fmt.Errorf("write-back to %s: %s: %w", l.Queue, op, err)
}

func appendState(holder, position []byte) []byte {
	b := append(make([]byte, 0, 1+markSize+len(position)), stateVersion)
	return append(append(b, holder...), position...)
}

func parseState(b []byte) (holder, position []byte, err error) {
	if len(b) < 1+markSize || b[0] != stateVersion {
		return nil, nil, errors.New("the state queue holds what no ledger of this version put")
	}
	return b[1 : 1+markSize], b[1+markSize:], nil
}
