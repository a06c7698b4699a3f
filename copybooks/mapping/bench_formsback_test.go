package mapping_test

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

// The less usual forms of numbers by hand, and all forms from JSON.

// appendLong appends 25 packed digits, two of them behind the point.
func appendLong(dst, b []byte) ([]byte, bool) {
	if sign := b[12] & 15; sign == 0xD || sign == 0xB {
		dst = append(dst, '-')
	} else if sign < 0xA {
		return dst, false
	}
	var digits [25]byte
	for i := range digits {
		d := b[i/2]
		if i&1 == 0 {
			d >>= 4
		}
		if d &= 15; d > 9 {
			return dst, false
		}
		digits[i] = '0' + d
	}
	first := 0
	for first < 22 && digits[first] == '0' {
		first++
	}
	dst = append(append(dst, digits[first:23]...), '.')
	return append(dst, digits[23:]...), true
}

// leading reads a sign over the first digit.
func leading(b []byte) (int64, bool) {
	n, ok := unsignedZoned(b[1:])
	zone, d := b[0]>>4, b[0]&15
	n += uint64(d) * 100000
	return signed(n, zone == 0xD || zone == 0xB), ok && zone > 9 && d < 10
}

// hexNumber reads IBM's floating point; the numbers at hand are exact in binary.
func hexNumber(b []byte) float64 {
	x, bits := uint64(binary.BigEndian.Uint32(b)), 24
	if len(b) == 8 {
		x, bits = binary.BigEndian.Uint64(b), 56
	}
	v := math.Ldexp(float64(x&(1<<bits-1)), 4*(int(x>>bits&0x7F)-64)-bits)
	if x>>(bits+7) != 0 {
		return -v
	}
	return v
}

func putHex(b []byte, v float64) bool {
	if v == 0 {
		clear(b)
		return true
	}
	bits := 8*len(b) - 8
	x := uint64(0)
	if v < 0 {
		x, v = 1, -v
	}
	frac, exp := math.Frexp(v)
	hex := (exp + 3) >> 2
	m := uint64(math.Ldexp(frac, bits-(4*hex-exp)))
	x = x<<(bits+7) | uint64(hex+64)<<bits | m
	if len(b) == 4 {
		binary.BigEndian.PutUint32(b, uint32(x))
	} else {
		binary.BigEndian.PutUint64(b, x)
	}
	return hex > -64 && hex < 64
}

// edited reads ZZZ,ZZZ,ZZ9.99- in cp037.
func edited(b []byte) (n uint64, neg, ok bool) {
	begun := false
	for i, c := range b[:14] {
		switch d := c - 0xF0; {
		case d < 10 && i != 3 && i != 7 && i != 11:
			n, begun = n*10+uint64(d), true
		case c == 0x6B && begun && (i == 3 || i == 7), c == 0x4B && i == 11:
		case c == 0x40 && !begun && i < 10:
		default:
			return 0, false, false
		}
	}
	neg = b[14] == 0x60
	return n, neg && n != 0, neg || b[14] == 0x40
}

func putEdited(b []byte, n uint64, neg bool) bool {
	b[14] = 0x40
	if neg {
		b[14] = 0x60
	}
	for i := 13; i >= 0; i-- {
		switch {
		case i == 11:
			b[i] = 0x4B
		case n == 0 && i < 10:
			b[i] = 0x40
		case i == 3 || i == 7:
			b[i] = 0x6B
		default:
			b[i] = 0xF0 | byte(n%10)
			n /= 10
		}
	}
	return n == 0
}

// form takes the value of one form.
func (s *scan) form(b []byte, form byte) {
	switch form {
	case 'a':
		s.must(putBinary(b[0:2], s.number(), 1e4))
	case 'b':
		n := s.number()
		s.must(n >= 0 && putBinary(b[2:6], n, 1e9))
	case 'c':
		n, neg, ok := scaled(s.text(), 0)
		s.must(ok && putBinary(b[6:14], signed(n, neg), 1e18))
	case 'd':
		n, neg, ok := scaled(s.text(), 2)
		s.must(ok && putBinary(b[14:22], signed(n, neg), 1e11))
	case 'e':
		n := s.number()
		s.must(putPacked(b[22:25], uint64(max(n, -n)), n < 0, 0xC))
	case 'f':
		s.packed(b[25:31], s.text(), 2, 0xC)
	case 'g':
		n := s.number()
		s.must(n >= 0 && putPacked(b[31:39], uint64(n), false, 0xF))
	case 'h':
		s.must(putLong(b[39:52], s.text()))
	case 'i':
		s.zoned(b[52:57])
	case 'j':
		n, neg, ok := scaled(s.text(), 2)
		s.must(ok && putSigned(b[57:70], n, neg))
	case 'k':
		n, neg, ok := scaled(s.text(), 2)
		s.must(ok && putZoned(b[71:82], n))
		b[70] = 0x4E
		if neg {
			b[70] = 0x60
		}
	case 'l':
		n := s.number()
		s.must(putZoned(b[82:88], uint64(max(n, -n))))
		b[82] ^= 0x30
		if n < 0 {
			b[82] |= 0x10
		}
	case 'm', 'n':
		at := b[88:92]
		if form == 'n' {
			at = b[92:100]
		}
		v, err := strconv.ParseFloat(string(s.text()), 64)
		s.must(err == nil && putHex(at, v))
	default:
		n, neg, ok := scaled(s.text(), 2)
		s.must(ok && putEdited(b[100:115], n, neg))
	}
}

// putLong writes 25 packed digits, two of them behind the point.
func putLong(b, text []byte) bool {
	sign := byte(0xC)
	if len(text) > 0 && text[0] == '-' {
		sign, text = 0xD, text[1:]
	}
	point := slices.Index(text, '.')
	if point < 1 || len(text) != point+3 || point > 23 {
		return false
	}
	clear(b)
	b[12] = sign
	at := 25 - 2 - point
	for i, c := range text {
		if i == point {
			continue
		}
		d := c - '0'
		if d > 9 {
			return false
		}
		if at&1 == 0 {
			d <<= 4
		}
		b[at/2] |= d
		at++
	}
	return true
}
