package kafka

import (
	"errors"

	"github.com/IBM/sarama"
	"github.com/xdg-go/scram"
)

// applyScram lets each connection hold a conversation of its own (RFC 5802, section 3).
func (s SASL) applyScram(conf *sarama.Config) {
	hash := scram.SHA512
	conf.Net.SASL.Mechanism = sarama.SASLTypeSCRAMSHA512
	if s.Mechanism == mechanismScram256 {
		hash, conf.Net.SASL.Mechanism = scram.SHA256, sarama.SASLTypeSCRAMSHA256
	}
	conf.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient {
		return &conversation{hash: hash, passwordFile: s.PasswordFile}
	}
}

// conversation proves the password to a broker without sending it, and has the broker prove that it knows it too.
type conversation struct {
	*scram.ClientConversation
	hash         scram.HashGeneratorFcn
	passwordFile string
}

// Begin implements sarama.SCRAMClient. The password is what the file holds now, not what it held at the start.
//
// Kafka does not prepare names and passwords by SASLprep (RFC 4013), which RFC 5802 asks for: neither does this.
func (c *conversation) Begin(user, _, authorization string) error {
	password, err := readSecret("sasl.passwordFile", c.passwordFile)
	if err != nil {
		return err
	}
	client, err := c.hash.NewClientUnprepped(user, password, authorization)
	if err != nil {
		return errors.New("kafka: sasl.user or sasl.passwordFile cannot be used for SCRAM") // its text may hold either
	}
	c.ClientConversation = client.NewConversation()
	return nil
}
