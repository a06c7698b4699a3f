package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/portage-gateway/portage/adapters"
)

// Source delivers the committed records of a topic as the one member of the consumer group "portage-read-"
// and Name; aborted ones are never seen. Records of one partition keep their order. It is a static member
// (group.instance.id): a process that follows a killed one takes its place at once, and a process that was
// followed while it lives gets adapters.ErrFenced from Consume.
//
// A batch that is returned is delivered again one message at a time. One that fails alone is delivered
// again after a pause, for ever: what no retry can help is the handler's to put aside.
//
// Exactly once takes a sink that is a Ledger: Batch.Position says how far each partition has come, and
// Resume skips what the sink has.
type Source struct {
	cfg      Config
	conf     *sarama.Config
	health   readiness
	progress progress
}

var _ adapters.Source = (*Source)(nil)

// OpenSource checks the configuration; Name is required. It does not connect: Consume does.
func OpenSource(c Config) (*Source, error) {
	c.Delivery = ExactlyOnce
	if err := c.complete(); err != nil {
		return nil, err
	}
	conf, err := c.transactional("portage-read-" + c.Name)
	if err != nil {
		return nil, err
	}
	conf.Consumer.Return.Errors = true
	conf.Consumer.IsolationLevel = sarama.ReadCommitted
	conf.Consumer.Offsets.Initial = sarama.OffsetOldest
	conf.Consumer.Offsets.AutoCommit.Enable = false
	conf.Consumer.MaxWaitTime = 250 * time.Millisecond
	conf.Consumer.Group.InstanceId = "portage-read-" + c.Name
	conf.Consumer.Group.Session.Timeout = 6 * time.Second // the least that brokers take
	conf.Consumer.Group.Heartbeat.Interval = time.Second
	conf.Consumer.Group.Rebalance.Retry.Max = 20
	conf.Consumer.Group.Rebalance.Retry.Backoff = 200 * time.Millisecond
	conf.Consumer.Group.ResetInvalidOffsets = false // records that were deleted unread are a person's matter
	s := &Source{cfg: c, conf: conf, health: readiness{log: c.Log.With("topic", c.Topic, "source", c.Name), now: c.Now}}
	s.health.err = c.fail("connect", errNotYet)
	s.progress, _ = parseProgress(nil)
	return s, nil
}

// Ready returns nil while the source is a member of its group, and otherwise the last failure.
func (s *Source) Ready() error { return s.health.ready() }

// Resume tells the source the last position that its Ledger committed: what the sink has is not delivered
// again. Call it before Consume. A nil position is a new start.
func (s *Source) Resume(position []byte) error {
	g, err := parseProgress(position)
	if err != nil {
		return fmt.Errorf("resume %s: %w", s.cfg.Topic, err)
	}
	s.progress = g
	return nil
}

// group is the consumer group.
func (s *Source) group() string { return "portage-read-" + s.cfg.Name }

// Consume implements adapters.Source. A lost connection is opened again for ever, with growing pauses.
func (s *Source) Consume(ctx context.Context, h adapters.Handler) error {
	for n := 1; ctx.Err() == nil; n++ {
		worked, err := s.member(ctx, h)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, sarama.ErrFencedInstancedId):
			return fmt.Errorf("kafka source %s: %w: %w", s.cfg.Name, adapters.ErrFenced, err)
		case worked:
			n = 0
		}
		if err != nil {
			s.health.saw(err)
		}
		pause(ctx, pauseAfter(n+1))
	}
	return nil
}

// member is one membership in the group; worked says that at least one batch was settled in it.
func (s *Source) member(ctx context.Context, h adapters.Handler) (worked bool, err error) {
	// The producer first: it settles the transaction that a killed process left open, whose offsets would
	// keep this one out until they time out.
	line, err := s.cfg.open(s.conf)
	if err != nil {
		return false, err
	}
	client, err := s.cfg.client(s.conf)
	if err != nil {
		return false, errors.Join(err, line.close())
	}
	defer client.Close()
	group, err := sarama.NewConsumerGroupFromClient(s.group(), client)
	if err != nil {
		return false, errors.Join(s.cfg.fail("join group", err), line.close())
	}
	m := &membership{source: s, ctx: ctx, handler: h, turn: make(chan struct{}, 1), line: line}
	m.turn <- struct{}{}
	defer func() {
		m.disconnect()
		err = errors.Join(err, group.Close())
	}()
	go func() { // ends with Close
		for err := range group.Errors() {
			m.fault.Store(&err)
		}
	}()
	for ctx.Err() == nil {
		err := group.Consume(ctx, []string{s.cfg.Topic}, m)
		if f := m.fault.Swap(nil); err == nil && f != nil {
			err = *f // a partition that cannot be read ends the session without an error
		}
		if err != nil {
			return m.worked.Load(), s.cfg.fail("read", err)
		}
		pause(ctx, pauseAfter(1))
	}
	return m.worked.Load(), nil
}

// fromRecord is the inverse of Config.record for what was published as it is.
func fromRecord(r *sarama.ConsumerMessage) adapters.Message {
	m := adapters.Message{ID: fmt.Sprintf("%s/%d/%d", r.Topic, r.Partition, r.Offset), Key: r.Key, Body: r.Value, Time: r.Timestamp.UTC()}
	for _, h := range r.Headers {
		switch name, value := string(h.Key), string(h.Value); name {
		case IDHeader:
			if value != "" {
				m.ID = value
			}
		case TimeHeader:
			if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
				m.Time = t.UTC()
			}
		default:
			m.Headers = append(m.Headers, adapters.Header{Name: name, Value: value})
		}
	}
	return m
}
