package copybooks

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// The oracle of values: GnuCOBOL moves drawn values into drawn records and displays what it then holds. Each
// field is transcoded from that compiler's native form into z/OS's, and what we read must be what it displays;
// what we write from that must be the same bytes. Known differences of values, where ours follows IBM:
//
//   - a floating currency symbol with a comma and a + or - behind it, which GnuCOBOL 3.1.2 prints twice: IBM
//     prints it once (Language Reference, floating insertion editing). It is not drawn.
//   - a fixed sign before the currency symbol, and a slash among suppressed zeros (Language Reference, PICTURE
//     clause editing; TestEditedPicturesByIBMsRules holds IBM's form). They are not drawn.
//   - PIC A, N and G are not drawn: cobc 3.1.2 crashes on the first, and has no UTF-16 for the others.
//   - P with COMP-3 is not drawn: GnuCOBOL 3.1.2 loses digits of a MOVE there, and shows others than it holds.
//   - a text that begins with a dollar sign is not drawn: GnuCOBOL 3.1.2 does not move it in free format.
//   - MOVE 0 to a binary item with trailing P never ends in GnuCOBOL 3.1.2, and is not drawn.
//   - a negative zero is not drawn: a MOVE to a zoned item drops the sign, as IBM's NUMPROC does.

// native turns a field's bytes from GnuCOBOL's form into z/OS's, in place.
func native(f *Field, b []byte) error {
	switch {
	case f.Usage == Binary || f.Usage == Packed:
		return nil
	case f.Usage == NativeBinary:
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		return nil
	case f.Usage == Float:
		copy(b, hexBytes(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))))
		return nil
	case f.Usage == Double:
		copy(b, hexBytes(math.Float64frombits(binary.LittleEndian.Uint64(b))))
		return nil
	}
	at := -1
	switch f.Sign {
	case TrailingOverpunch:
		at = len(b) - 1
	case LeadingOverpunch:
		at = 0
	}
	for i, c := range b {
		if i == at {
			switch {
			case c >= '0' && c <= '9':
				b[i] = 0xC0 | c&0xF
			case c >= 'p' && c <= 'y':
				b[i] = 0xD0 | c&0xF
			default:
				return fmt.Errorf("byte %02X is no digit with a sign", c)
			}
			continue
		}
		e, ok := charmap.CodePage037.EncodeRune(rune(c))
		if !ok {
			return fmt.Errorf("byte %02X", c)
		}
		b[i] = e
	}
	return nil
}

// hexBytes is a value with few bits as hexadecimal floating point (Principles of Operation).
func hexBytes(v float64) []byte {
	b := make([]byte, 8)
	if v == 0 {
		return b
	}
	exponent := 64
	m := math.Abs(v)
	for ; m >= 1; m /= 16 {
		exponent++
	}
	for ; m < 1.0/16; m *= 16 {
		exponent--
	}
	binary.BigEndian.PutUint64(b, uint64(math.Ldexp(m, 56)))
	if b[0] = byte(exponent); v < 0 {
		b[0] |= 0x80
	}
	return b
}

const valueOracleHead = `IDENTIFICATION DIVISION.
PROGRAM-ID. VALUES-ORACLE.
DATA DIVISION.
WORKING-STORAGE SECTION.
01 L PIC 9(9).
01 ED PIC -9(20).9(14).
01 ED-LONG PIC -9(31).9(7).
`

func TestValuesEqualGnuCOBOL(t *testing.T) {
	records, rounds := 200, 1
	if testing.Short() {
		records = 40
	}
	seed := uint64(1959)
	if s, err := strconv.ParseUint(os.Getenv("PORTAGE_ORACLE_SEED"), 10, 64); err == nil {
		seed = s
	}
	if n, err := strconv.Atoi(os.Getenv("PORTAGE_ORACLE_SOAK")); err == nil && n > 0 {
		rounds = n // each with a seed of its own
	}
	for i := range rounds {
		t.Logf("PORTAGE_ORACLE_SEED=%d", seed+uint64(i))
		valuesRound(t, rand.New(rand.NewPCG(seed+uint64(i), 1959)), records)
	}
}

func valuesRound(t *testing.T, r *rand.Rand, records int) {
	var data, code strings.Builder
	all := make([]*instance, records)
	for i := range all {
		all[i] = drawInstance(t, r, fmt.Sprintf("R%d", i), &code)
		data.WriteString(all[i].text)
	}
	t.Logf("%d statements", strings.Count(code.String(), "\n"))
	out := []byte(cobc(t, valueOracleHead+data.String()+"PROCEDURE DIVISION.\n"+code.String()+"GOBACK.\n"))
	values := 0
	for _, in := range all {
		var name string
		var size int
		line, rest, _ := bytes.Cut(out, []byte("\n"))
		if _, err := fmt.Sscanf(string(line), "REC %s %d", &name, &size); err != nil || name != in.name || size > len(rest) {
			t.Fatalf("%.80q: %v, want %s", line, err, in.name)
		}
		raw := rest[:size]
		out = rest[size+1:]
		for _, v := range in.values {
			line, out, _ = bytes.Cut(out, []byte("\n"))
			v.shown = string(line)
		}
		values += len(in.values)
		if problem := in.check(raw); problem != "" {
			t.Errorf("%s\n%s", problem, in.text)
		}
	}
	t.Logf("%d values of %d records compared", values, records)
	if values < records*4 {
		t.Errorf("only %d values", values)
	}
}

// check compares one record, and says what is wrong.
func (in *instance) check(raw []byte) string {
	d := in.layout.Decoder()
	r, err := d.Decode(raw) // for the places only: counters are binary in both worlds
	if err != nil {
		return fmt.Sprintf("%d bytes: %v", len(raw), err)
	}
	b := append([]byte(nil), raw...)
	type span struct{ off, size int }
	spans := make([]span, len(in.values))
	for i, v := range in.values {
		off, size, err := r.Locate(v.field, v.index...)
		if err == nil {
			err = native(v.field, b[off:off+size])
		}
		if err != nil {
			return fmt.Sprintf("%s%v: %v", v.field.Path, v.index, err)
		}
		spans[i] = span{off, size}
	}
	if r, err = d.Decode(b); err != nil {
		return err.Error()
	}
	e := in.layout.Encoder()
	if err := e.Begin(b); err != nil || !bytes.Equal(e.Bytes(), b) {
		return fmt.Sprintf("%x comes back as %x %v", b, e.Bytes(), err)
	}
	for i, v := range in.values {
		at := fmt.Sprintf("%s%v PIC %s %v", v.field.Path, v.index, v.field.Picture, v.field.Usage)
		bytesOf := b[spans[i].off : spans[i].off+spans[i].size]
		text, err := r.TextAt(v.field, v.index...)
		if err != nil || !sameValue(v.field, text, v.text) {
			return fmt.Sprintf("%s: %x is read as %q %v, moved %q, GnuCOBOL shows %q", at, bytesOf, text, err, v.text, v.shown)
		}
		if !v.agrees(text) {
			return fmt.Sprintf("%s: %x is read as %q, GnuCOBOL shows %q", at, bytesOf, text, v.shown)
		}
		out := make([]byte, len(bytesOf))
		if f := r.Plan().Item(v.field).Codec.Put(out, []byte(text)); f != OK || !bytes.Equal(out, bytesOf) {
			return fmt.Sprintf("%s: %q is written as %x %v, GnuCOBOL %x (%q)", at, text, out, f, bytesOf, v.shown)
		}
	}
	return ""
}

// sameValue compares texts, or the numbers that they are.
func sameValue(f *Field, got, want string) bool {
	switch f.Category {
	case Alphanumeric:
		return got == want
	case Floating: // ours is the shortest text of the same bytes
		a, b := make([]byte, f.Size), make([]byte, f.Size)
		return putHexFloat(a, []byte(got), false) == OK && putHexFloat(b, []byte(want), false) == OK && bytes.Equal(a, b)
	}
	a, ok := new(big.Rat).SetString(got)
	b, ok2 := new(big.Rat).SetString(want)
	return ok && ok2 && a.Cmp(b) == 0
}

// agrees holds the text against GnuCOBOL's display.
func (v *moved) agrees(text string) bool {
	body := strings.TrimSuffix(v.shown, "|")
	body, own := strings.CutPrefix(body, "E|")
	if own {
		return true // the edited text itself is compared as bytes, when it is written
	}
	body = strings.TrimPrefix(body, "V|")
	if v.field.Category == Alphanumeric {
		if v.field.Justified {
			return strings.TrimLeft(body, " ") == text
		}
		return strings.TrimRight(body, " ") == text
	}
	return sameValue(v.field, text, strings.TrimSpace(body))
}
