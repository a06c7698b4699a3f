package oracle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/test/legacy"
)

// shown says where a mapping shows a COBOL field. A table's element stands as #.
var shown = map[string]string{
	"OX-SEQ-NO": "sequence", "OC-SIN": "sin", "OC-SURNAME": "name.surname", "OB-MONTHLY-AMT": "monthlyAmount.amount",
	"OB-INCOME-AMT": "income.amount", "OB-RECOVERY-TAX": "recoveryTax.amount", "OB-H-GROSS": "history.#.gross",
	"OB-H-NET": "history.#.net", "OA-LINE": "lines.#", "OA-PROVINCE": "province", "OT-SIN-HASH-TOTAL": "sinHashTotal",
	"OT-TOTAL-MONTHLY": "totalMonthly.amount",
	"PE-EVENT-SEQ":     "sequence", "PE-SIN": "sin", "PE-NET": "payment.net.amount", "PE-RETURN-AMT": "return.amount.amount",
	"PE-NEW-RATE": "rate.new.amount", "PE-RATE-REASON-FR": "rate.reason.fr",
	"CA-RETURN-CODE": "header.returnCode", "CA-SIN": "key.sin", "CA-SURNAME": "client.surname", "CA-WEEKLY-RATE": "weeklyRate.amount",
	"CA-STATUS-TEXT-FR": "status.text.fr", "CA-OVERPAYMENT-BAL": "overpaymentBalance.amount", "CA-ERR-TEXT-FR": "error.fr",
	"CA-ERR-SQLCODE": "error.sqlCode",
}

// at returns the value at a path of member names.
func at(v any, path string, index int) (any, error) {
	for _, name := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			if index < 1 || index > len(x) {
				return nil, fmt.Errorf("element %d of %d", index, len(x))
			}
			v = x[index-1]
		default:
			return nil, fmt.Errorf("%T at %s", v, name)
		}
	}
	return v, nil
}

// The sample mappings show what COBOL wrote, and JSON alone gives the same bytes back.
func TestViews(t *testing.T) {
	programs := legacy.Build(t, legacy.OASXTR, legacy.CPPPAY, legacy.EICLMS)
	for _, c := range []struct {
		copybook, program string
		n                 int
	}{{"OASMSTR", legacy.OASXTR, 1000}, {"CPPPAYEV", legacy.CPPPAY, 600}, {"EICLMSTA", legacy.EICLMS, 500}} {
		t.Run(c.copybook, func(t *testing.T) {
			view, err := benefits.View(c.copybook)
			if err != nil {
				t.Fatal(err)
			}
			decoder, seen, compared := view.Decoder(), map[string]bool{}, 0
			for i, r := range programs.Extract(t, c.program, c.n) {
				record, err := decoder.Decode(r.Bytes)
				if err != nil {
					t.Fatalf("record %d: %v", i+1, err)
				}
				text, err := view.AppendJSON(nil, record)
				if err != nil {
					t.Fatalf("record %d: %v", i+1, err)
				}
				for _, original := range [][]byte{nil, r.Bytes} {
					back, err := view.EncodeJSON(nil, text, original)
					if err != nil {
						t.Fatalf("record %d: %v", i+1, err)
					}
					if !bytes.Equal(back, r.Bytes) {
						t.Fatalf("record %d comes back changed at %d", i+1, firstDifference(back, r.Bytes))
					}
				}
				d := json.NewDecoder(bytes.NewReader(text))
				d.UseNumber()
				var object any
				if err := d.Decode(&object); err != nil {
					t.Fatalf("record %d: %v", i+1, err)
				}
				for _, f := range r.Fields {
					path, ok := shown[f.Name]
					if !ok {
						continue
					}
					if err := same(object, path, f); err != nil {
						t.Fatalf("record %d: %s: %v", i+1, f.Name, err)
					}
					seen[f.Name] = true
					compared++
				}
			}
			if len(seen) < 6 {
				t.Errorf("only %v were compared", seen)
			}
			t.Logf("%d values", compared)
		})
	}
}

// same compares a JSON value with what COBOL showed.
func same(object any, path string, f legacy.Field) error {
	got, err := at(object, path, f.Index)
	if err != nil {
		return err
	}
	if f.Kind == legacy.Text {
		if want := strings.TrimRight(f.Value, " "); got != want {
			return fmt.Errorf("JSON has %v, COBOL %q", got, want)
		}
		return nil
	}
	g, ok1 := new(big.Rat).SetString(fmt.Sprint(got))
	w, ok2 := new(big.Rat).SetString(f.Value)
	if !ok1 || !ok2 || g.Cmp(w) != 0 {
		return fmt.Errorf("JSON has %v, COBOL %s", got, f.Value)
	}
	return nil
}
