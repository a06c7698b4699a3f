package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks"
)

// The headers of a dead letter. Offset and Size count bytes in its body; they are absent where unknown,
// as Field is where the whole message is at fault. None holds content.
const (
	HeaderReason = "portage-reason"
	HeaderField  = "portage-field"
	HeaderOffset = "portage-offset"
	HeaderSize   = "portage-size"
	HeaderBridge = "portage-bridge"
)

// letter is a message that no retry can help, and why.
type letter struct {
	message adapters.Message
	why     *adapters.Refusal
}

// refusalOf is the default of Bridge.Refused.
func refusalOf(err error) (*adapters.Refusal, bool) {
	var r *adapters.Refusal
	if errors.As(err, &r) {
		return r, true
	}
	var f *copybooks.FieldError
	if errors.As(err, &f) {
		return &adapters.Refusal{Reason: f.Reason, Field: f.Path, Offset: f.Offset, Size: f.Size, Err: err}, true
	}
	return nil, false
}

// put adds the dead letters to the Source's unit of work: each whole, under its own ID, with its
// reason in front of the headers it came with.
func (r *run) put(ctx context.Context, u adapters.Unit, letters []letter) error {
	if len(letters) == 0 {
		return nil
	}
	list := make([]adapters.Message, len(letters))
	for i, l := range letters {
		list[i] = l.message
		list[i].Attempts = 0
		list[i].Headers = deadHeaders(r.Name, l)
	}
	if err := u.Put(ctx, r.DeadLetters, list...); err != nil {
		return fmt.Errorf("put %d dead letters to %s: %w", len(letters), r.DeadLetters, err)
	}
	return nil
}

func deadHeaders(bridge string, l letter) []adapters.Header {
	headers := []adapters.Header{{Name: HeaderReason, Value: l.why.Reason}, {Name: HeaderBridge, Value: bridge}}
	add := func(name, value string) { headers = append(headers, adapters.Header{Name: name, Value: value}) }
	if l.why.Field != "" {
		add(HeaderField, l.why.Field)
	}
	if l.why.Offset >= 0 {
		add(HeaderOffset, strconv.Itoa(l.why.Offset))
	}
	if l.why.Size >= 0 {
		add(HeaderSize, strconv.Itoa(l.why.Size))
	}
	ours := []string{HeaderReason, HeaderField, HeaderOffset, HeaderSize, HeaderBridge}
	for _, h := range l.message.Headers { // a letter that was sent again says why it died this time
		if !slices.Contains(ours, h.Name) {
			headers = append(headers, h)
		}
	}
	return headers
}
