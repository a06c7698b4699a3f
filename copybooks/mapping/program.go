package mapping

import (
	"encoding/binary"

	"github.com/portage-gateway/portage/copybooks"
)

// A View's JSON is written by a flat program: one operation a value, its member name encoded beforehand, its
// bytes found by one offset and one register. Every value is followed by a comma, which the end of its
// object or array takes back.

type opcode uint8

const (
	opText opcode = iota
	opNumber
	opQuoted
	opCode  // a code; the value beside it, which is the next operation, is skipped where the code says all
	opMoney // money, a date and an identifier without rules of their own
	opDate
	opIdentifier
	opLeaf   // any other form of leaf
	opObject // {
	opEnd    // }
	opEndSparse
	opArray  // elements until end
	opTrial  // a view that may be null, until end
	opWhen   // skip to end unless the view is chosen
	opChoose // read a selector
)

type op struct {
	code    opcode
	view    int16
	end     int32  // behind the last operation of a run; how many to skip behind a code
	key     []byte // `"name":`, and the quote or brace that follows always; see padded
	name    int    // how many bytes of key the name is
	item    *copybooks.Item
	leaf    *leaf
	node    *node
	cluster *cluster
}

// builder compiles a tree of nodes.
type builder struct {
	rec  *record
	ops  []op
	keep func(*node) bool // nil: all
}

func (b *builder) emit(o op) int {
	b.ops = append(b.ops, o)
	return len(b.ops) - 1
}

func key(n *node) []byte {
	if n.key == "" {
		return nil
	}
	return append(appendString(nil, n.key), ':')
}

// padded gives a key the room that appendKey reads.
func padded(key []byte) []byte {
	out := make([]byte, max(16, (len(key)+7)&^7))
	return out[:copy(out, key)]
}

// appendKey appends a padded key, eight bytes at a time: most are short, and this is half of what a small value
// costs.
func appendKey(dst, key []byte) []byte {
	n, size := len(dst), cap(key)
	if cap(dst)-n < size || size < 16 {
		return append(dst, key...)
	}
	from, to := key[:size], dst[n:n+size]
	binary.LittleEndian.PutUint64(to, binary.LittleEndian.Uint64(from))
	binary.LittleEndian.PutUint64(to[8:], binary.LittleEndian.Uint64(from[8:]))
	for i := 16; i+8 <= len(from) && i+8 <= len(to); i += 8 {
		binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(from[i:]))
	}
	return dst[:n+len(key)]
}

// object compiles an object; root is without a key, and reads the record's selectors first.
func (b *builder) object(n *node, root bool) {
	if root {
		b.choose(b.rec.clusters, nil)
	}
	if n.names == nil {
		n.names = newNames(n, b.rec.view.keys)
	}
	b.emit(op{code: opObject, key: padded(append(key(n), '{')), node: n})
	b.members(n)
	code := opEnd
	if n.implicit {
		code = opEndSparse
	}
	b.emit(op{code: code})
}

func (b *builder) choose(all []*cluster, element *node) {
	for _, c := range all {
		if c.element == element {
			b.emit(op{code: opChoose, cluster: c})
		}
	}
}

func (b *builder) members(n *node) {
	var when *choice
	if n.when != nil {
		when = n.when
	}
	for i := 0; i < len(n.members); {
		m := n.members[i]
		if m.when == nil || m.when == when || same(m.when, when) {
			b.value(m)
			i++
			continue
		}
		at := b.emit(op{code: opWhen, view: int16(m.when.view), cluster: m.when.cluster})
		for i < len(n.members) && n.members[i].when != nil && same(n.members[i].when, m.when) {
			b.value(n.members[i])
			i++
		}
		b.ops[at].end = int32(len(b.ops))
	}
}

func same(a, b *choice) bool {
	return a != nil && b != nil && a.cluster == b.cluster && a.view == b.view
}

func (b *builder) value(n *node) {
	if b.keep != nil && !b.keep(n) {
		return
	}
	trial := -1
	if n.trial {
		trial = b.emit(op{code: opTrial, key: key(n)})
	}
	switch n.kind {
	case objectNode:
		b.object(n, false)
	case arrayNode:
		at := b.emit(op{code: opArray, key: key(n), item: n.item, node: n})
		b.choose(n.clusters, n)
		b.value(n.members[0])
		b.ops[at].end = int32(len(b.ops))
	default:
		b.leaf(n)
	}
	if trial >= 0 {
		b.ops[trial].end = int32(len(b.ops))
	}
}

// leaf compiles one value.
func (b *builder) leaf(n *node) {
	l, name := n.leaf, key(n)
	o := op{code: l.code(), name: len(name), item: l.item, leaf: l, node: n}
	switch o.code {
	case opText, opQuoted, opIdentifier:
		name = append(name, '"')
	case opMoney:
		name = append(name, amountKey...)
	case opCode:
		l.codes.members(name)
	}
	o.key = padded(name)
	if last := len(b.ops) - 1; l.form == rawLeaf && !l.always && b.ops[last].code == opCode && b.ops[last].leaf.codes == l.codes {
		b.ops[last].end = 1
	}
	b.emit(o)
}

// amountKey begins money.
const amountKey = `{"amount":"`

// code returns the operation of a leaf.
func (l *leaf) code() opcode {
	if l.indicator != nil {
		return opLeaf
	}
	if l.form == dateLeaf && l.usual {
		return opDate
	}
	if len(l.nulls) > 0 {
		return opLeaf
	}
	switch l.form {
	case textLeaf:
		return opText
	case numberLeaf:
		return opNumber
	case quotedLeaf:
		return opQuoted
	case codeLeaf:
		return opCode
	case moneyLeaf:
		return opMoney
	case identifierLeaf:
		if l.digits > 0 && l.digits <= 16 {
			return opIdentifier
		}
	}
	return opLeaf
}
