package console

import (
	"context"
	"fmt"
	"mime"
	"net"
	"net/http"
	"slices"
	"strings"
)

// maxBody bounds a request to the control API, in bytes: a reason is a sentence, not a document.
const maxBody = 16 << 10

// caller is who asks, and whether they may change.
type caller struct {
	// actor stands in the audit.
	actor  string
	change bool
}

type peerKey struct{}

type callerKey struct{}

// PeerContext is the ConnContext of the http.Server on the Unix socket: it keeps who connected, as the
// kernel tells.
func PeerContext(ctx context.Context, c net.Conn) context.Context {
	name, err := peerName(c)
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, name)
}

// socketCaller admits everyone on the Unix socket: its mode, 0600, has already chosen.
func socketCaller(r *http.Request) (caller, error) {
	name, ok := r.Context().Value(peerKey{}).(string)
	if !ok {
		return caller{}, refuse(http.StatusForbidden, "the socket does not say who you are: the server lacks PeerContext")
	}
	return caller{actor: name, change: true}, nil
}

// tokenCaller admits whoever shows a token.
func (c *Console) tokenCaller(r *http.Request) (caller, error) {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		if t, ok := c.keys.find(strings.TrimSpace(secret)); ok {
			return caller{actor: "token " + t.Name, change: t.Change}, nil
		}
	}
	return caller{}, refuse(http.StatusUnauthorized, "show a token of the token file: Authorization: Bearer SECRET").
		with("WWW-Authenticate", `Bearer realm="portage control"`)
}

// guard stands before the control API. It refuses, in this order: a foreign Host, a foreign origin, an
// unknown caller, a change by a reader, a body that is not JSON.
func (c *Console) guard(who func(*http.Request) (caller, error), next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	return c.hosts(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := origins.Check(r); err != nil {
			c.fail(w, r, refuse(http.StatusForbidden, "a page of another origin asked for this: "+err.Error()))
			return
		}
		by, err := who(r)
		if err != nil {
			c.fail(w, r, err)
			return
		}
		if !safe(r.Method) {
			if err := admitChange(r, by); err != nil {
				c.fail(w, r, err)
				return
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, by)))
	}))
}

func admitChange(r *http.Request, by caller) error {
	if !by.change {
		return refuse(http.StatusForbidden, by.actor+" may read only: a token that may change has the word change on its line")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "send Content-Type: application/json").with("Accept", "application/json")
	}
	return nil
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// hosts refuses a Host header that is not ours. A page of a foreign name that resolves to this address
// (DNS rebinding) cannot read what stands behind it.
func (c *Console) hosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(c.allowed, hostName(r.Host)) {
			c.fail(w, r, refuse(http.StatusForbidden, fmt.Sprintf("this console does not serve the host %.64q: it serves %s", r.Host, strings.Join(c.allowed, ", "))))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// addressed lets in, beside the known hosts, any Host that is an address: no name can be rebound to it, and
// scrapers and probes call instances by address.
func (c *Console) addressed(next http.Handler) http.Handler {
	strict := c.hosts(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if net.ParseIP(strings.Trim(hostName(r.Host), "[]")) != nil {
			next.ServeHTTP(w, r)
			return
		}
		strict.ServeHTTP(w, r)
	})
}

// hostName returns a Host without its port, in lower case: "localhost", "127.0.0.1", "[::1]".
func hostName(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	return strings.ToLower(host)
}
