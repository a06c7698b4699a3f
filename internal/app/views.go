package app

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// builtin is how a configuration names a sample that is part of the program.
const builtin = "builtin:"

// loadView compiles a copybook and its mapping, both files or one of the samples.
func loadView(copybook, mappingFile string) (*mapping.View, error) {
	return loadViewIn(copybook, mappingFile, "")
}

// loadViewIn is loadView for records whose text is in a code page; "" is cp037.
func loadViewIn(copybook, mappingFile, codepage string) (*mapping.View, error) {
	read := os.ReadFile
	if name, ok := strings.CutPrefix(copybook, builtin); ok {
		if codepage == "" {
			return benefits.View(name)
		}
		read = func(file string) ([]byte, error) { return fs.ReadFile(benefits.Files(), file) }
		copybook, mappingFile = name+".cpy", name+".mapping.yaml"
	}
	source, err := read(copybook)
	if err != nil {
		return nil, fmt.Errorf("read the copybook: %w", err)
	}
	layouts, err := copybooks.Parse(copybook, bytes.NewReader(source), copybooks.Options{Codepage: codepage})
	if err != nil {
		return nil, err
	}
	var file *mapping.File
	if mappingFile != "" {
		text, err := read(mappingFile)
		if err != nil {
			return nil, fmt.Errorf("read the mapping: %w", err)
		}
		if file, err = mapping.Parse(mappingFile, text); err != nil {
			return nil, err
		}
	}
	return mapping.Compile(layouts, file, mapping.Options{})
}
