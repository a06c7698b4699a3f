package store

import (
	"database/sql"
	"fmt"
	"time"
)

// migrations lead from version i to i+1. They are never edited, only added to.
var migrations = [Schema]string{
	`CREATE TABLE route_state (
		route   TEXT    PRIMARY KEY,
		stage   TEXT    NOT NULL,
		share   INTEGER NOT NULL CHECK (share BETWEEN 0 AND 10000),
		killed  INTEGER NOT NULL CHECK (killed IN (0, 1)),
		version INTEGER NOT NULL CHECK (version > 0),
		changed TEXT    NOT NULL,
		actor   TEXT    NOT NULL,
		reason  TEXT    NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE TABLE migration (version INTEGER PRIMARY KEY, at TEXT NOT NULL) STRICT`,
}

// migrate brings the file to Schema in one transaction, which also proves that it can be written.
func (s *Store) migrate() error {
	tx, err := s.db.Begin() // immediate: takes the write lock
	if err != nil {
		return s.fail("open", err)
	}
	if err := s.migrateIn(tx); err != nil {
		_ = tx.Rollback() // the first error tells more
		return err
	}
	if err := tx.Commit(); err != nil {
		return s.fail("open", err)
	}
	return nil
}

func (s *Store) migrateIn(tx *sql.Tx) error {
	var id, version, tables int
	if err := tx.QueryRow("PRAGMA application_id").Scan(&id); err != nil {
		return s.fail("open", err)
	}
	if err := tx.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return s.fail("open", err)
	}
	if err := tx.QueryRow("SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return s.fail("open", err)
	}
	if id != application && (id != 0 || version != 0 || tables != 0) {
		return &Error{"open", s.path, fmt.Errorf("the database belongs to another program (application id %d)", id), "give another file"}
	}
	if version > Schema {
		return &Error{"open", s.path, fmt.Errorf("the file has schema %d, and this Portage knows %d", version, Schema),
			"run the newer Portage that wrote it, or restore a backup of the older file"}
	}
	for v := version; v < Schema; v++ {
		if _, err := tx.Exec(migrations[v]); err != nil {
			return s.fail("open", err)
		}
		if _, err := tx.Exec("INSERT INTO migration (version, at) VALUES (?, ?)", v+1, s.now().UTC().Format(time.RFC3339)); err != nil {
			return s.fail("open", err)
		}
	}
	// Written each time: a file that cannot be written is found here, not at the first change.
	for _, pragma := range []string{fmt.Sprintf("PRAGMA application_id = %d", application), fmt.Sprintf("PRAGMA user_version = %d", Schema)} {
		if _, err := tx.Exec(pragma); err != nil {
			return s.fail("open", err)
		}
	}
	return nil
}
