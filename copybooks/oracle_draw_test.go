package copybooks

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// place is one item of a drawn record, with what is moved to each occurrence.
type place struct {
	name, clause string
	usage        string // USAGE of a group
	children     []*place
	occurs       int // 0: no table
	counter      string
	least, most  int // of a counted table; occurs is how many there are
	redefines    string
	dead         bool // another view of the storage has the values
}

// landscape draws places.
type landscape struct {
	drawing
	counts []*place
}

func (d *landscape) leaf(usage, sign string) string {
	digits := 1 + d.r.IntN(18)
	if d.one(6) {
		digits = 19 + d.r.IntN(13)
	}
	number := d.number(digits)
	switch {
	case usage == "COMP-3":
		return "PIC " + d.pick("", "S") + number
	case usage == "COMP":
		return "PIC " + d.pick("", "S") + d.number(1+d.r.IntN(18))
	case sign != "" && d.one(2):
		return "PIC S" + number
	}
	forms := 14
	if sign != "" {
		forms = 11 // GnuCOBOL carries a group's SIGN to edited items: see TestGnuCOBOLDifferences
	}
	switch d.r.IntN(forms) {
	case 0, 1:
		return fmt.Sprintf("PIC X(%d)%s", 1+d.r.IntN(30), d.pick("", "", " JUST RIGHT"))
	case 2:
		return "PIC " + number
	case 3:
		return fmt.Sprintf("PIC 9(%d) BLANK WHEN ZERO", 1+d.r.IntN(9))
	case 4, 5:
		return "PIC S" + number + d.pick("", " SIGN LEADING", " SIGN TRAILING SEPARATE", " SIGN LEADING SEPARATE CHARACTER")
	case 6, 7:
		return "PIC " + d.pick("", "S", "S") + number + d.pick(" COMP-3", " PACKED-DECIMAL")
	case 8:
		return "PIC " + d.pick("", "S") + d.number(1+d.r.IntN(18)) + d.pick(" COMP", " BINARY", " COMP-4")
	case 9:
		return "PIC " + d.pick("", "S") + d.number(3+d.r.IntN(16)) + " COMP-5"
	case 10:
		return d.pick("COMP-1", "COMP-2")
	case 11:
		return "PIC " + d.pick("9(3)PP", "S9(2)P(4)", "VPP9(4)", "SVP9(3)", "S9(4)PP COMP")
	}
	return "PIC " + d.edited()
}

func (d *landscape) number(digits int) string {
	scale := d.r.IntN(min(digits, 7) + 1)
	switch {
	case scale == 0:
		return fmt.Sprintf("9(%d)", digits)
	case scale == digits:
		return fmt.Sprintf("V9(%d)", digits)
	}
	return fmt.Sprintf("9(%d)V9(%d)", digits-scale, scale)
}

// edited draws a numeric-edited PICTURE.
func (d *landscape) edited() string {
	whole := d.pick("Z(5)9", "ZZ,ZZ9", "Z,ZZZ,ZZ9", "9(4)", "9", "ZZZ", "***9", "*,**9", "**,***", "9(3),9(3)", "ZZB999", "990", "Z(3)9B9")
	fraction := d.pick("", ".99", ".9(4)", "V99", ".9")
	if strings.HasSuffix(whole, "Z") && fraction != "" {
		fraction = d.pick(".ZZ", ".99")
	}
	if strings.HasSuffix(whole, "*") && fraction != "" {
		fraction = ".**"
	}
	sign := d.pick("", "-", "+", "CR", "DB")
	switch d.r.IntN(8) {
	case 0:
		return d.pick("$", "$") + whole + fraction + sign
	case 1:
		if d.one(4) {
			return "$$,$$$" + d.pick("", ".99", "CR")
		}
		return d.pick("$$,$$9", "$$$9", "$(6)9") + d.pick("", ".99") + sign
	case 2:
		return d.pick("++,++9", "+++9", "--,--9", "-(6)9", "----") + d.pick("", ".99", "V9")
	case 3:
		return d.pick("+", "-") + whole + fraction
	case 4:
		return "ZZ,ZZ9" + d.pick("", ".99") + sign + " BLANK WHEN ZERO"
	case 5:
		return d.pick("99/99/9999", "9(4)/99/99", "99B99B99", "9(3)00")
	}
	return whole + fraction + sign
}

// group draws what stands in a group.
func (d *landscape) group(depth int, usage, sign string, plain, dead bool) []*place {
	var out []*place
	var base *place
	for range 1 + d.r.IntN(5) {
		p := &place{name: d.name(), dead: dead}
		if base != nil && !d.odo && d.one(4) {
			p.redefines = base.name
			if d.one(2) && !dead {
				base.kill()
			} else {
				p.dead = true
			}
			base = nil
		} else if base = p; d.one(4) {
			p.occurs, base = 2+d.r.IntN(2), nil
		}
		out = append(out, p)
		if depth == 0 || !d.one(3) {
			p.clause = d.leaf(usage, sign)
			continue
		}
		u, s := usage, sign
		if usage == "" && sign == "" {
			switch d.r.IntN(6) {
			case 0:
				p.usage, u = "COMP-3", "COMP-3"
			case 1:
				p.usage, u = "COMP", "COMP"
			case 2:
				p.usage = d.pick("SIGN LEADING SEPARATE", "SIGN TRAILING SEPARATE", "SIGN LEADING")
				s = p.usage
			}
		}
		p.children = d.group(depth-1, u, s, plain && p.occurs == 0 && p.redefines == "", p.dead)
	}
	if d.odo && plain && usage == "" && d.one(2) {
		t := &place{name: d.name(), counter: d.name(), least: d.r.IntN(3), most: 3 + d.r.IntN(4)}
		t.occurs = t.least + d.r.IntN(t.most-t.least+1)
		t.children = []*place{{name: d.name(), clause: fmt.Sprintf("PIC X(%d)", 1+d.r.IntN(9))}, {name: d.name(), clause: "PIC S9(7)V99 COMP-3"}}
		out = append(out, t)
		d.counts = append(d.counts, t)
	}
	return out
}

func (p *place) kill() {
	p.dead = true
	for _, c := range p.children {
		c.kill()
	}
}

func (p *place) write(b *strings.Builder, level int) {
	fmt.Fprintf(b, "%02d %s", level, p.name)
	if p.redefines != "" {
		b.WriteString(" REDEFINES " + p.redefines)
	}
	switch {
	case p.counter != "":
		fmt.Fprintf(b, " OCCURS %d TO %d TIMES DEPENDING ON %s", p.least, p.most, p.counter)
	case p.occurs > 0:
		fmt.Fprintf(b, " OCCURS %d TIMES", p.occurs)
	}
	for _, clause := range []string{p.usage, p.clause} {
		if clause != "" {
			b.WriteString(" " + clause)
		}
	}
	b.WriteString(".\n")
	for _, c := range p.children {
		c.write(b, level+5)
	}
}

// moved is one value of one occurrence.
type moved struct {
	field *Field
	index []int
	text  string // what we shall read
	shown string // what GnuCOBOL displays
}

// instance is a drawn record with its values.
type instance struct {
	name, text string
	layout     *Layout
	values     []*moved
}

// draw draws one record, and appends its paragraph to code.
func drawInstance(t testing.TB, r *rand.Rand, name string, code *strings.Builder) *instance {
	// What redefines moves what stands behind a table of variable length in GnuCOBOL: see TestGnuCOBOLDifferences.
	d := &landscape{drawing: drawing{r: r, prefix: name, odo: r.IntN(3) == 0}}
	places := d.group(3, "", "", true, false)
	var text strings.Builder
	fmt.Fprintf(&text, "01 %s.\n", name)
	for _, c := range d.counts {
		fmt.Fprintf(&text, "05 %s PIC 9(4) COMP.\n", c.counter)
	}
	for _, p := range places {
		p.write(&text, 5)
	}
	o := Options{}
	if r.IntN(3) == 0 {
		o.Trunc = Bin
	}
	in := &instance{name: name, text: text.String()}
	ls, err := Parse(name, strings.NewReader(in.text), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, in.text)
	}
	in.layout = ls[0]
	fmt.Fprintf(code, "P-%s.\n", name)
	for _, c := range d.counts {
		fmt.Fprintf(code, "MOVE %d TO %s.\n", c.occurs, c.counter)
	}
	var show strings.Builder
	for _, p := range places {
		in.values = append(in.values, d.fill(t, in.layout, p, nil, code, &show)...)
	}
	fmt.Fprintf(code, "MOVE LENGTH OF %s TO L.\nDISPLAY \"REC %s \" L.\nDISPLAY %s.\n%s", name, name, name, show.String())
	return in
}

// fill draws the values of a place's occurrences: code moves them, show displays them.
func (d *landscape) fill(t testing.TB, l *Layout, p *place, index []int, code, show *strings.Builder) (out []*moved) {
	if p.dead {
		return nil
	}
	n := p.occurs
	if n == 0 && p.counter == "" {
		n = 1
	}
	for i := range n {
		if n > 2 && i > 0 && i < n-1 && d.one(2) {
			continue // the first, the last, and some between
		}
		at := index
		if p.occurs > 0 {
			at = append(append([]int(nil), index...), i)
		}
		if len(p.children) > 0 {
			for _, c := range p.children {
				out = append(out, d.fill(t, l, c, at, code, show)...)
			}
			continue
		}
		f, err := l.Field(p.name)
		if err != nil {
			t.Fatal(err)
		}
		literal, text := d.value(f, l.Options())
		of := p.name
		for k, x := range at {
			of += []string{"(", ", "}[min(k, 1)] + strconv.Itoa(x+1)
		}
		if len(at) > 0 {
			of += ")"
		}
		fmt.Fprintf(code, "MOVE %s TO %s.\n", literal, of)
		switch {
		case f.Category == Alphanumeric:
			fmt.Fprintf(show, "DISPLAY \"V|\" %s \"|\".\n", of)
		case f.Category == NumericEdited: // its own text; GnuCOBOL does not take all of them back
			fmt.Fprintf(show, "DISPLAY \"E|\" %s \"|\".\n", of)
		case f.Digits > 18:
			fmt.Fprintf(show, "MOVE %s TO ED-LONG.\nDISPLAY \"V|\" ED-LONG \"|\".\n", of)
		default:
			fmt.Fprintf(show, "MOVE %s TO ED.\nDISPLAY \"V|\" ED \"|\".\n", of)
		}
		out = append(out, &moved{field: f, index: at, text: text})
	}
	return out
}

// value draws a literal for a field, and our canonical text of it.
func (d *landscape) value(f *Field, o Options) (literal, text string) {
	switch f.Category {
	case Alphanumeric:
		const letters = "ABCXYZabcxyz019 .,-&()<>;:!?@#%=+*/_~^[]{}|\\'"
		b := make([]byte, d.r.IntN(f.Size+1))
		for i := range b {
			b[i] = letters[d.r.IntN(len(letters))]
		}
		text = string(b)
		if f.Justified {
			text = strings.TrimLeft(text, " ")
		} else {
			text = strings.TrimRight(text, " ")
		}
		if text == "" {
			return "SPACES", ""
		}
		return `"` + text + `"`, text
	case Floating:
		most := int64(1) << 20
		n := d.r.Int64N(2*most) - most
		scaled := fmt.Sprintf("%d", n*125)
		return point(scaled, 3), trimZeros(point(scaled, 3))
	}
	n := new(big.Int)
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.Digits)), nil)
	full := f.Usage == NativeBinary || f.Usage == Binary && o.Trunc == Bin
	if full && f.Size <= 8 {
		most = new(big.Int).Lsh(big.NewInt(1), uint(8*f.Size)) // the range of the bytes
		if f.Signed() {
			most.Rsh(most, 1)
		}
	}
	switch d.r.IntN(5) {
	case 0:
	case 1:
		n.Sub(most, big.NewInt(1))
	case 2:
		n.SetInt64(d.r.Int64N(10))
		n.Mod(n, most)
	default:
		for range 3 {
			n.Lsh(n, 60).Add(n, big.NewInt(d.r.Int64N(1<<60)))
		}
		n.Mod(n, most)
	}
	if n.Sign() == 0 && f.Scale < 0 && f.Usage == Binary {
		n.SetInt64(1) // MOVE 0 never ends there in GnuCOBOL 3.1.2
	}
	if f.Signed() && d.one(2) {
		n.Neg(n)
	}
	scale := f.Scale
	digits := n.String()
	for ; scale < 0; scale++ {
		digits += "0"
	}
	text = point(digits, scale)
	if n.Sign() == 0 {
		text = point("0", scale)
	}
	return text, text
}

// point puts a decimal point into digits.
func point(digits string, scale int) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if scale == 0 {
		digits = strings.TrimLeft(digits, "0")
		if digits == "" {
			return "0"
		}
		return sign + digits
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
}

func trimZeros(text string) string { return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") }
