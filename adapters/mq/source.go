package mq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Defaults of a Source.
const (
	defaultMaxBatch = 250
	defaultMaxBytes = 8 << 20
	defaultMaxTime  = 500 * time.Millisecond
	defaultWait     = 5 * time.Second
	settleTimeout   = 10 * time.Second
	// DefaultBackoutThreshold is the BackoutCount at which a message moves when nobody sets another.
	DefaultBackoutThreshold = 5
)

// Source delivers the messages of a queue, each batch in one unit of work on one connection in one
// goroutine.
//
// Nil from the Handler commits, an error backs out. A message that was backed out before
// (BackoutCount above 0, which the queue manager keeps across restarts) always comes alone, so one bad
// message condemns its batch once and then only itself. Alone, it goes three ways:
//
//   - its Handler returns an *adapters.Refusal: it moves to the backout queue at once;
//   - its Handler reports an outage (see Outage): it is held, and handed over again after a pause, so
//     that an outage never drives good messages to the backout queue;
//   - any other error: it is backed out and comes again after a pause, until BackoutCount reaches the
//     threshold and it moves.
//
// A message moves whole, with its descriptor, in one unit of work, with headers portage-reason,
// portage-queue, portage-attempts and, after a Refusal, portage-field, -offset and -size.
//
// A lost connection is opened again for ever, with growing pauses and one log line per change of
// state. When a commit is in doubt, its messages are remembered and settled without the Handler if they
// come again (see Resume for what survives the process).
//
// A batch is what waits on the queue: one message while the queue is shallow, so that nothing is late, and up to
// MaxBatch of them while it is deep. A source of a queue that another connection reads stands by: it asks again
// each second, and has touched nothing until the queue is its own.
//
// Fields are set before Consume and not changed after.
type Source struct {
	// Dial opens connections. Required.
	Dial Dial `yaml:"-"`
	// Queue is the queue to read. Required.
	Queue string `yaml:"queue"`
	// MaxBatch is the largest number of messages in a batch, up to the constant MaxBatch. 0: 250.
	MaxBatch int `yaml:"maxBatch"`
	// MaxBytes ends a batch whose bodies reach it, in bytes. 0: 8 MiB. A longer message comes alone.
	MaxBytes int `yaml:"maxBytes"`
	// MaxTime ends a batch that takes as long to get, as it does when each get is a long way. 0: 500 ms; the most
	// that is useful is 5 s.
	MaxTime time.Duration `yaml:"maxTime"`
	// Wait is how long one get waits for a message. 0: 5 s. It only sets how often an idle source asks.
	Wait time.Duration `yaml:"wait"`
	// Shared lets other connections take from the queue too; then order is lost and a commit in doubt
	// can only be judged by what comes again. False: the source reads exclusively.
	Shared bool `yaml:"shared"`
	// BackoutThreshold is the BackoutCount at which a message moves. 0: the queue's own, or 5 if it has
	// none. Below 0: never.
	BackoutThreshold int `yaml:"backoutThreshold"`
	// BackoutQueue takes what moves. Empty: the queue's own; if it has none either, nothing moves and a
	// message that keeps failing holds up the queue.
	BackoutQueue string `yaml:"backoutQueue"`
	// Retry paces a message that failed alone, Reconnect a connection. Zero values: 200 ms up to 30 s.
	Retry     Pace `yaml:"retry"`
	Reconnect Pace `yaml:"reconnect"`
	// Outage reports whether a Handler's error speaks of the way out and not of the message. Nil: errors
	// with a method Transient() bool that says true, network errors, deadlines, *Error of the classes
	// Transient, Reconnect and Alert, and adapters.ErrInDoubt.
	Outage func(error) bool `yaml:"-"`
	// Digest is the digest in a message's identity. Nil: SHA-256. A keyed one hides bodies from those who
	// see identities; its key must outlive the queue's content.
	Digest func(body []byte) [16]byte `yaml:"-"`
	// Now is the clock of log lines. Nil: time.Now.
	Now func() time.Time `yaml:"-"`
	// Log takes one line per change of state. Nil: none.
	Log *slog.Logger `yaml:"-"`

	sequence uint64       // of the last batch handed over
	doubt    map[mark]int // messages that are settled in the sink, and may still come again
	onTake   func(context.Context) error
}

var _ adapters.Source = (*Source)(nil)

// OnTake sets what is done on each new connection once the queue is the source's own, before a message is taken
// from it: that is the time to recover a Ledger, since another reader of the queue may have used it until then,
// and no other can from now on, and to Resume. If f fails, the connection is closed and tried again. Of a Shared source
// the queue is never its own: f is called on each new connection. Call it before Consume.
func (s *Source) OnTake(f func(context.Context) error) { s.onTake = f }

// Resume tells the source the last position that its Ledger committed. The messages in it are settled
// without the Handler when they come again, and each later Position carries their marks until they have
// come or, for a source that is not Shared, are proven absent: nothing can be published twice by a
// position that forgot them. Call it before Consume, in OnTake's func or in the Handler. A nil position is a new
// start.
func (s *Source) Resume(position []byte) error {
	if position == nil {
		return nil
	}
	sequence, marks, err := parsePosition(position)
	if err != nil {
		return fmt.Errorf("resume %s: %w", s.Queue, err)
	}
	s.sequence = max(s.sequence, sequence)
	if s.doubt == nil {
		s.doubt = make(map[mark]int, len(marks))
	}
	for m, n := range marks {
		s.doubt[m] = max(s.doubt[m], n)
	}
	return nil
}

// Consume implements adapters.Source. It returns an error only for a Source that is not set up;
// everything else is tried again until ctx ends.
func (s *Source) Consume(ctx context.Context, h adapters.Handler) error {
	if s.Dial == nil || s.Queue == "" {
		return errors.New("mq: a source needs Dial and Queue")
	}
	if s.MaxBatch > MaxBatch {
		return fmt.Errorf("mq: source of %s: maxBatch %d is over the limit of %d", s.Queue, s.MaxBatch, MaxBatch)
	}
	log := orDiscard(s.Log).With("queue", s.Queue)
	w := &worker{
		Source:  s,
		handler: h,
		log:     log,
		link:    health{log: log, now: orNow(s.Now)},
		way:     health{log: log.With("for", "handler"), now: orNow(s.Now)},
	}
	for failures := 0; ctx.Err() == nil; {
		settled, err := w.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if settled {
			failures = 0
		}
		failures++
		w.link.failed(err)
		if !pause(ctx, s.Reconnect.delay(failures)) {
			return nil
		}
	}
	return nil
}

// outage reports whether err says that the way out is closed.
func (s *Source) outage(err error) bool {
	if s.Outage != nil {
		return s.Outage(err)
	}
	if t, ok := errors.AsType[interface {
		error
		Transient() bool
	}](err); ok {
		return t.Transient()
	}
	if e := asError(err); e != nil {
		return e.Class() != Permanent
	}
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, adapters.ErrInDoubt) || errors.Is(err, context.DeadlineExceeded)
}

func orNow(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

func orDiscard(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
