// Package breaker stops calls to a side that fails, and lets a few probes find out when it is well
// again. It wraps github.com/sony/gobreaker/v2, whose state machine it keeps, behind a [Permit] that
// is settled once.
//
// # Use
//
//	permit, err := b.Acquire() // ErrOpen: do not call
//	...
//	permit.Done(breaker.Success) // or Failure, or Ignored
//
// A second Done changes nothing. A probe whose permit is never settled counts as a failure after
// ProbeTimeout, so that a lost permit cannot keep the breaker half-open for ever (gobreaker's
// half-open state has no end of its own).
//
// # States
//
//	closed ──ratio reached──▶ open ──OpenFor + jitter, next Acquire──▶ half_open
//	  ▲                         ▲                                         │
//	  │                         └──────────── one probe failed ───────────┤
//	  └───────────────────── Probes probes succeeded in a row ────────────┘
//
// The step from open to half_open is made by the next Acquire after the time is up, not by a timer:
// without traffic the state stays open.
//
// # Settings
//
//	setting          unit      default  meaning
//	off              bool      false    true: every Acquire is granted; outcomes are only counted
//	failurePercent   percent   50       failures per hundred settled calls of the window that open it
//	minRequests      calls     20       settled calls that the window must hold before it can open
//	window           duration  30s      how far back calls are counted, rolling
//	buckets          number    10       steps in which the window rolls on
//	openFor          duration  5s       how long every call is refused
//	jitterPercent    percent   20       up to this part of openFor is added by chance, so that replicas do
//	                                    not probe in step; -1: none
//	probes           calls     3        calls admitted while half open, and successes that close
//	probeTimeout     duration  30s      after which an unsettled probe counts as a failure
//	slowCall         duration  off      a call that took at least this long counts as a failure, and as slow
//
// A ratio with a minimum volume replaces gobreaker's default of six failures in a row, which needs
// about 20,000 calls to notice that every fifth one fails.
//
// The window must be longer than the longest call: gobreaker files an outcome under the moment when
// its call began, and forgets it if that moment has left the window. A window of 10 s would never see
// calls that time out after 15 s. [Config.Validate] cannot know the caller's timeout; the router sets
// window to at least twice its timeout.
//
// Few probes are better than many: with one failure in a hundred left, 3 probes close the breaker 97
// times of 100, and 100 probes 37 times, since one failed probe opens it again.
//
// # What counts
//
// Count a call when its answer is complete, not when its head arrived: otherwise failures in the
// middle of a body are successes. A caller that went away is Ignored: it says nothing about the side,
// and frees its place among the probes.
//
// # Time
//
// gobreaker reads time.Now, so this package does too, with its monotonic part: a clock that is set
// does not open or close anything. Tests use testing/synctest.
package breaker
