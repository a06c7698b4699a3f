package mapping_test

import (
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

const fileBook = `       01  R.
           05  KIND PIC X.
               88  KIND-A VALUE 'A'.
           05  FIRST-VIEW PIC X(8).
           05  SECOND REDEFINES FIRST-VIEW PIC 9(8).
           05  AMOUNT PIC S9(3)V99.
           05  T OCCURS 2 PIC X.
       01  OTHER.
           05  N PIC X(20).
`

// Each mapping has one fault; the error must name the line and column, and help.
func TestFaultsOfAMappingFileHavePlaces(t *testing.T) {
	layouts, err := copybooks.Parse("book", strings.NewReader(fileBook), copybooks.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ quirk, text, want string }{
		{"no YAML", "fields: [", "m.yaml:1:"},
		{"unknown key", "field:\n", `m.yaml:1:1: unknown key "field"; did you mean fields?`},
		{"unknown setting", "fields:\n  KIND: {two: x}\n", `m.yaml:2:10: fields.KIND: unknown key "two"; did you mean to?`},
		{"key twice", "fields:\n  KIND: {to: x}\n  KIND: {to: y}\n", `m.yaml:3:3:`},
		{"no value", "fields:\n  KIND:\n", "m.yaml:2:"},
		{"list for a mapping", "fields: [a]\n", "m.yaml:1:9: fields: is not a mapping"},
		{"mapping for a value", "zone: {a: b}\n", "m.yaml:1:7: zone: is not a single value"},
		{"value for a list", "fields:\n  KIND: {\"null\": zeros}\n", "is not a list"},
		{"wrong type", "fields:\n  KIND: {window: abc}\n", "m.yaml:2:"},
		{"unknown field", "fields:\n  AMOUNTS: {to: x}\n", "m.yaml:2:3: fields.AMOUNTS: layout R: no field \"AMOUNTS\"; did you mean AMOUNT?"},
		{"unknown sensitivity", "fields:\n  KIND: {sensitivity: secret}\n", "m.yaml:2:10: fields.KIND.sensitivity:"},
		{"unknown 88 level", "fields:\n  KIND: {codes: {KIND-B: b}}\n", "did you mean KIND-A?"},
		{"code without slug", "fields:\n  KIND: {codes: {KIND-A: {en: A}}}\n", "needs a slug"},
		{"unknown date form", "fields:\n  SECOND: {date: CCYYMMD}\n", "m.yaml:2:12: fields.SECOND.date: unknown date form \"CCYYMMD\"; did you mean CCYYMM?"},
		{"date longer than the field", "fields:\n  KIND: {date: CCYYMMDD}\n", "has 1 digits, the date CCYYMMDD has 8"},
		{"two-digit year without a window", "fields:\n  SECOND: {date: YYMMDD}\n", "needs a window"},
		{"money of text", "fields:\n  KIND: {money: CAD}\n", "is no exact number"},
		{"identifier of a fraction", "fields:\n  AMOUNT: {identifier: true}\n", "is no whole number"},
		{"identifier and date", "fields:\n  SECOND: {identifier: true, date: CCYYMMDD}\n", "one meaning"},
		{"count of no table", "fields:\n  KIND: {count: AMOUNT}\n", "KIND is no table"},
		{"count that is not there", "fields:\n  T: {count: TT}\n", "m.yaml:2:7: fields.T.count:"},
		{"two fields at one place", "fields:\n  KIND: {to: /x}\n  AMOUNT: {to: /x}\n", "/x is the place of two fields"},
		{"pointer through a value", "fields:\n  KIND: {to: /x}\n  AMOUNT: {to: /x/y}\n", "goes through /x, which is no object"},
		{"selects what is not there", "fields:\n  KIND: {selects: {A: THIRD}}\n", "m.yaml:2:20: fields.KIND.selects.A:"},
		{"otherwise of another storage", "fields:\n  KIND: {selects: {A: SECOND}, otherwise: AMOUNT}\n", "AMOUNT is no view of R.FIRST-VIEW"},
		{"layout that is not there", "fields:\n  FIRST-VIEW: {layout: OTHERS}\n", "no 01 level \"OTHERS\"; did you mean OTHER?"},
		{"layout that is too long", "fields:\n  FIRST-VIEW: {layout: OTHER}\n", "layout OTHER has 20 bytes, R.FIRST-VIEW has 8"},
		{"unknown code page", "fields:\n  KIND: {codepage: cp1048}\n", "m.yaml:2:10: fields.KIND.codepage:"},
		{"kind without a group", "kinds: {field: KIND, records: {A: THIRD}}\n", "kind A:"},
		{"kind that is no view", "kinds: {field: KIND, records: {A: AMOUNT}}\n", "neither an 01 level nor a view"},
		{"kinds without a field", "kinds: {records: {A: R}}\n", "need a kind field"},
		{"event without a type", "event: {id: x, source: y}\n", "event.type.field"},
		{"event without a source", "event: {type: {field: KIND, values: {A: t}}}\n", "event: needs types and a source"},
		{"event whose id is of another record", "kinds: {field: KIND, records: {A: R}}\nevent: {type: {field: KIND, values: {A: t}}, source: s, id: \"x-{N}\"}\n", "event.id: N is not in R"},
		{"event whose subject is of no record that makes one", "kinds: {field: KIND, records: {A: R, B: OTHER}}\nevent: {type: {field: KIND, values: {A: t}}, source: s, subject: {claim: N}}\n", "N is in no record that makes an event"},
		{"event that includes what is not there", "event: {type: {field: KIND, values: {A: t}}, source: s, include: [/kind, /kinds]}\n", "\"/kinds\" is the place of no field"},
		{"event at a time that is none", "event: {type: {field: KIND, values: {A: t}}, source: s, time: AMOUNT}\n", "AMOUNT needs a date setting"},
		{"exchange without a reply", "exchange: {method: GET}\n", "exchange.reply.code"},
	} {
		t.Run(c.quirk, func(t *testing.T) {
			f, err := mapping.Parse("m.yaml", []byte(c.text))
			if err == nil {
				_, err = mapping.Compile(layouts, f, mapping.Options{})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "m.yaml:") {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestEmptyMappingIsTheDefaultView(t *testing.T) {
	f, err := mapping.Parse("m.yaml", []byte("# nothing\n"))
	if err != nil {
		t.Fatal(err)
	}
	layouts, _ := copybooks.Parse("book", strings.NewReader(fileBook), copybooks.Options{})
	v, err := mapping.Compile(layouts, f, mapping.Options{})
	if err != nil || v.Event() != nil || v.Exchange() != nil || v.Name() != "m.yaml" {
		t.Error(err)
	}
}

func TestKindsOfTheCommandLine(t *testing.T) {
	k, err := mapping.ParseKind("A,B=group-1")
	if err != nil || k.Group != "GROUP-1" || len(k.Values) != 2 {
		t.Error(k, err)
	}
	for _, bad := range []string{"", "A", "=G", "A="} {
		if _, err := mapping.ParseKind(bad); err == nil {
			t.Errorf("%q is a kind", bad)
		}
	}
	for _, bad := range []interface{ UnmarshalText([]byte) error }{new(mapping.Names), new(mapping.Numbers), new(mapping.Invalid), new(copybooks.Trim)} {
		if err := bad.UnmarshalText([]byte("nonsense")); err == nil {
			t.Errorf("%T takes nonsense", bad)
		}
		if err := bad.UnmarshalText(nil); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	layouts, err := copybooks.Parse("book", strings.NewReader(fileBook), copybooks.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("fields:\n  KIND: {to: /a/b, codes: {KIND-A: a}}\n")
	f.Add("kinds: {field: KIND, records: {A: SECOND}}\n")
	f.Add("event: {type: {field: KIND, values: {A: t}}, id: \"{N}\", source: s, time: SECOND}\n")
	f.Add("fields:\n  KIND: {selects: {A..B: SECOND}, otherwise: none}\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := mapping.Parse("m.yaml", []byte(text))
		if err != nil {
			return
		}
		_, _ = mapping.Compile(layouts, file, mapping.Options{})
	})
}
