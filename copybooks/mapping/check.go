package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Position is a place in a mapping file, both from 1.
type Position struct{ Line, Column int }

// Error is one fault in a mapping file.
type Error struct {
	File string
	Position
	// Path is the YAML path of the setting, such as fields.CA-SIN.to.
	Path string
	// Err says what is wrong, and what is near.
	Err error
}

// Error implements error: file:line:column, the path and the cause.
func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %v", e.File, e.Line, e.Column, e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors are the faults of one mapping file.
type Errors []*Error

// Error returns the messages, a line break between them.
func (e Errors) Error() string {
	s := make([]string, len(e))
	for i, x := range e {
		s[i] = x.Error()
	}
	return strings.Join(s, "\n")
}

// Unwrap returns the faults for errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	s := make([]error, len(e))
	for i, x := range e {
		s[i] = x
	}
	return s
}

// position returns where a YAML path stands, or its nearest parent.
func (f *File) position(path string) Position {
	for path != "" {
		if p, ok := f.at[path]; ok {
			return p
		}
		i := len(path) - 1
		for i > 0 && path[i] != '.' {
			i--
		}
		path = path[:i]
	}
	return Position{1, 1}
}

func nodePosition(n ast.Node) Position {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return Position{1, 1}
	}
	p := n.GetToken().Position
	return Position{p.Line, p.Column}
}

// syntaxError turns an error of the YAML library into one of ours.
func syntaxError(name string, err error) Errors {
	e := &Error{File: name, Position: Position{1, 1}, Err: err}
	var y yaml.Error
	if errors.As(err, &y) {
		e.Err = errors.New(y.GetMessage())
		e.Position = tokenPosition(y.GetToken())
	}
	return Errors{e}
}

func tokenPosition(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{1, 1}
	}
	return Position{t.Position.Line, t.Position.Column}
}

// checker holds a YAML tree against the types that it will be decoded into, and notes where each key stands.
type checker struct {
	file *File
	errs Errors
}

func (c *checker) fail(n ast.Node, path, format string, args ...any) {
	if len(c.errs) < 20 {
		c.errs = append(c.errs, &Error{File: c.file.Name, Position: nodePosition(n), Path: path, Err: fmt.Errorf(format, args...)})
	}
}

func (c *checker) node(n ast.Node, t reflect.Type, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if _, null := n.(*ast.NullNode); null {
		c.fail(n, path, "has no value")
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		if _, ok := reflect.New(t).Interface().(yaml.InterfaceUnmarshaler); ok && scalar(n) {
			return
		}
		fields := map[string]reflect.Type{}
		for i := range t.NumField() {
			if tag := t.Field(i).Tag.Get("yaml"); tag != "" && tag != "-" {
				fields[tag] = t.Field(i).Type
			}
		}
		c.mapping(n, path, func(key string, at ast.Node) reflect.Type {
			if t, ok := fields[key]; ok {
				return t
			}
			c.fail(at, path, "unknown key %q%s", key, hint(key, fields))
			return nil
		})
	case reflect.Map:
		c.mapping(n, path, func(string, ast.Node) reflect.Type { return t.Elem() })
	case reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			c.fail(n, path, "is not a list")
			return
		}
		for i, v := range seq.Values {
			c.node(v, t.Elem(), fmt.Sprintf("%s.%d", path, i))
		}
	default:
		if !scalar(n) {
			c.fail(n, path, "is not a single value")
		}
	}
}

func scalar(n ast.Node) bool {
	_, ok := n.(ast.ScalarNode)
	return ok
}

func (c *checker) mapping(n ast.Node, path string, shape func(key string, at ast.Node) reflect.Type) {
	m, ok := n.(ast.MapNode)
	if !ok {
		c.fail(n, path, "is not a mapping of keys to values")
		return
	}
	seen := map[string]bool{}
	for iter := m.MapRange(); iter.Next(); {
		key := iter.Key().GetToken().Value
		sub := key
		if path != "" {
			sub = path + "." + key
		}
		if seen[key] {
			c.fail(iter.Key(), path, "key %q stands twice", key)
			continue
		}
		seen[key] = true
		c.file.at[sub] = nodePosition(iter.Key())
		if t := shape(key, iter.Key()); t != nil {
			c.node(iter.Value(), t, sub)
		}
	}
}

// hint names the most similar of the keys of known.
func hint[V any](key string, known map[string]V) string {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	sort.Strings(names)
	if n := nearest(key, names); n != "" {
		return fmt.Sprintf("; did you mean %s?", n)
	}
	return ""
}

// nearest returns the name with the fewest edits from key, if they are at most a third of its length.
func nearest(key string, names []string) string {
	best, at := "", len(key)/3+2
	for _, name := range names {
		if d := distance(strings.ToLower(key), strings.ToLower(name)); d < at {
			best, at = name, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
