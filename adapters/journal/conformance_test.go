package journal

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
)

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Features{KeepsID: true, CountsAttempts: true}, func(t *testing.T) adaptertest.Rig {
		j := open(t, config(t.TempDir()))
		reader := func() adapters.Source {
			r := j.Reader("conformance")
			r.MaxBatch = 16
			r.RetryMin, r.RetryMax = time.Microsecond, time.Millisecond
			return r
		}
		ledger := j.Ledger("conformance")
		return adaptertest.Rig{
			Sink:      ledger,
			Source:    reader(),
			Reopen:    func(*testing.T) adapters.Source { return reader() },
			Ledger:    ledger,
			Successor: func(*testing.T) adapters.Ledger { return j.Ledger("conformance") },
			Dest:      "dead",
			Stored: func(ctx context.Context, dest string) (list []adapters.Message, err error) {
				if dest != "" {
					return j.Letters(ctx, dest, 0)
				}
				entries, err := j.Read(ctx, "", MaxLimit)
				for _, e := range entries {
					list = append(list, e.Message)
				}
				return list, err
			},
		}
	})
}

func Example() {
	dir, err := os.MkdirTemp("", "journal-example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	j, err := Open(Config{Path: dir + "/journal.db", Sealer: newGCM()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()
	ctx := context.Background()
	for range 2 { // the second time nothing happens
		err = j.Publish(ctx, adapters.Message{ID: "cpp-pay-1", Body: []byte(`{"net":"641.52"}`)},
			adapters.Message{ID: "cpp-pay-2", Body: []byte(`{"net":"17.00"}`)})
		if err != nil {
			fmt.Println(err)
		}
	}
	page, err := j.Read(ctx, "", 1)
	if err != nil {
		fmt.Println(err)
	}
	next, err := j.Read(ctx, page[0].Cursor, 10)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(page[0].Message.ID, string(next[0].Message.Body), j.Duplicates())
	// Output: cpp-pay-1 {"net":"17.00"} 2
}
