package router

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/portage-gateway/portage/router/breaker"
)

// The defaults of Shadow.
const (
	DefaultShadowTimeout   = 10 * time.Second
	DefaultShadowWorkers   = 4
	DefaultShadowQueue     = 128
	DefaultShadowMaxBody   = 64 << 10
	DefaultShadowMaxAnswer = 256 << 10
)

// Shadow sets how copies of safe requests go to the side that does not serve them. A copy starts when the
// client has its answer, and shares nothing with it. The zero value makes no copies.
//
// Credentials do not travel: Authorization, Cookie, Idempotency-Key and the like are removed, and
// Portage-Shadow: 1 is set. A side that wants credentials gets its own from its http.RoundTripper.
//
// No copy goes to Modern while the route is killed or its breaker is not closed, and none is made of a
// fallback. What is not copied or not compared is counted, with its reason.
type Shadow struct {
	// Share is the part of clients whose requests are copied, in ten-thousandths. Clients are chosen by
	// Key, in another order than the one in which they move, so that all requests of one client are
	// seen. 0: none.
	Share int `yaml:"share"`
	// Timeout bounds a copy and its comparison. 0: 10 s.
	Timeout time.Duration `yaml:"timeout"`
	// Workers is how many copies are under way at once. 0: 4.
	Workers int `yaml:"workers"`
	// Queue is how many copies may wait; one more is dropped. 0: 128.
	Queue int `yaml:"queue"`
	// MaxBody and MaxAnswer are the largest request body and answer copied, in bytes. They bound the
	// memory: Queue times both. 0: 64 KiB and 256 KiB. MaxBody is at most the route's bufferBody,
	// MaxAnswer at most its bufferAnswer.
	MaxBody   int `yaml:"maxBody"`
	MaxAnswer int `yaml:"maxAnswer"`
	// Legacy makes copies to Legacy of what Modern serves, too. Default false: only of what Legacy serves.
	Legacy bool `yaml:"legacy"`
	// Strip names further headers that copies do not carry.
	Strip []string `yaml:"strip"`
}

func (s Shadow) withDefaults() Shadow {
	s.Timeout = or(s.Timeout, DefaultShadowTimeout)
	s.Workers = or(s.Workers, DefaultShadowWorkers)
	s.Queue = or(s.Queue, DefaultShadowQueue)
	s.MaxBody = or(s.MaxBody, DefaultShadowMaxBody)
	s.MaxAnswer = or(s.MaxAnswer, DefaultShadowMaxAnswer)
	return s
}

func (s Shadow) validate() error {
	if s.Share < 0 || s.Share > FullShare {
		return fmt.Errorf("share is %d, and must lie between 0 and %d", s.Share, FullShare)
	}
	if s.Timeout < 0 || s.Workers < 0 || s.Queue < 0 || s.MaxBody < 0 || s.MaxAnswer < 0 {
		return errors.New("timeout, workers, queue, maxBody and maxAnswer must not be negative")
	}
	return nil
}

// drop says why a chosen request was not copied or not compared.
type drop string

var drops = [...]drop{dropQueue, dropNoKey, dropBody, dropAnswer, dropCanceled, dropBreaker, dropKilled, dropFallback, dropClosing}

const (
	dropQueue    drop = "queue_full"
	dropNoKey    drop = "no_key"
	dropBody     drop = "body_too_large"
	dropAnswer   drop = "answer_too_large"
	dropCanceled drop = "canceled"
	dropBreaker  drop = "breaker_open"
	dropKilled   drop = "killed"
	dropFallback drop = "fallback"
	dropClosing  drop = "closing"
)

// copyJob is one copy to make. It owns all that it holds.
type copyJob struct {
	config  Shadow
	run     *running
	served  Side
	answer  Answer // the served side's
	method  string
	url     *url.URL
	host    string
	header  http.Header
	body    []byte
	params  map[string]string
	maxRead int
}

// shadower runs a route's copies in goroutines that live only while there is work.
type shadower struct {
	ctx  context.Context // the router's: ends with it
	mu   sync.Mutex
	jobs []copyJob
	busy int
	shut bool
	wg   sync.WaitGroup
	do   func(context.Context, copyJob)
}

// submit queues a job; false says that there is no room, or that the router closes.
func (s *shadower) submit(j copyJob) drop {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return dropClosing
	}
	if s.busy < j.config.Workers {
		s.busy++
		s.wg.Add(1)
		go s.work(j)
		return ""
	}
	if len(s.jobs) >= j.config.Queue {
		return dropQueue
	}
	s.jobs = append(s.jobs, j)
	return ""
}

func (s *shadower) work(j copyJob) {
	defer s.wg.Done()
	for {
		s.do(s.ctx, j)
		s.mu.Lock()
		if len(s.jobs) == 0 || s.shut {
			s.busy--
			s.mu.Unlock()
			return
		}
		j = s.jobs[0]
		s.jobs[0] = copyJob{}
		s.jobs = s.jobs[1:]
		s.mu.Unlock()
	}
}

// waiting is the number of queued copies.
func (s *shadower) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs)
}

// shutdown refuses further copies and forgets the queued ones; wait on wg for those under way.
func (s *shadower) shutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut, s.jobs = true, nil
}

// shadow makes a copy of the request that was just answered, if it is one to copy.
func (p *passage) shadow(rep *reply) {
	run, config := p.entry.run, &p.entry.route.Shadow
	if config.Share == 0 || !p.safe || p.d.Side == Modern && !config.Legacy {
		return
	}
	run.parity.eligible.Add(1)
	if !p.hasKey {
		run.drop(dropNoKey)
		return
	}
	if run.shadowSeed.bucket(p.key) >= config.Share {
		return
	}
	if why := p.shadowBar(rep); why != "" {
		run.drop(why)
		return
	}
	body, _ := p.body.buffered()
	u := p.url
	why := run.shadower.submit(copyJob{
		config: *config, run: run, served: p.d.Side, method: p.req.Method, url: &u, host: p.req.Host,
		header: shadowHeader(outboundHeader(p.req), config.Strip), body: body, params: p.params,
		maxRead: min(config.MaxAnswer, p.entry.route.BufferAnswer),
		answer: Answer{Status: rep.status, Header: rep.header.Clone(), Body: bytes.Clone(rep.body.Bytes()),
			Err: rep.err(), Took: rep.took},
	})
	if why != "" {
		run.drop(why)
	}
}

// shadowBar says what stands in the way of a copy; empty: nothing.
func (p *passage) shadowBar(rep *reply) drop {
	route, config := p.entry.route, &p.entry.route.Shadow
	body, whole := p.body.buffered()
	switch {
	case p.d.Reason == ReasonFallback || p.d.Reason == ReasonBreakerOpen:
		return dropFallback
	case rep.failure == failedCanceled:
		return dropCanceled
	case !whole || len(body) > config.MaxBody:
		return dropBody
	case rep.rest != nil || rep.body.Len() > min(config.MaxAnswer, route.BufferAnswer):
		return dropAnswer
	case p.d.Side == Legacy && p.entry.state.Killed:
		return dropKilled
	case p.d.Side == Legacy && p.entry.run.breaker.State() != breaker.Closed:
		return dropBreaker
	}
	return ""
}

// copyOut sends one copy and compares the answers.
func (r *Router) copyOut(ctx context.Context, j copyJob) {
	ctx, cancel := context.WithTimeout(ctx, j.config.Timeout)
	defer cancel()
	run, side := j.run, j.served.Other()
	copied, tooLarge := r.askShadow(ctx, side, &j)
	if ctx.Err() == context.Canceled { // the router closes: nobody's fault
		run.drop(dropClosing)
		return
	}
	run.parity.sent.Add(1)
	code := shadowError
	if copied.Err == nil {
		code = codeIndex(copied.Status)
	}
	run.metrics.shadows[side][code].Inc()
	if tooLarge {
		run.drop(dropAnswer)
		return
	}
	legacy, modern := j.answer, copied
	if side == Legacy {
		legacy, modern = copied, j.answer
	}
	result, verdict := judge(ctx, run.compare, legacy, modern)
	run.parity.count(result)
	run.metrics.comparisons[result].Inc()
	if result != Different {
		return
	}
	for _, f := range verdict.Fields {
		c := run.metrics.differences[f.Kind]
		if c == nil {
			c = run.metrics.differences["other"]
		}
		c.Inc()
	}
	run.parity.keep(Sample{
		At: r.now(), Served: j.served, LegacyStatus: legacy.Status, ModernStatus: modern.Status,
		LegacyTook: legacy.Took, ModernTook: modern.Took, Verdict: verdict,
	})
}

// askShadow calls the side with the copy and reads its whole answer, up to the limit.
func (r *Router) askShadow(ctx context.Context, side Side, j *copyJob) (a Answer, tooLarge bool) {
	start := r.now()
	defer func() { a.Took = r.now().Sub(start) }()
	out := (&http.Request{
		Method: j.method, URL: j.url, Host: j.host, Header: j.header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(&routed{Context: ctx, params: j.params, safe: true})
	if len(j.body) > 0 {
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(j.body)), int64(len(j.body))
	}
	res, err := roundTrip(j.run.sides[side], out)
	if err != nil {
		return Answer{Err: err}, false
	}
	defer func() { _ = res.Body.Close() }() // read to its end, or given up
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(j.maxRead)+1))
	if err != nil {
		return Answer{Err: err}, false
	}
	header := make(http.Header, len(res.Header))
	copyAnswerHeader(header, res.Header)
	return Answer{Status: res.StatusCode, Header: header, Body: body}, len(body) > j.maxRead
}
