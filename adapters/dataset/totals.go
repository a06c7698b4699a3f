package dataset

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/portage-gateway/portage/adapters"
)

// Usage is how a number stands in a record. The zero value is Packed.
type Usage string

// The usages.
const (
	Packed Usage = "packed" // two digits a byte, the sign in the last half byte: C, A, E, F plus, D and B minus
	Binary Usage = "binary" // high byte first, unsigned
	Zoned  Usage = "zoned"  // one digit a byte, EBCDIC or ASCII, without a sign
)

// Place is a number in a record: an integer of at most 18 digits, the decimal point left out. Offset and
// Size are in bytes.
type Place struct {
	Offset int   `yaml:"offset"`
	Size   int   `yaml:"size"`
	Usage  Usage `yaml:"usage"`
}

// Total is one number of the trailer and what it must be.
type Total struct {
	// Name stands in the rejection. Required.
	Name string `yaml:"name"`
	// Kind says which records count, in hex, as Totals.Kind holds it. Empty: all, header and trailer too.
	Kind string `yaml:"kind"`
	// Sum is what is added up over these records. Size 0: they are counted.
	Sum Place `yaml:"sum"`
	// Modulo is what the sum is divided by, for hash totals; the rest counts. 0: the sum itself counts.
	Modulo int64 `yaml:"modulo"`
	// Trailer is where the trailer has the number. Required.
	Trailer Place `yaml:"trailer"`
}

// Totals describes files of several record kinds that begin with a header and end with a trailer of totals,
// without any copybook.
type Totals struct {
	// Kind is where each record has its kind. Usage is not used: kinds are compared as bytes.
	Kind Place `yaml:"kind"`
	// Header and Trailer are the kinds of the first and the last record, in hex, such as C8 and E3 for H and T
	// in EBCDIC. Each must be there once. Header may be empty: there is none.
	Header  string `yaml:"header"`
	Trailer string `yaml:"trailer"`
	// Totals are what the trailer says.
	Totals []Total `yaml:"totals"`
}

// tally is a Total with its bytes and the sum so far.
type tally struct {
	Total
	kind []byte
	sum  int64
}

// Check compiles the description. The reasons of its rejections are "header", "trailer-missing",
// "trailer-early", "total" (a number that differs) and "number" (bytes that are none). Errors name totals,
// records and numbers of the trailer, never a record's content. The Check is safe for use by several
// goroutines.
func (t Totals) Check() (Check, error) {
	header, err := hex.DecodeString(t.Header)
	if err != nil {
		return nil, fmt.Errorf("totals: header %q is no hex", t.Header)
	}
	trailer, err := hex.DecodeString(t.Trailer)
	if err != nil || len(trailer) == 0 || len(trailer) != t.Kind.Size || t.Kind.Offset < 0 {
		return nil, fmt.Errorf("totals: trailer %q is no hex of kind's %d bytes", t.Trailer, t.Kind.Size)
	}
	tallies := make([]tally, len(t.Totals))
	for i, one := range t.Totals {
		kind, err := hex.DecodeString(one.Kind)
		if err == nil {
			err = errors.Join(one.Trailer.check(), one.Sum.check())
		}
		if err == nil && (one.Name == "" || one.Trailer.Size == 0 || one.Modulo < 0) {
			err = errors.New("it needs a name, a place in the trailer, and no negative modulo")
		}
		if err != nil {
			return nil, fmt.Errorf("totals: total %d %s: %w", i+1, one.Name, err)
		}
		tallies[i] = tally{Total: one, kind: kind}
	}
	return func(_ context.Context, _ Generation, records iter.Seq[[]byte]) error {
		c := &counting{Totals: t, header: header, trailer: trailer, tallies: append([]tally(nil), tallies...)}
		return c.all(records)
	}, nil
}

// counting is one pass over a file.
type counting struct {
	Totals
	header, trailer []byte
	tallies         []tally
	number          int64
	last            []byte // the trailer, once it was seen
}

func (c *counting) all(records iter.Seq[[]byte]) error {
	for b := range records {
		c.number++
		if c.last != nil {
			return refuse("trailer-early", -1, fmt.Errorf("record %d follows the trailer", c.number))
		}
		if err := c.one(b); err != nil {
			return err
		}
	}
	if c.last == nil {
		return refuse("trailer-missing", -1, fmt.Errorf("none of the %d records is a trailer: is the file cut off?", c.number))
	}
	for _, t := range c.tallies {
		said, err := t.Trailer.number(c.last)
		if err != nil {
			return refuse("number", t.Trailer.Offset, fmt.Errorf("the trailer's %s: %w", t.Name, err))
		}
		if said != t.sum {
			return refuse("total", t.Trailer.Offset, fmt.Errorf("%s is %d by the trailer and %d by the records", t.Name, said, t.sum))
		}
	}
	return nil
}

// one adds a record.
func (c *counting) one(b []byte) error {
	if len(b) < c.Kind.Offset+c.Kind.Size {
		return refuse("number", -1, fmt.Errorf("record %d has %d bytes and no kind", c.number, len(b)))
	}
	kind := b[c.Kind.Offset : c.Kind.Offset+c.Kind.Size]
	if isHeader := len(c.header) > 0 && bytes.Equal(kind, c.header); isHeader != (c.number == 1 && len(c.header) > 0) {
		return refuse("header", -1, fmt.Errorf("record %d: the header must be the first record, and no other", c.number))
	}
	for i := range c.tallies {
		t := &c.tallies[i]
		if len(t.kind) > 0 && !bytes.Equal(kind, t.kind) {
			continue
		}
		if err := t.add(b); err != nil {
			return refuse("number", t.Sum.Offset, fmt.Errorf("record %d: %s: %w", c.number, t.Name, err))
		}
	}
	if bytes.Equal(kind, c.trailer) {
		c.last = bytes.Clone(b)
	}
	return nil
}

func refuse(reason string, offset int, err error) error {
	return &adapters.Refusal{Reason: reason, Offset: offset, Size: -1, Err: err}
}

func (t *tally) add(b []byte) error {
	n := int64(1)
	if t.Sum.Size > 0 {
		var err error
		if n, err = t.Sum.number(b); err != nil {
			return err
		}
	}
	if n > 0 && t.sum > math.MaxInt64-n || n < 0 && t.sum < math.MinInt64-n {
		return errors.New("the sum leaves 64 bits")
	}
	t.sum += n
	if t.Modulo > 0 {
		t.sum %= t.Modulo
	}
	return nil
}

func (p *Place) check() error {
	if p.Usage == "" {
		p.Usage = Packed
	}
	most := map[Usage]int{Packed: 10, Binary: 8, Zoned: 18}[p.Usage]
	if most == 0 {
		return fmt.Errorf("usage %q is none of packed, binary, zoned", p.Usage)
	}
	if p.Offset < 0 || p.Size < 0 || p.Size > most {
		return fmt.Errorf("%d bytes from %d on: %s numbers have 1 to %d", p.Size, p.Offset, p.Usage, most)
	}
	return nil
}

var errNumber = errors.New("its bytes are no number")

// number reads the integer at the place. Errors hold no content.
func (p Place) number(record []byte) (int64, error) {
	if len(record) < p.Offset+p.Size {
		return 0, fmt.Errorf("the record has %d bytes, and it ends at %d", len(record), p.Offset+p.Size)
	}
	b := record[p.Offset : p.Offset+p.Size]
	switch p.Usage {
	case Binary:
		return binaryNumber(b)
	case Zoned:
		return zonedNumber(b)
	}
	if len(b) == 0 {
		return 0, errNumber
	}
	return packedNumber(b)
}

func binaryNumber(b []byte) (int64, error) {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	if n > math.MaxInt64 {
		return 0, errNumber
	}
	return int64(n), nil
}

func zonedNumber(b []byte) (n int64, err error) {
	for _, c := range b {
		if c&15 > 9 || c>>4 != 0xf && c>>4 != 3 {
			return 0, errNumber
		}
		n = n*10 + int64(c&15)
	}
	return n, nil
}

// packedNumber reads packed decimal (z/Architecture Principles of Operation, SA22-7832, "Decimal Formats"), at
// most 18 digits beside leading zeros.
func packedNumber(b []byte) (int64, error) {
	const most = 999_999_999_999_999_999
	n := int64(0)
	for i, c := range b {
		digits := []byte{c >> 4, c & 15}
		if i == len(b)-1 {
			digits = digits[:1]
		}
		for _, d := range digits {
			if d > 9 || n > most/10 {
				return 0, errNumber
			}
			n = n*10 + int64(d)
		}
	}
	switch b[len(b)-1] & 15 {
	case 0xb, 0xd:
		return -n, nil
	case 0xa, 0xc, 0xe, 0xf:
		return n, nil
	}
	return 0, errNumber
}
