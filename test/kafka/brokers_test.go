package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// TestKillBrokersOfThree kills one broker of three after the other while two bridges publish 20,000 messages. All are
// published although one broker is away, each once and in its queue's order. PORTAGE_KILLS asks for it: a tenth of
// them, 6 to 20, are kills of brokers.
func TestKillBrokersOfThree(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("PORTAGE_KILLS"))
	if err != nil || n <= 0 {
		t.Skip("three brokers run in `make soak` only")
	}
	c := kafkatest.StartCluster(t, 3)
	s := &survival{T: t, Cluster: c, each: 10_000, seen: map[string]int{}, read: make(chan string, 20_000)}
	s.queues = []string{"OAS.PAY.EVENT", "CPP.PAY.EVENT"}
	for _, q := range s.queues {
		topic(t, c.Brokers[0], q)
	}
	s.bridges(t.Context(), min(20, max(6, n/10)))
}

// survival is a run of bridges over brokers that die.
type survival struct {
	*testing.T
	*kafkatest.Cluster
	queues []string
	each   int // messages of each queue
	read   chan string
	seen   map[string]int // by queue: how many, which is also the number of the next
	fed    int            // of each queue
}

func (s *survival) bridges(ctx context.Context, kills int) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	cfg := qmgr.Config{Dir: s.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: "DEAD"}}}
	for _, q := range s.queues {
		cfg.Queues = append(cfg.Queues, qmgr.Queue{Name: q, MaxDepth: s.each})
	}
	m, err := qmgr.Open(cfg)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { m.Close() })
	for _, q := range s.queues {
		ledger, err := kafka.OpenLedger(kafka.Config{Brokers: s.Addrs(), Topic: q, Name: q})
		b := &bridge.Bridge{Name: q, Sink: opened(s.T, ledger, err), DeadLetters: "DEAD",
			Source: &mq.Source{Dial: m.Dial, Queue: q, MaxBatch: 50, Wait: time.Second, BackoutThreshold: -1}}
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := b.Run(ctx); err != nil && !errors.Is(err, adapters.ErrInDoubt) && ctx.Err() == nil {
					s.Errorf("%s: %v", q, err)
					return
				}
			}
		})
	}
	wg.Go(func() { s.reader(ctx) })
	began := time.Now()
	for kill := range kills {
		s.feed(m, s.each*(kill+1)/(kills+1))
		s.killOne(kill)
	}
	s.feed(m, s.each)
	s.await(s.each * len(s.queues))
	s.Logf("%d messages, %d kills of brokers, in %v: none lost, doubled or out of order", s.each*len(s.queues), kills, time.Since(began).Round(time.Second))
	if a, err := m.Connect().Inquire(ctx, "DEAD"); err != nil || a.Depth != 0 {
		s.Errorf("%d dead letters, %v", a.Depth, err)
	}
}

// killOne kills a broker in the middle of what is fed, sees the rest come through without it, and starts it again.
func (s *survival) killOne(kill int) {
	b := s.Brokers[kill%len(s.Brokers)]
	fed := s.fed * len(s.queues)
	s.await(fed - 200)
	b.Kill()
	killed := time.Now()
	s.await(fed - 100)
	s.Logf("broker %d killed: the next 100 messages took %v", kill%len(s.Brokers)+1, time.Since(killed).Round(time.Millisecond))
	s.await(fed)
	if err := b.Restart(); err != nil {
		s.Fatal(err)
	}
	s.healed()
}

// feed puts messages until each queue was given so many. Each holds its number.
func (s *survival) feed(m *qmgr.Manager, upTo int) {
	c := m.Connect()
	defer c.Close()
	for ; s.fed < upTo; s.fed++ {
		for _, q := range s.queues {
			body := fmt.Appendf(nil, "%s %d", q, s.fed)
			if _, err := c.Put(s.Context(), q, mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: body}, mq.PutOptions{Syncpoint: true}); err != nil {
				s.Fatal(err)
			}
		}
		if s.fed%50 == 49 || s.fed == upTo-1 {
			if err := c.Commit(s.Context()); err != nil {
				s.Fatal(err)
			}
		}
	}
}

// reader sends on what a reader of committed records sees.
func (s *survival) reader(ctx context.Context) {
	client, err := kgo.NewClient(kgo.SeedBrokers(s.Addrs()...), kgo.ConsumeTopics(s.queues...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		s.Error(err)
		return
	}
	defer client.Close()
	for ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { s.read <- string(r.Value) })
	}
}

// await waits until so many messages were read, each the next of its queue.
func (s *survival) await(total int) {
	s.Helper()
	patience := time.After(5 * time.Minute)
	for s.count() < total {
		select {
		case body := <-s.read:
			queue, number, _ := strings.Cut(body, " ")
			if number != strconv.Itoa(s.seen[queue]) {
				s.Fatalf("%s: message %s came, and %d is due", queue, number, s.seen[queue])
			}
			s.seen[queue]++
		case <-patience:
			s.Fatalf("%d messages of %d came: %v", s.count(), total, s.seen)
		}
	}
}

func (s *survival) count() (n int) {
	for _, c := range s.seen {
		n += c
	}
	return n
}

// healed waits until every partition has all its replicas again: one broker at a time is what the cluster stands.
func (s *survival) healed() {
	client, err := kgo.NewClient(kgo.SeedBrokers(s.Addrs()...))
	if err != nil {
		s.Fatal(err)
	}
	defer client.Close()
	for s.Context().Err() == nil {
		if res, err := kmsg.NewPtrMetadataRequest().RequestWith(s.Context(), client); err == nil && inSync(res, len(s.Brokers)) {
			return
		}
		wait(s.Context(), 50*time.Millisecond)
	}
}

// inSync reports whether all partitions of all topics have n replicas in sync. There are topics: the bridges' and Kafka's own.
func inSync(res *kmsg.MetadataResponse, n int) bool {
	partitions := 0
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			if len(p.ISR) < n {
				return false
			}
			partitions++
		}
	}
	return partitions > 0
}
