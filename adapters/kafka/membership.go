package kafka

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"github.com/portage-gateway/portage/adapters"
)

// settleTimeout bounds how long a settled batch's offsets may take once ctx has ended.
const settleTimeout = 10 * time.Second

// linger is how long a record waits for others to come with it.
const linger = 5 * time.Millisecond

// membership is a Source's part in its group: the claims come in goroutines of their own and take turns.
type membership struct {
	source  *Source
	ctx     context.Context // of Consume
	handler adapters.Handler
	worked  atomic.Bool
	fault   atomic.Pointer[error]
	turn    chan struct{} // holds one token

	// Of whoever has the turn, nil while they are not there:
	commits sarama.Client // apart from the one that reads, where an answer would wait behind a long fetch
	line    *line         // for what is put aside
}

var _ sarama.ConsumerGroupHandler = (*membership)(nil)

// Setup implements sarama.ConsumerGroupHandler.
func (m *membership) Setup(sarama.ConsumerGroupSession) error { return nil }

// Cleanup implements sarama.ConsumerGroupHandler.
func (m *membership) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim implements sarama.ConsumerGroupHandler: it delivers one partition until the session ends.
func (m *membership) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	m.source.health.saw(nil)
	if from := claim.InitialOffset(); from >= 0 {
		if !m.take(session.Context()) {
			return nil
		}
		m.source.progress.begun(claim.Partition(), from)
		m.give()
	}
	for {
		batch := m.gather(session.Context(), claim)
		if len(batch) == 0 || !m.take(session.Context()) {
			return nil
		}
		whole := m.deliver(session, batch)
		m.give()
		if !whole {
			return nil
		}
	}
}

func (m *membership) take(ctx context.Context) bool {
	select {
	case <-m.turn:
		return true
	case <-ctx.Done():
		return false
	}
}

func (m *membership) give() { m.turn <- struct{}{} }

// gather waits for a record and takes what else is there. None: the session ends.
func (m *membership) gather(ctx context.Context, claim sarama.ConsumerGroupClaim) (batch []*sarama.ConsumerMessage) {
	select {
	case r, open := <-claim.Messages():
		if !open {
			return nil
		}
		batch = append(batch, r)
	case <-ctx.Done():
		return nil
	}
	company := time.NewTimer(linger)
	defer company.Stop()
	for len(batch) < m.source.cfg.MaxBatch {
		select {
		case r, open := <-claim.Messages():
			if !open {
				return batch
			}
			batch = append(batch, r)
		case <-company.C:
			return batch
		}
	}
	return batch
}

// deliver hands records over until all are settled, or reports false.
func (m *membership) deliver(session sarama.ConsumerGroupSession, records []*sarama.ConsumerMessage) bool {
	attempts := map[int64]int{}
	for at, size := 0, len(records); at < len(records); {
		if m.ctx.Err() != nil || session.Context().Err() != nil {
			return false
		}
		part := records[at:min(at+size, len(records))]
		u, err := m.hand(part, attempts)
		if err == nil {
			err = u.failed
		}
		if err == nil {
			at += len(part)
			if !m.settle(session, u, part) {
				return false
			}
			continue
		}
		if m.ctx.Err() != nil {
			return false
		}
		m.source.cfg.Log.Debug("a batch came back", "topic", m.source.cfg.Topic, "messages", len(part), "error", err)
		for _, r := range part {
			attempts[r.Offset]++
		}
		if len(part) == 1 && !pause(session.Context(), pauseAfter(attempts[part[0].Offset])) {
			return false
		}
		size = 1
	}
	return true
}

// hand calls the Handler with what of the records is due.
func (m *membership) hand(records []*sarama.ConsumerMessage, attempts map[int64]int) (*unit, error) {
	u := &unit{membership: m, gone: map[place]bool{}}
	for _, r := range records {
		p := place{r.Partition, r.Offset}
		if !m.source.progress.due(p) {
			continue
		}
		msg := fromRecord(r)
		msg.Attempts = attempts[r.Offset]
		u.places, u.messages = append(u.places, p), append(u.messages, msg)
	}
	defer func() { u.over = true }()
	if len(u.messages) == 0 {
		return u, nil
	}
	var err error
	if u.position, u.slots, err = m.source.progress.position(u.places); err != nil {
		return u, err
	}
	return u, m.handler(m.ctx, u, adapters.Batch{Messages: slices.Clone(u.messages), Position: u.position})
}

// settle commits the offsets, with what was put aside in the same transaction. The sink has the batch: a failure is tried
// again, not returned to the Handler.
func (m *membership) settle(session sarama.ConsumerGroupSession, u *unit, records []*sarama.ConsumerMessage) bool {
	last := records[len(records)-1]
	for _, p := range u.places {
		m.source.progress.next[p.partition] = max(m.source.progress.next[p.partition], p.offset+1)
		if u.gone[p] {
			m.source.progress.aside[p] = true // until this transaction is done
		}
	}
	ctx, cancel := m.settling()
	defer cancel()
	for n := 1; ; n++ {
		err := m.commit(session, u, last)
		if err == nil {
			break
		}
		if session.Context().Err() != nil && m.ctx.Err() == nil {
			return false // another member's by now, or to be read again
		}
		m.source.health.saw(err)
		if !pause(ctx, pauseAfter(n)) {
			return false
		}
	}
	m.source.health.saw(nil)
	m.worked.Store(true)
	for _, p := range u.places {
		delete(m.source.progress.aside, p)
	}
	return true
}

// settling returns a context that outlives Consume's by settleTimeout.
func (m *membership) settling() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(m.ctx))
	stop := context.AfterFunc(m.ctx, func() { time.AfterFunc(settleTimeout, cancel) })
	return ctx, func() { stop(); cancel() }
}

// commit commits the offset after the records, in a transaction with what was put aside, if anything was.
func (m *membership) commit(session sarama.ConsumerGroupSession, u *unit, last *sarama.ConsumerMessage) error {
	if len(u.aside) > 0 {
		return m.commitAside(session, u, last)
	}
	c, group := &m.source.cfg, m.source.group()
	if m.commits == nil {
		client, err := c.client(m.source.conf)
		if err != nil {
			return err
		}
		m.commits = client
	}
	coordinator, err := m.commits.Coordinator(group)
	if err != nil {
		return c.fail("commit", err)
	}
	request := &sarama.OffsetCommitRequest{Version: 7, ConsumerGroup: group, ConsumerID: session.MemberID(),
		ConsumerGroupGeneration: session.GenerationID(), GroupInstanceId: &m.source.conf.Consumer.Group.InstanceId}
	request.AddBlock(last.Topic, last.Partition, last.Offset+1, 0, "")
	response, err := coordinator.CommitOffset(request)
	if err != nil {
		coordinator.Close() //nolint:errcheck // it is broken
	} else if e := response.Errors[last.Topic][last.Partition]; e != sarama.ErrNoError {
		err = e
	}
	if err != nil {
		_ = m.commits.RefreshCoordinator(group) // the next try says it again
		return c.fail("commit", err)
	}
	return nil
}

// disconnect closes what the claims opened.
func (m *membership) disconnect() {
	if m.commits != nil {
		m.commits.Close() //nolint:errcheck // nothing is under way on it
	}
	if m.line != nil {
		m.line.close() //nolint:errcheck // nothing is open in it
	}
}

// commitAside makes one transaction of what was put aside and the offset after the records. A new producer first
// looks whether an earlier try has done it.
func (m *membership) commitAside(session sarama.ConsumerGroupSession, u *unit, last *sarama.ConsumerMessage) error {
	c := &m.source.cfg
	if m.line == nil {
		l, err := c.open(m.source.conf)
		if err != nil {
			return err
		}
		m.line = l
		offset, err := c.readOffset(l.client, m.source.group(), last.Partition)
		if err != nil || offset > last.Offset {
			return err
		}
	}
	w := work{records: u.aside, group: &sarama.ConsumerGroupMetadata{
		GroupID: m.source.group(), GenerationID: session.GenerationID(), MemberID: session.MemberID()},
		offsets: map[string][]*sarama.PartitionOffsetMetadata{last.Topic: {{Partition: last.Partition, Offset: last.Offset + 1, LeaderEpoch: -1}}}}
	o, err := m.line.transact(c, w, new(gate))
	if o == done {
		return nil
	}
	l := m.line
	m.line = nil
	return errors.Join(err, l.close())
}
