package journal

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/portage-gateway/portage/adapters"
)

// Ledger is a Sink into a Journal under a name, with that name's position. Safe for use by several
// goroutines.
type Ledger struct {
	j          *Journal
	name       string
	epoch      atomic.Int64 // 0: not recovered
	duplicates atomic.Uint64
}

var (
	_ adapters.Sink   = (*Ledger)(nil)
	_ adapters.Ledger = (*Ledger)(nil)
)

// Ledger returns the ledger of one bridge, by the bridge's name. The same name always has the same
// position; the events of all ledgers share one log.
func (j *Journal) Ledger(name string) *Ledger { return &Ledger{j: j, name: name} }

// Publish is Journal.Publish; it leaves the position as it is.
func (l *Ledger) Publish(ctx context.Context, m ...adapters.Message) error {
	n, err := l.j.publish(ctx, m, nil)
	l.duplicates.Add(uint64(n))
	return err
}

// Recover fences earlier holders of the name and returns the last committed position.
func (l *Ledger) Recover(ctx context.Context) ([]byte, error) {
	var epoch int64
	var position []byte
	err := l.j.writer.do(ctx, 1, func(t *txn) error {
		_, err := t.scan(t.recover, []any{l.name}, &epoch, &position)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("recover ledger %s: %w", l.name, err)
	}
	l.epoch.Store(epoch)
	return position, nil
}

// PublishAt makes the messages and the position durable in one transaction. adapters.ErrFenced says that
// another holder has recovered since; adapters.ErrInDoubt that the store failed while it committed.
func (l *Ledger) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	epoch := l.epoch.Load()
	switch {
	case epoch == 0:
		return fmt.Errorf("ledger %s: PublishAt before Recover", l.name)
	case len(position) > adapters.MaxPosition:
		return fmt.Errorf("ledger %s: position of %d bytes, more than %d", l.name, len(position), adapters.MaxPosition)
	}
	n, err := l.j.publish(ctx, m, func(t *txn) error {
		var now int64
		if _, err := t.scan(t.epoch, []any{l.name}, &now); err != nil {
			return err
		}
		if now != epoch {
			return fmt.Errorf("ledger %s: %w", l.name, adapters.ErrFenced)
		}
		return t.exec(t.setPosition, position, l.name)
	})
	l.duplicates.Add(uint64(n))
	return err
}

// Duplicates counts the messages that this Ledger published again and that were dropped.
func (l *Ledger) Duplicates() uint64 { return l.duplicates.Load() }
