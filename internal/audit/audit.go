// Package audit keeps the record of changes and disclosures: who did what to which object, when, why,
// and with what outcome. It knows nothing of what it records.
//
// The record is a chain of JSON lines. Each line holds the SHA-256 of the line before it and of itself, so
// that a changed, missing, added or moved line shows (Verify). Hashes without a key cannot show that
// somebody rewrote the whole tail of the chain, or cut it and the head file with it: for that, keep a Head
// somewhere else from time to time and give it to Verify.
//
// An entry is on disk when Append returns. When the disk refuses, Append refuses, and so must whoever
// wanted to act: all but moves towards Legacy, which are never refused. Theirs go to a second chain in
// another folder, the spill, and if that one refuses too they wait in memory; Reconcile brings them over.
//
// Actor, Object, Before, After and Reason never hold personal information: clients and claims stand there
// by Reference or by HMAC. This package cannot check that.
package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcome says what came of an action.
type Outcome string

// The outcomes. The zero value is taken for Done.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused" // by a rule, a role or a missing reason
	Failed  Outcome = "failed"  // tried, and did not work
)

// Actions is every action by which portage_audit_entries_total is labelled; any other counts as "other".
// An entry may have any Action.
var Actions = [...]string{
	"start", "stop", "raise", "lower", "promote", "demote", "rollback", "kill", "restore",
	"reveal", "disclose", "redrive", "verify", "reconcile", "other",
}

// Limits in bytes of UTF-8.
const (
	// MaxText is the longest Actor, Action, Object, Before, After or Reason.
	MaxText = 8 << 10
	// maxLine is the longest line: six texts whose every byte is escaped, and the rest.
	maxLine = 6*6*MaxText + 4096
)

// Entry is one line of the record. The caller sets Actor to Outcome and TowardsLegacy; Append sets the rest.
type Entry struct {
	// Seq counts from 1, without gaps.
	Seq uint64 `json:"seq"`
	// Time is when the entry was appended, UTC. A reconciled entry keeps the time of its spilling.
	Time time.Time `json:"time"`
	// Chain is the name of the chain that the entry stands in.
	Chain string `json:"chain"`
	// Actor is who acted: a person's or a service's identity, or "portage" for what it did by itself.
	Actor string `json:"actor"`
	// Action is what was done, in one lower-case word; see Actions.
	Action string `json:"action"`
	// Object is what it was done to, such as "route/ei-claim-status".
	Object string `json:"object"`
	// Before and After are the object's value, in the caller's own text form.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Reason is the actor's own words.
	Reason  string  `json:"reason,omitempty"`
	Outcome Outcome `json:"outcome"`
	// TowardsLegacy marks what a move towards Legacy records: the disk's refusal does not refuse it.
	TowardsLegacy bool `json:"towardsLegacy,omitempty"`
	// Origin is set in a reconciled entry: the spill chain's name, sequence and hash, or "memory".
	Origin string `json:"origin,omitempty"`
	// Prev is the Hash of the entry before, 64 zeros in the first. Hash is the SHA-256 of the line up to it.
	// Both are lower-case hexadecimal.
	Prev string `json:"prev"`
	Hash string `json:"hash"`
}

// Config says where the record is kept. Only Dir is needed.
type Config struct {
	// Dir is the chain's own folder, made with mode 0700 if it is missing.
	Dir string `yaml:"dir"`
	// SpillDir is the spill's folder. Default: Dir with "-spill" after it; a folder on another disk is
	// better.
	SpillDir string `yaml:"spillDir"`
	// Instance names the chain when it is begun; a chain keeps its name. Default "portage".
	Instance string `yaml:"instance"`
	// MaxSegment is the size in bytes at which a new file is begun. Default 8 MiB.
	MaxSegment int64 `yaml:"maxSegment"`
	// Patience is how long a move towards Legacy waits for each disk before it takes the next place.
	// Default 500 ms.
	Patience time.Duration `yaml:"patience"`

	// Now is the clock; default time.Now.
	Now func() time.Time `yaml:"-"`
	// Log hears of spills; nil: nobody does.
	Log *slog.Logger `yaml:"-"`
	// Registerer takes the metrics; nil: none are kept.
	Registerer prometheus.Registerer `yaml:"-"`

	// openFile opens a file for appending; tests put a disk that refuses here.
	openFile func(path string) (appendFile, error)
}

func (c Config) withDefaults() Config {
	if c.SpillDir == "" {
		c.SpillDir = strings.TrimRight(c.Dir, "/") + "-spill"
	}
	if c.Instance == "" {
		c.Instance = "portage"
	}
	if c.MaxSegment <= 0 {
		c.MaxSegment = 8 << 20
	}
	if c.Patience <= 0 {
		c.Patience = 500 * time.Millisecond
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.openFile == nil {
		c.openFile = openForAppend
	}
	return c
}

// Log is the record. Safe for use by several goroutines; one process at a time may have it open.
type Log struct {
	config  Config
	metrics *metrics
	main    *chain
	spill   *spill
	closing sync.Once
}

// Open opens the record in c.Dir and begins it if there is none. It reads the newest file and the head;
// a chain that is damaged opens all the same, so that traffic is served, but takes no entry, and State
// says so. An error is a folder that cannot be made or read.
func Open(c Config) (*Log, error) {
	if c.Dir == "" {
		return nil, errors.New("open the audit: no folder is given")
	}
	c = c.withDefaults()
	main, err := openChain(c, c.Dir, c.Instance)
	if err != nil {
		return nil, fmt.Errorf("open the audit: %w", err)
	}
	l := &Log{config: c, metrics: newMetrics(c.Registerer), main: main}
	l.spill = openSpill(c, main)
	return l, nil
}

// Append adds an entry and returns it as it stands, once it is on disk. An error says that the entry is
// not in the record (or, if ctx ended while the disk was slow, may not be): then whatever it was to
// record must not be done.
//
// An entry with TowardsLegacy is always taken: into the spill if the disk refuses or takes longer than
// Patience, else into memory. In the second case it may later stand twice, once with its Origin.
func (l *Log) Append(ctx context.Context, e Entry) (Entry, error) {
	e.Time = l.config.Now().UTC()
	e.Origin = ""
	if e.Outcome == "" {
		e.Outcome = Done
	}
	if e.TowardsLegacy {
		return l.appendAlways(ctx, cut(e)), nil
	}
	if err := check(e); err != nil {
		return Entry{}, fmt.Errorf("audit: %w", err)
	}
	kept, err := l.main.append(ctx, e)
	if err != nil {
		return Entry{}, fmt.Errorf("audit %s of %s: %w", e.Action, e.Object, err)
	}
	l.metrics.count(kept)
	return kept, nil
}

// appendAlways tries the chain, the spill and memory, in this order. The caller's context may have ended:
// the entry is kept all the same.
func (l *Log) appendAlways(ctx context.Context, e Entry) Entry {
	ctx = context.WithoutCancel(ctx)
	defer l.metrics.count(e)
	patient, cancel := context.WithTimeout(ctx, l.config.Patience)
	defer cancel()
	kept, err := l.main.append(patient, e)
	if err == nil {
		return kept
	}
	return l.spill.add(ctx, e, err)
}

// Head returns the chain's last entry: what to keep elsewhere and to give to Verify later.
func (l *Log) Head() Head { return l.main.lastHead() }

// Close ends writing. Entries that wait in memory are tried once more.
func (l *Log) Close() error {
	var err error
	l.closing.Do(func() {
		if l.spill.heldInMemory() > 0 {
			_, err = l.Reconcile(context.Background())
		}
		l.main.close()
		l.spill.close()
	})
	return err
}

// check refuses what a reader could not make sense of.
func check(e Entry) error {
	if e.Actor == "" || e.Action == "" {
		return errors.New("an entry needs an actor and an action")
	}
	if e.Outcome != Done && e.Outcome != Refused && e.Outcome != Failed {
		return errors.New("an entry's outcome is done, refused or failed")
	}
	for _, text := range [...]struct{ name, value string }{
		{"actor", e.Actor}, {"action", e.Action}, {"object", e.Object}, {"before", e.Before}, {"after", e.After}, {"reason", e.Reason},
	} {
		if len(text.value) > MaxText {
			return fmt.Errorf("the %s has %d bytes, at most %d are allowed", text.name, len(text.value), MaxText)
		}
	}
	return nil
}

// cut makes an entry pass check.
func cut(e Entry) Entry {
	for _, text := range [...]*string{&e.Actor, &e.Action, &e.Object, &e.Before, &e.After, &e.Reason} {
		if len(*text) > MaxText {
			short := (*text)[:MaxText-len("…")]
			for !utf8.ValidString(short) && len(short) > MaxText-8 {
				short = short[:len(short)-1]
			}
			*text = short + "…"
		}
	}
	if e.Actor == "" {
		e.Actor = "unknown"
	}
	if e.Action == "" {
		e.Action = "other"
	}
	if e.Outcome != Refused && e.Outcome != Failed {
		e.Outcome = Done
	}
	return e
}
