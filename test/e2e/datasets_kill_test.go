package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/test/legacy"
)

// TestKillInMidFileDoublesNothing kills Portage again and again while it delivers, at batches and at random
// moments. Every record must be one event, or one dead letter.
func TestKillInMidFileDoublesNothing(t *testing.T) {
	n, seed := kills(t, 12), rand.Uint64()
	t.Logf("%d kills, seed %d", n, seed)
	dice := rand.New(rand.NewPCG(seed, 3))
	records := written(t, 1000)
	want, dead := spoilAddresses(records, 97)
	d := newDock(t)
	d.arrive("OASMSTR.G0001V00", records)
	inside, doubled := 0, 0
	for i := range n {
		d.start()
		published := d.metric(messages("published"))
		if i%3 == 0 {
			<-time.After(time.Duration(dice.IntN(60)) * time.Millisecond) // a moment that nobody chose
		} else {
			step := len(want) / n
			eventually(t, "it went on", func() bool { published = d.metric(messages("published")); return published >= step || d.done() })
		}
		doubled += d.metric(messages("duplicate"))
		d.portage.kill()
		if !d.done() {
			inside++
		}
	}
	d.start()
	d.filed("accepted", "OASMSTR.G0001V00")
	doubled += d.metric(messages("duplicate"))
	var got []string
	for _, e := range d.events() {
		got = append(got, e.Sequence)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d events, want %d, each once and in the file's order", len(got), len(want))
	}
	letters := d.letters()
	if letters != dead {
		t.Errorf("%d dead letters of %d bad records", letters, dead)
	}
	if _, _, page := get(t, "http://"+d.control+"/"); !strings.Contains(page, "date-value") {
		t.Error("the page does not show why records are dead letters")
	}
	if doubled > 0 {
		t.Errorf("%d records were published twice", doubled)
	}
	if inside == 0 {
		t.Error("no kill came in mid-file")
	}
	t.Logf("%d kills, %d in mid-file: %d events, %d dead letters, %d published twice", n, inside, len(got), letters, doubled)
}

// done tells whether the file is through.
func (d *dock) done() bool {
	_, err := os.Stat(filepath.Join(d.in, "portage", "accepted", "OASMSTR.G0001V00"))
	return err == nil
}

// letters counts the settled dead letters on disk; none may be left prepared.
func (d *dock) letters() (n int) {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.in, "portage", "dead-letters", "oas-master", "*"))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || !strings.HasSuffix(f, ".jsonl") {
			d.t.Errorf("%s: %v", f, err)
		}
		n += strings.Count(string(b), "\n")
	}
	return n
}

// spoilAddresses gives every nth address a month that is none, which no total sees. It returns the sequence
// numbers of the records that are events, and how many are not.
func spoilAddresses(records []legacy.Record, every int) (want []string, dead int) {
	for i, r := range records[1 : len(records)-1] {
		if r.Layout == "OAS-ADDRESS-RECORD" && i%every == 0 {
			copy(r.Bytes[len(r.Bytes)-2:], "\xf9\xf9")
			dead++
			continue
		}
		want = append(want, strconv.Itoa(i+2))
	}
	return want, dead
}

// lettersConfig reads dead letters again, by a mapping that was mended.
const lettersConfig = `
  - name: oas-again
    path: %s
    match: "*.jsonl"
    content: message
    format: {recfm: text}
    complete: rename
    poll: 20ms
    copybook: ../../copybooks/benefits/OASMSTR.cpy
    mapping: %s
`

// TestDeadLettersOfADatasetComeAgain mends the mapping and reads what was put aside: the events have the ids that
// they would have had.
func TestDeadLettersOfADatasetComeAgain(t *testing.T) {
	records := written(t, 200)
	want, dead := spoilAddresses(records, 7)
	d := newDock(t)
	d.start()
	d.arrive("OASMSTR.G0001V00", records)
	d.filed("accepted", "OASMSTR.G0001V00")
	if n := d.letters(); n != dead || len(d.events()) != len(want) {
		t.Fatalf("%d dead letters of %d, %d events of %d", n, dead, len(d.events()), len(want))
	}
	d.portage.stop()

	mapping, err := os.ReadFile("../../copybooks/benefits/OASMSTR.mapping.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mended := filepath.Join(d.dir, "mended.yaml")
	if err := os.WriteFile(mended, []byte(strings.ReplaceAll(string(mapping), "    - /effectiveMonth\n", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	letters := filepath.Join(d.in, "portage", "dead-letters", "oas-master")
	again := filepath.Join(d.dir, "again")
	if err := os.Rename(letters, again); err != nil {
		t.Fatal(err)
	}
	d.configure(fmt.Sprintf(dockConfig, d.in) + fmt.Sprintf(lettersConfig, again, mended))
	d.start()
	eventually(t, "every dead letter was an event", func() bool { return len(d.events()) >= len(want)+dead })
	seen := map[string]bool{}
	for _, e := range d.events() {
		if seen[e.ID] || !strings.HasPrefix(e.ID, "oas-master/") || !strings.HasSuffix(e.ID, "/"+e.Sequence) {
			t.Errorf("event %s of sequence %s", e.ID, e.Sequence)
		}
		seen[e.ID] = true
	}
	if len(seen) != len(records)-2 {
		t.Errorf("%d events of %d records", len(seen), len(records)-2)
	}
}
