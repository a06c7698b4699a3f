// Package arrows holds docs/architecture.md against the code: which room may import which, and which
// outside modules each may use. It is a statement of policy. Do not change the tables to mend a build:
// change the drawing because the house should change.
package arrows

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module  = "github.com/portage-gateway/portage"
	root    = "../.."
	drawing = root + "/docs/architecture.md"
)

// policy is what one fenced block of the drawing says: a room and what it may use.
type policy map[string][]string

// block reads the fenced block with the given info string.
func block(t *testing.T, info string) (lines []string) {
	t.Helper()
	f, err := os.Open(drawing)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := false
	for s := bufio.NewScanner(f); s.Scan(); {
		switch line := strings.TrimSpace(s.Text()); {
		case line == "```"+info:
			in = true
		case line == "```":
			in = false
		case in && line != "":
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		t.Fatalf("%s has no block ```%s", drawing, info)
	}
	return lines
}

func readPolicy(t *testing.T, info string) policy {
	t.Helper()
	p := policy{}
	for _, line := range block(t, info) {
		room, uses, ok := strings.Cut(line, "->")
		if !ok {
			t.Fatalf("%s: no -> in %q", drawing, line)
		}
		room = strings.TrimSpace(room)
		if _, twice := p[room]; twice {
			t.Errorf("%s names room %s twice in %s", drawing, room, info)
		}
		p[room] = strings.Fields(uses)
	}
	return p
}

// allows reports whether one of the room's patterns covers the package.
func (p policy) allows(room, pkg string) bool {
	return slices.ContainsFunc(p[room], func(pattern string) bool { return covers(pattern, pkg) })
}

func covers(pattern, pkg string) bool {
	if pattern == "..." {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return pkg == base || strings.HasPrefix(pkg, base+"/")
	}
	return pkg == pattern
}

// uses reports whether a module holds the package.
func uses(module, pkg string) bool { return pkg == module || strings.HasPrefix(pkg, module+"/") }

// imports maps each import of ours and of outside modules to one file that has it.
type imports map[string]string

// rooms reads the imports of every package: those of code that ships, and those of tests.
func rooms(t *testing.T) (code, tests map[string]imports) {
	t.Helper()
	code, tests = map[string]imports{}, map[string]imports{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		room := path.Dir(filepath.ToSlash(rel))
		into := code
		if strings.HasSuffix(file, "_test.go") {
			into = tests
		}
		if into[room] == nil {
			into[room] = imports{}
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			pkg, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if strings.Contains(strings.Split(pkg, "/")[0], ".") {
				into[room][pkg] = rel
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(code) < 10 {
		t.Fatalf("found only %d rooms: the walk is broken", len(code))
	}
	return code, tests
}

func TestRoomsImportOnlyAlongTheArrows(t *testing.T) {
	arrows := readPolicy(t, "arrows")
	code, _ := rooms(t)
	for room, pkgs := range code {
		if _, drawn := arrows[room]; !drawn {
			t.Errorf("room %s stands on no line of the drawing: add it to docs/architecture.md, or move it", room)
		}
		for pkg, file := range pkgs {
			if ours, ok := strings.CutPrefix(pkg, module+"/"); ok && !arrows.allows(room, ours) {
				t.Errorf("%s: %s may not import %s", file, room, ours)
			}
		}
	}
	for room := range arrows {
		if _, there := code[room]; !there {
			t.Errorf("the drawing has room %s, the code has not", room)
		}
	}
}

func TestRoomsUseOnlyTheirModules(t *testing.T) {
	modules := readPolicy(t, "modules")
	code, _ := rooms(t)
	used := map[string]bool{}
	for room, pkgs := range code {
		for pkg, file := range pkgs {
			if uses(module, pkg) {
				continue
			}
			i := slices.IndexFunc(modules[room], func(m string) bool { return uses(m, pkg) })
			if i < 0 {
				t.Errorf("%s: %s may not use %s", file, room, pkg)
				continue
			}
			used[room+" "+modules[room][i]] = true
		}
	}
	for room, list := range modules {
		for _, m := range list {
			if !used[room+" "+m] {
				t.Errorf("the drawing lets %s use %s, and it does not: take it off the line", room, m)
			}
		}
	}
}

func TestTestsUseOnlyTestModules(t *testing.T) {
	allowed := append(block(t, "testmodules"), module)
	shipped := readPolicy(t, "modules")
	_, tests := rooms(t)
	for room, pkgs := range tests {
		for pkg, file := range pkgs {
			own := slices.ContainsFunc(shipped[room], func(m string) bool { return uses(m, pkg) })
			if !own && !slices.ContainsFunc(allowed, func(m string) bool { return uses(m, pkg) }) {
				t.Errorf("%s: no test of %s may use %s", file, room, pkg)
			}
		}
	}
}

func TestCoversReadsPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, pkg string
		want         bool
	}{
		{"copybooks", "copybooks", true},
		{"copybooks", "copybooks/syntax", false},
		{"copybooks/...", "copybooks/syntax", true},
		{"copybooks/...", "copybooksx", false},
		{"...", "router", true},
	} {
		if got := covers(c.pattern, c.pkg); got != c.want {
			t.Errorf("covers(%q, %q) = %v, want %v", c.pattern, c.pkg, got, c.want)
		}
	}
}
