package qmgr

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/portage-gateway/portage/adapters/mq"
)

// change is what one unit of work writes. It is written whole or not at all.
type change struct {
	inserts  []row
	deletes  []uint64
	backouts []hardened
	queues   []Queue // definitions
	aliases  []Alias
	done     chan error // takes one result
}

// hardened is a message's new BackoutCount.
type hardened struct {
	seq   uint64
	count int32
}

func (c *change) empty() bool {
	return len(c.inserts) == 0 && len(c.deletes) == 0 && len(c.backouts) == 0 && len(c.queues) == 0 && len(c.aliases) == 0
}

// maxGroup bounds how many changes share a transaction.
const maxGroup = 512

// writer is the only one that writes queues.db: it puts all changes that wait into one transaction, so
// that many connections share one fsync. Safe for concurrent use.
type writer struct {
	apply func(context.Context, []*change) (lasting bool, err error)

	failed atomic.Bool // broken is set

	mu      sync.Mutex
	waiting []*change
	closing bool
	broken  error
	wake    chan struct{} // holds one token while work waits
	ended   chan struct{}
}

var errWriterClosed = errors.New("the queue manager has ended")

func newWriter(apply func(context.Context, []*change) (bool, error)) *writer {
	w := &writer{apply: apply, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go w.run()
	return w
}

// write waits until c is durable. An *mq.Error with 2192 says that the disk is full and c was rolled
// back; 2195 says that it is not known whether c is on the disk, and nothing more will be written.
func (w *writer) write(op, queue string, c *change) error {
	if c.empty() {
		return nil
	}
	err := <-w.begin(c)
	if err == nil {
		return nil
	}
	if w.isBroken() {
		return mq.Failed(op, queue, mq.RCUnexpectedError, "queues.db cannot be written: "+err.Error()+"; mend the disk and restart the queue manager")
	}
	if errors.Is(err, errWriterClosed) {
		return mq.Failed(op, queue, mq.RCQMgrStopping, err.Error())
	}
	return mq.Failed(op, queue, mq.RCStorageMediumFull, "queues.db cannot grow: "+err.Error()+"; free disk space, nothing was lost")
}

// begin hands c over and never waits.
func (w *writer) begin(c *change) <-chan error {
	c.done = make(chan error, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.broken != nil:
		c.done <- w.broken
	case w.closing:
		c.done <- errWriterClosed
	default:
		w.waiting = append(w.waiting, c)
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return c.done
}

// isBroken reports that nothing more will be written.
func (w *writer) isBroken() bool { return w.failed.Load() }

func (w *writer) run() {
	defer close(w.ended)
	for range w.wake {
		for {
			group, last := w.take()
			if len(group) > 0 {
				w.commit(group)
				continue
			}
			if last {
				return
			}
			break
		}
	}
}

// take removes the next group. last says that none will follow.
func (w *writer) take() (group []*change, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), maxGroup)
	group = w.waiting[:n:n]
	w.waiting = w.waiting[n:]
	return group, w.closing
}

func (w *writer) commit(group []*change) {
	w.mu.Lock()
	err := w.broken
	w.mu.Unlock()
	if err == nil {
		var lasting bool
		// No caller's context reaches the disk: a transaction is not abandoned half-way.
		if lasting, err = w.apply(context.Background(), group); lasting && err != nil {
			w.mu.Lock()
			w.broken = err
			w.mu.Unlock()
			w.failed.Store(true)
		}
	}
	for _, c := range group {
		c.done <- err
	}
}

// close writes what waits and ends.
func (w *writer) close() {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	<-w.ended
}
