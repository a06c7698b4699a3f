package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/adapters"
)

const pending = ".pending"

var destPattern = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$`)

// unit is the unit of work of one batch: what is put is prepared on disk at once, and committed or withdrawn
// with the batch.
type unit struct {
	*run
	to    int64             // the batch's last record
	lines map[string][]byte // by the path of the prepared file, without its ending
	over  bool
}

// Put implements adapters.Unit. dest is a folder in dead-letters/: letters, digits, ".", "-" and "_".
func (u *unit) Put(ctx context.Context, dest string, m ...adapters.Message) error {
	switch {
	case u.over:
		return errors.New("dataset: the unit of work ended with its handler")
	case !destPattern.MatchString(dest):
		return fmt.Errorf("dataset: put to %q: a destination has 1 to 100 letters, digits, dots, hyphens and underscores", dest)
	case ctx.Err() != nil:
		return fmt.Errorf("dataset: put to %s: %w", dest, ctx.Err())
	}
	path := u.path(dest)
	added := bytes.Clone(u.lines[path])
	for _, one := range m {
		if one.ID == "" {
			return fmt.Errorf("dataset: put to %s: message without an ID", dest)
		}
		var err error
		if added, err = AppendMessage(added, one, u.cfg.Sealer); err != nil {
			return fmt.Errorf("dataset: put to %s: %w", dest, err)
		}
		added = append(added, '\n')
	}
	if len(added) == 0 {
		return nil
	}
	if err := os.MkdirAll(u.work(folderLetters, dest), 0o700); err != nil {
		return fmt.Errorf("dataset: put to %s: %w", dest, err)
	}
	if err := writeFile(path+pending, added); err != nil {
		return fmt.Errorf("dataset: put to %s: %w", dest, err)
	}
	if u.lines == nil {
		u.lines = map[string][]byte{}
	}
	u.lines[path] = added
	return nil
}

// path is the file of the batch's letters: the generation's ordinal, its mark, and the batch's first and last
// record, so that names sort as letters do.
func (u *unit) path(dest string) string {
	return u.work(folderLetters, dest, fmt.Sprintf("%08d-%s-%012d-%012d.jsonl", u.hand.Ordinal, mark(u.hand.ID), u.hand.Record+1, u.to))
}

// mark stands for a generation in file names.
func mark(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:8])
}

// commit makes the letters seen.
func (u *unit) commit() error {
	for path := range u.lines {
		if err := os.Rename(path+pending, path); err != nil {
			return err
		}
		if err := syncFolder(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return nil
}

// withdraw takes the letters back.
func (u *unit) withdraw() error {
	var errs []error
	for path := range u.lines {
		errs = append(errs, os.Remove(path+pending))
	}
	return errors.Join(errs...)
}

// settleLetters decides about all prepared letters: those of settled records are kept, others removed.
func (r *run) settleLetters() error {
	prepared, err := filepath.Glob(filepath.Join(literal(r.work(folderLetters)), "*", "*.jsonl"+pending))
	if err != nil {
		return err
	}
	for _, path := range prepared {
		if !r.settled(filepath.Base(path)) {
			err = os.Remove(path)
		} else {
			err = os.Rename(path, strings.TrimSuffix(path, pending))
		}
		if err == nil {
			err = syncFolder(filepath.Dir(path))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settled tells by a prepared file's name whether its last record is settled.
func (r *run) settled(name string) bool {
	parts := strings.Split(strings.TrimSuffix(name, ".jsonl"+pending), "-")
	if len(parts) != 4 {
		return false
	}
	to, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil {
		return false
	}
	if r.hand != nil && mark(r.hand.ID) == parts[1] {
		return to <= r.hand.Record
	}
	if r.wanted != nil && mark(r.wanted.ID) == parts[1] {
		return to <= r.wanted.Record
	}
	for id := range r.history.content {
		if mark(id) == parts[1] {
			return true
		}
	}
	return false
}

// Letters returns the oldest messages that were put to dest and settled, at most limit; 0: all.
func (s *Source) Letters(ctx context.Context, dest string, limit int) ([]adapters.Message, error) {
	if !destPattern.MatchString(dest) {
		return nil, fmt.Errorf("dataset %s: %q is no destination", s.cfg.Name, dest)
	}
	entries, err := os.ReadDir(s.work(folderLetters, dest)) // sorted by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset %s: read letters of %s: %w", s.cfg.Name, dest, err)
	}
	var list []adapters.Message
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".jsonl") {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, err := os.ReadFile(s.work(folderLetters, dest, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("dataset %s: read letters of %s: %w", s.cfg.Name, dest, err)
		}
		for l := range bytes.Lines(b) {
			m, err := ParseMessage(l, s.cfg.Sealer)
			if err != nil {
				return nil, fmt.Errorf("dataset %s: letters of %s: %s: %w", s.cfg.Name, dest, e.Name(), err)
			}
			if list = append(list, m); len(list) == limit {
				return list, nil
			}
		}
	}
	return list, nil
}
