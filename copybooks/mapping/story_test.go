package mapping_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// Each file of testdata is a story. Its sections:
//
//	options   the settings of settings, as YAML
//	copybook  the copybook
//	mapping   the mapping file; none: the default view
//	record    the record in hexadecimal; lines that begin with ' are text of the code page ascii
//	json      what the record is as JSON; encoded with the record it must give the record again
//	alone     what the JSON encodes to without the record; "same", a record, or "error: " and a part of it
//	error     a part of the error that the last step gave: compiling, or decoding
//	encode    JSON to encode with the record as the original (or "" for none), followed by
//	encoded   what it encodes to, or "error: " and a part of it; both may stand several times
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tellStory(t, a)
		})
	}
}

type settings struct {
	Codepage   string            `yaml:"codepage"`
	ODO        copybooks.ODO     `yaml:"odo"`
	KindField  string            `yaml:"kindField"`
	Kinds      []string          `yaml:"kinds"`
	Trim       copybooks.Trim    `yaml:"trim"`
	Fillers    bool              `yaml:"fillers"`
	Names      mapping.Names     `yaml:"names"`
	Numbers    mapping.Numbers   `yaml:"numbers"`
	Invalid    mapping.Invalid   `yaml:"invalid"`
	RecordSize int               `yaml:"recordSize"`
	Variable   bool              `yaml:"variable"`
	Pointers   map[string]string `yaml:"pointers"` // sensitivities
}

func tellStory(t *testing.T, a *txtar.Archive) {
	s := settings{Codepage: "ascii"}
	part := map[string]string{}
	for _, f := range a.Files {
		if f.Name == "options" {
			if err := yaml.UnmarshalWithOptions(f.Data, &s, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
		}
		part[f.Name] = string(f.Data)
	}
	v, err := compileStory(t, s, part)
	if err != nil {
		wantError(t, err, part["error"])
		return
	}
	for pointer, want := range s.Pointers {
		if got := v.Sensitivity(pointer); got != want {
			t.Errorf("%s has sensitivity %q, want %q", pointer, got, want)
		}
	}
	record := readRecord(t, part["record"])
	if part["record"] != "" {
		out, err := showRecord(v, record)
		if err != nil {
			wantError(t, err, part["error"])
			return
		}
		compareJSON(t, v, part, record, out)
	}
	encodings(t, v, a, record)
}

func compileStory(t *testing.T, s settings, part map[string]string) (*mapping.View, error) {
	layouts, err := copybooks.Parse("story", strings.NewReader(part["copybook"]), copybooks.Options{Codepage: s.Codepage, ODO: s.ODO})
	if err != nil {
		t.Fatal(err)
	}
	var f *mapping.File
	if src, ok := part["mapping"]; ok {
		if f, err = mapping.Parse("story.yaml", []byte(src)); err != nil {
			return nil, err
		}
	}
	o := mapping.Options{KindField: s.KindField, Trim: s.Trim, Fillers: s.Fillers, Names: s.Names, Numbers: s.Numbers,
		Invalid: s.Invalid, RecordSize: s.RecordSize, Variable: s.Variable}
	for _, text := range s.Kinds {
		k, err := mapping.ParseKind(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Kinds = append(o.Kinds, k)
	}
	return mapping.Compile(layouts, f, o)
}

func showRecord(v *mapping.View, record []byte) ([]byte, error) {
	r, err := v.Decode(record)
	if err != nil {
		return nil, err
	}
	return v.AppendJSON(nil, r)
}

func compareJSON(t *testing.T, v *mapping.View, part map[string]string, record, out []byte) {
	t.Helper()
	var want bytes.Buffer
	if err := json.Compact(&want, []byte(part["json"])); err != nil {
		t.Fatalf("json section: %v; got\n%s", err, out)
	}
	if string(out) != want.String() {
		t.Fatalf("got  %s\nwant %s", out, want.String())
	}
	back, err := v.EncodeJSON(nil, out, record)
	if err != nil || !bytes.Equal(back, record) {
		t.Errorf("with the record: %x %v\nwant %x", back, err, record)
	}
	if alone := strings.TrimSpace(part["alone"]); alone != "" {
		back, err := v.EncodeJSON(nil, out, nil)
		wantEncoded(t, back, err, alone, record)
	}
}

func encodings(t *testing.T, v *mapping.View, a *txtar.Archive, record []byte) {
	t.Helper()
	for i, f := range a.Files {
		if f.Name != "encode" {
			continue
		}
		if i+1 == len(a.Files) || a.Files[i+1].Name != "encoded" {
			t.Fatal("encode without encoded")
		}
		original := record
		if len(record) == 0 {
			original = nil
		}
		back, err := v.EncodeJSON(nil, f.Data, original)
		wantEncoded(t, back, err, strings.TrimSpace(string(a.Files[i+1].Data)), record)
	}
}

func wantEncoded(t *testing.T, got []byte, err error, want string, record []byte) {
	t.Helper()
	if text, ok := strings.CutPrefix(want, "error: "); ok {
		wantError(t, err, text)
		return
	}
	expected := record
	if want != "same" {
		expected = readRecord(t, want)
	}
	if err != nil || !bytes.Equal(got, expected) {
		t.Errorf("encoded %x %v\nwant    %x", got, err, expected)
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	want = strings.TrimSpace(want)
	if err == nil || want == "" || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v\nwant  %q", err, want)
	}
}

func readRecord(t *testing.T, text string) []byte {
	t.Helper()
	var b []byte
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if rest, ok := strings.CutPrefix(line, "'"); ok {
			b = append(b, strings.TrimSuffix(rest, "'")...)
			continue
		}
		h, err := hex.DecodeString(strings.ReplaceAll(line, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, h...)
	}
	return b
}
