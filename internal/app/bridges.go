package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/console"
)

// bridgeRun is a bridge and what became of it.
type bridgeRun struct {
	config config.Bridge
	bridge *bridge.Bridge
	fault  atomic.Pointer[string]
}

// run carries messages until ctx ends. A bridge that cannot go on stands still and says so: the routes
// beside it keep serving.
func (b *bridgeRun) run(ctx context.Context) error {
	err := b.bridge.Run(ctx)
	if err == nil || ctx.Err() != nil {
		return nil
	}
	b.stand(err)
	<-ctx.Done()
	return nil
}

// stand says that the bridge goes no further, and why.
func (b *bridgeRun) stand(err error) {
	text := err.Error()
	b.fault.Store(&text)
	b.bridge.Log.Error("the bridge stands still", "bridge", b.config.Name, "err", err)
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
	b := &bridgeRun{config: c, bridge: &bridge.Bridge{
		Name: c.Name,
		Source: &mq.Source{
			Dial: a.dial, Queue: c.Queue, MaxBatch: c.Batch, BackoutQueue: c.DeadLetters, Log: a.log,
			Digest: func(body []byte) [16]byte { return a.vault.MAC("message", body) },
		},
		Sink:        a.journal.Ledger(c.Name),
		Translate:   translate,
		DeadLetters: c.DeadLetters,
		Metrics:     a.metrics.bridge,
		Log:         a.log,
	}}
	a.bridges = append(a.bridges, b)
	a.actors.add("bridge "+c.Name, b.run)
	a.check("bridge-"+c.Name, b.probe)
	return nil
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

// kafkaName names the fan-out into Kafka: its bridge, its reader of the journal, its transactional id.
const kafkaName = "kafka"

// eventsTopic is where events go if the configuration names no topic; it is made if it is not there.
const eventsTopic = "portage.events"

// openKafka adds the fan-out from the journal, if there are brokers. None needs to answer yet.
func (a *App) openKafka(ctx context.Context) error {
	c := a.Config.Kafka
	if len(c.Brokers) == 0 || !a.Role.bridges() {
		return nil
	}
	c.Log, c.Name = a.log, kafkaName
	if c.Topic == "" {
		c.Topic, c.CreateTopic = eventsTopic, true
	}
	var sink interface {
		adapters.Sink
		Ready() error
		Close() error
	}
	var err error
	if c.Delivery == kafka.ExactlyOnce {
		sink, err = kafka.OpenLedger(c)
	} else {
		sink, err = kafka.Open(ctx, c)
	}
	if err != nil {
		return err
	}
	a.onClose(sink.Close)
	k := &bridgeRun{config: config.Bridge{Name: kafkaName, Queue: "journal"}, bridge: &bridge.Bridge{
		Name: kafkaName, Source: a.journal.Reader(kafkaName), Sink: sink, DeadLetters: kafkaName,
		Metrics: a.metrics.bridge, Log: a.log,
	}}
	a.bridges = append(a.bridges, k)
	a.actors.add("bridge "+kafkaName, k.run)
	a.check("bridge-"+kafkaName, k.probe)
	a.check(kafkaName, func(context.Context) error {
		if err := sink.Ready(); err != nil {
			return console.Warn("events wait in the journal: %v", err)
		}
		return nil
	})
	return nil
}
