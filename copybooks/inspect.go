package copybooks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Signed reports whether the Field's value can be below zero.
func (f *Field) Signed() bool {
	return f.Sign != Unsigned || f.Category == NumericEdited && strings.ContainsAny(f.Picture, "+-CD")
}

// WriteTable writes layouts for people: one line an item, with its level, name, offset from 0 (~ before
// one that depends on data), length, picture, usage, occurrences and what it redefines; conditions below
// their item, warnings below the record. The error is that of w.
func WriteTable(w io.Writer, layouts []*Layout) error {
	var b bytes.Buffer
	for i, l := range layouts {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s, %s\n", l.name, l.sizeWords())
		t := table{rows: [][]string{{"LEVEL", "NAME", "OFFSET", "LENGTH", "PICTURE", "USAGE", "OCCURS", "REDEFINES"}}}
		for f := range l.Fields() {
			t.add(f, f.depth())
		}
		for _, f := range l.renames {
			t.add(f, 0)
		}
		t.write(&b)
		for _, n := range l.warnings {
			fmt.Fprintf(&b, "warning: %s\n", n)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (l *Layout) sizeWords() string {
	if l.MinSize() != l.Size() {
		return fmt.Sprintf("%d to %s", l.MinSize(), plural(l.Size(), "byte"))
	}
	return plural(l.Size(), "byte")
}

// plural returns 1 byte, 2 bytes.
func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

// table is rows of cells; a row of two is a level and a text that may run on.
type table struct{ rows [][]string }

func (t *table) add(f *Field, depth int) {
	indent := strings.Repeat("  ", depth)
	offset, usage, redefines := strconv.Itoa(f.Offset), f.usageWords(), ""
	if f.Sliding {
		offset = "~" + offset
	}
	if f.Usage == Group {
		usage = ""
	}
	if f.Redefines != nil {
		redefines = f.Redefines.label()
	}
	t.rows = append(t.rows, []string{fmt.Sprintf("%02d", f.Level), indent + f.label(), offset, strconv.Itoa(f.Size),
		f.Picture, usage, f.occursWords(), redefines})
	for _, c := range f.Conditions {
		t.rows = append(t.rows, []string{"88", indent + "  " + c.Name + " = " + c.words(f.Category == Numeric)})
	}
}

// write writes the rows in columns, numbers to the right.
func (t *table) write(b *bytes.Buffer) {
	var widths [8]int
	for _, r := range t.rows {
		if len(r) == len(widths) {
			for i, c := range r {
				widths[i] = max(widths[i], utf8.RuneCountInString(c))
			}
		}
	}
	for _, r := range t.rows {
		var line strings.Builder
		for i, c := range r {
			pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(c)))
			if i == 2 || i == 3 {
				line.WriteString(pad + c + "  ")
			} else {
				line.WriteString(c + pad + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func (f *Field) depth() (d int) {
	for p := f.Parent; p != nil; p = p.Parent {
		d++
	}
	return d
}

func (f *Field) label() string {
	if f.Name == "" {
		return "FILLER"
	}
	return f.Name
}

// usageWords is the usage with the position of the sign where it is not IBM's default.
func (f *Field) usageWords() string {
	words := map[Sign]string{LeadingOverpunch: " leading sign", TrailingSeparate: " trailing separate sign", LeadingSeparate: " leading separate sign"}
	return f.Usage.String() + words[f.Sign]
}

func (f *Field) occursWords() string {
	switch {
	case f.OccursMax == 0:
		return ""
	case f.DependingOn != nil:
		return fmt.Sprintf("%d to %d by %s", f.OccursMin, f.OccursMax, f.DependingOn.label())
	}
	return strconv.Itoa(f.OccursMax)
}

// words are the values as COBOL would list them, cut after some.
func (c Condition) words(bare bool) string {
	var out []string
	for i, v := range c.Values {
		if i == 8 {
			out = append(out, "...")
			break
		}
		s := quoteUnless(v.From, bare || v.Figurative)
		if v.Through != "" {
			s += " THRU " + quoteUnless(v.Through, bare || v.ThroughFigurative)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func quoteUnless(text string, bare bool) string {
	if bare {
		return text
	}
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "..."
	}
	return strconv.Quote(text)
}

// inspected is a Layout as WriteJSON shows it.
type inspected struct {
	Name     string           `json:"name"`
	Size     int              `json:"size"`
	MinSize  int              `json:"minSize"`
	Fields   []inspectedField `json:"fields"`
	Warnings []string         `json:"warnings,omitempty"`
}

// inspectedField is a Field as WriteJSON shows it. occurs, picture and redefines are null if absent.
type inspectedField struct {
	Path        string               `json:"path"`
	Level       int                  `json:"level"`
	Offset      int                  `json:"offset"`
	Size        int                  `json:"size"`
	Usage       string               `json:"usage"`
	Picture     *string              `json:"picture"`
	Digits      int                  `json:"digits"`
	Scale       int                  `json:"scale"`
	Signed      bool                 `json:"signed"`
	Occurs      *int                 `json:"occurs"`
	Redefines   *string              `json:"redefines"`
	Category    string               `json:"category"`
	Sign        string               `json:"sign,omitempty"`
	OccursMin   *int                 `json:"occursMin,omitempty"`
	DependingOn string               `json:"dependingOn,omitempty"`
	Sliding     bool                 `json:"sliding,omitempty"`
	Conditions  []inspectedCondition `json:"conditions,omitempty"`
}

type inspectedCondition struct {
	Name   string           `json:"name"`
	Values []inspectedValue `json:"values"`
}

type inspectedValue struct {
	From    string `json:"from"`
	Through string `json:"through,omitempty"`
}

// WriteJSON writes layouts as a JSON array. Each has name, size, minSize and fields; each field has path,
// level, offset (from 0), size (bytes of one occurrence), usage, picture, digits, scale, signed, occurs
// (the greatest number of elements) and redefines (a name), and more where there is more to say. Absent
// pictures, occurrences and redefinitions are null. The error is that of w.
func WriteJSON(w io.Writer, layouts []*Layout) error {
	all := make([]inspected, 0, len(layouts))
	for _, l := range layouts {
		x := inspected{Name: l.name, Size: l.Size(), MinSize: l.MinSize(), Fields: make([]inspectedField, 0, len(l.fields))}
		for f := range l.Fields() {
			x.Fields = append(x.Fields, inspectField(f))
		}
		for _, f := range l.renames {
			x.Fields = append(x.Fields, inspectField(f))
		}
		for _, n := range l.warnings {
			x.Warnings = append(x.Warnings, n.String())
		}
		all = append(all, x)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(all)
}

func inspectField(f *Field) inspectedField {
	x := inspectedField{Path: f.Path, Level: f.Level, Offset: f.Offset, Size: f.Size, Usage: f.Usage.String(),
		Digits: f.Digits, Scale: f.Scale, Signed: f.Signed(), Category: f.Category.String(), Sliding: f.Sliding}
	if f.Picture != "" {
		x.Picture = &f.Picture
	}
	if f.Redefines != nil {
		name := f.Redefines.label()
		x.Redefines = &name
	}
	if f.OccursMax > 0 {
		x.Occurs = &f.OccursMax
	}
	if f.DependingOn != nil {
		x.OccursMin, x.DependingOn = &f.OccursMin, f.DependingOn.Path
	}
	if f.Usage == Display || f.Usage == National {
		x.Sign = [...]string{"", "trailing", "leading", "trailing separate", "leading separate"}[f.Sign]
	}
	for _, c := range f.Conditions {
		k := inspectedCondition{Name: c.Name}
		for _, v := range c.Values {
			k.Values = append(k.Values, inspectedValue{v.From, v.Through})
		}
		x.Conditions = append(x.Conditions, k)
	}
	return x
}
