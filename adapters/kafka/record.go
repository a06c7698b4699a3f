package kafka

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/portage-gateway/portage/adapters"
)

// Headers of each record that Portage publishes.
const (
	// IDHeader carries Message.ID: readers drop repetitions by it.
	IDHeader = "portage-id"
	// TimeHeader carries Message.Time (RFC 3339, to the nanosecond) where it is known.
	TimeHeader = "portage-time"
)

const structuredType = "application/cloudevents+json"

// recordVersion is the record format of Kafka 0.11 and later, whose overhead sarama counts.
const recordVersion = 2

// records makes Kafka's records; one that is too large refuses all of them before any is sent.
func (c *Config) records(m []adapters.Message) ([]*sarama.ProducerMessage, error) {
	records := make([]*sarama.ProducerMessage, len(m))
	for i := range m {
		r, err := c.record(m[i])
		if err != nil {
			return nil, err
		}
		if size := r.ByteSize(recordVersion); size > c.MaxMessageBytes {
			return nil, &adapters.Refusal{Reason: "too-large", Offset: -1, Size: len(m[i].Body),
				Err: fmt.Errorf("message %s takes %d bytes, topic %s takes %d (raise maxMessageBytes and the topic's max.message.bytes)",
					m[i].ID, size, c.Topic, c.MaxMessageBytes)}
		}
		records[i] = r
	}
	return records, nil
}

// record keeps body, key and headers. ID and Time go into headers of their own. The record's timestamp is when it is published:
// brokers delete by it (retention.ms), and a message that waited longer than that would be gone as soon as it came.
func (c *Config) record(m adapters.Message) (*sarama.ProducerMessage, error) {
	r := &sarama.ProducerMessage{Topic: c.Topic}
	if len(m.Key) > 0 {
		r.Key = sarama.ByteEncoder(m.Key)
	}
	body, headers := m.Body, m.Headers
	if c.Content == Binary && isStructured(m) {
		var err error
		if body, headers, err = binaryMode(m); err != nil {
			return nil, &adapters.Refusal{Reason: "not-cloudevent", Offset: -1, Size: len(m.Body),
				Err: fmt.Errorf("message %s: %w", m.ID, err)}
		}
	}
	r.Value = sarama.ByteEncoder(body)
	for _, h := range headers {
		if h.Name != IDHeader && h.Name != TimeHeader {
			r.Headers = append(r.Headers, sarama.RecordHeader{Key: []byte(h.Name), Value: []byte(h.Value)})
		}
	}
	r.Headers = append(r.Headers, sarama.RecordHeader{Key: []byte(IDHeader), Value: []byte(m.ID)})
	if !m.Time.IsZero() {
		r.Headers = append(r.Headers, sarama.RecordHeader{Key: []byte(TimeHeader), Value: m.Time.UTC().AppendFormat(nil, time.RFC3339Nano)})
	}
	return r, nil
}

func isStructured(m adapters.Message) bool {
	kind, _ := m.Header("content-type")
	media, _, _ := strings.Cut(kind, ";")
	return strings.EqualFold(strings.TrimSpace(media), structuredType)
}

// binaryMode takes a structured CloudEvent apart: each attribute becomes a header ce_NAME, data the
// value (CloudEvents Kafka protocol binding 1.0.2, section 3.2). Errors tell no content.
func binaryMode(m adapters.Message) (body []byte, headers []adapters.Header, err error) {
	var event map[string]json.RawMessage
	if err := json.Unmarshal(m.Body, &event); err != nil {
		return nil, nil, errors.New("the body is not a JSON object, as its content type says")
	}
	names := make([]string, 0, len(event))
	for name := range event {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, h := range m.Headers {
		if h.Name != "content-type" {
			headers = append(headers, h)
		}
	}
	kind := "application/json"
	for _, name := range names {
		raw := event[name]
		switch name {
		case "data":
			body = raw
		case "data_base64":
			var text string
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, nil, errors.New("data_base64 is not a string")
			}
			if body, err = base64.StdEncoding.DecodeString(text); err != nil {
				return nil, nil, errors.New("data_base64 is not base64")
			}
		default:
			value, err := attribute(raw)
			switch {
			case err != nil:
				return nil, nil, fmt.Errorf("attribute %q: %w", name, err)
			case name == "datacontenttype":
				kind = value
			default:
				headers = append(headers, adapters.Header{Name: "ce_" + name, Value: value})
			}
		}
	}
	return body, append(headers, adapters.Header{Name: "content-type", Value: kind}), nil
}

// attribute is the text of a CloudEvents attribute: a string, a whole number or a boolean.
func attribute(raw json.RawMessage) (string, error) {
	if raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	}
	if raw[0] == '{' || raw[0] == '[' || raw[0] == 'n' {
		return "", errors.New("not a string, number or boolean")
	}
	return string(raw), nil
}
