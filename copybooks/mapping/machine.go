package mapping

import (
	"encoding/hex"

	"github.com/portage-gateway/portage/copybooks"
)

// maxClusters is how many selectors a record may have.
const maxClusters = 64

// machine runs a program over one Record.
type machine struct {
	r        *copybooks.Record
	ops      []op
	invalid  Invalid
	repeated bool // a local time came twice
	trials   int
	fault    copybooks.Fault
	at       *copybooks.Item // where the fault is
	depth    int
	index    [8]int
	chosen   [maxClusters]int16
}

// AppendJSON appends the JSON of a Record that this View decoded. It allocates only if dst is short. An
// error is a *copybooks.FieldError; dst is returned as it was then.
func (v *View) AppendJSON(dst []byte, r copybooks.Record) ([]byte, error) {
	if v.kinds == nil && len(v.records) > 1 {
		return v.appendAll(dst, r.Bytes())
	}
	rec := v.of(&r)
	if rec == nil {
		return dst, errForeign
	}
	return rec.append(dst, &r, rec.ops)
}

// append runs ops and takes back the comma behind the value.
func (rec *record) append(dst []byte, r *copybooks.Record, ops []op) ([]byte, error) {
	m := machine{r: r, ops: ops, invalid: rec.view.options.Invalid}
	out := m.run(dst, 0, int32(len(ops)))
	if m.fault != copybooks.OK {
		return dst, r.Error(m.at, m.fault, m.index[:m.depth]...)
	}
	return out[:len(out)-1], nil
}

// appendAll shows each 01 level as one member, null where it cannot be decoded.
func (v *View) appendAll(dst, b []byte) ([]byte, error) {
	start := len(dst)
	dst = append(dst, '{')
	d := v.Decoder()
	good := 0
	for i, rec := range v.records {
		dst = append(appendString(dst, rec.member), ':')
		r, err := d.as(i, b)
		if err == nil {
			dst, err = rec.append(dst, &r, rec.ops)
		}
		if err != nil {
			dst = append(dst, "null"...)
		} else {
			good++
		}
		dst = append(dst, ',')
	}
	if good == 0 {
		_, err := d.any(b)
		if err == nil {
			err = copybooks.NewFieldError(v.records[0].layout, nil, copybooks.UnknownKind, 0, len(b))
		}
		return dst[:start], err
	}
	dst[len(dst)-1] = '}'
	return dst, nil
}

// run executes the operations from lo up to hi. After a fault the output is of no use.
func (m *machine) run(dst []byte, lo, hi int32) []byte {
	for i := lo; i < hi; i++ {
		o := &m.ops[i]
		f := copybooks.OK
		switch o.code {
		case opText:
			if dst, f = m.r.AppendJSONItem(appendKey(dst, o.key), o.item); f == copybooks.OK {
				dst = append(dst, '"', ',')
			}
		case opQuoted:
			if dst, f = m.r.AppendItem(appendKey(dst, o.key), o.item); f == copybooks.OK {
				dst = append(dst, '"', ',')
			}
		case opNumber:
			if dst, f = m.r.AppendItem(appendKey(dst, o.key), o.item); f == copybooks.OK {
				dst = append(dst, ',')
			}
		case opMoney, opDate, opIdentifier, opLeaf:
			dst, f = m.value(dst, o)
		case opCode:
			var plain bool
			if dst, plain, f = m.code(dst, o); plain {
				i += o.end
			}
		case opObject:
			dst = appendKey(dst, o.key)
		case opEnd:
			dst = endObject(dst)
		default:
			dst, i, f = m.control(dst, i, o)
		}
		if f != copybooks.OK {
			if dst, f = m.refused(dst, o, f); f != copybooks.OK {
				m.failed(o, f)
				return dst
			}
		}
	}
	return dst
}

// failed notes the first fault that ends the record.
func (m *machine) failed(o *op, f copybooks.Fault) {
	if m.fault == copybooks.OK {
		m.fault = f
		if m.at == nil || o.item != nil {
			m.at = o.item
		}
	}
}

// endObject ends an object; the comma behind its last member is not there if it has none.
func endObject(dst []byte) []byte {
	if n := len(dst) - 1; dst[n] == ',' {
		dst[n] = '}'
		return append(dst, ',')
	}
	return append(dst, '}', ',')
}

// value writes one value in a form of its own: the usual ones without their canonical text in between. A fault
// leaves the name behind.
func (m *machine) value(dst []byte, o *op) ([]byte, copybooks.Fault) {
	start := len(dst)
	switch o.code {
	case opMoney:
		out, f := m.r.AppendItem(appendKey(dst, o.key), o.item)
		if f == copybooks.OK {
			return appendKey(out, o.leaf.closing), f
		}
		dst = out[:start]
	case opDate, opIdentifier:
		digits, ok := m.r.Digits(o.item)
		if !ok || o.code == opIdentifier && digits>>(4*uint(o.leaf.digits)) != 0 { // a binary value beyond its PICTURE
			break
		}
		dst = appendKey(dst, o.key)
		if o.code == opIdentifier {
			return append(copybooks.AppendDigits(dst, digits, o.leaf.digits), '"', ','), copybooks.OK
		}
		if digits == 0 || digits&0xF == 9 && nines(digits) {
			return append(dst, "null,"...), copybooks.OK
		}
		if dst, ok = o.leaf.date.appendDigits(dst, digits); ok {
			return dst, copybooks.OK
		}
		dst = dst[:start]
	}
	b, f := m.r.Slice(o.item)
	if f != copybooks.OK {
		return dst, f
	}
	return m.leaf(dst, o, b)
}

// code writes a code; plain says that its value need not stand beside it.
func (m *machine) code(dst []byte, o *op) (out []byte, plain bool, f copybooks.Fault) {
	b, f := m.r.Slice(o.item)
	if f != copybooks.OK {
		return dst, false, f
	}
	if e := o.leaf.codes.find(b); e != nil {
		return appendKey(dst, e.member), e.plain, copybooks.OK
	}
	out, f = m.unknown(appendKey(dst, o.key), o.leaf, b)
	return out, false, f
}

// refused deals with a fault in one value. The output ends with the value's key, or a quote behind it, or
// text that was begun.
func (m *machine) refused(dst []byte, o *op, f copybooks.Fault) ([]byte, copybooks.Fault) {
	if m.fault != copybooks.OK {
		return dst, m.fault
	}
	if o.code == opText || o.code == opQuoted {
		dst = dst[:len(dst)-1] // the quote: codecs append nothing when they refuse
	}
	if f == copybooks.Blank {
		return append(dst, "null,"...), copybooks.OK
	}
	if m.invalid == InvalidError || m.trials > 0 || o.code > opLeaf || f == copybooks.ShortRecord {
		return dst, f
	}
	if m.invalid == InvalidNull {
		return append(dst, "null,"...), copybooks.OK
	}
	b, _ := m.r.Slice(o.item)
	dst = append(dst, `{"raw":"`...)
	dst = hex.AppendEncode(dst, b)
	return append(dst, `"},`...), copybooks.OK
}

// control executes the operations that are no single values; it returns the index of the last one that it
// covered.
func (m *machine) control(dst []byte, i int32, o *op) ([]byte, int32, copybooks.Fault) {
	switch o.code {
	case opEndSparse:
		n := len(dst) - 1
		if dst[n] == ',' {
			dst[n] = '}'
			return append(dst, ','), i, copybooks.OK
		}
		return m.takeBack(dst, i), i, copybooks.OK
	case opArray:
		dst, f := m.array(dst, i, o)
		return dst, o.end - 1, f
	case opTrial:
		return m.trial(dst, i, o), o.end - 1, copybooks.OK
	case opWhen:
		if m.chosen[o.cluster.id] != o.view {
			return dst, o.end - 1, copybooks.OK
		}
	case opChoose:
		return dst, i, m.choose(o)
	}
	return dst, i, copybooks.OK
}

// takeBack removes an object that got no member: its end is operation i.
func (m *machine) takeBack(dst []byte, i int32) []byte {
	depth := 0
	for ; i >= 0; i-- {
		switch m.ops[i].code {
		case opEnd, opEndSparse:
			depth++
		case opObject:
			if depth--; depth == 0 {
				return dst[:len(dst)-len(m.ops[i].key)]
			}
		}
	}
	return dst
}

func (m *machine) array(dst []byte, i int32, o *op) ([]byte, copybooks.Fault) {
	n, f := m.r.Count(o.item)
	if f != copybooks.OK {
		return dst, f
	}
	if used := o.node.used; used != nil {
		k, f := m.r.Integer(used)
		if f == copybooks.Blank {
			k, f = 0, copybooks.OK
		}
		if f == copybooks.OK && (k < 0 || k > int64(n)) {
			f = copybooks.UsedCount
		}
		if f != copybooks.OK {
			m.at, m.fault = used, f
			return dst, f
		}
		n = int(k)
	}
	dst = append(append(dst, o.key...), '[')
	if n > 0 {
		d := min(m.depth, len(m.index)-1)
		m.depth = d + 1
		for k := range n {
			m.index[d] = k
			if k == 0 {
				f = m.r.First(o.item)
			} else {
				f = m.r.Next(o.item)
			}
			if f != copybooks.OK {
				return dst, f
			}
			if dst = m.run(dst, i+1, o.end); m.fault != copybooks.OK {
				return dst, m.fault
			}
		}
		m.depth = d
		dst[len(dst)-1] = ']'
		return append(dst, ','), copybooks.OK
	}
	return append(dst, ']', ','), copybooks.OK
}

// trial writes a view, or null if it cannot be decoded.
func (m *machine) trial(dst []byte, i int32, o *op) []byte {
	start, depth := len(dst), m.depth
	m.trials++
	dst = m.run(dst, i+1, o.end)
	m.trials--
	if m.fault == copybooks.OK {
		return dst
	}
	m.fault, m.at, m.depth = copybooks.OK, nil, depth
	return append(append(dst[:start], o.key...), "null,"...)
}

// choose reads a selector. Inside of a view that was not chosen it chooses nothing.
func (m *machine) choose(o *op) copybooks.Fault {
	c := o.cluster
	if c.outer != nil && int(m.chosen[c.outer.cluster.id]) != c.outer.view {
		m.chosen[c.id] = none
		return copybooks.OK
	}
	view, f := c.by.read(m.r)
	if f != copybooks.OK {
		m.at = c.by.item
		return f
	}
	m.chosen[c.id] = int16(view)
	return copybooks.OK
}
