package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/dataset"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/console"
)

// openDatasets joins each dataset to the journal.
func (a *App) openDatasets(context.Context) error {
	if !a.Role.bridges() || len(a.Config.Datasets) == 0 {
		return nil
	}
	metrics := dataset.NewMetrics(a.registry)
	for _, c := range a.Config.Datasets {
		if err := a.openDataset(c, metrics); err != nil {
			return fmt.Errorf("dataset %s: %w", c.Name, err)
		}
	}
	return nil
}

func (a *App) openDataset(c config.Dataset, metrics *dataset.Metrics) error {
	view, err := datasetView(c)
	if err != nil {
		return err
	}
	translate, err := bridge.Events(view, a.recordEvents(c))
	if err != nil {
		return err
	}
	w := &datasetWatch{name: c.Name, log: a.log}
	own := c.Config
	own.Sealer, own.Log, own.Metrics, own.Notify = a.vault.Sealer("dataset"), a.log, metrics, w.hear
	if c.Totals != nil {
		if own.Check, err = c.Totals.Check(); err != nil {
			return err
		}
	}
	if w.source, err = dataset.Open(own); err != nil {
		return err
	}
	w.rejected = true // for all that is known: the first probe looks
	b := &bridge.Bridge{
		Name: c.Name, Source: w.source, Sink: a.journal.Ledger(c.Name), Translate: translate, DeadLetters: c.Name,
		Metrics: a.metrics.bridge, Log: a.log,
	}
	carry := func(ctx context.Context) error { return w.carry(ctx, b.Run) }
	a.actors.add("dataset "+c.Name, a.addBridge(c.Name, c.Path, carry).run)
	a.check("dataset-"+c.Name, w.probe)
	a.datasets = append(a.datasets, w)
	return nil
}

// recordEvents names what a dataset's records speak of. They say nothing that a rerun would say otherwise.
func (a *App) recordEvents(c config.Dataset) bridge.EventsConfig {
	e := a.eventsConfig(config.Bridge{Source: c.Source, Extensions: map[string]string{dataset.HeaderCycle: "cycle"}})
	if c.Content != dataset.Messages { // a record has no queue's headers in front
		e.Unwrap = nil
	}
	return e
}

// datasetView compiles what the records of a dataset are, in its code page.
func datasetView(c config.Dataset) (*mapping.View, error) {
	return loadViewIn(c.Copybook, c.Mapping, c.Codepage)
}

// checkDataset holds that events can be made of its records.
func checkDataset(c config.Dataset) error {
	view, err := datasetView(c)
	if err == nil && view.Event() == nil {
		err = errors.New("its mapping has no event block")
	}
	return err
}

// datasetWatch keeps what a person should know of a dataset, for /readyz and the page.
type datasetWatch struct {
	name   string
	source *dataset.Source
	log    *slog.Logger

	mu       sync.Mutex
	fault    string // what keeps it from going on
	rejected bool   // there may be a rejected generation: the folder says
	missing  string // what did not come
	partial  string // the file that is there and not complete
}

// datasetPause is how long a dataset waits before it tries again what failed.
const datasetPause = 10 * time.Second

// carry runs the bridge, again and again: a folder that cannot be read may come back, and what is settled is
// kept. What only the ledger can tell, and what another has taken over, is the bridge's own affair.
func (w *datasetWatch) carry(ctx context.Context, run func(context.Context) error) error {
	for {
		well := time.AfterFunc(datasetPause, w.well)
		err := run(ctx)
		well.Stop()
		if err == nil || ctx.Err() != nil || errors.Is(err, adapters.ErrInDoubt) || errors.Is(err, adapters.ErrFenced) {
			return err
		}
		w.fail(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(datasetPause):
		}
	}
}

// well says that what was wrong is so no more.
func (w *datasetWatch) well() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = ""
}

// fail keeps what is wrong, and logs it when it is new.
func (w *datasetWatch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if text := err.Error(); text != w.fault {
		w.fault = text
		w.log.Error("the dataset waits", "dataset", w.name, "err", err)
	}
}

// hear takes what became of a generation. An accepted one is the answer to all that was said before.
func (w *datasetWatch) hear(_ context.Context, e dataset.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e.Result {
	case dataset.Accepted:
		w.rejected, w.missing, w.partial = false, "", ""
	case dataset.Rejected:
		w.rejected = true
	case dataset.Partial:
		w.partial = e.File
	case dataset.Missing:
		w.missing = "the next generation did not come in time"
		switch {
		case e.Generation.ID != "":
			w.missing = fmt.Sprintf("the generation %s is half delivered and its file is gone: put it back, or name it in abandon", e.Generation.ID)
		case e.Generation.Number > 0:
			w.missing = fmt.Sprintf("%d generations from number %d on did not come", e.Count, e.Generation.Number)
		}
	}
	if e.File == w.partial && e.Result != dataset.Partial {
		w.partial = ""
	}
}

// probe warns of what a person must look at. Traffic may still come: what was accepted last stays in use.
func (w *datasetWatch) probe(context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault != "" {
		return console.Warn("%s", w.fault)
	}
	if w.rejected {
		now, err := w.source.Standing()
		if err != nil {
			return console.Warn("%v", err)
		}
		if w.rejected = len(now.Rejected) > 0; w.rejected {
			last, stays := now.Rejected[len(now.Rejected)-1], "none was accepted before"
			if now.Accepted != nil {
				stays = "in use stays " + now.Accepted.Generation.ID
			}
			return console.Warn("%s was rejected: %v; %s", last.File, last.Err, stays)
		}
	}
	switch {
	case w.missing != "":
		return console.Warn("%s", w.missing)
	case w.partial != "":
		return console.Warn("%s has been there for long, and is not complete", w.partial)
	}
	return nil
}

// letters are its oldest dead letters, as the page shows them.
func (w *datasetWatch) letters(ctx context.Context, limit int) ([]console.DeadLetter, error) {
	found, err := w.source.Letters(ctx, w.name, max(limit, 1))
	if errors.Is(err, fs.ErrNotExist) { // taken out meanwhile
		return nil, nil
	}
	out := make([]console.DeadLetter, len(found))
	for i, m := range found {
		out[i] = deadLetter(w.name, w.name, m.Time, m)
	}
	return out, err
}
