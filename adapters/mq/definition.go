package mq

import (
	"context"
	"fmt"
	"slices"
)

// Definition is what MQINQ tells of how a queue was defined, beside its Attributes (IBM MQ, MQINQ: Inquire object
// attributes).
type Definition struct {
	// QueueManager is the one that answers; ZOS says that it runs on z/OS.
	QueueManager string
	ZOS          bool
	// Triggered says that messages start a program: TRIGGER, with a TRIGTYPE other than NONE.
	Triggered bool
	// HardenBackout says that the backout count survives a restart: HARDENBO. It matters on z/OS only.
	HardenBackout bool
	// Index is the INDXTYPE of a queue on z/OS, "" elsewhere.
	Index string
}

// Definer is what connections offer that can tell how queues are defined, as those to IBM MQ can.
type Definer interface {
	// Definition inquires of a local queue, not of an alias. It needs the authority to inquire of the queue
	// and of the queue manager.
	Definition(ctx context.Context, queue string) (Definition, error)
}

// Index types of queues on z/OS (MQSC, DEFINE QLOCAL, INDXTYPE).
const (
	IndexNone     = "NONE"
	IndexMsgID    = "MSGID"
	IndexCorrelID = "CORRELID"
	IndexGroupID  = "GROUPID"
	IndexToken    = "MSGTOKEN"
)

// inspectDefinition looks at what matters for what Portage does with the queue; name is that of an alias's queue.
func (d *Doctor) inspectDefinition(ctx context.Context, c Conn, queue, name string) []Finding {
	definer, ok := c.(Definer)
	if !ok {
		return []Finding{d.notDefined(queue, name, "this connection cannot tell")}
	}
	def, err := definer.Definition(ctx, name)
	if err != nil {
		return []Finding{d.notDefined(queue, name, err.Error())}
	}
	out := []Finding{d.inspectTrigger(def, queue, name)}
	if !def.ZOS {
		return out
	}
	harden := Finding{Check: "harden-backout", Queue: queue, Verdict: Pass}
	if !def.HardenBackout {
		harden.Verdict, harden.Detail = Fault, "a restart of the queue manager forgets how often a message was backed out"
		harden.Fix = alter(name, "HARDENBO")
	}
	return append(out, harden, d.inspectIndex(def, queue, name))
}

func (d *Doctor) notDefined(queue, name, why string) Finding {
	return Finding{Check: "triggering", Queue: queue, Verdict: Unknown,
		Detail: why + ": a queue that is triggered starts Legacy's program when Portage should read, and one that Portage puts to must stay triggered; INDXTYPE matters for reply queues on z/OS",
		Fix:    "DISPLAY QLOCAL(" + name + ") TRIGGER TRIGTYPE INDXTYPE HARDENBO"}
}

// inspectTrigger: what Portage reads must start nobody else. What it puts to is Legacy's to say.
func (d *Doctor) inspectTrigger(def Definition, queue, name string) Finding {
	f := Finding{Check: "triggering", Queue: queue, Verdict: Pass}
	if def.Triggered {
		f.Detail = "messages start a program; while Portage holds the queue open for input FIRST and DEPTH start none, and EVERY does"
		f.Verdict, f.Fix = Unknown, "DISPLAY QLOCAL("+name+") PROCESS INITQ TRIGTYPE"
		if slices.Contains(d.Diverted, queue) {
			f.Verdict, f.Fix = Fault, alter(name, "NOTRIGGER")
		}
	}
	return f
}

// inspectIndex: on z/OS a get by identifier that has no index reads the whole queue, and one in logical order fails.
func (d *Doctor) inspectIndex(def Definition, queue, name string) Finding {
	f := Finding{Check: "index", Queue: queue, Verdict: Pass}
	want := ""
	switch {
	case slices.Contains(d.Groups, queue):
		want, f.Detail = IndexGroupID, "gets in logical order fail (2394)"
	case slices.Contains(d.Replies, queue):
		want, f.Detail = IndexCorrelID, "each get by CorrelId reads the whole queue"
	}
	if want == "" || def.Index == want {
		f.Detail = ""
		return f
	}
	f.Verdict, f.Detail = Fault, fmt.Sprintf("INDXTYPE(%s): %s", def.Index, f.Detail)
	f.Fix = alter(name, "INDXTYPE("+want+")")
	return f
}

// beyond are questions that no program can answer over its own connection: channels, and other queue managers.
func (d *Doctor) beyond(ctx context.Context, c Conn) []Finding {
	definer, ok := c.(Definer)
	if !ok || len(d.Queues) == 0 {
		return nil
	}
	a, err := c.Inquire(ctx, d.Queues[0])
	if err != nil {
		return nil
	}
	def, err := definer.Definition(ctx, a.Queue)
	if err != nil {
		return nil
	}
	out := []Finding{{Check: "channel-conversion", Verdict: Unknown,
		Detail: "does a channel on the way convert? That destroys COMP and COMP-3, and a sender channel does it where nobody sees it. Each must say CONVERT(NO)",
		Fix:    "DISPLAY CHANNEL(*) CHLTYPE(SDR) CONVERT; DISPLAY CHANNEL(*) CHLTYPE(SVR) CONVERT; DISPLAY CHANNEL(*) CHLTYPE(CLUSSDR) CONVERT"}}
	if len(d.Replies) > 0 {
		out = append(out, Finding{Check: "reply-queue-manager", Verdict: Unknown,
			Detail: "can Legacy's queue manager send to " + def.QueueManager + "? Requests name it as ReplyToQMgr. To be asked there: a transmission queue or an alias of that name must come",
			Fix:    "DISPLAY QLOCAL(" + def.QueueManager + ") USAGE; DISPLAY QREMOTE(" + def.QueueManager + ") RQMNAME XMITQ"})
	}
	return out
}
