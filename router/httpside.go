package router

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// NotExecuted is what a side's error offers if it can say that the request certainly had no effect:
// it was not sent, or was refused before it was looked at. The router then falls back to Legacy even
// for a write. It is found with errors.As; an error without it may mean anything.
type NotExecuted interface {
	error
	NotExecuted() bool
}

// SideError is what an HTTPSide returns when there is no answer. It holds addresses, never content.
type SideError struct {
	Op   string // "connect" or "exchange"
	Host string // of the side
	// Unsent says that not one byte of the request was written to a connection.
	Unsent bool
	Err    error
}

// Error implements error. Only network errors are spelled out: others may quote what a side sent.
func (e *SideError) Error() string {
	detail := "no usable answer"
	var op *net.OpError
	switch {
	case errors.Is(e.Err, context.Canceled):
		detail = "canceled"
	case errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, errSideTimeout):
		detail = "timeout"
	case errors.As(e.Err, &op) && op.Err != nil:
		detail = op.Op + ": " + op.Err.Error()
	}
	hint := ""
	if e.Op == "connect" {
		hint = "; check that the side runs and that its address is right"
	}
	return fmt.Sprintf("%s to side %s: %s%s", e.Op, e.Host, detail, hint)
}

// Unwrap returns the cause, whose text may quote what a side sent: do not log it.
func (e *SideError) Unwrap() error { return e.Err }

// NotExecuted implements the interface of that name.
func (e *SideError) NotExecuted() bool { return e.Unsent }

// Transport tunes the connections to one side. The zero value works.
type Transport struct {
	// MaxIdle is the number of idle connections kept. 0: 256 (net/http keeps 2, which costs two thirds
	// of the speed).
	MaxIdle int `yaml:"maxIdle"`
	// MaxConnections bounds the connections, idle or not; a request waits for one. 0: no bound.
	MaxConnections int `yaml:"maxConnections"`
	// IdleTimeout closes an idle connection. Keep it below the side's own, or a write may meet a
	// connection that the side just closed. 0: 30 s.
	IdleTimeout time.Duration `yaml:"idleTimeout"`
	// DialTimeout and TLSTimeout bound the making of a connection. 0: 2 s and 5 s.
	DialTimeout time.Duration `yaml:"dialTimeout"`
	TLSTimeout  time.Duration `yaml:"tlsTimeout"`
	// MaxHeader bounds an answer's header in bytes. 0: 64 KiB.
	MaxHeader int64 `yaml:"maxHeader"`
	// HTTP2 speaks HTTP/2 with an https side that offers it. Default false.
	HTTP2 bool `yaml:"http2"`
	// TLS is the configuration for https; nil: the system's roots.
	TLS *tls.Config `yaml:"-"`
}

// HTTPSide is a side that speaks HTTP. It does not follow redirects, use a proxy from the environment,
// or decompress. Safe for use by several goroutines.
type HTTPSide struct {
	target    *url.URL
	transport *http.Transport
}

// NewHTTPSide returns the side at target, such as "http://127.0.0.1:8081" or "https://host/base"; the
// path of a request is appended to it, and Host is the target's.
func NewHTTPSide(target string, t Transport) (*HTTPSide, error) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("side address: %q is no http or https URL with a host", target)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("side address of host %s: must not hold a user, a query or a fragment", u.Host)
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if u.RawPath != "" || !isPlain(u.Path) {
		return nil, fmt.Errorf("side address of host %s: the path must not need escapes", u.Host)
	}
	dialer := &net.Dialer{Timeout: or(t.DialTimeout, 2*time.Second), KeepAlive: 30 * time.Second}
	idle := or(t.MaxIdle, 256)
	return &HTTPSide{target: u, transport: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: c}, nil
		},
		TLSClientConfig:        t.TLS,
		TLSHandshakeTimeout:    or(t.TLSTimeout, 5*time.Second),
		MaxIdleConns:           idle,
		MaxIdleConnsPerHost:    idle,
		MaxConnsPerHost:        t.MaxConnections,
		IdleConnTimeout:        or(t.IdleTimeout, 30*time.Second),
		MaxResponseHeaderBytes: or(t.MaxHeader, 64<<10),
		DisableCompression:     true,
		ForceAttemptHTTP2:      t.HTTP2,
	}}, nil
}

// CloseIdleConnections closes connections that carry no request.
func (s *HTTPSide) CloseIdleConnections() { s.transport.CloseIdleConnections() }

// RoundTrip implements http.RoundTripper. It leaves the request as it is. The error is a *SideError.
func (s *HTTPSide) RoundTrip(r *http.Request) (*http.Response, error) {
	u := *r.URL
	u.Scheme, u.Host = s.target.Scheme, s.target.Host
	if s.target.Path != "" {
		u.Path = s.target.Path + u.Path
		if u.RawPath != "" {
			u.RawPath = s.target.Path + u.RawPath
		}
	}
	ctx := r.Context()
	w := watch{}
	watched := !repeatable(r)
	if watched {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: w.gotConn})
	}
	out := r.WithContext(ctx)
	out.URL, out.Host = &u, s.target.Host
	if watched {
		out.Header = hideIdempotencyKey(out.Header)
	}
	res, err := s.transport.RoundTrip(out)
	if err != nil {
		e := &SideError{Op: "exchange", Host: s.target.Host, Err: err}
		if watched && w.nothingSent() {
			e.Op, e.Unsent = "connect", true
		}
		return nil, e
	}
	return res, nil
}

// repeatable reports whether the request may be sent twice: as the route says, or by its method.
func repeatable(r *http.Request) bool {
	if c, ok := r.Context().Value(routedKey{}).(*routed); ok {
		return c.safe
	}
	return r.Method == "GET" || r.Method == "HEAD" || r.Method == "OPTIONS"
}

// hideIdempotencyKey writes the header of that name in lower case, which is the same header on the
// wire. By its usual name http.Transport would take it for leave to send a write again by itself.
func hideIdempotencyKey(h http.Header) http.Header {
	const a, b = "Idempotency-Key", "X-Idempotency-Key"
	if _, ok := h[a]; !ok {
		if _, ok = h[b]; !ok {
			return h
		}
	}
	hidden := make(http.Header, len(h))
	for name, v := range h {
		if name == a || name == b {
			name = strings.ToLower(name)
		}
		hidden[name] = v
	}
	return hidden
}

// countedConn counts the writes that were begun on a connection to a side.
type countedConn struct {
	net.Conn
	begun atomic.Int64
}

// Write implements net.Conn. It counts first: a request is unsent only if nobody even tried.
func (c *countedConn) Write(p []byte) (int, error) {
	c.begun.Add(1)
	return c.Conn.Write(p)
}

// watch notes over which connection a request went. http.Transport calls gotConn before it writes,
// and ends its writing before RoundTrip returns an error.
type watch struct {
	got  bool
	sent bool // by an earlier attempt
	conn *countedConn
	base int64
}

func (w *watch) gotConn(info httptrace.GotConnInfo) {
	w.sent = !w.nothingSent()
	w.got = true
	c := info.Conn
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
		if t.ConnectionState().NegotiatedProtocol == "h2" {
			c = nil // shared, and written to by other goroutines: nothing is certain
		}
	}
	w.conn, _ = c.(*countedConn)
	if w.conn != nil {
		w.base = w.conn.begun.Load()
	}
}

func (w *watch) nothingSent() bool {
	if w.sent {
		return false
	}
	return !w.got || w.conn != nil && w.conn.begun.Load() == w.base
}
