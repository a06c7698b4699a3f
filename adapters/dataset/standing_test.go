package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// stands says how the dataset stands, to a Source that has just been opened.
func (d *desk) stands() (accepted string, rejected []string) {
	d.t.Helper()
	s, err := Open(d.cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	now, err := s.Standing()
	if err != nil {
		d.t.Fatal(err)
	}
	if now.Accepted != nil {
		accepted = fmt.Sprint(now.Accepted.Generation.Cycle, " ", now.Accepted.Records)
	}
	for _, e := range now.Rejected {
		rejected = append(rejected, fmt.Sprint(e.File, " ", e.Reason, ": ", e.Err))
	}
	return accepted, rejected
}

func (d *desk) expectStanding(accepted string, rejected ...string) {
	d.t.Helper()
	if a, r := d.stands(); a != accepted || !slices.Equal(r, rejected) {
		d.t.Fatalf("accepted %q, rejected %q; want %q, %q", a, r, accepted, rejected)
	}
}

func TestStanding(t *testing.T) {
	const wrong = "total: amount is 13 by the trailer and 12 by the records"
	bad := strings.Replace(extract("20260301", 1, 5, 7), "000012", "000013", 1)
	story(t, map[string]func(*testing.T){
		"nothing came yet": func(t *testing.T) { newDesk(t, nil).expectStanding("") },
		"a rejection is told of, also after a restart, until a good one is accepted": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY.0228", extract("20260228", 1, 3))
			d.through()
			d.put("PAYDAY.0301", bad)
			d.through()
			d.put("PAYDAY.0301", bad)
			d.through()
			d.expectStanding("20260228 3", "PAYDAY.0301 total: "+wrong, "PAYDAY.0301~2 total: "+wrong)
			d.put("PAYDAY.0301", extract("20260301", 1, 5, 7))
			d.through()
			d.expectStanding("20260301 4")
		},
		"a rejection that was taken out is not": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY.0301", bad)
			d.through()
			d.expectStanding("", "PAYDAY.0301 total: "+wrong)
			for _, name := range d.folder(folderRejected) {
				d.forget(filepath.Join(folderRejected, name))
			}
			d.expectStanding("")
		},
		"a line that is being written is no fault": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY.0228", extract("20260228", 1, 3))
			d.through()
			path := filepath.Join(d.dir, "portage", historyFile)
			whole, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, append(whole, whole[:20]...), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			d.expectStanding("20260228 3")
			if now, err := os.ReadFile(path); err != nil || len(now) != len(whole)+20 {
				t.Errorf("the history has %d bytes now, %v", len(now), err)
			}
		},
		"a reason that was edited is": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY.0301", bad)
			d.through()
			if err := os.WriteFile(filepath.Join(d.dir, "portage", folderRejected, "PAYDAY.0301.reason"), []byte("sorry"), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := Open(d.cfg)
			if err == nil {
				_, err = s.Standing()
			}
			if err == nil || !strings.Contains(err.Error(), "was it edited?") {
				t.Error(err)
			}
		},
	})
}

func TestRecordsSayTheirCycle(t *testing.T) {
	story(t, map[string]func(*testing.T){"a cycle": func(t *testing.T) {
		d := newDesk(t, nil)
		d.put("PAYDAY", extract("20260301", 1, 5, 7))
		d.through()
		for _, m := range d.got {
			if !slices.Equal(m.Headers, []adapters.Header{{Name: HeaderCycle, Value: "20260301"}}) {
				t.Errorf("%s has %v", m.ID, m.Headers)
			}
		}
	}})
}

// A configuration is judged without a trace of it on the disk.
func TestConfigIsJudgedWithoutATrace(t *testing.T) {
	dir := t.TempDir()
	c, err := Config{Name: "d", Path: dir, Format: recfm.Format{Recfm: recfm.VB}}.WithDefaults()
	if err != nil || c.Work != filepath.Join(dir, "portage") || c.Settle != 10*time.Second || c.MaxBatch != 500 {
		t.Errorf("%+v %v", c, err)
	}
	for want, c := range map[string]Config{
		"name":  {Name: "D", Path: dir},
		"lrecl": {Name: "d", Path: dir},
		"match": {Name: "d", Path: dir, Match: "[", Format: recfm.Format{Recfm: recfm.VB}},
		"gaps":  {Name: "d", Path: dir, Gaps: "Pass", Format: recfm.Format{Recfm: recfm.VB}},
	} {
		if _, err := c.WithDefaults(); err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("%v %v", entries, err)
	}
}
