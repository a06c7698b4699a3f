package router

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestCanonicalPath(t *testing.T) {
	for _, c := range []struct{ raw, escaped, decoded, code string }{
		{"/v1/ei/claims/ABC", "/v1/ei/claims/ABC", "/v1/ei/claims/ABC", ""},
		{"/", "/", "/", ""},
		{"/a/", "/a/", "/a/", ""},
		{"/%41%62c", "/Abc", "/Abc", ""},          // unreserved: bare
		{"/a%20b", "/a%20b", "/a b", ""},          // others stay
		{"/caf%c3%a9", "/caf%C3%A9", "/café", ""}, // in upper case
		{"/100%25", "/100%25", "/100%", ""},       // a percent sign that no one can decode twice
		{"/a+b:@!$&'()*,=", "/a+b:@!$&'()*,=", "/a+b:@!$&'()*,=", ""},
		{"", "", "", "path-form"},
		{"*", "", "", "path-form"},
		{"a/b", "", "", "path-form"},
		{"/a%2fb", "", "", "path-encoded-slash"},
		{"/a%2Fb", "", "", "path-encoded-slash"},
		{"/a%5cb", "", "", "path-encoded-slash"},
		{"/%2e%2e/x", "", "", "path-encoded-dot"},
		{"/a/.%2e/x", "", "", "path-encoded-dot"},
		{"/a%00", "", "", "path-control"},
		{"/a%0d%0aHost:%20x", "", "", "path-control"},
		{"/a%7f", "", "", "path-control"},
		{"/%252e%252e/x", "", "", "path-double-escape"},
		{"/a\\b", "", "", "path-backslash"},
		{"/a/..;/x", "", "", "path-parameter"},
		{"/a;jsessionid=1", "", "", "path-parameter"},
		{"/a%3bb", "", "", "path-parameter"},
		{"/a/../b", "", "", "path-dots"},
		{"/a/..", "", "", "path-dots"},
		{"/./a", "", "", "path-dots"},
		{"//a", "", "", "path-empty-segment"},
		{"/a//b", "", "", "path-empty-segment"},
		{"/a//", "", "", "path-empty-segment"},
		{"//", "", "", "path-empty-segment"},
		{"/%c0%ae%c0%ae/x", "", "", "path-utf8"}, // overlong dots
		{"/%ff", "", "", "path-utf8"},
		{"/a%", "", "", "path-escape"},
		{"/a%4", "", "", "path-escape"},
		{"/a%zz", "", "", "path-escape"},
		{"/a b", "", "", "path-character"},
		{"/a\"b", "", "", "path-character"},
		{"/é", "", "", "path-character"},
		{"/...", "/...", "/...", ""},
	} {
		p, code := canonicalPath(c.raw)
		if code != c.code {
			t.Errorf("%q: code %q, want %q", c.raw, code, c.code)
			continue
		}
		if code == "" && (p.escaped != c.escaped || p.decoded != c.decoded) {
			t.Errorf("%q: %q, %q; want %q, %q", c.raw, p.escaped, p.decoded, c.escaped, c.decoded)
		}
	}
}

func TestQueries(t *testing.T) {
	many := strings.Repeat("a=1&", 999) + "a=1"
	for q, want := range map[string]string{
		"": "", "a=1&b=2": "", "q=caf%C3%A9&x": "", "a=%2F": "", many: "",
		"a=1;b=2": "query-semicolon", "a=%": "query-escape", "a=%4": "query-escape", "a=%zz": "query-escape",
		"a=\x00": "query-character", "a=é": "query-character", "a#b": "query-character", "a b": "query-character", many + "&b=2": "query-parameters",
	} {
		if got := checkQuery(q); got != want {
			t.Errorf("%.20q: %q, want %q", q, got, want)
		}
	}
}

// Whatever is accepted has one form, which http.Request writes as it is and which reads back the same.
func FuzzCanonicalPath(f *testing.F) {
	for _, s := range []string{"/v1/ei/claims/A", "/%2e%2e/x", "/a/..;/x", "/a%2fb", "/%c0%ae", "//x", "/%252e", "/a b", "/caf%c3%a9/", "/~a!$&'()*+,=:@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, code := canonicalPath(raw)
		if code != "" {
			if !knownRefusal(code) {
				t.Fatalf("%q: code %q is none of Refusals", raw, code)
			}
			return
		}
		again, code := canonicalPath(p.escaped)
		if code != "" || again != p {
			t.Fatalf("%q: canonical %+v, but again %+v %q", raw, p, again, code)
		}
		decoded, err := url.PathUnescape(p.escaped)
		if err != nil || decoded != p.decoded {
			t.Fatalf("%q: decoded %q, url says %q, %v", raw, p.decoded, decoded, err)
		}
		for i, s := range strings.Split(p.decoded[1:], "/") {
			if s == "." || s == ".." || s == "" && i < strings.Count(p.decoded, "/")-1 {
				t.Fatalf("%q: segment %q got through", raw, s)
			}
		}
		if strings.ContainsAny(p.decoded, "\\;\x00") || strings.Count(p.escaped, "/") != strings.Count(p.decoded, "/") {
			t.Fatalf("%q: %q got through", raw, p.decoded)
		}
		u := url.URL{Scheme: "http", Host: "x", Path: p.decoded}
		if !p.plain {
			u.RawPath = p.escaped
		}
		if u.RequestURI() != p.escaped {
			t.Fatalf("%q: matched as %q, forwarded as %q", raw, p.escaped, u.RequestURI())
		}
		parsed, err := url.ParseRequestURI(p.escaped)
		if err != nil {
			t.Fatalf("%q: %q does not parse: %v", raw, p.escaped, err)
		}
		if got, code := inspect(&http.Request{Method: "GET", URL: parsed}); code != "" || got != p {
			t.Fatalf("%q: a side that is a router sees %+v %q", raw, got, code)
		}
	})
}

func knownRefusal(code string) bool {
	for _, c := range Refusals {
		if c == code {
			return true
		}
	}
	return false
}

// The matcher finds what a slow reading of the patterns finds.
func FuzzMatch(f *testing.F) {
	routes := []Route{
		{Name: "list", Path: "/v1/claims"}, {Name: "one", Path: "/v1/claims/{ref}"}, {Name: "search", Path: "/v1/claims/search", Methods: []string{"POST"}},
		{Name: "part", Path: "/v1/claims/{ref}/parts/{part}"}, {Name: "any", Path: "/{a}/{b}/{c}/parts/latest"}, {Name: "slash", Path: "/v1/claims/"},
		{Name: "root", Path: "/"},
	}
	c, err := compile(routes)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"/v1/claims", "/v1/claims/", "/v1/claims/search", "/v1/claims/A/parts/latest", "/", "/x/y/z/parts/latest", "/v1//"} {
		f.Add(s, "GET")
		f.Add(s, "POST")
	}
	f.Fuzz(func(t *testing.T, raw, method string) {
		p, code := canonicalPath(raw)
		if code != "" {
			return
		}
		var got found
		c.match.find(p.escaped, method, &got)
		best, allowed := slowMatch(c.routes, p.escaped, method)
		if (got.leaf == nil) != (best < 0) || got.leaf != nil && got.leaf.index != best {
			t.Fatalf("%s %q: got %+v, want route %d", method, p.escaped, got.leaf, best)
		}
		if got.leaf == nil && (len(got.allowed) > 0) != allowed {
			t.Fatalf("%s %q: allowed %v, want any: %v", method, p.escaped, got.allowed, allowed)
		}
		if got.leaf != nil && len(got.params()) != strings.Count(c.routes[best].Path, "{") {
			t.Fatalf("%s %q: parameters %v of %s", method, p.escaped, got.params(), c.routes[best].Path)
		}
	})
}

// slowMatch compares segment by segment; a literal outranks a parameter from left to right.
func slowMatch(routes []Route, path, method string) (best int, allowed bool) {
	best = -1
	bestRank := ""
	parts := strings.Split(path[1:], "/")
	for i, r := range routes {
		want := strings.Split(r.Path[1:], "/")
		rank, ok := "", len(want) == len(parts)
		for j := 0; ok && j < len(parts); j++ {
			if strings.HasPrefix(want[j], "{") {
				rank, ok = rank+"b", parts[j] != ""
			} else {
				rank, ok = rank+"a", parts[j] == want[j]
			}
		}
		if !ok {
			continue
		}
		has := false
		for _, m := range r.Methods {
			has = has || m == method
		}
		if allowed = true; has && (best < 0 || rank < bestRank) {
			best, bestRank = i, rank
		}
	}
	return best, allowed
}
