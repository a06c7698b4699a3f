package qmgr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// schemaVersion is queues.db's PRAGMA user_version.
const schemaVersion = len(schema)

// schema makes each version of the one before it.
var schema = [...]string{`
CREATE TABLE queues (
	name         TEXT PRIMARY KEY,
	max_depth    INTEGER NOT NULL,
	max_length   INTEGER NOT NULL,
	threshold    INTEGER NOT NULL,
	backout      TEXT NOT NULL,
	get_off      INTEGER NOT NULL,
	put_off      INTEGER NOT NULL
) STRICT;
CREATE TABLE messages (
	seq      INTEGER PRIMARY KEY, -- order of arrival
	queue    TEXT NOT NULL REFERENCES queues,
	backouts INTEGER NOT NULL,
	expires  INTEGER NOT NULL,    -- milliseconds since 1970, 0 never
	arrived  INTEGER NOT NULL,    -- milliseconds since 1970
	message  BLOB NOT NULL        -- protocol.md's message, sealed
) STRICT;
`, `
ALTER TABLE queues ADD COLUMN stream TEXT NOT NULL DEFAULT '';
CREATE TABLE aliases (
	name    TEXT PRIMARY KEY,
	target  TEXT NOT NULL,
	get_off INTEGER NOT NULL,
	put_off INTEGER NOT NULL
) STRICT;
`}

// store is queues.db on its one connection. Used by one goroutine at a time.
type store struct {
	db   *sql.DB
	conn *sql.Conn

	begin, commit, insert, delete, update *sql.Stmt
}

// row is one persistent message at rest.
type row struct {
	seq              uint64
	queue            string
	backouts         int32
	expires, arrived int64
	message          []byte
}

func openStore(ctx context.Context, dir string) (*store, error) {
	path := filepath.Join(dir, "queues.db")
	// SQLite would make it readable for others; its WAL takes the rights of the database.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	f.Close()
	// A checkpoint holds up the commit that reaches it: 16 MiB of log make it rare.
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4096)", "foreign_keys(1)", "trusted_schema(0)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &store{db: db}
	if err := s.prepare(ctx, path); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *store) prepare(ctx context.Context, path string) (err error) {
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	var version int
	if err := s.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	switch {
	case version > schemaVersion:
		return fmt.Errorf("%s was written by a newer Portage (schema %d, this one knows %d): run the newer one, or restore the backup made before the upgrade", path, version, schemaVersion)
	case version < schemaVersion:
		if _, err := s.conn.ExecContext(ctx, "BEGIN IMMEDIATE;"+strings.Join(schema[version:], "")+"PRAGMA user_version = "+strconv.Itoa(schemaVersion)+";COMMIT"); err != nil {
			return fmt.Errorf("bring %s to schema %d: %w", path, schemaVersion, err)
		}
	}
	for text, stmt := range map[string]**sql.Stmt{
		"BEGIN IMMEDIATE": &s.begin,
		"COMMIT":          &s.commit,
		"INSERT INTO messages VALUES (?,?,?,?,?,?)":      &s.insert,
		"DELETE FROM messages WHERE seq BETWEEN ? AND ?": &s.delete,
		"UPDATE messages SET backouts=? WHERE seq=?":     &s.update,
	} {
		if *stmt, err = s.conn.PrepareContext(ctx, text); err != nil {
			return fmt.Errorf("prepare %s: %w", path, err)
		}
	}
	return nil
}

func (s *store) queues(ctx context.Context) (out []Queue, err error) {
	rows, err := s.conn.QueryContext(ctx, "SELECT name, max_depth, max_length, threshold, backout, get_off, put_off, stream FROM queues ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var q Queue
		if err := rows.Scan(&q.Name, &q.MaxDepth, &q.MaxMsgLength, &q.BackoutThreshold, &q.BackoutQueue, &q.GetInhibited, &q.PutInhibited, &q.StreamQueue); err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, rows.Err()
}

func (s *store) define(ctx context.Context, qs []Queue) error {
	for _, q := range qs {
		if _, err := s.conn.ExecContext(ctx, `INSERT INTO queues VALUES (?,?,?,?,?,?,?,?)
			ON CONFLICT (name) DO UPDATE SET max_depth=excluded.max_depth, max_length=excluded.max_length,
			threshold=excluded.threshold, backout=excluded.backout, get_off=excluded.get_off, put_off=excluded.put_off, stream=excluded.stream`,
			q.Name, q.MaxDepth, q.MaxMsgLength, q.BackoutThreshold, q.BackoutQueue, q.GetInhibited, q.PutInhibited, q.StreamQueue); err != nil {
			return fmt.Errorf("define queue %s: %w", q.Name, err)
		}
	}
	return nil
}

func (s *store) aliases(ctx context.Context) (out []Alias, err error) {
	rows, err := s.conn.QueryContext(ctx, "SELECT name, target, get_off, put_off FROM aliases ORDER BY name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a Alias
		if err := rows.Scan(&a.Name, &a.Target, &a.GetInhibited, &a.PutInhibited); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

func (s *store) alias(ctx context.Context, as []Alias) error {
	for _, a := range as {
		if _, err := s.conn.ExecContext(ctx, `INSERT INTO aliases VALUES (?,?,?,?)
			ON CONFLICT (name) DO UPDATE SET target=excluded.target, get_off=excluded.get_off, put_off=excluded.put_off`,
			a.Name, a.Target, a.GetInhibited, a.PutInhibited); err != nil {
			return fmt.Errorf("define alias %s: %w", a.Name, err)
		}
	}
	return nil
}

// each calls f for every message in order of arrival.
func (s *store) each(ctx context.Context, f func(row) error) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT seq, queue, backouts, expires, arrived, message FROM messages ORDER BY seq")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.seq, &r.queue, &r.backouts, &r.expires, &r.arrived, &r.message); err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// apply does all changes in one SQLite transaction. lasting says that after this error nothing more
// may be written: the disk did not say whether the transaction is on it.
func (s *store) apply(ctx context.Context, changes []*change) (lasting bool, err error) {
	if _, err := s.begin.ExecContext(ctx); err != nil {
		return isLasting(err), err
	}
	if err := s.execAll(ctx, changes); err != nil {
		return isLasting(err), errors.Join(err, s.reset(ctx))
	}
	if _, err := s.commit.ExecContext(ctx); err != nil {
		return isLasting(err), errors.Join(err, s.reset(ctx))
	}
	return false, nil
}

// reset ends a transaction that a failure may have left open.
func (s *store) reset(ctx context.Context) error {
	if _, err := s.conn.ExecContext(ctx, "ROLLBACK"); err != nil && sqliteCode(err) != sqlite3.SQLITE_ERROR {
		return err // SQLITE_ERROR: no transaction is open
	}
	return nil
}

func (s *store) execAll(ctx context.Context, changes []*change) error {
	for _, c := range changes {
		if err := errors.Join(s.define(ctx, c.queues), s.alias(ctx, c.aliases)); err != nil {
			return err
		}
		for i := range c.inserts {
			r := &c.inserts[i]
			if _, err := s.insert.ExecContext(ctx, int64(r.seq), r.queue, r.backouts, r.expires, r.arrived, r.message); err != nil {
				return err
			}
		}
		if err := s.deleteAll(ctx, c.deletes); err != nil {
			return err
		}
		for _, b := range c.backouts {
			if _, err := s.update.ExecContext(ctx, b.count, int64(b.seq)); err != nil {
				return err
			}
		}
	}
	return nil
}

// deleteAll deletes rows, each run of numbers that follow one another at once: a unit of work mostly took its
// messages in the order in which they came.
func (s *store) deleteAll(ctx context.Context, seqs []uint64) error {
	slices.Sort(seqs)
	for len(seqs) > 0 {
		n := 1
		for n < len(seqs) && seqs[n] == seqs[n-1]+1 {
			n++
		}
		if _, err := s.delete.ExecContext(ctx, int64(seqs[0]), int64(seqs[n-1])); err != nil {
			return err
		}
		seqs = seqs[n:]
	}
	return nil
}

func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// isLasting: a full disk may be emptied and a lock let go, and SQLite has rolled back by then. After any
// other failure to write, what is on the disk is not known (PostgreSQL's fsync lesson).
func isLasting(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY:
		return false
	}
	return true
}

func (s *store) close() error {
	var err error
	for _, stmt := range []*sql.Stmt{s.begin, s.commit, s.insert, s.delete, s.update} {
		if stmt != nil {
			err = errors.Join(err, stmt.Close())
		}
	}
	if s.conn != nil {
		err = errors.Join(err, s.conn.Close())
	}
	return errors.Join(err, s.db.Close())
}
