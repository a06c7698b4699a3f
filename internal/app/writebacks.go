package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/adapters/kafka/writeback"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/console"
)

// openWriteBacks joins each topic of events to the queue that Legacy reads.
func (a *App) openWriteBacks(context.Context) error {
	if !a.Role.bridges() {
		return nil
	}
	for _, c := range a.Config.WriteBacks {
		if err := a.openWriteBack(c); err != nil {
			return fmt.Errorf("write-back %s: %w", c.Name, err)
		}
	}
	return nil
}

func (a *App) openWriteBack(c config.WriteBack) error {
	view, err := loadView(c.Copybook, c.Mapping)
	if err != nil {
		return err
	}
	translate, err := bridge.Records(view, bridge.RecordsConfig{
		Types: c.Types, Own: a.legacySources(c, view), Open: a.vault.OpenReference, Marked: a.marks().Has, Passed: a.metrics.back.Passed(c.Name),
	})
	if err != nil {
		return err
	}
	k := a.Config.Kafka
	k.Topic, k.Name, k.MaxBatch, k.Log = c.Topic, c.Name, c.Batch, a.log
	source, err := kafka.OpenSource(k)
	if err != nil {
		return err
	}
	ledger := &writeback.Ledger{
		Dial: a.dial, Name: c.Name, Queue: c.Queue, State: c.State(), Marks: a.marks(),
		Template: mq.Descriptor{Encoding: zosEncoding, CCSID: zosCCSID, Format: c.Format, UserIdentifier: c.UserIdentifier, PutApplName: "portage"},
	}
	if c.Echoes != nil {
		ledger.Echoes = &writeback.Echoes{Queue: c.EchoQueue(), Within: c.Echoes.Within}
		if ledger.Content, err = bridge.Content(view, a.contentMAC); err != nil {
			return err
		}
	}
	a.onClose(ledger.Close)
	w := &backWatch{name: c.Name, log: a.log, source: source}
	b := &bridge.Bridge{
		Name: c.Name, Source: source, Sink: watchedLedger{ledger, w}, Translate: translate, DeadLetters: c.DeadLetters,
		Metrics: a.metrics.bridge, Log: a.log,
	}
	carry := func(ctx context.Context) error { return w.carry(ctx, b.Run) }
	a.actors.add("write-back "+c.Name, a.addBridge(c.Name, c.Topic, carry).run)
	a.check("write-back-"+c.Name, w.probe)
	return nil
}

// legacySources are those of what Legacy says, none of which goes back to it: that of the write-back's mapping, and
// what the bridges and datasets of this configuration say in its place.
func (a *App) legacySources(c config.WriteBack, view *mapping.View) []string {
	if len(c.LegacySources) > 0 || view.Event() == nil {
		return c.LegacySources
	}
	sources := []string{view.Event().Source()}
	for _, b := range a.Config.Bridges {
		sources = append(sources, b.Source)
	}
	for _, d := range a.Config.Datasets {
		sources = append(sources, d.Source)
	}
	return slices.DeleteFunc(sources, func(s string) bool { return s == "" })
}

func (a *App) marks() writeback.Marks {
	return func(b []byte) [16]byte { return a.vault.MAC("writeback-mark", b) }
}

func (a *App) contentMAC(b []byte) [16]byte { return a.vault.MAC("writeback-content", b) }

// withoutEchoes returns a bridge's Translate that makes nothing of what a write-back has Legacy repeat.
func (a *App) withoutEchoes(c config.Bridge, view *mapping.View, translate translator) (translator, error) {
	dropped := a.metrics.back.Dropped
	for _, w := range a.Config.WriteBacks {
		if w.Echoes == nil || !slices.Contains(w.Echoes.Bridges, c.Name) {
			continue
		}
		content, err := bridge.Content(view, a.contentMAC)
		if err != nil {
			return nil, err
		}
		echoes := &writeback.Echoes{Dial: a.dial, Queue: w.EchoQueue(), Within: w.Echoes.Within}
		a.onClose(echoes.Close)
		e := &bridge.Echo{Unwrap: mq.Unwrap, Content: content, Marked: a.marks().Has, Take: echoes.Take, Dropped: dropped(c.Name)}
		translate = e.Wrap(translate)
	}
	return translate, nil
}

// translator is a Bridge's Translate.
type translator = func(context.Context, adapters.Message) ([]adapters.Message, error)

// checkWriteBack holds that records can be made of its events.
func checkWriteBack(c config.WriteBack) error {
	view, err := loadView(c.Copybook, c.Mapping)
	if err != nil {
		return err
	}
	_, err = bridge.Records(view, bridge.RecordsConfig{Types: c.Types})
	return err
}

// backWatch keeps what holds a write-back up, for /readyz.
type backWatch struct {
	name   string
	log    *slog.Logger
	source interface{ Ready() error }

	mu    sync.Mutex
	fault error // of the way to Legacy's queue; nil: it works
}

// backPause is how long a write-back waits at first before it tries again what failed, maxBackPause at most.
const (
	backPause    = 500 * time.Millisecond
	maxBackPause = 30 * time.Second
)

// carry runs the bridge again and again: the queue manager comes back, and a person may mend the rest. What only
// the ledger can tell, and what another has taken over, is the bridge's own affair.
func (w *backWatch) carry(ctx context.Context, run func(context.Context) error) error {
	for pause := backPause; ; pause = min(2*pause, maxBackPause) {
		err := run(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, adapters.ErrInDoubt) || errors.Is(err, adapters.ErrFenced) {
			return err
		}
		w.saw(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// saw notes how work with the queue manager ended, and logs one line for each change.
func (w *backWatch) saw(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.fault
	switch w.fault = err; {
	case err == nil && was != nil:
		w.log.Info("the write-back goes on", "bridge", w.name)
	case err != nil && (was == nil || was.Error() != err.Error()):
		w.log.Warn("the write-back waits", "bridge", w.name, "err", err)
	}
}

// probe says what the events wait for. They are safe in Kafka.
func (w *backWatch) probe(context.Context) error {
	w.mu.Lock()
	fault := w.fault
	w.mu.Unlock()
	if fault == nil {
		fault = w.source.Ready()
	}
	if fault != nil {
		return console.Warn("events wait in Kafka: %v", fault)
	}
	return nil
}

// watchedLedger tells a backWatch how the Ledger's work ends.
type watchedLedger struct {
	*writeback.Ledger
	watch *backWatch
}

// Recover implements adapters.Ledger.
func (l watchedLedger) Recover(ctx context.Context) ([]byte, error) {
	position, err := l.Ledger.Recover(ctx)
	l.saw(ctx, err)
	return position, err
}

// PublishAt implements adapters.Ledger.
func (l watchedLedger) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	err := l.Ledger.PublishAt(ctx, position, m...)
	l.saw(ctx, err)
	return err
}

func (l watchedLedger) saw(ctx context.Context, err error) {
	if ctx.Err() == nil {
		l.watch.saw(err)
	}
}
