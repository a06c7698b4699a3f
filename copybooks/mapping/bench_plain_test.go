package mapping_test

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// The three shapes of ten equal fields.

func compile(t testing.TB, text string) *mapping.View {
	t.Helper()
	ls, err := copybooks.Parse("bench", strings.NewReader(text), copybooks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := mapping.Compile(ls, nil, mapping.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// ten is a workload of ten fields with one PICTURE, and its Items.
func ten(t testing.TB, name, picture string, size int, fill func(b []byte, i, k int)) (*workload, []*copybooks.Item) {
	var text strings.Builder
	text.WriteString("       01  REC.\n")
	for i := range 10 {
		fmt.Fprintf(&text, "           05  FIELD-%d  PIC %s.\n", i, picture)
	}
	v := compile(t, text.String())
	w := &workload{name: name, view: v}
	for i := range 2000 {
		rec := make([]byte, 10*size)
		for k := range 10 {
			fill(rec[size*k:size*k+size], i, k)
		}
		w.records = append(w.records, rec)
	}
	w.fields = 10 * len(w.records)
	r, err := v.Decode(w.records[0])
	if err != nil {
		t.Fatal(err)
	}
	return w, r.Plan().Root().Children
}

// slots reads the members field0 to field9, and gives each one's place.
func slots(s *scan, put func(k int) bool) bool {
	was := 0
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		key := s.key()
		if s.bad || len(key) != 6 || string(key[:5]) != "field" || key[5]-'0' > 9 {
			return false
		}
		k := int(key[5] - '0')
		if was&(1<<k) != 0 || !put(k) {
			return false
		}
		was |= 1 << k
	}
	return s.done() && was == 1<<10-1
}

func keys(format string) (out [10]string) {
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}

func display(t testing.TB) *workload {
	w, fields := ten(t, "10 X(50)", "X(50)", 50, func(b []byte, i, k int) {
		text := fmt.Sprintf("CUSTOMER %06d FIELD %d OF THE ROUTE NUMBER %07d A", i, k, i*7)[:30+(i+k)%20]
		putText(b, []byte(text))
	})
	names := keys(`"field%d":"`)
	w.toJSON = func(dst, rec []byte) ([]byte, bool) {
		dst = append(dst, '{')
		for k := range 10 {
			dst = append(dst, names[k]...)
			dst = append(appendText(dst, rec[50*k:50*k+50]), '"', ',')
		}
		dst[len(dst)-1] = '}'
		return dst, len(rec) == 500
	}
	w.access = (&group{texts: fields}).read
	w.typed = func(rec []byte, s *seen) bool {
		for k := range 10 {
			s.text = appendText(s.text[:0], rec[50*k:50*k+50])
			s.string(s.text)
		}
		return len(rec) == 500
	}
	w.fromJSON = func(dst, text []byte) ([]byte, bool) {
		at := len(dst)
		dst = append(dst, make([]byte, 500)...)
		s := scan{b: text}
		return dst, slots(&s, func(k int) bool { return putText(dst[at+50*k:at+50*k+50], s.text()) })
	}
	return w
}

func packed(t testing.TB) *workload {
	w, fields := ten(t, "10 S9(9)V99 COMP-3", "S9(9)V99 COMP-3", 6, func(b []byte, i, k int) {
		putPacked(b, uint64(i*7919+k*104729)*31%100000000000, i&1 > 0, 0xC)
	})
	names := keys(`"field%d":"`)
	w.toJSON = func(dst, rec []byte) ([]byte, bool) {
		dst = append(dst, '{')
		for k := range 10 {
			n, neg, ok := packedNumber(rec[6*k : 6*k+6])
			if !ok {
				return dst, false
			}
			dst = append(dst, names[k]...)
			dst = append(appendCents(dst, n, neg), '"', ',')
		}
		dst[len(dst)-1] = '}'
		return dst, len(rec) == 60
	}
	values := make([]copybooks.Decimal, 10)
	w.access = func(r *copybooks.Record, s *seen) bool {
		_, f := r.Numbers(values, fields)
		for i := range values {
			s.coefficient(values[i].Coefficient())
		}
		return f == copybooks.OK
	}
	w.typed = func(rec []byte, s *seen) bool {
		for k := range 10 {
			n, neg, ok := packedNumber(rec[6*k : 6*k+6])
			if !ok {
				return false
			}
			s.coefficient(neg, 0, n)
		}
		return len(rec) == 60
	}
	w.fromJSON = func(dst, text []byte) ([]byte, bool) {
		at := len(dst)
		dst = append(dst, make([]byte, 60)...)
		s := scan{b: text}
		return dst, slots(&s, func(k int) bool {
			n, neg, ok := scaled(s.text(), 2)
			return ok && putPacked(dst[at+6*k:at+6*k+6], n, neg, 0xC)
		})
	}
	return w
}

func binaries(t testing.TB) *workload {
	w, fields := ten(t, "10 S9(9) COMP", "S9(9) COMP", 4, func(b []byte, i, k int) {
		putBinary(b, int64(i*7919+k*104729)*31%1000000000-int64(i&1)*300000000, 1e9)
	})
	names := keys(`"field%d":`)
	w.toJSON = func(dst, rec []byte) ([]byte, bool) {
		dst = append(dst, '{')
		for k := range 10 {
			dst = append(dst, names[k]...)
			dst = strconv.AppendInt(dst, int64(int32(binary.BigEndian.Uint32(rec[4*k:]))), 10)
			dst = append(dst, ',')
		}
		dst[len(dst)-1] = '}'
		return dst, len(rec) == 40
	}
	values := make([]int64, 10)
	w.access = func(r *copybooks.Record, s *seen) bool {
		_, f := r.Integers(values, fields)
		for _, n := range values {
			s.add(n)
		}
		return f == copybooks.OK
	}
	w.typed = func(rec []byte, s *seen) bool {
		for k := range 10 {
			s.add(int64(int32(binary.BigEndian.Uint32(rec[4*k:]))))
		}
		return len(rec) == 40
	}
	w.fromJSON = func(dst, text []byte) ([]byte, bool) {
		at := len(dst)
		dst = append(dst, make([]byte, 40)...)
		s := scan{b: text}
		return dst, slots(&s, func(k int) bool { return putBinary(dst[at+4*k:at+4*k+4], s.number(), 1e9) })
	}
	return w
}
