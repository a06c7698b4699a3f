package recfm

import "fmt"

// Error is a fault in the framing of a stream. It never holds content.
type Error struct {
	// Record is the number of the record at fault, from 1.
	Record int64
	// Offset is where that record starts, its descriptor word included, in bytes from the start of the
	// stream, after unpacking.
	Offset int64
	// Reason is a stable code: "truncated", "rdw-zero", "rdw-short", "rdw-long", "rdw-reserved",
	// "rdw-block", "bdw-short", "bdw-long", "bdw-reserved", "segment-order", "record-short",
	// "record-long", "length-field", "auto" (the format cannot be told), "read".
	Reason string
	// Hint says what to try; may be empty.
	Hint string
	// Err says what was found.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	s := fmt.Sprintf("record %d at byte %d: %s", e.Record, e.Offset, e.Err)
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
