package bridge

import (
	"fmt"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// reasonNumeric says that a record would hold a numeric Field that is not NUMERIC.
const reasonNumeric = "not-numeric"

// checkNumeric looks at the bytes of every zoned and packed Field that a record holds, by its Layout and not by what
// wrote them, and refuses the first that the NUMERIC class test would call false (Enterprise COBOL for z/OS,
// Language Reference, Class condition). What is numeric depends on the compiler's options; taken is what is
// under all of them (Programming Guide, Checking for incompatible data, and the options NUMPROC and NUMCLS): digits alone,
// C or D as the sign of a signed item and F as that of an unsigned one, no negative zero. Binary and
// floating-point items are always numeric; those that are BLANK WHEN ZERO are edited, and have no such test.
//
// Of shared storage the View's selector says which view counts; without one each view has to hold.
func checkNumeric(v *mapping.View, r copybooks.Record) error {
	o := r.Layout().Options()
	for it, offset := range v.Present(r) {
		f := it.Field
		if f.Category != copybooks.Numeric || f.BlankWhenZero {
			continue
		}
		b := r.Bytes()[offset : offset+it.Size()]
		if !isNumeric(f, pageOf(it), o, b) {
			return &adapters.Refusal{Reason: reasonNumeric, Field: f.Path, Offset: offset, Size: len(b),
				Err: fmt.Errorf("%d bytes at offset %d of the record would fail the NUMERIC test of Legacy's program", len(b), offset)}
		}
	}
	return nil
}

// page is what zoned digits look like in a code page.
type page struct{ zero, plus, minus byte }

func pageOf(it *copybooks.Item) page {
	if it.Codec.Space() == ' ' {
		return page{'0', '+', '-'}
	}
	return page{0xF0, 0x4E, 0x60}
}

func isNumeric(f *copybooks.Field, p page, o copybooks.Options, b []byte) bool {
	switch f.Usage {
	case copybooks.Packed:
		return packedNumeric(b, f.Digits, f.Sign != copybooks.Unsigned)
	case copybooks.PackedUnsigned:
		return nibbles(b, 2*len(b)-f.Digits, 2*len(b))
	case copybooks.Display:
		return zonedNumeric(b, f.Sign, p, o.Overpunch)
	case copybooks.National:
		narrow, ok := fromUTF16(b, o.Endian)
		return ok && zonedNumeric(narrow, f.Sign, page{'0', '+', '-'}, o.Overpunch)
	}
	return true
}

// packedNumeric tests a packed item: a nibble a digit, the sign last.
func packedNumeric(b []byte, digits int, signed bool) bool {
	if len(b) == 0 || !nibbles(b, 2*len(b)-1-digits, 2*len(b)-1) {
		return false
	}
	sign := b[len(b)-1] & 0xF
	if !signed {
		return sign == 0xF
	}
	return sign == 0xC || sign == 0xD && !packedZero(b)
}

// nibbles reports whether those before from are 0 and those up to to are digits.
func nibbles(b []byte, from, to int) bool {
	for i := range to {
		n := b[i/2] >> 4
		if i%2 == 1 {
			n = b[i/2] & 0xF
		}
		if n > 9 || i < from && n != 0 {
			return false
		}
	}
	return true
}

func packedZero(b []byte) bool {
	for _, c := range b[:len(b)-1] {
		if c != 0 {
			return false
		}
	}
	return b[len(b)-1]>>4 == 0
}

// zonedNumeric tests a zoned item: a digit a byte, the sign over one of them or apart.
func zonedNumeric(b []byte, sign copybooks.Sign, p page, over copybooks.Overpunch) bool {
	if len(b) == 0 {
		return false
	}
	first, last := b[1:], b[:len(b)-1]
	negative, digit, ok := false, p.zero, true
	switch sign {
	case copybooks.Unsigned:
	case copybooks.TrailingSeparate:
		negative, ok, b = b[len(b)-1] == p.minus, b[len(b)-1] == p.minus || b[len(b)-1] == p.plus, last
	case copybooks.LeadingSeparate:
		negative, ok, b = b[0] == p.minus, b[0] == p.minus || b[0] == p.plus, first
	case copybooks.LeadingOverpunch:
		digit, negative, ok = overpunched(b[0], p, over)
		b = first
	default:
		digit, negative, ok = overpunched(b[len(b)-1], p, over)
		b = last
	}
	zero := digit == p.zero
	for _, c := range b {
		ok = ok && c >= p.zero && c <= p.zero+9
		zero = zero && c == p.zero
	}
	return ok && !(negative && zero)
}

// overpunched takes apart a digit that bears the sign; the digit is one of the page's.
func overpunched(c byte, p page, over copybooks.Overpunch) (digit byte, negative, ok bool) {
	if p.zero == 0xF0 {
		return c&0xF + 0xF0, c>>4 == 0xD, (c>>4 == 0xC || c>>4 == 0xD) && c&0xF <= 9
	}
	plus, minus := byte('0'), byte('p')
	switch over {
	case copybooks.Fujitsu:
		plus, minus = '@', 'P'
	case copybooks.Translated:
		switch {
		case c == '{' || c == '}':
			return '0', c == '}', true
		case c >= 'A' && c <= 'I':
			return c - 'A' + '1', false, true
		case c >= 'J' && c <= 'R':
			return c - 'J' + '1', true, true
		}
		return '0', false, false
	}
	switch {
	case c >= plus && c <= plus+9:
		return c - plus + '0', false, true
	case c >= minus && c <= minus+9:
		return c - minus + '0', true, true
	}
	return '0', false, false
}

// fromUTF16 returns the characters of a national item that is numeric, a byte each.
func fromUTF16(b []byte, order copybooks.Endian) (out []byte, ok bool) {
	for i := 0; i+1 < len(b); i += 2 {
		high, low := b[i], b[i+1]
		if order == copybooks.Little {
			high, low = low, high
		}
		if high != 0 {
			return nil, false
		}
		out = append(out, low)
	}
	return out, len(b)%2 == 0
}
