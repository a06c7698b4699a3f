package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/portage-gateway/portage/adapters"
)

// row is one sealed message on its way into table events.
type row struct {
	id     string
	sealed []byte
}

// operation is what one caller wants done in a transaction: all of it or nothing.
type operation struct {
	weight int // messages
	apply  func(*txn) error
	done   chan error // buffered: the writer never waits for a caller
}

// writer owns the only connection that writes. Callers that wait while a commit runs share the next
// one: the disk is synchronised once a group.
//
// The channel is unbuffered on purpose: a caller that could not hand over its operation knows that
// nothing happened, and one that could waits for the verdict.
type writer struct {
	cfg     Config
	conn    *sql.Conn
	metrics *metrics
	head    *head
	log     logState // as committed; the writer's goroutine only, once it runs
	txn     txn

	operations chan operation
	quit       chan struct{}
	ended      chan struct{}
	failed     atomic.Pointer[Error]
}

func newWriter(c Config, d *database, m *metrics, h *head) (*writer, error) {
	w := &writer{cfg: c, conn: d.conn, metrics: m, head: h, log: d.log,
		operations: make(chan operation), quit: make(chan struct{}), ended: make(chan struct{})}
	if err := w.txn.prepare(w.conn, c); err != nil {
		return nil, storeError(c.Path, "open", err)
	}
	go w.run()
	return w, nil
}

// stop ends the group under way and releases the callers that wait.
func (w *writer) stop() error {
	close(w.quit)
	<-w.ended
	return w.txn.close()
}

// do runs apply in a transaction and returns when that is durable or undone. apply runs in the
// writer's goroutine, at most once.
func (w *writer) do(ctx context.Context, weight int, apply func(*txn) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("journal %s: nothing was written: %w", w.cfg.Path, err)
	}
	op := operation{weight: weight, apply: apply, done: make(chan error, 1)}
	select {
	case w.operations <- op:
		return <-op.done
	case <-ctx.Done():
		return fmt.Errorf("journal %s: nothing was written: %w", w.cfg.Path, ctx.Err())
	case <-w.quit:
		return ErrClosed
	}
}

func (w *writer) failure() error {
	if e := w.failed.Load(); e != nil {
		return e
	}
	return nil
}

func (w *writer) run() {
	defer close(w.ended)
	var group []operation
	for {
		select {
		case <-w.quit:
			return
		case op := <-w.operations:
			group = w.gather(append(group[:0], op))
			w.commit(group)
		}
	}
}

// gather takes the operations of all callers that wait at this moment, up to GroupMax messages.
func (w *writer) gather(group []operation) []operation {
	for weight := group[0].weight; weight < w.cfg.GroupMax; {
		select {
		case op := <-w.operations:
			group = append(group, op)
			weight += op.weight
		default:
			return group
		}
	}
	return group
}

// commit runs a group in one transaction and tells each caller what came of it.
func (w *writer) commit(group []operation) {
	if e := w.failed.Load(); e != nil {
		answer(group, nil, fmt.Errorf("nothing was written since the store failed, restart Portage: %w", e))
		return
	}
	before := w.log
	verdicts := make([]error, len(group))
	if err := w.attempt(group, verdicts); err != nil {
		e := storeError(w.cfg.Path, "commit", err)
		if errors.Is(err, errNotBegun) {
			answer(group, nil, e)
			return
		}
		w.failed.Store(e)
		w.log = before
		w.cfg.Log.Error("journal stopped writing", "path", w.cfg.Path, "error", e)
		w.txn.abandon()
		// A commit that failed late may still be found in the log by the next Open.
		answer(group, nil, fmt.Errorf("%w: %w", adapters.ErrInDoubt, e))
		return
	}
	w.metrics.events.Add(float64(w.log.events - before.events))
	w.head.advance(w.log.head)
	answer(group, verdicts, nil)
}

func answer(group []operation, verdicts []error, all error) {
	for i, op := range group {
		if all != nil {
			op.done <- all
			continue
		}
		op.done <- verdicts[i]
	}
}

// attempt applies each operation under a savepoint of its own: one that is refused is undone, and the
// others stand. An error says that the store failed and that nothing stands.
func (w *writer) attempt(group []operation, verdicts []error) error {
	t := &w.txn
	t.log = w.log
	if err := t.exec(t.begin); err != nil {
		if busy(err) {
			t.broken = nil
			return fmt.Errorf("%w: %w", errNotBegun, err)
		}
		return err
	}
	for i, op := range group {
		if err := t.exec(t.savepoint); err != nil {
			return err
		}
		mark := t.log
		verdicts[i] = op.apply(t)
		if t.broken != nil {
			return t.broken
		}
		if verdicts[i] != nil {
			t.log = mark
			if err := t.exec(t.rollbackTo); err != nil {
				return err
			}
		}
		if err := t.exec(t.release); err != nil {
			return err
		}
	}
	if t.log != w.log {
		if err := t.exec(t.saveLog, t.log.head, t.log.events); err != nil {
			return err
		}
	}
	if err := t.exec(t.commit); err != nil {
		return err
	}
	w.log = t.log
	return nil
}

// errNotBegun says that another process held the file for longer than the busy timeout: nothing was
// tried, so the next caller may succeed.
var errNotBegun = errors.New("nothing was written")

// errConflict is the cause of an id-conflict.
var errConflict = errors.New("an event with this ID and another body is in the journal; " +
	"IDs must be stable and belong to one event")
