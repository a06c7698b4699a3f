package recfm_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

func write(f recfm.Format, records ...[]byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := recfm.NewWriter(&out, f)
	if err != nil {
		return nil, err
	}
	for _, b := range records {
		if err := w.Write(b); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

func TestWriter(t *testing.T) {
	a, bc := []byte{0xc1}, []byte{0xc2, 0xc3}
	long := []byte("ABCDEFGHIJ")
	for _, c := range []struct {
		name   string
		format recfm.Format
		in     [][]byte
		want   string
	}{
		{"fixed", recfm.Format{Lrecl: 2}, [][]byte{bc, bc}, "c2c3 c2c3"},
		{"skips are zeros", recfm.Format{Lrecl: 3, SkipFileHeader: 2, SkipRecordEnd: 1, SkipFileFooter: 1}, [][]byte{bc}, "0000 c2c3 00 00"},
		{"variable", recfm.Format{Recfm: recfm.V}, [][]byte{a, bc}, "00050000c1 00060000c2c3"},
		{"variable, little, not counted", recfm.Format{Recfm: recfm.V, RDW: recfm.Little, RDWAdjust: 4}, [][]byte{a, bc}, "00000100c1 00000200c2c3"},
		{"blocked", recfm.Format{Recfm: recfm.VB}, [][]byte{a, bc}, "000f0000 00050000c1 00060000c2c3"},
		{"blocked, full blocks", recfm.Format{Recfm: recfm.VB, Blksize: 14}, [][]byte{a, a, a}, "000e0000 00050000c1 00050000c1 00090000 00050000c1"},
		{"spanned", recfm.Format{Recfm: recfm.VBS, Blksize: 16}, [][]byte{a, long}, // no room for a segment of five in block one
			"00090000 00050000c1 00100000 000c0100 4142434445464748 000a0000 00060200 494a"},
		{"spanned without blocks", recfm.Format{Recfm: recfm.VS, Blksize: 16}, [][]byte{a, long},
			"00050000c1 000c0100 4142434445464748 00060200 494a"},
		{"text", recfm.Format{Recfm: recfm.Text, Newline: recfm.NL}, [][]byte{a, bc}, "c115 c2c315"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := write(c.format, c.in...)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(hex.EncodeToString(unhex(t, c.want)), hex.EncodeToString(got)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestWriterRefuses(t *testing.T) {
	for _, c := range []struct {
		format recfm.Format
		record []byte
		reason string
	}{
		{recfm.Format{Lrecl: 2}, []byte("ABC"), "record-long"},
		{recfm.Format{Lrecl: 2}, []byte("A"), "record-short"},
		{recfm.Format{Recfm: recfm.V}, make([]byte, 32757), "rdw-long"},
		{recfm.Format{Recfm: recfm.V, Lrecl: 5}, []byte("AB"), "rdw-long"},
		{recfm.Format{Recfm: recfm.VB, Blksize: 20}, make([]byte, 13), "rdw-block"},
		{recfm.Format{Recfm: recfm.VBS, MaxRecord: 5}, make([]byte, 6), "record-long"},
		{recfm.Format{Recfm: recfm.Text}, []byte("A\nB"), "record-long"},
		{recfm.Format{Recfm: recfm.Text, Lrecl: 2}, []byte("ABC"), "record-long"},
		{recfm.Format{LengthPrefix: 1, LengthOf: func(b []byte) (int, error) { return int(b[0]), nil }}, []byte{2, 0, 0}, "length-field"},
	} {
		_, err := write(c.format, c.record)
		var e *recfm.Error
		if !errors.As(err, &e) || e.Reason != c.reason || e.Record != 1 {
			t.Errorf("recfm %s: error %v, want %s", c.format.Recfm, err, c.reason)
		}
	}
	if _, err := write(recfm.Format{Recfm: recfm.Auto}); err == nil {
		t.Error("a writer took auto")
	}
}

func TestWriterOverADeadSink(t *testing.T) {
	w, err := recfm.NewWriter(failing{}, recfm.Format{Recfm: recfm.V})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		err = w.Write(make([]byte, 30000))
	}
	if !errors.Is(err, errFull) || !errors.Is(w.Close(), errFull) {
		t.Errorf("error %v", err)
	}
}

type failing struct{}

var errFull = errors.New("no space")

func (failing) Write([]byte) (int, error) { return 0, errFull }

// formats draws any format that keeps records of varying length.
func formats() *rapid.Generator[recfm.Format] {
	return rapid.Custom(func(t *rapid.T) recfm.Format {
		return recfm.Format{
			Recfm:           rapid.SampledFrom([]recfm.Recfm{recfm.V, recfm.VB, recfm.VBS, recfm.VS}).Draw(t, "recfm"),
			RDW:             rapid.SampledFrom([]recfm.Order{recfm.Big, recfm.Little}).Draw(t, "rdw"),
			RDWAdjust:       rapid.SampledFrom([]int{0, 4}).Draw(t, "adjust"),
			BDWAdjust:       rapid.SampledFrom([]int{0, 4}).Draw(t, "bdw adjust"),
			Blksize:         rapid.IntRange(220, 32760).Draw(t, "blksize"),
			SkipFileHeader:  rapid.IntRange(0, 70).Draw(t, "file header"),
			SkipFileFooter:  rapid.IntRange(0, 70).Draw(t, "file footer"),
			SkipRecordStart: rapid.IntRange(0, 3).Draw(t, "record start"),
			SkipRecordEnd:   rapid.IntRange(0, 3).Draw(t, "record end"),
		}
	})
}

// What a Writer writes, a Reader gives back; what the Reader gives, a Writer writes to the same bytes.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := formats().Draw(t, "format")
		longest := 200
		if f.Recfm == recfm.VBS || f.Recfm == recfm.VS {
			longest = 2000
		}
		records := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 1, longest)).Draw(t, "records")
		stream, err := write(f, records...)
		if err != nil {
			t.Fatal(err)
		}
		r, err := recfm.NewReader(bytes.NewReader(stream), f)
		if err != nil {
			t.Fatal(err)
		}
		var back [][]byte
		for b, err := range r.Records() {
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, bytes.Clone(b))
		}
		if d := cmp.Diff(len(records), len(back)); d != "" {
			t.Fatal("records", d)
		}
		for i := range records {
			if !bytes.Equal(records[i], back[i]) {
				t.Fatalf("record %d differs", i+1)
			}
		}
		again, err := write(f, back...)
		if err != nil || !bytes.Equal(stream, again) {
			t.Fatalf("written again, the stream differs (%v)", err)
		}
	})
}

func ExampleWriter() {
	var file bytes.Buffer
	w, err := recfm.NewWriter(&file, recfm.Format{Recfm: recfm.VB})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, record := range []string{"ONE", "THREE"} {
		if err := w.Write([]byte(record)); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(w.Close())
	fmt.Printf("%q\n", file.String())
	// Output:
	// <nil>
	// "\x00\x14\x00\x00\x00\a\x00\x00ONE\x00\t\x00\x00THREE"
}
