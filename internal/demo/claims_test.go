package demo

import "testing"

func TestSINsAreSyntheticAndValid(t *testing.T) {
	seen := map[string]bool{}
	for n := range 2000 {
		sin := SIN(n * 4999)
		if len(sin) != 9 || sin[0] != '0' {
			t.Fatalf("SIN %d is not nine digits from 0", n)
		}
		sum := 0
		for i := range sin {
			v := int(sin[i] - '0')
			if i%2 == 1 {
				v *= 2
			}
			sum += v/10 + v%10
		}
		if sum%10 != 0 {
			t.Errorf("SIN %d has a wrong check digit", n)
		}
		if n > 0 && !validSIN(sin) {
			t.Errorf("SIN %d is called invalid", n)
		}
		if seen[sin] {
			t.Errorf("SIN %d stands twice", n)
		}
		seen[sin] = true
	}
	for _, sin := range []string{"", "046454287", "000000000", "04645428x", "0464542861"} {
		if validSIN(sin) {
			t.Errorf("%q is called valid", sin)
		}
	}
	if got, want := SIN(4645428), "046454286"; got != want {
		t.Errorf("SIN = %s, want %s", got, want)
	}
}
