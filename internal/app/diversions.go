package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/router"
)

// openDiversions reads queues that Legacy read before, and passes each message to one side.
func (a *App) openDiversions(context.Context) error {
	if !a.Role.bridges() || len(a.Config.Diversions) == 0 {
		return nil
	}
	if !a.Role.routes() {
		return errors.New("a diversion follows a route, and role bridge has none: run it in role all")
	}
	metrics := bridge.NewDiversionMetrics(a.registry)
	for _, c := range a.Config.Diversions {
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
	view, err := loadView(c.Copybook, c.Mapping)
	if err != nil {
		return nil, err
	}
	key, err := bridge.RecordKey(view, c.Field, func(s string) [16]byte { return a.vault.MAC("key", []byte(s)) })
	if err != nil {
		return nil, err
	}
	d := &bridge.Diversion{
		Name: c.Name, Source: a.queueSource(c.Queue, c.BackoutQueue, c.Batch), LegacyQueue: c.LegacyQueue, ModernQueue: c.ModernQueue,
		Key: func(m adapters.Message) ([16]byte, bool, error) {
			record, err := mq.Unwrap(m)
			if err != nil {
				return [16]byte{}, false, err
			}
			return key(record)
		},
		Decide: func(key [16]byte, known bool) (bool, string) {
			decision := a.router.Table().Decide(router.Request{Route: c.Route, Key: key, HasKey: known})
			return decision.Side == router.Modern, string(decision.Reason)
		},
		Log: a.log,
	}
	if c.Journal {
		d.Sink = a.journal.Ledger(c.Name)
		d.Translate, err = bridge.Events(view, a.eventsConfig(config.Bridge{Name: c.Name}))
	}
	return d, err
}
