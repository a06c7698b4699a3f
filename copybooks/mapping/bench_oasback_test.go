package mapping_test

// OAS records from JSON by hand. The kind comes first, as the engine writes it; the rest in any order.

// oas holds what a record has before its values are written.
type oas struct{ client, benefit, address, tail []byte }

func newOAS(client, benefit, address []byte) *oas {
	return &oas{client: client, benefit: benefit[:52], address: address[:16], tail: address[len(address)-17:]}
}

func (o *oas) fromJSON(dst, text []byte) ([]byte, bool) {
	s := scan{b: text}
	if !s.open('{', '}') || string(s.key()) != "kind" {
		return dst, false
	}
	at := len(dst)
	var was uint32
	switch string(s.text()) {
	case "client":
		dst = append(dst, o.client...)
		for ok := s.more('}'); ok; ok = s.more('}') {
			s.oasClient(dst[at:], &was)
		}
	case "benefit":
		dst = append(dst, o.benefit...)
		for ok := s.more('}'); ok; ok = s.more('}') {
			dst = s.oasBenefit(dst, at, &was)
		}
	case "address":
		dst = append(dst, o.address...)
		tail := [17]byte(o.tail)
		for ok := s.more('}'); ok; ok = s.more('}') {
			dst = s.oasAddress(dst, at, tail[:], &was)
		}
		dst = append(dst, tail[:]...)
	default:
		return dst, false
	}
	return dst, s.done()
}

func (s *scan) oasCommon(key, b []byte, was *uint32) {
	switch string(key) {
	case "sequence":
		s.once(was, 0)
		s.must(putBinary(b[1:5], s.number(), 1e9))
	case "account":
		s.once(was, 1)
		s.must(putZoned(b[5:14], s.identifier()))
	default:
		s.bad = true
	}
}

func (s *scan) oasClient(b []byte, was *uint32) {
	switch key := s.key(); string(key) {
	case "sin":
		s.once(was, 2)
		s.must(putPacked(b[14:19], s.identifier(), false, 0xC))
	case "name":
		s.once(was, 3)
		for ok := s.open('{', '}'); ok; ok = s.more('}') {
			switch string(s.key()) {
			case "surname":
				s.must(putText(b[19:49], s.text()))
			case "given":
				s.must(putText(b[49:79], s.text()))
			default:
				s.bad = true
			}
		}
	case "birthDate":
		s.once(was, 4)
		s.fullDate(b[79:87])
	case "deathDate":
		s.once(was, 5)
		s.fullDate(b[87:95])
	case "sex":
		s.once(was, 6)
		s.must(putText(b[95:96], s.text()))
	case "language":
		s.once(was, 7)
		s.code(b[96:97], "en", 0xC5, "fr", 0xC6, "", 0)
	case "maritalStatus":
		s.once(was, 8)
		s.oasMarital(b[97:98])
	case "residenceYears":
		s.once(was, 9)
		s.zoned(b[98:100])
	case "enrolment":
		s.once(was, 10)
		s.code(b[100:101], "automatic", 0xE8, "applied", 0xD5, "opted-out", 0xD6)
	case "consents":
		s.once(was, 11)
		s.must(putText(b[101:105], s.text()))
	case "changedOn":
		s.once(was, 12)
		y, m, d := s.date()
		s.must(putZoned(b[105:112], uint64(y*1000+yearDay(y, m, d))))
	case "bank":
		s.once(was, 13)
		s.oasBank(b)
	case "payMethod":
		s.once(was, 14)
		s.code(b[133:134], "direct-deposit", 0xC4, "", 0, "", 0)
	default:
		s.oasCommon(key, b, was)
	}
}

func (s *scan) oasMarital(b []byte) {
	switch string(s.text()) {
	case "single":
		b[0] = 0xE2
	case "married":
		b[0] = 0xD4
	case "common-law":
		b[0] = 0xD3
	case "widowed":
		b[0] = 0xE6
	case "separated":
		b[0] = 0xE7
	case "divorced":
		b[0] = 0xC4
	default:
		s.bad = true
	}
}

func (s *scan) fullDate(b []byte) {
	y, m, d := s.date()
	s.must(putZoned(b, uint64(y*10000+m*100+d)))
}

// code takes one of up to three codes.
func (s *scan) code(b []byte, first string, a byte, second string, c byte, third string, d byte) {
	switch string(s.text()) {
	case first:
		b[0] = a
	case second:
		b[0] = c
	case third:
		b[0] = d
	default:
		s.bad = true
	}
}

func (s *scan) oasBank(b []byte) {
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "institution":
			s.must(putZoned(b[112:116], s.identifier()))
		case "transit":
			s.must(putZoned(b[116:121], s.identifier()))
		case "number":
			s.must(putText(b[121:133], s.text()))
		default:
			s.bad = true
		}
	}
}

func (s *scan) oasBenefit(dst []byte, at int, was *uint32) []byte {
	b := dst[at:]
	switch key := s.key(); string(key) {
	case "benefit":
		s.once(was, 2)
		switch string(s.text()) {
		case "oas-pension":
			copy(b[14:], "\xD6\xC1\xE2")
		case "gis":
			copy(b[14:], "\xC7\xC9\xE2")
		case "allowance":
			copy(b[14:], "\xC1\xD3\xE6")
		case "allowance-survivor":
			copy(b[14:], "\xC1\xD3\xE2")
		default:
			s.bad = true
		}
	case "status":
		s.once(was, 3)
		s.oasStatus(b)
	case "startMonth":
		s.once(was, 4)
		s.month(b[19:25])
	case "monthlyAmount":
		s.once(was, 5)
		s.packed(b[25:29], s.money(), 2, 0xC)
	case "partial40ths":
		s.once(was, 6)
		s.zoned(b[29:31])
	case "income":
		s.once(was, 7)
		n, neg, ok := scaled(s.money(), 2)
		s.must(ok && putZoned(b[32:43], n))
		b[31] = 0x4E
		if neg {
			b[31] = 0x60
		}
	case "recoveryTax":
		s.once(was, 8)
		n, neg, ok := scaled(s.money(), 2)
		s.must(ok && putSigned(b[43:50], n, neg))
	case "history":
		s.once(was, 9)
		return s.oasHistory(dst, at)
	default:
		s.oasCommon(key, b, was)
	}
	return dst
}

// month takes YYYY-MM.
func (s *scan) month(b []byte) {
	text := s.text()
	if len(text) != 7 || text[4] != '-' {
		s.bad = true
		return
	}
	year, _, ok1 := scaled(text[:4], 0)
	month, _, ok2 := scaled(text[5:], 0)
	s.must(ok1 && ok2 && month >= 1 && month <= 12 && putZoned(b, year*100+month))
}

func (s *scan) oasStatus(b []byte) {
	var low, high byte
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "code":
			switch string(s.text()) {
			case "in-pay":
				low, high = 10, 19
			case "suspended":
				low, high = 20, 29
			case "cancelled":
				low, high = 90, 99
			default:
				s.bad = true
			}
		case "legacyCode":
			s.must(putZoned(b[17:19], s.identifier()))
		default:
			s.bad = true
		}
	}
	n := b[17]&15*10 + b[18]&15
	s.must(n >= low && n <= high)
}

func (s *scan) oasHistory(dst []byte, at int) []byte {
	n := 0
	for ok := s.open('[', ']'); ok; ok = s.more(']') {
		n++
		dst = append(dst, "\xF0\xF0\xF0\xF0\xF0\x00\x00\x00\x0C\x00\x00\x00\x0C\x40\x40"...)
		h := dst[len(dst)-15:]
		var was uint32
		for ok := s.open('{', '}'); ok; ok = s.more('}') {
			switch string(s.key()) {
			case "paidOn":
				s.once(&was, 0)
				y, m, d := s.date()
				s.must(y >= 1950 && y < 2050 && putZoned(h[:5], uint64(y%100*1000+yearDay(y, m, d))))
			case "gross":
				s.once(&was, 1)
				s.packed(h[5:9], s.text(), 2, 0xC)
			case "net":
				s.once(&was, 2)
				s.packed(h[9:13], s.text(), 2, 0xC)
			case "reason":
				s.once(&was, 3)
				switch string(s.text()) {
				case "regular":
					h[13], h[14] = 0xD9, 0xC7
				case "retroactive":
					h[13], h[14] = 0xD9, 0xE3
				case "adjustment":
					h[13], h[14] = 0xC1, 0xD1
				case "returned":
					h[13], h[14] = 0xD9, 0xC9
				default:
					s.bad = true
				}
			default:
				s.bad = true
			}
		}
	}
	s.must(n <= 120 && putBinary(dst[at+50:at+52], int64(n), 1000))
	return dst
}

func (s *scan) oasAddress(dst []byte, at int, tail []byte, was *uint32) []byte {
	b := dst[at:]
	switch key := s.key(); string(key) {
	case "addressType":
		s.once(was, 2)
		s.code(b[14:15], "mailing", 0xD4, "residence", 0xD9, "", 0)
	case "lines":
		s.once(was, 3)
		n := 0
		for ok := s.open('[', ']'); ok; ok = s.more(']') {
			n++
			var l [30]byte
			s.must(putText(l[:], s.text()))
			dst = append(dst, l[:]...)
		}
		s.must(n >= 1 && n <= 6)
		dst[at+15] = 0xF0 | byte(n)
	case "province":
		s.once(was, 4)
		s.must(putText(tail[:2], s.text()))
	case "postalCode":
		s.once(was, 5)
		s.must(putText(tail[2:8], s.text()))
	case "country":
		s.once(was, 6)
		s.must(putText(tail[8:11], s.text()))
	case "effectiveMonth":
		s.once(was, 7)
		s.month(tail[11:17])
	default:
		s.oasCommon(key, b, was)
	}
	return dst
}
