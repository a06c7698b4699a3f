package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/internal/config"
)

// bridgeRun is what carries messages from one place to others, and what became of it.
type bridgeRun struct {
	// name and queue are what the page shows; carry is a Bridge's Run or a Diversion's.
	name, queue string
	carry       func(context.Context) error
	log         *slog.Logger
	fault       atomic.Pointer[string]
}

// addBridge adds one to what runs, what is checked and what is shown.
func (a *App) addBridge(name, queue string, carry func(context.Context) error) *bridgeRun {
	b := &bridgeRun{name: name, queue: queue, carry: carry, log: a.log}
	a.bridges = append(a.bridges, b)
	a.check("bridge-"+name, b.probe)
	return b
}

// inDoubtPause is how long a bridge whose ledger is in doubt waits before it asks the ledger again.
const inDoubtPause = 2 * time.Second

// run carries messages until ctx ends. A bridge in doubt asks its ledger what is there and goes on. One that
// another has taken over from, or that cannot go on, stands still and says so: the routes beside it keep
// serving.
func (b *bridgeRun) run(ctx context.Context) error {
	for {
		err := b.carry(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = errors.New("it ended by itself")
		}
		b.stand(err)
		if !errors.Is(err, adapters.ErrInDoubt) {
			<-ctx.Done()
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(inDoubtPause):
			b.fault.Store(nil)
		}
	}
}

// stand says that the bridge goes no further, and why.
func (b *bridgeRun) stand(err error) {
	text := err.Error()
	b.fault.Store(&text)
	b.log.Error("the bridge stands still", "bridge", b.name, "err", err)
}

func (b *bridgeRun) probe(context.Context) error {
	if text := b.fault.Load(); text != nil {
		return errors.New(*text)
	}
	return nil
}

// openBridges joins each queue to the journal.
func (a *App) openBridges(context.Context) error {
	if !a.Role.bridges() {
		return nil
	}
	for _, c := range a.Config.Bridges {
		if err := a.openBridge(c); err != nil {
			return fmt.Errorf("bridge %s: %w", c.Name, err)
		}
	}
	return nil
}

func (a *App) openBridge(c config.Bridge) error {
	view, err := loadView(c.Copybook, c.Mapping)
	if err != nil {
		return err
	}
	translate, err := bridge.Events(view, a.eventsConfig(c))
	if err != nil {
		return err
	}
	if translate, err = a.withoutEchoes(c, view, translate); err != nil {
		return err
	}
	b := &bridge.Bridge{
		Name:        c.Name,
		Source:      a.queueSource(c.Queue, c.DeadLetters, c.Batch),
		Sink:        a.journal.Ledger(c.Name),
		Translate:   translate,
		DeadLetters: c.DeadLetters,
		Metrics:     a.metrics.bridge,
		Log:         a.log,
	}
	a.actors.add("bridge "+c.Name, a.addBridge(c.Name, c.Queue, b.Run).run)
	return nil
}

// queueSource reads a queue as bridges and diversions do.
func (a *App) queueSource(queue, backout string, batch int) *mq.Source {
	return &mq.Source{
		Dial: a.dial, Queue: queue, MaxBatch: batch, BackoutQueue: backout, Log: a.log,
		Digest: func(body []byte) [16]byte { return a.vault.MAC("message", body) },
	}
}

// eventsConfig names what a bridge's records speak of: References for subjects, HMACs for Keys.
func (a *App) eventsConfig(c config.Bridge) bridge.EventsConfig {
	return bridge.EventsConfig{
		Source:     c.Source,
		Unwrap:     mq.Unwrap,
		Extensions: c.Extensions,
		Reference:  a.vault.Reference,
		Key: func(sin string) []byte {
			key := a.vault.MAC("key", []byte(sin))
			return key[:]
		},
	}
}
