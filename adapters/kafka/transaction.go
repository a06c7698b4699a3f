package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// transactional makes the settings of a transactional producer.
func (c *Config) transactional(id string) (*sarama.Config, error) {
	s, err := c.sarama()
	if err != nil {
		return nil, err
	}
	if !s.Version.IsAtLeast(sarama.V2_5_0_0) {
		return nil, fmt.Errorf("kafka: version %s cannot read a position that is certain; exactlyOnce needs 2.5.0 brokers", c.Version)
	}
	s.Producer.Transaction.ID = id
	// The brokers end a transaction that is open for longer; until then it holds up readers.
	s.Producer.Transaction.Timeout = max(time.Minute, 2*c.Patience)
	s.Producer.Transaction.Retry.Max = 60
	// The Ledger itself tries again, with a new producer; sarama would go on for a fenced one too.
	s.Producer.Retry.Max = int(min(c.Patience, 2*time.Second) / retryPause)
	s.Producer.Transaction.Retry.BackoffFunc = func(retries, _ int) time.Duration {
		return min(100*time.Millisecond, time.Millisecond<<max(0, min(retries, 10)))
	}
	return s, nil
}

// opened is a line and the mark that was read over it.
type opened struct {
	line *line
	mark mark
	err  error
}

// restore opens a line and reads the mark that stands now that no other producer can change it.
// cautious says to look for a successor first, and not to fence it.
func (l *Ledger) restore(ctx context.Context, cautious bool) (mark, error) {
	result := make(chan opened, 1)
	last, holder := l.last, l.holder
	l.behind.Add(1)
	go func() { result <- l.cfg.reopen(l.conf, cautious, last, holder) }()
	select {
	case o := <-result:
		l.behind.Done()
		if o.err != nil {
			return mark{}, o.err
		}
		if o.line == nil {
			return mark{}, l.takenOver()
		}
		l.line = o.line
		return o.mark, nil
	case <-ctx.Done():
		go func() {
			defer l.behind.Done()
			if o := <-result; o.line != nil {
				o.line.close() //nolint:errcheck // nobody waits for it
			}
		}()
		return mark{}, l.cfg.fail("connect", ctx.Err())
	}
}

// reopen is restore's work. A nil line without an error says that another holder has taken over.
func (c *Config) reopen(conf *sarama.Config, cautious bool, last mark, holder int32) opened {
	client, err := c.client(conf)
	if err != nil {
		return opened{err: err}
	}
	if cautious {
		m, err := c.readMark(client, false)
		if err == nil && m.holder == holder && m.sequence >= last.sequence {
			err = nil
		} else if err == nil {
			client.Close() //nolint:errcheck // nothing was done with it
			return opened{}
		}
		if err != nil {
			client.Close() //nolint:errcheck // it is of no use
			return opened{err: err}
		}
	}
	line, err := c.produce(client)
	if err != nil {
		return opened{err: err}
	}
	m, err := c.stableMark(client)
	if err != nil {
		line.close() //nolint:errcheck // the position is what went wrong
		return opened{err: err}
	}
	return opened{line: line, mark: m}
}

// transact runs one transaction on the line. When ctx ends before the commit began it never will.
func (l *Ledger) transact(ctx context.Context, next mark, records []*sarama.ProducerMessage) (outcome, error) {
	type result struct {
		outcome outcome
		err     error
	}
	var g gate
	line, decided := l.line, make(chan result, 1)
	go func() {
		w := work{records, next.offsets(l.cfg.Topic), sarama.NewConsumerGroupMetadata(l.cfg.group())}
		o, err := line.transact(&l.cfg, w, &g)
		decided <- result{o, err}
	}()
	select {
	case r := <-decided:
		return r.outcome, r.err
	case <-ctx.Done():
	}
	early := g.bar()
	l.line = nil
	l.behind.Go(func() {
		<-decided
		line.close() //nolint:errcheck // nobody waits for it
	})
	if early {
		return undone, l.cfg.fail("commit", ctx.Err())
	}
	return unknown, l.cfg.fail("commit", ctx.Err())
}

// drop gives the line up. It closes in the background, since its producer may still try.
func (l *Ledger) drop() {
	if l.line == nil {
		return
	}
	line := l.line
	l.line = nil
	l.behind.Go(func() { line.close() }) //nolint:errcheck // nobody waits for it
}

// startRefresh keeps the position and the transactional id from expiring while there is nothing to publish.
func (l *Ledger) startRefresh() {
	if l.refreshes {
		return
	}
	l.refreshes = true
	l.behind.Go(func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() { <-l.stop; cancel() }()
		for pause(ctx, l.cfg.Refresh) {
			l.refresh(ctx)
		}
	})
}

// refresh commits the position again if nothing else did. A failure shows in Ready.
func (l *Ledger) refresh(ctx context.Context) {
	if l.take(ctx) != nil {
		return
	}
	defer l.give()
	if l.recovered && l.cfg.Now().Sub(l.committed) >= l.cfg.Refresh {
		_ = l.commit(ctx, l.last.position, nil)
	}
}
