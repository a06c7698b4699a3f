package copybooks

import (
	"fmt"
	"io"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

// Options say how a copybook's text is read and how the bytes of its records are meant. The zero value is
// z/OS: cp037, tables slide, hexadecimal floating point, big endian, TRUNC(STD).
type Options struct {
	// Codepage names the code page of text and zoned items, as ebcdic.Lookup takes it. "" is cp037.
	Codepage string `yaml:"codepage"`
	// ODO says where items stand that follow a table of variable length. The zero value is Slide.
	ODO ODO `yaml:"odo"`
	// Float is the format of COMP-1 and COMP-2. The zero value is Hex.
	Float FloatFormat `yaml:"float"`
	// Endian is the byte order of binary, floating point and national items. The zero value is Big.
	Endian Endian `yaml:"endian"`
	// Trunc says which values a binary item takes. The zero value is Std.
	Trunc Trunc `yaml:"trunc"`
	// Form is the reference format of the source. The zero value guesses from its lines.
	Form syntax.Form `yaml:"form"`
	// Copy opens the text that a COPY statement names; library is "" unless the statement says OF or IN.
	// nil makes every COPY an error.
	Copy func(name, library string) (io.ReadCloser, error) `yaml:"-"`
	// Replacing is applied to the whole source, as by COPY name REPLACING: a copybook whose names hold
	// :TAG: can so be read alone.
	Replacing []syntax.Replacement `yaml:"replacing"`
	// DecimalComma is DECIMAL-POINT IS COMMA. A SPECIAL-NAMES paragraph in the source sets it too.
	DecimalComma bool `yaml:"decimalComma"`
	// Currency is the PICTURE's currency symbol, one character. "" is the dollar sign.
	Currency string `yaml:"currency"`
	// MaxRecord is the greatest size of a record, in bytes. 0 is 16 MiB; more than 134217727, the limit
	// of Enterprise COBOL for z/OS (Language Reference, Compiler limits), is an error.
	MaxRecord int `yaml:"maxRecord"`
}

// ODO says where items stand that follow a table that OCCURS DEPENDING ON.
type ODO uint8

// The rules for variable tables.
const (
	Slide ODO = iota // behind the elements that the counter says, as Enterprise COBOL lays out records
	Max              // behind the greatest number of elements, as Micro Focus does with NOODOSLIDE
)

// FloatFormat is the format of COMP-1 and COMP-2.
type FloatFormat uint8

// The floating point formats.
const (
	Hex  FloatFormat = iota // z/Architecture hexadecimal floating point, the only one of z/OS COBOL
	IEEE                    // IEEE 754 binary32 and binary64
)

// Endian is a byte order.
type Endian uint8

// The byte orders.
const (
	Big    Endian = iota // most significant byte first
	Little               // least significant byte first
)

// Trunc says which values a BINARY item takes (Enterprise COBOL Programming Guide, TRUNC).
type Trunc uint8

// The truncation rules. Decoding accepts the full range of the bytes under both.
const (
	Std Trunc = iota // as many decimal digits as the PICTURE has
	Bin              // the full range of its bytes
)

// The words of configuration files and flags, in the order of the constants.
var (
	odoWords    = []string{"slide", "max"}
	floatWords  = []string{"hex", "ieee"}
	endianWords = []string{"big", "little"}
	truncWords  = []string{"std", "bin"}
)

// String returns the word that configuration uses: slide or max.
func (o ODO) String() string { return word(odoWords, uint8(o)) }

// MarshalText is String for encoders.
func (o ODO) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText takes slide or max; "" is slide.
func (o *ODO) UnmarshalText(b []byte) error { return unword("odo", odoWords, b, (*uint8)(o)) }

// String returns the word that configuration uses: hex or ieee.
func (f FloatFormat) String() string { return word(floatWords, uint8(f)) }

// MarshalText is String for encoders.
func (f FloatFormat) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText takes hex or ieee; "" is hex.
func (f *FloatFormat) UnmarshalText(b []byte) error {
	return unword("float", floatWords, b, (*uint8)(f))
}

// String returns the word that configuration uses: big or little.
func (e Endian) String() string { return word(endianWords, uint8(e)) }

// MarshalText is String for encoders.
func (e Endian) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText takes big or little; "" is big.
func (e *Endian) UnmarshalText(b []byte) error { return unword("endian", endianWords, b, (*uint8)(e)) }

// String returns the word that configuration uses: std or bin.
func (t Trunc) String() string { return word(truncWords, uint8(t)) }

// MarshalText is String for encoders.
func (t Trunc) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText takes std or bin; "" is std.
func (t *Trunc) UnmarshalText(b []byte) error { return unword("trunc", truncWords, b, (*uint8)(t)) }

func word(words []string, i uint8) string {
	if int(i) < len(words) {
		return words[i]
	}
	return fmt.Sprintf("%%!(%d)", i)
}

func unword(setting string, words []string, b []byte, to *uint8) error {
	if len(b) == 0 {
		*to = 0
		return nil
	}
	for i, w := range words {
		if w == string(b) {
			*to = uint8(i)
			return nil
		}
	}
	return fmt.Errorf("%s: %q is neither %s nor %s", setting, b, words[0], words[1])
}
