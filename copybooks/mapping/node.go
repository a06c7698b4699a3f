package mapping

import "github.com/portage-gateway/portage/copybooks"

// node is one value of the JSON that a View makes.
type node struct {
	key     string
	kind    nodeKind
	parent  *node
	members []*node
	// item is the table of an array, and the group of an object if there is one.
	item *copybooks.Item
	// used is the Item that says how many elements of an array are used; nil: all.
	used *copybooks.Item
	leaf *leaf
	// when is the view in which the value exists; nil: always.
	when *choice
	// implicit objects were made for a pointer, and vanish where they have no member.
	implicit bool
	// trial says that the value is null where it cannot be decoded: a view without a selector.
	trial bool
	// clusters are those whose selectors are read where an element of this array begins.
	clusters    []*cluster
	sensitivity string
	id          int
	// slots are the numbers of the values below the element of this array: from the first up to the second.
	slots [2]int
	// names are the members of an object by their names; ready once the record is compiled.
	names *names
}

// names finds the members of an object. Members of views that exclude each other may have the same name.
type names struct {
	list  []named
	index map[string]int
}

type named struct {
	key   string
	id    int16 // among the keys of the View; 0: none
	slot  int32 // of the one node, where that is no object; else -1
	nodes []*node
}

func newNames(n *node, all *keys) *names {
	out := &names{index: map[string]int{}}
	for _, m := range n.members {
		i, known := out.index[m.key]
		if !known {
			i = len(out.list)
			out.index[m.key] = i
			out.list = append(out.list, named{key: m.key, id: all.add(m.key)})
		}
		out.list[i].nodes = append(out.list[i].nodes, m)
		out.list[i].slot = -1
		if !known && m.kind != objectNode {
			out.list[i].slot = int32(m.id)
		}
	}
	return out
}

// find returns the place of a name, whose number is id if it has one; -1 if there is none. JSON texts mostly keep the order of the record and
// leave some members out, so it looks from a guess on first.
func (x *names) find(name []byte, id int16, guess int) int {
	for i := guess; id > 0 && i < len(x.list) && i < guess+4; i++ {
		if x.list[i].id == id {
			return i
		}
	}
	for i := guess; i < len(x.list) && i < guess+4; i++ {
		if x.list[i].key == string(name) {
			return i
		}
	}
	if i, ok := x.index[string(name)]; ok {
		return i
	}
	return -1
}

type nodeKind uint8

const (
	objectNode nodeKind = iota
	arrayNode
	leafNode
)

// member returns the first member with a key.
func (n *node) member(key string) *node {
	for _, m := range n.members {
		if m.key == key {
			return m
		}
	}
	return nil
}

// add appends a member.
func (n *node) add(m *node) *node {
	m.parent = n
	n.members = append(n.members, m)
	return m
}

// prune removes objects without members, and reports whether n itself is one.
func (n *node) prune() bool {
	if n.kind == leafNode {
		return false
	}
	kept := n.members[:0]
	for _, m := range n.members {
		if !m.prune() {
			kept = append(kept, m)
		}
	}
	n.members = kept
	return len(kept) == 0
}

// pointer returns the JSON Pointer of the value, with * for elements.
func (n *node) pointer() string {
	if n.parent == nil {
		return ""
	}
	if n.parent.kind == arrayNode {
		return n.parent.pointer() + "/*"
	}
	return n.parent.pointer() + "/" + escapePointer(n.key)
}

// leafForm is how a leaf is written.
type leafForm uint8

const (
	textLeaf leafForm = iota
	numberLeaf
	quotedLeaf
	identifierLeaf
	moneyLeaf
	dateLeaf
	codeLeaf
	rawLeaf   // the value beside its code
	textsLeaf // the texts of a code
	bytesLeaf
)

// leaf is the meaning of one elementary Item.
type leaf struct {
	form    leafForm
	item    *copybooks.Item
	digits  int    // of an identifier
	money   []byte // what stands behind an amount
	closing []byte // the same with a comma, padded
	date    *dateForm
	codes   *codeTable
	always  bool // rawLeaf: also where the code says the value
	nulls   []nullRule
	// usual says that the nulls are those of a date without a setting.
	usual bool
	def   *string
	// indicator is the Item that says whether the value is null; nil: none.
	indicator *copybooks.Item
}
