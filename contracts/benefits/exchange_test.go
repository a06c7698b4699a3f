package benefits

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/contracts"
	samples "github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/copybooks/mapping"
)

// legacy answers as Legacy does behind its queue: by reply areas and the sample mapping.
type legacy struct {
	t    testing.TB
	view *mapping.View
}

// area writes a reply area: pairs of a field's name and its canonical text, [0] for a table's first element.
func (l legacy) area(pairs ...string) []byte {
	l.t.Helper()
	layout := l.view.Layouts()[0]
	e := layout.Encoder()
	if err := e.Begin(nil); err != nil {
		l.t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		name, index := pairs[i], []int(nil)
		if bare, ok := strings.CutSuffix(name, "[0]"); ok {
			name, index = bare, []int{0}
		}
		f, err := layout.Field(name)
		if err == nil {
			err = e.Set(f, pairs[i+1], index...)
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
	return bytes.Clone(e.Bytes())
}

// RoundTrip implements http.RoundTripper.
func (l legacy) RoundTrip(q *http.Request) (*http.Response, error) {
	language := mapping.Language(q.Header.Get("Accept-Language"))
	ref := strings.TrimPrefix(q.URL.Path, "/v1/ei/claims/")
	area := l.area("CA-RETURN-CODE", "4")
	if ref == "known" {
		area = l.area("CA-FUNC-CODE", "INQS", "CA-RETURN-CODE", "0", "CA-SIN", "046454286", "CA-CLAIM-NO", "20260117",
			"CA-SURNAME", "EXAMPLE", "CA-GIVEN-NAMES", "ANNA", "CA-BIRTH-DATE", "19800229", "CA-CLAIM-TYPE", "RG", "CA-STATUS-CODE", "40",
			"CA-STATUS-TEXT-EN", "IN PAY", "CA-STATUS-TEXT-FR", "EN PAIEMENT", "CA-APPLIED-DATE", "2026012", "CA-BPC-DATE", "26011",
			"CA-WEEKLY-RATE", "729.00", "CA-WEEKS-ENTITLED", "38", "CA-WEEKS-PAID", "4", "CA-AUTOMATED-IND", "A",
			"CA-PAY-COUNT", "1", "CA-PAY-WEEK-CODE[0]", "2611", "CA-PAY-GROSS[0]", "729.00", "CA-PAY-TAX[0]", "87.48",
			"CA-PAY-NET[0]", "641.52", "CA-PAY-METHOD[0]", "D")
	}
	record, err := l.view.Decode(area)
	if err != nil {
		return nil, err
	}
	status, contentType, body, err := l.view.Exchange().Reply(nil, record,
		mapping.ReplyContext{Reference: ref, Now: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Language: language})
	if err != nil {
		return nil, err
	}
	h := http.Header{"Content-Type": {contentType}}
	if language != "" {
		h.Set("Content-Language", language)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body))}, nil
}

func TestClaimsAsTheMappingMakesThem(t *testing.T) {
	c, err := Contract("ei-claim-status")
	if err != nil {
		t.Fatal(err)
	}
	view, err := samples.View("EICLMSTA")
	if err != nil {
		t.Fatal(err)
	}
	r, err := contracts.Verify(t.Context(), c, contracts.Target{
		Name: "legacy", HTTP: legacy{t, view}, Values: map[string]string{"claimRef": "known", "unknownClaimRef": "unknown"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK {
		t.Errorf("broken:\n%s", text(t, r))
	}
}
