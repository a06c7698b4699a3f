package recfm

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// sampleSize is how much of a stream Auto looks at: two of z/OS's largest blocks.
const sampleSize = 64 << 10

// sure is the least Confidence on which Auto acts.
const sure = 50

// Guess is one way in which data may be framed.
type Guess struct {
	// Format holds what was found: Recfm, RDW, RDWAdjust, BDWAdjust, Lrecl for F, Newline for text.
	Format Format
	// Confidence is from 1 to 100: how sure it is. From 50 on Auto acts on it.
	Confidence int
	// Records is how many whole records of the sample it framed.
	Records int
	// Why says in words what was found.
	Why string
}

// String returns the guess in one line: "recfm VB, rdw big, confidence 99: 12 records in 2 blocks ...".
func (g Guess) String() string {
	s := "recfm " + string(g.Format.Recfm)
	switch g.Format.Recfm {
	case V, VB, VBS, VS:
		s += fmt.Sprintf(", rdw %s, adjustment %d", g.Format.RDW, g.Format.RDWAdjust)
	case F, FB:
		s += fmt.Sprintf(", lrecl %d", g.Format.Lrecl)
	case Text:
		s += ", newline " + string(g.Format.Newline)
	}
	return fmt.Sprintf("%s, confidence %d: %s", s, g.Confidence, g.Why)
}

// Sizes tells Detect what the reader knows beforehand. The zero value: nothing.
type Sizes struct {
	// Min and Max bound the length of a record, as layouts do, skips included. 0: unknown.
	Min, Max int
	// Total is the length of the whole stream; 0: unknown. A sample of that length is the whole stream.
	Total int64
}

// Detect returns the ways in which sample, the start of a stream, may be framed, the likeliest first. Ways
// that the sample contradicts are left out, so the result may be empty.
func Detect(sample []byte, s Sizes) []Guess {
	whole := s.Total > 0 && int64(len(sample)) >= s.Total
	var found []Guess
	for _, c := range []Format{
		{Recfm: VBS, RDW: Big}, {Recfm: VS, RDW: Big}, {Recfm: VB, RDW: Big}, {Recfm: V, RDW: Big}, {Recfm: V, RDW: Big, RDWAdjust: 4},
		{Recfm: VB, RDW: Little}, {Recfm: V, RDW: Little}, {Recfm: V, RDW: Little, RDWAdjust: 4},
		{Recfm: VB, RDW: Big, RDWAdjust: 4, BDWAdjust: 4}, {Recfm: VB, RDW: Little, RDWAdjust: 4, BDWAdjust: 4},
	} {
		if g, ok := tryVariable(sample, c, s, whole); ok {
			found = append(found, g)
		}
	}
	for _, nl := range []Newline{LF, NL, EBCDICLF} {
		if g, ok := tryText(sample, nl); ok {
			found = append(found, g)
		}
	}
	if g, ok := tryFixed(sample, s, whole); ok {
		found = append(found, g)
	}
	slices.SortStableFunc(found, func(a, b Guess) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return found
}

// tryVariable frames the sample by c and weighs what came of it.
func tryVariable(sample []byte, c Format, s Sizes, whole bool) (Guess, bool) {
	r, err := newPlainReader(bytes.NewReader(sample), c)
	if err != nil {
		return Guess{}, false
	}
	records, odd, spanned, blocks, open := 0, 0, 0, 0, int64(0)
	for {
		before := r.block
		b, err := r.Next()
		if err != nil {
			open = r.start
			break
		}
		if before == 0 {
			blocks++
		}
		if c.Recfm.spanned() && len(r.whole) > 0 {
			spanned++
		}
		if s.Max > 0 && (len(b) < s.Min || len(b) > s.Max) {
			odd++
		}
		records++
	}
	end := r.err
	cut := isTruncated(end) && !whole
	if records == 0 || c.Recfm.spanned() && spanned == 0 {
		return Guess{}, false
	}
	g := Guess{Format: c, Records: records, Confidence: confidence(records), Why: fmt.Sprintf("%d records", records)}
	if c.Recfm.blocked() {
		g.Why += fmt.Sprintf(" in %d blocks", blocks)
	}
	switch {
	case end == io.EOF || cut:
		g.Why += " frame every byte looked at"
	case open*10 >= int64(len(sample))*9 && records >= 3:
		g.Confidence -= 15
		g.Why += fmt.Sprintf(", then a fault at byte %d", open)
	case records >= 10:
		g.Confidence -= 35
		g.Why += fmt.Sprintf(", then a fault at byte %d", open)
	default:
		return Guess{}, false
	}
	if odd > 0 {
		g.Confidence = g.Confidence * (records - odd + 1) / (2*records + 1)
		g.Why += fmt.Sprintf("; %d have a length that the layout cannot have", odd)
	}
	// A block is a valid V record, and V with fewer, longer records explains VB as well: the finer wins.
	if c.Recfm.blocked() {
		g.Confidence = min(g.Confidence+1, 100)
	}
	return g, g.Confidence > 0
}

// confidence: each descriptor has two bytes that must be zero and a length that must lead to the next, so
// that chance is soon out of the question.
func confidence(records int) int {
	switch {
	case records >= 3:
		return 99
	case records == 2:
		return 93
	}
	return 75
}

// tryText looks for lines of printable characters.
func tryText(sample []byte, nl Newline) (Guess, bool) {
	ends, _ := nl.bytes()
	lines := 0
	for _, b := range sample {
		switch {
		case b == ends.end:
			lines++
		case b >= ends.blank && b != 0xff, b == 0x09 && nl == LF, b == 0x0d && nl == LF, b == 0x05 && nl != LF:
		default:
			return Guess{}, false
		}
	}
	if lines == 0 {
		return Guess{}, false
	}
	return Guess{Format: Format{Recfm: Text, Newline: nl}, Records: lines, Confidence: 95,
		Why: fmt.Sprintf("%d lines of printable characters", lines)}, true
}

// tryFixed is what remains: nothing in fixed records says that they are.
func tryFixed(sample []byte, s Sizes, whole bool) (Guess, bool) {
	if s.Max == 0 || s.Max > len(sample) {
		return Guess{}, false
	}
	g := Guess{Format: Format{Recfm: F, Lrecl: s.Max}, Records: len(sample) / s.Max, Confidence: 50}
	g.Why = fmt.Sprintf("no descriptor words; the layout has %d bytes", s.Max)
	if s.Total > 0 || whole {
		if s.Total%int64(s.Max) != 0 {
			return Guess{}, false
		}
		g.Confidence = 80
		g.Why += fmt.Sprintf(", and the stream is %d times as long", s.Total/int64(s.Max))
	}
	return g, true
}

// settle replaces Auto by the likeliest format.
func (r *Reader) settle() error {
	sample, err := r.in.peek(sampleSize)
	if err != nil && err != io.EOF {
		return r.readFault(err)
	}
	skips := r.format.SkipRecordStart + r.format.SkipRecordEnd
	s := Sizes{Max: r.format.Lrecl, Min: 1 + skips}
	if err == io.EOF {
		s.Total = int64(len(sample))
	}
	if len(sample) == 0 { // an empty stream has no records in any format
		r.format.Recfm = V
		return nil
	}
	guesses := Detect(sample, s)
	if len(guesses) == 0 || guesses[0].Confidence < sure {
		var tried []string
		for _, g := range guesses {
			tried = append(tried, g.String())
		}
		return r.fault("auto", fmt.Errorf("cannot tell the record format%s", strings.Join(append([]string{""}, tried...), "; ")),
			"say recfm, and lrecl for fixed records")
	}
	r.guess = guesses[0]
	g := r.guess.Format
	r.format.Recfm, r.format.RDWAdjust, r.format.BDWAdjust = g.Recfm, g.RDWAdjust, g.BDWAdjust
	if g.RDW != "" {
		r.format.RDW = g.RDW
	}
	if g.Newline != "" {
		r.format.Newline = g.Newline
	}
	if g.Recfm != F && g.Recfm != Text {
		r.format.Lrecl = 0
	}
	return nil
}

// newPlainReader returns a Reader of bytes that are not packed.
func newPlainReader(src io.Reader, f Format) (*Reader, error) {
	f, err := f.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Reader{format: f, close: func() error { return nil }, in: window{src: src, footer: f.SkipFileFooter}}
	return r, r.open()
}

func isTruncated(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Reason == "truncated"
}
