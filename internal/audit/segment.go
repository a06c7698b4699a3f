package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A chain's folder holds its segments, named by the sequence of their first entry so that the names sort,
// and the head file.
const (
	segmentPrefix = "audit-"
	segmentSuffix = ".jsonl"
	seqDigits     = 20
	headName      = "head.json"
)

// appendFile is an open segment or head file. *os.File is one.
type appendFile interface {
	io.WriteCloser
	Sync() error
}

func openForAppend(path string) (appendFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
}

func segmentName(first uint64) string {
	return fmt.Sprintf("%s%0*d%s", segmentPrefix, seqDigits, first, segmentSuffix)
}

// segment is one file of a chain.
type segment struct {
	path  string
	first uint64
}

// listSegments returns a folder's segments, oldest first. A folder that does not exist has none.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []segment
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), segmentPrefix)
		if ok {
			name, ok = strings.CutSuffix(name, segmentSuffix)
		}
		first, err := strconv.ParseUint(name, 10, 64)
		if ok && err == nil && len(name) == seqDigits {
			list = append(list, segment{path: filepath.Join(dir, e.Name()), first: first})
		}
	}
	slices.SortFunc(list, func(a, b segment) int { return strings.Compare(a.path, b.path) })
	return list, nil
}

// scanLines calls each for every whole line with its offset in bytes, and returns the offset behind the
// last one and how many bytes stand there without a line feed.
func scanLines(path string, each func(line []byte, offset int64) error) (size, torn int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	// What is appended meanwhile is left out. A small file needs no buffer for the longest line; one byte more,
	// so that it is never full.
	r := bufio.NewReaderSize(io.LimitReader(f, info.Size()), int(min(info.Size()+1, maxLine)))
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return size, int64(len(line)), nil
		case errors.Is(err, bufio.ErrBufferFull):
			if err := each(line, size); err != nil {
				return size, 0, err
			}
			return size, 0, errChanged
		case err != nil:
			return size, 0, err
		}
		if err := each(line[:len(line)-1], size); err != nil {
			return size, 0, err
		}
		size += int64(len(line))
	}
}

// readHead reads a folder's head file; ok is false if there is none.
func readHead(dir string) (h Head, ok bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, headName))
	if errors.Is(err, fs.ErrNotExist) {
		return Head{}, false, nil
	}
	if err != nil {
		return Head{}, false, err
	}
	// Only the bytes that writeHead makes are taken.
	if err := json.Unmarshal(text, &h); err != nil || !bytes.Equal(text, headText(h)) {
		return Head{}, false, errHeadUnreadable
	}
	return h, true, nil
}

func headText(h Head) []byte {
	// A struct of strings and a number always marshals.
	text, _ := json.Marshal(h)
	return append(text, '\n')
}

var errHeadUnreadable = errors.New("the head file cannot be read")

// writeHead replaces the head file. After a crash there is the old one or the new one.
func writeHead(open func(string) (appendFile, error), dir string, h Head) (err error) {
	temp := filepath.Join(dir, ".head.tmp")
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := open(temp)
	if err != nil {
		return err
	}
	_, err = f.Write(headText(h))
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(dir, headName))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
