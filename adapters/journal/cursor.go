package journal

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Cursor names a place in one log: just after an entry. It is opaque, holds no content, stays valid
// across restarts, and grows as text along the log. The empty Cursor is the beginning.
type Cursor string

// ErrCursor says that a Cursor is not of this log. Test it with errors.Is.
var ErrCursor = errors.New("not a cursor of this log")

// A cursor is "1-" (its version), the log's name in 8 hexadecimal digits, "-", seq in 16.
const cursorForm = "1-%08x-%016x"

func (j *Journal) cursor(seq int64) Cursor { return Cursor(fmt.Sprintf(cursorForm, j.name, seq)) }

// seq reads a cursor. One that lies past the head is refused too: its reader has seen entries that
// this log does not have, and would skip those to come.
func (j *Journal) seq(c Cursor) (int64, error) {
	if c == "" {
		return 0, nil
	}
	if len(c) != 2+8+1+16 || c[1] != '-' || c[10] != '-' {
		return 0, fmt.Errorf("%w: it does not have a cursor's form", ErrCursor)
	}
	if c[0] != '1' {
		return 0, fmt.Errorf("%w: its version is not 1", ErrCursor)
	}
	name, err := strconv.ParseUint(string(c[2:10]), 16, 32)
	seq, err2 := strconv.ParseInt(string(c[11:]), 16, 64)
	if err != nil || err2 != nil || seq < 0 || c != Cursor(fmt.Sprintf(cursorForm, uint32(name), seq)) {
		return 0, fmt.Errorf("%w: it does not have a cursor's form", ErrCursor)
	}
	if uint32(name) != j.name {
		return 0, fmt.Errorf("%w: it comes from log %08x, this is %08x", ErrCursor, name, j.name)
	}
	if seq > j.head.get() {
		return 0, fmt.Errorf("%w: it lies past the last entry; was the log restored from a backup?", ErrCursor)
	}
	return seq, nil
}

// Head returns the Cursor of the last entry: reading after it gives only what is still to come.
func (j *Journal) Head() Cursor { return j.cursor(j.head.get()) }

// Entry is one event of the log and its place.
type Entry struct {
	Cursor   Cursor
	Message  adapters.Message
	Appended time.Time // UTC, to the millisecond

	seq int64
}

// Read returns entries after a Cursor, in their order, at most limit (0: DefaultLimit; never more than
// MaxLimit) and fewer when they are large; none says that the head is reached. A Cursor of another log
// gives ErrCursor.
func (j *Journal) Read(ctx context.Context, after Cursor, limit int) ([]Entry, error) {
	seq, err := j.seq(after)
	if err != nil {
		return nil, err
	}
	return j.entries(ctx, seq, limit)
}

func (j *Journal) entries(ctx context.Context, seq int64, limit int) ([]Entry, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	head := j.head.get()
	if seq >= head {
		return nil, nil
	}
	rows, err := j.read.QueryContext(ctx,
		"SELECT seq, id, at, sealed FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", seq, head, min(limit, MaxLimit))
	if err != nil {
		return nil, j.readError(err)
	}
	defer rows.Close()
	var list []Entry
	for size := 0; size < pageBytes && rows.Next(); {
		var at int64
		var id string
		var sealed []byte
		if err := rows.Scan(&seq, &id, &at, &sealed); err != nil {
			return nil, j.readError(err)
		}
		m, err := openMessage(j.cfg.Sealer, sealed, id, id)
		if err != nil {
			return nil, &Error{Op: "read event " + id, Path: j.cfg.Path, Err: err,
				Hint: "the keys must be those of this data folder"}
		}
		size += len(sealed)
		list = append(list, Entry{Cursor: j.cursor(seq), Message: m, Appended: time.UnixMilli(at).UTC(), seq: seq})
	}
	if err := rows.Err(); err != nil {
		return nil, j.readError(err)
	}
	return list, nil
}

// readError tells a closed Journal from a store that cannot be read.
func (j *Journal) readError(err error) error {
	select {
	case <-j.quit:
		return ErrClosed
	default:
		return storeError(j.cfg.Path, "read", err)
	}
}

// Wait returns nil as soon as there is an entry after the Cursor, ctx's error when ctx ends first, and
// ErrClosed when the Journal is closed.
func (j *Journal) Wait(ctx context.Context, after Cursor) error {
	seq, err := j.seq(after)
	if err != nil {
		return err
	}
	return j.wait(ctx, seq)
}

func (j *Journal) wait(ctx context.Context, seq int64) error {
	for {
		last, changed := j.head.watch()
		if last > seq {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-j.quit:
			return ErrClosed
		}
	}
}

// head is the seq of the last entry that readers may see, and wakes those that wait for more.
type head struct {
	mu      sync.Mutex
	seq     int64
	changed chan struct{}
}

func newHead(seq int64) *head { return &head{seq: seq, changed: make(chan struct{})} }

func (h *head) get() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq
}

func (h *head) watch() (int64, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seq, h.changed
}

func (h *head) advance(seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if seq > h.seq {
		h.seq = seq
		close(h.changed)
		h.changed = make(chan struct{})
	}
}
