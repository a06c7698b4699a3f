package writeback

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
)

// DefaultEchoPrefix and the Ledger's name make the name of its echo queue.
const DefaultEchoPrefix = "PORTAGE.ECHO."

// DefaultWithin is how long an echo is waited for when nobody says otherwise.
const DefaultWithin = 24 * time.Hour

// Echoes remembers on a queue what was written back and not yet heard of again: for each message that a Ledger puts
// there is one note, in the same unit of work, under a digest of its content and of nothing else. Legacy's own
// message of the same content, the echo, takes the note. A note that nobody takes expires.
//
// A message that took a note is remembered by its identity for as long, so that one that is delivered again is known
// again, and takes no second note. Of n notes and more than n messages of the same content, n messages are echoes.
//
// The queue needs DEFSOPT(SHARED) and SHARE, and room for what is written back within the time. Fields are set
// before the first call. Safe for use by several goroutines, which wait for each other.
type Echoes struct {
	// Dial opens connections for Take. Required for it.
	Dial mq.Dial
	// Queue holds the notes. Required.
	Queue string
	// Within is how long an echo is waited for. 0: DefaultWithin.
	Within time.Duration

	mu   sync.Mutex
	conn mq.Conn
}

// A note's CorrelId is a digest and what it stands for; there is nothing in its body.
func noteOf(kind byte, digest [16]byte) (id mq.ID) {
	copy(id[:], digest[:])
	id[len(digest)] = kind
	return id
}

const (
	noteAwaited byte = 1 // digest: of content
	noteTaken   byte = 2 // digest: of the identity of the message that took it
)

func (e *Echoes) note(ctx context.Context, c mq.Conn, kind byte, digest [16]byte) error {
	within := e.Within
	if within <= 0 {
		within = DefaultWithin
	}
	m := mq.Message{Descriptor: mq.Descriptor{CorrelID: noteOf(kind, digest), Persistent: true, Expiry: within, MsgType: mq.MTDatagram}}
	_, err := c.Put(ctx, e.Queue, m, mq.PutOptions{Syncpoint: true, NewMsgID: true})
	return err
}

// Take reports whether a message of this content is an echo, and notes that it was one. id is the message's
// identity, the same at each delivery. After an error nothing is known: ask again.
func (e *Echoes) Take(ctx context.Context, content [16]byte, id string) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.Dial == nil || e.Queue == "" {
		return false, errors.New("echoes need Dial and Queue")
	}
	if e.conn == nil {
		c, err := e.Dial(ctx)
		if err != nil {
			return false, e.fail(err)
		}
		e.conn = c
	}
	echo, err := e.take(ctx, content, id)
	if err != nil {
		e.drop()
		return false, e.fail(err)
	}
	return echo, nil
}

func (e *Echoes) take(ctx context.Context, content [16]byte, id string) (bool, error) {
	sum := sha256.Sum256([]byte(id))
	identity := [16]byte(sum[:16])
	_, err := e.conn.Get(ctx, e.Queue, mq.GetOptions{Browse: true, BrowseFirst: true, CorrelID: noteOf(noteTaken, identity)})
	if !mq.IsReason(err, mq.RCNoMsgAvailable) {
		return err == nil, err
	}
	_, err = e.conn.Get(ctx, e.Queue, mq.GetOptions{Syncpoint: true, CorrelID: noteOf(noteAwaited, content)})
	if mq.IsReason(err, mq.RCNoMsgAvailable) {
		return false, nil
	}
	if err == nil {
		err = e.note(ctx, e.conn, noteTaken, identity)
	}
	if err == nil {
		err = e.conn.Commit(ctx)
	}
	return err == nil, err
}

func (e *Echoes) drop() {
	if e.conn != nil {
		e.conn.Close() //nolint:errcheck // it is given up, and backs out
		e.conn = nil
	}
}

// Close closes the connection. Take opens another.
func (e *Echoes) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.drop()
	return nil
}

func (e *Echoes) fail(err error) error { return fmt.Errorf("echoes on %s: %w", e.Queue, err) }
