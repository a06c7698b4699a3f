package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portage-gateway/portage/copybooks"
)

// EventEncoder makes records of events: the way back of EventView. It is reusable and belongs to one goroutine.
type EventEncoder struct {
	view    *EventView
	encoder *Encoder
	decoder *Decoder
}

// Encoder returns a new EventEncoder.
func (v *EventView) Encoder() *EventEncoder {
	return &EventEncoder{view: v, encoder: v.view.Encoder(), decoder: v.view.Decoder()}
}

// Append appends the record of an event. Data is JSON as Encoder.Append takes it, and may say more or less than
// AppendData would; Fields that neither data nor attributes speak of get their default of the mapping, or what
// INITIALIZE gives. Of the attributes it takes Type, ID, Sequence, Time, SIN and Claim, each where the event
// block names a Field for it; ID only if it has the block's form. Time loses the fraction that its Field has no
// digits for.
//
// An attribute that a Field needs and neither says is missing-value; data that say otherwise than an attribute
// are views-differ; a type that several values have, which data does not tell apart, is unknown-kind. Errors are
// those of Encoder.Append.
func (e *EventEncoder) Append(dst []byte, a EventAttributes, data []byte) ([]byte, error) {
	if err := e.encoder.tape.parse(data); err != nil {
		return dst, err
	}
	if e.encoder.tape.values[0].kind != jsonObject {
		return dst, e.encoder.tape.wrong(0, "", "an object")
	}
	var out []byte
	var first error
	for _, k := range e.view.kinds {
		for i := range k.types.entries {
			t := &k.types.entries[i]
			if t.choice < 0 || t.from != t.to || e.view.names[t.choice] != a.Type {
				continue
			}
			record, err := e.try(k, t.from, &a)
			switch {
			case err != nil && first == nil:
				first = err
			case err == nil && out != nil && !bytes.Equal(out, record):
				return dst, &ValueError{Offset: -1, Reason: copybooks.UnknownKind.String(),
					Err: fmt.Errorf("several values of %s make this type, and the data do not say which", k.types.item.Field.Path)}
			case err == nil:
				out = record
			}
		}
	}
	switch {
	case out != nil:
		return append(dst, out...), nil
	case first == nil:
		first = &ValueError{Offset: -1, Reason: copybooks.UnknownKind.String(), Err: fmt.Errorf("no value makes events of this type")}
	}
	return dst, first
}

// try makes the record of one kind with one value of the type's Field.
func (e *EventEncoder) try(k *eventKind, value string, a *EventAttributes) ([]byte, error) {
	job := &e.encoder.job
	var err error
	if job.attributes, err = k.attributes(value, a); err != nil {
		return nil, err
	}
	out, err := e.encoder.record(nil, slices.Index(e.view.view.records, k.rec), 0, nil)
	job.attributes = nil
	if err != nil {
		return nil, err
	}
	r, err := e.decoder.Decode(out)
	if err != nil {
		return nil, &ValueError{Offset: -1, Reason: copybooks.UnknownKind.String(), Err: err}
	}
	return out, e.agree(k, &r, a)
}

// attributes are the canonical texts of the Fields that attributes speak of; "" where the event does not.
func (k *eventKind) attributes(value string, a *EventAttributes) (map[*copybooks.Field]string, error) {
	out := map[*copybooks.Field]string{}
	for field, text := range k.parsed(a.ID) {
		out[field] = text
	}
	note := func(it *copybooks.Item, text string) {
		if it != nil && (text != "" || out[it.Field] == "") {
			out[it.Field] = text
		}
	}
	note(k.sequence, a.Sequence)
	note(k.sin, a.SIN)
	note(k.claim, a.Claim)
	if k.time != nil && !a.Time.IsZero() {
		digits, f := k.time.date.put(nil, k.time.date.timeText(a.Time))
		if f != copybooks.OK {
			it := k.time.item
			return nil, &ValueError{Offset: -1, Reason: f.String(),
				Err: copybooks.NewFieldError(k.rec.layout, it.Field, f, it.Field.Offset, it.Size())}
		}
		note(k.time.item, string(digits))
	} else if k.time != nil {
		note(k.time.item, "")
	}
	note(k.types.item, value)
	return out, nil
}

// timeText is RFC 3339 with as many digits behind the second as the form has.
func (d *dateForm) timeText(t time.Time) []byte {
	text := t.UTC().AppendFormat(nil, "2006-01-02T15:04:05.000000000")
	if d.fraction == 0 {
		return append(text[:19], 'Z')
	}
	return append(text[:20+min(d.fraction, 9)], 'Z')
}

// parsed are the Fields of the id, if it has the form of the event block; else they are there without a text.
func (k *eventKind) parsed(id string) map[*copybooks.Field]string {
	out := map[*copybooks.Field]string{}
	matches := true
	for i, p := range k.id {
		if p.item == nil {
			rest, ok := strings.CutPrefix(id, p.text)
			id, matches = rest, matches && ok
			continue
		}
		end := len(id)
		if i+1 < len(k.id) && k.id[i+1].item == nil {
			end = strings.Index(id, k.id[i+1].text)
		}
		if matches = matches && end > 0; matches {
			out[p.item.Field], id = id[:end], id[end:]
		} else {
			out[p.item.Field] = ""
		}
	}
	if !matches || id != "" {
		for f := range out {
			out[f] = ""
		}
	}
	return out
}

// agree holds what the record says of itself against the event.
func (e *EventEncoder) agree(k *eventKind, r *copybooks.Record, a *EventAttributes) error {
	// The data may have made a record of another kind, whose registers are not those of k's Items.
	differs := func(it *copybooks.Item, attribute string) error {
		return &ValueError{Offset: -1, Reason: copybooks.ViewsDiffer.String(), Err: fmt.Errorf("the data say otherwise than the event's %s: %w",
			attribute, copybooks.NewFieldError(k.rec.layout, it.Field, copybooks.ViewsDiffer, it.Field.Offset, it.Size()))}
	}
	got, err := e.view.Attributes(*r)
	switch {
	case errors.Is(err, ErrNoEvent) || errors.Is(err, errForeign):
		return differs(k.types.item, "type")
	case err != nil:
		return err
	case got.Type != a.Type:
		return differs(k.types.item, "type")
	case a.Sequence != "" && !sameText(k.sequence, got.Sequence, a.Sequence):
		return differs(k.sequence, "sequence")
	case !sameText(k.sin, got.SIN, a.SIN):
		return differs(k.sin, "subject")
	case !sameText(k.claim, got.Claim, a.Claim):
		return differs(k.claim, "subject")
	case k.time != nil && !a.Time.IsZero() && string(k.time.date.timeText(got.Time)) != string(k.time.date.timeText(a.Time)):
		return differs(k.time.item, "time")
	}
	return nil
}

// sameText compares texts of an Item; leading zeros of a whole number do not count.
func sameText(it *copybooks.Item, a, b string) bool {
	if it == nil {
		return true
	}
	if it.Codec.Kind() == copybooks.IntegerValue {
		x, errA := strconv.ParseUint(a, 10, 64)
		y, errB := strconv.ParseUint(b, 10, 64)
		if errA == nil && errB == nil {
			return x == y
		}
	}
	return a == b
}

// EventContent says what events tell, apart from when and under which number. It is immutable and safe to
// share.
type EventContent struct {
	view *EventView
	ops  map[*record][]op
}

// Content returns what shows the content of events.
func (v *EventView) Content() *EventContent {
	c := &EventContent{view: v, ops: map[*record][]op{}}
	include := v.view.file.Event.Include
	for _, k := range v.kinds {
		wanted := map[*node]bool{}
		for _, p := range include {
			k.rec.root.at(pointerTo(p)).mark(wanted)
		}
		if len(include) == 0 {
			k.rec.root.mark(wanted)
		}
		for n := range wanted {
			if n.leaf != nil && k.numbers(n.leaf.item.Field) {
				delete(wanted, n)
			}
		}
		c.ops[k.rec] = k.rec.program(wanted, false)
	}
	return c
}

// numbers tells whether a Field says when an event happened or under which number.
func (k *eventKind) numbers(f *copybooks.Field) bool {
	if k.sequence != nil && k.sequence.Field == f || k.time != nil && k.time.item.Field == f {
		return true
	}
	return slices.ContainsFunc(k.id, func(p idPart) bool { return p.item != nil && p.item.Field == f })
}

// Append appends the content of a Record's event: its type, whom it is about, and the data without the Fields
// of id, sequence and time. It holds identifiers: digest it, and never show it. Records of two Layouts whose
// events say the same have the same content. Errors are those of Attributes.
func (c *EventContent) Append(dst []byte, r copybooks.Record) ([]byte, error) {
	a, err := c.view.Attributes(r)
	if err != nil {
		return dst, err
	}
	for _, s := range []string{a.Type, a.Program, a.SIN, a.Claim} {
		dst = append(strconv.AppendQuote(dst, s), ' ')
	}
	rec := c.view.view.of(&r)
	return rec.append(dst, &r, c.ops[rec])
}

// Source is the source of the events, as the event block says.
func (v *EventView) Source() string { return v.view.file.Event.Source }

// Subject names the Fields that say whom events are about, as the event block does.
func (v *EventView) Subject() Subject { return v.view.file.Event.Subject }
