// Package benefits holds the sample contracts of Portage: the EI claim inquiry and the CPP payment event.
package benefits

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/portage-gateway/portage/contracts"
)

//go:embed *.contract.yaml
var files embed.FS

const suffix = ".contract.yaml"

// Files returns the contract files, NAME.contract.yaml.
func Files() fs.FS { return files }

// Names returns the samples: cpp-payment-issued and ei-claim-status.
func Names() []string {
	list, _ := fs.Glob(files, "*"+suffix)
	for i, name := range list {
		list[i] = strings.TrimSuffix(name, suffix)
	}
	return list
}

// Contract reads a sample.
func Contract(name string) (*contracts.Contract, error) {
	if _, err := fs.Stat(files, name+suffix); err != nil {
		return nil, fmt.Errorf("no sample contract %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return contracts.ReadFS(files, name+suffix)
}
