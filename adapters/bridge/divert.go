package bridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Diversion reads a queue that only Legacy read before, and passes each message on to the side that its
// Key decides for: as it is to Legacy's queue, or to Modern. It is cut in and out by repointing an alias,
// so that no program changes; adapters/bridge/diversion.md says how.
//
// Each message arrives once, through every change of the share and every kill: what goes to a queue is put
// in the unit of work that took it, and a Sink has to be a Ledger, which remembers with the messages what
// it was given. A Sink that remembers nothing is refused: a message that it may have got could be decided
// for Legacy when it comes again. Give such a Sink a queue of its own and a Bridge from there.
//
// Fields are set before Run and not changed after.
type Diversion struct {
	// Name stands in metrics and log lines. Required.
	Name string
	// Source delivers. With a Sink it must give batches a Position, as mq.Source does, and may have Resume
	// and OnTake (see Bridge.Source). Required.
	Source adapters.Source
	// LegacyQueue is the queue that Legacy reads, for Unit.Put: the message goes there with its bytes,
	// descriptor, identity context, properties and what is left of its expiry. Required, but for a Tap.
	LegacyQueue string
	// ModernQueue is the queue that Modern reads, for Unit.Put, likewise. Empty: Sink takes Modern's messages.
	ModernQueue string
	// Sink takes Modern's messages if there is no ModernQueue. It must be an adapters.Ledger.
	Sink adapters.Sink
	// Translate makes what the Sink takes of one message, such as Events does. A message that it refuses (see
	// Bridge.Refused) goes to Legacy as undecodable; any other error returns the batch. Nil: as it is.
	Translate func(ctx context.Context, m adapters.Message) ([]adapters.Message, error)
	// Key names the client that a message is about; ok is false if it names none. An error says that it cannot
	// be told: the message is undecodable and goes to Legacy. It is called by one goroutine. Required, but for
	// a Tap.
	Key func(m adapters.Message) (key [16]byte, ok bool, err error)
	// Decide says which side a client's messages go to, and why, by a reason of the closed set in
	// DecideReasons: the router's Decision on the same Key. Required, but for a Tap.
	Decide func(key [16]byte, ok bool) (modern bool, reason string)
	// Tap says that the queue holds copies which the queue manager makes for us (STREAMQ with
	// STRMQOS(BESTEF)): Legacy has every message already, and all that can be decoded goes to Modern.
	Tap bool
	// Lost returns how many copies the queue manager could not make, counted since it started. It is asked
	// after each batch of a Tap, and every 30 s: where no copy can be made no batch comes. Nil: nobody knows.
	Lost func(context.Context) (uint64, error)
	// Metrics counts. Nil: nothing is counted.
	Metrics *DiversionMetrics
	// Log takes a line when copies were lost and when a diversion ends. Nil: none.
	Log *slog.Logger
}

// diverting is one Run.
type diverting struct {
	*Diversion
	ledger  adapters.Ledger
	numbers diversionNumbers
	mu      sync.Mutex // of what follows
	lost    uint64     // as last told
	known   bool       // lost was told
	ending
}

// lostEvery is how often a Tap asks what was lost when no batch comes.
const lostEvery = 30 * time.Second

// Run diverts until ctx ends, then returns nil. It returns an error when the Source ends, and when the
// Ledger is in doubt or taken over, as Bridge.Run does.
func (d *Diversion) Run(ctx context.Context) error {
	r, err := d.prepare(ctx)
	if err == nil {
		defer r.watchLost(ctx)()
		err = r.consume(ctx, d.Source, r.ledger, r.handle)
	}
	if err != nil {
		return fmt.Errorf("diversion %s: %w", d.Name, err)
	}
	return nil
}

func (d *Diversion) check() error {
	switch {
	case d.Name == "":
		return errors.New("it has no Name")
	case d.Source == nil:
		return errors.New("it has no Source")
	case (d.ModernQueue == "") == (d.Sink == nil):
		return errors.New("it needs a ModernQueue or a Sink for Modern, and not both")
	case d.Tap && d.LegacyQueue != "":
		return errors.New("a tap reads copies: Legacy has the messages already, and must not get them again from LegacyQueue")
	case d.Tap:
		return nil
	case d.LegacyQueue == "":
		return errors.New("LegacyQueue is empty: Legacy would get nothing")
	case d.Key == nil || d.Decide == nil:
		return errors.New("it needs Key and Decide")
	case d.LegacyQueue == d.ModernQueue:
		return errors.New("LegacyQueue and ModernQueue are the same queue")
	}
	return nil
}

func (d *Diversion) prepare(ctx context.Context) (*diverting, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	own := *d
	r := &diverting{Diversion: &own, numbers: d.Metrics.diversion(d.Name, d.Tap)}
	if own.Log == nil {
		own.Log = slog.New(slog.DiscardHandler)
	}
	if r.Tap && r.Lost != nil {
		n, err := r.Lost(ctx)
		r.lost, r.known = n, err == nil
	}
	if d.Sink == nil {
		return r, nil
	}
	var ok bool
	if r.ledger, ok = d.Sink.(adapters.Ledger); !ok {
		return nil, errors.New("its Sink remembers nothing, so a message could reach both sides: give Modern a queue, and carry it on from there with a bridge")
	}
	return r, nil
}

// sorted is a batch by sides.
type sorted struct {
	legacy, modern []adapters.Message
	published      []adapters.Message // what the Sink takes of modern
	counts         map[sideReason]int
}

type sideReason struct{ side, reason string }

// handle settles one batch: it is the Source's Handler.
func (r *diverting) handle(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
	s, err := r.sort(ctx, b)
	if err == nil {
		err = r.pass(ctx, u, b.Position, s)
	}
	if err != nil {
		r.judge(r.ledger, err)
		return err
	}
	for k, n := range s.counts {
		r.numbers.count(k, n)
	}
	r.countLost(ctx)
	return nil
}

// sort decides for each message of a batch.
func (r *diverting) sort(ctx context.Context, b adapters.Batch) (*sorted, error) {
	s := &sorted{counts: make(map[sideReason]int)}
	for _, m := range b.Messages {
		modern, reason := r.decide(m)
		if modern && r.ledger != nil && r.Translate != nil {
			out, err := r.Translate(ctx, m)
			if err != nil {
				if _, refused := refusalOf(err); !refused {
					return nil, fmt.Errorf("translate message %s: %w", m.ID, err)
				}
				modern, reason = false, reasonUndecodable
			}
			s.published = append(s.published, out...)
		} else if modern {
			s.published = append(s.published, m)
		}
		if modern {
			s.modern = append(s.modern, m)
			s.counts[sideReason{sideModern, reason}]++
			continue
		}
		s.legacy = append(s.legacy, m)
		s.counts[sideReason{sideLegacy, reason}]++
	}
	return s, nil
}

func (r *diverting) decide(m adapters.Message) (modern bool, reason string) {
	if r.Tap {
		return true, reasonTap
	}
	key, ok, err := r.Key(m)
	if err != nil {
		return false, reasonUndecodable
	}
	return r.Decide(key, ok)
}

// pass hands the messages on. Puts come first: they take their messages out of the position, which the
// Ledger then remembers only for its own.
func (r *diverting) pass(ctx context.Context, u adapters.Unit, position []byte, s *sorted) error {
	if len(s.legacy) > 0 && !r.Tap { // of a tap, Legacy has them
		if err := u.Put(ctx, r.LegacyQueue, s.legacy...); err != nil {
			return fmt.Errorf("pass %d messages on to Legacy: %w", len(s.legacy), err)
		}
	}
	if len(s.modern) == 0 {
		return nil
	}
	if r.ledger == nil {
		if err := u.Put(ctx, r.ModernQueue, s.modern...); err != nil {
			return fmt.Errorf("pass %d messages on to Modern: %w", len(s.modern), err)
		}
		return nil
	}
	if len(position) == 0 {
		return errors.New("the Source gives batches no position, and Modern's Sink would not know a message that comes again")
	}
	if err := r.ledger.PublishAt(ctx, position, s.published...); err != nil {
		return fmt.Errorf("publish %d messages to Modern: %w", len(s.published), err)
	}
	return nil
}

// watchLost asks what was lost until the func that it returns is called, which waits for the end of it.
func (r *diverting) watchLost(ctx context.Context) (stop func()) {
	if !r.Tap || r.Lost == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for tick := time.NewTicker(lostEvery); ; {
			select {
			case <-tick.C:
				r.countLost(ctx)
			case <-ctx.Done():
				tick.Stop()
				return
			}
		}
	})
	return func() { cancel(); wg.Wait() }
}

// countLost counts the copies that were lost since it was last asked, the first time by prepare: what was
// lost before Run is not its to count.
func (r *diverting) countLost(ctx context.Context) {
	if !r.Tap || r.Lost == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := r.Lost(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		r.Log.WarnContext(ctx, "the queue manager does not say how many copies it lost", "diversion", r.Name, "error", err)
		return
	}
	fresh := n - r.lost
	switch {
	case !r.known:
		fresh = 0
	case n < r.lost: // it was started again
		fresh = n
	}
	r.lost, r.known = n, true
	if fresh > 0 {
		r.numbers.lost(fresh)
		r.Log.WarnContext(ctx, "the tap lost messages: Modern has not seen them, Legacy has", "diversion", r.Name, "messages", fresh)
	}
}
