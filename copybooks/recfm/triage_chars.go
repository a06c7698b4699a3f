package recfm

import (
	"bytes"
	"math"
	"slices"
	"unicode/utf8"
)

// characters is how the bytes of a file stand to those on the mainframe.
type characters struct {
	known bool // enough text to tell
	ascii bool // text is ASCII now
	// back translates bytes to those on the mainframe; nil: they are those.
	back *[256]byte
	page Page // by which they were translated
}

// Translations of all bytes between EBCDIC and Latin-1 are one-to-one, so the bytes of a translated file can be
// held against what mainframe records look like, once translated back.
type hypothesis struct {
	name  string
	model *[256]float64 // logarithms, for bytes as they were on the mainframe
	back  *[256]byte
	page  Page
	ascii bool
	twice bool
}

// Classes of bytes on the mainframe: invariant over EBCDIC pages.
const (
	blank = iota
	upper
	lower
	digit
	mark   // punctuation
	accent // letters with accents, and what else is a character
	control
	classes
)

// classOf is the class of each byte in EBCDIC.
var classOf = func() (c [256]uint8) {
	for i := range c {
		switch {
		case i == 0x40:
			c[i] = blank
		case i < 0x40 || i == 0xff:
			c[i] = control
		case i >= 0xc1 && i <= 0xc9, i >= 0xd1 && i <= 0xd9, i >= 0xe2 && i <= 0xe9:
			c[i] = upper
		case i >= 0x81 && i <= 0x89, i >= 0x91 && i <= 0x99, i >= 0xa2 && i <= 0xa9:
			c[i] = lower
		case i >= 0xf0 && i <= 0xf9:
			c[i] = digit
		case bytes.IndexByte([]byte{0x4b, 0x4c, 0x4d, 0x4e, 0x50, 0x5c, 0x5d, 0x5e, 0x60, 0x61, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x7a, 0x7d, 0x7e, 0x7f}, byte(i)) >= 0:
			c[i] = mark
		default:
			c[i] = accent
		}
	}
	return c
}()

// packedByte reports whether a byte can stand in a packed number; sign says that it ends one.
func packedByte(b byte) (ok, sign bool) {
	high, low := b>>4, b&15
	if high > 9 {
		return false, false
	}
	return low <= 9 || low >= 0xc && low != 0xe, low >= 0xc && low != 0xe
}

// textShare is how a class shares in text.
var textShare = [classes]float64{blank: .25, upper: .27, lower: .1, digit: .28, mark: .05, accent: .05}

// model returns the logarithm of the probability of each byte: text, packed numbers, zeros and anything.
// text is nil for EBCDIC, else the EBCDIC byte of each byte that text has.
func model(text *[256]byte) *[256]float64 {
	var counts [classes]float64
	for _, c := range classOf {
		counts[c]++
	}
	var out [256]float64
	for i := range out {
		as := byte(i)
		if text != nil {
			as = text[i]
		}
		p := .55*textShare[classOf[as]]/counts[classOf[as]] + .12/256
		switch ok, sign := packedByte(byte(i)); {
		case i == 0:
			p += .1
		case sign:
			p += .06 / 30
		case ok:
			p += .17 / 100
		}
		out[i] = math.Log(p)
	}
	return &out
}

// latin returns a page as a translation to Latin-1; characters beyond it take the bytes that are left.
func (p Page) latin() (to, back *[256]byte) {
	to, back = new([256]byte), new([256]byte)
	var used, done [256]bool
	for i, r := range p.Runes {
		if r >= 0 && r < 256 && !used[r] {
			to[i], back[r], used[r], done[i] = byte(r), byte(i), true, true
		}
	}
	free := 0
	for i := range to {
		if done[i] {
			continue
		}
		for used[free] {
			free++
		}
		to[i], back[free], used[free] = byte(free), byte(i), true
	}
	return to, back
}

func chain(first, then *[256]byte) *[256]byte {
	var out [256]byte
	for i := range out {
		out[i] = then[first[i]]
	}
	return &out
}

// hypotheses returns the ways in which the bytes may have been translated; the first one is: not at all.
func (x *examination) hypotheses() []hypothesis {
	ebcdic := model(nil)
	all := []hypothesis{{name: "EBCDIC", model: ebcdic}}
	for i, p := range x.known.Pages {
		if i == 3 {
			break
		}
		to, back := p.latin()
		all = append(all,
			hypothesis{name: "ASCII or Latin-1", model: ebcdic, back: back, page: p, ascii: true},
			hypothesis{name: "ASCII, with binary data as it was", model: model(back), page: p, ascii: true},
			hypothesis{name: "EBCDIC translated to ASCII twice", model: ebcdic, back: chain(back, back), page: p, twice: true},
			hypothesis{name: "EBCDIC translated as if it had been ASCII", model: ebcdic, back: to, page: p, twice: true})
	}
	return all
}

// characters finds out how text is encoded, and says what went wrong with it.
func (x *examination) characters() {
	x.orig = x.s
	if len(x.known.Pages) == 0 {
		return
	}
	x.fromUTF8()
	all := x.hypotheses()
	counts, n := x.s.histogram()
	best, score := 0, math.Inf(-1)
	var none float64
	for i, h := range all {
		ll := h.likelihood(counts)
		if i == 0 {
			none = ll
		}
		if ll > score {
			best, score = i, ll
		}
	}
	h := all[best]
	if n < 24 || best > 0 && score-none < max(10, .03*float64(n)) {
		best, h = 0, all[0]
	}
	if best > 0 && !x.readable(h, h.back) {
		best, h = 0, all[0]
	}
	x.chars = characters{known: best > 0 || x.s.textual(), ascii: h.ascii, page: h.page}
	if best == 0 {
		if x.chars.known {
			x.d.characters = say("EBCDIC")
		}
		return
	}
	x.d.characters = say(h.name)
	switch {
	case h.twice:
		x.chars.back = h.back
		x.orig = x.s.through(h.back)
		x.find("double-translated", Damage, 93, -1, "%d bytes looked at make records only if they are %s by %s", n, h.name, h.page.Name)
	case h.ascii:
		x.fromASCII(h.page)
	}
}

// readable reports whether a hypothesis makes text of the file, so that a program or a picture is not taken for a
// translated file.
func (x *examination) readable(h hypothesis, back *[256]byte) bool {
	if back == nil {
		_, back = h.page.latin()
	}
	return x.s.through(back).textShare() >= .2
}

// likelihood of a histogram, as a logarithm. Newlines and tabs count for nothing: every hypothesis may have them.
func (h *hypothesis) likelihood(counts *[256]int) (sum float64) {
	for b, n := range counts {
		if n == 0 || b == 0x09 || b == 0x0a || b == 0x0d {
			continue
		}
		as := byte(b)
		if h.back != nil {
			as = h.back[b]
		}
		sum += float64(n) * h.model[as]
	}
	return sum
}

// fromUTF8 takes UTF-8 off, as often as it was put on, if what is below are bytes.
func (x *examination) fromUTF8() {
	for layer := range 3 {
		out, multi, lost, first, ok := x.s.narrow()
		if !ok || multi == 0 {
			return
		}
		x.s, x.orig = out, out
		if lost > 0 {
			x.find("characters-replaced", Damage, 97, first, "U+FFFD, the replacement character, stands %d times in the bytes looked at", lost)
		}
		if layer == 1 {
			x.find("double-translated", Damage, 90, first, "%d characters are UTF-8 of UTF-8", multi)
		}
	}
}

// narrow decodes UTF-8 into bytes: Latin-1 for characters up to U+00FF, X'1A' for the replacement character, one sign for
// all others.
func (s sample) narrow() (out sample, multi, lost int, first int64, ok bool) {
	first = -1
	bad := 0
	to := func(b []byte, at int64) []byte {
		for len(b) > 0 && b[0]&0xc0 == 0x80 && at > 0 { // cut by the sample
			b = b[1:]
		}
		dst := make([]byte, 0, len(b))
		for i := 0; i < len(b); {
			r, n := utf8.DecodeRune(b[i:])
			switch {
			case r == utf8.RuneError && n == 1 && len(b)-i < 4 && !s.whole:
				return dst
			case r == utf8.RuneError && n == 1: // a few bytes of Latin-1 between
				r = rune(b[i])
				bad++
			case r == utf8.RuneError:
				lost++
				r = 0x1a
			case r > 0xff: // no byte of a mainframe: some character
				r = 0xbf
			}
			if n > 1 {
				multi++
				if first < 0 {
					first = at + int64(i)
				}
			}
			dst = append(dst, byte(r))
			i += n
		}
		return dst
	}
	out = s
	out.head = to(s.head, 0)
	if s.whole {
		out.tail = out.head[max(0, len(out.head)-tailSample):]
		out.total = int64(len(out.head))
	} else {
		out.middle, out.tail = to(s.middle, s.total/2), to(s.tail, s.total-int64(len(s.tail)))
		out.total = -1
	}
	return out, multi, lost, first, bad*10 <= multi
}

// fromASCII says what it means that text is ASCII: binary data between it tells whether it was translated, too.
func (x *examination) fromASCII(p Page) {
	_, back := p.latin()
	controls, subs := 0, 0
	data := x.content(x.s)
	n := len(data)
	for _, b := range bytes.TrimRight(data, "\x1a\x00") {
		if c1(b) {
			controls++
		}
		if b == 0x1a {
			subs++
		}
	}
	first := int64(slices.IndexFunc(x.s.head, c1))
	if controls < 3 || controls*2000 < n {
		x.find("already-ascii", Form, 95, -1, "the bytes looked at are text in ASCII, with %d control characters", controls)
		x.chars.back = back
		x.orig = x.s.through(back)
		return
	}
	was, is := plausible(data, back), plausible(data, nil)
	if is > was+.1 {
		x.d.characters = say("ASCII, with binary data as it was")
		x.find("already-ascii", Form, 80, -1, "text is ASCII; %d bytes between it look like numbers that nobody translated", controls)
		return
	}
	x.chars.back = back
	x.orig = x.s.through(back)
	lost := text{}
	if subs*10 > controls {
		lost = say("; %d of them are X'1A', the substitute character", subs)
	}
	x.find("packed-translated", Damage, 90, first, "text is ASCII, and %d of %d bytes looked at are control characters, where translated numbers stand%s", controls, n, lost)
}

// c1 reports whether a byte of Latin-1 is a control character that text files do not have.
func c1(b byte) bool {
	switch b {
	case '\t', '\n', '\r', '\f':
		return false
	}
	return b < 0x20 || b >= 0x7f && b <= 0x9f
}

// plausible returns how much of what stands at control characters is packed or binary data in its right order, once
// translated back: digits go on as digits or as a sign, and a sign stands behind digits.
func plausible(b []byte, back *[256]byte) float64 {
	as := func(i int) byte {
		if back == nil {
			return b[i]
		}
		return back[b[i]]
	}
	good, all := 0, 0
	for i := 1; i < len(b)-1; i++ {
		if !c1(b[i]) || as(i) == 0 {
			continue
		}
		ok, sign := packedByte(as(i))
		before, _ := packedByte(as(i - 1))
		after, _ := packedByte(as(i + 1))
		all++
		if ok && (sign && before || !sign && after) {
			good++
		}
	}
	if all == 0 {
		return 0
	}
	return float64(good) / float64(all)
}
