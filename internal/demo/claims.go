package demo

import (
	"fmt"
	"strings"
)

// SIN returns the n-th synthetic SIN, n from 0 to 9,999,999: nine digits, the first 0, which no person
// has, the last a valid check digit (Luhn, ISO/IEC 7812-1 annex B).
func SIN(n int) string {
	digits := fmt.Sprintf("0%07d", n)
	return digits + string(rune('0'+(10-luhn(digits)%10)%10))
}

// validSIN reports whether the SIN has nine digits, not all zero, of which the last checks the others.
func validSIN(sin string) bool {
	if len(sin) != 9 || strings.Trim(sin, "0123456789") != "" || sin == "000000000" {
		return false
	}
	return (luhn(sin[:8])+int(sin[8]-'0'))%10 == 0
}

// luhn is the weighted sum of the eight digits before the check digit.
func luhn(digits string) (sum int) {
	for i, d := range digits {
		v := int(d - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum
}
