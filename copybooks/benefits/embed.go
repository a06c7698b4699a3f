// Package benefits holds the sample copybooks of Portage and their mappings: an EI claim inquiry, an OAS
// nightly extract, CPP payment events and AFT credit records. They are synthetic: no government uses them.
package benefits

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

//go:embed *.cpy *.mapping.yaml
var files embed.FS

// Files returns the copybooks, NAME.cpy, and mappings, NAME.mapping.yaml.
func Files() fs.FS { return files }

// Names returns the samples: CPA005, CPPPAYEV, EICLMSTA and OASMSTR.
func Names() []string {
	list, _ := fs.Glob(files, "*.cpy")
	for i, name := range list {
		list[i] = strings.TrimSuffix(name, ".cpy")
	}
	return list
}

// Layouts compiles a sample as z/OS writes it: cp037, hexadecimal floating point, tables that slide.
func Layouts(name string) ([]*copybooks.Layout, error) {
	src, err := files.ReadFile(name + ".cpy")
	if err != nil {
		return nil, fmt.Errorf("benefits: no sample %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return copybooks.Parse(name+".cpy", bytes.NewReader(src), copybooks.Options{})
}

// View compiles a sample with its mapping.
func View(name string) (*mapping.View, error) {
	layouts, err := Layouts(name)
	if err != nil {
		return nil, err
	}
	src, err := files.ReadFile(name + ".mapping.yaml")
	if err != nil {
		return nil, fmt.Errorf("benefits: sample %s has no mapping", name)
	}
	f, err := mapping.Parse(name+".mapping.yaml", src)
	if err != nil {
		return nil, err
	}
	return mapping.Compile(layouts, f, mapping.Options{})
}
