package mapping

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzTape holds our JSON reader against encoding/json: both take the same texts, but for UTF-8 that is not
// valid and for depth.
func FuzzTape(f *testing.F) {
	for _, text := range []string{`{"a":1,"b":[true,false,null,"x\n\u00e9\ud83d\ude00"],"c":{}}`, `-0.5e+10`, `01`, `"\ud800"`, `[1,]`, `{"a"}`, " 1 ", `"` + "\x01" + `"`, `{}x`, ``} {
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
		if err != nil || tp.values[0].kind != jsonString {
			return
		}
		var want string
		if json.Unmarshal([]byte(text), &want) != nil || want != string(tp.bytes(0)) {
			t.Fatalf("%q is %q, want %q", text, tp.bytes(0), want)
		}
	})
}

func TestNestingIsBounded(t *testing.T) {
	var tp tape
	if err := tp.parse([]byte(strings.Repeat("[", 100000))); err == nil {
		t.Error("taken")
	}
}
