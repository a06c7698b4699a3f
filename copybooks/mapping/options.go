package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

// Options say how records are shown as JSON where the mapping file says nothing. The zero value is the
// default of the command line.
type Options struct {
	// KindField names the Field whose value says what a record is. "" takes the mapping file's.
	KindField string
	// Kinds say which 01 level, or which view of a REDEFINES, a value of KindField selects. nil takes the
	// mapping file's.
	Kinds []Kind
	// Trim says which spaces text loses. The zero value takes off what encoding adds.
	Trim copybooks.Trim
	// Fillers shows FILLER items, as filler, filler2, and so on among siblings.
	Fillers bool
	// Names is the style of member names that no mapping gives. The zero value is lowerCamel.
	Names Names
	// Numbers says how exact decimals, and integers above 15 digits, are written. The zero value is strings.
	Numbers Numbers
	// Invalid says what becomes of a field that cannot be decoded. The zero value is an error.
	Invalid Invalid
	// RecordSize is one more length that a record may have, in bytes: see copybooks.Decoder. 0: none but the
	// longest Layout's, if there are several.
	RecordSize int
	// Variable ends an encoded record with the view that was chosen for its last storage, as files of
	// variable records do. Without it, and without an original, the record has the greatest view's length.
	Variable bool
}

// Kind is one record kind.
type Kind struct {
	// Values of the kind field, as canonical text; "a..b" is a range.
	Values []string
	// Group is the name of an 01 level or of a view of a REDEFINES.
	Group string
}

// ParseKind reads VALUE[,VALUE]=GROUP, the form of the flag --kind.
func ParseKind(text string) (Kind, error) {
	values, group, ok := strings.Cut(text, "=")
	if !ok || values == "" || group == "" {
		return Kind{}, fmt.Errorf("kind %q: want VALUE[,VALUE]=GROUP", text)
	}
	return Kind{Values: strings.Split(values, ","), Group: strings.ToUpper(group)}, nil
}

// Names is the style of member names.
type Names uint8

// The styles. For the data-name CA-SIN-X they give caSinX, CA-SIN-X and ca_sin_x.
const (
	Camel Names = iota
	Cobol
	Snake
)

// Numbers says how exact decimals, and integers above 15 digits, are written.
type Numbers uint8

// The ways: a JSON string that keeps every digit, or a JSON number with the same digits.
const (
	NumberStrings Numbers = iota
	NumberNumbers
)

// Invalid says what becomes of a field that cannot be decoded.
type Invalid uint8

// The ways: a FieldError for the record, null, or {"raw": "hex digits"}, which encodes to the same bytes.
const (
	InvalidError Invalid = iota
	InvalidNull
	InvalidRaw
)

// UnmarshalText takes camel, cobol or snake; "" is camel.
func (n *Names) UnmarshalText(b []byte) error {
	return choose("names", b, (*uint8)(n), "camel", "cobol", "snake")
}

// UnmarshalText takes string or number; "" is string.
func (n *Numbers) UnmarshalText(b []byte) error {
	return choose("numbers", b, (*uint8)(n), "string", "number")
}

// UnmarshalText takes error, null or raw; "" is error.
func (i *Invalid) UnmarshalText(b []byte) error {
	return choose("invalid", b, (*uint8)(i), "error", "null", "raw")
}

func choose(what string, b []byte, to *uint8, words ...string) error {
	if len(b) == 0 {
		*to = 0
		return nil
	}
	i := slices.Index(words, string(b))
	if i < 0 {
		return fmt.Errorf("%s: %q is none of %s", what, b, strings.Join(words, ", "))
	}
	*to = uint8(i)
	return nil
}
