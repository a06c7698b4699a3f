package kafka

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
)

// TLS says how to encrypt the connection to the brokers.
type TLS struct {
	// Enabled turns it on. At least TLS 1.2.
	Enabled bool `yaml:"enabled"`
	// CAFile holds the PEM certificates that sign the brokers'. "": the system's.
	CAFile string `yaml:"caFile"`
	// CertFile and KeyFile are this client's, in PEM, for mutual TLS. Both or neither.
	CertFile string `yaml:"certFile"`
	KeyFile  string `yaml:"keyFile"`
}

var compressions = map[string]sarama.CompressionCodec{
	"": sarama.CompressionNone, "none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP,
	"snappy": sarama.CompressionSnappy, "lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

// complete checks the settings and fills in defaults.
func (c *Config) complete() error {
	if c.Partitions == 0 {
		c.Partitions = 6
	}
	if c.Content == "" {
		c.Content = Structured
	}
	if c.MaxMessageBytes == 0 {
		c.MaxMessageBytes = 1 << 20
	}
	if c.Patience == 0 {
		c.Patience = 30 * time.Second
	}
	if c.MaxBatch == 0 {
		c.MaxBatch = 50
	}
	if c.ClientID == "" {
		c.ClientID = "portage"
	}
	if c.Version == "" {
		c.Version = "2.8.0"
	}
	if c.Delivery == "" {
		c.Delivery = AtLeastOnce
	}
	if c.Refresh == 0 {
		c.Refresh = 24 * time.Hour
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.examined = new(atomic.Bool)
	_, known := compressions[c.Compression]
	switch {
	case len(c.Brokers) == 0:
		return errors.New("kafka: brokers is empty; give at least one host:port")
	case c.Topic == "":
		return errors.New("kafka: topic is empty")
	case c.Content != Structured && c.Content != Binary:
		return fmt.Errorf("kafka: content %q is not structured or binary", c.Content)
	case !known:
		return fmt.Errorf("kafka: compression %q is not none, gzip, snappy, lz4 or zstd", c.Compression)
	case c.Partitions < 1 || c.Partitions > 10_000:
		return fmt.Errorf("kafka: partitions %d is not 1 to 10,000", c.Partitions)
	case c.MaxBatch < 1 || c.MaxBatch > maxBatch:
		return fmt.Errorf("kafka: maxBatch %d is not 1 to %d", c.MaxBatch, maxBatch)
	case c.MaxMessageBytes < 1024:
		return fmt.Errorf("kafka: maxMessageBytes %d is less than 1,024", c.MaxMessageBytes)
	case c.Patience < retryPause:
		return fmt.Errorf("kafka: patience %v is less than %v", c.Patience, retryPause)
	}
	if err := c.checkDelivery(); err != nil {
		return err
	}
	return c.SASL.check(c.TLS)
}

// checkDelivery holds what exactly once asks for.
func (c *Config) checkDelivery() error {
	switch {
	case c.Delivery != AtLeastOnce && c.Delivery != ExactlyOnce:
		return fmt.Errorf("kafka: delivery %q is not atLeastOnce or exactlyOnce", c.Delivery)
	case c.Refresh < time.Millisecond || c.Refresh > 6*24*time.Hour:
		return fmt.Errorf("kafka: refresh %v is not 1 ms to 6 days; brokers forget after 7", c.Refresh)
	case c.Delivery == ExactlyOnce && c.Name == "":
		return errors.New("kafka: delivery exactlyOnce needs a name that stays the same for ever")
	}
	return nil
}

// sarama makes the client's settings. What a setting is for stands beside it.
func (c *Config) sarama() (*sarama.Config, error) {
	s := sarama.NewConfig()
	version, err := sarama.ParseKafkaVersion(c.Version)
	if err != nil {
		return nil, fmt.Errorf("kafka: version %q is not a Kafka version such as 3.9.0", c.Version)
	}
	s.Version = version
	s.ClientID = c.ClientID
	s.ApiVersionsRequest = true
	s.Net.DialTimeout = 5 * time.Second
	s.Net.ReadTimeout = 15 * time.Second
	s.Net.WriteTimeout = 15 * time.Second
	s.Metadata.AllowAutoTopicCreation = false // a misspelt topic must not appear
	s.Metadata.Retry.Max = 2
	s.Net.MaxOpenRequests = 1 // asked for by Idempotent
	s.Producer.Idempotent = true
	s.Producer.RequiredAcks = sarama.WaitForAll
	s.Producer.Return.Successes = true // asked for by SyncProducer
	s.Producer.Return.Errors = true
	s.Producer.Retry.Max = int(c.Patience / retryPause)
	s.Producer.Retry.Backoff = retryPause
	s.Producer.Partitioner = sarama.NewMurmur2Partitioner
	s.Producer.Compression = compressions[c.Compression]
	s.Producer.MaxMessageBytes = c.MaxMessageBytes
	if s.Net.TLS.Config, err = c.TLS.config(); err != nil {
		return nil, err
	}
	s.Net.TLS.Enable = c.TLS.Enabled
	if err := c.SASL.apply(s, c.TLS); err != nil {
		return nil, err
	}
	if c.Dial != nil {
		s.Net.Proxy.Enable, s.Net.Proxy.Dialer = true, dialer(c.Dial)
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return s, nil
}

// dialer gives a func the form that sarama asks for.
type dialer func(network, address string) (net.Conn, error)

// Dial implements golang.org/x/net/proxy.Dialer.
func (d dialer) Dial(network, address string) (net.Conn, error) { return d(network, address) }

func (t TLS) config() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("kafka: tls.caFile: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("kafka: tls.caFile %s holds no PEM certificate", t.CAFile)
		}
	}
	if t.CertFile != "" || t.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("kafka: tls.certFile and tls.keyFile: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf, nil
}
