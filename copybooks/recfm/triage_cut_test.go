package recfm_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

// Wherever a file of one block is cut off, the cut is named, by descriptor words alone.
func TestTriageNamesACutInTheFirstBlock(t *testing.T) {
	for name, c := range map[string]struct {
		format recfm.Format
		known  recfm.Known
		from   int // shorter files say too little
	}{
		"V":                      {recfm.Format{Recfm: recfm.V}, recfm.Known{}, 17},
		"VB":                     {recfm.Format{Recfm: recfm.VB}, recfm.Known{}, 17},
		"VBS":                    {recfm.Format{Recfm: recfm.VBS, Blksize: 60}, recfm.Known{}, 17},
		"V and its copybook":     {recfm.Format{Recfm: recfm.V}, fortyBytes, 5},
		"VB and its copybook":    {recfm.Format{Recfm: recfm.VB}, fortyBytes, 9},
		"VB said":                {recfm.Format{Recfm: recfm.VB}, recfm.Known{Recfm: recfm.VB}, 5},
		"little and copybook":    {recfm.Format{Recfm: recfm.V, RDW: recfm.Little}, fortyBytes, 5},
		"uncounted and copybook": {recfm.Format{Recfm: recfm.V, RDWAdjust: 4}, fortyBytes, 5},
	} {
		t.Run(name, func(t *testing.T) {
			whole, err := write(c.format, fixed(4)...)
			if err != nil {
				t.Fatal(err)
			}
			ends := map[int]bool{} // a file may end here
			for n := range 4 {
				b, err := write(c.format, fixed(4)[:n]...)
				if err != nil {
					t.Fatal(err)
				}
				ends[len(b)] = !slices.Contains([]recfm.Recfm{recfm.VB, recfm.VBS}, c.format.Recfm)
			}
			for n := c.from; n < len(whole); n++ {
				if d := triage(t, whole[:n], c.known); slices.Contains(found(d), "truncated") == ends[n] {
					t.Errorf("cut at %d of %d: %v %s", n, len(whole), found(d), d.Format)
				}
			}
		})
	}
}

// What begins like a descriptor word by chance raises no alarm.
func TestTriageTakesNoNumberForADescriptorWord(t *testing.T) {
	small := func(halfwords ...int) (out []byte) {
		for _, h := range halfwords {
			out = append(out, byte(h>>8), byte(h))
		}
		return out
	}
	text := []byte("\xc1\xc2\xc3\xc4\xc5\x40\x40\x40\xc1\xc2\xc3\xc4\xc5\x40\x40\x40")
	forty := bytes.Join(fixed(1), nil)
	copy(forty, small(100, 0, 60, 0))
	for name, c := range map[string]struct {
		data  []byte
		known recfm.Known
	}{
		"a table of halfwords":            {small(500, 0, 400, 0, 300, 0), recfm.Known{}},
		"a fullword, then text":           {append(small(0, 0x6400), text...), recfm.Known{}},
		"one record of a known length":    {forty, recfm.Known{Lrecl: 40}},
		"a record of a fixed dataset":     {append(small(900, 0), text...), recfm.Known{Recfm: recfm.FB}},
		"zeros":                           {make([]byte, 30), recfm.Known{}},
		"a record that the copybook does": {forty, fortyBytes},
	} {
		if d := triage(t, c.data, c.known); slices.Contains(found(d), "truncated") {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// A file shorter than the shortest record is cut off, whatever its form.
func TestTriageNamesAFileShorterThanARecord(t *testing.T) {
	for _, k := range []recfm.Known{fortyBytes, {Lrecl: 40}, {Recfm: recfm.FB, Lrecl: 40}} {
		d := triage(t, fixed(1)[0][:33], k)
		if got := strings.Join(found(d), " "); got != "truncated" || !strings.Contains(fmt.Sprint(d.Findings), "33 bytes") {
			t.Errorf("%+v: %v", k, d.Findings)
		}
	}
}
