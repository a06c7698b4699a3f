package router

import (
	"net"
	"net/http"
	"net/textproto"
	"strings"
)

// ours reports whether a header belongs to the router: never taken from a client for a side, nor from
// a side for a client.
func ours(name string) bool { return strings.HasPrefix(name, "Portage-") }

// hopByHop are the headers of one connection (RFC 9110 §7.6.1), beside those that Connection lists.
// Trailers are dropped in both directions (RFC 9110 §6.5.1 allows it).
func hopByHop(name string) bool {
	switch name {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

// forwarding are the headers in which proxies tell who called; a client's own are worth nothing.
func forwarding(name string) bool {
	return name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-")
}

// outboundHeader is what a side sees of a request's header: without hop-by-hop, forwarding and
// Portage headers and without Expect, with X-Forwarded-* made anew from the socket. The map is new;
// the values are shared.
func outboundHeader(r *http.Request) http.Header {
	h := make(http.Header, len(r.Header)+4)
	for name, values := range r.Header {
		if hopByHop(name) || forwarding(name) || ours(name) || name == "Expect" {
			continue
		}
		h[name] = values
	}
	dropListed(h, r.Header["Connection"])
	values := new([3]string)
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		values[0] = host
		h["X-Forwarded-For"] = values[0:1:1]
	}
	if r.Host != "" {
		values[1] = r.Host
		h["X-Forwarded-Host"] = values[1:2:2]
	}
	values[2] = "http"
	if r.TLS != nil {
		values[2] = "https"
	}
	h["X-Forwarded-Proto"] = values[2:3:3]
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = noUserAgent
	}
	return h
}

// noUserAgent keeps http.Transport from sending its own.
var noUserAgent = []string{""}

// dropListed deletes the headers that a Connection header names.
func dropListed(h http.Header, connection []string) {
	for _, v := range connection {
		for name := range strings.SplitSeq(v, ",") {
			if name = textproto.TrimString(name); name != "" {
				h.Del(name)
			}
		}
	}
}

// copyAnswerHeader moves a side's header to the client's, without hop-by-hop and Portage headers.
func copyAnswerHeader(to, from http.Header) {
	dropListed(from, from["Connection"])
	for name, values := range from {
		if !hopByHop(name) && !ours(name) {
			to[name] = values
		}
	}
}

// credentials are the headers that a shadow copy does not carry. An Idempotency-Key is one too: with it
// the copy and a later real call could be taken for the same.
var credentials = []string{
	"Authorization", "Proxy-Authorization", "Cookie", "Idempotency-Key", "X-Idempotency-Key",
	"X-Api-Key", "X-Auth-Token", "X-Csrf-Token", "X-Xsrf-Token",
}

// shadowHeader is a copy of an outbound header that shares nothing with it, marked as a shadow.
func shadowHeader(outbound http.Header, strip []string) http.Header {
	h := outbound.Clone()
	for _, name := range credentials {
		h.Del(name)
	}
	for _, name := range strip {
		h.Del(name)
	}
	h["Portage-Shadow"] = []string{"1"}
	return h
}
