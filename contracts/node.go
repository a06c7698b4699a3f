package contracts

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Error is one fault of a contract file.
type Error struct {
	File string
	// Line and Column count from 1; 0 if the fault is in no line.
	Line, Column int
	Reason       string
}

// Error is FILE:LINE:COLUMN: reason.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Reason
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Reason)
}

// Errors are all faults of a contract file, in the order of their places.
type Errors []*Error

// Error joins the faults, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// file reads YAML and collects faults.
type file struct {
	name string
	errs Errors
}

func (f *file) fail(n ast.Node, format string, args ...any) {
	e := &Error{File: f.name, Reason: fmt.Sprintf(format, args...)}
	e.Line, e.Column = position(n)
	f.errs = append(f.errs, e)
}

// position returns where a node begins; a mapping's own token is its first colon.
func position(n ast.Node) (line, column int) {
	switch m := n.(type) {
	case nil:
		return 0, 0
	case *ast.MappingNode:
		if len(m.Values) > 0 {
			n = m.Values[0].Key
		}
	case *ast.MappingValueNode:
		n = m.Key
	}
	if n.GetToken() == nil {
		return 0, 0
	}
	return n.GetToken().Position.Line, n.GetToken().Position.Column
}

// result returns the faults in their order, or nil.
func (f *file) result() error {
	if len(f.errs) == 0 {
		return nil
	}
	slices.SortStableFunc(f.errs, func(a, b *Error) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return f.errs
}

// root parses src, which holds one mapping.
func (f *file) root(src []byte) ast.Node {
	tree, err := parser.ParseBytes(src, 0)
	if err != nil {
		e := &Error{File: f.name, Reason: err.Error()}
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil {
			e.Line, e.Column, e.Reason = syntax.Token.Position.Line, syntax.Token.Position.Column, syntax.Message
		}
		f.errs = append(f.errs, e)
		return nil
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		f.fail(nil, "a contract file holds one YAML document")
		return nil
	}
	return tree.Docs[0].Body
}

// member is one key of a mapping with its value.
type member struct {
	name  string
	key   ast.Node
	value ast.Node
}

// members returns a mapping's members, each name once.
func (f *file) members(n ast.Node, what string) []member {
	var pairs []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	default:
		f.fail(n, "%s is a mapping of names to values", what)
		return nil
	}
	var list []member
	for _, p := range pairs {
		name, ok := f.keyText(p.Key)
		if !ok {
			f.fail(p.Key, "this name is not a plain text")
			continue
		}
		if slices.ContainsFunc(list, func(m member) bool { return m.name == name }) {
			f.fail(p.Key, "%q stands twice", name)
			continue
		}
		list = append(list, member{name, p.Key, p.Value})
	}
	return list
}

func (f *file) keyText(n ast.Node) (string, bool) {
	switch k := n.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode:
		return k.GetToken().Value, true // as in codes: {200: ...}
	}
	return "", false
}

// fields hands each member of a mapping to its reader; a name without one is a fault.
func (f *file) fields(n ast.Node, what string, readers map[string]func(ast.Node)) {
	for _, m := range f.members(n, what) {
		if read, ok := readers[m.name]; ok {
			read(m.value)
			continue
		}
		names := make([]string, 0, len(readers))
		for name := range readers {
			names = append(names, name)
		}
		slices.Sort(names)
		if near := nearest(m.name, names); near != "" {
			f.fail(m.key, "%s has no %q; did you mean %q?", what, m.name, near)
		} else {
			f.fail(m.key, "%s has no %q; it has %s", what, m.name, strings.Join(names, ", "))
		}
	}
}

// text reads a text. A number written without quotes is a fault, so that no digit is lost.
func (f *file) text(n ast.Node, what string) string {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value
	case *ast.LiteralNode:
		return s.Value.Value
	}
	f.fail(n, "%s is a text: put it in quotes", what)
	return ""
}

// texts reads a list of texts.
func (f *file) texts(n ast.Node, what string) []string {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		f.fail(n, "%s is a list of texts", what)
		return nil
	}
	var all []string
	for _, item := range list.Values {
		all = append(all, f.text(item, what))
	}
	return all
}

// json reads any value as mask.Parse returns values: numbers keep their digits.
func (f *file) json(n ast.Node) any {
	switch v := n.(type) {
	case *ast.NullNode:
		return nil
	case *ast.BoolNode:
		return v.Value
	case *ast.StringNode:
		// The library reads some numbers that JSON has as texts, such as 1e3.
		if v.Token.Type == token.StringType && v.Value != "" && strings.ContainsAny(v.Value[:1], "-0123456789") && json.Valid([]byte(v.Value)) {
			f.fail(n, "%s is a number to some and a text to others: put a text in quotes, and write a number without an exponent", v.Value)
		}
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode:
		number := n.GetToken().Value
		if !json.Valid([]byte(number)) {
			f.fail(n, "%s is not a number as JSON writes it", number)
		}
		return json.Number(number)
	case *ast.SequenceNode:
		list := []any{}
		for _, item := range v.Values {
			list = append(list, f.json(item))
		}
		return list
	case *ast.MappingNode, *ast.MappingValueNode:
		object := map[string]any{}
		for _, m := range f.members(n, "an object") {
			object[m.name] = f.json(m.value)
		}
		return object
	}
	f.fail(n, "this kind of YAML (%s) has no place in a contract", n.Type())
	return nil
}

// nearest returns the name that is within a third of its length of edits, or "".
func nearest(name string, names []string) (best string) {
	least := max(len(name)/3, 1) + 1
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			least, best = d, candidate
		}
	}
	return best
}

// distance is Levenshtein's, in bytes.
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
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
