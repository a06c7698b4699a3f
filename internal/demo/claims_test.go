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
		if seen[sin] {
			t.Errorf("SIN %d stands twice", n)
		}
		seen[sin] = true
	}
	if got, want := SIN(4645428), "046454286"; got != want {
		t.Errorf("SIN = %s, want %s", got, want)
	}
}
