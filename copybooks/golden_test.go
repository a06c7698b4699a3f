package copybooks

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldenLayouts holds each testdata/layouts/*.txtar: the file x.cpy against the table or error in
// "table" or "error". The comment above may set options, a line each; other *.cpy files are there to COPY.
func TestGoldenLayouts(t *testing.T) {
	files, err := filepath.Glob("testdata/layouts/*.txtar")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			kind, got := inspectArchive(t, a)
			if *update {
				kept := a.Files[:0]
				for _, f := range a.Files {
					if strings.HasSuffix(f.Name, ".cpy") {
						kept = append(kept, f)
					}
				}
				a.Files = append(kept, txtar.File{Name: kind, Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(member(a, kind), got); diff != "" {
				t.Errorf("%s differs (- wanted, + is):\n%s", kind, diff)
			}
		})
	}
}

func inspectArchive(t *testing.T, a *txtar.Archive) (kind, text string) {
	t.Helper()
	o := Options{Copy: func(name, _ string) (io.ReadCloser, error) {
		for _, f := range a.Files {
			if strings.EqualFold(f.Name, name+".cpy") {
				return io.NopCloser(bytes.NewReader(f.Data)), nil
			}
		}
		return nil, os.ErrNotExist
	}}
	for line := range strings.Lines(string(a.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		var err error
		switch key {
		case "odo":
			err = o.ODO.UnmarshalText([]byte(value))
		case "form":
			err = o.Form.UnmarshalText([]byte(value))
		case "codepage":
			o.Codepage = value
		case "replacing":
			from, to, _ := strings.Cut(value, " BY ")
			o.Replacing = append(o.Replacing, syntax.Replacement{From: from, To: to})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	layouts, err := Parse("x.cpy", strings.NewReader(member(a, "x.cpy")), o)
	if err != nil {
		if !errors.As(err, new(syntax.Errors)) {
			t.Errorf("the error is a %T", err)
		}
		return "error", err.Error() + "\n"
	}
	var b bytes.Buffer
	if err := WriteTable(&b, layouts); err != nil {
		t.Fatal(err)
	}
	return "table", b.String()
}

func member(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}
