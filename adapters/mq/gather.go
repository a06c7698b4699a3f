package mq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// delivery is what one unit of work has taken.
type delivery struct {
	queued   []Message          // as the queue manager gave them
	messages []adapters.Message // the same, as the Handler sees them
	marks    []mark             // the same, as a position remembers them
	taken    int                // queued, and moved or dropped beside them
	dropped  map[mark]int       // came again after they were settled
	bytes    int
	since    time.Time       // when the first was taken
	aside    map[string]bool // IDs of messages that the Handler put in the unit of work
	strange  bool            // the Handler put messages that are not of this batch
}

// clean reports that the Handler put nothing in the unit of work.
func (d *delivery) clean() bool { return len(d.aside) == 0 && !d.strange }

// gather takes a batch under syncpoint: what waits, up to the limits, and never waits for more. It moves what
// reached the threshold and drops what came again after it was settled, in the same unit of work.
func (w *worker) gather(ctx context.Context) (*delivery, error) {
	now := orNow(w.Now)
	// Marks carried in the position take the place of messages.
	limit := max(1, min(orDefault(w.MaxBatch, defaultMaxBatch), MaxBatch-w.doubts()))
	most, longest := orDefault(w.MaxBytes, defaultMaxBytes), min(orDefault(w.MaxTime, defaultMaxTime), settleTimeout/2)
	o := GetOptions{Wait: orDefault(w.Wait, defaultWait), Syncpoint: true, Exclusive: !w.Shared}
	d := new(delivery)
	for d.taken < limit && d.bytes < most && (d.taken == 0 || now().Sub(d.since) < longest) {
		ms, err := getBatch(ctx, w.conn, w.Queue, o, limit-d.taken, most-d.bytes)
		switch {
		case IsReason(err, RCNoMsgAvailable):
			if d.taken == 0 && !w.Shared {
				clear(w.doubt) // nobody else takes from the queue, and nothing is on it
			}
			return d, nil
		case err != nil && d.taken > 0 && classOf(err) == Transient:
			return d, nil // the next get says it again
		case err != nil:
			return nil, err
		}
		if d.taken == 0 {
			// What is taken is handed over or given back; the end of ctx is seen between batches.
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
			defer cancel()
			o.Wait = 0
			d.since = now()
		}
		if whole, err := w.sortAll(ctx, d, ms); err != nil || whole {
			return d, err
		}
	}
	return d, nil
}

// getBatch takes one message or, if the connection can, several.
func getBatch(ctx context.Context, c Conn, queue string, o GetOptions, most, size int) ([]Message, error) {
	if b, ok := c.(BatchGetter); ok {
		return b.GetBatch(ctx, queue, o, most, size)
	}
	m, err := c.Get(ctx, queue, o)
	if err != nil {
		return nil, err
	}
	return []Message{m}, nil
}

// sortAll decides about each message. whole says that the batch is complete.
func (w *worker) sortAll(ctx context.Context, d *delivery, ms []Message) (whole bool, err error) {
	for i := range ms {
		if whole {
			return true, errors.New("mq: a connection gave more after a message that comes alone")
		}
		d.taken++
		if whole, err = w.sort(ctx, d, &ms[i]); err != nil {
			return whole, err
		}
	}
	return whole, nil
}

// sort decides about one message: move, drop or deliver. whole says that the batch is complete,
// since a message that was returned before comes alone.
func (w *worker) sort(ctx context.Context, d *delivery, m *Message) (whole bool, err error) {
	out := fromQueue(m, w.digest())
	k := markOf(out.ID)
	if w.doubt[k] > d.dropped[k] {
		if d.dropped == nil {
			d.dropped = make(map[mark]int)
		}
		d.dropped[k]++
		return false, nil
	}
	if w.threshold > 0 && int(m.BackoutCount) >= w.threshold && w.backoutQueue != "" {
		return false, w.move(ctx, *m, &adapters.Refusal{Reason: "backout-threshold", Offset: -1, Size: -1})
	}
	d.queued = append(d.queued, *m)
	d.messages = append(d.messages, out)
	d.marks = append(d.marks, k)
	d.bytes += len(m.Body)
	return m.BackoutCount > 0, nil
}

// move puts m on the backout queue, whole, in the unit of work that took it. It never expires there:
// a person has to see it.
func (w *worker) move(ctx context.Context, m Message, why *adapters.Refusal) error {
	m.Properties = append(m.Properties[:len(m.Properties):len(m.Properties)], refusalHeaders(w.Queue, int(m.BackoutCount), why)...)
	m.Expiry = 0
	if _, err := w.conn.Put(ctx, w.backoutQueue, m, PutOptions{Syncpoint: true, PassContext: true}); err != nil {
		return fmt.Errorf("move a message of %s to its backout queue: %w", w.Queue, err)
	}
	w.log.Warn("a message moves to the backout queue", "backoutQueue", w.backoutQueue, "reason", why.Reason, "attempts", m.BackoutCount)
	return nil
}

func (w *worker) digest() func([]byte) [16]byte {
	if w.Digest != nil {
		return w.Digest
	}
	return plainDigest
}

// orDefault returns v, or without it d.
func orDefault[T int | time.Duration](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}
