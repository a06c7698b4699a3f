package mapping

import (
	"encoding/binary"
	"slices"
)

// The short way of dates that are a number and no time: from the number's digits, a nibble each, to the JSON text.

// yearDays are the days of a common year and of a leap year by their numbers, from 1, as monthDay writes them.
var yearDays = func() (days [2][367]uint64) {
	for leapYear := range days {
		n := 0
		for month := 1; month <= 12; month++ {
			for day := 1; day <= daysIn(1999+leapYear, month); day++ {
				n++
				days[leapYear][n] = monthDay(nibbles(month), nibbles(day))
			}
		}
	}
	return days
}()

// monthDay is what stands behind a year: -MM-DD, a quote and a comma. month and day are two nibbles each.
func monthDay(month, day uint64) uint64 {
	const around = '-'<<56 | 0x30<<48 | 0x30<<40 | '-'<<32 | 0x30<<24 | 0x30<<16 | '"'<<8 | ','
	return around | month>>4<<48 | month&0xF<<40 | day>>4<<24 | day&0xF<<16
}

// two is the number of the last two nibbles.
func two(x uint64) int {
	x &= 0xFF
	return int(x - 6*(x>>4))
}

// nibbles is the opposite of two, for numbers of up to four digits.
func nibbles(n int) uint64 {
	return uint64(n/1000<<12 | n/100%10<<8 | n/10%10<<4 | n%10)
}

// years completes the year that a form's first digits say, in four nibbles.
func (d *dateForm) years(x uint64) (uint64, bool) {
	switch {
	case d.window == 0:
		return x, x < 0x10000
	case two(x) < d.window:
		return 0x2000 | x, x < 0x100
	}
	return 0x1900 | x, x < 0x100
}

// appendDigits appends the JSON text of a date's digits, in quotes and with a comma behind it. false leaves all to
// append: forms of another order, and digits that are no date.
func (d *dateForm) appendDigits(dst []byte, x uint64) ([]byte, bool) {
	switch d.order {
	case dayLast:
		year, ok := d.years(x >> 16)
		month, day := two(x>>8), two(x)
		if ok && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(yearNumber(year), month) {
			return appendDate(dst, year, monthDay(x>>8&0xFF, x&0xFF)), true
		}
	case numberLast:
		year, ok := d.years(x >> 12)
		if number := 100*int(x>>8&0xF) + two(x); ok && number < 367 {
			day := yearDays[leapIndex(yearNumber(year))][number]
			return appendDate(dst, year, day), day != 0
		}
	case weekLast:
		year, ok := d.years(x >> 8)
		if week := two(x); ok && week >= 1 && week <= 53 {
			return appendWeek(dst, year, week)
		}
	case monthLast:
		year, ok := d.years(x >> 8)
		if month := two(x); ok && month >= 1 && month <= 12 {
			dst = appendDate(dst, year, monthDay(x&0xFF, 0))
			return append(dst[:len(dst)-len(`-00",`)], '"', ','), true
		}
	}
	return dst, false
}

// dateOrder is how the digits of a date end, behind its year.
type dateOrder uint8

const (
	otherOrder dateOrder = iota
	dayLast              // month and day
	numberLast           // the day of the year
	weekLast
	monthLast
)

// ordered returns the order of a form's digits.
func (d *dateForm) ordered() dateOrder {
	switch last := d.parts[len(d.parts)-1].sort; {
	case d.text || d.kind == timeDate:
		return otherOrder
	case d.kind == weekDate:
		return weekLast
	case d.kind == monthDate:
		return monthLast
	case last == 'J':
		return numberLast
	case last == 'D':
		return dayLast
	}
	return otherOrder
}

// yearNumber is the number of four nibbles.
func yearNumber(year uint64) int { return 100*two(year>>8) + two(year) }

func leapIndex(year int) int {
	if leap(year) {
		return 1
	}
	return 0
}

// appendWeek appends the Sunday on which a week starts. That may be in the year before.
func appendWeek(dst []byte, nibble uint64, week int) ([]byte, bool) {
	year := yearNumber(nibble)
	if year < 1 {
		return dst, false
	}
	day := 7*(week-1) + 1 - weekday(dayNumber(year, 1, 1))
	length := 365 + leapIndex(year)
	switch {
	case day < 1:
		year--
		day += 365 + leapIndex(year)
		nibble = nibbles(year)
	case day > length:
		year++
		day -= length
		nibble = nibbles(year)
	}
	return appendDate(dst, nibble, yearDays[leapIndex(year)][day]), true
}

// appendDate appends a year of four nibbles and what monthDay gives.
func appendDate(dst []byte, year, rest uint64) []byte {
	const size = len(`"2006-01-02",`)
	n := len(dst)
	if cap(dst)-n < size {
		dst = slices.Grow(dst, size)
	}
	out := dst[n : n+size]
	out[0] = '"'
	digits := year&0xF000<<12 | year&0xF00<<8 | year&0xF0<<4 | year&0xF | 0x30303030
	binary.BigEndian.PutUint32(out[1:], uint32(digits))
	binary.BigEndian.PutUint64(out[5:], rest)
	return dst[:n+size]
}
