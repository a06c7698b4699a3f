package copybooks

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestEveryFaultHasANameAndAHint(t *testing.T) {
	all := Reasons()
	if len(all) != int(lastFault)-1 {
		t.Fatal(len(all))
	}
	for f := Blank; f < lastFault; f++ {
		if f.String() == "" || faultHints[f] == "" || !slices.Contains(all, f.String()) {
			t.Errorf("fault %d: %q %q", f, f, faultHints[f])
		}
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != int(lastFault)-1 {
		t.Error("two faults of one name")
	}
}

func TestFieldErrorSaysWhereAndWhatToDo(t *testing.T) {
	l := layout(t, "       01  REC.\n           05  A PIC X(4).\n", Options{})
	f, _ := l.Field("A")
	err := error(NewFieldError(l, f, TextEncoding, 0, 4, 0, 2))
	if got := err.Error(); got != "REC.A(1,3): text-encoding at offset 0, size 4: bytes that the code page does not define: check the code page" {
		t.Error(got)
	}
	if errors.Unwrap(err) == nil {
		t.Error("no cause")
	}
	if got := NewFieldError(l, nil, ShortRecord, -1, 0).Error(); !strings.HasPrefix(got, "REC: short-record: ") {
		t.Error(got)
	}
}
