package copybooks

import (
	"strings"

	"github.com/portage-gateway/portage/copybooks/syntax"
)

// attributes settles what each item's bytes mean, and the length of each elementary item.
func (b *builder) attributes() {
	for _, r := range b.roots {
		b.inherit(r, syntax.NoUsage, nil)
	}
}

// inherit passes USAGE, SIGN and SYNCHRONIZED of groups down. signs is the nearest entry with SIGN.
func (b *builder) inherit(n *node, usage syntax.Usage, signs *syntax.Entry) {
	if len(b.errs) >= 20 {
		return
	}
	e := n.entry
	if e != nil {
		if e.Usage != syntax.NoUsage && usage != syntax.NoUsage && e.Usage != usage {
			b.fail(e.At, "the usage of the group that holds this item", "the USAGE of a group is that of all its items")
			return
		}
		if e.Usage != syntax.NoUsage {
			usage = e.Usage
		}
		if e.Sign != syntax.NoSign {
			signs = e
		}
		n.sync = b.options.Sync != SyncMF && (e.Synchronized || n.parent != nil && n.parent.sync)
		n.rule, n.addresses = b.options.Sync, b.options.Pointers
		n.clauses(e)
		b.occurs(n, e)
		if strings.HasSuffix(n.Name, "-") {
			b.warn(n, "has a name that ends with a hyphen, which compilers refuse")
		}
	}
	n.usage = usage
	if len(n.children) > 0 {
		n.Usage, n.Category = Group, GroupItem
		for _, c := range n.children {
			b.inherit(c, usage, signs)
		}
		return
	}
	if signs != nil {
		n.sign, n.separate = signs.Sign, signs.Separate
	}
	b.elementary(n, e)
}

// clauses copies JUSTIFIED and BLANK WHEN ZERO.
func (n *node) clauses(e *syntax.Entry) {
	n.Justified, n.BlankWhenZero = e.Justified, e.BlankWhenZero
}

func (b *builder) occurs(n *node, e *syntax.Entry) {
	if e.Occurs == nil {
		return
	}
	if n.parent == nil {
		b.fail(e.Occurs.At, "OCCURS below level 01", "give the table a group of level 01 that holds it")
		return
	}
	if n.Level == 1 {
		b.warn(n, "has OCCURS at level 01, which Enterprise COBOL refuses; a record of its name holds the table")
	}
	n.occMin, n.occMax = e.Occurs.Min, e.Occurs.Max
	n.OccursMin, n.OccursMax = n.occMin, n.occMax
}

// storageOf is how a usage without a PICTURE is stored.
var storageOf = map[syntax.Usage]struct {
	usage        Usage
	category     Category
	size, digits int
}{
	syntax.Comp1: {Float, Floating, 4, 0}, syntax.Comp2: {Double, Floating, 8, 0},
	syntax.Index: {Index, Opaque, 4, 0}, syntax.Pointer: {Pointer, Opaque, 4, 0}, syntax.Pointer32: {Pointer, Opaque, 4, 0},
	syntax.ProcedurePointer: {Pointer, Opaque, 8, 0}, syntax.FunctionPointer: {Pointer, Opaque, 4, 0},
	syntax.ObjectReference: {Pointer, Opaque, 4, 0},
	syntax.BinaryChar:      {NativeBinary, Numeric, 1, 3}, syntax.BinaryShort: {NativeBinary, Numeric, 2, 5},
	syntax.BinaryLong: {NativeBinary, Numeric, 4, 10}, syntax.BinaryDouble: {NativeBinary, Numeric, 8, 19},
}

// elementary settles an item without items below it.
func (b *builder) elementary(n *node, e *syntax.Entry) {
	if s, ok := storageOf[n.usage]; ok {
		if e.Picture != nil {
			b.fail(e.At, "no PICTURE with this USAGE", "its length is settled by the usage alone")
			return
		}
		n.Usage, n.Category, n.Size, n.Digits = s.usage, s.category, s.size, s.digits
		if b.options.Pointers == LP64 && (s.usage == Pointer || s.usage == Index) && n.usage != syntax.Pointer32 {
			n.Size = 8
		}
		if s.usage != Pointer && s.usage != Index && !e.UnsignedBinary {
			n.Field.Sign = TrailingOverpunch
		}
		if e.UnsignedBinary && s.size == 8 {
			n.Digits = 20
		}
		return
	}
	if e.Picture == nil {
		b.fail(e.At, "a PICTURE, or items with higher level numbers below "+nameOf(n), "")
		return
	}
	p := *e.Picture
	if e.Sign != syntax.NoSign && p.Category == syntax.Numeric && !p.Signed {
		b.warn(n, "has SIGN but no S in its PICTURE; compilers refuse this, it is taken as signed")
		p.Signed = true
	}
	if p.Category == syntax.AlphanumericEdited && p.Signed {
		b.warn(n, "has S beside a decimal point in its PICTURE; compilers refuse this, it is taken as text")
	}
	n.Picture, n.Digits, n.Scale = p.Text, p.Digits, p.Scale
	want := b.pictured(n, e, &p)
	if want == "" && e.Sign != syntax.NoSign && n.Field.Sign == Unsigned {
		want = "SIGN only for numeric items"
	}
	if want == "" && e.Sign != syntax.NoSign && n.Usage != Display && n.Usage != National {
		want = "SIGN only for DISPLAY and NATIONAL items"
	}
	if want != "" {
		b.fail(e.At, want, "")
		return
	}
	if n.Justified && (n.Category == Numeric || n.Category == NumericEdited) {
		b.warn(n, "JUSTIFIED does not apply to numeric items; it is not heeded")
		n.Justified = false
	}
	if n.BlankWhenZero && n.Category != Numeric && n.Category != NumericEdited {
		b.warn(n, "BLANK WHEN ZERO applies to numeric items only; it is not heeded")
		n.BlankWhenZero = false
	}
}

// pictured settles an item with a PICTURE. It returns what should be written instead if PICTURE and
// usage do not go together.
func (b *builder) pictured(n *node, e *syntax.Entry, p *syntax.Picture) string {
	n.Category = map[syntax.Category]Category{
		syntax.Alphabetic: Alphabetic, syntax.Alphanumeric: Alphanumeric, syntax.AlphanumericEdited: AlphanumericEdited,
		syntax.Numeric: Numeric, syntax.NumericEdited: NumericEdited, syntax.NationalText: NationalText,
		syntax.DBCSText: DBCSText, syntax.UTF8Text: UTF8Text, syntax.ExternalFloat: AlphanumericEdited,
	}[p.Category]
	if n.usage == syntax.Comp6 || n.usage == syntax.CompX {
		b.warn(n, "is %s, which Enterprise COBOL lacks; it is taken as Micro Focus has it", map[syntax.Usage]string{syntax.Comp6: "COMP-6", syntax.CompX: "COMP-X"}[n.usage])
	}
	switch p.Category {
	case syntax.Numeric:
		return n.numeric(p, b.options.BinarySize)
	case syntax.NationalText, syntax.DBCSText:
		n.Size = 2 * p.Size
		switch {
		case n.usage == syntax.Display1, n.usage == syntax.NoUsage && p.Category == syntax.DBCSText:
			n.Usage, n.Category = DBCS, DBCSText
			if b.page.EBCDIC() && !b.page.Mixed() {
				b.warn(n, "holds characters of two bytes, and %s has none: it is shown as hexadecimal digits unless one of cp930 cp933 cp935 cp937 cp939 cp1364 cp1371 cp1388 is its code page", b.page.Name())
			}
		case p.Category == syntax.NationalText && (n.usage == syntax.National || n.usage == syntax.NoUsage):
			n.Usage = National // NSYMBOL(NATIONAL), the default
		default:
			return "USAGE NATIONAL or DISPLAY-1 with this PICTURE"
		}
		return ""
	case syntax.UTF8Text:
		if n.usage != syntax.NoUsage && n.usage != syntax.UTF8 {
			return "USAGE UTF-8 with this PICTURE"
		}
		n.Usage, n.Size = UTF8, 4*p.Size // 4 bytes a character unless BYTE-LENGTH says the length
		if e.ByteLength > 0 {
			n.Size = e.ByteLength
		}
		return ""
	}
	switch {
	case n.usage == syntax.NoUsage || n.usage == syntax.Display:
		n.Usage, n.Size = Display, p.Size
	case n.usage == syntax.National && p.Category == syntax.NumericEdited:
		n.Usage, n.Size = National, 2*p.Size
	case n.usage == syntax.CompX && p.Category == syntax.Alphanumeric && strings.Trim(p.Text, "X(0123456789)") == "" && p.Size <= 8:
		// Micro Focus: PIC X(n) COMP-X is an unsigned number of n bytes.
		n.Usage, n.Category, n.Size = NativeBinary, Numeric, p.Size
		n.Digits = [...]int{3, 5, 8, 10, 13, 15, 17, 20}[p.Size-1]
	default:
		return "a numeric PICTURE with this USAGE, or USAGE DISPLAY"
	}
	return ""
}

// numeric settles an item of S 9 V P (Language Reference, "Computational items"; lengths by digits:
// Programming Guide, "Formats for numeric data").
func (n *node) numeric(p *syntax.Picture, sizes BinarySize) string {
	if p.Signed {
		n.Field.Sign = TrailingOverpunch
	}
	d := p.Digits
	switch n.usage {
	case syntax.NoUsage, syntax.Display, syntax.National:
		n.Usage, n.Size = Display, d
		if p.Signed {
			n.Field.Sign = map[syntax.Sign]Sign{syntax.Leading: LeadingOverpunch}[n.sign]
			switch {
			case n.sign == syntax.Leading && n.separate:
				n.Field.Sign = LeadingSeparate
			case n.separate:
				n.Field.Sign = TrailingSeparate
			case n.sign != syntax.Leading:
				n.Field.Sign = TrailingOverpunch
			}
			if n.separate {
				n.Size++
			}
		}
		if n.usage == syntax.National {
			if n.Usage, n.Size = National, 2*n.Size; p.Signed && !n.separate {
				return "SIGN LEADING SEPARATE or TRAILING SEPARATE for a signed NATIONAL item"
			}
		}
	case syntax.Binary, syntax.Comp5:
		if n.Usage = Binary; n.usage == syntax.Comp5 {
			n.Usage = NativeBinary
		}
		switch {
		case d <= 18 && sizes == Binary1to8:
			n.Size = fewestBytes(d, p.Signed)
		case d <= 2 && sizes == Binary1248:
			n.Size = 1
		case d <= 4:
			n.Size = 2
		case d <= 9:
			n.Size = 4
		case d <= 18:
			n.Size = 8
		default:
			n.Size = 16 // no IBM compiler goes so far
		}
	case syntax.CompX:
		n.Usage, n.Size = NativeBinary, fewestBytes(d, p.Signed)
		if n.Size > 8 {
			return "at most 18 digits with COMP-X"
		}
	case syntax.Comp3:
		n.Usage, n.Size = Packed, d/2+1
	case syntax.Comp6:
		if n.Usage, n.Size = PackedUnsigned, (d+1)/2; p.Signed {
			return "no S in the PICTURE of a COMP-6 item, which has no sign"
		}
	default:
		return "X, N, G or U in the PICTURE with this USAGE"
	}
	return ""
}

// fewestBytes returns how many bytes hold d digits: the length of a COMP-X item, and of a COMP item of Micro
// Focus under NOIBMCOMP. 9 is more than there can be.
func fewestBytes(d int, signed bool) int {
	digits := [...]int{2, 4, 7, 9, 12, 14, 16, 19} // what 1 to 8 bytes hold
	if signed {
		digits = [...]int{2, 4, 6, 9, 11, 14, 16, 18}
	}
	for i, most := range digits {
		if d <= most {
			return i + 1
		}
	}
	return 9
}

// align returns the boundary of a SYNCHRONIZED item, 1 if it has none (Language Reference,
// "SYNCHRONIZED clause" and "Slack bytes": m is 2 for up to four digits, 4 for more and for COMP-1,
// addresses and indexes, 8 for COMP-2; under LP(64) 8 for addresses and indexes).
func (n *node) align() int {
	if !n.sync {
		return 1
	}
	switch n.Usage {
	case Binary, NativeBinary:
		if n.rule == SyncGnuCOBOL && n.Size >= 8 {
			return 8
		}
		return [...]int{1, 1, 2, 2, 4}[min(n.Size, 4)]
	case Index, Pointer:
		if n.addresses == LP64 {
			return n.Size
		}
		return 4
	case Float:
		return 4
	case Double:
		return 8
	}
	return 1
}
