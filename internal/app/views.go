package app

import (
	"fmt"
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
	if name, ok := strings.CutPrefix(copybook, builtin); ok {
		return benefits.View(name)
	}
	source, err := os.Open(copybook)
	if err != nil {
		return nil, fmt.Errorf("read the copybook: %w", err)
	}
	defer source.Close()
	layouts, err := copybooks.Parse(copybook, source, copybooks.Options{})
	if err != nil {
		return nil, err
	}
	var file *mapping.File
	if mappingFile != "" {
		text, err := os.ReadFile(mappingFile)
		if err != nil {
			return nil, fmt.Errorf("read the mapping: %w", err)
		}
		if file, err = mapping.Parse(mappingFile, text); err != nil {
			return nil, err
		}
	}
	return mapping.Compile(layouts, file, mapping.Options{})
}
