package kafka

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/IBM/sarama"
)

// The mechanisms of SASL.
const (
	mechanismPlain    = "plain"
	mechanismScram256 = "scram-sha-256"
	mechanismScram512 = "scram-sha-512"
	mechanismOAuth    = "oauthbearer"
)

var mechanisms = []string{mechanismPlain, mechanismScram256, mechanismScram512, mechanismOAuth}

// SASL says who connects; it asks for TLS. Secrets stand in files, and in no error and no log line.
type SASL struct {
	// Mechanism is "plain" (RFC 4616), the default, "scram-sha-256" or "scram-sha-512" (RFC 5802, RFC 7677),
	// or "oauthbearer" (RFC 7628).
	Mechanism string `yaml:"mechanism"`
	// User is the name for plain and SCRAM. "": no SASL, unless Mechanism says otherwise.
	User string `yaml:"user"`
	// PasswordFile holds the password for plain and SCRAM, without or with one line end. For SCRAM it is read
	// at every connection, for plain at the start only.
	PasswordFile string `yaml:"passwordFile"`
	// TokenFile holds the bearer token for oauthbearer. It is read at every connection, so that whoever
	// renews the token only has to replace the file.
	TokenFile string `yaml:"tokenFile"`
	// Token says where to ask for the bearer token for oauthbearer, in place of TokenFile.
	Token TokenEndpoint `yaml:"token"`
}

func (s SASL) enabled() bool {
	return s.User != "" || s.Mechanism != "" && s.Mechanism != mechanismPlain
}

func (s SASL) scram() bool {
	return s.Mechanism == mechanismScram256 || s.Mechanism == mechanismScram512
}

func (s SASL) check(t TLS) error {
	oauth := s.Mechanism == mechanismOAuth
	switch {
	case s.Mechanism != "" && !slices.Contains(mechanisms, s.Mechanism):
		return fmt.Errorf("kafka: sasl.mechanism %q is not %s", s.Mechanism, strings.Join(mechanisms, ", "))
	case s.scram() && s.User == "":
		return fmt.Errorf("kafka: sasl.mechanism %s needs sasl.user", s.Mechanism)
	case oauth && s.TokenFile == "" && s.Token.URL == "":
		return errors.New("kafka: sasl.mechanism oauthbearer needs sasl.tokenFile or sasl.token.url")
	case oauth && s.TokenFile != "" && s.Token.URL != "":
		return errors.New("kafka: sasl.tokenFile and sasl.token.url are two sources of one token: keep one")
	case s.enabled() && !t.Enabled:
		return errors.New("kafka: sasl without tls would send the password in the clear; set tls.enabled")
	}
	if oauth && s.Token.URL != "" {
		return s.Token.check()
	}
	return nil
}

// apply sets up sarama. The files must be readable now: a fault shows at the start.
func (s SASL) apply(conf *sarama.Config, t TLS) error {
	if !s.enabled() {
		return nil
	}
	conf.Net.SASL.Enable = true
	conf.Net.SASL.Version = sarama.SASLHandshakeV1 // an answer that says why, not a closed connection
	if s.Mechanism == mechanismOAuth {
		return s.applyOAuth(conf, t)
	}
	password, err := readSecret("sasl.passwordFile", s.PasswordFile)
	if err != nil {
		return err
	}
	conf.Net.SASL.Mechanism = sarama.SASLTypePlaintext
	conf.Net.SASL.User, conf.Net.SASL.Password = s.User, password
	if s.scram() {
		s.applyScram(conf)
	}
	return nil
}

func (s SASL) applyOAuth(conf *sarama.Config, t TLS) error {
	conf.Net.SASL.Mechanism = sarama.SASLTypeOAuth
	if s.Token.URL != "" {
		provider, err := s.Token.provider(t)
		conf.Net.SASL.TokenProvider = provider
		return err
	}
	conf.Net.SASL.TokenProvider = tokenFile(s.TokenFile)
	_, err := tokenFile(s.TokenFile).Token()
	return err
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
