package contracts

import (
	"context"
	"fmt"

	"github.com/portage-gateway/portage/contracts/mask"
)

// message passes the record through the target and checks the event.
func (r *run) message(ctx context.Context) {
	if r.target.Message == nil {
		r.fail(Failure{Kind: KindUnsupported, Expected: "a target that makes events of records", Got: "none"})
		return
	}
	bytes, ok := r.bytes(ctx)
	if !ok {
		return
	}
	event, err := r.target.Message(ctx, bytes)
	refused := r.interaction.expect.refused
	switch {
	case err != nil && !refused:
		r.fail(Failure{Kind: KindRefused, Expected: "an event", Got: err.Error()})
	case err == nil && refused:
		r.fail(Failure{Kind: KindRefused, Expected: "the record refused", Got: fmt.Sprintf("an event of %d bytes", len(event))})
	case err == nil:
		r.cloudEvent(event)
		r.body(event)
	}
}

// bytes returns the record, encoded by the target if the contract holds JSON.
func (r *run) bytes(ctx context.Context) ([]byte, bool) {
	rec := r.interaction.record
	if rec.json == nil {
		return rec.bytes, true
	}
	if r.target.Encode == nil {
		r.fail(Failure{Kind: KindUnsupported, Expected: "a target that encodes records", Got: "none"})
		return nil, false
	}
	encoded, err := r.target.Encode(ctx, r.fillText(rec.json))
	if err != nil {
		r.fail(Failure{Kind: KindUnprepared, Expected: "a record that can be encoded", Got: err.Error()})
		return nil, false
	}
	return encoded, len(r.failures) == 0
}

// cloudEvent checks what every event must have (CloudEvents 1.0.2 §3.1, JSON format §3): the four mandatory
// attributes as texts that are not empty, the contract's type, and no attribute that is null.
func (r *run) cloudEvent(event []byte) {
	value, err := mask.Parse(event)
	if err != nil {
		return // body says so
	}
	attributes, ok := value.(map[string]any)
	if !ok {
		r.fail(Failure{Kind: KindEvent, Expected: "a CloudEvent as a JSON object", Got: r.masker.Value("", value)})
		return
	}
	for _, name := range [...]string{"specversion", "id", "source", "type"} {
		pointer := mask.Member("", name)
		text, ok := attributes[name].(string)
		if !ok || text == "" {
			r.fail(Failure{Pointer: pointer, Kind: KindEvent, Expected: "a text that is not empty", Got: r.masker.Value(pointer, attributes[name])})
		}
	}
	for _, fixed := range [...]struct{ name, want string }{{"specversion", "1.0"}, {"type", r.contract.Event}} {
		pointer := mask.Member("", fixed.name)
		if got, _ := attributes[fixed.name].(string); got != "" && got != fixed.want {
			r.fail(Failure{Pointer: pointer, Kind: KindEvent, Expected: jsonText(fixed.want), Got: r.masker.Value(pointer, got)})
		}
	}
	for _, name := range mask.Names(attributes) {
		if attributes[name] == nil && name != "data" {
			r.fail(Failure{Pointer: mask.Member("", name), Kind: KindEvent, Expected: "no attribute that is null", Got: "null"})
		}
	}
}
