package mapping

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// FuzzTape holds our JSON reader against encoding/json: both take the same texts, but for UTF-8 that is not
// valid and for depth.
func FuzzTape(f *testing.F) {
	for _, text := range []string{`{"a":1,"name of seventeen":2,"b":{"a":3}}`, `[{"a":1},{"a" :2,"b":[]},{"b":1}]`, `{"a":1,"b":[true,false,null,"x\n\u00e9\ud83d\ude00"],"c":{}}`, `-0.5e+10`, `01`, `"\ud800"`, `[1,]`, `{"a"}`, " 1 ", `"` + "\x01" + `"`, `{}x`, ``, "1000000\xe5", `12345678e`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var tp tape
		err := tp.parse([]byte(text))
		valid := json.Valid([]byte(text))
		if err == nil && !valid {
			t.Fatalf("%q is taken", text)
		}
		if err != nil && valid && strings.ToValidUTF8(text, "") == text && !strings.Contains(text, `\u`) && !strings.Contains(err.Error(), "nesting") {
			t.Fatalf("%q: %v", text, err)
		}
		predicted(t, []byte(text), &tp, err)
		if err != nil || tp.values[0].kind != jsonString {
			return
		}
		var want string
		if json.Unmarshal([]byte(text), &want) != nil || want != string(tp.bytes(0)) {
			t.Fatalf("%q is %q, want %q", text, tp.bytes(0), want)
		}
	})
}

// predicted holds the reader that expects names against the one that knows none: the first time it learns them,
// the second time it meets what it expects.
func predicted(t *testing.T, text []byte, plain *tape, err error) {
	t.Helper()
	known := newKeys()
	for _, name := range []string{"a", "b", "c", "name of seventeen", "name of thirteen"} {
		known.add(name)
	}
	with := tape{keys: known}
	for range 2 {
		got := with.parse(text)
		if (got == nil) != (err == nil) || got != nil && got.Error() != err.Error() {
			t.Fatalf("%q: %v, without names %v", text, got, err)
		}
		if !slices.EqualFunc(with.values, plain.values, func(a, b value) bool {
			if a.kind == jsonString {
				a.n = 0
			}
			return a == b
		}) {
			t.Fatalf("%q: %v, without names %v", text, with.values, plain.values)
		}
		for i, v := range with.values {
			if v.kind == jsonString && v.n > 0 && known.list[v.n].text != `"`+string(with.bytes(int32(i)))+`":` {
				t.Fatalf("%q: %q is taken for %s", text, with.bytes(int32(i)), known.list[v.n].text)
			}
		}
	}
}

// Names with escapes have no number; long ones are held against all of their text.
func TestNamesAreNumbered(t *testing.T) {
	known := newKeys()
	if a, b := known.add("a"), known.add("a"); a != 1 || b != 1 {
		t.Errorf("a is %d and %d", a, b)
	}
	if n := known.add("a\"b"); n != 0 {
		t.Errorf("a name with an escape is %d", n)
	}
	long := known.list[known.add("name of seventeen")]
	for text, want := range map[string]bool{`"name of seventeen":1`: true, `"name of seventeem":1`: false, `"name of seventeen"`: false, `"name of s`: false} {
		if got := long.begins([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	var tp tape
	if err := tp.parse([]byte(strings.Repeat("[", 100000))); err == nil {
		t.Error("taken")
	}
}
