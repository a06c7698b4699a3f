package mapping_test

import "encoding/json"

// scan reads JSON text the way a person would write it for one known shape: members in any order, unknown and
// repeated ones refused by the caller.
type scan struct {
	b   []byte
	i   int
	bad bool
}

func (s *scan) skip() byte {
	for s.i < len(s.b) {
		c := s.b[s.i]
		if c > ' ' {
			return c
		}
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			break
		}
		s.i++
	}
	s.bad = s.bad || s.i >= len(s.b)
	return 0
}

// open takes { or [, and reports whether there is a first element.
func (s *scan) open(c, end byte) bool {
	if s.skip() != c {
		s.bad = true
		return false
	}
	s.i++
	if s.skip() == end {
		s.i++
		return false
	}
	return !s.bad
}

// more takes a comma or the end.
func (s *scan) more(end byte) bool {
	c := s.skip()
	s.i++
	if c != ',' && c != end {
		s.bad = true
	}
	return c == ',' && !s.bad
}

// key takes a name and its colon.
func (s *scan) key() []byte {
	k := s.text()
	if s.skip() != ':' {
		s.bad = true
	}
	s.i++
	return k
}

// text takes a string.
func (s *scan) text() []byte {
	if s.skip() != '"' {
		s.bad = true
		return nil
	}
	start := s.i + 1
	for i := start; i < len(s.b); i++ {
		switch c := s.b[i]; {
		case c == '"':
			s.i = i + 1
			return s.b[start:i]
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			s.bad = true
			return nil
		}
	}
	s.bad = true
	return nil
}

func (s *scan) escaped(start int) []byte {
	i := start
	for ; i < len(s.b) && s.b[i] != '"'; i++ {
		if s.b[i] == '\\' {
			i++
		}
	}
	var text string
	if i >= len(s.b) || json.Unmarshal(s.b[start-1:i+1], &text) != nil {
		s.bad = true
		return nil
	}
	s.i = i + 1
	return []byte(text)
}

// number takes a whole number.
func (s *scan) number() int64 {
	neg := s.skip() == '-'
	if neg {
		s.i++
	}
	start, n := s.i, int64(0)
	for s.i < len(s.b) && s.b[s.i]-'0' < 10 {
		n = n*10 + int64(s.b[s.i]-'0')
		s.i++
	}
	s.bad = s.bad || s.i == start || s.i-start > 18 || s.b[start] == '0' && s.i-start > 1
	if neg {
		return -n
	}
	return n
}

// word takes the text of a number with a point or an exponent.
func (s *scan) word() []byte {
	s.skip()
	start := s.i
	for s.i < len(s.b) {
		if c := s.b[s.i]; c == ',' || c == '}' || c == ']' || c <= ' ' {
			break
		}
		s.i++
	}
	return s.b[start:s.i]
}

// done reports whether all of the text was taken and nothing was wrong.
func (s *scan) done() bool {
	for s.i < len(s.b) && s.b[s.i] <= ' ' {
		s.i++
	}
	return !s.bad && s.i == len(s.b)
}
