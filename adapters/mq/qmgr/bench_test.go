package qmgr_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// Each iteration is one persistent message of 500 bytes put and committed, then got and committed: two
// commits on the disk. The metric is commits/s.
func benchmarkPutGet(b *testing.B, connections int, persistent bool, dial mq.Dial) {
	b.Helper()
	b.ReportAllocs()
	ctx := context.Background()
	body := make([]byte, 500)
	conns := make([]mq.Conn, connections)
	for i := range conns {
		conns[i] = must(b, dial)
	}
	b.ResetTimer()
	var wg sync.WaitGroup
	for i, c := range conns {
		wg.Go(func() {
			queue := fmt.Sprintf("BENCH.%d", i)
			for n := i; n < b.N; n += connections {
				if err := putGet(ctx, c, queue, body, persistent); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

func putGet(ctx context.Context, c mq.Conn, queue string, body []byte, persistent bool) error {
	m := mq.Message{Descriptor: mq.Descriptor{Persistent: persistent}, Body: body}
	if _, err := c.Put(ctx, queue, m, mq.PutOptions{Syncpoint: true}); err != nil {
		return err
	}
	if err := c.Commit(ctx); err != nil {
		return err
	}
	if _, err := c.Get(ctx, queue, mq.GetOptions{Syncpoint: true}); err != nil {
		return err
	}
	return c.Commit(ctx)
}

func BenchmarkPutGet(b *testing.B) {
	with := func(cfg *qmgr.Config) {
		for i := range 16 {
			cfg.Queues = append(cfg.Queues, qmgr.Queue{Name: fmt.Sprintf("BENCH.%d", i)})
		}
	}
	for _, persistent := range []bool{true, false} {
		for _, n := range []int{1, 16} {
			kind := map[bool]string{true: "persistent", false: "nonpersistent"}[persistent]
			b.Run(fmt.Sprintf("%s/inside/%d", kind, n), func(b *testing.B) {
				benchmarkPutGet(b, n, persistent, open(b, with).Dial)
			})
			b.Run(fmt.Sprintf("%s/socket/%d", kind, n), func(b *testing.B) {
				benchmarkPutGet(b, n, persistent, listen(b, open(b, with)))
			})
		}
	}
}

// BenchmarkBatch is the bridge's own pattern: 50 messages got in one unit of work.
func BenchmarkBatch(b *testing.B) {
	b.ReportAllocs()
	ctx := context.Background()
	c := must(b, listen(b, open(b)))
	body := make([]byte, 500)
	for range b.N {
		for range 50 {
			if _, err := c.Put(ctx, "IN", mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: body}, mq.PutOptions{Syncpoint: true}); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.Commit(ctx); err != nil {
			b.Fatal(err)
		}
		for range 50 {
			if _, err := c.Get(ctx, "IN", mq.GetOptions{Syncpoint: true}); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.Commit(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(50*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}
