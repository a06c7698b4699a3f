package contracts

import (
	"fmt"
	"net/http"
	"net/url"
)

// Base returns a RoundTripper that sends the requests of contracts to a service: it puts the service's scheme
// and host in, and its path in front. next nil is http.DefaultTransport. Redirects are not followed: they
// are answers.
func Base(address string, next http.RoundTripper) (http.RoundTripper, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is not the address of a service, such as http://127.0.0.1:8081", address)
	}
	if next == nil {
		next = http.DefaultTransport
	}
	return base{u, next}, nil
}

type base struct {
	url  *url.URL
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b base) RoundTrip(q *http.Request) (*http.Response, error) {
	out := q.Clone(q.Context())
	out.URL.Scheme, out.URL.Host, out.Host = b.url.Scheme, b.url.Host, ""
	if path := b.url.Path; path != "" && path != "/" {
		joined := b.url.JoinPath(q.URL.EscapedPath())
		out.URL.Path, out.URL.RawPath = joined.Path, joined.RawPath
	}
	return b.next.RoundTrip(out)
}
