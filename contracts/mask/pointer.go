package mask

import (
	"strconv"
	"strings"
)

// HiddenName stands for a member name that is not shown.
const HiddenName = "*"

const (
	// maxName is the longest name that is shown, in bytes.
	maxName = 64
	// maxDigitRun is how many digits in a row a shown name may have: account and social insurance numbers
	// have more.
	maxDigitRun = 4
)

// Name returns a member name if it looks like one that a programmer chose, else HiddenName: letters, digits
// and _ - . $ @ : , at most 64 bytes, not beginning with a digit, and never five digits in a row.
func Name(name string) string {
	if name == "" || len(name) > maxName || name[0] >= '0' && name[0] <= '9' {
		return HiddenName
	}
	run := 0
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= '0' && c <= '9':
			if run++; run > maxDigitRun {
				return HiddenName
			}
			continue
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte("_-.$@:", c) >= 0:
		default:
			return HiddenName
		}
		run = 0
	}
	return name
}

// Member returns the JSON Pointer of an object's member, with the name hidden if Name hides it. The names
// that Name shows need no escapes (RFC 6901 §3).
func Member(pointer, name string) string { return pointer + "/" + Name(name) }

// Index returns the JSON Pointer of an array's element.
func Index(pointer string, i int) string { return pointer + "/" + strconv.Itoa(i) }

// Match reports whether a JSON Pointer matches a pattern: a JSON Pointer in which * stands for any one
// member or element, and ** at the end for any number of them.
func Match(pattern, pointer string) bool {
	for pattern != "" {
		if pattern == "/**" {
			return true
		}
		var want, got string
		if pointer == "" {
			return false
		}
		want, pattern = next(pattern)
		got, pointer = next(pointer)
		if want != "*" && want != got {
			return false
		}
	}
	return pointer == ""
}

// next splits off the first reference token.
func next(pointer string) (token, rest string) {
	pointer = strings.TrimPrefix(pointer, "/")
	if i := strings.IndexByte(pointer, '/'); i >= 0 {
		return pointer[:i], pointer[i:]
	}
	return pointer, ""
}

// Tokens splits a JSON Pointer into its reference tokens, unescaped (RFC 6901 §4).
func Tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens
}
