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

// number is the number whose digits a date's JSON text has in a form with an order. false leaves all to put.
func (d *dateForm) number(text []byte) (n uint64, ok bool) {
	day := 1
	if d.order != monthLast {
		if len(text) != len("2006-01-02") || text[8]-'0' > 9 || text[9]-'0' > 9 {
			return 0, false
		}
		day = int(text[8]-'0')*10 + int(text[9]-'0')
	} else if len(text) != len("2006-01") {
		return 0, false
	}
	for _, i := range [...]int{0, 1, 2, 3, 5, 6} {
		if text[i]-'0' > 9 {
			return 0, false
		}
	}
	year := int(text[0]-'0')*1000 + int(text[1]-'0')*100 + int(text[2]-'0')*10 + int(text[3]-'0')
	month := int(text[5]-'0')*10 + int(text[6]-'0')
	if text[4] != '-' || len(text) > 7 && text[7] != '-' || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	week := 0
	if d.order == weekLast {
		if year, week = weekOf(year, month, day); week == 0 {
			return 0, false
		}
	}
	if d.window > 0 && (year < 1900+d.window || year >= 2000+d.window) || year > 9999 {
		return 0, false
	}
	full := year
	if d.window > 0 {
		year %= 100
	}
	switch d.order {
	case dayLast:
		return uint64(year*10000 + month*100 + day), true
	case numberLast:
		return uint64(year*1000 + dayOfYear(full, month, day)), true
	case weekLast:
		return uint64(year*100 + week), true
	}
	return uint64(year*100 + month), true
}
