package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/portage-gateway/portage/adapters"
)

// binaryPrefix is how headers of the binary content mode begin (CloudEvents Kafka protocol binding 1.0.2,
// section 3.2.3).
const binaryPrefix = "ce_"

// readEvent reads a CloudEvent, structured or binary, as it travels through Kafka. at is where its data begins
// in the message's body, in bytes; -1 where that cannot be told. The error tells no content.
func readEvent(m adapters.Message) (e event.Event, at int, err error) {
	kind, _ := m.Header("content-type")
	media, _, _ := strings.Cut(kind, ";")
	if strings.EqualFold(strings.TrimSpace(media), event.ApplicationCloudEventsJSON) {
		if err := e.UnmarshalJSON(m.Body); err != nil {
			return e, -1, errors.New("the body is no CloudEvent in the JSON format, as its content type says")
		}
		at = bytes.Index(m.Body, e.Data())
	} else if e, err = binaryEvent(m, kind); err != nil {
		return e, -1, err
	}
	if err := e.Validate(); err != nil {
		return e, -1, errors.New("an attribute of the CloudEvent is missing or not as the specification wants it")
	}
	if len(e.Data()) == 0 {
		return e, -1, errors.New("the event has no data")
	}
	return e, at, nil
}

// binaryEvent takes the attributes from headers: the body is the data.
func binaryEvent(m adapters.Message, kind string) (event.Event, error) {
	e := event.New(event.CloudEventsVersionV1)
	version, ok := m.Header(binaryPrefix + "specversion")
	if !ok {
		return e, errors.New("no header says that this is a CloudEvent: content-type application/cloudevents+json, or ce_specversion")
	}
	e.SetSpecVersion(version)
	for _, h := range m.Headers {
		name, ok := strings.CutPrefix(h.Name, binaryPrefix)
		if !ok {
			continue
		}
		switch name {
		case "specversion":
		case "id":
			e.SetID(h.Value)
		case "type":
			e.SetType(h.Value)
		case "source":
			e.SetSource(h.Value)
		case "subject":
			e.SetSubject(h.Value)
		case "dataschema":
			e.SetDataSchema(h.Value)
		case "time":
			at, err := parseTime(h.Value)
			if err != nil {
				return e, err
			}
			e.SetTime(at)
		default:
			e.SetExtension(name, h.Value)
		}
	}
	if kind != "" {
		e.SetDataContentType(kind)
	}
	e.DataEncoded = m.Body
	if err := e.Validate(); err != nil {
		return e, fmt.Errorf("a ce_ header is missing or not as the specification wants it")
	}
	return e, nil
}
