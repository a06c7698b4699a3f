package contracts

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Parse reads a contract that names no other files. name stands in errors, which are Errors.
func Parse(name string, src []byte) (*Contract, error) {
	return parse(name, src, func(string) ([]byte, error) {
		return nil, fmt.Errorf("this contract was read without its folder, so it can name no files")
	})
}

// ReadFile reads a contract and the files it names, which lie in its folder or below it.
func ReadFile(file string) (*Contract, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	defer root.Close()
	return parse(file, src, root.ReadFile)
}

// ReadFS is ReadFile in a file system.
func ReadFS(fsys fs.FS, file string) (*Contract, error) {
	src, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	return parse(file, src, func(name string) ([]byte, error) { return fs.ReadFile(fsys, path.Join(path.Dir(file), name)) })
}

func parse(name string, src []byte, open func(string) ([]byte, error)) (*Contract, error) {
	r := &contractReader{file: &file{name: name}, contract: &Contract{Values: map[string]string{}}, open: open}
	if root := r.root(src); root != nil {
		r.all(root)
	}
	if err := r.result(); err != nil {
		return nil, err
	}
	return r.contract, nil
}

// contractReader reads one contract.
type contractReader struct {
	*file
	contract *Contract
	open     func(string) ([]byte, error)
	schemas  map[string]any
	// pending are schemas to compile once all of the file is read.
	pending []pendingSchema
}

var (
	versionForm     = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
	placeholderForm = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9]*)\}`)
	eventForm       = regexp.MustCompile(`^[a-z0-9]+(\.[a-z0-9-]+)+$`)
)

func (r *contractReader) all(root ast.Node) {
	c := r.contract
	if t := root.Type(); t != ast.MappingType && t != ast.MappingValueType {
		r.fail(root, "a contract is a mapping of names to values")
		return
	}
	var interactions ast.Node
	r.fields(root, "a contract", map[string]func(ast.Node){
		"contract":  func(n ast.Node) { c.Name = r.text(n, "the contract's name") },
		"version":   func(n ast.Node) { c.Version = r.version(n) },
		"summary":   func(n ast.Node) { c.Summary = r.text(n, "summary") },
		"operation": func(n ast.Node) { c.Operation = r.operation(n) },
		"event":     func(n ast.Node) { c.Event = r.event(n) },
		"values": func(n ast.Node) {
			for _, m := range r.members(n, "values") {
				c.Values[m.name] = r.text(m.value, "a value's meaning")
			}
		},
		"public": func(n ast.Node) { c.Public = r.pointers(n, "public") },
		"schemas": func(n ast.Node) {
			r.schemas = map[string]any{}
			for _, m := range r.members(n, "schemas") {
				r.schemas[m.name] = r.json(m.value)
			}
		},
		"interactions": func(n ast.Node) { interactions = n },
	})
	for _, need := range [...]struct{ name, value string }{{"contract", c.Name}, {"version", c.Version}} {
		if need.value == "" && len(r.errs) == 0 {
			r.fail(root, "a contract needs %q", need.name)
		}
	}
	if (c.Operation == "") == (c.Event == "") && len(r.errs) == 0 {
		r.fail(root, "a contract has an operation or an event, and not both")
		return
	}
	list, ok := interactions.(*ast.SequenceNode)
	if interactions == nil {
		interactions = root
	}
	if !ok || len(list.Values) == 0 {
		r.fail(interactions, "a contract needs interactions: without one it would always hold")
		return
	}
	for _, n := range list.Values {
		r.interaction(n)
	}
	r.compileSchemas()
}

func (r *contractReader) version(n ast.Node) string {
	v := r.text(n, "the version")
	if v != "" && !versionForm.MatchString(v) {
		r.fail(n, "a version has three numbers, such as 1.0.0")
	}
	return v
}

func (r *contractReader) operation(n ast.Node) string {
	text := r.text(n, "operation")
	method, rest, ok := strings.Cut(text, " ")
	if text != "" && (!ok || method != strings.ToUpper(method) || !strings.HasPrefix(rest, "/")) {
		r.fail(n, "an operation is a method and a path, such as GET /v1/ei/claims/{claimRef}")
	}
	return text
}

func (r *contractReader) event(n ast.Node) string {
	text := r.text(n, "event")
	if text != "" && !eventForm.MatchString(text) {
		r.fail(n, "an event is a CloudEvents type, such as ca.example.benefits.cpp.payment.issued.v1")
	}
	return text
}

func (r *contractReader) pointers(n ast.Node, what string) []string {
	list := r.texts(n, what)
	for _, p := range list {
		r.pointer(n, p)
	}
	return list
}

func (r *contractReader) pointer(n ast.Node, p string) {
	if p != "" && !strings.HasPrefix(p, "/") {
		r.fail(n, "%q is not a JSON Pointer: it begins with a slash", p)
	}
}

func (r *contractReader) interaction(n ast.Node) {
	i := &Interaction{}
	i.Line, _ = position(n)
	answer, event := false, false
	r.fields(n, "an interaction", map[string]func(ast.Node){
		"name":     func(n ast.Node) { i.Name = r.text(n, "an interaction's name") },
		"state":    func(n ast.Node) { i.State = r.text(n, "state") },
		"request":  func(n ast.Node) { i.request = r.request(n) },
		"record":   func(n ast.Node) { i.record = r.record(n) },
		"response": func(n ast.Node) { answer = true; i.expect = r.response(n) },
		"expect":   func(n ast.Node) { event = true; i.expect = r.expected(n) },
	})
	for _, other := range r.contract.Interactions {
		if other.Name == i.Name {
			r.fail(n, "an interaction is called %q already, in line %d", i.Name, other.Line)
		}
	}
	r.contract.Interactions = append(r.contract.Interactions, i)
	switch {
	case i.Name == "":
		r.fail(n, "an interaction needs a name")
	case r.contract.Operation != "" && (i.request == nil || !answer || i.record != nil || event):
		r.fail(n, "an interaction of an operation has a request and a response")
	case r.contract.Event != "" && (i.record == nil || !event || i.request != nil || answer):
		r.fail(n, "an interaction of an event has a record and expect")
	}
}

func (r *contractReader) request(n ast.Node) *request {
	q := &request{}
	r.fields(n, "a request", map[string]func(ast.Node){
		"method":  func(n ast.Node) { q.method = r.text(n, "method") },
		"path":    func(n ast.Node) { q.path = r.filled(n, "path") },
		"headers": func(n ast.Node) { q.headers = r.headers(n) },
		"body":    func(n ast.Node) { q.body = r.body(n) },
	})
	if q.method == "" || !strings.HasPrefix(q.path, "/") {
		r.fail(n, "a request needs a method and a path that begins with a slash")
	}
	return q
}

// filled reads a text whose placeholders must be declared.
func (r *contractReader) filled(n ast.Node, what string) string {
	text := r.text(n, what)
	r.declared(n, text)
	return text
}

func (r *contractReader) declared(n ast.Node, text string) {
	for _, m := range placeholderForm.FindAllStringSubmatch(text, -1) {
		if _, ok := r.contract.Values[m[1]]; ok {
			continue
		}
		names := make([]string, 0, len(r.contract.Values))
		for name := range r.contract.Values {
			names = append(names, name)
		}
		if near := nearest(m[1], names); near != "" {
			r.fail(n, "{%s} is not declared; did you mean {%s}?", m[1], near)
		} else {
			r.fail(n, "{%s} is not declared: say under values what it means", m[1])
		}
	}
}

func (r *contractReader) headers(n ast.Node) []header {
	var list []header
	for _, m := range r.members(n, "headers") {
		list = append(list, header{http.CanonicalHeaderKey(m.name), r.filled(m.value, "a header's value")})
	}
	return list
}

func (r *contractReader) body(n ast.Node) json.RawMessage {
	value := r.json(n)
	r.declaredIn(n, value)
	text, err := json.Marshal(value)
	if err != nil {
		r.fail(n, "the body cannot be written as JSON")
	}
	return text
}

// declaredIn checks the placeholders of all texts in a value.
func (r *contractReader) declaredIn(n ast.Node, value any) {
	switch v := value.(type) {
	case string:
		r.declared(n, v)
	case map[string]any:
		for _, member := range v {
			r.declaredIn(n, member)
		}
	case []any:
		for _, item := range v {
			r.declaredIn(n, item)
		}
	}
}

func (r *contractReader) record(n ast.Node) *record {
	rec := &record{}
	ways := 0
	r.fields(n, "a record", map[string]func(ast.Node){
		"hex": func(n ast.Node) {
			ways++
			raw, err := hex.DecodeString(strings.Join(strings.Fields(r.text(n, "hex")), ""))
			if err != nil {
				r.fail(n, "hex holds pairs of hexadecimal digits, and white space")
			}
			rec.bytes = raw
		},
		"file": func(n ast.Node) { ways++; rec.bytes = r.content(n) },
		"json": func(n ast.Node) { ways++; rec.json = r.body(n) },
	})
	if ways != 1 || len(rec.bytes) == 0 && len(rec.json) == 0 {
		r.fail(n, "a record has bytes: by hex, by file or by json")
	}
	return rec
}

func (r *contractReader) content(n ast.Node) []byte {
	name := r.text(n, "file")
	content, err := r.open(filepath.FromSlash(name))
	if err != nil {
		r.fail(n, "%v", err)
	}
	return content
}

func (r *contractReader) response(n ast.Node) *expectation {
	e := &expectation{}
	readers := r.bodyReaders(e)
	readers["status"] = func(n ast.Node) { e.status = r.status(n) }
	readers["headers"] = func(n ast.Node) { e.headers = r.headers(n) }
	r.fields(n, "a response", readers)
	if e.status == 0 && len(r.errs) == 0 {
		r.fail(n, "a response needs a status")
	}
	return e
}

func (r *contractReader) status(n ast.Node) int {
	s, err := strconv.Atoi(n.GetToken().Value)
	if _, ok := n.(*ast.IntegerNode); !ok || err != nil || s < 100 || s > 599 {
		r.fail(n, "a status is a number from 100 to 599")
		return 100
	}
	return s
}

func (r *contractReader) expected(n ast.Node) *expectation {
	e := &expectation{}
	readers := r.bodyReaders(e)
	readers["refused"] = func(n ast.Node) {
		b, ok := n.(*ast.BoolNode)
		if !ok || !b.Value {
			r.fail(n, "refused is true, or is left out")
		}
		e.refused = true
	}
	r.fields(n, "expect", readers)
	asks := len(e.exact)+len(e.absent)+len(e.never) > 0 || r.hasSchema(e)
	if e.refused == asks {
		r.fail(n, "expect asks for something of the event, or says refused: true, and not both")
	}
	return e
}

// bodyReaders are the members that answers and events share.
func (r *contractReader) bodyReaders(e *expectation) map[string]func(ast.Node) {
	return map[string]func(ast.Node){
		"schema":     func(n ast.Node) { r.addSchema(n, e, r.json(n)) },
		"schemaFile": func(n ast.Node) { r.addSchemaFile(n, e) },
		"exact":      func(n ast.Node) { e.exact = r.exact(n) },
		"absent":     func(n ast.Node) { e.absent = r.pointers(n, "absent") },
		"never": func(n ast.Node) {
			e.never = r.texts(n, "never")
			for _, text := range e.never {
				r.declared(n, text)
				if text == "" {
					r.fail(n, "the empty text stands everywhere")
				}
			}
		},
	}
}

func (r *contractReader) exact(n ast.Node) []exact {
	var list []exact
	for _, m := range r.members(n, "exact") {
		r.pointer(m.key, m.name)
		value := r.json(m.value)
		r.declaredIn(m.value, value)
		list = append(list, exact{m.name, value})
	}
	return list
}
