package mapping

import (
	"strings"
	"time"

	"github.com/portage-gateway/portage/copybooks"
)

// Exchange binds an HTTP operation to a request record and its reply, both of the same Layout.
type Exchange struct {
	// Method and Path are the operation, as router patterns have them: GET /v1/ei/claims/{claimRef}.
	Method string `yaml:"method"`
	Path   string `yaml:"path"`
	// Reference is the path parameter that holds the Reference of the claim.
	Reference string `yaml:"reference"`
	// Program is the program of that Reference.
	Program string `yaml:"program"`
	// Request says where each Field of the request comes from, by the Field's name.
	Request map[string]*Binding `yaml:"request"`
	// Reply says what becomes of the answer.
	Reply Reply `yaml:"reply"`
}

// Binding is where a request Field comes from: one of Constant, Header, Parameter and Reference.
type Binding struct {
	// Constant is canonical text.
	Constant *string `yaml:"constant"`
	// Header names a request header; Parameter a path parameter.
	Header    string `yaml:"header"`
	Parameter string `yaml:"parameter"`
	// Reference is a part of the Reference: sin or claim.
	Reference string `yaml:"reference"`
	// Language turns Accept-Language (RFC 9110 section 12.5.4) into the values for en and fr.
	Language map[string]string `yaml:"language"`
	// Values are those that the client may send, and what each becomes. Empty: any.
	Values map[string]string `yaml:"values"`
	// Required refuses a request without a value: 400.
	Required bool `yaml:"required"`
	// Default is taken where there is no value. "": the Field's initial value.
	Default string `yaml:"default"`
	// Cut shortens a value that is longer than the Field. Without it that is a 400.
	Cut bool `yaml:"cut"`
}

// Reply says what becomes of the answer.
type Reply struct {
	// Code names the Field with the return code.
	Code string `yaml:"code"`
	// Statuses are in order; the first that names the code counts. A code that none names is a 502.
	Statuses []Status `yaml:"statuses"`
	// Body are the JSON Pointers of what a good answer shows, in the mapping's order.
	Body []string `yaml:"body"`
	// System names Legacy's system in the answer's source member.
	System string `yaml:"system"`
}

// Status is what a return code becomes.
type Status struct {
	// Codes are values or ranges "a..b".
	Codes []string `yaml:"codes"`
	// Status is the HTTP status.
	Status int `yaml:"status"`
	// Type is the problem's type, a URI reference (RFC 9457); "" is about:blank.
	Type string `yaml:"type"`
	// Reason is a stable word for programs.
	Reason string `yaml:"reason"`
	// Title is what people read.
	Title Title `yaml:"title"`
}

// Title is a text in both languages.
type Title struct {
	EN string `yaml:"en"`
	FR string `yaml:"fr"`
}

// RequestValues are what an HTTP request says. SIN and Claim are what its Reference opened to.
type RequestValues struct {
	Method string
	Params map[string]string
	Header func(name string) string
	SIN    string
	Claim  string
	Now    time.Time
}

// ReplyContext is what an answer needs beside the record.
type ReplyContext struct {
	// Reference is the answer's id.
	Reference string
	// Now is when the answer was got.
	Now time.Time
	// Language is en or fr for the title of a problem; "" is en. Both texts are always there.
	Language string
}

// RequestError says that a request cannot be made of what the client sent.
type RequestError struct {
	// Status is 400, or 405 for another method.
	Status int
	// Parameter is the header or path parameter at fault.
	Parameter string
	// Reason is a copybooks reason code, or "missing-value", "unknown-code", "method".
	Reason string
}

// Error implements error.
func (e *RequestError) Error() string { return "request: " + e.Parameter + ": " + e.Reason }

// ExchangeView makes request records of HTTP requests and HTTP answers of reply records. It is immutable and
// safe to share.
type ExchangeView struct {
	view     *View
	rec      *record
	exchange *Exchange
	bindings []boundField
	codes    *selector
	ops      []op
	blank    []byte // the record of {}: every field as INITIALIZE leaves it
}

type boundField struct {
	item *copybooks.Item
	*Binding
}

// exchange compiles the exchange block.
func (c *compiler) exchange() {
	ex := c.file.Exchange
	if ex == nil {
		return
	}
	rec, f, err := c.find(ex.Reply.Code, nil)
	if err != nil {
		c.fail("exchange.reply.code", "%w", err)
		return
	}
	x := &ExchangeView{view: c.view, rec: rec, exchange: ex}
	x.codes = &selector{item: rec.plan.Item(f), otherwise: none}
	numeric := x.codes.item.Codec.Kind() == copybooks.IntegerValue
	for i, s := range ex.Reply.Statuses {
		if s.Status < 200 || s.Status > 599 || s.Status/100 != 2 && (s.Title.EN == "" || s.Title.FR == "") {
			c.fail("exchange.reply.statuses", "status %d is none, or has no title in both languages", s.Status)
		}
		for _, code := range s.Codes {
			list, err := entries(f, numeric, code, i)
			if err != nil {
				c.fail("exchange.reply.statuses", "code %s: %w", code, err)
			}
			x.codes.entries = append(x.codes.entries, list...)
		}
	}
	if !strings.Contains(ex.Path, "{"+ex.Reference+"}") || ex.Method == "" {
		c.fail("exchange.reference", "the path %q has no parameter %q", ex.Path, ex.Reference)
	}
	for _, name := range sorted(ex.Request) {
		c.binding(x, rec, name, ex.Request[name])
	}
	if len(c.errs) > 0 {
		return
	}
	x.ops = c.included(rec, ex.Reply.Body, "exchange.reply.body")
	e := Encoder{view: &View{records: []*record{rec}}, encoders: []*copybooks.Encoder{rec.plan.Encoder()}}
	if x.blank, err = e.Append(nil, []byte("{}"), nil); err != nil {
		c.fail("exchange", "no request can be made: %w", err)
	}
	c.view.exchange = x
}

func (c *compiler) binding(x *ExchangeView, rec *record, name string, b *Binding) {
	path := "exchange.request." + name
	it := c.optional(rec, name, path)
	if it == nil || b == nil {
		return
	}
	if _, f := rec.plan.Peek(make([]byte, rec.layout.Size()), it); f != copybooks.OK || !it.Field.Elementary() {
		c.fail(path, "%s is no single field at a fixed place", it.Field.Path)
		return
	}
	ways := 0
	for _, set := range []bool{b.Constant != nil, b.Header != "", b.Parameter != "", b.Reference != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		c.fail(path, "wants exactly one of constant, header, parameter and reference")
	}
	if b.Reference != "" && b.Reference != "sin" && b.Reference != "claim" {
		c.fail(path+".reference", "%q is neither sin nor claim", b.Reference)
	}
	if b.Parameter != "" && !strings.Contains(x.exchange.Path, "{"+b.Parameter+"}") {
		c.fail(path+".parameter", "the path has no parameter %q", b.Parameter)
	}
	try := []string{b.Default, b.Language["en"], b.Language["fr"]}
	if b.Constant != nil {
		try = append(try, *b.Constant)
	}
	for _, v := range sorted(b.Values) {
		try = append(try, b.Values[v])
	}
	for _, text := range try {
		if text == "" {
			continue
		}
		if f := it.Codec.Put(make([]byte, it.Size()), []byte(text)); f != copybooks.OK {
			c.fail(path, "%q does not fit %s: %v", text, it.Field.Path, f)
		}
	}
	x.bindings = append(x.bindings, boundField{item: it, Binding: b})
}

// Method returns the HTTP method of the operation.
func (x *ExchangeView) Method() string { return x.exchange.Method }

// Path returns the operation's path pattern.
func (x *ExchangeView) Path() string { return x.exchange.Path }

// Parameter returns the path parameter that holds the Reference.
func (x *ExchangeView) Parameter() string { return x.exchange.Reference }

// Program returns the program of the Reference.
func (x *ExchangeView) Program() string { return x.exchange.Program }

// Request appends the request record. Fields without a binding have their initial value. The error is a
// *RequestError for what the client sent.
func (x *ExchangeView) Request(dst []byte, in RequestValues) ([]byte, error) {
	if in.Method != "" && in.Method != x.exchange.Method {
		return dst, &RequestError{Status: 405, Parameter: "method", Reason: "method"}
	}
	e := x.rec.plan.Encoder()
	if err := e.Start(x.blank); err != nil {
		return dst, err
	}
	for _, b := range x.bindings {
		text, name, f := b.value(in)
		if f == copybooks.OK && text != "" {
			f = b.put(e, text)
		}
		if f != copybooks.OK {
			return dst, &RequestError{Status: 400, Parameter: name, Reason: f.String()}
		}
	}
	return e.AppendRecord(dst), nil
}

// value returns the text that a Field gets; "" leaves its initial value.
func (b *boundField) value(in RequestValues) (text, name string, f copybooks.Fault) {
	switch {
	case b.Constant != nil:
		return *b.Constant, "constant", copybooks.OK
	case b.Header != "":
		name = b.Header
		if in.Header != nil {
			text = strings.TrimSpace(in.Header(name))
		}
		if len(b.Language) > 0 {
			text = b.Language[language(text)]
			return orDefault(text, b.Default), name, copybooks.OK
		}
	case b.Parameter != "":
		name, text = b.Parameter, in.Params[b.Parameter]
	case b.Reference == "sin":
		name, text = "reference", in.SIN
	default:
		name, text = "reference", in.Claim
	}
	if text != "" && len(b.Values) > 0 {
		v, ok := b.Values[text]
		if !ok {
			return "", name, copybooks.UnknownCode
		}
		text = v
	}
	if text == "" && b.Required {
		return "", name, copybooks.MissingValue
	}
	return orDefault(text, b.Default), name, copybooks.OK
}

func orDefault(text, def string) string {
	if text == "" {
		return def
	}
	return text
}

func (b *boundField) put(e *copybooks.Encoder, text string) copybooks.Fault {
	f := e.Put(b.item, []byte(text))
	for r := []rune(text); f == copybooks.TextTooLong && b.Cut && len(r) > 0; {
		r = r[:min(len(r)-1, b.item.Size())]
		f = e.Put(b.item, []byte(string(r)))
	}
	return f
}

// language returns en, fr or "" for an Accept-Language header (RFC 9110 section 12.5.4): the language of the
// greatest quality, the first of equals.
func language(header string) string {
	best, at := "", -1
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(part, ";")
		tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if tag != "en" && tag != "fr" {
			continue
		}
		if q := quality(params); q > at && q > 0 {
			best, at = tag, q
		}
	}
	return best
}

// quality reads q=0.8 as 800; 1000 without one.
func quality(params string) int {
	_, value, ok := strings.Cut(strings.ReplaceAll(params, " ", ""), "q=")
	if !ok {
		return 1000
	}
	whole, frac, _ := strings.Cut(value, ".")
	if whole != "0" {
		return 1000
	}
	frac = (frac + "000")[:3]
	n := 0
	for _, c := range frac {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// Language returns en, fr or "" for an Accept-Language header.
func Language(header string) string { return language(header) }
