package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
)

// secretFile writes a file of the test.
func secretFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// identity is a server for 127.0.0.1, whose certificate brokers can use too, and the file of who signed it.
func identity(t *testing.T, h http.HandlerFunc) (server *httptest.Server, caFile string) {
	t.Helper()
	server = httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	return server, secretFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
}

func TestSCRAMProvesThePasswordThatTheFileHoldsNow(t *testing.T) {
	for _, mechanism := range []string{"scram-sha-256", "scram-sha-512"} {
		t.Run(mechanism, func(t *testing.T) {
			server, ca := identity(t, nil)
			c := cluster(t, kfake.SeedTopics(1, "events"), kfake.EnableSASL(), kfake.Superuser(strings.ToUpper(mechanism), "portage", "right"),
				kfake.TLS(&tls.Config{Certificates: server.TLS.Certificates}))
			cfg := Config{Brokers: c.ListenAddrs(), Topic: "events", TLS: TLS{Enabled: true, CAFile: ca},
				SASL: SASL{Mechanism: mechanism, User: "portage", PasswordFile: secretFile(t, "wrong")}}
			s := open(t, cfg)
			if err := s.Ready(); err == nil || strings.Contains(err.Error(), "wrong") {
				t.Fatalf("with a wrong password: %v", err) // Kafka says why; kfake hangs up
			}
			if err := os.WriteFile(cfg.SASL.PasswordFile, []byte("right\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			<-s.dialed
			if err := s.Publish(t.Context(), message(1)); err != nil || s.Ready() != nil {
				t.Errorf("with the right one: %v, ready: %v", err, s.Ready())
			}
		})
	}
}

func TestSASLIsChecked(t *testing.T) {
	token := TokenEndpoint{URL: "https://id.example/token", ClientID: "portage", SecretFile: "/nowhere"}
	for want, s := range map[string]SASL{
		"is not plain, scram-sha-256, scram-sha-512, oauthbearer": {Mechanism: "gssapi"},
		"scram-sha-512 needs sasl.user":                           {Mechanism: "scram-sha-512"},
		"sasl.passwordFile: open":                                 {Mechanism: "scram-sha-256", User: "portage", PasswordFile: "/nowhere"},
		"needs sasl.tokenFile or sasl.token.url":                  {Mechanism: "oauthbearer"},
		"two sources of one token":                                {Mechanism: "oauthbearer", TokenFile: "t", Token: token},
		"not an https URL without a user":                         {Mechanism: "oauthbearer", Token: TokenEndpoint{URL: "https://me:secret@id.example"}},
		"needs sasl.token.clientId":                               {Mechanism: "oauthbearer", Token: TokenEndpoint{URL: token.URL}},
		"needs sasl.token.secretFile":                             {Mechanism: "oauthbearer", Token: TokenEndpoint{URL: token.URL, ClientID: "portage"}},
		"sasl.token.secretFile: open":                             {Mechanism: "oauthbearer", Token: token},
	} {
		_, err := Open(t.Context(), Config{Brokers: []string{"127.0.0.1:1"}, Topic: "events", TLS: TLS{Enabled: true}, SASL: s})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "me:secret") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestATokenIsAskedForWhenTheLastOneIsOld(t *testing.T) {
	asked, status, body := 0, http.StatusOK, ""
	server, ca := identity(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if id, secret, _ := r.BasicAuth(); id != "portage" || secret != "a%3Ab" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "kafka" {
			t.Errorf("asked with %q, %v", id, r.PostForm)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	p, err := TokenEndpoint{URL: server.URL, ClientID: "portage", SecretFile: secretFile(t, "a:b\n"), Scope: "kafka"}.provider(TLS{CAFile: ca})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1772960400, 0)
	p.now = func() time.Time { return now }
	for _, step := range []struct {
		after        time.Duration
		status       int
		body         string
		token, error string
		asked        int
	}{
		{0, 200, `{"access_token":"first","expires_in":100}`, "first", "", 1},
		{89 * time.Second, 200, `{"access_token":"second","expires_in":100}`, "first", "", 1},
		{time.Second, 200, `{"access_token":"second","expires_in":100}`, "second", "", 2},
		{90 * time.Second, 401, `{"error":"invalid_client","error_description":"a:b"}`, "", "the token endpoint answered 401 invalid_client", 3},
		{0, 400, `{"error":"a:b"}`, "", "the token endpoint answered 400", 4},
		{0, 200, `<html>a:b`, "", "the token endpoint answered 200", 5},
		{0, 503, ``, "", "the token endpoint answered 503", 6},
		{0, 302, ``, "", "the token endpoint answered 302", 7},
		{0, 200, `{"access_token":"third"}`, "third", "", 8},
		{0, 200, `{"access_token":"fourth"}`, "fourth", "", 9}, // it did not say how long
	} {
		now, status, body = now.Add(step.after), step.status, step.body
		got, err := p.Token()
		switch {
		case step.error != "" && (err == nil || err.Error() != step.error):
			t.Errorf("%s: %v", step.body, err)
		case step.error == "" && (err != nil || got.Token != step.token):
			t.Errorf("%s: %v, %v", step.body, got, err)
		case asked != step.asked:
			t.Errorf("%s: asked %d times, want %d", step.body, asked, step.asked)
		}
	}
}

func TestAFailedHandshakeHasAHint(t *testing.T) {
	over := func(err error) error { return sarama.Wrap(sarama.ErrOutOfBrokers, err) }
	plain, token := SASL{User: "portage"}, SASL{Mechanism: "oauthbearer", Token: TokenEndpoint{URL: "https://id.example"}}
	for _, tc := range []struct {
		err  error
		sasl SASL
		hint string
	}{
		{over(x509.UnknownAuthorityError{}), SASL{}, "tls.caFile"},
		{over(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "k1"}), SASL{}, "another host's"},
		{over(x509.CertificateInvalidError{Reason: x509.Expired}), SASL{}, "expired"},
		{over(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}), SASL{}, "made anew"},
		{over(tls.RecordHeaderError{}), SASL{}, "without TLS"},
		{over(errors.New("remote error: tls: certificate required")), SASL{}, "set tls.certFile"},
		{over(errors.New("remote error: tls: unknown certificate authority")), SASL{}, "truststore"},
		{over(errors.New("remote error: tls: unknown certificate")), SASL{}, "refuse Portage's certificate"},
		{over(sarama.Wrap(sarama.ErrSASLAuthenticationFailed, errors.New("no"))), plain, "sasl.passwordFile"},
		{over(sarama.ErrSASLAuthenticationFailed), token, "audience"},
		{over(&TokenError{Status: 401}), token, "sasl.token.clientId"},
		{over(&TokenError{Status: 400, Code: "invalid_scope"}), token, "sasl.token.scope"},
		{sarama.ErrOutOfBrokers, plain, "does not offer sasl.mechanism"},
		{sarama.ErrOutOfBrokers, SASL{}, ""},
		{over(&TokenError{Status: 503}), token, ""},
		{over(errors.New("connection refused")), plain, ""},
	} {
		e := (&Config{SASL: tc.sasl}).fail("connect", tc.err)
		if denied := e.Class == Denied; denied != (tc.hint != "") || !strings.Contains(e.Hint, tc.hint) {
			t.Errorf("%v: %s, %q", tc.err, e.Class, e.Hint)
		}
	}
}
