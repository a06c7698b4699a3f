package legacy

import (
	"encoding/binary"
	"fmt"
	"math"

	"golang.org/x/text/encoding/charmap"
)

// transcode turns a record of GnuCOBOL into one of the mainframe, field by field. Bytes that no field covers
// are FILLER: text.
func transcode(ascii []byte, fields []Field) ([]byte, error) {
	out := make([]byte, len(ascii))
	if err := toCP037(out, ascii); err != nil {
		return nil, err
	}
	for _, f := range fields {
		if f.Offset+f.Length > len(ascii) {
			return nil, fmt.Errorf("%s ends at %d, the record has %d bytes", f.Name, f.Offset+f.Length, len(ascii))
		}
		src, dst := ascii[f.Offset:f.Offset+f.Length], out[f.Offset:f.Offset+f.Length]
		if err := transcodeField(dst, src, f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return out, nil
}

func transcodeField(dst, src []byte, f Field) error {
	switch f.Kind {
	case Text, LeadingSeparate:
		return toCP037(dst, src)
	case Zoned:
		return zoned(dst, src)
	case SignedZoned:
		return signedZoned(dst, src)
	case Packed, Binary: // -std=ibm: packed decimal, and binary with the high byte first
		copy(dst, src)
	case Single:
		return single(dst, src)
	case Double:
		return double(dst, src)
	default:
		return fmt.Errorf("kind %q is not known", f.Kind)
	}
	return nil
}

func toCP037(dst, src []byte) error {
	for i, b := range src {
		e, ok := charmap.CodePage037.EncodeRune(rune(b))
		if !ok {
			return fmt.Errorf("byte %d has no place in code page 037", i)
		}
		dst[i] = e
	}
	return nil
}

// zoned: digits are X'30'-X'39' in ASCII and X'F0'-X'F9' in EBCDIC.
func zoned(dst, src []byte) error {
	for i, b := range src {
		if b < '0' || b > '9' {
			return fmt.Errorf("byte %d is no digit", i)
		}
		dst[i] = 0xf0 | b&0x0f
	}
	return nil
}

// signedZoned: GnuCOBOL overpunches minus as X'70'-X'79' and leaves plus alone; z/OS writes zone D and C.
func signedZoned(dst, src []byte) error {
	last := len(src) - 1
	if err := zoned(dst[:last], src[:last]); err != nil {
		return err
	}
	switch b := src[last]; {
	case b >= '0' && b <= '9':
		dst[last] = 0xc0 | b&0x0f
	case b >= 0x70 && b <= 0x79:
		dst[last] = 0xd0 | b&0x0f
	default:
		return fmt.Errorf("byte %d is no digit with a sign", last)
	}
	return nil
}

// single: IEEE 754 binary32 to a short hexadecimal floating point number. A value whose bits do not fit is
// an error: the programs do not write such values.
func single(dst, src []byte) error {
	v := math.Float32frombits(binary.LittleEndian.Uint32(src))
	hfp, exact := hexFloat(float64(v))
	if !exact || hfp<<32 != 0 {
		return fmt.Errorf("its value has no exact short hexadecimal form")
	}
	binary.BigEndian.PutUint32(dst, uint32(hfp>>32))
	return nil
}

// double: IEEE 754 binary64 to a long hexadecimal floating point number, which has three more bits.
func double(dst, src []byte) error {
	hfp, exact := hexFloat(math.Float64frombits(binary.LittleEndian.Uint64(src)))
	if !exact {
		return fmt.Errorf("its value has no exact long hexadecimal form")
	}
	binary.BigEndian.PutUint64(dst, hfp)
	return nil
}

// hexFloat returns v as a long hexadecimal floating point number (z/Architecture Principles of Operation,
// "Hexadecimal-Floating-Point Number Representation"): a sign bit, seven bits of exponent of 16 in excess
// 64, and a fraction of 14 hexadecimal digits whose first is not zero.
func hexFloat(v float64) (hfp uint64, exact bool) {
	if v == 0 {
		return 0, true
	}
	raw := math.Float64bits(v)
	exponent := int(raw >> 52 & 0x7ff)
	fraction := raw & (1<<52 - 1)
	if exponent == 0 || exponent == 0x7ff {
		return 0, false // subnormal, infinite or not a number
	}
	fraction |= 1 << 52
	// v is fraction * 2^(exponent-1075), and shall be (fraction << shift) / 2^56 * 16^power: the fraction's 53
	// bits move up by 0 to 3, so that they always fit, and the first hexadecimal digit is never zero.
	power := exponent - 1075 + 56
	shift := ((power % 4) + 4) % 4
	power = (power-shift)/4 + 64
	if power < 0 || power > 127 {
		return 0, false
	}
	return raw>>63<<63 | uint64(power)<<56 | fraction<<shift, true
}
