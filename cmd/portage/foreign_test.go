package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/portage-gateway/portage/copybooks"
)

// Copybooks that other tools are tested with are read as their compilers would: every record has its size, every item
// its line in the table, and words in both languages.
func TestCopybooksOfOtherTools(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/foreign/copybooks.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := txtar.Write(archive, dir); err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(archive.Comment)) {
		name, want, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if _, err := os.Stat(filepath.Join(dir, name)); !ok || err != nil {
			continue // a sentence
		}
		n++
		t.Run(name, func(t *testing.T) {
			f := &layoutFlags{}
			layouts, err := f.layouts(nil, filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range layouts {
				got = append(got, fmt.Sprintf("%s=%d", l.Name(), l.Size()))
				for field := range l.Fields() {
					if en, fr := explainField(l, field, false), explainField(l, field, true); en == fr || strings.Contains(en+fr, "%!") {
						t.Errorf("%s: explained as\n%s\n%s", field.Path, en, fr)
					}
				}
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s, want %s", s, want)
			}
			var table, asJSON bytes.Buffer
			if err := copybooks.WriteTable(&table, layouts); err != nil {
				t.Error(err)
			}
			if err := copybooks.WriteJSON(&asJSON, layouts); err != nil {
				t.Error(err)
			}
			if table.Len() == 0 || asJSON.Len() == 0 {
				t.Error("nothing is shown")
			}
		})
	}
	if n < 45 {
		t.Errorf("only %d copybooks", n)
	}
}
