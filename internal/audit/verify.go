package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Damage says where a chain first is not what was written.
type Damage struct {
	// Seq is the entry at fault: the first one that is changed, missing or out of its place.
	Seq uint64 `json:"seq"`
	// File, Line (from 1) and Offset (bytes from the file's start) say where; Line is 0 if no line is at fault.
	File   string `json:"file"`
	Line   int    `json:"line"`
	Offset int64  `json:"offset"`
	// Reason says what is wrong, without content.
	Reason string `json:"reason"`
}

// Error implements error.
func (d *Damage) Error() string {
	if d.Line == 0 {
		return fmt.Sprintf("audit entry %d (%s): %s", d.Seq, d.File, d.Reason)
	}
	return fmt.Sprintf("audit entry %d (%s:%d, byte %d): %s", d.Seq, d.File, d.Line, d.Offset, d.Reason)
}

// Summary tells of a chain as far as it was found sound.
type Summary struct {
	// Chain is the chain's name; "" while it has no entry.
	Chain string `json:"chain"`
	// Entries counts sound entries, Segments the files read.
	Entries  uint64 `json:"entries"`
	Segments int    `json:"segments"`
	// First and Last are the first and the last entry's time; zero without an entry.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Head is the last sound entry.
	Head Head `json:"head"`
	// TornBytes is the length of an unfinished last line, which no Append ever confirmed. 0: none.
	TornBytes int64 `json:"tornBytes,omitempty"`
	// BeyondHead counts entries behind the one that the head file names: written, and perhaps not
	// confirmed before the process ended.
	BeyondHead uint64 `json:"beyondHead,omitempty"`
}

// Verify reads the whole chain in dir and returns a *Damage for the first thing that is not as it was
// written. heads are what was kept elsewhere; each must be in the chain. The Summary is filled up to
// where the chain is sound. Verify only reads, and needs no open Log.
func Verify(dir string, heads ...Head) (Summary, error) {
	w := newWalk(dir)
	head, found, err := readHead(dir)
	if errors.Is(err, errHeadUnreadable) {
		return w.summary(), &Damage{File: headName, Reason: "the head file cannot be read"}
	}
	if err != nil {
		return w.summary(), fmt.Errorf("verify the audit: %w", err)
	}
	segments, err := listSegments(dir)
	if err != nil {
		return w.summary(), fmt.Errorf("verify the audit: %w", err)
	}
	if !found && len(segments) == 0 {
		if _, err := os.Stat(dir); err != nil {
			return w.summary(), fmt.Errorf("verify the audit: %w", err)
		}
	}
	w.expect = append(w.expect, heads...)
	if found {
		w.expect = append(w.expect, head)
	}
	if err := w.all(segments); err != nil {
		return w.summary(), err
	}
	if err := w.finish(); err != nil {
		return w.summary(), err
	}
	if !found && w.last.Seq > 0 {
		return w.summary(), &Damage{Seq: w.last.Seq, File: headName, Reason: "the head file is missing"}
	}
	s := w.summary()
	s.BeyondHead = s.Head.Seq - head.Seq
	return s, nil
}

// walk follows a chain from line to line.
type walk struct {
	dir    string
	last   Entry // the last sound one; Seq 0 before the first
	first  time.Time
	count  uint64
	files  int
	torn   int64
	expect []Head
	file   string
}

// newWalk starts before a chain's first entry.
func newWalk(dir string) *walk {
	return &walk{dir: dir, last: Entry{Hash: zeroHash}}
}

func (w *walk) summary() Summary {
	return Summary{
		Chain: w.last.Chain, Entries: w.count, Segments: w.files, First: w.first, Last: w.last.Time, TornBytes: w.torn,
		Head: Head{Chain: w.last.Chain, Seq: w.last.Seq, Hash: w.last.Hash},
	}
}

// all follows every segment.
func (w *walk) all(segments []segment) error {
	for i, s := range segments {
		if w.torn > 0 {
			return &Damage{Seq: w.last.Seq + 1, File: w.file, Reason: "a line is cut off, and more follows in the next file"}
		}
		if s.first != w.last.Seq+1 {
			return w.displaced(s)
		}
		if _, err := w.segment(s); err != nil {
			return err
		}
		if w.last.Seq+1 == s.first && w.torn == 0 && i+1 < len(segments) {
			return &Damage{Seq: s.first, File: w.file, Reason: "the file is empty, and another follows"}
		}
	}
	return nil
}

func (w *walk) displaced(s segment) error {
	d := &Damage{Seq: w.last.Seq + 1, File: filepath.Base(s.path)}
	if s.first > w.last.Seq+1 {
		d.Reason = fmt.Sprintf("entries %d to %d are missing", w.last.Seq+1, s.first-1)
	} else {
		d.Reason = fmt.Sprintf("the file's name says that it begins with entry %d", s.first)
	}
	return d
}

// segment follows one file and returns the size of its sound lines in bytes.
func (w *walk) segment(s segment) (size int64, err error) {
	w.file = filepath.Base(s.path)
	w.files++
	line := 0
	size, w.torn, err = scanLines(s.path, func(text []byte, offset int64) error {
		line++
		return w.step(text, line, offset)
	})
	var damage *Damage
	if err != nil && !errors.As(err, &damage) {
		err = fmt.Errorf("read %s: %w", w.file, err)
	}
	return size, err
}

// step takes one line.
func (w *walk) step(text []byte, line int, offset int64) error {
	want := w.last.Seq + 1
	bad := func(format string, args ...any) error {
		return &Damage{Seq: want, File: w.file, Line: line, Offset: offset, Reason: fmt.Sprintf(format, args...)}
	}
	e, err := parseLine(text)
	switch {
	case err != nil:
		return bad("%v", err)
	case e.Seq > want:
		return bad("entries %d to %d are missing, or stand elsewhere", want, e.Seq-1)
	case e.Seq < want:
		return bad("entry %d stands here, and not in its place", e.Seq)
	case e.Prev != w.last.Hash:
		return bad("it does not follow entry %d as that one stands: one of the two was replaced", w.last.Seq)
	case w.last.Seq > 0 && e.Chain != w.last.Chain:
		return bad("it belongs to another chain")
	}
	for _, h := range w.expect {
		if h.Seq == e.Seq && (h.Hash != e.Hash || h.Chain != "" && h.Chain != e.Chain) {
			return bad("it is not the entry that the head names")
		}
	}
	if w.last.Seq == 0 {
		w.first = e.Time
	}
	w.last = e
	w.count++
	return nil
}

// finish checks that the chain reaches every head.
func (w *walk) finish() error {
	for _, h := range w.expect {
		if h.Seq > w.last.Seq {
			return &Damage{Seq: w.last.Seq + 1, File: w.file, Reason: fmt.Sprintf("the chain ends before it: entries %d to %d are cut off", w.last.Seq+1, h.Seq)}
		}
		if h.Seq == 0 && h.Hash != zeroHash {
			return &Damage{File: headName, Reason: "the head names entry 0 with a hash"}
		}
	}
	return nil
}
