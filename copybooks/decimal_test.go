package copybooks

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestDecimalsCompareAcrossScales(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1", "1.00", 0}, {"-0", "0.00", 0}, {"-1", "1", -1}, {"0.1", "0.09", 1}, {"1E3", "1000.0", 0},
		{"99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001", 1}, {"-2", "-1.5", -1},
	} {
		a, err := ParseDecimal(c.a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ParseDecimal(c.b)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Cmp(b); got != c.want {
			t.Errorf("%s to %s: %d, want %d", c.a, c.b, got, c.want)
		}
		if got := b.Cmp(a); got != -c.want {
			t.Errorf("%s to %s: %d, want %d", c.b, c.a, got, -c.want)
		}
	}
	for _, bad := range []string{"", "-", ".5", "1.", "1e", "0x1", "100000000000000000000000000000000000000", "NaN"} {
		if d, err := ParseDecimal(bad); err == nil {
			t.Errorf("%q is %v", bad, d)
		}
	}
}

func TestInt64OnlyForWholeNumbersThatFit(t *testing.T) {
	for text, want := range map[string]int64{"-9223372036854775808": math.MinInt64, "9223372036854775807": math.MaxInt64, "12.00": 12, "1E2": 100} {
		d, err := ParseDecimal(text)
		if n, ok := d.Int64(); err != nil || !ok || n != want {
			t.Errorf("%s: %d %v %v", text, n, ok, err)
		}
	}
	for _, text := range []string{"9223372036854775808", "-9223372036854775809", "0.5", "1E19"} {
		d, err := ParseDecimal(text)
		if n, ok := d.Int64(); err != nil || ok {
			t.Errorf("%s: %d %v", text, n, err)
		}
	}
}

func TestDecimalTextEqualsBigRat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,17})?`).Draw(t, "text")
		d, err := ParseDecimal(text)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := new(big.Rat).SetString(text)
		got, ok := new(big.Rat).SetString(d.String())
		if !ok || got.Cmp(want) != 0 {
			t.Fatalf("%s is %s", text, d)
		}
	})
}
