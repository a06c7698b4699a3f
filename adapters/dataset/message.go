package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// line is a message as one line of JSON. Byte strings are base64; with a Sealer all but the ID is in Sealed.
type line struct {
	ID      string      `json:"id,omitempty"`
	Time    string      `json:"time,omitempty"` // RFC 3339, UTC
	Key     []byte      `json:"key,omitempty"`
	Headers [][2]string `json:"headers,omitempty"`
	Body    []byte      `json:"body,omitempty"`
	Sealed  []byte      `json:"sealed,omitempty"`
}

var errLine = errors.New("it is no message of this form")

// sealContext binds a sealed message to its ID.
func sealContext(id string) string { return "portage-dataset-message/" + id }

// AppendMessage appends m, whole, as one line of JSON without a newline: id, time (RFC 3339, UTC), key and
// body (base64), headers (pairs, in order). With a Sealer all but the id is sealed. Attempts is not kept. It
// is the form of dead letters and of [Messages].
func AppendMessage(dst []byte, m adapters.Message, s adapters.Sealer) ([]byte, error) {
	l := line{Key: m.Key, Body: m.Body}
	if !m.Time.IsZero() {
		l.Time = m.Time.UTC().Format(time.RFC3339Nano)
	}
	for _, h := range m.Headers {
		l.Headers = append(l.Headers, [2]string{h.Name, h.Value})
	}
	if s == nil {
		l.ID = m.ID
	} else {
		plain, err := json.Marshal(l)
		if err != nil {
			return nil, fmt.Errorf("message %s: %w", m.ID, err)
		}
		sealed, err := s.Seal(plain, sealContext(m.ID))
		if err != nil {
			return nil, fmt.Errorf("seal message %s: %w", m.ID, err)
		}
		l = line{ID: m.ID, Sealed: sealed}
	}
	b, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("message %s: %w", m.ID, err)
	}
	return append(dst, b...), nil
}

// ParseMessage reads what AppendMessage wrote; s opens it if it is sealed. The error holds no content.
func ParseMessage(b []byte, s adapters.Sealer) (adapters.Message, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil || l.ID == "" {
		return adapters.Message{}, errLine
	}
	id := l.ID
	if len(l.Sealed) > 0 {
		if s == nil {
			return adapters.Message{}, errors.New("the message is sealed, and there is no Sealer")
		}
		plain, err := s.Open(l.Sealed, sealContext(id))
		if err != nil {
			return adapters.Message{}, fmt.Errorf("open a sealed message: %w", err)
		}
		l = line{}
		if err := json.Unmarshal(plain, &l); err != nil {
			return adapters.Message{}, errLine
		}
	}
	m := adapters.Message{ID: id, Key: l.Key, Body: l.Body}
	if l.Time != "" {
		t, err := time.Parse(time.RFC3339Nano, l.Time)
		if err != nil {
			return adapters.Message{}, errLine
		}
		m.Time = t.UTC()
	}
	for _, h := range l.Headers {
		m.Headers = append(m.Headers, adapters.Header{Name: h[0], Value: h[1]})
	}
	return m, nil
}
