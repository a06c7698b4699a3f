package contracts

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// Each story of testdata/faults is a contract file, then the faults that it has, one a line.
func TestFaultsOfFiles(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/faults.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var out []txtar.File
	for i := 0; i+1 < len(archive.Files); i += 2 {
		story := archive.Files[i]
		t.Run(story.Name, func(t *testing.T) {
			got := ""
			c, err := Parse("c.yaml", story.Data)
			if err != nil {
				got = err.Error() + "\n"
				var list Errors
				if !errors.As(err, &list) || len(list) == 0 || c != nil {
					t.Errorf("%T, contract %v", err, c)
				}
			}
			out = append(out, story, txtar.File{Name: "want", Data: []byte(got)})
			if want := string(archive.Files[i+1].Data); !*update && got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
	if *update {
		archive.Files = out
		if err := os.WriteFile("testdata/faults.txtar", txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNumbersKeepTheirDigits(t *testing.T) {
	c := mustParse(t, `
contract: digits
version: 1.0.0
operation: GET /x
interactions:
  - name: all forms
    request: {method: GET, path: /x}
    response: {status: 200, exact: {/a: 729.00, /b: 123456789012345678901234567890.10, /c: 1.0e+3, /d: -0, /e: "1.0", /f: 0.10}}
`)
	body := `{"a":729.00,"b":123456789012345678901234567890.10,"c":1.0e+3,"d":-0,"e":"1.0","f":0.10}`
	if got := failures(t, c, Target{HTTP: &side{status: 200, body: body}}); got != nil {
		t.Errorf("%+v", got)
	}
	for _, other := range []string{"729.0", "123456789012345678901234567890.1", "1000.0", "0", `"1.00"`, "0.1"} {
		for _, own := range []string{"729.00", "123456789012345678901234567890.10", "1.0e+3", "-0", `"1.0"`, "0.10"} {
			changed := strings.Replace(body, ":"+own+",", ":"+other+",", 1)
			if changed == body || own == other {
				continue
			}
			if got := failures(t, c, Target{HTTP: &side{status: 200, body: changed}}); len(got) != 1 {
				t.Errorf("%s for %s: %+v", other, own, got)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(claims))
	f.Add([]byte(payments))
	if archive, err := txtar.ParseFile("testdata/faults.txtar"); err == nil {
		for _, story := range archive.Files {
			f.Add(story.Data)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("c.yaml", src)
		if err != nil {
			var list Errors
			if !errors.As(err, &list) || len(list) == 0 {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if c.Name == "" || c.Version == "" || len(c.Interactions) == 0 || (c.Operation == "") == (c.Event == "") {
			t.Fatalf("taken: %+v", c)
		}
		if r, err := Verify(t.Context(), c, Target{HTTP: &side{status: 200, body: `{"a":[1,"x"]}`}}); err != nil || len(r.Interactions) != len(c.Interactions) {
			t.Fatalf("%+v %v", r, err)
		}
	})
}
