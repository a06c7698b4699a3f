package kafka_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
	"github.com/portage-gateway/portage/adapters/kafka"
	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

var topics atomic.Int64

// freshTopic makes a topic that no other test has.
func freshTopic(t testing.TB, b *kafkatest.Broker) string {
	return topic(t, b, fmt.Sprintf("conformance-%d", topics.Add(1)))
}

func opened[T interface{ Close() error }](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func TestLedgerConformsOnApacheKafka(t *testing.T) {
	t.Parallel()
	b := broker(t)
	adaptertest.Run(t, adaptertest.Features{KeepsID: true, MaxBody: 512 << 10}, func(t *testing.T) adaptertest.Rig {
		c := kafka.Config{Brokers: []string{b.Addr}, Topic: freshTopic(t, b)}
		c.Name = c.Topic
		open := func(t *testing.T) *kafka.Ledger {
			l, err := kafka.OpenLedger(c)
			return opened(t, l, err)
		}
		l := open(t)
		return adaptertest.Rig{Sink: l, Ledger: l, Successor: func(t *testing.T) adapters.Ledger { return open(t) },
			Stored: func(ctx context.Context, _ string) ([]adapters.Message, error) { return stored(ctx, b, c.Topic) }}
	})
}

func TestSourceConformsOnApacheKafka(t *testing.T) {
	t.Parallel()
	b := broker(t)
	adaptertest.Run(t, adaptertest.Features{KeepsID: true, CountsAttempts: true, MaxBody: 512 << 10}, func(t *testing.T) adaptertest.Rig {
		c := kafka.Config{Brokers: []string{b.Addr}, Topic: freshTopic(t, b), MaxBatch: 10}
		c.Name = c.Topic
		dead := freshTopic(t, b)
		s, err := kafka.Open(t.Context(), c)
		source := func(t *testing.T) adapters.Source {
			s, err := kafka.OpenSource(c)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		return adaptertest.Rig{Sink: opened(t, s, err), Source: source(t), Reopen: source, Dest: dead,
			Stored: func(ctx context.Context, dest string) ([]adapters.Message, error) {
				if dest == "" {
					dest = c.Topic
				}
				return stored(ctx, b, dest)
			}}
	})
}

// stored returns the committed messages of a topic. A record at its end, whose key says so, tells the reader where to stop, and
// is no message.
func stored(ctx context.Context, b *kafkatest.Broker, topic string) (list []adapters.Message, err error) {
	const end = "conformance-end"
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr), kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(1e8))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	mark := &kgo.Record{Topic: topic, Key: []byte(end)}
	if err := client.ProduceSync(ctx, mark).FirstErr(); err != nil {
		return nil, err
	}
	for {
		f := client.PollFetches(ctx)
		if err := f.Err(); err != nil {
			return nil, err
		}
		for _, r := range f.Records() {
			switch {
			case r.Offset == mark.Offset:
				return list, nil
			case string(r.Key) != end:
				list = append(list, message(r))
			}
		}
	}
}

func message(r *kgo.Record) adapters.Message {
	m := adapters.Message{Key: r.Key, Body: r.Value, Time: r.Timestamp.UTC()}
	for _, h := range r.Headers {
		switch h.Key {
		case kafka.IDHeader:
			m.ID = string(h.Value)
		case kafka.TimeHeader: // the suite asks for no time
		default:
			m.Headers = append(m.Headers, adapters.Header{Name: h.Key, Value: string(h.Value)})
		}
	}
	return m
}
