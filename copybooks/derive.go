package copybooks

import "fmt"

// With returns the Item with another Codec: the same bytes, meant differently. A group becomes elementary.
func (it *Item) With(c Codec) *Item {
	d := *it
	d.Codec, d.Children = c, nil
	d.settle()
	return &d
}

// TextCodec returns a Codec that takes the bytes of any Item of this Plan as text of the Layout's code page.
func (p *Plan) TextCodec(it *Item) (Codec, error) {
	f := Field{Path: it.Field.Path, Usage: Display, Category: Alphanumeric, Size: int(it.size), Codepage: it.Field.Codepage}
	return newCodec(&f, p.layout.Options(), newCharset)
}

// WithCodepage returns the Item with a Codec of another code page. It fails if the page is unknown.
func (p *Plan) WithCodepage(it *Item, page string) (*Item, error) {
	f := *it.Field
	f.Codepage = page
	c, err := newCodec(&f, p.layout.Options(), newCharset)
	if err != nil {
		return nil, err
	}
	return it.With(c), nil
}

// Element returns element i, from 0, of a table of single values as an Item of its own. The table must stand
// outside of other tables, have a fixed number of elements, and i be one of them.
func (p *Plan) Element(it *Item, i int) (*Item, error) {
	if it.table == nil || it.table.counter != nil || len(it.Children) > 0 || i < 0 || i >= it.table.max {
		return nil, fmt.Errorf("%s has no element %d: want a table of single values and of fixed length", it.Field.Path, i+1)
	}
	for up := it.Parent; up != nil; up = up.Parent {
		if up.table != nil {
			return nil, fmt.Errorf("%s stands in a table", it.Field.Path)
		}
	}
	d := *it
	d.table, d.off = nil, it.off+int32(i)*it.size
	d.settle()
	return &d, nil
}

// Graft returns the children of another Plan's root as children of it, an elementary Item of this Plan. The
// other Layout must be of fixed size and no longer than the Item, and hold no tables.
func (p *Plan) Graft(it *Item, other *Plan) ([]*Item, error) {
	if other.regs != 1 {
		return nil, fmt.Errorf("layout %s holds a table", other.layout.Name())
	}
	if other.root.size > it.size {
		return nil, fmt.Errorf("layout %s has %d bytes, %s has %d", other.layout.Name(), other.root.size, it.Field.Path, it.size)
	}
	return it.graft(it, other.root), nil
}

// graft copies the Items below from, so that they lie in the storage of it.
func (it *Item) graft(parent, from *Item) []*Item {
	out := make([]*Item, len(from.Children))
	for i, c := range from.Children {
		d := *c
		d.Parent, d.off, d.reg, d.end = parent, c.off+it.off, it.reg, it.reg
		if it.table != nil {
			d.reg = it.table.inner.first
		}
		d.Children = it.graft(&d, c)
		d.settle()
		out[i] = &d
	}
	return out
}

// Peek returns the bytes of an Item in b without decoding a record: the Item must stand outside of tables
// and before those that slide.
func (p *Plan) Peek(b []byte, it *Item) ([]byte, Fault) {
	if it.reg != p.scope.first || it.table != nil {
		return nil, NotEncodable
	}
	end := int(it.off + it.size)
	if end > len(b) {
		return nil, ShortRecord
	}
	return b[it.off:end], OK
}
