package router

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// bodyBuffers keeps buffers of up to maxPooled bytes for bodies of both directions.
var bodyBuffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 4<<10)) }}

const maxPooled = 64 << 10

func getBuffer() *bytes.Buffer {
	b := bodyBuffers.Get().(*bytes.Buffer)
	b.Reset()
	return b
}

func putBuffer(b *bytes.Buffer) {
	if b != nil && b.Cap() <= maxPooled {
		bodyBuffers.Put(b)
	}
}

// requestBody is a request's body: wholly in head, or head and then the rest of a stream.
type requestBody struct {
	head   *bytes.Buffer // nil: empty. Owned by the garbage collector: a transport may read it late.
	rest   *streamRest   // nil: all is in head
	length int64         // -1: unknown
}

// errTooLarge says that a body is larger than the route's maxBody.
var errTooLarge = errors.New("body too large")

// readBody reads up to buffer bytes of a request's body. errTooLarge if it is larger than most; another
// error if the client's body cannot be read.
func readBody(r *http.Request, buffer int, most int64) (requestBody, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return requestBody{}, nil
	}
	if r.ContentLength > most {
		return requestBody{}, errTooLarge
	}
	b := requestBody{length: r.ContentLength}
	if r.ContentLength > int64(buffer) {
		b.rest = &streamRest{r: r.Body, left: most}
		return b, nil
	}
	b.head = bytes.NewBuffer(make([]byte, 0, max(512, int(r.ContentLength)+bytes.MinRead)))
	n, err := b.head.ReadFrom(io.LimitReader(r.Body, int64(buffer)+1))
	if err != nil {
		return requestBody{}, err
	}
	if n > most {
		return requestBody{}, errTooLarge
	}
	if n > int64(buffer) {
		b.rest = &streamRest{r: r.Body, left: most - n}
		return b, nil
	}
	b.length = n
	return b, nil
}

// whole reports whether the body can be sent again: it is buffered, or nothing of its stream was read.
func (b *requestBody) whole() bool { return b.rest == nil || !b.rest.started.Load() }

// buffered reports whether the body lies in memory, and its bytes.
func (b *requestBody) buffered() ([]byte, bool) {
	if b.rest != nil {
		return nil, false
	}
	if b.head == nil {
		return nil, true
	}
	return b.head.Bytes(), true
}

// attach gives the body to an outbound request. A body that is safe to send again gets GetBody, which
// lets http.Transport repeat the request on a fresh connection; any other never does.
func (b *requestBody) attach(out *http.Request, safe bool) {
	out.ContentLength, out.Body, out.GetBody, out.TransferEncoding = b.length, nil, nil, nil
	switch {
	case b.rest != nil:
		turn := &restTurn{rest: b.rest}
		out.Body = turn
		if b.head != nil {
			out.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(b.head.Bytes()), turn), turn}
		}
	case b.head != nil && b.head.Len() > 0:
		data := b.head.Bytes()
		out.Body = io.NopCloser(bytes.NewReader(data))
		if safe {
			out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		}
	case !safe && (out.Method == "GET" || out.Method == "HEAD" || out.Method == "OPTIONS"):
		// http.Transport repeats such a request by itself if it has no body; a body of no bytes stops it.
		out.Body = io.NopCloser(bytes.NewReader(nil))
		out.ContentLength = 0
	default:
		out.ContentLength = 0
	}
}

// restTurn is a stream while one side has it. When that side's transport closes it, late reads do not
// take from the next side's.
type restTurn struct {
	rest *streamRest
	over atomic.Bool
}

// Read implements io.Reader.
func (t *restTurn) Read(p []byte) (int, error) {
	if t.over.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	return t.rest.Read(p)
}

// Close implements io.Closer. The server closes the client's body itself.
func (t *restTurn) Close() error { t.over.Store(true); return nil }

// streamRest is the part of a client's body that is not buffered. A side may read it late, which does
// not reach the client's connection once the handler has returned.
type streamRest struct {
	r       io.Reader
	left    int64
	started atomic.Bool
	ended   atomic.Bool
	tooLong atomic.Bool
	broken  atomic.Bool
}

// Read implements io.Reader.
func (s *streamRest) Read(p []byte) (int, error) {
	if s.ended.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	s.started.Store(true)
	if s.left <= 0 {
		// One byte more than allowed, or the end?
		if n, _ := io.ReadFull(s.r, make([]byte, 1)); n > 0 {
			s.tooLong.Store(true)
			return 0, errTooLarge
		}
		return 0, io.EOF
	}
	if int64(len(p)) > s.left {
		p = p[:s.left]
	}
	n, err := s.r.Read(p)
	s.left -= int64(n)
	if err != nil && err != io.EOF {
		s.broken.Store(true)
	}
	return n, err
}

// end makes later reads fail: the handler has returned.
func (s *streamRest) end() { s.ended.Store(true) }
