package recfm

// histogram counts the bytes looked at by their value, and all of them.
func (s sample) histogram() (counts *[256]int, n int) {
	counts = new([256]int)
	for _, part := range s.parts() {
		for _, b := range part {
			counts[b]++
		}
		n += len(part)
	}
	return counts, n
}

// parts are the pieces of the sample, none twice.
func (s sample) parts() [][]byte {
	if s.whole {
		return [][]byte{s.head}
	}
	return [][]byte{s.head, s.middle, s.tail}
}

// textual reports whether a tenth of the bytes look like EBCDIC text.
func (s sample) textual() bool { return s.textShare() >= .1 }

// textShare is how much of the bytes stands in runs of letters, digits and blanks of EBCDIC.
func (s sample) textShare() float64 {
	run, text, n := 0, 0, 0
	for _, part := range s.parts() {
		for _, b := range part {
			n++
			if c := classOf[b]; c == upper || c == digit || c == lower || c == blank {
				run++
				continue
			}
			if run >= 4 {
				text += run
			}
			run = 0
		}
	}
	if run >= 4 {
		text += run
	}
	return float64(text) / float64(max(n, 1))
}
