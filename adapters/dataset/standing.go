package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Standing is how a dataset stands, as its folders say.
type Standing struct {
	// Accepted is the latest generation that was delivered to its end; its Time and Records are set. Nil: none
	// was. A generation that was only repeated does not count.
	Accepted *Event
	// Rejected are those that were refused since, the first to come first: what is in use is older than they are.
	// A file that is taken out of the folder, with its reason, is no longer told of.
	Rejected []Event
}

// Standing reads the folders; it may be called while Consume runs.
func (s *Source) Standing() (Standing, error) {
	var now Standing
	h, err := readHistory(s.work(historyFile))
	if err != nil {
		return now, fmt.Errorf("dataset %s: %w", s.cfg.Name, err)
	}
	if h.latest != nil {
		now.Accepted = &Event{Result: Accepted, Dataset: s.cfg.Name, Generation: h.latest.generation(), Count: 1,
			Records: h.latest.Records, Time: h.at.UTC()}
	}
	entries, err := os.ReadDir(s.work(folderRejected)) // sorted by name
	if err != nil {
		return now, fmt.Errorf("dataset %s: %w", s.cfg.Name, err)
	}
	for _, e := range entries {
		file, ok := strings.CutSuffix(e.Name(), reasonEnding)
		if !ok {
			continue
		}
		why, err := readReason(s.work(folderRejected, e.Name()))
		if err != nil {
			return now, fmt.Errorf("dataset %s: %w", s.cfg.Name, err)
		}
		if !why.Time.Before(h.at) {
			now.Rejected = append(now.Rejected, Event{Result: Rejected, Dataset: s.cfg.Name, Generation: Generation{ID: why.Generation},
				File: file, Count: 1, Reason: why.Reason, Err: errors.New(why.Error), Time: why.Time})
		}
	}
	slices.SortStableFunc(now.Rejected, func(x, y Event) int { return x.Time.Compare(y.Time) })
	return now, nil
}

// readReason reads what stands beside a rejected file.
func readReason(path string) (reason, error) {
	var why reason
	b, err := os.ReadFile(path)
	if err != nil {
		return why, err
	}
	if err := json.Unmarshal(b, &why); err != nil {
		return why, fmt.Errorf("%s is no reason: was it edited?", path)
	}
	return why, nil
}
