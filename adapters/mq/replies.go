package mq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// replyWait is how long one get for answers waits.
const replyWait = 5 * time.Second

// Run reads answers until ctx ends, then returns nil. A lost connection is opened again for ever; what
// waited when it was lost is answered from what the reply queue still holds, and the rest is in doubt.
func (r *Requester) Run(ctx context.Context) error {
	r.setUp()
	if r.Dial == nil || r.RequestQueue == "" || r.ReplyQueue == "" {
		return errors.New("mq: a requester needs Dial, RequestQueue and ReplyQueue")
	}
	if err := errors.Join(r.Custom.Validate(), checkReplyQueue(r.ReplyQueue)); err != nil {
		return fmt.Errorf("exchange %s: %w", r.Name, err)
	}
	log := orDiscard(r.Log).With("exchange", r.Name, "queue", r.ReplyQueue)
	reader := &replyReader{
		Requester: r,
		link:      health{log: log, now: orNow(r.Now)},
		late:      health{log: log.With("for", "late replies"), now: orNow(r.Now)},
	}
	for failures := 0; ctx.Err() == nil; {
		worked, err := reader.session(ctx)
		r.lost()
		if ctx.Err() != nil {
			break
		}
		if worked {
			failures = 0
		}
		failures++
		reader.link.failed(err)
		pause(ctx, r.Reconnect.delay(failures))
	}
	r.giveUp(^uint64(0))
	return nil
}

// replyReader is one Run of a Requester.
type replyReader struct {
	*Requester
	link, late health
	conn       Conn
}

// session reads on one connection. It first empties the queue of what came in the meantime.
func (r *replyReader) session(ctx context.Context) (worked bool, err error) {
	r.conn, err = r.Dial(ctx)
	if err != nil {
		return false, err
	}
	defer r.conn.Close()
	o := GetOptions{Syncpoint: true, Exclusive: true}
	for ctx.Err() == nil {
		m, err := r.conn.Get(ctx, r.ReplyQueue, o)
		switch {
		case err == nil:
			if err := r.deliver(ctx, m); err != nil {
				return worked, err
			}
		case !IsReason(err, RCNoMsgAvailable):
			return worked, err
		case o.Wait == 0:
			o.Wait = replyWait
			r.found()
		}
		r.link.worked()
		worked = true
	}
	return worked, nil
}

// found lets calls begin, and ends those that waited before the connection was lost.
func (r *Requester) found() {
	r.mu.Lock()
	epoch := r.epoch
	if !r.reading {
		r.reading = true
		close(r.ready)
	}
	r.mu.Unlock()
	r.giveUp(epoch)
}

// lost lets no further call begin.
func (r *Requester) lost() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
	if r.reading {
		r.reading = false
		r.ready = make(chan struct{})
	}
}

var errReaderLost = fmt.Errorf("the connection for answers was lost, the request may have run: %w", adapters.ErrInDoubt)

// giveUp ends the calls that began before an epoch.
func (r *Requester) giveUp(before uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, c := range r.waiting {
		if c.epoch < before {
			delete(r.waiting, id)
			c.answer <- answer{err: errReaderLost}
		}
	}
}

// deliver gives an answer to the call that waits for it, or puts it aside, and commits.
func (r *replyReader) deliver(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	r.mu.Lock()
	c := r.waiting[m.CorrelID]
	delete(r.waiting, m.CorrelID)
	r.mu.Unlock()
	switch {
	case c == nil:
		r.stats.tooLate()
		if err := r.quarantine(ctx, m); err != nil {
			return err
		}
	case m.MsgType == MTReport:
		c.answer <- answer{err: &ReportError{Feedback: m.Feedback}}
	default:
		c.answer <- answer{message: m}
	}
	return r.conn.Commit(ctx)
}

// quarantine puts an answer aside. One that cannot be put is dropped, since it would hold up all
// others: its caller was told that the request may have run.
func (r *replyReader) quarantine(ctx context.Context, m Message) error {
	queue := r.LateQueue
	if queue == "" {
		queue = r.ReplyQueue + ".LATE"
	}
	m.Properties = append(m.Properties[:len(m.Properties):len(m.Properties)],
		adapters.Header{Name: headerReason, Value: "late-reply"}, adapters.Header{Name: headerQueue, Value: r.ReplyQueue})
	m.Expiry = 0
	_, err := r.conn.Put(ctx, queue, m, PutOptions{Syncpoint: true, PassContext: true})
	if err != nil {
		if classOf(err) == Reconnect {
			return err
		}
		r.late.failed(err)
		return nil
	}
	r.late.worked()
	return nil
}

// ReportError says that the queue manager, or the program asked, reported about the request instead of
// answering it. An expiration report (258) and an exception report (a reason code) prove that the
// request did not run; after any other one it may have run, which errors.Is(err, adapters.ErrInDoubt)
// says.
type ReportError struct {
	// Feedback is MQMD.Feedback.
	Feedback int32
}

// feedbackExpired is MQFB_EXPIRATION.
const feedbackExpired = 258

// Is reports a request that may have run as adapters.ErrInDoubt.
func (e *ReportError) Is(target error) bool {
	exception := e.Feedback >= 2000 && e.Feedback < 3000
	return target == adapters.ErrInDoubt && e.Feedback != feedbackExpired && !exception
}

// Error implements error.
func (e *ReportError) Error() string {
	if name := ReasonName(e.Feedback); name != "" {
		return fmt.Sprintf("mq: the request was answered by a report: %d %s", e.Feedback, name)
	}
	return fmt.Sprintf("mq: the request was answered by a report with feedback %d", e.Feedback)
}
