package kafka_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/kafka"
	"github.com/portage-gateway/portage/adapters/kafka/writeback"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// Settings of the child process.
const (
	socketVar = "PORTAGE_TEST_SOCKET"
	brokerVar = "PORTAGE_TEST_BROKER"
	nameVar   = "PORTAGE_TEST_NAME" // of the bridge, its queue and its topic
	planVar   = "PORTAGE_TEST_PLAN" // where to die: POINT*N, or nothing
	// batchesVar says that it takes several messages in one call.
	batchesVar = "PORTAGE_TEST_BATCHES"
)

// A child's batch, and as many as it takes in one call if it takes several.
const (
	childBatch = 25
	childGet   = 10
)

// points are where a bridge can be made to die: at queue work, and at each request of a transaction as it
// goes over the wire, before it is sent, when it is sent, and when its answer came.
var points = func() (list []string) {
	for _, op := range []string{"get", "commit"} {
		list = append(list, "before mq "+op, "after mq "+op)
	}
	for _, name := range slices.Sorted(maps.Values(requests)) {
		list = append(list, "before "+name, "sent "+name, "after "+name)
	}
	return list
}()

// requests are the Kafka requests of a transaction (Kafka protocol guide, API keys).
var requests = map[int16]string{
	0: "Produce", 9: "OffsetFetch", 22: "InitProducerId", 24: "AddPartitionsToTxn", 25: "AddOffsetsToTxn", 26: "EndTxn", 28: "TxnOffsetCommit",
}

// fate kills this process when it comes to a point for the n-th time.
type fate struct {
	mu    sync.Mutex
	point string
	left  int
}

func newFate(plan string) *fate {
	point, n, _ := strings.Cut(plan, "*")
	left, _ := strconv.Atoi(n)
	return &fate{point: point, left: left}
}

func (f *fate) at(point string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if point != f.point {
		return
	}
	if f.left--; f.left == 0 {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// dialMQ wraps queue work.
func (f *fate) dialMQ(dial mq.Dial) mq.Dial {
	return func(ctx context.Context) (mq.Conn, error) {
		c, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		many, ok := c.(mq.BatchGetter)
		if ok && os.Getenv(batchesVar) != "" {
			return fatedBatches{fatedConn{c, f}, many}, nil
		}
		return fatedConn{c, f}, nil
	}
}

type fatedBatches struct {
	fatedConn
	many mq.BatchGetter
}

func (c fatedBatches) GetBatch(ctx context.Context, queue string, o mq.GetOptions, most, size int) ([]mq.Message, error) {
	c.fate.at("before mq get")
	ms, err := c.many.GetBatch(ctx, queue, o, min(most, childGet), size)
	if err == nil && !o.Browse {
		c.fate.at("after mq get")
	}
	return ms, err
}

type fatedConn struct {
	mq.Conn
	fate *fate
}

func (c fatedConn) Get(ctx context.Context, queue string, o mq.GetOptions) (mq.Message, error) {
	c.fate.at("before mq get")
	m, err := c.Conn.Get(ctx, queue, o)
	if err == nil && !o.Browse {
		c.fate.at("after mq get")
	}
	return m, err
}

func (c fatedConn) Commit(ctx context.Context) error {
	c.fate.at("before mq commit")
	err := c.Conn.Commit(ctx)
	c.fate.at("after mq commit")
	return err
}

// dialKafka wraps connections to brokers.
func (f *fate) dialKafka(network, address string) (net.Conn, error) {
	c, err := net.DialTimeout(network, address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &fatedWire{Conn: c, fate: f}, nil
}

// fatedWire sees requests as sarama writes them, each in one Write: size, API key, version, ...
type fatedWire struct {
	net.Conn
	fate *fate
	mu   sync.Mutex
	sent string
}

func (w *fatedWire) Write(b []byte) (int, error) {
	name := ""
	if len(b) >= 6 {
		name = requests[int16(binary.BigEndian.Uint16(b[4:]))]
	}
	if name != "" {
		w.fate.at("before " + name)
		w.mu.Lock()
		w.sent = name
		w.mu.Unlock()
	}
	n, err := w.Conn.Write(b)
	if name != "" {
		w.fate.at("sent " + name)
	}
	return n, err
}

func (w *fatedWire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	sent := w.sent
	w.sent = ""
	w.mu.Unlock()
	if sent != "" {
		w.fate.at("after " + sent)
	}
	return n, err
}

// runWriteBack carries a topic's events to the queue until it is killed.
func runWriteBack() error {
	f := newFate(os.Getenv(planVar))
	name := os.Getenv(nameVar)
	source, err := kafka.OpenSource(kafka.Config{Brokers: []string{os.Getenv(brokerVar)}, Topic: name, Name: name, Dial: f.dialKafka, MaxBatch: 25})
	if err != nil {
		return err
	}
	dial := f.dialMQ(qmgr.Dial(os.Getenv(socketVar)))
	for {
		ledger := &writeback.Ledger{Dial: dial, Name: "BACK", Queue: name, Marks: backMarks, Echoes: &writeback.Echoes{Queue: "PORTAGE.ECHO.BACK"},
			Content: func(body []byte) ([16]byte, error) { return backMarks(body), nil }}
		b := &bridge.Bridge{Name: name, Source: source, Sink: ledger, DeadLetters: name + ".DEAD", Translate: deadEvery50}
		if err := b.Run(context.Background()); !errors.Is(err, adapters.ErrInDoubt) && !mq.IsReason(err, mq.RCObjectInUse) && !mq.IsReason(err, mq.RCNoMsgAvailable) {
			return err
		}
		ledger.Close()
	}
}

// deadEvery50 refuses the messages 49, 99, ...
func deadEvery50(_ context.Context, m adapters.Message) ([]adapters.Message, error) {
	if n, err := strconv.Atoi(string(m.Body)); err != nil || n%50 == 49 {
		return nil, &adapters.Refusal{Reason: "every-50", Offset: -1, Size: -1, Err: errors.New("refused by the test")}
	}
	return []adapters.Message{m}, nil
}

// runBridge carries messages until it is killed.
func runBridge() error {
	f := newFate(os.Getenv(planVar))
	name := os.Getenv(nameVar)
	ledger, err := kafka.OpenLedger(kafka.Config{Brokers: []string{os.Getenv(brokerVar)}, Topic: name, Name: name, Dial: f.dialKafka})
	if err != nil {
		return err
	}
	quick := mq.Pace{First: 5 * time.Millisecond, Most: 100 * time.Millisecond}
	b := &bridge.Bridge{Name: name, Sink: ledger, DeadLetters: "DEAD", Source: &mq.Source{
		Dial: f.dialMQ(qmgr.Dial(os.Getenv(socketVar))), Queue: name, MaxBatch: childBatch, Wait: time.Second,
		BackoutThreshold: -1, // the kills of this test say nothing about its messages
		Retry:            quick, Reconnect: quick,
	}}
	fmt.Println("runs")
	for {
		if err := b.Run(context.Background()); !errors.Is(err, adapters.ErrInDoubt) {
			return err
		}
	}
}
