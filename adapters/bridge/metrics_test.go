package bridge

import (
	"slices"
	"testing"
)

// A reason that is not in the set counts as other, and nobody sees what it was.
func TestReasonsOfSinksAreInTheSet(t *testing.T) {
	for _, reason := range []string{"subscriber-refused", "header", "too-large", "id-conflict", reasonEvent, reasonOther} {
		if !slices.Contains(reasons(), reason) {
			t.Errorf("%s is counted as other", reason)
		}
	}
}
