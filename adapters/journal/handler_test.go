package journal

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/portage-gateway/portage/adapters"
)

func ask(t *testing.T, h http.Handler, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func lines(t *testing.T, r *http.Response) []string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(b)) // the events of these tests hold no spaces
}

func TestPagesFollowTheirNextLinkToTheHeadAndBeyond(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, messages(1, 7)...)
	next, got := "/v1/events?limit=3", 0
	for _, want := range []int{3, 3, 1, 0, 0, 1} {
		if got == 7 && want == 1 {
			publish(t, j, message(8)) // the link kept at the head serves it
		}
		res := ask(t, j.Handler(), next)
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Fatalf("%s: %d %s", next, res.StatusCode, res.Header.Get("Content-Type"))
		}
		page := lines(t, res)
		if len(page) != want {
			t.Fatalf("%s: %d lines, want %d", next, len(page), want)
		}
		for _, line := range page {
			got++
			var e struct{ ID string }
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.ID != message(got).ID {
				t.Fatalf("line %d: %s, %v", got, line, err)
			}
		}
		link, closed := strings.CutSuffix(res.Header.Get("Link"), `>; rel="next"`)
		next = strings.TrimPrefix(link, "<")
		u, err := url.Parse(next)
		if err != nil || !closed || u.Path != "/v1/events" || u.Query().Get("limit") != "3" ||
			u.Query().Get("after") != res.Header.Get(CursorHeader) {
			t.Fatalf("link %q, cursor %q, %v", res.Header.Get("Link"), res.Header.Get(CursorHeader), err)
		}
	}
}

func TestAnEmptyLogGivesACursorToGoOnFrom(t *testing.T) {
	j := open(t, config(t.TempDir()))
	c := ask(t, j.Handler(), "/v1/events").Header.Get(CursorHeader)
	publish(t, j, message(1))
	if page := lines(t, ask(t, j.Handler(), "/v1/events?after="+c)); len(page) != 1 {
		t.Errorf("after %q: %v", c, page)
	}
}

func TestWhatCannotBeAnsweredIsAProblemInBothLanguages(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, message(1))
	for _, tc := range []struct {
		target, language, kind, title string
	}{
		{"/v1/events?after=yesterday", "", "bad-cursor", "The cursor cannot be used"},
		{"/v1/events?after=yesterday", "fr-CA, en;q=0.5", "bad-cursor", "Le curseur est inutilisable"},
		{"/v1/events?after=yesterday", "en-CA, fr;q=0.5", "bad-cursor", "The cursor cannot be used"},
		{"/v1/events?limit=0", "", "bad-query", "The query cannot be used"},
		{"/v1/events?limit=1001", "", "bad-query", "The query cannot be used"},
		{"/v1/events?limit=ten", "", "bad-query", "The query cannot be used"},
		{"/v1/events?aftr=1", "", "bad-query", "The query cannot be used"},
		{"/v1/events?limit=1&limit=2", "", "bad-query", "The query cannot be used"},
		{"/v1/events?after=%zz", "", "bad-query", "The query cannot be used"},
	} {
		for _, accept := range []string{"*/*", "text/event-stream"} {
			res := ask(t, j.Handler(), tc.target, "Accept-Language", tc.language, "Accept", accept)
			var p struct {
				Type, Title, Detail string
				Status              int
				Titles              map[string]string
			}
			if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != 400 || p.Status != 400 || p.Title != tc.title || p.Type != "urn:portage:problem:"+tc.kind ||
				p.Detail == "" || p.Titles["en"] == "" || p.Titles["fr"] == "" || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s (%s): %d %+v", tc.target, accept, res.StatusCode, p)
			}
		}
	}
	w := httptest.NewRecorder()
	j.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/events", nil))
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	j.Close()
	if res := ask(t, j.Handler(), "/v1/events"); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("closed: %d", res.StatusCode)
	}
}

func TestEveryLineIsAValidCloudEvent(t *testing.T) {
	j := open(t, config(t.TempDir()))
	pretty := "{\n \"specversion\": \"1.0\",\n \"id\": \"a\",\n \"source\": \"/s\",\n \"type\": \"t\"\n}"
	publish(t, j,
		adapters.Message{ID: "a", Body: []byte(pretty), Headers: []adapters.Header{{Name: "content-type", Value: "application/cloudevents+json; charset=UTF-8"}}},
		adapters.Message{ID: "b", Body: []byte{0, 0xc4, 0xd3}, Time: clock},
		adapters.Message{ID: "c", Headers: []adapters.Header{{Name: "content-type", Value: "text/plain"}}, Body: []byte("é")})
	res := ask(t, j.Handler(), "/v1/events")
	s := bufio.NewScanner(res.Body)
	for _, id := range []string{"a", "b", "c"} {
		var e event.Event
		if !s.Scan() {
			t.Fatal("too few lines")
		}
		if err := json.Unmarshal(s.Bytes(), &e); err != nil || e.Validate() != nil || e.ID() != id {
			t.Errorf("%s: %v, %v", s.Bytes(), err, e.Validate())
		}
		if id == "b" && (string(e.Data()) != "\x00\xc4\xd3" || !e.Time().Equal(clock)) {
			t.Errorf("b came as %q at %v", e.Data(), e.Time())
		}
	}
}

// events reads n server-sent events as "id data".
func events(t *testing.T, s *bufio.Scanner, n int) (list []string) {
	t.Helper()
	id := ""
	for len(list) < n && s.Scan() {
		switch field, value, _ := strings.Cut(s.Text(), ": "); field {
		case "id":
			id = value
		case "data":
			list = append(list, id+" "+value)
		}
	}
	if len(list) < n {
		t.Fatalf("the stream ended after %d of %d events: %v", len(list), n, s.Err())
	}
	return list
}

func TestStreamGoesOnAfterLastEventIDAndSurvivesTheServersWriteTimeout(t *testing.T) {
	c := config(t.TempDir())
	c.Heartbeat = 5 * time.Millisecond
	j := open(t, c)
	server := httptest.NewUnstartedServer(j.Handler())
	server.Config.WriteTimeout = 20 * time.Millisecond
	server.Start()
	defer server.Close()
	publish(t, j, messages(1, 150)...)

	connect := func(last string) (*bufio.Scanner, func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Last-Event-ID", last)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatalf("%d %s", res.StatusCode, res.Header.Get("Content-Type"))
		}
		return bufio.NewScanner(res.Body), func() { cancel(); res.Body.Close() }
	}
	s, hangUp := connect("")
	first := events(t, s, 150)
	for idle := 0; idle < 10; { // 50 ms of silence: longer than the write timeout
		if !s.Scan() {
			t.Fatal(s.Err())
		}
		if s.Text() == ": idle" {
			idle++
		}
	}
	publish(t, j, message(151))
	if e := events(t, s, 1)[0]; !strings.Contains(e, `"cpp-pay-151"`) {
		t.Errorf("then %s", e)
	}
	hangUp()

	last, _, _ := strings.Cut(first[148], " ")
	s, hangUp = connect(last)
	defer hangUp()
	again := events(t, s, 2)
	if again[0] != first[149] || !strings.Contains(again[1], `"cpp-pay-151"`) {
		t.Errorf("after Last-Event-ID: %v", again)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestClosingTheJournalEndsItsStreams(t *testing.T) {
	j := open(t, config(t.TempDir()))
	server := httptest.NewServer(j.Handler())
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html, Text/Event-Stream;q=0.9")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	j.Close()
	if b, err := io.ReadAll(res.Body); err != nil || string(b) != "retry: 2000\n\n" {
		t.Errorf("%q, %v", b, err)
	}
	http.DefaultClient.CloseIdleConnections()
}
