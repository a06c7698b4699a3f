package mapping_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// numericForms are fifteen numeric fields, one of every form: 115 bytes.
var numericForms = []struct {
	name, picture string
	at, end       int
}{
	{"A", "S9(4) COMP", 0, 2},
	{"B", "9(9) COMP", 2, 6},
	{"C", "S9(18) COMP", 6, 14},
	{"D", "S9(9)V99 COMP", 14, 22},
	{"E", "S9(5) COMP-3", 22, 25},
	{"F", "S9(9)V99 COMP-3", 25, 31},
	{"G", "9(15) COMP-3", 31, 39},
	{"H", "S9(23)V99 COMP-3", 39, 52},
	{"I", "9(5)", 52, 57},
	{"J", "S9(11)V99", 57, 70},
	{"K", "S9(9)V99 SIGN LEADING SEPARATE", 70, 82},
	{"L", "S9(6) SIGN LEADING", 82, 88},
	{"M", "COMP-1", 88, 92},
	{"N", "COMP-2", 92, 100},
	{"O", "ZZZ,ZZZ,ZZ9.99-", 100, 115},
}

const formsSize = 115

// numerics is a record of 195 numeric fields in 1,495 bytes: thirteen times each form.
func numerics(t testing.TB) *workload {
	var text strings.Builder
	text.WriteString("       01  REC.\n")
	for n := range 13 {
		for _, f := range numericForms {
			usage := "PIC " + f.picture
			if strings.HasPrefix(f.picture, "COMP") {
				usage = f.picture
			}
			fmt.Fprintf(&text, "           05  %s%02d  %s.\n", f.name, n, usage)
		}
	}
	v := compile(t, text.String())
	w := &workload{name: "195 numbers, 1.5 KB", view: v}
	for i := range 500 {
		rec := make([]byte, 13*formsSize)
		for n := range 13 {
			fillForms(rec[formsSize*n:formsSize*n+formsSize], i*13+n)
		}
		w.records = append(w.records, rec)
	}
	w.fields = 195 * len(w.records)
	keys := formKeys()
	w.toJSON = func(dst, rec []byte) ([]byte, bool) {
		dst = append(dst, '{')
		ok := len(rec) == 13*formsSize
		for n := 0; ok && n < 13; n++ {
			dst, ok = formsToJSON(dst, rec[formsSize*n:formsSize*n+formsSize], &keys[n])
		}
		dst[len(dst)-1] = '}'
		return dst, ok
	}
	w.access = formsAccess(t, v, w.records[0])
	w.typed = func(rec []byte, s *seen) bool {
		for n := range 13 {
			if !formsTyped(rec[formsSize*n:formsSize*n+formsSize], s) {
				return false
			}
		}
		return len(rec) == 13*formsSize
	}
	w.fromJSON = func(dst, text []byte) ([]byte, bool) {
		at := len(dst)
		dst = append(dst, make([]byte, 13*formsSize)...)
		s := scan{b: text}
		var was [13]uint32
		for ok := s.open('{', '}'); ok; ok = s.more('}') {
			key := s.key()
			if len(key) != 3 || key[0] < 'a' || key[0] > 'o' || key[1]-'0' > 1 || key[2]-'0' > 9 {
				return dst, false
			}
			n := int(key[1]-'0')*10 + int(key[2]-'0')
			if n > 12 {
				return dst, false
			}
			s.once(&was[n], uint(key[0]-'a'))
			s.form(dst[at+formsSize*n:at+formsSize*n+formsSize], key[0])
		}
		return dst, s.done()
	}
	return w
}

func formKeys() (keys [13][15]string) {
	for n := range keys {
		for k := range keys[n] {
			quote := ""
			if strings.ContainsAny(numericForms[k].name, "CDFHJKMNO") {
				quote = `"`
			}
			keys[n][k] = fmt.Sprintf(`"%s%02d":%s`, strings.ToLower(numericForms[k].name), n, quote)
		}
	}
	return keys
}

func fillForms(b []byte, i int) {
	u := uint64(i*7919 + 13)
	neg := i%3 == 0
	putBinary(b[0:2], signed(u%10000, neg), 10000)
	putBinary(b[2:6], int64(u*31%1000000000), 1e9)
	putBinary(b[6:14], signed(u*104729*131%1e18, neg), 1e18)
	putBinary(b[14:22], signed(u*1299709%100000000000, neg), 1e11)
	putPacked(b[22:25], u%100000, neg, 0xC)
	putPacked(b[25:31], u*1299709%100000000000, neg, 0xC)
	putPacked(b[31:39], u*15485863%1e15, false, 0xF)
	putPacked(b[39:52], u*15485863%1e18, neg, 0xC)
	b[40], b[41] = byte(i%10), byte(i%7)<<4
	putZoned(b[52:57], u%100000)
	putSigned(b[57:70], u*1299709%1e13, neg)
	b[70] = 0x4E
	if neg {
		b[70] = 0x60
	}
	putZoned(b[71:82], u*1299709%1e11)
	putZoned(b[82:88], u%1000000)
	b[82] ^= 0x30
	if neg {
		b[82] |= 0x10
	}
	putHex(b[88:92], float64(u%100000)/8)
	putHex(b[92:100], -float64(u*31%100000000)/16)
	putEdited(b[100:115], u*7919%1e11, neg)
}

func formsToJSON(dst, b []byte, keys *[15]string) ([]byte, bool) {
	be := binary.BigEndian
	dst = strconv.AppendInt(append(dst, keys[0]...), int64(int16(be.Uint16(b))), 10)
	dst = strconv.AppendUint(append(append(dst, ','), keys[1]...), uint64(be.Uint32(b[2:])), 10)
	dst = strconv.AppendInt(append(append(dst, ','), keys[2]...), int64(be.Uint64(b[6:])), 10)
	d := int64(be.Uint64(b[14:]))
	dst = append(append(dst, `",`...), keys[3]...)
	if d < 0 {
		dst = appendCents(dst, uint64(-d), true)
	} else {
		dst = appendCents(dst, uint64(d), false)
	}
	e, neg, ok1 := packedNumber(b[22:25])
	dst = strconv.AppendInt(append(append(dst, `",`...), keys[4]...), signed(e, neg), 10)
	f, neg, ok2 := packedNumber(b[25:31])
	dst = appendCents(append(append(dst, ','), keys[5]...), f, neg)
	g, _, ok3 := packedNumber(b[31:39])
	dst = strconv.AppendUint(append(append(dst, `",`...), keys[6]...), g, 10)
	dst, ok4 := appendLong(append(append(dst, ','), keys[7]...), b[39:52])
	i, ok5 := unsignedZoned(b[52:57])
	dst = strconv.AppendUint(append(append(dst, `",`...), keys[8]...), i, 10)
	j, neg, ok6 := signedZoned(b[57:70])
	dst = appendCents(append(append(dst, ','), keys[9]...), j, neg)
	k, neg, ok7 := separate(b[70:82])
	dst = appendCents(append(append(dst, `",`...), keys[10]...), k, neg)
	l, ok8 := leading(b[82:88])
	dst = strconv.AppendInt(append(append(dst, `",`...), keys[11]...), l, 10)
	dst = strconv.AppendFloat(append(append(dst, ','), keys[12]...), hexNumber(b[88:92]), 'f', -1, 64)
	dst = strconv.AppendFloat(append(append(dst, `",`...), keys[13]...), hexNumber(b[92:100]), 'f', -1, 64)
	o, neg, ok9 := edited(b[100:115])
	dst = appendCents(append(append(dst, `",`...), keys[14]...), o, neg)
	return append(dst, '"', ','), ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7 && ok8 && ok9
}

func formsAccess(t testing.TB, v *mapping.View, rec []byte) func(r *copybooks.Record, s *seen) bool {
	r, err := v.Decode(rec)
	if err != nil {
		t.Fatal(err)
	}
	var blocks [13]group
	for i, it := range r.Plan().Root().Children {
		g := &blocks[i/15]
		switch name := numericForms[i%15].name; {
		case strings.Contains("ABCEGIL", name):
			g.ints = append(g.ints, it)
		case strings.Contains("MN", name):
			g.floats = append(g.floats, it)
		default:
			g.decimals = append(g.decimals, it)
		}
	}
	return func(r *copybooks.Record, s *seen) bool {
		ok := true
		for i := range blocks {
			ok = blocks[i].read(r, s) && ok
		}
		return ok
	}
}

func formsTyped(b []byte, s *seen) bool {
	be := binary.BigEndian
	s.add(int64(int16(be.Uint16(b))))
	s.add(int64(be.Uint32(b[2:])))
	s.add(int64(be.Uint64(b[6:])))
	e, n1, ok1 := packedNumber(b[22:25])
	s.add(signed(e, n1))
	g, _, ok3 := packedNumber(b[31:39])
	s.add(int64(g))
	i, ok5 := unsignedZoned(b[52:57])
	s.add(int64(i))
	l, ok8 := leading(b[82:88])
	s.add(l)
	d := int64(be.Uint64(b[14:]))
	if d < 0 {
		s.coefficient(true, 0, uint64(-d))
	} else {
		s.coefficient(false, 0, uint64(d))
	}
	f, n2, ok2 := packedNumber(b[25:31])
	s.coefficient(n2, 0, f)
	neg, hi, lo, ok4 := long(b[39:52])
	s.coefficient(neg, hi, lo)
	j, n3, ok6 := signedZoned(b[57:70])
	s.coefficient(n3, 0, j)
	k, n4, ok7 := separate(b[70:82])
	s.coefficient(n4, 0, k)
	o, n5, ok9 := edited(b[100:115])
	s.coefficient(n5, 0, o)
	s.add(int64(math.Float64bits(hexNumber(b[88:92]))))
	s.add(int64(math.Float64bits(hexNumber(b[92:100]))))
	return ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7 && ok8 && ok9
}
