package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/portage-gateway/portage/adapters"
)

func TestArrival(t *testing.T) {
	good := extract("20260301", 1, 5, 7)
	story(t, map[string]func(*testing.T){
		"a file that still grows is left alone": func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.Complete, c.Settle, c.Patience = Settle, 10*time.Second, time.Minute })
			d.start()
			for n := range 8 {
				d.put("PAYDAY", good[:n+1])
				d.sleep(9 * time.Second)
			}
			d.expect("partial PAYDAY")
			d.put("PAYDAY", good)
			d.sleep(20 * time.Second)
			d.halt()
			d.delivered(good)
			d.expect("partial PAYDAY", "accepted PAYDAY")
		},
		"a marker says that all is there": func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.Complete, c.Marker, c.Patience = Marker, ".ok", time.Minute })
			d.put("PAYDAY", good)
			d.start()
			d.sleep(2 * time.Minute)
			d.expect("partial PAYDAY")
			d.put("PAYDAY.ok", "")
			d.sleep(2 * time.Second)
			d.halt()
			d.delivered(good)
			if left, _ := filepath.Glob(d.dir + "/PAYDAY*"); left != nil {
				t.Errorf("left over: %q", left)
			}
		},
		"names on the way are not taken": func(t *testing.T) {
			d := newDesk(t, nil)
			for _, name := range []string{"PAYDAY.tmp", ".PAYDAY", "PAYDAY.filepart", "OTHER"} {
				d.put(name, good)
			}
			if err := os.Mkdir(filepath.Join(d.dir, "PAYDAY.d"), 0o700); err != nil {
				t.Fatal(err)
			}
			d.through()
			d.expect()
			if err := os.Rename(filepath.Join(d.dir, "PAYDAY.tmp"), filepath.Join(d.dir, "PAYDAY")); err != nil {
				t.Fatal(err)
			}
			d.through()
			d.delivered(good)
		},
		"one file by name, day after day": func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.Path, c.Match = filepath.Join(c.Path, "PAYDAY[1]"), "" })
			d.put("PAYDAY1", "not this one")
			d.put("PAYDAY[1]", good)
			d.through()
			second := extract("20260302", 2, 1)
			d.put("PAYDAY[1]", second)
			d.through()
			d.delivered(good + second)
			d.holds(folderAccepted, "PAYDAY[1]", "PAYDAY[1]~2")
		},
		"generations that wait are taken in their order, 1 after 9999": func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.Cycle = Digits{} })
			want := extract("20260301", 9997, 0)
			d.put("PAYDAY", want)
			d.through()
			for i, n := range []int{9998, 9999, 1, 2} {
				x := extract("2026030"+string(rune('2'+i)), n, i)
				d.put("PAYDAY."+string(rune('e'-i)), x)
				want += x
			}
			d.put("PAYDAY.0", extract("20260228", 9996, 9))
			d.through()
			d.delivered(want)
			d.expect("accepted PAYDAY", "rejected PAYDAY.0 out-of-order", "out_of_order PAYDAY.0",
				"accepted PAYDAY.e", "accepted PAYDAY.d", "accepted PAYDAY.c", "accepted PAYDAY.b")
		},
	})
}

func TestRejection(t *testing.T) {
	good := extract("20260301", 1, 5, 7)
	for name, c := range map[string]struct {
		content, reason string
		record          int64
	}{
		"cut off before the trailer": {good[:strings.Index(good, "T")], "trailer-missing", 3},
		"wrong total":                {strings.Replace(good, "000012", "000013", 1), "total", 4},
		"a record lost":              {strings.Replace(good, "D000005\n", "", 1), "total", 3},
		"two files in one":           {good + good, "trailer-early", 5},
		"no header":                  {strings.Replace(good, "H2026030100", "D2026030100", 1), "header", 1},
		"no number in a detail":      {strings.Replace(good, "D000005", "Dxxxxx5", 1), "number", 2},
		"no digits in the cycle":     {"Hyesterday...\n", "identity", 1},
		"empty":                      {"", "empty", 0},
		"a header that is too short": {"H1\n", "identity", 1},
	} {
		story(t, map[string]func(*testing.T){name: func(t *testing.T) {
			d := newDesk(t, nil)
			yesterday := extract("20260228", 1, 3)
			d.put("PAYDAY.0228", yesterday)
			d.through()
			d.put("PAYDAY.0301", c.content)
			d.through()
			d.delivered(yesterday)
			d.expect("accepted PAYDAY.0228", "rejected PAYDAY.0301 "+c.reason)
			d.holds(folderAccepted, "PAYDAY.0228")
			d.holds(folderRejected, "PAYDAY.0301", "PAYDAY.0301.reason")
			d.holds(folderTaking)
			if r := d.reason("PAYDAY.0301"); r.Reason != c.reason || r.Record != c.record || r.Error == "" || strings.Contains(r.Error, "xxxxx") {
				t.Errorf("reason %+v", r)
			}
			// The corrected file is taken under the same identity.
			today := extract("20260301", 2, 5, 7)
			d.put("PAYDAY.0301", today)
			d.through()
			d.delivered(yesterday + today)
		}})
	}
}

func TestSequence(t *testing.T) {
	one, two, three := extract("20260301", 1, 5), extract("20260302", 2, 6, 6, 6, 6, 6), extract("20260303", 3, 7)
	story(t, map[string]func(*testing.T){
		"a rerun with the same records makes nothing new": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY.1", one)
			d.through()
			d.put("PAYDAY.2", extract("20260301", 2, 5)) // the job ran again, and its generation is the next
			d.put("PAYDAY.3", three)
			d.through()
			d.expect("accepted PAYDAY.1", "repeated PAYDAY.2", "accepted PAYDAY.3")
			d.delivered(one + three)
			d.holds(folderRepeated, "PAYDAY.2")
		},
		"a rerun that was cut off once has the same ids": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", two)
			d.fail = func(b adapters.Batch) error {
				if len(d.got) > 0 {
					return errReturned
				}
				return nil
			}
			d.through()
			first := ids(d.got)
			other := newDesk(t, nil)
			other.put("PAYDAY.again", strings.Replace(two, "0002\n", "0009\n", 1))
			other.through()
			if len(first) == 0 || !slices.Equal(first, ids(other.got)[:len(first)]) {
				t.Errorf("ids %q and %q", first, ids(other.got))
			}
			if len(slices.Compact(slices.Sorted(slices.Values(ids(other.got))))) != 7 {
				t.Errorf("ids are not unique: %q", ids(other.got))
			}
		},
		"a rerun with other records is rejected": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", one)
			d.through()
			d.put("PAYDAY", extract("20260301", 1, 6))
			d.through()
			d.expect("accepted PAYDAY", "rejected PAYDAY rerun-differs")
		},
		"a gap is reported": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", one)
			d.through()
			d.put("PAYDAY", extract("20260309", 9, 1))
			d.through()
			d.expect("accepted PAYDAY", "missing 7 from 2", "accepted PAYDAY")
		},
		"a gap holds": func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.Gaps = Hold })
			d.put("PAYDAY.1", one)
			d.through()
			d.put("PAYDAY.3", three)
			d.through()
			d.expect("accepted PAYDAY.1", "missing 1 from 2")
			d.put("PAYDAY.2", two)
			d.through()
			d.delivered(one + two + three)
		},
		"an older generation is rejected": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY.3", three)
			d.through()
			d.put("PAYDAY.2", two)
			d.through()
			d.expect("accepted PAYDAY.3", "rejected PAYDAY.2 out-of-order", "out_of_order PAYDAY.2")
			d.delivered(three)
		},
		"an older generation is taken": func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.OutOfOrder = Take })
			d.put("PAYDAY.3", three)
			d.through()
			d.put("PAYDAY.2", two)
			d.put("PAYDAY.4", extract("20260304", 4))
			d.through()
			d.expect("accepted PAYDAY.3", "out_of_order PAYDAY.2", "accepted PAYDAY.2", "accepted PAYDAY.4")
		},
		"nothing comes in time": func(t *testing.T) {
			d := newDesk(t, func(c *Config) { c.Within, c.Poll = 25*time.Hour, 10*time.Minute })
			d.put("PAYDAY", one)
			d.start()
			d.sleep(24 * time.Hour)
			d.expect("accepted PAYDAY")
			d.sleep(24 * time.Hour)
			d.expect("accepted PAYDAY", "missing")
			d.put("PAYDAY", two)
			d.sleep(20 * time.Minute)
			d.halt()
			d.expect("accepted PAYDAY", "missing", "late PAYDAY", "accepted PAYDAY")
		},
	})
}

// TestMetrics holds every result to its series, which stand at zero from the start.
func TestMetrics(t *testing.T) {
	story(t, map[string]func(*testing.T){"counted": func(t *testing.T) {
		registry := prometheus.NewRegistry()
		d := newDesk(t, func(c *Config) { c.Metrics = NewMetrics(registry) })
		d.put("PAYDAY.1", extract("20260301", 1, 5))
		d.put("PAYDAY.5", extract("20260305", 5, 5))
		d.put("PAYDAY.bad", "H202603")
		d.through()
		want := `
# HELP portage_dataset_generations_total Generations of files by what became of them: accepted, rejected (whole), repeated, missing, late, out_of_order, partial.
# TYPE portage_dataset_generations_total counter
portage_dataset_generations_total{dataset="payday",result="accepted"} 2
portage_dataset_generations_total{dataset="payday",result="late"} 0
portage_dataset_generations_total{dataset="payday",result="missing"} 3
portage_dataset_generations_total{dataset="payday",result="out_of_order"} 0
portage_dataset_generations_total{dataset="payday",result="partial"} 0
portage_dataset_generations_total{dataset="payday",result="rejected"} 1
portage_dataset_generations_total{dataset="payday",result="repeated"} 0
`
		if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
			t.Error(err)
		}
	}})
}

func TestConfigIsRefused(t *testing.T) {
	dir := t.TempDir()
	for want, change := range map[string]func(*Config){
		"name":      func(c *Config) { c.Name = "OAS master" },
		"path":      func(c *Config) { c.Path = "" },
		"match":     func(c *Config) { c.Match = "[" },
		"complete":  func(c *Config) { c.Complete = "soon" },
		"gaps":      func(c *Config) { c.Gaps = Take },
		"digits":    func(c *Config) { c.Cycle.Size = 19 },
		"lrecl":     func(c *Config) { c.Format.Recfm = "F" },
		"no direct": func(c *Config) { c.Path += "/none" },
	} {
		c := paydayConfig(t, dir)
		change(&c)
		if _, err := Open(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
