package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// ContentType is the content-type header of the messages that Events makes: one CloudEvent in the
// structured JSON format (CloudEvents JSON event format 1.0, section 3).
const ContentType = "application/cloudevents+json; charset=UTF-8"

// reasonReference says that no Reference could be made of a record's identifiers, reasonEvent that no
// valid CloudEvent could be made of its attributes.
const (
	reasonReference = "reference"
	reasonEvent     = "not-cloudevent"
)

// EventsConfig says how Events names what records speak of.
type EventsConfig struct {
	// Source is the CloudEvents source. "": the mapping's.
	Source string
	// Side is the extension routedside: which side's record the event tells of. Default "legacy".
	Side string
	// Unwrap takes off what a transport put in front of the record, such as mq.Unwrap the headers of queue
	// messages; it may add headers. A dead letter keeps them all. Nil: the body is the record.
	Unwrap func(adapters.Message) (adapters.Message, error)
	// Extensions names the headers (message properties among them) that become CloudEvents extension
	// attributes: header name, in lower case, to attribute name (1 to 20 of a to z and 0 to 9). Nothing
	// else does, since properties may hold anything; traceparent and tracestate always do.
	Extensions map[string]string
	// Reference makes the subject, the name of a claim outside Legacy. Required when the mapping has a
	// subject; an error makes a dead letter of the message.
	Reference func(program, sin, claim string) (string, error)
	// Key makes Message.Key of the client's SIN: a keyed hash that keeps a client's events in order and
	// tells nothing. Events that name no SIN have their subject as Key. Nil: no order is asked for.
	Key func(sin string) []byte
}

// Events returns a Translate that makes one CloudEvent 1.0 of each record: data is the record as the
// View shows it, without fields of sensitivity sin; subject is the Reference. Message.ID is the
// event's id, so that a record that comes again is known: the mapping's, or else that of the record's
// message. Records of kinds that make no event (mapping.ErrNoEvent) make no message. What cannot be decoded is
// refused with the field at fault, its offset counted in the message's body. The func belongs to one Bridge.
//
// The message of an event bears as headers its content-type, the trace's traceparent and tracestate, those
// that are Extensions, and of those of a queue mq-msgid, mq-correlid, mq-putdate, mq-format and mq-ccsid:
// never the identity context. A Sink that is a queue puts them as message properties again, but for mq-.
func Events(view *mapping.View, c EventsConfig) (func(context.Context, adapters.Message) ([]adapters.Message, error), error) {
	e := view.Event()
	if e == nil {
		return nil, fmt.Errorf("mapping %s has no event block: its records are no events", view.Name())
	}
	if c.Side == "" {
		c.Side = "legacy"
	}
	if _, err := url.Parse(c.Source); err != nil {
		return nil, fmt.Errorf("events of mapping %s: source is not a URI reference: %w", view.Name(), err)
	}
	if err := checkExtensions(c.Extensions); err != nil {
		return nil, fmt.Errorf("events of mapping %s: %w", view.Name(), err)
	}
	t := &translator{EventsConfig: c, event: e, decoder: view.Decoder()}
	return t.translate, nil
}

type translator struct {
	EventsConfig
	event   *mapping.EventView
	decoder *mapping.Decoder
}

func (t *translator) translate(_ context.Context, whole adapters.Message) ([]adapters.Message, error) {
	m := whole
	if t.Unwrap != nil {
		var err error
		if m, err = t.Unwrap(whole); err != nil {
			return nil, err
		}
	}
	out, err := t.make(m)
	if errors.Is(err, mapping.ErrNoEvent) {
		return nil, nil
	}
	if err != nil {
		return nil, shifted(err, whole.Body, m.Body)
	}
	return []adapters.Message{out}, nil
}

// make makes the event of one record. The message it returns stands alone.
func (t *translator) make(m adapters.Message) (out adapters.Message, err error) {
	record, err := t.decoder.Decode(m.Body)
	if err != nil {
		return out, err
	}
	a, err := t.event.Attributes(record)
	if err != nil {
		return out, err
	}
	a.ID = cmp.Or(a.ID, m.ID)
	data, err := t.event.AppendData(nil, record)
	if err != nil {
		return out, err
	}
	subject, err := t.subject(a)
	if err != nil {
		return out, err
	}
	body, err := t.cloudEvent(a, m, subject, data)
	if err != nil { // what the record says makes no event, and will not the next time
		return out, &adapters.Refusal{Reason: reasonEvent, Offset: -1, Size: -1, Err: err}
	}
	out = adapters.Message{ID: a.ID, Body: body, Time: m.Time, Headers: t.headers(m)}
	if out.Time.IsZero() {
		out.Time = a.Time
	}
	switch {
	case t.Key != nil && a.SIN != "":
		out.Key = t.Key(a.SIN)
	case t.Key != nil && subject != "":
		out.Key = []byte(subject)
	}
	return out, nil
}

// subject turns what identifies the client into a Reference. Only the error's own words go on.
func (t *translator) subject(a mapping.EventAttributes) (string, error) {
	if a.Program == "" && a.SIN == "" && a.Claim == "" {
		return "", nil
	}
	if t.Reference == nil {
		return "", fmt.Errorf("event %s has a subject, and EventsConfig no Reference to name it by", a.ID)
	}
	ref, err := t.Reference(a.Program, a.SIN, a.Claim)
	if err != nil {
		return "", &adapters.Refusal{Reason: reasonReference, Offset: -1, Size: -1,
			Err: fmt.Errorf("no Reference can be made of the identifiers of event %s: %w", a.ID, err)}
	}
	return ref, nil
}

// cloudEvent builds and validates the event, in the structured JSON format.
func (t *translator) cloudEvent(a mapping.EventAttributes, m adapters.Message, subject string, data []byte) ([]byte, error) {
	e := event.New(event.CloudEventsVersionV1)
	e.SetID(a.ID)
	e.SetType(a.Type)
	e.SetSource(a.Source)
	if t.Source != "" {
		e.SetSource(t.Source)
	}
	if subject != "" {
		e.SetSubject(subject)
	}
	if !a.Time.IsZero() {
		e.SetTime(a.Time.UTC())
	}
	e.SetDataContentType(event.ApplicationJSON)
	if a.DataSchema != "" {
		e.SetDataSchema(a.DataSchema)
	}
	if a.Sequence != "" {
		e.SetExtension("sequence", a.Sequence)
	}
	e.SetExtension("routedside", t.Side)
	if len(a.Flags) > 0 {
		e.SetExtension("flags", strings.Join(a.Flags, " "))
	}
	for _, h := range traceOf(m) {
		e.SetExtension(h.Name, h.Value)
	}
	for name, attribute := range t.Extensions {
		if value, ok := plain(m, name); ok {
			e.SetExtension(attribute, value)
		}
	}
	e.DataEncoded = data // SetData would encode it once more
	if err := e.Validate(); err != nil {
		return nil, fmt.Errorf("event %s: %w", a.ID, err)
	}
	body, err := e.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("event %s: %w", a.ID, err)
	}
	return body, nil
}
