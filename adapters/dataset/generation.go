package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// MaxID is the longest identity of a generation, in bytes.
const MaxID = 200

// Generation names one arrival of a dataset by its content.
type Generation struct {
	// ID is the identity: equal for a rerun. At most MaxID bytes of visible ASCII. It stands in Message.ID,
	// logs and events, and holds nothing personal.
	ID string
	// Cycle is the day or run that it belongs to, as text that sorts. Empty: unknown.
	Cycle string
	// Number is its place in the sequence, from 1 to Highest. 0: unknown.
	Number uint64
	// Highest is the number after which 1 comes again. 0: numbers do not turn over.
	Highest uint64
}

// generationName is the end of a z/OS generation's name (DFSMS Using Data Sets, "Generation data groups").
var generationName = regexp.MustCompile(`\.G([0-9]{4})V[0-9]{2}$`)

// ByHeader is the default of Config.Identify: the ID is name, cycle, and 8 bytes of the SHA-256 of the first
// record, whose number counts as zeros. Use [ByName] for files whose first record speaks of a person: a
// hash of it would be a trace of them. The func is safe for use by several goroutines.
func ByHeader(name string, cycle, number Digits) func(string, []byte) (Generation, error) {
	return func(file string, header []byte) (Generation, error) {
		g := Generation{}
		text, err := cycle.text(header)
		if err != nil {
			return g, fmt.Errorf("cycle: %w", err)
		}
		g.Cycle = text
		if err := g.number(file, header, number); err != nil {
			return g, err
		}
		hash := sha256.Sum256(number.blank(header))
		g.ID = name + "/" + g.Cycle + "/" + hex.EncodeToString(hash[:8])
		return g, nil
	}
}

// ByName identifies a generation by its file name alone: for files without a header. A rerun must then come
// under the same name.
func ByName(name string) func(string, []byte) (Generation, error) {
	return func(file string, _ []byte) (Generation, error) {
		g := Generation{ID: name + "/" + file}
		return g, g.number(file, nil, Digits{})
	}
}

// number takes the number from the header, or else from the file's name.
func (g *Generation) number(file string, header []byte, place Digits) error {
	text, highest := "", uint64(9999)
	if m := generationName.FindStringSubmatch(file); m != nil && place.Size == 0 {
		text = m[1]
	} else if place.Size > 0 {
		var err error
		if text, err = place.text(header); err != nil {
			return fmt.Errorf("generation number: %w", err)
		}
		highest = power10(place.Size) - 1
	}
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("generation number: %w", err)
	}
	g.Number, g.Highest = n, highest
	return nil
}

func power10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// check holds what Identify returned to what the rest relies on.
func (g Generation) check() error {
	if g.ID == "" || len(g.ID) > MaxID || len(g.Cycle) > MaxID {
		return fmt.Errorf("an identity of %d bytes and a cycle of %d: 1 to %d are allowed", len(g.ID), len(g.Cycle), MaxID)
	}
	for _, c := range []byte(g.ID + g.Cycle) {
		if c <= ' ' || c > '~' {
			return errors.New("an identity holds characters that are not visible ASCII")
		}
	}
	return nil
}

// text returns the digits as text; "" if there is no such place.
func (d Digits) text(record []byte) (string, error) {
	if d.Size == 0 {
		return "", nil
	}
	if len(record) < d.Offset+d.Size {
		return "", fmt.Errorf("digits up to byte %d, and the record has %d", d.Offset+d.Size, len(record))
	}
	out := make([]byte, d.Size)
	for i, b := range record[d.Offset : d.Offset+d.Size] {
		if high := b >> 4; b&15 > 9 || high != 0xf && high != 3 {
			return "", fmt.Errorf("byte %d is no digit", d.Offset+i)
		}
		out[i] = '0' + b&15
	}
	return string(out), nil
}

// blank returns the record with the digits as zeros; the record itself if there is no such place.
func (d Digits) blank(record []byte) []byte {
	if d.Size == 0 || len(record) < d.Offset+d.Size {
		return record
	}
	out := append([]byte(nil), record...)
	clear(out[d.Offset : d.Offset+d.Size])
	return out
}

// Result is what became of a generation: the label result of portage_dataset_generations_total.
type Result string

// The results.
const (
	Accepted   Result = "accepted"     // delivered to its end
	Rejected   Result = "rejected"     // refused whole
	Repeated   Result = "repeated"     // the content of one that was accepted
	Missing    Result = "missing"      // numbers left out, or nothing accepted for Config.Within
	Late       Result = "late"         // begun after it was reported missing; accepted or rejected beside
	OutOfOrder Result = "out_of_order" // older than one that was accepted; accepted or rejected beside
	Partial    Result = "partial"      // there, and not complete for Config.Patience
)

func results() []Result {
	return []Result{Accepted, Rejected, Repeated, Missing, Late, OutOfOrder, Partial}
}

// Event tells what became of a generation.
type Event struct {
	// Result is what happened, Dataset is Config.Name.
	Result  Result
	Dataset string
	// Generation is empty where it is not known: a partial file, a file without a readable header. For
	// Missing it has the first number that is missing, if numbers are.
	Generation Generation
	// File is the name of the file that arrived; empty for Missing.
	File string
	// Count is how many numbers are missing; 1 otherwise.
	Count uint64
	// Records is how many records an accepted generation has.
	Records int64
	// Reason is a stable code of a rejection, such as "truncated", "rerun-differs", "out-of-order". Err says
	// what was found; it holds no content.
	Reason string
	Err    error
	// Time is when it was noticed, in UTC.
	Time time.Time
}

// order says how g stands to the last accepted generation: how many numbers were left out between them, or
// that it is older. A later cycle is never older; an equal number is, unless its cycle is later.
func (g Generation) order(last Generation) (gap uint64, older bool) {
	later := false
	if g.Cycle != "" && last.Cycle != "" {
		if g.Cycle < last.Cycle {
			return 0, true
		}
		later = g.Cycle > last.Cycle
	}
	if g.Number == 0 || last.Number == 0 {
		return 0, false
	}
	ahead := g.ahead(last)
	if ahead == 0 {
		return 0, !later
	}
	return ahead - 1, false
}

// ahead is how many steps g's number is past last's; 0: none, it is the same or behind. Where numbers turn
// over, what is more than half a turn ahead is behind.
func (g Generation) ahead(last Generation) uint64 {
	if g.Highest == 0 || g.Number > g.Highest || last.Number > g.Highest {
		return max(g.Number, last.Number) - last.Number
	}
	ahead := (g.Number + g.Highest - last.Number) % g.Highest
	if ahead > g.Highest/2 {
		return 0
	}
	return ahead
}

// next is the number after g's.
func (g Generation) next() uint64 {
	if g.Number == 0 || g.Number == g.Highest {
		return 1
	}
	return g.Number + 1
}
