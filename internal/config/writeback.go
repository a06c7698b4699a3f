package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portage-gateway/portage/adapters/kafka/writeback"
)

// WriteBack puts the events of a Kafka topic, as records, on the queue that Legacy reads, each once. How brokers are
// reached is kafka's.
type WriteBack struct {
	// Name is how metrics call it, and its part in Kafka: group and transactional id are "portage-read-" and Name.
	// Required.
	Name string `yaml:"name"`
	// Topic holds the events; DeadLetters is the topic that takes those of which no record can be made. Both must be
	// there. Required.
	Topic       string `yaml:"topic"`
	DeadLetters string `yaml:"deadLetters"`
	// Queue is Legacy's. Required.
	Queue string `yaml:"queue"`
	// StateQueue holds one message, which says how far the topic was written back. Default "PORTAGE.STATE." and the
	// name in capitals, with full stops for what names of queues do not have: CPP.BACK for cpp-back.
	StateQueue string `yaml:"stateQueue"`
	// Copybook and Mapping are files, or "builtin:NAME" for both. Copybook is required; the mapping is the one by
	// which such records become events.
	Copybook string `yaml:"copybook"`
	Mapping  string `yaml:"mapping"`
	// Types are the CloudEvents types that are written back; others are passed over. Default: all that the mapping knows.
	Types []string `yaml:"types"`
	// LegacySources are the CloudEvents sources of what Legacy said itself, which never goes back. Default: the mapping's,
	// and those that bridges and datasets of this configuration name.
	LegacySources []string `yaml:"legacySources"`
	// Echoes say where Legacy repeats what was written back. Default: nobody looks for echoes.
	Echoes *Echoes `yaml:"echoes"`
	// UserIdentifier is set in each message's identity context, at most 12 characters. Setting it needs the authority
	// for MQOO_SET_ALL_CONTEXT. Default: that of the connection.
	UserIdentifier string `yaml:"userIdentifier"`
	// Format is MQMD.Format of the messages, at most 8 characters. Default: none, as programs put bare records.
	Format string `yaml:"format"`
	// Batch is the most events in a unit of work, 1 to 100. Default 50.
	Batch int `yaml:"batch"`
}

// Echoes keep from becoming events what Legacy says only because it was written back.
type Echoes struct {
	// Bridges are those through which Legacy's own messages come. Required.
	Bridges []string `yaml:"bridges"`
	// Queue remembers what was put and not yet heard of again. Default "PORTAGE.ECHO." and the write-back's
	// name, as for StateQueue.
	Queue string `yaml:"queue"`
	// Within is how long an echo is waited for. Default 24h.
	Within time.Duration `yaml:"within"`
}

// State returns the state queue.
func (w *WriteBack) State() string {
	if w.StateQueue != "" {
		return w.StateQueue
	}
	return writeback.DefaultStatePrefix + queueWord(w.Name)
}

// EchoQueue returns the queue of notes; "" without echoes.
func (w *WriteBack) EchoQueue() string {
	switch {
	case w.Echoes == nil:
		return ""
	case w.Echoes.Queue != "":
		return w.Echoes.Queue
	}
	return writeback.DefaultEchoPrefix + queueWord(w.Name)
}

// queueWord makes a part of a queue's name of a name: upper case, and a full stop for what names of queues do not
// have (IBM MQ, Reference, Rules for naming IBM MQ objects).
func queueWord(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/%", r) {
			return r
		}
		return '.'
	}, strings.ToUpper(name))
}

func (c *Config) checkWriteBacks(k *checker) {
	taken := c.carriers()
	for i, w := range c.WriteBacks {
		at := fmt.Sprintf("$.writeBacks[%d]", i)
		k.need(at, "name", w.Name)
		k.need(at, "topic", w.Topic)
		k.need(at, "deadLetters", w.DeadLetters)
		k.need(at, "queue", w.Queue)
		k.need(at, "copybook", w.Copybook)
		if taken[w.Name] {
			k.add(at+".name", "", "the name %q is taken by another bridge, diversion, dataset, webhook or write-back", w.Name)
		}
		taken[w.Name] = true
		if len(c.Kafka.Brokers) == 0 {
			k.add(at, "name kafka.brokers", "a write-back reads Kafka, and no brokers are named")
		}
		if w.Topic != "" && w.Topic == w.DeadLetters {
			k.add(at+".deadLetters", "give them a topic of their own", "the dead letters would come again as events")
		}
		if w.Batch < 0 || w.Batch > 100 {
			k.add(at+".batch", "0 takes the default of 50", "a batch has 1 to 100 events")
		}
		if len(w.Format) > 8 {
			k.add(at+".format", "such as MQSTR", "a format has at most 8 characters")
		}
		if len(w.UserIdentifier) > 12 || strings.Trim(w.UserIdentifier, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789#@$") != "" {
			k.add(at+".userIdentifier", "", "a userIdentifier has at most 12 characters of A to Z, 0 to 9, # @ $")
		}
		for _, queue := range []string{w.Queue, w.State(), w.EchoQueue()} {
			if len(queue) > 48 {
				k.add(at, "name stateQueue and echoes.queue", "the queue %s has more than 48 characters", queue)
			}
		}
		c.checkBackQueues(k, at, &w)
		c.checkEchoes(k, at, &w)
	}
}

// checkBackQueues holds that what is put is not read by Portage again, and that the queues that remember belong to one.
func (c *Config) checkBackQueues(k *checker, at string, w *WriteBack) {
	for _, b := range c.Bridges {
		if b.Queue == w.Queue {
			k.add(at+".queue", "the queue is the one that Legacy's program reads", "the bridge %s reads %s: what is written back would become events", b.Name, w.Queue)
		}
	}
	own := map[string]string{w.State(): "stateQueue"}
	for _, q := range []struct{ name, queue string }{{"queue", w.Queue}, {"echoes.queue", w.EchoQueue()}} {
		if q.queue != "" && own[q.queue] != "" {
			k.add(at, "", "%s and %s are the same queue, %s", own[q.queue], q.name, q.queue)
		}
		own[q.queue] = q.name
	}
	for _, other := range c.WriteBacks {
		if other.Name != w.Name && (other.State() == w.State() || w.Echoes != nil && other.EchoQueue() == w.EchoQueue()) {
			k.add(at, "", "the write-backs %s and %s would share the queue that remembers", w.Name, other.Name)
		}
	}
}

func (c *Config) checkEchoes(k *checker, at string, w *WriteBack) {
	if w.Echoes == nil {
		return
	}
	var bridges []string
	for _, b := range c.Bridges {
		bridges = append(bridges, b.Name)
	}
	if len(w.Echoes.Bridges) == 0 {
		k.add(at+".echoes", "name the bridges that read what Legacy says", "echoes without bridges are looked for nowhere")
	}
	for i, name := range w.Echoes.Bridges {
		if !slices.Contains(bridges, name) {
			k.add(fmt.Sprintf("%s.echoes.bridges[%d]", at, i), didYouMean(name, bridges), "there is no bridge %q", name)
		}
	}
	if w.Echoes.Within < 0 {
		k.add(at+".echoes.within", "0s takes the default of 24h", "within is below zero")
	}
}

// carriers are the names of what carries messages, apart from write-backs.
func (c *Config) carriers() map[string]bool {
	names := map[string]bool{"kafka": true}
	for _, b := range c.Bridges {
		names[b.Name] = true
	}
	for _, d := range c.Diversions {
		names[d.Name] = true
	}
	for _, d := range c.Datasets {
		names[d.Name] = true
	}
	for _, w := range c.Webhooks {
		names["webhook-"+w.Name] = true
	}
	return names
}
