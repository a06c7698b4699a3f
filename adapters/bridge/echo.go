package bridge

import (
	"context"
	"fmt"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// Echo keeps what Legacy says only because it was told so from becoming an event: else each write-back would come back
// to Modern, and from there be written back again. Fields are set before the first call.
type Echo struct {
	// Unwrap takes off what a transport put in front of the record (see EventsConfig.Unwrap). Nil: the body is the
	// record.
	Unwrap func(adapters.Message) (adapters.Message, error)
	// Content digests a record. Required; see Content.
	Content func(record []byte) ([16]byte, error)
	// Marked tells by a MsgId or CorrelId in hexadecimal whether it is the mark of what was written back. Nil: none is.
	Marked func(id string) bool
	// Take tells whether what was written back said the same, and has not been heard of since. It must say the same of
	// the same id again. Required.
	Take func(ctx context.Context, content [16]byte, id string) (bool, error)
	// Dropped is told how an echo was known: one of EchoSigns. Nil: nobody is.
	Dropped func(sign string)
}

// EchoSigns are how an echo is known: by its mark, or by its content alone.
var EchoSigns = [...]string{signMark, signContent}

const (
	signMark    = "mark"
	signContent = "content"
)

// Wrap returns a Translate that makes nothing of echoes, and of all else what translate makes. A message that bears
// the mark takes the note of its content too, if there is one. The func belongs to one Bridge, as translate does.
func (e *Echo) Wrap(translate func(context.Context, adapters.Message) ([]adapters.Message, error)) func(context.Context, adapters.Message) ([]adapters.Message, error) {
	return func(ctx context.Context, m adapters.Message) ([]adapters.Message, error) {
		out, err := translate(ctx, m)
		if err != nil || len(out) == 0 {
			return out, err
		}
		sign, err := e.sign(ctx, m)
		if err != nil {
			return nil, err
		}
		if sign == "" {
			return out, nil
		}
		if e.Dropped != nil {
			e.Dropped(sign)
		}
		return nil, nil
	}
}

// sign tells how a message is known as an echo; "": it is none.
func (e *Echo) sign(ctx context.Context, m adapters.Message) (string, error) {
	record := m
	if e.Unwrap != nil {
		var err error
		if record, err = e.Unwrap(m); err != nil {
			return "", err
		}
	}
	content, err := e.Content(record.Body)
	if err != nil {
		return "", err
	}
	noted, err := e.Take(ctx, content, m.ID)
	if err != nil {
		return "", fmt.Errorf("ask whether message %s is an echo: %w", m.ID, err)
	}
	for _, name := range []string{"mq-msgid", "mq-correlid"} {
		if id, ok := m.Header(name); ok && e.Marked != nil && e.Marked(id) {
			return signMark, nil
		}
	}
	if noted {
		return signContent, nil
	}
	return "", nil
}

// Content returns a func that digests what a record says: the type, the client and the data of its event, and
// not when that was or under which number. Records of different copybooks that say the same have one digest,
// if the mac is the same. The func belongs to one goroutine.
func Content(view *mapping.View, mac func(b []byte) [16]byte) (func(record []byte) ([16]byte, error), error) {
	if view.Event() == nil {
		return nil, fmt.Errorf("mapping %s has no event block: what its records say cannot be compared", view.Name())
	}
	content, decoder := view.Event().Content(), view.Decoder()
	var buffer []byte
	return func(record []byte) ([16]byte, error) {
		r, err := decoder.Decode(record)
		if err != nil {
			return [16]byte{}, err
		}
		if buffer, err = content.Append(buffer[:0], r); err != nil {
			return [16]byte{}, err
		}
		return mac(buffer), nil
	}, nil
}
