// Package contracts holds what both sides of an operation must honour, and checks a side against it.
//
// A Contract is a YAML file that belongs to those who consume the operation. It is run against Legacy, behind
// its adapter, and against Modern, with the same interactions: one Verdict says whether both may serve. It
// speaks of two things:
//
//   - An operation: requests, and what must be true of their answers: status, headers, a JSON Schema (2020-12)
//     for the body, exact values at JSON Pointers, places that must be absent, texts that must stand nowhere.
//   - An event: records, and what must be true of the CloudEvent that each becomes, or that it is refused.
//
// A file looks like this:
//
//	contract: ei-claim-status
//	version: 1.0.0
//	operation: GET /v1/ei/claims/{claimRef}     # or  event: ca.example.benefits.cpp.payment.issued.v1
//	values:                                     # what a target must know, with what it means
//	  claimRef: the Reference of a claim that exists
//	public: [/status/code]                      # places whose values reports may show; all else is masked
//	schemas:                                    # to refer to: $ref: "#/schemas/money"
//	  money: {type: object}
//	interactions:
//	  - name: a claim that exists
//	    state: claim-exists                     # given to the target, if it can set states up
//	    request: {method: GET, path: "/v1/ei/claims/{claimRef}", headers: {Accept: application/json}}
//	    response:
//	      status: 200
//	      headers: {Content-Type: application/json}
//	      schema: {$ref: "#/schemas/claim"}     # or schemaFile: claim.schema.json
//	      exact: {/weeklyRate/currency: CAD}    # {name} in a text stands for the target's value
//	      absent: [/sin]                        # * stands for any one member or element
//	      never: ["046454286"]                  # anywhere in the body, escapes undone
//
// In an event's interactions record and expect stand in place of request and response:
//
//	record: {hex: "C3D7D7C5…"}                  # or file: issued.bin, or json: {…} for the target to encode
//	expect: {schema: …, exact: {/data/net: "641.52"}, absent: …, never: …}   # or refused: true
//
// Numbers are exact: a number in a contract equals a number in an answer if they are written with the same
// digits, and a text never equals a number. Write money as a quoted text.
//
// Reports show places, kinds and what was expected. What a side answered is shown masked, unless its place is
// public.
package contracts
