package kafka

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Cluster is several nodes of Apache Kafka, each a broker and a voter. Topics have a replica on each, and
// acknowledge what more than half of them have. Not safe for concurrent use.
type Cluster struct {
	Brokers []*Broker
}

// StartCluster starts n brokers, an odd number, that end with the test. It calls Need.
func StartCluster(t testing.TB, n int) *Cluster {
	t.Helper()
	jars := Need(t)
	ports, err := freePorts(2 * n)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var nodes []node
	var voters []string
	for i := range n {
		nodes = append(nodes, node{id: i + 1, of: n, dir: filepath.Join(dir, fmt.Sprint(i+1)), port: ports[2*i], controller: ports[2*i+1]})
		voters = append(voters, nodes[i].voter())
	}
	c := &Cluster{}
	for _, one := range nodes {
		one.voters = strings.Join(voters, ",")
		if err := os.Mkdir(one.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		b := newBroker(one, jars, Quick)
		if err := b.format(); err != nil {
			t.Fatal(err)
		}
		c.Brokers = append(c.Brokers, b)
		t.Cleanup(b.Kill)
	}
	// None answers before most of them run.
	for _, b := range c.Brokers {
		if err := b.launch(); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range c.Brokers {
		if err := b.answered(); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// Addrs returns host:port of each broker.
func (c *Cluster) Addrs() (list []string) {
	for _, b := range c.Brokers {
		list = append(list, b.Addr)
	}
	return list
}
