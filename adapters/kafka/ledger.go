package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/portage-gateway/portage/adapters"
)

// Ledger publishes into one topic exactly once, for readers with isolation.level=read_committed: each call
// is one transaction that holds the messages and the position, and one is open at a time. Safe for use
// by several goroutines, which wait for each other.
//
// After any doubt the producer is closed, a new one is started under the same transactional id, which
// settles what the old one left, and the last committed mark is read back. So a Ledger decides most
// doubts itself: through restarts of brokers, lost answers and transactions that timed out.
//
// A mark names its holder. A Ledger that reads another's mark where its own was due has been taken over
// and says adapters.ErrFenced from then on; it looks before it starts a producer, so that it does not fence
// its successor in turn.
type Ledger struct {
	cfg    Config
	conf   *sarama.Config
	health readiness
	turn   chan struct{} // holds one token: whoever has it works with the brokers
	stop   chan struct{}
	once   sync.Once      // of stop
	behind sync.WaitGroup // lines that close, and the refresh

	// Of the holder of the turn:
	line      *line // nil: to be opened, and what it says read, before the next transaction
	holder    int32
	last      mark // the last commit that this Ledger knows of
	recovered bool
	fenced    bool
	closed    bool
	committed time.Time // when last was
	refreshes bool      // the refresh runs
}

var (
	_ adapters.Sink   = (*Ledger)(nil)
	_ adapters.Ledger = (*Ledger)(nil)
)

// OpenLedger checks the configuration, whose Delivery it takes to be ExactlyOnce. It does not connect:
// Recover does.
func OpenLedger(c Config) (*Ledger, error) {
	c.Delivery = ExactlyOnce
	if err := c.complete(); err != nil {
		return nil, err
	}
	conf, err := c.transactional("portage-" + c.Name)
	if err != nil {
		return nil, err
	}
	l := &Ledger{cfg: c, conf: conf, turn: make(chan struct{}, 1), stop: make(chan struct{}),
		health: readiness{log: c.Log.With("topic", c.Topic, "ledger", c.Name), now: c.Now}}
	l.health.err = c.fail("connect", errNotYet)
	l.turn <- struct{}{}
	return l, nil
}

// Ready returns nil while transactions get through, and otherwise the last failure.
func (l *Ledger) Ready() error { return l.health.ready() }

// Recover takes the ledger over: it fences earlier holders, settles what they left open and returns the
// position that was committed last; nil says that there is none. It needs brokers, and waits for them,
// quietly, until ctx ends. An empty position is not kept apart from none.
func (l *Ledger) Recover(ctx context.Context) (position []byte, err error) {
	if err := l.take(ctx); err != nil {
		return nil, err
	}
	defer l.give()
	return l.recover(ctx)
}

func (l *Ledger) recover(ctx context.Context) ([]byte, error) {
	l.recovered, l.fenced = false, false
	for n := 1; ; n++ {
		err := l.claim(ctx)
		if err == nil {
			l.recovered = true
			l.health.saw(nil)
			l.startRefresh()
			return l.last.position, nil
		}
		l.drop()
		if _, ours := errors.AsType[*Error](err); !ours {
			return nil, err
		}
		l.health.saw(err)
		if !pause(ctx, pauseAfter(n)) {
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}

// claim starts a producer, which fences, and commits the last position again under a new holder.
func (l *Ledger) claim(ctx context.Context) error {
	l.drop()
	m, err := l.restore(ctx, false)
	if err != nil {
		return err
	}
	if l.holder, err = l.cfg.draw(m.holder); err != nil {
		return err
	}
	next := m.next(l.holder, m.position)
	if o, err := l.transact(ctx, next, nil); o != done {
		return err
	}
	l.last, l.committed = next, l.cfg.Now()
	return nil
}

// PublishAt commits the messages and the position in one transaction. A message that Kafka will never
// take gives an *adapters.Refusal, a failure of the brokers an *Error: then nothing was committed, and
// PublishAt may be called again. adapters.ErrFenced says that another holder has recovered since,
// adapters.ErrInDoubt that ctx ended while the outcome could not be learned: Recover learns it.
//
// A transaction whose outcome is open is pursued until it is known or ctx ends, whatever Patience says.
func (l *Ledger) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	if len(position) > adapters.MaxPosition {
		return fmt.Errorf("kafka ledger %s: position of %d bytes, more than %d", l.cfg.Name, len(position), adapters.MaxPosition)
	}
	records, err := l.cfg.records(m)
	if err != nil {
		return err
	}
	if err := l.take(ctx); err != nil {
		return err
	}
	defer l.give()
	if !l.recovered && !l.fenced {
		return fmt.Errorf("kafka ledger %s: PublishAt before Recover", l.cfg.Name)
	}
	return l.commit(ctx, position, records)
}

// Publish commits the messages in one transaction and leaves the position as it is. Without a Recover
// before it, it does that first.
func (l *Ledger) Publish(ctx context.Context, m ...adapters.Message) error {
	records, err := l.cfg.records(m)
	if err != nil || len(records) == 0 {
		return err
	}
	if err := l.take(ctx); err != nil {
		return err
	}
	defer l.give()
	if !l.recovered && !l.fenced {
		if _, err := l.recover(ctx); err != nil {
			return err
		}
	}
	return l.commit(ctx, l.last.position, records)
}

// commit makes one transaction happen, or says why it did not.
func (l *Ledger) commit(ctx context.Context, position []byte, records []*sarama.ProducerMessage) error {
	if l.fenced {
		return l.fencedError()
	}
	next := l.last.next(l.holder, append([]byte(nil), position...))
	began := l.cfg.Now()
	doubt := false
	for n := 1; ; n++ {
		o, err := l.attempt(ctx, next, records, doubt)
		if o == done {
			l.last, l.committed = next, l.cfg.Now()
			l.health.saw(nil)
			return nil
		}
		doubt = o == unknown
		l.drop()
		e, brokers := errors.AsType[*Error](err)
		if brokers && ctx.Err() == nil {
			l.health.saw(e)
		}
		switch {
		case l.fenced:
			return err
		case !doubt && (!brokers || e.Class == Alert || l.cfg.Now().Sub(began) > l.cfg.Patience):
			return err
		}
		if !pause(ctx, pauseAfter(n)) {
			return l.left(ctx, doubt, err)
		}
	}
}

// left is the error of a commit whose caller's context ended.
func (l *Ledger) left(ctx context.Context, doubt bool, err error) error {
	if !doubt {
		return fmt.Errorf("%w: %w", err, ctx.Err())
	}
	l.recovered = false
	return fmt.Errorf("kafka ledger %s: %w: %w: %w", l.cfg.Name, adapters.ErrInDoubt, err, ctx.Err())
}

// attempt runs the transaction once. Without a line it first opens one and reads what was committed: the
// transaction itself, by an earlier attempt that is in doubt; or the one before it; or another holder's.
func (l *Ledger) attempt(ctx context.Context, next mark, records []*sarama.ProducerMessage, doubt bool) (outcome, error) {
	if l.line == nil {
		m, err := l.restore(ctx, true)
		switch {
		case l.fenced:
			return undone, err
		case err != nil && doubt:
			return unknown, err
		case err != nil:
			return undone, err
		case m.is(next):
			return done, nil
		case !m.is(l.last):
			return undone, l.takenOver()
		}
	}
	return l.transact(ctx, next, records)
}

func (l *Ledger) takenOver() error {
	l.fenced, l.recovered = true, false
	err := l.fencedError()
	l.health.saw(err)
	return err
}

func (l *Ledger) fencedError() error {
	return fmt.Errorf("kafka ledger %s: %w", l.cfg.Name, adapters.ErrFenced)
}

// Close waits for the transaction under way and for producers that still close, at most about
// Config.Patience, and disconnects. Further calls do nothing.
func (l *Ledger) Close() error {
	l.once.Do(func() { close(l.stop) })
	<-l.turn
	defer l.give()
	l.closed = true
	l.drop()
	l.behind.Wait()
	return nil
}

// take waits for the turn.
func (l *Ledger) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("kafka ledger %s: nothing was begun: %w", l.cfg.Name, err)
	}
	select {
	case <-l.turn:
	case <-ctx.Done():
		return fmt.Errorf("kafka ledger %s: nothing was begun, another call is under way: %w", l.cfg.Name, ctx.Err())
	}
	if l.closed {
		l.give()
		return ErrClosed
	}
	return nil
}

func (l *Ledger) give() { l.turn <- struct{}{} }
