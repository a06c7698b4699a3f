package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/webhook"
)

// openWebhooks gives each subscriber a bridge of its own from the journal: one that is slow or gone holds
// nobody else up.
func (a *App) openWebhooks(context.Context) error {
	if !a.Role.bridges() || len(a.Config.Webhooks) == 0 {
		return nil
	}
	metrics := webhook.NewMetrics(a.registry)
	for _, c := range a.Config.Webhooks {
		c.Log, c.Metrics = a.log, metrics
		sink, err := webhook.Open(c)
		if err != nil {
			return fmt.Errorf("webhook %s: %w", c.Name, err)
		}
		name := "webhook-" + c.Name
		b := &bridge.Bridge{
			Name: name, Source: a.journal.Reader(name), Sink: sink, DeadLetters: name, Metrics: a.metrics.bridge, Log: a.log,
		}
		a.onClose(sink.Close)
		run := a.addBridge(name, "journal", b.Run)
		a.actors.add("bridge "+name, func(ctx context.Context) error { return run.runUntil(ctx, sink.Gone()) })
	}
	return nil
}

// runUntil is run for a bridge whose subscriber may leave for good. The bridge then stands still, and the
// rest of Portage goes on.
func (b *bridgeRun) runUntil(ctx context.Context, gone <-chan struct{}) error {
	subscribed, leave := context.WithCancel(ctx)
	defer leave()
	go func() {
		defer leave()
		select {
		case <-gone:
			b.stand(errors.New("the subscriber said that it is gone (410): take it out of the configuration"))
		case <-subscribed.Done():
		}
	}()
	err := b.run(subscribed)
	<-ctx.Done()
	return err
}
