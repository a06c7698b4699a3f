package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// An envelope is what stands sealed in the file: everything of a message but its ID.
//
//	version  1 byte, 1
//	time     1 byte 0 (unknown), or 1 and a varint of nanoseconds since 1970 UTC
//	key      uvarint length, bytes
//	headers  uvarint count, then name and value, each uvarint length and bytes
//	body     the rest
const envelopeVersion = 1

var errEnvelope = errors.New("sealed content has an unknown form")

func sealMessage(s adapters.Sealer, m adapters.Message, context string) ([]byte, error) {
	return s.Seal(appendEnvelope(nil, m), context)
}

func openMessage(s adapters.Sealer, sealed []byte, id, context string) (adapters.Message, error) {
	plain, err := s.Open(sealed, context)
	if err != nil {
		return adapters.Message{}, fmt.Errorf("open sealed content: %w", err)
	}
	m, err := parseEnvelope(plain)
	m.ID = id
	return m, err
}

func appendEnvelope(dst []byte, m adapters.Message) []byte {
	n := len(m.Key) + len(m.Body) + 32
	for _, h := range m.Headers {
		n += len(h.Name) + len(h.Value) + 4
	}
	dst = append(make([]byte, 0, len(dst)+n), dst...)
	dst = append(dst, envelopeVersion)
	if m.Time.IsZero() {
		dst = append(dst, 0)
	} else {
		dst = binary.AppendVarint(append(dst, 1), m.Time.UnixNano())
	}
	dst = appendString(dst, m.Key)
	dst = binary.AppendUvarint(dst, uint64(len(m.Headers)))
	for _, h := range m.Headers {
		dst = appendString(appendString(dst, h.Name), h.Value)
	}
	return append(dst, m.Body...)
}

func appendString[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func parseEnvelope(b []byte) (adapters.Message, error) {
	if len(b) < 2 || b[0] != envelopeVersion || b[1] > 1 {
		return adapters.Message{}, errEnvelope
	}
	var m adapters.Message
	p := &parser{rest: b[2:]}
	if b[1] == 1 {
		m.Time = time.Unix(0, p.varint()).UTC()
	}
	m.Key = p.bytes()
	count := p.uvarint()
	if count > uint64(len(p.rest)) {
		return adapters.Message{}, errEnvelope
	}
	for range count {
		m.Headers = append(m.Headers, adapters.Header{Name: string(p.bytes()), Value: string(p.bytes())})
	}
	if p.bad {
		return adapters.Message{}, errEnvelope
	}
	if len(p.rest) > 0 {
		m.Body = p.rest
	}
	return m, nil
}

// parser takes values off the front; bad sticks.
type parser struct {
	rest []byte
	bad  bool
}

func (p *parser) uvarint() uint64 { return take(p, binary.Uvarint) }
func (p *parser) varint() int64   { return take(p, binary.Varint) }

func take[T uint64 | int64](p *parser, read func([]byte) (T, int)) T {
	v, n := read(p.rest)
	if n <= 0 {
		p.bad, p.rest = true, nil
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

// bytes returns the next string of bytes; nil if it is empty.
func (p *parser) bytes() []byte {
	n := p.uvarint()
	if n > uint64(len(p.rest)) {
		p.bad, p.rest = true, nil
		return nil
	}
	if n == 0 {
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}
