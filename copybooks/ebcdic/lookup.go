package ebcdic

import (
	"fmt"
	"strings"
	"sync"
)

// catalogue returns the pages that Lookup knows, in the order of Names.
var catalogue = sync.OnceValue(func() []*page {
	var all []*page
	for _, n := range strings.Fields("037 273 277 278 280 284 285 297 500 870 871 875 1025 1026 1047 1140 1141 1142 1143 1144 1145 1146 1147 1148 1149 1153") {
		all = append(all, &page{name: "cp" + n, charset: "IBM" + n, ebcdic: true})
	}
	for _, n := range strings.Fields("930 933 935 937 939 1364 1371 1388") {
		all = append(all, &page{name: "cp" + n, charset: "IBM" + n, ebcdic: true, mixed: true})
	}
	all[0].aliases = []string{"ebcdic", "ebcdiccpus", "ebcdiccpca"}
	return append(all,
		&page{name: "ebcdic-ca-fr", charset: "EBCDIC-CA-FR", ebcdic: true, aliases: []string{"cafr", "csebcdiccafr"}},
		&page{name: "ascii", charset: "US-ASCII", aliases: []string{"usascii", "367", "20127", "iso646us"}},
		&page{name: "latin1", charset: "ISO-8859-1", aliases: []string{"iso88591", "l1", "819", "28591"}},
		&page{name: "cp850", charset: "IBM850"},
		&page{name: "cp863", charset: "IBM863"},
		&page{name: "utf8", aliases: []string{"1208", "65001"}})
})

// Names returns the names of all pages, each as Codepage.Name.
func Names() []string {
	var names []string
	for _, p := range catalogue() {
		names = append(names, p.name)
	}
	return names
}

// refused are pages that exist and are not here.
var refused = map[string]string{
	"1390": "some of its pairs are two characters, which would not come back as the same bytes; cp930 is its older form",
	"1399": "some of its pairs are two characters, which would not come back as the same bytes; cp939 is its older form",
	"300":  "it has characters of two bytes only; name the mixed page around it, cp930 or cp939",
}

// Lookup returns the page of that name. Case, hyphens, underscores, blanks and leading zeros do not
// count, and cp, ibm, ibm-, ccsid and cs may stand before a number: cp037, IBM-37, CCSID 37 and 37 are
// one. The error is an *UnknownError.
func Lookup(name string) (*Codepage, error) {
	want := normal(name)
	for _, p := range catalogue() {
		if p.answers(want) {
			p.once.Do(func() { p.loaded = load(p) })
			return p.loaded, nil
		}
	}
	e := &UnknownError{Name: name}
	if e.Reason = refused[want]; e.Reason != "" {
		return nil, e
	}
	least := 3
	for _, p := range catalogue() {
		if len(want) > 32 {
			break
		}
		if d := changes(want, normal(p.name)); d < least {
			e.Nearest, least = p.name, d
		}
	}
	return nil, e
}

func (p *page) answers(want string) bool {
	if want == normal(p.name) {
		return true
	}
	for _, a := range p.aliases {
		if a == want {
			return true
		}
	}
	return false
}

// normal returns name in lower case, letters and digits only, without the prefix and the leading zeros of
// a page's number.
func normal(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
	for _, prefix := range []string{"ccsid", "ibm", "cp", "cs"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			name = rest
			break
		}
	}
	if trimmed := strings.TrimLeft(name, "0"); trimmed != "" {
		name = trimmed
	}
	return name
}

// changes counts the letters to change, insert, remove or swap between a and b (optimal string alignment).
func changes(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := last[j-1]
			if a[i-1] != b[j-1] {
				cost++
			}
			row[j] = min(cost, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// UnknownError says that no page has a name.
type UnknownError struct {
	Name string
	// Nearest is the most similar name, "" if none is similar.
	Nearest string
	// Reason says why a page that exists is not here; "" for a name that no page has.
	Reason string
}

// Error names the nearest page, or all.
func (e *UnknownError) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("code page %.40q is not supported: %s", e.Name, e.Reason)
	}
	if e.Nearest != "" {
		return fmt.Sprintf("unknown code page %.40q; did you mean %s?", e.Name, e.Nearest)
	}
	return fmt.Sprintf("unknown code page %.40q; known are %s", e.Name, strings.Join(Names(), " "))
}
