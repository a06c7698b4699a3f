package mq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// worker is one Consume of a Source: what it knows between batches.
type worker struct {
	*Source
	handler   adapters.Handler
	log       *slog.Logger
	link, way health // the connection; the handler's way out
	alone     int    // failures in a row of messages that came alone

	conn         Conn
	threshold    int
	backoutQueue string
}

// delivery is what one unit of work has taken.
type delivery struct {
	queued   []Message          // as the queue manager gave them
	messages []adapters.Message // the same, as the Handler sees them
	taken    int                // queued, and moved or dropped beside them
	dropped  map[mark]int       // came again after they were settled
	bytes    int
	since    time.Time       // when the first was taken
	aside    map[string]bool // IDs of messages that the Handler put in the unit of work
	strange  bool            // the Handler put messages that are not of this batch
}

// session works on one connection until it fails or ctx ends. settled says that at least one unit
// of work was ended as it should.
func (w *worker) session(ctx context.Context) (settled bool, err error) {
	w.conn, err = w.Dial(ctx)
	if err != nil {
		return false, err
	}
	defer w.conn.Close()
	if err := w.prepare(ctx); err != nil {
		return false, err
	}
	for ctx.Err() == nil {
		d, err := w.gather(ctx)
		if err != nil {
			return settled, err
		}
		if d.taken > 0 {
			if err := w.settle(ctx, d); err != nil {
				return settled, err
			}
		}
		w.link.worked()
		settled = true
	}
	return settled, nil
}

// prepare learns the queue's backout attributes and what of the marks in doubt is still to come.
func (w *worker) prepare(ctx context.Context) error {
	w.threshold, w.backoutQueue = w.BackoutThreshold, w.BackoutQueue
	if w.threshold == 0 || w.backoutQueue == "" {
		a, err := w.conn.Inquire(ctx, w.Queue)
		if err != nil {
			return err
		}
		if w.threshold == 0 {
			w.threshold = a.BackoutThreshold
		}
		if w.backoutQueue == "" {
			w.backoutQueue = a.BackoutQueue
		}
	}
	if w.threshold == 0 {
		w.threshold = DefaultBackoutThreshold
	}
	if len(w.doubt) == 0 || w.Shared {
		return nil
	}
	return w.proveAbsent(ctx)
}

// proveAbsent forgets the marks whose messages are no longer on the queue. Taking the queue
// exclusively first proves that no earlier unit of work still holds one of them.
func (w *worker) proveAbsent(ctx context.Context) error {
	nobody := ID{0: 'n', 1: 'o', 2: 'n', 3: 'e', 23: 0xff}
	if _, err := w.conn.Get(ctx, w.Queue, GetOptions{MsgID: nobody, Syncpoint: true, Exclusive: true}); err == nil {
		return errors.New("mq: a message bears the identifier that none may have")
	} else if !IsReason(err, RCNoMsgAvailable) {
		return err
	}
	present := make(map[mark]int)
	o := GetOptions{Browse: true, BrowseFirst: true}
	for {
		m, err := w.conn.Get(ctx, w.Queue, o)
		if IsReason(err, RCNoMsgAvailable) {
			break
		}
		if err != nil {
			return err
		}
		o.BrowseFirst = false
		k := markOf(fromQueue(&m, w.digest()).ID)
		if present[k] < w.doubt[k] {
			present[k]++
		}
	}
	w.doubt = present
	return nil
}

func (w *worker) digest() func([]byte) [16]byte {
	if w.Digest != nil {
		return w.Digest
	}
	return plainDigest
}

// gather takes a batch under syncpoint. It moves what reached the threshold and drops what came again
// after it was settled, in the same unit of work.
func (w *worker) gather(ctx context.Context) (*delivery, error) {
	limit, most := w.MaxBatch, w.MaxBytes
	if limit <= 0 {
		limit = defaultMaxBatch
	}
	if most <= 0 {
		most = defaultMaxBytes
	}
	o := GetOptions{Wait: w.Wait, Syncpoint: true, Exclusive: !w.Shared}
	if o.Wait <= 0 {
		o.Wait = defaultWait
	}
	// Marks carried in the position take the place of messages.
	limit = max(1, min(limit, MaxBatch-w.doubts()))
	d := &delivery{dropped: make(map[mark]int)}
	for d.taken < limit && d.bytes < most {
		m, err := w.conn.Get(ctx, w.Queue, o)
		switch {
		case IsReason(err, RCNoMsgAvailable):
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
			d.since = orNow(w.Now)()
		}
		d.taken++
		whole, err := w.sort(ctx, d, m)
		if err != nil || whole {
			return d, err
		}
	}
	return d, nil
}

// sort decides about one message: move, drop or deliver. whole says that the batch is complete,
// since a message that was returned before comes alone.
func (w *worker) sort(ctx context.Context, d *delivery, m Message) (whole bool, err error) {
	out := fromQueue(&m, w.digest())
	if k := markOf(out.ID); w.doubt[k] > d.dropped[k] {
		d.dropped[k]++
		return false, nil
	}
	if w.threshold > 0 && int(m.BackoutCount) >= w.threshold && w.backoutQueue != "" {
		return false, w.move(ctx, m, &adapters.Refusal{Reason: "backout-threshold", Offset: -1, Size: -1})
	}
	d.queued = append(d.queued, m)
	d.messages = append(d.messages, out)
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

// settle hands the delivery over and ends the unit of work by the Handler's result.
func (w *worker) settle(ctx context.Context, d *delivery) error {
	if len(d.messages) == 0 {
		return w.commit(ctx, d)
	}
	w.sequence++
	for try := 1; ; try++ {
		err := w.handOver(ctx, d)
		if err == nil {
			w.way.worked()
			w.alone = 0
			return w.commit(ctx, d)
		}
		if ctx.Err() != nil || len(d.messages) > 1 {
			return w.backout(ctx)
		}
		w.way.failed(err)
		if d.clean() {
			if r, ok := errors.AsType[*adapters.Refusal](err); ok && w.backoutQueue != "" && w.threshold > 0 {
				return w.refuse(ctx, d, r)
			}
			if w.outage(err) && pause(ctx, w.Retry.delay(try)) {
				d.messages[0].Attempts++
				continue
			}
		}
		if err := w.backout(ctx); err != nil {
			return err
		}
		w.alone++
		pause(ctx, w.Retry.delay(w.alone))
		return nil
	}
}

// handOver calls the Handler once.
func (w *worker) handOver(ctx context.Context, d *delivery) error {
	d.aside, d.strange = nil, false
	u := &unit{worker: w, delivery: d, position: w.position(d)}
	defer func() { u.over = true }()
	batch := adapters.Batch{Messages: slices.Clone(d.messages), Position: u.position}
	if err := w.handler(ctx, u, batch); err != nil {
		return err
	}
	return u.failed
}

// clean reports that the Handler put nothing in the unit of work.
func (d *delivery) clean() bool { return len(d.aside) == 0 && !d.strange }

func (w *worker) refuse(ctx context.Context, d *delivery, r *adapters.Refusal) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := w.move(ctx, d.queued[0], r); err != nil {
		return err
	}
	w.way.worked()
	w.alone = 0
	d.aside = map[string]bool{d.messages[0].ID: true}
	return w.commit(ctx, d)
}

// position marks the delivery and, as far as they fit, the messages still in doubt beside it.
func (w *worker) position(d *delivery) []byte {
	p := appendPosition(nil, w.sequence, d.messages)
	for k, n := range w.doubt {
		for ; n > 0 && len(p)+8 <= adapters.MaxPosition; n-- {
			p = appendMark(p, k)
		}
	}
	return p
}

// commit ends the unit of work for good. If it fails, in doubt or not, what the Handler has done
// outside the unit of work stays done, and is remembered; what it put in the unit of work is not.
func (w *worker) commit(ctx context.Context, d *delivery) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	err := w.conn.Commit(ctx)
	if err == nil {
		for k, n := range d.dropped {
			if w.doubt[k] -= n; w.doubt[k] <= 0 {
				delete(w.doubt, k)
			}
		}
		return nil
	}
	if w.doubt == nil || w.Shared && w.doubts() > MaxBatch/2 {
		w.doubt = make(map[mark]int)
	}
	for i := range d.messages {
		if id := d.messages[i].ID; !d.strange && !d.aside[id] {
			w.doubt[markOf(id)]++
		}
	}
	return err
}

func (w *worker) backout(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return w.conn.Backout(ctx)
}

// doubts counts the messages in doubt.
func (w *worker) doubts() (n int) {
	for _, c := range w.doubt {
		n += c
	}
	return n
}
