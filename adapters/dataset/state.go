package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// inHand is the generation that is being delivered: state.json holds one or none.
type inHand struct {
	place
	// File is its name in taking/; Size (bytes) and Modified (ns since 1970) are those it was judged with.
	File     string `json:"file"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"`
	// Ordinal counts the generations of this dataset from 0.
	Ordinal int `json:"ordinal"`
}

// past is one line of history.jsonl.
type past struct {
	Generation string `json:"generation"`
	Cycle      string `json:"cycle,omitempty"`
	Number     uint64 `json:"number,omitempty"`
	Highest    uint64 `json:"highest,omitempty"`
	Content    string `json:"content"`
	Records    int64  `json:"records"`
	Result     Result `json:"result"` // Accepted, or Repeated: the number alone counts
	At         int64  `json:"at"`     // ns since 1970
}

func (p past) generation() Generation {
	return Generation{ID: p.Generation, Cycle: p.Cycle, Number: p.Number, Highest: p.Highest}
}

// history is what was accepted: content by identity, and the latest. A line of 300 bytes a generation is small
// enough to keep whole.
type history struct {
	path    string
	content map[string]string // by identity
	lines   int
	last    Generation
	latest  *past     // the last one accepted; nil: none
	at      time.Time // when it was; zero: none
}

// mendHistory takes a last line away that a kill cut off. Nobody else may write meanwhile.
func mendHistory(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if whole := bytes.LastIndexByte(b, '\n') + 1; err == nil && whole < len(b) {
		err = os.Truncate(path, int64(whole))
	}
	return err
}

// readHistory reads the file's whole lines.
func readHistory(path string) (*history, error) {
	h := &history{path: path, content: map[string]string{}}
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	for n, line := range bytes.Split(b[:whole], []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var p past
		if err := json.Unmarshal(line, &p); err != nil || p.generation().check() != nil {
			return nil, fmt.Errorf("%s line %d is no line of a history: was it edited?", path, n+1)
		}
		h.note(p)
	}
	return h, nil
}

func (h *history) note(p past) {
	h.lines++
	if p.Result == Accepted {
		h.content[p.Generation] = p.Content
		h.latest, h.at = &p, time.Unix(0, p.At)
	}
	if _, older := p.generation().order(h.last); h.last.ID == "" || !older {
		h.last = p.generation()
	}
}

// add appends a line and syncs.
func (h *history) add(p past) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, statErr := os.Lstat(h.path)
	f, err := os.OpenFile(h.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		if err := syncFolder(filepath.Dir(h.path)); err != nil {
			return err
		}
	}
	h.note(p)
	return nil
}

// readState reads state.json; nil: no generation is in hand.
func readState(path string) (*inHand, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var h inHand
	if err := json.Unmarshal(b, &h); err != nil {
		return nil, fmt.Errorf("%s is no state: was it edited?", path)
	}
	if err := h.check(); err != nil || h.File != filepath.Base(h.File) || h.File == "" {
		return nil, fmt.Errorf("%s: it is no state of this form", path)
	}
	return &h, nil
}

// writeState keeps the generation in hand, durably; nil removes it.
func writeState(path string, h *inHand) error {
	if h == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return syncFolder(filepath.Dir(path))
	}
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return writeFile(path, b)
}
