package qmgr

import (
	"fmt"
	"strconv"
	"strings"
)

// Queue defines a local queue.
type Queue struct {
	// Name has 1 to 48 of A-Z a-z 0-9 . _ / %. Required.
	Name string `yaml:"name"`
	// MaxDepth is how many messages the queue holds, those in open units of work included; one more gets
	// 2053. 0: 5000.
	MaxDepth int `yaml:"maxDepth"`
	// MaxMsgLength is the longest body in bytes; a longer one gets 2030. 0: 4 MiB. At most 100 MiB.
	MaxMsgLength int `yaml:"maxMsgLength"`
	// BackoutThreshold and BackoutQueue tell readers when a message that keeps being backed out moves, and
	// where to; the queue manager itself moves nothing. BackoutQueue is defined too if it is not there.
	BackoutThreshold int    `yaml:"backoutThreshold"`
	BackoutQueue     string `yaml:"backoutQueue"`
	// GetInhibited refuses gets with 2016, PutInhibited puts with 2051.
	GetInhibited bool `yaml:"getInhibited"`
	PutInhibited bool `yaml:"putInhibited"`
	// StreamQueue gets a copy of each message that is put here, with the same identifiers, in the same unit of
	// work, as far as it can take it (STREAMQ, STRMQOS(BESTEF)): a copy that it cannot take is lost and counted
	// (Detail.CopiesLost), and the put goes on. Empty: no copies.
	StreamQueue string `yaml:"streamQueue"`
}

// Alias is another name for a queue (QALIAS). It is resolved by each call, so repointing it takes effect
// between two calls; what a unit of work has got before stays in that unit.
type Alias struct {
	// Name is as a queue's, and no queue has it. Required.
	Name string `yaml:"name"`
	// Target is the local queue that it stands for (TARGET). Required.
	Target string `yaml:"target"`
	// GetInhibited and PutInhibited hold for calls by this name, beside those of the queue.
	GetInhibited bool `yaml:"getInhibited"`
	PutInhibited bool `yaml:"putInhibited"`
}

// ParseQueue reads a queue as the command line writes it: the name, then settings after commas, named as
// MQSC names them: maxdepth=N maxmsgl=N bothresh=N boqname=QUEUE get=disabled put=disabled streamq=QUEUE.
func ParseQueue(text string) (Queue, error) {
	name, rest, _ := strings.Cut(text, ",")
	q := Queue{Name: name}
	var settings []string
	for setting := range strings.SplitSeq(rest, ",") {
		if setting != "" {
			settings = append(settings, setting)
		}
	}
	if err := q.set(settings); err != nil {
		return q, err
	}
	return q, q.check()
}

// set changes q by settings as MQSC names them; what they do not name stays.
func (q *Queue) set(settings []string) error {
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		var err error
		switch strings.ToLower(key) {
		case "maxdepth":
			q.MaxDepth, err = strconv.Atoi(value)
		case "maxmsgl":
			q.MaxMsgLength, err = strconv.Atoi(value)
		case "bothresh":
			q.BackoutThreshold, err = strconv.Atoi(value)
		case "boqname":
			q.BackoutQueue = value
		case "streamq":
			q.StreamQueue = value
		case "get":
			q.GetInhibited, err = inhibited(value)
		case "put":
			q.PutInhibited, err = inhibited(value)
		default:
			return fmt.Errorf("queue %s: %q is no setting of a queue (maxdepth maxmsgl bothresh boqname get put streamq)", q.Name, key)
		}
		if err != nil {
			return fmt.Errorf("queue %s: %s=%s: %w", q.Name, key, value, err)
		}
	}
	return nil
}

// set changes a by settings as MQSC names them; what they do not name stays.
func (a *Alias) set(settings []string) error {
	for _, setting := range settings {
		key, value, _ := strings.Cut(setting, "=")
		var err error
		switch strings.ToLower(key) {
		case "target", "targq":
			a.Target = value
		case "get":
			a.GetInhibited, err = inhibited(value)
		case "put":
			a.PutInhibited, err = inhibited(value)
		default:
			return fmt.Errorf("alias %s: %q is no setting of an alias (target get put)", a.Name, key)
		}
		if err != nil {
			return fmt.Errorf("alias %s: %s=%s: %w", a.Name, key, value, err)
		}
	}
	return nil
}

func inhibited(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "enabled":
		return false, nil
	case "disabled":
		return true, nil
	}
	return false, fmt.Errorf("write enabled or disabled")
}

func (q *Queue) check() error {
	if err := checkName(q.Name); err != nil {
		return err
	}
	if q.BackoutQueue != "" {
		if err := checkName(q.BackoutQueue); err != nil {
			return fmt.Errorf("backout queue of %s: %w", q.Name, err)
		}
	}
	if q.StreamQueue != "" {
		if err := checkName(q.StreamQueue); err != nil {
			return fmt.Errorf("stream queue of %s: %w", q.Name, err)
		}
	}
	switch {
	case q.StreamQueue == q.Name:
		return fmt.Errorf("queue %s is its own stream queue: each message would be there twice", q.Name)
	case q.BackoutQueue == q.Name:
		return fmt.Errorf("queue %s is its own backout queue: a bad message would go round for ever", q.Name)
	case q.MaxDepth < 0:
		return fmt.Errorf("queue %s: maxDepth is below 0; 0 takes the default of %d", q.Name, DefaultMaxDepth)
	case q.MaxMsgLength < 0 || q.MaxMsgLength > MaxMsgLength:
		return fmt.Errorf("queue %s: maxMsgLength is not within 0 to %d bytes", q.Name, MaxMsgLength)
	case q.BackoutThreshold < 0:
		return fmt.Errorf("queue %s: backoutThreshold is below 0; 0 means that no message moves", q.Name)
	}
	return nil
}

func (a *Alias) check() error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	if err := checkName(a.Target); err != nil {
		return fmt.Errorf("target of alias %s: %w", a.Name, err)
	}
	if a.Target == a.Name {
		return fmt.Errorf("alias %s stands for itself", a.Name)
	}
	return nil
}

func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("queue name %q: 1 to %d characters are allowed", name, maxName)
	}
	for _, c := range []byte(name) {
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("._/%", c) >= 0) {
			return fmt.Errorf("queue name %q: only letters, digits and . _ / %% are allowed", name)
		}
	}
	return nil
}
