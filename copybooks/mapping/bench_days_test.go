package mapping_test

import "time"

// Dates by hand.

var monthLengths = [...]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func monthLength(y, m int) int {
	if m == 2 && y%4 == 0 && (y%100 != 0 || y%400 == 0) {
		return 29
	}
	return monthLengths[m]
}

func century(yy int) int {
	if yy < 50 {
		return 2000 + yy
	}
	return 1900 + yy
}

func appendDate(dst []byte, y, m, d int) []byte {
	return append(dst, '"', byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10), '"')
}

// appendDay appends CCYYMMDD; 0 and all nines are null.
func appendDay(dst []byte, n uint64) ([]byte, bool) {
	if n == 0 || n == 99999999 {
		return append(dst, "null"...), true
	}
	y, m, d := int(n/10000), int(n/100%100), int(n%100)
	if m < 1 || m > 12 || d < 1 || d > monthLength(y, m) {
		return dst, false
	}
	return appendDate(dst, y, m, d), true
}

func appendYearDay(dst []byte, y, day int) ([]byte, bool) {
	m := 1
	for m < 12 && day > monthLength(y, m) {
		day -= monthLength(y, m)
		m++
	}
	if day < 1 || day > monthLength(y, m) {
		return dst, false
	}
	return appendDate(dst, y, m, day), true
}

// appendWeek appends the Sunday of an EI week: week 1 holds 1 January.
func appendWeek(dst []byte, y, week int) ([]byte, bool) {
	if week < 1 || week > 53 {
		return dst, false
	}
	first := time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
	year, m, d := first.AddDate(0, 0, 7*(week-1)-int(first.Weekday())).Date()
	return appendDate(dst, year, int(m), d), true
}

// day reads YYYY-MM-DD.
func day(text []byte) (y, m, d int, ok bool) {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return 0, 0, 0, false
	}
	for i, c := range text {
		n := int(c - '0')
		switch {
		case i == 4 || i == 7:
			continue
		case n > 9:
			return 0, 0, 0, false
		case i < 4:
			y = y*10 + n
		case i < 7:
			m = m*10 + n
		default:
			d = d*10 + n
		}
	}
	return y, m, d, m >= 1 && m <= 12 && d >= 1 && d <= monthLength(y, m)
}

func yearDay(y, m, d int) int {
	for k := 1; k < m; k++ {
		d += monthLength(y, k)
	}
	return d
}

// week returns the EI week that a Sunday begins.
func week(y, m, d int) (year, n int, ok bool) {
	start := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if start.Weekday() != time.Sunday {
		return 0, 0, false
	}
	end := start.AddDate(0, 0, 6)
	return end.Year(), (end.YearDay()-1)/7 + 1, true
}
