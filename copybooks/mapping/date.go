package mapping

import (
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // the zones of dates, embedded

	"github.com/portage-gateway/portage/copybooks"
)

// dateForm is the form of a date's digits. CC and YY are the year, MM the month, DD the day, DDD the day of
// the year (001 to 366), WW the week, HH, MI, SS and hh hours, minutes, seconds and hundredths. A digit
// stands for itself, and so does punctuation; N is a digit of a second's fraction. The forms of Db2 are those
// of its DATE (ISO, USA, EUR) and TIMESTAMP strings (Db2 for z/OS, SQL Reference, String representations of
// datetime values); a timestamp's hour 24 is refused. In JSON a day is YYYY-MM-DD, a month YYYY-MM, a week the day on which it starts, and
// a time RFC 3339 in UTC (RFC 3339 section 5.6).
type dateForm struct {
	name   string
	parts  []datePart
	digits int // and punctuation
	// fraction is how many digits stand behind the second. text forms have punctuation and no leading zeros to
	// spare.
	fraction int
	text     bool
	window   int // pivot of two-digit years
	zone     *time.Location
	kind     dateKind
	order    dateOrder
}

type dateKind uint8

const (
	dayDate dateKind = iota
	monthDate
	weekDate
	timeDate
)

// datePart is a run of digits.
type datePart struct {
	sort byte // C Y M D J W h m s f, or the digit or the punctuation itself
	n    int
}

func newDateForm(name string, window int, zone string) (*dateForm, error) {
	shape, ok := dateForms[name]
	if !ok {
		return nil, fmt.Errorf("unknown date form %q%s", name, hint(name, dateForms))
	}
	d := &dateForm{name: name, parts: shape.parts, kind: shape.kind, window: window}
	for _, p := range d.parts {
		d.digits += p.n
		d.text = d.text || punctuation(p.sort)
		if p.sort == 'f' {
			d.fraction = p.n
		}
	}
	d.order = d.ordered()
	century := slices.ContainsFunc(d.parts, func(p datePart) bool { return p.sort == 'C' })
	switch {
	case century && window != 0:
		return nil, fmt.Errorf("date %s has a century and takes no window", name)
	case !century && (window < 1 || window > 100):
		return nil, fmt.Errorf("date %s has years of two digits: it needs a window from 1 to 100, and a date of birth must not have one", name)
	}
	if d.kind == timeDate {
		if zone == "" {
			return nil, fmt.Errorf("date %s holds a time and needs a zone", name)
		}
		var err error
		if d.zone, err = time.LoadLocation(zone); err != nil {
			return nil, fmt.Errorf("zone %q: %w", zone, err)
		}
	}
	return d, nil
}

// moment is what a date's digits say.
type moment struct {
	year, month, day, yday, week       int
	hour, minute, second               int
	fraction                           int64 // of a second, in 1e-12
	hasMonth, hasDay, hasYday, hasWeek bool
}

// read takes digits apart. There may be fewer than the form has, without leading zeros.
func (d *dateForm) read(digits []byte) (moment, copybooks.Fault) {
	var m moment
	var buf [40]byte
	if len(digits) > d.digits || d.text && len(digits) != d.digits {
		return m, copybooks.DateValue
	}
	padded := buf[:d.digits]
	for i := range padded {
		padded[i] = '0'
	}
	copy(padded[d.digits-len(digits):], digits)
	century, yy := -1, 0
	for _, p := range d.parts {
		if punctuation(p.sort) {
			if padded[0] != p.sort {
				return m, copybooks.DateValue
			}
			padded = padded[1:]
			continue
		}
		n, ok := wholeNumber(padded[:p.n])
		if !ok {
			return m, copybooks.DateValue
		}
		padded = padded[p.n:]
		switch p.sort {
		case 'C':
			century = n
		case 'Y':
			yy = n
		case 'M':
			m.month, m.hasMonth = n, true
		case 'D':
			m.day, m.hasDay = n, true
		case 'J':
			m.yday, m.hasYday = n, true
		case 'W':
			m.week, m.hasWeek = n, true
		case 'h':
			m.hour = n
		case 'm':
			m.minute = n
		case 's':
			m.second = n
		case 'f':
			m.fraction = int64(n) * powers[12-p.n]
		default:
			if n != int(p.sort-'0') {
				return m, copybooks.DateValue
			}
		}
	}
	m.year = d.fullYear(century, yy)
	return m, m.check()
}

// fullYear is the year of two digits in their century, or where there is none (-1) in the form's window.
func (d *dateForm) fullYear(century, yy int) int {
	switch {
	case century >= 0:
		return century*100 + yy
	case yy < d.window:
		return 2000 + yy
	}
	return 1900 + yy
}

// wholeNumber reads a run of digits.
func wholeNumber(digits []byte) (n int, ok bool) {
	for _, c := range digits {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// check completes the moment, or finds it impossible.
func (m *moment) check() copybooks.Fault {
	bad := m.hour > 23 || m.minute > 59 || m.second > 59 || m.hasMonth && (m.month < 1 || m.month > 12)
	if bad || m.hasDay && (m.day < 1 || m.day > daysIn(m.year, m.month)) {
		return copybooks.DateValue
	}
	if m.hasYday {
		if m.yday < 1 || m.yday > 365 && !(m.yday == 366 && leap(m.year)) {
			return copybooks.DateValue
		}
		m.month, m.day = 1, m.yday
		for m.day > daysIn(m.year, m.month) {
			m.day -= daysIn(m.year, m.month)
			m.month++
		}
	}
	if m.hasWeek {
		if m.week < 1 || m.week > 53 || m.year < 1 { // the first week of the year 0 begins before it
			return copybooks.DateValue
		}
		m.year, m.month, m.day = weekStart(m.year, m.week)
	}
	return copybooks.OK
}

// append writes the JSON text of digits, without quotes. repeated says that the local time came twice and
// the earlier one was taken.
func (d *dateForm) append(dst, digits []byte) (out []byte, repeated bool, f copybooks.Fault) {
	m, f := d.read(digits)
	if f != copybooks.OK {
		return dst, false, f
	}
	if d.kind == timeDate {
		t, repeated, f := m.utc(d.zone)
		if f != copybooks.OK {
			return dst, false, f
		}
		fraction := m.fraction
		m = fromTime(t)
		if m.year < 0 || m.year > 9999 {
			return dst, false, copybooks.DateValue // in UTC it is another millennium
		}
		dst = append(appendDay(dst, &m), 'T')
		dst = appendTwo(append(appendTwo(append(appendTwo(dst, m.hour), ':'), m.minute), ':'), m.second)
		if d.fraction > 0 {
			dst = append(dst, '.')
			for unit := powers[11]; unit >= powers[12-d.fraction]; unit /= 10 {
				dst = append(dst, byte('0'+fraction/unit%10))
			}
		}
		return append(dst, 'Z'), repeated, copybooks.OK
	}
	if d.kind == monthDate {
		return appendTwo(append(appendTwo(appendTwo(dst, m.year/100), m.year%100), '-'), m.month), false, copybooks.OK
	}
	return appendDay(dst, &m), false, copybooks.OK
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10%10), byte('0'+n%10)) }

func appendDay(dst []byte, m *moment) []byte {
	c, y := m.year/100, m.year%100
	return append(dst, byte('0'+c/10%10), byte('0'+c%10), byte('0'+y/10), byte('0'+y%10), '-',
		byte('0'+m.month/10), byte('0'+m.month%10), '-', byte('0'+m.day/10), byte('0'+m.day%10))
}

// utc returns the moment as a time in UTC; of a local time that came twice the earlier.
func (m *moment) utc(zone *time.Location) (t time.Time, repeated bool, f copybooks.Fault) {
	wall := time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, int(m.fraction/1000), time.UTC)
	found := 0
	for _, near := range [2]time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := wall.Add(near).In(zone).Zone()
		c := wall.Add(-time.Duration(offset) * time.Second)
		if _, is := c.In(zone).Zone(); is != offset || found > 0 && c.Equal(t) {
			continue
		}
		if found++; found == 1 || c.Before(t) {
			t = c
		}
	}
	if found == 0 {
		return t, false, copybooks.DateGap
	}
	return t, found > 1, copybooks.OK
}

func fromTime(t time.Time) moment {
	var m moment
	year, month, day := t.Date()
	m.year, m.month, m.day = year, int(month), day
	m.hour, m.minute, m.second = t.Clock()
	m.fraction = int64(t.Nanosecond()) * 1000
	return m
}
