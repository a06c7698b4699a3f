package mapping_test

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
)

// What loops by hand share: numbers and text of cp037, the plain way, each byte checked.

// by holds the tables of the loops by hand.
var by = newHand()

type hand struct {
	page  *ebcdic.Codepage
	pairs [256]byte // the number of a packed pair of digits; 0xFF: none
	plain [256]byte // the JSON character of a byte; 0x80: it takes more than one
	wide  [256]string
	back  [128]byte // the byte of an ASCII character
}

func newHand() *hand {
	h := &hand{}
	h.page, _ = ebcdic.Lookup("cp037")
	for i := range 256 {
		h.pairs[i], h.plain[i] = 0xFF, 0x80
		if i>>4 < 10 && i&15 < 10 {
			h.pairs[i] = byte(i>>4*10 + i&15)
		}
		text := string(h.page.AppendUTF8(nil, []byte{byte(i)}))
		h.wide[i] = string(copybooks.AppendEscaped(nil, text))
		if len(h.wide[i]) == 1 {
			h.plain[i] = h.wide[i][0]
		}
	}
	for i := range 128 {
		h.back[i], _ = h.page.Byte(rune(i))
	}
	return h
}

func packedNumber(b []byte) (n uint64, neg, ok bool) {
	end := len(b) - 1
	for _, c := range b[:end] {
		d := by.pairs[c]
		if d > 99 {
			return 0, false, false
		}
		n = n*100 + uint64(d)
	}
	if b[end]>>4 > 9 {
		return 0, false, false
	}
	n = n*10 + uint64(b[end]>>4)
	switch b[end] & 15 {
	case 0xA, 0xC, 0xE, 0xF:
		return n, false, true
	case 0xB, 0xD:
		return n, n != 0, true
	}
	return 0, false, false
}

func unsignedZoned(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		d := c - 0xF0
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

func signedZoned(b []byte) (n uint64, neg, ok bool) {
	end := len(b) - 1
	if n, ok = unsignedZoned(b[:end]); !ok || b[end]&15 > 9 || b[end] < 0xA0 {
		return 0, false, false
	}
	n = n*10 + uint64(b[end]&15)
	zone := b[end] >> 4
	return n, (zone == 0xD || zone == 0xB) && n != 0, true
}

func signed(n uint64, neg bool) int64 {
	if neg {
		return -int64(n)
	}
	return int64(n)
}

// appendCents appends a number with two digits behind the point.
func appendCents(dst []byte, n uint64, neg bool) []byte {
	if neg {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, n/100, 10)
	n %= 100
	return append(dst, '.', byte('0'+n/10), byte('0'+n%10))
}

// appendPadded appends digits with leading zeros.
func appendPadded(dst []byte, n uint64, digits int) []byte {
	at := len(dst)
	dst = slices.Grow(dst, digits)[:at+digits]
	for i := at + digits - 1; i >= at; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// appendText appends the JSON of characters without the spaces behind them.
func appendText(dst, b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0x40 {
		b = b[:len(b)-1]
	}
	at := len(dst)
	dst = slices.Grow(dst, len(b))[:at+len(b)]
	out, all := dst[at:], byte(0)
	for i, c := range b {
		a := by.plain[c]
		out[i] = a
		all |= a
	}
	if all < 0x80 {
		return dst
	}
	dst = dst[:at]
	for _, c := range b {
		dst = append(dst, by.wide[c]...)
	}
	return dst
}

// putText writes characters and spaces behind them.
func putText(b, text []byte) bool {
	var buf [128]byte
	for _, c := range text {
		if c >= 0x80 {
			enc, err := by.page.Encode(buf[:0], text)
			if err != nil || len(enc) > len(b) {
				return false
			}
			spaces(b[copy(b, enc):])
			return true
		}
	}
	if len(text) > len(b) {
		return false
	}
	for i, c := range text {
		b[i] = by.back[c]
	}
	spaces(b[len(text):])
	return true
}

func spaces(b []byte) {
	for i := range b {
		b[i] = 0x40
	}
}

// scaled reads decimal text as a number with so many digits behind the point.
func scaled(text []byte, scale int) (n uint64, neg, ok bool) {
	if len(text) > 0 && text[0] == '-' {
		neg, text = true, text[1:]
	}
	after := -1
	if len(text) == 0 || len(text) > 20 {
		return 0, false, false
	}
	for i, c := range text {
		if c == '.' && after < 0 && i > 0 {
			after = 0
			continue
		}
		d := c - '0'
		if d > 9 {
			return 0, false, false
		}
		n = n*10 + uint64(d)
		if after >= 0 {
			after++
		}
	}
	for after = max(after, 0); after < scale; after++ {
		n *= 10
	}
	return n, neg && n != 0, after == scale
}

// putPacked writes a number; sign is the nibble of plus.
func putPacked(b []byte, n uint64, neg bool, sign byte) bool {
	if neg {
		sign = 0xD
	}
	b[len(b)-1] = byte(n%10)<<4 | sign
	n /= 10
	for i := len(b) - 2; i >= 0; i-- {
		two := n % 100
		b[i] = byte(two/10<<4 | two%10)
		n /= 100
	}
	return n == 0
}

func putZoned(b []byte, n uint64) bool {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = 0xF0 | byte(n%10)
		n /= 10
	}
	return n == 0
}

func putSigned(b []byte, n uint64, neg bool) bool {
	ok := putZoned(b, n)
	b[len(b)-1] ^= 0x30 // F to C
	if neg {
		b[len(b)-1] |= 0x10
	}
	return ok
}

func putBinary(b []byte, n int64, limit int64) bool {
	switch len(b) {
	case 2:
		binary.BigEndian.PutUint16(b, uint16(n))
	case 4:
		binary.BigEndian.PutUint32(b, uint32(n))
	default:
		binary.BigEndian.PutUint64(b, uint64(n))
	}
	return n < limit && n > -limit
}

// long reads more than 18 packed digits into 128 bits.
func long(b []byte) (neg bool, hi, lo uint64, ok bool) {
	at := len(b) - 9
	low, _, ok := packedNumber(b[at:])
	if !ok {
		return false, 0, 0, false
	}
	var top uint64
	for _, c := range b[:at] {
		d := by.pairs[c]
		if d > 99 {
			return false, 0, 0, false
		}
		top = top*100 + uint64(d)
	}
	hi, lo = bits.Mul64(top, 1e17)
	lo, carry := bits.Add64(lo, low, 0)
	sign := b[len(b)-1] & 15
	return (sign == 0xD || sign == 0xB) && hi+carry|lo != 0, hi + carry, lo, true
}
