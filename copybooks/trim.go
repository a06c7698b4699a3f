package copybooks

import "fmt"

// Trim says which spaces a text loses when it is decoded. It never changes what encoding accepts.
type Trim uint8

// The trims. TrimPadding, the default, takes off what encoding adds: spaces to the right, or to the left of
// an item that is JUSTIFIED.
const (
	TrimPadding Trim = iota
	TrimBoth
	TrimLeft
	TrimNone
)

// UnmarshalText takes right, both, left or none; "" is right.
func (t *Trim) UnmarshalText(b []byte) error {
	if err := unword("trim", trimWords, b, (*uint8)(t)); err != nil {
		return fmt.Errorf("trim: %q is none of right, both, left and none", b)
	}
	return nil
}

var trimWords = []string{"right", "both", "left", "none"}

// String returns the word of configuration and flags.
func (t Trim) String() string { return word(trimWords, uint8(t)) }
