package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// group runs actors in two ranks. Doors let requests in; workers do what requests need. When the group
// ends the doors close first, so that what is under way can finish, and the workers end after them.
type group struct {
	workers, doors []actor
}

type actor struct {
	name string
	run  func(context.Context) error
}

// add takes a worker: run returns when its context ends, and not before.
func (g *group) add(name string, run func(context.Context) error) {
	g.workers = append(g.workers, actor{name, run})
}

// addDoor takes a door: run lets what is under way finish before it returns.
func (g *group) addDoor(name string, run func(context.Context) error) {
	g.doors = append(g.doors, actor{name, run})
}

// run starts every actor and waits until all have ended: after ctx does, or after one of them ended by
// itself, which is a fault. Between that and the closing of the doors it calls drain.
func (g *group) run(ctx context.Context, drain func()) error {
	over, end := context.WithCancel(ctx)
	defer end()
	var mu sync.Mutex
	var errs []error
	start := func(actors []actor) (wg *sync.WaitGroup, stop context.CancelFunc) {
		alive, stop := context.WithCancel(context.WithoutCancel(ctx))
		wg = new(sync.WaitGroup)
		for _, a := range actors {
			wg.Go(func() {
				defer end()
				if err := a.outcome(alive); err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, err)
				}
			})
		}
		return wg, stop
	}
	workers, stopWorkers := start(g.workers)
	doors, closeDoors := start(g.doors)
	<-over.Done()
	drain()
	closeDoors()
	doors.Wait()
	stopWorkers()
	workers.Wait()
	return errors.Join(errs...)
}

// outcome runs the actor and returns its fault. To end while it should live is one.
func (a actor) outcome(alive context.Context) error {
	err := a.run(alive)
	switch {
	case alive.Err() == nil && err == nil:
		return fmt.Errorf("%s ended by itself", a.name)
	case errors.Is(err, context.Canceled):
		return nil
	}
	return err
}
