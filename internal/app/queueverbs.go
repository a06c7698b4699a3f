package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// Alias is another name for a queue.
type Alias = qmgr.Alias

// Aliases returns all aliases.
func (q *Queues) Aliases(ctx context.Context) ([]Alias, error) {
	return q.conn.(qmgr.Lister).Aliases(ctx)
}

// Define makes a queue with settings as MQSC names them, Alter changes those of a queue or an alias, and
// Alias makes an alias or repoints it. ErrNoQueue says that a queue is missing.
func (q *Queues) Define(ctx context.Context, queue string, settings []string) error {
	return missing(q.conn.(qmgr.Definer).Define(ctx, queue, settings))
}

// Alter is described at Define.
func (q *Queues) Alter(ctx context.Context, name string, settings []string) error {
	return missing(q.conn.(qmgr.Definer).Alter(ctx, name, settings))
}

// Alias is described at Define.
func (q *Queues) Alias(ctx context.Context, name, target string) error {
	return missing(q.conn.(qmgr.Definer).Alias(ctx, name, target))
}

func missing(err error) error {
	if mq.IsReason(err, mq.RCUnknownObjectName) {
		return fmt.Errorf("%w: %w", ErrNoQueue, err)
	}
	return err
}

// Unreachable reports whether err says that the queue manager is not there, or going.
func Unreachable(err error) bool {
	e, ok := errors.AsType[*mq.Error](err)
	return ok && e.Class() == mq.Reconnect
}

// each calls f for the messages of a queue, the first to come first, until it says that it has enough.
func (q *Queues) each(ctx context.Context, queue string, f func(mq.Message) bool) error {
	for o := (mq.GetOptions{Browse: true, BrowseFirst: true}); ; o.BrowseFirst = false {
		m, err := q.conn.Get(ctx, queue, o)
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			return nil
		}
		if err != nil {
			return missing(err)
		}
		if !f(m) {
			return nil
		}
	}
}
