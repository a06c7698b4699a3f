package mq

import (
	"errors"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/adapters"
)

// Error is a failed MQI call. It never holds content or identifiers of messages.
type Error struct {
	// Op is the call: "connect", "get", "put", "commit", "backout", "inquire".
	Op string
	// Queue is the queue it was about; "" if none.
	Queue string
	// CompCode is CCWarning or CCFailed; Reason is one of the RC constants or another of the MQI's.
	CompCode int32
	Reason   int32
	// DataLength is the length in bytes of the message that 2080 left on the queue. 0: unknown.
	DataLength int
	// Hint says what to do about it, in one sentence without a full stop; "" if the reason says it all.
	Hint string
}

// Failed returns an *Error with CCFailed.
func Failed(op, queue string, reason int32, hint string) *Error {
	return &Error{Op: op, Queue: queue, CompCode: CCFailed, Reason: reason, Hint: hint}
}

// Error implements error: "mq get EI.STATUS.REQ: 2033 NO_MSG_AVAILABLE".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("mq ")
	b.WriteString(e.Op)
	if e.Queue != "" {
		b.WriteByte(' ')
		b.WriteString(e.Queue)
	}
	b.WriteString(": ")
	b.WriteString(strconv.Itoa(int(e.Reason)))
	if name := ReasonName(e.Reason); name != "" {
		b.WriteByte(' ')
		b.WriteString(name)
	}
	if e.Hint != "" {
		b.WriteString(" (")
		b.WriteString(e.Hint)
		b.WriteByte(')')
	}
	return b.String()
}

// Class says what to do now. A commit that lost its connection is InDoubt (IBM MQ, Reference, 2009:
// the call may have completed); a commit that says 2003 was backed out whole and can be done again.
func (e *Error) Class() Outcome {
	r, known := reasons[e.Reason]
	class := r.class
	if !known {
		class = Reconnect
	}
	if e.Op == "commit" {
		switch {
		case class == Reconnect, e.Reason == RCOutcomePending:
			return InDoubt
		}
	}
	return class
}

// Is reports a commit in doubt as adapters.ErrInDoubt.
func (e *Error) Is(target error) bool {
	return target == adapters.ErrInDoubt && e.Class() == InDoubt
}

// asError returns the *Error in err's chain, or nil.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// IsReason reports whether err is an *Error with this reason code.
func IsReason(err error, reason int32) bool {
	e := asError(err)
	return e != nil && e.Reason == reason
}

// classOf returns the class of err: that of its *Error, or Reconnect if it has none.
func classOf(err error) Outcome {
	if e := asError(err); e != nil {
		return e.Class()
	}
	return Reconnect
}
