package router_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/router"
)

// Over TLS, with and without HTTP/2, the same holds: reads and writes pass, and a write whose fate is
// unknown is never said to be without effect.
func TestSidesOverTLS(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		ill := false
		backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if ill {
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, r.Proto+" "+r.Header.Get("Idempotency-Key"))
		}))
		backend.EnableHTTP2 = h2
		backend.Config.ErrorLog = discardLog()
		backend.StartTLS()
		roots := x509.NewCertPool()
		roots.AddCert(backend.Certificate())
		s, err := router.NewHTTPSide(backend.URL, router.Transport{HTTP2: h2, TLS: &tls.Config{RootCAs: roots}})
		if err != nil {
			t.Fatal(err)
		}
		send := func() (string, error) {
			req := httptest.NewRequest("POST", "/x", strings.NewReader("body"))
			req.RequestURI = ""
			req.Header.Set("Idempotency-Key", "k1")
			res, err := s.RoundTrip(req)
			if err != nil {
				return "", err
			}
			b, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			return string(b), err
		}
		want := map[bool]string{false: "HTTP/1.1 k1", true: "HTTP/2.0 k1"}[h2]
		for range 3 {
			if got, err := send(); err != nil || got != want {
				t.Errorf("HTTP/2 %v: %q, %v; want %q", h2, got, err, want)
			}
		}
		ill = true
		var e *router.SideError
		if _, err := send(); err != nil && (!errors.As(err, &e) || e.NotExecuted()) {
			t.Errorf("HTTP/2 %v: %v claims that nothing was executed", h2, err)
		} else if err == nil {
			t.Errorf("HTTP/2 %v: a side that broke off gave an answer", h2)
		}
		s.CloseIdleConnections()
		backend.Close()
	}
}
