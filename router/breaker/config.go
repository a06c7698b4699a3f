package breaker

import (
	"fmt"
	"time"
)

// The defaults of Config.
const (
	DefaultFailurePercent = 50
	DefaultMinRequests    = 20
	DefaultWindow         = 30 * time.Second
	DefaultBuckets        = 10
	DefaultOpenFor        = 5 * time.Second
	DefaultJitterPercent  = 20
	DefaultProbes         = 3
	DefaultProbeTimeout   = 30 * time.Second
)

// Config holds a breaker's settings. The zero value is a breaker with every default; the package
// comment has a table of them.
type Config struct {
	// Off grants every Acquire and only counts. Default false.
	Off bool `yaml:"off"`
	// FailurePercent is how many of a hundred settled calls must fail to open the breaker. 1 to 100;
	// 0: 50.
	FailurePercent int `yaml:"failurePercent"`
	// MinRequests is how many settled calls the window must hold before it can open. 0: 20.
	MinRequests int `yaml:"minRequests"`
	// Window is how far back calls are counted. It must be longer than the longest call. 0: 30 s.
	Window time.Duration `yaml:"window"`
	// Buckets is the number of steps in which the window rolls on, 2 to 100. 0: 10.
	Buckets int `yaml:"buckets"`
	// OpenFor is how long every call is refused once the breaker opened. 0: 5 s.
	OpenFor time.Duration `yaml:"openFor"`
	// JitterPercent of OpenFor is the most that chance adds to it, 0 to 100. 0: 20; -1: none.
	JitterPercent int `yaml:"jitterPercent"`
	// Probes is how many calls are admitted while half open, and how many must succeed in a row to
	// close. 0: 3.
	Probes int `yaml:"probes"`
	// ProbeTimeout is after how long an unsettled probe counts as a failure. 0: 30 s.
	ProbeTimeout time.Duration `yaml:"probeTimeout"`
	// SlowCall is the time from which on a successful call counts as a failure, and as slow. 0: never.
	SlowCall time.Duration `yaml:"slowCall"`
}

// Validate says what is out of range, by the setting's name in the configuration file.
func (c Config) Validate() error {
	ranges := []struct {
		name      string
		v, lo, hi int64
	}{
		{"failurePercent", int64(c.FailurePercent), 0, 100},
		{"minRequests", int64(c.MinRequests), 0, 1_000_000},
		{"buckets", int64(c.Buckets), 0, 100},
		{"jitterPercent", int64(c.JitterPercent), -1, 100},
		{"probes", int64(c.Probes), 0, 1000},
	}
	for _, r := range ranges {
		if r.v < r.lo || r.v > r.hi {
			return fmt.Errorf("breaker: %s is %d, and must lie between %d and %d", r.name, r.v, r.lo, r.hi)
		}
	}
	if c.Buckets == 1 {
		return fmt.Errorf("breaker: buckets is 1, and must be at least 2: one bucket does not roll")
	}
	for name, d := range map[string]time.Duration{
		"window": c.Window, "openFor": c.OpenFor, "probeTimeout": c.ProbeTimeout, "slowCall": c.SlowCall,
	} {
		if d < 0 {
			return fmt.Errorf("breaker: %s is %v, and must not be negative", name, d)
		}
	}
	if c.Window > 0 && c.Window < 100*time.Millisecond {
		return fmt.Errorf("breaker: window is %v, and must be at least 100ms", c.Window)
	}
	return nil
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	set := func(p *int, d int) {
		if *p == 0 {
			*p = d
		}
	}
	setD := func(p *time.Duration, d time.Duration) {
		if *p == 0 {
			*p = d
		}
	}
	set(&c.FailurePercent, DefaultFailurePercent)
	set(&c.MinRequests, DefaultMinRequests)
	setD(&c.Window, DefaultWindow)
	set(&c.Buckets, DefaultBuckets)
	setD(&c.OpenFor, DefaultOpenFor)
	set(&c.JitterPercent, DefaultJitterPercent)
	set(&c.Probes, DefaultProbes)
	setD(&c.ProbeTimeout, DefaultProbeTimeout)
	return c
}
