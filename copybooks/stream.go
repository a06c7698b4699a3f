package copybooks

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// FixedRecords cuts what r holds into records of size bytes: RECFM F and FB. Each is valid until the next
// one, and nothing is allocated for it. What is left over at the end is an error that wraps
// io.ErrUnexpectedEOF; errors of r end the sequence too. For other record formats see the package recfm.
func FixedRecords(r io.Reader, size int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if size < 1 || size > maxMaxRecord {
			yield(nil, fmt.Errorf("records of %d bytes: want 1 to %d", size, maxMaxRecord))
			return
		}
		b := make([]byte, size)
		for n := int64(1); ; n++ {
			got, err := io.ReadFull(r, b)
			switch {
			case errors.Is(err, io.ErrUnexpectedEOF):
				yield(nil, fmt.Errorf("record %d at byte %d: %d of %d bytes: %w", n, (n-1)*int64(size), got, size, err))
				return
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, fmt.Errorf("record %d: %w", n, err))
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// Records decodes what src yields. A Record is valid until the next one. A record that cannot be decoded is
// an error that wraps a *FieldError and says its number, from 1; the sequence goes on behind it if the caller
// does. An error of src ends it. Decode's rules hold for lengths.
func (d *Decoder) Records(src iter.Seq2[[]byte, error]) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		n := int64(0)
		for b, err := range src {
			if err != nil {
				yield(Record{}, err)
				return
			}
			n++
			r, err := d.Decode(b)
			if err != nil {
				err = fmt.Errorf("record %d: %w", n, err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Emit passes the record that Begin and Set made to write, which must not keep it: its memory is used again.
// The error is that of write.
func (e *Encoder) Emit(write func(record []byte) error) error {
	e.emitted = e.AppendRecord(e.emitted[:0])
	return write(e.emitted)
}
