package kafka_test

import (
	"context"
	"encoding/binary"
	"fmt"
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
// producer, in turns, so that all see the same broker. A ratio is a bridge's rate over the producer's.
func BenchmarkExactlyOnce(b *testing.B) {
	const each = 10_000
	br, err := kafkatest.StartIn(b.TempDir(), kafkatest.Need(b), kafkatest.Fast)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(br.Kill)
	q := newBenchQueue(b, each)
	memory, inProcess, socket := newRival(b, br), newRival(b, br), newRival(b, br)
	b.ReportAllocs()
	for b.Loop() {
		memory.time(func() { publishFromMemory(b, memory.ledger, each) })
		q.fill(b, each)
		inProcess.time(func() { carry(b, q.manager.Dial, inProcess.ledger, each) })
		q.fill(b, each)
		socket.time(func() { carry(b, q.dial, socket.ledger, each) })
	}
	total := float64(b.N * each)
	b.ReportMetric(total/memory.took.Seconds(), "memory-msgs/s")
	b.ReportMetric(total/inProcess.took.Seconds(), "in-process-msgs/s")
	b.ReportMetric(total/socket.took.Seconds(), "socket-msgs/s")
	b.ReportMetric(memory.took.Seconds()/inProcess.took.Seconds(), "in-process-ratio")
	b.ReportMetric(memory.took.Seconds()/socket.took.Seconds(), "socket-ratio")
}

// newRival has a topic and a Ledger of its own.
func newRival(b *testing.B, br *kafkatest.Broker) *rival {
	t := topic(b, br, fmt.Sprintf("bench-%d", time.Now().UnixNano()))
	ledger, err := kafka.OpenLedger(kafka.Config{Brokers: []string{br.Addr}, Topic: t, Name: t})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ledger.Close() })
	if _, err := ledger.Recover(b.Context()); err != nil {
		b.Fatal(err)
	}
	return &rival{ledger: ledger}
}

// rival is one side of the comparison.
type rival struct {
	ledger *kafka.Ledger
	took   time.Duration
}

func (r *rival) time(f func()) {
	began := time.Now()
	f()
	r.took += time.Since(began)
}

func publishFromMemory(b *testing.B, l *kafka.Ledger, n int) {
	batch := make([]adapters.Message, benchBatch)
	position := make([]byte, 9+8*benchBatch)
	for i := 0; i < n; i += benchBatch {
		for j := range batch {
			batch[j] = adapters.Message{ID: fmt.Sprintf("%048x-%d", i+j, j), Body: make([]byte, benchBody), Time: time.Now()}
		}
		binary.BigEndian.PutUint64(position, uint64(i))
		if err := l.PublishAt(b.Context(), position, batch...); err != nil {
			b.Fatal(err)
		}
	}
}

// benchQueue is a queue manager with one queue.
type benchQueue struct {
	manager *qmgr.Manager
	dial    mq.Dial
}

func newBenchQueue(b *testing.B, depth int) *benchQueue {
	m, err := qmgr.Open(qmgr.Config{Dir: b.TempDir(), Plain: true, Queues: []qmgr.Queue{{Name: "IN", MaxDepth: 2 * depth}, {Name: "DEAD"}}})
	if err != nil {
		b.Fatal(err)
	}
	l, err := m.Listen()
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Serve(ctx, l) }()
	b.Cleanup(func() {
		cancel()
		<-ended
		m.Close()
	})
	return &benchQueue{m, qmgr.Dial(l.Addr().String())}
}

func (q *benchQueue) fill(b *testing.B, n int) {
	c := q.manager.Connect()
	defer c.Close()
	for i := range n {
		m := mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: binary.BigEndian.AppendUint64(make([]byte, benchBody-8), uint64(i))}
		if _, err := c.Put(b.Context(), "IN", m, mq.PutOptions{Syncpoint: true}); err != nil {
			b.Fatal(err)
		}
		if i%1000 == 999 || i == n-1 {
			if err := c.Commit(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// counted stops a bridge when its last message is published.
type counted struct {
	*kafka.Ledger
	left int
	stop func()
}

func (c *counted) PublishAt(ctx context.Context, position []byte, m ...adapters.Message) error {
	err := c.Ledger.PublishAt(ctx, position, m...)
	if err == nil {
		if c.left -= len(m); c.left <= 0 {
			c.stop()
		}
	}
	return err
}

// carry runs a bridge until n messages went through. Its Recover is counted too.
func carry(b *testing.B, dial mq.Dial, l *kafka.Ledger, n int) {
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	br := &bridge.Bridge{Name: "bench", Sink: &counted{l, n, stop}, DeadLetters: "DEAD",
		Source: &mq.Source{Dial: dial, Queue: "IN", MaxBatch: benchBatch}}
	if err := br.Run(ctx); err != nil {
		b.Fatal(err)
	}
}
