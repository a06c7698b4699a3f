package audit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Read returns up to limit entries with a Seq greater than after, in their order. Spilled entries are not
// among them until they are reconciled.
func (l *Log) Read(ctx context.Context, after uint64, limit int) ([]Entry, error) {
	list, err := l.main.read(ctx, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the audit after entry %d: %w", after, err)
	}
	return list, nil
}

// Latest returns up to limit of the newest entries, newest first.
func (l *Log) Latest(ctx context.Context, limit int) ([]Entry, error) {
	head := l.main.lastHead().Seq
	list, err := l.Read(ctx, head-min(head, uint64(max(limit, 0))), limit)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, err
}

// ReadDir is Read for a chain that no Log has open, such as a backup's. It stops with a *Damage at a line
// that is not as it was written, and returns what came before.
func ReadDir(ctx context.Context, dir string, after uint64, limit int) ([]Entry, error) {
	list, err := readEntries(ctx, dir, after, ^uint64(0), limit)
	if err != nil {
		return list, fmt.Errorf("read the audit in %s: %w", dir, err)
	}
	return list, nil
}

// read returns confirmed entries only.
func (c *chain) read(ctx context.Context, after uint64, limit int) ([]Entry, error) {
	return readEntries(ctx, c.dir, after, c.lastHead().Seq, limit)
}

var errEnough = errors.New("enough")

// readEntries returns up to limit entries whose Seq is above after and at most last.
func readEntries(ctx context.Context, dir string, after, last uint64, limit int) ([]Entry, error) {
	segments, err := listSegments(dir)
	if err != nil {
		return nil, err
	}
	var list []Entry
	for i, s := range segments {
		if i+1 < len(segments) && segments[i+1].first <= after+1 {
			continue // every entry of this segment is at or before after
		}
		line := 0
		_, _, err := scanLines(s.path, func(text []byte, offset int64) error {
			line++
			if len(list) >= limit || s.first+uint64(line)-1 > last {
				return errEnough
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			e, err := parseLine(text)
			if err != nil {
				return &Damage{Seq: s.first + uint64(line) - 1, File: filepath.Base(s.path), Line: line, Offset: offset, Reason: err.Error()}
			}
			if e.Seq > after {
				list = append(list, e)
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
	}
	return list, nil
}
