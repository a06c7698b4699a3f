package router

import (
	"fmt"
	"time"
)

// Side is one of the two implementations of an operation.
type Side uint8

// The sides. Legacy is the zero value: whatever is unknown or undecided goes there.
const (
	Legacy Side = iota
	Modern
)

// Neither stands in the Decision of a request that no side was asked to answer: the router refused it.
const Neither Side = 2

// String returns "legacy", "modern" or "none" (Neither), as metrics, headers and the audit write it.
func (s Side) String() string {
	switch s {
	case Modern:
		return "modern"
	case Neither:
		return "none"
	default:
		return "legacy"
	}
}

// Other returns the opposite side; Neither has none, and returns itself.
func (s Side) Other() Side {
	switch s {
	case Legacy:
		return Modern
	case Modern:
		return Legacy
	default:
		return s
	}
}

// Reason says why a Decision chose its Side. It is a closed set: metric labels are made of it.
type Reason string

// The reasons.
const (
	ReasonShare       Reason = "share"        // the client's bucket lies below the share, or does not
	ReasonStage       Reason = "stage"        // the route's stage allows only this side
	ReasonOverride    Reason = "override"     // a tester asked for the side
	ReasonPin         Reason = "pin"          // the client is held to the side
	ReasonNoKey       Reason = "no_key"       // no Key in the request: Legacy
	ReasonKilled      Reason = "killed"       // the kill switch holds the route on Legacy
	ReasonBreakerOpen Reason = "breaker_open" // the breaker refuses Modern: Legacy
	ReasonFallback    Reason = "fallback"     // Modern failed and the request is safe: Legacy

	// With these the side is Neither.
	ReasonRefused      Reason = "refused"       // the request is malformed or too large
	ReasonNotFound     Reason = "not_found"     // no route has the path, or none with the method
	ReasonBadReference Reason = "bad_reference" // the path names a client that does not exist
	ReasonShed         Reason = "shed"          // Legacy has no room for one more fallback
)

// Stage is how far a route may move.
type Stage string

// The stages, in their order. Discovery serves Legacy only, and may shadow; alpha serves Modern to
// testers only; beta lets the share rise to MaxBetaShare; live to 10,000; retired serves Modern only.
const (
	Discovery Stage = "discovery"
	Alpha     Stage = "alpha"
	Beta      Stage = "beta"
	Live      Stage = "live"
	Retired   Stage = "retired"
)

// MaxBetaShare is the largest share at stage beta, unless the route's betaCap says otherwise.
const MaxBetaShare = 5_000

// Stages lists all stages in their order: metrics make one series of each.
var Stages = [...]Stage{Discovery, Alpha, Beta, Live, Retired}

// rank is the stage's place in their order, -1 for what is no stage.
func (s Stage) rank() int {
	for i, v := range Stages {
		if s == v {
			return i
		}
	}
	return -1
}

// FullShare is the share at which Modern serves every client: shares count ten-thousandths.
const FullShare = 10_000

// Decision says where a request or a message goes and why. One value feeds the log line, the
// Portage-Decision header, the metric labels, the audit and the page.
type Decision struct {
	Route   string
	Side    Side
	Reason  Reason
	Version uint64 // of the Table that decided
}

// String is the Portage-Decision header's value: "route=ei-claim-status; side=modern; reason=share; version=7".
func (d Decision) String() string {
	return fmt.Sprintf("route=%s; side=%s; reason=%s; version=%d", d.Route, d.Side, d.Reason, d.Version)
}

// State is what may change about a route while it runs. The Store keeps it; the configuration file only
// sets the first value.
type State struct {
	Route string
	Stage Stage
	// Share is the part of clients that Modern serves, in ten-thousandths.
	Share int
	// Killed holds the route on Legacy whatever else is set.
	Killed bool
	// Version grows by one with every change of this route.
	Version uint64
	// Changed, Actor and Reason tell of the last change; zero for a first value.
	Changed time.Time
	Actor   string
	Reason  string
}
