package mq

import (
	"fmt"
)

const (
	llzz = 4
	// maxSegment is the longest IMS segment: LL is a signed halfword.
	maxSegment = 1<<15 - 1
	// transactionName is how many bytes of the first segment the transaction code takes.
	transactionName = 8
)

// Segment is one IMS segment: LL, its length with LL and ZZ, stands before it and is not kept (IBM MQ,
// Developing, "Writing IMS bridge applications").
type Segment struct {
	// ZZ is reserved for IMS; 0.
	ZZ uint16
	// Data is what follows, at most 32,763 bytes.
	Data []byte
}

// ParseSegments splits data of format MQIMSVS: LLZZ and data, again and again, to the end. LL stands as
// m.Encoding says; encoding 0: high byte first. Data shares m's bytes. The error is an *adapters.Refusal
// with reason header-segment and the offset in m.Body.
func ParseSegments(m Message) ([]Segment, error) { return parseSegments(m, 0) }

func parseSegments(m Message, base int) ([]Segment, error) {
	o, err := segmentOrder(m.Encoding)
	if err != nil {
		return nil, refuseHeader(reasonHeaderSegment, "LL", base, -1, err)
	}
	var out []Segment
	for at := 0; at < len(m.Body); {
		rest := m.Body[at:]
		if len(rest) < llzz {
			return nil, refuseHeader(reasonHeaderSegment, "LL", base+at, len(rest), fmt.Errorf("%d bytes are left; LLZZ needs 4", len(rest)))
		}
		n := int(o.Uint16(rest))
		if n < llzz || n > maxSegment || n > len(rest) {
			return nil, refuseHeader(reasonHeaderSegment, "LL", base+at, 2, fmt.Errorf("segment %d: LL says %d, and %d bytes are left", len(out), n, len(rest)))
		}
		out = append(out, Segment{ZZ: o.Uint16(rest[2:]), Data: rest[llzz:n:n]})
		at += n
	}
	return out, nil
}

// AppendSegments writes segments with LL as the encoding says. The error is an *adapters.Refusal with
// reason header-segment.
func AppendSegments(dst []byte, encoding int32, segments ...Segment) ([]byte, error) {
	o, err := segmentOrder(encoding)
	if err != nil {
		return dst, refuseHeader(reasonHeaderSegment, "LL", -1, -1, err)
	}
	out := dst
	for i, s := range segments {
		n := llzz + len(s.Data)
		if n > maxSegment {
			return dst, refuseHeader(reasonHeaderSegment, "LL", -1, n, fmt.Errorf("segment %d would have %d bytes; IMS takes %d", i, n, maxSegment))
		}
		out = o.AppendUint16(out, uint16(n))
		out = o.AppendUint16(out, s.ZZ)
		out = append(out, s.Data...)
	}
	return out, nil
}

func segmentOrder(encoding int32) (order, error) {
	o, err := byteOrder(encoding)
	if o == nil && err == nil {
		o, err = byteOrder(EncodingZOS)
	}
	return o, err
}

// joinSegments returns the data of all segments as one; of a single one it shares the bytes.
func joinSegments(m Message, base int) ([]byte, error) {
	segments, err := parseSegments(m, base)
	if err != nil {
		return nil, err
	}
	if len(segments) == 1 {
		return segments[0].Data, nil
	}
	var out []byte
	for _, s := range segments {
		out = append(out, s.Data...)
	}
	return out, nil
}
