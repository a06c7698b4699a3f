package router

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/portage-gateway/portage/router/breaker"
)

// failure is what was wrong with a side's answer. Those that lead to a fallback are metric labels.
type failure string

const (
	answered        failure = ""
	failedBreaker   failure = "breaker_open" // Modern was not called
	failedUnsent    failure = "not_executed" // certainly without effect: no connection, or the side says so
	failedTimeout   failure = "timeout"      // the side's own deadline passed
	failedError     failure = "error"        // no usable answer
	failedStatus    failure = "status"       // 500 or more
	failedTruncated failure = "truncated"    // the body broke off
	failedCanceled  failure = "canceled"     // the client went away
	failedClient    failure = "client_body"  // the client's own body broke off, or grew too large
)

// fallbackReasons are the failures that Legacy may make good.
var fallbackReasons = [...]failure{failedBreaker, failedUnsent, failedTimeout, failedError, failedStatus, failedTruncated}

var (
	errSideTimeout  = errors.New("side timeout")
	errSidePanicked = errors.New("side panicked")
	errNoSide       = errors.New("no such side")
	errNoAnswer     = errors.New("neither answer nor error")
	errSideFailed   = errors.New("side failed")
)

// outcome is what the failure tells the breaker about Modern.
func (f failure) outcome() breaker.Outcome {
	switch f {
	case answered:
		return breaker.Success
	case failedCanceled, failedClient:
		return breaker.Ignored
	default:
		return breaker.Failure
	}
}

// reply is a side's answer as far as it was read: whole in body, or body and then rest.
type reply struct {
	status  int
	header  http.Header
	body    *bytes.Buffer // pooled; empty, never nil
	rest    io.ReadCloser // nil: body is the whole
	live    bool          // flush what comes: length unknown, or an event stream
	failure failure
	took    time.Duration
	stop    func() // ends the call
}

// err is the reply's failure as an Answer's error; a status is none.
func (rep *reply) err() error {
	if rep.failure == answered || rep.failure == failedStatus {
		return nil
	}
	return errSideFailed
}

// release gives back what the reply holds. Its body must not be used after it.
func (rep *reply) release() {
	if rep.rest != nil {
		_ = rep.rest.Close() // given up, or read to its end
		rep.rest = nil
	}
	if rep.stop != nil {
		rep.stop()
		rep.stop = nil
	}
	putBuffer(rep.body)
	rep.body = nil
}

// routed is the context of a request to a side. It carries the path's parameters.
type routed struct {
	context.Context
	params map[string]string
	safe   bool
}

type routedKey struct{}

// Value implements context.Context.
func (c *routed) Value(key any) any {
	if key == (routedKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Params returns the path parameters of the route that a side is called for, decoded, by their names
// in the pattern; nil if there are none. The map must not be changed.
func Params(r *http.Request) map[string]string {
	if c, ok := r.Context().Value(routedKey{}).(*routed); ok {
		return c.params
	}
	return nil
}

// call sends the request to a side and reads the answer up to the route's bufferAnswer, all within
// the side's timeout. A longer answer's rest is left to be read without a deadline.
func (p *passage) call(side Side) (rep reply) {
	gauge := p.entry.run.metrics.inFlight[side]
	gauge.Inc()
	defer gauge.Dec()
	start := p.r.now()
	ctx, cancel := context.WithCancelCause(p.req.Context())
	timer := time.AfterFunc(p.entry.route.timeout(side), func() { cancel(errSideTimeout) })
	rep.body = getBuffer()
	rep.stop = func() { timer.Stop(); cancel(nil) }

	res, err := roundTrip(p.entry.run.sides[side], p.outbound(&routed{Context: ctx, params: p.params, safe: p.safe}))
	if err == nil {
		err = rep.take(res, p.req.Method, p.entry.route.BufferAnswer)
	}
	if !timer.Stop() && rep.rest != nil {
		err = errSideTimeout // the rest of the stream is cancelled
	}
	rep.took = p.r.now().Sub(start)
	if err != nil {
		rep.failure = p.classify(ctx, err, rep.failure)
	}
	return rep
}

// roundTrip calls a side. A side that panics has given no usable answer.
func roundTrip(rt http.RoundTripper, out *http.Request) (res *http.Response, err error) {
	if rt == nil {
		return nil, errNoSide
	}
	defer func() {
		if recover() != nil {
			res, err = nil, errSidePanicked
		}
	}()
	if res, err = rt.RoundTrip(out); err != nil {
		return nil, err
	}
	if res == nil || res.Body == nil {
		return nil, errNoAnswer
	}
	return res, nil
}

// outbound is the request as a side sees it.
func (p *passage) outbound(ctx context.Context) *http.Request {
	out := p.req.WithContext(ctx)
	u := p.url
	out.URL, out.RequestURI, out.Header = &u, "", outboundHeader(p.req)
	out.Trailer, out.Close, out.Form, out.PostForm, out.MultipartForm = nil, false, nil, nil, nil
	p.body.attach(out, p.safe)
	return out
}

// take reads a response into the reply. An error comes with failedTruncated.
func (rep *reply) take(res *http.Response, method string, limit int) error {
	if res.StatusCode < 200 || res.StatusCode > 999 {
		_ = res.Body.Close() // no answer to use
		return errNoAnswer
	}
	rep.status, rep.header = res.StatusCode, res.Header
	switch {
	case notExecutedStatus(res):
		rep.failure = failedUnsent
	case rep.status >= 500:
		rep.failure = failedStatus
	}
	stream := eventStream(res.Header)
	rep.live = stream || res.ContentLength < 0
	if stream || res.ContentLength > int64(limit) && method != http.MethodHead {
		rep.rest = res.Body
		return nil
	}
	if res.ContentLength > 0 && method != http.MethodHead {
		rep.body.Grow(int(res.ContentLength) + bytes.MinRead)
	}
	n, err := rep.body.ReadFrom(io.LimitReader(res.Body, int64(limit)+1))
	if err == nil && n > int64(limit) {
		rep.rest = res.Body
		return nil
	}
	if err == nil && res.ContentLength > 0 && n < res.ContentLength && method != http.MethodHead {
		err = io.ErrUnexpectedEOF
	}
	if closeErr := res.Body.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		rep.failure = failedTruncated
	}
	return err
}

// notExecutedStatus reports whether Modern refused a request before it did anything, and says so: 425,
// 429 or 503 with "Portage-Executed: no".
func notExecutedStatus(res *http.Response) bool {
	switch res.StatusCode {
	case http.StatusTooEarly, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return res.Header.Get("Portage-Executed") == "no"
	}
	return false
}

func eventStream(h http.Header) bool {
	v := h["Content-Type"]
	if len(v) == 0 || len(v[0]) < len("text/event-stream") {
		return false
	}
	media, _, err := mime.ParseMediaType(v[0])
	return err == nil && media == "text/event-stream"
}

// classify tells whose fault a call's error is.
func (p *passage) classify(ctx context.Context, err error, f failure) failure {
	rest := p.body.rest
	var not NotExecuted
	switch {
	case p.req.Context().Err() != nil:
		return failedCanceled
	case rest != nil && (rest.broken.Load() || rest.tooLong.Load()):
		return failedClient
	case err == errNoSide || errors.As(err, &not) && not.NotExecuted():
		return failedUnsent
	case context.Cause(ctx) == errSideTimeout || errors.Is(err, context.DeadlineExceeded):
		return failedTimeout
	case f != answered:
		return f
	default:
		return failedError
	}
}
