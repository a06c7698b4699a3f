package mapping_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

func layouts(t testing.TB, name string, o copybooks.Options) []*copybooks.Layout {
	t.Helper()
	src, err := os.Open("../benefits/" + name + ".cpy")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	ls, err := copybooks.Parse(name, src, o)
	if err != nil {
		t.Fatal(err)
	}
	return ls
}

func TestDefaultViewTurnsEmptyRecordsIntoJSONAndBack(t *testing.T) {
	for _, name := range []string{"EICLMSTA", "OASMSTR", "CPPPAYEV", "CPA005"} {
		for _, l := range layouts(t, name, copybooks.Options{}) {
			enc := l.Encoder()
			if err := enc.Begin(nil); err != nil {
				t.Fatal(err)
			}
			v, err := mapping.Compile([]*copybooks.Layout{l}, nil, mapping.Options{Fillers: true})
			if err != nil {
				t.Fatal(err)
			}
			b := enc.Bytes()
			r, err := v.Decode(b)
			if err != nil {
				t.Fatal(l.Name(), err)
			}
			json, err := v.AppendJSON(nil, r)
			if err != nil {
				t.Fatal(l.Name(), err)
			}
			t.Logf("%s", json)
			again, err := v.EncodeJSON(nil, json, b)
			if err != nil {
				t.Fatal(l.Name(), err)
			}
			if !bytes.Equal(b, again) {
				t.Fatalf("%s: %x\n%x", l.Name(), b, again)
			}
			if again, err = v.EncodeJSON(nil, json, nil); err != nil || !bytes.Equal(b, again) {
				t.Errorf("%s without original: %v\n%x\n%x", l.Name(), err, b, again)
			}
		}
	}
}
