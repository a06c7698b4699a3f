package mapping_test

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// OAS records to JSON by hand: every code of the mapping, codes that it does not know, both views of the payment.

// appendOther writes a code that no level names, and the value beside it.
func appendOther(dst []byte, name string, b []byte) []byte {
	dst = append(append(append(dst, '"'), name...), `":`...)
	if len(bytes.TrimRight(b, "\x40")) == 0 {
		return append(dst, "null"...)
	}
	dst = append(append(append(dst, `"unknown","`...), name...), `LegacyCode":"`...)
	return append(appendText(dst, b), '"')
}

// appendLanguage writes E, F and their older forms 1 and 2.
func appendLanguage(dst, b []byte) []byte {
	switch b[0] {
	case 0xC5:
		return append(dst, `"language":"en"`...)
	case 0xC6:
		return append(dst, `"language":"fr"`...)
	case 0xF1:
		return append(dst, `"language":"en","languageLegacyCode":"1"`...)
	case 0xF2:
		return append(dst, `"language":"fr","languageLegacyCode":"2"`...)
	}
	return appendOther(dst, "language", b)
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
	dst = append(appendText(append(dst, `,"sex":"`...), rec[95:96]), `",`...)
	dst = appendLanguage(dst, rec[96:97])
	dst = oasMarital(append(dst, ','), rec[97:98])
	dst = strconv.AppendUint(append(dst, `,"residenceYears":`...), years, 10)
	switch rec[100] {
	case 0xE8:
		dst = append(dst, `,"enrolment":"automatic"`...)
	case 0xD5:
		dst = append(dst, `,"enrolment":"applied"`...)
	case 0xD6:
		dst = append(dst, `,"enrolment":"opted-out"`...)
	default:
		dst = appendOther(append(dst, ','), "enrolment", rec[100:101])
	}
	dst = appendText(append(dst, `,"consents":"`...), rec[101:105])
	dst, ok3 = appendYearDay(append(dst, `","changedOn":`...), int(changed/1000), int(changed%1000))
	switch rec[133] {
	case 0xC4:
		dst, ok4 = oasBankJSON(dst, rec)
		return append(dst, `,"payMethod":"direct-deposit"}`...), ok1 && ok2 && ok3 && ok4
	case 0xC3:
		hold, ok5 := unsignedZoned(rec[115:123])
		dst = appendText(append(dst, `,"cheque":{"mailCode":"`...), rec[112:115])
		dst, ok4 = appendDay(append(dst, `","holdUntil":`...), hold)
		return append(dst, `},"payMethod":"cheque"}`...), ok1 && ok2 && ok3 && ok4 && ok5
	}
	return dst, false
}

func oasMarital(dst, b []byte) []byte {
	switch b[0] {
	case 0xE2:
		return append(dst, `"maritalStatus":"single"`...)
	case 0xD4:
		return append(dst, `"maritalStatus":"married"`...)
	case 0xD3:
		return append(dst, `"maritalStatus":"common-law"`...)
	case 0xE6:
		return append(dst, `"maritalStatus":"widowed"`...)
	case 0xE7:
		return append(dst, `"maritalStatus":"separated"`...)
	case 0xC4:
		return append(dst, `"maritalStatus":"divorced"`...)
	}
	return appendOther(dst, "maritalStatus", b)
}

func oasBankJSON(dst, rec []byte) ([]byte, bool) {
	institution, ok1 := unsignedZoned(rec[112:116])
	transit, ok2 := unsignedZoned(rec[116:121])
	dst = appendPadded(append(dst, `,"bank":{"institution":"`...), institution, 4)
	dst = appendPadded(append(dst, `","transit":"`...), transit, 5)
	dst = appendText(append(dst, `","number":"`...), rec[121:133])
	return append(dst, `"}`...), ok1 && ok2
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
	case "\xC1\xD3\xE6":
		dst = append(dst, `","benefit":"allowance","status":{"code":"`...)
	case "\xC1\xD3\xE2":
		dst = append(dst, `","benefit":"allowance-survivor","status":{"code":"`...)
	default:
		dst = appendOther(append(dst, `",`...), "benefit", rec[14:17])
		dst = append(dst, `,"status":{"code":"`...)
	}
	switch {
	case status >= 10 && status < 20:
		dst = append(dst, `in-pay","legacyCode":"`...)
	case status >= 20 && status < 30:
		dst = append(dst, `suspended","legacyCode":"`...)
	case status >= 90:
		dst = append(dst, `cancelled","legacyCode":"`...)
	default:
		dst = append(dst, `unknown","legacyCode":"`...)
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
		dst = append(appendOther(append(dst, `",`...), "reason", h[13:15]), `},`...)
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
		dst = append(appendOther(append(dst, `",`...), "addressType", rec[14:15]), `,"lines":[`...)
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
