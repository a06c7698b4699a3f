package console

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// The refusal matrix: every method with every token, host and origin. Exactly one cell of changes and the
// cells of readers get through.
func TestRefusalMatrix(t *testing.T) {
	type header struct{ name, value string }
	tokens := map[string]header{
		"change":   {"Authorization", "Bearer " + changeSecret},
		"read":     {"Authorization", "Bearer " + readSecret},
		"wrong":    {"Authorization", "Bearer " + strings.Repeat("x", 40)},
		"basic":    {"Authorization", "Basic " + changeSecret},
		"empty":    {"Authorization", "Bearer "},
		"no token": {},
	}
	hosts := []string{"127.0.0.1:9080", "localhost:9080", "localhost", "[::1]:9080", "LOCALHOST", "portage.example:9080", "evil.example", "127.0.0.1.evil.example", "[::2]:9080", ""}
	origins := map[string]header{
		"no origin":    {},
		"same origin":  {"Sec-Fetch-Site", "same-origin"},
		"typed":        {"Sec-Fetch-Site", "none"},
		"cross site":   {"Sec-Fetch-Site", "cross-site"},
		"same site":    {"Sec-Fetch-Site", "same-site"},
		"other origin": {"Origin", "https://evil.example"},
		"null origin":  {"Origin", "null"},
	}
	s := newSample()
	s.config.Hosts = []string{"Portage.example"}
	h := s.console(t).HTTP()
	foreign := map[string]bool{"cross site": true, "same site": true, "other origin": true, "null origin": true}
	ours := map[string]bool{"127.0.0.1:9080": true, "localhost:9080": true, "localhost": true, "[::1]:9080": true, "LOCALHOST": true, "portage.example:9080": true}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		for tokenName, token := range tokens {
			for _, host := range hosts {
				for originName, origin := range origins {
					name := fmt.Sprintf("%s, %s, %q, %s", method, tokenName, host, originName)
					before := len(s.changes)
					w := call(t, h, method, "/control/v1/routes/ei-claim-status/share", `{"share": 100, "reason": "matrix"}`, func(r *http.Request) {
						r.Header.Del("Authorization")
						r.Host = host
						for _, h := range []header{token, origin} {
							if h.name != "" {
								r.Header.Set(h.name, h.value)
							}
						}
					})
					want := matrixStatus(method, tokenName, ours[host], foreign[originName])
					if w.Code != want {
						t.Errorf("%s: status %d, want %d", name, w.Code, want)
					}
					if changed := len(s.changes) > before; changed != (want == http.StatusOK) {
						t.Errorf("%s: changed %v", name, changed)
					}
					if want == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
						t.Errorf("%s: 401 without WWW-Authenticate", name)
					}
					if strings.Contains(w.Body.String(), changeSecret) || w.Header().Get("Access-Control-Allow-Origin") != "" {
						t.Errorf("%s: the answer gives something away", name)
					}
				}
			}
		}
	}
}

// matrixStatus is what a cell of the matrix must answer.
func matrixStatus(method, token string, ours, foreign bool) int {
	reads := method == "GET" || method == "OPTIONS" // as net/http's CrossOriginProtection sees it
	switch {
	case !ours, foreign && !reads:
		return http.StatusForbidden
	case token != "change" && token != "read":
		return http.StatusUnauthorized
	case method != "GET" && token == "read":
		return http.StatusForbidden
	case method != "POST":
		return http.StatusMethodNotAllowed
	}
	return http.StatusOK
}

func TestAChangeMustBeJSON(t *testing.T) {
	for kind, want := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "text/plain": 415, "application/x-www-form-urlencoded": 415, "multipart/form-data": 415, "": 415, "application/json/": 415,
	} {
		s := newSample()
		w := call(t, s.console(t).HTTP(), "POST", "/control/v1/routes/ei-claim-status/share", `{"share": 100, "reason": "x"}`, func(r *http.Request) {
			r.Header.Set("Content-Type", kind)
		})
		if w.Code != want || (len(s.changes) > 0) != (want == 200) {
			t.Errorf("%q: status %d, want %d; changes %v", kind, w.Code, want, s.changes)
		}
	}
}

func TestWhatIsOpenWithoutToken(t *testing.T) {
	h := newSample().console(t).HTTP()
	for _, c := range []struct {
		path, host string
		want       int
	}{
		{"/", "127.0.0.1:9080", 200}, {"/", "evil.example", 403}, {"/", "10.0.0.7:9080", 403},
		{"/assets/page.css", "localhost:9080", 200}, {"/assets/page.css", "evil.example", 403}, {"/assets/", "localhost", 404}, {"/assets/..%2fpage.go", "localhost", 404}, {"/assets/none.css", "localhost", 404},
		{"/metrics", "127.0.0.1:9080", 200}, {"/metrics", "10.0.0.7:9080", 200}, {"/metrics", "[fd00::7]:9080", 200}, {"/metrics", "evil.example", 403},
		{"/livez", "anything.example", 200}, {"/readyz", "anything.example", 200},
		{"/control/v1/routes", "127.0.0.1:9080", 401}, {"/control/v1/nothing", "127.0.0.1:9080", 401},
		{"/elsewhere", "127.0.0.1:9080", 404},
	} {
		w := call(t, h, "GET", c.path, "", func(r *http.Request) { r.Host = c.host; r.Header.Del("Authorization") })
		if w.Code != c.want {
			t.Errorf("%s for %s: status %d, want %d", c.path, c.host, w.Code, c.want)
		}
		if c.want == 200 && w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the hardening headers are missing", c.path)
		}
	}
	for _, path := range []string{"/", "/metrics", "/livez", "/readyz", "/assets/page.css"} {
		if w := call(t, h, "POST", path, ""); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d, want 405", path, w.Code)
		}
	}
}

// The Unix socket: no token, and the actor is who the kernel says it is.
func TestSocketKnowsItsPeer(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := newSample()
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.console(t).Socket(), ConnContext: PeerContext}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	defer func() { server.Close(); <-done }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}}
	answer, err := client.Post("http://localhost/control/v1/routes/ei-claim-status/share", "application/json", strings.NewReader(`{"share": 100, "reason": "by socket"}`))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 200 || len(s.changes) != 1 || s.changes[0].Actor != me.Username {
		t.Errorf("status %d, changes %+v; want one by %s", answer.StatusCode, s.changes, me.Username)
	}
	answer, err = client.Get("http://localhost/readyz")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Errorf("/readyz: %d", answer.StatusCode)
	}
}

func TestSocketWithoutPeerIsClosed(t *testing.T) {
	s := newSample()
	w := call(t, s.console(t).Socket(), "POST", "/control/v1/routes/ei-claim-status/share", `{"share": 100, "reason": "x"}`)
	if w.Code != http.StatusForbidden || len(s.changes) > 0 {
		t.Errorf("a server without PeerContext let a change in: %d %v", w.Code, s.changes)
	}
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if ctx := PeerContext(t.Context(), a); ctx.Value(peerKey{}) != nil {
		t.Error("a pipe has a peer")
	}
}

func FuzzHostName(f *testing.F) {
	for _, s := range []string{"localhost", "127.0.0.1:9080", "[::1]:9080", "[::1]", "::1", "a:b:c", ":", "]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		low := strings.ToLower(host)
		if hostName(host) == "localhost" && low != "localhost" && !strings.HasPrefix(low, "localhost:") {
			t.Errorf("%q passes for localhost", host)
		}
	})
}
