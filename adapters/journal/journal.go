// Package journal is the embedded event log: an append-only file of messages, each once, in one order
// that never changes. Bridges publish into it, new services read it over HTTP with a cursor, and other
// bridges read it as a Source, which is how one stream fans out.
//
//   - [Open] makes or opens the file. A [Journal] is a Sink.
//   - [Journal.Ledger] is a Sink that stores a bridge's position together with its events.
//   - [Journal.Reader] is a Source whose place in the log is kept in the log.
//   - [Journal.Handler] serves GET /v1/events.
//
// An event is known by its Message.ID. The same ID with the same body is dropped and counted; with
// another body it is refused. Headers, key and time of the first one stay.
//
// Bodies, keys and headers are sealed at rest. IDs are not: they must not carry personal information.
package journal

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/adapters"
)

// Limits of one message and of one page.
const (
	// MaxID is the longest Message.ID in bytes.
	MaxID = 256
	// DefaultLimit and MaxLimit bound how many entries one Read returns.
	DefaultLimit = 100
	MaxLimit     = 1000
	// pageBytes ends a page early: sealed bytes after which Read returns what it has.
	pageBytes = 8 << 20
)

// Config says where a Journal is and what it works with.
type Config struct {
	// Path is the database file, such as data/journal.db. Its folder must exist. Two files beside it,
	// -wal and -shm, belong to it. Required.
	Path string `yaml:"-"`
	// Sealer hides bodies, keys and headers at rest, with the message's ID as context. Required.
	Sealer adapters.Sealer `yaml:"-"`
	// GroupMax is the most messages that one commit takes from callers that wait. Default 1000.
	GroupMax int `yaml:"groupMax"`
	// Heartbeat is how often an idle event stream sends a comment line, so that proxies keep it open.
	// Default 15s.
	Heartbeat time.Duration `yaml:"heartbeat"`
	// Now tells when an entry was appended. Nil: time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand gives the new log's name, 4 bytes, that stands in its cursors. Nil: crypto/rand.
	Rand io.Reader `yaml:"-"`
	// Log hears of openings and of the failure that stops writing. Nil: discard.
	Log *slog.Logger `yaml:"-"`
	// Registerer takes portage_journal_events_total. Nil: no metrics.
	Registerer prometheus.Registerer `yaml:"-"`
}

// ErrClosed says that the Journal was closed.
var ErrClosed = errors.New("journal is closed")

// Error is a failure of the store itself. The first one of a write stops all later writes until the
// Journal is opened again: what such a store would acknowledge is worth nothing. Reading goes on.
type Error struct {
	Op   string // "open", "read", "commit", ...
	Path string // the database file
	Hint string // what to do; may be empty
	Err  error
}

// Error implements error.
func (e *Error) Error() string {
	s := "journal " + e.Path + ": " + e.Op + ": " + e.Err.Error()
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Transient says that the store is at fault and never a message: a Source holds what it has.
func (e *Error) Transient() bool { return true }

// Journal is one open event log. Safe for use by several goroutines. One process opens a file at a
// time: the caller holds the lock of the data folder.
type Journal struct {
	cfg    Config
	name   uint32 // of the log, in every cursor
	read   *sql.DB
	writer *writer
	head   *head
	quit   chan struct{}
	close  func() error

	duplicates atomic.Uint64
	consuming  sync.Map // names of Readers that run
}

var _ adapters.Sink = (*Journal)(nil)

// Open opens the log at c.Path, makes it if it is not there, and brings an older schema up to date. A
// file of a newer schema, or of another program, is refused. The file is created with mode 0600.
func Open(c Config) (*Journal, error) {
	if c.Path == "" {
		return nil, errors.New("journal: Path is empty")
	}
	if c.Sealer == nil {
		return nil, fmt.Errorf("journal %s: no Sealer: events are only kept sealed; pass the vault's", c.Path)
	}
	if c.GroupMax <= 0 {
		c.GroupMax = 1000
	}
	if c.Heartbeat <= 0 {
		c.Heartbeat = 15 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	j := &Journal{cfg: c, quit: make(chan struct{})}
	if err := j.open(); err != nil {
		return nil, err
	}
	c.Log.Info("journal open", "path", c.Path, "events", j.writer.log.events, "head", string(j.Head()))
	return j, nil
}

// open opens both ends of the database and starts the writer.
func (j *Journal) open() error {
	db, err := openDatabase(j.cfg)
	if err != nil {
		return err
	}
	j.name, j.read = db.log.name, db.read
	j.head = newHead(db.log.head)
	j.writer, err = newWriter(j.cfg, db, newMetrics(j.cfg.Registerer), j.head)
	if err != nil {
		return errors.Join(err, db.close())
	}
	j.close = sync.OnceValue(func() error {
		close(j.quit)
		return errors.Join(j.writer.stop(), db.close())
	})
	return nil
}

// Close ends the commit under way, releases every waiter with ErrClosed and closes the file. Further
// calls do nothing.
func (j *Journal) Close() error { return j.close() }

// Publish makes the messages durable, all or none, in their order. Those already there with the same
// body are dropped and counted, and so are CloudEvents that differ from it in extension attributes only, such as
// the trace of a record that was put again; one that is there with another body refuses all of them with an
// *adapters.Refusal of reason "id-conflict". When ctx ends before the messages were taken up, nothing
// is written; after that Publish waits for the commit.
func (j *Journal) Publish(ctx context.Context, m ...adapters.Message) error {
	_, err := j.publish(ctx, m, nil)
	return err
}

// publish appends the messages and runs also, if there is one, in the same transaction. It returns
// how many of them were already there.
func (j *Journal) publish(ctx context.Context, m []adapters.Message, also func(*txn) error) (int, error) {
	rows, err := j.seal(m)
	if err != nil {
		return 0, err
	}
	duplicates := 0
	err = j.writer.do(ctx, len(rows), func(t *txn) error {
		duplicates = 0
		for i := range rows {
			added, err := t.append(&rows[i], m[i].Body)
			if err != nil {
				return err
			}
			if !added {
				duplicates++
			}
		}
		if also != nil {
			return also(t)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	j.duplicates.Add(uint64(duplicates))
	return duplicates, nil
}

// seal checks and seals messages in the caller's goroutine, so that the writer only writes.
func (j *Journal) seal(m []adapters.Message) ([]row, error) {
	rows := make([]row, len(m))
	for i := range m {
		switch n := len(m[i].ID); {
		case n == 0:
			return nil, &adapters.Refusal{Reason: "id-missing", Offset: -1, Size: -1,
				Err: fmt.Errorf("message %d of %d has no ID", i+1, len(m))}
		case n > MaxID:
			return nil, &adapters.Refusal{Reason: "id-too-long", Offset: -1, Size: -1,
				Err: fmt.Errorf("message %d of %d has an ID of %d bytes, more than %d", i+1, len(m), n, MaxID)}
		}
		sealed, err := sealMessage(j.cfg.Sealer, m[i], m[i].ID)
		if err != nil {
			return nil, &Error{Op: "seal event " + m[i].ID, Path: j.cfg.Path, Err: err}
		}
		rows[i] = row{id: m[i].ID, sealed: sealed}
	}
	return rows, nil
}

// Duplicates counts the messages that were published again and dropped, since Open, by all callers.
func (j *Journal) Duplicates() uint64 { return j.duplicates.Load() }

// Err returns the failure that stopped writing, or nil. Readiness checks ask it.
func (j *Journal) Err() error { return j.writer.failure() }

// Stats is a snapshot of a Journal.
type Stats struct {
	// Events is how many entries the log holds; Head names the last.
	Events int64
	Head   Cursor
	// Duplicates counts messages dropped since Open.
	Duplicates uint64
	// Readers are the named readers that ever settled a batch, by name.
	Readers []ReaderStats
}

// ReaderStats tells how far a named reader is behind the head, in entries.
type ReaderStats struct {
	Name   string
	Behind int64
}

// Stats reads a snapshot.
func (j *Journal) Stats(ctx context.Context) (Stats, error) {
	s := Stats{Duplicates: j.Duplicates()}
	fail := func(err error) (Stats, error) { return Stats{}, storeError(j.cfg.Path, "read statistics", err) }
	var last int64
	err := j.read.QueryRowContext(ctx, "SELECT events, head FROM log").Scan(&s.Events, &last)
	if err != nil {
		return fail(err)
	}
	s.Head = j.cursor(last)
	rows, err := j.read.QueryContext(ctx, "SELECT name, ? - seq FROM readers ORDER BY name", last)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r ReaderStats
		if err := rows.Scan(&r.Name, &r.Behind); err != nil {
			return fail(err)
		}
		r.Behind = max(r.Behind, 0)
		s.Readers = append(s.Readers, r)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return s, nil
}
