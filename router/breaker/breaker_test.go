package breaker_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/router/breaker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func noJitter(c breaker.Config) breaker.Config { c.JitterPercent = -1; return c }

func open(t testing.TB, c breaker.Config, h breaker.Hooks) *breaker.Breaker {
	t.Helper()
	b, err := breaker.New(c, h)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// call makes one call that takes d and ends in o; false if it was refused.
func call(b *breaker.Breaker, d time.Duration, o breaker.Outcome) bool {
	p, err := b.Acquire()
	if err != nil {
		return false
	}
	if d > 0 {
		time.Sleep(d) // only inside a synctest bubble
	}
	p.Done(o)
	return true
}

func trip(t testing.TB, b *breaker.Breaker, n int) {
	t.Helper()
	for range n {
		call(b, 0, breaker.Failure)
	}
	if b.State() != breaker.Open {
		t.Fatalf("state %v after %d failures, want open", b.State(), n)
	}
}

// gobreaker's own rule, six failures in a row, is blind below some 30 %.
func TestOpensOnRatioNotOnARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, breaker.Config{FailurePercent: 20, MinRequests: 50}, breaker.Hooks{})
		calls := 0
		for b.State() == breaker.Closed && calls < 1000 {
			o := breaker.Success
			if calls%5 == 4 {
				o = breaker.Failure // never two in a row
			}
			call(b, time.Millisecond, o)
			calls++
		}
		if calls != 50 {
			t.Fatalf("opened after %d calls, want 50: the minimum volume, with 20%% failed", calls)
		}
	})
}

func TestMinimumVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, breaker.Config{MinRequests: 20}, breaker.Hooks{})
		for range 19 {
			call(b, 0, breaker.Failure)
		}
		if b.State() != breaker.Closed {
			t.Fatal("19 failures opened a breaker that wants 20 calls")
		}
		call(b, 0, breaker.Failure)
		if b.State() != breaker.Open {
			t.Fatal("20 failures did not open it")
		}
	})
}

// Ten failures a minute for ever are not twenty within thirty seconds.
func TestWindowRollsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, breaker.Config{MinRequests: 20, Window: 30 * time.Second}, breaker.Hooks{})
		for range 100 {
			call(b, 0, breaker.Failure)
			time.Sleep(6 * time.Second)
		}
		if b.State() != breaker.Closed {
			t.Fatal("failures outside the window opened the breaker")
		}
	})
}

// gobreaker files an outcome under the time of the call's beginning.
func TestWindowMustOutlastTheCall(t *testing.T) {
	for _, c := range []struct {
		window time.Duration
		want   breaker.State
	}{{10 * time.Second, breaker.Closed}, {30 * time.Second, breaker.Open}} {
		t.Run(c.window.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(t, breaker.Config{MinRequests: 20, Window: c.window, OpenFor: time.Hour}, breaker.Hooks{})
				var wg sync.WaitGroup
				for range 200 {
					wg.Go(func() { call(b, 15*time.Second, breaker.Failure) })
					time.Sleep(100 * time.Millisecond)
				}
				wg.Wait()
				if got := b.State(); got != c.want {
					t.Errorf("window %v, calls that fail after 15 s: %v, want %v", c.window, got, c.want)
				}
			})
		})
	}
}

func TestOpenRefusesThenProbesThenCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, noJitter(breaker.Config{MinRequests: 5, OpenFor: 5 * time.Second, Probes: 3}), breaker.Hooks{})
		trip(t, b, 5)
		if got := b.RetryAfter(); got != 5*time.Second {
			t.Fatalf("RetryAfter %v, want 5s", got)
		}
		time.Sleep(5 * time.Second)
		if call(b, 0, breaker.Success); b.State() != breaker.Open {
			t.Fatal("admitted a call at the very end of OpenFor")
		}
		time.Sleep(time.Millisecond)
		for i := range 3 {
			if !call(b, 0, breaker.Success) {
				t.Fatalf("probe %d refused", i)
			}
		}
		if b.State() != breaker.Closed {
			t.Fatalf("state %v after 3 good probes, want closed", b.State())
		}
	})
}

func TestProbesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, noJitter(breaker.Config{MinRequests: 5, Probes: 2}), breaker.Hooks{})
		trip(t, b, 5)
		time.Sleep(6 * time.Second)
		admitted := 0
		var wg sync.WaitGroup
		var mu sync.Mutex
		for range 100 {
			wg.Go(func() {
				if call(b, time.Second, breaker.Success) {
					mu.Lock()
					admitted++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if admitted != 2 {
			t.Fatalf("%d of 100 concurrent calls were admitted as probes, want 2", admitted)
		}
		if s := b.Status(); s.State != breaker.Closed || s.Rejected != 98 || s.InFlight != 0 {
			t.Fatalf("%+v: want closed, 98 rejected, none in flight", s)
		}
	})
}

func TestOneFailedProbeOpensAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, noJitter(breaker.Config{MinRequests: 5}), breaker.Hooks{})
		trip(t, b, 5)
		time.Sleep(6 * time.Second)
		call(b, 0, breaker.Success)
		call(b, 0, breaker.Failure)
		if b.State() != breaker.Open {
			t.Fatalf("state %v, want open", b.State())
		}
		if call(b, 0, breaker.Success) {
			t.Fatal("admitted a call right after the failed probe")
		}
	})
}

// gobreaker's half-open state never ends if its probes are never settled.
func TestLostProbeDoesNotBlockForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, noJitter(breaker.Config{MinRequests: 5, Probes: 1, ProbeTimeout: 10 * time.Second}), breaker.Hooks{})
		trip(t, b, 5)
		time.Sleep(6 * time.Second)
		lost, err := b.Acquire()
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * time.Second)
		if call(b, 0, breaker.Success) {
			t.Fatal("a second probe was admitted while the first is under way")
		}
		time.Sleep(2 * time.Second) // the deadline: a failure, so open again
		if s := b.Status(); s.State != breaker.Open || s.Expired != 1 || s.InFlight != 0 {
			t.Fatalf("%+v: want open, 1 expired, none in flight", s)
		}
		time.Sleep(6 * time.Second)
		if !call(b, 0, breaker.Success) || b.State() != breaker.Closed {
			t.Fatal("the breaker did not recover from a lost probe")
		}
		lost.Done(breaker.Failure) // late, from another age: nothing
		if b.State() != breaker.Closed {
			t.Fatal("a late Done moved the breaker")
		}
	})
}

func TestSecondDoneChangesNothing(t *testing.T) {
	b := open(t, breaker.Config{MinRequests: 5}, breaker.Hooks{})
	p, err := b.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	p.Done(breaker.Success)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { p.Done(breaker.Failure) })
	}
	wg.Wait()
	if s := b.Status(); s.State != breaker.Closed || s.Success != 1 || s.Failure != 0 || s.InFlight != 0 {
		t.Fatalf("%+v: want one success and nothing else", s)
	}
}

func TestIgnoredCallsCountForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, noJitter(breaker.Config{MinRequests: 5, Probes: 1}), breaker.Hooks{})
		for range 1000 {
			call(b, 0, breaker.Ignored)
		}
		for range 4 {
			call(b, 0, breaker.Failure)
		}
		if b.State() != breaker.Closed {
			t.Fatal("callers that went away made up the minimum volume")
		}
		trip(t, b, 1)
		time.Sleep(6 * time.Second)
		for range 10 { // an ignored probe frees its place
			if !call(b, 0, breaker.Ignored) {
				t.Fatal("an ignored probe kept its place")
			}
		}
		if b.State() != breaker.HalfOpen {
			t.Fatalf("state %v, want half_open", b.State())
		}
	})
}

// OnStateChange runs under gobreaker's lock: calling State or Counts inside it deadlocks there.
func TestOnChangeMayCallTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *breaker.Breaker
		var got []string
		b = open(t, noJitter(breaker.Config{MinRequests: 5, Probes: 1}), breaker.Hooks{OnChange: func(from, to breaker.State) {
			got = append(got, fmt.Sprintf("%v>%v", from, to))
			b.Status()
			if p, err := b.Acquire(); err == nil {
				p.Done(breaker.Ignored)
			}
		}})
		trip(t, b, 5)
		time.Sleep(6 * time.Second)
		call(b, 0, breaker.Success)
		want := []string{"closed>open", "open>half_open", "half_open>closed"}
		if !slices.Equal(got, want) {
			t.Fatalf("changes %v, want %v", got, want)
		}
	})
}

func TestSlowCallsAreFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, breaker.Config{MinRequests: 10, SlowCall: 2 * time.Second}, breaker.Hooks{})
		for range 10 {
			call(b, time.Second, breaker.Success)
		}
		if s := b.Status(); s.Slow != 0 || s.Success != 10 {
			t.Fatalf("%+v: quick calls count as slow", s)
		}
		for range 10 {
			call(b, 2*time.Second, breaker.Success)
		}
		if s := b.Status(); s.State != breaker.Open || s.Slow != 10 || s.Failure != 10 {
			t.Fatalf("%+v: want open by 10 slow calls of 20", s)
		}
	})
}

func TestJitterSpreadsReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := breaker.Config{MinRequests: 5, OpenFor: 10 * time.Second, JitterPercent: 50}
		dice := rand.New(rand.NewPCG(1, 2))
		var seen []time.Duration
		for range 20 {
			b := open(t, c, breaker.Hooks{Rand: dice.Int64N})
			trip(t, b, 5)
			seen = append(seen, b.RetryAfter())
		}
		slices.Sort(seen)
		if seen[0] < 10*time.Second || seen[19] >= 15*time.Second || seen[19]-seen[0] < 2*time.Second {
			t.Fatalf("20 replicas retry after %v to %v: want spread over 10s to 15s", seen[0], seen[19])
		}
		b := open(t, c, breaker.Hooks{Rand: func(n int64) int64 { return n - 1 }})
		trip(t, b, 5)
		time.Sleep(14 * time.Second)
		if call(b, 0, breaker.Success) {
			t.Fatal("admitted before the jitter was over")
		}
		time.Sleep(time.Second + time.Millisecond)
		if !call(b, 0, breaker.Success) {
			t.Fatal("refused after the jitter was over")
		}
	})
}

func TestOffGrantsEverything(t *testing.T) {
	b := open(t, breaker.Config{Off: true}, breaker.Hooks{})
	for range 100 {
		if !call(b, 0, breaker.Failure) {
			t.Fatal("refused")
		}
	}
	if s := b.Status(); s.State != breaker.Closed || s.Failure != 100 {
		t.Fatalf("%+v", s)
	}
}

// Whatever happens, permits add up, and probes stay within their bound.
func TestEveryPermitIsSettledOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := open(t, breaker.Config{MinRequests: rapid.IntRange(1, 10).Draw(rt, "min"), OpenFor: time.Hour},
			breaker.Hooks{Rand: func(int64) int64 { return 0 }})
		granted, refused := uint64(0), uint64(0)
		var open []*breaker.Permit
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			if rapid.Bool().Draw(rt, "acquire") {
				if p, err := b.Acquire(); err == nil {
					granted++
					open = append(open, p)
				} else if !errors.Is(err, breaker.ErrOpen) {
					rt.Fatalf("error %v", err)
				} else {
					refused++
				}
			} else if len(open) > 0 {
				i := rapid.IntRange(0, len(open)-1).Draw(rt, "which")
				open[i].Done(breaker.Outcome(rapid.IntRange(0, 2).Draw(rt, "outcome")))
			}
		}
		for _, p := range open {
			p.Done(breaker.Ignored)
		}
		s := b.Status()
		if s.Success+s.Failure+s.Ignored != granted || s.Rejected != refused || s.InFlight != 0 {
			rt.Fatalf("%+v: granted %d, refused %d", s, granted, refused)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	var mu sync.Mutex
	last := breaker.Closed
	b := open(t, noJitter(breaker.Config{MinRequests: 5, OpenFor: time.Microsecond, Probes: 2}), breaker.Hooks{
		OnChange: func(from, to breaker.State) {
			mu.Lock()
			defer mu.Unlock()
			if from != last {
				t.Errorf("change from %v, but the last one went to %v", from, last)
			}
			last = to
		}})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(g), 7))
			for range 2000 {
				call(b, 0, breaker.Outcome(dice.IntN(3)))
			}
		})
	}
	wg.Wait()
	if s := b.Status(); s.InFlight != 0 || s.Success+s.Failure+s.Ignored+s.Rejected != 16000 {
		t.Fatalf("%+v: figures do not add up", s)
	}
}

func TestConfigRanges(t *testing.T) {
	for _, c := range []struct {
		name string
		c    breaker.Config
	}{
		{"failurePercent", breaker.Config{FailurePercent: 101}},
		{"minRequests", breaker.Config{MinRequests: -1}},
		{"buckets", breaker.Config{Buckets: 1}},
		{"jitterPercent", breaker.Config{JitterPercent: 101}},
		{"probes", breaker.Config{Probes: -2}},
		{"window", breaker.Config{Window: time.Millisecond}},
		{"openFor", breaker.Config{OpenFor: -1}},
	} {
		if _, err := breaker.New(c.c, breaker.Hooks{}); err == nil || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s: error %v does not name it", c.name, err)
		}
	}
	if err := (breaker.Config{}).Validate(); err != nil {
		t.Errorf("zero value: %v", err)
	}
}

func ExampleBreaker() {
	b, _ := breaker.New(breaker.Config{MinRequests: 2}, breaker.Hooks{
		OnChange: func(from, to breaker.State) { fmt.Println(from, "to", to) },
	})
	for range 3 {
		p, err := b.Acquire()
		if err != nil {
			fmt.Println(err)
			break
		}
		p.Done(breaker.Failure)
	}
	// Output:
	// closed to open
	// breaker open
}

func BenchmarkPermit(b *testing.B) {
	br := open(b, breaker.Config{}, breaker.Hooks{})
	b.ReportAllocs()
	for b.Loop() {
		p, _ := br.Acquire()
		p.Done(breaker.Success)
	}
}
