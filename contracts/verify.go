package contracts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/contracts/mask"
)

// maxAnswer is the largest body that is read, in bytes.
const maxAnswer = 4 << 20

// maxExponent is the largest exponent of a number that a schema is checked against: the validator writes
// numbers out.
const maxExponent = 400

// Target is one side: what a Contract is checked against. HTTP answers operations, Message turns records into
// events; one of them may be nil.
type Target struct {
	// Name stands in the Report, such as "legacy".
	Name string
	// HTTP answers a request whose address has the contract's path and no host.
	HTTP http.RoundTripper
	// Message returns the CloudEvent, structured as JSON, that a record becomes. An error says that the record
	// was refused; its text must not show content.
	Message func(ctx context.Context, record []byte) ([]byte, error)
	// Encode makes a record of JSON, for contracts that hold records as JSON.
	Encode func(ctx context.Context, json []byte) ([]byte, error)
	// Values are what the contract's placeholders stand for at this side.
	Values map[string]string
	// State makes so what an Interaction's state names, and may return Values for it, which outrank those above.
	// Nil: the side is as it must be.
	State func(ctx context.Context, state string) (map[string]string, error)
}

// Verify checks a target against a contract and reports each Interaction. An error says that nothing can be
// reported: ctx has ended.
func Verify(ctx context.Context, c *Contract, t Target) (*Report, error) {
	r := &Report{Contract: c.Name, Version: c.Version, Target: t.Name, OK: true}
	for _, i := range c.Interactions {
		run := &run{contract: c, interaction: i, target: t, masker: c.masker()}
		run.all(ctx)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("verify %s at %s: %w", c.Name, t.Name, err)
		}
		ok := len(run.failures) == 0
		r.Interactions = append(r.Interactions, Result{Name: i.Name, State: i.State, OK: ok, Failures: run.failures})
		r.OK = r.OK && ok
	}
	return r, nil
}

// run is one Interaction at one Target.
type run struct {
	contract    *Contract
	interaction *Interaction
	target      Target
	values      map[string]string
	masker      mask.Masker
	failures    []Failure
}

func (r *run) fail(f Failure) { r.failures = append(r.failures, f) }

func (r *run) all(ctx context.Context) {
	if !r.prepare(ctx) {
		return
	}
	if r.interaction.request != nil {
		r.exchange(ctx)
	} else {
		r.message(ctx)
	}
}

// prepare sets the state up and looks whether every placeholder has a value.
func (r *run) prepare(ctx context.Context) bool {
	r.values = map[string]string{}
	for name, value := range r.target.Values {
		r.values[name] = value
	}
	if r.interaction.State != "" && r.target.State != nil {
		more, err := r.target.State(ctx, r.interaction.State)
		if err != nil {
			r.fail(Failure{Kind: KindUnprepared, Expected: fmt.Sprintf("the state %q", r.interaction.State), Got: err.Error()})
			return false
		}
		for name, value := range more {
			r.values[name] = value
		}
	}
	return true
}

// fill puts the target's values into a text. What has no value fails the Interaction.
func (r *run) fill(text string, escape func(string) string) string {
	return placeholderForm.ReplaceAllStringFunc(text, func(p string) string {
		name := p[1 : len(p)-1]
		value, ok := r.values[name]
		if !ok {
			f := Failure{Kind: KindUnprepared, Expected: fmt.Sprintf("a value for %s: %s", p, r.contract.Values[name]), Got: "none"}
			if len(r.failures) == 0 || r.failures[len(r.failures)-1] != f {
				r.fail(f)
			}
			return p
		}
		return escape(value)
	})
}

func asIs(s string) string { return s }

// fillJSON fills every text of a JSON value.
func (r *run) fillJSON(value any) any {
	switch v := value.(type) {
	case string:
		return r.fill(v, asIs)
	case map[string]any:
		filled := map[string]any{}
		for name, member := range v {
			filled[name] = r.fillJSON(member)
		}
		return filled
	case []any:
		filled := make([]any, len(v))
		for i, item := range v {
			filled[i] = r.fillJSON(item)
		}
		return filled
	}
	return value
}

func (r *run) fillText(text json.RawMessage) []byte {
	value, err := mask.Parse(text)
	if err != nil { // the contract's own text was read by Parse
		return text
	}
	filled, err := json.Marshal(r.fillJSON(value))
	if err != nil {
		return text
	}
	return filled
}

// exchange sends the request and checks the answer.
func (r *run) exchange(ctx context.Context) {
	if r.target.HTTP == nil {
		r.fail(Failure{Kind: KindUnsupported, Expected: "a target that answers requests", Got: "none"})
		return
	}
	q, ok := r.build(ctx)
	if !ok {
		return
	}
	answer, err := r.target.HTTP.RoundTrip(q)
	if err != nil {
		r.fail(Failure{Kind: KindUnanswered, Expected: "an answer", Got: withoutAddress(err)})
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil || len(body) > maxAnswer {
		r.fail(Failure{Kind: KindUnanswered, Expected: fmt.Sprintf("a whole body of at most %d bytes", maxAnswer), Got: "another"})
		return
	}
	e := r.interaction.expect
	if answer.StatusCode != e.status {
		r.fail(Failure{Pointer: "status", Kind: KindStatus, Expected: strconv.Itoa(e.status), Got: strconv.Itoa(answer.StatusCode)})
		return // the body is another interaction's
	}
	for _, h := range e.headers {
		r.header(h, answer.Header)
	}
	r.body(body)
}

func (r *run) build(ctx context.Context) (*http.Request, bool) {
	q := r.interaction.request
	var body io.Reader = http.NoBody
	if q.body != nil {
		body = bytes.NewReader(r.fillText(q.body))
	}
	address := "http://contract.invalid" + r.fill(q.path, url.PathEscape)
	request, err := http.NewRequestWithContext(ctx, q.method, address, body)
	if err != nil {
		r.fail(Failure{Kind: KindUnprepared, Expected: "a request that can be written", Got: "one that cannot"})
		return nil, false
	}
	for _, h := range q.headers {
		request.Header.Add(h.name, r.fill(h.value, asIs))
	}
	if q.body != nil && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, len(r.failures) == 0
}

// withoutAddress drops the address from an error: it holds a Reference.
func withoutAddress(err error) string {
	var e *url.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	return err.Error()
}

// header checks one header: Content-Type by media type if no parameter is asked for, * for any value.
func (r *run) header(h header, got http.Header) {
	pointer := "header/" + h.name
	values := got.Values(h.name)
	want := r.fill(h.value, asIs)
	if len(values) == 0 {
		r.fail(Failure{Pointer: pointer, Kind: KindHeader, Expected: h.value, Got: absent})
		return
	}
	if want == "*" {
		return
	}
	value := strings.Join(values, ", ")
	if h.name == "Content-Type" && !strings.Contains(want, ";") {
		if media, _, err := mime.ParseMediaType(value); err == nil {
			value = media
		}
		if value != want {
			r.fail(Failure{Pointer: pointer, Kind: KindHeader, Expected: h.value, Got: value})
		}
		return
	}
	if value != want {
		r.fail(Failure{Pointer: pointer, Kind: KindHeader, Expected: h.value, Got: r.masker.Value(pointer, value)})
	}
}

// body checks an answer's body or an event.
func (r *run) body(body []byte) {
	e := r.interaction.expect
	if e.schema == nil && len(e.exact)+len(e.absent)+len(e.never) == 0 {
		return
	}
	value, err := mask.Parse(body)
	if err != nil {
		r.fail(Failure{Kind: KindJSON, Expected: "JSON", Got: err.Error()})
		r.never(string(body))
		return
	}
	if e.schema != nil {
		r.schema(value)
	}
	for _, want := range e.exact {
		r.exact(want, value)
	}
	for _, pattern := range e.absent {
		r.absent(pattern, "", value)
	}
	r.never(string(body) + "\n" + unescaped(value)) // escapes could hide a text
}

// schema checks a value whose numbers the validator can write out.
func (r *run) schema(value any) {
	if pointer, ok := wildNumber("", value); ok {
		r.fail(Failure{Pointer: pointer, Kind: KindValue, Expected: fmt.Sprintf("a number with an exponent within %d", maxExponent), Got: "another"})
		return
	}
	r.failures = append(r.failures, matchSchema(r.interaction.expect.schema, value, r.masker)...)
}

// wildNumber finds a number with a huge exponent.
func wildNumber(pointer string, value any) (string, bool) {
	switch v := value.(type) {
	case json.Number:
		i := strings.IndexAny(v.String(), "eE")
		if i < 0 {
			return "", false
		}
		exponent, err := strconv.Atoi(v.String()[i+1:])
		return pointer, err != nil || exponent > maxExponent || exponent < -maxExponent
	case map[string]any:
		for _, name := range mask.Names(v) {
			if p, wild := wildNumber(mask.Member(pointer, name), v[name]); wild {
				return p, true
			}
		}
	case []any:
		for i, item := range v {
			if p, wild := wildNumber(mask.Index(pointer, i), item); wild {
				return p, true
			}
		}
	}
	return "", false
}
