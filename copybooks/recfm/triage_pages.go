package recfm

import "unicode"

// pages looks for characters that the expected page makes odd and another page does not.
func (x *examination) pages() {
	if len(x.known.Pages) < 2 || !x.chars.known || x.found("double-translated") || x.found("packed-translated") {
		return
	}
	expected := x.known.Pages[0]
	if x.chars.ascii {
		expected = x.chars.page
	}
	var uses [256][2]int // between letters, elsewhere in text
	for _, part := range x.orig.parts() {
		countMarks(part, &uses)
	}
	best, gain, count := -1, 0, 0
	for i, p := range x.known.Pages {
		if p.Name == expected.Name {
			continue
		}
		sum, n, kinds, odd := 0, 0, 0, 0
		for b := range uses {
			a, c := expected.Runes[b], p.Runes[b]
			if a == c || uses[b][0]+uses[b][1] == 0 {
				continue
			}
			now := uses[b][0]*x.ease(a, true) + uses[b][1]*x.ease(a, false)
			g := uses[b][0]*x.ease(c, true) + uses[b][1]*x.ease(c, false) - now
			if sum += g; g > 0 && uses[b][0]+uses[b][1] >= 3 {
				kinds++
				if now < 0 {
					odd++
				}
			}
			if g != 0 {
				n += uses[b][0] + uses[b][1]
			}
		}
		if kinds >= 2 && odd >= 1 && n >= 10 && sum >= 2*n && sum > gain {
			best, gain, count = i, sum, n
		}
	}
	if best >= 0 {
		x.find("wrong-code-page", Damage, min(95, 70+count/4), -1, "%d characters in text are usual ones by %s, and odd ones by %s", count, x.known.Pages[best].Name, expected.Name)
	}
}

// countMarks counts the bytes that stand behind a letter and before a letter or not, where text surely is.
func countMarks(b []byte, uses *[256][2]int) {
	for i := 6; i < len(b)-3; i++ {
		switch classOf[b[i]] {
		case upper, lower, digit, blank, control:
			continue
		}
		capitals, small, other := 0, 0, 0
		for j := i - 6; j <= i+3; j++ {
			switch classOf[b[j]] {
			case upper:
				capitals++
			case lower:
				small++
			case control, digit:
				other++
			}
		}
		// Small letters have the bytes of packed digits: they count where there are many.
		if other > 2 || capitals < 4 && capitals+small < 7 {
			continue
		}
		if letterByte(b[i-1]) && letterByte(b[i+1]) {
			uses[b[i]][0]++
		} else {
			uses[b[i]][1]++
		}
	}
}

func letterByte(b byte) bool { return classOf[b] == upper || classOf[b] == lower }

// ease is how usual a character is in the text of records; between says that letters are on both sides of it. Text that is
// ASCII by now may be anything, program text too.
func (x *examination) ease(r rune, between bool) int {
	switch {
	case r < 0 || unicode.IsControl(r):
		return -6
	case unicode.IsLetter(r) && r < 0x80:
		return 3
	case unicode.IsLetter(r):
		score := -1
		for _, c := range "éèêëàâçîïôùûüÉÈÊËÀÂÇÎÏÔÙÛÜäöÄÖßñÑåÅøØæÆ" {
			if r == c {
				score = 3
			}
		}
		return score
	case r == '[' || r == ']' || r == '!' || r == '|' || r == '^' || r == '{' || r == '}' || r == '\\' || r == '~' || r == '@' || r == '#' || r == '$' || r == '"' || r == '`':
		switch {
		case !between || x.chars.ascii || r == '@':
			return 2
		}
		return -1
	case r > ' ' && r < 0x7f:
		return 2
	case r == 0x80 || r == '€' || r == '£' || r == '§' || r == '°':
		return 0
	}
	return -3
}
