package mapping

// The short way of dates that are a number and no time: from the number to the JSON text.

// monthDay is a day of the year.
type monthDay struct{ month, day uint8 }

// yearDays are the days of a common year and of a leap year by their numbers, from 1.
var yearDays = func() (days [2][367]monthDay) {
	for leapYear := range days {
		n := 0
		for month := 1; month <= 12; month++ {
			for day := 1; day <= daysIn(1999+leapYear, month); day++ {
				n++
				days[leapYear][n] = monthDay{uint8(month), uint8(day)}
			}
		}
	}
	return days
}()

// years completes the year that a form's first digits say.
func (d *dateForm) years(n uint64) (int, bool) {
	switch {
	case d.window == 0:
		return int(n), n < 10000
	case n < uint64(d.window):
		return 2000 + int(n), true
	}
	return 1900 + int(n), n < 100
}

// appendNumber appends the JSON text of a date's digits, given as a number, without quotes. false leaves all to
// append: forms of another order, and digits that are no date.
func (d *dateForm) appendNumber(dst []byte, n uint64) ([]byte, bool) {
	switch {
	case d.text || d.kind == timeDate:
		return dst, false
	case d.kind == weekDate:
		year, ok := d.years(n / 100)
		if week := int(n % 100); ok && week >= 1 && week <= 53 {
			year, month, day := weekStart(year, week)
			return appendYMD(dst, year, month, day), true
		}
	case d.kind == monthDate:
		year, ok := d.years(n / 100)
		if month := int(n % 100); ok && month >= 1 && month <= 12 {
			return appendYMD(dst, year, month, 0)[:len(dst)+len("2006-01")], true
		}
	default:
		return d.appendDayNumber(dst, n)
	}
	return dst, false
}

func (d *dateForm) appendDayNumber(dst []byte, n uint64) ([]byte, bool) {
	switch d.parts[len(d.parts)-1].sort {
	case 'J':
		year, ok := d.years(n / 1000)
		leapYear := 0
		if leap(year) {
			leapYear = 1
		}
		if number := n % 1000; ok && number < 367 {
			day := yearDays[leapYear][number]
			return appendYMD(dst, year, int(day.month), int(day.day)), day.month > 0
		}
	case 'D':
		year, ok := d.years(n / 10000)
		month, day := int(n/100%100), int(n%100)
		if ok && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) {
			return appendYMD(dst, year, month, day), true
		}
	}
	return dst, false
}

func appendYMD(dst []byte, year, month, day int) []byte {
	c, y := year/100, year%100
	return append(dst, byte('0'+c/10%10), byte('0'+c%10), byte('0'+y/10), byte('0'+y%10), '-',
		byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10))
}
