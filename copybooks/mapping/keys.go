package mapping

import "encoding/binary"

// Member names are mostly those of the record before, in the same order. So a tape remembers which name followed
// which, and holds the text against the one that it expects before it reads it.

// keys are the member names of a View, by number from 1. It is filled when the View is compiled.
type keys struct {
	list  []knownKey
	index map[string]int16
}

// knownKey is a name as it stands in a text without spaces: quoted, and its colon.
type knownKey struct {
	text  string
	words [2]uint64 // its first 16 bytes, zeros behind them
	masks [2]uint64
}

func newKeys() *keys { return &keys{list: make([]knownKey, 1), index: map[string]int16{}} }

// add returns the number of a name; 0 for one that has escapes, and where there are too many.
func (k *keys) add(name string) int16 {
	if n, ok := k.index[name]; ok {
		return n
	}
	text := string(appendString(nil, name)) + ":"
	if len(text) != len(name)+3 || len(k.list) == 1<<15-1 {
		return 0
	}
	key := knownKey{text: text}
	var bytes, mask [16]byte
	for i := range min(copy(bytes[:], text), 16) {
		mask[i] = 0xFF
	}
	for i := range key.words {
		key.words[i] = binary.LittleEndian.Uint64(bytes[8*i:])
		key.masks[i] = binary.LittleEndian.Uint64(mask[8*i:])
	}
	n := int16(len(k.list))
	k.list, k.index[name] = append(k.list, key), n
	return n
}

// begins reports whether text begins with a name.
func (k *knownKey) begins(text []byte) bool {
	if len(text) < 16 || len(text) < len(k.text) {
		return false
	}
	a, b := binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:])
	if (a^k.words[0])&k.masks[0]|(b^k.words[1])&k.masks[1] != 0 {
		return false
	}
	return len(k.text) <= 16 || string(text[16:len(k.text)]) == k.text[16:]
}

// key reads a member's name and its colon. The n of its value is the number of the name, 0 if it has none.
func (t *tape) key() error {
	if expected := t.expected(); expected > 0 && t.pos < len(t.src) {
		if k := &t.keys.list[expected]; k.begins(t.src[t.pos:]) {
			end := t.pos + len(k.text)
			t.add(jsonString, t.pos, t.pos+1, end-2).n = int32(expected)
			t.pos, t.last = end, expected
			return nil
		}
	}
	if t.peek() != '"' {
		return t.fail("a member name")
	}
	if err := t.text(); err != nil {
		return err
	}
	if t.keys != nil {
		t.learn(&t.values[len(t.values)-1])
	}
	if t.peek() != ':' {
		return t.fail("a colon")
	}
	t.pos++
	return nil
}

// expected is the name that followed the last one when that was last seen.
func (t *tape) expected() int16 {
	if int(t.last) < len(t.follows) {
		return t.follows[t.last]
	}
	return 0
}

// learn notes that a name follows the last one.
func (t *tape) learn(v *value) {
	if v.escaped {
		return
	}
	n := t.keys.index[string(t.src[v.start:v.end])]
	if n == 0 {
		return
	}
	if t.follows == nil {
		t.follows = make([]int16, len(t.keys.list))
	}
	v.n = int32(n)
	t.follows[t.last], t.last = n, n
}
