package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// CursorHeader carries, in an answer, the Cursor to go on from.
const CursorHeader = "Portage-Cursor"

// Handler serves the log for reading: GET with ?after=CURSOR&limit=N.
//
// The answer is NDJSON (application/x-ndjson), one CloudEvent in structured JSON a line, oldest first,
// with a Link of rel "next" (RFC 8288) and the header Portage-Cursor, both always present: an empty
// body says that the head is reached, and the same place may be asked for again. limit is 1 to
// MaxLimit, DefaultLimit without; a page may hold fewer.
//
// With Accept: text/event-stream it is an endless stream of server-sent events (WHATWG HTML, section
// 9.2) whose id is the Cursor; Last-Event-ID outranks ?after.
//
// What cannot be answered is a problem (RFC 9457): 400 for a bad cursor, limit or parameter.
func (j *Journal) Handler() http.Handler { return http.HandlerFunc(j.serve) }

func (j *Journal) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		methodNotAllowed.write(w, r, r.Method+" is not offered here")
		return
	}
	q, err := parseQuery(r.URL)
	if err != nil {
		badQuery.write(w, r, err.Error())
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept")
	if accepts(r, "text/event-stream") {
		if id := r.Header.Get("Last-Event-ID"); id != "" {
			q.after = Cursor(id)
		}
		j.serveStream(w, r, q)
		return
	}
	j.servePage(w, r, q)
}

type query struct {
	after Cursor
	limit int
}

// parseQuery is strict: a misspelt "after" would otherwise start at the beginning, unnoticed.
func parseQuery(u *url.URL) (q query, err error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return q, errors.New("the query is not well formed")
	}
	q.limit = DefaultLimit
	for name, v := range values {
		switch {
		case len(v) > 1:
			return q, errors.New("a parameter stands twice; known are after and limit, once each")
		case name == "after":
			q.after = Cursor(v[0])
		case name == "limit":
			q.limit, err = strconv.Atoi(v[0])
			if err != nil || q.limit < 1 || q.limit > MaxLimit {
				return q, fmt.Errorf("limit is a number from 1 to %d", MaxLimit)
			}
		default:
			return q, errors.New("unknown parameter; known are after and limit")
		}
	}
	return q, nil
}

func (j *Journal) servePage(w http.ResponseWriter, r *http.Request, q query) {
	entries, err := j.Read(r.Context(), q.after, q.limit)
	if err != nil {
		j.fail(w, r, err)
		return
	}
	next := q.after
	if next == "" {
		next = j.cursor(0)
	}
	var body bytes.Buffer
	for _, e := range entries {
		if err := appendEvent(&body, e.Message); err != nil {
			j.fail(w, r, err)
			return
		}
		body.WriteByte('\n')
		next = e.Cursor
	}
	link := url.URL{Path: r.URL.Path, RawQuery: url.Values{
		"after": {string(next)}, "limit": {strconv.Itoa(q.limit)}}.Encode()}
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Link", "<"+link.String()+`>; rel="next"`)
	h.Set(CursorHeader, string(next))
	w.Write(body.Bytes()) // a client that left needs no answer
}

// fail answers with the problem that fits the error. The store's own words stay in the log.
func (j *Journal) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case r.Context().Err() != nil: // the client has left
	case errors.Is(err, ErrCursor):
		badCursor.write(w, r, err.Error())
	case errors.Is(err, ErrClosed):
		w.Header().Set("Retry-After", "5")
		unavailable.write(w, r, "the service is stopping")
	default:
		j.cfg.Log.ErrorContext(r.Context(), "events not read", "path", j.cfg.Path, "error", err)
		w.Header().Set("Retry-After", "30")
		unavailable.write(w, r, "the event log cannot be read at the moment")
	}
}

// streamPatience is how long a client of a stream may take to accept a write before it is let go.
const streamPatience = 30 * time.Second

// streamPage is how many entries the stream reads at once.
const streamPage = 100

func (j *Journal) serveStream(w http.ResponseWriter, r *http.Request, q query) {
	seq, err := j.seq(q.after)
	if err != nil {
		j.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	s := &stream{w: w, control: http.NewResponseController(w), patience: streamPatience}
	s.buf.WriteString("retry: 2000\n\n")
	for r.Method == http.MethodGet {
		if err := s.flush(); err != nil {
			return // the client has left
		}
		entries, err := j.entries(r.Context(), seq, streamPage)
		if err != nil {
			if r.Context().Err() == nil && !errors.Is(err, ErrClosed) {
				j.cfg.Log.ErrorContext(r.Context(), "event stream ended", "path", j.cfg.Path, "error", err)
			}
			return
		}
		for _, e := range entries {
			fmt.Fprintf(&s.buf, "id: %s\ndata: ", e.Cursor)
			if err := appendEvent(&s.buf, e.Message); err != nil {
				j.cfg.Log.ErrorContext(r.Context(), "event stream ended", "path", j.cfg.Path, "error", err)
				return
			}
			s.buf.WriteString("\n\n")
			seq = e.seq
		}
		if len(entries) == 0 && !j.idle(r.Context(), seq, s) {
			return
		}
	}
}

// idle waits for the next entry for at most a heartbeat, and says whether the stream goes on.
func (j *Journal) idle(ctx context.Context, seq int64, s *stream) bool {
	beat, cancel := context.WithTimeout(ctx, j.cfg.Heartbeat)
	defer cancel()
	switch err := j.wait(beat, seq); {
	case err == nil:
		return true
	case ctx.Err() != nil || errors.Is(err, ErrClosed):
		return false
	}
	s.buf.WriteString(": idle\n\n")
	return true
}

// stream writes server-sent events to a client that must keep reading.
type stream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	buf      bytes.Buffer
}

// flush sends what is buffered. The deadline of each write replaces the server's own for the whole
// answer, which a stream would outlive.
func (s *stream) flush() error {
	defer s.buf.Reset()
	if err := s.control.SetWriteDeadline(time.Now().Add(s.patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(s.buf.Bytes()); err != nil {
		return err
	}
	return s.control.Flush()
}

// accepts reports whether the request names a media type in Accept.
func accepts(r *http.Request, media string) bool {
	for _, part := range strings.Split(strings.Join(r.Header.Values("Accept"), ","), ",") {
		name, _, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), media) {
			return true
		}
	}
	return false
}

// appendEvent writes one CloudEvent on one line. A message whose content type is CloudEvents' JSON
// format goes as it is; any other becomes the data of an event that says so.
func appendEvent(b *bytes.Buffer, m adapters.Message) error {
	kind, _ := m.Header("content-type")
	if media, _, _ := strings.Cut(kind, ";"); strings.TrimSpace(strings.ToLower(media)) == "application/cloudevents+json" {
		if err := json.Compact(b, m.Body); err != nil {
			return fmt.Errorf("event %s is not the JSON that its content type says", m.ID)
		}
		return nil
	}
	e := wrapped{SpecVersion: "1.0", ID: m.ID, Source: "/portage/journal", Type: "ca.example.portage.message.v1",
		ContentType: kind, Data: m.Body}
	if kind == "" {
		e.ContentType = "application/octet-stream"
	}
	if !m.Time.IsZero() {
		e.Time = m.Time.UTC().Format(time.RFC3339Nano)
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("event %s: %w", m.ID, err)
	}
	b.Write(line)
	return nil
}

// wrapped is a CloudEvent around bytes (CloudEvents JSON event format 1.0, section 3.1.1, data_base64).
type wrapped struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Time        string `json:"time,omitempty"`
	ContentType string `json:"datacontenttype"`
	Data        []byte `json:"data_base64"`
}
