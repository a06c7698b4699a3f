package router

import (
	"sync"
	"time"
)

// How long a client counts as seen, and over how long request rates are taken.
const (
	clientWindow = time.Hour
	rateWindow   = time.Minute
)

// DefaultMaxClients is how many clients a route's census holds.
const DefaultMaxClients = 250_000

const censusShards = 16

// census knows which clients a route saw in the last hour, each by its Key and exactly, as long as
// they are not more than it may hold; and how many requests each side served in the last minute. Times are
// distances from the router's start, so a clock that is set changes nothing.
type census struct {
	max    int // per shard
	shards [censusShards]censusShard
}

type censusShard struct {
	mu      sync.Mutex
	seen    map[Key]sighting
	full    time.Duration // when a client was last left out
	pruned  time.Duration
	seconds [60]tick
}

type sighting struct {
	at     int64 // seconds
	bucket uint16
}

type tick struct {
	second int64
	served [2]uint32
}

func newCensus(limit int) *census {
	c := &census{max: max(1, limit/censusShards)}
	for i := range c.shards {
		c.shards[i].seen = map[Key]sighting{}
		c.shards[i].full, c.shards[i].pruned = -clientWindow, -clientWindow
	}
	return c
}

// saw notes one served request. side may be Neither; a client counts all the same.
func (c *census) saw(at time.Duration, key Key, hasKey bool, bucket int, side Side) {
	s := &c.shards[key[0]%censusShards]
	second := int64(at / time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	if side <= Modern {
		t := &s.seconds[second%60]
		if t.second != second {
			*t = tick{second: second}
		}
		t.served[side]++
	}
	if !hasKey {
		return
	}
	if _, known := s.seen[key]; !known && len(s.seen) >= c.max && !s.prune(at) {
		s.full = at
		return
	}
	s.seen[key] = sighting{second, uint16(bucket)}
}

// prune forgets clients not seen for an hour, at most once a minute, and reports whether any were.
func (s *censusShard) prune(at time.Duration) bool {
	if at-s.pruned < time.Minute {
		return false
	}
	s.pruned = at
	before := len(s.seen)
	for k, v := range s.seen {
		if at-time.Duration(v.at)*time.Second > clientWindow {
			delete(s.seen, k)
		}
	}
	return len(s.seen) < before
}

// each calls f for every client seen within the last hour. complete is false if some were left out.
func (c *census) each(at time.Duration, f func(key Key, bucket int)) (complete bool) {
	complete = true
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for k, v := range s.seen {
			if at-time.Duration(v.at)*time.Second <= clientWindow {
				f(k, int(v.bucket))
			}
		}
		complete = complete && at-s.full >= clientWindow
		s.mu.Unlock()
	}
	return complete
}

// rates returns the requests that each side served within the last minute.
func (c *census) rates(at time.Duration) (served [2]int) {
	second := int64(at / time.Second)
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for _, t := range s.seconds {
			if second-t.second < int64(rateWindow/time.Second) {
				served[Legacy] += int(t.served[Legacy])
				served[Modern] += int(t.served[Modern])
			}
		}
		s.mu.Unlock()
	}
	return served
}
