// Package store keeps the routes' States in an SQLite file, control.db. It implements router.Store for
// one instance, or for several on one host.
//
// A State is durable when Save returns: WAL with synchronous=FULL, so a commit waits for the disk. There
// is one writer at a time. The schema's version stands in the file (PRAGMA user_version); older ones
// are migrated forward, newer ones are refused.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/portage-gateway/portage/router"
)

// Schema is the version of the schema that this package writes.
const Schema = 1

// application marks the file as Portage's control.db (PRAGMA application_id): "PtgC".
const application = 0x50746743

// oldestSQLite is the first release without the corruption of WAL files by two connections (sqlite.org,
// release 3.51.3).
const oldestSQLite = "3.51.3"

// Error is what the store returns. It holds no data of clients: there is none in the file.
type Error struct {
	Op   string // "open", "load", "save", "close"
	Path string
	Err  error
	Hint string // what to do
}

// Error implements error.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s: %v", e.Op, e.Path, e.Err)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Store is an open control.db. Safe for use by several goroutines. Close it.
type Store struct {
	path string
	now  func() time.Time
	db   *sql.DB
}

var _ router.Store = (*Store)(nil)

// Open opens or makes the file at path, with permissions 0600, and migrates it. now stamps the
// migration; nil: time.Now. The error is an *Error: it says if the file cannot be written, belongs to
// something else, or was written by a newer Portage.
func Open(path string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	s := &Store{path: path, now: now}
	if err := s.open(); err != nil {
		if s.db != nil {
			err = errors.Join(err, s.db.Close())
		}
		return nil, err
	}
	return s, nil
}

func (s *Store) open() error {
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return s.fail("open", err)
	}
	if err := f.Close(); err != nil {
		return s.fail("open", err)
	}
	absolute, err := filepath.Abs(s.path)
	if err != nil {
		return s.fail("open", err)
	}
	dsn := url.URL{Scheme: "file", Path: absolute, RawQuery: "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"}
	if s.db, err = sql.Open("sqlite", dsn.String()); err != nil {
		return s.fail("open", err)
	}
	s.db.SetMaxOpenConns(1) // one writer; reads are few
	if err := s.checkEngine(); err != nil {
		return err
	}
	return s.migrate()
}

// checkEngine makes sure of what durability rests on.
func (s *Store) checkEngine() error {
	var version, journal string
	var synchronous int
	if err := s.db.QueryRow("SELECT sqlite_version()").Scan(&version); err != nil {
		return s.fail("open", err)
	}
	if older(version, oldestSQLite) {
		return &Error{"open", s.path, fmt.Errorf("SQLite %s can corrupt the file", version), "build with " + oldestSQLite + " or newer"}
	}
	if err := s.db.QueryRow("PRAGMA journal_mode").Scan(&journal); err != nil {
		return s.fail("open", err)
	}
	if err := s.db.QueryRow("PRAGMA synchronous").Scan(&synchronous); err != nil {
		return s.fail("open", err)
	}
	if journal != "wal" || synchronous != 2 {
		return &Error{"open", s.path, fmt.Errorf("journal mode %q, synchronous %d; want wal and 2", journal, synchronous),
			"the file system must support shared memory (no network share)"}
	}
	return nil
}

// older compares dotted version numbers.
func older(v, than string) bool {
	a, b := strings.Split(v, "."), strings.Split(than, ".")
	for i := range b {
		var x, y int
		if i < len(a) {
			x, _ = strconv.Atoi(a[i]) // what is no number counts as 0: older
		}
		y, _ = strconv.Atoi(b[i])
		if x != y {
			return x < y
		}
	}
	return false
}

// fail wraps an error with what to do about it.
func (s *Store) fail(op string, err error) error {
	e := &Error{Op: op, Path: s.path, Err: err}
	text := err.Error()
	switch {
	case errors.Is(err, os.ErrPermission), strings.Contains(text, "readonly"):
		e.Hint = "make the file and its folder writable for the user that runs Portage"
	case errors.Is(err, os.ErrNotExist):
		e.Hint = "make the folder first, or give another one with --data"
	case strings.Contains(text, "disk is full"), strings.Contains(text, "no space"):
		e.Hint = "free space on the disk; nothing was changed"
	case strings.Contains(text, "not a database"):
		e.Hint = "the file is no SQLite database: move it away, or restore a backup"
	case strings.Contains(text, "locked"):
		e.Hint = "another process holds the file: only one Portage may use a data folder"
	}
	return e
}

// Load returns every State, by route name.
func (s *Store) Load(ctx context.Context) (states []router.State, err error) {
	rows, err := s.db.QueryContext(ctx,
		"SELECT route, stage, share, killed, version, changed, actor, reason FROM route_state ORDER BY route")
	if err != nil {
		return nil, s.fail("load", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var st router.State
		var stage, changed string
		var version int64
		if err := rows.Scan(&st.Route, &stage, &st.Share, &st.Killed, &version, &changed, &st.Actor, &st.Reason); err != nil {
			return nil, s.fail("load", err)
		}
		st.Stage, st.Version = router.Stage(stage), uint64(version)
		if st.Changed, err = time.Parse(time.RFC3339Nano, changed); err != nil {
			return nil, &Error{"load", s.path, fmt.Errorf("route %q: the time of the change is no RFC 3339 time", st.Route), "restore a backup"}
		}
		states = append(states, st)
	}
	if err := rows.Err(); err != nil {
		return nil, s.fail("load", err)
	}
	return states, nil
}

// Save makes a State durable if the stored version is expectVersion; 0 stands for none. Otherwise the
// error wraps router.ErrVersion.
func (s *Store) Save(ctx context.Context, st router.State, expectVersion uint64) error {
	if st.Version <= expectVersion {
		return &Error{"save", s.path, fmt.Errorf("route %q: version %d does not follow %d", st.Route, st.Version, expectVersion), ""}
	}
	query := `UPDATE route_state SET stage = ?2, share = ?3, killed = ?4, version = ?5, changed = ?6, actor = ?7, reason = ?8
		WHERE route = ?1 AND version = ?9`
	if expectVersion == 0 {
		query = `INSERT INTO route_state (route, stage, share, killed, version, changed, actor, reason)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (route) DO NOTHING`
	}
	args := []any{st.Route, string(st.Stage), st.Share, st.Killed, int64(st.Version),
		st.Changed.UTC().Format(time.RFC3339Nano), st.Actor, st.Reason}
	if expectVersion != 0 {
		args = append(args, int64(expectVersion))
	}
	res, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return s.fail("save", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return s.fail("save", err)
	}
	if n != 1 {
		return &Error{"save", s.path, fmt.Errorf("route %q: %w: the stored version is not %d", st.Route, router.ErrVersion, expectVersion),
			"somebody else changed the route meanwhile: look at it and try again"}
	}
	return nil
}

// Close closes the file.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return s.fail("close", err)
	}
	return nil
}
