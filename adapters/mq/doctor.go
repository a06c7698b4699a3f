package mq

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Verdict says what came of one of a Doctor's checks.
type Verdict string

// The verdicts. Unknown: it cannot be told over this connection; Fix says how a person sees it.
const (
	Pass    Verdict = "pass"
	Fault   Verdict = "fault"
	Unknown Verdict = "unknown"
)

// Finding is what one check found.
type Finding struct {
	// Check names it, such as "backout-queue"; Queue is what it was about, "" for the queue manager.
	Check   string  `json:"check"`
	Queue   string  `json:"queue,omitempty"`
	Verdict Verdict `json:"verdict"`
	// Detail says what was seen; it holds no content of messages but the Doctor's own.
	Detail string `json:"detail,omitempty"`
	// Fix is what to do, where it can be said in MQSC: one or more commands, separated by semicolons.
	Fix string `json:"fix,omitempty"`
}

// Doctor looks whether a queue manager and its queues are as Portage needs them. It changes no definition.
type Doctor struct {
	// Dial opens connections. Required.
	Dial Dial
	// Queues are inspected: those that Portage is to read or put to.
	Queues []string
	// Diverted, Replies and Groups say more of some of the Queues: those that Legacy's program read before
	// Portage did, those that are read by correlation, and those whose groups are taken in order.
	Diverted, Replies, Groups []string
	// Kept say of some of the Queues that they hold what Portage remembers: nothing moves from them, so they need
	// no backout queue.
	Kept []string
	// Scratch is a queue of the Doctor's own, on which it tries out what Portage relies on: units of work,
	// backout, context, matching, and so on. It must be empty and have no other reader. "": nothing is tried.
	Scratch string
	// Longest is the longest message that the Queues must take, in bytes. 0: it does not matter.
	Longest int
	// Wait is how long to wait for a message that should be there, or come back. 0: 5 s.
	Wait time.Duration
}

// fillWarning is the part of MAXDEPTH, in percent, from which a queue counts as filling up.
const fillWarning = 80

// Examine runs all checks. Its error says that there is no connection; all else is a Finding.
func (d *Doctor) Examine(ctx context.Context) ([]Finding, error) {
	c, err := d.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	out := []Finding{{Check: "connect", Verdict: Pass}}
	if d.Scratch != "" {
		out = append(out, d.try(ctx, c)...)
	}
	ends := d.backoutQueues(ctx, c)
	for _, q := range d.Queues {
		out = append(out, d.inspect(ctx, c, q, ends[q])...)
	}
	return append(out, d.beyond(ctx, c)...), nil
}

// backoutQueues are the ends of the road: those to which another of the queues moves bad messages, those that are
// Kept, and the scratch queue. They need no backout queue of their own.
func (d *Doctor) backoutQueues(ctx context.Context, c Conn) map[string]bool {
	ends := map[string]bool{d.Scratch: true}
	for _, q := range d.Kept {
		ends[q] = true
	}
	for _, q := range d.Queues {
		if a, err := c.Inquire(ctx, q); err == nil && a.BackoutQueue != "" {
			ends[a.BackoutQueue] = true
		}
	}
	return ends
}

// inspect looks at one queue's attributes; end says that it needs no backout queue.
func (d *Doctor) inspect(ctx context.Context, c Conn, queue string, end bool) (out []Finding) {
	a, err := c.Inquire(ctx, queue)
	if err != nil {
		return []Finding{notInquired(queue, err)}
	}
	name := a.Queue // that of an alias's queue
	check := func(check string, ok bool, detail, fix string) {
		f := Finding{Check: check, Queue: queue, Verdict: Pass}
		if !ok {
			f.Verdict, f.Detail, f.Fix = Fault, detail, fix
		}
		out = append(out, f)
	}
	check("get-enabled", !a.GetInhibited, "gets are inhibited: no reader gets anything (2016)", alter(name, "GET(ENABLED)"))
	check("put-enabled", !a.PutInhibited, "puts are inhibited (2051)", alter(name, "PUT(ENABLED)"))
	check("depth", a.MaxDepth == 0 || a.Depth*100 < a.MaxDepth*fillWarning,
		fmt.Sprintf("%d of %d messages wait, the oldest for %v: at MAXDEPTH puts get 2053", a.Depth, a.MaxDepth, a.OldestAge.Round(time.Second)),
		alter(name, fmt.Sprintf("MAXDEPTH(%d)", max(2*a.MaxDepth, 5000))))
	check("message-length", a.MaxMsgLength >= d.Longest,
		fmt.Sprintf("it takes %d bytes and %d are needed (2030)", a.MaxMsgLength, d.Longest), alter(name, fmt.Sprintf("MAXMSGL(%d)", d.Longest)))
	if !end {
		check("backout-threshold", a.BackoutThreshold > 0,
			fmt.Sprintf("it is 0: Portage moves a bad message after %d attempts, other readers try it for ever", DefaultBackoutThreshold),
			alter(name, fmt.Sprintf("BOTHRESH(%d)", DefaultBackoutThreshold)))
		out = append(out, d.inspectBackout(ctx, c, queue, a)...)
	}
	return append(out, d.inspectDefinition(ctx, c, queue, name)...)
}

// inspectBackout looks at where a queue's bad messages go.
func (d *Doctor) inspectBackout(ctx context.Context, c Conn, queue string, a Attributes) []Finding {
	f := Finding{Check: "backout-queue", Queue: queue, Verdict: Fault}
	if a.BackoutQueue == "" {
		boq := a.Queue + ".BOQ"
		if len(boq) > 48 {
			boq = "SYSTEM.DEAD.LETTER.QUEUE"
		}
		f.Detail = "it has none: a message that keeps failing holds up all behind it"
		f.Fix = fmt.Sprintf("DEFINE QLOCAL(%s) MAXMSGL(%d) MAXDEPTH(%d); %s", boq, a.MaxMsgLength, max(a.MaxDepth, 5000), alter(a.Queue, "BOQNAME("+boq+")"))
		return []Finding{f}
	}
	b, err := c.Inquire(ctx, a.BackoutQueue)
	switch {
	case err != nil:
		missing := notInquired(a.BackoutQueue, err)
		f.Verdict, f.Detail, f.Fix = missing.Verdict, a.BackoutQueue+": "+missing.Detail, missing.Fix
	case b.PutInhibited:
		f.Detail, f.Fix = "puts to "+a.BackoutQueue+" are inhibited", alter(b.Queue, "PUT(ENABLED)")
	case b.MaxDepth > 0 && b.Depth*100 >= b.MaxDepth*fillWarning:
		f.Detail = fmt.Sprintf("%s holds %d of %d messages: once it is full bad messages hold up the queue", a.BackoutQueue, b.Depth, b.MaxDepth)
		f.Fix = alter(b.Queue, fmt.Sprintf("MAXDEPTH(%d)", 2*b.MaxDepth))
	case b.MaxMsgLength < a.MaxMsgLength:
		f.Detail = fmt.Sprintf("%s takes %d bytes and the queue %d: a long bad message cannot move", a.BackoutQueue, b.MaxMsgLength, a.MaxMsgLength)
		f.Fix = alter(b.Queue, fmt.Sprintf("MAXMSGL(%d)", a.MaxMsgLength))
	default:
		f.Verdict = Pass
	}
	return []Finding{f}
}

func alter(queue, setting string) string { return "ALTER QLOCAL(" + queue + ") " + setting }

// notInquired says why a queue cannot be inspected.
func notInquired(queue string, err error) Finding {
	f := Finding{Check: "inquire", Queue: queue, Verdict: Fault, Detail: err.Error()}
	switch e := asError(err); {
	case e == nil:
		f.Verdict = Unknown
	case e.Reason == RCUnknownObjectName:
		f.Detail, f.Fix = "there is no such queue (2085)", "DEFINE QLOCAL("+queue+")"
	case e.Reason == RCUnknownAliasBaseQ:
		f.Detail, f.Fix = "the alias stands for no queue (2082)", "DISPLAY QALIAS("+queue+") TARGET"
	case e.Reason == RCNotAuthorized:
		f.Detail, f.Fix = "inquiring is not allowed (2035)", authority(queue, "INQ")
	}
	return f
}

func authority(queue, right string) string {
	return "SET AUTHREC PROFILE(" + queue + ") OBJTYPE(QUEUE) PRINCIPAL('user') AUTHADD(" + right + ")"
}

// try runs every trial on the scratch queue. The queue is emptied of what they leave.
func (d *Doctor) try(ctx context.Context, c Conn) (out []Finding) {
	a, err := c.Inquire(ctx, d.Scratch)
	switch {
	case err != nil:
		return []Finding{notInquired(d.Scratch, err)}
	case a.Depth > 0:
		return []Finding{{Check: "scratch", Queue: d.Scratch, Verdict: Fault,
			Detail: fmt.Sprintf("%d messages are on it: nothing was tried, so as to touch none of them", a.Depth), Fix: "DEFINE QLOCAL(PORTAGE.DOCTOR)"}}
	}
	for _, t := range trials {
		f := Finding{Check: t.name, Queue: d.Scratch, Verdict: Pass}
		if err := d.run(ctx, t.run); err != nil {
			f.Verdict, f.Detail, f.Fix = Fault, err.Error(), strings.ReplaceAll(t.fix, "QUEUE", d.Scratch)
			if IsReason(err, RCNotAuthorized) {
				f.Fix = authority(d.Scratch, "PUT,GET,BROWSE,INQ,PASSALL,SETALL")
			}
		}
		out = append(out, f)
	}
	return out
}

// run gives a trial two connections and takes off the queue what it leaves.
func (d *Doctor) run(ctx context.Context, trial func(*bench) error) error {
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	b := &bench{ctx: ctx, queue: d.Scratch, wait: d.Wait}
	if b.wait <= 0 {
		b.wait = trialWait
	}
	for _, c := range []*Conn{&b.conn, &b.other} {
		var err error
		if *c, err = d.Dial(ctx); err != nil {
			return err
		}
		defer (*c).Close()
	}
	err := trial(b)
	return errors.Join(err, b.clear(d.Dial))
}
