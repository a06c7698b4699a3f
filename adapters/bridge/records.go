package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// RecordsConfig says which events become records for Legacy.
type RecordsConfig struct {
	// Types are the CloudEvents types that are taken; others are passed over. Empty: all that the mapping knows.
	Types []string
	// Own are the CloudEvents sources of what Legacy said itself: such events are passed over. Empty: the mapping's.
	Own []string
	// Open opens a subject, the Reference that EventsConfig.Reference made. Required when the mapping has a
	// subject.
	Open func(reference string) (program, sin, claim string, err error)
	// Marked tells by a MsgId or CorrelId in hexadecimal, as the headers mq-msgid and mq-correlid of an event have
	// it, whether the event answers what was written back. Nil: none does.
	Marked func(id string) bool
	// Passed is told of each event that is passed over, and why: one of PassReasons. Nil: nobody is.
	Passed func(reason string)
}

// PassReasons are why an event is not written back: its type is not taken, its source is Legacy, or it bears
// the mark of what was written back.
var PassReasons = [...]string{passType, passSource, passMark}

const (
	passType   = "type"
	passSource = "source"
	passMark   = "mark"
)

// Records returns a Translate that is the inverse of Events: one record, by the same View, of each CloudEvent
// that is taken. The record's Fields come from the event's data, type, sequence, time and subject; those
// that the event does not speak of get their default of the mapping, or what INITIALIZE gives. No record comes out
// that holds a numeric Field which would fail COBOL's NUMERIC test. An event that makes no record is refused with
// the Field at fault; the offset counts in the event's body, or for reason not-numeric in the record that would
// have been put. The func belongs to one Bridge.
func Records(view *mapping.View, c RecordsConfig) (func(context.Context, adapters.Message) ([]adapters.Message, error), error) {
	e := view.Event()
	if e == nil {
		return nil, fmt.Errorf("mapping %s has no event block: no event becomes one of its records", view.Name())
	}
	for _, name := range c.Types {
		if !slices.Contains(e.Types(), name) {
			return nil, fmt.Errorf("records of mapping %s: no record makes events of type %s: it knows %q", view.Name(), name, e.Types())
		}
	}
	if len(c.Types) == 0 {
		c.Types = e.Types()
	}
	if len(c.Own) == 0 {
		c.Own = []string{e.Source()}
	}
	if c.Marked == nil {
		c.Marked = func(string) bool { return false }
	}
	if c.Passed == nil {
		c.Passed = func(string) {}
	}
	b := &backTranslator{RecordsConfig: c, view: view, encoder: e.Encoder(), decoder: view.Decoder()}
	return b.translate, nil
}

type backTranslator struct {
	RecordsConfig
	view    *mapping.View
	encoder *mapping.EventEncoder
	decoder *mapping.Decoder
}

func (b *backTranslator) translate(_ context.Context, m adapters.Message) ([]adapters.Message, error) {
	e, at, err := readEvent(m)
	if err != nil {
		return nil, &adapters.Refusal{Reason: reasonEvent, Offset: -1, Size: -1, Err: err}
	}
	if why := b.passes(m, &e); why != "" {
		b.Passed(why)
		return nil, nil
	}
	attributes, err := b.attributes(&e)
	if err != nil {
		return nil, err
	}
	record, err := b.encoder.Append(nil, attributes, e.Data())
	if err != nil {
		return nil, refusedValue(err, at)
	}
	decoded, err := b.decoder.Decode(record)
	if err != nil {
		return nil, err
	}
	if err := checkNumeric(b.view, decoded); err != nil {
		return nil, err
	}
	return []adapters.Message{{ID: m.ID, Key: m.Key, Body: record, Time: m.Time}}, nil
}

// passes says why an event is passed over; "": it is taken.
func (b *backTranslator) passes(m adapters.Message, e *event.Event) string {
	for _, name := range []string{"mq-msgid", "mq-correlid"} {
		if id, ok := m.Header(name); ok && b.Marked(id) {
			return passMark
		}
	}
	switch {
	case slices.Contains(b.Own, e.Source()):
		return passSource
	case !slices.Contains(b.Types, e.Type()):
		return passType
	}
	return ""
}

// attributes are those of which Fields are made.
func (b *backTranslator) attributes(e *event.Event) (mapping.EventAttributes, error) {
	a := mapping.EventAttributes{ID: e.ID(), Type: e.Type(), Time: e.Time()}
	switch n := e.Extensions()["sequence"].(type) {
	case string:
		a.Sequence = n
	case int32:
		a.Sequence = fmt.Sprint(n)
	}
	subject := b.view.Event().Subject()
	if subject == (mapping.Subject{}) || subject.SIN == "" && subject.Claim == "" {
		return a, nil
	}
	if b.Open == nil {
		return a, fmt.Errorf("events of mapping %s have a subject, and RecordsConfig no Open to read it with", b.view.Name())
	}
	var err error
	if a.Program, a.SIN, a.Claim, err = b.Open(e.Subject()); err != nil || a.Program != subject.Program {
		return a, &adapters.Refusal{Reason: reasonReference, Offset: -1, Size: -1,
			Err: errors.New("the subject is no Reference of this program that these keys open")}
	}
	return a, nil
}

// refusedValue makes a Refusal of what the View says of an event's data, which begin at a byte of the body.
func refusedValue(err error, at int) error {
	if syntax, ok := errors.AsType[*mapping.SyntaxError](err); ok {
		return &adapters.Refusal{Reason: reasonEvent, Offset: behind(at, syntax.Offset), Size: -1, Err: err}
	}
	value, ok := errors.AsType[*mapping.ValueError](err)
	if !ok {
		return err
	}
	out := &adapters.Refusal{Reason: value.Reason, Field: value.Pointer, Offset: behind(at, value.Offset), Size: -1, Err: err}
	if field, ok := errors.AsType[*copybooks.FieldError](err); ok {
		out.Field = field.Path
	}
	return out
}

func behind(at, offset int) int {
	if at < 0 || offset < 0 {
		return -1
	}
	return at + offset
}

func parseTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, errors.New("the event's time is not as RFC 3339 writes it")
	}
	return at, nil
}
