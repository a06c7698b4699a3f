package router

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/portage-gateway/portage/router/breaker"
)

// passage is one request on its way through the router.
type passage struct {
	r     *Router
	w     http.ResponseWriter
	req   *http.Request
	start time.Time
	table *Table
	entry *entry // nil: no route
	d     Decision

	url    url.URL // canonical, as sides get it, without scheme and host
	params map[string]string
	key    Key
	hasKey bool
	bucket int
	safe   bool
	body   requestBody
}

// ServeHTTP answers one request from one of its two sides. Every answer carries Portage-Decision.
// A connection whose answer broke off is cut (http.ErrAbortHandler), so that half an answer never
// looks whole.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	p := &passage{r: r, w: w, req: req, start: r.now(), table: r.table.Load()}
	p.d = Decision{Route: noRoute, Side: Neither, Version: p.table.version}
	where, code := inspect(req)
	if code != "" {
		r.metrics.refusals.WithLabelValues(code).Inc()
		p.refuse(ReasonRefused, problem{problemRefused.status, code, problemRefused.en, problemRefused.fr}, 0)
		return
	}
	if !p.match(where) || !p.identify() || !p.readBody() {
		return
	}
	if p.body.rest != nil {
		defer p.body.rest.end()
	}
	if p.d.Side == Modern {
		p.modern()
	} else {
		p.legacy()
	}
}

// match finds the route; if there is none it answers 404 or 405.
func (p *passage) match(where path) bool {
	var f found
	p.table.match.find(where.escaped, p.req.Method, &f)
	if f.leaf == nil {
		if len(f.allowed) == 0 {
			p.refuse(ReasonNotFound, problemNotFound, 0)
			return false
		}
		slices.Sort(f.allowed)
		p.w.Header().Set("Allow", strings.Join(slices.Compact(f.allowed), ", "))
		p.refuse(ReasonNotFound, problemMethod, 0)
		return false
	}
	p.entry = p.table.entries[f.leaf.index]
	p.d.Route = p.entry.route.Name
	p.params = f.params()
	p.safe = p.entry.route.safe(p.req.Method)
	p.url = url.URL{Scheme: "http", Host: p.req.Host, Path: where.decoded, RawQuery: p.req.URL.RawQuery}
	if !where.plain {
		p.url.RawPath = where.escaped
	}
	return true
}

// identify finds the client's Key and decides; a Reference that cannot be opened is answered 404.
func (p *passage) identify() bool {
	q := Request{Route: p.entry.route.Name}
	if p.r.config.Key != nil {
		var err error
		if p.key, p.hasKey, err = p.r.config.Key(p.entry.route.Name, p.req, p.params); err != nil {
			p.refuse(ReasonBadReference, problemReference, 0)
			return false
		}
	}
	q.Key, q.HasKey = p.key, p.hasKey
	if p.hasKey {
		p.bucket = p.entry.seed.bucket(p.key)
	}
	if p.entry.route.Override && p.r.config.Override != nil {
		q.Override, q.Overridden = p.r.config.Override(p.req)
	}
	p.d = p.table.decide(p.entry, &q, p.bucket)
	return true
}

func (p *passage) readBody() bool {
	var err error
	p.body, err = readBody(p.req, p.entry.route.BufferBody, p.entry.route.MaxBody)
	if err == nil {
		return true
	}
	p.clientBody(errors.Is(err, errTooLarge))
	return false
}

// clientBody answers a request whose own body is at fault.
func (p *passage) clientBody(tooLarge bool) {
	if p.req.Context().Err() != nil {
		p.abandon()
	}
	code, answer := "body-unreadable", problem{http.StatusBadRequest, "body-unreadable", problemRefused.en, problemRefused.fr}
	if tooLarge {
		code, answer = "body-too-large", problemTooLarge
	}
	p.r.metrics.refusals.WithLabelValues(code).Inc()
	p.w.Header().Set("Connection", "close") // the rest of the body is not read
	p.refuse(ReasonRefused, answer, 0)
}

// modern asks Modern, and Legacy in its stead where that is allowed.
func (p *passage) modern() {
	permit, err := p.entry.run.breaker.Acquire()
	if err != nil {
		p.instead(&reply{failure: failedBreaker})
		return
	}
	outcome := breaker.Failure // if the side panics
	defer func() { permit.Done(outcome) }()
	rep := p.call(Modern)
	outcome = rep.failure.outcome()
	defer rep.release()
	switch rep.failure {
	case answered:
		if how := p.send(&rep); how != sentWhole {
			if outcome = breaker.Ignored; how == sentBroken {
				outcome = breaker.Failure
			}
			p.cut(how)
		}
		p.finish(codeIndex(rep.status))
		p.shadow(&rep)
	case failedCanceled:
		p.abandon()
	default:
		permit.Done(outcome) // now: the fallback takes its own time
		p.instead(&rep)
	}
}

// instead deals with a request that Modern did not serve.
func (p *passage) instead(rep *reply) {
	run := p.entry.run
	if !p.mayFallBack(rep.failure) {
		p.giveUp(Modern, rep)
		return
	}
	if limit := int64(p.entry.route.MaxFallbackInFlight); run.fallbacks.Add(1) > limit && limit >= 0 {
		run.fallbacks.Add(-1)
		if rep.failure == failedStatus {
			p.giveUp(Modern, rep)
			return
		}
		p.refuse(ReasonShed, problemShed, time.Second)
		return
	}
	defer run.fallbacks.Add(-1)
	run.metrics.fallbacks[rep.failure].Inc()
	run.fellBack.Add(1)
	p.r.log.LogAttrs(context.WithoutCancel(p.req.Context()), slog.LevelDebug, "legacy serves in modern's stead",
		slog.String("route", p.entry.route.Name), slog.String("failure", string(rep.failure)), slog.Duration("took", rep.took))
	p.d.Side, p.d.Reason = Legacy, ReasonFallback
	if rep.failure == failedBreaker {
		p.d.Reason = ReasonBreakerOpen
	}
	rep.release()
	p.legacy()
}

// mayFallBack reports whether Legacy may serve what Modern did not: the request certainly had no
// effect, or has none at all; its body can be sent again; and Legacy is no worse for this client.
func (p *passage) mayFallBack(f failure) bool {
	if f == failedClient || p.entry.withoutModern(p.d) != Legacy || p.entry.run.sides[Legacy] == nil || !p.body.whole() {
		return false
	}
	return p.safe || f == failedBreaker || f == failedUnsent
}

// legacy asks Legacy. There is nobody behind it.
func (p *passage) legacy() {
	rep := p.call(Legacy)
	defer rep.release()
	switch rep.failure {
	case answered, failedStatus:
		if how := p.send(&rep); how != sentWhole {
			p.cut(how)
		}
		p.finish(codeIndex(rep.status))
		p.shadow(&rep)
	case failedCanceled:
		p.abandon()
	default:
		p.giveUp(Legacy, &rep)
	}
}

// giveUp answers for a side that failed when no other may be asked. A side's own answer is passed on.
func (p *passage) giveUp(side Side, rep *reply) {
	if rep.status != 0 && rep.failure != failedTruncated && rep.failure != failedTimeout {
		if how := p.send(rep); how != sentWhole {
			p.cut(how)
		}
		p.finish(codeIndex(rep.status))
		return
	}
	answer, retry := problemBadGateway, time.Duration(0)
	switch {
	case rep.failure == failedClient:
		p.clientBody(p.body.rest.tooLong.Load())
		return
	case rep.failure == failedBreaker:
		p.refuse(ReasonBreakerOpen, problemUnavailable, max(time.Second, p.entry.run.breaker.RetryAfter()))
		return
	case rep.failure == failedTimeout && p.safe:
		answer = problemTimeout
	case rep.failure == failedTimeout:
		answer = problemTimeoutWrite
	case rep.failure == failedUnsent:
		answer, retry = problemUnavailable, time.Second
	case !p.safe:
		answer = problemUncertain
	}
	p.r.log.LogAttrs(context.WithoutCancel(p.req.Context()), slog.LevelWarn, "no side answered",
		slog.String("route", p.entry.route.Name), slog.String("side", side.String()),
		slog.String("failure", string(rep.failure)), slog.Duration("took", rep.took))
	p.mark()
	answer.write(p.w, p.req, retry)
	p.finish(codeIndex(answer.status))
}

// refuse answers a request that no side was asked to serve.
func (p *passage) refuse(why Reason, answer problem, retry time.Duration) {
	p.d.Side, p.d.Reason = Neither, why
	p.mark()
	answer.write(p.w, p.req, retry)
	p.finish(codeIndex(answer.status))
}

// abandon ends a request whose client went away. It does not return.
func (p *passage) abandon() { p.cut(sentToNone) }

// cut ends a request whose answer cannot be completed. It does not return.
func (p *passage) cut(how sent) {
	code := codeCanceled
	if how == sentBroken {
		code = codeAborted
	}
	p.finish(code)
	panic(http.ErrAbortHandler)
}

// finish counts the request.
func (p *passage) finish(code int) {
	k := lineKey{p.d.Side, p.d.Reason}
	if p.entry == nil {
		p.r.metrics.unmatched[k][code].Inc()
		return
	}
	run := p.entry.run
	run.metrics.requests[k][code].Inc()
	now := p.r.now()
	if p.d.Side <= Modern {
		run.metrics.duration[p.d.Side].Observe(now.Sub(p.start).Seconds())
		run.served[p.d.Side].Add(1)
	}
	run.census.saw(now.Sub(p.r.started), p.key, p.hasKey, p.bucket, p.d.Side)
}
