package syntax

// Copybook is one text with everything it copies, read.
type Copybook struct {
	// Entries are the data description entries in their order, levels 66, 77 and 88 included. Level 78
	// and constants are not: they stand where they are used.
	Entries []Entry
	// Form is the reference format that the text was read in.
	Form Form
	// Doubt is the first fault that the text has in the form it looks like, where it was read in another; nil
	// otherwise.
	Doubt *Error
	// DecimalComma and Currency are as the options or SPECIAL-NAMES set them; "" is the dollar sign.
	DecimalComma bool
	Currency     string
	// CurrencySign is what the symbol Currency prints, one character or several; "" is the symbol itself.
	CurrencySign string

	reader *reader
}

// Entry is one data description entry. Words are in upper case.
type Entry struct {
	At
	Level int
	// Name is "" for FILLER and for an item without a name.
	Name string
	// Picture is nil without a PICTURE clause.
	Picture *Picture
	// Usage is what the entry itself says; NoUsage if it says nothing.
	Usage Usage
	// UnsignedBinary is BINARY-LONG UNSIGNED and the like.
	UnsignedBinary bool
	// ByteLength is the length of a PIC U item; 0 without the clause.
	ByteLength    int
	Sign          Sign
	Separate      bool
	Synchronized  bool
	Justified     bool
	BlankWhenZero bool
	External      bool
	Global        bool
	// Redefines and Renames name items; Through is the second name of RENAMES. nil if absent.
	Redefines        *Reference
	Renames, Through *Reference
	Occurs           *Occurs
	// Values are those of the VALUE clause: one for an item, any number for level 88.
	Values []Value
}

// At is the place of a word, for Copybook.Error.
type At struct {
	Line  int // from 1, in the text that holds it
	word  string
	line  uint32
	col   uint32
	inner uint16
}

// Reference is the name of an item, with the names of the groups that hold it, innermost first.
type Reference struct {
	At
	Name       string
	Qualifiers []string
}

// Occurs is the OCCURS clause. Min equals Max unless DependingOn is set.
type Occurs struct {
	At
	Min, Max    int
	DependingOn *Reference
}

// Value is a literal, or a range if Through is set. Text is without quotation marks.
type Value struct {
	At
	From    Literal
	Through *Literal
}

// Literal is one literal of a VALUE clause.
type Literal struct {
	Kind LiteralKind
	// Text is a number as written, with a point for the decimal sign; a text without its quotation
	// marks; a hexadecimal literal's digits; or a figurative constant's plural: SPACES, LOW-VALUES.
	Text string
	// All is ALL before the literal.
	All bool
}

// LiteralKind says what a Literal's text means.
type LiteralKind uint8

// The kinds of literals.
const (
	Number LiteralKind = iota
	Text
	HexText    // X'...': bytes in the code page of the data
	HexUnicode // NX'...', UX'...': UTF-16 or UTF-8 bytes
	Figurative // ZEROS, SPACES, HIGH-VALUES, LOW-VALUES, QUOTES, NULLS
)

// Sign is the SIGN clause.
type Sign uint8

// The positions of a sign.
const (
	NoSign Sign = iota
	Leading
	Trailing
)

// Usage is the USAGE clause. Synonyms are one: COMP, COMP-4 and BINARY are Binary.
type Usage uint8

// The usages (Language Reference, "USAGE clause"; CompX, Comp6 and BinaryChar to BinaryDouble are those
// of Micro Focus and GnuCOBOL).
const (
	NoUsage Usage = iota
	Display
	Binary
	Comp1
	Comp2
	Comp3
	Comp5
	Comp6
	CompX
	Display1
	National
	UTF8
	Index
	Pointer
	Pointer32
	ProcedurePointer
	FunctionPointer
	ObjectReference
	BinaryChar
	BinaryShort
	BinaryLong
	BinaryDouble
)

// usages are the words of the USAGE clause.
var usages = map[string]Usage{
	"DISPLAY": Display, "DISPLAY-1": Display1, "NATIONAL": National, "UTF-8": UTF8,
	"BINARY": Binary, "COMP": Binary, "COMP-0": Binary, "COMPUTATIONAL": Binary, "COMP-4": Binary, "COMPUTATIONAL-4": Binary,
	"COMP-1": Comp1, "COMPUTATIONAL-1": Comp1, "FLOAT-SHORT": Comp1,
	"COMP-2": Comp2, "COMPUTATIONAL-2": Comp2, "FLOAT-LONG": Comp2,
	"COMP-3": Comp3, "COMPUTATIONAL-3": Comp3, "PACKED-DECIMAL": Comp3,
	"COMP-5": Comp5, "COMPUTATIONAL-5": Comp5,
	"COMP-6": Comp6, "COMPUTATIONAL-6": Comp6, "COMP-X": CompX, "COMPUTATIONAL-X": CompX,
	"INDEX": Index, "POINTER": Pointer, "POINTER-32": Pointer32,
	"PROCEDURE-POINTER": ProcedurePointer, "FUNCTION-POINTER": FunctionPointer,
	"BINARY-CHAR": BinaryChar, "BINARY-SHORT": BinaryShort, "BINARY-LONG": BinaryLong, "BINARY-DOUBLE": BinaryDouble,
}

// figuratives are the figurative constants by all their spellings.
var figuratives = map[string]string{
	"ZERO": "ZEROS", "ZEROS": "ZEROS", "ZEROES": "ZEROS", "SPACE": "SPACES", "SPACES": "SPACES",
	"HIGH-VALUE": "HIGH-VALUES", "HIGH-VALUES": "HIGH-VALUES", "LOW-VALUE": "LOW-VALUES", "LOW-VALUES": "LOW-VALUES",
	"QUOTE": "QUOTES", "QUOTES": "QUOTES", "NULL": "NULLS", "NULLS": "NULLS",
}
