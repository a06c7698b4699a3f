package console

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/internal/audit"
	"github.com/portage-gateway/portage/router"
	"github.com/portage-gateway/portage/router/breaker"
)

func readCatalogue(t *testing.T, lang string) map[string]any {
	t.Helper()
	b, err := catalogueFiles.ReadFile("catalogue/page." + lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

var placeholder = regexp.MustCompile(`\{\{\.([A-Za-z]+)\}\}`)

// forms returns a message's forms by plural category, "" for one without.
func forms(m any) map[string]string {
	out := map[string]string{}
	switch m := m.(type) {
	case string:
		out[""] = m
	case map[string]any:
		for k, v := range m {
			out[k], _ = v.(string)
		}
	}
	return out
}

func TestBothCataloguesSayTheSame(t *testing.T) {
	en, fr := readCatalogue(t, "en"), readCatalogue(t, "fr")
	for _, id := range slices.Sorted(maps.Keys(en)) {
		other, ok := fr[id]
		if !ok {
			t.Errorf("%s is not in French", id)
			continue
		}
		want := map[string]bool{}
		for _, f := range forms(en[id]) {
			for _, p := range placeholder.FindAllString(f, -1) {
				want[p] = true
			}
		}
		for form, f := range forms(other) {
			got := map[string]bool{}
			for _, p := range placeholder.FindAllString(f, -1) {
				got[p] = true
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s %s: French has %v, English %v", id, form, got, want)
			}
			if f == "" || strings.ContainsRune(f, '\'') {
				t.Errorf("%s %s: empty, or a typewriter's apostrophe: %q", id, form, f)
			}
		}
		if len(forms(en[id])) > 1 && len(forms(other)) != 3 {
			t.Errorf("%s: French has the plurals one, many and other", id)
		}
	}
	for id := range fr {
		if _, ok := en[id]; !ok {
			t.Errorf("%s is not in English", id)
		}
	}
	// In Canada, French puts a no-break space before a colon, where a line must not end, and none before ; ! ?
	for id, m := range fr {
		for _, f := range forms(m) {
			if colon := strings.Index(f, ":"); colon > 0 && !strings.HasSuffix(f[:colon], "\u00a0") {
				t.Errorf("%s: no no-break space before the colon in %q", id, f)
			}
			for _, wrong := range []string{" ;", " !", " ?", " %"} {
				if strings.Contains(f, wrong) {
					t.Errorf("%s: %q in %q", id, wrong, f)
				}
			}
		}
	}
}

var used = regexp.MustCompile(`T "([a-z.]+)"`)

// codePrefixes are looked up by code; see voice.code.
var codePrefixes = []string{"check", "stage", "breaker", "breakerabout", "kind", "action", "outcome"}

func TestNoTextIsMissingAndNoneIsIdle(t *testing.T) {
	en := readCatalogue(t, "en")
	asked := map[string]bool{"unit.day": true, "unit.hour": true, "unit.minute": true, "unit.second": true}
	err := fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := templateFiles.ReadFile(path)
		for _, m := range used.FindAllStringSubmatch(string(b), -1) {
			asked[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range asked {
		if _, ok := en[id]; !ok {
			t.Errorf("a template asks for %s, which the catalogue lacks", id)
		}
	}
	for id := range en {
		prefix, _, _ := strings.Cut(id, ".")
		if !asked[id] && !slices.Contains(codePrefixes, prefix) {
			t.Errorf("nothing asks for %s", id)
		}
	}
}

func TestEveryCodeHasItsText(t *testing.T) {
	en := readCatalogue(t, "en")
	var codes []string
	for _, s := range router.Stages {
		codes = append(codes, "stage."+string(s))
	}
	for _, s := range breaker.States {
		codes = append(codes, "breaker."+s.String(), "breakerabout."+s.String())
	}
	for _, k := range router.DifferenceKinds() {
		codes = append(codes, "kind."+k)
	}
	for _, o := range []audit.Outcome{audit.Done, audit.Refused, audit.Failed} {
		codes = append(codes, "outcome."+string(o))
	}
	// What internal/app writes into the audit: the router's actions, and its own.
	for _, a := range []string{"raise", "lower", "promote", "demote", "kill", "restore", "rollback", "start", "stop", "reload", "verify"} {
		codes = append(codes, "action."+a)
	}
	codes = append(codes, "check."+CheckOK, "check."+CheckWarning, "check."+CheckFailing)
	for _, id := range codes {
		if _, ok := en[id]; !ok {
			t.Errorf("the code %s has no text", id)
		}
	}
}

func TestNumbersInBothLanguages(t *testing.T) {
	bundle, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer("\u00a0", " ", "\u202f", " ")
	for lang, want := range map[int][]string{
		0: {"1,234,567", "30%", "0.05%", "12.5%", "0 s", "59 s", "1 min 1 s", "1 h", "1 d 1 h", "10 d"},
		1: {"1 234 567", "30 %", "0,05 %", "12,5 %", "0 s", "59 s", "1 min 1 s", "1 h", "1 j 1 h", "10 j"},
	} {
		v := newVoice(bundle, lang)
		got := []string{v.count(1_234_567), v.percent(3000), v.percent(5), v.percent(1250)}
		for _, s := range []float64{0.4, 59.9, 61, 3600, 90_000, 864_000} {
			text, err := v.seconds(s)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, text)
		}
		for i := range want {
			if g := plain.Replace(got[i]); g != want[i] {
				t.Errorf("%s: %q, want %q", languages[lang].code, g, want[i])
			}
		}
	}
	v := newVoice(bundle, 0)
	if _, err := v.text("no.such.text"); err == nil {
		t.Error("a text that is not there is no error")
	}
	if got := v.code("kind", "brand-new"); got != "brand-new" {
		t.Errorf("a new code is shown as %q", got)
	}
}
