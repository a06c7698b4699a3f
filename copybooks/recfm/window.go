package recfm

import (
	"bytes"
	"errors"
	"io"
)

const firstBuffer = 64 << 10

// window is a reading buffer that lends runs of any length and always keeps footer bytes back. It grows
// with the bytes that really come, not with what a descriptor claims.
type window struct {
	src    io.Reader
	buf    []byte
	lo, hi int   // buf[lo:hi] is read and not yet consumed
	offset int64 // of buf[lo] in the stream
	footer int
	err    error // sticky: io.EOF or the source's error
}

// peek returns the next n bytes, or fewer and the reason: io.EOF or the source's error. The bytes are
// valid until the next peek or line.
func (w *window) peek(n int) ([]byte, error) {
	for w.hi-w.lo < n+w.footer && w.err == nil {
		w.fill()
	}
	have := w.hi - w.lo - w.footer
	if have >= n {
		return w.buf[w.lo : w.lo+n], nil
	}
	return w.buf[w.lo : w.lo+max(have, 0)], w.err
}

// ahead is peek, but returns all that was read beyond the n bytes, too.
func (w *window) ahead(n int) ([]byte, error) {
	b, err := w.peek(n)
	if err != nil {
		return b, err
	}
	return w.buf[w.lo : w.hi-w.footer], nil
}

// line returns the bytes up to and including end, or what is left without it and the reason. It gives
// up with errLongLine once limit bytes hold no end.
func (w *window) line(end byte, limit int) ([]byte, error) {
	seen := 0
	for {
		have := max(w.hi-w.lo-w.footer, 0)
		if i := bytes.IndexByte(w.buf[w.lo+seen:w.lo+have], end); i >= 0 {
			return w.buf[w.lo : w.lo+seen+i+1], nil
		}
		if seen = have; seen > limit {
			return w.buf[w.lo : w.lo+have], errLongLine
		}
		if w.err != nil {
			return w.buf[w.lo : w.lo+have], w.err
		}
		w.fill()
	}
}

var errLongLine = errors.New("line too long")

// skip consumes n bytes that peek or line has shown.
func (w *window) skip(n int) {
	w.lo += n
	w.offset += int64(n)
}

// discard consumes n bytes, shown or not; io.ErrUnexpectedEOF if the stream is shorter.
func (w *window) discard(n int) error {
	for n > 0 {
		b, err := w.peek(min(n, firstBuffer))
		w.skip(len(b))
		n -= len(b)
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill reads once, after making room.
func (w *window) fill() {
	if w.lo > 0 && (w.lo == w.hi || w.hi == len(w.buf)) {
		w.hi = copy(w.buf, w.buf[w.lo:w.hi])
		w.lo = 0
	}
	if w.hi == len(w.buf) {
		grown := make([]byte, max(firstBuffer, 2*len(w.buf)))
		copy(grown, w.buf[:w.hi])
		w.buf = grown
	}
	for range 100 {
		n, err := w.src.Read(w.buf[w.hi:])
		w.hi += n
		w.err = err
		if n > 0 || err != nil {
			return
		}
	}
	w.err = io.ErrNoProgress
}
