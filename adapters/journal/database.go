package journal

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// The file says whose it is (PRAGMA application_id, "PtgJ") and which schema it has (PRAGMA user_version).
const (
	applicationID = 0x5074674a
	schemaVersion = 1
)

// schema holds one migration a version: schema[0] makes version 1 of an empty file.
var schema = [schemaVersion]string{`
CREATE TABLE log (
	one    INTEGER PRIMARY KEY CHECK (one = 1),
	name   INTEGER NOT NULL,           -- stands in every cursor
	head   INTEGER NOT NULL,           -- seq of the last event ever appended
	events INTEGER NOT NULL            -- how many there are
);
CREATE TABLE events (
	seq    INTEGER PRIMARY KEY,
	id     TEXT    NOT NULL UNIQUE,
	at     INTEGER NOT NULL,           -- when it was appended, Unix milliseconds
	sealed BLOB    NOT NULL
);
CREATE TABLE ledgers (
	name     TEXT PRIMARY KEY,
	epoch    INTEGER NOT NULL,         -- grows with each Recover: fences earlier holders
	position BLOB
) WITHOUT ROWID;
CREATE TABLE readers (
	name TEXT PRIMARY KEY,
	seq  INTEGER NOT NULL              -- the last entry it settled
) WITHOUT ROWID;
CREATE TABLE letters (
	n      INTEGER PRIMARY KEY,
	dest   TEXT    NOT NULL,
	id     TEXT    NOT NULL,
	at     INTEGER NOT NULL,
	sealed BLOB    NOT NULL
);
CREATE INDEX letters_by_dest ON letters (dest, n);
`}

// logState is the one row of table log.
type logState struct {
	name   uint32
	head   int64
	events int64
}

// database is an open file: one connection that writes, a pool that reads.
type database struct {
	write *sql.DB
	conn  *sql.Conn // the only connection of write
	read  *sql.DB
	log   logState
}

func openDatabase(c Config) (*database, error) {
	if err := touch(c.Path); err != nil {
		return nil, &Error{Op: "open", Path: c.Path, Err: err,
			Hint: "the data folder must exist and be writable by the user that runs Portage"}
	}
	d := &database{}
	err := d.open(c)
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *database) open(c Config) (err error) {
	ctx := context.Background()
	// journal_size_limit cuts the -wal file back to 64 MiB after a burst.
	d.write, err = pool(c.Path, 1, "journal_mode(WAL)", "synchronous(FULL)", "journal_size_limit(67108864)")
	if err != nil {
		return storeError(c.Path, "open", err)
	}
	if d.conn, err = d.write.Conn(ctx); err != nil {
		return storeError(c.Path, "open", err)
	}
	if err := migrate(ctx, d.conn, c); err != nil {
		return err
	}
	if err := d.load(ctx); err != nil {
		return storeError(c.Path, "open", err)
	}
	d.read, err = pool(c.Path, 4, "query_only(1)")
	if err != nil {
		return storeError(c.Path, "open", err)
	}
	return nil
}

// load reads the log's state, and proves that the file takes writes before anyone relies on it.
func (d *database) load(ctx context.Context) error {
	var mode string
	if err := d.conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("journal mode is %q, want wal: the file system may not offer shared memory", mode)
	}
	err := d.conn.QueryRowContext(ctx, "UPDATE log SET events = events RETURNING name, head, events").
		Scan(&d.log.name, &d.log.head, &d.log.events)
	if err != nil {
		return err
	}
	var last int64
	if err := d.conn.QueryRowContext(ctx, "SELECT COALESCE(MAX(seq), 0) FROM events").Scan(&last); err != nil {
		return err
	}
	if last > d.log.head {
		return fmt.Errorf("the file is damaged: it holds entry %d and says that %d is the last", last, d.log.head)
	}
	return nil
}

func (d *database) close() (err error) {
	if d.read != nil {
		err = errors.Join(err, d.read.Close())
	}
	if d.conn != nil {
		err = errors.Join(err, d.conn.Close())
	}
	if d.write != nil {
		err = errors.Join(err, d.write.Close())
	}
	return err
}

// pool opens at most n connections to the file, with these pragmas.
func pool(path string, n int, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": append(pragmas, "busy_timeout(5000)", "foreign_keys(1)")}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	c, err := sqlite.NewConnector((&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// touch makes the file with mode 0600 if it is not there, and its name durable.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// migrate brings the file to schemaVersion in one transaction.
func migrate(ctx context.Context, conn *sql.Conn, c Config) error {
	var id, version int64
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return storeError(c.Path, "open", err)
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return storeError(c.Path, "open", err)
	}
	switch {
	case id != 0 && id != applicationID, id == 0 && version != 0:
		return &Error{Op: "open", Path: c.Path, Err: errors.New("the file is another program's database"),
			Hint: "point the data folder elsewhere, or move the file away"}
	case version > schemaVersion:
		return &Error{Op: "open", Path: c.Path,
			Err:  fmt.Errorf("the file has schema %d, this program knows up to %d", version, schemaVersion),
			Hint: "run the newer version of Portage that wrote it; nothing was changed"}
	case version == schemaVersion:
		return nil
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return storeError(c.Path, "migrate", err)
	}
	defer tx.Rollback()
	for _, s := range schema[version:] {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return storeError(c.Path, "migrate", err)
		}
	}
	if version == 0 {
		var name [4]byte
		if _, err := io.ReadFull(c.Rand, name[:]); err != nil {
			return &Error{Op: "migrate", Path: c.Path, Err: fmt.Errorf("random bytes: %w", err)}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO log VALUES (1, ?, 0, 0)", int64(binary.BigEndian.Uint32(name[:])))
		if err != nil {
			return storeError(c.Path, "migrate", err)
		}
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion))
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return storeError(c.Path, "migrate", err)
	}
	return nil
}

// storeError wraps a failure of SQLite with what to do about it (https://www.sqlite.org/rescode.html).
func storeError(path, op string, err error) *Error {
	e := &Error{Op: op, Path: path, Err: err}
	var s *sqlite.Error
	if !errors.As(err, &s) {
		return e
	}
	switch s.Code() & 0xff {
	case codeBusy, 6: // SQLITE_LOCKED
		e.Hint = "another process has the file open: end it, one process owns a data folder"
	case 8: // SQLITE_READONLY
		e.Hint = "the file or its folder is read-only: give the user that runs Portage the right to write"
	case 10: // SQLITE_IOERR
		e.Hint = "the disk failed: look at the kernel's log, then restart Portage"
	case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB
		e.Hint = "the file is damaged: restore it from a backup"
	case 13: // SQLITE_FULL
		e.Hint = "the disk is full: free space, then restart Portage"
	case 14: // SQLITE_CANTOPEN
		e.Hint = "the data folder must exist and be writable by the user that runs Portage"
	}
	return e
}

// codeBusy is SQLITE_BUSY.
const codeBusy = 5

func busy(err error) bool {
	var s *sqlite.Error
	return errors.As(err, &s) && s.Code()&0xff == codeBusy
}
