package router_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/portage-gateway/portage/router"
	"github.com/portage-gateway/portage/router/breaker"
)

// Every malformed request is refused before any side hears of it.
func TestMalformedRequestsOnTheWire(t *testing.T) {
	var side seen
	s := httpSide(t, server(t, &side).URL)
	r := start(t, sides{s, s}, []router.Route{everyone()})
	addr := server(t, r).Listener.Addr().String()
	line := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: h\r\nClient: 1\r\n\r\n" }
	with := func(header string) string {
		return "GET /v1/claims/1 HTTP/1.1\r\nHost: h\r\nClient: 1\r\n" + header + "\r\n\r\n"
	}
	for _, c := range []struct{ code, request string }{
		{"path-encoded-slash", line("/v1/claims/a%2fb")},
		{"path-encoded-slash", line("/v1/claims/a%5Cb")},
		{"path-encoded-dot", line("/%2e%2e/v1/claims/1")},
		{"path-control", line("/v1/claims/%00")},
		{"path-double-escape", line("/v1/claims/%252e%252e")},
		{"path-backslash", line(`/v1/claims\1`)},
		{"path-parameter", line("/v1/..;/claims/1")},
		{"path-dots", line("/v1/claims/../claims/1")},
		{"path-empty-segment", line("//v1/claims/1")},
		{"path-utf8", line("/v1/claims/%c0%ae")},
		{"path-character", line("/v1/claims/\xe9")},
		{"query-semicolon", line("/v1/claims/1?a=1;b=2")},
		{"query-escape", line("/v1/claims/1?a=%zz")},
		{"query-parameters", line("/v1/claims/1?" + strings.Repeat("a&", 1000) + "b")},
		{"header-name", with("X_Forwarded_For: 10.0.0.1")},
		{"header-name", with("Content_Length: 3")},
		{"header-name", with("X.Auth.User: root")},
		{"upgrade", with("Connection: Upgrade\r\nUpgrade: h2c")},
		{"upgrade", with("Connection: keep-alive, upgrade")},
		{"shadow-loop", with("Portage-Shadow: 1")},
		{"method", "TRACE /v1/claims/1 HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"method", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"body-unreadable", "POST /v1/claims/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n"},
		{"body-unreadable", "POST /v1/claims/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"},
	} {
		before := r.value(t, "portage_refusals_total", "code", c.code)
		res, body := raw(t, addr, c.request)
		if res.StatusCode != 400 || !strings.Contains(body, `"code":"`+c.code+`"`) || !strings.Contains(res.Header.Get("Portage-Decision"), "side=none; reason=refused") {
			t.Errorf("%.70q: %d %s, %s; want %s", c.request, res.StatusCode, body, res.Header.Get("Portage-Decision"), c.code)
		}
		if got := r.value(t, "portage_refusals_total", "code", c.code); got != before+1 {
			t.Errorf("%s: counted %v times, want once more than %v", c.code, got, before)
		}
	}
	if n := side.count(); n != 0 {
		t.Errorf("a side saw %d of the malformed requests", n)
	}
	r.lint(t)
}

// Both sides see the same bytes, and nothing that a client may not say.
func TestWhatASideSees(t *testing.T) {
	for _, share := range []int{0, router.FullShare} {
		var got seen
		s := httpSide(t, server(t, &got).URL)
		route := everyone()
		route.Share = share
		r := start(t, sides{s, s}, []router.Route{route})
		addr := server(t, r).Listener.Addr().String()
		request := "POST /v1/claims/%41%20%c3%a9?b=%2F&a=1&&x HTTP/1.1\r\nHost: benefits.example\r\nClient: 1\r\n" +
			"Connection: X-Forwarded-For, X-Forwarded-Proto, X-Secret, close\r\nX-Secret: 1\r\nX-Keep: one\r\nX-Keep: two\r\n" +
			"X-Forwarded-For: 10.9.8.7\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nForwarded: for=10.9.8.7\r\nX-Real-Ip: 10.9.8.7\r\n" +
			"Portage-Decision: side=modern\r\nPortage-Side: modern\r\nExpect: 100-continue\r\nTE: trailers\r\nKeep-Alive: 5\r\n" +
			"Proxy-Authorization: Basic x\r\nIdempotency-Key: k1\r\nAuthorization: Bearer x\r\nContent-Length: 4\r\n\r\nbody"
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(c)
		_ = c.Close()
		if !bytes.Contains(answer, []byte("HTTP/1.1 200 OK")) {
			t.Fatalf("answer %s", answer)
		}
		in := got.requests[0]
		if in.RequestURI != "/v1/claims/A%20%C3%A9?b=%2F&a=1&&x" || got.bodies[0] != "body" || in.ContentLength != 4 {
			t.Errorf("share %d: %s with body %q", share, in.RequestURI, got.bodies[0])
		}
		want := http.Header{
			"X-Keep": {"one", "two"}, "X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Host": {"benefits.example"}, "X-Forwarded-Proto": {"http"},
			"Client": {"1"}, "Idempotency-Key": {"k1"}, "Authorization": {"Bearer x"}, "Content-Length": {"4"},
		}
		if fmt.Sprint(in.Header) != fmt.Sprint(want) {
			t.Errorf("share %d: header\n%v, want\n%v", share, in.Header, want)
		}
	}
}

func TestWhatAClientSees(t *testing.T) {
	modern := side(func(*http.Request) (*http.Response, error) {
		res := reply(200, "answer")
		res.Header = http.Header{
			"Connection": {"x-internal, close"}, "X-Internal": {"1"}, "Keep-Alive": {"timeout=5"}, "Proxy-Authenticate": {"Basic"},
			"Portage-Decision": {"side=legacy; forged"}, "Portage-Anything": {"x"}, "Trailer": {"X-After"}, "Etag": {`"e"`},
			"Content-Length": {"99"}, "Transfer-Encoding": {"chunked"},
		}
		return res, nil
	})
	r := start(t, sides{modern: modern}, []router.Route{everyone()})
	w := r.ask("GET", "/v1/claims/1")
	for _, name := range []string{"Connection", "X-Internal", "Keep-Alive", "Proxy-Authenticate", "Portage-Anything", "Trailer", "Transfer-Encoding"} {
		if v := w.Header().Values(name); len(v) > 0 {
			t.Errorf("%s: %v reached the client", name, v)
		}
	}
	if decision(w) != "route=claims; side=modern; reason=share; version=0" || w.Header().Get("Etag") != `"e"` || w.Header().Get("Content-Length") != "6" || w.Body.String() != "answer" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
}

// faulty is a Modern with every fault, chosen by the mode of the moment.
type faulty struct {
	mode     atomic.Value // string
	body     []byte
	executed sync.Map // id → *atomic.Int64
	answered atomic.Int64
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if id := r.Header.Get("Operation"); id != "" {
		n, _ := f.executed.LoadOrStore(id, &atomic.Int64{})
		n.(*atomic.Int64).Add(1)
	}
	switch f.mode.Load() {
	case "500":
		w.WriteHeader(500)
		_, _ = w.Write(f.body)
	case "half body":
		w.Header().Set("Content-Length", strconv.Itoa(len(f.body)))
		_, _ = w.Write(f.body[:len(f.body)/2])
		panic(http.ErrAbortHandler)
	case "half chunked body":
		_, _ = w.Write(f.body[:len(f.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case "reset":
		c, _, _ := http.NewResponseController(w).Hijack()
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	case "slow":
		<-r.Context().Done()
	case "no http":
		c, _, _ := http.NewResponseController(w).Hijack()
		_, _ = io.WriteString(c, "SIN 046454286 is no status line\r\n\r\n")
		_ = c.Close()
	case "closes idle":
		f.answered.Add(1)
		_, _ = w.Write(f.body)
		c, _, _ := http.NewResponseController(w).Hijack() // after the answer, without a word
		if c != nil {
			_ = c.Close()
		}
	default:
		f.answered.Add(1)
		_, _ = w.Write(f.body)
	}
}

var modes = []string{"ok", "500", "half body", "half chunked body", "reset", "slow", "no http"}

// 10,000 reads, Modern ill in every way or dead, breaker on and off: not one sees an error.
func TestNoReadSeesAnError(t *testing.T) {
	body := bytes.Repeat([]byte("claim "), 2000)
	digest := sha256.Sum256(body)
	legacy := server(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	for _, guard := range []string{"breaker", "no breaker"} {
		t.Run(guard, func(t *testing.T) {
			f := &faulty{body: body}
			f.mode.Store("ok")
			ill := server(t, f)
			route := everyone()
			route.ModernTimeout = 50 * time.Millisecond
			route.MaxFallbackInFlight = -1
			route.Breaker = breaker.Config{OpenFor: 20 * time.Millisecond, Off: guard == "no breaker"}
			dead := httpSide(t, "http://127.0.0.1:1")
			live := httpSide(t, ill.URL)
			var isDead atomic.Bool
			modern := side(func(r *http.Request) (*http.Response, error) {
				if isDead.Load() {
					return dead.RoundTrip(r)
				}
				return live.RoundTrip(r)
			})
			r := start(t, sides{httpSide(t, legacy.URL), modern}, []router.Route{route})
			front := server(t, r)
			c := client(t)
			var byModern, byLegacy atomic.Int64
			inParallel(5000, 32, func(i int) {
				if i%100 == 0 { // every hundred requests another illness
					m := i / 100 % (len(modes) + 1)
					isDead.Store(m == len(modes))
					f.mode.Store(modes[m%len(modes)])
				}
				req, _ := http.NewRequest("GET", front.URL+"/v1/claims/"+strconv.Itoa(i), nil)
				req.Header.Set("Client", "1")
				res, err := c.Do(req)
				if err != nil {
					t.Errorf("request %d: %v", i, err)
					return
				}
				h := sha256.New()
				_, err = io.Copy(h, res.Body)
				_ = res.Body.Close()
				if err != nil || res.StatusCode != 200 || [32]byte(h.Sum(nil)) != digest {
					t.Errorf("request %d: %d, %v, %s", i, res.StatusCode, err, res.Header.Get("Portage-Decision"))
				}
				if strings.Contains(res.Header.Get("Portage-Decision"), "side=modern") {
					byModern.Add(1)
				} else {
					byLegacy.Add(1)
				}
			})
			t.Logf("served by modern %d, by legacy %d", byModern.Load(), byLegacy.Load())
			if byModern.Load() == 0 || byLegacy.Load() == 0 {
				t.Error("one side served nothing: the test proves nothing")
			}
		})
	}
}

// Whatever Modern does with a write, it is executed at most once on both sides together, and exactly once
// if the client was told so.
func TestNoWriteIsExecutedTwice(t *testing.T) {
	for _, mode := range append([]string{"dead", "closes idle"}, modes...) {
		t.Run(mode, func(t *testing.T) {
			legacy, modern := &faulty{body: []byte("legacy")}, &faulty{body: []byte("modern")}
			legacy.mode.Store("ok")
			modern.mode.Store(mode)
			url := server(t, modern).URL
			if mode == "dead" {
				url = "http://127.0.0.1:1"
			}
			route := everyone()
			if mode == "slow" {
				route.ModernTimeout = 50 * time.Millisecond
			}
			route.Breaker = breaker.Config{OpenFor: time.Millisecond, MinRequests: 50}
			r := start(t, sides{httpSide(t, server(t, legacy).URL), httpSide(t, url)}, []router.Route{route})
			front := server(t, r)
			c := client(t)
			const n = 300
			told := make([]bool, n)
			inParallel(n, 8, func(i int) {
				var body io.Reader // some with a body, some without: http.Transport repeats these more readily
				if i%2 == 0 {
					body = strings.NewReader(strings.Repeat("x", i))
				}
				req, _ := http.NewRequest("POST", front.URL+"/v1/claims/1", body)
				req.Header.Set("Client", "1")
				req.Header.Set("Operation", strconv.Itoa(i))
				req.Header["Idempotency-Key"] = []string{strconv.Itoa(i)}
				req.GetBody = nil
				res, err := c.Do(req)
				if err != nil {
					t.Errorf("write %d: %v", i, err)
					return
				}
				told[i] = res.StatusCode == 200
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			})
			toldAll := 0
			for i := range n {
				times := int64(0)
				for _, f := range []*faulty{legacy, modern} {
					if v, ok := f.executed.Load(strconv.Itoa(i)); ok {
						times += v.(*atomic.Int64).Load()
					}
				}
				if times > 1 || told[i] && times != 1 {
					t.Errorf("write %d was executed %d times; the client was told of success: %v", i, times, told[i])
				}
				if told[i] {
					toldAll++
				}
			}
			if (mode == "ok" || mode == "dead") && toldAll != n {
				t.Errorf("%d of %d writes succeeded; with modern %s all must", toldAll, n, mode)
			}
		})
	}
}

// stale is a side that answers the first request of a connection, executes the second, and hangs up.
type stale struct {
	url             string
	conns, executed atomic.Int64
}

func newStale(t *testing.T) *stale {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	s := &stale{url: "http://" + ln.Addr().String()}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.conns.Add(1)
			go func() {
				defer func() { _ = c.Close() }()
				buf := make([]byte, 4096)
				if n, _ := c.Read(buf); n == 0 {
					return
				}
				s.executed.Add(1)
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				if n, _ := c.Read(buf); n > 0 {
					s.executed.Add(1)
				}
			}()
		}
	}()
	return s
}

// http.Transport sends a request again by itself when a kept connection dies, if it takes it for
// repeatable: without a body, by GET, or with an Idempotency-Key. A write must not be one.
func TestWriteOnAStaleConnection(t *testing.T) {
	no := false
	for _, c := range []struct {
		name, method string
		safe         *bool
		header       string
		executed     int64
		status       int
	}{
		{"POST with Idempotency-Key", "POST", nil, "Idempotency-Key", 2, 502},
		{"POST with X-Idempotency-Key", "POST", nil, "X-Idempotency-Key", 2, 502},
		{"GET that writes", "GET", &no, "", 2, 502},
		{"GET", "GET", nil, "", 3, 200}, // a read is sent again, on a fresh connection
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStale(t)
			route := everyone()
			route.Safe = c.safe
			r := start(t, sides{never(t, "legacy"), httpSide(t, s.url)}, []router.Route{route})
			for i, want := range []int{200, c.status} {
				if w := r.ask(c.method, "/v1/claims/1", c.header, "k"); w.Code != want {
					t.Errorf("request %d: %d %s, want %d", i, w.Code, w.Body, want)
				}
			}
			if got := s.executed.Load(); got != c.executed {
				t.Errorf("executed %d times over %d connections, want %d", got, s.conns.Load(), c.executed)
			}
		})
	}
}

func TestSideErrorsSayWhatIsCertain(t *testing.T) {
	post := func(ctx context.Context) *http.Request {
		req := httptest.NewRequest("POST", "/x", strings.NewReader("b")).WithContext(ctx)
		req.RequestURI = ""
		return req
	}
	var e *router.SideError
	_, err := httpSide(t, "http://127.0.0.1:1").RoundTrip(post(context.Background()))
	if !errors.As(err, &e) || !e.NotExecuted() || !strings.Contains(e.Error(), "connect to side 127.0.0.1:1") {
		t.Errorf("refused: %v", err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = httpSide(t, "http://127.0.0.1:1").RoundTrip(post(done)); !errors.As(err, &e) || !e.NotExecuted() {
		t.Errorf("canceled before the connection: %v", err)
	}
	f := &faulty{}
	f.mode.Store("no http")
	_, err = httpSide(t, server(t, f).URL).RoundTrip(post(context.Background()))
	if !errors.As(err, &e) || e.NotExecuted() || strings.Contains(e.Error(), "046454286") {
		t.Errorf("an answer that is no HTTP: %v", err)
	}
	tls := httptest.NewTLSServer(&seen{})
	tls.Config.ErrorLog = discardLog()
	defer tls.Close()
	if _, err = httpSide(t, tls.URL).RoundTrip(post(context.Background())); !errors.As(err, &e) || !e.NotExecuted() {
		t.Errorf("certificate of nobody: %v; the handshake failed, so nothing was executed", err)
	}
	for _, target := range []string{"", "ftp://h", "http://", "http://u:p@h", "http://h?q", "http://h/%41", "::"} {
		if _, err := router.NewHTTPSide(target, router.Transport{}); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: %v", target, err)
		}
	}
}

func TestBasePathOfASide(t *testing.T) {
	var got seen
	r := start(t, sides{modern: httpSide(t, server(t, &got).URL+"/base/")}, []router.Route{everyone()})
	r.ask("GET", "/v1/claims/a%20b")
	if got.requests[0].RequestURI != "/base/v1/claims/a%20b" {
		t.Errorf("side saw %s", got.requests[0].RequestURI)
	}
}

// Larger answers stream; one that breaks off is cut, so that it never looks whole.
func TestLargeAnswers(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 200_000) // 3.2 MB
	var breakOff, chunked atomic.Bool
	modern := server(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !chunked.Load() {
			w.Header().Set("Content-Length", strconv.Itoa(len(big)))
		}
		if breakOff.Load() {
			_, _ = w.Write(big[:len(big)-1000])
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(big)
	}))
	r := start(t, sides{never(t, "legacy"), httpSide(t, modern.URL)}, []router.Route{everyone()})
	front := server(t, r)
	c := client(t)
	get := func() ([]byte, error) {
		req, _ := http.NewRequest("GET", front.URL+"/v1/claims/1", nil)
		req.Header.Set("Client", "1")
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		return io.ReadAll(res.Body)
	}
	for _, enc := range []bool{false, true} {
		chunked.Store(enc)
		breakOff.Store(false)
		if b, err := get(); err != nil || !bytes.Equal(b, big) {
			t.Errorf("chunked %v: %d bytes, %v", enc, len(b), err)
		}
		breakOff.Store(true)
		if b, err := get(); err == nil || !bytes.HasPrefix(big, b) {
			t.Errorf("chunked %v: half an answer looked whole: %d bytes, %v", enc, len(b), err)
		}
	}
	if got := r.value(t, "portage_requests_total", "side", "modern", "code", "aborted"); got != 2 {
		t.Errorf("%v requests counted as aborted, want 2", got)
	}
	if s := r.Routes()[0].Breaker; s.Failure != 2 || s.Success != 2 {
		t.Errorf("%+v: a stream that breaks off is a failure", s)
	}
}

// Events reach the client as they come, and outlast the side's timeout.
func TestEventStreams(t *testing.T) {
	next := make(chan string)
	modern := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		w.WriteHeader(200)
		for event := range next {
			_, _ = io.WriteString(w, event)
			_ = http.NewResponseController(w).Flush()
		}
	}))
	route := everyone()
	r := start(t, sides{modern: httpSide(t, modern.URL)}, []router.Route{route})
	front := server(t, r)
	req, _ := http.NewRequest("GET", front.URL+"/v1/claims/1", nil)
	req.Header.Set("Client", "1")
	go func() { next <- "data: 1\n\n" }()
	res, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 64)
	for i := 1; i <= 3; i++ {
		if i > 1 {
			next <- fmt.Sprintf("data: %d\n\n", i)
		}
		n, err := res.Body.Read(buf)
		if want := fmt.Sprintf("data: %d\n\n", i); err != nil || string(buf[:n]) != want {
			t.Fatalf("event %d: %q, %v", i, buf[:n], err)
		}
	}
	close(next)
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) != 0 {
		t.Errorf("end of the stream: %q, %v", rest, err)
	}
	_ = res.Body.Close()
}

// plain hides a reader's length, so that it is sent in chunks.
type plain struct{ io.Reader }

func TestRequestBodies(t *testing.T) {
	echo := server(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		n, _ := io.Copy(h, r.Body)
		_, _ = fmt.Fprintf(w, "%d %x", n, h.Sum(nil))
	}))
	route := everyone()
	route.MaxBody = 1 << 20
	r := start(t, sides{httpSide(t, echo.URL), httpSide(t, echo.URL)}, []router.Route{route})
	front := server(t, r)
	c := client(t)
	for _, size := range []int{0, 1, 4095, 64 << 10, 64<<10 + 1, 200_000, 1 << 20, 1<<20 + 1} {
		for _, chunked := range []bool{false, true} {
			body := bytes.Repeat([]byte{'b'}, size)
			var reader io.Reader = bytes.NewReader(body)
			if chunked {
				reader = plain{reader}
			}
			req, _ := http.NewRequest("POST", front.URL+"/v1/claims/1", reader)
			req.Header.Set("Client", "1")
			res, err := c.Do(req)
			if err != nil {
				t.Fatalf("%d bytes, chunked %v: %v", size, chunked, err)
			}
			got, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if size > 1<<20 {
				if res.StatusCode != 413 {
					t.Errorf("%d bytes, chunked %v: %d %s", size, chunked, res.StatusCode, got)
				}
				continue
			}
			if want := fmt.Sprintf("%d %x", size, sha256.Sum256(body)); string(got) != want {
				t.Errorf("%d bytes, chunked %v: side saw %s, want %s", size, chunked, got, want)
			}
		}
	}
	if s := r.Routes()[0].Breaker; s.Failure != 0 {
		t.Errorf("%+v: a client's large body counted against modern", s)
	}
}

// A body that streams can be sent to Legacy as long as Modern has not read of it.
func TestStreamedBodyFallsBackUntouched(t *testing.T) {
	var got seen
	legacy := httpSide(t, server(t, &got).URL)
	body := strings.Repeat("b", 100_000)
	r := start(t, sides{legacy, httpSide(t, "http://127.0.0.1:1")}, []router.Route{noBreaker(everyone())})
	if w := r.askWith(context.Background(), "POST", "/v1/claims/1", strings.NewReader(body)); w.Code != 200 || got.bodies[0] != body {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	f := &faulty{}
	f.mode.Store("reset")
	r = start(t, sides{never(t, "legacy"), httpSide(t, server(t, f).URL)}, []router.Route{noBreaker(everyone())})
	if w := r.askWith(context.Background(), "GET", "/v1/claims/1", strings.NewReader(body)); w.Code != 502 {
		t.Errorf("after modern read of it: %d %s", w.Code, w.Body)
	}
}
