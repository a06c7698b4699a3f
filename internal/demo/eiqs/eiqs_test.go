package eiqs_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/portage-gateway/portage/internal/demo/eiqs"
)

// inquire returns an area that asks for a claim, in code page 037.
func inquire(sin string, claim uint32) []byte {
	area := bytes.Repeat([]byte{0x40}, eiqs.Size)
	for i, r := range "INQS01E" {
		area[i], _ = charmap.CodePage037.EncodeRune(r)
	}
	for i, r := range sin {
		area[53+i], _ = charmap.CodePage037.EncodeRune(r)
	}
	binary.BigEndian.PutUint32(area[62:], claim)
	return area
}

// COBOL's own answers are compared in test/legacy; here are the rules that need no COBOL.
func TestReturnCodes(t *testing.T) {
	for _, c := range []struct {
		sin   string
		claim uint32
		want  uint16
	}{
		{"046454286", 0, 0}, {"046454286", 9, 4}, {"046454287", 0, 8}, {"000000000", 0, 8}, {"04645428A", 0, 8},
		{"046454286", 100000000, 8}, {"046454286", 99000000, 12}, {"046454286", 99500000, 16},
	} {
		got := eiqs.Answer(inquire(c.sin, c.claim))
		if code := binary.BigEndian.Uint16(got[7:]); code != c.want {
			t.Errorf("claim %d: return code %d, want %d", c.claim, code, c.want)
		}
	}
	if eiqs.Answer(make([]byte, 585)) != nil {
		t.Error("an area of another length was answered")
	}
}

// The request's own bytes come back, whatever they are.
func TestEcho(t *testing.T) {
	area := inquire("046454286", 1)
	for i := 17; i < 53; i++ {
		area[i] = byte(i)
	}
	kept := bytes.Clone(area)
	got := eiqs.Answer(area)
	if !bytes.Equal(got[:7], area[:7]) || !bytes.Equal(got[17:66], area[17:66]) {
		t.Error("the request did not come back")
	}
	if !bytes.Equal(area, kept) {
		t.Error("the request was changed in place")
	}
}

// Claims differ in cents by the rounding, and only in cents: what a comparison has to find.
func TestRoundingIsVisible(t *testing.T) {
	differ := map[string]int{}
	for claim := range int64(1000) {
		legacy, refusal := eiqs.Find(46454286, claim, nil)
		if refusal != nil {
			continue
		}
		for name, round := range map[string]eiqs.Round{"half up": eiqs.HalfUp, "half even": eiqs.HalfEven, "truncate": eiqs.Truncate} {
			modern, _ := eiqs.Find(46454286, claim, round)
			if modern.Rate != legacy.Rate {
				differ[name+" rate"]++
			}
			for i := range legacy.Payments {
				if modern.Payments[i].Tax != legacy.Payments[i].Tax {
					differ[name+" tax"]++
					break
				}
			}
			if d := legacy.Rate - modern.Rate; d < 0 || d > 1 {
				t.Fatalf("claim %d: %s: the rate differs by %d cents", claim, name, d)
			}
		}
	}
	for _, name := range []string{"half even rate", "half even tax", "truncate rate", "truncate tax"} {
		if differ[name] == 0 {
			t.Errorf("%s differs in no claim", name)
		}
	}
	if differ["half up rate"]+differ["half up tax"] > 0 {
		t.Error("half up is what Legacy does, and differs")
	}
	t.Log(differ)
}

func TestRounds(t *testing.T) {
	for _, c := range []struct{ n, up, even, cut int64 }{{24, 2, 2, 2}, {25, 3, 2, 2}, {26, 3, 3, 2}, {35, 4, 4, 3}, {30, 3, 3, 3}} {
		if eiqs.HalfUp(c.n, 10) != c.up || eiqs.HalfEven(c.n, 10) != c.even || eiqs.Truncate(c.n, 10) != c.cut {
			t.Errorf("%d tenths: %d %d %d", c.n, eiqs.HalfUp(c.n, 10), eiqs.HalfEven(c.n, 10), eiqs.Truncate(c.n, 10))
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(inquire("046454286", 0))
	f.Add(inquire("046454286", 99000000))
	f.Fuzz(func(t *testing.T, area []byte) {
		got := eiqs.Answer(area)
		if len(area) != eiqs.Size {
			return
		}
		if len(got) != eiqs.Size || !bytes.Equal(got[:7], area[:7]) || !bytes.Equal(got[17:66], area[17:66]) {
			t.Fatal("the answer is no answer to this request")
		}
	})
}

func ExampleFind() {
	claim, _ := eiqs.Find(46454286, 7, eiqs.HalfUp)
	modern, _ := eiqs.Find(46454286, 7, eiqs.Truncate)
	fmt.Println(claim.Status, claim.TextFR, claim.Rate, modern.Rate)
	_, refusal := eiqs.Find(46454286, 9, nil)
	fmt.Println(refusal.ReturnCode, refusal.Reason)
	// Output:
	// 40 EN PAIEMENT 32200 32199
	// 4 EIQS0401
}

func BenchmarkAnswer(b *testing.B) {
	area := inquire("046454286", 7)
	b.ReportAllocs()
	for b.Loop() {
		eiqs.Answer(area)
	}
}
