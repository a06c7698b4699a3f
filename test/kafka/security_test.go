package kafka_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/kafka"
	kafkatest "github.com/portage-gateway/portage/test/kafka"
)

// TestSecurity is what a broker of Apache Kafka that asks who comes and what they may shows of Portage.
func TestSecurity(t *testing.T) {
	t.Parallel()
	b := kafkatest.StartSecure(t)
	together(t, map[string]func(*testing.T){
		"ways in":      func(t *testing.T) { testWaysIn(t, b) },
		"kept out":     func(t *testing.T) { testKeptOut(t, b) },
		"let in again": func(t *testing.T) { testLetInAgain(t, b) },
		"rights":       func(t *testing.T) { testRights(t, b) },
		"topics":       func(t *testing.T) { testTopics(t, b) },
	})
}

// together runs tests at the same time, however few processors there are: they mostly wait.
func together(t *testing.T, tests map[string]func(*testing.T)) {
	var wg sync.WaitGroup
	for name, test := range tests {
		wg.Go(func() { t.Run(name, test) })
	}
	wg.Wait()
}

// file writes a file of the test that only it reads.
func file(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// over returns the settings for a listener.
func over(b *kafkatest.Secure, listener string) kafka.Config {
	return kafka.Config{Brokers: []string{listener}, TLS: kafka.TLS{Enabled: true, CAFile: b.Authority.File}}
}

// byPassword returns the settings for a mechanism with the password in a file.
func byPassword(t testing.TB, b *kafkatest.Secure, mechanism, password string) kafka.Config {
	c := over(b, b.SASL)
	c.SASL = kafka.SASL{Mechanism: mechanism, User: kafkatest.User, PasswordFile: file(t, password+"\n")}
	return c
}

func byToken(t testing.TB, b *kafkatest.Secure, token string) kafka.Config {
	c := over(b, b.SASL)
	c.SASL = kafka.SASL{Mechanism: "oauthbearer", TokenFile: file(t, token)}
	return c
}

func byCertificate(b *kafkatest.Secure, cert kafkatest.Certificate) kafka.Config {
	c := over(b, b.Mutual)
	c.TLS.CertFile, c.TLS.KeyFile = cert.CertFile, cert.KeyFile
	return c
}

func soon() time.Time { return time.Now().Add(time.Hour) }

// testWaysIn sends through a Sink and a Ledger and reads with a Source over each way in.
func testWaysIn(t *testing.T, b *kafkatest.Secure) {
	tests := map[string]func(*testing.T){}
	for name, c := range map[string]kafka.Config{
		"tls":           over(b, b.TLS),
		"mutual tls":    byCertificate(b, b.Authority.Issue(kafkatest.User, soon())),
		"plain":         byPassword(t, b, "plain", kafkatest.Password),
		"scram-sha-256": byPassword(t, b, "scram-sha-256", kafkatest.Password),
		"scram-sha-512": byPassword(t, b, "scram-sha-512", kafkatest.Password),
		"token file":    byToken(t, b, b.Token(t, kafkatest.User, soon())),
		"token by url":  byClientCredentials(t, b, "cGFzcw+/=&secret"),
	} {
		tests[name] = func(t *testing.T) {
			c.Topic = freshTopic(t, b.Broker)
			c.Name = c.Topic
			sink, err := kafka.Open(t.Context(), c)
			send(t, opened(t, sink, err), "one")
			ledger, err := kafka.OpenLedger(c)
			send(t, opened(t, ledger, err), "two")
			checkRead(t, c, "one", "two")
		}
	}
	together(t, tests)
}

func send(t *testing.T, sink adapters.Sink, id string) {
	t.Helper()
	if err := sink.Publish(t.Context(), adapters.Message{ID: id, Key: []byte("key"), Body: []byte(id)}); err != nil {
		t.Fatal(err)
	}
}

// checkRead reads the topic with a Source.
func checkRead(t *testing.T, c kafka.Config, want ...string) {
	t.Helper()
	source, err := kafka.OpenSource(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var got []string
	err = source.Consume(ctx, func(_ context.Context, _ adapters.Unit, batch adapters.Batch) error {
		for _, m := range batch.Messages {
			got = append(got, m.ID)
		}
		if len(got) >= len(want) {
			enough()
		}
		return nil
	})
	if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("read %v, %v", got, err)
	}
}

// byClientCredentials starts an identity provider, which knows one client.
func byClientCredentials(t *testing.T, b *kafkatest.Secure, secret string) kafka.Config {
	provider := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, got, _ := r.BasicAuth()
		answer := map[string]any{"access_token": b.Token(t, kafkatest.User, soon()), "expires_in": 3600, "token_type": "Bearer"}
		if id != "portage" || got != "cGFzcw%2B%2F%3D%26secret" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "kafka" {
			w.WriteHeader(http.StatusUnauthorized)
			answer = map[string]any{"error": "invalid_client", "error_description": "not with " + got}
		}
		json.NewEncoder(w).Encode(answer)
	}))
	cert := b.Authority.Issue("identity-provider", soon(), net.IPv4(127, 0, 0, 1))
	pair, err := tls.LoadX509KeyPair(cert.CertFile, cert.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	provider.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	provider.StartTLS()
	t.Cleanup(provider.Close)
	c := over(b, b.SASL)
	c.SASL = kafka.SASL{Mechanism: "oauthbearer", Token: kafka.TokenEndpoint{URL: provider.URL + "/token", ClientID: "portage", Scope: "kafka",
		SecretFile: file(t, secret)}}
	return c
}

const wrongPassword = "hunter2-and-more"

// keptOut is a way not to get in, and what Portage says to it.
type keptOut struct {
	kafka.Config
	class kafka.Class
	hint  string
}

// waysOut are brokers that refuse Portage, and brokers that Portage refuses. expired is a token.
func waysOut(t *testing.T, b *kafkatest.Secure, expired string) map[string]keptOut {
	stranger := kafkatest.NewAuthority(t, "Another Authority")
	unknownAuthority, otherName, inTheClear := over(b, b.TLS), over(b, strings.Replace(b.TLS, "127.0.0.1", "localhost", 1)), over(b, b.Addr)
	unknownAuthority.TLS.CAFile = stranger.File
	withoutTLS := over(b, b.TLS)
	withoutTLS.TLS = kafka.TLS{}
	onTLSOnly := byPassword(t, b, "plain", kafkatest.Password)
	onTLSOnly.Brokers = []string{b.TLS}
	unknownUser := byPassword(t, b, "scram-sha-512", kafkatest.Password)
	unknownUser.SASL.User = "nobody"
	return map[string]keptOut{
		"plain, wrong password":         {byPassword(t, b, "plain", wrongPassword), kafka.Denied, "check sasl.user, sasl.passwordFile"},
		"scram-sha-256, wrong password": {byPassword(t, b, "scram-sha-256", wrongPassword), kafka.Denied, "check sasl.user, sasl.passwordFile"},
		"scram-sha-512, wrong password": {byPassword(t, b, "scram-sha-512", wrongPassword), kafka.Denied, "check sasl.user, sasl.passwordFile"},
		"scram-sha-512, unknown user":   {unknownUser, kafka.Denied, "check sasl.user, sasl.passwordFile"},
		"token expired":                 {byToken(t, b, expired), kafka.Denied, "renew what sasl.tokenFile holds"},
		"token is none":                 {byToken(t, b, wrongPassword), kafka.Denied, "renew what sasl.tokenFile holds"},
		"client secret wrong":           {byClientCredentials(t, b, wrongPassword), kafka.Denied, "check sasl.token.clientId"},
		"brokers' authority unknown":    {unknownAuthority, kafka.Denied, "set tls.caFile"},
		"brokers' certificate expired":  {over(b, b.Expired), kafka.Denied, "has expired"},
		"brokers' name is another":      {otherName, kafka.Denied, "another host's"},
		"certificate missing":           {over(b, b.Mutual), kafka.Denied, "tls.certFile"},
		"certificate of a stranger":     {byCertificate(b, stranger.Issue(kafkatest.User, soon())), kafka.Denied, "tls.certFile"},
		"certificate expired":           {byCertificate(b, b.Authority.Issue("late", time.Now().Add(-time.Hour))), kafka.Denied, "tls.certFile"},
		"listener without tls":          {inTheClear, kafka.Transient, "whether the listener has TLS"},
		"listener without sasl":         {onTLSOnly, kafka.Denied, "the listener has no SASL"},
		"tls left out":                  {withoutTLS, kafka.Transient, "whether the listener has TLS"},
	}
}

// testKeptOut takes each of them. Each time Portage starts, tries again quietly and says why, with what to do and without
// a secret.
func testKeptOut(t *testing.T, b *kafkatest.Secure) {
	expired := b.Token(t, kafkatest.User, time.Now().Add(-time.Minute))
	tests := map[string]func(*testing.T){}
	for name, tc := range waysOut(t, b, expired) {
		tests[name] = func(t *testing.T) {
			w := &watch{tries: make(chan struct{}, 100)}
			c := tc.Config
			c.Topic, c.Name, c.Log, c.Dial = "none", "none", slog.New(slog.NewTextHandler(w, nil)), w.dial
			ledger, err := kafka.OpenLedger(c)
			opened(t, ledger, err)
			ctx, stop := context.WithCancel(t.Context())
			recovered := make(chan error)
			go func() { _, err := ledger.Recover(ctx); recovered <- err }()
			for range 7 { // each try asks three times
				<-w.tries
			}
			checkKeptOut(t, ledger.Ready(), tc.class, tc.hint)
			stop()
			if err := <-recovered; !errors.Is(err, context.Canceled) {
				t.Errorf("recovered: %v", err)
			}
			checkKeptOut(t, ledger.Ready(), tc.class, tc.hint)
			if said := w.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, tc.hint) || holdsSecret(said, expired) {
				t.Errorf("it said:\n%s", said)
			}
			line := &watch{lines: make(chan struct{}, 1)}
			c.Log, c.Dial = slog.New(slog.NewTextHandler(line, nil)), nil
			sink, err := kafka.Open(t.Context(), c)
			opened(t, sink, err)
			<-line.lines // Open waits two seconds, which may be too short
			checkKeptOut(t, sink.Ready(), tc.class, tc.hint)
		}
	}
	together(t, tests)
}

func checkKeptOut(t *testing.T, err error, class kafka.Class, hint string) {
	t.Helper()
	e, ok := errors.AsType[*kafka.Error](err)
	if !ok || e.Class != class || !strings.Contains(e.Hint, hint) || holdsSecret(err.Error()) {
		t.Errorf("want %s and %q, got %v", class, hint, err)
	}
}

func holdsSecret(said string, more ...string) bool {
	for _, secret := range append(more, wrongPassword, kafkatest.Password, "wrong-horse", "aHVudGVy", "eyJ") {
		if strings.Contains(said, secret) {
			return true
		}
	}
	return false
}

// watch sees connections and log lines.
type watch struct {
	tries chan struct{}
	lines chan struct{} // may be nil
	mu    sync.Mutex
	bytes.Buffer
}

func (w *watch) dial(network, address string) (net.Conn, error) {
	select {
	case w.tries <- struct{}{}:
	default:
	}
	return net.DialTimeout(network, address, 10*time.Second)
}

// Write implements io.Writer.
func (w *watch) Write(p []byte) (int, error) {
	select {
	case w.lines <- struct{}{}:
	default:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Buffer.Write(p)
}

// String returns what was logged.
func (w *watch) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Buffer.String()
}

// testLetInAgain mends the secret where it stands: nothing is started again.
func testLetInAgain(t *testing.T, b *kafkatest.Secure) {
	password := byPassword(t, b, "scram-sha-512", wrongPassword)
	token := byToken(t, b, b.Token(t, kafkatest.User, time.Now().Add(-time.Minute)))
	tests := map[string]func(*testing.T){}
	for name, tc := range map[string]struct {
		kafka.Config
		path, mended string
	}{
		"scram-sha-512": {password, password.SASL.PasswordFile, kafkatest.Password},
		"token file":    {token, token.SASL.TokenFile, b.Token(t, kafkatest.User, soon())},
	} {
		tests[name] = func(t *testing.T) {
			w := &watch{tries: make(chan struct{}, 100)}
			c := tc.Config
			c.Topic, c.Dial = freshTopic(t, b.Broker), w.dial
			c.Name = c.Topic
			ledger, err := kafka.OpenLedger(c)
			opened(t, ledger, err)
			recovered := make(chan error)
			go func() { _, err := ledger.Recover(t.Context()); recovered <- err }()
			for range 4 {
				<-w.tries
			}
			if err := os.WriteFile(tc.path, []byte(tc.mended), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := <-recovered; err != nil || ledger.Ready() != nil {
				t.Errorf("recovered: %v, ready: %v", err, ledger.Ready())
			}
			send(t, ledger, "one")
		}
	}
	together(t, tests)
}
