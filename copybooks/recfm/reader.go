package recfm

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// Reader cuts a stream into records. It is for use by one goroutine.
type Reader struct {
	format Format
	guess  Guess
	packed string
	close  func() error
	in     window
	next   func() ([]byte, error)
	number int64
	start  int64
	block  int64  // bytes left in the open block; VB, VBS
	whole  []byte // a record put together from segments, or filled up with blanks; reused
	err    error
}

// NewReader returns a Reader of src, unpacked if it is gzip, bzip2 or zstd. With Auto it looks at the first
// 64 KiB before it returns, and fails if it cannot tell. Close the Reader to free what unpacking holds;
// src itself stays open.
func NewReader(src io.Reader, f Format) (*Reader, error) {
	f, err := f.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("record format: %w", err)
	}
	unpacked, packed, closer, err := unpack(src)
	if err != nil {
		return nil, err
	}
	r := &Reader{format: f, packed: packed, close: closer}
	r.in = window{src: unpacked, footer: f.SkipFileFooter}
	if err := r.open(); err != nil {
		return nil, errors.Join(err, closer())
	}
	return r, nil
}

// open passes the file header, settles Auto and chooses how to read.
func (r *Reader) open() error {
	if err := r.in.discard(r.format.SkipFileHeader); err != nil {
		return r.fault("truncated", fmt.Errorf("the file header of %d bytes is not there: %w", r.format.SkipFileHeader, err), "")
	}
	if r.format.Recfm == Auto {
		if err := r.settle(); err != nil {
			return err
		}
	}
	r.start = r.in.offset
	switch {
	case r.format.LengthOf != nil:
		r.next = r.nextByField
	case r.format.Recfm == V:
		r.next = r.nextV
	case r.format.Recfm == VB:
		r.next = r.nextVB
	case r.format.Recfm.spanned():
		r.next = r.nextVBS
	case r.format.Recfm == Text:
		r.next = r.nextLine
	default:
		r.next = r.nextFixed
	}
	return nil
}

// Next returns the next record without descriptor words, skips and newlines. The bytes are lent: they are
// valid until the next call. At the end of the stream the error is io.EOF, any other is an *Error and
// final.
func (r *Reader) Next() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.start = r.in.offset
	r.number++
	b, err := r.next()
	if err == nil {
		b, err = r.trim(b)
	}
	if err != nil {
		r.err = err
		if err == io.EOF {
			r.number--
		}
		return nil, err
	}
	return b, nil
}

// Records returns the records that are left, for a range loop. A pair with an error is the last one; the
// end of the stream is not an error.
func (r *Reader) Records() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			b, err := r.Next()
			if err == io.EOF {
				return
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// Number returns the number of the last record that Next returned, or failed on, from 1; 0 before the first.
func (r *Reader) Number() int64 { return r.number }

// Offset returns where that record starts, its descriptor word included, in bytes from the start of the
// stream, after unpacking.
func (r *Reader) Offset() int64 { return r.start }

// Consumed returns how many bytes of the stream, after unpacking, were read as records or skipped.
func (r *Reader) Consumed() int64 { return r.in.offset }

// Format returns the Format in use: with Auto, what was found.
func (r *Reader) Format() Format { return r.format }

// Guess returns what Auto found; the zero Guess without Auto.
func (r *Reader) Guess() Guess { return r.guess }

// Packed returns "gzip", "bzip2" or "zstd", or "" for input that was not packed.
func (r *Reader) Packed() string { return r.packed }

// Close frees what unpacking holds. The source stays open. Further calls do nothing.
func (r *Reader) Close() error {
	closer := r.close
	r.close = func() error { return nil }
	if r.err == nil {
		r.err = errors.New("the reader is closed")
	}
	return closer()
}

// trim takes the record's own skips away.
func (r *Reader) trim(b []byte) ([]byte, error) {
	from, end := r.format.SkipRecordStart, r.format.SkipRecordEnd
	if from+end == 0 {
		return b, nil
	}
	if len(b) < from+end {
		return nil, r.fault("record-short",
			fmt.Errorf("its %d bytes are fewer than the %d and %d to skip", len(b), from, end), "")
	}
	return b[from : len(b)-end], nil
}

// nextFixed reads a record of Lrecl bytes.
func (r *Reader) nextFixed() ([]byte, error) {
	return r.take(r.format.Lrecl, "is lrecl the length of this file's records, or is the file cut off?")
}

// nextByField reads a record that says its own length.
func (r *Reader) nextByField() ([]byte, error) {
	n, err := r.measured()
	if err != nil {
		return nil, err
	}
	skips := r.format.SkipRecordStart + r.format.SkipRecordEnd
	if n += skips; n <= skips || n > r.format.MaxRecord {
		return nil, r.fault("length-field", fmt.Errorf("its own fields say %d bytes", n), "see the length field's adjustment")
	}
	return r.take(n, "see the length field's adjustment, or is the file cut off?")
}

// measured asks for the length of the record that begins here, with more bytes until it is told.
func (r *Reader) measured() (int, error) {
	from, want := r.format.SkipRecordStart, r.format.LengthPrefix
	b, err := r.in.peek(from + want)
	for {
		if err != nil && err != io.EOF {
			return 0, r.readFault(err)
		}
		if len(b) == 0 {
			return 0, io.EOF
		}
		b = b[min(from, len(b)):]
		n, fail := r.format.LengthOf(b)
		if fail == nil {
			return n, nil
		}
		more := More(0)
		if !errors.As(fail, &more) {
			return 0, r.fault("length-field", fail, "does a record begin here, and are its counters or its length field the right ones?")
		}
		if want = int(more); err == io.EOF && want > len(b) {
			return 0, r.fault("truncated", fmt.Errorf("the stream ends after %d of the %d bytes that say its length: %w", len(b), want, io.ErrUnexpectedEOF),
				"is the file cut off, or does it have a footer to skip?")
		}
		if want <= len(b) || want > r.format.MaxRecord-from {
			return 0, r.fault("length-field", fail, "see maxRecord")
		}
		if want > firstBuffer { // one count of all of them must not follow each read
			want = min(max(want, 2*len(b)), r.format.MaxRecord-from)
		}
		b, err = r.in.ahead(from + want)
	}
}

// take reads n bytes as one record; nothing left is the end of the stream.
func (r *Reader) take(n int, hint string) ([]byte, error) {
	b, err := r.in.peek(n)
	switch {
	case err == io.EOF && len(b) == 0:
		return nil, io.EOF
	case err == io.EOF:
		return nil, r.fault("truncated", fmt.Errorf("the stream ends after %d of its %d bytes: %w", len(b), n, io.ErrUnexpectedEOF), hint)
	case err != nil:
		return nil, r.readFault(err)
	}
	r.in.skip(n)
	return b, nil
}

// nextLine reads a line of text and fills it up to Lrecl.
func (r *Reader) nextLine() ([]byte, error) {
	nl, _ := r.format.Newline.bytes()
	limit := r.format.MaxRecord
	b, err := r.in.line(nl.end, limit)
	switch {
	case err == errLongLine:
		return nil, r.fault("record-long", fmt.Errorf("no newline within %d bytes", limit), "is this text, and is newline right?")
	case err == io.EOF && len(b) == 0:
		return nil, io.EOF
	case err != nil && err != io.EOF:
		return nil, r.readFault(err)
	}
	r.in.skip(len(b))
	if err == nil {
		b = b[:len(b)-1]
		if nl.end == '\n' && len(b) > 0 && b[len(b)-1] == '\r' {
			b = b[:len(b)-1]
		}
	}
	lrecl := r.format.Lrecl
	if lrecl == 0 || len(b) == lrecl {
		return b, nil
	}
	if len(b) > lrecl {
		return nil, r.fault("record-long", fmt.Errorf("the line has %d bytes, more than lrecl %d", len(b), lrecl), "")
	}
	r.whole = append(r.whole[:0], b...)
	for len(r.whole) < lrecl {
		r.whole = append(r.whole, nl.blank)
	}
	return r.whole, nil
}

// fault makes the error for the record that is being read.
func (r *Reader) fault(reason string, err error, hint string) error {
	return &Error{Record: max(r.number, 1), Offset: r.start, Reason: reason, Hint: hint, Err: err}
}

func (r *Reader) readFault(err error) error {
	return r.fault("read", fmt.Errorf("reading failed: %w", err), "")
}
