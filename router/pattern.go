package router

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// maxParams is the largest number of {name} segments in a pattern.
const maxParams = 8

// segment is one part of a pattern between slashes: a literal in its canonical form, or a parameter.
type segment struct {
	literal string
	param   string
}

// parsePattern reads a path pattern.
func parsePattern(pattern string) ([]segment, error) {
	if !strings.HasPrefix(pattern, "/") {
		return nil, fmt.Errorf("%q does not begin with a slash", pattern)
	}
	var segments []segment
	params := map[string]bool{}
	for part := range strings.SplitSeq(pattern[1:], "/") {
		name, isParam := strings.CutPrefix(part, "{")
		if !isParam {
			segments = append(segments, segment{literal: part})
			continue
		}
		name, closed := strings.CutSuffix(name, "}")
		if !closed || !validParam(name) {
			return nil, fmt.Errorf("%q is no {name} of letters and digits that fills a whole segment", part)
		}
		if params[name] {
			return nil, fmt.Errorf("{%s} stands twice", name)
		}
		params[name] = true
		segments = append(segments, segment{param: name})
	}
	if len(params) > maxParams {
		return nil, fmt.Errorf("%d parameters; at most %d are allowed", len(params), maxParams)
	}
	literals := make([]string, len(segments))
	for i, s := range segments {
		literals[i] = s.literal
		if s.param != "" {
			literals[i] = "x"
		}
	}
	whole := "/" + strings.Join(literals, "/")
	if p, code := canonicalPath(whole); code != "" {
		return nil, fmt.Errorf("%q would be refused in a request: %s", pattern, code)
	} else if p.escaped != whole {
		return nil, fmt.Errorf("%q is not in its canonical form, %q", pattern, p.escaped)
	}
	return segments, nil
}

func validParam(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// matcher finds the route of a path and method. It is immutable once built.
type matcher struct{ root node }

type node struct {
	literals map[string]*node
	param    *node
	leaves   []leaf
}

// leaf is one route that ends at a node.
type leaf struct {
	index   int // of the route
	methods []string
	names   []string // of the parameters, in their order
}

// add enters a route. The error names the route that it collides with.
func (m *matcher) add(index int, routes []Route) error {
	r := &routes[index]
	segments, err := parsePattern(r.Path)
	if err != nil {
		return err
	}
	n := &m.root
	var names []string
	for _, s := range segments {
		if s.param != "" {
			if n.param == nil {
				n.param = &node{}
			}
			names = append(names, s.param)
			n = n.param
			continue
		}
		if n.literals == nil {
			n.literals = map[string]*node{}
		}
		next := n.literals[s.literal]
		if next == nil {
			next = &node{}
			n.literals[s.literal] = next
		}
		n = next
	}
	for _, l := range n.leaves {
		for _, method := range r.Methods {
			if slices.Contains(l.methods, method) {
				return fmt.Errorf("route %q: path: %s %s is already taken by route %q", r.Name, method, r.Path, routes[l.index].Name)
			}
		}
	}
	n.leaves = append(n.leaves, leaf{index: index, methods: r.Methods, names: names})
	return nil
}

// found is the result of a search.
type found struct {
	leaf   *leaf
	values [maxParams]string // canonical, still escaped
	n      int
	// allowed are the methods of the routes that have the path, if none has the method.
	allowed []string
}

// find looks for the route of a canonical path. Literals are tried before parameters. The search
// visits each node of the tree at most once.
func (m *matcher) find(path, method string, f *found) {
	if m.root.find(strings.TrimPrefix(path, "/"), method, f) {
		f.allowed = nil
	}
}

func (n *node) find(rest, method string, f *found) bool {
	part, after, more := strings.Cut(rest, "/")
	step := func(next *node) bool {
		if more {
			return next.find(after, method, f)
		}
		return next.end(method, f)
	}
	if next := n.literals[part]; next != nil && step(next) {
		return true
	}
	if n.param == nil || part == "" || f.n == maxParams {
		return false
	}
	f.values[f.n] = part
	f.n++
	if step(n.param) {
		return true
	}
	f.n--
	return false
}

func (n *node) end(method string, f *found) bool {
	for i := range n.leaves {
		l := &n.leaves[i]
		if slices.Contains(l.methods, method) {
			f.leaf = l
			return true
		}
		f.allowed = append(f.allowed, l.methods...)
	}
	return false
}

// params returns the parameters' decoded values; nil if there are none.
func (f *found) params() map[string]string {
	if f.n == 0 {
		return nil
	}
	p := make(map[string]string, f.n)
	for i, name := range f.leaf.names {
		v := f.values[i]
		if strings.IndexByte(v, '%') >= 0 {
			// canonicalPath has checked every escape.
			v, _ = url.PathUnescape(v)
		}
		p[name] = v
	}
	return p
}
