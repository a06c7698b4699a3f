package legacy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// Record is one record as the mainframe would have written it, and what COBOL says of it.
type Record struct {
	// Layout is the name of the 01 level.
	Layout string
	// Bytes are the record in code page 037, without a descriptor word.
	Bytes []byte
	// Fields are the elementary fields that hold a value, in the order of the report. Fields that share
	// storage by REDEFINES may both be there.
	Fields []Field
}

// Field is what COBOL reports of one elementary field.
type Field struct {
	// Name is the data-name. Index is the occurrence from 1; 0 for a field that does not occur.
	Name  string
	Index int
	// Offset and Length are the place of the field in the record, in bytes.
	Offset, Length int
	// Kind says how the bytes hold the value; see the constants.
	Kind byte
	// Value is what COBOL shows: for text all its characters, in UTF-8; for numbers an edited field such as
	// "-000000000000000012.5000", for floating point COBOL's own form.
	Value string
}

// Kinds of fields, as the programs report them.
const (
	Text            = 'T'
	Zoned           = 'Z' // unsigned
	SignedZoned     = 'S' // the sign over the last digit
	LeadingSeparate = 'L'
	Packed          = 'P'
	Binary          = 'B'
	Single          = 'E' // COMP-1
	Double          = 'D' // COMP-2
)

// Extract runs one of OASXTR, CPPPAY and EICLMS for n clients, events or replies.
func (p *Programs) Extract(t testing.TB, program string, n int) []Record {
	t.Helper()
	data := filepath.Join(t.TempDir(), "extract")
	cmd := exec.Command(p.Path(program), strconv.Itoa(n))
	cmd.Env = append(os.Environ(), "DD_EXTRACT="+data)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	report, err := cmd.Output()
	if err != nil {
		t.Fatalf("run %s: %v\n%s", program, err, complaint.String())
	}
	stream, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	records, err := join(report, stream)
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	return records
}

// join reads the report and the records beside it, and transcodes each record by its fields.
func join(report, stream []byte) ([]Record, error) {
	var records []Record
	var fields []Field
	lines := bufio.NewScanner(bytes.NewReader(report))
	for n := 1; lines.Scan(); n++ {
		line, err := charmap.ISO8859_1.NewDecoder().String(lines.Text())
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(line, "F ") {
			f, err := parseField(line)
			if err != nil {
				return nil, fmt.Errorf("line %d of the report: %w", n, err)
			}
			fields = append(fields, f)
			continue
		}
		var number, length int
		var layout string
		if _, err := fmt.Sscanf(line, "R %d %d %s", &number, &length, &layout); err != nil {
			return nil, fmt.Errorf("line %d of the report: %w", n, err)
		}
		ascii, rest, err := nextVariable(stream)
		if err != nil || len(ascii) != length || number != len(records)+1 {
			return nil, fmt.Errorf("record %d has %d bytes, the report says number %d of %d bytes (%v)", len(records)+1, len(ascii), number, length, err)
		}
		stream = rest
		b, err := transcode(ascii, fields)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", number, err)
		}
		records = append(records, Record{Layout: layout, Bytes: b, Fields: fields})
		fields = nil
	}
	if len(stream) > 0 || len(fields) > 0 {
		return nil, fmt.Errorf("%d bytes of records and %d fields are left over", len(stream), len(fields))
	}
	return records, lines.Err()
}

// nextVariable cuts one record off a GnuCOBOL variable sequential file: two bytes of length, high byte
// first and not counting themselves, two of zeros (COB_VARSEQ_FORMAT 0).
func nextVariable(stream []byte) (record, rest []byte, err error) {
	if len(stream) < 4 {
		return nil, nil, fmt.Errorf("%d bytes are no record", len(stream))
	}
	n := 4 + int(binary.BigEndian.Uint16(stream))
	if len(stream) < n {
		return nil, nil, fmt.Errorf("a record of %d bytes is cut off", n)
	}
	return stream[4:n], stream[n:], nil
}

// parseField reads "F OFFSET LENGTH KIND SUBSCRIPT NAME VALUE" (SHOWDATA.cpy): fixed columns.
func parseField(line string) (Field, error) {
	var f Field
	chars := []rune(line)
	if len(chars) < 45 {
		return f, fmt.Errorf("only %d characters", len(chars))
	}
	head := string(chars[:20])
	var kind string
	if _, err := fmt.Sscanf(head, "F %d %d %1s %d", &f.Offset, &f.Length, &kind, &f.Index); err != nil {
		return f, err
	}
	f.Kind = kind[0]
	f.Name = strings.TrimSpace(string(chars[20:44]))
	f.Value = string(chars[45:])
	if f.Kind != Text {
		f.Value = strings.TrimSpace(f.Value)
	}
	return f, nil
}

// File returns the records as a z/OS dataset of RECFM=VB leaves the mainframe with its descriptor words: a
// BDW before each block of at most 27,998 bytes, an RDW before each record.
func File(records []Record) []byte {
	const blksize = 27998
	var out, block []byte
	flush := func() {
		if len(block) > 0 {
			out = binary.BigEndian.AppendUint16(out, uint16(len(block)+4))
			out = append(append(out, 0, 0), block...)
			block = block[:0]
		}
	}
	for _, r := range records {
		n := len(r.Bytes) + 4
		if 4+len(block)+n > blksize {
			flush()
		}
		block = binary.BigEndian.AppendUint16(block, uint16(n))
		block = append(append(block, 0, 0), r.Bytes...)
	}
	flush()
	return out
}
