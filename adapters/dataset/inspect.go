package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// rejection says why a whole file is refused.
type rejection struct {
	reason         string
	record, offset int64 // of the record at fault; 0: the whole file
	err            error
}

// disk is a file whose own read errors are kept apart from what unpacking and framing find.
type disk struct {
	*os.File
	err error
}

// Read implements io.Reader.
func (d *disk) Read(b []byte) (int, error) {
	n, err := d.File.Read(b)
	if err != nil && err != io.EOF {
		d.err = err
	}
	return n, err
}

// openRecords opens a file and begins to read its records; a *rejection is a fault of its content.
func openRecords(path string, f recfm.Format) (*disk, *recfm.Reader, *rejection, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, nil, err
	}
	d := &disk{File: file}
	r, err := recfm.NewReader(d, f)
	if err == nil {
		return d, r, nil, nil
	}
	if d.err != nil {
		return nil, nil, nil, errors.Join(d.err, file.Close())
	}
	return nil, nil, framing(err), file.Close()
}

// framing turns a fault of unpacking or framing into a rejection.
func framing(err error) *rejection {
	var e *recfm.Error
	if errors.As(err, &e) {
		return &rejection{reason: e.Reason, record: e.Record, offset: e.Offset, err: err}
	}
	return &rejection{reason: "format", err: err}
}

// identify reads the first record and names the generation. A *rejection: it has no name.
func (s *Source) identify(path, name string) (Generation, *rejection, error) {
	d, r, bad, err := openRecords(path, s.cfg.Format)
	if bad != nil || err != nil {
		return Generation{}, bad, err
	}
	defer d.Close()
	defer r.Close()
	header, err := r.Next()
	switch {
	case d.err != nil:
		return Generation{}, nil, d.err
	case err == io.EOF:
		return Generation{}, &rejection{reason: "empty", err: errors.New("the file holds no record")}, nil
	case err != nil:
		return Generation{}, framing(err), nil
	}
	g, err := s.cfg.Identify(name, header)
	if err == nil {
		err = g.check()
	}
	if err != nil {
		return Generation{}, &rejection{reason: "identity", record: 1, err: err}, nil
	}
	return g, nil, nil
}

// inspection is one pass over a whole file, before anything of it is delivered.
type inspection struct {
	*Source
	disk   *disk
	reader *recfm.Reader
	hash   hash.Hash
	length [8]byte

	ended   bool
	bad     *rejection
	err     error // of the disk, or of ctx
	records int64
}

// inspect reads the whole file: its framing, its content's hash, and what Config.Check says.
func (s *Source) inspect(ctx context.Context, path string, g Generation) (p place, bad *rejection, err error) {
	d, r, bad, err := openRecords(path, s.cfg.Format)
	if bad != nil || err != nil {
		return place{}, bad, err
	}
	i := &inspection{Source: s, disk: d, reader: r, hash: sha256.New()}
	defer func() { err = errors.Join(err, r.Close(), d.Close()) }()
	var verdict error
	if s.cfg.Check != nil {
		verdict = s.cfg.Check(ctx, g, i.all(ctx))
	}
	at, offset := i.records, r.Offset()
	if verdict == nil {
		for range i.all(ctx) { // what Check left
		}
	}
	switch {
	case i.err != nil:
		return place{}, nil, i.err
	case i.bad != nil:
		return place{}, i.bad, nil
	case verdict != nil && ctx.Err() != nil:
		return place{}, nil, ctx.Err()
	case verdict != nil:
		return place{}, judged(verdict, at, offset), nil
	}
	return place{Version: positionVersion, Dataset: s.cfg.Name, ID: g.ID, Cycle: g.Cycle, Number: g.Number, Highest: g.Highest,
		Content: hex.EncodeToString(i.hash.Sum(nil)), Of: i.records}, nil, nil
}

// judged is the rejection of a Check that failed after some records.
func judged(verdict error, record, offset int64) *rejection {
	bad := &rejection{reason: "check", record: record, offset: offset, err: verdict}
	var r *adapters.Refusal
	if errors.As(verdict, &r) {
		bad.reason = r.Reason
	}
	return bad
}

// all are the records that were not read yet.
func (i *inspection) all(ctx context.Context) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			b, ok := i.next(ctx)
			if !ok || !yield(b) {
				return
			}
		}
	}
}

// next reads one record into the hash; false at the end and at any fault.
func (i *inspection) next(ctx context.Context) ([]byte, bool) {
	if i.ended {
		return nil, false
	}
	if i.records%4096 == 0 && ctx.Err() != nil {
		i.err, i.ended = ctx.Err(), true
		return nil, false
	}
	b, err := i.reader.Next()
	if err != nil {
		i.ended = true
		switch {
		case i.disk.err != nil:
			i.err = i.disk.err
		case err != io.EOF:
			i.bad = framing(err)
		}
		return nil, false
	}
	i.records++
	hashed := b
	if i.records == 1 {
		hashed = i.cfg.Number.blank(b)
	}
	binary.BigEndian.PutUint64(i.length[:], uint64(len(hashed)))
	i.hash.Write(i.length[:])
	i.hash.Write(hashed)
	if i.cfg.Content == Messages {
		if _, err := ParseMessage(b, i.cfg.Sealer); err != nil {
			i.ended = true
			i.bad = &rejection{reason: "message", record: i.records, offset: i.reader.Offset(), err: fmt.Errorf("record %d: %w", i.records, err)}
			return nil, false
		}
	}
	return b, true
}
