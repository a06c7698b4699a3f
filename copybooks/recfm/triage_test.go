package recfm_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks/ebcdic"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

func pages(t testing.TB) (out []recfm.Page) {
	for _, name := range []string{"cp037", "cp1047", "cp500"} {
		p, err := ebcdic.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, recfm.Page{Name: name, Runes: p.Runes()})
	}
	return out
}

func triage(t *testing.T, data []byte, k recfm.Known) *recfm.Diagnosis {
	t.Helper()
	k.Pages = pages(t)
	d, err := recfm.Triage(bytes.NewReader(data), int64(len(data)), k)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func found(d *recfm.Diagnosis) (out []string) {
	for _, f := range d.Findings {
		out = append(out, f.Code)
	}
	return out
}

// fixed returns n records of 40 bytes: a number in digits, text, and a packed number.
func fixed(n int) (out [][]byte) {
	dice := rand.New(rand.NewPCG(8, 9))
	for i := range n {
		b := bytes.Repeat([]byte{0x40}, 40)
		for j, c := range fmt.Sprintf("%08d", i*37) {
			b[j] = 0xf0 | byte(c)&15
		}
		for j := range 5 + dice.IntN(15) {
			b[8+j] = 0xc1 + byte(dice.IntN(9))
		}
		copy(b[34:], []byte{0, byte(dice.IntN(10))<<4 | 3, byte(dice.IntN(10))<<4 | 5, byte(dice.IntN(10)) << 4, 0x00, 0x7c})
		out = append(out, b)
	}
	return out
}

var fortyBytes = recfm.Known{Kinds: []recfm.Kind{{Name: "FORTY", Min: 40, Max: 40, Spans: []recfm.Span{
	{Offset: 0, Size: 8, Holds: recfm.HoldsZoned}, {Offset: 8, Size: 26, Holds: recfm.HoldsText}, {Offset: 34, Size: 6, Holds: recfm.HoldsPacked}}}}}

// Each story is one file and the codes that it must get, in their order, without a copybook unless it says so.
func TestTriageStories(t *testing.T) {
	records := fixed(60)
	plain := bytes.Join(records, nil)
	v, err := write(recfm.Format{Recfm: recfm.V}, sample(60)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		data  []byte
		known recfm.Known
		want  string
	}{
		{"nothing at all", nil, recfm.Known{}, "empty"},
		{"fixed records", plain, recfm.Known{}, ""},
		{"fixed records and their copybook", plain, fortyBytes, ""},
		{"one record", records[0], fortyBytes, ""},
		{"variable records", v, recfm.Known{}, ""},
		{"a file of noise", noise(5000), recfm.Known{}, ""},
		{"zeros", make([]byte, 5000), recfm.Known{}, ""},
		{"French in Latin-1", []byte(strings.Repeat("Les \xe9l\xe8ves fran\xe7ais \xe0 l'\xe9cole.\n", 50)), recfm.Known{}, "already-ascii"},
		{"French in UTF-8", []byte(strings.Repeat("Les élèves français à l'école.\n", 50)), recfm.Known{}, "already-ascii"},
		{"French in UTF-8 of UTF-8", []byte(strings.Repeat("Les Ã©lÃ¨ves franÃ§ais.\n", 50)), recfm.Known{}, "double-translated already-ascii"},
		{"replacement characters", []byte(strings.Repeat("AMOUNT \ufffd\ufffd\ufffd PAID\n", 50)), recfm.Known{}, "characters-replaced packed-translated newlines-inserted"},
		{"fixed records, expected longer", plain, recfm.Known{Lrecl: 50}, "wrong-lrecl"},
		{"RDWs where fixed records were expected", v, recfm.Known{Recfm: recfm.FB}, "rdw-kept"},
		{"quotation marks in UTF-8", []byte(strings.Repeat("It’s “quoted” text – with dashes.\n", 50)), recfm.Known{}, "already-ascii"},
		{"a program", append([]byte("\x7fELF"), noise(3000)...), recfm.Known{}, "not-records"},
		{"lines of one length but for the last", []byte(strings.Repeat("ABCDEFGHIJ\n", 12) + "ABC\n"), recfm.Known{}, "already-ascii"},
		{"a zip archive", []byte("PK\x03\x04 and so on, and so on"), recfm.Known{}, "packed-file"},
		{"TSO TRANSMIT", append([]byte{0x50, 0xe0, 0xc9, 0xd5, 0xd4, 0xd9, 0xf0, 0xf1}, make([]byte, 72)...), recfm.Known{}, "packed-file"},
		{"decimal digits are no hexadecimal dump", []byte(strings.Repeat("0123456789\n", 50)), recfm.Known{}, "already-ascii"},
		{"a word list is no base64", []byte(strings.Repeat("portage\nPortage\n", 50)), recfm.Known{}, "already-ascii"},
		{"another copybook", bytes.Repeat([]byte{0xc1, 0x40, 0xc2, 0x00}, 200), fortyBytes, "wrong-copybook"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := triage(t, c.data, c.known)
			if got := strings.Join(found(d), " "); got != c.want {
				t.Errorf("found %q, want %q\n%+v", got, c.want, d)
			}
		})
	}
}

func noise(n int) []byte {
	dice := rand.New(rand.NewPCG(3, 4))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(dice.Uint32())
	}
	return out
}

// Every finding says what did it and what to do; every code is known.
func TestTriageAdviceIsWhole(t *testing.T) {
	if len(recfm.Codes()) < 20 || !slices.IsSorted(recfm.Codes()) {
		t.Errorf("codes %v", recfm.Codes())
	}
	d := triage(t, bytes.Join(fixed(60), []byte("\r\n")), recfm.Known{})
	if len(d.Findings) == 0 {
		t.Fatal("nothing found")
	}
	for _, f := range d.Findings {
		if !slices.Contains(recfm.Codes(), f.Code) || f.Cause == "" || len(f.Resend) == 0 || f.Evidence == "" || f.Confidence < 1 || f.Confidence > 100 {
			t.Errorf("finding %+v", f)
		}
	}
}

// counter counts what Triage reads.
type counter struct {
	bytes.Reader
	read int64
}

func (c *counter) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(b, at)
	c.read += int64(n)
	return n, err
}

// Of a large file only a sample is read, the end included.
func TestTriageReadsASample(t *testing.T) {
	var records [][]byte
	for range 40 {
		records = append(records, sample(1000)...)
	}
	stream, err := write(recfm.Format{Recfm: recfm.V}, records...)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{"whole": {stream, ""}, "cut off": {stream[:len(stream)-15], "truncated"}, "filled up": {append(bytes.Clone(stream), make([]byte, 70_000)...), "padded"}} {
		src := &counter{Reader: *bytes.NewReader(c.data)}
		d, err := recfm.Triage(src, int64(len(c.data)), recfm.Known{Pages: pages(t)})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(found(d), " "); got != c.want {
			t.Errorf("%s: found %q, want %q", name, got, c.want)
		}
		if src.read > 512<<10 || src.read != d.Looked {
			t.Errorf("%s: read %d bytes of %d, says %d", name, src.read, len(c.data), d.Looked)
		}
	}
}

func TestTriageReportsReadErrors(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	if _, err := recfm.Triage(file, 100, recfm.Known{}); err == nil || !strings.Contains(err.Error(), "byte 0") {
		t.Errorf("error %v", err)
	}
}

// Whatever the bytes, Triage ends, and its findings hold.
func FuzzTriage(f *testing.F) {
	f.Add(bytes.Join(fixed(20), nil), uint8(0))
	f.Add(bytes.Join(fixed(20), []byte("\r\n")), uint8(1))
	f.Add([]byte("\x00\x05\x00\x00A\x00\x06\x00\x00BC"), uint8(2))
	f.Add([]byte("\x1f\x8b\x08 no gzip"), uint8(0))
	f.Add([]byte("00000000: c1c2 c3c4  ....\n00000004: c1c2 c3c4  ....\n"), uint8(0))
	f.Add([]byte(strings.Repeat("Zm9vYmFy", 20)), uint8(0))
	f.Add([]byte("caf\u00e9 \ufffd"), uint8(1))
	known := []recfm.Known{{}, fortyBytes, {Recfm: recfm.VB, Lrecl: 7, Length: func(b []byte) int { return min(len(b), 9) }, Kinds: []recfm.Kind{{Min: 0, Max: 9}, {Min: 3, Max: 12}}}}
	all := pages(f)
	f.Fuzz(func(t *testing.T, data []byte, pick uint8) {
		k := known[int(pick)%len(known)]
		k.Pages = all
		d, err := recfm.Triage(bytes.NewReader(data), int64(len(data)), k)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range d.Findings {
			if !slices.Contains(recfm.Codes(), x.Code) || x.Evidence == "" || x.Offset < -1 {
				t.Fatalf("finding %+v", x)
			}
		}
	})
}

func ExampleTriage() {
	file := []byte(strings.Repeat("\xc1\xc2\xc3\x40\x12\x3c\r\n", 20)) // a newline behind each record of 6 bytes
	d, err := recfm.Triage(bytes.NewReader(file), int64(len(file)), recfm.Known{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range d.Findings {
		fmt.Println(f.Code+":", f.Evidence)
	}
	// Output: newlines-inserted: a newline (CR LF, X'0D0A') stands behind every 6 bytes, 20 times
}

func BenchmarkTriage(b *testing.B) {
	stream := bytes.Join(fixed(20_000), nil)
	k := recfm.Known{Pages: pages(b)}
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := recfm.Triage(bytes.NewReader(stream), int64(len(stream)), k); err != nil {
			b.Fatal(err)
		}
	}
}
