package mapping_test

import (
	"encoding/binary"
	"fmt"
	"strconv"
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

func oasToJSON(dst, rec []byte) ([]byte, bool) {
	switch rec[0] {
	case 0xC3:
		return oasClientJSON(dst, rec)
	case 0xC2:
		return oasBenefitJSON(dst, rec)
	case 0xC1:
		return oasAddressJSON(dst, rec)
	}
	return dst, false
}

func oasCommon(dst, rec []byte, kind string) ([]byte, bool) {
	account, ok := unsignedZoned(rec[5:14])
	dst = append(append(dst, `{"kind":"`...), kind...)
	dst = strconv.AppendUint(append(dst, `","sequence":`...), uint64(binary.BigEndian.Uint32(rec[1:])), 10)
	return appendPadded(append(dst, `,"account":"`...), account, 9), ok
}

func oasClientJSON(dst, rec []byte) ([]byte, bool) {
	dst, ok0 := oasCommon(dst, rec, "client")
	sin, _, ok1 := packedNumber(rec[14:19])
	birth, ok2 := unsignedZoned(rec[79:87])
	death, ok3 := unsignedZoned(rec[87:95])
	years, ok4 := unsignedZoned(rec[98:100])
	changed, ok5 := unsignedZoned(rec[105:112])
	if !(ok0 && ok1 && ok2 && ok3 && ok4 && ok5) || len(rec) != 134 {
		return dst, false
	}
	dst = appendPadded(append(dst, `","sin":"`...), sin, 9)
	dst = appendText(append(dst, `","name":{"surname":"`...), rec[19:49])
	dst = appendText(append(dst, `","given":"`...), rec[49:79])
	dst, ok1 = appendDay(append(dst, `"},"birthDate":`...), birth)
	dst, ok2 = appendDay(append(dst, `,"deathDate":`...), death)
	dst = appendText(append(dst, `,"sex":"`...), rec[95:96])
	switch rec[96] {
	case 0xC5:
		dst = append(dst, `","language":"en","maritalStatus":"`...)
	case 0xC6:
		dst = append(dst, `","language":"fr","maritalStatus":"`...)
	default:
		return dst, false
	}
	switch rec[97] {
	case 0xE2:
		dst = append(dst, "single"...)
	case 0xD4:
		dst = append(dst, "married"...)
	case 0xE6:
		dst = append(dst, "widowed"...)
	default:
		return dst, false
	}
	dst = strconv.AppendUint(append(dst, `","residenceYears":`...), years, 10)
	switch rec[100] {
	case 0xE8:
		dst = append(dst, `,"enrolment":"automatic","consents":"`...)
	case 0xD5:
		dst = append(dst, `,"enrolment":"applied","consents":"`...)
	default:
		return dst, false
	}
	dst, ok3 = appendYearDay(append(appendText(dst, rec[101:105]), `","changedOn":`...), int(changed/1000), int(changed%1000))
	institution, ok4 := unsignedZoned(rec[112:116])
	transit, ok5 := unsignedZoned(rec[116:121])
	dst = appendPadded(append(dst, `,"bank":{"institution":"`...), institution, 4)
	dst = appendPadded(append(dst, `","transit":"`...), transit, 5)
	dst = appendText(append(dst, `","number":"`...), rec[121:133])
	dst = append(dst, `"},"payMethod":"direct-deposit"}`...)
	return dst, ok1 && ok2 && ok3 && ok4 && ok5 && rec[133] == 0xC4
}

func oasBenefitJSON(dst, rec []byte) ([]byte, bool) {
	dst, ok0 := oasCommon(dst, rec, "benefit")
	count := int(binary.BigEndian.Uint16(rec[50:]))
	if !ok0 || count > 120 || len(rec) != 52+15*count {
		return dst, false
	}
	status, ok1 := unsignedZoned(rec[17:19])
	month, ok2 := unsignedZoned(rec[19:25])
	amount, n1, ok3 := packedNumber(rec[25:29])
	partial, ok4 := unsignedZoned(rec[29:31])
	income, n2, ok5 := separate(rec[31:43])
	tax, n3, ok6 := signedZoned(rec[43:50])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) || month%100 < 1 || month%100 > 12 {
		return dst, false
	}
	switch string(rec[14:17]) {
	case "\xD6\xC1\xE2":
		dst = append(dst, `","benefit":"oas-pension","status":{"code":"`...)
	case "\xC7\xC9\xE2":
		dst = append(dst, `","benefit":"gis","status":{"code":"`...)
	default:
		return dst, false
	}
	switch {
	case status >= 10 && status < 20:
		dst = append(dst, `in-pay","legacyCode":"`...)
	case status >= 20 && status < 30:
		dst = append(dst, `suspended","legacyCode":"`...)
	case status >= 90:
		dst = append(dst, `cancelled","legacyCode":"`...)
	default:
		return dst, false
	}
	dst = strconv.AppendUint(dst, status, 10)
	dst = appendPadded(append(dst, `"},"startMonth":"`...), month/100, 4)
	dst = appendPadded(append(dst, '-'), month%100, 2)
	dst = appendCents(append(dst, `","monthlyAmount":{"amount":"`...), amount, n1)
	dst = strconv.AppendUint(append(dst, `","currency":"CAD"},"partial40ths":`...), partial, 10)
	dst = appendCents(append(dst, `,"income":{"amount":"`...), income, n2)
	dst = appendCents(append(dst, `","currency":"CAD"},"recoveryTax":{"amount":"`...), tax, n3)
	dst = append(dst, `","currency":"CAD"},"history":[`...)
	for h := rec[52:]; len(h) > 0; h = h[15:] {
		var ok bool
		if dst, ok = oasPaymentJSON(dst, h[:15]); !ok {
			return dst, false
		}
	}
	if count > 0 {
		dst = dst[:len(dst)-1]
	}
	return append(dst, "]}"...), true
}

func oasPaymentJSON(dst, h []byte) ([]byte, bool) {
	paid, ok1 := unsignedZoned(h[:5])
	gross, n1, ok2 := packedNumber(h[5:9])
	net, n2, ok3 := packedNumber(h[9:13])
	dst, ok4 := appendYearDay(append(dst, `{"paidOn":`...), century(int(paid/1000)), int(paid%1000))
	dst = appendCents(append(dst, `,"gross":"`...), gross, n1)
	dst = appendCents(append(dst, `","net":"`...), net, n2)
	switch string(h[13:15]) {
	case "\xD9\xC7":
		dst = append(dst, `","reason":"regular"},`...)
	case "\xD9\xE3":
		dst = append(dst, `","reason":"retroactive"},`...)
	case "\xC1\xD1":
		dst = append(dst, `","reason":"adjustment"},`...)
	case "\xD9\xC9":
		dst = append(dst, `","reason":"returned"},`...)
	default:
		return dst, false
	}
	return dst, ok1 && ok2 && ok3 && ok4
}

func oasAddressJSON(dst, rec []byte) ([]byte, bool) {
	dst, ok := oasCommon(dst, rec, "address")
	n := int(rec[15] - 0xF0)
	if !ok || n < 1 || n > 6 || len(rec) != 33+30*n {
		return dst, false
	}
	switch rec[14] {
	case 0xD4:
		dst = append(dst, `","addressType":"mailing","lines":[`...)
	case 0xD9:
		dst = append(dst, `","addressType":"residence","lines":[`...)
	default:
		return dst, false
	}
	for k := range n {
		dst = append(appendText(append(dst, '"'), rec[16+30*k:46+30*k]), '"', ',')
	}
	dst[len(dst)-1] = ']'
	e := rec[16+30*n:]
	month, ok := unsignedZoned(e[11:17])
	dst = appendText(append(dst, `,"province":"`...), e[:2])
	dst = appendText(append(dst, `","postalCode":"`...), e[2:8])
	dst = appendText(append(dst, `","country":"`...), e[8:11])
	dst = appendPadded(append(dst, `","effectiveMonth":"`...), month/100, 4)
	dst = appendPadded(append(dst, '-'), month%100, 2)
	return append(dst, `"}`...), ok && month%100 >= 1 && month%100 <= 12
}
