package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"time"
)

// Content is a CloudEvents content mode.
type Content string

// The content modes.
const (
	Structured Content = "structured"
	Binary     Content = "binary"
)

// Config says who the subscriber is and how to reach it.
type Config struct {
	// Name is the subscriber in metrics, errors and logs: a to z, 0 to 9 and "-", at most 64. Required.
	Name string `yaml:"name"`
	// URL takes the events, by https; by http on a loopback address only. It is shown nowhere. Required.
	URL string `yaml:"url"`
	// KeyFiles hold the signing keys, one each: "whsec_" and base64, of 24 to 64 bytes. One or two; a new key
	// is added before the old one goes. Required.
	KeyFiles []string `yaml:"keyFiles"`
	// Content is how CloudEvents travel: "structured", the default, or "binary".
	Content Content `yaml:"content"`
	// ForwardKey sends Message.Key (base64) as portage-key. It lets a subscriber tell that two events are of
	// one client. Default: it stays here.
	ForwardKey bool `yaml:"forwardKey"`
	// ForwardHeaders sends a message's headers, in order, each as portage-header: NAME=VALUE, percent-encoded.
	// Default: content-type and traceparent alone are sent, under their own names.
	ForwardHeaders bool `yaml:"forwardHeaders"`

	// Timeout bounds one attempt, from dialling to the end of the answer. Default 10s.
	Timeout time.Duration `yaml:"timeout"`
	// Patience is how long one event is tried before Publish returns a transient error. Default 1m.
	Patience time.Duration `yaml:"patience"`
	// RetryMin and RetryMax bound the pause between attempts; it doubles, and a random half of it is left out.
	// Defaults 500ms and 30s.
	RetryMin time.Duration `yaml:"retryMin"`
	RetryMax time.Duration `yaml:"retryMax"`
	// RetryAfterMax is the longest Retry-After that is honoured. Default 1h.
	RetryAfterMax time.Duration `yaml:"retryAfterMax"`
	// MaxBody is the largest body that is sent, in bytes; a larger event is refused. Default 1,048,576.
	MaxBody int `yaml:"maxBody"`
	// TLS says whom to trust and as whom to come. Zero: the system's authorities, and without a name.
	TLS TLS `yaml:"tls"`

	// Transport is the way out. Nil: HTTP over TLS, by the proxy of the environment.
	Transport http.RoundTripper `yaml:"-"`
	// Now is the clock of signatures and of Retry-After. Nil: time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand returns a number from 0 to n-1, for pauses. Nil: math/rand/v2.
	Rand func(n int64) int64 `yaml:"-"`
	// Log hears of failed attempts. Nil: discard.
	Log *slog.Logger `yaml:"-"`
	// Metrics counts. Nil: nothing is counted.
	Metrics *Metrics `yaml:"-"`
}

// TLS says whom to trust. TLS 1.2 and later only.
type TLS struct {
	// CAFile holds the PEM certificates that sign the subscriber's. "": the system's.
	CAFile string `yaml:"caFile"`
	// CertFile and KeyFile are this client's, in PEM, for mutual TLS. Both or neither.
	CertFile string `yaml:"certFile"`
	KeyFile  string `yaml:"keyFile"`
}

var namePattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// complete checks the settings and fills in defaults.
func (c *Config) complete() error {
	if !namePattern.MatchString(c.Name) {
		return fmt.Errorf("webhook: name %q is not 1 to 64 of a-z, 0-9 and -", c.Name)
	}
	if c.Content == "" {
		c.Content = Structured
	}
	if c.Content != Structured && c.Content != Binary {
		return fmt.Errorf("webhook %s: content %q is neither structured nor binary", c.Name, c.Content)
	}
	if n := len(c.KeyFiles); n < 1 || n > 2 {
		return fmt.Errorf("webhook %s: %d keyFiles: one signs, two while a key is changed", c.Name, n)
	}
	if err := checkURL(c.URL); err != nil {
		return fmt.Errorf("webhook %s: %w", c.Name, err)
	}
	for _, d := range []struct {
		value *time.Duration
		std   time.Duration
	}{{&c.Timeout, 10 * time.Second}, {&c.Patience, time.Minute}, {&c.RetryMin, 500 * time.Millisecond},
		{&c.RetryMax, 30 * time.Second}, {&c.RetryAfterMax, time.Hour}} {
		if *d.value <= 0 {
			*d.value = d.std
		}
	}
	c.RetryMax = max(c.RetryMin, c.RetryMax)
	if c.MaxBody <= 0 {
		c.MaxBody = 1 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Int64N
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// checkURL holds the URL to https; its errors do not show it.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "":
		return errors.New("url is not an absolute URL")
	case u.User != nil:
		return errors.New("url holds a user: subscribers know Portage by its signature, or by a client certificate")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("url has scheme %q: https is wanted", u.Scheme)
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("url is http: events leave this host by https only")
}

// client makes the HTTP client: redirects are answers, and each attempt ends.
func (c *Config) client() (*http.Client, error) {
	client := &http.Client{Transport: c.Transport, Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if c.Transport != nil {
		return client, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS.CAFile != "" {
		pem, err := os.ReadFile(c.TLS.CAFile)
		if err != nil {
			return nil, fmt.Errorf("webhook %s: tls.caFile: %w", c.Name, err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("webhook %s: tls.caFile %s holds no certificate in PEM", c.Name, c.TLS.CAFile)
		}
	}
	if c.TLS.CertFile != "" || c.TLS.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("webhook %s: tls.certFile and tls.keyFile: %w", c.Name, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	client.Transport = &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: t, ForceAttemptHTTP2: true, MaxConnsPerHost: 1,
		IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: c.Timeout, MaxResponseHeaderBytes: 64 << 10,
	}
	return client, nil
}
