package config

import (
	"strings"
	"testing"
)

const tapText = `
diversions:
  - name: cpp-tap
    tapOf: CPP.PAY.Q
    queue: CPP.PAY.TAP
    backoutQueue: CPP.PAY.BACKOUT
    journal: true
    copybook: builtin:CPPPAYEV
`

func TestTapIsRead(t *testing.T) {
	for name, text := range map[string]string{
		"to the journal": tapText,
		"to a queue":     strings.Replace(tapText, "journal: true\n    copybook: builtin:CPPPAYEV", "modernQueue: MODERN", 1),
	} {
		if c, err := Parse("p.yaml", []byte(text)); err != nil || c.Diversions[0].TapOf != "CPP.PAY.Q" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultsOfTapsAreTold(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"Legacy would get it twice":  {"tapOf:", "legacyQueue: CPP.LEGACY\n    tapOf:", "Legacy has every message already"},
		"a route":                    {"tapOf:", "route: r\n    tapOf:", "a tap has no route"},
		"a key":                      {"tapOf:", "field: PE-SIN\n    tapOf:", "it makes no Key"},
		"Legacy's own queue":         {"queue: CPP.PAY.TAP", "queue: CPP.PAY.Q", "would take Legacy's own messages"},
		"copies of copies":           {"journal: true", "modernQueue: CPP.PAY.Q", "which is copied again"},
		"neither journal nor queue":  {"journal: true", "journal: false", "give one"},
		"events without a copybook":  {"    copybook: builtin:CPPPAYEV\n", "", "copybook is missing"},
		"no backout queue":           {"    backoutQueue: CPP.PAY.BACKOUT\n", "", "backoutQueue is missing"},
		"a bridge that reads it too": {"\ndiversions:", "\nbridges:\n  - {name: b, queue: CPP.PAY.Q, deadLetters: D, copybook: C}\ndiversions:", "tell them a second time"},
		"not a tap, and no route":    {"    tapOf: CPP.PAY.Q\n", "", "legacyQueue is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(tapText, c.from, c.to, 1)
			if text == tapText {
				t.Fatalf("%q does not stand there", c.from)
			}
			if _, err := Parse("p.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("says %v, want %q", err, c.want)
			}
		})
	}
}
