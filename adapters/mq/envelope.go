package mq

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/adapters"
)

// Names of the properties that hold what a queue message has no field for, and of the headers under
// which a Source shows descriptor fields. Headers that begin with "mq-" are never put back as
// properties: the descriptor has them.
const (
	propertyID    = "portage-id"
	propertyKey   = "portage-key"
	headerPrefix  = "mq-"
	headerFormat  = "mq-format"
	headerCCSID   = "mq-ccsid"
	headerCoding  = "mq-encoding"
	headerCorrel  = "mq-correlid"
	headerReason  = "portage-reason"
	headerField   = "portage-field"
	headerOffset  = "portage-offset"
	headerSize    = "portage-size"
	headerQueue   = "portage-queue"
	headerAttempt = "portage-attempts"
)

// fromQueue makes an adapters.Message of a queue message.
func fromQueue(m *Message, digest func([]byte) [16]byte) adapters.Message {
	out := adapters.Message{Body: m.Body, Time: m.PutTime, Attempts: int(m.BackoutCount)}
	add := func(name, value string) { out.Headers = append(out.Headers, adapters.Header{Name: name, Value: value}) }
	for _, p := range m.Properties {
		switch p.Name {
		case propertyID:
			out.ID = p.Value
		case propertyKey:
			if key, err := base64.RawURLEncoding.DecodeString(p.Value); err == nil {
				out.Key = key
			}
		default:
			add(p.Name, p.Value)
		}
	}
	if out.ID == "" {
		out.ID = identity(&m.Descriptor, m.Body, digest)
	}
	if m.Format != "" {
		add(headerFormat, m.Format)
	}
	if m.CCSID != 0 {
		add(headerCCSID, strconv.Itoa(int(m.CCSID)))
	}
	if m.Encoding != 0 {
		add(headerCoding, strconv.Itoa(int(m.Encoding)))
	}
	if !m.CorrelID.Zero() {
		add(headerCorrel, hex.EncodeToString(m.CorrelID[:]))
	}
	return out
}

// properties returns what is put beside the body of m. withID says to carry its ID too.
func properties(m *adapters.Message, withID bool) []adapters.Header {
	out := make([]adapters.Header, 0, len(m.Headers)+2)
	if withID {
		out = append(out, adapters.Header{Name: propertyID, Value: m.ID})
	}
	if len(m.Key) > 0 {
		out = append(out, adapters.Header{Name: propertyKey, Value: base64.RawURLEncoding.EncodeToString(m.Key)})
	}
	for _, h := range m.Headers {
		if !strings.HasPrefix(h.Name, headerPrefix) && h.Name != propertyID && h.Name != propertyKey {
			out = append(out, h)
		}
	}
	return out
}

// refusalHeaders say why a message is put aside; the closed set of reasons is the caller's.
func refusalHeaders(queue string, attempts int, r *adapters.Refusal) []adapters.Header {
	out := []adapters.Header{
		{Name: headerReason, Value: r.Reason},
		{Name: headerQueue, Value: queue},
		{Name: headerAttempt, Value: strconv.Itoa(attempts)},
	}
	if r.Field != "" {
		out = append(out, adapters.Header{Name: headerField, Value: r.Field})
	}
	if r.Offset >= 0 {
		out = append(out, adapters.Header{Name: headerOffset, Value: strconv.Itoa(r.Offset)})
	}
	if r.Size >= 0 {
		out = append(out, adapters.Header{Name: headerSize, Value: strconv.Itoa(r.Size)})
	}
	return out
}

// AsMessage returns a queue message as a Source delivers it, with the plain identity digest. For
// tools and tests that look at queues without a Source.
func AsMessage(m Message) adapters.Message { return fromQueue(&m, plainDigest) }
