package contracts

import (
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/portage-gateway/portage/contracts/mask"
)

// Contract is what both sides of one operation, or of one event, must honour. It is immutable and safe to
// share.
type Contract struct {
	// Name and Version name it; both are mandatory. Summary is for people.
	Name, Version, Summary string
	// Operation is a method and a path with placeholders, such as "GET /v1/ei/claims/{claimRef}"; Event is a
	// CloudEvents type. Exactly one of them is set.
	Operation, Event string
	// Values are what a target must know to be checked, by name, with what each means.
	Values map[string]string
	// Public are the places (with * for any one member or element) whose values a Report may show.
	Public []string
	// Interactions are checked in their order; there is at least one.
	Interactions []*Interaction
}

// Interaction is one request and its answer, or one record and its event.
type Interaction struct {
	// Name is unique in its Contract.
	Name string
	// State names what must be so before; "" asks for nothing.
	State string
	// Line is where the interaction stands in its file, from 1.
	Line int

	request *request
	record  *record
	expect  *expectation
}

// request is an HTTP request with placeholders.
type request struct {
	method, path string
	headers      []header
	body         json.RawMessage // nil: none
}

type header struct{ name, value string }

// record is what goes into a bridge: bytes, or JSON that the target encodes.
type record struct {
	bytes []byte
	json  json.RawMessage
}

// expectation is what must be true of an answer's body or of an event, and of an answer's status and headers.
type expectation struct {
	refused bool // the record must be refused; all else is empty then
	status  int
	headers []header
	schema  *jsonschema.Schema
	exact   []exact
	absent  []string
	never   []string
}

// exact is a value that must stand at a place.
type exact struct {
	pointer string
	value   any // as mask.Parse returns values
}

// masker hides everything that is not public.
func (c *Contract) masker() mask.Masker {
	return mask.Masker{Sensitivity: func(pointer string) string {
		for _, pattern := range c.Public {
			if mask.Match(pattern, pointer) {
				return mask.Public
			}
		}
		return ""
	}}
}
