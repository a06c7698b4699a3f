package memory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
	"github.com/portage-gateway/portage/adapters/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Features{KeepsID: true, CountsAttempts: true}, func(t *testing.T) adaptertest.Rig {
		b := new(memory.Broker)
		sink := b.Sink("IN")
		return adaptertest.Rig{
			Sink:      sink,
			Source:    b.Source("IN"),
			Reopen:    func(*testing.T) adapters.Source { return b.Source("IN") },
			Ledger:    sink,
			Successor: func(*testing.T) adapters.Ledger { return b.Sink("IN") },
			Dest:      "OUT",
			Stored: func(_ context.Context, dest string) ([]adapters.Message, error) {
				if dest == "" {
					dest = "IN"
				}
				return b.Messages(dest), nil
			},
		}
	})
}

// A batch of eight with one bad message is halved: 8, 4, 2, 1, and back to full size afterwards.
func TestBatchesHalveAndGrowAgain(t *testing.T) {
	b := new(memory.Broker)
	var ms []adapters.Message
	for i := range 16 {
		ms = append(ms, adapters.Message{ID: fmt.Sprint(i)})
	}
	if err := b.Sink("Q").Publish(t.Context(), ms...); err != nil {
		t.Fatal(err)
	}
	s := b.Source("Q")
	s.MaxBatch = 8
	ctx, cancel := context.WithCancel(t.Context())
	var sizes []int
	settled := 0
	err := s.Consume(ctx, func(_ context.Context, _ adapters.Unit, batch adapters.Batch) error {
		sizes = append(sizes, len(batch.Messages))
		if batch.Messages[0].ID == "0" && len(batch.Messages) > 1 {
			return errors.New("not in company")
		}
		if settled += len(batch.Messages); settled == 16 {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(sizes), "[8 4 2 1 1 1 1 1 1 1 1 8]"; got != want {
		t.Errorf("batch sizes %s, want %s", got, want)
	}
}

func TestAloneFailurePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := new(memory.Broker)
		if err := b.Sink("Q").Publish(t.Context(), adapters.Message{ID: "1"}); err != nil {
			t.Fatal(err)
		}
		s := b.Source("Q")
		s.Pause = time.Second
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second+time.Millisecond)
		defer cancel()
		calls := 0
		if err := s.Consume(ctx, func(context.Context, adapters.Unit, adapters.Batch) error {
			calls++
			return errors.New("always")
		}); err != nil {
			t.Fatal(err)
		}
		if calls != 11 {
			t.Errorf("%d deliveries in ten seconds with a pause of one, want 11", calls)
		}
	})
}

func TestRefusals(t *testing.T) {
	b := new(memory.Broker)
	s := b.Sink("Q")
	ctx := t.Context()
	if err := s.Publish(ctx, adapters.Message{}); err == nil {
		t.Error("a message without an ID was published")
	}
	if err := s.PublishAt(ctx, nil, adapters.Message{ID: "1"}); err == nil {
		t.Error("a ledger published before it was recovered")
	}
	if len(b.Messages("Q")) != 0 {
		t.Error("a refused publication is visible")
	}
}

func TestUnitEndsWithItsHandler(t *testing.T) {
	b := new(memory.Broker)
	if err := b.Sink("Q").Publish(t.Context(), adapters.Message{ID: "1"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var kept adapters.Unit
	if err := b.Source("Q").Consume(ctx, func(_ context.Context, u adapters.Unit, _ adapters.Batch) error {
		kept = u
		cancel()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := kept.Put(t.Context(), "D", adapters.Message{ID: "2"}); err == nil {
		t.Error("a unit of work took a put after its handler returned")
	}
}

func BenchmarkPublishConsume(b *testing.B) {
	b.ReportAllocs()
	broker := new(memory.Broker)
	sink := broker.Sink("Q")
	body := make([]byte, 500)
	for range b.N {
		if err := sink.Publish(b.Context(), adapters.Message{ID: "1", Body: body}); err != nil {
			b.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(b.Context())
	n := 0
	if err := broker.Source("Q").Consume(ctx, func(_ context.Context, _ adapters.Unit, batch adapters.Batch) error {
		if n += len(batch.Messages); n >= b.N {
			cancel()
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
}

func ExampleBroker() {
	b := new(memory.Broker)
	ctx, cancel := context.WithCancel(context.Background())
	_ = b.Sink("EVENTS").Publish(ctx, adapters.Message{ID: "42", Body: []byte("issued")})
	_ = b.Source("EVENTS").Consume(ctx, func(_ context.Context, _ adapters.Unit, batch adapters.Batch) error {
		fmt.Printf("%s: %s\n", batch.Messages[0].ID, batch.Messages[0].Body)
		cancel()
		return nil
	})
	// Output: 42: issued
}
