package mq

import (
	"context"
	"errors"
	"time"
)

const (
	// standbyPause is the longest pause between two tries to take a queue that another connection has.
	standbyPause = time.Second
	// proveTime bounds how long a session looks for messages in doubt before it goes on without a proof.
	proveTime = 2 * time.Second
	// roomKept is how many messages a batch must have room for beside the marks in doubt.
	roomKept = 32
)

// nobody is an identifier that no message bears: a get by it takes the queue, and nothing from it.
var nobody = ID{0: 'n', 1: 'o', 2: 'n', 3: 'e', 23: 0xff}

// take waits until the queue is this connection's alone. That also proves that no unit of work of an
// earlier reader still holds one of its messages.
func (w *worker) take(ctx context.Context) error {
	if w.Shared {
		return nil
	}
	for n := 1; ; n++ {
		_, err := w.conn.Get(ctx, w.Queue, GetOptions{MsgID: nobody, Syncpoint: true, Exclusive: true})
		switch {
		case err == nil:
			return errors.New("mq: a message bears the identifier that none may have")
		case IsReason(err, RCNoMsgAvailable):
			return nil
		case !IsReason(err, RCObjectInUse):
			return err
		}
		w.link.failed(err)
		if !pause(ctx, min(standbyPause, w.Reconnect.delay(n))) {
			return ctx.Err()
		}
	}
}

// settleDoubts forgets the marks whose messages are no longer on the queue, as far as a short look can tell.
// What it does not see in time stays in doubt: each batch carries it, and is smaller for it, until the queue
// is found empty. Only when that would leave no room for a batch does it look until the end.
func (w *worker) settleDoubts(ctx context.Context) error {
	if len(w.doubt) == 0 || w.Shared {
		return nil
	}
	now := orNow(w.Now)
	until := now().Add(proveTime)
	patient := w.doubts() > MaxBatch-roomKept
	present := make(map[mark]int)
	o := GetOptions{Browse: true, BrowseFirst: true}
	for patient || now().Before(until) {
		ms, err := getBatch(ctx, w.conn, w.Queue, o, MaxBatch, defaultMaxBytes)
		if IsReason(err, RCNoMsgAvailable) {
			w.doubt = present
			return nil
		}
		if err != nil {
			return err
		}
		o.BrowseFirst = false
		for i := range ms {
			if k := markOf(fromQueue(&ms[i], w.digest()).ID); present[k] < w.doubt[k] {
				present[k]++
			}
		}
	}
	return nil
}

// doubts counts the messages in doubt.
func (w *worker) doubts() (n int) {
	for _, c := range w.doubt {
		n += c
	}
	return n
}
