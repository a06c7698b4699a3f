package copybooks

import (
	"fmt"
	"io"
	"strings"

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
	// Overpunch says how the sign of a zoned item stands in its digit where the code page is not EBCDIC. The
	// zero value is Translated. EBCDIC pages have one way only.
	Overpunch Overpunch `yaml:"overpunch"`
	// Sync says where SYNCHRONIZED items stand. The zero value is SyncIBM.
	Sync Sync `yaml:"sync"`
	// BinarySize says how many bytes COMP and COMP-5 items have. The zero value is Binary248.
	BinarySize BinarySize `yaml:"binarySize"`
	// Pointers is the size of addresses. The zero value is LP32.
	Pointers Pointers `yaml:"pointers"`
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
	// CurrencySign is what the symbol prints, such as EUR or €, at most 20 characters. "" is the symbol
	// itself. CURRENCY SIGN IS ... WITH PICTURE SYMBOL in the source sets it too.
	CurrencySign string `yaml:"currencySign"`
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

// Overpunch is the custom by which a zoned item in ASCII or another page that is not EBCDIC holds its sign.
type Overpunch uint8

// The customs. Translated and GnuCOBOL read both of these; each writes its own. A plain digit is plus in all.
const (
	Translated Overpunch = iota // { A to I and } J to R: EBCDIC translated character by character
	GnuCOBOL                    // plain digits and p to y: GnuCOBOL, Micro Focus
	Fujitsu                     // @ A to I and P to Y: Fujitsu; its P, Q and R are other digits than Translated's
)

// Sync is a compiler's rule for SYNCHRONIZED.
type Sync uint8

// The rules.
const (
	// SyncIBM: 2 bytes for up to four digits, 4 for more and for COMP-1, 8 for COMP-2; slack bytes belong to
	// the group before (Enterprise COBOL for z/OS, Language Reference, Slack bytes within records).
	SyncIBM Sync = iota
	// SyncGnuCOBOL: as IBM, but 8 bytes for ten digits and more, and a group may begin with slack bytes
	// (GnuCOBOL 3.1.2, -std=ibm).
	SyncGnuCOBOL
	// SyncMF: no boundaries. Micro Focus heeds the clause only under its directive IBMCOMP, which is SyncIBM.
	SyncMF
)

// BinarySize is the rule for the length of COMP and COMP-5 items, by the digits of the PICTURE.
type BinarySize uint8

// The rules.
const (
	Binary248  BinarySize = iota // 2, 4 or 8 bytes: Enterprise COBOL, and Micro Focus under IBMCOMP
	Binary1248                   // 1, 2, 4 or 8 bytes: GnuCOBOL's default
	Binary1to8                   // as few bytes as hold the digits: Micro Focus under NOIBMCOMP
)

// Pointers is the size of POINTER, INDEX and their like (Enterprise COBOL 6.3, compiler option LP).
type Pointers uint8

// The sizes.
const (
	LP32 Pointers = iota // 4 bytes; PROCEDURE-POINTER 8
	LP64                 // 8 bytes; POINTER-32 4
)

// The words of configuration files and flags, in the order of the constants.
var (
	odoWords    = []string{"slide", "max"}
	floatWords  = []string{"hex", "ieee"}
	endianWords = []string{"big", "little"}
	truncWords  = []string{"std", "bin"}

	overpunchWords  = []string{"translated", "gnucobol", "fujitsu"}
	syncWords       = []string{"ibm", "gnucobol", "mf"}
	binarySizeWords = []string{"2-4-8", "1-2-4-8", "1-8"}
	pointersWords   = []string{"lp32", "lp64"}
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

// String returns the word that configuration uses: translated, gnucobol or fujitsu.
func (o Overpunch) String() string { return word(overpunchWords, uint8(o)) }

// MarshalText is String for encoders.
func (o Overpunch) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText takes translated, gnucobol or fujitsu; "" is translated.
func (o *Overpunch) UnmarshalText(b []byte) error {
	return unword("overpunch", overpunchWords, b, (*uint8)(o))
}

// String returns the word that configuration uses: ibm, gnucobol or mf.
func (s Sync) String() string { return word(syncWords, uint8(s)) }

// MarshalText is String for encoders.
func (s Sync) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes ibm, gnucobol or mf; "" is ibm.
func (s *Sync) UnmarshalText(b []byte) error { return unword("sync", syncWords, b, (*uint8)(s)) }

// String returns the word that configuration uses: 2-4-8, 1-2-4-8 or 1-8.
func (s BinarySize) String() string { return word(binarySizeWords, uint8(s)) }

// MarshalText is String for encoders.
func (s BinarySize) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes 2-4-8, 1-2-4-8 or 1-8; "" is 2-4-8.
func (s *BinarySize) UnmarshalText(b []byte) error {
	return unword("binarySize", binarySizeWords, b, (*uint8)(s))
}

// String returns the word that configuration uses: lp32 or lp64.
func (p Pointers) String() string { return word(pointersWords, uint8(p)) }

// MarshalText is String for encoders.
func (p Pointers) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText takes lp32 or lp64; "" is lp32.
func (p *Pointers) UnmarshalText(b []byte) error {
	return unword("pointers", pointersWords, b, (*uint8)(p))
}

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
	if len(words) == 2 {
		return fmt.Errorf("%s: %q is neither %s nor %s", setting, b, words[0], words[1])
	}
	return fmt.Errorf("%s: %q is none of %s", setting, b, strings.Join(words, ", "))
}
