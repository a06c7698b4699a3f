package benefits_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/portage-gateway/portage/copybooks/mapping"
)

// Each record of a client is an event about the account, without what is personal; what frames the extract is none.
func TestExtractRecordsAreEventsOfTheirKind(t *testing.T) {
	v := view(t, "OASMSTR")
	for name, want := range map[string]struct{ kind, sequence, data string }{
		"client": {"client", "7", `{"language":"unknown","languageLegacyCode":"X","residenceYears":40,"enrolment":"automatic","consents":"YYNN","changedOn":"2026-01-02","payMethod":"direct-deposit"}`},
		"cheque": {"client", "7", `{"language":"fr","residenceYears":40,"enrolment":"automatic","consents":"YYNN","changedOn":"2026-01-02","payMethod":"cheque"}`},
		"benefit": {"benefit", "8", `{"benefit":"oas-pension","status":{"code":"in-pay","legacyCode":"11"},"startMonth":"1990-12","monthlyAmount":{"amount":"742.31","currency":"CAD"},
"partial40ths":40,"recoveryTax":{"amount":"-12.50","currency":"CAD"},"history":[{"paidOn":"2026-01-28","gross":"742.31","net":"700.00","reason":"regular"},{"paidOn":"1951-02-28","gross":"742.31","net":"700.00","reason":"returned"}]}`},
		"address": {"address", "9", `{"addressType":"mailing","province":"QC","country":"CAN","effectiveMonth":"2020-01"}`},
	} {
		r, _ := record(t, v, oasRecords[name])
		a, err := v.Event().Attributes(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a.Type != "ca.example.benefits.oas."+want.kind+".recorded.v1" || a.ID != "" || !a.Time.IsZero() || a.Sequence != want.sequence ||
			a.Program != "oas" || a.SIN != "" || a.Claim != "000000123" || a.Source != "/legacy/oas/extract" {
			t.Errorf("%s: %+v", name, a)
		}
		data, err := v.Event().AppendData(nil, r)
		if err != nil || string(data) != compact(t, want.data) {
			t.Errorf("%s: %s %v", name, data, err)
		}
		for _, secret := range []string{canary, "46454286", "ROY", "12345", "H2X1Y4", "RUE", "1925"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s shows %s", name, secret)
			}
		}
	}
	for _, name := range []string{"header", "trailer"} {
		r, _ := record(t, v, oasRecords[name])
		if a, err := v.Event().Attributes(r); !errors.Is(err, mapping.ErrNoEvent) {
			t.Errorf("%s: %+v %v", name, a, err)
		}
	}
}

func TestShapeOfAnEventIsThatOfItsKind(t *testing.T) {
	for eventType, want := range map[string][]string{
		"ca.example.benefits.oas.address.recorded.v1": {"addressType", "addressTypeLegacyCode", "province", "country", "effectiveMonth"},
		"ca.example.benefits.oas.benefit.recorded.v1": {"benefit", "benefitLegacyCode", "status", "startMonth", "monthlyAmount", "partial40ths", "recoveryTax", "history"},
		"ca.example.benefits.oas.payment.issued.v1":   nil,
	} {
		var got []string
		if s := view(t, "OASMSTR").Event().Shape(eventType); s != nil {
			for _, m := range s.Members {
				got = append(got, m.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q", eventType, got)
		}
	}
	if s := view(t, "CPPPAYEV").Event().Shape("ca.example.benefits.cpp.payment.returned.v1"); s == nil {
		t.Error("a type of the only kind has no shape")
	}
}
