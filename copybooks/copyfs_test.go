package copybooks

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCopyFS(t *testing.T) {
	text := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("           05  " + name + " PIC X.\n")}
	}
	fsys := fstest.MapFS{
		"cust.cpy": text("ROOT-CUST"), "ADDR": text("ADDR"), "addr.cpy": text("ADDR-CPY"), "LIB/Cust.CBL": text("LIB-CUST"), "OTHER.txt": text("OTHER"),
	}
	for order, want := range map[string]string{
		"COPY CUST.": "ROOT-CUST", "COPY cust OF lib.": "LIB-CUST", "COPY ADDR.": "ADDR", "COPY ADDR OF LIB.": "ADDR", "COPY CUST IN NOLIB.": "ROOT-CUST", "COPY 'other'.": "OTHER",
	} {
		layouts, err := Parse("x", strings.NewReader("       01 R.\n       "+order+"\n"), Options{Copy: CopyFS(fsys)})
		if err != nil {
			t.Errorf("%s: %v", order, err)
			continue
		}
		if got := layouts[0].Root().Children[0].Name; got != want {
			t.Errorf("%s: %s, not %s", order, got, want)
		}
	}
	for order, want := range map[string]error{
		"COPY CSUT.": fs.ErrNotExist, "COPY '../cust'.": fs.ErrInvalid, "COPY '/etc/passwd'.": fs.ErrInvalid, "COPY '..'.": fs.ErrNotExist, "COPY LIB.": fs.ErrNotExist,
	} {
		_, err := Parse("x", strings.NewReader("       01 R.\n       "+order+"\n"), Options{Copy: CopyFS(fsys)})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", order, err)
		}
	}
	_, err := CopyFS(fsys)("CSUT", "")
	if err == nil || !strings.Contains(err.Error(), "there is cust") {
		t.Errorf("%v", err)
	}
}

func ExampleCopyFS() {
	fsys := fstest.MapFS{"CUST.cpy": {Data: []byte("           05  :TAG:-NO PIC 9(5).\n")}}
	layouts, err := Parse("x.cpy", strings.NewReader("       01  R.\n       COPY CUST REPLACING ==:TAG:== BY ==IN==.\n"), Options{Copy: CopyFS(fsys)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for f := range layouts[0].Fields() {
		fmt.Println(f.Path)
	}
	// Output:
	// R
	// R.IN-NO
}
