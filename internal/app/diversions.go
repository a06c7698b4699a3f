package app

import (
	"context"
	"fmt"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/console"
	"github.com/portage-gateway/portage/router"
)

// openDiversions reads queues that Legacy read before, and passes each message to one side.
func (a *App) openDiversions(context.Context) error {
	if !a.Role.bridges() || len(a.Config.Diversions) == 0 {
		return nil
	}
	metrics := bridge.NewDiversionMetrics(a.registry)
	for _, c := range a.Config.Diversions {
		if c.TapOf == "" && !a.Role.routes() {
			return fmt.Errorf("diversion %s follows a route, and role bridge has none: run it in role all", c.Name)
		}
		d, err := a.diversion(c)
		if err != nil {
			return fmt.Errorf("diversion %s: %w", c.Name, err)
		}
		d.Metrics = metrics
		a.actors.add("diversion "+c.Name, a.addBridge(c.Name, c.Queue, d.Run).run)
	}
	return nil
}

func (a *App) diversion(c config.Diversion) (*bridge.Diversion, error) {
	d := &bridge.Diversion{
		Name: c.Name, Source: a.queueSource(c.Queue, c.BackoutQueue, c.Batch), LegacyQueue: c.LegacyQueue, ModernQueue: c.ModernQueue,
		Tap: c.TapOf != "", Log: a.log,
	}
	if d.Tap {
		a.addTap(d, c)
		if !c.Journal {
			return d, nil
		}
	}
	view, err := loadView(c.Copybook, c.Mapping)
	if err != nil {
		return nil, err
	}
	if c.Journal {
		d.Sink = a.journal.Ledger(c.Name)
		if d.Translate, err = bridge.Events(view, a.eventsConfig(config.Bridge{Name: c.Name})); err != nil {
			return nil, err
		}
	}
	if d.Tap {
		return d, nil
	}
	return d, a.decideBy(d, c, view)
}

// decideBy gives a diversion its Key and its route's Decision.
func (a *App) decideBy(d *bridge.Diversion, c config.Diversion, view *mapping.View) error {
	key, err := bridge.RecordKey(view, c.Field, func(s string) [16]byte { return a.vault.MAC("key", []byte(s)) })
	if err != nil {
		return err
	}
	d.Key = func(m adapters.Message) ([16]byte, bool, error) {
		record, err := mq.Unwrap(m)
		if err != nil {
			return [16]byte{}, false, err
		}
		return key(record)
	}
	d.Decide = func(key [16]byte, known bool) (bool, string) {
		decision := a.router.Table().Decide(router.Request{Route: c.Route, Key: key, HasKey: known})
		return decision.Side == router.Modern, string(decision.Reason)
	}
	return nil
}

// addTap has the copies counted that the queue manager could not make, and /readyz say that it makes some.
func (a *App) addTap(d *bridge.Diversion, c config.Diversion) {
	if a.Config.QueueManager.IBMMQ != nil {
		return // IBM MQ does not count them
	}
	t := &tap{dial: a.direct, of: c.TapOf, queue: c.Queue}
	d.Lost = t.lost
	a.check("tap-"+c.Name, t.probe)
}

// tap asks the embedded queue manager about a queue whose messages are copied.
type tap struct {
	dial      mq.Dial
	of, queue string
}

func (t *tap) describe(ctx context.Context) (qmgr.Detail, error) {
	conn, err := t.dial(ctx)
	if err != nil {
		return qmgr.Detail{}, err
	}
	defer conn.Close()
	return conn.(qmgr.Describer).Describe(ctx, t.of)
}

func (t *tap) lost(ctx context.Context) (uint64, error) {
	d, err := t.describe(ctx)
	return d.CopiesLost, err
}

// probe warns of a tap that gets nothing, and of one that did not get all.
func (t *tap) probe(ctx context.Context) error {
	d, err := t.describe(ctx)
	switch {
	case err != nil:
		return console.Warn("the queue %s cannot be looked at: %v", t.of, err)
	case d.StreamQueue != t.queue:
		return console.Warn("%s makes no copies for %s: portage queue alter %s streamq=%s", t.of, t.queue, t.of, t.queue)
	case d.CopiesLost > 0:
		return console.Warn("%d copies of %s were lost since the queue manager started: Legacy has these messages, Modern has not", d.CopiesLost, t.of)
	}
	return nil
}
