package kafka

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Secure is a broker that asks who comes and what they may. Who comes in the clear, or by TLS without a
// certificate, is ANONYMOUS and may do everything.
type Secure struct {
	*Broker
	// Authority signed the broker's certificates, which name 127.0.0.1 only, and is trusted for clients'.
	Authority *Authority
	// TLS asks for no certificate, Mutual for one of Authority; Expired is TLS with a certificate that ended
	// an hour ago. SASL is over TLS and has PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER.
	TLS, Mutual, Expired, SASL string

	signer *ecdsa.PrivateKey // of tokens
}

// The user that SASL PLAIN and SCRAM know, and the common name of a certificate, who may do everything. The password has letters that SASLprep (RFC 4013) would change, as
// Kafka does not.
const (
	User     = "portage"
	Password = "Zürich ª½ wrong-horse"
)

// Audience is whom tokens must be for.
const Audience = "kafka"

// StartSecure starts a broker that ends with the test. It calls Need.
func StartSecure(t testing.TB) *Secure {
	t.Helper()
	jars := Need(t)
	ports, err := freePorts(6)
	if err != nil {
		t.Fatal(err)
	}
	addr := func(n int) string { return fmt.Sprintf("127.0.0.1:%d", ports[n]) }
	s := &Secure{Authority: NewAuthority(t, "Test Authority"), TLS: addr(2), Mutual: addr(3), Expired: addr(4), SASL: addr(5), signer: newKey(t)}
	n := node{id: 1, of: 1, dir: t.TempDir(), port: ports[0], controller: ports[1]}
	n.more = s.settings(t, n)
	s.Broker = newBroker(n, jars, Quick, "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls="+s.keys(n), "-Dorg.apache.kafka.sasl.oauthbearer.allowed.files="+n.dir+"/jwks.json")
	if err := os.WriteFile(filepath.Join(n.dir, "jwks.json"), s.keySet(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.format("--add-scram", scram("SCRAM-SHA-256"), "--add-scram", scram("SCRAM-SHA-512")); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

func scram(mechanism string) string {
	return fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, User, Password)
}

// keys is where the broker finds the key of tokens.
func (s *Secure) keys(n node) string { return "file://" + n.dir + "/jwks.json" }

func (s *Secure) settings(t testing.TB, n node) string {
	local := net.IPv4(127, 0, 0, 1)
	broker := s.Authority.Issue("broker", time.Now().Add(time.Hour), local)
	old := s.Authority.Issue("old-broker", time.Now().Add(-time.Hour), local)
	return fmt.Sprintf(`listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d,TLS://%s,MUTUAL://%s,EXPIRED://%s,SASL://%s
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,TLS:SSL,MUTUAL:SSL,EXPIRED:SSL,SASL:SASL_SSL
inter.broker.listener.name=PLAINTEXT
connection.failed.authentication.delay.ms=0
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:%s;User:CN=%s
ssl.keystore.type=PEM
ssl.keystore.location=%s
ssl.truststore.type=PEM
ssl.truststore.location=%s
listener.name.expired.ssl.keystore.type=PEM
listener.name.expired.ssl.keystore.location=%s
listener.name.mutual.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_%s="%s";
listener.name.sasl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.sasl.oauthbearer.sasl.server.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
listener.name.sasl.oauthbearer.sasl.oauthbearer.jwks.endpoint.url=%s
listener.name.sasl.oauthbearer.sasl.oauthbearer.expected.audience=%s
`, n.port, n.controller, s.TLS, s.Mutual, s.Expired, s.SASL, User, User, broker.Keystore, s.Authority.File, old.Keystore, User, escaped(Password), s.keys(n), Audience)
}

// escaped writes letters as java.util.Properties reads them.
func escaped(s string) (out string) {
	for _, r := range s {
		if r < 128 {
			out += string(r)
		} else {
			out += fmt.Sprintf("\\u%04x", r)
		}
	}
	return out
}

const keyID = "test"

// keySet is the key of tokens as a JWK set (RFC 7517; RFC 7518, section 6.2).
func (s *Secure) keySet() []byte {
	point, err := s.signer.PublicKey.Bytes() // 4, X, Y
	if err != nil {
		panic(err)
	}
	b, err := json.Marshal(map[string]any{"keys": []map[string]string{{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": keyID,
		"x": encode(point[1:33]), "y": encode(point[33:])}}})
	if err != nil {
		panic(err)
	}
	return b
}

// Token returns a token for a user (RFC 7515, ES256) that ends at a time.
func (s *Secure) Token(t testing.TB, user string, until time.Time) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return encode(b)
	}
	signed := part(map[string]string{"alg": "ES256", "kid": keyID, "typ": "JWT"}) + "." +
		part(map[string]any{"sub": user, "aud": Audience, "iat": until.Add(-time.Hour).Unix(), "exp": until.Unix()})
	digest := sha256.Sum256([]byte(signed))
	r, v, err := ecdsa.Sign(rand.Reader, s.signer, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	v.FillBytes(signature[32:])
	return signed + "." + encode(signature)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
