package copybooks

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

// copyExtensions are what a copied text's file name may end in, in the order in which they are tried.
var copyExtensions = []string{"", ".cpy", ".cbl", ".cob", ".copy", ".inc", ".txt"}

// CopyFS returns a func for Options.Copy that opens texts in fsys, so that nothing outside of it can be
// named. COPY CUST opens CUST, CUST.cpy, .cbl, .cob, .copy, .inc or .txt in its root; COPY CUST OF LIB
// looks in the folder LIB first. Case does not count. The error of a text that is missing is
// fs.ErrNotExist with the nearest name.
func CopyFS(fsys fs.FS) func(name, library string) (io.ReadCloser, error) {
	return func(name, library string) (io.ReadCloser, error) {
		if strings.ContainsAny(name+library, `/\`) {
			return nil, fmt.Errorf("%w: a text is named without its folder", fs.ErrInvalid)
		}
		var near []string
		for _, dir := range copyFolders(fsys, library) {
			entries, err := fs.ReadDir(fsys, dir)
			if err != nil {
				return nil, err
			}
			for _, ext := range copyExtensions {
				for _, e := range entries {
					if !e.IsDir() && strings.EqualFold(e.Name(), name+ext) {
						return fsys.Open(path.Join(dir, e.Name()))
					}
				}
			}
			for _, e := range entries {
				near = append(near, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
			}
		}
		if n := syntax.Nearest(name, near); n != "" {
			return nil, fmt.Errorf("%w; there is %s", fs.ErrNotExist, n)
		}
		return nil, fs.ErrNotExist
	}
}

// copyFolders returns the folders to look in: the library's, if there is one, and the root.
func copyFolders(fsys fs.FS, library string) []string {
	if library == "" {
		return []string{"."}
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return []string{"."}
	}
	for _, e := range entries {
		if e.IsDir() && strings.EqualFold(e.Name(), library) {
			return []string{e.Name(), "."}
		}
	}
	return []string{"."}
}
