package demo

import "fmt"

// SIN returns the n-th synthetic SIN, n from 0 to 9,999,999: nine digits, the first 0, which no person
// has, the last a valid check digit (Luhn, ISO/IEC 7812-1 annex B).
func SIN(n int) string {
	digits := fmt.Sprintf("0%07d", n)
	sum := 0
	for i, d := range digits {
		v := int(d - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return digits + string(rune('0'+(10-sum%10)%10))
}
