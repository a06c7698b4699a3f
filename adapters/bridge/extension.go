package bridge

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/portage-gateway/portage/adapters"
)

// Headers of a trace, which are extension attributes under the same names (CloudEvents, Distributed
// Tracing extension) and message properties in IBM MQ.
const (
	headerParent = "traceparent"
	headerState  = "tracestate"
)

// origin are the headers of a queue message that an event's message keeps.
var origin = []string{"mq-msgid", "mq-correlid", "mq-putdate", "mq-format", "mq-ccsid"}

// taken are attributes that events have already (CloudEvents 1.0, section 3).
var taken = []string{"specversion", "id", "source", "type", "subject", "time", "data", "datacontenttype", "dataschema",
	"data_base64", "sequence", "routedside", "flags", headerParent, headerState}

// checkExtensions holds attribute names against the specification (CloudEvents 1.0, section 3.1).
func checkExtensions(names map[string]string) error {
	by := map[string]string{}
	for _, header := range slices.Sorted(maps.Keys(names)) {
		attribute := names[header]
		switch {
		case header == "" || header != strings.ToLower(header):
			return fmt.Errorf("extension %s: the header %q is not a name in lower case", attribute, header)
		case attribute == "" || len(attribute) > 20 || strings.ContainsFunc(attribute, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
		}):
			return fmt.Errorf("extension %q: an attribute's name is 1 to 20 of a to z and 0 to 9", attribute)
		case slices.Contains(taken, attribute):
			return fmt.Errorf("extension %s: events have this attribute already", attribute)
		case by[attribute] != "":
			return fmt.Errorf("extension %s: it stands for %s and for %s", attribute, by[attribute], header)
		}
		by[attribute] = header
	}
	return nil
}

// headers are those of an event's message.
func (t *translator) headers(m adapters.Message) []adapters.Header {
	out := append([]adapters.Header{{Name: "content-type", Value: ContentType}}, traceOf(m)...)
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(t.Extensions)), origin) {
		if value, ok := plain(m, name); ok {
			out = append(out, adapters.Header{Name: name, Value: value})
		}
	}
	return out
}

// plain returns a header that may be an attribute: one without control characters (CloudEvents 1.0,
// section 3.1, String).
func plain(m adapters.Message, name string) (string, bool) {
	value, ok := m.Header(name)
	return value, ok && utf8.ValidString(value) && !strings.ContainsFunc(value, unicode.IsControl)
}

func traceOf(m adapters.Message) []adapters.Header {
	parent, _ := m.Header(headerParent)
	state, _ := m.Header(headerState)
	return trace(parent, state)
}

// trace returns the headers of a trace; none if traceparent is not one, since a receiver must then ignore
// both (W3C Trace Context, sections 3.2 and 4.2).
func trace(parent, state string) []adapters.Header {
	if !isParent(parent) {
		return nil
	}
	out := []adapters.Header{{Name: headerParent, Value: parent}}
	if state != "" && len(state) <= 512 && !strings.ContainsFunc(state, func(r rune) bool { return r < ' ' || r > '~' }) {
		out = append(out, adapters.Header{Name: headerState, Value: state})
	}
	return out
}

// isParent accepts version-traceid-parentid-flags in lower-case hexadecimal, no part of it zero where it
// may not be; versions after 00 may add more at the end.
func isParent(s string) bool {
	if len(s) < 55 || s[2] != '-' || s[35] != '-' || s[52] != '-' || len(s) > 55 && (s[:2] == "00" || s[55] != '-') || s[:2] == "ff" {
		return false
	}
	for _, part := range []string{s[:2], s[3:35], s[36:52], s[53:55]} {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return false
		}
	}
	return len(s) <= 512 && strings.Trim(s[3:35], "0") != "" && strings.Trim(s[36:52], "0") != ""
}

// shifted makes a fault's offset count from the start of the whole body: the record begins behind headers.
func shifted(err error, whole, record []byte) error {
	why, ok := refusalOf(err)
	if !ok || len(whole) == len(record) || why.Offset < 0 {
		return err
	}
	out := *why
	if out.Offset = -1; bytes.HasSuffix(whole, record) {
		out.Offset = why.Offset + len(whole) - len(record)
	}
	return &out
}
