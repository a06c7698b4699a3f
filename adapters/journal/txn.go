package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/portage-gateway/portage/adapters"
)

// txn is the transaction under way: prepared statements and the log's state as it would be after the
// commit. It belongs to the writer's goroutine.
//
// A failure of the store sets broken, which ends the whole group; any other error of an operation
// only undoes that operation.
type txn struct {
	cfg    Config
	log    logState
	broken error

	begin, commit, rollback        *sql.Stmt
	savepoint, rollbackTo, release *sql.Stmt
	insert, find, saveLog          *sql.Stmt
	epoch, recover, setPosition    *sql.Stmt
	setReader, insertLetter        *sql.Stmt
	all                            []*sql.Stmt
}

func (t *txn) prepare(conn *sql.Conn, c Config) error {
	t.cfg = c
	for _, s := range []struct {
		into **sql.Stmt
		text string
	}{
		{&t.begin, "BEGIN IMMEDIATE"},
		{&t.commit, "COMMIT"},
		{&t.rollback, "ROLLBACK"},
		{&t.savepoint, "SAVEPOINT one"},
		{&t.rollbackTo, "ROLLBACK TO one"},
		{&t.release, "RELEASE one"},
		{&t.insert, "INSERT INTO events (seq, id, at, sealed) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"},
		{&t.find, "SELECT sealed FROM events WHERE id = ?"},
		{&t.saveLog, "UPDATE log SET head = ?, events = ?"},
		{&t.epoch, "SELECT epoch FROM ledgers WHERE name = ?"},
		{&t.recover, `INSERT INTO ledgers (name, epoch) VALUES (?, 1)
			ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1 RETURNING epoch, position`},
		{&t.setPosition, "UPDATE ledgers SET position = ? WHERE name = ?"},
		{&t.setReader, "INSERT INTO readers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq"},
		{&t.insertLetter, "INSERT INTO letters (dest, id, at, sealed) VALUES (?, ?, ?, ?)"},
	} {
		st, err := conn.PrepareContext(context.Background(), s.text)
		if err != nil {
			return errors.Join(err, t.close())
		}
		*s.into = st
		t.all = append(t.all, st)
	}
	return nil
}

func (t *txn) close() (err error) {
	for _, s := range t.all {
		err = errors.Join(err, s.Close())
	}
	return err
}

// abandon ends whatever is open after a failure. SQLite may have ended it already.
func (t *txn) abandon() { t.rollback.Exec() }

// exec runs a statement whose failure is the store's.
func (t *txn) exec(s *sql.Stmt, args ...any) error {
	_, err := t.affected(s, args...)
	return err
}

func (t *txn) affected(s *sql.Stmt, args ...any) (int64, error) {
	r, err := s.Exec(args...)
	if err != nil {
		t.broken = err
		return 0, err
	}
	return r.RowsAffected()
}

// scan reads one row; found is false when there is none.
func (t *txn) scan(s *sql.Stmt, args []any, into ...any) (found bool, err error) {
	switch err := s.QueryRow(args...).Scan(into...); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		t.broken = err
		return false, err
	}
	return true, nil
}

// append adds one event unless it is there; added is false if it was, and is the same (see same).
func (t *txn) append(r *row, body []byte) (added bool, err error) {
	n, err := t.affected(t.insert, t.log.head+1, r.id, t.cfg.Now().UnixMilli(), r.sealed)
	if err != nil {
		return false, err
	}
	if n == 1 {
		t.log.head++
		t.log.events++
		return true, nil
	}
	var sealed []byte
	if _, err := t.scan(t.find, []any{r.id}, &sealed); err != nil {
		return false, err
	}
	first, err := openMessage(t.cfg.Sealer, sealed, r.id, r.id)
	if err != nil {
		return false, &Error{Op: "compare event " + r.id + " with the one that is there", Path: t.cfg.Path, Err: err,
			Hint: "the keys must be those of this data folder"}
	}
	if !same(first.Body, body) {
		return false, &adapters.Refusal{Reason: "id-conflict", Offset: -1, Size: -1,
			Err: fmt.Errorf("event %s: %w", r.id, errConflict)}
	}
	return false, nil
}
