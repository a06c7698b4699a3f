package bridge

import (
	"sync"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// sin and claim are synthetic: a SIN that begins with 0 was never issued.
const sin, claim = "046454286", "20260117"

// views keeps what was compiled: tests make many records.
var views sync.Map

func view(t testing.TB, name string) *mapping.View {
	t.Helper()
	if v, ok := views.Load(name); ok {
		return v.(*mapping.View)
	}
	v, err := benefits.View(name)
	if err != nil {
		t.Fatal(err)
	}
	views.Store(name, v)
	return v
}

// area writes a record of the view's first layout: pairs of a field's name and its canonical text. A
// name may end in [i], the element of a table from 0.
func area(t testing.TB, v *mapping.View, pairs ...string) []byte {
	t.Helper()
	l := v.Layouts()[0]
	e := l.Encoder()
	if err := e.Begin(nil); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		set(t, l, e, pairs[i], pairs[i+1])
	}
	return e.Bytes()
}

func set(t testing.TB, l *copybooks.Layout, e *copybooks.Encoder, name, text string) {
	t.Helper()
	var index []int
	if n := len(name); name[n-1] == ']' {
		index, name = []int{int(name[n-2] - '0')}, name[:n-3]
	}
	f, err := l.Field(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Set(f, text, index...); err != nil {
		t.Fatal(err)
	}
}

// payment is a CPP payment event as Legacy puts it: 170 bytes in cp037.
func payment(t testing.TB, pairs ...string) []byte {
	t.Helper()
	return area(t, view(t, "CPPPAYEV"), append([]string{
		"PE-EYECATCHER", "CPPE", "PE-VERSION", "1", "PE-EVENT-TYPE", "IS", "PE-EVENT-SEQ", "42",
		"PE-EVENT-DATE", "20260308", "PE-EVENT-TIME", "3000000", "PE-SIN", sin, "PE-BENEFIT-TYPE", "RTR",
		"PE-PAY-MONTH", "202603", "PE-GROSS", "729.00", "PE-TAX", "80.00", "PE-OAS-RECOVERY", "7.48", "PE-NET", "641.52",
		"PE-DUE-DATE", "2026086", "PE-INSTITUTION", "3", "PE-TRANSIT", "10002", "PE-ACCOUNT", "000123456789",
		"PE-TRACE-NO", "TRACE0000000000000042", "PE-CPA-CODE", "310", "PE-SEGMENT-NO", "1"}, pairs...)...)
}

// reply is the area that EIQS answers with: 586 bytes in cp037.
func reply(t testing.TB, pairs ...string) []byte {
	t.Helper()
	return area(t, view(t, "EICLMSTA"), append([]string{
		"CA-FUNC-CODE", "INQS", "CA-VERSION", "1", "CA-LANG", "E", "CA-RETURN-CODE", "0", "CA-SIN", sin, "CA-CLAIM-NO", claim,
		"CA-SURNAME", "EXAMPLE", "CA-GIVEN-NAMES", "ANNA", "CA-BIRTH-DATE", "19800229", "CA-CLAIM-TYPE", "RG", "CA-STATUS-CODE", "40",
		"CA-STATUS-TEXT-EN", "In pay", "CA-STATUS-TEXT-FR", "En paiement", "CA-APPLIED-DATE", "2026012", "CA-BPC-DATE", "26011",
		"CA-WEEKLY-RATE", "729.00", "CA-WEEKS-ENTITLED", "38", "CA-WEEKS-PAID", "4", "CA-INSURABLE-HOURS", "1820",
		"CA-INSURABLE-EARNINGS", "68900.00", "CA-REGION-CODE", "35", "CA-OVERPAYMENT-BAL", "-12.30", "CA-AUTOMATED-IND", "A",
		"CA-PAY-COUNT", "1", "CA-PAY-WEEK-CODE[0]", "2611", "CA-PAY-GROSS[0]", "729.00", "CA-PAY-TAX[0]", "87.48",
		"CA-PAY-NET[0]", "641.52", "CA-PAY-METHOD[0]", "D"}, pairs...)...)
}

// sample is a payment event for the Example, which has no testing.TB.
func sample() (*mapping.View, []byte) {
	v, err := benefits.View("CPPPAYEV")
	if err != nil {
		panic(err)
	}
	record, err := v.EncodeJSON(nil, []byte(`{"eyecatcher":"CPPE","version":1,"event":"issued","sequence":"42",
		"occurredAt":"2026-03-08T07:00:00Z","sin":"046454286","benefit":"retirement","payMonth":"2026-03",
		"payment":{"gross":{"amount":"729.00","currency":"CAD"},"net":{"amount":"641.52","currency":"CAD"}}}`), nil)
	if err != nil {
		panic(err)
	}
	return v, record
}
