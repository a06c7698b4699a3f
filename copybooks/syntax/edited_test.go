package syntax

import "testing"

// TestOrderOfEditingSymbols holds what may stand before what (Language Reference, "PICTURE clause editing" and
// the chart of PICTURE symbols), and that suppression right of the point takes all digits or none.
func TestOrderOfEditingSymbols(t *testing.T) {
	for text, taken := range map[string]bool{
		"ZZ9": true, "Z9Z": false, "*9*": false,
		"ZZ.ZZ": true, "ZZ.99": true, "Z9.99": true, "ZZZ.Z9": false, "9.ZZ": false, "ZZ.9Z": false, "Z9.ZZ": false, "9VZZ": false, "ZZVZ9": false,
		"++9": true, "+(3)9.99": true, "++.++": true, "9+(8)": false, "9++": false, "Z(3)+(3)": false, "ZZ9++": false, "9.++": false, "Z.++": false,
		"$$9": true, "9(3)$$$": false, "*(3)$$": false, "$$9$$": false, "+(3)Z": false, "+Z(3)": true, "Z(3)+": true, "$Z(3)9.99-": true,
		"ZZPP": true, "ZPZ": false, "9B9PZ": false,
		"--,---,--9.99": true, "$$,$$9.99CR": true, "+++.+9": false,
	} {
		if _, fault := parsePicture(text, pictureRules{}); (fault == nil) != taken {
			t.Errorf("%s: %+v", text, fault)
		}
	}
}
