package webhook

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/portage-gateway/portage/adapters"
)

// delivery is one event on its way.
type delivery struct {
	*Sink
	keys     [][]byte
	content  content
	attempts int
	status   int   // of the last answer
	err      error // why the last attempt had none
}

// deliver sends one message until the subscriber has it, refuses it, leaves, or the patience ends.
func (s *Sink) deliver(ctx context.Context, keys [][]byte, m adapters.Message) error {
	content, err := s.cfg.content(m)
	if err != nil {
		return err
	}
	d := &delivery{Sink: s, keys: keys, content: content}
	patient, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	if err := s.waited(patient); err != nil {
		return &Error{Subscriber: s.cfg.Name, ID: m.ID, Err: err}
	}
	response, err := d.send(patient)
	if response != nil {
		response.Body.Close()
	}
	switch {
	case err == nil && d.status < 300:
		s.cfg.Metrics.count(s.cfg.Name, resultDelivered)
		return nil
	case err == nil && d.status == http.StatusGone:
		s.cfg.Metrics.count(s.cfg.Name, resultGone)
		return s.leave()
	case err == nil:
		s.cfg.Metrics.count(s.cfg.Name, resultRefused)
		return refuse("subscriber-refused", len(m.Body), fmt.Errorf("subscriber %s answered event %s with status %d", s.cfg.Name, m.ID, d.status))
	}
	return d.failure(m.ID, err)
}

// failure is what to say when the patience, or the caller's context, ended.
func (d *delivery) failure(id string, err error) error {
	e := &Error{Subscriber: d.cfg.Name, ID: id, Attempts: d.attempts, Status: d.status, Err: withoutURL(err)}
	if d.err != nil && !errors.Is(d.err, e.Err) {
		e.Err = errors.Join(e.Err, withoutURL(d.err))
	}
	if d.status >= 300 && d.status < 400 {
		e.Hint = "redirects are not followed: set url to where the subscriber is now"
	}
	return e
}

// send makes the request and has it tried again. The client is made anew for each event, since its funcs
// belong to one.
func (d *delivery) send(ctx context.Context) (*http.Response, error) {
	r, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, d.cfg.URL, d.content.body)
	if err != nil {
		return nil, err
	}
	r.Header = d.content.header.Clone()
	if err := d.sign(r.Request); err != nil {
		return nil, err
	}
	client := &retryablehttp.Client{HTTPClient: d.http, RetryWaitMin: d.cfg.RetryMin, RetryWaitMax: d.cfg.RetryMax,
		RetryMax: math.MaxInt32, CheckRetry: d.check, Backoff: d.backoff, PrepareRetry: d.sign, ErrorHandler: retryablehttp.PassthroughErrorHandler}
	return client.Do(r)
}

// sign dates and signs one attempt.
func (d *delivery) sign(r *http.Request) error {
	timestamp := strconv.FormatInt(d.cfg.Now().Unix(), 10)
	header := d.content.header.Clone() // an earlier attempt's may still be read
	header.Set(HeaderTimestamp, timestamp)
	header.Set(HeaderSignature, sign(d.keys, d.content.id, timestamp, d.content.body))
	r.Header = header
	return nil
}

// check tells whether an attempt is to be followed by another.
func (d *delivery) check(ctx context.Context, r *http.Response, err error) (bool, error) {
	d.attempts++
	if err != nil && ctx.Err() != nil { // the attempt says nothing of the subscriber: the last one's cause stays
		d.cfg.Metrics.count(d.cfg.Name, resultFailed)
		return false, ctx.Err()
	}
	d.status, d.err = 0, err
	if r != nil {
		d.status = r.StatusCode
	}
	if err == nil && !again(d.status) {
		return false, nil
	}
	d.cfg.Metrics.count(d.cfg.Name, resultFailed)
	d.cfg.Log.WarnContext(ctx, "webhook attempt failed", "subscriber", d.cfg.Name, "id", d.content.id, "attempt", d.attempts,
		"status", d.status, "error", withoutURL(err))
	return true, nil
}

// again tells whether an answer asks for another attempt.
func again(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status < 200 || status >= 300 && status < 400 || status >= 500
}

// backoff is the pause after a failed attempt: what the subscriber asks for, or one that doubles.
func (d *delivery) backoff(least, most time.Duration, attempt int, r *http.Response) time.Duration {
	if r != nil {
		if wait, ok := retryAfter(r.Header.Get("Retry-After"), d.cfg.Now()); ok {
			wait = min(wait, d.cfg.RetryAfterMax)
			d.notBefore = d.cfg.Now().Add(wait)
			return wait
		}
	}
	wait := least
	for range attempt {
		if wait *= 2; wait >= most {
			wait = most
			break
		}
	}
	return wait/2 + time.Duration(d.cfg.Rand(int64(wait/2)+1))
}

// retryAfter reads Retry-After: seconds or a date (RFC 9110 section 10.2.3).
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(0, date.Sub(now)), true
}
