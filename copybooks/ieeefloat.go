package copybooks

import (
	"math"
	"strconv"
)

// IEEE 754 binary32 and binary64: COMP-1 and COMP-2 of GnuCOBOL and Micro Focus. Decoding gives the shortest
// decimal that reads back as the same bits (strconv); there are no decimals to lose here, the item itself is
// binary floating point.

// appendIEEE appends the canonical text of 4 or 8 bytes.
func appendIEEE(dst, b []byte, little bool) ([]byte, Fault) {
	var v float64
	bits := 8 * len(b)
	switch len(b) {
	case 4:
		v = float64(math.Float32frombits(uint32(loadFloat(b, little))))
	case 8:
		v = math.Float64frombits(loadFloat(b, little))
	default:
		return dst, NotEncodable
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dst, FloatSpecial
	}
	if v == 0 {
		return append(dst, '0'), OK
	}
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], v, 'e', -1, bits)
	neg := text[0] == '-'
	if neg {
		text = text[1:]
	}
	var out [24]byte
	digits, exp := out[:0], 0
	for i, c := range text {
		if c == 'e' {
			exp, _ = strconv.Atoi(string(text[i+1:]))
			break
		}
		if c != '.' {
			digits = append(digits, c)
		}
	}
	return appendFloatText(dst, neg, digits, exp+1), OK
}

// putIEEE writes decimal text, rounded to the nearest even.
func putIEEE(b, text []byte, little bool) Fault {
	var n number
	if f := n.parse(text); f != OK {
		return f
	}
	v, err := strconv.ParseFloat(string(text), 8*len(b))
	if err != nil || v == 0 && n.n != 0 {
		return Overflow
	}
	if v == 0 {
		v = 0
	}
	if len(b) == 4 {
		storeFloat(b, uint64(math.Float32bits(float32(v))), little)
	} else {
		storeFloat(b, math.Float64bits(v), little)
	}
	return OK
}
