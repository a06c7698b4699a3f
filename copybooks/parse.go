package copybooks

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/portage-gateway/portage/copybooks/ebcdic"
	"github.com/portage-gateway/portage/copybooks/syntax"
)

// Limits on records, in bytes.
const (
	defaultMaxRecord = 16 << 20
	maxMaxRecord     = 134_217_727
	// maxPathBytes bounds the memory of all paths of one text.
	maxPathBytes = 16 << 20
	// maxCommarea is the greatest COMMAREA (CICS TS, EXEC CICS LINK: LENGTH is a signed halfword).
	maxCommarea = 32_767
	// maxCurrencySign bounds what a currency symbol prints, in characters.
	maxCurrencySign = 20
)

// Parse compiles a COBOL text: one Layout for each 01 and 77 level, in their order. Items that stand
// below no 01 get one by the name of the text, unless a single group holds them all. name stands in errors.
//
// The error is of type syntax.Errors, with line, column and a hint for each fault, or what src returned,
// or says which of the options is wrong. Time and memory are bounded whatever the text holds.
func Parse(name string, src io.Reader, o Options) ([]*Layout, error) {
	page, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("copybook %s: %w", name, err)
	}
	book, err := syntax.Parse(name, src, syntax.Options{Form: o.Form, Copy: o.Copy, Replacing: o.Replacing,
		DecimalComma: o.DecimalComma, Currency: o.Currency, CurrencySign: o.CurrencySign})
	if err != nil {
		return nil, err
	}
	o.Form, o.DecimalComma, o.Currency, o.CurrencySign = book.Form, book.DecimalComma, book.Currency, book.CurrencySign
	b := &builder{book: book, options: o, page: page, byName: map[string][]*node{}}
	if b.limit = o.MaxRecord; b.limit == 0 {
		b.limit = defaultMaxRecord
	}
	b.tree(textName(name))
	for _, pass := range []func(){b.attributes, b.storage, b.references, b.renamings, b.texts} {
		if len(b.errs) == 0 {
			pass()
		}
	}
	if len(b.errs) > 0 {
		return nil, b.errs[:min(len(b.errs), 20)]
	}
	if d := book.Doubt; d != nil {
		b.warnings[0] = append(b.warnings[0], Warning{b.roots[0].Path, d.Line,
			fmt.Sprintf("was read in %s form, for its text cannot be read in the form that it looks like (line %d: %s)", book.Form, d.Line, d.Expected)})
	}
	for _, r := range b.roots {
		if r.Size > maxCommarea {
			b.warn(r, "has %d bytes, more than the %d of a CICS COMMAREA; nothing is wrong with it in a file", r.Size, maxCommarea)
		}
	}
	return b.layouts(), nil
}

// check returns the code page, or says which option is wrong.
func (o Options) check() (*ebcdic.Codepage, error) {
	page := o.Codepage
	if page == "" {
		page = "cp037"
	}
	if o.MaxRecord < 0 || o.MaxRecord > maxMaxRecord {
		return nil, fmt.Errorf("maxRecord: %d is not between 0 and %d bytes", o.MaxRecord, maxMaxRecord)
	}
	if int(o.ODO) >= len(odoWords) || int(o.Float) >= len(floatWords) || int(o.Endian) >= len(endianWords) || int(o.Trunc) >= len(truncWords) {
		return nil, errors.New("odo, float, endian or trunc is not one of the constants of this package")
	}
	if int(o.Overpunch) >= len(overpunchWords) || int(o.Sync) >= len(syncWords) || int(o.BinarySize) >= len(binarySizeWords) || int(o.Pointers) >= len(pointersWords) {
		return nil, errors.New("overpunch, sync, binarySize or pointers is not one of the constants of this package")
	}
	if len([]rune(o.Currency)) > 1 {
		return nil, fmt.Errorf("currency: %q is more than one character", o.Currency)
	}
	if len([]rune(o.CurrencySign)) > maxCurrencySign {
		return nil, fmt.Errorf("currencySign: more than %d characters", maxCurrencySign)
	}
	return ebcdic.Lookup(page)
}

// textName makes a data-name of a file's name.
func textName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	if i := strings.IndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '-'
	}, name)
	if name = strings.Trim(name, "-"); name == "" {
		return "RECORD"
	}
	return name
}

// node is a Field with its entry and what is known while it is built.
type node struct {
	*Field
	entry    *syntax.Entry   // nil for an 01 that the text does not have
	states   []*syntax.Entry // level 88
	parent   *node
	children []*node
	layout   int // which root holds it
	usage    syntax.Usage
	sign     syntax.Sign
	separate bool
	sync     bool
	rule     Sync
	// addresses is the size of pointers.
	addresses Pointers
	base      *node // whose storage a REDEFINES shares, the first of its chain
	min       int   // bytes at the minimum of all tables inside, one occurrence
	occMax    int   // 1 for an item that does not occur
	occMin    int
}

// builder makes Layouts of entries.
type builder struct {
	book     *syntax.Copybook
	options  Options
	page     *ebcdic.Codepage
	limit    int
	roots    []*node
	renames  []*node // level 66
	byName   map[string][]*node
	warnings [][]Warning // by root
	paths    int         // bytes of all paths
	steps    int         // spent on finding names
	repeated int         // bytes of all ALL literals
	errs     syntax.Errors
}

func (b *builder) fail(at syntax.At, expected, hint string) {
	b.errs = append(b.errs, b.book.Error(at, expected, hint))
}

func (b *builder) warn(n *node, format string, args ...any) {
	b.warnings[n.layout] = append(b.warnings[n.layout], Warning{n.Path, n.Line, fmt.Sprintf(format, args...)})
}
