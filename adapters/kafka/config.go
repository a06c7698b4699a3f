package kafka

import (
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

// Config says which topic, where, and how.
type Config struct {
	// Brokers are host:port addresses to start from. At least one.
	Brokers []string `yaml:"brokers"`
	// Topic takes the messages. Required.
	Topic string `yaml:"topic"`
	// CreateTopic makes the topic when it is not there. Default: a missing topic is an error.
	CreateTopic bool `yaml:"createTopic"`
	// Delivery says what a message in the topic is worth: "atLeastOnce", the default, or "exactlyOnce",
	// which is a Ledger's and asks for Name.
	Delivery Delivery `yaml:"delivery"`
	// Refresh is how long a Ledger may be idle before it commits its position again, so that the brokers
	// keep it: they forget a position after offsets.retention.minutes and a transactional id after
	// transactional.id.expiration.ms, 7 days each by default. Default 24h.
	Refresh time.Duration `yaml:"refresh"`
	// Partitions of a topic that is created; 1 to 10,000. Default 6. More partitions of a topic that
	// exists would send Keys elsewhere: Portage never changes them.
	Partitions int32 `yaml:"partitions"`
	// Replicas of a topic that is created. 0: the broker's default.
	Replicas int16 `yaml:"replicas"`
	// TopicSettings are those of a topic that is created, such as retention.ms (Kafka documentation, Topic
	// Configs). With 3 Replicas or more min.insync.replicas is 2 unless it stands here. The settings of a topic
	// that exists are looked at, and never changed.
	TopicSettings map[string]string `yaml:"topicSettings"`
	// Content is how CloudEvents travel (CloudEvents Kafka protocol binding 1.0.2, section 3):
	// "structured", the default, or "binary". Messages that are not CloudEvents go as they are.
	Content Content `yaml:"content"`
	// Compression is "none", the default, "gzip", "snappy", "lz4" or "zstd".
	Compression string `yaml:"compression"`
	// MaxMessageBytes is the largest message, key and headers included; a larger one is refused. It
	// must not exceed the topic's max.message.bytes. Default 1,048,576.
	MaxMessageBytes int `yaml:"maxMessageBytes"`
	// Patience is how long Publish tries before it gives up. Default 30s.
	Patience time.Duration `yaml:"patience"`
	// ClientID names Portage in the broker's logs and quotas. Default "portage".
	ClientID string `yaml:"clientId"`
	// Version is the oldest broker version in use. Default "2.8.0".
	Version string `yaml:"version"`
	// MaxBatch is the largest number of messages that a Source delivers at once, 1 to 100. Default 50.
	MaxBatch int `yaml:"maxBatch"`
	// TLS and SASL say how to connect. Zero: in the clear, without a name.
	TLS  TLS  `yaml:"tls"`
	SASL SASL `yaml:"sasl"`
	// Name is a Ledger's for its whole life, such as its bridge's: its transactional id and its group are
	// "portage-" and Name. Two Ledgers of one Name fence each other. Required for exactlyOnce.
	Name string `yaml:"-"`
	// Dial opens connections to brokers. Nil: TCP, within 5 s.
	Dial func(network, address string) (net.Conn, error) `yaml:"-"`
	// Rand is where a Ledger takes its mark from. Nil: crypto/rand.
	Rand io.Reader `yaml:"-"`
	// Now is the clock of Patience, Refresh and log lines. Nil: time.Now.
	Now func() time.Time `yaml:"-"`
	// Log takes a line per change of state, and one for a topic that was created. Nil: discard.
	Log *slog.Logger `yaml:"-"`

	examined *atomic.Bool // the topic's settings were looked at
}

// Content is a CloudEvents content mode.
type Content string

// The content modes.
const (
	Structured Content = "structured"
	Binary     Content = "binary"
)

// Delivery is what Portage promises about each message in the topic.
type Delivery string

// The deliveries.
const (
	AtLeastOnce Delivery = "atLeastOnce"
	ExactlyOnce Delivery = "exactlyOnce"
)
