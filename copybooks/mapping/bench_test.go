package mapping_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// Each benchmark decodes a run of records to JSON. MB/s counts input. Those with a limit run, beside it, the
// plainest loop that writes the same bytes for that one layout by hand.

func parse(t testing.TB, text string) *copybooks.Layout {
	t.Helper()
	ls, err := copybooks.Parse("bench", strings.NewReader(text), copybooks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return ls[0]
}

func tenFields(picture string) string {
	var b strings.Builder
	b.WriteString("       01  REC.\n")
	for i := range 10 {
		fmt.Fprintf(&b, "           05  FIELD-%d  PIC %s.\n", i, picture)
	}
	return b.String()
}

// run decodes data with a View. If there is a hand-written line, it then runs that for the same data, and
// reports its rate and how much of it the View reaches.
func run(b *testing.B, v *mapping.View, data []byte, size int, line func(dst, rec []byte) []byte) {
	b.Helper()
	d := v.Decoder()
	var out []byte
	whole := func() {
		for i := 0; i+size <= len(data); i += size {
			r, err := d.Decode(data[i : i+size])
			if err != nil {
				b.Fatal(err)
			}
			if out, err = v.AppendJSON(out[:0], r); err != nil {
				b.Fatal(err)
			}
		}
	}
	whole()
	last := bytes.Clone(out)
	if line != nil && !bytes.Equal(line(nil, data[len(data)-size:]), last) {
		b.Fatalf("the hand-written loop writes\n%s\nnot\n%s", line(nil, data[len(data)-size:]), last)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		whole()
	}
	b.ReportMetric(float64(b.N)*float64(len(data)/size)/b.Elapsed().Seconds(), "records/s")
	if line == nil {
		return
	}
	per := b.Elapsed() / time.Duration(b.N)
	start := time.Now()
	for range b.N {
		for i := 0; i+size <= len(data); i += size {
			out = line(out[:0], data[i:i+size])
		}
	}
	limit := time.Since(start) / time.Duration(b.N)
	b.ReportMetric(float64(len(data))/limit.Seconds()/1e6, "limit-MB/s")
	b.ReportMetric(limit.Seconds()/per.Seconds(), "of-limit")
}

func displayData(t testing.TB) []byte {
	page, err := ebcdic.Lookup("cp037")
	if err != nil {
		t.Fatal(err)
	}
	var data []byte
	for i := range 20000 {
		for k := range 10 {
			text := fmt.Sprintf("CUSTOMER %06d FIELD %d OF THE ROUTE NUMBER %07d A", i, k, i*7)[:30+(i+k)%20]
			enc, _ := page.Encode(nil, []byte(text))
			data = append(data, enc...)
			data = append(data, bytes.Repeat([]byte{0x40}, 50-len(enc))...)
		}
	}
	return data
}

func BenchmarkDecodeDisplay(b *testing.B) {
	l := parse(b, tenFields("X(50)"))
	v, err := mapping.Compile([]*copybooks.Layout{l}, nil, mapping.Options{})
	if err != nil {
		b.Fatal(err)
	}
	data := displayData(b)
	page, _ := ebcdic.Lookup("cp037")
	table := page.ASCII()
	var keys [10]string
	for i := range keys {
		keys[i] = fmt.Sprintf(`"field%d":"`, i)
	}
	run(b, v, data, 500, func(dst, rec []byte) []byte {
		dst = append(dst, '{')
		for k := range 10 {
			f := rec[50*k : 50*k+50]
			for len(f) > 0 && f[len(f)-1] == 0x40 {
				f = f[:len(f)-1]
			}
			dst = append(dst, keys[k]...)
			for _, c := range f {
				dst = append(dst, table[c])
			}
			dst = append(dst, '"', ',')
		}
		dst[len(dst)-1] = '}'
		return dst
	})
}

func packedData() []byte {
	var data []byte
	for i := range 20000 {
		for k := range 10 {
			n := uint64(i*7919+k*104729) * 31 % 100000000000
			var f [6]byte
			x := uint64(0)
			for s := uint(4); s < 48; s += 4 {
				x |= (n % 10) << s
				n /= 10
			}
			x |= 0xC + uint64(i&1)
			for j := range f {
				f[5-j] = byte(x >> (8 * j))
			}
			data = append(data, f[:]...)
		}
	}
	return data
}

func BenchmarkDecodePacked(b *testing.B) {
	l := parse(b, tenFields("S9(9)V99 COMP-3"))
	v, err := mapping.Compile([]*copybooks.Layout{l}, nil, mapping.Options{})
	if err != nil {
		b.Fatal(err)
	}
	data := packedData()
	var keys [10]string
	for i := range keys {
		keys[i] = fmt.Sprintf(`"field%d":"`, i)
	}
	run(b, v, data, 60, func(dst, rec []byte) []byte {
		dst = append(dst, '{')
		for k := range 10 {
			dst = append(dst, keys[k]...)
			dst = appendPackedDigits(dst, rec[6*k:6*k+6], 2)
			dst = append(dst, '"', ',')
		}
		dst[len(dst)-1] = '}'
		return dst
	})
}

// appendPackedDigits is packed decimal by the plainest loop.
func appendPackedDigits(dst, f []byte, scale int) []byte {
	digits := 2*len(f) - 1
	if f[len(f)-1]&0xF == 0xD {
		dst = append(dst, '-')
	}
	lead := true
	for j := range digits {
		c := f[j/2]
		if j&1 == 0 {
			c >>= 4
		}
		c &= 0xF
		if j == digits-scale {
			dst = append(dst, '.')
		}
		if lead = lead && c == 0 && j < digits-scale-1; !lead {
			dst = append(dst, '0'+c)
		}
	}
	return dst
}

func BenchmarkDecodeZoned(b *testing.B) {
	l := parse(b, tenFields("S9(9)V99"))
	v, err := mapping.Compile([]*copybooks.Layout{l}, nil, mapping.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var data []byte
	for i := range 20000 {
		for k := range 10 {
			text := fmt.Appendf(nil, "%011d", (i*7919+k*104729)*31%100000000000)
			for j := range text {
				text[j] |= 0xF0
			}
			text[10] = text[10]&0xF | 0xC0 | byte(i&1)<<4
			data = append(data, text...)
		}
	}
	var keys [10]string
	for i := range keys {
		keys[i] = fmt.Sprintf(`"field%d":"`, i)
	}
	run(b, v, data, 110, func(dst, rec []byte) []byte {
		dst = append(dst, '{')
		for k := range 10 {
			f := rec[11*k : 11*k+11]
			dst = append(dst, keys[k]...)
			if f[10]>>4 == 0xD {
				dst = append(dst, '-')
			}
			lead := true
			for j, c := range f {
				if c &= 0xF; j == 9 {
					dst = append(dst, '.')
				}
				if lead = lead && c == 0 && j < 8; !lead {
					dst = append(dst, '0'+c)
				}
			}
			dst = append(dst, '"', ',')
		}
		dst[len(dst)-1] = '}'
		return dst
	})
}

func BenchmarkDecodeBinary(b *testing.B) {
	l := parse(b, tenFields("S9(9) COMP"))
	v, err := mapping.Compile([]*copybooks.Layout{l}, nil, mapping.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var data []byte
	for i := range 200000 {
		n := uint32(i * 7919)
		data = append(data, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	var keys [10]string
	for i := range keys {
		keys[i] = fmt.Sprintf(`"field%d":`, i)
	}
	run(b, v, data, 40, func(dst, rec []byte) []byte {
		dst = append(dst, '{')
		for k := range 10 {
			dst = append(dst, keys[k]...)
			dst = strconv.AppendInt(dst, int64(int32(binary.BigEndian.Uint32(rec[4*k:]))), 10)
			dst = append(dst, ',')
		}
		dst[len(dst)-1] = '}'
		return dst
	})
}

const eiReply = `{"header":{"function":"inquire-status","version":1,"language":"en","returnCode":0,"reasonCode":"","correlationToken":"abc","requestedBy":"PORTAGE","purpose":"BEN"},"key":{"sin":"046454286","claimNumber":"00000000"},"client":{"surname":"TREMBLAY","givenNames":"HÉLÈNE","birthDate":"1980-02-29"},"type":"regular","status":{"code":"in-pay","legacyCode":"40","text":{"en":"In pay","fr":"En paiement"}},"appliedOn":"2026-01-12","benefitPeriodStart":"2026-01-11","weeklyRate":{"amount":"729.00","currency":"CAD"},"weeks":{"entitled":38,"paid":4},"insurableHours":1820,"insurableEarnings":{"amount":"68900.00","currency":"CAD"},"region":"10","overpaymentBalance":{"amount":"-12.50","currency":"CAD"},"decisionMode":"automated","payments":[{"weekStart":"2026-01-11","gross":"729.00","tax":"87.48","net":"641.52","method":"direct-deposit"},{"weekStart":"2026-01-18","gross":"729.00","tax":"87.48","net":"641.52","method":"cheque"}]}`

func sample(t testing.TB, name, json string) (*mapping.View, []byte) {
	t.Helper()
	v, err := benefits.View(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := v.EncodeJSON(nil, []byte(json), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v, b
}

func BenchmarkDecodeEI(b *testing.B) {
	v, rec := sample(b, "EICLMSTA", eiReply)
	run(b, v, bytes.Repeat(rec, 1000), len(rec), nil)
}

const oasBenefit = `{"kind":"benefit","sequence":8,"account":"000000123","benefit":"oas-pension","status":{"code":"in-pay","legacyCode":"11"},"startMonth":"1990-12","monthlyAmount":{"amount":"742.31","currency":"CAD"},"partial40ths":40,"income":{"amount":"-15.00","currency":"CAD"},"recoveryTax":{"amount":"-12.50","currency":"CAD"},"history":[{"paidOn":"2026-01-28","gross":"742.31","net":"700.00","reason":"regular"},{"paidOn":"1951-02-28","gross":"742.31","net":"700.00","reason":"returned"},{"paidOn":"2026-02-28","gross":"742.31","net":"700.00","reason":"regular"}]}`

func BenchmarkDecodeOAS(b *testing.B) {
	v, rec := sample(b, "OASMSTR", oasBenefit)
	run(b, v, bytes.Repeat(rec, 1000), len(rec), nil)
}

func BenchmarkEncodeEI(b *testing.B) {
	v, rec := sample(b, "EICLMSTA", eiReply)
	e := v.Encoder()
	var out []byte
	var err error
	b.SetBytes(int64(len(rec)))
	b.ReportAllocs()
	for b.Loop() {
		if out, err = e.Append(out[:0], []byte(eiReply), nil); err != nil {
			b.Fatal(err)
		}
	}
}
