package app

import (
	"context"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/internal/console"
)

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
	k := &bridge.Bridge{
		Name: kafkaName, Source: a.journal.Reader(kafkaName), Sink: sink, DeadLetters: kafkaName,
		Metrics: a.metrics.bridge, Log: a.log,
	}
	a.actors.add("bridge "+kafkaName, a.addBridge(kafkaName, "journal", k.Run).run)
	a.check(kafkaName, func(context.Context) error {
		if err := sink.Ready(); err != nil {
			return console.Warn("events wait in the journal: %v", err)
		}
		return nil
	})
	return nil
}
