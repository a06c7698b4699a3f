package recfm_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

// Whatever the bytes, a Reader ends, lends no more than it was given, and what it read can be written and
// read again.
func FuzzReader(f *testing.F) {
	f.Add([]byte("\x00\x05\x00\x00A\x00\x06\x00\x00BC"), uint8(0))
	f.Add([]byte("\x00\x0f\x00\x00\x00\x05\x00\x00A\x00\x06\x00\x00BC"), uint8(1))
	f.Add([]byte("\x00\x09\x00\x00\x00\x05\x01\x00A\x00\x09\x00\x00\x00\x05\x02\x00A"), uint8(2))
	f.Add([]byte("A\r\n\nB"), uint8(3))
	f.Add([]byte("ABCABC"), uint8(4))
	f.Add([]byte("\x00\x00\x01\x00A"), uint8(5))
	formats := []recfm.Format{
		{Recfm: recfm.V}, {Recfm: recfm.VB}, {Recfm: recfm.VBS, MaxRecord: 1 << 16}, {Recfm: recfm.Text, MaxRecord: 1 << 16}, {Lrecl: 3},
		{Recfm: recfm.V, RDW: recfm.Little, RDWAdjust: 4}, {Recfm: recfm.Auto, Lrecl: 3},
		{Recfm: recfm.VB, SkipFileHeader: 1, SkipFileFooter: 2, SkipRecordStart: 1, SkipRecordEnd: 1},
	}
	f.Fuzz(func(t *testing.T, data []byte, pick uint8) {
		format := formats[int(pick)%len(formats)]
		r, err := recfm.NewReader(bytes.NewReader(data), format)
		if err != nil {
			return
		}
		defer r.Close()
		if r.Packed() != "" {
			return // packed input may be much longer than its bytes
		}
		var records [][]byte
		total := 0
		for {
			b, err := r.Next()
			if err != nil {
				if _, again := r.Next(); again != err {
					t.Fatalf("%v, then %v", err, again)
				}
				break
			}
			total += len(b)
			if total > len(data) && r.Format().Recfm != recfm.Text { // lines are filled up to lrecl
				t.Fatalf("%d bytes of records from %d", total, len(data))
			}
			records = append(records, bytes.Clone(b))
		}
		writable := r.Format()
		stream, err := write(writable, records...)
		if err != nil {
			return // a block longer than blksize, or a CR before a newline
		}
		back, err := recfm.NewReader(bytes.NewReader(stream), writable)
		if err != nil {
			t.Fatal(err)
		}
		if back.Packed() != "" {
			return
		}
		for i := range records {
			if writable.Recfm == recfm.Text && bytes.HasSuffix(records[i], []byte("\r")) {
				return
			}
			if b, err := back.Next(); err != nil || !bytes.Equal(b, records[i]) {
				t.Fatalf("record %d differs or fails: %v", i+1, err)
			}
		}
		if _, err := back.Next(); err != io.EOF {
			t.Fatalf("more records than were written: %v", err)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	records := sample(20000)
	for _, f := range []recfm.Format{{Recfm: recfm.V}, {Recfm: recfm.VB}, {Recfm: recfm.VBS}} {
		b.Run(string(f.Recfm), func(b *testing.B) {
			stream, err := write(f, records...)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(stream)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := recfm.NewReader(bytes.NewReader(stream), f)
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range r.Records() {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
