package kafka

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/portage-gateway/portage/adapters"
)

// Class says what to do about a failure. What no retry helps is an *adapters.Refusal instead.
type Class string

// The classes.
const (
	Transient Class = "transient" // comes right by itself: publish again
	Alert     Class = "alert"     // a person must change something; publish again, slowly
	Denied    Class = "denied"    // not let in, or not let on: a certificate, a password or a token; try again, slowly
)

// Error is a failure of the brokers, or of the way to them.
type Error struct {
	Op    string // "connect", "look up topic", "create topic", "start producer", "publish"
	Topic string
	Class Class
	// Failed and Of count messages; 0 of 0 when none was involved. The others are on the log.
	Failed, Of int
	Hint       string // what to do; may be empty
	Err        error
}

// Error implements error.
func (e *Error) Error() string {
	s := "kafka topic " + e.Topic + ": " + e.Op + ": "
	if e.Of > 0 {
		s += fmt.Sprintf("%d of %d messages not acknowledged: ", e.Failed, e.Of)
	}
	s += e.Err.Error()
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap returns the first cause.
func (e *Error) Unwrap() error { return e.Err }

// Transient says that the way out is at fault and never a message, whatever the Class: a Source holds
// what it has.
func (e *Error) Transient() bool { return true }

// hints names the errors that a person must deal with, and how.
var hints = []struct {
	err  error
	hint string
}{
	{sarama.ErrUnknownTopicOrPartition, "create the topic, or set createTopic"},
	{sarama.ErrInvalidTopic, "choose a topic name of letters, digits, '.', '_' and '-'"},
	{sarama.ErrTopicAuthorizationFailed, "give Portage's user WRITE and DESCRIBE on the topic, for exactlyOnce READ too; a Source READ and DESCRIBE; createTopic CREATE"},
	{sarama.ErrGroupAuthorizationFailed, "give Portage's user READ on the group"},
	{sarama.ErrTransactionalIDAuthorizationFailed, "give Portage's user WRITE and DESCRIBE on the transactional id"},
	{sarama.ErrClusterAuthorizationFailed, "give Portage's user IDEMPOTENT_WRITE on the cluster"},
	{sarama.ErrInvalidTransactionTimeout, "a transaction may take twice patience, at least 1 min: lower patience, or raise the brokers' transaction.max.timeout.ms"},
	{sarama.ErrUnsupportedVersion, "set version to that of the oldest broker"},
	{sarama.ErrInvalidReplicationFactor, "the cluster has too few brokers for replicas"},
	{sarama.ErrInvalidPartitions, "choose another number of partitions"},
	{sarama.ErrInvalidConfig, "the cluster knows no such setting or value: check topicSettings"},
	{sarama.ErrPolicyViolation, "the cluster's policy forbids this topic: let its owner create it"},
}

// transientHints name errors that come right, and where to look while they do not.
var transientHints = []struct {
	err  error
	hint string
}{
	{sarama.ErrOutOfBrokers, "no broker answered: check brokers and the network, and whether the listener has TLS as tls.enabled says"},
	{sarama.ErrNotEnoughReplicas, "too few in-sync replicas: look at the cluster"},
	{sarama.ErrNotEnoughReplicasAfterAppend, "too few in-sync replicas: look at the cluster"},
}

// fail wraps a failure with its class and hint. The text of sarama's errors holds no message.
func (c *Config) fail(op string, err error) *Error {
	e := &Error{Op: op, Topic: c.Topic, Class: Transient, Err: err}
	for _, h := range hints {
		if errors.Is(err, h.err) {
			e.Class, e.Hint = Alert, h.hint
			return e
		}
	}
	if hint := c.denied(err); hint != "" {
		e.Class, e.Hint = Denied, hint
		return e
	}
	for _, h := range transientHints {
		if errors.Is(err, h.err) {
			e.Hint = h.hint
		}
	}
	return e
}

// refusals are the broker's verdicts on a record that no retry changes.
var refusals = []struct {
	err    error
	reason string
}{
	{sarama.ErrMessageSizeTooLarge, "too-large"},
	{sarama.ErrMessageSetSizeTooLarge, "too-large"},
	{sarama.ErrInvalidRecord, "invalid-record"},
	{sarama.ErrInvalidTimestamp, "invalid-timestamp"},
}

// classify turns what SendMessages returned for n records into a Refusal, if one of them is beyond
// help, or an Error.
func (c *Config) classify(err error, n int) error {
	var list sarama.ProducerErrors
	if !errors.As(err, &list) || len(list) == 0 {
		return c.fail("publish", err)
	}
	for _, one := range list {
		for _, r := range refusals {
			if errors.Is(one.Err, r.err) {
				return &adapters.Refusal{Reason: r.reason, Offset: -1, Size: -1,
					Err: fmt.Errorf("kafka topic %s: %d of %d messages not taken: %w", c.Topic, len(list), n, one.Err)}
			}
		}
	}
	e := c.fail("publish", list[0].Err)
	e.Failed, e.Of = len(list), n
	return e
}
