package kafka_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

const (
	benchBatch = 250
	benchBody  = 700 // bytes, as a payment event
)

// BenchmarkExactlyOnce carries messages from a queue of the embedded queue manager, in this process and over its
// socket, to Apache Kafka, and beside it publishes the same batches from memory through the same transactional
// producer, in turns, so that all see the same broker and the same neighbours. A ratio is a bridge's rate over the
// producer's, the median of the turns. A start is not counted on either side. The times of a bridge's batch on the
// socket say where the rest goes.
func BenchmarkExactlyOnce(b *testing.B) {
	const each, turns = 5_000, 9
	r := newRace(b, 1, each)
	r.memory(b, 2*each) // the broker compiles what is hot
	var memory, inProcess, socket []time.Duration
	var spent spent
	for b.Loop() {
		for range turns {
			memory = append(memory, r.memory(b, each))
			inProcess = append(inProcess, r.bridges(b, r.manager.Dial, each, nil))
			socket = append(socket, r.bridges(b, r.socket, each, &spent))
		}
	}
	rate := func(took []time.Duration) float64 { return each / median(took).Seconds() }
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(rate(memory), "memory-msgs/s")
	b.ReportMetric(rate(inProcess), "in-process-msgs/s")
	b.ReportMetric(rate(socket), "socket-msgs/s")
	b.ReportMetric(ratio(memory, inProcess), "in-process-ratio")
	b.ReportMetric(ratio(memory, socket), "socket-ratio")
	spent.report(b, len(socket)*each/benchBatch)
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// ratio is the median over the turns of how fast the second is beside the first.
func ratio(first, second []time.Duration) float64 {
	of := make([]float64, len(first))
	for i := range of {
		of[i] = first[i].Seconds() / second[i].Seconds()
	}
	slices.Sort(of)
	return of[len(of)/2]
}

// race is a broker, and a queue manager with some queues.
type race struct {
	broker  *kafkatest.Broker
	manager *qmgr.Manager
	path    string // of the socket
	socket  mq.Dial
	queues  []string
	rivals  []*kafka.Ledger // publish from memory
}

func newRace(b *testing.B, queues, depth int) *race {
	br, err := kafkatest.StartIn(b.TempDir(), kafkatest.Need(b), kafkatest.Fast)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(br.Kill)
	r := &race{broker: br}
	cfg := qmgr.Config{Dir: b.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: "DEAD"}}}
	for i := range queues {
		r.queues = append(r.queues, fmt.Sprintf("IN.%d", i))
		cfg.Queues = append(cfg.Queues, qmgr.Queue{Name: r.queues[i], MaxDepth: 2 * depth})
		r.rivals = append(r.rivals, r.ledger(b))
	}
	if r.manager, err = qmgr.Open(cfg); err != nil {
		b.Fatal(err)
	}
	l, err := r.manager.Listen()
	if err != nil {
		b.Fatal(err)
	}
	r.path = l.Addr().String()
	r.socket = qmgr.Dial(r.path)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.manager.Serve(ctx, l) }()
	b.Cleanup(func() {
		cancel()
		<-ended
		r.manager.Close()
	})
	return r
}

// ledger has a topic of its own.
func (r *race) ledger(b *testing.B) *kafka.Ledger {
	t := topic(b, r.broker, fmt.Sprintf("bench-%d", time.Now().UnixNano()))
	l, err := kafka.OpenLedger(kafka.Config{Brokers: []string{r.broker.Addr}, Topic: t, Name: t})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	if _, err := l.Recover(b.Context()); err != nil {
		b.Fatal(err)
	}
	return l
}

// put is a message as the benchmark puts it.
func put(i int) mq.Message {
	return mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: binary.BigEndian.AppendUint64(make([]byte, benchBody-8), uint64(i))}
}

// memory publishes n messages a queue, as a bridge would, and says how long it took.
func (r *race) memory(b *testing.B, n int) time.Duration {
	batches := make([][]adapters.Message, n/benchBatch)
	for i := range batches {
		for j := range benchBatch {
			m := put(i*benchBatch + j)
			m.PutTime = time.Now().UTC()
			binary.BigEndian.PutUint64(m.MsgID[16:], uint64(i*benchBatch+j+1))
			batches[i] = append(batches[i], mq.AsMessage(m))
		}
	}
	var wg sync.WaitGroup
	began := time.Now()
	for _, l := range r.rivals {
		wg.Go(func() {
			position := make([]byte, 9+8*benchBatch)
			for i, batch := range batches {
				binary.BigEndian.PutUint64(position, uint64(i))
				if err := l.PublishAt(b.Context(), position, batch...); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

// fill puts n messages on each queue.
func (r *race) fill(b *testing.B, n int) {
	c := r.manager.Connect()
	defer c.Close()
	for _, queue := range r.queues {
		for i := range n {
			if _, err := c.Put(b.Context(), queue, put(i), mq.PutOptions{Syncpoint: true}); err != nil {
				b.Fatal(err)
			}
			if i%1000 == 999 || i == n-1 {
				if err := c.Commit(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

// bridges fills the queues and carries n messages from each, one bridge a queue, all at the same time. The time
// runs from the first get to the last commit.
func (r *race) bridges(b *testing.B, dial mq.Dial, n int, s *spent) time.Duration {
	r.fill(b, n)
	if s == nil {
		s = new(spent)
	}
	var began atomic.Int64
	var wg sync.WaitGroup
	for _, queue := range r.queues {
		l := r.ledger(b)
		ctx, stop := context.WithCancel(b.Context())
		sink := &counted{Ledger: l, spent: s, left: n, stop: stop}
		br := &bridge.Bridge{Name: "bench", Sink: sink, DeadLetters: "DEAD",
			Source: &mq.Source{Dial: s.dial(dial, &began), Queue: queue, MaxBatch: benchBatch}}
		wg.Go(func() {
			defer stop()
			if err := br.Run(ctx); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return time.Since(time.Unix(0, began.Load()))
}

// counted stops a bridge when its last message is published.
type counted struct {
	*kafka.Ledger
	spent *spent
	left  int
	stop  func()
}

func (c *counted) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	began := time.Now()
	err := c.Ledger.PublishAt(ctx, position, m...)
	c.spent.publish.Add(int64(time.Since(began)))
	if err == nil {
		if c.left -= len(m); c.left <= 0 {
			c.stop()
		}
	}
	return err
}

// spent adds up where a bridge's time goes, in nanoseconds.
type spent struct{ get, publish, commit atomic.Int64 }

func (s *spent) report(b *testing.B, batches int) {
	for name, d := range map[string]*atomic.Int64{"get": &s.get, "publish": &s.publish, "mqcmit": &s.commit} {
		b.ReportMetric(float64(d.Load())/1e6/float64(batches), name+"-ms/batch")
	}
}

// dial wraps connections. began is set, in nanoseconds since 1970, by the first get of a message.
func (s *spent) dial(dial mq.Dial, began *atomic.Int64) mq.Dial {
	return func(ctx context.Context) (mq.Conn, error) {
		c, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		t := timedConn{c, s, began}
		if many, ok := c.(mq.BatchGetter); ok {
			return timedBatches{t, many}, nil
		}
		return t, nil
	}
}

type timedConn struct {
	mq.Conn
	spent *spent
	began *atomic.Int64
}

func (c timedConn) got(o mq.GetOptions, at time.Time) {
	if !o.Browse && o.MsgID.Zero() {
		c.spent.get.Add(int64(time.Since(at)))
		c.began.CompareAndSwap(0, at.UnixNano())
	}
}

func (c timedConn) Get(ctx context.Context, queue string, o mq.GetOptions) (mq.Message, error) {
	defer c.got(o, time.Now())
	return c.Conn.Get(ctx, queue, o)
}

func (c timedConn) Commit(ctx context.Context) error {
	at := time.Now()
	defer func() { c.spent.commit.Add(int64(time.Since(at))) }()
	return c.Conn.Commit(ctx)
}

type timedBatches struct {
	timedConn
	many mq.BatchGetter
}

func (c timedBatches) GetBatch(ctx context.Context, queue string, o mq.GetOptions, most, size int) ([]mq.Message, error) {
	defer c.got(o, time.Now())
	return c.many.GetBatch(ctx, queue, o, most, size)
}
