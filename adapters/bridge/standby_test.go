package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/memory"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// taking is a source that has its queue to itself only when its test says so.
type taking struct {
	adapters.Source
	onTake  func(context.Context) error
	resumed []byte
	taken   bool
}

func (s *taking) OnTake(f func(context.Context) error) { s.onTake = f }
func (s *taking) Resume(position []byte) error         { s.resumed = position; return nil }

func (s *taking) Consume(ctx context.Context, h adapters.Handler) error {
	if !s.taken {
		return nil
	}
	if s.onTake != nil {
		if err := s.onTake(ctx); err != nil {
			return nil // it would try again
		}
	}
	return s.Source.Consume(ctx, h)
}

// recovering counts, or fails.
type recovering struct {
	*memory.Sink
	times int
	err   error
}

func (l *recovering) Recover(context.Context) ([]byte, error) {
	l.times++
	return []byte("place"), l.err
}

func TestTheLedgerIsRecoveredWhenTheSourceHasItsQueue(t *testing.T) {
	var broker memory.Broker
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	foreign := errors.New("somebody else's")
	for name, c := range map[string]struct {
		taken bool
		err   error
		times int
	}{
		"standing by":         {times: 0},
		"with its queue":      {taken: true, times: 1},
		"a ledger that fails": {taken: true, err: foreign, times: 1},
	} {
		source := &taking{Source: broker.Source("IN"), taken: c.taken}
		ledger := &recovering{Sink: broker.Sink("OUT"), err: c.err}
		runCtx := ctx
		if c.err != nil {
			runCtx = t.Context()
		}
		b := &Bridge{Name: "b", Source: source, Sink: ledger, DeadLetters: deadQueue}
		if err := b.Run(runCtx); !errors.Is(err, c.err) {
			t.Errorf("%s: Run returned %v, want %v", name, err, c.err)
		}
		if ledger.times != c.times {
			t.Errorf("%s: %d recoveries, want %d", name, ledger.times, c.times)
		}
		if want := c.taken && c.err == nil; want != (string(source.resumed) == "place") {
			t.Errorf("%s: resumed at %q", name, source.resumed)
		}
	}
	source := &taking{Source: broker.Source("IN"), onTake: func(context.Context) error { return foreign }}
	b := &Bridge{Name: "b", Source: source, Sink: sinkFunc(nil), DeadLetters: deadQueue}
	if err := b.Run(ctx); err != nil || source.onTake != nil {
		t.Errorf("a Sink without a ledger leaves the Source what another bridge set, %v", err)
	}
}

// Two bridges of one name on one queue: the second stands by and disturbs nobody, and carries on when the
// first's connection is cut.
func TestTwoBridgesOfOneNameTakeTurns(t *testing.T) {
	m, err := qmgr.Open(qmgr.Config{Dir: t.TempDir(), Sealer: inTheClear{}, Queues: []qmgr.Queue{{Name: "IN"}, {Name: deadQueue}}})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	j := openJournal(t, t.TempDir())
	defer j.Close()
	queue := &mq.Sink{Dial: m.Dial, Queue: "IN"}
	defer queue.Close()
	const each, turns = 30, 4
	var want []string
	var wg sync.WaitGroup
	defer wg.Wait()
	seen := make(chan string, each*turns)
	begin := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		b := &Bridge{Name: "b", Sink: j.Ledger("b"), DeadLetters: deadQueue,
			Source: &mq.Source{Dial: m.Dial, Queue: "IN", MaxBatch: 7, Reconnect: mq.Pace{First: 1, Most: 1}},
			Translate: func(_ context.Context, m adapters.Message) ([]adapters.Message, error) {
				seen <- m.ID
				return []adapters.Message{m}, nil
			}}
		done := make(chan struct{})
		wg.Go(func() {
			defer close(done)
			if err := b.Run(ctx); err != nil {
				t.Errorf("a bridge ended with %v: another fenced it", err)
			}
		})
		return func() { cancel(); <-done }
	}
	stop := begin()
	for turn := range turns {
		next := begin()
		for i := range each {
			id := fmt.Sprintf("m%03d", turn*each+i)
			want = append(want, id)
			put(t, queue, adapters.Message{ID: id, Body: []byte(id)})
		}
		for range each {
			<-seen
		}
		stop() // the one at work; the other takes the queue
		stop = next
	}
	stop()
	if diff := cmp.Diff(want, entries(t, j)); diff != "" {
		t.Error(diff)
	}
}
