package mapping

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

// codeTable names the values of a Field's 88 levels. A value that no level has is "unknown", and the value
// itself stands beside it.
type codeTable struct {
	item    *copybooks.Item
	entries []codeEntry
	slugs   map[string]Code
	// byByte, of an item of one byte, is the entry of each byte, from 1. byWord says that all entries are single
	// texts of at most 8 bytes.
	byByte *[256]uint8
	byWord bool
}

// codeEntry is one value or range, as the bytes that COBOL compares: text by the code page's order, numbers
// by their value.
type codeEntry struct {
	slug     string
	json     []byte
	member   []byte // name and JSON, padded, with the comma behind it
	word     uint64 // from, where the table is by words
	texts    []byte
	numeric  bool
	from, to []byte
	low, up  int64
	// plain says that the slug alone encodes to this value.
	plain bool
	one   bool // from and to are the same
}

const unknownCode = "unknown"

func newCodeTable(it *copybooks.Item, codes map[string]*Code) (*codeTable, error) {
	t := &codeTable{item: it, slugs: map[string]Code{}}
	f := it.Field
	names := map[string]bool{}
	var ranges []codeEntry
	for _, cond := range f.Conditions {
		names[strings.ToUpper(cond.Name)] = true
		code := codes[cond.Name]
		if code == nil {
			continue
		}
		if code.Slug == "" || code.Slug == unknownCode {
			return nil, fmt.Errorf("%s: a code needs a slug other than %q", cond.Name, unknownCode)
		}
		_, again := t.slugs[code.Slug]
		t.slugs[code.Slug] = *code
		for i, v := range cond.Values {
			e, err := t.entry(v, *code)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", cond.Name, err)
			}
			single := e.numeric && e.low == e.up || !e.numeric && bytes.Equal(e.from, e.to)
			e.plain, e.one = single && i == 0 && !again, single
			if single {
				t.entries = append(t.entries, e)
			} else {
				ranges = append(ranges, e)
			}
		}
	}
	t.entries = append(t.entries, ranges...)
	t.settle()
	for name := range codes {
		if !names[strings.ToUpper(name)] {
			known := map[string]bool{}
			for _, c := range f.Conditions {
				known[c.Name] = true
			}
			return nil, fmt.Errorf("%s has no 88 level %q%s", f.Path, name, hint(name, known))
		}
	}
	return t, nil
}

func (t *codeTable) entry(v copybooks.ValueRange, code Code) (codeEntry, error) {
	e := codeEntry{slug: code.Slug, json: appendString(nil, code.Slug), texts: codeTexts(code)}
	var err error
	if e.from, err = t.literal(v.From, v.Figurative); err != nil {
		return e, err
	}
	e.to = e.from
	if v.Through != "" {
		if e.to, err = t.literal(v.Through, v.ThroughFigurative); err != nil {
			return e, err
		}
	}
	if k := t.item.Codec.Kind(); k == copybooks.IntegerValue {
		e.numeric = true
		var bad, worse bool
		var buf [64]byte
		text, _ := t.item.Codec.AppendText(buf[:0], e.from)
		e.low, bad = atoi(text)
		text, _ = t.item.Codec.AppendText(buf[:0], e.to)
		e.up, worse = atoi(text)
		if bad || worse {
			return e, fmt.Errorf("value %s is not a whole number", v.From)
		}
	}
	return e, nil
}

// literal returns the bytes of a VALUE.
func (t *codeTable) literal(text string, figurative bool) ([]byte, error) {
	b := make([]byte, t.item.Size())
	if figurative {
		switch text {
		case "SPACES", "SPACE":
			text = ""
		case "ZEROS", "ZEROES", "ZERO":
			text = "0"
			if t.item.Codec.Kind() == copybooks.TextValue {
				text = strings.Repeat("0", len(b))
			}
		case "HIGH-VALUES", "HIGH-VALUE":
			return bytes.Repeat([]byte{0xFF}, len(b)), nil
		default:
			return b, nil
		}
	}
	if f := t.item.Codec.Put(b, []byte(text)); f != copybooks.OK {
		return nil, fmt.Errorf("value %s does not fit: %v", text, f)
	}
	return b, nil
}

// settle chooses how values are found.
func (t *codeTable) settle() {
	size := t.item.Size()
	if size == 1 && len(t.entries) < 256 {
		var table [256]uint8
		for i := range table {
			if e := t.search([]byte{byte(i)}); e >= 0 {
				table[i] = uint8(e + 1)
			}
		}
		t.byByte = &table
		return
	}
	t.byWord = size <= 8
	for i := range t.entries {
		e := &t.entries[i]
		t.byWord = t.byWord && e.one && !e.numeric && len(e.from) == size
		if t.byWord {
			e.word = word(e.from)
		}
	}
}

// word holds up to 8 bytes.
func word(b []byte) (x uint64) {
	switch len(b) {
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	}
	for _, c := range b {
		x = x<<8 | uint64(c)
	}
	return x
}

// members readies the JSON of each code as the value of a member.
func (t *codeTable) members(name []byte) {
	for i := range t.entries {
		e := &t.entries[i]
		e.member = padded(append(append(append([]byte(nil), name...), e.json...), ','))
	}
}

// find returns the entry of a value, nil if there is none.
func (t *codeTable) find(b []byte) *codeEntry {
	if t.byByte != nil && len(b) == 1 {
		if i := t.byByte[b[0]]; i > 0 {
			return &t.entries[i-1]
		}
		return nil
	}
	if i := t.search(b); i >= 0 {
		return &t.entries[i]
	}
	return nil
}

// search returns the place of a value among the entries, -1 if there is none.
func (t *codeTable) search(b []byte) int {
	if len(t.entries) == 0 {
		return -1
	}
	if t.byWord && len(b) <= 8 {
		for i, x := 0, word(b); i < len(t.entries); i++ {
			if t.entries[i].word == x {
				return i
			}
		}
		return -1
	}
	if t.entries[0].numeric {
		n, ok := t.number(b)
		if !ok {
			return -1
		}
		for i := range t.entries {
			if e := &t.entries[i]; n >= e.low && n <= e.up {
				return i
			}
		}
		return -1
	}
	for i := range t.entries {
		e := &t.entries[i]
		if e.one && string(b) == string(e.from) || !e.one && bytes.Compare(b, e.from) >= 0 && bytes.Compare(b, e.to) <= 0 {
			return i
		}
	}
	return -1
}

func (t *codeTable) number(b []byte) (n int64, ok bool) {
	if n, ok := t.item.Codec.Whole(b); ok {
		return int64(n), true
	}
	var buf [64]byte
	text, f := t.item.Codec.AppendText(buf[:0], b)
	n, bad := atoi(text)
	return n, f == copybooks.OK && !bad
}

// same reports whether two tables name the same values alike; nil is no table.
func (t *codeTable) same(u *codeTable) bool {
	if t == nil || u == nil || t == u {
		return t == u
	}
	return slices.EqualFunc(t.entries, u.entries, func(a, b codeEntry) bool {
		return a.slug == b.slug && a.plain == b.plain && bytes.Equal(a.from, b.from)
	})
}

// named returns the plain entry of a slug, and whether the slug is known at all.
func (t *codeTable) named(slug []byte) (plain *codeEntry, known bool) {
	for i := range t.entries {
		if e := &t.entries[i]; e.slug == string(slug) {
			known = true
			if e.plain {
				return e, true
			}
		}
	}
	return nil, known
}

func codeTexts(c Code) []byte {
	if c.EN == "" && c.FR == "" {
		return []byte("null")
	}
	b := appendString([]byte(`{"en":`), c.EN)
	b = appendString(append(b, `,"fr":`...), c.FR)
	return append(b, '}')
}

// appendString appends a JSON string. s is UTF-8.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = copybooks.AppendEscaped(dst, s)
	return append(dst, '"')
}
