package copybooks

import (
	"bytes"
	"strconv"
)

// Encoder writes the bytes of one record. It is reusable and belongs to one goroutine.
//
// Where a value has several encodings (sign nibbles, negative zero, an ASCII overpunch, text that was not
// filled up with spaces), the bytes of the original record win if they mean the same value. Without them the
// canonical form is written: C and D for signed items, F for unsigned ones, spaces behind text, zero in pad
// nibbles, the normalized fraction of floating point.
type Encoder struct {
	plan *Plan
	err  error
	out  Record
	orig Record
	// live says that the original has the occurrence at which the registers stand.
	live    bool
	decoder *Decoder
	top     int
	// counter, if set, is given the value count wherever settle meets one of its tables.
	counter *Item
	count   int
	prefer  []byte
	emitted []byte // what Emit passes on
	text    []byte // what Set was given
	digits  []byte // a counter's text
}

// Encoder returns a new Encoder. If the Layout cannot be compiled, Begin says why.
func (l *Layout) Encoder() *Encoder {
	p, err := NewPlan(l)
	if err != nil {
		return &Encoder{err: err}
	}
	return p.Encoder()
}

// Encoder returns a new Encoder that shares the Plan.
func (p *Plan) Encoder() *Encoder {
	return &Encoder{plan: p, decoder: p.Decoder(),
		out: Record{frame: &frame{plan: p, regs: make([]int32, p.regs)}, b: make([]byte, p.root.size)}}
}

// OriginalCount returns how many elements a table has in the original record, or the fixed or least number.
func (e *Encoder) OriginalCount(it *Item) (int, Fault) {
	if it.table == nil {
		return 1, OK
	}
	if e.live {
		return e.orig.Count(it)
	}
	if it.table.counter == nil {
		return it.table.max, OK
	}
	return it.table.min, OK
}

// Start is Begin for callers that then visit every item in the record's order: Put, PutNull or Keep for each
// elementary one, Open, Step and Close around the elements of each table, EnterView before a view that
// Moves.
func (e *Encoder) Start(original []byte) error {
	if e.err != nil {
		return e.err
	}
	clear(e.out.b)
	clear(e.out.regs)
	e.orig, e.live, e.top = Record{}, false, 0
	if original == nil {
		return nil
	}
	e.decoder.RecordSize = len(original)
	r, err := e.decoder.Decode(original)
	if err != nil {
		return err
	}
	e.orig, e.live = r, true
	copy(e.out.b, original)
	return nil
}

// Original returns the original record; the zero Record if there is none.
func (e *Encoder) Original() Record { return e.orig }

// Record returns the record as far as it is written: its registers stand where the Encoder is.
func (e *Encoder) Record() *Record { return &e.out }

// slot returns the bytes to write.
func (e *Encoder) slot(it *Item) ([]byte, Fault) {
	b, f := e.out.Slice(it)
	if f == OK {
		e.top = max(e.top, cap(e.out.b)-cap(b)+len(b))
	}
	return b, f
}

// original returns the item's bytes in the original record, or nil.
func (e *Encoder) original(it *Item) []byte {
	if e.prefer != nil {
		return e.prefer
	}
	if !e.live {
		return nil
	}
	b, f := e.orig.Slice(it)
	if f != OK {
		return nil
	}
	return b
}

// Put writes the canonical text of an elementary item. The original bytes stay if they mean the same.
func (e *Encoder) Put(it *Item, text []byte) Fault {
	b, f := e.slot(it)
	if f != OK {
		return f
	}
	if !e.live && e.prefer == nil {
		return it.Codec.Put(b, text)
	}
	was := e.original(it)
	if was != nil {
		var buf [256]byte
		if old, f := it.Codec.AppendText(buf[:0], was); f == OK && bytes.Equal(old, text) {
			copy(b, was)
			return OK
		}
	}
	if f := it.Codec.Put(b, text); f != OK {
		return f
	}
	if was != nil && it.Codec.Same(was, b) {
		copy(b, was)
	}
	return OK
}

// PutWhole writes a whole number of a number Item. It reports false, and the caller must use Put, where the
// original bytes may mean it, and where it does not fit or only Put can tell.
func (e *Encoder) PutWhole(it *Item, n uint64) bool {
	c := &it.Codec
	if e.live || e.prefer != nil || c.scale != 0 {
		return false
	}
	b, f := e.slot(it)
	pic := c.precision()
	return f == OK && (pic >= len(pow10) || n < pow10[pic]) && c.putNumber(b, n, false)
}

// PutNull writes null. The original bytes stay if they mean null too.
func (e *Encoder) PutNull(it *Item) Fault {
	b, f := e.slot(it)
	if f != OK {
		return f
	}
	if was := e.original(it); was != nil {
		var buf [256]byte
		if _, f := it.Codec.AppendText(buf[:0], was); f == Blank {
			copy(b, was)
			return OK
		}
	}
	return it.Codec.PutNull(b)
}

// PutRaw writes bytes as they are. There must be as many as the item has.
func (e *Encoder) PutRaw(it *Item, raw []byte) Fault {
	b, f := e.slot(it)
	if f != OK {
		return f
	}
	if len(raw) != len(b) {
		return TextTooLong
	}
	copy(b, raw)
	return OK
}

// Keep writes the original bytes, or without an original the initial value.
func (e *Encoder) Keep(it *Item) Fault {
	b, f := e.out.Slice(it)
	if f != OK {
		return f
	}
	switch was := e.original(it); {
	case was != nil:
		copy(b, was)
	case len(it.initial) == len(b):
		copy(b, it.initial)
	default:
		it.Codec.PutInitial(b)
	}
	return OK
}

// Same reports whether two encodings mean the same value.
func (c *Codec) Same(a, b []byte) bool {
	var bufA, bufB [256]byte
	textA, f := c.AppendText(bufA[:0], a)
	textB, g := c.AppendText(bufB[:0], b)
	return f <= Blank && f == g && bytes.Equal(textA, textB)
}

// Open begins a table of n elements. With force its counter is written; else a counter of another value is
// ODOCount.
func (e *Encoder) Open(it *Item, n int, force bool) Fault {
	t := it.table
	if n < t.min || n > t.max {
		return ODOCount
	}
	if t.counter != nil {
		if was, f := e.out.Integer(t.counter); f != OK || was != int64(n) {
			if !force {
				return ODOCount
			}
			e.digits = strconv.AppendInt(e.digits[:0], int64(n), 10)
			if f := e.Put(t.counter, e.digits); f != OK {
				return f
			}
		}
	}
	if e.live {
		if was, f := e.orig.Count(it); f != OK || was != n {
			clear(e.out.b[min(len(e.out.b), e.out.Pos(it)):])
		}
	}
	return OK
}

// Step goes to element i of a table; i counts up from 0. It also moves the original, as long as it has that
// element.
func (e *Encoder) Step(it *Item, i int) Fault {
	in := &it.table.inner
	shift := e.out.regs[it.reg]
	if i > 0 {
		shift = e.out.regs[in.last] + it.size
	}
	e.out.regs[in.first] = shift
	if !e.live {
		return OK
	}
	n, f := e.orig.Count(it)
	if f != OK || i >= n {
		e.live = false
		return OK
	}
	if i == 0 {
		f = e.orig.First(it)
	} else {
		f = e.orig.Next(it)
	}
	return f
}

// Close ends a table of n elements. The caller restores Live to what it was before the first Step.
func (e *Encoder) Close(it *Item, n int) {
	t := it.table
	if !t.slides {
		return
	}
	shift := e.out.regs[it.reg] - it.size
	if n > 0 {
		shift = e.out.regs[t.inner.last]
	}
	e.out.regs[it.end] = shift + it.size - int32(t.max)*it.size
}

// Live reports whether the original has the occurrence at which the Encoder stands; SetLive restores it.
func (e *Encoder) Live() bool { return e.live }

// SetLive sets what Live reports.
func (e *Encoder) SetLive(live bool) { e.live = live }

// EnterView goes into a view of shared storage for which Moves holds.
func (e *Encoder) EnterView(it *Item) Fault {
	e.out.regs[it.view.first] = e.out.regs[it.reg]
	if e.live && e.orig.EnterView(it) != OK {
		e.live = false
	}
	return OK
}

// AppendRecord appends the record.
func (e *Encoder) AppendRecord(dst []byte) []byte {
	n := int(e.plan.root.size + e.out.regs[e.plan.scope.last])
	size := n
	if e.orig.frame != nil {
		switch was, covers := len(e.orig.b), e.orig.Len(); {
		case was > covers:
			size = max(n, was)
		case was < covers:
			size = max(e.top, n-(covers-was))
		}
	}
	m := min(size, len(e.out.b))
	dst = append(dst, e.out.b[:m]...)
	if size > m {
		dst = append(dst, e.orig.b[m:]...)
	}
	return dst
}

// Prefer sets the bytes that take the place of the original ones for the next items; nil ends it.
func (e *Encoder) Prefer(b []byte) { e.prefer = b }

// OriginalBytes returns the Item's bytes in the original record, nil if it has none.
func (e *Encoder) OriginalBytes(it *Item) []byte { return e.original(it) }
