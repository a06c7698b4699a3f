package recfm

import (
	"bytes"
	"io"
)

// walk is what came of framing a sample by descriptor words.
type walk struct {
	format           Format
	records, blocks  int
	spanned, covered int // covered: bytes up to the last whole record
	inner            int // records that begin with a descriptor word of their own length
	empty            int // records of no bytes
	lengths          map[int]int
	end              *Error // nil: the end of the sample
	starts           []int  // of records behind their RDW, at most keptRecords
	sizes            []int
}

const keptRecords = 2000

func follow(sample []byte, f Format) (w walk) {
	w = walk{format: f, lengths: map[int]int{}}
	r, err := newPlainReader(bytes.NewReader(sample), f)
	if err != nil {
		return w
	}
	for {
		before := r.block
		b, err := r.Next()
		if err != nil {
			if err != io.EOF {
				w.end, _ = err.(*Error)
			}
			return w
		}
		if before == 0 {
			w.blocks++
		}
		if f.Recfm.spanned() && len(r.whole) > 0 {
			w.spanned++
		}
		if len(b) >= descriptor {
			if n, zero := f.RDW.length(b, f.RDWAdjust, 0); zero && n == len(b) {
				w.inner++
			}
		}
		if len(b) == 0 {
			w.empty++
		}
		w.records++
		w.covered = int(r.Consumed())
		if len(w.lengths) < 1000 {
			w.lengths[len(b)]++
		}
		if len(w.starts) < keptRecords && len(r.whole) == 0 {
			w.starts, w.sizes = append(w.starts, int(r.Consumed())-len(b)), append(w.sizes, len(b))
		}
	}
}

// cut reports whether only the end of the sample, not of the file, stopped the walk.
func (w walk) cut(s sample) bool {
	return w.end == nil || !s.whole && w.end.Reason == "truncated"
}

// believable reports whether the descriptor words are no accident.
func (w walk) believable(s sample) bool {
	switch {
	case w.records == 0 || w.empty*4 > w.records || w.format.Recfm.spanned() && w.spanned == 0:
		return false
	case w.cut(s):
		return w.records >= 2 || s.whole
	case w.end.Reason == "truncated":
		return w.records >= 2
	case w.end.Reason == "rdw-zero" || w.end.Reason == "bdw-short":
		return w.records >= 2 && zeros(s.head[w.covered:])
	}
	return w.records >= 4
}

func zeros(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }

// descriptorFormats are tried in this order; the finer one first, because a block is a record, too.
var descriptorFormats = []Format{
	{Recfm: VBS, RDW: Big}, {Recfm: VS, RDW: Big}, {Recfm: VB, RDW: Big}, {Recfm: V, RDW: Big}, {Recfm: V, RDW: Big, RDWAdjust: 4},
	{Recfm: VB, RDW: Little}, {Recfm: V, RDW: Little}, {Recfm: V, RDW: Little, RDWAdjust: 4},
	{Recfm: VB, RDW: Big, RDWAdjust: 4, BDWAdjust: 4}, {Recfm: VB, RDW: Little, RDWAdjust: 4, BDWAdjust: 4},
}

// descriptors looks for RDWs and BDWs, in the bytes as they are and as they were. It reports whether it found any.
func (x *examination) descriptors() bool {
	samples := []sample{x.s}
	if x.chars.back != nil {
		samples = append(samples, x.s.through(x.chars.back))
	}
	var best walk
	for _, s := range samples {
		if w := x.framing(s, best); w.records > 0 {
			best, x.orig = w, s
		}
	}
	if best.records <= 1 && x.cutAtOnce(best) || best.records == 0 {
		return x.found("truncated")
	}
	x.d.format = custom(best.format, confidence(best.records), say("%d records in the first %d bytes", best.records, best.covered))
	x.orders(best)
	x.blocks(best)
	x.stops(best)
	x.shortRecords(best)
	x.fit("records", best.starts, best.sizes, x.orig.head)
	return true
}

// framing returns the best walk through a sample that is better than another one; the zero walk if there is none.
func (x *examination) framing(s sample, than walk) (best walk) {
	for _, f := range descriptorFormats {
		if w := follow(s.head, f); w.believable(s) && x.better(w, than) {
			best, than = w, w
		}
	}
	return best
}

// content returns the bytes of a sample's head without descriptor words.
func (x *examination) content(s sample) []byte {
	w := x.framing(s, walk{})
	if w.records == 0 || len(w.starts) == 0 {
		return s.head
	}
	var out []byte
	for i, at := range w.starts {
		out = append(out, s.head[at:at+w.sizes[i]]...)
	}
	return out
}

// better decides between two formats: the one that frames more bytes; among those that frame about the same, the one
// whose lengths the copybook knows, then the earlier one.
func (x *examination) better(w, than walk) bool {
	if than.records == 0 || w.covered > than.covered+than.covered/20+maxRDW/4 {
		return true
	}
	// A block is a record, too: the blocks of a file that was cut at the end of one are no better explanation.
	blocks := than.format.Recfm.blocked() && !w.format.Recfm.blocked() && than.end != nil && than.end.Reason == "truncated"
	if w.cut(x.s) && !than.cut(x.s) && w.covered > than.covered && !blocks {
		return true
	}
	return w.covered*20 >= than.covered*19 && len(x.known.Kinds) > 0 && x.lengthsFit(w) > x.lengthsFit(than)+.5
}

// lengthsFit is the share of records whose length one of the kinds has.
func (x *examination) lengthsFit(w walk) float64 {
	n := 0
	for length, count := range w.lengths {
		if x.kindOf(length) {
			n += count
		}
	}
	return float64(n) / float64(max(w.records, 1))
}

func (x *examination) kindOf(length int) bool {
	for _, k := range x.known.Kinds {
		if length >= k.Min && length <= k.Max {
			return true
		}
	}
	return false
}

// orders says which custom of descriptor words the file has, if it is not that of z/OS.
func (x *examination) orders(w walk) {
	if w.format.RDW == Little {
		x.find("rdw-little", Form, 96, 0, "%d records have their length in bytes 2-3 of the descriptor word, low byte first", w.records)
	}
	if w.format.RDWAdjust == 4 {
		x.find("rdw-uncounted", Form, 94, 0, "%d records have a length that leaves out the descriptor word's own four bytes", w.records)
	}
}

// blocks holds BDWs and doubled RDWs against the expected format.
func (x *examination) blocks(w walk) {
	blocked := w.format.Recfm.blocked()
	expected := x.known.Recfm
	single := blocked && w.blocks == w.records && w.records >= 3
	switch {
	case !blocked && w.inner == w.records && w.records >= 2:
		x.find("rdw-doubled", Damage, 97, 0, "each of %d records begins with a second descriptor word of its own length", w.records)
	case single && expected != VB && expected != VBS:
		x.find("rdw-doubled", Damage, 88, 0, "each of %d records has two descriptor words, the outer one four bytes longer", w.records)
	case blocked && expected == V:
		x.find("bdw-kept", Form, 97, 0, "%d blocks begin with a block descriptor word before the first of their %d records", w.blocks, w.records)
	case !blocked && (expected == VB || expected == VBS):
		x.find("bdw-lost", Form, 95, 0, "%d records have descriptor words, and there are no blocks around them", w.records)
	case expected == F || expected == FB:
		x.find("rdw-kept", Form, 95, 0, "%d records have descriptor words, and fixed ones were expected", w.records)
	}
}

// transferBlock is what XMODEM and its kin fill files up to, in bytes.
const transferBlock = 128

// stops says why the descriptor words ended before the file did.
func (x *examination) stops(w walk) {
	s := x.orig
	if w.cut(s) {
		x.tailChain(w.format)
		return
	}
	rest := len(s.head) - w.covered
	at := int64(w.covered)
	switch {
	case rest == 0:
		x.find("truncated", Damage, 97, at, "the file ends behind record number %d, and its block asks for more", w.records)
	case w.end.Reason != "truncated" && filled(s.head[w.covered:]), rest < descriptor && !w.format.Recfm.blocked() && s.total%transferBlock == 0 && filled(s.head[w.covered:]):
		x.find("padded", Damage, 96, at, "behind the last record stand %d bytes that are all alike", rest)
	case w.end.Reason == "truncated":
		x.find("truncated", Damage, 97, at, "the last record, number %d, begins at byte %d, and its descriptor word asks for more than the %d bytes that are left", w.records+1, w.covered, rest)
	default:
		if n, first := paired(s.head); n >= 3 {
			x.find("newlines-inserted", Damage, 92, first, "each of %d line feeds X'0A' has a carriage return X'0D' before it", n)
		}
		x.find("framing-lost", Damage, 85, at, "descriptor words lead through %d records to byte %d, and no further: %s", w.records, w.covered, w.end.Reason)
	}
}

// filled reports whether all bytes are alike.
func filled(b []byte) bool { return len(b) == 0 || bytes.Count(b, b[:1]) == len(b) }

// paired counts line feeds if every one has a carriage return before it, and says where the first one is.
func paired(b []byte) (n int, first int64) {
	n, lf := bytes.Count(b, []byte("\r\n")), bytes.Count(b, []byte("\n"))
	if n != lf {
		return 0, -1
	}
	return n, int64(bytes.Index(b, []byte("\r\n")))
}

// tailChain looks at the end of a file that was not read whole: descriptor words lead to its last byte from most
// places where a record begins, or they point beyond it.
func (x *examination) tailChain(f Format) {
	s := x.orig
	if s.whole || s.total < 0 || len(s.tail) < 1024 {
		return
	}
	tail := s.tail
	end := len(tail)
	pad := len(tail) - len(bytes.TrimRight(tail, "\x00"))
	reach := make([]int32, end+1) // records from here to the last byte; -n: n records, then one beyond it
	whole, over, at := 0, 0, 0
	for i := end - descriptor; i >= 0; i-- {
		n, zero := f.RDW.length(tail[i:], f.RDWAdjust, 3)
		least := descriptor
		if f.Recfm.blocked() {
			n, zero = f.RDW.length(tail[i:], f.BDWAdjust, 0)
			least = minBDW
		}
		if !zero || n <= least {
			continue
		}
		switch next := i + n; {
		case next == end:
			reach[i] = 1
		case next > end:
			reach[i] = -1
		case reach[next] > 0:
			reach[i] = reach[next] + 1
		case reach[next] < 0:
			reach[i] = reach[next] - 1
		}
		if int(reach[i]) > whole {
			whole = int(reach[i])
		}
		if -int(reach[i]) > over {
			over, at = -int(reach[i]), i
		}
	}
	switch {
	case pad > 4 && whole < 3 && over < 3:
		x.find("padded", Damage, 80, s.total-int64(pad), "the file ends in %d zeros that belong to no record", pad)
	case over >= 4 && over > 3*whole:
		x.find("truncated", Damage, 85, s.total-int64(end-at), "descriptor words near the end lead beyond the file's last byte")
	}
}

// shortRecords says that records end before their last fields, and that none ends in a blank.
func (x *examination) shortRecords(w walk) {
	least := 0
	for _, k := range x.known.Kinds {
		if least == 0 || k.Min < least {
			least = k.Min
		}
	}
	if least == 0 || x.known.Length == nil || x.found("packed-translated") {
		return
	}
	short, blanks := 0, 0
	for i, at := range w.starts {
		b := x.orig.head[at : at+w.sizes[i]]
		if len(b) > 0 && b[len(b)-1] == 0x40 {
			blanks++
		}
		if len(b) < x.longest() && x.known.Length(b) == 0 {
			whole := append(bytes.Clone(b), bytes.Repeat([]byte{0x40}, x.longest()-len(b))...)
			if x.known.Length(whole) > len(b) {
				short++
			}
		}
	}
	if short > 0 && blanks == 0 && short*10 >= len(w.starts) {
		x.find("blanks-trimmed", Form, 90, -1, "%d of %d records end before their last field does, and none ends in a blank", short, len(w.starts))
	}
}

// longest is the greatest length of a record that the copybook knows.
func (x *examination) longest() (n int) {
	for _, k := range x.known.Kinds {
		n = max(n, k.Max)
	}
	return n
}
