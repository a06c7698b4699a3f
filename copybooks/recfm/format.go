package recfm

import (
	"fmt"
	"strings"
)

// Recfm is a record format. The zero value is F.
type Recfm string

// The record formats. The empty string means F.
const (
	Auto Recfm = "auto" // look at the data; for a Reader only
	F    Recfm = "F"
	FB   Recfm = "FB"
	V    Recfm = "V"
	VB   Recfm = "VB"
	VBS  Recfm = "VBS"
	VS   Recfm = "VS" // segments without blocks
	Text Recfm = "text"
)

// ParseRecfm returns the record format that s names, in any case; "" names F. The error lists the names.
func ParseRecfm(s string) (Recfm, error) {
	if s == "" {
		return F, nil
	}
	for _, r := range []Recfm{Auto, F, FB, V, VB, VBS, VS, Text} {
		if strings.EqualFold(s, string(r)) {
			return r, nil
		}
	}
	return "", fmt.Errorf("record format %q is none of auto, F, FB, V, VB, VBS, VS, text", s)
}

// Order says where a descriptor word holds its length. The zero value is Big.
type Order string

// The orders of descriptor words.
const (
	Big    Order = "big"    // bytes 0-1, high byte first: z/OS
	Little Order = "little" // bytes 2-3, low byte first: XCOM and other transfer products
)

// Newline says what ends a line of text. The zero value is LF.
type Newline string

// The newlines.
const (
	LF       Newline = "lf"        // X'0A'; a CR before it is dropped
	NL       Newline = "nl"        // X'15', EBCDIC new line, as z/OS UNIX files have it
	EBCDICLF Newline = "ebcdic-lf" // X'25', EBCDIC line feed
)

// Limits of z/OS (DFSMS Using Data Sets) and of this package, in bytes.
const (
	descriptor       = 4        // length of an RDW, SDW or BDW
	maxRDW           = 32760    // largest length in an RDW, itself included
	minSegment       = 5        // smallest length in an SDW, itself included
	minBDW           = 8        // smallest length in a BDW: itself and one RDW
	defaultBlksize   = 27998    // half a track of a 3390, what z/OS itself chooses most often
	defaultMaxRecord = 16 << 20 // see Format.MaxRecord
)

// Format says how records stand in a stream. The zero value is F, and needs Lrecl or LengthOf.
// Lengths and skips are in bytes and must not be negative.
type Format struct {
	// Recfm is the record format. Default F.
	Recfm Recfm `yaml:"recfm"`
	// Lrecl is the record length. F and FB: the length of each record, skips included; required unless
	// LengthOf is set. V, VB, VBS: the longest record, its RDW included as on z/OS; 0 means 32,760, and
	// MaxRecord for VBS and VS. Text: shorter lines are filled up with blanks, longer ones refused; 0 leaves
	// lines as they are. Auto: the length to assume if the records turn out to be fixed.
	Lrecl int `yaml:"lrecl"`
	// RDW is the order of descriptor words. Default Big.
	RDW Order `yaml:"rdw"`
	// RDWAdjust is added to the length that an RDW or SDW holds; the sum counts the RDW's own four
	// bytes. Default 0: the length counts them already, as on z/OS. 4: it does not. May be negative.
	RDWAdjust int `yaml:"rdwAdjust"`
	// BDWAdjust is the same for block descriptor words. Default 0.
	BDWAdjust int `yaml:"bdwAdjust"`
	// Blksize is the longest block that a Writer fills, its BDW included; for VS it bounds the segments as if
	// each stood in a block. VB, VBS and VS only. Default 27,998.
	Blksize int `yaml:"blksize"`
	// Newline ends a line of text. Default LF.
	Newline Newline `yaml:"newline"`

	// SkipFileHeader and SkipFileFooter are left out at the two ends of the stream; a Writer writes
	// zeros there. Default 0.
	SkipFileHeader int `yaml:"skipFileHeader"`
	SkipFileFooter int `yaml:"skipFileFooter"`
	// SkipRecordStart and SkipRecordEnd are left out at the two ends of each record, after its RDW; a
	// Writer writes zeros there. Default 0.
	SkipRecordStart int `yaml:"skipRecordStart"`
	SkipRecordEnd   int `yaml:"skipRecordEnd"`

	// MaxRecord bounds the memory that one record may take where its format sets no limit: VBS, VS, text and
	// LengthOf. Default 16 MiB.
	MaxRecord int `yaml:"maxRecord"`

	// LengthOf returns the length of the record that b begins, skips not counted. It is given at least
	// LengthPrefix bytes, or fewer at the end of the stream, and must not keep or change them. If it cannot
	// tell from them, its error is or wraps a More, and it is asked again. F and FB only. Default nil: records
	// have Lrecl bytes.
	LengthOf     func(b []byte) (int, error) `yaml:"-"`
	LengthPrefix int                         `yaml:"-"`
}

// More is the error of a LengthOf that cannot tell yet: how many bytes, from the start of the record, it takes.
type More int

// Error implements error.
func (m More) Error() string { return fmt.Sprintf("its length takes %d bytes to tell", int(m)) }

// withDefaults returns f with every default filled in, or what is wrong with it.
func (f Format) withDefaults() (Format, error) {
	r, err := ParseRecfm(string(f.Recfm))
	if err != nil {
		return f, err
	}
	f.Recfm = r
	if f.RDW == "" {
		f.RDW = Big
	}
	if f.Newline == "" {
		f.Newline = LF
	}
	if f.Blksize == 0 {
		f.Blksize = defaultBlksize
	}
	if f.MaxRecord == 0 {
		f.MaxRecord = defaultMaxRecord
	}
	return f, f.check()
}

func (f Format) check() error {
	for _, n := range []struct {
		name  string
		value int
	}{
		{"lrecl", f.Lrecl}, {"blksize", f.Blksize}, {"maxRecord", f.MaxRecord}, {"lengthPrefix", f.LengthPrefix},
		{"skipFileHeader", f.SkipFileHeader}, {"skipFileFooter", f.SkipFileFooter},
		{"skipRecordStart", f.SkipRecordStart}, {"skipRecordEnd", f.SkipRecordEnd},
	} {
		if n.value < 0 {
			return fmt.Errorf("%s %d is negative", n.name, n.value)
		}
	}
	if f.RDW != Big && f.RDW != Little {
		return fmt.Errorf("rdw %q is neither big nor little", f.RDW)
	}
	if _, err := f.Newline.bytes(); err != nil {
		return err
	}
	if f.Blksize < minBDW+minSegment || f.Blksize > maxRDW {
		return fmt.Errorf("blksize %d is not from %d to %d", f.Blksize, minBDW+minSegment, maxRDW)
	}
	if f.LengthOf != nil && f.Recfm != F && f.Recfm != FB {
		return fmt.Errorf("a length field needs recfm F, not %s: its records say their length already", f.Recfm)
	}
	if f.Recfm == F || f.Recfm == FB {
		return f.checkFixed()
	}
	return nil
}

func (f Format) checkFixed() error {
	switch {
	case f.LengthOf != nil && f.LengthPrefix == 0:
		return fmt.Errorf("recfm %s with a length field needs lengthPrefix, the bytes that reach to its end", f.Recfm)
	case f.LengthOf == nil && f.Lrecl == 0:
		return fmt.Errorf("recfm %s needs lrecl, the length of a record in bytes", f.Recfm)
	case f.LengthOf == nil && f.Lrecl <= f.SkipRecordStart+f.SkipRecordEnd:
		return fmt.Errorf("lrecl %d leaves nothing after skipping %d and %d bytes", f.Lrecl, f.SkipRecordStart, f.SkipRecordEnd)
	}
	return nil
}

// bytes returns the byte that ends a line and the one that fills it up.
func (n Newline) bytes() (b newlineBytes, err error) {
	switch n {
	case LF:
		return newlineBytes{end: 0x0a, blank: 0x20}, nil
	case NL:
		return newlineBytes{end: 0x15, blank: 0x40}, nil
	case EBCDICLF:
		return newlineBytes{end: 0x25, blank: 0x40}, nil
	}
	return b, fmt.Errorf("newline %q is none of lf, nl, ebcdic-lf", n)
}

type newlineBytes struct{ end, blank byte }

// spanned reports whether records may be cut into segments.
func (r Recfm) spanned() bool { return r == VBS || r == VS }

// blocked reports whether records stand in blocks with a BDW.
func (r Recfm) blocked() bool { return r == VB || r == VBS }

// longest returns the largest length, descriptor included, that one RDW may state.
func (f Format) longest() int {
	if f.Lrecl > 0 {
		return f.Lrecl
	}
	return maxRDW
}

// length returns what a descriptor word holds, adjusted, and whether its reserved bytes are zero but
// for the mask's bits in the byte after the length.
func (o Order) length(d []byte, adjust int, mask byte) (n int, reserved bool) {
	if o == Little {
		return int(d[2]) | int(d[3])<<8 + adjust, d[0]&^mask|d[1] == 0
	}
	return int(d[0])<<8 | int(d[1]) + adjust, d[2]&^mask|d[3] == 0
}

// code returns the segment control code of an SDW: the low two bits of its first reserved byte.
func (o Order) code(d []byte) byte {
	if o == Little {
		return d[0] & 3
	}
	return d[2] & 3
}

// put writes a descriptor word that holds n, with the segment control code.
func (o Order) put(d []byte, n int, code byte) {
	if o == Little {
		d[0], d[1], d[2], d[3] = code, 0, byte(n), byte(n>>8)
		return
	}
	d[0], d[1], d[2], d[3] = byte(n>>8), byte(n), code, 0
}
