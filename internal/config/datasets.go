package config

import (
	"fmt"

	"github.com/portage-gateway/portage/adapters/dataset"
)

// Dataset carries the generations of a file into the journal as events: each is taken when it is complete,
// judged whole, and then delivered record by record.
type Dataset struct {
	// Config says where generations arrive, how records stand in them and what a header says. Its name is also
	// that of the bridge, of its place in the journal, and of its dead letters' folder.
	dataset.Config `yaml:",inline"`
	// Totals are the kinds of header and trailer, and what the trailer's numbers must be. Default: framing
	// alone is judged.
	Totals *dataset.Totals `yaml:"totals"`
	// Copybook and Mapping are files, or "builtin:NAME" for both. Copybook is required; the mapping's event
	// block says which records are events.
	Copybook string `yaml:"copybook"`
	Mapping  string `yaml:"mapping"`
	// Codepage is that of text and zoned fields, such as cp500; a mapping may say otherwise of a field.
	// Default cp037.
	Codepage string `yaml:"codepage"`
	// Source is the CloudEvents source attribute, a URI-reference. Default: the mapping's.
	Source string `yaml:"source"`
}

// checkDatasets holds that each can be opened, and that none shares its name, which is that of its place in the
// journal, or its folder with another.
func (c *Config) checkDatasets(k *checker) {
	taken, folders := map[string]bool{"kafka": true}, map[string]string{}
	for _, b := range c.Bridges {
		taken[b.Name] = true
	}
	for _, d := range c.Diversions {
		taken[d.Name] = true
	}
	for _, w := range c.Webhooks {
		taken["webhook-"+w.Name] = true
	}
	for _, w := range c.WriteBacks {
		taken[w.Name] = true
	}
	for i, d := range c.Datasets {
		at := fmt.Sprintf("$.datasets[%d]", i)
		k.need(at, "copybook", d.Copybook)
		if taken[d.Name] {
			k.add(at+".name", "", "the name %q is taken by another bridge, diversion, webhook, write-back or dataset", d.Name)
		}
		taken[d.Name] = true
		if d.Totals != nil {
			if _, err := d.Totals.Check(); err != nil {
				k.add(at+".totals", "", "%v", err)
			}
		}
		whole, err := d.WithDefaults()
		if err != nil {
			k.add(at, "", "%v", err)
			continue
		}
		if other := folders[whole.Work]; other != "" {
			k.add(at, "give one of them a folder of its own with work, on the same file system", "the datasets %s and %s would both work in %s", other, d.Name, whole.Work)
		}
		folders[whole.Work] = d.Name
	}
}
