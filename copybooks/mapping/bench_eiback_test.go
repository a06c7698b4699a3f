package mapping_test

// The EI COMMAREA from JSON by hand: members in any order, each at most once.

// once notes a member, and refuses its second coming.
func (s *scan) once(was *uint32, bit uint) {
	s.bad = s.bad || *was&(1<<bit) != 0
	*was |= 1 << bit
}

// must notes what a put said.
func (s *scan) must(ok bool) { s.bad = s.bad || !ok }

func (s *scan) zoned(b []byte) {
	n := s.number()
	s.must(n >= 0 && putZoned(b, uint64(n)))
}

// identifier takes a string of digits.
func (s *scan) identifier() uint64 {
	n, neg, ok := scaled(s.text(), 0)
	s.must(ok && !neg)
	return n
}

func (s *scan) packed(b []byte, text []byte, scale int, sign byte) {
	n, neg, ok := scaled(text, scale)
	s.must(ok && putPacked(b, n, neg, sign))
}

// money takes {"amount": ..., "currency": "CAD"}.
func (s *scan) money() []byte {
	var amount []byte
	var was uint32
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "amount":
			s.once(&was, 0)
			amount = s.text()
		case "currency":
			s.once(&was, 1)
			s.must(string(s.text()) == "CAD")
		default:
			s.bad = true
		}
	}
	s.must(was == 3)
	return amount
}

// date takes a day; zero is null.
func (s *scan) date() (y, m, d int) {
	if s.skip() == 'n' {
		s.must(string(s.word()) == "null")
		return 0, 0, 0
	}
	y, m, d, ok := day(s.text())
	s.must(ok)
	return y, m, d
}

func eiFromJSON(dst, text []byte) ([]byte, bool) {
	b := dst[len(dst)-586:]
	s := scan{b: text}
	var was uint32
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		key := s.key()
		switch string(key) {
		case "header":
			s.once(&was, 0)
			s.eiHeader(b)
		case "key":
			s.once(&was, 1)
			s.eiKey(b)
		case "client":
			s.once(&was, 2)
			s.eiClient(b)
		case "type":
			s.once(&was, 3)
			switch string(s.text()) {
			case "regular":
				b[130], b[131] = 0xD9, 0xC7
			case "sickness":
				b[130], b[131] = 0xE2, 0xD2
			case "maternity":
				b[130], b[131] = 0xD4, 0xC1
			default:
				s.bad = true
			}
		case "status":
			s.once(&was, 4)
			s.eiStatus(b)
		case "appliedOn":
			s.once(&was, 5)
			y, m, d := s.date()
			s.must(putPacked(b[214:218], uint64(y*1000+yearDay(y, m, d)), false, 0xC))
		case "benefitPeriodStart":
			s.once(&was, 6)
			y, m, d := s.date()
			s.must(y >= 1950 && y < 2050 && putZoned(b[218:223], uint64(y%100*1000+yearDay(y, m, d))))
		case "decisionMode":
			s.once(&was, 13)
			switch string(s.text()) {
			case "automated":
				b[246] = 0xC1
			case "agent":
				b[246] = 0xD4
			default:
				s.bad = true
			}
		case "payments":
			s.once(&was, 14)
			s.eiPayments(b)
		default:
			s.eiNumber(key, b, &was)
		}
		if s.bad {
			return dst, false
		}
	}
	return dst, s.done()
}

func (s *scan) eiNumber(key, b []byte, was *uint32) {
	switch string(key) {
	case "weeklyRate":
		s.once(was, 7)
		s.packed(b[223:227], s.money(), 2, 0xC)
	case "weeks":
		s.once(was, 8)
		s.eiWeeks(b)
	case "insurableHours":
		s.once(was, 9)
		n := s.number()
		s.must(n >= 0 && putPacked(b[231:234], uint64(n), false, 0xF))
	case "insurableEarnings":
		s.once(was, 10)
		s.packed(b[234:239], s.money(), 2, 0xC)
	case "region":
		s.once(was, 11)
		s.must(putZoned(b[239:241], s.identifier()))
	case "overpaymentBalance":
		s.once(was, 12)
		s.packed(b[241:246], s.money(), 2, 0xC)
	default:
		s.bad = true
	}
}

func (s *scan) eiHeader(b []byte) {
	var was uint32
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "function":
			s.once(&was, 0)
			s.must(string(s.text()) == "inquire-status")
			copy(b, "\xC9\xD5\xD8\xE2")
		case "version":
			s.once(&was, 1)
			s.zoned(b[4:6])
		case "language":
			s.once(&was, 2)
			switch string(s.text()) {
			case "en":
				b[6] = 0xC5
			case "fr":
				b[6] = 0xC6
			default:
				s.bad = true
			}
		case "returnCode":
			s.once(&was, 3)
			s.must(s.number() == 0)
		case "reasonCode":
			s.once(&was, 4)
			s.must(putText(b[9:17], s.text()))
		case "correlationToken":
			s.once(&was, 5)
			s.must(putText(b[17:41], s.text()))
		case "requestedBy":
			s.once(&was, 6)
			s.must(putText(b[41:49], s.text()))
		case "purpose":
			s.once(&was, 7)
			s.must(putText(b[49:53], s.text()))
		default:
			s.bad = true
		}
	}
}

func (s *scan) eiKey(b []byte) {
	var was uint32
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "sin":
			s.once(&was, 0)
			s.must(putZoned(b[53:62], s.identifier()))
		case "claimNumber":
			s.once(&was, 1)
			s.must(putBinary(b[62:66], int64(s.identifier()), 1e8))
		default:
			s.bad = true
		}
	}
}

func (s *scan) eiClient(b []byte) {
	var was uint32
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "surname":
			s.once(&was, 0)
			s.must(putText(b[66:94], s.text()))
		case "givenNames":
			s.once(&was, 1)
			s.must(putText(b[94:122], s.text()))
		case "birthDate":
			s.once(&was, 2)
			y, m, d := s.date()
			s.must(putZoned(b[122:130], uint64(y*10000+m*100+d)))
		default:
			s.bad = true
		}
	}
}

func (s *scan) eiStatus(b []byte) {
	var was uint32
	var code string
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "code":
			s.once(&was, 0)
			switch string(s.text()) {
			case "in-pay":
				code = "\xF4\xF0"
			case "awaiting-record":
				code = "\xF2\xF5"
			case "established":
				code = "\xF3\xF0"
			default:
				s.bad = true
			}
		case "legacyCode":
			s.once(&was, 1)
			s.must(putText(b[132:134], s.text()))
		case "text":
			s.once(&was, 2)
			s.eiStatusText(b)
		default:
			s.bad = true
		}
	}
	s.must(was&3 == 3 && string(b[132:134]) == code)
}

func (s *scan) eiStatusText(b []byte) {
	var was uint32
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "en":
			s.once(&was, 0)
			s.must(putText(b[134:174], s.text()))
		case "fr":
			s.once(&was, 1)
			s.must(putText(b[174:214], s.text()))
		default:
			s.bad = true
		}
	}
}

func (s *scan) eiWeeks(b []byte) {
	var was uint32
	for ok := s.open('{', '}'); ok; ok = s.more('}') {
		switch string(s.key()) {
		case "entitled":
			s.once(&was, 0)
			s.zoned(b[227:229])
		case "paid":
			s.once(&was, 1)
			s.zoned(b[229:231])
		default:
			s.bad = true
		}
	}
}

func (s *scan) eiPayments(b []byte) {
	n := 0
	for ok := s.open('[', ']'); ok; ok = s.more(']') {
		if n == 10 {
			s.bad = true
			return
		}
		p := b[249+17*n : 266+17*n]
		n++
		var was uint32
		for ok := s.open('{', '}'); ok; ok = s.more('}') {
			switch string(s.key()) {
			case "weekStart":
				s.once(&was, 0)
				year, n, ok := week(s.date())
				s.must(ok && year >= 1950 && year < 2050 && putZoned(p[:4], uint64(year%100*100+n)))
			case "gross":
				s.once(&was, 1)
				s.packed(p[4:8], s.text(), 2, 0xC)
			case "tax":
				s.once(&was, 2)
				s.packed(p[8:12], s.text(), 2, 0xC)
			case "net":
				s.once(&was, 3)
				s.packed(p[12:16], s.text(), 2, 0xC)
			case "method":
				s.once(&was, 4)
				switch string(s.text()) {
				case "direct-deposit":
					p[16] = 0xC4
				case "cheque":
					p[16] = 0xC3
				default:
					s.bad = true
				}
			default:
				s.bad = true
			}
		}
	}
	s.must(putBinary(b[247:249], int64(n), 100))
}
