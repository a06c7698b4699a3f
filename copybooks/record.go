package copybooks

import "fmt"

// Record is bytes seen through a Layout. It borrows the bytes and the registers of the Decoder that made it,
// is valid until that Decoder's next Decode, and belongs to one goroutine.
type Record struct {
	*frame
	b []byte
}

// frame is what the Records of one Decoder share: four words pass in registers, a Record of more does not.
type frame struct {
	plan *Plan
	regs []int32
}

// Layout returns the Layout that the Record was decoded by; nil for the zero Record.
func (r Record) Layout() *Layout {
	if r.frame == nil {
		return nil
	}
	return r.plan.layout
}

// Plan returns the Plan behind the Layout; nil for the zero Record.
func (r Record) Plan() *Plan {
	if r.frame == nil {
		return nil
	}
	return r.plan
}

// Bytes returns all bytes that were given to Decode, borrowed.
func (r Record) Bytes() []byte { return r.b }

// Len returns how many bytes the Layout covers with the table counters of this Record; 0 for the zero Record.
func (r Record) Len() int {
	if r.frame == nil {
		return 0
	}
	return int(r.plan.root.size + r.regs[r.plan.scope.last])
}

// Pos returns the Item's offset with the registers as they stand: those of a table's elements are set by
// First and Next.
func (r *Record) Pos(it *Item) int { return int(it.off + r.regs[it.reg]) }

// Slice returns the bytes of an elementary Item, or ShortRecord. An element of a table is meant if the Item
// is one.
func (r *Record) Slice(it *Item) ([]byte, Fault) {
	off := int(it.span.off + r.regs[it.span.reg])
	end := off + int(it.size)
	if end > len(r.b) {
		return nil, ShortRecord
	}
	return r.b[off:end], OK
}

// Count returns how many elements a table has in this Record: its counter's value, which lies within the
// table's bounds, or the fixed number.
func (r *Record) Count(it *Item) (int, Fault) {
	t := it.table
	if t == nil {
		return 1, OK
	}
	if t.counter == nil {
		return t.max, OK
	}
	n, f := r.Integer(t.counter)
	if f != OK {
		return 0, f
	}
	if n < int64(t.min) || n > int64(t.max) {
		return 0, ODOCount
	}
	return int(n), OK
}

func integer(text []byte) (int64, Fault) {
	neg := len(text) > 0 && text[0] == '-'
	if neg {
		text = text[1:]
	}
	if len(text) == 0 || len(text) > 19 {
		return 0, NotNumber
	}
	var n uint64
	for _, c := range text {
		if c-'0' > 9 {
			return 0, NotNumber
		}
		n = n*10 + uint64(c-'0')
	}
	if n > 1<<63-1 {
		return 0, Overflow
	}
	if neg {
		return -int64(n), OK
	}
	return int64(n), OK
}

// First sets the registers of a table's elements to the first one.
func (r *Record) First(it *Item) Fault { return r.enter(&it.table.inner, r.regs[it.reg]) }

// Next sets the registers of a table's elements to the next one.
func (r *Record) Next(it *Item) Fault {
	in := &it.table.inner
	return r.enter(in, r.regs[in.last]+it.size)
}

// EnterView sets the registers of a view for which Moves holds.
func (r *Record) EnterView(it *Item) Fault { return r.enter(it.view, r.regs[it.reg]) }

// enter sets the registers of a scope that begins with the given shift.
func (r *Record) enter(sc *scope, shift int32) Fault {
	r.regs[sc.first] = shift
	for _, it := range sc.tables {
		end, f := r.extent(it)
		if f != OK {
			return f
		}
		r.regs[it.end] = end
	}
	return OK
}

// extent returns the shift behind a table that slides.
func (r *Record) extent(it *Item) (int32, Fault) {
	t := it.table
	n, f := r.Count(it)
	if f != OK {
		return 0, f
	}
	if len(t.inner.tables) == 0 {
		return r.regs[it.reg] + int32(n-t.max)*it.size, OK
	}
	shift := r.regs[it.reg] - it.size
	for range n {
		if f := r.enter(&t.inner, shift+it.size); f != OK {
			return 0, f
		}
		shift = r.regs[t.inner.last]
	}
	return shift + it.size - int32(t.max)*it.size, OK
}

// Locate returns where an occurrence of a Field is in the Record, in bytes. index counts from 0, one for
// each table around the Field, outermost first; a table's own index may be left out, which means the whole
// table.
func (r Record) Locate(f *Field, index ...int) (off, size int, err error) {
	it := r.plan.Item(f)
	if it == nil {
		return 0, 0, fmt.Errorf("field %s is not of layout %s", f.Path, r.plan.layout.Name())
	}
	whole, fault := r.seek(it, index)
	if fault != OK {
		return 0, 0, r.Error(it, fault, index...)
	}
	off = r.Pos(it)
	end := int(it.off+it.size) + int(r.regs[it.end])
	if it.table != nil {
		end = int(it.off) + it.table.max*int(it.size) + int(r.regs[it.end])
		if !whole {
			off = int(it.off + r.regs[it.table.inner.first])
			end = int(it.off+it.size) + int(r.regs[it.table.inner.last])
		}
	}
	if end > len(r.b) {
		return 0, 0, r.Error(it, ShortRecord, index...)
	}
	return off, end - off, nil
}

// seek sets the registers around an Item. whole says that it is a table without an index.
func (r *Record) seek(it *Item, index []int) (whole bool, fault Fault) {
	if index, fault = r.around(it.Parent, index); fault != OK {
		return false, fault
	}
	if it.table != nil && it.view == nil && len(index) == 0 {
		return true, OK
	}
	_, fault = r.into(it, index)
	return false, fault
}

// around goes into an Item and all that is around it, outermost first, and returns the indices that are left.
func (r *Record) around(it *Item, index []int) ([]int, Fault) {
	if it == nil {
		return index, OK
	}
	index, fault := r.around(it.Parent, index)
	if fault != OK {
		return index, fault
	}
	return r.into(it, index)
}

func (r *Record) into(it *Item, index []int) ([]int, Fault) {
	switch {
	case it.view != nil:
		return index, r.EnterView(it)
	case it.table == nil:
		return index, OK
	case len(index) == 0:
		return index, r.element(it, 0)
	}
	return index[1:], r.element(it, index[0])
}

func (r *Record) element(it *Item, i int) Fault {
	count, f := r.Count(it)
	if f != OK {
		return f
	}
	if i < 0 || i >= count {
		return ODOCount
	}
	if len(it.table.inner.tables) == 0 {
		r.regs[it.table.inner.first] = r.regs[it.reg] + int32(i)*it.size
		return OK
	}
	f = r.First(it)
	for ; i > 0 && f == OK; i-- {
		f = r.Next(it)
	}
	return f
}

// Error returns the FieldError of a Fault in an Item, at the offset that the registers say.
func (r *Record) Error(it *Item, f Fault, index ...int) *FieldError {
	off := r.Pos(it)
	if it.table != nil && len(index) > 0 {
		off = int(it.off + r.regs[it.table.inner.first])
	}
	return NewFieldError(r.plan.layout, it.Field, f, off, int(it.size), index...)
}

// AppendText appends the canonical text of an elementary Field: UTF-8, or an exact decimal such as "-12.30".
// A numeric item that holds only spaces or low-values appends nothing.
func (r *Record) AppendText(dst []byte, f *Field, index ...int) ([]byte, error) {
	it, b, fault := r.elementary(f, index)
	if fault == OK {
		dst, fault = it.Codec.AppendText(dst, b)
	}
	if fault > Blank {
		return dst, r.refuse(f, it, fault, index)
	}
	return dst, nil
}

// TextAt returns AppendText as a string.
func (r Record) TextAt(f *Field, index ...int) (string, error) {
	var buf [256]byte
	text, err := r.AppendText(buf[:0], f, index...)
	return string(text), err
}

// AppendTextOf is AppendText for the Field at path.
func (r Record) AppendTextOf(dst []byte, path string, index ...int) ([]byte, error) {
	f, err := r.plan.layout.Field(path)
	if err != nil {
		return dst, err
	}
	return r.AppendText(dst, f, index...)
}

// Text returns the canonical text of the Field at path. The string is its one allocation; AppendTextOf has
// none.
func (r Record) Text(path string, index ...int) (string, error) {
	f, err := r.plan.layout.Field(path)
	if err != nil {
		return "", err
	}
	return r.TextAt(f, index...)
}

// Decimal returns the value of the numeric Field at path.
func (r Record) Decimal(path string, index ...int) (Decimal, error) {
	f, err := r.plan.layout.Field(path)
	if err != nil {
		return Decimal{}, err
	}
	return r.DecimalAt(f, index...)
}

// Int64 returns the value of the Field at path if it is an integer of 64 bits.
func (r Record) Int64(path string, index ...int) (int64, error) {
	f, err := r.plan.layout.Field(path)
	if err != nil {
		return 0, err
	}
	return r.Int64At(f, index...)
}

// SlicePos returns the offset of what Slice returns.
func (r *Record) SlicePos(it *Item) int {
	if it.table != nil {
		return int(it.off + r.regs[it.table.inner.first])
	}
	return r.Pos(it)
}
