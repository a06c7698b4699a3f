package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/internal/config"
)

// readySource is a kafka.Source as far as /readyz asks it.
type readySource struct{ err error }

func (s readySource) Ready() error { return s.err }

// TestWriteBackTriesAgainWhatFailed has the queue manager away for a while: each try is later than the one before, and
// /readyz says what is waited for until the ledger answers.
func TestWriteBackTriesAgainWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &backWatch{name: "b", log: slog.New(slog.DiscardHandler), source: readySource{}}
		ctx, stop := context.WithCancel(t.Context())
		var mu sync.Mutex
		var tries []time.Duration
		tried := func(more ...time.Duration) int {
			mu.Lock()
			defer mu.Unlock()
			tries = append(tries, more...)
			return len(tries)
		}
		began := time.Now()
		ended := make(chan error, 1)
		go func() {
			ended <- w.carry(ctx, func(ctx context.Context) error {
				if tried(time.Since(began)) < 12 {
					return fmt.Errorf("recover: %w", errors.New("the queue manager is away"))
				}
				w.saw(nil)
				<-ctx.Done()
				return nil
			})
		}()
		synctest.Wait()
		if err := w.probe(ctx); tried() != 1 || err == nil || !strings.Contains(err.Error(), "events wait in Kafka: recover: the queue manager is away") {
			t.Errorf("after %d tries /readyz hears %v", tried(), err)
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if err := w.probe(ctx); tried() != 12 || err != nil {
			t.Errorf("after %d tries /readyz hears %v", tried(), err)
		}
		for i := 1; i < len(tries); i++ {
			if pause := tries[i] - tries[i-1]; pause != min(backPause<<(i-1), maxBackPause) {
				t.Errorf("try %d comes after %v", i+1, pause)
			}
		}
		w.source = readySource{errors.New("no broker answers")}
		if err := w.probe(ctx); err == nil || !strings.Contains(err.Error(), "no broker answers") {
			t.Errorf("/readyz hears %v", err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestWriteBackLeavesDoubtAndTakeoverToItsBridge holds that neither is tried again here.
func TestWriteBackLeavesDoubtAndTakeoverToItsBridge(t *testing.T) {
	for _, fault := range []error{adapters.ErrInDoubt, adapters.ErrFenced} {
		w := &backWatch{name: "b", log: slog.New(slog.DiscardHandler), source: readySource{}}
		if err := w.carry(t.Context(), func(context.Context) error { return fault }); !errors.Is(err, fault) {
			t.Errorf("%v became %v", fault, err)
		}
	}
}

// TestWriteBackWaitsForItsQueues starts Portage before a person has defined the state queue: it serves, says what is
// missing, and goes on once it is there.
func TestWriteBackWaitsForItsQueues(t *testing.T) {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "changes", "dead"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	o := sampleOptions(t)
	c := o.Config
	c.Kafka.Brokers = broker.ListenAddrs()
	c.WriteBacks = []config.WriteBack{{Name: "cpp-back", Topic: "changes", DeadLetters: "dead", Queue: "CPP.CHANGE", Copybook: "builtin:CPPPAYEV"}}
	if err := Check(c); err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	up, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.Run(ctx, func() { close(up) }) }()
	<-up
	says := func(ok func(text string) bool) {
		t.Helper()
		deadline := time.After(time.Minute)
		for tick := time.Tick(20 * time.Millisecond); !ok(readiness(t, a)); <-tick {
			select {
			case <-deadline:
				t.Fatalf("/readyz says\n%s", readiness(t, a))
			default:
			}
		}
	}
	says(func(text string) bool {
		return strings.Contains(text, "write-back-cpp-back: warning") && strings.Contains(text, "2085")
	})
	conn, err := a.direct(ctx)
	if err != nil {
		t.Fatal(err)
	}
	definer := conn.(qmgr.Definer)
	if err := errors.Join(definer.Define(ctx, "CPP.CHANGE", nil), definer.Define(ctx, "PORTAGE.STATE.CPP.BACK", nil), conn.Close()); err != nil {
		t.Fatal(err)
	}
	says(func(text string) bool { return !strings.Contains(text, "write-back-cpp-back: warning") })
	stop()
	if err := errors.Join(<-done, a.Close()); err != nil {
		t.Error(err)
	}
}

// TestWhatBridgesSayUnderAnotherSourceIsLegacysToo has a topic with both sides' events: a bridge may name them otherwise than
// its mapping does, and they must not be applied by Legacy a second time.
func TestWhatBridgesSayUnderAnotherSourceIsLegacysToo(t *testing.T) {
	view, err := benefits.View("CPPPAYEV")
	if err != nil {
		t.Fatal(err)
	}
	a := &App{Options: Options{Config: &config.Config{
		Bridges:  []config.Bridge{{Name: "a", Source: "/legacy/toronto"}, {Name: "b"}},
		Datasets: []config.Dataset{{Source: "/legacy/extract"}},
	}}}
	for name, c := range map[string]struct {
		given []string
		want  []string
	}{
		"none is given": {nil, []string{view.Event().Source(), "/legacy/toronto", "/legacy/extract"}},
		"given":         {[]string{"/x"}, []string{"/x"}},
	} {
		if got := a.legacySources(config.WriteBack{LegacySources: c.given}, view); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestCheckRefusesTypesThatNoRecordHas reads the write-back's mapping without starting anything.
func TestCheckRefusesTypesThatNoRecordHas(t *testing.T) {
	c := &config.Config{WriteBacks: []config.WriteBack{
		{Name: "a", Copybook: "builtin:CPPPAYEV", Types: []string{"ca.example.nothing.v1"}}, {Name: "b", Copybook: "builtin:EICLMSTA"}, {Name: "c", Copybook: "missing.cpy"}}}
	err := Check(c)
	for _, words := range []string{"write-back a: records of mapping", "ca.example.nothing.v1", "write-back b: mapping", "no event block", "write-back c: read the copybook"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("it does not say %q: %v", words, err)
		}
	}
}
