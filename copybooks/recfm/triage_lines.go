package recfm

import "bytes"

// newline is one custom of ending records, as it stands in a file.
type lineEnd struct {
	name string
	mark string
	// ebcdic says that it is the newline of z/OS UNIX.
	ebcdic bool
}

var lineEnds = []lineEnd{
	{"CR LF, X'0D0A'", "\r\n", false}, {"LF, X'0A'", "\n", false},
	{"CR and EBCDIC LF, X'0D25'", "\x0d\x25", true}, {"CR and NL, X'0D15'", "\x0d\x15", true},
	{"NL, X'15'", "\x15", true}, {"EBCDIC LF, X'25'", "\x25", true}, {"NEL, X'85'", "\x85", false},
}

// newlines looks for newlines behind records. It reports whether the file has them.
func (x *examination) newlines() bool {
	b := x.s.head
	for _, end := range lineEnds {
		if end.mark == "\x85" && !x.chars.ascii || end.ebcdic && x.chars.ascii {
			continue
		}
		if n := bytes.Count(b, []byte(end.mark)); n == 0 || n < 3 && !x.s.whole {
			continue
		}
		if period, n := regular(b, end.mark); n >= 3 || n >= 2 && period-len(end.mark) == x.fixedLength() {
			x.everyRecord(end, period, n)
			return true
		}
	}
	for _, end := range lineEnds {
		if end.mark == "\x85" || end.ebcdic == x.chars.ascii {
			continue
		}
		if x.lines(end) {
			return true
		}
	}
	if n, first := paired(b); n >= 4 && !x.chars.ascii {
		x.find("newlines-inserted", Damage, 88, first, "each of %d line feeds X'0A' has a carriage return X'0D' before it", n)
	}
	return false
}

// regular returns the distance at which a mark stands at the end of every record, and how many times it does; 0 if there
// is no such distance. Marks elsewhere do not count: they are data.
func regular(b []byte, mark string) (period, n int) {
	at := 0
	for range 64 {
		i := bytes.Index(b[at:], []byte(mark))
		if i < 0 {
			return 0, 0
		}
		at += i + len(mark)
		hits, all := 0, 0
		for end := at; end <= len(b); end += at {
			all++
			if string(b[end-len(mark):end]) == mark {
				hits++
			}
		}
		rest := len(b) % at
		if at > len(mark)+1 && all >= 2 && hits == all && (rest == 0 || rest == at-len(mark) || all >= 8) {
			return at, hits
		}
	}
	return 0, 0
}

// fixedLength is the length of records if the copybook or the dataset knows one; 0: none, or several.
func (x *examination) fixedLength() int {
	if x.known.Lrecl > 0 {
		return x.known.Lrecl
	}
	n := 0
	for _, k := range x.known.Kinds {
		if k.Min != k.Max || n > 0 && n != k.Max {
			return 0
		}
		n = k.Max
	}
	return n
}

// everyRecord deals with newlines at the end of records of one length.
func (x *examination) everyRecord(end lineEnd, period, n int) {
	length := period - len(end.mark)
	x.d.format = say("records of %d bytes, each with a newline (%s)", length, end.name)
	evidence := say("a newline (%s) stands behind every %d bytes, %d times", end.name, length, n)
	switch {
	case x.chars.ascii && x.found("packed-translated"):
		x.find("newlines-inserted", Damage, 90, int64(length), "%s", evidence)
	case x.chars.ascii:
	case end.ebcdic:
		severity := Damage
		if printable(x.s.head, end.mark) {
			severity = Form
		}
		x.find("ebcdic-newlines", severity, 96, int64(length), "%s", evidence)
	default:
		x.find("newlines-inserted", Damage, 97, int64(length), "%s", evidence)
	}
	if want := x.fixedLength(); want > 0 && want != length {
		x.find("wrong-lrecl", Damage, 90, -1, "lines have %d bytes, %d were expected", length, want)
	}
	whole := len(x.s.head) / period
	starts, sizes := make([]int, 0, whole), make([]int, 0, whole)
	for i := range min(whole, keptRecords) {
		starts, sizes = append(starts, i*period), append(sizes, length)
	}
	x.fit("lines", starts, sizes, x.orig.head)
	if x.s.total > 0 && !bytes.HasSuffix(x.s.tail, []byte(end.mark)) {
		if rest := int(x.s.total % int64(period)); rest != 0 && rest != length {
			x.endsWithin(rest, length, 85)
		}
	}
}

// endsWithin says that the file ends inside a record, or behind bytes that are none.
func (x *examination) endsWithin(rest, length, confidence int) {
	at := x.s.total - int64(rest)
	if tail := x.s.tail; rest <= len(tail) && (rest <= 4 || rest >= 16) && filler(tail[len(tail)-rest:]) {
		x.find("padded", Damage, confidence, at, "behind the last whole record of %d bytes stand %d bytes that are all alike", length, rest)
		return
	}
	x.find("truncated", Damage, confidence, at, "the last record has %d of %d bytes", rest, length)
}

// filler reports whether bytes are only what fills up files: zeros, X'1A', X'FF', newlines.
func filler(b []byte) bool {
	return len(bytes.Trim(b, "\x00")) == 0 || len(bytes.Trim(b, "\x1a")) == 0 || filled(b) && b[0] == 0xff || len(bytes.Trim(b, "\r\n\x1a")) == 0
}

// printable reports whether all bytes but the marks are characters of EBCDIC.
func printable(b []byte, mark string) bool {
	for _, line := range bytes.Split(b, []byte(mark)) {
		for _, c := range line {
			if classOf[c] == control && c != 0x05 {
				return false
			}
		}
	}
	return true
}

// lines looks for lines of different lengths: text, or records with far more newlines than data has.
func (x *examination) lines(end lineEnd) bool {
	b := x.s.head
	n := bytes.Count(b, []byte(end.mark))
	last := x.s.whole && bytes.HasSuffix(bytes.TrimRight(x.s.tail, "\x1a\x00"), []byte(end.mark))
	text := x.chars.ascii && x.chars.back != nil || !x.chars.ascii && printable(b, end.mark)
	if !text && (n < 5 || !last || !x.excess(end.mark, n)) {
		return false
	}
	if n == 0 || text && !last && n < 3 {
		return false
	}
	x.d.format = say("lines of different lengths, newline %s", end.name)
	first := int64(bytes.Index(b, []byte(end.mark)))
	switch {
	case x.chars.ascii:
	case end.ebcdic && text:
		x.find("ebcdic-newlines", Form, 92, first, "%d EBCDIC newlines (%s) stand between characters", n, end.name)
	case end.ebcdic:
		x.find("ebcdic-newlines", Damage, 85, first, "%d EBCDIC newlines (%s), far more than data has of that byte, and one at the end", n, end.name)
	default:
		x.find("newlines-inserted", Damage, 90, first, "%d newlines (%s), far more than data has of that byte", n, end.name)
	}
	x.trimmedLines(end)
	if x.s.whole && !last && n >= 8 {
		x.endsOpen(end)
	}
	return true
}

// excess reports whether a mark occurs far more often than the bytes next to its own value do.
func (x *examination) excess(mark string, n int) bool {
	if len(mark) > 1 {
		return true
	}
	counts, _ := x.s.histogram()
	for d := -3; d <= 3; d++ {
		if d != 0 && d != int(0x0d)-int(mark[0]) && counts[int(mark[0])+d]*8 > n {
			return false
		}
	}
	return true
}

// trimmedLines says that lines lost the blanks at their ends, if the copybook knows how long they were.
func (x *examination) trimmedLines(end lineEnd) {
	want := x.fixedLength()
	if want == 0 {
		return
	}
	lines := bytes.Split(bytes.TrimSuffix(x.s.head, []byte(end.mark)), []byte(end.mark))
	short, blanks := 0, 0
	for i, line := range lines {
		if i == len(lines)-1 && !x.s.whole {
			break
		}
		if len(line) < want {
			short++
		}
		if len(line) > 0 && len(line) < want && (line[len(line)-1] == 0x40 && !x.chars.ascii || line[len(line)-1] == ' ' && x.chars.ascii) {
			blanks++
		}
	}
	if short*10 >= len(lines) && blanks == 0 {
		x.find("blanks-trimmed", Form, 92, -1, "%d of %d lines are shorter than %d bytes, and none of them ends in a blank", short, len(lines), want)
	}
}

// endsOpen says that only the last line has no newline, and is shorter than all others.
func (x *examination) endsOpen(end lineEnd) {
	lines := bytes.Split(x.s.head, []byte(end.mark))
	last := len(lines[len(lines)-1])
	for _, line := range lines[:len(lines)-1] {
		if len(line) <= last {
			return
		}
	}
	x.find("truncated", Damage, 60, x.s.total-int64(last), "the last line has no newline and is the shortest of %d", len(lines))
}
