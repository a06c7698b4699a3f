package dataset

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/portage-gateway/portage/adapters"
)

// A Position holds the longest identity and stays far below the limit.
func TestPositionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.Int64Range(1, 1<<62).Draw(t, "of")
		p := place{Version: 1, Dataset: "d", ID: rapid.StringMatching(`[!-~]{1,200}`).Draw(t, "id"),
			Cycle: rapid.StringMatching(`[!-~]{0,200}`).Draw(t, "cycle"), Number: rapid.Uint64().Draw(t, "number"),
			Content: strings.Repeat("e", 64), Of: of, Record: rapid.Int64Range(0, of).Draw(t, "record"),
			Offset: rapid.Int64Range(0, 1<<62).Draw(t, "offset")}
		b, err := p.appendPosition(nil)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parsePosition(b)
		if err != nil || back != p {
			t.Fatalf("%+v became %+v, %v", p, back, err)
		}
	})
}

func FuzzPosition(f *testing.F) {
	f.Add([]byte(`{"v":1,"dataset":"d","generation":"d/1","content":"` + strings.Repeat("0", 64) + `","of":9,"record":3,"offset":27}`))
	f.Add([]byte(`{"v":1,"of":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePosition(b)
		if err != nil {
			return
		}
		if p.Record > p.Of || p.Record < 0 || p.generation().check() != nil {
			t.Fatalf("parsed %+v", p)
		}
		again, err := p.appendPosition(nil)
		if err != nil {
			return // escapes may make it longer than the limit
		}
		if back, err := parsePosition(again); err != nil || back != p {
			t.Fatalf("%+v became %+v, %v", p, back, err)
		}
	})
}

func FuzzParseMessage(f *testing.F) {
	sample, err := AppendMessage(nil, adapters.Message{ID: "a", Key: []byte{0, 255}, Body: []byte("body"),
		Headers: []adapters.Header{{Name: "portage-reason", Value: "ünï"}}, Time: time.Unix(1, 2).UTC()}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	f.Add([]byte(`{"id":"a","time":"2026-03-08T02:30:00-05:00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMessage(b, nil)
		if err != nil {
			return
		}
		for _, s := range []adapters.Sealer{nil, seal{}} {
			again, err := AppendMessage(nil, m, s)
			if err != nil {
				t.Fatal(err)
			}
			back, err := ParseMessage(again, s)
			if err != nil || !cmp.Equal(back, m) && !cmp.Equal(fmt.Sprint(back), fmt.Sprint(m)) {
				t.Fatalf("%+v became %+v, %v", m, back, err)
			}
			if s != nil && len(m.Body) > 8 && strings.Contains(string(again), string(m.Body)) {
				t.Fatal("a sealed message shows its body")
			}
		}
	})
}

// FuzzTotals holds the Check to any bytes: it never panics, and a file that it passes has a trailer.
func FuzzTotals(f *testing.F) {
	check, err := payday.Check()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(extract("20260301", 1, 5, 7))
	f.Add("T000000000000\n")
	f.Fuzz(func(t *testing.T, s string) {
		lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
		err := check(t.Context(), Generation{}, func(yield func([]byte) bool) {
			for _, l := range lines {
				if !yield([]byte(l)) {
					return
				}
			}
		})
		if last := lines[len(lines)-1]; err == nil && (!strings.HasPrefix(last, "T") || !strings.HasPrefix(s, "H")) {
			t.Fatalf("passed %q", s)
		}
	})
}

// Packed numbers are what big.Int says of their digits.
func TestPackedNumbers(t *testing.T) {
	for hex, want := range map[string]string{
		"1c": "1", "1d": "-1", "012c": "12", "999999999999999999f": "999999999999999999", "00000000000000000001c": "1",
		"1234567890123456789c": "", "a1c": "", "1a2c": "", "123": "", "0d": "0",
	} {
		if len(hex)%2 == 1 {
			hex = "0" + hex
		}
		n, _ := new(big.Int).SetString(hex, 16)
		b := n.FillBytes(make([]byte, len(hex)/2))
		got, err := Place{Size: len(b), Usage: Packed}.number(b)
		if want == "" && err == nil || want != "" && (err != nil || fmt.Sprint(got) != want) {
			t.Errorf("%s is %d, %v; want %s", hex, got, err, want)
		}
	}
}

func TestTotalsAreRefused(t *testing.T) {
	for want, change := range map[string]func(*Totals){
		"header":   func(x *Totals) { x.Header = "Z" },
		"trailer":  func(x *Totals) { x.Trailer = "" },
		"kind's 2": func(x *Totals) { x.Kind.Size = 2 },
		"usage":    func(x *Totals) { x.Totals = []Total{{Name: "n", Trailer: Place{Size: 1, Usage: "float"}}} },
		"1 to 8":   func(x *Totals) { x.Totals = []Total{{Name: "n", Trailer: Place{Size: 9, Usage: Binary}}} },
		"name":     func(x *Totals) { x.Totals = []Total{{Trailer: Place{Size: 1}}} },
	} {
		x := payday
		change(&x)
		if _, err := x.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A sum that leaves 64 bits is an error, never a wrong number.
func TestTotalsDoNotOverflow(t *testing.T) {
	x := Totals{Kind: Place{Size: 1}, Trailer: "54", Totals: []Total{
		{Name: "sum", Kind: "44", Sum: Place{Offset: 1, Size: 8, Usage: Binary}, Trailer: Place{Offset: 1, Size: 8, Usage: Binary}}}}
	check, err := x.Check()
	if err != nil {
		t.Fatal(err)
	}
	err = check(t.Context(), Generation{}, func(yield func([]byte) bool) {
		most := "D\x7f\xff\xff\xff\xff\xff\xff\xff"
		for _, r := range []string{most, most, "T\xff\xff\xff\xff\xff\xff\xff\xfe"} {
			if !yield([]byte(r)) {
				return
			}
		}
	})
	if err == nil || !strings.Contains(err.Error(), "64 bits") {
		t.Errorf("%v", err)
	}
}

// Order is what a clerk would say, for any pair of generations that follow each other.
func TestOrderOfNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := Generation{Number: rapid.Uint64Range(1, 9999).Draw(t, "last"), Highest: 9999}
		steps := rapid.Uint64Range(1, 4999).Draw(t, "steps")
		g := Generation{Number: (last.Number+steps-1)%9999 + 1, Highest: 9999}
		if gap, older := g.order(last); older || gap != steps-1 {
			t.Fatalf("%d after %d: gap %d, older %v", g.Number, last.Number, gap, older)
		}
		if _, older := last.order(g); !older {
			t.Fatalf("%d is not older than %d", last.Number, g.Number)
		}
		list := []*candidate{{name: "a", generation: g}, {name: "b", generation: Generation{Number: last.next(), Highest: 9999}}}
		if byAge(list, last); steps > 1 && list[0].name != "b" {
			t.Fatalf("after %d, %d is taken before %d", last.Number, g.Number, last.next())
		}
	})
}
