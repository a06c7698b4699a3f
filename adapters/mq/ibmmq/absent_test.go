//go:build !ibmmq

package ibmmq

import (
	"errors"
	"testing"
)

// A build without the client says so, and names the way out.
func TestAbsent(t *testing.T) {
	if _, err := Dial(Config{}); !errors.Is(err, ErrAbsent) {
		t.Errorf("%v, want ErrAbsent", err)
	}
}
