package contracts

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/portage-gateway/portage/contracts/mask"
)

// schemaBase is the address under which a contract's own schemas are known while they are compiled.
const schemaBase = "contract:///contract.json"

// pendingSchema is a schema that waits for the end of its file.
type pendingSchema struct {
	node   ast.Node
	target *expectation
	schema any
}

func (r *contractReader) addSchema(n ast.Node, e *expectation, schema any) {
	r.pending = append(r.pending, pendingSchema{n, e, schema})
}

func (r *contractReader) addSchemaFile(n ast.Node, e *expectation) {
	content := r.content(n)
	if len(content) == 0 {
		return
	}
	schema, err := mask.Parse(content)
	if err != nil {
		r.fail(n, "%v", err)
		return
	}
	r.addSchema(n, e, schema)
}

func (r *contractReader) hasSchema(e *expectation) bool {
	return slices.ContainsFunc(r.pending, func(p pendingSchema) bool { return p.target == e })
}

// compileSchemas compiles what was collected; each schema may refer to "#/schemas/NAME".
func (r *contractReader) compileSchemas() {
	inline := make([]any, len(r.pending))
	for i, p := range r.pending {
		inline[i] = p.schema
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(noLoader{})
	if err := c.AddResource(schemaBase, map[string]any{"schemas": r.schemas, "inline": inline}); err != nil {
		r.fail(nil, "schemas: %v", err)
		return
	}
	for i, p := range r.pending {
		compiled, err := c.Compile(fmt.Sprintf("%s#/inline/%d", schemaBase, i))
		if err != nil {
			text := strings.NewReplacer(schemaBase, "", "\n", "; ").Replace(err.Error())
			r.fail(p.node, "schema: %s", text)
			continue
		}
		p.target.schema = compiled
	}
}

// noLoader refuses every schema that is not in the contract: nothing is fetched.
type noLoader struct{}

// Load implements jsonschema.URLLoader.
func (noLoader) Load(url string) (any, error) {
	return nil, errors.New("it is not in this contract")
}

// matchSchema returns a Failure for each place at which value is not what the schema says.
func matchSchema(schema *jsonschema.Schema, value any, masker mask.Masker) []Failure {
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []Failure{{Kind: KindSchema, Expected: "what the schema says", Got: "what cannot be checked"}}
	}
	s := schemaFailures{root: value, masker: masker}
	s.walk(invalid)
	// The validator goes through objects in no order.
	slices.SortStableFunc(s.list, func(a, b Failure) int {
		return cmp.Or(strings.Compare(a.Pointer, b.Pointer), strings.Compare(a.Expected, b.Expected))
	})
	return s.list
}

// schemaFailures turns the validator's tree of errors into a list. The validator's own texts show values, so
// none of them is used.
type schemaFailures struct {
	root   any
	masker mask.Masker
	list   []Failure
}

func (s *schemaFailures) walk(e *jsonschema.ValidationError) {
	switch e.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.Reference, *kind.AllOf:
		for _, cause := range e.Causes {
			s.walk(cause)
		}
		return
	}
	pointer, value := locate(s.root, e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			s.list = append(s.list, Failure{Pointer: mask.Member(pointer, name), Kind: KindMissing, Expected: "a member", Got: absent})
		}
		return
	case *kind.AdditionalProperties:
		object, _ := value.(map[string]any)
		for _, name := range k.Properties {
			place := mask.Member(pointer, name)
			s.list = append(s.list, Failure{Pointer: place, Kind: KindExtra, Expected: "no such member", Got: unwanted(place, object[name])})
		}
		return
	}
	f := Failure{Pointer: pointer, Got: s.masker.Value(pointer, value)}
	f.Kind, f.Expected = describe(e.ErrorKind)
	if f.Kind == KindExtra {
		f.Got = unwanted(pointer, value)
	}
	s.list = append(s.list, f)
}

// unwanted shows a value's shape only, also at a public place: nobody foresaw what would stand there.
func unwanted(pointer string, value any) string { return mask.Masker{}.Value(pointer, value) }

// describe says what a keyword asks for, in the contract's own words.
func describe(e jsonschema.ErrorKind) (kindOf Kind, expected string) {
	switch k := e.(type) {
	case *kind.Type:
		return KindType, strings.Join(k.Want, " or ")
	case *kind.Enum:
		return KindValue, "one of " + jsonText(k.Want)
	case *kind.Const:
		return KindValue, jsonText(k.Want)
	case *kind.Pattern:
		return KindFormat, "a text that matches " + k.Want
	case *kind.Format:
		return KindFormat, "a " + k.Want
	case *kind.MinLength:
		return KindFormat, fmt.Sprintf("at least %d characters", k.Want)
	case *kind.MaxLength:
		return KindFormat, fmt.Sprintf("at most %d characters", k.Want)
	case *kind.MinItems:
		return KindValue, fmt.Sprintf("at least %d elements", k.Want)
	case *kind.MaxItems:
		return KindValue, fmt.Sprintf("at most %d elements", k.Want)
	case *kind.MinProperties:
		return KindValue, fmt.Sprintf("at least %d members", k.Want)
	case *kind.MaxProperties:
		return KindValue, fmt.Sprintf("at most %d members", k.Want)
	case *kind.UniqueItems:
		return KindValue, "no two equal elements"
	case *kind.FalseSchema:
		return KindExtra, "nothing here"
	case *kind.AnyOf, *kind.OneOf:
		return KindSchema, "what one of the schema's alternatives says"
	}
	if limit, ok := numberLimit(e); ok {
		return KindValue, limit
	}
	return KindSchema, "what the schema says by " + strings.Join(e.KeywordPath(), "/")
}

func numberLimit(e jsonschema.ErrorKind) (string, bool) {
	switch k := e.(type) {
	case *kind.Minimum:
		return "at least " + ratText(k.Want), true
	case *kind.Maximum:
		return "at most " + ratText(k.Want), true
	case *kind.ExclusiveMinimum:
		return "more than " + ratText(k.Want), true
	case *kind.ExclusiveMaximum:
		return "less than " + ratText(k.Want), true
	case *kind.MultipleOf:
		return "a multiple of " + ratText(k.Want), true
	}
	return "", false
}

// ratText writes a number that came from decimal text: its digits end.
func ratText(r *big.Rat) string {
	digits, _ := r.FloatPrec()
	return r.FloatString(digits)
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "a value of the contract"
	}
	return string(text)
}

// locate follows reference tokens and returns the place as it may be shown, with what stands there.
func locate(value any, tokens []string) (pointer string, at any) {
	for _, token := range tokens {
		switch v := value.(type) {
		case map[string]any:
			pointer, value = mask.Member(pointer, token), v[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return pointer, nil
			}
			pointer, value = mask.Index(pointer, i), v[i]
		}
	}
	return pointer, value
}
