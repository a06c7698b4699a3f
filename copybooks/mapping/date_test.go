package mapping

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/copybooks"
)

const toronto = "America/Toronto"

func form(t testing.TB, name string, window int) *dateForm {
	t.Helper()
	d, err := newDateForm(name, window, toronto)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		quirk, form string
		window      int
		digits      string
		want        string
		fault       copybooks.Fault
	}{
		{"plain", "CCYYMMDD", 0, "20260128", "2026-01-28", 0},
		{"born in 1925", "CCYYMMDD", 0, "19250101", "1925-01-01", 0},
		{"29 February of a leap year", "CCYYMMDD", 0, "20240229", "2024-02-29", 0},
		{"29 February of no leap year", "CCYYMMDD", 0, "20250229", "", copybooks.DateValue},
		{"1900 was no leap year", "CCYYMMDD", 0, "19000229", "", copybooks.DateValue},
		{"2000 was one", "CCYYMMDD", 0, "20000229", "2000-02-29", 0},
		{"month 13", "CCYYMMDD", 0, "20261301", "", copybooks.DateValue},
		{"day 0", "CCYYMMDD", 0, "20260100", "", copybooks.DateValue},
		{"a letter", "CCYYMMDD", 0, "2026O128", "", copybooks.DateValue},
		{"day of the year", "CCYYDDD", 0, "2026028", "2026-01-28", 0},
		{"day 366 of a leap year", "CCYYDDD", 0, "2024366", "2024-12-31", 0},
		{"day 366 of no leap year", "CCYYDDD", 0, "2025366", "", copybooks.DateValue},
		{"window, below the pivot", "YYDDD", 50, "49001", "2049-01-01", 0},
		{"window, at the pivot", "YYDDD", 50, "50001", "1950-01-01", 0},
		{"day 366 of 2000", "YYDDD", 50, "00366", "2000-12-31", 0},
		{"leading zeros lost in a number", "YYDDD", 50, "1001", "2001-01-01", 0},
		{"AFT date", "0YYDDD", 50, "026028", "2026-01-28", 0},
		{"AFT date without its zero", "0YYDDD", 50, "126028", "", copybooks.DateValue},
		{"day first", "DDMMCCYY", 0, "28012026", "2026-01-28", 0},
		{"month", "CCYYMM", 0, "202601", "2026-01", 0},
		{"month 0", "CCYYMM", 0, "202600", "", copybooks.DateValue},
		{"six digits", "YYMMDD", 30, "260128", "2026-01-28", 0},
		{"week 1 holds 1 January", "YYWW", 50, "2601", "2025-12-28", 0},
		{"week 2", "YYWW", 50, "2602", "2026-01-04", 0},
		{"year that starts on a Sunday", "YYWW", 50, "2301", "2023-01-01", 0},
		{"week 54", "YYWW", 50, "2654", "", copybooks.DateValue},
		{"week 0", "YYWW", 50, "2600", "", copybooks.DateValue},
		{"winter time", "CCYYMMDDHHMISShh", 0, "2026012809032215", "2026-01-28T14:03:22.15Z", 0},
		{"summer time", "CCYYMMDDHHMISS", 0, "20260701090322", "2026-07-01T13:03:22Z", 0},
		{"before midnight UTC", "CCYYMMDDHHMISS", 0, "20251231200000", "2026-01-01T01:00:00Z", 0},
		{"hour that clocks skipped", "CCYYMMDDHHMISS", 0, "20260308023000", "", copybooks.DateGap},
		{"hour 24", "CCYYMMDDHHMISS", 0, "20260308240000", "", copybooks.DateValue},
		{"too many digits", "CCYYMM", 0, "2026010", "", copybooks.DateValue},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			d := form(t, c.form, c.window)
			got, repeated, f := d.append(nil, []byte(c.digits))
			if f != c.fault || string(got) != c.want || repeated {
				t.Fatalf("%q %v %v, want %q %v", got, repeated, f, c.want, c.fault)
			}
			if f != copybooks.OK {
				return
			}
			back, f := d.put(nil, got)
			want := "0000000000000000"[:d.digits-len(c.digits)] + c.digits
			if f != copybooks.OK || string(back) != want {
				t.Errorf("back %q %v, want %q", back, f, want)
			}
		})
	}
}

func TestRepeatedHourIsTheEarlierAndFlagged(t *testing.T) {
	d := form(t, "CCYYMMDDHHMISS", 0)
	got, repeated, f := d.append(nil, []byte("20261101013000"))
	if f != copybooks.OK || !repeated || string(got) != "2026-11-01T05:30:00Z" {
		t.Fatalf("%s %v %v", got, repeated, f)
	}
	if back, f := d.put(nil, got); f != copybooks.OK || string(back) != "20261101013000" {
		t.Errorf("%s %v", back, f)
	}
	if back, f := d.put(nil, []byte("2026-11-01T06:30:00Z")); f != copybooks.DateValue {
		t.Errorf("the later one is written as %s %v", back, f)
	}
}

func TestDatesThatDoNotFitTheirFormAreRefused(t *testing.T) {
	for _, c := range []struct {
		form   string
		window int
		text   string
		fault  copybooks.Fault
	}{
		{"YYDDD", 50, "2050-01-01", copybooks.DateValue},
		{"YYDDD", 50, "1949-12-31", copybooks.DateValue},
		{"CCYYMMDD", 0, "2026-02-30", copybooks.DateValue},
		{"CCYYMMDD", 0, "2026-01", copybooks.DateValue},
		{"CCYYMM", 0, "2026-01-01", copybooks.DateValue},
		{"YYWW", 50, "2026-01-05", copybooks.DateValue}, // a Monday
		{"CCYYMMDDHHMISS", 0, "2026-01-01T00:00:00.5Z", copybooks.FractionLost},
		{"CCYYMMDDHHMISShh", 0, "2026-01-01T00:00:00.005Z", copybooks.FractionLost},
		{"CCYYMMDDHHMISS", 0, "2026-01-01 00:00:00", copybooks.DateValue},
	} {
		if back, f := form(t, c.form, c.window).put(nil, []byte(c.text)); f != c.fault {
			t.Errorf("%s of %s: %s %v, want %v", c.form, c.text, back, f, c.fault)
		}
	}
	// Another offset of the same instant is welcome.
	if back, f := form(t, "CCYYMMDDHHMISS", 0).put(nil, []byte("2026-01-28T09:03:22-05:00")); f != copybooks.OK || string(back) != "20260128090322" {
		t.Errorf("%s %v", back, f)
	}
}

func TestDateSettingsThatMeanNothingAreRefused(t *testing.T) {
	for _, c := range []struct {
		form   string
		window int
		zone   string
	}{
		{"CCYYMMDD", 50, ""}, {"YYMMDD", 0, ""}, {"YYMMDD", 101, ""}, {"CCYYMMDDHHMISS", 0, ""}, {"CCYYMMDDHHMISS", 0, "Mars/Phobos"}, {"MMDD", 0, ""},
	} {
		if d, err := newDateForm(c.form, c.window, c.zone); err == nil {
			t.Errorf("%+v is %+v", c, d)
		}
	}
}

func TestEveryDayComesBack(t *testing.T) {
	for day := time.Date(1899, 12, 25, 0, 0, 0, 0, time.UTC); day.Year() < 2101; day = day.AddDate(0, 0, 1) {
		text := day.Format(time.DateOnly)
		for _, name := range []string{"CCYYMMDD", "CCYYDDD"} {
			digits, f := form(t, name, 0).put(nil, []byte(text))
			if f != copybooks.OK {
				t.Fatal(name, text, f)
			}
			if got, _, f := form(t, name, 0).append(nil, digits); f != copybooks.OK || string(got) != text {
				t.Fatalf("%s: %s is %s, read as %s %v", name, text, digits, got, f)
			}
		}
		if day.Weekday() != time.Sunday || day.Year() < 1950 || day.AddDate(0, 0, 6).Year() > 2049 || day.AddDate(0, 0, 6).Year() < 1951 {
			continue
		}
		d := form(t, "YYWW", 50)
		digits, f := d.put(nil, []byte(text))
		if f != copybooks.OK {
			t.Fatal(text, f)
		}
		if got, _, f := d.append(nil, digits); f != copybooks.OK || string(got) != text {
			t.Fatalf("week: %s is %s, read as %s %v", text, digits, got, f)
		}
	}
}

func TestEveryInstantThatAClockShowedComesBack(t *testing.T) {
	d := form(t, "CCYYMMDDHHMISShh", 0)
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(-2e12, 4e12).Draw(t, "ms") / 10 * 10).UTC()
		local := at.In(d.zone)
		digits := local.Format("20060102150405") + local.Format(".00")[1:]
		got, repeated, f := d.append(nil, []byte(digits))
		if f != copybooks.OK {
			// Offsets of the time before 1895 had odd seconds, and 1918 gaps; a shown time is never a gap.
			t.Fatalf("%s: %v", digits, f)
		}
		read, err := time.Parse(time.RFC3339Nano, string(got))
		if err != nil || !read.Equal(at) && !(repeated && read.Before(at)) {
			t.Fatalf("%s shown at %s is %s (repeated %v)", digits, at, got, repeated)
		}
		back, f := d.put(nil, got)
		if f != copybooks.OK || string(back) != digits {
			t.Fatalf("%s is %s, back %s %v", digits, got, back, f)
		}
	})
}

// Weeks and day numbers are those of the standard library's calendar.
func TestDayNumbersAgreeWithTime(t *testing.T) {
	for day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 3000; day = day.AddDate(0, 0, 1) {
		y, m, d := day.Date()
		n := dayNumber(y, int(m), d)
		if weekday(n) != int(day.Weekday()) {
			t.Fatalf("%v: weekday %d", day, weekday(n))
		}
		if a, b, c := dayOf(n); a != y || b != int(m) || c != d {
			t.Fatalf("%v: %d-%d-%d", day, a, b, c)
		}
		year, week := weekOf(y, int(m), d)
		if (week != 0) != (day.Weekday() == time.Sunday) {
			t.Fatalf("%v: week %d", day, week)
		}
		if week == 0 {
			continue
		}
		if end := day.AddDate(0, 0, 6); year != end.Year() || week != (end.YearDay()-1)/7+1 {
			t.Fatalf("%v: week %d of %d", day, week, year)
		}
		if a, b, c := weekStart(year, week); a != y || b != int(m) || c != d {
			t.Fatalf("%v: week %d starts %d-%d-%d", day, week, a, b, c)
		}
	}
}

// The short way of a date says what the long way says, for every number of its digits.
func TestDatesOfNumbers(t *testing.T) {
	short := 0
	for name, window := range map[string]int{"CCYYMMDD": 0, "YYMMDD": 50, "DDMMCCYY": 0, "CCYYDDD": 0, "YYDDD": 50, "0YYDDD": 50, "CCYYMM": 0, "YYMM": 30, "CCYYWW": 0, "YYWW": 50} {
		d := form(t, name, window)
		end := uint64(1)
		for range d.digits {
			end *= 10
		}
		step := end/200_000 + 1
		for n := uint64(1); n < 11*end; n += step {
			digits, err := strconv.ParseUint(strconv.FormatUint(n, 10), 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := d.appendDigits(nil, digits)
			want, _, f := d.append(nil, strconv.AppendUint(nil, n, 10))
			if ok && (f != copybooks.OK || string(got) != `"`+string(want)+`",`) {
				t.Fatalf("%s of %d is %s, the long way says %s (%v)", name, n, got, want, f)
			}
			if !ok && f == copybooks.OK && name != "DDMMCCYY" {
				t.Fatalf("%s of %d has no short way", name, n)
			}
			if ok {
				short++
			}
		}
	}
	if short < 50_000 {
		t.Errorf("only %d dates went the short way", short)
	}
}

// The number of a day's text is that of the digits that the long way writes, and it refuses what that refuses.
func TestNumbersOfDates(t *testing.T) {
	var forms []*dateForm
	for name, window := range map[string]int{"CCYYMMDD": 0, "YYMMDD": 50, "CCYYDDD": 0, "YYDDD": 50, "0YYDDD": 50, "CCYYMM": 0, "YYMM": 30, "CCYYWW": 0, "YYWW": 50} {
		forms = append(forms, form(t, name, window))
	}
	slices.SortFunc(forms, func(a, b *dateForm) int { return strings.Compare(a.name, b.name) })
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(forms).Draw(t, "form")
		text := rapid.StringMatching(`(19|20|00|99)[0-9][0-9]-[01][0-9](-[0-3][0-9])?|[-0-9a]{6,11}`).Draw(t, "text")
		digits, f := d.put(nil, []byte(text))
		n, ok := d.number([]byte(text))
		if ok != (f == copybooks.OK) || ok && strconv.FormatUint(n, 10) != strings.TrimLeft(string(digits[:len(digits)-1]), "0")+string(digits[len(digits)-1:]) {
			t.Fatalf("%s of %q is %d (%v), the long way writes %q (%v)", d.name, text, n, ok, digits, f)
		}
	})
}
