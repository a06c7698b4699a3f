package mapping

// The Gregorian calendar in whole numbers.

var monthDays = [...]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	if month == 2 && leap(year) {
		return 29
	}
	return monthDays[month]
}

// monthStarts are the days of a common year before each month.
var monthStarts = [...]int{0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334}

func dayOfYear(year, month, day int) int {
	if month > 2 && leap(year) {
		day++
	}
	return monthStarts[month] + day
}

// EI weeks run from Sunday to Saturday, and week 01 holds 1 January.

// weekStart returns the Sunday on which a week starts.
func weekStart(year, week int) (y, m, d int) {
	first := dayNumber(year, 1, 1)
	return dayOf(first - weekday(first) + 7*(week-1))
}

// weekOf returns the year and week that start on a day, and week 0 if none does. The week that holds
// 1 January belongs to the new year.
func weekOf(year, month, day int) (y, week int) {
	start := dayNumber(year, month, day)
	if weekday(start) != 0 {
		return year, 0
	}
	if month == 12 && day > 25 {
		year++
	}
	first := dayNumber(year, 1, 1)
	return year, (start-first+weekday(first))/7 + 1
}

// dayNumber counts the days of the Gregorian calendar from 1 March of the year 0, which makes the leap day the
// last of its year.
func dayNumber(year, month, day int) int {
	if month < 3 {
		year, month = year-1, month+12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1
}

// weekday is 0 on Sundays; 1 March of the year 0 is a Wednesday.
func weekday(number int) int { return (number + 3) % 7 }

// dayOf is the opposite of dayNumber.
func dayOf(number int) (year, month, day int) {
	year = (number*400 + 399) / 146097
	for number < dayNumber(year, 3, 1) {
		year--
	}
	for number >= dayNumber(year+1, 3, 1) {
		year++
	}
	rest := number - dayNumber(year, 3, 1)
	month = (5*rest + 2) / 153
	day = rest - (153*month+2)/5 + 1
	if month += 3; month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}
