// Package bridge joins Legacy's messages to the world that never sees them.
//
//   - [Bridge] carries messages from a Source through a translation to one Sink, settled together.
//     [Events] is the translation of records to CloudEvents; no translation passes messages on, such as
//     from the journal to Kafka.
//   - [Exchange] is a transaction behind a queue as an http.RoundTripper: a request becomes an area of
//     bytes, a call, and the area that comes back becomes an answer in JSON.
package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Bridge carries messages from one Source to one Sink. Fields are set before Run and not changed after.
type Bridge struct {
	// Name stands in metrics, log lines and dead letters. Required.
	Name string
	// Source delivers. If it has a method Resume(position []byte) error, Run tells it what the Sink's
	// Ledger committed last; if it has a method OnTake(func(context.Context) error) as mq.Source does, not before
	// it has its queue to itself, so that a bridge that stands by disturbs nobody. Required.
	Source adapters.Source
	// Sink takes what the translation makes. If it is a Ledger too, each batch's Position is committed
	// with it. If it has a method Duplicates() uint64, a count that grows with each message it dropped
	// because it was there already, these are counted apart; the Sink should be this Bridge's alone. Required.
	Sink adapters.Sink
	// Translate makes 0 or more messages of one; it may keep state, since it is called by one goroutine
	// at a time. A refusal (see Refused) makes a dead letter of its message; any other error returns the
	// batch. Nil: each message as it is.
	Translate func(ctx context.Context, m adapters.Message) ([]adapters.Message, error)
	// DeadLetters is where messages go that no retry can help, by Unit.Put: a queue of the Source's.
	// Required.
	DeadLetters string
	// Refused tells whether an error is the message's own fault, and how to say so. Nil: *adapters.Refusal
	// and *copybooks.FieldError are.
	Refused func(error) (*adapters.Refusal, bool)
	// Metrics counts. Nil: nothing is counted.
	Metrics *Metrics
	// Now is the clock of the lag. Nil: time.Now.
	Now func() time.Time
	// Log takes a line for each dead letter. Nil: none.
	Log *slog.Logger
}

// Run carries messages until ctx ends, then returns nil. It returns an error when the Source ends, and,
// so that nothing is published twice, when the Ledger is in doubt (adapters.ErrInDoubt) or taken over
// (adapters.ErrFenced): after the former run again with a Sink that was opened anew.
//
// Each batch is settled once, in this order: dead letters are put into the Source's unit of work, the
// good messages and the Position are published, the Source commits. Good messages keep their order,
// and no bad one holds them up.
func (b *Bridge) Run(ctx context.Context) error {
	r, err := b.prepare()
	if err == nil {
		err = r.consume(ctx, b.Source, r.ledger, r.handle)
	}
	if err != nil {
		return fmt.Errorf("bridge %s: %w", b.Name, err)
	}
	return nil
}

// run is one Run: the Bridge with its defaults and what it found out about its Sink.
type run struct {
	*Bridge
	ledger     adapters.Ledger // nil: the Sink is none
	duplicates func() uint64
	numbers    numbers
	ending
}

func (b *Bridge) prepare() (*run, error) {
	switch {
	case b.Name == "":
		return nil, errors.New("it has no Name")
	case b.Source == nil || b.Sink == nil:
		return nil, errors.New("it needs a Source and a Sink")
	case b.DeadLetters == "":
		return nil, errors.New("DeadLetters is empty: the first bad message would hold up all others")
	}
	own := *b
	r := &run{Bridge: &own, numbers: b.Metrics.bridge(b.Name), duplicates: func() uint64 { return 0 }}
	if own.Refused == nil {
		own.Refused = refusalOf
	}
	if own.Now == nil {
		own.Now = time.Now
	}
	if own.Log == nil {
		own.Log = slog.New(slog.DiscardHandler)
	}
	if own.Translate == nil {
		own.Translate = func(_ context.Context, m adapters.Message) ([]adapters.Message, error) {
			return []adapters.Message{m}, nil
		}
	}
	if s, ok := b.Sink.(interface{ Duplicates() uint64 }); ok {
		r.duplicates = s.Duplicates
	}
	r.ledger, _ = b.Sink.(adapters.Ledger)
	return r, nil
}

// handle settles one batch: it is the Source's Handler.
func (r *run) handle(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
	letters, err := r.carry(ctx, u, b)
	if err != nil {
		r.numbers.returned(len(b.Messages))
		r.judge(r.ledger, err)
		return err
	}
	for _, l := range letters {
		r.numbers.deadLetter(l.why.Reason)
		r.Log.WarnContext(ctx, "dead letter", "bridge", r.Name, "id", l.message.ID, "reason", l.why.Reason,
			"field", l.why.Field, "offset", l.why.Offset, "size", l.why.Size)
	}
	r.lag(b)
	return nil
}

// carry translates the batch, puts its dead letters and publishes the rest. A message that the Sink
// refuses when it comes alone is a dead letter too; in company it returns the batch, and the Source
// finds it.
func (r *run) carry(ctx context.Context, u adapters.Unit, b adapters.Batch) ([]letter, error) {
	var good []adapters.Message
	var letters []letter
	for _, m := range b.Messages {
		out, err := r.Translate(ctx, m)
		if err == nil {
			good = append(good, out...)
			continue
		}
		why, refused := r.Refused(err)
		if !refused {
			return nil, fmt.Errorf("translate message %s: %w", m.ID, err)
		}
		letters = append(letters, letter{m, why})
	}
	if err := r.put(ctx, u, letters); err != nil {
		return nil, err
	}
	err := r.publish(ctx, b.Position, good)
	if err == nil {
		return letters, nil
	}
	why, refused := r.Refused(err)
	if !refused || len(b.Messages) > 1 || len(letters) > 0 {
		return nil, fmt.Errorf("publish %d messages: %w", len(good), err)
	}
	letters = []letter{{b.Messages[0], why}}
	if err := r.put(ctx, u, letters); err != nil {
		return nil, err
	}
	if err := r.publish(ctx, b.Position, nil); err != nil {
		return nil, fmt.Errorf("publish a position: %w", err)
	}
	return letters, nil
}

// publish makes the messages durable, and the position with them if the Sink is a Ledger and the Source
// has positions.
func (r *run) publish(ctx context.Context, position []byte, m []adapters.Message) (err error) {
	before := r.duplicates()
	switch {
	case r.ledger != nil && len(position) > 0:
		err = r.ledger.PublishAt(ctx, position, m...)
	case len(m) > 0:
		err = r.Sink.Publish(ctx, m...)
	}
	if err != nil {
		return err
	}
	r.numbers.published(len(m), min(len(m), int(r.duplicates()-before)))
	return nil
}

// lag notes how old the batch's oldest message was when it was settled.
func (r *run) lag(b adapters.Batch) {
	var oldest time.Time
	for _, m := range b.Messages {
		if !m.Time.IsZero() && (oldest.IsZero() || m.Time.Before(oldest)) {
			oldest = m.Time
		}
	}
	if !oldest.IsZero() {
		r.numbers.lag(max(0, r.Now().Sub(oldest)))
	}
}
