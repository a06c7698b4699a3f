package recfm

import (
	"fmt"
	"slices"
)

// Language is a language of a Diagnosis.
type Language string

// The languages. Any other is English.
const (
	English Language = "en"
	French  Language = "fr"
)

// Advice is what can be said of a Finding without the file.
type Advice struct {
	// Cause says which setting of a transfer does this, Resend how to send the file again, and Local what can
	// be done with the file as it is; Local may be empty.
	Cause  string   `json:"cause"`
	Resend []string `json:"resend"`
	Local  string   `json:"local,omitempty"`
}

// AdviceOn returns what is said of every Finding of a code, one of Codes. It is false for any other.
func AdviceOn(code string, l Language) (Advice, bool) {
	a, ok := advices[code]
	if ok && l == French {
		a = frenchAdvices[code]
	}
	a.Resend = slices.Clone(a.Resend)
	return a, ok
}

// In returns the Diagnosis with its texts in a language: Format, Characters, and all of each Finding but its Code and
// Severity.
func (d *Diagnosis) In(l Language) *Diagnosis {
	out := *d
	out.Format, out.Characters = d.format.in(l), d.characters.in(l)
	out.Findings = slices.Clone(d.Findings)
	for i := range out.Findings {
		f := &out.Findings[i]
		f.Evidence = f.seen.in(l)
		f.Advice, _ = AdviceOn(f.Code, l)
	}
	return &out
}

// text is something said, not yet in a language. Its zero value says nothing.
type text struct {
	form string // English, as fmt.Sprintf takes it; its French is in frenchTexts
	args []any  // a text, and a string that frenchTexts has, are said in the language, too
}

func say(form string, args ...any) text { return text{form, args} }

func (t text) in(l Language) string {
	if len(t.args) == 0 {
		return l.of(t.form)
	}
	args := slices.Clone(t.args)
	for i, a := range args {
		switch a := a.(type) {
		case text:
			args[i] = a.in(l)
		case string:
			args[i] = l.of(a)
		}
	}
	return fmt.Sprintf(l.of(t.form), args...)
}

// of returns what is said for an English text.
func (l Language) of(english string) string {
	if french, ok := frenchTexts[english]; ok && l == French {
		return french
	}
	return english
}

// custom says how descriptor words frame a file, as Guess does.
func custom(f Format, confidence int, why text) text {
	return say("recfm %s, rdw %s, adjustment %d, confidence %d: %s", f.Recfm, f.RDW, f.RDWAdjust, confidence, why)
}
