package webhook

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/portage-gateway/portage/adapters"
)

const structuredType = "application/cloudevents+json"

// The headers of what Config.ForwardKey and ForwardHeaders send.
const (
	headerKey    = "Portage-Key"
	headerHeader = "Portage-Header"
)

// content is what one message becomes on its way: the same in each attempt.
type content struct {
	id     string // as its header has it
	header http.Header
	body   []byte
}

func refuse(reason string, size int, err error) error {
	return &adapters.Refusal{Reason: reason, Offset: -1, Size: size, Err: err}
}

// content makes body and headers of a message, all but its signature.
func (c *Config) content(m adapters.Message) (content, error) {
	if m.ID == "" {
		return content{}, fmt.Errorf("webhook %s: message without an ID", c.Name)
	}
	id := encode(m.ID)
	out := content{id: id, body: m.Body, header: http.Header{HeaderID: {id}, HeaderIdempotency: {quote(id)}, "User-Agent": {"Portage"}}}
	kind, _ := m.Header("content-type")
	media, _, _ := strings.Cut(kind, ";")
	if c.Content == Binary && strings.EqualFold(strings.TrimSpace(media), structuredType) {
		var err error
		if out.body, kind, err = binaryMode(m.Body, out.header); err != nil {
			return content{}, refuse("not-cloudevent", len(m.Body), fmt.Errorf("message %s: %w", m.ID, err))
		}
	}
	if len(out.body) > c.MaxBody {
		return content{}, refuse("too-large", len(m.Body), fmt.Errorf("message %s has %d bytes, and webhook %s sends %d (maxBody)", m.ID, len(out.body), c.Name, c.MaxBody))
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	out.header.Set("Content-Type", kind)
	if parent, ok := m.Header("traceparent"); ok {
		out.header.Set("Traceparent", parent)
	}
	if c.ForwardKey && len(m.Key) > 0 {
		out.header.Set(headerKey, base64.StdEncoding.EncodeToString(m.Key))
	}
	if c.ForwardHeaders {
		for _, h := range m.Headers {
			out.header.Add(headerHeader, encode(h.Name)+"="+encode(h.Value))
		}
	}
	for name, values := range out.header {
		if !slices.ContainsFunc(values, unfit) {
			continue
		}
		return content{}, refuse("header", len(m.Body), fmt.Errorf("message %s: header %s cannot be sent", m.ID, name))
	}
	return out, nil
}

// unfit tells whether a header value has characters that HTTP does not carry (RFC 9110 section 5.5).
func unfit(value string) bool {
	return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' })
}

// encode percent-encodes what is not visible ASCII, and ", % and space (CloudEvents HTTP binding 1.0.2, section
// 3.1.3.2).
func encode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(s) {
		if c > ' ' && c <= '~' && c != '"' && c != '%' {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

// quote makes a string of RFC 8941 section 3.3.3; encode has left no quote in it.
func quote(s string) string { return `"` + strings.ReplaceAll(s, `\`, `\\`) + `"` }

var attributeName = regexp.MustCompile(`^[a-z0-9]+$`)

// binaryMode takes a structured CloudEvent apart: each attribute becomes a header ce-NAME, data the body
// (CloudEvents HTTP binding 1.0.2, section 3.1). Errors tell no content.
func binaryMode(structured []byte, header http.Header) (body []byte, kind string, err error) {
	var event map[string]json.RawMessage
	if err := json.Unmarshal(structured, &event); err != nil {
		return nil, "", errors.New("the body is not a JSON object, as its content type says")
	}
	kind = "application/json"
	for _, name := range slices.Sorted(maps.Keys(event)) {
		raw := event[name]
		switch {
		case name == "data":
			body = raw
		case name == "data_base64":
			if err := json.Unmarshal(raw, &body); err != nil {
				return nil, "", errors.New("data_base64 is not base64")
			}
		case !attributeName.MatchString(name):
			return nil, "", errors.New("an attribute's name is none of CloudEvents")
		case string(raw) == "null": // as if it were not there (CloudEvents JSON event format 1.0.2, section 2.2)
		default:
			value, err := attribute(raw)
			if err != nil {
				return nil, "", fmt.Errorf("attribute %s: %w", name, err)
			}
			if name == "datacontenttype" {
				kind = value
				continue
			}
			header.Set("ce-"+name, encode(value))
		}
	}
	return body, kind, nil
}

// attribute is the text of a CloudEvents attribute: a string, a whole number or a boolean.
func attribute(raw json.RawMessage) (string, error) {
	if raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	}
	if raw[0] == '{' || raw[0] == '[' {
		return "", errors.New("not a string, number or boolean")
	}
	return string(raw), nil
}
