package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// maxGeneration is the number after which 1 comes again, as for z/OS generation data groups.
const maxGeneration = 9999

// SinkConfig says where generations are written and how.
type SinkConfig struct {
	// Dir takes the files, NAME.G0001V00 to NAME.G9999V00 and then G0001 again. It must exist. Required.
	Dir string `yaml:"dir"`
	// Name begins each file's name: a to z, A to Z, 0 to 9, "-" and ".", at most 100. Required.
	Name string `yaml:"name"`
	// Format is how records stand in the files. Auto cannot be written.
	Format recfm.Format `yaml:"format"`
	// Content is "record", the default: bodies alone; or "message": whole messages, for a format of any length
	// (text, V, VB, VBS).
	Content Content `yaml:"content"`
	// Sealer hides messages at rest, with their IDs as context; Content must be Messages. Nil: in the clear.
	Sealer adapters.Sealer `yaml:"-"`
}

// Sink writes generations of records. A generation is seen under its name when all of it is durable, or
// never; a file of that name is never replaced. It is no Ledger: what is published again after an
// error may stand in two generations. Safe for use by several goroutines; one process at a time writes
// under a name.
type Sink struct {
	cfg  SinkConfig
	mu   sync.Mutex
	last int // number of the last generation; 0: none
}

var _ adapters.Sink = (*Sink)(nil)

var filePattern = destPattern

// OpenSink checks the configuration, removes what a killed process left half written, and finds the last
// generation.
func OpenSink(c SinkConfig) (*Sink, error) {
	if !filePattern.MatchString(c.Name) {
		return nil, fmt.Errorf("dataset sink: name %q is not 1 to 100 letters, digits, dots, hyphens and underscores", c.Name)
	}
	if c.Content == "" {
		c.Content = Records
	}
	if c.Content != Records && c.Content != Messages {
		return nil, fmt.Errorf("dataset sink %s: content %q is none of record, message", c.Name, c.Content)
	}
	if c.Sealer != nil && c.Content != Messages {
		return nil, fmt.Errorf("dataset sink %s: records cannot be sealed: content must be message", c.Name)
	}
	if _, err := recfm.NewWriter(&bytes.Buffer{}, c.Format); err != nil {
		return nil, fmt.Errorf("dataset sink %s: %w", c.Name, err)
	}
	s := &Sink{cfg: c}
	return s, s.find()
}

// find looks for the newest generation. After G9999 numbers begin again at 1: the newest is the one with the
// largest gap behind it.
func (s *Sink) find() error {
	entries, err := os.ReadDir(s.cfg.Dir) // sorted
	if err != nil {
		return fmt.Errorf("dataset sink %s: %w", s.cfg.Name, err)
	}
	var numbers []int
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "."+s.cfg.Name+".part-") {
			if err := os.Remove(filepath.Join(s.cfg.Dir, e.Name())); err != nil {
				return fmt.Errorf("dataset sink %s: %w", s.cfg.Name, err)
			}
		}
		m := generationName.FindStringSubmatch(e.Name())
		if m == nil || e.Name() != s.cfg.Name+m[0] {
			continue
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n == 0 {
			continue
		}
		numbers = append(numbers, n)
	}
	widest := 0
	for i, n := range numbers {
		next := numbers[(i+1)%len(numbers)]
		if gap := (next - n + maxGeneration - 1) % maxGeneration; gap >= widest {
			s.last, widest = n, gap
		}
	}
	return nil
}

// Publish writes the messages as one generation. A record that does not fit the format gives an
// *adapters.Refusal, and nothing is written.
func (s *Sink) Publish(ctx context.Context, m ...adapters.Message) error {
	if len(m) == 0 {
		return nil
	}
	w, err := s.Begin(ctx)
	if err != nil {
		return err
	}
	for _, one := range m {
		if err := w.Write(one); err != nil {
			return errors.Join(err, w.Abort())
		}
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, w.Abort())
	}
	_, err = w.Commit()
	return err
}

// Writer is one generation that is being written. It is for use by one goroutine and ends with Commit or
// Abort.
type Writer struct {
	sink *Sink
	file *os.File
	out  *recfm.Writer
}

// Begin opens a generation that nobody sees yet.
func (s *Sink) Begin(ctx context.Context) (*Writer, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("dataset sink %s: %w", s.cfg.Name, err)
	}
	f, err := os.CreateTemp(s.cfg.Dir, "."+s.cfg.Name+".part-*")
	if err != nil {
		return nil, fmt.Errorf("dataset sink %s: %w", s.cfg.Name, err)
	}
	out, err := recfm.NewWriter(f, s.cfg.Format)
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return &Writer{sink: s, file: f, out: out}, nil
}

// Write appends one record. A refused one (an *adapters.Refusal) leaves the generation as it was.
func (w *Writer) Write(m adapters.Message) error {
	if m.ID == "" {
		return fmt.Errorf("dataset sink %s: message without an ID", w.sink.cfg.Name)
	}
	record := m.Body
	if w.sink.cfg.Content == Messages {
		var err error
		if record, err = AppendMessage(nil, m, w.sink.cfg.Sealer); err != nil {
			return err
		}
	}
	err := w.out.Write(record)
	var e *recfm.Error
	if errors.As(err, &e) {
		return &adapters.Refusal{Reason: "invalid-record", Offset: -1, Size: len(record), Err: err}
	}
	if err != nil {
		return fmt.Errorf("dataset sink %s: write: %w", w.sink.cfg.Name, err)
	}
	return nil
}

// Commit makes the generation durable and gives it the next name, which it returns.
func (w *Writer) Commit() (string, error) {
	err := errors.Join(w.out.Close(), w.file.Sync(), w.file.Close())
	name := ""
	if err == nil {
		name, err = w.sink.name(w.file.Name())
	}
	if err != nil {
		return "", fmt.Errorf("dataset sink %s: %w", w.sink.cfg.Name, errors.Join(err, remove(w.file.Name())))
	}
	return name, nil
}

// Abort drops the generation.
func (w *Writer) Abort() error { return errors.Join(w.file.Close(), remove(w.file.Name())) }

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// name links a finished file under the next free number: unlike a rename a link replaces nothing.
func (s *Sink) name(path string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range maxGeneration {
		s.last = s.last%maxGeneration + 1
		name := fmt.Sprintf("%s.G%04dV00", s.cfg.Name, s.last)
		err := os.Link(path, filepath.Join(s.cfg.Dir, name))
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		return name, errors.Join(os.Remove(path), syncFolder(s.cfg.Dir))
	}
	return "", errors.New("all numbers from G0001 to G9999 are taken: move old generations away")
}
