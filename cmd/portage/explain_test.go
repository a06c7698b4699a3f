package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/memory"
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

// What a dead letter says as its reason, on the page and in portage_dead_letters_total, can be looked up. The reasons are
// those for which a bridge has a series.
func TestEveryReasonOfADeadLetterIsExplained(t *testing.T) {
	registry := prometheus.NewRegistry()
	var broker memory.Broker
	b := bridge.Bridge{Name: "b", Source: broker.Source("in"), Sink: broker.Sink("out"), DeadLetters: "bad", Metrics: bridge.NewMetrics(registry)}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := b.Run(ended); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]bool{"backout-threshold": true}
	for _, family := range families {
		for _, series := range family.GetMetric() {
			for _, label := range series.GetLabel() {
				if label.GetName() == "reason" {
					reasons[label.GetValue()] = true
				}
			}
		}
	}
	delete(reasons, "other")
	if len(reasons) < 50 {
		t.Errorf("only %d reasons", len(reasons))
	}
	known := explainedCodes()
	for reason := range reasons {
		if !slices.Contains(known, reason) {
			t.Errorf("the reason %s is not explained", reason)
		}
	}
	for reason, c := range letterTexts {
		for _, text := range []string{c.en.means, c.en.do, c.fr.means, c.fr.do} {
			if !strings.HasSuffix(text, ".") || len(text) < 10 {
				t.Errorf("%s: %q is no sentence", reason, text)
			}
		}
		if _, twice := codeTexts[reason]; twice || c.en == c.fr {
			t.Errorf("%s stands twice, or in one language", reason)
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
