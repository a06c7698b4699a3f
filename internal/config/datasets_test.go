package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/dataset"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

const extract = `
datasets:
  - name: oas-master
    path: DIR
    match: OASMSTR.*
    format: {recfm: VB}
    copybook: builtin:OASMSTR
    settle: 30s
    gaps: hold
    cycle: {offset: 22, size: 8}
    totals:
      kind: {offset: 0, size: 1}
      header: C8
      trailer: E3
      totals:
        - {name: clients, kind: C3, trailer: {offset: 18, size: 4, usage: binary}}
  - name: aft
    path: DIR/aft
    match: "*.aft"
    format: {recfm: F, lrecl: 1464}
    copybook: builtin:CPA005
    work: DIR/aft/work
bridges:
  - {name: cpp, queue: Q, deadLetters: D, copybook: builtin:CPPPAYEV}
`

func parseExtract(t *testing.T, from, to string) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "aft"), 0o700); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(extract, from) {
		t.Fatalf("%q does not stand there", from)
	}
	return Parse("p.yaml", []byte(strings.ReplaceAll(strings.Replace(extract, from, to, 1), "DIR", dir)))
}

func TestDatasetsLandInTheirRoom(t *testing.T) {
	c, err := parseExtract(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	d := c.Datasets[0]
	if d.Name != "oas-master" || d.Format.Recfm != recfm.VB || d.Settle != 30*time.Second || d.Gaps != dataset.Hold ||
		d.Cycle != (dataset.Digits{Offset: 22, Size: 8}) || d.Totals.Totals[0].Trailer.Usage != dataset.Binary {
		t.Errorf("the dataset is %+v", d)
	}
}

func TestFaultsOfDatasetsHaveTheirPlace(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		line           int
		message        string
	}{
		{"unknown setting", "gaps: hold", "gap: hold", 9, `there is no setting "gap"`},
		{"policy that is none", "gaps: hold", "gaps: maybe", 3, "maybe"},
		{"no copybook", "    copybook: builtin:OASMSTR\n", "", 3, "copybook is missing"},
		{"fixed records without a length", "lrecl: 1464", "blksize: 0", 17, "lrecl"},
		{"kind that is no hex", "header: C8", "header: H", 12, "is no hex"},
		{"a total of no place", "size: 4, usage: binary", "size: 9, usage: binary", 12, "1 to 8"},
		{"name of another bridge", "name: aft", "name: cpp", 17, "is taken by another"},
		{"two in one folder", "    work: DIR/aft/work", "    work: DIR/portage", 17, "would both work in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseExtract(t, c.from, c.to)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(strings.ToLower(e.Message), strings.ToLower(c.message)) {
				t.Fatalf("%v\nwant %q", err, c.message)
			}
			if e.Line != c.line {
				t.Errorf("at line %d, not %d\n%v", e.Line, c.line, err)
			}
		})
	}
}
