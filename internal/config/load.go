package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
)

// Error is a fault in a configuration file, with its place.
type Error struct {
	File string
	// Line and Column count from 1; 0: the whole file.
	Line, Column int
	// Source is the line at fault, without its end.
	Source string
	// Message says what is wrong, Hint what to do.
	Message, Hint string
}

// Error draws the place with a caret.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": " + e.Message)
	if e.Source != "" {
		fmt.Fprintf(&b, "\n  %s\n  %s^", e.Source, strings.Repeat(" ", max(0, e.Column-1)))
	}
	if e.Hint != "" {
		b.WriteString("\n  " + e.Hint)
	}
	return b.String()
}

// Load reads the file and checks it. The error is an *Error, or several joined, or that of the file
// system.
func Load(file string) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(file, text)
}

// Parse reads the text of a configuration; name stands in errors.
func Parse(name string, text []byte) (*Config, error) {
	c := &Config{
		Data:    "data",
		Traffic: Listener{Listen: "127.0.0.1:8080"},
		Control: Listener{Listen: "127.0.0.1:9080"},
	}
	source := &source{name: name, text: text}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, &Error{File: name, Message: "the file is empty", Hint: "portage init writes one to start from"}
	}
	if err := yaml.UnmarshalWithOptions(text, c, yaml.Strict()); err != nil {
		return nil, source.explain(err)
	}
	if faults := c.check(); len(faults) > 0 {
		errs := make([]error, len(faults))
		for i, f := range faults {
			errs[i] = source.at(f)
		}
		return nil, errors.Join(errs...)
	}
	return c, nil
}

// source is a configuration's text, to point into.
type source struct {
	name string
	text []byte
}

func (s *source) line(n int) string {
	lines := strings.Split(string(s.text), "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[n-1], "\r")
}

// explain turns an error of the YAML library into ours.
func (s *source) explain(err error) error {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		return s.placed(err.Error())
	}
	at := e.GetToken().Position
	out := &Error{File: s.name, Line: at.Line, Column: at.Column, Source: s.line(at.Line), Message: e.GetMessage()}
	if wrong := new(yaml.TypeError); errors.As(err, &wrong) && wrong.DstType == reflect.TypeFor[time.Duration]() {
		out.Message, out.Hint = "a duration is expected", "write a number with its unit, such as 1500ms, 5s or 2m"
	}
	if unknown := new(yaml.UnknownFieldError); errors.As(err, &unknown) {
		key := strings.TrimSpace(e.GetToken().Value)
		out.Message = fmt.Sprintf("there is no setting %q", key)
		if near := nearest(key, settings(reflect.TypeFor[Config]())); near != "" {
			out.Hint = fmt.Sprintf("did you mean %q?", near)
		}
	}
	return out
}

// placed makes an error of a message of package time, which has no place but quotes the value at fault.
func (s *source) placed(message string) error {
	out := &Error{File: s.name, Message: message}
	_, quoted, _ := strings.Cut(message, "\"")
	value, _, ok := strings.Cut(quoted, "\"")
	if !ok {
		return out
	}
	for _, t := range lexer.Tokenize(string(s.text)) {
		if t.Value == value {
			out.Line, out.Column, out.Source = t.Position.Line, t.Position.Column, s.line(t.Position.Line)
			out.Hint = "write a number with its unit, such as 1500ms, 5s or 2m"
			break
		}
	}
	return out
}

// at finds a fault's place by its YAML path.
func (s *source) at(f fault) error {
	out := &Error{File: s.name, Message: f.message, Hint: f.hint}
	p, err := yaml.PathString(f.path)
	if err != nil {
		return out
	}
	node, err := p.ReadNode(strings.NewReader(string(s.text)))
	if err != nil || node.GetToken() == nil {
		return out
	}
	pos := node.GetToken().Position
	out.Line, out.Column, out.Source = pos.Line, pos.Column, s.line(pos.Line)
	return out
}

// settings lists every setting's name below a type.
func settings(t reflect.Type) []string {
	var names []string
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for f := range t.Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != "" && name != "-" {
				names = append(names, name)
			}
			walk(f.Type)
		}
	}
	walk(t)
	slices.Sort(names)
	return slices.Compact(names)
}

// nearest returns the name that takes the fewest edits to reach, if they are few enough to be a slip.
func nearest(word string, names []string) string {
	best, distance := "", 1+len(word)/3
	for _, name := range names {
		if d := edits(strings.ToLower(word), strings.ToLower(name)); d <= distance && (best == "" || d < distance) {
			best, distance = name, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
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
