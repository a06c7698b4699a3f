package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/dataset"
	"github.com/portage-gateway/portage/copybooks/recfm"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/console"
)

// watched is a watch over a dataset of lines in a folder of the test's own.
func watched(t *testing.T) (*datasetWatch, string) {
	t.Helper()
	dir := t.TempDir()
	w := &datasetWatch{name: "lines", log: slog.New(slog.DiscardHandler)}
	var err error
	w.source, err = dataset.Open(dataset.Config{Name: "lines", Path: dir, Format: recfm.Format{Recfm: recfm.Text},
		Complete: dataset.Rename, Poll: time.Second, Identify: dataset.ByName("lines"), Notify: w.hear,
		Check: func(_ context.Context, g dataset.Generation, _ iter.Seq[[]byte]) error {
			if strings.HasSuffix(g.ID, "BAD") {
				return errors.New("2 by the trailer and 1 by the records")
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return w, dir
}

func (w *datasetWatch) says(t *testing.T, want string) {
	t.Helper()
	err := w.probe(t.Context())
	warning := new(console.Warning)
	if want == "" && err != nil || want != "" && (!errors.As(err, &warning) || !strings.Contains(warning.Text, want)) {
		t.Errorf("/readyz hears %v, and not %q", err, want)
	}
}

// TestRejectedGenerationIsAWarningUntilAGoodOneComes goes through files as they arrive, and a restart.
func TestRejectedGenerationIsAWarningUntilAGoodOneComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, dir := watched(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- w.source.Consume(ctx, func(context.Context, adapters.Unit, adapters.Batch) error { return nil })
		}()
		arrive := func(name string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("line\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		w.says(t, "")
		arrive("A.BAD")
		w.says(t, "A.BAD was rejected: 2 by the trailer and 1 by the records; none was accepted before")
		arrive("B")
		w.says(t, "")
		arrive("C.BAD")
		w.says(t, "in use stays lines/B")
		(&datasetWatch{source: w.source, rejected: true}).says(t, "in use stays lines/B")
		if err := os.RemoveAll(filepath.Join(dir, "portage", "rejected")); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, "portage", "rejected"), 0o700); err != nil {
			t.Fatal(err)
		}
		w.says(t, "")
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestWhatDidNotComeIsAWarning(t *testing.T) {
	w, _ := watched(t)
	for _, c := range []struct {
		event dataset.Event
		want  string
	}{
		{dataset.Event{Result: dataset.Missing}, "did not come in time"},
		{dataset.Event{Result: dataset.Late, File: "A"}, "did not come in time"},
		{dataset.Event{Result: dataset.Accepted, File: "A"}, ""},
		{dataset.Event{Result: dataset.Missing, Count: 2, Generation: dataset.Generation{Number: 7}}, "2 generations from number 7 on"},
		{dataset.Event{Result: dataset.Accepted, File: "B"}, ""},
		{dataset.Event{Result: dataset.Missing, Generation: dataset.Generation{ID: "lines/7", Number: 7}}, "lines/7 is half delivered"},
		{dataset.Event{Result: dataset.Accepted, File: "B"}, ""},
		{dataset.Event{Result: dataset.Partial, File: "C"}, "C has been there for long"},
		{dataset.Event{Result: dataset.Repeated, File: "B"}, "C has been there for long"},
		{dataset.Event{Result: dataset.Repeated, File: "C"}, ""},
	} {
		w.hear(t.Context(), c.event)
		w.says(t, c.want)
	}
}

// TestDatasetThatFailsTriesAgain holds that a folder which comes back is read again, and that doubt is not
// settled by trying.
func TestDatasetThatFailsTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &datasetWatch{log: slog.New(slog.DiscardHandler)}
		runs := 0
		err := w.carry(t.Context(), func(context.Context) error {
			switch runs++; runs {
			case 1, 2:
				return os.ErrPermission
			case 3:
				w.says(t, "permission denied")
				time.Sleep(datasetPause + time.Second)
				synctest.Wait()
				w.says(t, "")
				return os.ErrPermission
			}
			return fmt.Errorf("publish: %w", adapters.ErrInDoubt)
		})
		if runs != 4 || !errors.Is(err, adapters.ErrInDoubt) {
			t.Errorf("%d runs, %v", runs, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := w.carry(ctx, func(context.Context) error { return os.ErrPermission }); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
}

func TestDatasetIsCheckedForEvents(t *testing.T) {
	for _, c := range []struct {
		dataset config.Dataset
		want    string
	}{
		{config.Dataset{Copybook: "builtin:OASMSTR"}, ""},
		{config.Dataset{Copybook: "builtin:OASMSTR", Codepage: "ebcdic-ca-fr"}, ""},
		{config.Dataset{Copybook: "../../copybooks/benefits/OASMSTR.cpy", Mapping: "../../copybooks/benefits/OASMSTR.mapping.yaml", Codepage: "cp500"}, ""},
		{config.Dataset{Copybook: "builtin:CPA005"}, "no event block"},
		{config.Dataset{Copybook: "builtin:OASMSTR", Codepage: "cp999"}, "cp999"},
		{config.Dataset{Copybook: "builtin:NOBODY", Codepage: "cp500"}, "read the copybook"},
	} {
		if err := checkDataset(c.dataset); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s in %q: %v, want %q", c.dataset.Copybook, c.dataset.Codepage, err, c.want)
		}
	}
}
