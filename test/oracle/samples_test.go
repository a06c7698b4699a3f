package oracle

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/portage-gateway/portage/test/legacy"
)

var update = flag.Bool("update", false, "write the sample files anew")

// samples are the files that the README decodes. They lie beside the copybooks, so that a newcomer needs no
// COBOL compiler to have data.
var samples = map[string]struct {
	program string
	records int
}{
	"oas-extract.vb": {legacy.OASXTR, 20},
	"cpp-events.vb":  {legacy.CPPPAY, 60},
	"ei-replies.vb":  {legacy.EICLMS, 20},
}

// TestSampleFilesAreWhatCOBOLWrites holds the committed samples to the programs; -update writes them.
func TestSampleFilesAreWhatCOBOLWrites(t *testing.T) {
	programs := legacy.Build(t, legacy.OASXTR, legacy.CPPPAY, legacy.EICLMS)
	for name, s := range samples {
		want := legacy.File(programs.Extract(t, s.program, s.records))
		path := filepath.Join("../../copybooks/benefits/testdata", name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s writes: run go test ./test/oracle -run Sample -update", name, s.program)
		}
	}
}
