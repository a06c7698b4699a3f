package bridge

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblemsSpeakTheClientsLanguageOrBoth(t *testing.T) {
	for accept, want := range map[string]problemBody{
		"fr": {Type: "urn:portage:problem:legacy-busy", Title: "Le service est occupé", Status: 503},
		"en": {Type: "urn:portage:problem:legacy-busy", Title: "The service is busy", Status: 503},
		"": {Type: "urn:portage:problem:legacy-busy", Title: "The service is busy", Status: 503,
			Titles: map[string]string{"en": "The service is busy", "fr": "Le service est occupé"}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", accept)
		res, err := problemBusy.response(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil || int64(len(b)) != res.ContentLength {
			t.Fatalf("%d bytes of %d, %v", len(b), res.ContentLength, err)
		}
		var got problemBody
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if h := res.Header; h.Get("Retry-After") != "1" || h.Get("Content-Language") != accept || h.Get("Cache-Control") != "no-store" ||
			h.Get("Content-Type") != "application/problem+json" || res.Status != "503 Service Unavailable" {
			t.Errorf("%s: %v", res.Status, h)
		}
	}
}

func TestEveryProblemHasBothTitlesAndATypeOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range problems {
		if p.en == "" || p.fr == "" || p.en == p.fr || p.status < 400 || p.outcome == "" || seen[p.kind] {
			t.Errorf("problem %+v", p)
		}
		seen[p.kind] = true
	}
}
