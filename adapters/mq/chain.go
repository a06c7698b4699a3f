package mq

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
)

// maxHeaders bounds a chain. Real ones have one to three headers.
const maxHeaders = 64

// Chain is the headers in front of a message's data, outermost first. Each says what follows it by
// Format, Encoding and CodedCharSetId, the first is said by the MQMD (IBM MQ, Developing, "Headers").
type Chain []Header

// kind is what is known of a header before it is read.
type kind struct {
	name     string // "MQDLH"
	id       string // StrucId
	versions []int32
	make     func() Header
}

// kindOf returns what a format announces; nil: data, or a header that Portage does not read.
func kindOf(format string) *kind {
	switch format {
	case FormatDLH:
		return &kind{"MQDLH", "DLH ", []int32{1}, func() Header { return new(DLH) }}
	case FormatRFH2:
		return &kind{"MQRFH2", "RFH ", []int32{2}, func() Header { return new(RFH2) }}
	case FormatCIH:
		return &kind{"MQCIH", "CIH ", []int32{1, 2}, func() Header { return new(CIH) }}
	case FormatIIH:
		return &kind{"MQIIH", "IIH ", []int32{1}, func() Header { return new(IIH) }}
	case FormatMDE:
		return &kind{"MQMDE", "MDE ", []int32{2}, func() Header { return new(MDE) }}
	case FormatXQH:
		return &kind{"MQXQH", "XQH ", []int32{1}, func() Header { return new(XQH) }}
	}
	return nil
}

// ParseChain splits a message into the headers that its Format announces and the message behind them,
// whose Format, Encoding and CCSID are those that the last header states; the rest of its descriptor is
// m's. It shares m's bytes. A message without headers comes back as it is.
//
// Each header is read in the encoding and code page that is stated for it. Where that says nothing
// (encoding 0, a CCSID of 0 or one that Portage does not have), its StrucId and Version tell. The chain
// ends at a format that is none of the six: MQRFH of version 1 ("MQHRF") is left alone.
//
// The error is an *adapters.Refusal: Reason is one of HeaderReasons, Field the structure and field,
// Offset counts from the start of m.Body.
func ParseChain(m Message) (Chain, Message, error) {
	var c Chain
	next := coding{m.Format, m.Encoding, m.CCSID}
	at := 0
	for k := kindOf(next.format); k != nil; k = kindOf(next.format) {
		if len(c) == maxHeaders {
			return nil, m, refuseHeader(reasonHeaderMany, "", at, -1, fmt.Errorf("more than %d headers", maxHeaders))
		}
		h, size, err := k.parse(m.Body[at:], at, next)
		if err != nil {
			return nil, m, err
		}
		c = append(c, h)
		next = h.links().next(next)
		at += size
	}
	m.Format, m.Encoding, m.CCSID, m.Body = next.format, next.encoding, next.ccsid, m.Body[at:]
	return c, m, nil
}

func refuseHeader(reason, field string, offset, size int, err error) *adapters.Refusal {
	return &adapters.Refusal{Reason: reason, Field: field, Offset: offset, Size: size, Err: err}
}

// parse reads one header from the start of b, which is at base in the message's body.
func (k *kind) parse(b []byte, base int, c coding) (Header, int, error) {
	if len(b) < 8 {
		return nil, 0, refuseHeader(reasonHeaderShort, k.name, base, len(b), fmt.Errorf("%d bytes are left of the message", len(b)))
	}
	page, err := k.page(b, base, c.ccsid)
	if err != nil {
		return nil, 0, err
	}
	order, err := k.order(b, base, c.encoding)
	if err != nil {
		return nil, 0, err
	}
	h := k.make()
	w := &wire{header: k.name, order: order, page: page, in: b, base: base}
	h.visit(w)
	if w.err != nil {
		return nil, 0, w.err
	}
	*h.links().read = origin{bytes: b[:w.at:w.at], order: order, page: page}
	return h, w.at, nil
}

// page finds the code page by the CCSID, and holds the StrucId against it.
func (k *kind) page(b []byte, base int, ccsid int32) (*ebcdic.Codepage, error) {
	var found *ebcdic.Codepage
	for _, isEBCDIC := range []bool{false, true} {
		p := plainPage(isEBCDIC)
		if id, err := p.Encode(nil, []byte(k.id)); err == nil && bytes.Equal(id, b[:4]) {
			found = p
		}
	}
	stated := codepage(ccsid)
	switch {
	case found == nil:
		return nil, refuseHeader(reasonHeaderID, k.name+".StrucId", base, 4,
			fmt.Errorf("the data does not begin with %q: the format before it promises what is not there", k.id))
	case stated == nil:
		return found, nil
	case stated.EBCDIC() != found.EBCDIC():
		return nil, refuseHeader(reasonHeaderCodepage, k.name+".StrucId", base, 4,
			fmt.Errorf("CCSID %d is stated, and StrucId is in %s: one of the two was converted without the other", ccsid, found.Name()))
	}
	return stated, nil
}

// order finds how integers stand by the encoding, and holds Version against it.
func (k *kind) order(b []byte, base int, encoding int32) (order, error) {
	stated, err := byteOrder(encoding)
	if err != nil {
		return nil, refuseHeader(reasonHeaderEncoding, k.name, base, 4, err)
	}
	var found order
	for _, o := range []order{binary.BigEndian, binary.LittleEndian} {
		if slices.Contains(k.versions, int32(o.Uint32(b[4:]))) {
			found = o
		}
	}
	switch {
	case found == nil:
		return nil, refuseHeader(reasonHeaderVersion, k.name+".Version", base+4, 4, errors.New("a version that Portage does not know"))
	case stated != nil && stated != found:
		return nil, refuseHeader(reasonHeaderEncoding, k.name+".Version", base+4, 4,
			fmt.Errorf("encoding %d is stated, and Version stands the other way round", encoding))
	}
	return found, nil
}

// Join puts the headers in front of rest. The first header is written in this encoding and code page, and
// each other one as the header before it states: where that states nothing, and was not read from a
// message, like the one before. Format, Encoding and CCSID of a header are changed only where they do not
// describe what follows, which is also why Join needs the headers for itself. What ParseChain returned
// becomes the same bytes again.
//
// The error is an *adapters.Refusal with reason header-value, or header-encoding when the data is not
// in the encoding and code page that an MQCIH or MQIIH before it demands.
func (c Chain) Join(encoding, ccsid int32, rest Message) (Message, error) {
	if len(c) == 0 {
		return rest, nil
	}
	own := coding{c[0].MQFormat(), encoding, ccsid}
	data := coding{rest.Format, rest.Encoding, rest.CCSID}
	rest.Format, rest.Encoding, rest.CCSID = own.format, encoding, ccsid
	var body []byte
	for i, h := range c {
		l := h.links()
		want := data
		if i+1 < len(c) {
			want = l.next(own)
			want.format = c[i+1].MQFormat()
			if l.read.bytes == nil && !l.own {
				want = want.or(own)
			}
		}
		if err := l.describe(own, want); err != nil {
			return rest, refuseHeader(reasonHeaderEncoding, kindOf(own.format).name, len(body), -1, err)
		}
		var err error
		if body, err = write(body, h, own); err != nil {
			return rest, err
		}
		own = l.next(own)
	}
	rest.Body = append(body, rest.Body...)
	return rest, nil
}

// or fills in what is not stated.
func (c coding) or(d coding) coding {
	if c.encoding == 0 {
		c.encoding = d.encoding
	}
	if c.ccsid == 0 {
		c.ccsid = d.ccsid
	}
	return c
}

// describe makes a header that is itself coded as own say that want follows.
func (l links) describe(own, want coding) error {
	*l.format = want.format
	have := l.next(own)
	if l.own {
		if want = want.or(own); want != have && own.encoding != 0 && own.ccsid != 0 {
			return fmt.Errorf("what follows is stated as encoding %d, CCSID %d; behind this header it is in the header's own, %d and %d",
				want.encoding, want.ccsid, own.encoding, own.ccsid)
		}
		return nil
	}
	if have.encoding != want.encoding {
		*l.encoding = want.encoding
	}
	if have.ccsid != want.ccsid {
		*l.ccsid = want.ccsid
	}
	return nil
}

// write appends one header in its coding.
func write(dst []byte, h Header, own coding) ([]byte, error) {
	k, read := kindOf(own.format), h.links().read
	w := &wire{header: k.name, base: len(dst), writing: true, out: dst}
	o, err := byteOrder(own.encoding)
	if err != nil {
		return dst, refuseHeader(reasonHeaderValue, k.name, len(dst), -1, err)
	}
	if w.page = codepage(own.ccsid); w.page == nil {
		w.page = read.page
	}
	if w.order = o; o == nil {
		w.order = read.order
	}
	if w.page == nil {
		return dst, refuseHeader(reasonHeaderValue, k.name, len(dst), -1, errNoCodepage)
	}
	if w.order == nil {
		w.order = binary.BigEndian
	}
	if w.page == read.page {
		w.in = read.bytes
	}
	h.visit(w)
	return w.out, w.err
}
