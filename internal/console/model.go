package console

import "time"

// The types of this file are the control API's JSON. Members are added, never renamed; codes are
// never translated.

// Route is one route as it stands and as it was seen to serve. Counts begin with the instance, unless they
// say otherwise.
type Route struct {
	Name    string   `json:"route"`
	Methods []string `json:"methods"`
	Path    string   `json:"path"`
	RouteState
	// InForce is the share that clients really see, in ten-thousandths: 0 when killed or before beta.
	InForce int `json:"shareInForce"`
	// Unsaved says that the state is not stored: a restart would bring back an older one.
	Unsaved bool `json:"unsaved"`
	// Breaker is closed, half_open or open; RetrySeconds is how long an open one will still refuse.
	Breaker      string  `json:"breaker"`
	RetrySeconds float64 `json:"breakerRetrySeconds,omitempty"`
	// Clients counts the clients of the last hour by the side that serves them; ClientsAtLeast says that
	// there were more than could be counted.
	Clients        Sides `json:"clients"`
	ClientsAtLeast bool  `json:"clientsAtLeast"`
	// Requests counts requests by the side that answered, LastMinute those of the last minute.
	Requests   Sides `json:"requests"`
	LastMinute Sides `json:"requestsLastMinute"`
	// Fallbacks counts requests that Modern should have served and Legacy did.
	Fallbacks uint64 `json:"fallbacks"`
	Parity    Parity `json:"parity"`
	Shadow    Shadow `json:"shadow"`
	// Differences are those of the newest differing answers, at most 50, the most frequent first.
	Differences []Difference `json:"differences"`
}

// RouteState is what a person can change about a route.
type RouteState struct {
	Stage string `json:"stage"`
	// Share is the part of clients that Modern is to serve, in ten-thousandths.
	Share  int  `json:"share"`
	Killed bool `json:"killed"`
	// Version grows by one with every change.
	Version uint64 `json:"version"`
	// LastChange is absent while the first value stands.
	LastChange *LastChange `json:"lastChange,omitempty"`
}

// LastChange says who changed a route last, when and why.
type LastChange struct {
	Time   time.Time `json:"time"`
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
}

// Sides holds one count a side.
type Sides struct {
	Legacy uint64 `json:"legacy"`
	Modern uint64 `json:"modern"`
}

// Parity counts comparisons by result.
type Parity struct {
	Equal       uint64 `json:"equal"`
	Different   uint64 `json:"different"`
	LegacyError uint64 `json:"legacyError"`
	ModernError uint64 `json:"modernError"`
	BothError   uint64 `json:"bothError"`
	Skipped     uint64 `json:"skipped"`
}

// Compared is how many answers could be compared.
func (p Parity) Compared() uint64 { return p.Equal + p.Different }

// Shadow counts copies of safe requests that went to the side that did not serve them.
type Shadow struct {
	// Eligible requests could have been copied, Sent were, Dropped should have been and were not.
	Eligible uint64 `json:"eligible"`
	Sent     uint64 `json:"sent"`
	Dropped  uint64 `json:"dropped"`
}

// Difference is one field in which the two sides were unequal.
type Difference struct {
	// Pointer is a JSON Pointer (RFC 6901) in which array elements stand as *; "status"; or "header/NAME".
	Pointer string `json:"pointer"`
	// Kind is a stable code such as "value" or "missing".
	Kind string `json:"kind"`
	// Count is how often it was seen.
	Count uint64 `json:"count"`
	// Legacy and Modern are the two values of the last example, masked.
	Legacy string `json:"legacy"`
	Modern string `json:"modern"`
}

// Plan is what a rollback of a route would do now.
type Plan struct {
	Route string     `json:"route"`
	Now   RouteState `json:"now"`
	After RouteState `json:"after"`
	// Returning counts the clients of the last hour that Modern serves and Legacy would; Held those that a
	// pin keeps at Modern. AtLeast says that there are more.
	Returning int  `json:"returning"`
	Held      int  `json:"held"`
	AtLeast   bool `json:"atLeast"`
	// MovingPerMinute is the requests of the last minute that Modern served, LegacyPerMinute those that
	// Legacy did. LegacyCapacity is what it can; 0: unknown.
	MovingPerMinute int `json:"movingPerMinute"`
	LegacyPerMinute int `json:"legacyPerMinute"`
	LegacyCapacity  int `json:"legacyCapacityPerMinute,omitempty"`
	// Warnings are sentences in English. None of them stops a rollback.
	Warnings []string `json:"warnings"`
}

// Rollback is the answer to a rollback: what was planned, what stands now.
type Rollback struct {
	Plan  *Plan        `json:"plan,omitempty"`
	State ChangeAnswer `json:"state"`
	// Warnings say what did not work. The route has moved all the same.
	Warnings []string `json:"warnings"`
}

// Bridge is one bridge since the instance started.
type Bridge struct {
	Name        string `json:"bridge"`
	Queue       string `json:"queue"`
	Published   uint64 `json:"published"`
	Duplicates  uint64 `json:"duplicates"`
	DeadLetters uint64 `json:"deadLetters"`
	Returned    uint64 `json:"returned"`
	// LagSeconds is the age of the last published message when it was published; nil: nothing yet.
	LagSeconds *float64 `json:"lagSeconds,omitempty"`
	// Tap says that it reads copies of a queue; LostCopies counts those that the queue manager could not make.
	Tap        bool   `json:"tap,omitempty"`
	LostCopies uint64 `json:"lostCopies,omitempty"`
	// Fault says why the bridge stands still. Empty: it runs.
	Fault string `json:"fault,omitempty"`
}

// Queue is one queue as it is now.
type Queue struct {
	Name  string `json:"queue"`
	Depth int    `json:"depth"`
	// MaxDepth is how many messages it takes. 0: unknown.
	MaxDepth int `json:"maxDepth,omitempty"`
	// OldestAgeSeconds is the age of the first message; nil: empty or unknown.
	OldestAgeSeconds *float64 `json:"oldestAgeSeconds,omitempty"`
}

// DeadLetter says why and where a message could not be translated. Never what it holds.
type DeadLetter struct {
	Bridge string    `json:"bridge"`
	Queue  string    `json:"queue"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
	Field  string    `json:"field,omitempty"`
	// Offset and Size are in bytes from the start of the record; -1: unknown.
	Offset int `json:"offset"`
	Size   int `json:"size"`
}

// Build says what this program was built from.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
}
