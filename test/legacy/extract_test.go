package legacy

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// number returns a field's value as COBOL showed it.
func number(t *testing.T, f Field) *big.Rat {
	t.Helper()
	n, ok := new(big.Rat).SetString(f.Value)
	if !ok {
		t.Fatalf("%s: %q is no number", f.Name, f.Value)
	}
	return n
}

// The extract is what its trailer says, and holds the cases that tests rely on.
func TestOASExtract(t *testing.T) {
	const clients = 1000
	records := Build(t, OASXTR).Extract(t, OASXTR, clients)
	sum, sins, count := new(big.Rat), new(big.Rat), 0
	seen := map[string]int{}
	var trailer map[string]*big.Rat
	for i, r := range records {
		values := map[string]*big.Rat{}
		for _, f := range r.Fields {
			if f.Kind != Text {
				values[f.Name] = number(t, f)
			}
			if f.Kind == Text && strings.ContainsAny(f.Value, "ÉÈÇÀÔ") {
				seen["accent"]++
			}
		}
		if values["OX-SEQ-NO"].Cmp(big.NewRat(int64(i)+1, 1)) != 0 {
			t.Fatalf("record %d has sequence number %v", i+1, values["OX-SEQ-NO"])
		}
		seen[r.Layout]++
		switch r.Layout {
		case "OAS-CLIENT-RECORD":
			count++
			sins.Add(sins, values["OC-SIN"])
		case "OAS-BENEFIT-RECORD":
			sum.Add(sum, values["OB-MONTHLY-AMT"])
			seen[fmt.Sprintf("history of %s", values["OB-HIST-COUNT"].RatString())]++
			seen[fmt.Sprintf("income %d", values["OB-INCOME-AMT"].Sign())]++
			seen[fmt.Sprintf("recovery %d", values["OB-RECOVERY-TAX"].Sign())]++
		case "OAS-ADDRESS-RECORD":
			seen[fmt.Sprintf("lines %s", values["OA-LINE-COUNT"].RatString())]++
		case "OAS-TRAILER-RECORD":
			trailer = values
		}
	}
	for _, want := range []string{"OAS-HEADER-RECORD", "OAS-TRAILER-RECORD", "history of 0", "history of 1", "history of 120",
		"income -1", "income 1", "recovery -1", "recovery 0", "recovery 1", "lines 1", "lines 2", "lines 3", "lines 4", "lines 5", "lines 6", "accent"} {
		if seen[want] == 0 {
			t.Errorf("the extract has no %s", want)
		}
	}
	if count != clients || seen["OAS-HEADER-RECORD"] != 1 || seen["OAS-TRAILER-RECORD"] != 1 {
		t.Errorf("%d clients, %d headers, %d trailers", count, seen["OAS-HEADER-RECORD"], seen["OAS-TRAILER-RECORD"])
	}
	for name, want := range map[string]*big.Rat{
		"OT-RECORD-COUNT": big.NewRat(int64(len(records)), 1), "OT-CLIENT-COUNT": big.NewRat(clients, 1),
		"OT-TOTAL-MONTHLY": sum, "OT-SIN-HASH-TOTAL": sins,
	} {
		if trailer[name] == nil || trailer[name].Cmp(want) != 0 {
			t.Errorf("%s is %v, want %v", name, trailer[name], want)
		}
	}
}

// The table that the COBOL programs convert by is code page 037.
func TestCP037Table(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(filepath.Join(root, "test", "legacy", "cobol", "CP037.cpy"))
	if err != nil {
		t.Fatal(err)
	}
	var hexes string
	for line := range strings.Lines(string(src)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "X'") {
			hexes += strings.Trim(line, "X'.")
		}
	}
	for n := range 256 {
		var from, to byte
		if _, err := fmt.Sscanf(hexes[2*n:2*n+2]+" "+hexes[512+2*n:512+2*n+2], "%X %X", &from, &to); err != nil {
			t.Fatal(err)
		}
		if int(from) != n || rune(to) != charmap.CodePage037.DecodeByte(byte(n)) {
			t.Errorf("EBCDIC %02X stands as %02X, and is converted to %02X", n, from, to)
		}
	}
}
