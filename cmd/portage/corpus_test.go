package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/ebcdic"
	"github.com/portage-gateway/portage/copybooks/mapping"
	"github.com/portage-gateway/portage/copybooks/recfm"
	"github.com/portage-gateway/portage/test/legacy"
)

// corpus is one file as it stood on the mainframe: its records, and what its copybook knows.
type corpus struct {
	name    string
	records [][]byte
	known   recfm.Known
	marks   bool // text with characters that differ between code pages
	packed  bool
	varying bool
	// again encodes the same records by another code page; nil where that cannot be done.
	again func(page string) [][]byte
}

// draw makes a copybook and records by it: synthetic, and the same for the same seed.
func draw(t *testing.T, seed uint64) corpus {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 77))
	c := corpus{name: fmt.Sprintf("drawn %d", seed), varying: dice.IntN(2) == 0, marks: dice.IntN(3) == 0}
	textOnly := dice.IntN(5) == 0
	var src strings.Builder
	src.WriteString("       01  DRAWN.\n")
	item := func(level int, name, picture string) {
		fmt.Fprintf(&src, "           %02d  %-20s PIC %s.\n", level, name, picture)
	}
	var shapes []func() any
	shape := func(picture string, value func() any) {
		item(5, fmt.Sprintf("F-%d", len(shapes)), picture)
		shapes = append(shapes, value)
	}
	text := func(n int) func() any {
		return func() any {
			s := ""
			for len(s) < n && dice.IntN(5) > 0 {
				s += vocabulary[dice.IntN(len(vocabulary))] + " "
				if c.marks && dice.IntN(2) == 0 {
					s += markedVocabulary[dice.IntN(len(markedVocabulary))] + " "
				}
			}
			r := []rune(s)
			return strings.TrimSpace(string(r[:min(len(r), n)]))
		}
	}
	number := func(digits int) func() any {
		return func() any { return dice.Int64N(pow10(1 + dice.IntN(digits))) }
	}
	shape("X(01)", func() any { return string("ABC"[dice.IntN(3)]) })
	shape("9(09)", func() any { return dice.Int64N(1e9) })
	for range 4 + dice.IntN(9) {
		kind := dice.IntN(6)
		switch n := 2 + dice.IntN(8); {
		case textOnly || kind <= 1:
			n = 8 + dice.IntN(32)
			shape(fmt.Sprintf("X(%02d)", n), text(n))
		case kind == 2:
			shape(fmt.Sprintf("9(%02d)", n), number(n))
		case kind == 3:
			shape("S9(09) COMP", number(6))
		default:
			c.packed = true
			shape(fmt.Sprintf("S9(%02d)V99 COMP-3", n), func() any { return fmt.Sprintf("%d.%02d", dice.Int64N(pow10(n)), dice.IntN(100)) })
		}
	}
	if c.marks {
		shape("X(40)", text(40))
	}
	if c.varying {
		item(5, "N", "9(02)")
		src.WriteString("           05  LIST OCCURS 0 TO 40 TIMES DEPENDING ON N.\n")
		item(10, "L-TEXT", "X(12)")
		item(10, "L-CODE", "9(04)")
	}
	compile := func(page string) *mapping.View {
		layouts, err := copybooks.Parse("drawn.cpy", strings.NewReader(src.String()), copybooks.Options{Codepage: page})
		if err != nil {
			t.Fatal(err)
		}
		v, err := mapping.Compile(layouts, nil, mapping.Options{RecordSize: layouts[0].Size()})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var lines [][]byte
	for range 20 + dice.IntN(300) {
		o := map[string]any{}
		for i, value := range shapes {
			o[fmt.Sprintf("f%d", i)] = value()
		}
		if c.varying {
			n := dice.IntN(41)
			list := make([]any, n)
			for i := range list {
				list[i] = map[string]any{"lText": text(12)(), "lCode": number(4)()}
			}
			o["n"], o["list"] = n, list
		}
		line, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	c.again = func(page string) [][]byte {
		v := compile(page)
		var out [][]byte
		for _, line := range lines {
			b, err := v.EncodeJSON(nil, line, nil)
			if err != nil {
				t.Fatalf("%s in %s: %v\n%s", c.name, page, err, src.String())
			}
			out = append(out, b)
		}
		return out
	}
	c.records = c.again("cp037")
	view := compile("cp037")
	c.known = recfm.Known{Kinds: recordKinds(view), Length: recordLength(view)}
	return c
}

var vocabulary = strings.Fields("MARTIN TREMBLAY SMITH GAGNON OTTAWA ROAD STREET NORTH of the payment Benefit monthly ROY WILSON APARTMENT RURAL ROUTE BOX claim regular SINGER 1200 44 B. Main-Est Sud O'NEIL")
var markedVocabulary = strings.Fields("HÉLÈNE [OLD] URGENT! (A|B) {X} [NEW] STOP! FRANÇOIS [2] NO! ^UP x|y |z| ÎLE")

func pow10(n int) int64 {
	out := int64(1)
	for range n {
		out *= 10
	}
	return out
}

// legacyCorpora are the files that the COBOL programs write.
func legacyCorpora(t *testing.T) (out []corpus) {
	programs := legacy.Build(t, legacy.OASXTR, legacy.CPPPAY, legacy.EICLMS)
	for _, p := range []struct {
		copybook, program string
		n                 int
	}{{"OASMSTR", legacy.OASXTR, 200}, {"OASMSTR", legacy.OASXTR, 2000}, {"CPPPAYEV", legacy.CPPPAY, 300}, {"EICLMSTA", legacy.EICLMS, 200}} {
		f := &recordFlags{copybooks: []string{builtin + p.copybook}}
		f.format.Recfm = recfm.Auto
		cmd := newTriage()
		known, err := f.known(cmd)
		if err != nil {
			t.Fatal(err)
		}
		c := corpus{name: fmt.Sprintf("%s of %d", p.copybook, p.n), known: known, packed: true, varying: p.program == legacy.OASXTR}
		for _, r := range programs.Extract(t, p.program, p.n) {
			c.records = append(c.records, r.Bytes)
		}
		out = append(out, c)
	}
	return out
}

// framed writes records as a dataset leaves the mainframe.
func framed(t *testing.T, f recfm.Format, records [][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := recfm.NewWriter(&b, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// translated translates every byte from an EBCDIC page to Latin-1, as iconv does.
func translated(t *testing.T, page string, b []byte) []byte {
	t.Helper()
	p, err := ebcdic.Lookup(page)
	if err != nil {
		t.Fatal(err)
	}
	runes := p.Runes()
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = byte(runes[c])
	}
	return out
}

// asUTF8 makes UTF-8 of Latin-1.
func asUTF8(b []byte) []byte {
	var out []byte
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out
}

// reversed translates EBCDIC as if it were Latin-1 to EBCDIC.
func reversed(t *testing.T, page string, b []byte) []byte {
	forth := translated(t, page, allBytes())
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = byte(bytes.IndexByte(forth, c))
	}
	return out
}

func allBytes() []byte {
	out := make([]byte, 256)
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

// each joins records with something behind each one.
func each(records [][]byte, behind string, change func([]byte) []byte) (out []byte) {
	for _, r := range records {
		if change != nil {
			r = change(r)
		}
		out = append(append(out, r...), behind...)
	}
	return out
}
