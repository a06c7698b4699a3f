package app

import (
	"context"
	"errors"
	"sync"
)

// group runs actors until the first of them ends or ctx does; then all end.
type group struct {
	actors []actor
}

type actor struct {
	name string
	run  func(context.Context) error
}

// add takes an actor: run returns when its context ends, or with a fault.
func (g *group) add(name string, run func(context.Context) error) {
	g.actors = append(g.actors, actor{name, run})
}

// run starts every actor and waits until all have ended. It returns their faults, joined.
func (g *group) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(g.actors))
	var wg sync.WaitGroup
	for i, a := range g.actors {
		wg.Go(func() {
			defer stop()
			if err := a.run(ctx); err != nil && !errors.Is(err, context.Canceled) {
				errs[i] = err
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
