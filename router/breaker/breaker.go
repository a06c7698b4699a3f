package breaker

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// ErrOpen says that the call must not be made: the breaker is open, or half open with all its probes
// under way. Test it with errors.Is.
var ErrOpen = errors.New("breaker open")

// State is where a breaker stands.
type State uint8

// The states.
const (
	Closed State = iota
	HalfOpen
	Open
)

// States lists all states, in the order of their values: metrics make one series of each.
var States = [...]State{Closed, HalfOpen, Open}

// String returns "closed", "half_open" or "open", as metrics and the page write it.
func (s State) String() string {
	switch s {
	case HalfOpen:
		return "half_open"
	case Open:
		return "open"
	default:
		return "closed"
	}
}

// Outcome is what came of a call.
type Outcome uint8

// The outcomes. Ignored is the zero value: what nobody judged moves nothing.
const (
	Ignored Outcome = iota // says nothing about the side: the client went away
	Success
	Failure
)

// Hooks connect a breaker to what surrounds it. All may be nil.
type Hooks struct {
	// OnChange is told of every change of state, in order, one at a time, outside all locks: it may call
	// any method of the breaker. It runs in the goroutine of the call that caused the change, so it must
	// be quick.
	OnChange func(from, to State)
	// Rand returns a number from 0 to n-1, n > 0; it draws the jitter. Nil: math/rand/v2.
	Rand func(n int64) int64
}

// Breaker guards one side of one route. Safe for use by several goroutines.
type Breaker struct {
	config Config
	hooks  Hooks
	cb     *gobreaker.TwoStepCircuitBreaker[struct{}]
	epoch  time.Time // times are kept as distances from it, on the monotonic clock

	state   atomic.Uint32
	since   atomic.Int64 // of the last change, from epoch
	retryAt atomic.Int64 // before it an open breaker refuses without asking gobreaker

	success, failure, slow, ignored, rejected, expired atomic.Uint64
	inFlight                                           atomic.Int64

	mu       sync.Mutex // guards what follows; taken inside gobreaker's lock, never around it
	pending  []change
	draining bool
}

type change struct{ from, to State }

// New returns a closed breaker. The error names a setting that is out of range.
func New(c Config, h Hooks) (*Breaker, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	if h.Rand == nil {
		h.Rand = rand.Int64N
	}
	b := &Breaker{config: c, hooks: h, epoch: time.Now()}
	b.cb = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:   uint32(c.Probes),
		Interval:      c.Window,
		BucketPeriod:  c.Window / time.Duration(c.Buckets),
		Timeout:       c.OpenFor,
		ReadyToTrip:   b.readyToTrip,
		OnStateChange: b.changed,
		IsSuccessful:  func(err error) bool { return err == nil },
		IsExcluded:    func(err error) bool { return errors.Is(err, errIgnored) },
	})
	return b, nil
}

var (
	errFailed  = errors.New("failed")
	errIgnored = errors.New("ignored")
)

// readyToTrip judges the window. Unsettled calls do not count: they would thin out the ratio.
func (b *Breaker) readyToTrip(n gobreaker.Counts) bool {
	settled := uint64(n.TotalSuccesses) + uint64(n.TotalFailures)
	return settled >= uint64(b.config.MinRequests) &&
		uint64(n.TotalFailures)*100 >= settled*uint64(b.config.FailurePercent)
}

// changed runs while gobreaker's lock is held: it only notes the change, and flush tells of it.
func (b *Breaker) changed(_ string, from, to gobreaker.State) {
	now := time.Since(b.epoch)
	if to == gobreaker.StateOpen {
		b.retryAt.Store(int64(now + b.config.OpenFor + b.jitter()))
	}
	b.since.Store(int64(now))
	b.state.Store(uint32(fromGobreaker(to)))
	b.mu.Lock()
	b.pending = append(b.pending, change{fromGobreaker(from), fromGobreaker(to)})
	b.mu.Unlock()
}

func (b *Breaker) jitter() time.Duration {
	if b.config.JitterPercent <= 0 {
		return 0
	}
	most := int64(b.config.OpenFor) / 100 * int64(b.config.JitterPercent)
	if most <= 0 {
		return 0
	}
	return time.Duration(b.hooks.Rand(most))
}

func fromGobreaker(s gobreaker.State) State {
	switch s {
	case gobreaker.StateHalfOpen:
		return HalfOpen
	case gobreaker.StateOpen:
		return Open
	default:
		return Closed
	}
}

// flush hands noted changes to OnChange, in order. Only one goroutine does so at a time; changes that
// come meanwhile, also from inside OnChange, are left to it.
func (b *Breaker) flush() {
	b.mu.Lock()
	if b.draining || len(b.pending) == 0 {
		b.mu.Unlock()
		return
	}
	b.draining = true
	for len(b.pending) > 0 {
		c := b.pending[0]
		b.pending = b.pending[1:]
		b.mu.Unlock()
		if b.hooks.OnChange != nil {
			b.hooks.OnChange(c.from, c.to)
		}
		b.mu.Lock()
	}
	b.pending, b.draining = nil, false
	b.mu.Unlock()
}

// State returns where the breaker stands, without moving it.
func (b *Breaker) State() State { return State(b.state.Load()) }

// Status is a breaker as the page shows it. The counts run from the start and are never cleared.
type Status struct {
	State State
	// For is how long the breaker has been in State.
	For time.Duration
	// RetryAfter is how long an open breaker will still refuse; 0 in other states.
	RetryAfter time.Duration
	// Success, Failure, Slow and Ignored count settled calls; Slow ones stand under Failure too.
	Success, Failure, Slow, Ignored uint64
	// Rejected counts refused Acquires; Expired counts probes that nobody settled in time.
	Rejected, Expired uint64
	// InFlight is the number of permits not settled yet.
	InFlight int64
}

// Status returns a snapshot. Its figures are read one after the other, not at one moment.
func (b *Breaker) Status() Status {
	return Status{
		State:      b.State(),
		For:        time.Since(b.epoch) - time.Duration(b.since.Load()),
		RetryAfter: b.RetryAfter(),
		Success:    b.success.Load(),
		Failure:    b.failure.Load(),
		Slow:       b.slow.Load(),
		Ignored:    b.ignored.Load(),
		Rejected:   b.rejected.Load(),
		Expired:    b.expired.Load(),
		InFlight:   b.inFlight.Load(),
	}
}

// RetryAfter returns how long an open breaker will still refuse; 0 in other states.
func (b *Breaker) RetryAfter() time.Duration {
	if b.State() != Open {
		return 0
	}
	return max(0, time.Duration(b.retryAt.Load())-time.Since(b.epoch))
}
