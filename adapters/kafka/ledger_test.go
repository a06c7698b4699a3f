package kafka

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
)

func ledger(t testing.TB, c Config) *Ledger {
	t.Helper()
	if c.Name == "" {
		c.Name = "cpp-payments"
	}
	if c.Topic == "" {
		c.Topic = "events"
	}
	l, err := OpenLedger(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// recovered is a ledger that was recovered, at this position.
func recovered(t testing.TB, c Config, want string) *Ledger {
	t.Helper()
	l := ledger(t, c)
	if got, err := l.Recover(t.Context()); err != nil || string(got) != want {
		t.Fatalf("recovered position %q, %v; want %q", got, err, want)
	}
	return l
}

// committed returns the IDs that a read_committed reader sees. A last record, sent outside of any
// transaction, tells it where the topic ends.
func committed(t testing.TB, c *kfake.Cluster) (ids []string) {
	t.Helper()
	const end = "the end"
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("events"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "events", Key: []byte(end)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for last := c.PartitionInfo("events", 0).HighWatermark - 1; ; {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for _, r := range fetches.Records() {
			if string(r.Key) != end {
				ids = append(ids, asMessage(r).ID)
			} else if r.Offset == last {
				return ids
			}
		}
	}
}

// checkCommitted requires messages 1 to n, once each and in order.
func checkCommitted(t *testing.T, c *kfake.Cluster, n int) {
	t.Helper()
	var want []string
	for _, m := range messages(1, n) {
		want = append(want, m.ID)
	}
	if got := committed(t, c); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("readers see %v, want %v", got, want)
	}
}

func TestLedgerConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Features{KeepsID: true, MaxBody: 512 << 10}, func(t *testing.T) adaptertest.Rig {
		c := cluster(t, kfake.SeedTopics(1, "events"))
		cfg := Config{Brokers: c.ListenAddrs()}
		l := ledger(t, cfg)
		return adaptertest.Rig{
			Sink: l, Ledger: l,
			Successor: func(t *testing.T) adapters.Ledger { return ledger(t, cfg) },
			Stored: func(ctx context.Context, _ string) (list []adapters.Message, err error) {
				client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics("events"),
					kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
				if err != nil {
					return nil, err
				}
				defer client.Close()
				mark := &kgo.Record{Topic: "events", Key: []byte("end"), Value: []byte("end")}
				if err := client.ProduceSync(ctx, mark).FirstErr(); err != nil {
					return nil, err
				}
				for {
					for _, r := range client.PollFetches(ctx).Records() {
						if r.Offset == mark.Offset {
							return list, nil
						}
						if string(r.Key) != "end" {
							list = append(list, asMessage(r))
						}
					}
					if ctx.Err() != nil {
						return nil, ctx.Err()
					}
				}
			},
		}
	})
}

func TestTheLongestPositionFits(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	cfg := Config{Brokers: c.ListenAddrs()}
	long := bytes.Repeat([]byte{0xff}, adapters.MaxPosition)
	if err := recovered(t, cfg, "").PublishAt(t.Context(), long, message(1)); err != nil {
		t.Fatal(err)
	}
	recovered(t, cfg, string(long))
	checkCommitted(t, c, 1)
}

func TestPublishLeavesThePosition(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	cfg := Config{Brokers: c.ListenAddrs()}
	l := recovered(t, cfg, "")
	if err := errors.Join(l.PublishAt(t.Context(), []byte("one"), message(1)), l.Publish(t.Context(), message(2))); err != nil {
		t.Fatal(err)
	}
	recovered(t, cfg, "one")
	if err := l.Publish(t.Context(), message(3)); !errors.Is(err, adapters.ErrFenced) {
		t.Errorf("after a takeover: %v", err)
	}
	checkCommitted(t, c, 2)
}

// Each request of a transaction fails once, before it is done or after; then the answer is lost with the
// connection.
func TestNoLostAnswerLosesOrDoubles(t *testing.T) {
	for _, key := range []kmsg.Key{kmsg.InitProducerID, kmsg.AddPartitionsToTxn, kmsg.Produce, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.OffsetFetch} {
		for _, after := range []bool{false, true} {
			name := key.Name() + map[bool]string{false: " not done", true: " done"}[after]
			t.Run(name, func(t *testing.T) {
				c := cluster(t, kfake.SeedTopics(1, "events"))
				w := &wire{}
				cfg := Config{Brokers: c.ListenAddrs(), Dial: w.dial}
				l := recovered(t, cfg, "")
				if err := l.PublishAt(t.Context(), []byte("one"), messages(1, 3)...); err != nil {
					t.Fatal(err)
				}
				if key == kmsg.InitProducerID || key == kmsg.OffsetFetch {
					l.drop() // only a new producer asks these
				}
				w.cut(int16(key), after, 1)
				if err := l.PublishAt(t.Context(), []byte("two"), messages(4, 6)...); err != nil {
					t.Fatal(err)
				}
				if !w.hit.Load() {
					t.Fatal("nothing was cut")
				}
				if err := l.PublishAt(t.Context(), []byte("three"), messages(7, 8)...); err != nil {
					t.Fatal(err)
				}
				checkCommitted(t, c, 8)
				recovered(t, cfg, "three")
			})
		}
	}
}

func TestADoubtIsDecidedByTheMark(t *testing.T) {
	for name, code := range map[string]*kerr.Error{
		"never committed": kerr.InvalidTxnState, "pid unknown": kerr.UnknownProducerID, "mapping expired": kerr.InvalidProducerIDMapping,
	} {
		t.Run(name, func(t *testing.T) {
			c := cluster(t, kfake.SeedTopics(1, "events"))
			l := recovered(t, Config{Brokers: c.ListenAddrs()}, "")
			c.ControlKey(int16(kmsg.EndTxn), func(k kmsg.Request) (kmsg.Response, error, bool) {
				res := k.ResponseKind().(*kmsg.EndTxnResponse)
				res.ErrorCode = code.Code
				return res, nil, true
			})
			if err := l.PublishAt(t.Context(), []byte("one"), messages(1, 2)...); err != nil {
				t.Fatal(err)
			}
			checkCommitted(t, c, 2)
		})
	}
}

func TestDoubtThatOutlivesItsCallerIsSaid(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	cfg := Config{Brokers: c.ListenAddrs()}
	l := recovered(t, cfg, "")
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan bool)
	c.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		cancel()
		c.SleepControl(func() { <-release })
		return nil, nil, false
	})
	err := l.PublishAt(ctx, []byte("one"), messages(1, 2)...)
	close(release)
	if !errors.Is(err, adapters.ErrInDoubt) {
		t.Fatalf("got %v", err)
	}
	if err := l.PublishAt(t.Context(), []byte("two"), message(3)); err == nil || !strings.Contains(err.Error(), "before Recover") {
		t.Errorf("while in doubt: %v", err)
	}
	position, err := l.Recover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	switch n := len(committed(t, c)); {
	case string(position) == "one" && n == 2, position == nil && n == 0:
	default:
		t.Errorf("position %q with %d messages is half of it", position, n)
	}
}

func TestACallerThatLeavesBeforeTheCommitLeavesNothing(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	l := recovered(t, Config{Brokers: c.ListenAddrs()}, "")
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan bool)
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cancel()
		c.SleepControl(func() { <-release })
		return nil, nil, false
	})
	err := l.PublishAt(ctx, []byte("one"), message(9))
	close(release)
	if err == nil || errors.Is(err, adapters.ErrInDoubt) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := l.PublishAt(t.Context(), []byte("one"), message(1)); err != nil {
		t.Fatal(err)
	}
	checkCommitted(t, c, 1)
}

func TestARefusalLeavesTheLedgerFit(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	l := recovered(t, Config{Brokers: c.ListenAddrs()}, "")
	failProduce(c, kerr.MessageTooLarge.Code)
	var r *adapters.Refusal
	if err := l.PublishAt(t.Context(), []byte("bad"), message(9)); !errors.As(err, &r) || r.Reason != "too-large" {
		t.Fatalf("got %v", err)
	}
	if err := l.PublishAt(t.Context(), []byte("good"), message(1)); err != nil {
		t.Fatal(err)
	}
	checkCommitted(t, c, 1)
}

func TestAClusterThatForbidsIsSaidAtOnce(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	l := recovered(t, Config{Brokers: c.ListenAddrs()}, "")
	failProduce(c, kerr.TopicAuthorizationFailed.Code)
	var e *Error
	if err := l.PublishAt(t.Context(), []byte("one"), message(1)); !errors.As(err, &e) || e.Class != Alert || l.Ready() == nil {
		t.Errorf("got %v, ready %v", err, l.Ready())
	}
	if err := l.PublishAt(t.Context(), []byte("one"), message(1)); err != nil || l.Ready() != nil {
		t.Errorf("once allowed: %v, ready %v", err, l.Ready())
	}
	checkCommitted(t, c, 1)
}

// A predecessor that was taken over never fences its successor, however often it tries.
func TestAZombieDoesNotFenceItsSuccessor(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	cfg := Config{Brokers: c.ListenAddrs()}
	old := recovered(t, cfg, "")
	if err := old.PublishAt(t.Context(), []byte("one"), message(1)); err != nil {
		t.Fatal(err)
	}
	next := recovered(t, cfg, "one")
	var starts atomic.Int64
	c.ControlKey(int16(kmsg.InitProducerID), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		starts.Add(1)
		return nil, nil, false
	})
	for range 3 {
		if err := old.PublishAt(t.Context(), []byte("zombie"), message(9)); !errors.Is(err, adapters.ErrFenced) || !errors.Is(old.Ready(), adapters.ErrFenced) {
			t.Fatalf("got %v, ready %v", err, old.Ready())
		}
	}
	if err := next.PublishAt(t.Context(), []byte("two"), message(2)); err != nil {
		t.Fatal(err)
	}
	if starts.Load() != 0 {
		t.Errorf("the zombie started %d producers", starts.Load())
	}
	checkCommitted(t, c, 2)
}

func TestIdleLedgerKeepsItsPositionFresh(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	commits := make(chan int64, 100)
	c.ControlKey(int16(kmsg.TxnOffsetCommit), func(k kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		commits <- k.(*kmsg.TxnOffsetCommitRequest).Topics[0].Partitions[0].Offset
		return nil, nil, false
	})
	cfg := Config{Brokers: c.ListenAddrs(), Refresh: 20 * time.Millisecond}
	l := recovered(t, cfg, "")
	if err := l.PublishAt(t.Context(), []byte("kept"), message(1)); err != nil {
		t.Fatal(err)
	}
	for n := range int64(5) { // the claim, the message, and three refreshes
		if got := <-commits; got != n {
			t.Errorf("commit %d has sequence %d", n, got)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	recovered(t, cfg, "kept")
	checkCommitted(t, c, 1)
}

func TestRecoverWaitsForBrokers(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	l := ledger(t, Config{Brokers: []string{free.Addr().String()}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var e *Error
	if _, err := l.Recover(ctx); !errors.As(err, &e) || e.Class != Transient || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	cluster(t, kfake.SeedTopics(1, "events"), kfake.Ports(free.Addr().(*net.TCPAddr).Port))
	if _, err := l.Recover(t.Context()); err != nil || l.Ready() != nil {
		t.Errorf("got %v, ready %v", err, l.Ready())
	}
}

func TestAForeignOffsetIsRefused(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.MaxVersions(kversion.V2_8_0()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	p, topic, commit := kmsg.NewOffsetCommitRequestTopicPartition(), kmsg.NewOffsetCommitRequestTopic(), kmsg.NewPtrOffsetCommitRequest()
	p.Offset, p.Metadata = 7, kmsg.StringPtr("not base64!")
	topic.Topic, topic.Partitions = "events", append(topic.Partitions, p)
	commit.Group, commit.Generation, commit.Topics = "portage-cpp-payments", -1, append(commit.Topics, topic)
	if _, err := commit.RequestWith(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger(t, Config{Brokers: c.ListenAddrs()}).Recover(t.Context()); !errors.Is(err, errForeign) {
		t.Errorf("got %v", err)
	}
}

func TestLedgerAsksForBrokersThatTellCertainPositions(t *testing.T) {
	if _, err := OpenLedger(Config{Brokers: []string{"127.0.0.1:1"}, Topic: "events", Name: "n", Version: "2.4.0"}); err == nil {
		t.Error("2.4.0 was taken")
	}
}

func BenchmarkPublishAt(b *testing.B) {
	c := cluster(b, kfake.SeedTopics(1, "events"))
	l := recovered(b, Config{Brokers: c.ListenAddrs()}, "")
	batch := messages(1, 50)
	for i := range batch {
		batch[i].Body = make([]byte, 700)
	}
	position := make([]byte, 409)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.PublishAt(context.Background(), position, batch...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "events/s")
}
