package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
)

func source(t testing.TB, c Config) *Source {
	t.Helper()
	c.Topic, c.Name = "events", "write-back"
	s, err := OpenSource(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// take consumes until done says so, and returns what was settled.
func take(t testing.TB, s *Source, done func(settled []adapters.Message) bool) (settled []adapters.Message) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := s.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
		if settled = append(settled, b.Messages...); done(settled) {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return settled
}

func upTo(n int) func([]adapters.Message) bool {
	return func(settled []adapters.Message) bool { return len(settled) >= n }
}

func ids(ms []adapters.Message) (list []string) {
	for _, m := range ms {
		list = append(list, m.ID)
	}
	return list
}

func TestSourceConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Features{KeepsID: true, CountsAttempts: true, MaxBody: 512 << 10}, func(t *testing.T) adaptertest.Rig {
		c := cluster(t, kfake.SeedTopics(1, "events", "dead"))
		return adaptertest.Rig{
			Sink:   open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"}),
			Source: source(t, Config{Brokers: c.ListenAddrs(), MaxBatch: 10}),
			Reopen: func(t *testing.T) adapters.Source { return source(t, Config{Brokers: c.ListenAddrs(), MaxBatch: 10}) },
			Dest:   "dead",
			Stored: func(ctx context.Context, dest string) ([]adapters.Message, error) { return storedIn(ctx, c, dest) },
		}
	})
}

// storedIn returns the committed messages of a topic.
func storedIn(ctx context.Context, c *kfake.Cluster, topic string) (list []adapters.Message, err error) {
	if topic == "" {
		topic = "events"
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	// A record outside of transactions marks the end. Nobody else may read it.
	end := c.PartitionInfo(topic, 0).LastStableOffset
	for at := int64(0); at < end; {
		f := client.PollFetches(ctx)
		if err := f.Err(); err != nil {
			return nil, err
		}
		for _, r := range f.Records() {
			list, at = append(list, asMessage(r)), r.Offset+1
		}
		if at == end-1 {
			break // the last offset is a transaction's marker
		}
	}
	return list, nil
}

func TestAbortedRecordsAreNotDelivered(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	other, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.TransactionalID("other"), kgo.DefaultProduceTopic("events"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := errors.Join(other.BeginTransaction(), other.ProduceSync(t.Context(), kgo.StringRecord("aborted")).FirstErr(),
		other.EndTransaction(t.Context(), kgo.TryAbort)); err != nil {
		t.Fatal(err)
	}
	l := recovered(t, Config{Brokers: c.ListenAddrs()}, "")
	if err := l.PublishAt(t.Context(), []byte("b"), messages(1, 3)...); err != nil {
		t.Fatal(err)
	}
	got := ids(take(t, source(t, Config{Brokers: c.ListenAddrs()}), upTo(3)))
	if diff := cmp.Diff(ids(messages(1, 3)), got); diff != "" {
		t.Error(diff)
	}
}

// A process dies after its sink has a batch and before the group's offsets are committed: the next one is told the
// position. What was put aside in the batch was not committed, and comes again.
func TestResumeSkipsWhatTheSinkHas(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events", "dead"))
	if err := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"}).Publish(t.Context(), messages(1, 10)...); err != nil {
		t.Fatal(err)
	}
	var position []byte
	ctx, cancel := context.WithCancel(t.Context())
	died := errors.New("died")
	if err := source(t, Config{Brokers: c.ListenAddrs(), MaxBatch: 6}).Consume(ctx, func(_ context.Context, u adapters.Unit, b adapters.Batch) error {
		if err := u.Put(ctx, "dead", b.Messages[2]); err != nil {
			t.Error(err)
		}
		position = b.Position
		cancel()
		return died
	}); err != nil {
		t.Fatal(err)
	}
	sunk, err := parseProgress(position)
	if err != nil {
		t.Fatal(err)
	}
	n := int(sunk.next[0])
	if len(sunk.aside) != 1 || n == 0 {
		t.Fatalf("the position says %+v", sunk)
	}
	s := source(t, Config{Brokers: c.ListenAddrs(), MaxBatch: 6})
	if err := s.Resume(position); err != nil {
		t.Fatal(err)
	}
	want := append([]string{message(3).ID}, ids(messages(n+1, 10))...)
	got := ids(take(t, s, func(m []adapters.Message) bool { return m[len(m)-1].ID == message(10).ID || len(m) >= len(want) }))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever is settled, put aside, lost and resumed: nothing is due twice and nothing is forgotten.
func TestPositionsTellWhatIsDue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fresh, _ := parseProgress(nil)
		model, now := map[place]bool{}, fresh // settled in the sink
		for part := range int32(rapid.IntRange(1, 5).Draw(t, "partitions")) {
			at := int64(rapid.IntRange(0, 9).Draw(t, "start"))
			for range rapid.IntRange(0, 4).Draw(t, "batches") {
				var batch []place
				for range rapid.IntRange(1, 9).Draw(t, "batch") {
					batch, at = append(batch, place{part, at}), at+1
				}
				p, slots, err := now.position(batch)
				if err != nil {
					t.Fatal(err)
				}
				for i, b := range batch {
					if aside := rapid.IntRange(0, 3).Draw(t, "aside") == 0; aside {
						putAside(p, slots, i, b)
					} else {
						model[b] = true
					}
				}
				if now, err = parseProgress(p); err != nil {
					t.Fatal(err)
				}
			}
			for o := range at {
				if p := (place{part, o}); now.due(p) == model[p] && (model[p] || now.aside[p] || o >= now.next[part]) {
					t.Fatalf("%v: due %v, settled %v", p, now.due(p), model[p])
				}
			}
		}
		for p := range model {
			if now.due(p) {
				t.Fatalf("%v is settled and due", p)
			}
		}
	})
}

func TestAPositionThatDoesNotFitIsSaid(t *testing.T) {
	g, _ := parseProgress(nil)
	for p := range int32(300) {
		g.next[p] = 1
	}
	if _, _, err := g.position(nil); err == nil || !strings.Contains(err.Error(), "share the topic") {
		t.Errorf("got %v", err)
	}
}

func FuzzParseProgress(f *testing.F) {
	g := progress{next: map[int32]int64{0: 7, 3: 9}, aside: map[place]bool{{3, 8}: true}}
	p, _, _ := g.position([]place{{0, 7}})
	f.Add(p)
	f.Add([]byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := parseProgress(b)
		if err != nil || len(b) == 0 {
			return
		}
		again, _, err := g.position(nil)
		if err != nil {
			return // longer than a position may be
		}
		h, err := parseProgress(again)
		if err != nil || !maps.Equal(g.next, h.next) || !maps.Equal(g.aside, h.aside) {
			t.Errorf("%v, %v became %v", err, g, h)
		}
	})
}

func TestRecordsBecomeMessages(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(2, "events"))
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for part := range int32(2) {
		r := &kgo.Record{Topic: "events", Partition: part, Key: []byte("k"), Value: fmt.Append(nil, part), Headers: []kgo.RecordHeader{{Key: "ce_id", Value: []byte("x")}}}
		if part == 1 {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: IDHeader, Value: []byte("named")})
		}
		if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	got := take(t, source(t, Config{Brokers: c.ListenAddrs()}), upTo(2))
	slices.SortFunc(got, func(a, b adapters.Message) int { return strings.Compare(string(a.Body), string(b.Body)) })
	for i, want := range []string{"events/0/0", "named"} {
		if m := got[i]; m.ID != want || string(m.Key) != "k" || len(m.Headers) != 1 || m.Headers[0].Value != "x" || m.Time.IsZero() {
			t.Errorf("message %d: %+v", i, m)
		}
	}
}

func TestAFollowerTakesTheMembership(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	if err := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"}).Publish(t.Context(), messages(1, 1)...); err != nil {
		t.Fatal(err)
	}
	came, ended := make(chan bool, 10), make(chan error, 1)
	go func() {
		ended <- source(t, Config{Brokers: c.ListenAddrs()}).Consume(t.Context(), func(context.Context, adapters.Unit, adapters.Batch) error {
			came <- true
			return nil
		})
	}()
	<-came
	ctx, cancel := context.WithCancel(t.Context())
	next := source(t, Config{Brokers: c.ListenAddrs()})
	done := make(chan error, 1)
	go func() {
		done <- next.Consume(ctx, func(context.Context, adapters.Unit, adapters.Batch) error { return nil })
	}()
	if err := <-ended; !errors.Is(err, adapters.ErrFenced) {
		t.Errorf("the one that was followed: %v", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Records that were deleted unread are a person's matter: the source does not jump over them.
func TestDeletedRecordsAreNotJumpedOver(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	sink := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"})
	if err := sink.Publish(t.Context(), messages(1, 3)...); err != nil {
		t.Fatal(err)
	}
	take(t, source(t, Config{Brokers: c.ListenAddrs()}), upTo(3))
	if err := sink.Publish(t.Context(), messages(4, 10)...); err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	p, topic, remove := kmsg.NewDeleteRecordsRequestTopicPartition(), kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewPtrDeleteRecordsRequest()
	p.Offset = 8
	topic.Topic, topic.Partitions = "events", append(topic.Partitions, p)
	remove.Topics = append(remove.Topics, topic)
	if _, err := remove.RequestWith(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	said := make(lines, 100)
	s := source(t, Config{Brokers: c.ListenAddrs(), Log: slog.New(slog.NewTextHandler(said, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- s.Consume(ctx, func(_ context.Context, _ adapters.Unit, b adapters.Batch) error {
			t.Errorf("%s was delivered", b.Messages[0].ID)
			return nil
		})
	}()
	for line := range said {
		if strings.Contains(line, "out of range") || strings.Contains(line, "outside the range") {
			break
		}
	}
	if s.Ready() == nil {
		t.Error("it is ready")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// lines passes on what is logged.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}
