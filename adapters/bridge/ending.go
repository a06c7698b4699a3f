package bridge

import (
	"context"
	"errors"

	"github.com/portage-gateway/portage/adapters"
)

// ending lets one Run end from within.
type ending struct{ stop context.CancelCauseFunc }

// consume makes the Source and the Ledger agree on what is settled, before the first delivery, and then runs the
// Source. It returns why it ended; nil: because ctx did. A nil Ledger: nothing is to be agreed on.
func (e *ending) consume(ctx context.Context, s adapters.Source, l adapters.Ledger, h adapters.Handler) error {
	ctx, e.stop = context.WithCancelCause(ctx)
	defer e.stop(nil)
	if err := e.agree(ctx, s, l); err != nil {
		return err
	}
	err := s.Consume(ctx, h)
	if cause := context.Cause(ctx); cause != nil && cause != ctx.Err() {
		return cause
	}
	return err
}

// agree recovers the Ledger and tells the Source what it holds: at once, or when the Source has taken what
// only one may read. Before that the Ledger may still be another's, who is at work.
func (e *ending) agree(ctx context.Context, s adapters.Source, l adapters.Ledger) error {
	takes, _ := s.(interface {
		OnTake(func(context.Context) error)
	})
	switch {
	case l == nil && takes != nil:
		takes.OnTake(nil)
		return nil
	case l == nil:
		return nil
	case takes == nil:
		return resume(ctx, s, l)
	}
	takes.OnTake(func(ctx context.Context) error {
		err := resume(ctx, s, l)
		if err != nil && ctx.Err() == nil {
			e.stop(err)
		}
		return err
	})
	return nil
}

func resume(ctx context.Context, s adapters.Source, l adapters.Ledger) error {
	position, err := l.Recover(ctx)
	if err != nil {
		return err
	}
	if r, ok := s.(interface{ Resume(position []byte) error }); ok {
		return r.Resume(position)
	}
	return nil
}

// judge ends the Run after an error that says that nothing more may be published.
func (e *ending) judge(l adapters.Ledger, err error) {
	if l != nil && errors.Is(err, adapters.ErrInDoubt) || errors.Is(err, adapters.ErrFenced) {
		e.stop(err)
	}
}
