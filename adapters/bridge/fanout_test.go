package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/adapters/memory"
)

// TestTheJournalFansOutToKafka carries the journal's events to a topic: a bridge that is stopped goes on
// where it was, and an event that the topic cannot take holds nobody up.
func TestTheJournalFansOutToKafka(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "events"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	sink, err := kafka.Open(t.Context(), kafka.Config{Brokers: cluster.ListenAddrs(), Topic: "events", MaxMessageBytes: 4096})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	j := openJournal(t, t.TempDir())
	defer j.Close()
	translate := events(t, EventsConfig{Key: func(string) []byte { return []byte("mac") }})
	for n := range 60 {
		if n == 41 {
			put(t, j, adapters.Message{ID: "huge", Body: make([]byte, 5000)})
		}
		put(t, j, one(t, translate, adapters.Message{ID: "m", Body: payment(t, "PE-EVENT-SEQ", fmt.Sprint(n)), Time: clock}))
	}
	for _, stop := range []int{1, 3, 99} {
		batches := 0
		reader := j.Reader("kafka")
		reader.MaxBatch, reader.RetryMin, reader.RetryMax = 8, time.Microsecond, time.Millisecond
		ctx, cancel := context.WithCancel(t.Context())
		b := &Bridge{Name: "kafka", Sink: sink, DeadLetters: deadQueue, Source: watched{reader, func(b adapters.Batch) {
			if batches++; batches == stop || b.Messages[len(b.Messages)-1].ID == "cpp-pay-59" {
				cancel()
			}
		}}}
		if err := b.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	letters, err := j.Letters(t.Context(), deadQueue, 0)
	if err != nil || len(letters) != 1 || letters[0].ID != "huge" {
		t.Fatalf("dead letters %v, %v", letters, err)
	}
	if reason, _ := letters[0].Header(HeaderReason); reason != "too-large" {
		t.Errorf("reason %s", reason)
	}
	for n, r := range consumed(t, cluster, 60) {
		var e event.Event
		if err := json.Unmarshal(r.Value, &e); err != nil || e.Validate() != nil || e.ID() != fmt.Sprintf("cpp-pay-%d", n) {
			t.Fatalf("record %d: %v, %s", n, err, r.Value)
		}
		if string(r.Key) != "mac" || r.Headers[0].Key != "content-type" || string(r.Headers[0].Value) != ContentType {
			t.Fatalf("record %d: key %s, headers %v", n, r.Key, r.Headers)
		}
	}
}

// consumed reads the topic to its end, which must be at n.
func consumed(t *testing.T, c *kfake.Cluster, n int) (list []*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("events"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if end := c.PartitionInfo("events", 0).HighWatermark; end != int64(n) {
		t.Fatalf("%d records on the topic, want %d", end, n)
	}
	for len(list) < n {
		f := client.PollFetches(t.Context())
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, f.Records()...)
	}
	return list
}

func ExampleEvents() {
	v, record := sample()
	translate, err := Events(v, EventsConfig{
		Reference: func(program, sin, claim string) (string, error) { return "cpp-opaque", nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var broker memory.Broker
	ctx, cancel := context.WithCancel(context.Background())
	in, out := broker.Sink("CPP.PAY.EVENT"), broker.Sink("events")
	if err := in.Publish(ctx, adapters.Message{ID: "1", Body: record}, adapters.Message{ID: "2", Body: record[:100]}); err != nil {
		fmt.Println(err)
	}
	b := &Bridge{Name: "cpp-payments", Translate: translate, Sink: out, DeadLetters: "CPP.PAY.EVENT.DLQ",
		Source: watched{broker.Source("CPP.PAY.EVENT"), func(adapters.Batch) { cancel() }}}
	if err := b.Run(ctx); err != nil {
		fmt.Println(err)
	}
	var e event.Event
	if err := json.Unmarshal(broker.Messages("events")[0].Body, &e); err != nil {
		fmt.Println(err)
	}
	fmt.Println(e.ID(), e.Type(), e.Subject())
	reason, _ := broker.Messages("CPP.PAY.EVENT.DLQ")[0].Header(HeaderReason)
	fmt.Println("dead letter:", reason)
	// Output:
	// cpp-pay-42 ca.example.benefits.cpp.payment.issued.v1 cpp-opaque
	// dead letter: short-record
}
