package copybooks

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// wordsAgree holds what an Item reads by words against its Codec. The Item's bytes stand behind before others and
// in front of after others, moved there by a register.
func wordsAgree(t interface{ Fatalf(string, ...any) }, it *Item, b []byte, before, after int) {
	at := *it
	at.off, at.reg, at.table, at.Parent = 0, 0, nil, nil
	at.settle()
	all := bytes.Repeat([]byte{0xF5}, before+len(b)+after)
	copy(all[before:], b)
	r := Record{frame: &frame{regs: []int32{int32(before)}}, b: all}
	c := &it.Codec
	text, f := c.AppendText(nil, b)
	if got, g := r.AppendItem(nil, &at); f != g || f == OK && !bytes.Equal(got, text) {
		t.Fatalf("%s %X: %q (%v), by its codec %q (%v)", it.Field.Picture, b, got, g, text, f)
	}
	if got, g := r.AppendJSONItem(nil, &at); f != g || f == OK && !bytes.Equal(got, appendEscaped(nil, text)) {
		t.Fatalf("%s %X: JSON %q (%v), by its codec %q (%v)", it.Field.Picture, b, got, g, text, f)
	}
	n, ok := c.Whole(b)
	if digits, good := r.Digits(&at); ok && !good || ok && fromBCD(digits) != n {
		t.Fatalf("%s %X: digits %X %v, by its codec %d %v", it.Field.Picture, b, digits, good, n, ok)
	}
	if c.kind == TextValue || c.kind == NoValue {
		return
	}
	want, f := c.decimalByText(b)
	got, g := r.Number(&at)
	if f != g || f == OK && got != want {
		t.Fatalf("%s %X: %v (%v), by text %v (%v)", it.Field.Picture, b, got, g, want, f)
	}
	one := make([]Decimal, 1)
	if n, g := r.Numbers(one, []*Item{&at}); f != g || (n == 1) != (f == OK) || f == OK && one[0] != want {
		t.Fatalf("%s %X: of several %v (%v), by text %v (%v)", it.Field.Picture, b, one, g, want, f)
	}
	wholesAgree(t, &r, &at, b)
}

// wholesAgree does so for whole numbers.
func wholesAgree(t interface{ Fatalf(string, ...any) }, r *Record, at *Item, b []byte) {
	d, f := at.Codec.decimalByText(b)
	want, fits := int64(0), false
	if f == OK {
		if want, fits = d.Int64(); !fits {
			f = Overflow
		}
	}
	if got, g := r.Integer(at); f != g || f == OK && got != want {
		t.Fatalf("%s %X: integer %d (%v), by text %d (%v)", at.Field.Picture, b, got, g, want, f)
	}
	one := make([]int64, 1)
	if n, g := r.Integers(one, []*Item{at}); f != g || (n == 1) != (f == OK) || f == OK && one[0] != want {
		t.Fatalf("%s %X: of several %d (%v), by text %d (%v)", at.Field.Picture, b, one[0], g, want, f)
	}
}

func TestWordsReadWhatCodecsRead(t *testing.T) {
	items := allItems(t)
	rapid.Check(t, func(t *rapid.T) {
		it := rapid.SampledFrom(items).Draw(t, "item")
		b := make([]byte, it.Size())
		if it.Codec.kind == NoValue || !rapid.Bool().Draw(t, "valid") || it.Codec.Put(b, []byte(rapid.StringMatching(`-?[0-9]{1,9}(\.[0-9]{1,2})?`).Draw(t, "text"))) != OK {
			likely := rapid.SampledFrom([]byte{0xF0, 0xF9, 0xC1, 0xD9, 0x40, 0x00, 0x12, 0x3C, 0x9D, 0x0F, 0x60, 0x4E, 0x20, 0x30, 0x7D, '"'})
			b = rapid.SliceOfN(rapid.OneOf(likely, rapid.Byte()), len(b), len(b)).Draw(t, "bytes")
		}
		wordsAgree(t, it, b, rapid.IntRange(0, 9).Draw(t, "before"), rapid.IntRange(0, 9).Draw(t, "after"))
	})
}

// A record that ends before an Item, or inside of it, refuses it, however it is read.
func TestWordsEndWithTheRecord(t *testing.T) {
	for _, it := range allItems(t) {
		at := *it
		at.off, at.reg, at.table, at.Parent = 0, 0, nil, nil
		at.settle()
		for size := range min(it.Size(), 20) {
			r := Record{frame: &frame{regs: []int32{0}}, b: make([]byte, size)}
			_, f := r.Integer(&at)
			_, g := r.Number(&at)
			_, h := r.AppendItem(nil, &at)
			n, i := r.Integers(make([]int64, 1), []*Item{&at})
			if _, ok := r.Digits(&at); ok || n != 0 || f != ShortRecord || g != ShortRecord || h != ShortRecord || i != ShortRecord {
				t.Fatalf("%s in %d bytes: %v %v %v %v", it.Field.Picture, size, f, g, h, i)
			}
		}
	}
}

// FuzzWords: any bytes of any Item mean by words what they mean by its Codec.
func FuzzWords(f *testing.F) {
	items := allItems(f)
	for i := range items {
		f.Add(uint16(i), uint8(i), []byte{0xF0, 0xF1, 0xC2, 0x40, 0x00, 0x12, 0x3C, 0xD9})
		f.Add(uint16(i), uint8(0), []byte("  -1,234.50CR"))
	}
	f.Fuzz(func(t *testing.T, i uint16, around uint8, data []byte) {
		it := items[int(i)%len(items)]
		b := make([]byte, it.Size())
		copy(b, data)
		wordsAgree(t, it, b, int(around&15), int(around>>4))
	})
}
