package kafka

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// TokenEndpoint is where an identity provider gives a token for a client's own credentials (RFC 6749,
// section 4.4). It is asked for a new token when the last one has lived through nine tenths of its time.
type TokenEndpoint struct {
	// URL is the endpoint, https. The system's certificate authorities are trusted, and those of tls.caFile.
	URL string `yaml:"url"`
	// ClientID and SecretFile are the credentials, sent by HTTP Basic (RFC 6749, section 2.3.1). Required. The file is
	// read each time.
	ClientID   string `yaml:"clientId"`
	SecretFile string `yaml:"secretFile"`
	// Scope is what to ask for, words with spaces between them. "": what the provider gives without.
	Scope string `yaml:"scope"`
}

const (
	tokenTimeout = 10 * time.Second
	maxToken     = 64 << 10 // bytes of an answer
)

func (e TokenEndpoint) check() error {
	u, err := url.Parse(e.URL)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil:
		return errors.New("kafka: sasl.token.url is not an https URL without a user")
	case e.ClientID == "":
		return errors.New("kafka: sasl.token.url needs sasl.token.clientId")
	case e.SecretFile == "":
		return errors.New("kafka: sasl.token.url needs sasl.token.secretFile")
	}
	return nil
}

// provider asks nothing yet: the identity provider may be away at the start. The secret must be readable.
func (e TokenEndpoint) provider(t TLS) (*issuer, error) {
	if _, err := readSecret("sasl.token.secretFile", e.SecretFile); err != nil {
		return nil, err
	}
	conf, err := TLS{Enabled: true}.config()
	if err != nil {
		return nil, err
	}
	if t.CAFile != "" {
		if conf.RootCAs, err = x509.SystemCertPool(); err != nil {
			conf.RootCAs = x509.NewCertPool()
		}
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("kafka: tls.caFile: %w", err)
		}
		conf.RootCAs.AppendCertsFromPEM(pem)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, DisableKeepAlives: true}
	return &issuer{endpoint: e, now: time.Now, http: &http.Client{Transport: transport, Timeout: tokenTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// issuer provides tokens of an endpoint. Safe for use by several goroutines: connections open beside each other.
type issuer struct {
	endpoint TokenEndpoint
	http     *http.Client
	now      func() time.Time

	mu    sync.Mutex
	token string
	until time.Time // when to ask again
}

// TokenError is an identity provider's refusal to give a token.
type TokenError struct {
	// Status is the HTTP status.
	Status int
	// Code is the error code of RFC 6749, section 5.2, such as "invalid_client"; "" if there was none of them.
	Code string
}

// Error implements error.
func (e *TokenError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the token endpoint answered %d %s", e.Status, e.Code))
}

// hint says what to do; "" when the identity provider's own trouble is the likely cause.
func (e *TokenError) hint() string {
	switch {
	case e.Code == "invalid_client" || e.Status == http.StatusUnauthorized:
		return "the identity provider refuses the credentials: check sasl.token.clientId and sasl.token.secretFile"
	case e.Status < http.StatusInternalServerError:
		return "the identity provider gives no such token: check sasl.token.url and sasl.token.scope"
	}
	return ""
}

// tokenErrors are the codes of RFC 6749, section 5.2. Other text of an answer is not shown.
var tokenErrors = map[string]bool{"invalid_request": true, "invalid_client": true, "invalid_grant": true,
	"unauthorized_client": true, "unsupported_grant_type": true, "invalid_scope": true}

// Token implements sarama.AccessTokenProvider.
func (i *issuer) Token() (*sarama.AccessToken, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.token == "" || !i.now().Before(i.until) {
		if err := i.ask(); err != nil {
			return nil, err
		}
	}
	return &sarama.AccessToken{Token: i.token}, nil
}

func (i *issuer) ask() error {
	secret, err := readSecret("sasl.token.secretFile", i.endpoint.SecretFile)
	if err != nil {
		return err
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if i.endpoint.Scope != "" {
		form.Set("scope", i.endpoint.Scope)
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, i.endpoint.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("kafka: sasl.token.url: %w", err)
	}
	req.SetBasicAuth(url.QueryEscape(i.endpoint.ClientID), url.QueryEscape(secret))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	began := i.now()
	res, err := i.http.Do(req)
	if err != nil {
		return fmt.Errorf("kafka: ask for a token: %w", err)
	}
	defer res.Body.Close()
	var answer struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
		Error   string `json:"error"`
	}
	err = json.NewDecoder(io.LimitReader(res.Body, maxToken)).Decode(&answer)
	if res.StatusCode != http.StatusOK || err != nil || answer.Token == "" {
		refused := &TokenError{Status: res.StatusCode}
		if tokenErrors[answer.Error] {
			refused.Code = answer.Error
		}
		return refused
	}
	i.token = answer.Token
	i.until = began.Add(time.Duration(max(0, min(answer.Seconds, 86400))) * time.Second * 9 / 10)
	return nil
}
