package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/test/legacy"
)

// dock is a Portage beside the folder in which the OAS extract arrives.
type dock struct {
	t                *testing.T
	dir, in          string
	traffic, control string
	portage          *process
}

// dockConfig describes the extract as its owner would: places in header and trailer, in bytes.
const dockConfig = `
datasets:
  - name: oas-master
    path: %s
    match: OASMSTR.*
    format: {recfm: VB}
    copybook: builtin:OASMSTR
    complete: rename
    poll: 20ms
    maxBatch: 25
    cycle: {offset: 22, size: 8}
    number: {offset: 30, size: 4}
    totals:
      kind: {offset: 0, size: 1}
      header: C8
      trailer: E3
      totals:
        - {name: records, trailer: {offset: 14, size: 4, usage: binary}}
        - {name: clients, kind: C3, trailer: {offset: 18, size: 4, usage: binary}}
        - {name: monthly amount, kind: C2, sum: {offset: 25, size: 4}, trailer: {offset: 22, size: 8}}
        - {name: SIN hash total, kind: C3, sum: {offset: 14, size: 5}, modulo: 1000000000000000, trailer: {offset: 30, size: 8}}
`

func newDock(t *testing.T) *dock {
	t.Helper()
	dir, err := os.MkdirTemp("", "dock-") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &dock{t: t, dir: dir, in: filepath.Join(dir, "in"), traffic: freePort(t), control: freePort(t)}
	if err := os.Mkdir(d.in, 0o700); err != nil {
		t.Fatal(err)
	}
	d.configure(fmt.Sprintf(dockConfig, d.in))
	return d
}

func (d *dock) configure(text string) {
	d.t.Helper()
	if err := os.WriteFile(d.config(), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dock) config() string { return filepath.Join(d.dir, "portage.yaml") }

func (d *dock) start() {
	d.t.Helper()
	d.portage = start(d.t, "run", "--config", d.config(), "--data", filepath.Join(d.dir, "data"), "--traffic", d.traffic, "--control", d.control)
}

// arrive puts a file into the folder as a careful sender does: under another name first.
func (d *dock) arrive(name string, records []legacy.Record) {
	d.t.Helper()
	half := filepath.Join(d.in, name+".tmp")
	if err := os.WriteFile(half, legacy.File(records), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(half, filepath.Join(d.in, name)); err != nil {
		d.t.Fatal(err)
	}
}

// filed waits until a file is in a folder of those that were dealt with.
func (d *dock) filed(folder, name string) string {
	d.t.Helper()
	path := filepath.Join(d.in, "portage", folder, name)
	eventually(d.t, name+" was filed as "+folder, func() bool {
		_, err := os.Stat(path)
		return err == nil
	})
	return path
}

// metric returns a series' value; 0: there is none.
func (d *dock) metric(series string) int {
	d.t.Helper()
	_, _, text := get(d.t, "http://"+d.control+"/metrics")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` ([0-9]+)`).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}

func generations(result string) string {
	return `portage_dataset_generations_total{dataset="oas-master",result="` + result + `"}`
}

func messages(result string) string {
	return `portage_bridge_messages_total{bridge="oas-master",result="` + result + `"}`
}

// extractEvent is what readers see of a record.
type extractEvent struct {
	ID, Type, Subject, Sequence, Cycle string
	Data                               struct{ MonthlyAmount struct{ Amount string } }

	text string
}

// events reads all of them, in their order.
func (d *dock) events() (list []extractEvent) {
	d.t.Helper()
	for cursor := ""; ; {
		response, err := http.Get("http://" + d.traffic + "/v1/events?limit=1000&after=" + cursor)
		if err != nil {
			d.t.Fatal(err)
		}
		before := len(list)
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			e := extractEvent{text: lines.Text()}
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				d.t.Fatal(err)
			}
			list = append(list, e)
		}
		response.Body.Close()
		if err := lines.Err(); err != nil {
			d.t.Fatal(err)
		}
		if len(list) == before {
			return list
		}
		cursor = response.Header.Get("Portage-Cursor")
	}
}

// written is the extract of COBOL, with what COBOL says of it.
func written(t *testing.T, clients int) []legacy.Record {
	t.Helper()
	return legacy.Build(t, legacy.OASXTR).Extract(t, legacy.OASXTR, clients)
}

// changed returns the records with some bytes of the first one of a layout changed.
func changed(records []legacy.Record, layout string, offset int, to ...byte) []legacy.Record {
	out := slices.Clone(records)
	for i, r := range out {
		if r.Layout == layout {
			out[i].Bytes = slices.Clone(r.Bytes)
			copy(out[i].Bytes[offset:], to)
			return out
		}
	}
	return out
}

// says returns the values that COBOL shows of a field, by the name of the layout.
func says(records []legacy.Record, layout, field string) (list []string) {
	for _, r := range records {
		for _, f := range r.Fields {
			if r.Layout == layout && f.Name == field {
				list = append(list, f.Value)
			}
		}
	}
	return list
}

// TestExtractArrivesOnceAndRightOrNotAtAll is a week of an extract's life: a good night, the same again, a rerun
// of the job, a night whose totals are wrong, and the corrected one.
func TestExtractArrivesOnceAndRightOrNotAtAll(t *testing.T) {
	records := written(t, 1000)
	d := newDock(t)
	d.start()
	d.arrive("OASMSTR.G0001V00", records)
	d.filed("accepted", "OASMSTR.G0001V00")
	first := d.events()
	checkExtract(t, records, first)

	d.arrive("OASMSTR.G0001V00", records)
	d.filed("repeated", "OASMSTR.G0001V00")
	d.arrive("OASMSTR.G0002V00", changed(records, "OAS-HEADER-RECORD", 30, 0xf0, 0xf0, 0xf0, 0xf2)) // the job ran again
	d.filed("repeated", "OASMSTR.G0002V00")
	if again := d.events(); len(again) != len(first) || d.metric(generations("repeated")) != 2 {
		t.Errorf("%d events after two repetitions, %d before", len(again), len(first))
	}

	next := changed(changed(records, "OAS-HEADER-RECORD", 22, 0xf2, 0xf0, 0xf9, 0xf9), "OAS-HEADER-RECORD", 30, 0xf0, 0xf0, 0xf0, 0xf3)
	wrong := changed(next, "OAS-TRAILER-RECORD", 29, next[len(next)-1].Bytes[29]^0x10)
	d.arrive("OASMSTR.G0003V00", wrong)
	checkRejected(d, "OASMSTR.G0003V00", wrong)
	if now := d.events(); len(now) != len(first) {
		t.Errorf("%d events of a rejected generation", len(now)-len(first))
	}
	d.portage.stop()
	d.start()
	checkRejected(d, "OASMSTR.G0003V00", wrong)

	d.arrive("OASMSTR.G0003V00", next)
	d.filed("accepted", "OASMSTR.G0003V00")
	eventually(t, "/readyz was content", func() bool {
		_, _, body := get(t, "http://"+d.control+"/readyz")
		return !strings.Contains(body, "rejected")
	})
	checkExtract(t, next, d.events()[len(first):])
}

// checkExtract holds events against what COBOL says of the records, and against the trailer.
func checkExtract(t *testing.T, records []legacy.Record, events []extractEvent) {
	t.Helper()
	if len(events) != len(records)-2 {
		t.Fatalf("%d events of %d records", len(events), len(records))
	}
	counts, ids, monthly := map[string]int{}, map[string]bool{}, new(big.Rat)
	subjects := map[string]string{}
	cycle := strings.TrimSpace(says(records, "OAS-HEADER-RECORD", "OX-SEQ-NO")[0])
	for i, e := range events {
		r := records[i+1]
		if want := strconv.Itoa(i + 2); e.Sequence != want || !strings.HasSuffix(e.ID, "/"+want) || !strings.HasPrefix(e.ID, "oas-master/"+e.Cycle+"/") {
			t.Fatalf("event %d after header %s is %s of sequence %s, cycle %s", i+1, cycle, e.ID, e.Sequence, e.Cycle)
		}
		account := string(r.Bytes[5:14])
		if s := subjects[account]; s != "" && s != e.Subject || len(e.Subject) < 80 {
			t.Fatalf("event %s has another subject than its account's other records", e.ID)
		}
		subjects[account] = e.Subject
		ids[e.ID] = true
		counts[e.Type]++
		if amount, ok := new(big.Rat).SetString(e.Data.MonthlyAmount.Amount); ok {
			monthly.Add(monthly, amount)
		}
	}
	clients := counts["ca.example.benefits.oas.client.recorded.v1"]
	for field, got := range map[string]*big.Rat{"OT-TOTAL-MONTHLY": monthly, "OT-CLIENT-COUNT": big.NewRat(int64(clients), 1)} {
		if want, ok := new(big.Rat).SetString(strings.TrimSpace(says(records, "OAS-TRAILER-RECORD", field)[0])); !ok || want.Cmp(got) != 0 {
			t.Errorf("%s is %v by the trailer and %v by the events", field, want, got)
		}
	}
	if len(ids) != len(events) || len(subjects) != clients || len(counts) != 3 {
		t.Errorf("%d events have %d ids and %d subjects; %d clients, types %v", len(events), len(ids), len(subjects), clients, counts)
	}
	checkPrivate(t, records, events)
}

// checkPrivate looks for SINs, accounts and names in all that readers see.
func checkPrivate(t *testing.T, records []legacy.Record, events []extractEvent) {
	t.Helper()
	secret := map[string]bool{}
	for _, layout := range []string{"OAS-CLIENT-RECORD", "OAS-BENEFIT-RECORD"} {
		for _, n := range append(says(records, layout, "OC-SIN"), says(records, layout, "OX-ACCT-NO")...) {
			n = strings.TrimLeft(strings.SplitN(strings.TrimSpace(n), ".", 2)[0], "+0")
			secret[n], secret[fmt.Sprintf("%09s", n)] = true, true
		}
	}
	for _, name := range says(records, "OAS-CLIENT-RECORD", "OC-SURNAME") {
		secret[strings.TrimSpace(name)] = true
	}
	if len(secret) < 1000 {
		t.Fatalf("only %d secrets to look for", len(secret))
	}
	words := regexp.MustCompile(`[\p{L}\p{N}]+`)
	for _, e := range events {
		for _, w := range words.FindAllString(e.text, -1) {
			if secret[w] {
				t.Fatalf("event %s shows %s", e.ID, w)
			}
		}
	}
}

// checkRejected holds that a refused file is kept whole, and that people are told why where they look.
func checkRejected(d *dock, name string, whole []legacy.Record) {
	d.t.Helper()
	kept, err := os.ReadFile(d.filed("rejected", name))
	if err != nil || string(kept) != string(legacy.File(whole)) {
		d.t.Errorf("the rejected file has %d bytes, %v", len(kept), err)
	}
	const why = "monthly amount is"
	reason, err := os.ReadFile(filepath.Join(d.in, "portage", "rejected", name+".reason"))
	if err != nil || !strings.Contains(string(reason), why) || !strings.Contains(string(reason), `"reason": "total"`) {
		d.t.Errorf("beside it stands %s, %v", reason, err)
	}
	for _, place := range []string{"/readyz", "/"} {
		var body string
		eventually(d.t, place+" said why", func() bool {
			_, _, body = get(d.t, "http://"+d.control+place)
			return strings.Contains(body, why)
		})
		if !strings.Contains(body, name) {
			d.t.Errorf("%s does not name the file:\n%s", place, body)
		}
	}
	if status, _, body := get(d.t, "http://"+d.control+"/readyz"); status != http.StatusOK {
		d.t.Errorf("an instance with a rejected file gets no traffic: %d\n%s", status, body)
	}
}
