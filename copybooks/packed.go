package copybooks

import (
	"encoding/binary"
	"math/bits"
)

// Packed decimal: two digits a byte, the sign in the last nibble (Enterprise COBOL for z/OS, Language
// Reference, Computational items; Principles of Operation, Decimal-operand formats). A, C, E and F are plus,
// B and D minus. COBOL generates C and D for signed items and F for unsigned ones; an unsigned item with
// another plus sign is read, as NUMPROC(NOPFD) does. COMP-6 has no sign nibble.

const (
	lowNibbles = 0x0F0F0F0F0F0F0F0F
	asciiZeros = 0x3030303030303030
)

// spread puts the 8 nibbles of x into the 8 bytes of the result, first nibble first.
func spread(x uint32) uint64 {
	v := uint64(x)
	v = (v | v<<16) & 0x0000FFFF0000FFFF
	v = (v | v<<8) & 0x00FF00FF00FF00FF
	return (v | v<<4) & lowNibbles
}

// notDigits reports the nibbles of x above 9.
func notDigits(x uint64) uint64 { return x & (x<<1 | x<<2) & 0x8888888888888888 }

// loadPacked reads up to 8 bytes, big endian, to the right of the result.
func loadPacked(b []byte) uint64 {
	switch len(b) {
	case 8:
		return binary.BigEndian.Uint64(b)
	case 7:
		return uint64(binary.BigEndian.Uint32(b))<<24 | uint64(binary.BigEndian.Uint32(b[3:]))
	case 6:
		return uint64(binary.BigEndian.Uint32(b))<<16 | uint64(binary.BigEndian.Uint16(b[4:]))
	case 5:
		return uint64(binary.BigEndian.Uint32(b))<<8 | uint64(b[4])
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	case 3:
		return uint64(binary.BigEndian.Uint16(b))<<8 | uint64(b[2])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 1:
		return uint64(b[0])
	}
	return 0
}

// appendPacked appends the canonical text of a packed item.
func appendPacked(dst, b []byte, scale int, signed, signNibble bool) ([]byte, Fault) {
	if len(b) > 8 || scale < 0 || scale > 15 {
		return appendPackedLong(dst, b, scale, signed, signNibble)
	}
	x := loadPacked(b)
	neg := false
	if signNibble {
		sign := x & 0xF
		x >>= 4
		neg = sign == 0xD || sign == 0xB
		if sign < 0xA {
			if blankPacked(b) {
				return dst, Blank
			}
			return dst, max(PackedSign, packedFault(x))
		}
		if neg && !signed {
			return dst, PackedSign
		}
	}
	if notDigits(x) != 0 {
		return dst, PackedNibble
	}
	return appendBCD(dst, x, scale, neg), OK
}

func packedFault(x uint64) Fault {
	if notDigits(x) != 0 {
		return PackedNibble
	}
	return OK
}

// appendBCD appends up to 16 digits held in nibbles, with scale (0 to 15) of them after the point.
func appendBCD(dst []byte, x uint64, scale int, neg bool) []byte {
	if neg && x != 0 {
		dst = append(dst, '-')
	}
	digits := max((67-bits.LeadingZeros64(x))>>2, scale+1)
	x <<= uint(64-4*digits) & 63
	n := len(dst)
	if cap(dst)-n < 40 {
		dst = append(dst, make([]byte, 40)...)[:n]
	}
	out := dst[n : n+32]
	if digits <= 8 {
		word := spread(uint32(x>>32)) | asciiZeros
		binary.BigEndian.PutUint64(out, word)
		if scale == 0 {
			return dst[:n+digits]
		}
		whole := uint(digits-scale) & 7
		out[whole] = '.'
		binary.BigEndian.PutUint64(out[whole+1:], word<<(8*whole))
		return dst[:n+digits+1]
	}
	binary.BigEndian.PutUint64(out, spread(uint32(x>>32))|asciiZeros)
	binary.BigEndian.PutUint64(out[8:], spread(uint32(x))|asciiZeros)
	if scale == 0 {
		return dst[:n+digits]
	}
	whole := digits - scale
	x <<= uint(4*whole) & 63
	out[whole&15] = '.'
	frac := out[whole&15+1:]
	binary.BigEndian.PutUint64(frac, spread(uint32(x>>32))|asciiZeros)
	if scale > 8 {
		binary.BigEndian.PutUint64(frac[8:], spread(uint32(x))|asciiZeros)
	}
	return dst[:n+digits+1]
}

func appendPackedLong(dst, b []byte, scale int, signed, signNibble bool) ([]byte, Fault) {
	var buf [64]byte
	digits := buf[:0]
	for i, c := range b {
		hi, lo := c>>4, c&0xF
		digits = append(digits, '0'+hi)
		last := signNibble && i == len(b)-1
		if hi > 9 || !last && lo > 9 {
			return dst, PackedNibble
		}
		if !last {
			digits = append(digits, '0'+lo)
		}
	}
	neg := false
	if signNibble {
		sign := b[len(b)-1] & 0xF
		if sign < 0xA {
			if blankPacked(b) {
				return dst, Blank
			}
			return dst, PackedSign
		}
		neg = sign == 0xD || sign == 0xB
		if neg && !signed {
			return dst, PackedSign
		}
	}
	return appendDigits(dst, neg, digits, scale), OK
}

// blankPacked reports whether all bytes are low-values, or all EBCDIC or ASCII spaces.
func blankPacked(b []byte) bool {
	return only(b, 0x00) || only(b, 0x40) || only(b, 0x20)
}

func only(b []byte, c byte) bool {
	for _, x := range b {
		if x != c {
			return false
		}
	}
	return len(b) > 0
}

// putPacked writes decimal text; pic is how many digits the PICTURE has. The pad nibble of an even number
// of digits is zero.
func putPacked(b, text []byte, pic, scale int, signed, signNibble bool) Fault {
	var n number
	if f := n.parse(text); f != OK {
		return f
	}
	if n.negative() && !signed {
		return SignLost
	}
	var buf [64]byte
	size := 2 * len(b)
	sign := byte(0xF)
	if signNibble {
		size--
		switch {
		case n.negative():
			sign = 0xD
		case signed:
			sign = 0xC
		}
	}
	digits := buf[:size]
	pad := max(0, size-pic)
	for i := range pad {
		digits[i] = '0'
	}
	if f := n.align(digits[pad:], scale); f != OK {
		return f
	}
	for i := range b {
		hi := digits[2*i] & 0xF
		lo := sign
		if 2*i+1 < size {
			lo = digits[2*i+1] & 0xF
		}
		b[i] = hi<<4 | lo
	}
	return OK
}
