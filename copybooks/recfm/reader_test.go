package recfm_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

// unhex joins hexadecimal digits; blanks and line ends are for the eye.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readAll returns copies of all records, in hexadecimal, and the error that ended them.
func readAll(src io.Reader, f recfm.Format) (records []string, err error) {
	r, err := recfm.NewReader(src, f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for b, err := range r.Records() {
		if err != nil {
			return records, err
		}
		records = append(records, hex.EncodeToString(b))
	}
	return records, nil
}

func TestReader(t *testing.T) {
	// A length field: one byte in front, the length of what follows.
	lengthOf := func(b []byte) (int, error) { return 1 + int(b[0]), nil }
	for _, c := range []struct {
		name   string
		format recfm.Format
		stream string
		want   []string
	}{
		{"fixed", recfm.Format{Lrecl: 3}, "c1c2c3 d1d2d3", []string{"c1c2c3", "d1d2d3"}},
		{"fixed, blocks leave no mark", recfm.Format{Recfm: recfm.FB, Lrecl: 2}, "c1c2 d1d2", []string{"c1c2", "d1d2"}},
		{"fixed, skips", recfm.Format{Lrecl: 4, SkipFileHeader: 2, SkipFileFooter: 1, SkipRecordStart: 1, SkipRecordEnd: 1},
			"aaaa 00c1c200 00d1d200 bb", []string{"c1c2", "d1d2"}},
		{"nothing", recfm.Format{Lrecl: 3}, "", nil},
		{"variable, z/OS", recfm.Format{Recfm: recfm.V}, "00060000c1c2 00050000d1", []string{"c1c2", "d1"}},
		{"variable, an empty record", recfm.Format{Recfm: recfm.V}, "00040000 00050000d1", []string{"", "d1"}},
		{"variable, the RDW not counted", recfm.Format{Recfm: recfm.V, RDWAdjust: 4}, "00020000c1c2 00000000 00010000d1", []string{"c1c2", "", "d1"}},
		{"variable, little", recfm.Format{Recfm: recfm.V, RDW: recfm.Little}, "00000600c1c2 00000500d1", []string{"c1c2", "d1"}},
		{"variable, little, not counted", recfm.Format{Recfm: recfm.V, RDW: recfm.Little, RDWAdjust: 4}, "00000200c1c2 00000100d1", []string{"c1c2", "d1"}},
		{"variable, skips", recfm.Format{Recfm: recfm.V, SkipRecordStart: 1, SkipRecordEnd: 2}, "00080000 99c1 8877", []string{"c1"}},
		{"blocked", recfm.Format{Recfm: recfm.VB}, "000f0000 00060000c1c2 00050000d1 00090000 00050000e1", []string{"c1c2", "d1", "e1"}},
		{"blocked, extended BDW", recfm.Format{Recfm: recfm.VB}, "8000000f 00060000c1c2 00050000d1", []string{"c1c2", "d1"}},
		{"blocked, an empty block", recfm.Format{Recfm: recfm.VB}, "00040000 00090000 00050000e1", []string{"e1"}},
		{"blocked, neither word counted", recfm.Format{Recfm: recfm.VB, RDWAdjust: 4, BDWAdjust: 4}, "000b0000 00020000c1c2 00010000d1", []string{"c1c2", "d1"}},
		{"spanned over three blocks", recfm.Format{Recfm: recfm.VBS},
			"000f0000 00050000a1 00060100c1c2 00090000 00050300c3 000f0000 00060200c4c5 00050000e1", []string{"a1", "c1c2c3c4c5", "e1"}},
		{"spanned without blocks", recfm.Format{Recfm: recfm.VS},
			"00050000a1 00060100c1c2 00050300c3 00060200c4c5 00050000e1", []string{"a1", "c1c2c3c4c5", "e1"}},
		{"text", recfm.Format{Recfm: recfm.Text}, "4142 0a 0a 43 0d0a 44", []string{"4142", "", "43", "44"}},
		{"text filled up", recfm.Format{Recfm: recfm.Text, Lrecl: 3}, "4142 0a 414243 0a", []string{"414220", "414243"}},
		{"text in EBCDIC", recfm.Format{Recfm: recfm.Text, Newline: recfm.NL, Lrecl: 3}, "c1c2 15 c1 15", []string{"c1c240", "c14040"}},
		{"length in a field", recfm.Format{LengthOf: lengthOf, LengthPrefix: 1}, "02c1c2 00 01d1", []string{"02c1c2", "00", "01d1"}},
		{"length in a field, skips", recfm.Format{LengthOf: lengthOf, LengthPrefix: 1, SkipRecordStart: 1, SkipRecordEnd: 1}, "99 02c1c2 88 99 01d1 88", []string{"02c1c2", "01d1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{
				"at once":      bytes.NewReader(unhex(t, c.stream)),
				"byte by one":  iotest.OneByteReader(bytes.NewReader(unhex(t, c.stream))),
				"data and EOF": iotest.DataErrReader(bytes.NewReader(unhex(t, c.stream))),
			} {
				got, err := readAll(src, c.format)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if d := cmp.Diff(c.want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", name, d)
				}
			}
		})
	}
}

func TestFaults(t *testing.T) {
	broken := func([]byte) (int, error) { return 0, errors.New("not numeric") }
	negative := func([]byte) (int, error) { return -3, nil }
	for _, c := range []struct {
		name   string
		format recfm.Format
		stream string
		record int64
		offset int64
		reason string
		hint   string
	}{
		{"last fixed record cut off", recfm.Format{Lrecl: 3}, "c1c2c3 d1", 2, 3, "truncated", "lrecl"},
		{"RDW 0", recfm.Format{Recfm: recfm.V}, "00050000c1 00000000 00000000", 2, 5, "rdw-zero", "padded"},
		{"RDW 3", recfm.Format{Recfm: recfm.V}, "00030000", 1, 0, "rdw-short", "little"},
		{"RDW 32761", recfm.Format{Recfm: recfm.V}, "7ff90000", 1, 0, "rdw-long", "adjustment 4"},
		{"RDW beyond lrecl", recfm.Format{Recfm: recfm.V, Lrecl: 5}, "00060000c1c2", 1, 0, "rdw-long", ""},
		{"RDW of a segment", recfm.Format{Recfm: recfm.V}, "00050100c1", 1, 0, "rdw-reserved", "VBS"},
		{"record cut off", recfm.Format{Recfm: recfm.V}, "00050000c1 00070000c1", 2, 5, "truncated", "cut off"},
		{"RDW cut off", recfm.Format{Recfm: recfm.V}, "00050000c1 0007", 2, 5, "truncated", "footer"},
		{"record leaves its block", recfm.Format{Recfm: recfm.VB}, "00090000 00060000c1c2", 1, 0, "rdw-block", "recfm is V"},
		{"BDW of a V file", recfm.Format{Recfm: recfm.VB}, "00050000c1 00050000c1", 1, 0, "rdw-long", ""},
		{"BDW 3", recfm.Format{Recfm: recfm.VB}, "00030000", 1, 0, "bdw-short", "recfm is V"},
		{"BDW not zero behind", recfm.Format{Recfm: recfm.VB}, "00090001 00050000c1", 1, 0, "bdw-reserved", "recfm is V"},
		{"block cut off between records", recfm.Format{Recfm: recfm.VB}, "000e0000 00050000c1", 2, 9, "truncated", "cut off"},
		{"middle segment first", recfm.Format{Recfm: recfm.VBS}, "00090000 00050300c1", 1, 0, "segment-order", "volume"},
		{"whole record inside another", recfm.Format{Recfm: recfm.VBS}, "000e0000 00050100c1 00050000c1", 1, 0, "segment-order", "volume"},
		{"no last segment", recfm.Format{Recfm: recfm.VBS}, "00090000 00050100c1", 1, 0, "truncated", "cut off"},
		{"no last segment, no blocks", recfm.Format{Recfm: recfm.VS}, "00050100c1", 1, 0, "truncated", "cut off"},
		{"segment without a byte", recfm.Format{Recfm: recfm.VBS}, "00080000 00040100", 1, 0, "rdw-short", ""},
		{"reserved bits of an SDW", recfm.Format{Recfm: recfm.VBS}, "00090000 00050400c1", 1, 0, "rdw-reserved", "VBS"},
		{"spanned record too long", recfm.Format{Recfm: recfm.VBS, Lrecl: 5}, "000e0000 00050100c1 00050200c1", 1, 0, "record-long", "lrecl"},
		{"record shorter than its skips", recfm.Format{Recfm: recfm.V, SkipRecordStart: 2}, "00050000c1", 1, 0, "record-short", ""},
		{"line longer than lrecl", recfm.Format{Recfm: recfm.Text, Lrecl: 1}, "410a 41420a", 2, 2, "record-long", ""},
		{"no newline for long", recfm.Format{Recfm: recfm.Text, MaxRecord: 10}, strings.Repeat("41", 40), 1, 0, "record-long", "newline"},
		{"length field unreadable", recfm.Format{LengthOf: broken, LengthPrefix: 1}, "02", 1, 0, "length-field", "right one"},
		{"length field negative", recfm.Format{LengthOf: negative, LengthPrefix: 1}, "02", 1, 0, "length-field", "adjustment"},
		{"file header missing", recfm.Format{Lrecl: 1, SkipFileHeader: 4}, "0203", 1, 0, "truncated", ""},
		{"auto sees nothing", recfm.Format{Recfm: recfm.Auto}, "c1c2c3", 1, 0, "auto", "say recfm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readAll(bytes.NewReader(unhex(t, c.stream)), c.format)
			var e *recfm.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v, want an *Error", err)
			}
			if e.Record != c.record || e.Offset != c.offset || e.Reason != c.reason {
				t.Errorf("record %d at %d, %s; want record %d at %d, %s", e.Record, e.Offset, e.Reason, c.record, c.offset, c.reason)
			}
			if !strings.Contains(e.Hint, c.hint) {
				t.Errorf("hint %q does not speak of %q", e.Hint, c.hint)
			}
			if strings.Contains(strings.ToLower(err.Error()), "c1") {
				t.Errorf("the error shows content: %v", err)
			}
		})
	}
}

// nested counts as tables within tables do: a byte says how many elements follow, and each begins with a byte that says
// how many bytes it has.
func nested(b []byte) (int, error) {
	n := 1
	for i := 0; len(b) > 0 && i < int(b[0]); i++ {
		if n >= len(b) {
			return 0, fmt.Errorf("counter %d: %w", i+1, recfm.More(n+1))
		}
		n += 1 + int(b[n])
	}
	return n, nil
}

func TestALengthThatTakesMoreBytesToTell(t *testing.T) {
	long := strings.Repeat("ff"+strings.Repeat("40", 255), 255) // beyond the first buffer
	f := recfm.Format{LengthOf: nested, LengthPrefix: 1}
	for name, c := range map[string]struct {
		stream string
		want   []string
	}{
		"nothing counted": {"00 00", []string{"00", "00"}},
		"two elements":    {"02 01c1 02d1d2 01 00", []string{"0201c102d1d2", "0100"}},
		"a long one":      {"00 ff" + long + "01 01c1", []string{"00", "ff" + long, "0101c1"}},
	} {
		for _, src := range []io.Reader{bytes.NewReader(unhex(t, c.stream)), iotest.HalfReader(bytes.NewReader(unhex(t, c.stream))), iotest.DataErrReader(bytes.NewReader(unhex(t, c.stream)))} {
			got, err := readAll(src, f)
			if d := cmp.Diff(c.want, got); d != "" || err != nil {
				t.Errorf("%s: %v %s", name, err, d)
			}
		}
	}
}

func TestALengthThatIsNeverTold(t *testing.T) {
	more := func(n int) recfm.Format {
		return recfm.Format{LengthPrefix: 1, MaxRecord: 100, LengthOf: func([]byte) (int, error) { return 0, recfm.More(n) }}
	}
	for name, c := range map[string]struct {
		stream string
		format recfm.Format
		reason string
	}{
		"cut off in a counter":         {"00 02 01c1", recfm.Format{LengthPrefix: 1, LengthOf: nested}, "truncated"},
		"asks for what it has":         {"c1c2c3", more(1), "length-field"},
		"asks for more than a record":  {strings.Repeat("c1", 300), more(101), "length-field"},
		"asks beyond the stream's end": {strings.Repeat("c1", 50), more(100), "truncated"},
	} {
		_, err := readAll(bytes.NewReader(unhex(t, c.stream)), c.format)
		e := new(recfm.Error)
		if !errors.As(err, &e) || e.Reason != c.reason {
			t.Errorf("%s: %v, want %s", name, err, c.reason)
		}
	}
}

// TestARecordIsNotHeldBack: a record is returned once its own bytes are there, without waiting for the next one's.
func TestARecordIsNotHeldBack(t *testing.T) {
	src, dst := io.Pipe()
	defer dst.Close()
	go func() { _, _ = dst.Write([]byte{2, 1, 0xc1, 1, 0xc2}) }() // and then nothing
	r, err := recfm.NewReader(src, recfm.Format{LengthOf: nested, LengthPrefix: 1})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := r.Next(); err != nil || len(b) != 5 {
		t.Errorf("%x %v", b, err)
	}
}

func TestFaultIsFinal(t *testing.T) {
	r, err := recfm.NewReader(bytes.NewReader(unhex(t, "00030000 00050000c1")), recfm.Format{Recfm: recfm.V})
	if err != nil {
		t.Fatal(err)
	}
	_, first := r.Next()
	_, second := r.Next()
	if first == nil || first != second {
		t.Errorf("errors %v, then %v", first, second)
	}
}

func TestSourceFails(t *testing.T) {
	gone := errors.New("volume gone")
	src := io.MultiReader(bytes.NewReader(unhex(t, "00050000c1 0005")), iotest.ErrReader(gone))
	got, err := readAll(src, recfm.Format{Recfm: recfm.V})
	if len(got) != 1 || !errors.Is(err, gone) {
		t.Errorf("got %d records and %v", len(got), err)
	}
}

func TestFormatRefused(t *testing.T) {
	for want, f := range map[string]recfm.Format{
		"needs lrecl":        {},
		"none of auto":       {Recfm: "U"},
		"neither big":        {Recfm: recfm.V, RDW: "middle"},
		"is negative":        {Recfm: recfm.V, SkipFileFooter: -1},
		"none of lf":         {Recfm: recfm.Text, Newline: "cr"},
		"blksize 5":          {Recfm: recfm.VB, Blksize: 5},
		"leaves nothing":     {Lrecl: 2, SkipRecordEnd: 2},
		"needs lengthPrefix": {LengthOf: func([]byte) (int, error) { return 0, nil }},
		"length field needs": {Recfm: recfm.V, LengthPrefix: 1, LengthOf: func([]byte) (int, error) { return 0, nil }},
	} {
		if _, err := recfm.NewReader(strings.NewReader(""), f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", f.Recfm, err, want)
		}
		if _, err := recfm.NewWriter(io.Discard, f); err == nil {
			t.Errorf("the writer takes what the reader refuses: %q", want)
		}
	}
}

// endless is a stream of one claim: an RDW of 32,760 and zeros behind it.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	clear(p)
	for i := range p {
		switch (e.n + i) % 32760 {
		case 0:
			p[i] = 0x7f
		case 1:
			p[i] = 0xf8
		}
	}
	e.n += len(p)
	return len(p), nil
}

func TestMemoryStaysFlat(t *testing.T) {
	r, err := recfm.NewReader(&endless{}, recfm.Format{Recfm: recfm.V})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(2000, func() {
		if b, err := r.Next(); err != nil || len(b) != 32756 {
			t.Fatal(len(b), err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations a record", allocs)
	}
}

func ExampleReader() {
	// Two records as z/OS writes them: the length counts its own four bytes.
	file := strings.NewReader("\x00\x07\x00\x00ONE\x00\x09\x00\x00THREE")
	r, err := recfm.NewReader(file, recfm.Format{Recfm: recfm.Auto})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	fmt.Println(r.Guess())
	for record, err := range r.Records() {
		fmt.Println(r.Number(), r.Offset(), string(record), err)
	}
	// Output:
	// recfm V, rdw big, adjustment 0, confidence 93: 2 records frame every byte looked at
	// 1 0 ONE <nil>
	// 2 7 THREE <nil>
}
