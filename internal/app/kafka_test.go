package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/portage-gateway/portage/adapters/kafka"
)

// TestEventsReachKafkaOnceEach runs the sample with a broker that is not there at first, in each delivery.
// What readers of committed records find is the journal's beginning, each event once and in order.
func TestEventsReachKafkaOnceEach(t *testing.T) {
	for _, delivery := range []kafka.Delivery{kafka.AtLeastOnce, kafka.ExactlyOnce} {
		t.Run(string(delivery), func(t *testing.T) {
			broker, err := kfake.NewCluster(kfake.NumBrokers(1))
			if err != nil {
				t.Fatal(err)
			}
			address := broker.ListenAddrs()[0]
			t.Cleanup(broker.Close)
			o := sampleOptions(t)
			o.Config.Kafka.Brokers, o.Config.Kafka.Delivery = []string{address}, delivery
			a, err := New(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			up, done := make(chan struct{}), make(chan error, 1)
			go func() { done <- a.Run(ctx, func() { close(up) }) }()
			<-up
			readTopic(t, address, journalIDs(t, a.TrafficURL(), 10))
			stop()
			if err := errors.Join(<-done, a.Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSampleStartsWithoutABroker holds that no broker is no reason to refuse clients.
func TestSampleStartsWithoutABroker(t *testing.T) {
	o := sampleOptions(t)
	o.Config.Kafka.Brokers = []string{"127.0.0.1:1"}
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	up, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.Run(ctx, func() { close(up) }) }()
	<-up
	response, err := http.Get(a.ControlURL() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), "kafka: warning") {
		t.Errorf("/readyz: %d, %v\n%s", response.StatusCode, err, body)
	}
	stop()
	if err := errors.Join(<-done, a.Close()); err != nil {
		t.Error(err)
	}
}

// readTopic reads committed records until each of the events has come, and holds that none comes twice.
func readTopic(t *testing.T, address string, events []string) {
	t.Helper()
	c := sarama.NewConfig()
	c.Consumer.IsolationLevel = sarama.ReadCommitted
	client, err := sarama.NewConsumer([]string{address}, c)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	records := make(chan *sarama.ConsumerMessage)
	deadline := time.After(60 * time.Second)
	var partitions []int32
	for tick := time.Tick(20 * time.Millisecond); ; <-tick { // the topic is made with the first event
		if partitions, err = client.Partitions(eventsTopic); err == nil {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("no topic: %v", err)
		default:
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for _, p := range partitions {
		from, err := client.ConsumePartition(eventsTopic, p, sarama.OffsetOldest)
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		go func() {
			for m := range from.Messages() {
				select {
				case records <- m:
				case <-ctx.Done():
				}
			}
		}()
	}
	seen := map[string]bool{}
	for slices.ContainsFunc(events, func(id string) bool { return !seen[id] }) {
		select {
		case m := <-records:
			id := eventID(t, m.Value)
			if seen[id] {
				t.Errorf("event %s stands twice in the topic", id)
			}
			seen[id] = true
		case <-deadline:
			t.Fatalf("of %v only %v reached the topic", events, seen)
		}
	}
}

// journalIDs waits for the journal's first n events and returns their ids.
func journalIDs(t *testing.T, base string, n int) (ids []string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); len(ids) < n && lines.Scan(); {
		if event, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			ids = append(ids, eventID(t, []byte(event)))
		}
	}
	if len(ids) < n {
		t.Fatalf("the stream ended after %d events", len(ids))
	}
	return ids
}

func eventID(t *testing.T, text []byte) string {
	t.Helper()
	var event struct{ ID string }
	if err := json.Unmarshal(text, &event); err != nil || event.ID == "" {
		t.Fatalf("no event: %v", err)
	}
	return event.ID
}
