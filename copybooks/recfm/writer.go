package recfm

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Writer joins records into a stream. It is for use by one goroutine.
type Writer struct {
	format Format
	out    *bufio.Writer
	block  []byte // the open block, its BDW included; VB, VBS
	number int64
	offset int64
	err    error
}

// NewWriter returns a Writer to w. Auto is refused: a Writer has nothing to look at. Close flushes, and
// leaves w open. With LengthOf the records must say their own length; it is checked.
func NewWriter(w io.Writer, f Format) (*Writer, error) {
	f, err := f.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("record format: %w", err)
	}
	if f.Recfm == Auto {
		return nil, errors.New("record format: auto looks at data; say which format to write")
	}
	out := &Writer{format: f, out: bufio.NewWriterSize(w, firstBuffer)}
	out.zeros(f.SkipFileHeader)
	if f.Recfm.blocked() {
		out.block = append(make([]byte, 0, f.Blksize), 0, 0, 0, 0)
	}
	return out, nil
}

// Write appends one record. It keeps nothing of b. A record that does not fit its format is refused with an
// *Error and leaves the stream as it was; an error of the underlying writer is final.
func (w *Writer) Write(b []byte) error {
	if w.err != nil {
		return w.err
	}
	w.number++
	var err error
	switch w.format.Recfm {
	case V:
		err = w.writeV(b)
	case VB:
		err = w.writeVB(b)
	case VBS, VS:
		err = w.writeVBS(b)
	case Text:
		err = w.writeLine(b)
	default:
		err = w.writeFixed(b)
	}
	if err != nil {
		w.number--
		return err
	}
	return w.err
}

// Close writes the open block and the file footer, and flushes. The underlying writer stays open.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	w.endBlock()
	w.zeros(w.format.SkipFileFooter)
	w.keep(w.out.Flush())
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("the writer is closed")
	return nil
}

// Flush hands on what is buffered, so that a reader at the other end sees it. A block that is not full stays open.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.keep(w.out.Flush())
	}
	return w.err
}

// Number returns how many records were written.
func (w *Writer) Number() int64 { return w.number }

func (w *Writer) size(b []byte) int {
	return w.format.SkipRecordStart + len(b) + w.format.SkipRecordEnd
}

// body writes a record between the zeros of its skips.
func (w *Writer) body(b []byte) {
	w.zeros(w.format.SkipRecordStart)
	w.raw(b)
	w.zeros(w.format.SkipRecordEnd)
}

func (w *Writer) writeFixed(b []byte) error {
	n := w.size(b)
	if w.format.LengthOf != nil {
		said, err := w.format.LengthOf(b)
		if err != nil {
			return w.fault("length-field", err, "")
		}
		if said != len(b) {
			return w.fault("length-field", fmt.Errorf("its own fields say %d bytes, it has %d", said, len(b)), "")
		}
	} else if n != w.format.Lrecl {
		reason := "record-long"
		if n < w.format.Lrecl {
			reason = "record-short"
		}
		return w.fault(reason, fmt.Errorf("it has %d bytes, and lrecl is %d", n, w.format.Lrecl), "recfm V or VB keeps records of varying length")
	}
	w.body(b)
	return nil
}

// stated returns the length that a descriptor word holds for n bytes and itself.
func (w *Writer) stated(n int) (int, error) {
	held := n - w.format.RDWAdjust
	if n > w.format.longest() || held > 0xffff || held < 0 {
		return 0, w.fault("rdw-long", fmt.Errorf("with its RDW it has %d bytes, more than %d", n, min(w.format.longest(), 0xffff+w.format.RDWAdjust)), "recfm VBS keeps longer records")
	}
	return held, nil
}

func (w *Writer) writeV(b []byte) error {
	held, err := w.stated(w.size(b) + descriptor)
	if err != nil {
		return err
	}
	var d [descriptor]byte
	w.format.RDW.put(d[:], held, 0)
	w.raw(d[:])
	w.body(b)
	return nil
}

func (w *Writer) writeVB(b []byte) error {
	n := w.size(b) + descriptor
	held, err := w.stated(n)
	if err != nil {
		return err
	}
	if descriptor+n > w.format.Blksize {
		return w.fault("rdw-block", fmt.Errorf("with RDW and BDW it has %d bytes, more than blksize %d", descriptor+n, w.format.Blksize), "recfm VBS spans blocks")
	}
	if len(w.block)+n > w.format.Blksize {
		w.endBlock()
	}
	w.word(held, 0)
	w.block = append(w.block, make([]byte, w.format.SkipRecordStart)...)
	w.block = append(w.block, b...)
	w.block = append(w.block, make([]byte, w.format.SkipRecordEnd)...)
	return nil
}

// writeVBS cuts a record into segments that fill the blocks.
func (w *Writer) writeVBS(b []byte) error {
	n := w.size(b)
	if n > w.format.MaxRecord || w.format.Lrecl > 0 && n+descriptor > w.format.Lrecl {
		return w.fault("record-long", fmt.Errorf("it has %d bytes", n), "see lrecl and maxRecord")
	}
	if w.format.SkipRecordStart+w.format.SkipRecordEnd > 0 {
		whole := make([]byte, n)
		copy(whole[w.format.SkipRecordStart:], b)
		b = whole
	}
	if w.format.Recfm == VS {
		w.writeSegments(b)
		return nil
	}
	for first := true; ; first = false {
		room := w.format.Blksize - len(w.block) - descriptor
		if room < 1 || room < min(len(b), minSegment) {
			w.endBlock()
			room = w.format.Blksize - 2*descriptor
		}
		part := b[:min(room, len(b))]
		b = b[len(part):]
		w.word(len(part)+descriptor-w.format.RDWAdjust, segmentCode(first, len(b) == 0))
		w.block = append(w.block, part...)
		if len(b) == 0 {
			return nil
		}
	}
}

// writeSegments writes a record of VS: segments as long as their blocks would allow, and no blocks.
func (w *Writer) writeSegments(b []byte) {
	for first := true; ; first = false {
		part := b[:min(w.format.Blksize-2*descriptor, len(b))]
		b = b[len(part):]
		var d [descriptor]byte
		w.format.RDW.put(d[:], len(part)+descriptor-w.format.RDWAdjust, segmentCode(first, len(b) == 0))
		w.raw(d[:])
		w.raw(part)
		if len(b) == 0 {
			return
		}
	}
}

func segmentCode(first, last bool) byte {
	switch {
	case first && last:
		return segmentWhole
	case first:
		return segmentFirst
	case last:
		return segmentLast
	}
	return segmentMiddle
}

func (w *Writer) writeLine(b []byte) error {
	nl, _ := w.format.Newline.bytes()
	if bytes.IndexByte(b, nl.end) >= 0 {
		return w.fault("record-long", errors.New("it holds a newline"), "binary records need recfm F, V or VB")
	}
	if w.format.Lrecl > 0 && w.size(b) > w.format.Lrecl {
		return w.fault("record-long", fmt.Errorf("it has %d bytes, more than lrecl %d", w.size(b), w.format.Lrecl), "")
	}
	w.body(b)
	w.raw([]byte{nl.end})
	return nil
}

// word appends a descriptor word to the open block.
func (w *Writer) word(held int, code byte) {
	n := len(w.block)
	w.block = append(w.block, 0, 0, 0, 0)
	w.format.RDW.put(w.block[n:], held, code)
}

// endBlock writes the open block, if it holds anything.
func (w *Writer) endBlock() {
	if len(w.block) <= descriptor {
		return
	}
	w.format.RDW.put(w.block, len(w.block)-w.format.BDWAdjust, 0)
	w.raw(w.block)
	w.block = w.block[:descriptor]
}

func (w *Writer) raw(b []byte) {
	n, err := w.out.Write(b)
	w.offset += int64(n)
	w.keep(err)
}

func (w *Writer) zeros(n int) {
	var z [64]byte
	for ; n > 0; n -= min(n, len(z)) {
		w.raw(z[:min(n, len(z))])
	}
}

func (w *Writer) keep(err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write record %d: %w", w.number, err)
	}
}

func (w *Writer) fault(reason string, err error, hint string) error {
	return &Error{Record: w.number, Offset: w.offset + int64(len(w.block)), Reason: reason, Hint: hint, Err: err}
}
