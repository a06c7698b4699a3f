package mapping

import (
	"errors"
	"strings"
	"time"

	"github.com/portage-gateway/portage/copybooks"
)

// Event says how a record becomes a CloudEvent (CloudEvents 1.0).
type Event struct {
	// Type chooses the event's type by a Field's value.
	Type EventType `yaml:"type"`
	// ID is the event's id; {FIELD} stands for a Field's canonical text. "": the id is that of the message.
	ID string `yaml:"id"`
	// Source is the event's source, a URI reference.
	Source string `yaml:"source"`
	// Time names the Field, with a date setting that holds a time, at which the event happened. "": the events
	// have no time.
	Time string `yaml:"time"`
	// Subject says whom the event is about.
	Subject Subject `yaml:"subject"`
	// Sequence names a Field that counts up; "": there is none.
	Sequence string `yaml:"sequence"`
	// DataSchema is a URI of the data's schema; {type} stands for the event's type. "": none.
	DataSchema string `yaml:"dataSchema"`
	// Include are the JSON Pointers of what the data hold. Empty: all that is not of sensitivity sin.
	Include []string `yaml:"include"`
}

// EventType chooses the type by a Field's value.
type EventType struct {
	Field  string            `yaml:"field"`
	Values map[string]string `yaml:"values"`
	// None are the values whose records make no event, such as those of headers and trailers. All others that
	// are not in Values are errors.
	None []string `yaml:"none"`
}

// ErrNoEvent says that records of this kind make no event, by EventType.None. Test it with errors.Is.
var ErrNoEvent = errors.New("records of this kind make no event")

// Subject names the Fields that identify a person's file in a program. They never leave Portage: the caller
// makes a Reference of them.
type Subject struct {
	Program string `yaml:"program"`
	SIN     string `yaml:"sin"`
	Claim   string `yaml:"claim"`
}

// EventAttributes are what a CloudEvent says beside its data. Program, SIN and Claim identify the subject;
// they must be turned into a Reference and never shown.
type EventAttributes struct {
	// ID is "" where the id is the message's.
	ID, Type, Source, DataSchema string
	// Time is in UTC. Zero: the events have none.
	Time time.Time
	// Flags are "repeated-hour" if the local time came twice that day, and the earlier one was taken.
	Flags []string
	// Sequence is the canonical text of the sequence Field; "" without one.
	Sequence            string
	Program, SIN, Claim string
}

// EventView makes CloudEvents of the Records of a View. It is immutable and safe to share.
type EventView struct {
	view  *View
	names []string
	kinds []*eventKind
}

// eventKind makes the events of one kind of record.
type eventKind struct {
	rec      *record
	types    *selector
	id       []idPart
	time     *leaf
	sequence *copybooks.Item
	sin      *copybooks.Item
	claim    *copybooks.Item
	ops      []op
}

// idPart is text, or a Field's canonical text.
type idPart struct {
	text string
	item *copybooks.Item
}

// Types returns the event types, each once.
func (v *EventView) Types() []string {
	seen := map[string]bool{}
	var out []string
	for _, n := range v.names {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// kind returns what makes events of a Record's kind.
func (v *EventView) kind(r *copybooks.Record) (*eventKind, error) {
	rec := v.view.of(r)
	for _, k := range v.kinds {
		if k.rec == rec {
			return k, nil
		}
	}
	return nil, errForeign
}

// Attributes returns what the event of a Record says of itself. Errors are ErrNoEvent and
// *copybooks.FieldError; "unknown-kind" says that the record's type is not known.
func (v *EventView) Attributes(r copybooks.Record) (EventAttributes, error) {
	ev := v.view.file.Event
	a := EventAttributes{Source: ev.Source, Program: ev.Subject.Program}
	e, err := v.kind(&r)
	if err != nil {
		return a, err
	}
	i, f := e.types.read(&r)
	if f != copybooks.OK {
		return a, r.Error(e.types.item, f)
	}
	if i == none {
		return a, ErrNoEvent
	}
	a.Type = v.names[i]
	a.DataSchema = strings.ReplaceAll(ev.DataSchema, "{type}", a.Type)
	var id []byte
	for _, p := range e.id {
		id = append(id, p.text...)
		if p.item != nil {
			text, err := fieldText(&r, p.item)
			if err != nil {
				return a, err
			}
			id = append(id, text...)
		}
	}
	a.ID = string(id)
	if a.Sequence, err = fieldText(&r, e.sequence); err != nil {
		return a, err
	}
	if a.SIN, err = identifier(&r, e.sin); err != nil {
		return a, err
	}
	if a.Claim, err = identifier(&r, e.claim); err != nil {
		return a, err
	}
	return a, e.when(&r, &a)
}

// when reads the event's time, if it has one.
func (e *eventKind) when(r *copybooks.Record, a *EventAttributes) error {
	if e.time == nil {
		return nil
	}
	text, err := fieldText(r, e.time.item)
	if err != nil {
		return err
	}
	m, f := e.time.date.read([]byte(text))
	var repeated bool
	if f == copybooks.OK {
		a.Time, repeated, f = m.utc(e.time.date.zone)
	}
	if f != copybooks.OK {
		return r.Error(e.time.item, f)
	}
	if repeated {
		a.Flags = append(a.Flags, "repeated-hour")
	}
	return nil
}

// fieldText returns an Item's canonical text; "" for no Item.
func fieldText(r *copybooks.Record, it *copybooks.Item) (string, error) {
	if it == nil {
		return "", nil
	}
	b, f := r.Slice(it)
	if f != copybooks.OK {
		return "", r.Error(it, f)
	}
	var buf [64]byte
	text, f := it.Codec.AppendText(buf[:0], b)
	if f != copybooks.OK {
		return "", r.Error(it, f)
	}
	return string(text), nil
}

// identifier returns the text with all leading zeros of a number.
func identifier(r *copybooks.Record, it *copybooks.Item) (string, error) {
	text, err := fieldText(r, it)
	if err != nil || it == nil || it.Codec.Kind() != copybooks.IntegerValue {
		return text, err
	}
	return strings.Repeat("0", max(0, it.Codec.WholeDigits()-len(text))) + text, nil
}

// AppendData appends the event's data: the JSON of the Record without fields of sensitivity sin.
func (v *EventView) AppendData(dst []byte, r copybooks.Record) ([]byte, error) {
	e, err := v.kind(&r)
	if err != nil {
		return dst, err
	}
	return e.rec.append(dst, &r, e.ops)
}
