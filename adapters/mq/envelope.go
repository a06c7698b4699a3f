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
	headerMsgID   = "mq-msgid"
	headerPutDate = "mq-putdate"
	headerReason  = "portage-reason"
	headerField   = "portage-field"
	headerOffset  = "portage-offset"
	headerSize    = "portage-size"
	headerQueue   = "portage-queue"
	headerAttempt = "portage-attempts"

	// Of headers in front of the data; Unwrap adds them.
	headerDeadReason  = "mq-dead-reason"
	headerDeadQueue   = "mq-dead-queue"
	headerProgram     = "mq-program"
	headerTransaction = "mq-transaction"
)

// fromQueue makes an adapters.Message of a queue message.
func fromQueue(m *Message, digest func([]byte) [16]byte) adapters.Message {
	out := adapters.Message{Body: m.Body, Time: m.PutTime, Attempts: int(m.BackoutCount),
		Headers: make([]adapters.Header, 0, len(m.Properties)+6)}
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
			if !strings.HasPrefix(p.Name, headerPrefix) { // the descriptor says these, nobody else
				add(p.Name, p.Value)
			}
		}
	}
	if out.ID == "" {
		out.ID = identity(&m.Descriptor, m.Body, digest)
	}
	out.Headers = appendCoding(out.Headers, &m.Descriptor)
	if !m.MsgID.Zero() {
		add(headerMsgID, hex.EncodeToString(m.MsgID[:]))
	}
	if !m.CorrelID.Zero() {
		add(headerCorrel, hex.EncodeToString(m.CorrelID[:]))
	}
	if !m.PutTime.IsZero() {
		add(headerPutDate, m.PutTime.UTC().Format(putDate))
	}
	return out
}

// putDate is how a put time is shown: RFC 3339 with hundredths of a second, all that MQMD keeps.
const putDate = "2006-01-02T15:04:05.00Z"

// appendCoding tells how data is described.
func appendCoding(to []adapters.Header, d *Descriptor) []adapters.Header {
	if d.Format != "" {
		to = append(to, adapters.Header{Name: headerFormat, Value: d.Format})
	}
	if d.CCSID != 0 {
		to = append(to, adapters.Header{Name: headerCCSID, Value: strconv.Itoa(int(d.CCSID))})
	}
	if d.Encoding != 0 {
		to = append(to, adapters.Header{Name: headerCoding, Value: strconv.Itoa(int(d.Encoding))})
	}
	return to
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
