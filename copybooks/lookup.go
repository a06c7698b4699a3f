package copybooks

import (
	"fmt"
	"iter"
	"maps"
	"strings"
	"sync/atomic"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

// Layout is one compiled record description: an 01 level, or what stands in its place. It is immutable
// and safe to share.
type Layout struct {
	name     string
	root     *Field
	fields   []*Field // preorder, the root first
	renames  []*Field
	byName   map[string][]*Field
	min      int
	options  Options
	warnings []Warning
	// found holds what Field was asked for, so that typed access by path allocates nothing.
	found atomic.Pointer[map[string]*Field]
}

// maxFound bounds the paths that a Layout remembers.
const maxFound = 1024

// Warning is something that compilers treat differently, or that is likely a mistake. The Layout holds.
type Warning struct {
	// Path is the Field's; Line its line in the source, from 1.
	Path string
	Line int
	// Text says what was met, and what Portage makes of it.
	Text string
}

// String returns the path, the line and the text.
func (w Warning) String() string { return fmt.Sprintf("%s (line %d): %s", w.Path, w.Line, w.Text) }

// Name returns the name of the 01 level.
func (l *Layout) Name() string { return l.name }

// Root returns the 01 level. It is elementary if the record is one item.
func (l *Layout) Root() *Field { return l.root }

// Size returns the record's length in bytes with every table at its maximum.
func (l *Layout) Size() int { return l.root.Size }

// MinSize returns the record's length in bytes with every table that OCCURS DEPENDING ON at its minimum;
// under ODO Max it is Size.
func (l *Layout) MinSize() int { return l.min }

// Options returns the options that the Layout was parsed with: as given, but with the Form that was found
// and with what SPECIAL-NAMES set.
func (l *Layout) Options() Options { return l.options }

// Warnings returns what deserves a second look, in the source's order.
func (l *Layout) Warnings() []Warning { return append([]Warning(nil), l.warnings...) }

// Fields yields every Field, a group before its children, the root first, FILLER included. Level 66 is
// not among them: see Renames.
func (l *Layout) Fields() iter.Seq[*Field] {
	return func(yield func(*Field) bool) {
		for _, f := range l.fields {
			if !yield(f) {
				return
			}
		}
	}
}

// Renames returns the level 66 items. Each is a Field whose Parent is the root but which is not among
// its Children: another name for storage that they cover.
func (l *Layout) Renames() []*Field { return append([]*Field(nil), l.renames...) }

// Field returns the one Field that path names, level 66 included. Path is a Field's whole Path; or a
// name that is unique in the Layout; or names joined by dots or by OF (innermost first), of which some
// groups may be left out, as COBOL qualifies. Case does not count. The error is a *NameError. A path that was
// asked for before costs one look-up and no allocation; the first 1,024 are remembered.
func (l *Layout) Field(path string) (*Field, error) {
	found := l.found.Load()
	if found != nil {
		if f, ok := (*found)[path]; ok {
			return f, nil
		}
	}
	f, err := l.find(path)
	if err != nil || found != nil && len(*found) >= maxFound {
		return f, err
	}
	more := map[string]*Field{}
	if found != nil {
		maps.Copy(more, *found)
	}
	more[strings.Clone(path)] = f
	l.found.CompareAndSwap(found, &more) // another goroutine may have been faster: the next call tries again
	return f, nil
}

func (l *Layout) find(path string) (*Field, error) {
	names := strings.Split(strings.ToUpper(strings.TrimSpace(path)), ".")
	if len(names) == 1 {
		names = unqualify(names[0])
	}
	last := names[len(names)-1]
	var found []*Field
	for _, f := range l.byName[last] {
		if strings.EqualFold(f.Path, path) {
			return f, nil
		}
		if f.within(names[:len(names)-1]) {
			found = append(found, f)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	e := &NameError{Layout: l.name, Name: path}
	for _, f := range found {
		e.Several = append(e.Several, f.Path)
	}
	if len(found) == 0 {
		e.Nearest = l.nearest(last)
	}
	return nil, e
}

// unqualify turns A OF B OF C into C, B, A.
func unqualify(text string) []string {
	words := strings.Fields(text)
	var names []string
	for i, w := range words {
		if i%2 == 0 {
			names = append([]string{w}, names...)
		} else if w != "OF" && w != "IN" {
			return []string{text}
		}
	}
	if len(names) == 0 {
		return []string{""}
	}
	return names
}

// within reports whether groups, outermost first, are among f's parents in that order.
func (f *Field) within(groups []string) bool {
	parent := f.Parent
	for i := len(groups) - 1; i >= 0; i-- {
		for parent != nil && step(parent) != groups[i] {
			parent = parent.Parent
		}
		if parent == nil {
			return false
		}
		parent = parent.Parent
	}
	return true
}

// step returns the last part of f's Path.
func step(f *Field) string { return f.Path[strings.LastIndexByte(f.Path, '.')+1:] }

func (l *Layout) nearest(name string) string {
	names := make([]string, 0, len(l.byName))
	for _, f := range l.fields {
		if f.Name != "" {
			names = append(names, f.Name)
		}
	}
	for _, f := range l.renames {
		names = append(names, f.Name)
	}
	return syntax.Nearest(name, names)
}

// NameError says that a name is not, or not the only one, in a Layout.
type NameError struct {
	Layout, Name string
	// Nearest is the most similar name; "" if none is similar.
	Nearest string
	// Several are the paths that the name fits, if it fits more than one.
	Several []string
}

// Error says what was looked for and what could be meant.
func (e *NameError) Error() string {
	s := fmt.Sprintf("layout %s: no field %q", e.Layout, e.Name)
	switch {
	case len(e.Several) > 0:
		n := min(len(e.Several), 4)
		s = fmt.Sprintf("layout %s: %q is %d fields; qualify it: %s", e.Layout, e.Name, len(e.Several), strings.Join(e.Several[:n], ", "))
	case e.Nearest != "":
		s += "; did you mean " + e.Nearest + "?"
	}
	return s
}
