package mapping_test

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

const eiReply = `{"header":{"function":"inquire-status","version":1,"language":"en","returnCode":0,"reasonCode":"","correlationToken":"abc","requestedBy":"PORTAGE","purpose":"BEN"},"key":{"sin":"046454286","claimNumber":"00000000"},"client":{"surname":"TREMBLAY","givenNames":"HÉLÈNE","birthDate":"1980-02-29"},"type":"regular","status":{"code":"in-pay","legacyCode":"40","text":{"en":"In pay","fr":"En paiement"}},"appliedOn":"2026-01-12","benefitPeriodStart":"2026-01-11","weeklyRate":{"amount":"729.00","currency":"CAD"},"weeks":{"entitled":38,"paid":4},"insurableHours":1820,"insurableEarnings":{"amount":"68900.00","currency":"CAD"},"region":"10","overpaymentBalance":{"amount":"-12.50","currency":"CAD"},"decisionMode":"automated","payments":[{"weekStart":"2026-01-11","gross":"729.00","tax":"87.48","net":"641.52","method":"direct-deposit"},{"weekStart":"2026-01-18","gross":"729.00","tax":"87.48","net":"641.52","method":"cheque"}]}`

func benefit(t testing.TB, name string) *mapping.View {
	t.Helper()
	v, err := benefits.View(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sample(t testing.TB, name, json string) (*mapping.View, []byte) {
	t.Helper()
	v := benefit(t, name)
	b, err := v.EncodeJSON(nil, []byte(json), nil)
	if err != nil {
		t.Fatal(err)
	}
	return v, b
}

// eiCommarea is the good answer of the EI claim status inquiry: 586 bytes, 0 to 10 payments.
func eiCommarea(t testing.TB) *workload {
	_, first := sample(t, "EICLMSTA", eiReply)
	w := &workload{name: "EI COMMAREA", view: benefit(t, "EICLMSTA"), toJSON: eiToJSON, typed: eiTyped}
	names := []string{"TREMBLAY", "ROY", "MACDONALD", "GÉLINAS", "SINGH", "O'BRIEN"}
	for i := range 1000 {
		rec := append([]byte(nil), first...)
		putText(rec[17:41], fmt.Appendf(nil, "token-%06d-%d", i, i*7919))
		putZoned(rec[53:62], uint64(46454286+i))
		putBinary(rec[62:66], int64(i*31+1), 1e8)
		putText(rec[66:94], []byte(names[i%len(names)]))
		putText(rec[94:122], fmt.Appendf(nil, "PRÉNOM %d", i)[i&1*9:])
		putZoned(rec[122:130], uint64(1950+i%50)*10000+uint64(1+i%12)*100+uint64(1+i%28))
		copy(rec[130:], [][]byte{{0xD9, 0xC7}, {0xE2, 0xD2}, {0xD4, 0xC1}}[i%3])
		copy(rec[132:], [][]byte{{0xF4, 0xF0}, {0xF2, 0xF5}, {0xF3, 0xF0}}[i%3])
		putPacked(rec[223:227], uint64(20000+i*37), false, 0xC)
		putPacked(rec[234:239], uint64(1000000+i*3571), false, 0xC)
		putPacked(rec[241:246], uint64(i%9*125), i%3 == 1 && i%9 > 0, 0xC)
		eiPayments(rec, i%11)
		w.records = append(w.records, rec)
		w.fields += 31 + 5*(i%11)
	}
	w.access = eiAccess(t, w.view, first)
	empty := append([]byte(nil), first...)
	eiPayments(empty, 0)
	w.fromJSON = func(dst, text []byte) ([]byte, bool) { return eiFromJSON(append(dst, empty...), text) }
	return w
}

func eiPayments(rec []byte, n int) {
	putBinary(rec[247:249], int64(n), 100)
	for k := range 10 {
		p := rec[249+17*k:]
		if k < n {
			putZoned(p[:4], uint64(2601+k))
			putPacked(p[4:8], uint64(72900+k), false, 0xC)
			putPacked(p[8:12], uint64(8748+k), false, 0xC)
			putPacked(p[12:16], 64152, false, 0xC)
			p[16] = 0xC4 - byte(k&1)
			continue
		}
		putZoned(p[:4], 0)
		for _, at := range []int{4, 8, 12} {
			putPacked(p[at:at+4], 0, false, 0xC)
		}
		p[16] = 0x40
	}
}

func eiAccess(t testing.TB, v *mapping.View, rec []byte) func(r *copybooks.Record, s *seen) bool {
	all := func(names ...string) []*copybooks.Item { return items(t, v, rec, names...) }
	reply := group{
		texts: all("CA-FUNC-CODE", "CA-LANG", "CA-REASON-CODE", "CA-CORREL-TOKEN", "CA-REQ-USERID", "CA-PURPOSE-CODE", "CA-SURNAME", "CA-GIVEN-NAMES",
			"CA-CLAIM-TYPE", "CA-STATUS-CODE", "CA-STATUS-TEXT-EN", "CA-STATUS-TEXT-FR", "CA-AUTOMATED-IND"),
		ints: all("CA-VERSION", "CA-RETURN-CODE", "CA-SIN", "CA-CLAIM-NO", "CA-BIRTH-DATE", "CA-APPLIED-DATE", "CA-BPC-DATE", "CA-WEEKS-ENTITLED",
			"CA-WEEKS-PAID", "CA-INSURABLE-HOURS", "CA-REGION-CODE", "CA-PAY-COUNT"),
		decimals: all("CA-WEEKLY-RATE", "CA-INSURABLE-EARNINGS", "CA-OVERPAYMENT-BAL"),
	}
	payment := group{ints: all("CA-PAY-WEEK-CODE"), decimals: all("CA-PAY-GROSS", "CA-PAY-TAX", "CA-PAY-NET"), texts: all("CA-PAY-METHOD")}
	table, count := all("CA-LAST-PAYMENTS")[0], all("CA-PAY-COUNT")[0]
	return func(r *copybooks.Record, s *seen) bool {
		n, f := r.Integer(count)
		return f == copybooks.OK && reply.read(r, s) && payment.each(r, table, int(n), s)
	}
}

func eiTyped(rec []byte, s *seen) bool {
	if len(rec) != 586 {
		return false
	}
	for _, at := range [...][2]int{{0, 4}, {6, 7}, {9, 17}, {17, 41}, {41, 49}, {49, 53}, {66, 94}, {94, 122}, {130, 132}, {132, 134}, {134, 174}, {174, 214}, {246, 247}} {
		s.text = appendText(s.text[:0], rec[at[0]:at[1]])
		s.string(s.text)
	}
	version, ok1 := unsignedZoned(rec[4:6])
	sin, ok2 := unsignedZoned(rec[53:62])
	birth, ok3 := unsignedZoned(rec[122:130])
	applied, _, ok4 := packedNumber(rec[214:218])
	start, ok5 := unsignedZoned(rec[218:223])
	entitled, ok6 := unsignedZoned(rec[227:229])
	paid, ok7 := unsignedZoned(rec[229:231])
	hours, _, ok8 := packedNumber(rec[231:234])
	region, ok9 := unsignedZoned(rec[239:241])
	count := int64(binary.BigEndian.Uint16(rec[247:]))
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7 && ok8 && ok9) || count > 10 {
		return false
	}
	for _, n := range [...]int64{int64(version), int64(binary.BigEndian.Uint16(rec[7:])), int64(sin), int64(binary.BigEndian.Uint32(rec[62:])),
		int64(birth), int64(applied), int64(start), int64(entitled), int64(paid), int64(hours), int64(region), count} {
		s.add(n)
	}
	for _, at := range [...][2]int{{223, 227}, {234, 239}, {241, 246}} {
		n, neg, ok := packedNumber(rec[at[0]:at[1]])
		if !ok {
			return false
		}
		s.coefficient(neg, 0, n)
	}
	for p := rec[249 : 249+17*count]; len(p) > 0; p = p[17:] {
		s.text = appendText(s.text[:0], p[16:17])
		s.string(s.text)
		week, ok := unsignedZoned(p[:4])
		if !ok {
			return false
		}
		s.add(int64(week))
		for at := 4; at < 16; at += 4 {
			n, neg, ok := packedNumber(p[at : at+4])
			if !ok {
				return false
			}
			s.coefficient(neg, 0, n)
		}
	}
	return true
}

func eiToJSON(dst, rec []byte) ([]byte, bool) {
	if len(rec) != 586 || string(rec[7:9]) != "\x00\x00" {
		return dst, false
	}
	version, ok1 := unsignedZoned(rec[4:6])
	sin, ok2 := unsignedZoned(rec[53:62])
	if !ok1 || !ok2 {
		return dst, false
	}
	switch string(rec[:4]) {
	case "\xC9\xD5\xD8\xE2":
		dst = append(dst, `{"header":{"function":"inquire-status","version":`...)
	case "\xC9\xD5\xD8\xD7":
		dst = append(dst, `{"header":{"function":"inquire-payments","version":`...)
	case "\xD7\xC9\xD5\xC7":
		dst = append(dst, `{"header":{"function":"ping","version":`...)
	default:
		dst = append(appendOther(append(dst, `{"header":{`...), "function", rec[:4]), `,"version":`...)
	}
	dst = strconv.AppendUint(dst, version, 10)
	dst = appendLanguage(append(dst, ','), rec[6:7])
	dst = appendText(append(dst, `,"returnCode":0,"reasonCode":"`...), rec[9:17])
	dst = appendText(append(dst, `","correlationToken":"`...), rec[17:41])
	dst = appendText(append(dst, `","requestedBy":"`...), rec[41:49])
	dst = appendText(append(dst, `","purpose":"`...), rec[49:53])
	dst = appendPadded(append(dst, `"},"key":{"sin":"`...), sin, 9)
	dst = appendPadded(append(dst, `","claimNumber":"`...), uint64(binary.BigEndian.Uint32(rec[62:])), 8)
	dst = appendText(append(dst, `"},"client":{"surname":"`...), rec[66:94])
	dst = appendText(append(dst, `","givenNames":"`...), rec[94:122])
	birth, ok1 := unsignedZoned(rec[122:130])
	applied, _, ok2 := packedNumber(rec[214:218])
	start, ok3 := unsignedZoned(rec[218:223])
	dst, ok4 := appendDay(append(dst, `","birthDate":`...), birth)
	if !(ok1 && ok2 && ok3 && ok4) {
		return dst, false
	}
	if kind, ok := eiKinds[string(rec[130:132])]; ok {
		dst = append(append(append(dst, `},"type":"`...), kind...), '"')
	} else {
		dst = appendOther(append(dst, "},"...), "type", rec[130:132])
	}
	status, ok := eiStatuses[string(rec[132:134])]
	if !ok {
		status = "unknown"
	}
	if string(rec[132:134]) == "\x40\x40" {
		dst = append(dst, `,"status":{"code":null,"legacyCode":null`...)
	} else {
		dst = append(append(dst, `,"status":{"code":"`...), status...)
		dst = append(appendText(append(dst, `","legacyCode":"`...), rec[132:134]), '"')
	}
	dst = appendText(append(dst, `,"text":{"en":"`...), rec[134:174])
	dst = appendText(append(dst, `","fr":"`...), rec[174:214])
	dst, ok1 = appendYearDay(append(dst, `"}},"appliedOn":`...), int(applied/1000), int(applied%1000))
	dst, ok2 = appendYearDay(append(dst, `,"benefitPeriodStart":`...), century(int(start/1000)), int(start%1000))
	if !ok1 || !ok2 {
		return dst, false
	}
	return eiMoney(dst, rec)
}

var eiKinds = map[string]string{"\xD9\xC7": "regular", "\xE2\xD2": "sickness", "\xD4\xC1": "maternity", "\xD7\xE2": "parental-standard",
	"\xD7\xE7": "parental-extended", "\xC3\xC3": "compassionate-care", "\xC6\xC9": "fishing"}

// eiStatuses are single codes and two ranges of ten.
var eiStatuses = func() map[string]string {
	m := map[string]string{"\xF1\xF0": "received", "\xF3\xF0": "established", "\xF4\xF0": "in-pay", "\xF9\xF0": "terminated"}
	for d := byte(0xF0); d <= 0xF9; d++ {
		m[string([]byte{0xF2, d})], m[string([]byte{0xF5, d})] = "in-process", "disallowed"
	}
	m["\xF2\xF5"] = "awaiting-record"
	return m
}()

func eiMoney(dst, rec []byte) ([]byte, bool) {
	rate, neg, ok1 := packedNumber(rec[223:227])
	dst = appendCents(append(dst, `,"weeklyRate":{"amount":"`...), rate, neg)
	entitled, ok2 := unsignedZoned(rec[227:229])
	dst = strconv.AppendUint(append(dst, `","currency":"CAD"},"weeks":{"entitled":`...), entitled, 10)
	paid, ok3 := unsignedZoned(rec[229:231])
	dst = strconv.AppendUint(append(dst, `,"paid":`...), paid, 10)
	hours, _, ok4 := packedNumber(rec[231:234])
	dst = strconv.AppendUint(append(dst, `},"insurableHours":`...), hours, 10)
	earnings, neg, ok5 := packedNumber(rec[234:239])
	dst = appendCents(append(dst, `,"insurableEarnings":{"amount":"`...), earnings, neg)
	region, ok6 := unsignedZoned(rec[239:241])
	dst = appendPadded(append(dst, `","currency":"CAD"},"region":"`...), region, 2)
	balance, neg, ok7 := packedNumber(rec[241:246])
	dst = appendCents(append(dst, `","overpaymentBalance":{"amount":"`...), balance, neg)
	count := int(binary.BigEndian.Uint16(rec[247:]))
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) || count > 10 {
		return dst, false
	}
	switch rec[246] {
	case 0xC1:
		dst = append(dst, `","currency":"CAD"},"decisionMode":"automated","payments":[`...)
	case 0xD4:
		dst = append(dst, `","currency":"CAD"},"decisionMode":"agent","payments":[`...)
	default:
		dst = appendOther(append(dst, `","currency":"CAD"},`...), "decisionMode", rec[246:247])
		dst = append(dst, `,"payments":[`...)
	}
	for p := rec[249 : 249+17*count]; len(p) > 0; p = p[17:] {
		week, ok1 := unsignedZoned(p[:4])
		gross, n1, ok2 := packedNumber(p[4:8])
		tax, n2, ok3 := packedNumber(p[8:12])
		net, n3, ok4 := packedNumber(p[12:16])
		var ok5 bool
		if dst, ok5 = appendWeek(append(dst, `{"weekStart":`...), century(int(week/100)), int(week%100)); !(ok1 && ok2 && ok3 && ok4 && ok5) {
			return dst, false
		}
		dst = appendCents(append(dst, `,"gross":"`...), gross, n1)
		dst = appendCents(append(dst, `","tax":"`...), tax, n2)
		dst = appendCents(append(dst, `","net":"`...), net, n3)
		switch p[16] {
		case 0xC4:
			dst = append(dst, `","method":"direct-deposit"},`...)
		case 0xC3:
			dst = append(dst, `","method":"cheque"},`...)
		default:
			dst = append(appendOther(append(dst, `",`...), "method", p[16:17]), `},`...)
		}
	}
	if count > 0 {
		dst = dst[:len(dst)-1]
	}
	return append(dst, "]}"...), true
}
