package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/copybooks"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// Every reason that an error can have is explained in both languages, and every code of a form exists.
func TestEveryReasonIsExplained(t *testing.T) {
	for _, reason := range copybooks.Reasons() {
		c, ok := codeTexts[reason]
		if !ok || reason == "" {
			t.Errorf("reason %q is not explained", reason)
			continue
		}
		for _, text := range []string{c.en.means, c.en.do, c.fr.means, c.fr.do} {
			if !strings.HasSuffix(text, ".") || len(text) < 10 {
				t.Errorf("%s: %q is no sentence", reason, text)
			}
		}
		if c.en == c.fr {
			t.Errorf("%s: both languages are the same", reason)
		}
	}
	for form, codes := range invalidCodes {
		for _, code := range codes {
			if !slices.Contains(copybooks.Reasons(), code) {
				t.Errorf("form %d has the unknown code %s", form, code)
			}
		}
	}
}

// Every field of the samples can be explained, in both languages.
func TestEveryFieldIsExplained(t *testing.T) {
	f := &layoutFlags{}
	for _, name := range sampleNames() {
		layouts, err := f.layouts(nil, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layouts {
			for field := range l.Fields() {
				en, fr := explainField(l, field, false), explainField(l, field, true)
				if strings.Count(en, "\n") != strings.Count(fr, "\n") || en == fr || strings.Contains(en+fr, "%!") {
					t.Errorf("%s: explained as\n%s\n%s", field.Path, en, fr)
				}
			}
		}
	}
}

// Every finding of triage is explained in both languages, with how to send the file again.
func TestEveryFindingIsExplained(t *testing.T) {
	known := explainedCodes()
	for _, code := range recfm.Codes() {
		en, fr := explainCode(code, false), explainCode(code, true)
		if !slices.Contains(known, code) || !strings.Contains(en, "Send it again:") || !strings.Contains(fr, "Pour le renvoyer :") ||
			strings.Count(en, "\n") != strings.Count(fr, "\n") {
			t.Errorf("%s is explained as\n%s\n%s", code, en, fr)
		}
	}
}

// The first variable that is set decides, and only its language counts.
func TestTheLocaleOfMessages(t *testing.T) {
	for _, c := range []struct {
		env    map[string]string
		french bool
	}{
		{nil, false},
		{map[string]string{"LANG": "fr_CA.UTF-8"}, true},
		{map[string]string{"LANG": "fr"}, true},
		{map[string]string{"LANG": "FR_ca"}, true},
		{map[string]string{"LANG": "fr.ISO-8859-1"}, true},
		{map[string]string{"LANG": "frp_CH"}, false},
		{map[string]string{"LANG": "en_CA.UTF-8"}, false},
		{map[string]string{"LC_ALL": "C", "LANG": "fr_CA"}, false},
		{map[string]string{"LC_ALL": "", "LC_MESSAGES": "fr_FR", "LANG": "C"}, true},
	} {
		if got := frenchLocale(func(name string) string { return c.env[name] }); got != c.french {
			t.Errorf("%v: French %t", c.env, got)
		}
	}
}
