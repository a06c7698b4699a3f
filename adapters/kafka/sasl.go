package kafka

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/IBM/sarama"
)

// SASL says who connects; it asks for TLS. SCRAM is not offered.
type SASL struct {
	// Mechanism is "plain" (RFC 4616), the default, or "oauthbearer" (RFC 7628).
	Mechanism string `yaml:"mechanism"`
	// User is the name for plain. "": no SASL, unless Mechanism is oauthbearer.
	User string `yaml:"user"`
	// PasswordFile holds the password for plain, without or with one line end.
	PasswordFile string `yaml:"passwordFile"`
	// TokenFile holds the bearer token for oauthbearer. It is read at every connection, so that whoever
	// renews the token only has to replace the file.
	TokenFile string `yaml:"tokenFile"`
}

func (s SASL) enabled() bool { return s.User != "" || s.Mechanism == "oauthbearer" }

func (s SASL) check(t TLS) error {
	switch {
	case s.Mechanism != "" && s.Mechanism != "plain" && s.Mechanism != "oauthbearer":
		return fmt.Errorf("kafka: sasl.mechanism %q is not plain or oauthbearer", s.Mechanism)
	case s.Mechanism == "oauthbearer" && s.TokenFile == "":
		return errors.New("kafka: sasl.mechanism oauthbearer needs sasl.tokenFile")
	case s.enabled() && !t.Enabled:
		return errors.New("kafka: sasl without tls would send the password in the clear; set tls.enabled")
	}
	return nil
}

// apply sets up sarama. The files must be readable now: a fault shows at the start.
func (s SASL) apply(conf *sarama.Config) error {
	if !s.enabled() {
		return nil
	}
	conf.Net.SASL.Enable = true
	if s.Mechanism == "oauthbearer" {
		conf.Net.SASL.Mechanism = sarama.SASLTypeOAuth
		conf.Net.SASL.TokenProvider = tokenFile(s.TokenFile)
		_, err := tokenFile(s.TokenFile).Token()
		return err
	}
	password, err := readSecret("sasl.passwordFile", s.PasswordFile)
	if err != nil {
		return err
	}
	conf.Net.SASL.Mechanism = sarama.SASLTypePlaintext
	conf.Net.SASL.User, conf.Net.SASL.Password = s.User, password
	return nil
}

// tokenFile provides what a file holds.
type tokenFile string

// Token implements sarama.AccessTokenProvider. An error tells nothing of the content.
func (f tokenFile) Token() (*sarama.AccessToken, error) {
	token, err := readSecret("sasl.tokenFile", string(f))
	if err != nil {
		return nil, err
	}
	return &sarama.AccessToken{Token: token}, nil
}

func readSecret(setting, path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("kafka: %s: %w", setting, err)
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" {
		return "", fmt.Errorf("kafka: %s %s is empty", setting, path)
	}
	return text, nil
}
