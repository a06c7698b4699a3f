package copybooks

import (
	"fmt"
	"slices"
)

// Begin starts a record. original may be nil: then every item has what INITIALIZE would give it and each
// table its least number of elements. Else original is decoded, and its errors are those of Decode.
func (e *Encoder) Begin(original []byte) error {
	if err := e.Start(original); err != nil {
		return err
	}
	if f := e.settle(e.plan.root); f != OK {
		return NewFieldError(e.plan.layout, nil, f, -1, 0)
	}
	return nil
}

// settle writes every item of the record as it was, or its initial value.
func (e *Encoder) settle(it *Item) Fault {
	n, f := e.OriginalCount(it)
	if f != OK {
		return f
	}
	if it.table == nil {
		return e.settleOne(it)
	}
	if e.counter != nil && it.table.counter == e.counter {
		n = e.count
	}
	live := e.live
	if f := e.Open(it, n, true); f != OK {
		return f
	}
	for i := range n {
		if f := e.Step(it, i); f != OK {
			return f
		}
		if f := e.settleOne(it); f != OK {
			return f
		}
	}
	e.Close(it, n)
	e.live = live
	return OK
}

func (e *Encoder) settleOne(it *Item) Fault {
	if len(it.Children) == 0 {
		return e.Keep(it)
	}
	for _, c := range it.Children {
		if c.Field.Redefines != nil {
			continue
		}
		if c.view != nil {
			if f := e.EnterView(c); f != OK {
				return f
			}
		}
		if f := e.settle(c); f != OK {
			return f
		}
	}
	return OK
}

// Bytes returns the record that Begin and Set made, in memory of its own.
func (e *Encoder) Bytes() []byte { return e.AppendRecord(nil) }

// Set writes the canonical text of one elementary Field after Begin. index counts from 0, one for each table
// around the Field. Setting the counter of a table adds elements with initial values, or takes the last
// ones away, and moves what stands behind.
func (e *Encoder) Set(f *Field, text string, index ...int) error {
	it := e.plan.Item(f)
	if it == nil {
		return fmt.Errorf("field %s is not of layout %s", f.Path, e.plan.layout.Name())
	}
	if slices.ContainsFunc(e.plan.items, func(t *Item) bool { return t.Counter() == it }) {
		return e.recount(it, text)
	}
	_, fault := e.out.seek(it, index)
	if fault == OK && !f.Elementary() {
		fault = NotEncodable
	}
	if fault == OK {
		e.live = false
		if e.orig.frame != nil {
			_, g := e.orig.seek(it, index)
			e.live = g == OK
		}
		e.text = append(e.text[:0], text...)
		fault = e.Put(it, e.text)
	}
	if fault != OK {
		return e.out.Error(it, fault, index...)
	}
	return nil
}

// recount lays the record out anew with another counter.
func (e *Encoder) recount(counter *Item, text string) error {
	n, fault := integer([]byte(text))
	if fault != OK {
		return e.out.Error(counter, fault)
	}
	other := e.plan.Encoder()
	other.counter, other.count = counter, int(n)
	if err := other.Begin(e.AppendRecord(nil)); err != nil {
		return err
	}
	copy(e.out.b, other.out.b)
	copy(e.out.regs, other.out.regs)
	return nil
}

// KeepAll writes everything below an Item, elements of tables included, as it was or with initial values.
func (e *Encoder) KeepAll(it *Item) Fault {
	if it.view != nil {
		if f := e.EnterView(it); f != OK {
			return f
		}
	}
	return e.settle(it)
}
