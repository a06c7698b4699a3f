package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/portage-gateway/portage/adapters"
)

// unit is the Source's unit of work: the batch's offsets, and what the Handler puts.
type unit struct {
	membership *membership
	places     []place
	messages   []adapters.Message
	position   []byte
	slots      int
	aside      []*sarama.ProducerMessage
	gone       map[place]bool // of the batch's messages, those that were put
	failed     error
	over       bool
}

var _ adapters.Unit = (*unit)(nil)

// Put implements adapters.Unit: dest is a topic, which must be there. The messages are committed in one transaction with the
// batch's offsets. A message of the batch that is put leaves the batch's Position, in place: put before PublishAt.
func (u *unit) Put(_ context.Context, dest string, ms ...adapters.Message) error {
	switch {
	case u.over:
		return errors.New("kafka: the unit of work ended with its handler")
	case u.failed != nil:
		return u.failed
	}
	c := u.membership.source.cfg
	c.Topic, c.Content = dest, Structured
	records, err := c.records(ms)
	if err != nil {
		u.failed = fmt.Errorf("put to %s in the unit of work of %s: %w", dest, u.membership.source.cfg.Topic, err)
		return u.failed
	}
	u.aside = append(u.aside, records...)
	for i := range ms {
		if at := u.find(ms[i].ID); at >= 0 {
			putAside(u.position, u.slots, at, u.places[at])
			u.gone[u.places[at]] = true
		}
	}
	return nil
}

// find returns the first message of the batch that bears the ID and was not put yet, or -1: publishers that try again
// leave two of one ID.
func (u *unit) find(id string) int {
	for i := range u.messages {
		if u.messages[i].ID == id && !u.gone[u.places[i]] {
			return i
		}
	}
	return -1
}
