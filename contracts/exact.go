package contracts

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/portage-gateway/portage/contracts/mask"
)

// exact checks that a value stands at a place, to the last digit.
func (r *run) exact(want exact, root any) {
	pointer, got, found := lookup(root, mask.Tokens(want.pointer))
	expected := jsonText(want.value) // as the contract writes it, with its placeholders
	value := r.fillJSON(want.value)
	switch {
	case !found:
		r.fail(Failure{Pointer: pointer, Kind: KindMissing, Expected: expected, Got: absent})
	case reflect.TypeOf(value) != reflect.TypeOf(got):
		r.fail(Failure{Pointer: pointer, Kind: KindType, Expected: expected, Got: r.masker.Value(pointer, got)})
	case !reflect.DeepEqual(value, got): // a json.Number is its text
		r.fail(Failure{Pointer: pointer, Kind: KindValue, Expected: expected, Got: r.masker.Value(pointer, got)})
	}
}

// lookup follows a pointer of the contract. Its names come from the contract, so they are shown.
func lookup(value any, tokens []string) (pointer string, at any, found bool) {
	for _, token := range tokens {
		pointer += "/" + strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
		if value, found = child(value, token); !found {
			for _, rest := range tokens[strings.Count(pointer, "/"):] {
				pointer += "/" + rest
			}
			return pointer, nil, false
		}
	}
	return pointer, value, true
}

func child(value any, token string) (any, bool) {
	if object, ok := value.(map[string]any); ok {
		member, found := object[token]
		return member, found
	}
	if list, ok := value.([]any); ok {
		for i, item := range list {
			if mask.Index("", i) == "/"+token {
				return item, true
			}
		}
	}
	return nil, false
}

// absent checks that nothing stands at any place that matches the pattern.
func (r *run) absent(pattern, pointer string, value any) {
	if pattern == "" {
		r.fail(Failure{Pointer: pointer, Kind: KindExtra, Expected: "nothing here", Got: unwanted(pointer, value)})
		return
	}
	token, rest, _ := strings.Cut(pattern[1:], "/")
	if rest != "" {
		rest = "/" + rest
	}
	switch v := value.(type) {
	case map[string]any:
		for _, name := range mask.Names(v) {
			if token == "*" || token == name {
				r.absent(rest, mask.Member(pointer, name), v[name])
			}
		}
	case []any:
		for i, item := range v {
			if token == "*" || mask.Index("", i) == "/"+token {
				r.absent(rest, mask.Index(pointer, i), item)
			}
		}
	}
}

// never checks that none of the contract's texts stands in text. The text itself is not shown: it is usually
// a SIN.
func (r *run) never(text string) {
	for n, forbidden := range r.interaction.expect.never {
		if strings.Contains(text, r.fill(forbidden, asIs)) {
			r.fail(Failure{Kind: KindLeak, Expected: "never to hold the text " + ordinal(n), Got: "it"})
		}
	}
}

func ordinal(n int) string { return "number " + jsonText(n+1) + " of never" }

// unescaped joins every name and text of a value.
func unescaped(value any) string {
	var b strings.Builder
	var walk func(any)
	walk = func(value any) {
		switch v := value.(type) {
		case string:
			b.WriteString(v + "\n")
		case json.Number:
			b.WriteString(v.String() + "\n")
		case map[string]any:
			for name, member := range v {
				b.WriteString(name + "\n")
				walk(member)
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(value)
	return b.String()
}
