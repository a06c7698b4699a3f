package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/IBM/sarama"
)

// denied says what to do when a handshake failed; "" when none did.
func (c *Config) denied(err error) string {
	switch {
	case errors.Is(err, sarama.ErrSASLAuthenticationFailed):
		return c.SASL.refusedHint()
	case c.SASL.enabled() && errors.Is(err, sarama.ErrOutOfBrokers) && errors.Unwrap(err) == nil:
		// sarama keeps the code to itself with which a broker answered the SASL handshake.
		return "the brokers answered and let nobody in: the listener has no SASL, or does not offer sasl.mechanism"
	}
	if e, ok := errors.AsType[*TokenError](err); ok {
		return e.hint()
	}
	return tlsHint(err)
}

// refusedHint says where the credentials stand that the brokers refuse.
func (s SASL) refusedHint() string {
	switch {
	case s.Mechanism != mechanismOAuth:
		return "the brokers refuse the name or the password: check sasl.user, sasl.passwordFile and sasl.mechanism"
	case s.TokenFile != "":
		return "the brokers refuse the token: it may have expired, or be another audience's; renew what sasl.tokenFile holds"
	}
	return "the brokers refuse the token: check the audience and scope that sasl.token asks for"
}

// tlsHint names the failures of a TLS handshake (crypto/tls, crypto/x509).
func tlsHint(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "nobody that Portage trusts signed the brokers' certificate: set tls.caFile to the authority that did"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "the brokers' certificate is another host's: write brokers and advertised.listeners with a name that it holds"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if e.Reason == x509.Expired {
			return "the brokers' certificate, or that of its authority, has expired or is not valid yet: renew it, and look at the clocks"
		}
		return "the brokers' certificate cannot be used: have it made anew"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "brokers names a listener without TLS: choose another port, or set tls.enabled to false"
	}
	// An alert of the other side (RFC 8446, section 6.2) has no type of its own: net.OpError with a text.
	for _, a := range alerts {
		if strings.Contains(err.Error(), "remote error: tls: "+a.text) {
			return a.hint
		}
	}
	return ""
}

// alerts are those of a handshake that brokers break off; a longer text stands before its own beginning.
var alerts = []struct{ text, hint string }{
	{"certificate required", "the brokers ask for a certificate: set tls.certFile and tls.keyFile"},
	{"bad certificate", "the brokers refuse Portage's certificate, or ask for one: check tls.certFile, its dates and who signed it"},
	{"expired certificate", "Portage's certificate has expired: renew tls.certFile"},
	{"unknown certificate authority", "the brokers do not trust who signed tls.certFile: have it signed by an authority in their truststore"},
	{"unknown certificate", "the brokers refuse Portage's certificate: check tls.certFile, its dates and who signed it"},
	{"protocol version not supported", "the brokers offer no TLS 1.2 or later"},
	{"handshake failure", "the brokers and Portage have no cipher in common, or the brokers ask for a certificate"},
}
