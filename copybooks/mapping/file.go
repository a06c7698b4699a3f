package mapping

import (
	"errors"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

// File is a mapping file: what the bytes of a copybook's records mean to the people and programs outside
// Legacy. It is data; Compile checks it against Layouts.
type File struct {
	// Name stands in errors.
	Name string `yaml:"-"`
	// Zone is the time zone of date settings that hold a time, as the IANA database names it. "" means that
	// each of them must say.
	Zone string `yaml:"zone"`
	// Kinds say which record kinds a value selects. Options override them.
	Kinds *Kinds `yaml:"kinds"`
	// Fields are the settings, by the name or path of the Field.
	Fields map[string]*Setting `yaml:"fields"`
	// Event makes a CloudEvent of each record; nil: records are no events.
	Event *Event `yaml:"event"`
	// Exchange binds an HTTP operation to a request and a reply record; nil: there is none.
	Exchange *Exchange `yaml:"exchange"`

	at map[string]Position
}

// Kinds choose an 01 level, or a view of a REDEFINES, by a Field's value.
type Kinds struct {
	// Field is the name of the Field, which stands at the same place in every kind.
	Field string `yaml:"field"`
	// Records maps values of the Field to names. "a..b" is a range of values.
	Records map[string]string `yaml:"records"`
}

// Setting is what a mapping file says of one Field.
type Setting struct {
	// To is where the value stands: a member name, or a JSON Pointer (RFC 6901) from the record's object, or
	// inside a table from the element's object. "." puts a group's children in the place of the group.
	// "": the Field's own name.
	To string `yaml:"to"`
	// Identifier keeps the leading zeros of a number, which becomes a string of all its digits.
	Identifier bool `yaml:"identifier"`
	// Money makes an object of amount and currency; the setting is the currency's code (ISO 4217).
	Money string `yaml:"money"`
	// Count names the Field that says how many elements of a table are used. That Field is no longer shown.
	Count string `yaml:"count"`
	// Codes give the values of 88 levels a name outside Legacy, by the name of the condition.
	Codes map[string]*Code `yaml:"codes"`
	// Raw is where the value itself stands beside its code, as To. "": as a member named like the code with
	// LegacyCode behind it, only where the code alone does not say the value.
	Raw string `yaml:"raw"`
	// Texts is where the code's texts stand, as an object of en and fr. "": nowhere.
	Texts string `yaml:"texts"`
	// Date is the form of the digits of a date: see dateForms. "" : no date.
	Date string `yaml:"date"`
	// Window is the pivot of years of two digits: those below it are 20yy. From 1 to 100.
	Window int `yaml:"window"`
	// Zone overrides the File's.
	Zone string `yaml:"zone"`
	// Null are the contents that mean null: zeros, spaces, lowValues, highValues, nines, or text. Dates have
	// zeros, spaces, lowValues and nines if nothing is said. The first one is written for null.
	Null []string `yaml:"null"`
	// Sensitivity is protectedA, protectedB or sin; "" is that of the group around.
	Sensitivity string `yaml:"sensitivity"`
	// Selects says which view of a REDEFINES the Field's value selects, by value or range "a..b".
	Selects map[string]string `yaml:"selects"`
	// Otherwise is the view for all other values; "none" for no view, "" makes them an error.
	Otherwise string `yaml:"otherwise"`
	// Omit leaves the Field out of the JSON. Encoding keeps the original bytes, or writes Default.
	Omit bool `yaml:"omit"`
	// Default is written, as canonical text, where the JSON has no member for the Field and there are no
	// original bytes.
	Default *string `yaml:"default"`
	// Expect is the canonical text that the Field must have; another one is an error with reason eyecatcher.
	Expect *string `yaml:"expect"`
	// Codepage is the code page of a text or zoned Field.
	Codepage string `yaml:"codepage"`
	// Fold says what becomes of characters that the code page lacks: "ascii" takes their marks away (é becomes
	// e, œ oe), "" makes them an error. It changes what is written only.
	Fold string `yaml:"fold"`
	// Varchar takes a group of a binary length and a text (DCLGEN's level 49) as one text.
	Varchar bool `yaml:"varchar"`
	// NullIndicator names the Field that says whether this one is null, NAME or NAME(n) for element n of a
	// table: a binary number below 0, or one byte that is ? or X'FF' (DSNTIAUL, UNLOAD). That Field is no
	// longer shown; -1 or ?, and 0 or X'00', are written to it. Both stand outside of tables and REDEFINES.
	NullIndicator string `yaml:"nullIndicator"`
	// Layout names another 01 level whose Fields stand in the place of this one.
	Layout string `yaml:"layout"`
}

// Code is one name of a value outside Legacy. In the file it is an object, or the Slug alone.
type Code struct {
	// Slug is the name in JSON: lower-case words joined by hyphens.
	Slug string `yaml:"slug"`
	// EN and FR are texts for people.
	EN string `yaml:"en"`
	FR string `yaml:"fr"`
}

// UnmarshalYAML takes the slug alone, or an object.
func (c *Code) UnmarshalYAML(unmarshal func(any) error) error {
	if err := unmarshal(&c.Slug); err == nil {
		return nil
	}
	type plain Code
	return unmarshal((*plain)(c))
}

// Parse reads a mapping file. It is strict: unknown and repeated keys are errors. The error is an Errors.
func Parse(name string, src []byte) (*File, error) {
	tree, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, syntaxError(name, err)
	}
	f := &File{Name: name, at: map[string]Position{}}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		return f, nil
	}
	if len(tree.Docs) > 1 {
		return nil, Errors{&Error{File: name, Position: nodePosition(tree.Docs[1].Body), Err: errors.New("a second document")}}
	}
	c := checker{file: f}
	c.node(tree.Docs[0].Body, reflect.TypeFor[File](), "")
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	if err := yaml.NodeToValue(tree.Docs[0].Body, f, yaml.Strict()); err != nil {
		return nil, syntaxError(name, err)
	}
	return f, nil
}
