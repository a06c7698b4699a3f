package router

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/portage-gateway/portage/router/breaker"
)

// The defaults of Route.
const (
	DefaultLegacyTimeout       = 15 * time.Second
	DefaultModernTimeout       = 5 * time.Second
	DefaultMaxFallbackInFlight = 256
	DefaultMaxBody             = 10 << 20
	DefaultBufferBody          = 64 << 10
	DefaultBufferAnswer        = 1 << 20
)

// Route is one operation with its two sides, as the configuration file describes it. Stage and Share
// are first values only: once the Store knows the route, the Store's word counts.
type Route struct {
	// Name identifies the route in metrics, headers and commands: lower-case letters, digits and
	// hyphens. Mandatory.
	Name string `yaml:"name"`
	// Methods that the route answers. Empty: GET and HEAD. CONNECT and TRACE are refused.
	Methods []string `yaml:"methods"`
	// Path is the pattern: literal segments and {name} segments, each of which takes one segment that is
	// not empty. A literal outranks a {name}. Mandatory.
	Path string `yaml:"path"`
	// Group joins routes whose clients move together: equal group and salt give a client the same
	// bucket. Empty: the name.
	Group string `yaml:"group"`
	// Salt makes the group's order of moving its own. It must never change while the route is on its
	// way: another salt sends clients back and forth. Empty: the group.
	Salt string `yaml:"salt"`
	// Stage is the first stage. Empty: discovery.
	Stage Stage `yaml:"stage"`
	// Share is the first share in ten-thousandths, within what the stage allows. Default 0.
	Share int `yaml:"share"`
	// BetaCap is the largest share at stage beta, in ten-thousandths. 0: MaxBetaShare, 5,000.
	BetaCap int `yaml:"betaCap"`
	// LegacyTimeout and ModernTimeout bound a side's answer, from the call to the last buffered byte. A
	// fallback starts Legacy's anew. 0: 15 s and 5 s.
	LegacyTimeout time.Duration `yaml:"legacyTimeout"`
	ModernTimeout time.Duration `yaml:"modernTimeout"`
	// Safe says whether requests have no effect on either side, so that one may be sent twice (fallback)
	// or copied (shadow). Absent: GET and HEAD are safe and no other method is. true: all the route's
	// methods, such as an inquiry by POST. false: none, such as a GET that writes an audit row.
	Safe *bool `yaml:"safe"`
	// Override lets testers choose the side, from stage alpha on. Default false.
	Override bool `yaml:"override"`
	// MaxFallbackInFlight bounds the requests that Legacy serves at once in Modern's stead; one more is
	// answered 503. 0: 256; -1: no bound.
	MaxFallbackInFlight int `yaml:"maxFallbackInFlight"`
	// LegacyCapacity is what Legacy can serve, in requests a minute; plans compare with it. 0: unknown.
	LegacyCapacity int `yaml:"legacyCapacity"`
	// MaxBody is the largest request body in bytes; a larger one is answered 413. 0: 10 MiB.
	MaxBody int64 `yaml:"maxBody"`
	// BufferBody is how much of a request body is read before a side is called, in bytes. A larger body
	// streams, and cannot fall back once a side has read of it. 0: 64 KiB.
	BufferBody int `yaml:"bufferBody"`
	// BufferAnswer is the largest answer in bytes that is read to its end before the first byte goes
	// out. A larger one streams: if it breaks off, the client's connection is cut. 0: 1 MiB.
	BufferAnswer int `yaml:"bufferAnswer"`
	// Breaker guards Modern. Its window is raised to twice ModernTimeout if it is shorter.
	Breaker breaker.Config `yaml:"breaker"`
	// Shadow copies safe requests to the side that does not serve them.
	Shadow Shadow `yaml:"shadow"`
}

// withDefaults fills in what is zero.
func (r Route) withDefaults() Route {
	if len(r.Methods) == 0 {
		r.Methods = []string{"GET", "HEAD"}
	}
	r.Group = or(r.Group, r.Name)
	r.Salt = or(r.Salt, r.Group)
	r.Stage = or(r.Stage, Discovery)
	r.BetaCap = or(r.BetaCap, MaxBetaShare)
	r.LegacyTimeout = or(r.LegacyTimeout, DefaultLegacyTimeout)
	r.ModernTimeout = or(r.ModernTimeout, DefaultModernTimeout)
	r.MaxFallbackInFlight = or(r.MaxFallbackInFlight, DefaultMaxFallbackInFlight)
	r.MaxBody = or(r.MaxBody, DefaultMaxBody)
	r.BufferBody = or(r.BufferBody, DefaultBufferBody)
	r.BufferAnswer = or(r.BufferAnswer, DefaultBufferAnswer)
	r.Breaker.Window = max(or(r.Breaker.Window, breaker.DefaultWindow), 2*r.ModernTimeout)
	r.Shadow = r.Shadow.withDefaults()
	return r
}

// or returns v, or d if v is zero.
func or[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}

// Validate says what is wrong with the route, by the setting's name, all faults joined.
func (r Route) Validate() error {
	var errs []error
	bad := func(setting, format string, a ...any) {
		errs = append(errs, fmt.Errorf("route %q: %s: %s", r.Name, setting, fmt.Sprintf(format, a...)))
	}
	if !validName(r.Name) {
		bad("name", "must be 1 to 63 lower-case letters, digits or hyphens")
	}
	if _, err := parsePattern(r.Path); err != nil {
		bad("path", "%v", err)
	}
	d := r.withDefaults()
	for _, m := range d.Methods {
		if m == "CONNECT" || m == "TRACE" || m == "" || strings.ToUpper(m) != m {
			bad("methods", "%q is not allowed; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS", m)
		}
	}
	if d.Stage.rank() < 0 {
		bad("stage", "%q is none of %v", d.Stage, Stages)
	} else if limit := d.shareCap(d.Stage); d.Share < 0 || d.Share > limit {
		bad("share", "is %d, and must lie between 0 and %d at stage %s", d.Share, limit, d.Stage)
	}
	if d.BetaCap < 0 || d.BetaCap > FullShare {
		bad("betaCap", "is %d, and must lie between 0 and %d", d.BetaCap, FullShare)
	}
	if d.LegacyTimeout < 0 || d.ModernTimeout < 0 {
		bad("timeouts", "must not be negative")
	}
	if d.MaxFallbackInFlight < -1 || d.LegacyCapacity < 0 || d.MaxBody < 0 || d.BufferBody < 0 || d.BufferAnswer < 0 {
		bad("limits", "must not be negative (maxFallbackInFlight may be -1)")
	}
	if err := d.Breaker.Validate(); err != nil {
		bad("breaker", "%v", err)
	}
	if err := d.Shadow.validate(); err != nil {
		bad("shadow", "%v", err)
	}
	return errors.Join(errs...)
}

func validName(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// shareCap is the largest share that a stage allows.
func (r *Route) shareCap(s Stage) int {
	switch s {
	case Beta:
		return or(r.BetaCap, MaxBetaShare)
	case Live, Retired:
		return FullShare
	default:
		return 0
	}
}

// first is the route's State before anybody changed it. A retired route's share is the full one.
func (r *Route) first() State {
	s := State{Route: r.Name, Stage: r.Stage, Share: r.Share}
	if s.Stage == Retired {
		s.Share = FullShare
	}
	return s
}

// safe reports whether a request by method has no effect on the route's sides.
func (r *Route) safe(method string) bool {
	if r.Safe != nil {
		return *r.Safe
	}
	return method == "GET" || method == "HEAD"
}

// timeout is the side's.
func (r *Route) timeout(s Side) time.Duration {
	if s == Modern {
		return r.ModernTimeout
	}
	return r.LegacyTimeout
}

// sameOrder reports whether both routes move their clients in the same order.
func (r *Route) sameOrder(o *Route) bool { return r.Salt == o.Salt && r.Group == o.Group }
