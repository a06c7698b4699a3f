// Package adapters says what a message is, where messages come from and where they go, and what each
// adapter promises. Every adapter below this folder implements Source, Sink or both, and passes the
// conformance suite in adapters/adaptertest.
//
// The settling rule is the whole contract: a Source hands a Batch to a Handler, and the Handler's
// result settles it, once. There is no Ack and no Nack to call twice.
package adapters

import (
	"context"
	"errors"
	"time"
)

// MaxPosition is the largest Batch.Position in bytes. It fits Kafka's default limit of 4096 bytes of
// offset metadata (offset.metadata.max.bytes) with room for base64.
const MaxPosition = 3 * 1024

// ErrInDoubt says that a publication may or may not have happened: the caller must call
// Ledger.Recover on a new Sink before it publishes anything else. Test it with errors.Is.
var ErrInDoubt = errors.New("outcome in doubt")

// ErrFenced says that another holder has recovered the same ledger since: this one must stop, for
// good. Test it with errors.Is.
var ErrFenced = errors.New("another holder has taken over this ledger")

// ErrBusy says that a call was not made because as many as may are under way: nothing was sent. Test
// it with errors.Is.
var ErrBusy = errors.New("too many calls under way")

// Header is one name and value that travels beside a Message's body. Names are lower-case ASCII;
// values are UTF-8 and never hold personal information.
type Header struct{ Name, Value string }

// Message is what an adapter carries. It is a plain value: a receiver may keep it, and must not
// change Key or Body in place.
type Message struct {
	// ID names the message for its whole life, across redelivery. Unique in its Source; never empty.
	ID string
	// Key orders messages: those with equal Keys keep their order. Empty: no order is asked for.
	Key []byte
	// Body is the content, untouched by any adapter.
	Body []byte
	// Headers keep the order in which they were added; a name may stand more than once.
	Headers []Header
	// Time is when the message was put at its origin, in UTC. Zero: unknown.
	Time time.Time
	// Attempts counts earlier deliveries that were returned. 0 on the first delivery.
	Attempts int
}

// Header returns the first value under name, and whether there is one.
func (m Message) Header(name string) (string, bool) {
	for _, h := range m.Headers {
		if h.Name == name {
			return h.Value, true
		}
	}
	return "", false
}

// Batch is what a Source delivers at once: 1 or more messages in their order.
type Batch struct {
	Messages []Message
	// Position is an opaque restart mark of at most MaxPosition bytes. A Ledger commits it with the
	// messages; it never holds content.
	Position []byte
}

// Unit is the source's open unit of work. It is valid until the Handler returns, in the Handler's
// goroutine only.
type Unit interface {
	// Put adds messages for dest to the unit of work: they become visible with its commit, or never.
	Put(ctx context.Context, dest string, m ...Message) error
}

// Handler deals with one Batch. Nil settles the batch; an error returns all of it, and the Source
// delivers it again, in smaller batches, so that one message does not condemn the others.
type Handler func(ctx context.Context, u Unit, b Batch) error

// Source delivers batches, one at a time, until ctx ends (then it returns nil) or it cannot go on.
// A Source is used by one Consume at a time.
type Source interface {
	Consume(ctx context.Context, h Handler) error
}

// Sink publishes messages. A nil result says that all of them are durable, in their order. After an
// error none, some or all of them may be. Safe for use by several goroutines.
type Sink interface {
	Publish(ctx context.Context, m ...Message) error
}

// Ledger is what a Sink offers beside Publish when it can store a position together with messages.
type Ledger interface {
	// Recover fences earlier holders of the same ledger and returns the last committed position; nil
	// says that nothing was ever committed.
	Recover(ctx context.Context) (position []byte, err error)
	// PublishAt makes the messages and the position durable together, or neither. ErrInDoubt says that
	// only Recover can tell.
	PublishAt(ctx context.Context, position []byte, m ...Message) error
}

// Sealer hides content at rest. Seal and Open are inverse under the same context string, which binds
// a sealed value to its place. Safe for use by several goroutines.
type Sealer interface {
	Seal(plain []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
}

// Refusal is an error that no retry can help: the message that it speaks of becomes a dead letter.
// Field, Offset and Size point into the message's body and say nothing of its content.
type Refusal struct {
	// Reason is a stable code from a closed set, such as "packed-nibble": it is a metric label.
	Reason string
	// Field is the path of the field at fault; empty if the whole message is.
	Field string
	// Offset and Size are in bytes from the start of the body. -1: unknown.
	Offset, Size int
	// Err says what was wrong, without content.
	Err error
}

// Error implements error.
func (r *Refusal) Error() string {
	if r.Field == "" {
		return r.Reason + ": " + r.Err.Error()
	}
	return r.Reason + " at " + r.Field + ": " + r.Err.Error()
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Err }
