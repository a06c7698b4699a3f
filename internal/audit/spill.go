package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// maxMemory is how many entries are held in memory when both disks refuse. What comes after is counted only.
const maxMemory = 10_000

// originMemory is the Origin of entries that never reached the spill.
const originMemory = "memory"

// Level says how far the record can be relied on to take entries.
type Level string

// The levels.
const (
	// Green: every entry goes to the chain.
	Green Level = "green"
	// Yellow: the chain refused an entry last time, or entries wait in the spill. Moves towards Legacy
	// go on; other changes are refused while the chain refuses.
	Yellow Level = "yellow"
	// Red: the chain is damaged, or entries are held in memory only and would die with the process.
	Red Level = "red"
)

// State is the record's health at one moment.
type State struct {
	Level Level `json:"level"`
	// Waiting counts entries that are not in the chain yet, in the spill or in memory.
	Waiting int `json:"waiting"`
	// InMemory counts those of them that are on no disk, Lost those that not even memory had room for.
	InMemory int `json:"inMemory"`
	Lost     int `json:"lost"`
	// Reason says what is wrong and what to do, in a sentence; "" when Green.
	Reason string `json:"reason,omitempty"`
}

// spill keeps what the chain could not take.
type spill struct {
	config Config
	main   *chain

	reconciling sync.Mutex

	mu sync.Mutex
	// chain is nil until its folder can be made.
	chain *chain
	// reconciled is the highest sequence of the spill that is known to stand in the main chain.
	reconciled uint64
	memory     []Entry
	lost       int
}

func openSpill(c Config, main *chain) *spill {
	s := &spill{config: c, main: main}
	s.open()
	return s
}

// open opens the spill's chain if it is not open, and returns it or nil.
func (s *spill) open() *chain {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chain != nil {
		return s.chain
	}
	ch, err := openChain(s.config, s.config.SpillDir, s.main.name+"/spill")
	if err != nil {
		return nil // add says why it matters, when it does
	}
	s.chain = ch
	if ch.head.Seq > 0 {
		s.reconciled = lastReconciled(s.main, ch.name)
	}
	return ch
}

// lastReconciled finds the highest sequence of the spill that stands in the main chain, from the newest
// segment back.
func lastReconciled(main *chain, spillName string) (highest uint64) {
	segments, err := listSegments(main.dir)
	for i := len(segments) - 1; err == nil && i >= 0 && highest == 0; i-- {
		_, _, err = scanLines(segments[i].path, func(line []byte, _ int64) error {
			e, err := parseLine(line)
			if err != nil {
				return err
			}
			if seq, ok := originSeq(e.Origin, spillName); ok {
				highest = max(highest, seq)
			}
			return nil
		})
	}
	return highest
}

func origin(e Entry) string { return e.Chain + ":" + strconv.FormatUint(e.Seq, 10) + ":" + e.Hash }

func originSeq(origin, spillName string) (uint64, bool) {
	rest, ok := strings.CutPrefix(origin, spillName+":")
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, ":")
	seq, err := strconv.ParseUint(digits, 10, 64)
	return seq, err == nil
}

// add keeps an entry that the chain refused for cause.
func (s *spill) add(ctx context.Context, e Entry, cause error) Entry {
	err := errors.New("its folder cannot be made")
	if ch := s.open(); ch != nil {
		patient, cancel := context.WithTimeout(ctx, s.config.Patience)
		defer cancel()
		var kept Entry
		if kept, err = ch.append(patient, e); err == nil {
			s.config.Log.Warn("the audit refused an entry; it is in the spill until Reconcile", "action", e.Action, "spillSeq", kept.Seq, "error", cause)
			return kept
		}
	}
	e.Origin = originMemory
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.memory) >= maxMemory {
		s.lost++
		s.config.Log.Error("the audit and its spill refused an entry, and memory is full: it is lost", "action", e.Action, "object", e.Object, "error", cause, "spillError", err)
		return e
	}
	s.memory = append(s.memory, e)
	s.config.Log.Error("the audit and its spill refused an entry; it is in memory only", "action", e.Action, "error", cause, "spillError", err)
	return e
}

func (s *spill) heldInMemory() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.memory)
}

// waitingOnDisk counts what stands in the spill and not yet in the chain.
func (s *spill) waitingOnDisk() int {
	s.mu.Lock()
	ch, reconciled := s.chain, s.reconciled
	s.mu.Unlock()
	if ch == nil {
		return 0
	}
	return int(ch.lastHead().Seq - min(reconciled, ch.lastHead().Seq))
}

// Reconcile appends what waits in the spill and in memory to the chain, in this order, each entry with its
// own time and its Origin, and returns how many it was. It stops at the first refusal; call it again then.
// An entry that stands in the chain already is not appended twice, also across restarts. If nothing waits and
// the chain refused an entry last time, Reconcile appends one of its own, to see whether it takes them again.
func (l *Log) Reconcile(ctx context.Context) (int, error) {
	s := l.spill
	s.reconciling.Lock()
	defer s.reconciling.Unlock()
	trouble, _ := l.main.trouble()
	n, err := s.fromDisk(ctx)
	if err != nil {
		return n, fmt.Errorf("reconcile the audit: %w", err)
	}
	m, err := s.fromMemory(ctx)
	if err == nil && trouble != nil && n+m == 0 {
		_, err = l.Append(ctx, Entry{Actor: "portage", Action: "reconcile", Object: "audit", Reason: "the disk takes entries again"})
	}
	if err != nil {
		err = fmt.Errorf("reconcile the audit: %w", err)
	}
	return n + m, err
}

func (s *spill) fromDisk(ctx context.Context) (n int, err error) {
	ch := s.open()
	for ch != nil && s.waitingOnDisk() > 0 {
		s.mu.Lock()
		after := s.reconciled
		s.mu.Unlock()
		list, err := ch.read(ctx, after, 100)
		if err != nil {
			return n, err
		}
		if len(list) == 0 {
			return n, fmt.Errorf("the spill in %s holds no entry %d", s.config.SpillDir, after+1)
		}
		for _, e := range list {
			seq := e.Seq
			e.Origin = origin(e)
			if _, err := s.main.append(ctx, e); err != nil {
				return n, err
			}
			n++
			s.mu.Lock()
			s.reconciled = seq
			s.mu.Unlock()
		}
	}
	return n, nil
}

func (s *spill) fromMemory(ctx context.Context) (n int, err error) {
	for {
		s.mu.Lock()
		if len(s.memory) == 0 {
			s.mu.Unlock()
			return n, nil
		}
		e := s.memory[0]
		s.mu.Unlock()
		if _, err := s.main.append(ctx, e); err != nil {
			return n, err
		}
		n++
		s.mu.Lock()
		s.memory = s.memory[1:]
		s.mu.Unlock()
	}
}

// State tells how the record stands. It reads no disk.
func (l *Log) State() State {
	s := l.spill
	onDisk := s.waitingOnDisk()
	s.mu.Lock()
	st := State{Level: Green, Waiting: onDisk + len(s.memory), InMemory: len(s.memory), Lost: s.lost}
	s.mu.Unlock()
	trouble, forGood := l.main.trouble()
	switch {
	case forGood:
		st.Level, st.Reason = Red, trouble.Error()
	case st.InMemory > 0 || st.Lost > 0:
		st.Level = Red
		st.Reason = fmt.Sprintf("neither %s nor %s takes entries: %d are held in memory, %d are lost; free the disks before this process ends",
			l.config.Dir, l.config.SpillDir, st.InMemory, st.Lost)
	case trouble != nil:
		st.Level = Yellow
		st.Reason = fmt.Sprintf("%s does not take entries (%v): only moves towards Legacy go on; free the disk", l.config.Dir, trouble)
	case st.Waiting > 0:
		st.Level = Yellow
		st.Reason = fmt.Sprintf("%d entries wait in %s to be reconciled", st.Waiting, filepath.Clean(l.config.SpillDir))
	}
	return st
}

func (s *spill) close() {
	s.mu.Lock()
	ch := s.chain
	s.mu.Unlock()
	if ch != nil {
		ch.close()
	}
}
