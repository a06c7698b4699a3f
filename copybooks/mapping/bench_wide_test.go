package mapping_test

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
)

// A record of 30,000 bytes: a table of 200 elements with text, packed, zoned and binary numbers.
const wideBook = `       01  REC.
           05  ENTRY-LINE OCCURS 200 TIMES.
               10  ID-NO     PIC 9(9) COMP.
               10  FULL-NAME PIC X(40).
               10  CITY      PIC X(30).
               10  STATUS-CD PIC X(2).
               10  GROSS     PIC S9(9)V99 COMP-3.
               10  TAX       PIC S9(9)V99 COMP-3.
               10  NET       PIC S9(9)V99 COMP-3.
               10  FEES      PIC S9(9)V99 COMP-3.
               10  PENSION   PIC S9(9)V99 COMP-3.
               10  QTY       PIC 9(5).
               10  HOURS     PIC S9(5)V99 COMP-3.
               10  DAY-NO    PIC 9(8).
               10  BALANCE   PIC S9(11)V99.
               10  NOTE      PIC X(14).
`

const (
	wideLine  = 150
	wideLines = 200
)

func wide(t testing.TB) *workload {
	v := compile(t, wideBook)
	w := &workload{name: "30 KB table", view: v, toJSON: wideToJSON, typed: wideTyped, fromJSON: wideFromJSON}
	for i := range 30 {
		rec := make([]byte, 0, wideLine*wideLines)
		for k := range wideLines {
			rec = append(rec, wideElement(uint64(i*wideLines+k+1))...)
		}
		w.records = append(w.records, rec)
	}
	w.fields = 14 * wideLines * len(w.records)
	all := func(names ...string) []*copybooks.Item { return items(t, v, w.records[0], names...) }
	element := group{texts: all("FULL-NAME", "CITY", "STATUS-CD", "NOTE"), ints: all("ID-NO", "QTY", "DAY-NO"),
		decimals: all("GROSS", "TAX", "NET", "FEES", "PENSION", "HOURS", "BALANCE")}
	table := all("ENTRY-LINE")[0]
	w.access = func(r *copybooks.Record, s *seen) bool { return element.each(r, table, wideLines, s) }
	return w
}

func wideElement(u uint64) []byte {
	b := make([]byte, wideLine)
	putBinary(b[:4], int64(u*31%1000000000), 1e9)
	putText(b[4:44], fmt.Appendf(nil, "EMPLOYEE NUMBER %d", u*7919))
	putText(b[44:74], fmt.Appendf(nil, "TOWN %d", u%1000))
	putText(b[74:76], []byte{"ACX"[u%3]})
	for k := range 5 {
		putPacked(b[76+6*k:82+6*k], u*7919*uint64(k+1)%1e9, u%5 == uint64(k), 0xC)
	}
	putZoned(b[106:111], u%100000)
	putPacked(b[111:115], u*13%10000000, false, 0xC)
	putZoned(b[115:123], 20260000+u%1200)
	putSigned(b[123:136], u*104729, u%2 == 1)
	putText(b[136:150], fmt.Appendf(nil, "N%d", u))
	return b
}

var (
	wideMoney = [...]string{`","gross":"`, `","tax":"`, `","net":"`, `","fees":"`, `","pension":"`}
	wideTexts = [][2]int{{4, 44}, {44, 74}, {74, 76}, {136, 150}}
	wideZoned = [][2]int{{106, 111}, {115, 123}}
)

func wideToJSON(dst, rec []byte) ([]byte, bool) {
	dst = append(dst, `{"entryLine":[`...)
	ok := len(rec) == wideLine*wideLines
	for b := rec; ok && len(b) > 0; b = b[wideLine:] {
		dst = strconv.AppendUint(append(dst, `{"idNo":`...), uint64(binary.BigEndian.Uint32(b)), 10)
		dst = appendText(append(dst, `,"fullName":"`...), b[4:44])
		dst = appendText(append(dst, `","city":"`...), b[44:74])
		dst = appendText(append(dst, `","statusCd":"`...), b[74:76])
		for k := range 5 {
			n, neg, good := packedNumber(b[76+6*k : 82+6*k])
			ok = ok && good
			dst = appendCents(append(dst, wideMoney[k]...), n, neg)
		}
		qty, ok1 := unsignedZoned(b[106:111])
		dst = strconv.AppendUint(append(dst, `","qty":`...), qty, 10)
		hours, neg, ok2 := packedNumber(b[111:115])
		dst = appendCents(append(dst, `,"hours":"`...), hours, neg)
		dayNo, ok3 := unsignedZoned(b[115:123])
		dst = strconv.AppendUint(append(dst, `","dayNo":`...), dayNo, 10)
		balance, neg, ok4 := signedZoned(b[123:136])
		dst = appendCents(append(dst, `,"balance":"`...), balance, neg)
		dst = appendText(append(dst, `","note":"`...), b[136:150])
		dst = append(dst, `"},`...)
		ok = ok && ok1 && ok2 && ok3 && ok4
	}
	return append(dst[:len(dst)-1], "]}"...), ok
}

func wideTyped(rec []byte, s *seen) bool {
	for b := rec; len(b) > 0; b = b[wideLine:] {
		typedAll(b, s, wideTexts, nil)
		s.add(int64(binary.BigEndian.Uint32(b)))
		if !typedAll(b, s, nil, wideZoned) {
			return false
		}
		for _, at := range [...]int{76, 82, 88, 94, 100} {
			n, neg, ok := packedNumber(b[at : at+6])
			if !ok {
				return false
			}
			s.coefficient(neg, 0, n)
		}
		hours, n1, ok1 := packedNumber(b[111:115])
		balance, n2, ok2 := signedZoned(b[123:136])
		s.coefficient(n1, 0, hours)
		s.coefficient(n2, 0, balance)
		if !ok1 || !ok2 {
			return false
		}
	}
	return len(rec) == wideLine*wideLines
}

func wideFromJSON(dst, text []byte) ([]byte, bool) {
	s := scan{b: text}
	if !s.open('{', '}') || string(s.key()) != "entryLine" {
		return dst, false
	}
	n := 0
	for ok := s.open('[', ']'); ok; ok = s.more(']') {
		n++
		dst = append(dst, make([]byte, wideLine)...)
		s.wideElement(dst[len(dst)-wideLine:])
	}
	return dst, n == wideLines && !s.more('}') && s.done()
}

func (s *scan) wideElement(b []byte) {
	var was uint32
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "idNo":
			s.once(&was, 0)
			s.must(putBinary(b[:4], s.number(), 1e9))
		case "fullName":
			s.once(&was, 1)
			s.must(putText(b[4:44], s.text()))
		case "city":
			s.once(&was, 2)
			s.must(putText(b[44:74], s.text()))
		case "statusCd":
			s.once(&was, 3)
			s.must(putText(b[74:76], s.text()))
		case "gross":
			s.once(&was, 4)
			s.packed(b[76:82], s.text(), 2, 0xC)
		case "tax":
			s.once(&was, 5)
			s.packed(b[82:88], s.text(), 2, 0xC)
		case "net":
			s.once(&was, 6)
			s.packed(b[88:94], s.text(), 2, 0xC)
		case "fees":
			s.once(&was, 7)
			s.packed(b[94:100], s.text(), 2, 0xC)
		case "pension":
			s.once(&was, 8)
			s.packed(b[100:106], s.text(), 2, 0xC)
		case "qty":
			s.once(&was, 9)
			s.zoned(b[106:111])
		case "hours":
			s.once(&was, 10)
			s.packed(b[111:115], s.text(), 2, 0xC)
		case "dayNo":
			s.once(&was, 11)
			s.zoned(b[115:123])
		case "balance":
			s.once(&was, 12)
			n, neg, ok := scaled(s.text(), 2)
			s.must(ok && putSigned(b[123:136], n, neg))
		case "note":
			s.once(&was, 13)
			s.must(putText(b[136:150], s.text()))
		default:
			s.bad = true
		}
	}
	s.must(was == 1<<14-1)
}
