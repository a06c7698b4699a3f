package dataset

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/portage-gateway/portage/adapters"
)

// positionVersion is the form of Batch.Position: JSON, under 1 KiB.
const positionVersion = 1

// place is the generation in hand and the last record settled: what a Position and state.json hold.
type place struct {
	Version int    `json:"v"`
	Dataset string `json:"dataset"`
	ID      string `json:"generation"`
	Cycle   string `json:"cycle,omitempty"`
	Number  uint64 `json:"number,omitempty"`
	Highest uint64 `json:"highest,omitempty"`
	// Content is the SHA-256 of all records, in hex; Of is how many there are.
	Content string `json:"content"`
	Of      int64  `json:"of"`
	// Record is the last record settled, from 1; 0: none. Offset is the byte behind it, unpacked.
	Record int64 `json:"record"`
	Offset int64 `json:"offset"`
}

func (p place) generation() Generation {
	return Generation{ID: p.ID, Cycle: p.Cycle, Number: p.Number, Highest: p.Highest}
}

// done tells whether the last record was settled.
func (p place) done() bool { return p.Record == p.Of }

var errPosition = errors.New("it is no position of this form")

// appendPosition writes a Position.
func (p place) appendPosition(dst []byte) ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	if len(b) > adapters.MaxPosition {
		return nil, fmt.Errorf("dataset %s: a position of %d bytes, more than %d", p.Dataset, len(b), adapters.MaxPosition)
	}
	return append(dst, b...), nil
}

// parsePosition reads a Position, of any source: it may be another dataset's, or none at all.
func parsePosition(b []byte) (place, error) {
	var p place
	if len(b) > adapters.MaxPosition {
		return p, errPosition
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return place{}, errPosition // the parser's words may quote content
	}
	return p, p.check()
}

func (p place) check() error {
	switch {
	case p.Version != positionVersion:
		return fmt.Errorf("its form is version %d, and this program knows %d", p.Version, positionVersion)
	case p.generation().check() != nil, len(p.Content) != 64, p.Of < 1, p.Record < 0, p.Record > p.Of, p.Offset < 0:
		return errPosition
	}
	return nil
}

// Resume takes the Position that a Ledger committed last; nil: it holds nothing. From then on the
// Ledger, not state.json, says which records of the generation in hand are settled. It is called before
// Consume, not during it.
func (s *Source) Resume(position []byte) error {
	s.resumed, s.ledger = true, nil
	if len(position) == 0 {
		return nil
	}
	p, err := parsePosition(position)
	if err == nil && p.Dataset != s.cfg.Name {
		err = fmt.Errorf("it is dataset %q's: a ledger belongs to one dataset", p.Dataset)
	}
	if err != nil {
		return fmt.Errorf("dataset %s: resume at a position of %d bytes: %w", s.cfg.Name, len(position), err)
	}
	s.ledger = &p
	return nil
}
