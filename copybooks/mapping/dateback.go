package mapping

import (
	"strings"
	"time"

	"github.com/portage-gateway/portage/copybooks"
)

// Dates on the way from JSON to digits.

// put writes the digits of a JSON text, such that append gives the same text again.
func (d *dateForm) put(digits, text []byte) ([]byte, copybooks.Fault) {
	m, f := d.parse(text)
	if f != copybooks.OK {
		return digits, f
	}
	year := m.year
	if d.kind == weekDate {
		if year, m.week = weekOf(m.year, m.month, m.day); m.week == 0 {
			return digits, copybooks.DateValue
		}
	}
	if d.window > 0 && (year < 1900+d.window || year >= 2000+d.window) || year > 9999 || year < 0 {
		return digits, copybooks.DateValue
	}
	m.yday = dayOfYear(m.year, m.month, m.day)
	for _, p := range d.parts {
		if punctuation(p.sort) {
			digits = append(digits, p.sort)
			continue
		}
		n := m.part(p, year)
		if p.n == 2 {
			digits = append(digits, byte('0'+n/10), byte('0'+n%10))
			continue
		}
		for unit := powers[p.n-1]; unit > 0; unit /= 10 {
			digits = append(digits, byte('0'+n/unit%10))
		}
	}
	return digits, copybooks.OK
}

var powers = [...]int64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12}

// part is the number that a part of a form shows.
func (m *moment) part(p datePart, year int) int64 {
	if p.sort == 'f' {
		return m.fraction / powers[12-p.n]
	}
	return int64(m.number(p.sort, year))
}

func (m *moment) number(sort byte, year int) int {
	switch sort {
	case 'C':
		return year / 100
	case 'Y':
		return year % 100
	case 'M':
		return m.month
	case 'D':
		return m.day
	case 'J':
		return m.yday
	case 'W':
		return m.week
	case 'h':
		return m.hour
	case 'm':
		return m.minute
	case 's':
		return m.second
	}
	return int(sort - '0')
}

func (d *dateForm) parse(text []byte) (moment, copybooks.Fault) {
	switch d.kind {
	case timeDate:
		return d.parseTime(string(text))
	case monthDate:
		return parseDay(text, "0000-00")
	}
	return parseDay(text, "0000-00-00")
}

// parseDay reads full-date or its first two parts (RFC 3339 section 5.6).
func parseDay(text []byte, shape string) (moment, copybooks.Fault) {
	m := moment{day: 1}
	if len(text) != len(shape) {
		return m, copybooks.DateValue
	}
	for i, c := range text {
		if digit := c-'0' < 10; digit != (shape[i] == '0') || !digit && c != '-' {
			return m, copybooks.DateValue
		}
	}
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	m.year, m.month = two(0)*100+two(2), two(5)
	if len(text) > 7 {
		m.day = two(8)
	}
	if m.month < 1 || m.month > 12 || m.day < 1 || m.day > daysIn(m.year, m.month) {
		return m, copybooks.DateValue
	}
	return m, copybooks.OK
}

// parseTime reads RFC 3339 date-time.
func (d *dateForm) parseTime(text string) (moment, copybooks.Fault) {
	var m moment
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return m, copybooks.DateValue
	}
	fraction, ok := secondsFraction(text)
	if !ok || fraction%powers[12-d.fraction] != 0 {
		return m, copybooks.FractionLost
	}
	t = t.Truncate(time.Second)
	m = fromTime(t.In(d.zone))
	// Of a repeated hour only the earlier can be written.
	if back, _, f := m.utc(d.zone); f != copybooks.OK || !back.Equal(t) {
		return m, copybooks.DateValue
	}
	m.fraction = fraction
	return m, copybooks.OK
}

// secondsFraction returns what stands behind the second of an RFC 3339 time, in 1e-12; ok is false for more
// digits than that.
func secondsFraction(text string) (n int64, ok bool) {
	_, rest, found := strings.Cut(text, ".")
	if !found {
		return 0, true
	}
	unit := powers[12]
	for _, c := range rest {
		if c < '0' || c > '9' {
			break
		}
		if unit /= 10; unit == 0 {
			if c != '0' {
				return 0, false
			}
			continue
		}
		n += int64(c-'0') * unit
	}
	return n, true
}
