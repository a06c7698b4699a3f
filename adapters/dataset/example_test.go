package dataset_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/dataset"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// A day's file is judged by its trailer, then delivered; its records' IDs come from what it says of itself.
func Example() {
	dir, err := os.MkdirTemp("", "dataset-example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	check, err := dataset.Totals{Kind: dataset.Place{Size: 1}, Trailer: "54", Totals: []dataset.Total{ // T, in ASCII
		{Name: "records", Trailer: dataset.Place{Offset: 1, Size: 3, Usage: dataset.Zoned}},
	}}.Check()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	source, err := dataset.Open(dataset.Config{
		Name: "payday", Path: dir, Format: recfm.Format{Recfm: recfm.Text}, Complete: dataset.Rename, Poll: time.Millisecond,
		Cycle: dataset.Digits{Offset: 1, Size: 8}, Check: check,
		Notify: func(_ context.Context, e dataset.Event) {
			fmt.Println(e.Result, e.File, e.Reason)
			if e.Result == dataset.Accepted {
				cancel()
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for name, content := range map[string]string{"A": "H20260301\nD1\nT004\n", "B": "H20260302\nD1\nT003\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			fmt.Println(err)
		}
	}
	err = source.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
		for _, m := range b.Messages {
			fmt.Println(m.ID, string(m.Body))
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// rejected A total
	// payday/20260302/c140300334790170/1 H20260302
	// payday/20260302/c140300334790170/2 D1
	// payday/20260302/c140300334790170/3 T003
	// accepted B
}
