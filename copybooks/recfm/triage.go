package recfm

import (
	"cmp"
	"fmt"
	"io"
	"slices"
)

// Known is what somebody knows of a file before looking at it: its copybook, and the attributes of the
// dataset that it comes from. The zero value: nothing. Triage finds more with it.
type Known struct {
	// Recfm is the dataset's record format. "" or Auto: unknown.
	Recfm Recfm
	// Lrecl is the length of fixed records in bytes. 0: unknown.
	Lrecl int
	// Counted says that the records are as long as their counters say, by intent without descriptor words.
	Counted bool
	// Kinds are the records that the copybook describes; nil: unknown.
	Kinds []Kind
	// Length returns the length in bytes of the record that b begins with, or 0 if b begins with none that the
	// copybook accepts. b may be longer than the record. nil: nobody can tell.
	Length func(b []byte) int
	// Pages are the EBCDIC code pages to tell apart, the expected one first. nil: nothing is said of
	// characters.
	Pages []Page
}

// Page is an EBCDIC code page of single bytes.
type Page struct {
	Name string
	// Runes are its characters by byte; negative where there is none.
	Runes [256]rune
}

// Kind is one sort of record.
type Kind struct {
	// Name is for people: an 01 level.
	Name string
	// Min and Max bound its length in bytes.
	Min, Max int
	// Spans are its fields at places that do not depend on data. Those that share bytes are left out.
	Spans []Span
}

// Span is a field's place in a record, in bytes, and what its bytes look like.
type Span struct {
	Offset, Size int
	Holds        Holds
}

// Holds says what the bytes of a field look like. The zero value is anything: binary, floating point.
type Holds uint8

// What fields hold.
const (
	HoldsBytes  Holds = iota
	HoldsText         // characters
	HoldsZoned        // digits, the last or first one perhaps with a sign
	HoldsPacked       // two digits a byte, the last nibble a sign
)

// Severity says what a Finding means for the data.
type Severity string

// The severities.
const (
	Damage Severity = "damage" // values are wrong or lost, or the records cannot be told apart: send it again
	Form   Severity = "form"   // every byte is there, in another form than z/OS keeps: it can be read as it is
)

// Finding is one thing that a transfer did to a file.
type Finding struct {
	// Code is stable: one of Codes.
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Confidence is from 1 to 100.
	Confidence int `json:"confidence"`
	// Evidence says what was seen, in counts and offsets, never in content.
	Evidence string `json:"evidence"`
	// Offset is the first place, in bytes from the start of the file, unpacked if it was packed; -1: none.
	Offset int64 `json:"offset"`
	Advice

	seen text // what Evidence says
}

// Diagnosis is what Triage makes of a file. Its texts are English; In gives them in French.
type Diagnosis struct {
	// Size is the file's length in bytes, Looked how many of them were read.
	Size   int64 `json:"size"`
	Looked int64 `json:"looked"`
	// Format says in words how the records stand, as far as that is clear.
	Format string `json:"format"`
	// Characters says in words how text is encoded, as far as that is clear.
	Characters string `json:"characters"`
	// Findings are in the order of their weight. Empty: nothing was found.
	Findings []Finding `json:"findings"`

	format, characters text // what Format and Characters say
}

// Damaged reports whether a Finding is damage.
func (d *Diagnosis) Damaged() bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Severity == Damage })
}

// Triage looks at a file of size bytes and says what transfers did to it. It reads no more than 512 KiB of it,
// and 4 MiB if it is packed, keeps as much in memory, and takes well under a second. The error is one of reading.
// Findings hold counts and offsets, never content.
func Triage(src io.ReaderAt, size int64, k Known) (*Diagnosis, error) {
	s, err := take(src, size)
	if err != nil {
		return nil, err
	}
	x := &examination{known: k, s: s, d: &Diagnosis{Size: size, Looked: s.looked, Findings: []Finding{}}}
	x.run()
	slices.SortStableFunc(x.d.Findings, func(a, b Finding) int {
		if a.Severity != b.Severity {
			return cmp.Compare(a.Severity, b.Severity) // damage before form
		}
		return cmp.Compare(b.Confidence, a.Confidence)
	})
	return x.d, nil
}

// How much of a file is looked at, in bytes.
const (
	headSample   = 256 << 10
	middleSample = 64 << 10
	tailSample   = 64 << 10
	wholeSample  = 512 << 10 // files up to this are read whole
)

// sample is what was read of a file.
type sample struct {
	head   []byte // from byte 0; the whole file if whole
	middle []byte
	tail   []byte // up to the last byte; part of head if whole
	total  int64  // length of the file; -1: unknown
	whole  bool
	looked int64
}

// take reads the sample.
func take(src io.ReaderAt, size int64) (sample, error) {
	s := sample{total: size, whole: size <= wholeSample}
	read := func(at, n int64) ([]byte, error) {
		b := make([]byte, n)
		got, err := src.ReadAt(b, at)
		if err == io.EOF && int64(got) == n {
			err = nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %d bytes at byte %d: %w", n, at, err)
		}
		s.looked += n
		return b, nil
	}
	var err error
	if s.whole {
		s.head, err = read(0, size)
		s.tail = s.head[max(0, len(s.head)-tailSample):]
		return s, err
	}
	if s.head, err = read(0, headSample); err != nil {
		return s, err
	}
	if s.middle, err = read(size/2, middleSample); err != nil {
		return s, err
	}
	s.tail, err = read(size-tailSample, tailSample)
	return s, err
}

// wholly returns the sample of bytes that are a whole file, or its start.
func wholly(b []byte, complete bool) sample {
	s := sample{head: b, total: -1, whole: complete}
	if complete {
		s.total = int64(len(b))
		s.tail = b[max(0, len(b)-tailSample):]
	}
	return s
}

// through returns the sample with every byte translated.
func (s sample) through(t *[256]byte) sample {
	to := func(b []byte) []byte {
		out := make([]byte, len(b))
		for i, c := range b {
			out[i] = t[c]
		}
		return out
	}
	s.head, s.middle = to(s.head), to(s.middle)
	if s.whole {
		s.tail = s.head[max(0, len(s.head)-tailSample):]
	} else {
		s.tail = to(s.tail)
	}
	return s
}

// examination is one file being looked at.
type examination struct {
	known Known
	s     sample // as it is, once unwrapped
	d     *Diagnosis
	chars characters
	orig  sample // as it was before its characters were translated; s if they were not
}

func (x *examination) run() {
	defer func() { x.d = x.d.In(English) }()
	if x.d.Size == 0 {
		x.d.format = say("no bytes")
		x.find("empty", Damage, 100, -1, "the file has no bytes")
		return
	}
	x.unwrap()
	if len(x.s.head) == 0 {
		return
	}
	x.characters()
	switch {
	case x.descriptors():
	case x.newlines():
	default:
		x.fixed()
	}
	x.ends()
	x.pages()
}

// find adds a Finding, unless its code is there already. Its evidence is a text as say takes it.
func (x *examination) find(code string, s Severity, confidence int, offset int64, evidence string, args ...any) {
	if x.found(code) {
		return
	}
	x.d.Findings = append(x.d.Findings, Finding{Code: code, Severity: s, Confidence: min(max(confidence, 1), 100), Offset: offset,
		seen: say(evidence, args...)})
}

func (x *examination) found(code string) bool {
	return slices.ContainsFunc(x.d.Findings, func(f Finding) bool { return f.Code == code })
}

// damaged reports whether damage was found.
func (x *examination) damaged() bool { return x.d.Damaged() }
