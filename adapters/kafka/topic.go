package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// ensureTopic finds the topic, or creates it if the configuration says so, and looks at its settings once.
func (c *Config) ensureTopic(client sarama.Client) error {
	err := client.RefreshMetadata(c.Topic)
	if errors.Is(err, sarama.ErrUnknownTopicOrPartition) && c.CreateTopic {
		if err := c.createTopic(client); err != nil {
			return err
		}
		if err = client.RefreshMetadata(c.Topic); errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
			e := c.fail("look up topic", err) // the controller has made it, and this broker will hear of it
			e.Class, e.Hint = Transient, "it was made just now: the brokers are telling each other"
			return e
		}
	}
	if err != nil {
		return c.fail("look up topic", err)
	}
	if c.examined.CompareAndSwap(false, true) {
		c.examine(client)
	}
	return nil
}

func (c *Config) createTopic(client sarama.Client) error {
	admin, err := sarama.NewClusterAdminFromClient(client) // its Close would close the client
	if err != nil {
		return c.fail("create topic", err)
	}
	err = admin.CreateTopic(c.Topic, c.detail(), false)
	switch {
	case errors.Is(err, sarama.ErrTopicAlreadyExists): // another Portage was first
		return nil
	case err != nil:
		return c.fail("create topic", err)
	}
	c.Log.Info("kafka topic created", "topic", c.Topic, "partitions", c.Partitions)
	return nil
}

// detail is how the topic is created.
func (c *Config) detail() *sarama.TopicDetail {
	d := &sarama.TopicDetail{NumPartitions: c.Partitions, ReplicationFactor: c.Replicas, ConfigEntries: map[string]*string{}}
	if c.Replicas == 0 {
		d.ReplicationFactor = -1 // the broker's default (KIP-464, Kafka 2.4)
	}
	if two := "2"; c.Replicas >= 3 {
		d.ConfigEntries["min.insync.replicas"] = &two
	}
	for name, value := range c.TopicSettings {
		d.ConfigEntries[name] = &value
	}
	return d
}

// examine says what of the topic's and the brokers' settings does not go with what Portage promises. It holds
// nobody up: who may not see the settings is told so.
func (c *Config) examine(client sarama.Client) {
	s, err := c.settings(client)
	if err != nil {
		c.Log.Info("kafka settings were not looked at", "topic", c.Topic, "error", err,
			"hint", "DESCRIBECONFIGS on the topic and on the cluster lets Portage see them")
	}
	for _, a := range c.advise(s) {
		c.Log.Warn("kafka setting", "topic", c.Topic, "setting", a.setting, "is", a.is, "advice", a.text)
	}
}

// settings are what advise looks at; what could not be read is not there.
type settings struct {
	topic, broker     map[string]string
	replicas, brokers int
}

// settings asks for those that Portage may see; an error says that not all of them are there.
func (c *Config) settings(client sarama.Client) (settings, error) {
	s := settings{topic: map[string]string{}, broker: map[string]string{}, brokers: len(client.Brokers())}
	if replicas, err := client.Replicas(c.Topic, 0); err == nil {
		s.replicas = len(replicas)
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return s, err
	}
	ask := []*sarama.ConfigResource{{Type: sarama.TopicResource, Name: c.Topic}}
	if b := client.Brokers(); len(b) > 0 && c.Delivery == ExactlyOnce {
		ask = append(ask, &sarama.ConfigResource{Type: sarama.BrokerResource, Name: strconv.Itoa(int(b[0].ID()))})
	}
	answers, err := admin.DescribeConfigs(ask, sarama.DescribeConfigsOptions{})
	errs := []error{err}
	for _, a := range answers {
		into := s.topic
		if a.Type == sarama.BrokerResource {
			into = s.broker
		}
		for _, e := range a.Configs {
			into[e.Name] = e.Value
		}
		if a.ErrorCode != sarama.ErrNoError {
			errs = append(errs, a.ErrorCode)
		}
	}
	return s, errors.Join(errs...)
}

// advice is one setting that somebody should look at.
type advice struct{ setting, is, text string }

// advise holds the settings against what Portage promises. Its order is that of the settings' names.
func (c *Config) advise(s settings) (list []advice) {
	add := func(of map[string]string, setting string, wrong func(string) bool, text string) {
		if is, known := of[setting]; known && wrong(is) {
			list = append(list, advice{setting, is, text})
		}
	}
	number := func(wrong func(int64) bool) func(string) bool {
		return func(is string) bool { n, err := strconv.ParseInt(is, 10, 64); return err == nil && wrong(n) }
	}
	add(s.topic, "cleanup.policy", func(is string) bool { return strings.Contains(is, "compact") },
		"compaction removes earlier events of a Key: set cleanup.policy=delete")
	add(s.topic, "max.message.bytes", number(func(n int64) bool { return n < int64(c.MaxMessageBytes) }),
		fmt.Sprintf("longer messages become dead letters although maxMessageBytes is %d: raise the topic's, or lower Portage's", c.MaxMessageBytes))
	add(s.topic, "min.insync.replicas", number(func(n int64) bool { return n < 2 && s.replicas > 1 }),
		"an event that was acknowledged may stand on one broker only: set min.insync.replicas=2")
	add(s.topic, "min.insync.replicas", number(func(n int64) bool { return n >= int64(s.replicas) && s.replicas > 1 }),
		"nothing can be published while one broker is away: keep it below the number of replicas")
	if s.replicas == 1 {
		list = append(list, advice{"replication.factor", "1", "a lost disk loses events that were acknowledged: make the topic with 3 replicas"})
	}
	for _, setting := range []string{"offsets.topic.replication.factor", "transaction.state.log.replication.factor"} {
		add(s.broker, setting, number(func(n int64) bool { return n < 2 && s.brokers > 1 }), "a lost disk loses the bridge's position: 3 replicas")
	}
	short := "a bridge that was down for longer starts as new, and may double its last batch: 30 days"
	add(s.broker, "offsets.retention.minutes", number(func(n int64) bool { return time.Duration(n)*time.Minute < 2*c.Refresh }), short)
	add(s.broker, "transactional.id.expiration.ms", number(func(n int64) bool { return time.Duration(n)*time.Millisecond < 2*c.Refresh }), short)
	slices.SortStableFunc(list, func(a, b advice) int { return strings.Compare(a.setting, b.setting) })
	return list
}
