package recfm

import (
	"bytes"
	"slices"
)

// fixed deals with a file that has neither descriptor words nor newlines: fixed records, or what a transfer left
// of others.
func (x *examination) fixed() {
	if x.walksByCopybook() {
		return
	}
	want := x.fixedLength()
	all := periods(x.orig.head, x.s.total, want)
	if want > 0 && len(x.orig.head) >= want {
		x.expectedLength(want, all)
		return
	}
	if x.paddedToLongest(all) || x.tooShort() {
		return
	}
	x.unknownLength(all)
}

// tooShort says that a file is shorter than any record of it.
func (x *examination) tooShort() bool {
	least := x.fixedLength()
	for _, k := range x.known.Kinds {
		if x.known.Lrecl == 0 && (least == 0 || k.Min < least) {
			least = k.Min
		}
	}
	if !x.s.whole || len(x.orig.head) >= least || x.damaged() {
		return false
	}
	confidence := 92
	if x.chars.ascii { // a line may have lost its blanks
		confidence = 60
	}
	x.find("truncated", Damage, confidence, 0, "the file has %d bytes, and its first record has at least %d", len(x.orig.head), least)
	return true
}

// walksByCopybook follows the lengths that the copybook gives each record, if they vary. It reports whether that
// explains the file.
func (x *examination) walksByCopybook() bool {
	if x.known.Length == nil || x.fixedLength() > 0 {
		return false
	}
	b := x.orig.head
	at, records := 0, 0
	lengths := map[int]bool{}
	for at < len(b) && records < 10_000 {
		n := x.known.Length(b[at:])
		if n <= 0 || n > len(b)-at {
			break
		}
		at, records, lengths[n] = at+n, records+1, true
	}
	enough := at*10 >= len(b)*9 || records >= 20
	if records < 3 || !enough || len(lengths) < 2 {
		return false
	}
	x.d.format = say("records of different lengths without descriptor words")
	if x.known.Counted {
		return true
	}
	x.find("rdw-stripped", Damage, 97, 0, "the copybook's lengths alone frame %d records of %d different lengths in the first %d bytes; no descriptor word stands before them", records, len(lengths), at)
	return true
}

// quality is how far numbers in fields look like numbers: of checked ones, good.
type quality struct{ checked, good, text, letters int }

func (q quality) share() float64 {
	if q.checked == 0 {
		return 1
	}
	return float64(q.good) / float64(q.checked)
}

// judge holds records of one length against the kinds: the kind that fits best counts for each.
func (x *examination) judge(b []byte, starts, sizes []int) (sum quality) {
	for i, at := range starts {
		var best quality
		for _, k := range x.known.Kinds {
			if q := k.judge(b[at : at+sizes[i]]); best.checked == 0 || q.share() > best.share() {
				best = q
			}
		}
		sum.checked, sum.good = sum.checked+best.checked, sum.good+best.good
		sum.text, sum.letters = sum.text+best.text, sum.letters+best.letters
	}
	return sum
}

func (k Kind) judge(record []byte) (q quality) {
	for _, s := range k.Spans {
		if s.Offset+s.Size > len(record) || s.Size == 0 {
			continue
		}
		b := record[s.Offset : s.Offset+s.Size]
		switch s.Holds {
		case HoldsText:
			q.text++
			if printable(b, "\xff") {
				q.letters++
			}
			continue
		case HoldsPacked, HoldsZoned:
			q.checked++
			if numeric(b, s.Holds) {
				q.good++
			}
		}
	}
	return q
}

// numeric reports whether bytes are a number of that form, or blank: spaces or low-values.
func numeric(b []byte, h Holds) bool {
	if filled(b) && (b[0] == 0x40 || b[0] == 0) {
		return true
	}
	if h == HoldsPacked {
		for _, c := range b[:len(b)-1] {
			if c>>4 > 9 || c&15 > 9 {
				return false
			}
		}
		ok, sign := packedByte(b[len(b)-1])
		high, low := b[len(b)-1]>>4, b[len(b)-1]&15
		return ok && sign || high <= 9 && low >= 10
	}
	digits := 0
	for i, c := range b {
		switch {
		case c&15 <= 9 && c >= 0xa0 && (c >= 0xf0 || i == 0 || i == len(b)-1):
			digits++
		case (c == 0x4e || c == 0x60) && (i == 0 || i == len(b)-1):
		default:
			return false
		}
	}
	return digits > 0
}

// frames are the places of records of one length.
func frames(b []byte, length int) (starts, sizes []int) {
	for at := 0; at+length <= len(b) && len(starts) < keptRecords; at += length {
		starts, sizes = append(starts, at), append(sizes, length)
	}
	return starts, sizes
}

// expectedLength holds a file without marks against the length that it should have.
func (x *examination) expectedLength(want int, all []period) {
	b := x.orig.head
	starts, sizes := frames(b, want)
	q := x.judge(b, starts, sizes)
	rest := 0
	if x.s.total > 0 {
		rest = int(x.s.total % int64(want))
	}
	phase := slices.ContainsFunc(all, func(p period) bool { return p.length == want })
	right := q.checked > 0 && q.share() >= .9 || q.checked == 0 && (phase || len(all) == 0 || len(starts) < 3)
	if right {
		x.d.format = say("fixed records of %d bytes", want)
		if rest > 0 {
			x.endsWithin(rest, want, 95)
		}
		x.fit("records", starts, sizes, b)
		x.emptyRecords(want)
		return
	}
	if x.replaced(starts, sizes) {
		return
	}
	if p, ok := x.otherLength(want, q, all); ok {
		x.d.format = say("fixed records of %d bytes", p)
		x.find("wrong-lrecl", Damage, 92, -1, "records recur every %d bytes, %d were expected%s", p, want, x.difference(p, want))
		return
	}
	if n, first := paired(b); n >= 2 {
		x.find("newlines-inserted", Damage, 80, first, "each of %d line feeds X'0A' has a carriage return X'0D' before it", n)
		return
	}
	x.fit("records", starts, sizes, b)
}

// otherLength looks for the length at which fields fit, or bytes recur.
func (x *examination) otherLength(want int, q quality, all []period) (int, bool) {
	b := x.orig.head
	candidates := []int{}
	for _, p := range all {
		candidates = append(candidates, p.length)
	}
	if x.s.total > 0 {
		candidates = append(candidates, divisors(x.s.total)...)
	}
	for d := 1; d <= 64; d++ {
		candidates = append(candidates, want+d, want-d)
	}
	best, at := q.share()+.15, 0
	for _, c := range candidates {
		if c < 2 || c == want || c > len(b)/2 {
			continue
		}
		starts, sizes := frames(b[:min(len(b), 64<<10)], c)
		if s := x.judge(b, starts, sizes); s.checked >= len(starts) && s.checked >= 8 && s.share() > best {
			best, at = s.share(), c
		}
	}
	if at > 0 && best > .8 {
		return at, true
	}
	if len(all) > 0 && all[0].length != want && want%all[0].length != 0 && all[0].length%want != 0 && x.s.total%int64(all[0].length) == 0 {
		return all[0].length, true
	}
	return 0, false
}

// difference says what stands in the bytes that a record has too many.
func (x *examination) difference(have, want int) text {
	if have < want {
		return say(": the last %d bytes of each record are missing", want-have)
	}
	b := x.orig.head
	alike := true
	for at := 0; at+have <= len(b); at += have {
		alike = alike && filled(b[at+want:at+have]) && b[at+want] == b[want]
	}
	if alike {
		return say(": each record is filled up with %d bytes X'%02X'", have-want, b[want])
	}
	return say(": each record has %d bytes more", have-want)
}

// replaced recognises numbers whose bytes were replaced by one substitute.
func (x *examination) replaced(starts, sizes []int) bool {
	if !x.chars.ascii {
		return false
	}
	bad, subs := 0, 0
	for i, at := range starts {
		for _, k := range x.known.Kinds {
			for _, s := range k.Spans {
				if s.Holds != HoldsPacked || s.Offset+s.Size > sizes[i] {
					continue
				}
				b := x.s.head[at+s.Offset : at+s.Offset+s.Size]
				bad++
				if n := bytes.Count(b, []byte("?")) + bytes.Count(b, []byte{0x1a}) + bytes.Count(b, []byte(".")); n*3 >= len(b) {
					subs++
				}
			}
		}
	}
	if bad < 3 || subs*2 < bad {
		return false
	}
	x.find("packed-translated", Damage, 95, int64(starts[0]), "text is ASCII, and %d of %d packed fields hold substitute characters", subs, bad)
	x.find("characters-replaced", Damage, 95, int64(starts[0]), "%d of %d packed fields hold substitute characters", subs, bad)
	return true
}

// paddedToLongest recognises records of different lengths that were filled up to one length.
func (x *examination) paddedToLongest(all []period) bool {
	if x.known.Length == nil {
		return false
	}
	b := x.orig.head
	for _, p := range append(slices.Clone(all), period{length: x.longest()}) {
		records, short := 0, 0
		for at := 0; at+p.length <= len(b) && p.length > 0; at += p.length {
			n := x.known.Length(b[at : at+p.length])
			if n == 0 || n > p.length {
				short = -1 << 30
				break
			}
			if records++; n < p.length && filled(b[at+n:at+p.length]) {
				short++
			}
		}
		if records >= 2 && short > 0 {
			x.d.format = say("records of different lengths, filled up to %d bytes", p.length)
			x.find("padded", Form, 93, -1, "%d of %d records are shorter than the %d bytes at which they recur, and are filled up", short, records, p.length)
			return true
		}
	}
	return false
}

// leastVarying is how many bytes without any period it takes to say that records have different lengths.
const leastVarying = 8 << 10

// unknownLength deals with a file of which nobody knows how long its records are.
func (x *examination) unknownLength(all []period) {
	total := x.s.total
	for _, p := range all {
		if total > 0 && total%int64(p.length) == 0 && p.weight >= .5*all[0].weight {
			x.d.format = say("fixed records of %d bytes, by the look of them", p.length)
			x.emptyRecords(p.length)
			return
		}
	}
	if len(all) > 0 && all[0].weight > .12 {
		p := all[0]
		x.d.format = say("fixed records of %d bytes, by the look of them", p.length)
		if total > 0 && x.steady(p.length) {
			x.endsWithin(int(total%int64(p.length)), p.length, 65+int(30*p.weight))
		}
		return
	}
	fixed := x.known.Recfm == F || x.known.Recfm == FB
	if len(all) == 0 && !fixed && x.chars.known && x.chars.back == nil && len(x.s.head) >= leastVarying && x.s.textual() && !x.damaged() {
		x.d.format = say("EBCDIC records of different lengths, by the look of them")
		x.find("rdw-stripped", Damage, 65, -1, "%d bytes of EBCDIC text and numbers have no descriptor words, no newlines, and recur at no distance", len(x.s.head))
	}
}

// steady reports whether the two halves of what was read have their records at the same places.
func (x *examination) steady(length int) bool {
	b := x.orig.head
	half := len(b) / 2 / length * length
	if half < 2*length {
		return len(b) >= 3*length
	}
	all, first := coherence(b, length), coherence(b[:half], length)
	return all > .8*first
}

// emptyRecords says that the file ends in records that hold nothing.
func (x *examination) emptyRecords(length int) {
	tail := x.s.tail
	if x.s.total < 0 || x.s.total%int64(length) != 0 {
		return
	}
	n, fill := 0, byte(0)
	for at := len(tail) - length; at >= 0 && filled(tail[at:at+length]); at -= length {
		if n > 0 && tail[at] != fill {
			break
		}
		n, fill = n+1, tail[at]
	}
	if n == 0 || n*length == len(tail) || fill == 0x40 && !x.hasNumbers() || fill != 0x40 && fill != 0 && fill != 0x1a && fill != 0xff {
		return
	}
	x.find("padded", Damage, 88, x.s.total-int64(n*length), "the last %d records hold nothing but X'%02X'", n, fill)
}

func (x *examination) hasNumbers() bool {
	for _, k := range x.known.Kinds {
		if slices.ContainsFunc(k.Spans, func(s Span) bool { return s.Holds == HoldsZoned || s.Holds == HoldsPacked }) {
			return true
		}
	}
	return false
}

// fit holds records that are framed against the copybook.
func (x *examination) fit(what string, starts, sizes []int, b []byte) {
	if len(x.known.Kinds) == 0 || len(starts) == 0 {
		return
	}
	q := x.judge(b, starts, sizes)
	if q.checked >= 4 && q.share() < .6 && !x.damaged() {
		if x.chars.ascii && x.replaced(starts, sizes) {
			return
		}
		x.find("wrong-copybook", Damage, 70, -1, "%d of %d numbers in %d %s are none", q.checked-q.good, q.checked, len(starts), what)
	}
}

// ends looks at the last bytes of text.
func (x *examination) ends() {
	tail := x.s.tail
	if !x.chars.ascii || len(tail) < 2 || x.found("padded") {
		return
	}
	if n := len(tail) - len(bytes.TrimRight(tail, "\x1a\x00")); n > 0 {
		x.find("padded", Form, 90, x.s.total-int64(n), "behind the last line stand %d bytes X'1A' or X'00'", n)
	}
}
