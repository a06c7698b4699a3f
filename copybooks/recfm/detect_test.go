package recfm_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

// sample returns n records of EBCDIC letters, 20 to 219 bytes long.
func sample(n int) [][]byte {
	dice := rand.New(rand.NewPCG(1, 2))
	out := make([][]byte, n)
	for i := range out {
		out[i] = make([]byte, 20+dice.IntN(200))
		for j := range out[i] {
			out[i][j] = 0xc1 + byte(dice.IntN(9))
		}
	}
	return out
}

func TestDetect(t *testing.T) {
	text := []byte(strings.Repeat("A LINE OF TEXT, AND A NEWLINE\r\n", 20))
	for _, c := range []struct {
		name   string
		format recfm.Format
		n      int
	}{
		{"V", recfm.Format{Recfm: recfm.V}, 50},
		{"V longer than the sample", recfm.Format{Recfm: recfm.V}, 5000},
		{"V of one record", recfm.Format{Recfm: recfm.V}, 1},
		{"V, RDW not counted", recfm.Format{Recfm: recfm.V, RDWAdjust: 4}, 50},
		{"V little", recfm.Format{Recfm: recfm.V, RDW: recfm.Little}, 50},
		{"V little, RDW not counted", recfm.Format{Recfm: recfm.V, RDW: recfm.Little, RDWAdjust: 4}, 50},
		{"VB", recfm.Format{Recfm: recfm.VB, Blksize: 800}, 50},
		{"VB of one block", recfm.Format{Recfm: recfm.VB}, 5},
		{"VB of large blocks", recfm.Format{Recfm: recfm.VB}, 5000},
		{"VB little", recfm.Format{Recfm: recfm.VB, RDW: recfm.Little}, 50},
		{"VS", recfm.Format{Recfm: recfm.VS, Blksize: 150}, 50},
		{"VBS", recfm.Format{Recfm: recfm.VBS, Blksize: 150}, 50},
		{"V behind a file header", recfm.Format{Recfm: recfm.V, SkipFileHeader: 7}, 50},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream, err := write(c.format, sample(c.n)...)
			if err != nil {
				t.Fatal(err)
			}
			r, err := recfm.NewReader(bytes.NewReader(stream), recfm.Format{Recfm: recfm.Auto, SkipFileHeader: c.format.SkipFileHeader, Lrecl: 300})
			if err != nil {
				t.Fatal(err)
			}
			g := r.Guess().Format
			want := c.format
			if want.RDW == "" {
				want.RDW = recfm.Big
			}
			if g.Recfm != want.Recfm || g.RDW != want.RDW || g.RDWAdjust != want.RDWAdjust {
				t.Errorf("guessed %v", r.Guess())
			}
			n := 0
			for _, err := range r.Records() {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != c.n {
				t.Errorf("%d records, want %d", n, c.n)
			}
		})
	}
	t.Run("text", func(t *testing.T) {
		g := recfm.Detect(text, recfm.Sizes{})
		if len(g) == 0 || g[0].Format.Recfm != recfm.Text || g[0].Format.Newline != recfm.LF || g[0].Confidence < 90 {
			t.Errorf("guessed %v", g)
		}
	})
	t.Run("text in EBCDIC", func(t *testing.T) {
		g := recfm.Detect(bytes.Repeat([]byte{0xc1, 0x40, 0xc2, 0x15}, 20), recfm.Sizes{})
		if len(g) == 0 || g[0].Format.Recfm != recfm.Text || g[0].Format.Newline != recfm.NL {
			t.Errorf("guessed %v", g)
		}
	})
	t.Run("fixed, by the layout's length", func(t *testing.T) {
		stream := bytes.Repeat([]byte{0xc1, 0x00, 0x0c, 0xff, 0x00}, 40)
		g := recfm.Detect(stream, recfm.Sizes{Max: 5, Total: 200})
		if len(g) == 0 || g[0].Format.Recfm != recfm.F || g[0].Format.Lrecl != 5 {
			t.Errorf("guessed %v", g)
		}
		if g := recfm.Detect(stream, recfm.Sizes{Max: 7, Total: 200}); len(g) != 0 {
			t.Errorf("200 bytes are no records of 7: %v", g)
		}
	})
}

// A damaged file is still known for what it is, so that the fault is reported where it stands.
func TestDetectDamaged(t *testing.T) {
	stream, err := write(recfm.Format{Recfm: recfm.V}, sample(50)...)
	if err != nil {
		t.Fatal(err)
	}
	cut := stream[:len(stream)-5]
	got, err := readAll(bytes.NewReader(cut), recfm.Format{Recfm: recfm.Auto})
	if len(got) != 49 || err == nil || !strings.Contains(err.Error(), "record 50") {
		t.Errorf("%d records, then %v", len(got), err)
	}
}

func TestDetectFindsNothingInNoise(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(dice.Uint32())
	}
	if g := recfm.Detect(noise, recfm.Sizes{}); len(g) != 0 {
		t.Errorf("guessed %v", g)
	}
}
