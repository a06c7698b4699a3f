package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/portage-gateway/portage/adapters"
)

// Source delivers the records of the generations that arrive. Consume and Resume are for one goroutine;
// Letters may be called by others.
type Source struct {
	cfg     Config
	resumed bool   // Resume was called: the Ledger knows what is settled
	ledger  *place // what it said; nil: it holds nothing
}

var _ adapters.Source = (*Source)(nil)

// Open checks the configuration and makes the folders of Config.Work (mode 0700).
func Open(c Config) (*Source, error) {
	c, err := c.WithDefaults()
	if err != nil {
		return nil, err
	}
	for _, folder := range []string{folderTaking, folderAccepted, folderRejected, folderRepeated, folderLetters} {
		if err := os.MkdirAll(filepath.Join(c.Work, folder), 0o700); err != nil {
			return nil, fmt.Errorf("dataset %s: %w", c.Name, err)
		}
	}
	c.Metrics.dataset(c.Name)
	return &Source{cfg: c}, nil
}

// run is one Consume.
type run struct {
	*Source
	handler  adapters.Handler
	hand     *inHand // nil: none
	history  *history
	wanted   *place // the generation that the Ledger has half of, and whose file is not here yet
	arrivals arrivals
	began    time.Time
	overdue  bool // reported
	lost     bool // wanted was reported
}

// Consume delivers generation after generation, in their order, until ctx ends; then it returns nil. It
// returns an error when the directory, the state or a file in hand cannot be read or written, or the Ledger's
// position contradicts the state; running it again is safe. One Source at a time works in Config.Work.
//
// When the Handler returns an error the same records come again after a pause, in batches half as large, down
// to one: a record that fails alone is delivered again and again, and holds up those behind it. A
// batch's Position is described at Resume.
func (s *Source) Consume(ctx context.Context, h adapters.Handler) error {
	lock, err := lockFolder(s.cfg.Work)
	if err != nil {
		return fmt.Errorf("dataset %s: lock %s: %w", s.cfg.Name, s.cfg.Work, err)
	}
	defer lock.Close()
	r, err := s.start(h)
	for err == nil {
		if err = r.next(ctx); err == nil {
			err = r.deliver(ctx)
		}
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil
		}
	}
	return fmt.Errorf("dataset %s: %w", s.cfg.Name, err)
}

func (s *Source) work(parts ...string) string {
	return filepath.Join(append([]string{s.cfg.Work}, parts...)...)
}

func (s *Source) statePath() string { return s.work("state.json") }

// start removes what an earlier run left half written, reads the state, lets the Ledger correct it, and settles the dead letters of an earlier run.
func (s *Source) start(h adapters.Handler) (*run, error) {
	r := &run{Source: s, handler: h, began: s.cfg.Now(), arrivals: arrivals{cfg: &s.cfg}}
	letters, err := filepath.Glob(filepath.Join(literal(s.work(folderLetters)), "*"))
	for _, folder := range append(letters, s.work(), s.work(folderRejected)) {
		err = errors.Join(err, removeHalves(folder))
	}
	if err = errors.Join(err, mendHistory(s.work(historyFile))); err != nil {
		return nil, err
	}
	if r.history, err = readHistory(s.work(historyFile)); err != nil {
		return nil, err
	}
	if r.hand, err = readState(s.statePath()); err != nil {
		return nil, err
	}
	if r.hand != nil && r.hand.Dataset != s.cfg.Name {
		return nil, fmt.Errorf("%s is dataset %q's: each needs a folder of its own", s.cfg.Work, r.hand.Dataset)
	}
	if r.hand != nil && r.hand.ID == s.cfg.Abandon {
		if err := r.abandon(); err != nil {
			return nil, err
		}
	}
	if s.resumed {
		if err := r.reconcile(); err != nil {
			return nil, err
		}
	}
	return r, r.settleLetters()
}

// abandon lets go of the generation in hand: its file, if it is there, is rejected.
func (r *run) abandon() error {
	there, err := exists(r.work(folderTaking, r.hand.File))
	if err != nil {
		return err
	}
	if there {
		bad := &rejection{reason: "abandoned", record: r.hand.Record, err: errors.New("delivery ended after this record, by the setting abandon")}
		if _, err := r.reject(r.hand.File, r.hand.generation(), bad); err != nil {
			return err
		}
	}
	r.hand = nil
	return writeState(r.statePath(), nil)
}

// reconcile lets the Ledger's position win over state.json: records that it does not hold are delivered again,
// those that it holds are not.
func (r *run) reconcile() error {
	p := r.ledger
	if p != nil && r.hand != nil && p.ID == r.hand.ID {
		if p.Content != r.hand.Content || p.Of != r.hand.Of {
			return fmt.Errorf("the ledger holds %d records of generation %s, of other content than %s here", p.Record, p.ID, r.hand.File)
		}
		r.hand.Record, r.hand.Offset = p.Record, p.Offset
		return nil
	}
	if r.hand != nil { // the Ledger holds nothing of it
		r.hand.Record, r.hand.Offset = 0, 0
	}
	if p == nil || p.ID == r.cfg.Abandon {
		return nil
	}
	switch _, known := r.history.content[p.ID]; {
	case p.done() && known:
		return nil
	case p.done(): // the state was lost, the Ledger knows
		return r.history.add(past{Generation: p.ID, Cycle: p.Cycle, Number: p.Number, Highest: p.Highest,
			Content: p.Content, Records: p.Of, Result: Accepted, At: r.cfg.Now().UnixNano()})
	case r.hand != nil:
		return fmt.Errorf("the ledger stands at record %d of %d of generation %s, and %s is in hand: one of them was restored from elsewhere",
			p.Record, p.Of, p.ID, r.hand.ID)
	}
	delete(r.history.content, p.ID)
	r.wanted = p
	return nil
}

// fileAway moves the file in taking/ to where files of a result go.
func (r *run) fileAway(name, folder string) error {
	_, err := move(r.work(folderTaking, name), r.work(folder), name)
	return err
}

// reason is what stands beside a rejected file.
type reason struct {
	Reason     string    `json:"reason"`
	Error      string    `json:"error"`
	Dataset    string    `json:"dataset"`
	Generation string    `json:"generation,omitempty"`
	Record     int64     `json:"record,omitempty"`
	Offset     int64     `json:"offset,omitempty"`
	Time       time.Time `json:"time"`
}

// reject moves a file to rejected/ and says why beside it; the reason is there first.
func (r *run) reject(name string, g Generation, bad *rejection) (Event, error) {
	e := r.event(Rejected, g, name)
	e.Reason, e.Err = bad.reason, bad.err
	b, err := json.MarshalIndent(reason{Reason: bad.reason, Error: bad.err.Error(), Dataset: r.cfg.Name, Generation: g.ID,
		Record: bad.record, Offset: bad.offset, Time: e.Time}, "", "  ")
	if err != nil {
		return e, err
	}
	to, err := free(r.work(folderRejected), name)
	if err != nil {
		return e, err
	}
	if err := writeFile(r.work(folderRejected, to+reasonEnding), append(b, '\n')); err != nil {
		return e, err
	}
	return e, r.fileAway(name, folderRejected)
}

func (r *run) event(result Result, g Generation, file string) Event {
	return Event{Result: result, Dataset: r.cfg.Name, Generation: g, File: file, Count: 1, Time: r.cfg.Now().UTC()}
}

// tell counts, logs and notifies.
func (r *run) tell(ctx context.Context, e Event) {
	r.cfg.Metrics.count(e)
	attrs := []any{"dataset", e.Dataset, "result", string(e.Result), "generation", e.Generation.ID, "file", e.File}
	switch e.Result {
	case Accepted:
		r.cfg.Log.InfoContext(ctx, "generation", append(attrs, "records", e.Records)...)
	case Rejected:
		r.cfg.Log.ErrorContext(ctx, "generation", append(attrs, "reason", e.Reason, "error", e.Err)...)
	default:
		r.cfg.Log.WarnContext(ctx, "generation", append(attrs, "count", e.Count)...)
	}
	if r.cfg.Notify != nil {
		r.cfg.Notify(ctx, e)
	}
}
