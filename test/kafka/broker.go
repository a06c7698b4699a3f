// Package kafka starts Apache Kafka for tests: one node or three in KRaft mode, from the jars on Maven Central, on
// free ports, in a directory that goes away with the test.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Broker is one node of Apache Kafka. Not safe for concurrent use.
type Broker struct {
	// Addr is host:port of the listener in the clear. It stays the same over restarts.
	Addr string

	node
	jars      string
	flags     []string // of the JVM
	archiving bool     // this run leaves an archive of classes
	cmd       *exec.Cmd
	ended     chan struct{}
}

// Quick and Fast choose between a broker that is up soon and one that has the whole compiler, for benchmarks.
const (
	Quick = "-XX:TieredStopAtLevel=1"
	Fast  = "-XX:+TieredCompilation"
)

// readyWithin bounds a start, in which a JVM has to warm up beside other work.
const readyWithin = 60 * time.Second

// Start starts a broker that ends with the test. It calls Need.
func Start(t testing.TB) *Broker {
	t.Helper()
	jars := Need(t)
	b, err := StartIn(t.TempDir(), jars, Quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Kill)
	return b
}

// StartIn starts a broker that keeps its data in dir and ends with Stop or Kill, or with this process. speed is
// Quick or Fast.
func StartIn(dir, jars, speed string) (*Broker, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	b := newBroker(node{id: 1, of: 1, dir: dir, port: ports[0], controller: ports[1]}, jars, speed)
	if err := b.format(); err != nil {
		return nil, err
	}
	return b, b.Restart()
}

func newBroker(n node, jars string, flags ...string) *Broker {
	if n.voters == "" {
		n.voters = n.voter()
	}
	return &Broker{Addr: fmt.Sprintf("127.0.0.1:%d", n.port), node: n, jars: jars, flags: append([]string{"-Xmx512m", "-XX:+UseSerialGC"}, flags...)}
}

// format writes server.properties and makes the storage. more are options of StorageTool format.
func (b *Broker) format(more ...string) error {
	if err := os.WriteFile(b.properties(), []byte(b.settings()), 0o600); err != nil {
		return err
	}
	args := append([]string{"kafka.tools.StorageTool", "format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", b.properties()}, more...)
	if out, err := b.java(args...).CombinedOutput(); err != nil {
		return fmt.Errorf("format the storage: %w\n%s", err, out)
	}
	return nil
}

// node is what one of the brokers of a cluster is told.
type node struct {
	id, of           int // the how many-th of how many
	dir              string
	port, controller int
	voters           string // those of all nodes
	more             string // settings that come after the others, and outdo them
}

func (n node) voter() string { return fmt.Sprintf("%d@127.0.0.1:%d", n.id, n.controller) }

// settings is server.properties. What a node needs stands in Kafka's own config/server.properties.
func (n node) settings() string {
	return fmt.Sprintf(`process.roles=broker,controller
node.id=%[4]d
controller.quorum.voters=%[5]s
listeners=PLAINTEXT://127.0.0.1:%[2]d,CONTROLLER://127.0.0.1:%[3]d
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=%[1]s/data
auto.create.topics.enable=false
default.replication.factor=%[6]d
min.insync.replicas=%[7]d
offsets.topic.replication.factor=%[6]d
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=%[6]d
transaction.state.log.min.isr=%[7]d
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=%[6]d
share.coordinator.state.topic.min.isr=%[7]d
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=200
controller.quorum.election.timeout.ms=300
controller.quorum.fetch.timeout.ms=500
controller.quorum.election.backoff.max.ms=200
controlled.shutdown.enable=false
log.initial.task.delay.ms=500
log.retention.check.interval.ms=500
offsets.topic.segment.bytes=10485760
transaction.state.log.segment.bytes=10485760
%[8]s`, n.dir, n.port, n.controller, n.id, n.voters, n.of, n.of/2+n.of%2, n.more)
}

func (b *Broker) properties() string { return filepath.Join(b.dir, "server.properties") }

func (b *Broker) java(args ...string) *exec.Cmd {
	args = append([]string{"-cp", filepath.Join(b.jars, "*")}, args...)
	cmd := exec.Command("java", append(b.flags[:len(b.flags):len(b.flags)], args...)...)
	cmd.Dir = b.dir
	return cmd
}

// archive is where the classes of a running broker are kept, ready to be mapped (JEP 350): with it a start
// takes a third of the CPU. The first broker that stops in order writes it.
func (b *Broker) archive() string { return filepath.Join(b.jars, "classes.jsa") }

// run is the command of the broker itself.
func (b *Broker) run() *exec.Cmd {
	_, err := os.Stat(b.archive())
	b.archiving = err != nil
	if b.archiving {
		return b.java("-XX:ArchiveClassesAtExit="+filepath.Join(b.dir, "classes.jsa"), "kafka.Kafka", b.properties())
	}
	return b.java("-XX:SharedArchiveFile="+b.archive(), "kafka.Kafka", b.properties())
}

// keepArchive puts what a stop left in its place, all at once.
func (b *Broker) keepArchive() {
	written := filepath.Join(b.dir, "classes.jsa")
	content, err := os.ReadFile(written)
	if err != nil {
		return
	}
	os.Remove(written)
	part, err := os.CreateTemp(b.jars, "classes-")
	if err != nil {
		return
	}
	_, err = part.Write(content)
	if part.Close() == nil && err == nil {
		os.Rename(part.Name(), b.archive())
	}
	os.Remove(part.Name())
}

// Restart starts a broker that was stopped or killed, or stops it first, and waits until it answers.
func (b *Broker) Restart() error {
	b.Stop()
	if err := b.launch(); err != nil {
		return err
	}
	return b.answered()
}

func (b *Broker) log() string { return filepath.Join(b.dir, "kafka.log") }

// launch starts the process.
func (b *Broker) launch() error {
	log, err := os.OpenFile(b.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := b.run()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	b.cmd, b.ended = cmd, ended
	go func() { defer close(ended); _ = cmd.Wait() }()
	return nil
}

// answered waits until the broker answers, and kills one that does not.
func (b *Broker) answered() error {
	if err := b.await(); err != nil {
		b.Kill()
		said, _ := os.ReadFile(b.log())
		return fmt.Errorf("%w; it said:\n%s", err, said)
	}
	return nil
}

// await asks until the broker names itself.
func (b *Broker) await() error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	for {
		ask, done := context.WithTimeout(ctx, time.Second)
		res, err := kmsg.NewPtrMetadataRequest().RequestWith(ask, client)
		done()
		if err == nil && len(res.Brokers) > 0 {
			return nil
		}
		select {
		case <-b.ended:
			return fmt.Errorf("kafka at %s ended before it answered", b.Addr)
		case <-ctx.Done():
			return fmt.Errorf("kafka at %s did not answer within %v: %v", b.Addr, readyWithin, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop lets the broker shut down in order. It does nothing when the broker does not run.
func (b *Broker) Stop() {
	b.signal(syscall.SIGTERM)
	if b.archiving {
		b.keepArchive()
	}
}

// Kill ends the broker at once, as a crash would.
func (b *Broker) Kill() { b.signal(syscall.SIGKILL) }

func (b *Broker) signal(s syscall.Signal) {
	if b.cmd == nil {
		return
	}
	_ = b.cmd.Process.Signal(s)
	<-b.ended
	b.cmd = nil
}

// create asks until a broker is there for the topic: one whose heartbeat came late is fenced for a moment.
func create(ctx context.Context, client *kgo.Client, req *kmsg.CreateTopicsRequest) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for ; ; time.Sleep(100 * time.Millisecond) {
		res, err := req.RequestWith(ctx, client)
		if err != nil {
			return err
		}
		err = kerr.ErrorForCode(res.Topics[0].ErrorCode)
		if !errors.Is(err, kerr.InvalidReplicationFactor) || ctx.Err() != nil {
			return err
		}
	}
}

// CreateTopic makes a topic of some partitions, and waits until the broker says that it has it.
func (b *Broker) CreateTopic(ctx context.Context, name string, partitions int32) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addr))
	if err != nil {
		return err
	}
	defer client.Close()
	req, topic := kmsg.NewPtrCreateTopicsRequest(), kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, -1 // the cluster's default
	req.Topics = append(req.Topics, topic)
	if err := create(ctx, client, req); err != nil {
		return fmt.Errorf("create topic %s: %w", name, err)
	}
	ask, t := kmsg.NewPtrMetadataRequest(), kmsg.NewMetadataRequestTopic()
	t.Topic = &name
	ask.Topics = append(ask.Topics, t)
	for ; ; time.Sleep(10 * time.Millisecond) {
		res, err := ask.RequestWith(ctx, client)
		if err != nil {
			return err
		}
		if led(res.Topics[0], partitions) {
			return nil
		}
	}
}

// led reports whether all partitions of a topic have a leader.
func led(t kmsg.MetadataResponseTopic, partitions int32) bool {
	return t.ErrorCode == 0 && len(t.Partitions) == int(partitions) &&
		!slices.ContainsFunc(t.Partitions, func(p kmsg.MetadataResponseTopicPartition) bool { return p.ErrorCode != 0 || p.Leader < 0 })
}

func freePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all together, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
