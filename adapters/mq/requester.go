package mq

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Defaults of a Requester.
const (
	defaultInFlight    = 50
	defaultCallTimeout = 10 * time.Second
	readyWait          = time.Second
)

// Requester asks over one queue and is answered over another. Each request is a non-persistent
// message with a fresh MsgId, which the answer bears as its CorrelId; it expires with the caller's
// deadline. One goroutine, in Run, reads all answers on a connection of its own. An answer that no
// call waits for goes to the LATE queue and is never given to another caller.
//
// What an error of Call says about the request: errors.Is(err, adapters.ErrInDoubt): it may have run.
// *ProgramError, *adapters.Refusal: it was answered. Any other error, adapters.ErrBusy among them: it
// certainly did not run.
//
// Safe for use by several goroutines. Fields are set before Run and not changed after.
type Requester struct {
	// Name is the exchange's name in metrics and log lines.
	Name string `yaml:"name"`
	// Dial opens connections. Required.
	Dial Dial `yaml:"-"`
	// RequestQueue takes requests; ReplyQueue is read by this Requester alone. Required.
	RequestQueue string `yaml:"requestQueue"`
	ReplyQueue   string `yaml:"replyQueue"`
	// LateQueue takes answers that nobody waits for. Empty: ReplyQueue with ".LATE" added.
	LateQueue string `yaml:"lateQueue"`
	// InFlight is how many calls may wait at once; one more gets adapters.ErrBusy. 0: 50.
	InFlight int `yaml:"inFlight"`
	// Connections is how many connections put requests. 0: 4.
	Connections int `yaml:"connections"`
	// Timeout bounds a call whose context has no deadline. 0: 10 s.
	Timeout time.Duration `yaml:"timeout"`
	// Descriptor is the template of the request's descriptor: format, code page, encoding, identity.
	Descriptor Descriptor `yaml:"-"`
	// Custom is how the transaction is asked and answers. Zero value: the bare area.
	Custom Custom `yaml:",inline"`
	// Reconnect paces the reader's connection. Zero value: 200 ms up to 30 s.
	Reconnect Pace `yaml:"reconnect"`
	// Rand is where MsgIds come from. Nil: crypto/rand.
	Rand io.Reader `yaml:"-"`
	// Metrics counts calls. Nil: nothing is counted.
	Metrics *Metrics `yaml:"-"`
	// Now is the clock of log lines. Nil: time.Now.
	Now func() time.Time `yaml:"-"`
	// Log takes one line per change of state. Nil: none.
	Log *slog.Logger `yaml:"-"`

	once  sync.Once
	pool  *pool
	slots chan struct{}
	stats exchange

	mu      sync.Mutex
	waiting map[ID]*call
	epoch   uint64        // rises when the reader loses its connection
	ready   chan struct{} // closed while the reader reads
	reading bool
}

// call is one request that waits. Its channel takes one answer.
type call struct {
	epoch  uint64
	answer chan answer
}

type answer struct {
	message Message
	err     error
}

func (r *Requester) setUp() {
	r.once.Do(func() {
		in, n := r.InFlight, r.Connections
		if in <= 0 {
			in = defaultInFlight
		}
		if n <= 0 {
			n = 4
		}
		r.pool = newPool(r.Dial, n)
		r.slots = make(chan struct{}, in)
		r.waiting = make(map[ID]*call, in)
		r.ready = make(chan struct{})
		r.stats = r.Metrics.exchange(r.Name)
	})
}

// Call puts a request and returns the area of its answer, as Custom says. h goes along as message
// properties, but for UserHeader, which sets the request's user identifier, and other names that begin
// with "mq-", which are dropped; a Legacy program that reads the bare area is called without properties.
//
// A *ProgramError says that Legacy answered that its program failed, an *adapters.Refusal that the answer
// cannot be read.
func (r *Requester) Call(ctx context.Context, body []byte, h []adapters.Header) ([]byte, error) {
	r.setUp()
	if _, set := ctx.Deadline(); !set {
		d := r.Timeout
		if d <= 0 {
			d = defaultCallTimeout
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	reply, result, err := r.call(ctx, body, h)
	r.stats.count(result)
	if err != nil {
		return nil, fmt.Errorf("call of %s: %w", r.Name, err)
	}
	return reply, nil
}

func (r *Requester) call(ctx context.Context, body []byte, h []adapters.Header) (reply []byte, result string, err error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	default:
		return nil, "busy", adapters.ErrBusy
	}
	r.stats.begin()
	defer r.stats.end()
	if err := r.waitForReader(ctx); err != nil {
		return nil, "unreachable", err
	}
	m, err := r.request(body, h)
	if err != nil {
		return nil, "refused", err
	}
	id, c, err := r.register()
	if err != nil {
		return nil, "unreachable", err
	}
	defer r.forget(id)
	if err := r.put(ctx, id, m); err != nil && !errors.Is(err, adapters.ErrInDoubt) {
		if e := asError(err); e != nil && e.Class() == Permanent {
			return nil, "refused", err
		}
		return nil, "unreachable", err
	}
	select {
	case a := <-c.answer:
		switch {
		case a.err == nil:
			if reply, err = r.Custom.reply(r.Descriptor, a.message); err != nil {
				return nil, "failed", err
			}
			return reply, "ok", nil
		case errors.Is(a.err, adapters.ErrInDoubt):
			return nil, "in_doubt", a.err
		default:
			return nil, "refused", a.err
		}
	case <-ctx.Done():
		return nil, "timeout", fmt.Errorf("no answer in time, the request may have run: %w: %w", adapters.ErrInDoubt, ctx.Err())
	}
}

// waitForReader lets a call begin only while its answer would be read.
func (r *Requester) waitForReader(ctx context.Context) error {
	r.mu.Lock()
	ready := r.ready
	r.mu.Unlock()
	t := time.NewTimer(readyWait)
	defer t.Stop()
	select {
	case <-ready:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return Failed("call", r.ReplyQueue, RCQMgrNotAvailable, "the reply queue is not being read: see the log for its last error")
	}
}

func (r *Requester) register() (ID, *call, error) {
	var id ID
	dice := r.Rand
	if dice == nil {
		dice = rand.Reader
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := io.ReadFull(dice, id[:]); err != nil {
		return id, nil, fmt.Errorf("mq: no random MsgId: %w", err)
	}
	if _, taken := r.waiting[id]; taken || id.Zero() {
		return id, nil, errors.New("mq: the random MsgId is in use")
	}
	c := &call{epoch: r.epoch, answer: make(chan answer, 1)}
	r.waiting[id] = c
	return id, c, nil
}

func (r *Requester) forget(id ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, id)
}

// request makes the message that asks, all but its identifiers and expiry.
func (r *Requester) request(body []byte, h []adapters.Header) (Message, error) {
	if err := r.Custom.Validate(); err != nil {
		return Message{}, fmt.Errorf("mq: %w", err)
	}
	m, err := r.Custom.request(r.Descriptor, body)
	if err != nil {
		return m, err
	}
	user := ""
	m.Properties = nil
	for _, p := range h {
		if p.Name == HeaderUser {
			user = p.Value
		}
		if !strings.HasPrefix(p.Name, headerPrefix) {
			m.Properties = append(m.Properties, p)
		}
	}
	switch {
	case !name(user, 0, 12):
		return m, Failed("put", r.RequestQueue, RCSecurityError, "the call's user identifier is not 1 to 12 characters of A to Z, 0 to 9, # @ $")
	case user == "" && r.Custom.RequireUser:
		return m, Failed("put", r.RequestQueue, RCSecurityError, "the call bears no user identifier, and requireUser is set")
	case user == "":
		user = r.Custom.UserIdentifier
	}
	if user != "" {
		m.UserIdentifier = user
	}
	if r.Custom.ApplicationName != "" {
		m.PutApplName = r.Custom.ApplicationName
	}
	m.MsgType = MTRequest
	m.Persistent = false
	m.ReplyToQ = r.ReplyQueue
	return m, nil
}

// put puts the request in a unit of work of its own, so that only its commit can be in doubt.
func (r *Requester) put(ctx context.Context, id ID, m Message) error {
	if m.MsgID = id; r.Custom.passThrough() {
		m.MsgID, m.CorrelID = ID{}, id
		m.Report |= ReportPassCorrelID
	}
	deadline, _ := ctx.Deadline()
	return r.pool.do(ctx, func(c Conn) error {
		left := time.Until(deadline)
		if left <= 0 {
			return context.DeadlineExceeded
		}
		m.Expiry = tenths(left)
		if _, err := c.Put(ctx, r.RequestQueue, m, PutOptions{Syncpoint: true, PassContext: m.hasIdentity()}); err != nil {
			return err
		}
		return c.Commit(ctx)
	})
}

// Ready reports whether answers are being read.
func (r *Requester) Ready() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reading
}

// Close closes the connections that put. Run ends with its own context.
func (r *Requester) Close() {
	r.setUp()
	r.pool.close()
}
