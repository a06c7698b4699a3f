package copybooks

import (
	"fmt"
	"slices"
)

// Plan is a Layout made ready for work: a Codec for each elementary item, and where the bytes of each item
// are. It is immutable and safe to share; Decoders and Encoders hold what changes.
//
// Offsets are those of the greatest record. What a table of variable length leaves out shifts everything
// behind it, so each Item names a register, and a Record keeps the shift of each register. A table's
// elements have registers of their own, which First and Next set.
type Plan struct {
	layout *Layout
	root   *Item
	items  []*Item // preorder
	index  map[*Field]*Item
	scope  scope
	regs   int
	slack  int // how much shorter a record may be, because its last views have different sizes
}

// Item is a Field of a Plan.
type Item struct {
	// Field is the data item.
	Field *Field
	// Codec is set for elementary items.
	Codec Codec
	// Parent and Children follow the Field's.
	Parent   *Item
	Children []*Item

	off, size int32
	reg, end  int32     // registers: where it begins, and where what follows it begins
	table     *elements // set if the Field OCCURS
	view      *scope    // set for a view of shared storage that holds a variable table
	span      span
	initial   []byte // what PutInitial writes, of short items
}

// elements is what an Item that OCCURS needs.
type elements struct {
	min, max int
	counter  *Item // nil: always max elements
	slides   bool  // what follows moves with the number of elements
	inner    scope
}

// scope is a run of registers in a record, in a table's element or in a view of shared storage.
type scope struct {
	first, last int32
	tables      []*Item // those that move what follows them, in order
}

// NewPlan compiles a Layout. It fails on a code page or a PICTURE that no codec knows.
func NewPlan(l *Layout) (*Plan, error) {
	p := &Plan{layout: l, index: map[*Field]*Item{}}
	charsets := map[string]*charset{}
	b := planBuilder{p: p, o: l.Options(), get: func(name string) (*charset, error) {
		if c, ok := charsets[name]; ok {
			return c, nil
		}
		c, err := newCharset(name)
		charsets[name] = c
		return c, err
	}}
	p.scope.first = b.register()
	p.scope.last = p.scope.first
	p.root = &Item{Field: l.Root()} // until it is built
	var err error
	if p.root, err = b.item(l.Root(), nil, &p.scope); err != nil {
		return nil, fmt.Errorf("layout %s: %w", l.Name(), err)
	}
	if err = b.renames(l); err != nil {
		return nil, fmt.Errorf("layout %s: %w", l.Name(), err)
	}
	p.regs = int(b.next)
	p.slack = tailSlack(p.root)
	return p, nil
}

// Layout returns the Layout that the Plan was made from.
func (p *Plan) Layout() *Layout { return p.layout }

// Root returns the 01 level.
func (p *Plan) Root() *Item { return p.root }

// Item returns the Item of a Field, or nil if the Field is of another Layout.
func (p *Plan) Item(f *Field) *Item {
	if i := int(f.ordinal); i < len(p.items) && p.items[i].Field == f {
		return p.items[i]
	}
	return p.index[f]
}

// Items returns all Items, parents before children. The caller must not change it.
func (p *Plan) Items() []*Item { return p.items }

// Occurs reports whether the Item is a table.
func (it *Item) Occurs() bool { return it.table != nil }

// Counter returns the Item that says how many elements a table has; nil if the number is fixed.
func (it *Item) Counter() *Item {
	if it.table == nil {
		return nil
	}
	return it.table.counter
}

// Bounds returns the least and the greatest number of elements; 1 and 1 for an Item that is no table.
func (it *Item) Bounds() (least, most int) {
	if it.table == nil {
		return 1, 1
	}
	return it.table.min, it.table.max
}

// Size returns the length of one occurrence in bytes, at its greatest.
func (it *Item) Size() int { return int(it.size) }

// Moves reports whether the Item is a view of shared storage whose own parts move, so that EnterView must
// be called before they are read.
func (it *Item) Moves() bool { return it.view != nil }

type planBuilder struct {
	p    *Plan
	o    Options
	get  func(string) (*charset, error)
	next int32
}

func (b *planBuilder) register() int32 {
	b.next++
	return b.next - 1
}

func (b *planBuilder) item(f *Field, parent *Item, sc *scope) (*Item, error) {
	it := &Item{Field: f, Parent: parent, off: int32(f.Offset), size: int32(f.Size), reg: sc.last}
	b.p.items = append(b.p.items, it)
	b.p.index[f] = it
	if f.Redefines != nil {
		if target := b.p.index[f.Redefines]; target != nil {
			it.reg = target.reg
		}
	}
	inner := sc
	if f.Variable && f.OccursMax == 0 && sharesStorage(f) {
		it.view = &scope{first: b.register()}
		it.view.last = it.view.first
		inner = it.view
	}
	if f.OccursMax > 0 {
		it.table = &elements{min: f.OccursMin, max: f.OccursMax}
		if f.DependingOn != nil {
			var err error
			if it.table.counter, err = b.counter(f); err != nil {
				return nil, err
			}
		}
		it.table.inner.first = b.register()
		it.table.inner.last = it.table.inner.first
		inner = &it.table.inner
	}
	if f.Elementary() {
		var err error
		if it.Codec, err = newCodec(f, b.o, b.get); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	for _, child := range f.Children {
		c, err := b.item(child, it, inner)
		if err != nil {
			return nil, err
		}
		it.Children = append(it.Children, c)
	}
	if it.table != nil && b.o.ODO == Slide && (it.table.counter != nil || len(it.table.inner.tables) > 0) {
		it.table.slides = true
		sc.tables = append(sc.tables, it)
		sc.last = b.register()
	}
	it.end = sc.last
	if it.view != nil {
		it.end = it.view.last
	}
	it.settle()
	return it, nil
}

// counter returns the Item that counts a table's elements. A counter of another 01 level is read at the same
// bytes of this one: records of one file share their storage.
func (b *planBuilder) counter(f *Field) (*Item, error) {
	by := f.DependingOn
	if it := b.p.index[by]; it != nil {
		return it, nil
	}
	if top(by) == b.p.root.Field {
		return nil, fmt.Errorf("%s: its counter %s does not stand before it", f.Path, by.Path)
	}
	for _, it := range b.p.items {
		if g := it.Field; it.off == int32(by.Offset) && it.size == int32(by.Size) && it.reg == b.p.scope.first && it.table == nil &&
			g.Usage == by.Usage && g.Category == Numeric && g.Sign == by.Sign && g.Scale == 0 {
			return it, nil // the same item, declared here too
		}
	}
	it := &Item{Field: by, off: int32(by.Offset), size: int32(by.Size), reg: b.p.scope.first, end: b.p.scope.first}
	var err error
	if it.Codec, err = newCodec(by, b.o, b.get); err != nil {
		return nil, fmt.Errorf("%s: %w", by.Path, err)
	}
	it.settle()
	return it, nil
}

// top returns the 01 level that f is in.
func top(f *Field) *Field {
	for f.Parent != nil {
		f = f.Parent
	}
	return f
}

// renames adds the level 66 items: other names for bytes that Items have. They are not among Items.
func (b *planBuilder) renames(l *Layout) error {
	for _, f := range l.renames {
		from := b.p.index[f.renames]
		if from == nil {
			continue
		}
		it := &Item{Field: f, Parent: b.p.root, off: int32(f.Offset), size: int32(f.Size), reg: from.reg, end: from.reg}
		for up := from.Parent; up != nil; up = up.Parent {
			if up.view != nil {
				it.Parent = up // whose registers are entered on the way to it
				break
			}
		}
		var err error
		if it.Codec, err = newCodec(f, b.o, b.get); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		it.settle()
		b.p.index[f] = it
	}
	return nil
}

// sharesStorage reports whether f redefines a sibling or is redefined by one.
func sharesStorage(f *Field) bool {
	if f.Redefines != nil {
		return true
	}
	return f.Parent != nil && slices.ContainsFunc(f.Parent.Children, func(s *Field) bool { return s.Redefines == f })
}

// views returns the group's children in runs that share storage.
func views(group *Item) [][]*Item {
	var out [][]*Item
	for _, c := range group.Children {
		if c.Field.Redefines != nil && len(out) > 0 {
			out[len(out)-1] = append(out[len(out)-1], c)
			continue
		}
		out = append(out, []*Item{c})
	}
	return out
}

// least returns the smallest size that an Item can have in a record, in bytes.
func least(it *Item) int {
	size := int(it.size)
	if len(it.Children) > 0 {
		size = 0
		for _, cluster := range views(it) {
			n := 0
			for _, v := range cluster {
				n = max(n, least(v))
			}
			size += n
		}
		size = min(size, int(it.size))
	}
	if it.table != nil {
		if it.table.slides {
			return it.table.min * size
		}
		return it.table.max * int(it.size)
	}
	return size
}

// tailSlack is how many bytes the last storage of a group may lack where its views have different sizes:
// a record of variable length ends with the view that it holds.
func tailSlack(group *Item) int {
	clusters := views(group)
	if len(clusters) == 0 || group.table != nil {
		return 0
	}
	last := clusters[len(clusters)-1]
	if len(last) == 1 {
		return tailSlack(last[0])
	}
	most, few := 0, int(^uint(0)>>1)
	for _, v := range last {
		most = max(most, int(v.size))
		few = min(few, least(v))
	}
	return most - few
}

// SamePlace reports whether two Items, possibly of different Plans, are the same bytes of a record outside
// of tables that slide.
func (it *Item) SamePlace(other *Item) bool { return it.off == other.off && it.size == other.size }
