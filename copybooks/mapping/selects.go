package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/portage-gateway/portage/copybooks"
)

// selector chooses by a Field's value: a record kind, a view of a REDEFINES, an event type, a status.
type selector struct {
	item      *copybooks.Item
	record    int // index of the record that item belongs to
	entries   []selectEntry
	otherwise int // what all other values choose: an index, none or refuse
	// byByte, of an item of one byte, is what each byte chooses; refuse where only choose can tell.
	byByte *[256]int16
}

const (
	none   = -1 // nothing is chosen, which is right
	refuse = -2 // the value is an error
)

// selectEntry is one value or range.
type selectEntry struct {
	from, to string
	numeric  bool
	low, up  int64
	choice   int
}

// entries reads the values of a setting: a value, a range "a..b", or the name of an 88 level.
func entries(f *copybooks.Field, numeric bool, text string, choice int) ([]selectEntry, error) {
	for _, c := range f.Conditions {
		if !strings.EqualFold(c.Name, text) {
			continue
		}
		var out []selectEntry
		for _, v := range c.Values {
			if v.Figurative || v.ThroughFigurative {
				return nil, fmt.Errorf("%s has the figurative value %s, which selects nothing here", c.Name, v.From)
			}
			e, err := entry(numeric, v.From, v.Through, choice)
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
		return out, nil
	}
	from, to, _ := strings.Cut(text, "..")
	e, err := entry(numeric, from, to, choice)
	return []selectEntry{e}, err
}

func entry(numeric bool, from, to string, choice int) (selectEntry, error) {
	e := selectEntry{from: strings.TrimRight(from, " "), to: strings.TrimRight(to, " "), numeric: numeric, choice: choice}
	if to == "" {
		e.to = e.from
	}
	if !numeric {
		if e.from > e.to {
			return e, fmt.Errorf("range %s..%s is empty", from, to)
		}
		return e, nil
	}
	var err error
	if e.low, err = strconv.ParseInt(e.from, 10, 64); err != nil {
		return e, fmt.Errorf("%q is not a whole number", e.from)
	}
	if e.up, err = strconv.ParseInt(e.to, 10, 64); err != nil || e.up < e.low {
		return e, fmt.Errorf("%q is not a whole number from %d up", e.to, e.low)
	}
	return e, nil
}

// choose returns what canonical text selects. Single values go before ranges.
func (s *selector) choose(text []byte, f copybooks.Fault) (int, copybooks.Fault) {
	if f > copybooks.Blank {
		return refuse, f
	}
	n, err := int64(0), false
	if len(s.entries) > 0 && s.entries[0].numeric && f == copybooks.OK {
		n, err = atoi(text)
	}
	found := refuse
	for i := range s.entries {
		e := &s.entries[i]
		if e.numeric {
			if f == copybooks.OK && !err && n >= e.low && n <= e.up {
				if e.low == e.up {
					return e.choice, copybooks.OK
				}
				found = e.choice
			}
			continue
		}
		if string(text) == e.from && e.from == e.to {
			return e.choice, copybooks.OK
		}
		if string(text) >= e.from && string(text) <= e.to {
			found = e.choice
		}
	}
	if found == refuse {
		found = s.otherwise
	}
	if found == refuse {
		return refuse, copybooks.UnknownKind
	}
	return found, copybooks.OK
}

// atoi reads a whole number; bad says that it is none.
func atoi(text []byte) (n int64, bad bool) {
	neg := len(text) > 0 && text[0] == '-'
	if neg {
		text = text[1:]
	}
	if len(text) == 0 || len(text) > 18 {
		return 0, true
	}
	for _, c := range text {
		if c-'0' > 9 {
			return 0, true
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, false
}

// settle makes the table of a selector of one byte, once its entries are known.
func (s *selector) settle() {
	if s.item == nil || s.item.Size() != 1 {
		return
	}
	var table [256]int16
	for i := range table {
		choice, f := s.bytes([]byte{byte(i)})
		if table[i] = refuse; f == copybooks.OK {
			table[i] = int16(choice)
		}
	}
	s.byByte = &table
}

// read chooses by a Record.
func (s *selector) read(r *copybooks.Record) (int, copybooks.Fault) {
	b, f := r.Slice(s.item)
	if f != copybooks.OK {
		return refuse, f
	}
	return s.bytes(b)
}

func (s *selector) bytes(b []byte) (int, copybooks.Fault) {
	if s.byByte != nil && len(b) == 1 {
		if i := s.byByte[b[0]]; i != refuse {
			return int(i), copybooks.OK
		}
	}
	var buf [64]byte
	text, f := s.item.Codec.AppendText(buf[:0], b)
	return s.choose(text, f)
}

// peek chooses by the bytes of a record that is not decoded yet.
func (s *selector) peek(b []byte, records []*record) (int, copybooks.Fault) {
	slot, f := records[s.record].plan.Peek(b, s.item)
	if f != copybooks.OK {
		return refuse, f
	}
	return s.bytes(slot)
}

// cluster is storage that several Fields share, with a selector.
type cluster struct {
	id    int
	by    *selector
	outer *choice
	views []*copybooks.Item
	// group is where its selector is read: the table's element around it, nil for the record.
	element *node
}

// choice is one view of a cluster.
type choice struct {
	cluster *cluster
	view    int
}

// exclusive reports whether two choices are never made together.
func exclusive(a, b *choice) bool {
	for x := a; x != nil; x = x.cluster.outer {
		for y := b; y != nil; y = y.cluster.outer {
			if x.cluster == y.cluster && x.view != y.view {
				return true
			}
		}
	}
	return false
}
