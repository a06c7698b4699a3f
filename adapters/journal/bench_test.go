package journal

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/portage-gateway/portage/adapters"
)

// payment is a message of the size of a CPP payment event.
func payment(n int64) adapters.Message {
	m := message(1)
	m.ID = fmt.Sprintf("cpp-pay-%d", n)
	m.Body = make([]byte, 700)
	return m
}

func reportEvents(b *testing.B, each int) {
	b.ReportMetric(float64(b.N*each)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkPublish(b *testing.B) {
	for _, each := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("batch=%d", each), func(b *testing.B) {
			j := open(b, config(b.TempDir()))
			batch := make([]adapters.Message, each)
			b.ReportAllocs()
			n := int64(0)
			for b.Loop() {
				for i := range batch {
					n++
					batch[i] = payment(n)
				}
				if err := j.Publish(context.Background(), batch...); err != nil {
					b.Fatal(err)
				}
			}
			reportEvents(b, each)
		})
	}
}

// BenchmarkPublishTogether has 32 callers that publish one message at a time and share commits.
func BenchmarkPublishTogether(b *testing.B) {
	j := open(b, config(b.TempDir()))
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := j.Publish(context.Background(), payment(n.Add(1))); err != nil {
				b.Error(err)
				return
			}
		}
	})
	reportEvents(b, 1)
}

func BenchmarkPublishDuplicates(b *testing.B) {
	j := open(b, config(b.TempDir()))
	var batch []adapters.Message
	for n := range int64(100) {
		batch = append(batch, payment(n))
	}
	publish(b, j, batch...)
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Publish(context.Background(), batch...); err != nil {
			b.Fatal(err)
		}
	}
	reportEvents(b, len(batch))
}

func BenchmarkRead(b *testing.B) {
	for _, each := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("page=%d", each), func(b *testing.B) {
			j := open(b, config(b.TempDir()))
			for n := range int64(100) {
				batch := make([]adapters.Message, 100)
				for i := range batch {
					batch[i] = payment(100*n + int64(i))
				}
				publish(b, j, batch...)
			}
			b.ReportAllocs()
			after := Cursor("")
			read := 0
			for b.Loop() {
				page, err := j.Read(context.Background(), after, each)
				if err != nil {
					b.Fatal(err)
				}
				read += len(page)
				if after = page[len(page)-1].Cursor; after == j.Head() {
					after = ""
				}
			}
			b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
