package mq

import (
	"context"
	"errors"
	"log/slog"
	"slices"

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

// prepare learns the queue's backout attributes, takes the queue, and learns what may come again: nothing is
// delivered before.
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
	if err := w.take(ctx); err != nil {
		return err
	}
	if w.onTake != nil {
		if err := w.onTake(ctx); err != nil {
			return err
		}
	}
	return w.settleDoubts(ctx)
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
	p := appendPosition(make([]byte, 0, positionHead+8*(len(d.marks)+len(w.doubt))), w.sequence, d.marks)
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
		if !d.strange && !d.aside[d.messages[i].ID] {
			w.doubt[d.marks[i]]++
		}
	}
	return err
}

func (w *worker) backout(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return w.conn.Backout(ctx)
}
