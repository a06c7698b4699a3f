package router_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/router"
)

// Whatever bytes come in: an answer goes out with its Decision, and what a side sees is clean.
func FuzzServe(f *testing.F) {
	for _, s := range []string{
		"GET /v1/claims/1 HTTP/1.1\r\nHost: h\r\nClient: 1\r\n\r\n",
		"POST /v1/claims/a%20b?x=1 HTTP/1.1\r\nHost: h\r\nClient: 1\r\nContent-Length: 3\r\nConnection: close, X-A\r\nX-A: 1\r\n\r\nabc",
		"POST /v1/claims/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"HEAD http://other/v1/claims/%41 HTTP/1.0\r\nForwarded: for=1\r\nX-Forwarded-For: 1\r\nPortage-X: 1\r\n\r\n",
		"GET /v1/claims/..%2f HTTP/1.1\r\nHost: h\r\nX_A: 1\r\nUpgrade: h2c\r\n\r\n",
		"TRACE * HTTP/1.1\r\nHost: h\r\nPortage-Shadow: 1\r\nTE: trailers\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	var got *http.Request
	var body []byte
	modern := side(func(r *http.Request) (*http.Response, error) {
		got = r
		if body = nil; r.Body != nil {
			body, _ = io.ReadAll(r.Body)
		}
		return reply(200, "modern"), nil
	})
	r := start(f, sides{modern, modern}, []router.Route{everyone()})
	f.Fuzz(func(t *testing.T, in []byte) {
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(in)))
		if err != nil {
			return
		}
		req.RemoteAddr = "192.0.2.1:1234"
		got = nil
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		d := decision(w)
		if d == "" || (got != nil) == strings.Contains(d, "side=none") && w.Code != 400 && w.Code != 413 {
			t.Fatalf("%d, Decision %q, side asked: %v", w.Code, d, got != nil)
		}
		if got == nil {
			return
		}
		uri := got.URL.RequestURI()
		if parsed, err := http.NewRequest(got.Method, "http://h"+uri, nil); err != nil || parsed.URL.RequestURI() != uri {
			t.Fatalf("forwarded URI %q: %v", uri, err)
		}
		if got.ContentLength >= 0 && int64(len(body)) != got.ContentLength {
			t.Fatalf("announced %d bytes of body, sent %d", got.ContentLength, len(body))
		}
		for name := range got.Header {
			hop := slices.Contains([]string{"Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Forwarded", "X-Real-Ip"}, name)
			if hop || strings.HasPrefix(name, "Portage-") || strings.ContainsAny(name, "_. ") {
				t.Fatalf("header %q reached the side", name)
			}
		}
		if v := got.Header["X-Forwarded-For"]; len(v) != 1 || v[0] != "192.0.2.1" {
			t.Fatalf("X-Forwarded-For %q", v)
		}
	})
}
