package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
)

func TestMain(m *testing.M) {
	// sarama's metrics library keeps one ticker for the life of the process.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

func cluster(t testing.TB, o ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, o...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func open(t testing.TB, c Config) *Sink {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// records reads the topic as franz-go sees it, up to its present end, partition by partition.
func records(ctx context.Context, t testing.TB, c *kfake.Cluster, topic string) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	waiting := 0
	for p := int32(0); ; p++ {
		info := c.PartitionInfo(topic, p)
		if info == nil {
			break
		}
		waiting += int(info.HighWatermark)
	}
	var list []*kgo.Record
	for len(list) < waiting {
		f := client.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, f.Records()...)
	}
	slices.SortStableFunc(list, func(a, b *kgo.Record) int { return int(a.Partition - b.Partition) })
	return list
}

// asMessage turns a record back into what was published.
func asMessage(r *kgo.Record) adapters.Message {
	m := &sarama.ConsumerMessage{Topic: r.Topic, Key: r.Key, Value: r.Value}
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, &sarama.RecordHeader{Key: []byte(h.Key), Value: h.Value})
	}
	return fromRecord(m)
}

func message(n int) adapters.Message {
	return adapters.Message{ID: fmt.Sprintf("cpp-pay-%d", n), Key: fmt.Appendf(nil, "key-%d", n%5),
		Body: fmt.Appendf(nil, `{"n":%d}`, n), Time: time.UnixMilli(1772960400000 + int64(n)).UTC()}
}

func messages(from, to int) (list []adapters.Message) {
	for n := from; n <= to; n++ {
		list = append(list, message(n))
	}
	return list
}

func TestConformance(t *testing.T) {
	adaptertest.Run(t, adaptertest.Features{KeepsID: true, MaxBody: 512 << 10}, func(t *testing.T) adaptertest.Rig {
		c := cluster(t, kfake.SeedTopics(1, "events"))
		return adaptertest.Rig{
			Sink: open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"}),
			Stored: func(ctx context.Context, _ string) (list []adapters.Message, err error) {
				for _, r := range records(ctx, t, c, "events") {
					list = append(list, asMessage(r))
				}
				return list, nil
			},
		}
	})
}

func TestMessagesComeThroughWithKeyHeadersAndTime(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(3, "events"))
	s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events", Compression: "zstd"})
	want := messages(1, 20)
	want[3].Headers = []adapters.Header{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}, {Name: "b", Value: ""}}
	if err := s.Publish(t.Context(), want...); err != nil {
		t.Fatal(err)
	}
	var got []adapters.Message
	for _, r := range records(t.Context(), t, c, "events") {
		got = append(got, asMessage(r))
	}
	slices.SortFunc(got, func(a, b adapters.Message) int { return a.Time.Compare(b.Time) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Partitions of Apache Kafka's default partitioner, toPositive(murmur2(key)) % 12; franz-go's own
// implementation of it is the second opinion.
func TestKeysChooseThePartitionAsJavaProducersDo(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(12, "events"))
	s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"})
	if err := s.Publish(t.Context(), messages(1, 50)...); err != nil {
		t.Fatal(err)
	}
	java := kgo.StickyKeyPartitioner(nil).ForTopic("events")
	used := map[int32]bool{}
	for _, r := range records(t.Context(), t, c, "events") {
		if want := java.Partition(&kgo.Record{Key: r.Key}, 12); int(r.Partition) != want {
			t.Errorf("key %s is on partition %d, Java would choose %d", r.Key, r.Partition, want)
		}
		used[r.Partition] = true
	}
	if len(used) < 3 {
		t.Errorf("only partitions %v were used: the test shows nothing", used)
	}
}

func TestTopicIsCreatedOnlyWhenAsked(t *testing.T) {
	c := cluster(t)
	_, err := Open(t.Context(), Config{Brokers: c.ListenAddrs(), Topic: "events"})
	var e *Error
	if !errors.As(err, &e) || e.Class != Alert || !strings.Contains(err.Error(), "set createTopic") {
		t.Fatalf("missing topic: %v", err)
	}
	for range 2 { // the second finds it
		s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events", CreateTopic: true, Partitions: 4})
		if err := s.Publish(t.Context(), message(1)); err != nil {
			t.Fatal(err)
		}
	}
	if c.PartitionInfo("events", 3) == nil || c.PartitionInfo("events", 4) != nil {
		t.Error("the topic does not have 4 partitions")
	}
}

func TestConfigIsChecked(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"brokers is empty":         func(c *Config) { c.Brokers = nil },
		"topic is empty":           func(c *Config) { c.Topic = "" },
		"not structured or binary": func(c *Config) { c.Content = "xml" },
		"compression":              func(c *Config) { c.Compression = "rar" },
		"partitions":               func(c *Config) { c.Partitions = -1 },
		"maxBatch":                 func(c *Config) { c.MaxBatch = 101 },
		"maxMessageBytes":          func(c *Config) { c.MaxMessageBytes = 10 },
		"patience":                 func(c *Config) { c.Patience = time.Microsecond },
		"not a Kafka version":      func(c *Config) { c.Version = "new" },
		"in the clear":             func(c *Config) { c.SASL.User = "portage" },
		"sasl.mechanism":           func(c *Config) { c.SASL.Mechanism = "scram-sha-256" },
		"needs sasl.tokenFile":     func(c *Config) { c.SASL.Mechanism, c.TLS.Enabled = "oauthbearer", true },
		"sasl.tokenFile: open":     func(c *Config) { c.SASL.Mechanism, c.SASL.TokenFile, c.TLS.Enabled = "oauthbearer", "/nowhere", true },
		"is empty":                 func(c *Config) { c.SASL.Mechanism, c.SASL.TokenFile, c.TLS.Enabled = "oauthbearer", "/dev/null", true },
		"delivery":                 func(c *Config) { c.Delivery = "exactly-once" },
		"needs a name":             func(c *Config) { c.Delivery = ExactlyOnce },
		"refresh":                  func(c *Config) { c.Refresh = 8 * 24 * time.Hour },
		"sasl.passwordFile":        func(c *Config) { c.SASL.User, c.TLS.Enabled = "portage", true },
		"tls.caFile":               func(c *Config) { c.TLS = TLS{Enabled: true, CAFile: "/nowhere"} },
		"holds no PEM":             func(c *Config) { c.TLS = TLS{Enabled: true, CAFile: "/dev/null"} },
		"tls.certFile":             func(c *Config) { c.TLS = TLS{Enabled: true, CertFile: "/nowhere"} },
	} {
		c := Config{Brokers: []string{"127.0.0.1:1"}, Topic: "events"}
		change(&c)
		if _, err := Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestABrokerThatComesLaterIsFound(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := open(t, Config{Brokers: []string{l.Addr().String()}, Topic: "events"})
	var e *Error
	for name, err := range map[string]error{"Ready": s.Ready(), "Publish": s.Publish(t.Context(), message(1))} {
		if !errors.As(err, &e) || e.Class != Transient || !strings.Contains(e.Hint, "no broker answered") {
			t.Errorf("%s without a broker: %v", name, err)
		}
	}
	c := cluster(t, kfake.SeedTopics(1, "events"), kfake.Ports(l.Addr().(*net.TCPAddr).Port))
	<-s.dialed
	if err := s.Publish(t.Context(), message(1)); err != nil || s.Ready() != nil {
		t.Errorf("with a broker: %v, ready: %v", err, s.Ready())
	}
	checkInOrder(t, c, 1)
}

func TestCloseEndsTheDialling(t *testing.T) {
	s, err := Open(t.Context(), Config{Brokers: []string{"127.0.0.1:1"}, Topic: "events"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-s.dialed
	if err := s.Publish(t.Context(), message(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func TestATooLargeMessageIsRefusedBeforeAnyIsSent(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events", MaxMessageBytes: 2000})
	big := message(2)
	big.Body = []byte(strings.Repeat("SECRET", 400))
	err := s.Publish(t.Context(), message(1), big, message(3))
	var r *adapters.Refusal
	if !errors.As(err, &r) || r.Reason != "too-large" || r.Size != 2400 || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
	if got := records(t.Context(), t, c, "events"); len(got) != 0 {
		t.Errorf("%d records were sent", len(got))
	}
}

// failProduce makes the broker answer produce requests with these codes, one a request, then well.
func failProduce(c *kfake.Cluster, codes ...int16) *atomic.Int64 {
	var asked atomic.Int64
	c.ControlKey(int16(kmsg.Produce), func(k kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		n := asked.Add(1)
		if int(n) > len(codes) {
			return nil, nil, false
		}
		return refuse(k.(*kmsg.ProduceRequest), codes[n-1]), nil, true
	})
	return &asked
}

func refuse(req *kmsg.ProduceRequest, code int16) *kmsg.ProduceResponse {
	res := req.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range req.Topics {
		rt := kmsg.NewProduceResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			rp := kmsg.NewProduceResponseTopicPartition()
			rp.Partition, rp.ErrorCode = p.Partition, code
			rt.Partitions = append(rt.Partitions, rp)
		}
		res.Topics = append(res.Topics, rt)
	}
	return res
}

func TestBrokersVerdictsAreClassed(t *testing.T) {
	for _, tc := range []struct {
		err    *kerr.Error
		reason string
		class  Class
		hint   string
	}{
		{kerr.MessageTooLarge, "too-large", "", ""},
		{kerr.InvalidRecord, "invalid-record", "", ""},
		{kerr.TopicAuthorizationFailed, "", Alert, "WRITE and DESCRIBE"},
		{kerr.ClusterAuthorizationFailed, "", Alert, "IDEMPOTENT_WRITE"},
		{kerr.PolicyViolation, "", Alert, "policy"},
		{kerr.KafkaStorageError, "", Transient, ""},
	} {
		t.Run(tc.err.Message, func(t *testing.T) {
			c := cluster(t, kfake.SeedTopics(1, "events"))
			s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events", Patience: 300 * time.Millisecond})
			failProduce(c, slices.Repeat([]int16{tc.err.Code}, 50)...)
			err := s.Publish(t.Context(), message(1))
			var r *adapters.Refusal
			var e *Error
			switch {
			case tc.reason != "" && errors.As(err, &r) && r.Reason == tc.reason:
			case tc.class != "" && errors.As(err, &e) && e.Class == tc.class && strings.Contains(e.Hint, tc.hint) && e.Failed == 1 && e.Of == 1:
			default:
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPassingTroubleLosesAndDoublesNothing(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"})
	asked := failProduce(c, kerr.NotLeaderForPartition.Code, kerr.RequestTimedOut.Code, kerr.NotEnoughReplicas.Code)
	for from := 1; from <= 100; from += 20 {
		if err := s.Publish(t.Context(), messages(from, from+19)...); err != nil {
			t.Fatal(err)
		}
	}
	if asked.Load() < 8 {
		t.Errorf("only %d requests: the trouble was not seen", asked.Load())
	}
	checkInOrder(t, c, 100)
}

// checkInOrder requires messages 1 to n, once each and in order, on partition 0.
func checkInOrder(t *testing.T, c *kfake.Cluster, n int) {
	t.Helper()
	got := records(t.Context(), t, c, "events")
	for i, r := range got {
		if id := asMessage(r).ID; id != message(i+1).ID {
			t.Fatalf("record %d is %s", i, id)
		}
	}
	if len(got) != n {
		t.Errorf("%d records, want %d", len(got), n)
	}
}

// cutProxy forwards to the broker until cut, which drops every connection in the middle of what it does.
type cutProxy struct {
	net.Listener
	to    string
	mu    sync.Mutex
	conns []net.Conn
}

func (p *cutProxy) serve() {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		go func() { io.Copy(out, in); out.Close() }()
		go func() { io.Copy(in, out); in.Close() }()
	}
}

func (p *cutProxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func TestDroppedConnectionsLoseAndDoubleNothing(t *testing.T) {
	proxy := &cutProxy{}
	// The brokers advertise the address they listen on, so the proxy takes it and they listen elsewhere.
	c := cluster(t, kfake.SeedTopics(1, "events"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxy.Listener, proxy.to = l, c.ListenAddrs()[0]
	go proxy.serve()
	defer func() { l.Close(); proxy.cut() }()
	advertise(c, l.Addr().(*net.TCPAddr))

	s := open(t, Config{Brokers: []string{l.Addr().String()}, Topic: "events"})
	var cuts atomic.Int64
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if cuts.Add(1)%3 == 0 {
			proxy.cut() // the request is written, its answer is lost
		}
		return nil, nil, false
	})
	for from := 1; from <= 200; from += 20 {
		if err := s.Publish(t.Context(), messages(from, from+19)...); err != nil {
			t.Fatal(err)
		}
	}
	if cuts.Load() < 12 {
		t.Errorf("%d requests: nothing was cut", cuts.Load())
	}
	checkInOrder(t, c, 200)
}

// advertise makes the cluster name this address as its only broker's.
func advertise(c *kfake.Cluster, a *net.TCPAddr) {
	c.ControlKey(int16(kmsg.Metadata), func(k kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := k.(*kmsg.MetadataRequest)
		res := req.ResponseKind().(*kmsg.MetadataResponse)
		b := kmsg.NewMetadataResponseBroker()
		b.NodeID, b.Host, b.Port = 0, a.IP.String(), int32(a.Port)
		res.Brokers, res.ControllerID = append(res.Brokers, b), 0
		for _, t := range req.Topics {
			rt := kmsg.NewMetadataResponseTopic()
			rt.Topic = t.Topic
			p := kmsg.NewMetadataResponseTopicPartition()
			p.Leader, p.LeaderEpoch, p.Replicas, p.ISR = 0, -1, []int32{0}, []int32{0}
			rt.Partitions = append(rt.Partitions, p)
			res.Topics = append(res.Topics, rt)
		}
		return res, nil, true
	})
}

func TestAnAbandonedSendIsDecidedBeforeTheNext(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	s := open(t, Config{Brokers: c.ListenAddrs(), Topic: "events"})
	arrived, release := make(chan bool, 1), make(chan bool)
	var once sync.Once
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		once.Do(func() {
			arrived <- true
			c.SleepControl(func() { <-release })
		})
		return nil, nil, false
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Publish(ctx, message(1)) }()
	<-arrived
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	expired, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Publish(expired, message(2)); err == nil || !strings.Contains(err.Error(), "nothing was handed over") {
		t.Errorf("while undecided: %v", err)
	}
	close(release)
	if err := s.Publish(t.Context(), message(2)); err != nil {
		t.Fatal(err)
	}
	checkInOrder(t, c, 2)
}

func TestCloseWaitsForSendsUnderWay(t *testing.T) {
	c := cluster(t, kfake.SeedTopics(1, "events"))
	s, err := Open(t.Context(), Config{Brokers: c.ListenAddrs(), Topic: "events"})
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(chan bool, 1)
	failed := 0
	c.ControlKey(int16(kmsg.Produce), func(k kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if failed++; failed == 1 {
			arrived <- true
		}
		if failed < 4 {
			return refuse(k.(*kmsg.ProduceRequest), kerr.NotLeaderForPartition.Code), nil, true
		}
		return nil, nil, false
	})
	ended := make(chan error)
	go func() { ended <- s.Publish(context.Background(), messages(1, 10)...) }()
	<-arrived
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("a send that close found under way: %v", err)
	}
	if err := s.Publish(t.Context(), message(11)); !errors.Is(err, ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	checkInOrder(t, c, 10)
}

func TestClassifyKnowsErrorsThatAreNotProducerErrors(t *testing.T) {
	c := &Config{Topic: "events"}
	var e *Error
	if err := c.classify(sarama.ErrOutOfBrokers, 3); !errors.As(err, &e) || !errors.Is(err, sarama.ErrOutOfBrokers) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkPublish(b *testing.B) {
	for _, each := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("batch=%d", each), func(b *testing.B) {
			c := cluster(b, kfake.SeedTopics(1, "events"))
			s := open(b, Config{Brokers: c.ListenAddrs(), Topic: "events"})
			batch := messages(1, each)
			for i := range batch {
				batch[i].Body = make([]byte, 700)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Publish(context.Background(), batch...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*each)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
