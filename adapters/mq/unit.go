package mq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/portage-gateway/portage/adapters"
)

// unit is the Source's unit of work as its Handler sees it.
type unit struct {
	worker   *worker
	delivery *delivery
	position []byte // the batch's, shared with the Handler until it returns
	failed   error  // the first put that failed: the unit cannot be settled without it
	over     bool
}

var _ adapters.Unit = (*unit)(nil)

// Put implements adapters.Unit: dest is a queue. A message of the batch, put with its ID and body
// unchanged, keeps its descriptor (identifiers, format, code page, identity context, put time, what is left
// of its expiry), and its properties as they are if its Key and headers are. If it says portage-reason it
// is a dead letter: it does not expire, and says by portage-queue where it came from. Other messages are
// new, persistent datagrams. A put that failed returns the whole batch, even if the Handler returns nil.
//
// A message of the batch that is put leaves the batch's Position, in place: it is done only when the
// unit of work is, so a Ledger must not remember it. Put before PublishAt.
func (u *unit) Put(ctx context.Context, dest string, ms ...adapters.Message) error {
	if u.over {
		return errors.New("mq: the unit of work ended with its handler")
	}
	if u.failed != nil {
		return u.failed
	}
	for i := range ms {
		m, o := u.outgoing(&ms[i])
		u.setAside(ms[i].ID)
		if _, err := u.worker.conn.Put(ctx, dest, m, o); err != nil {
			u.failed = fmt.Errorf("put to %s in the unit of work of %s: %w", dest, u.worker.Queue, err)
			return u.failed
		}
	}
	return nil
}

// setAside notes that a message is treated within the unit of work.
func (u *unit) setAside(id string) {
	d := u.delivery
	i := slices.IndexFunc(d.messages, func(m adapters.Message) bool { return m.ID == id })
	if i < 0 {
		d.strange = true
		return
	}
	if d.aside == nil {
		d.aside = make(map[string]bool)
	}
	d.aside[id] = true
	clearMark(u.position, i)
}

func (u *unit) outgoing(m *adapters.Message) (Message, PutOptions) {
	for i := range u.delivery.messages {
		if u.delivery.messages[i].ID != m.ID || !bytes.Equal(u.delivery.messages[i].Body, m.Body) {
			continue
		}
		out := u.delivery.queued[i]
		if was := &u.delivery.messages[i]; !bytes.Equal(was.Key, m.Key) || !slices.Equal(was.Headers, m.Headers) {
			_, carried := property(out.Properties, propertyID)
			out.Properties = properties(m, carried)
		}
		if out.Expiry > 0 { // the queue manager counts on from here
			out.Expiry = tenths(out.Expiry - orNow(u.worker.Now)().Sub(u.delivery.since))
		}
		if _, dead := m.Header(headerReason); dead {
			out.Expiry = 0
			if _, said := m.Header(headerQueue); !said {
				out.Properties = append(out.Properties[:len(out.Properties):len(out.Properties)],
					adapters.Header{Name: headerQueue, Value: u.worker.Queue})
			}
		}
		return out, PutOptions{Syncpoint: true, PassContext: true}
	}
	return newDatagram(m, Descriptor{Persistent: true}, true), PutOptions{Syncpoint: true}
}

// newDatagram makes a queue message of m by a template.
func newDatagram(m *adapters.Message, template Descriptor, withProperties bool) Message {
	out := Message{Descriptor: template, Body: m.Body}
	if out.MsgType == 0 {
		out.MsgType = MTDatagram
	}
	if withProperties {
		out.Properties = properties(m, true)
	}
	return out
}

func property(ps []adapters.Header, name string) (string, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p.Value, true
		}
	}
	return "", false
}
