package mapping

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/portage-gateway/portage/copybooks"
)

// encodeJob is one record on its way from JSON to bytes.
type encodeJob struct {
	rec   *record
	enc   *copybooks.Encoder
	tape  *tape
	bound []int32 // the value of each slot, -1 if the JSON has none
	waits []waiting
	// mask says which bytes of shared storage a view has written; by says which view.
	mask  []*encItem
	view  *encItem
	where []int // indices of the elements around
	was   []byte
	// digits holds the text of a count, a date, a default or null.
	digits []byte
	// attributes are texts of Fields that the JSON need not name; "" is refused where it does not.
	attributes map[*copybooks.Field]string
	// written, if not nil, says which bytes of the record a value of the JSON wrote.
	written []bool
}

// waiting is shared storage whose selector may stand behind it.
type waiting struct {
	e    *encItem
	live bool
}

func (j *encodeJob) start(rec *record, enc *copybooks.Encoder, t *tape) {
	j.rec, j.enc, j.tape = rec, enc, t
	if cap(j.bound) < rec.leaves {
		j.bound = make([]int32, rec.leaves)
	}
	j.bound = j.bound[:rec.leaves]
	for i := range j.bound {
		j.bound[i] = -1
	}
	j.waits, j.where, j.view = j.waits[:0], j.where[:0], nil
	clear(j.mask)
}

// bind notes which value belongs to which node, below an object.
func (j *encodeJob) bind(n *node, at int32) error {
	t, guess := j.tape, 0
	for i := at + 1; i < t.values[at].next; i = t.values[i+1].next {
		k, id := guess, int16(t.values[i].n)
		if id == 0 || k >= len(n.names.list) || n.names.list[k].id != id {
			k = n.names.find(t.bytes(i), id, guess)
		}
		if k < 0 {
			return j.unknown(n, i)
		}
		guess = k + 1
		if slot := n.names.list[k].slot; slot >= 0 && j.bound[slot] < 0 {
			j.bound[slot] = i + 1
			continue
		}
		for first, m := range n.names.list[k].nodes {
			if j.bound[m.id] >= 0 && first == 0 {
				return j.fail(m, i, copybooks.WrongKind, errors.New("member stands twice"))
			}
			j.bound[m.id] = i + 1
			if m.kind != objectNode {
				continue
			}
			switch t.values[i+1].kind {
			case jsonNull:
			case jsonObject:
				if err := j.bind(m, i+1); err != nil {
					return err
				}
			default:
				return t.wrong(i+1, m.pointer(), "an object")
			}
		}
	}
	return nil
}

// unknown is the error of a member that no field belongs to.
func (j *encodeJob) unknown(n *node, at int32) error {
	keys := map[string]bool{}
	for _, m := range n.members {
		keys[m.key] = true
	}
	return &ValueError{Pointer: n.pointer(), Offset: int(j.tape.values[at].at), Reason: copybooks.WrongKind.String(),
		Err: fmt.Errorf("no field belongs to the member%s", hint(string(j.tape.bytes(at)), keys))}
}

// fail is an error at a node.
func (j *encodeJob) fail(n *node, at int32, f copybooks.Fault, err error) error {
	e := &ValueError{Offset: -1, Reason: f.String(), Err: err}
	if n != nil {
		e.Pointer = n.pointer()
	}
	if at >= 0 {
		e.Offset = int(j.tape.values[at].at)
	}
	return e
}

// refuse is the error of a Fault in an Item.
func (j *encodeJob) refuse(n *node, at int32, it *copybooks.Item, f copybooks.Fault) error {
	return j.fail(n, at, f, j.enc.Record().Error(it, f, j.where...))
}

// item encodes one Field and what is below it.
func (j *encodeJob) item(e *encItem) error {
	switch {
	case e.node != nil && e.node.leaf != nil:
		if at := j.bound[e.node.id]; at >= 0 && j.view == nil && j.written == nil && j.usual(e, at) {
			return nil
		}
		return j.leaf(e)
	case e.views:
		return j.shared(e)
	case e.table:
		return j.table(e)
	case len(e.children) > 0:
		for _, c := range e.children {
			if err := j.item(c); err != nil {
				return err
			}
		}
		return nil
	case len(e.item.Children) > 0:
		return nil
	}
	return j.leaf(e)
}

// table encodes the elements of a table.
func (j *encodeJob) table(e *encItem) error {
	at := int32(-1)
	if e.node != nil {
		at = j.bound[e.node.id]
	}
	if at >= 0 && j.tape.values[at].kind == jsonNull {
		at = -1
	}
	if at >= 0 && j.tape.values[at].kind != jsonArray {
		return j.tape.wrong(at, e.node.pointer(), "an array")
	}
	n, f := j.enc.OriginalCount(e.item)
	if f != copybooks.OK {
		return j.refuse(e.node, at, e.item, f)
	}
	given := 0
	if at >= 0 {
		given = int(j.tape.values[at].n)
		if err := j.length(e, at, given, &n); err != nil {
			return err
		}
	}
	live, waits := j.enc.Live(), len(j.waits)
	if f := j.enc.Open(e.item, n, true); f != copybooks.OK {
		return j.refuse(e.node, at, e.item, f)
	}
	v := at + 1
	j.where = append(j.where, 0)
	for i := range n {
		j.where[len(j.where)-1] = i
		if f := j.enc.Step(e.item, i); f != copybooks.OK {
			return j.refuse(e.node, at, e.item, f)
		}
		if e.node != nil {
			if err := j.element(e.node.members[0], i < given, v); err != nil {
				return err
			}
		}
		if i < given {
			v = j.tape.values[v].next
		}
		for _, c := range e.children {
			if err := j.item(c); err != nil {
				return err
			}
		}
		if err := j.deferred(waits); err != nil {
			return err
		}
	}
	j.where = j.where[:len(j.where)-1]
	j.enc.Close(e.item, n)
	j.enc.SetLive(live)
	return nil
}

// length says how many elements a table gets, and writes the count that depends on it.
func (j *encodeJob) length(e *encItem, at int32, given int, n *int) error {
	least, most := e.item.Bounds()
	counter := e.item.Counter()
	if given > most || counter != nil && given < least || counter == nil && e.used == nil && given != most {
		return j.fail(e.node, at, copybooks.ODOCount, fmt.Errorf("%d elements, %s takes %d to %d", given, e.item.Field.Path, least, most))
	}
	if counter != nil {
		*n = given
		if shown := e.counter; shown != nil && j.bound[shown.id] >= 0 {
			if f := j.enc.Open(e.item, given, false); f != copybooks.OK {
				return j.fail(e.node, at, f, fmt.Errorf("%d elements, but %s says otherwise", given, shown.pointer()))
			}
		}
	}
	if e.used != nil {
		j.digits = strconv.AppendInt(j.digits[:0], int64(given), 10)
		if f := j.enc.Put(e.used, j.digits); f != copybooks.OK {
			return j.refuse(e.node, at, e.used, f)
		}
	}
	return nil
}

// element binds the values of one element, or none.
func (j *encodeJob) element(n *node, given bool, at int32) error {
	below := j.bound[n.parent.slots[0]:n.parent.slots[1]]
	for i := range below {
		below[i] = -1
	}
	if !given {
		return nil
	}
	j.bound[n.id] = at
	if n.kind != objectNode {
		return nil
	}
	if k := j.tape.values[at].kind; k != jsonObject {
		return j.tape.wrong(at, n.pointer(), "an object")
	}
	return j.bind(n, at)
}
