package bridge

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/copybooks/mapping"
)

// problem is one of the closed set of answers that an Exchange gives by itself (RFC 9457). Its words
// tell clients nothing of queues, programs or content.
type problem struct {
	kind    string // the last part of the type URI
	outcome string // the label of portage_exchange_answers_total
	status  int
	retry   int // Retry-After in seconds; 0: none
	en, fr  string

	parameter, reason string // what is at fault in the request; may be empty
}

// about returns the problem with what is at fault: the name of a header or parameter and a stable code.
func (p problem) about(parameter, reason string) problem {
	p.parameter, p.reason = parameter, reason
	return p
}

var (
	problemReference = problem{kind: "unknown-reference", outcome: "unknown_reference", status: http.StatusNotFound,
		en: "There is no such claim", fr: "Cette demande n'existe pas"}
	problemRequest = problem{kind: "bad-request", outcome: "bad_request", status: http.StatusBadRequest,
		en: "The request cannot be used", fr: "La requête est inutilisable"}
	problemMethod = problem{kind: "method-not-allowed", outcome: "bad_request", status: http.StatusMethodNotAllowed,
		en: "The method is not allowed", fr: "La méthode n'est pas permise"}
	problemBusy = problem{kind: "legacy-busy", outcome: "busy", status: http.StatusServiceUnavailable, retry: 1,
		en: "The service is busy", fr: "Le service est occupé"}
	problemUnreachable = problem{kind: "legacy-unreachable", outcome: "unreachable", status: http.StatusServiceUnavailable, retry: 5,
		en: "The service is not available", fr: "Le service n'est pas disponible"}
	problemTimeout = problem{kind: "legacy-timeout", outcome: "timeout", status: http.StatusGatewayTimeout,
		en: "The service did not answer in time", fr: "Le service n'a pas répondu à temps"}
	problemFailed = problem{kind: "legacy-failed", outcome: "failed", status: http.StatusBadGateway,
		en: "The service could not do it", fr: "Le service n'a pas pu le faire"}
	problemAnswer = problem{kind: "legacy-answer", outcome: "undecodable", status: http.StatusBadGateway,
		en: "The service's answer cannot be read", fr: "La réponse du service est illisible"}
)

// problems lists all of them, for metrics.
var problems = []problem{problemReference, problemRequest, problemMethod, problemBusy, problemUnreachable, problemTimeout, problemFailed, problemAnswer}

// problemBody is the JSON of a problem. Titles holds both languages when the client named none.
type problemBody struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Parameter string            `json:"parameter,omitempty"`
	Reason    string            `json:"reason,omitempty"`
	Titles    map[string]string `json:"titles,omitempty"`
}

// response answers r with the problem, its title in the client's language.
func (p problem) response(r *http.Request) (*http.Response, error) {
	b := problemBody{Type: "urn:portage:problem:" + p.kind, Title: p.en, Status: p.status, Parameter: p.parameter, Reason: p.reason}
	language := language(r)
	switch language {
	case "fr":
		b.Title = p.fr
	case "":
		b.Titles = map[string]string{"en": p.en, "fr": p.fr}
	}
	body, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	res := answer(r, p.status, "application/problem+json", language, body)
	if p.retry > 0 {
		res.Header.Set("Retry-After", strconv.Itoa(p.retry))
	}
	return res, nil
}

// answer makes a response that no cache may keep: what it tells is about a person.
func answer(r *http.Request, status int, contentType, language string, body []byte) *http.Response {
	h := http.Header{"Content-Type": {contentType}, "Content-Length": {strconv.Itoa(len(body))},
		"Cache-Control": {"no-store"}, "Vary": {"Accept-Language"}}
	if language != "" {
		h.Set("Content-Language", language)
	}
	return &http.Response{Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}
}

// language is the official language that the client prefers: "en", "fr", or "" when Accept-Language
// names neither.
func language(r *http.Request) string {
	return mapping.Language(strings.Join(r.Header.Values("Accept-Language"), ","))
}
