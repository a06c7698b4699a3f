package recfm

import (
	"encoding/binary"
	"fmt"
	"io"
)

// Segment control codes (DFSMS Using Data Sets, "Segment Descriptor Word", table 1).
const (
	segmentWhole  = 0
	segmentFirst  = 1
	segmentLast   = 2
	segmentMiddle = 3
)

// nextV reads one RDW and its record.
func (r *Reader) nextV() ([]byte, error) {
	n, err := r.rdw()
	if err != nil {
		return nil, err
	}
	b, err := r.take(n, "is the file cut off, or are rdw or its adjustment wrong?")
	if err != nil {
		return nil, err
	}
	return b[descriptor:], nil
}

// nextVB reads one record of the open block, or opens the next.
func (r *Reader) nextVB() ([]byte, error) {
	if err := r.openBlock(); err != nil {
		return nil, err
	}
	n, err := r.rdw()
	if err != nil {
		return nil, err
	}
	b, err := r.fromBlock(n)
	if err != nil {
		return nil, err
	}
	return b[descriptor:], nil
}

// nextVBS puts one record together from its segments, over as many blocks as they take.
func (r *Reader) nextVBS() ([]byte, error) {
	r.whole = r.whole[:0]
	for part := 0; ; part++ {
		b, code, err := r.segment(part > 0)
		if err != nil {
			return nil, err
		}
		begins := code == segmentWhole || code == segmentFirst
		if begins != (part == 0) {
			return nil, r.fault("segment-order", fmt.Errorf("segment %d has control code %d", part+1, code),
				"segments are missing or out of order: was a volume left out?")
		}
		if code == segmentWhole {
			return b, nil
		}
		limit := r.format.MaxRecord
		if r.format.Lrecl > descriptor {
			limit = min(limit, r.format.Lrecl-descriptor)
		}
		if len(r.whole)+len(b) > limit {
			return nil, r.fault("record-long", fmt.Errorf("its segments exceed %d bytes", limit), "see lrecl and maxRecord")
		}
		r.whole = append(r.whole, b...)
		if code == segmentLast {
			return r.whole, nil
		}
	}
}

// segment reads one SDW and its bytes. Inside a record the stream must not end.
func (r *Reader) segment(inside bool) ([]byte, byte, error) {
	var err error
	if r.format.Recfm.blocked() {
		err = r.openBlock()
	}
	var d []byte
	if err == nil {
		d, err = r.word("SDW")
	}
	if err == io.EOF && inside {
		return nil, 0, r.fault("truncated", fmt.Errorf("the stream ends between its segments: %w", io.ErrUnexpectedEOF), "is the file cut off?")
	}
	if err != nil {
		return nil, 0, err
	}
	n, zero := r.format.RDW.length(d, r.format.RDWAdjust, 3)
	code := r.format.RDW.code(d)
	if !zero {
		return nil, 0, r.fault("rdw-reserved", fmt.Errorf("the SDW's reserved bits are not zero"), "is this recfm VBS or VS?")
	}
	// A whole record of no bytes is an RDW of 4; a segment of a longer one holds at least a byte.
	if n < minSegment && (code != segmentWhole || n != descriptor) {
		return nil, 0, r.lengthFault("SDW", n, minSegment)
	}
	b, err := r.fromBlock(n)
	if err != nil {
		return nil, 0, err
	}
	return b[descriptor:], code, nil
}

// rdw peeks at a record descriptor word and returns the length that it states, itself included.
func (r *Reader) rdw() (int, error) {
	d, err := r.word("RDW")
	if err != nil {
		return 0, err
	}
	n, zero := r.format.RDW.length(d, r.format.RDWAdjust, 0)
	switch {
	case binary.BigEndian.Uint32(d) == 0 && r.format.RDWAdjust <= 0:
		return 0, r.fault("rdw-zero", fmt.Errorf("the RDW is zero"), "is the file padded with zeros, or are its records fixed?")
	case n < descriptor:
		return 0, r.lengthFault("RDW", n, descriptor)
	case n > r.format.longest():
		return 0, r.fault("rdw-long", fmt.Errorf("the RDW states %d bytes, more than %d", n, r.format.longest()), r.orderHint())
	case !zero:
		return 0, r.fault("rdw-reserved", fmt.Errorf("the RDW's reserved bytes are not zero"),
			"are its records spanned (recfm VBS or VS) or fixed, or is rdw "+string(other(r.format.RDW))+"?")
	}
	return n, nil
}

// openBlock reads the next BDW if the open block has no bytes left. io.EOF: there is no further block.
func (r *Reader) openBlock() error {
	for r.block == 0 {
		d, err := r.word("BDW")
		if err != nil {
			return err
		}
		n, zero := r.format.RDW.length(d, r.format.BDWAdjust, 0)
		size := int64(n)
		if r.format.RDW == Big && d[0]&0x80 != 0 {
			size = int64(binary.BigEndian.Uint32(d)&0x7fffffff) + int64(r.format.BDWAdjust)
		} else if !zero {
			return r.fault("bdw-reserved", fmt.Errorf("the BDW's reserved bytes are not zero"), "does the file have BDWs? if not, recfm is V")
		}
		// A block of its BDW alone is empty: nothing to return, nothing to refuse.
		if size < descriptor {
			return r.fault("bdw-short", fmt.Errorf("the BDW states %d bytes, fewer than its own %d", size, descriptor), "does the file have BDWs? if not, recfm is V")
		}
		r.in.skip(descriptor)
		r.block = size - descriptor
	}
	return nil
}

// fromBlock takes n bytes of the open block, or of the stream if there are no blocks.
func (r *Reader) fromBlock(n int) ([]byte, error) {
	if !r.format.Recfm.blocked() {
		return r.take(n, "is the file cut off?")
	}
	if int64(n) > r.block {
		return nil, r.fault("rdw-block", fmt.Errorf("it states %d bytes, and its block has %d left", n, r.block), "does the file have BDWs? if not, recfm is V")
	}
	b, err := r.take(n, "is the file cut off?")
	if err != nil {
		return nil, err
	}
	r.block -= int64(n)
	return b, nil
}

// word peeks at the four bytes of a descriptor word; io.EOF only where the stream may end.
func (r *Reader) word(kind string) ([]byte, error) {
	d, err := r.in.peek(descriptor)
	switch {
	case err == io.EOF && len(d) == 0 && r.block == 0:
		return nil, io.EOF
	case err == io.EOF:
		return nil, r.fault("truncated", fmt.Errorf("the stream ends after %d of the 4 bytes of its %s: %w", len(d), kind, io.ErrUnexpectedEOF),
			"is the file cut off, or does it have a footer to skip?")
	case err != nil:
		return nil, r.readFault(err)
	}
	return d, nil
}

func (r *Reader) lengthFault(kind string, n, least int) error {
	return r.fault("rdw-short", fmt.Errorf("the %s states %d bytes, fewer than %d", kind, n, least), r.orderHint())
}

func (r *Reader) orderHint() string {
	return "is rdw " + string(other(r.format.RDW)) + ", does the length leave out the RDW (adjustment 4), or are the records fixed?"
}

func other(o Order) Order {
	if o == Little {
		return Big
	}
	return Little
}
