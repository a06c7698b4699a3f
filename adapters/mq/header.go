package mq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
)

// Format names (IBM MQ, Reference, MQFMT), without padding.
const (
	FormatNone   = ""
	FormatString = "MQSTR"
	FormatDLH    = "MQDEAD"
	FormatRFH2   = "MQHRF2"
	FormatCIH    = "MQCICS"
	FormatIIH    = "MQIMS"
	FormatIMSVS  = "MQIMSVS"
	FormatMDE    = "MQHMDE"
	FormatXQH    = "MQXMIT"
)

// Encodings of numbers (IBM MQ, Reference, MQENC). The lowest four bits say how integers stand.
const (
	EncodingZOS   int32 = 785 // integers and decimals high byte first, floating point of System/390
	EncodingLinux int32 = 546 // all low byte first

	encodingIntegers int32 = 0xf
	integersNormal   int32 = 1
	integersReversed int32 = 2
)

// ccsidInherit is MQCCSI_INHERIT: the data is in the code page of the header before it.
const ccsidInherit int32 = -2

// The closed set of Refusal.Reason of headers.
const (
	reasonHeaderShort    = "header-short"    // the data ends within the header
	reasonHeaderID       = "header-id"       // the data does not begin with the StrucId that the format promises
	reasonHeaderCodepage = "header-codepage" // the StrucId is EBCDIC where an ASCII page is stated, or the other way
	reasonHeaderEncoding = "header-encoding" // integers stand the other way than stated
	reasonHeaderVersion  = "header-version"  // a version that is not known
	reasonHeaderLength   = "header-length"   // StrucLength or a length in it does not fit
	reasonHeaderFormat   = "header-format"   // a header that Portage does not read
	reasonHeaderFolder   = "header-folder"   // a folder of properties that cannot be read
	reasonHeaderSegment  = "header-segment"  // an LLZZ segment that does not fit
	reasonHeaderValue    = "header-value"    // a value that cannot be written
	reasonHeaderMany     = "header-many"     // more headers than maxHeaders
)

// HeaderReasons returns the closed set of reasons by which headers are refused: metric labels.
func HeaderReasons() []string {
	return []string{reasonHeaderShort, reasonHeaderID, reasonHeaderCodepage, reasonHeaderEncoding, reasonHeaderVersion,
		reasonHeaderLength, reasonHeaderFormat, reasonHeaderFolder, reasonHeaderSegment, reasonHeaderValue, reasonHeaderMany}
}

// Header is one header in front of a message's data: *DLH, *RFH2, *CIH, *IIH, *MDE or *XQH. Its fields
// are in Go's own encoding; text is UTF-8 without the blanks and NULs that pad it. A header that was
// read and not changed is written byte for byte as it was.
type Header interface {
	// MQFormat is the format name by which what stands before announces this header: "MQDEAD".
	MQFormat() string
	// links shows how the header says what follows it.
	links() links
	// visit names each field once, in its place, for reading and for writing.
	visit(w *wire)
}

// links are the fields of a header that describe what follows it.
type links struct {
	format          *string
	encoding, ccsid *int32
	// own says that what follows is in the header's own encoding and code page: the fields are reserved.
	own bool
	// read is how the header was read.
	read *origin
}

// origin is how a header was read: the bytes, and what they were read by. Nil bytes: it was not.
type origin struct {
	bytes []byte
	order order
	page  *ebcdic.Codepage
}

// coding describes data: MQMD's and each header's Format, Encoding, CodedCharSetId.
type coding struct {
	format          string
	encoding, ccsid int32
}

// next returns how the data behind a header is described.
func (l links) next(own coding) coding {
	out := coding{*l.format, own.encoding, own.ccsid}
	if !l.own {
		out.encoding = *l.encoding
		if *l.ccsid != ccsidInherit {
			out.ccsid = *l.ccsid
		}
	}
	return out
}

// order is how the bytes of integers stand: binary.BigEndian or binary.LittleEndian.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// byteOrder returns how integers stand; nil: the encoding does not say (MQENC_INTEGER_UNDEFINED).
func byteOrder(encoding int32) (order, error) {
	switch encoding & encodingIntegers {
	case integersNormal:
		return binary.BigEndian, nil
	case integersReversed:
		return binary.LittleEndian, nil
	case 0:
		return nil, nil
	}
	return nil, fmt.Errorf("encoding %d names no order of bytes", encoding)
}

// codepage returns the page of a CCSID; nil if Portage has none, or if it stands for another (0, below 0).
func codepage(ccsid int32) *ebcdic.Codepage {
	if ccsid <= 0 {
		return nil
	}
	page, err := ebcdic.Lookup(strconv.Itoa(int(ccsid)))
	if err != nil {
		return nil
	}
	return page
}

// plainPage returns a page that has the letters of headers, for CCSIDs that say nothing.
func plainPage(isEBCDIC bool) *ebcdic.Codepage {
	name := "ascii"
	if isEBCDIC {
		name = "cp037"
	}
	page, err := ebcdic.Lookup(name)
	if err != nil {
		panic(err) // embedded
	}
	return page
}

// wire reads or writes one header, field by field, from first to last. The first fault stays in err and
// ends the work.
type wire struct {
	header  string // "MQDLH", for errors
	order   order
	page    *ebcdic.Codepage
	in      []byte // reading: the data from the header on. Writing: the bytes as read; nil if they are of no use
	base    int    // where in begins in the message's body
	at      int
	writing bool
	out     []byte
	err     error
}

// fail keeps the first fault. Offset is in bytes from the start of the header; below 0: unknown.
func (w *wire) fail(reason, field string, offset, size int, format string, args ...any) {
	if w.err != nil {
		return
	}
	if offset >= 0 {
		offset += w.base
	}
	if field != "" {
		field = w.header + "." + field
	} else {
		field = w.header
	}
	w.err = &adapters.Refusal{Reason: reason, Field: field, Offset: offset, Size: size, Err: fmt.Errorf(format, args...)}
}

// next returns the n bytes at this place: those to read, or those that were read; nil: there are none.
func (w *wire) next(n int) []byte {
	defer func() { w.at += n }()
	if w.err != nil {
		return nil
	}
	if n < 0 || w.at+n > len(w.in) {
		if !w.writing {
			w.fail(reasonHeaderShort, "", w.at, len(w.in)-w.at, "it needs %d bytes here, and %d are left", n, max(0, len(w.in)-w.at))
		}
		return nil
	}
	return w.in[w.at : w.at+n]
}

// long is an MQLONG.
func (w *wire) long(v *int32) {
	b := w.next(4)
	switch {
	case w.err != nil:
	case w.writing:
		w.out = w.order.AppendUint32(w.out, uint32(*v))
	default:
		*v = int32(w.order.Uint32(b))
	}
}

// text is characters, padded with blanks. Bytes that were read as this very text are kept.
func (w *wire) text(field string, v *string, size int) {
	b := w.next(size)
	if w.err != nil {
		return
	}
	if !w.writing {
		*v = w.read(b)
		return
	}
	if b != nil && w.read(b) == *v {
		w.out = append(w.out, b...)
		return
	}
	from := len(w.out)
	out, err := w.page.Encode(w.out, []byte(*v))
	if err != nil {
		w.fail(reasonHeaderValue, field, w.at-size, size, "it cannot be written in code page %s", w.page.Name())
		return
	}
	if len(out)-from > size {
		w.fail(reasonHeaderValue, field, w.at-size, size, "it holds %d bytes, and the value needs %d", size, len(out)-from)
		return
	}
	for len(out)-from < size {
		out = append(out, w.page.Space())
	}
	w.out = out
}

func (w *wire) read(b []byte) string {
	return strings.TrimRight(string(w.page.AppendUTF8(nil, b)), " \x00")
}

// bytes are as they are in any encoding.
func (w *wire) bytes(v []byte) {
	b := w.next(len(v))
	switch {
	case w.err != nil:
	case w.writing:
		w.out = append(w.out, v...)
	default:
		copy(v, b)
	}
}

// reserved are characters that nobody reads: kept, or blank.
func (w *wire) reserved(size int) {
	var ignored string
	if b := w.next(size); w.writing && b != nil {
		ignored = w.read(b)
	}
	w.at -= size
	w.text("Reserved", &ignored, size)
}

// begin is StrucId and Version, which the reader has already held against the header's kind.
func (w *wire) begin(id string, version *int32) {
	w.text("StrucId", &id, 4)
	w.long(version)
}

// length is a StrucLength that must be this.
func (w *wire) length(want int) {
	at, got := w.at, int32(want)
	w.long(&got)
	if int(got) != want {
		w.fail(reasonHeaderLength, "StrucLength", at, 4, "it says %d, and the structure has %d", got, want)
	}
}

// link is Encoding, CodedCharSetId, Format, as most headers have them.
func (w *wire) link(encoding, ccsid *int32, format *string) {
	w.long(encoding)
	w.long(ccsid)
	w.text("Format", format, 8)
}

var errNoCodepage = errors.New("the code page to write in is not known: state a CCSID that Portage has")
