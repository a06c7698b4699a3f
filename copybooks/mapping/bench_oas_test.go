package mapping_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

const oasBenefit = `{"kind":"benefit","sequence":8,"account":"000000123","benefit":"oas-pension","status":{"code":"in-pay","legacyCode":"11"},"startMonth":"1990-12","monthlyAmount":{"amount":"742.31","currency":"CAD"},"partial40ths":40,"income":{"amount":"-15.00","currency":"CAD"},"recoveryTax":{"amount":"-12.50","currency":"CAD"},"history":[{"paidOn":"2026-01-28","gross":"742.31","net":"700.00","reason":"regular"},{"paidOn":"1951-02-28","gross":"742.31","net":"700.00","reason":"returned"},{"paidOn":"2026-02-28","gross":"742.31","net":"700.00","reason":"regular"}]}`

const oasClient = `{"kind":"client","sequence":7,"account":"000000123","sin":"046454286","name":{"surname":"TREMBLAY","given":"MARIE"},"birthDate":"1955-03-02","deathDate":null,"sex":"F","language":"fr","maritalStatus":"widowed","residenceYears":40,"enrolment":"automatic","consents":"YNYN","changedOn":"2026-01-12","bank":{"institution":"0001","transit":"12345","number":"1234567"},"payMethod":"direct-deposit"}`

const oasAddress = `{"kind":"address","sequence":9,"account":"000000123","addressType":"mailing","lines":["12 RUE PRINCIPALE"],"province":"QC","postalCode":"H2X1Y4","country":"CAN","effectiveMonth":"2020-05"}`

// oasExtract is clients, benefits with 0 to 24 payments and addresses of 1 to 6 lines, in turn: three kinds, two
// of them of variable length. The header and the trailer of the file, one record each, are left out.
func oasExtract(t testing.TB) *workload {
	_, client := sample(t, "OASMSTR", oasClient)
	_, fixed := sample(t, "OASMSTR", oasBenefit)
	_, address := sample(t, "OASMSTR", oasAddress)
	w := &workload{name: "OAS extract", view: benefit(t, "OASMSTR"), toJSON: oasToJSON, typed: oasTyped}
	tail := append([]byte(nil), address[len(address)-17:]...)
	for i := range 500 {
		c := append([]byte(nil), client...)
		putBinary(c[1:5], int64(3*i), 1e9)
		putPacked(c[14:19], uint64(46454286+i), false, 0xC)
		putText(c[19:49], fmt.Appendf(nil, "NOM %d É", i))
		putZoned(c[79:87], uint64(1930+i%30)*10000+uint64(1+i%12)*100+uint64(1+i%28))
		n := i % 25
		b := append([]byte(nil), fixed[:55]...)
		putBinary(b[1:5], int64(3*i+1), 1e9)
		putPacked(b[25:29], uint64(20000+i*37), false, 0xC)
		putBinary(b[50:52], int64(n), 1000)
		b = append(b[:52], make([]byte, 15*n)...)
		for k := range n {
			h := b[52+15*k:]
			putZoned(h[:5], uint64(24001+k*30%365))
			putPacked(h[5:9], uint64(74231+k), false, 0xC)
			putPacked(h[9:13], uint64(70000+i), k == 3, 0xC)
			copy(h[13:], [][]byte{{0xD9, 0xC7}, {0xD9, 0xE3}, {0xC1, 0xD1}}[k%3])
		}
		lines := 1 + i%6
		a := append([]byte(nil), address[:16]...)
		putBinary(a[1:5], int64(3*i+2), 1e9)
		a[15] = 0xF0 | byte(lines)
		a = append(a, make([]byte, 30*lines)...)
		for k := range lines {
			putText(a[16+30*k:46+30*k], fmt.Appendf(nil, "LINE %d OF ADDRESS %d", k, i))
		}
		w.records = append(w.records, c, b, append(a, tail...))
		w.fields += 21 + 10 + 4*n + 8 + lines
	}
	w.access = oasAccess(t, w.view, client, fixed, address)
	back := newOAS(client, fixed, address)
	w.fromJSON = back.fromJSON
	return w
}

func oasAccess(t testing.TB, v *mapping.View, client, benefit, address []byte) func(r *copybooks.Record, s *seen) bool {
	all := func(rec []byte, names ...string) []*copybooks.Item { return items(t, v, rec, names...) }
	c := group{texts: all(client, "OC-SURNAME", "OC-GIVEN-NAMES", "OC-SEX", "OC-LANG", "OC-MARITAL", "OC-AUTO-ENROL", "OC-CONSENT-FLAGS", "OC-ACCOUNT", "OC-PAY-METHOD"),
		ints: all(client, "OC-SIN", "OC-BIRTH-CC", "OC-BIRTH-YYMMDD", "OC-DEATH-DATE", "OC-RESIDENCE-YEARS", "OC-LAST-CHG-DATE", "OC-INSTITUTION", "OC-TRANSIT")}
	b := group{texts: all(benefit, "OB-BENEFIT-CODE"), ints: all(benefit, "OB-STATUS", "OB-START-MONTH", "OB-PARTIAL-40THS", "OB-HIST-COUNT"),
		decimals: all(benefit, "OB-MONTHLY-AMT", "OB-INCOME-AMT", "OB-RECOVERY-TAX")}
	h := group{texts: all(benefit, "OB-H-REASON"), ints: all(benefit, "OB-H-PAY-DATE"), decimals: all(benefit, "OB-H-GROSS", "OB-H-NET")}
	a := group{texts: all(address, "OA-ADDR-TYPE", "OA-PROVINCE", "OA-POSTAL-CODE", "OA-COUNTRY"), ints: all(address, "OA-LINE-COUNT", "OA-EFFECTIVE")}
	history, lines := all(benefit, "OB-HISTORY")[0], all(address, "OA-LINE")
	line := group{texts: lines}
	return func(r *copybooks.Record, s *seen) bool {
		switch r.Bytes()[0] {
		case 0xC3:
			return c.read(r, s)
		case 0xC2:
			n, f := r.Count(history)
			return f == copybooks.OK && b.read(r, s) && h.each(r, history, n, s)
		}
		n, f := r.Count(lines[0])
		return f == copybooks.OK && a.read(r, s) && line.each(r, lines[0], n, s)
	}
}

// typedAll reads texts and zoned numbers by hand.
func typedAll(rec []byte, s *seen, texts, zoned [][2]int) bool {
	for _, at := range texts {
		s.text = appendText(s.text[:0], rec[at[0]:at[1]])
		s.string(s.text)
	}
	for _, at := range zoned {
		n, ok := unsignedZoned(rec[at[0]:at[1]])
		if !ok {
			return false
		}
		s.add(int64(n))
	}
	return true
}

var (
	oasClientTexts  = [][2]int{{19, 49}, {49, 79}, {95, 96}, {96, 97}, {97, 98}, {100, 101}, {101, 105}, {121, 133}, {133, 134}}
	oasClientZoned  = [][2]int{{79, 81}, {81, 87}, {87, 95}, {98, 100}, {105, 112}, {112, 116}, {116, 121}}
	oasBenefitTexts = [][2]int{{14, 17}}
	oasBenefitZoned = [][2]int{{17, 19}, {19, 25}, {29, 31}}
)

func oasTyped(rec []byte, s *seen) bool {
	switch rec[0] {
	case 0xC3:
		if len(rec) != 134 {
			return false
		}
		if !typedAll(rec, s, oasClientTexts, nil) {
			return false
		}
		sin, neg, ok := packedNumber(rec[14:19])
		s.add(signed(sin, neg))
		return ok && typedAll(rec, s, nil, oasClientZoned)
	case 0xC2:
		return oasTypedBenefit(rec, s)
	}
	n := int(rec[15] & 15)
	if len(rec) != 33+30*n || n > 6 {
		return false
	}
	e := 16 + 30*n
	if !typedAll(rec, s, [][2]int{{14, 15}, {e, e + 2}, {e + 2, e + 8}, {e + 8, e + 11}}, [][2]int{{15, 16}, {e + 11, e + 17}}) {
		return false
	}
	for k := range n {
		s.text = appendText(s.text[:0], rec[16+30*k:46+30*k])
		s.string(s.text)
	}
	return true
}

func oasTypedBenefit(rec []byte, s *seen) bool {
	n := int(binary.BigEndian.Uint16(rec[50:]))
	if n > 120 || len(rec) != 52+15*n || !typedAll(rec, s, oasBenefitTexts, oasBenefitZoned) {
		return false
	}
	s.add(int64(n))
	amount, n1, ok1 := packedNumber(rec[25:29])
	income, n2, ok2 := separate(rec[31:43])
	tax, n3, ok3 := signedZoned(rec[43:50])
	if !(ok1 && ok2 && ok3) {
		return false
	}
	s.coefficient(n1, 0, amount)
	s.coefficient(n2, 0, income)
	s.coefficient(n3, 0, tax)
	for h := rec[52:]; len(h) > 0; h = h[15:] {
		s.text = appendText(s.text[:0], h[13:15])
		s.string(s.text)
		paid, ok1 := unsignedZoned(h[:5])
		gross, n1, ok2 := packedNumber(h[5:9])
		net, n2, ok3 := packedNumber(h[9:13])
		if !(ok1 && ok2 && ok3) {
			return false
		}
		s.add(int64(paid))
		s.coefficient(n1, 0, gross)
		s.coefficient(n2, 0, net)
	}
	return true
}

// separate reads SIGN LEADING SEPARATE.
func separate(b []byte) (n uint64, neg, ok bool) {
	n, ok = unsignedZoned(b[1:])
	return n, b[0] == 0x60 && n != 0, ok && (b[0] == 0x60 || b[0] == 0x4E)
}
