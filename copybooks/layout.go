// Package copybooks compiles COBOL copybooks into Layouts, and decodes and encodes Records by them.
package copybooks

// Usage says how a Field's bytes hold its value (Enterprise COBOL for z/OS, Language Reference, USAGE clause).
type Usage uint8

// The usages. Group stands for a group item, which has no usage of its own.
const (
	Group          Usage = iota
	Display              // text, or zoned decimal if the category is numeric
	Binary               // BINARY, COMP, COMP-4: two's complement, truncated to the PICTURE's digits
	NativeBinary         // COMP-5: two's complement, the full binary range
	Packed               // COMP-3, PACKED-DECIMAL
	PackedUnsigned       // COMP-6 (Micro Focus): packed without a sign nibble
	Float                // COMP-1, 4 bytes
	Double               // COMP-2, 8 bytes
	National             // NATIONAL: UTF-16
	DBCS                 // DISPLAY-1
	UTF8                 // PIC U
	Index                // INDEX, 4 bytes
	Pointer              // POINTER, POINTER-32, FUNCTION-POINTER and the like: bytes without a value
)

// Category is the PICTURE's category.
type Category uint8

// The categories.
const (
	GroupItem Category = iota
	Alphabetic
	Alphanumeric
	AlphanumericEdited
	Numeric
	NumericEdited
	NationalText
	DBCSText
	UTF8Text
	Floating // COMP-1, COMP-2
	Opaque   // INDEX, POINTER
)

// Sign says where a zoned Field keeps its sign.
type Sign uint8

// The sign positions. TrailingOverpunch is IBM's default for a signed DISPLAY item. Items of other numeric
// usages have TrailingOverpunch if they are signed, Unsigned if not; edited items are always Unsigned.
const (
	Unsigned Sign = iota
	TrailingOverpunch
	LeadingOverpunch
	TrailingSeparate
	LeadingSeparate
)

// String returns the usage as COBOL words it: COMP-3, DISPLAY, ...; GROUP for a group.
func (u Usage) String() string {
	words := [...]string{"GROUP", "DISPLAY", "COMP", "COMP-5", "COMP-3", "COMP-6", "COMP-1", "COMP-2", "NATIONAL",
		"DISPLAY-1", "UTF-8", "INDEX", "POINTER"}
	if int(u) < len(words) {
		return words[u]
	}
	return "unknown usage"
}

// String returns the category in words: alphanumeric, numeric-edited, ...
func (c Category) String() string {
	words := [...]string{"group", "alphabetic", "alphanumeric", "alphanumeric-edited", "numeric", "numeric-edited",
		"national", "DBCS", "UTF-8", "floating-point", "opaque"}
	if int(c) < len(words) {
		return words[c]
	}
	return "unknown category"
}

// Field is one data item of a Layout. It is immutable once its Layout is built, and safe to share.
type Field struct {
	// Name is the data-name as written, upper case; "" for FILLER.
	Name string
	// Path joins the names from the 01 level down with dots: "EI-STATUS-COMMAREA.CA-KEY.CA-SIN". Unnamed
	// items stand as FILLER, with #n (n from 2) where a name repeats among siblings.
	Path string
	// Level is the level number as written.
	Level int
	// Offset is the distance in bytes from the start of the record when every table before it that
	// OCCURS DEPENDING ON holds its maximum. Of the first element if the Field or a parent OCCURS.
	Offset int
	// Size is one occurrence's length in bytes, at its maximum where it holds such a table.
	Size int
	// Usage, Category, Picture ("S9(7)V99", upper case), Digits (before and after the point) and Scale
	// (digits after the point; negative for trailing P) say what the bytes mean.
	Usage    Usage
	Category Category
	Picture  string
	Digits   int
	Scale    int
	Sign     Sign
	// Justified and BlankWhenZero are the clauses of the same names.
	Justified, BlankWhenZero bool
	// Codepage overrides the Layout's for this Field; "" takes the Layout's.
	Codepage string
	// OccursMin and OccursMax bound the number of elements. Both 0 for a Field that does not OCCUR;
	// equal for a table of fixed length.
	OccursMin, OccursMax int
	// DependingOn is the counter of a table of variable length; nil otherwise.
	DependingOn *Field
	// Redefines is the Field whose storage this one shares; nil otherwise.
	Redefines *Field
	// Conditions are the 88 levels, in their order.
	Conditions []Condition
	// Value is the VALUE clause, with From set; nil without one.
	Value *ValueRange
	// Parent is nil for the 01 level. Children is empty for an elementary item.
	Parent   *Field
	Children []*Field
	// Variable reports whether a table that OCCURS DEPENDING ON is among the Field's descendants, so that
	// the length of one occurrence depends on data; Sliding whether its real offset does: one lies before
	// it in the record, or a parent's occurrences are Variable. Tables inside of a redefinition move
	// nothing that follows. Under ODO Max both are false.
	Variable, Sliding bool
	// Line is where the item stands in its source, from 1.
	Line int

	renames *Field // level 66: the first item that is renamed

	ordinal int32 // its place in the Layout's preorder
}

// Elementary reports whether the Field has no children.
func (f *Field) Elementary() bool { return len(f.Children) == 0 }

// Filler reports whether the Field has no name.
func (f *Field) Filler() bool { return f.Name == "" }

// Condition is an 88 level: a name for one or more values of a Field.
type Condition struct {
	Name   string
	Values []ValueRange
}

// ValueRange is one VALUE of an 88 level, or a range if Through is not empty. Both are the literal's
// text without quotes; a figurative constant stands by its name (SPACES, ZEROS, LOW-VALUES, HIGH-VALUES,
// QUOTES, NULLS), with Figurative set for From and ThroughFigurative for Through. X'...' is decoded by
// the Layout's code page; ALL 'x' is repeated to the Field's length.
type ValueRange struct {
	From, Through     string
	Figurative        bool
	ThroughFigurative bool
}
