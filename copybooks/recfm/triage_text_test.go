package recfm

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// said returns the English texts of the package's source: what say and find are given, and names of line ends,
// archives, hypotheses.
func said(t *testing.T) (out []string) {
	files, err := filepath.Glob("triage*.go")
	if err != nil {
		t.Fatal(err)
	}
	place := map[string]int{"say": 0, "find": 4, "fit": 0}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			called := ""
			switch f := call.Fun.(type) {
			case *ast.Ident:
				called = f.Name
			case *ast.SelectorExpr:
				called = f.Sel.Name
			}
			i, ok := place[called]
			if !ok || i >= len(call.Args) {
				return true
			}
			if literal, ok := call.Args[i].(*ast.BasicLit); ok {
				s, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, s)
			}
			return true
		})
	}
	for _, e := range lineEnds {
		out = append(out, e.name)
	}
	for _, s := range strangers {
		out = append(out, s.name)
	}
	x := &examination{known: Known{Pages: []Page{{}}}}
	for _, h := range x.hypotheses() {
		out = append(out, h.name)
	}
	return out
}

var verb = regexp.MustCompile(`%[0-9]*[a-zA-Z]`)

// Everything that Triage says has its French, with the same values in the same order; and no French is left over.
func TestEverythingSaidHasItsFrench(t *testing.T) {
	english := append(said(t), "record", "block", "zip", "xz", "compress", "TSO TRANSMIT")
	if len(english) < 70 {
		t.Fatalf("only %d texts were found in the source", len(english))
	}
	for _, en := range english {
		fr, ok := frenchTexts[en]
		if !ok && en != "%s" {
			t.Errorf("%q has no French", en)
		}
		if a, b := verb.FindAllString(en, -1), verb.FindAllString(fr, -1); ok && !slices.Equal(a, b) {
			t.Errorf("%q takes %v, its French %v", en, a, b)
		}
	}
	for en := range frenchTexts {
		if !slices.Contains(english, en) {
			t.Errorf("%q is said nowhere", en)
		}
	}
}

// Every advice has its French: as many ways to send again, and the same commands and flags.
func TestEveryAdviceHasItsFrench(t *testing.T) {
	command := regexp.MustCompile(`--[a-z-]+|quote site [a-z]+|RECFM|LRECL|sysopts|datatype=[a-z]+`)
	for _, code := range Codes() {
		en, ok := AdviceOn(code, English)
		fr, _ := AdviceOn(code, French)
		if !ok || fr.Cause == "" || fr.Cause == en.Cause || len(fr.Resend) != len(en.Resend) || (fr.Local == "") != (en.Local == "") {
			t.Errorf("%s: %+v\n%+v", code, en, fr)
			continue
		}
		all := func(a Advice) []string {
			out := command.FindAllString(strings.Join(append(a.Resend, a.Cause, a.Local), " "), -1)
			slices.Sort(out)
			return out
		}
		if a, b := all(en), all(fr); !slices.Equal(a, b) {
			t.Errorf("%s names %v, its French %v", code, a, b)
		}
	}
	if len(frenchAdvices) != len(advices) {
		t.Errorf("%d advices, %d in French", len(advices), len(frenchAdvices))
	}
	if _, ok := AdviceOn("sunspots", English); ok {
		t.Error("sunspots are advised on")
	}
}

// A Diagnosis says the same in both languages, and has no value missing or too many.
func TestADiagnosisInFrench(t *testing.T) {
	file := bytes.Repeat([]byte("\xc1\xc2\xc3\x40\x12\x3c\r\n"), 20)
	d, err := Triage(bytes.NewReader(file), int64(len(file)), Known{})
	if err != nil {
		t.Fatal(err)
	}
	french := d.In(French)
	if got := french.Findings[0].Evidence; got != "un saut de ligne (CR LF, X'0D0A') suit chaque groupe de 6 octets, 20 fois" {
		t.Error(got)
	}
	if french.Format != "enregistrements de 6 octets, chacun avec un saut de ligne (CR LF, X'0D0A')" || french.Findings[0].Cause == d.Findings[0].Cause {
		t.Errorf("%+v", french)
	}
	if back := french.In(English); back.Findings[0].Evidence != d.Findings[0].Evidence || back.Format != d.Format {
		t.Errorf("%+v", back)
	}
}
