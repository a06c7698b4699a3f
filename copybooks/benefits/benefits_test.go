package benefits_test

import (
	"testing"

	"github.com/portage-gateway/portage/copybooks/benefits"
)

func TestEveryMappingCompiles(t *testing.T) {
	for _, name := range benefits.Names() {
		if _, err := benefits.View(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
