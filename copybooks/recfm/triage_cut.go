package recfm

import "slices"

// opening is a file that ends in its first block, or in its first record: descriptor words that lead from one to
// the next, up to one that asks for more than there is.
type opening struct {
	format  Format
	words   int   // descriptor words seen
	lengths []int // of records, the last one cut
	at      int   // where what is cut begins
	asks    int   // its bytes, by its descriptor word; 0: the file ends before that word is whole
	spanned bool
	fits    bool // each length is one of the copybook's
}

// maxOpening is how many records an opening has at most: a file with more is followed as others are.
const maxOpening = 64

// open follows descriptor words to the end of the file. It reports whether the file ends before they do.
func open(b []byte, f Format) (o opening, cut bool) {
	o.format = f
	mask := byte(0)
	if f.Recfm.spanned() {
		mask = 3
	}
	inside := false // a record that goes on in another segment
	for at, left := 0, 0; o.words < maxOpening; {
		if at == len(b) && left == 0 {
			return o, inside
		}
		o.at, o.asks = at, 0
		if at+descriptor > len(b) {
			return o, o.words > 0
		}
		n, zero := f.RDW.length(b[at:], f.RDWAdjust, mask)
		if f.Recfm.blocked() && left == 0 {
			n, zero = f.RDW.length(b[at:], f.BDWAdjust, 0)
			if !zero || n < minBDW {
				return o, false
			}
			o.words, at, left = o.words+1, at+descriptor, n-descriptor
			continue
		}
		if !zero || n <= descriptor || n > f.longest() || f.Recfm.blocked() && n > left {
			return o, false
		}
		code := f.RDW.code(b[at:])
		o.spanned, inside = o.spanned || code != 0, code == segmentFirst || code == segmentMiddle
		o.words, o.lengths, o.asks = o.words+1, append(o.lengths, n-descriptor), n
		if at+n > len(b) {
			return o, true
		}
		at, left = at+n, left-n
	}
	return o, false
}

// cutAtOnce looks for a file that ends before two records are whole, and has more descriptor words than the best walk
// through it, which may be the zero walk, or fits the copybook where that does not. It reports whether it is one.
func (x *examination) cutAtOnce(than walk) bool {
	if !x.s.whole || x.known.Recfm == F || x.known.Recfm == FB || x.known.Recfm == Text {
		return false
	}
	samples := []sample{x.s}
	if x.chars.back != nil {
		samples = append(samples, x.s.through(x.chars.back))
	}
	var best opening
	sure, least := 0, than.records+1
	if than.format.Recfm.blocked() {
		least += than.blocks
	}
	if len(x.known.Kinds) > 0 && x.lengthsFit(than) == 0 {
		least = 1
	}
	for _, s := range samples {
		for _, f := range descriptorFormats {
			o, cut := open(s.head, f)
			if !cut || o.words < least || f.Recfm.spanned() && !o.spanned {
				continue
			}
			if c := x.believes(&o, s); c > sure {
				best, sure, x.orig = o, c, s
			}
		}
	}
	if sure == 0 {
		return false
	}
	what, rest := "record", len(x.orig.head)-best.at
	if best.format.Recfm.blocked() {
		what = "block"
	}
	x.d.format = custom(best.format, sure, say("%d descriptor words; the file ends in its first %s", best.words, what))
	x.orders(walk{format: best.format, records: len(best.lengths)})
	if best.asks == 0 {
		x.find("truncated", Damage, sure, int64(best.at), "the file ends after %d bytes of a descriptor word or before it, in its first %s", rest, what)
		return true
	}
	x.find("truncated", Damage, sure, int64(best.at), "the file ends in its first %s: the descriptor word at byte %d asks for %d bytes, and %d are left", what, best.at, best.asks, rest)
	return true
}

// believes says how sure it is that these are descriptor words: 0 for an accident. Two bytes of zeros, and a number
// that the file is too short for, may well stand at the start of a binary record: the dataset's format, the
// copybook's lengths, or text behind them must confirm it.
func (x *examination) believes(o *opening, s sample) int {
	o.fits = len(x.known.Kinds) > 0 && len(o.lengths) > 0
	for _, n := range o.lengths {
		o.fits = o.fits && (x.kindOf(n) || o.spanned && n <= x.longest())
	}
	if n := x.fixedLength(); n > 0 && !o.fits && s.total%int64(n) == 0 {
		return 0
	}
	expected := slices.Contains([]Recfm{V, VB, VBS, VS}, x.known.Recfm)
	plain := o.format.RDW == Big && o.format.RDWAdjust == 0
	switch confidence := min(50+13*o.words, 92); {
	case o.fits && expected && o.words > 0:
		return confidence + 5
	case o.fits || expected && plain:
		return confidence
	case len(x.known.Kinds) > 0 && len(o.lengths) > 1:
		return 0 // the copybook knows no such records
	case plain && len(s.head) > 16 && s.textual(), len(o.lengths) > 2:
		return confidence - 10
	}
	return 0
}
