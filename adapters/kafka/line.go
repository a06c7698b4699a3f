package kafka

import (
	"errors"
	"sync"

	"github.com/IBM/sarama"
)

// errNotYet stands in place of an outcome until the first try has one.
var errNotYet = errors.New("no broker has answered yet")

// line is a connection to the brokers and a producer on it. A transactional one that met any doubt is
// closed and replaced, never mended.
type line struct {
	client   sarama.Client
	producer sarama.SyncProducer
}

// open connects, finds or creates the topic and starts the producer, which for a transactional one fences
// its predecessors and settles what they left open. It gives up after about 15 s when no broker answers.
func (c *Config) open(conf *sarama.Config) (*line, error) {
	client, err := c.client(conf)
	if err != nil {
		return nil, err
	}
	return c.produce(client)
}

// client connects and finds the topic.
func (c *Config) client(conf *sarama.Config) (sarama.Client, error) {
	client, err := sarama.NewClient(c.Brokers, conf)
	if err != nil {
		return nil, c.fail("connect", err)
	}
	if err := c.ensureTopic(client); err != nil {
		client.Close() //nolint:errcheck // the topic is what went wrong
		return nil, err
	}
	return client, nil
}

// produce starts the producer, or closes the client.
func (c *Config) produce(client sarama.Client) (*line, error) {
	producer, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		client.Close() //nolint:errcheck // the producer is what went wrong
		return nil, c.fail("start producer", err)
	}
	return &line{client, producer}, nil
}

func (l *line) close() error { return errors.Join(l.producer.Close(), l.client.Close()) }

// outcome is what is known of a transaction.
type outcome int

const (
	undone  outcome = iota // certainly not committed, and never will be
	done                   // certainly committed
	unknown                // only the brokers can tell
)

// gate lets either the producer begin its commit or the caller leave before it, never both.
type gate struct {
	mu              sync.Mutex
	entered, barred bool
}

// enter reports whether the commit may begin.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entered = !g.barred
	return g.entered
}

// bar reports whether the commit has not begun, and now never will.
func (g *gate) bar() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.barred = !g.entered
	return g.barred
}

// work is what one transaction commits: records, and offsets under a group.
type work struct {
	records []*sarama.ProducerMessage
	offsets map[string][]*sarama.PartitionOffsetMetadata
	group   *sarama.ConsumerGroupMetadata
}

// transact runs one transaction. After any outcome but done the line is of no more use.
//
// An AbortableError says that EndTxn was not sent; a FatalError may follow a commit whose answer was lost.
func (l *line) transact(c *Config, w work, g *gate) (outcome, error) {
	if err := l.producer.BeginTxn(); err != nil {
		return undone, c.fail("begin transaction", err)
	}
	if len(w.records) > 0 {
		if err := l.producer.SendMessages(w.records); err != nil {
			return l.unsettled(undone), c.classify(err, len(w.records))
		}
	}
	if err := l.producer.AddOffsetsToTxnWithGroupMetadata(w.offsets, w.group); err != nil {
		return undone, c.fail("add position", err)
	}
	if !g.enter() {
		return undone, c.fail("commit", errLeft)
	}
	err := l.producer.CommitTxn()
	if err == nil {
		return done, nil
	}
	if l.producer.TxnStatus()&sarama.ProducerTxnFlagAbortableError != 0 {
		return undone, c.fail("commit", err)
	}
	return unknown, c.fail("commit", err)
}

// unsettled is o, or unknown after a FatalError: the brokers no longer know this producer, because its
// transaction timed out or because another holder has taken over, and the mark tells which.
func (l *line) unsettled(o outcome) outcome {
	if l.producer.TxnStatus()&sarama.ProducerTxnFlagFatalError != 0 {
		return unknown
	}
	return o
}

// errLeft is the outcome of a transaction whose caller left before its commit.
var errLeft = errors.New("the caller left before the commit")
