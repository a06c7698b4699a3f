package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// Exchange is a transaction behind a queue, as an http.RoundTripper. It opens the Reference in the path,
// writes the request area by the View's exchange block, calls, reads the area that comes back, and
// answers with the status and JSON that the mapping gives it.
//
// What Legacy could not answer is a problem (RFC 9457) with titles in English and French: 404 for an
// unknown Reference, 400 for a request that does not fit the area, 503 with Retry-After when too many
// calls are under way or no queue manager is reachable, 504 when no answer came in time, 502 for an
// answer that cannot be read, or that says that Legacy's program failed: then with a reason from a closed
// set, such as "abend". RoundTrip returns an error only when the caller has left.
//
// Fields are set before the first request and not changed after. Safe for use by several goroutines.
type Exchange struct {
	// Name stands in metrics and log lines. Required.
	Name string
	// View has an exchange block. Required.
	View *mapping.View
	// Call sends the request area and returns the reply area. An error that is adapters.ErrBusy (see
	// Busy), a context's, or adapters.ErrInDoubt says so. One with a method Failure() string says that
	// Legacy's program failed, and names the reason in a code that clients may see; an *adapters.Refusal,
	// that the reply cannot be read. Any other says that nobody could be asked. Required.
	Call func(ctx context.Context, body []byte, h []adapters.Header) ([]byte, error)
	// Open opens a Reference. An error says that it is none of ours. Required.
	Open func(ref string) (program, sin, claim string, err error)
	// Params returns the path's parameters. Required.
	Params func(*http.Request) map[string]string
	// ReferenceParam is the path parameter that holds the Reference. Default: the mapping's.
	ReferenceParam string
	// Program is the program that References must be of, such as "ei". Default: the mapping's.
	Program string
	// Timeout bounds a call. 0: the request's own deadline does.
	Timeout time.Duration
	// Headers are sent beside the area, for Legacy programs that read them. Nil: none.
	Headers func(*http.Request) []adapters.Header
	// Trace sends traceparent and tracestate of the request beside the area, after Headers, if they are
	// those of a trace (W3C Trace Context). Legacy programs that read the bare area are asked without.
	Trace bool
	// Busy reports whether an error of Call says that too many calls are under way. Nil: adapters.ErrBusy.
	Busy func(error) bool
	// Metrics counts. Nil: nothing is counted.
	Metrics *Metrics
	// Now is the clock of dates in areas and answers. Nil: time.Now.
	Now func() time.Time
	// Log takes a line for each answer that cannot be read, and when the queue manager is lost or back. Nil: none.
	Log *slog.Logger

	once     sync.Once
	decoders sync.Pool
	lost     atomic.Bool
}

var _ http.RoundTripper = (*Exchange)(nil)

// Prepare checks that the Exchange is whole and makes its series at zero. RoundTrip does so by itself;
// calling it at start shows faults early.
func (x *Exchange) Prepare() error {
	switch {
	case x.Name == "":
		return errors.New("exchange has no Name")
	case x.View == nil || x.Call == nil || x.Open == nil || x.Params == nil:
		return fmt.Errorf("exchange %s needs View, Call, Open and Params", x.Name)
	case x.View.Exchange() == nil:
		return fmt.Errorf("exchange %s: mapping %s has no exchange block", x.Name, x.View.Name())
	}
	x.once.Do(func() {
		x.decoders.New = func() any { return x.View.Decoder() }
		x.Metrics.exchange(x.Name)
	})
	return nil
}

// RoundTrip implements http.RoundTripper. The answer's body is in memory.
func (x *Exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := x.Prepare(); err != nil {
		return nil, err
	}
	ctx := r.Context()
	if x.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, x.Timeout)
		defer cancel()
	}
	params := x.Params(r)
	ref := params[cmp.Or(x.ReferenceParam, x.View.Exchange().Parameter())]
	program, sin, claim, err := x.Open(ref)
	if want := cmp.Or(x.Program, x.View.Exchange().Program()); err != nil || want != "" && program != want {
		return x.refuse(r, problemReference)
	}
	area, err := x.View.Exchange().Request(nil, mapping.RequestValues{Method: method(r), Params: params,
		Header: func(name string) string { return strings.Join(r.Header.Values(name), ",") },
		SIN:    sin, Claim: claim, Now: x.now()})
	if err != nil {
		return x.unfit(r, err)
	}
	var headers []adapters.Header
	if x.Headers != nil {
		headers = x.Headers(r)
	}
	if x.Trace {
		headers = append(headers, trace(r.Header.Get("Traceparent"), r.Header.Get("Tracestate"))...)
	}
	reply, err := x.Call(ctx, area, headers)
	if err != nil {
		return x.failed(r, err)
	}
	x.found(ctx)
	return x.answer(r, ref, reply)
}

// method is what the mapping knows the request's method by: HEAD is GET without the body.
func method(r *http.Request) string {
	if r.Method == http.MethodHead {
		return http.MethodGet
	}
	return r.Method
}

// unfit answers for a request of which no area can be made. It names the header or parameter at fault.
func (x *Exchange) unfit(r *http.Request, err error) (*http.Response, error) {
	var e *mapping.RequestError
	switch {
	case !errors.As(err, &e):
		x.log().WarnContext(r.Context(), "no request area can be made", "exchange", x.Name, "error", err)
		return x.refuse(r, problemRequest)
	case e.Status == http.StatusMethodNotAllowed:
		res, err := x.refuse(r, problemMethod)
		if err == nil {
			res.Header.Set("Allow", x.View.Exchange().Method())
		}
		return res, err
	case e.Parameter == "reference":
		return x.refuse(r, problemReference)
	}
	return x.refuse(r, problemRequest.about(e.Parameter, e.Reason))
}

// answer reads the reply area. A decoder's Record borrows the area, so the decoder is kept until the
// answer is written.
func (x *Exchange) answer(r *http.Request, ref string, reply []byte) (*http.Response, error) {
	d := x.decoders.Get().(*mapping.Decoder)
	defer x.decoders.Put(d)
	language := language(r)
	record, err := d.Decode(reply)
	var status int
	var contentType string
	var body []byte
	if err == nil {
		status, contentType, body, err = x.View.Exchange().Reply(nil, record,
			mapping.ReplyContext{Reference: ref, Now: x.now(), Language: language})
	}
	if err != nil {
		x.log().WarnContext(r.Context(), "reply cannot be read", "exchange", x.Name, "bytes", len(reply), "error", err)
		return x.refuse(r, problemAnswer)
	}
	x.Metrics.answered(x.Name, outcomeOf(status))
	return answer(r, status, contentType, language, body), nil
}

// failed answers for a call that brought no reply.
func (x *Exchange) failed(r *http.Request, err error) (*http.Response, error) {
	ctx := r.Context()
	if errors.Is(ctx.Err(), context.Canceled) {
		x.Metrics.answered(x.Name, outcomeLeft)
		return nil, fmt.Errorf("exchange %s: %w", x.Name, ctx.Err())
	}
	busy := x.Busy
	if busy == nil {
		busy = func(err error) bool { return errors.Is(err, adapters.ErrBusy) }
	}
	var failure interface{ Failure() string }
	var unread *adapters.Refusal
	switch {
	case busy(err):
		return x.refuse(r, problemBusy)
	case errors.As(err, &failure):
		x.found(ctx)
		x.log().WarnContext(ctx, "Legacy's program failed", "exchange", x.Name, "error", err)
		return x.refuse(r, problemFailed.about("", failure.Failure()))
	case errors.As(err, &unread):
		x.found(ctx)
		x.log().WarnContext(ctx, "reply cannot be read", "exchange", x.Name, "error", err)
		return x.refuse(r, problemAnswer)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, adapters.ErrInDoubt):
		x.log().DebugContext(ctx, "no reply in time", "exchange", x.Name, "error", err)
		return x.refuse(r, problemTimeout)
	}
	if !x.lost.Swap(true) {
		x.log().WarnContext(ctx, "calls fail from now on", "exchange", x.Name, "error", err)
	}
	return x.refuse(r, problemUnreachable)
}

// found notes that calls are answered.
func (x *Exchange) found(ctx context.Context) {
	if x.lost.Load() && x.lost.Swap(false) {
		x.log().InfoContext(ctx, "calls are answered again", "exchange", x.Name)
	}
}

func (x *Exchange) refuse(r *http.Request, p problem) (*http.Response, error) {
	x.Metrics.answered(x.Name, p.outcome)
	return p.response(r)
}

func (x *Exchange) now() time.Time {
	if x.Now == nil {
		return time.Now()
	}
	return x.Now()
}

func (x *Exchange) log() *slog.Logger {
	if x.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return x.Log
}
