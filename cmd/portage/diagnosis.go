package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

// triageWords are the words around what triage says.
type triageWords struct {
	language                                  recfm.Language
	size, records, characters, unclear, clean string
	severities                                map[recfm.Severity]string
	sure, seen, first, cause, again, asIs     string
	found                                     string // before the advice on a code that is a reason of errors, too
}

var englishTriage = &triageWords{
	language: recfm.English,
	size:     "%s: %d bytes, %d looked at\n", records: "records:    ", characters: "characters: ", unclear: "not clear",
	clean:      "Nothing found that a transfer would have done.",
	severities: map[recfm.Severity]string{recfm.Damage: "damage", recfm.Form: "form"},
	sure:       "%d %% sure", seen: "Seen:  ", first: "; first at byte %d",
	cause: "Cause: ", again: "Send it again:", asIs: "With the file as it is: ",
	found: "As a finding of triage:",
}

var frenchTriage = &triageWords{
	language: recfm.French,
	size:     "%s : %d octets, dont %d examinés\n", records: "enregistrements : ", characters: "caractères :      ", unclear: "pas clair",
	clean:      "Rien trouvé qui soit l'œuvre d'un transfert.",
	severities: map[recfm.Severity]string{recfm.Damage: "dommage", recfm.Form: "forme"},
	sure:       "sûr à %d %%", seen: "Vu :    ", first: "; d'abord à l'octet %d",
	cause: "Cause : ", again: "Pour le renvoyer :", asIs: "Avec le fichier tel quel : ",
	found: "Comme constat de triage :",
}

func wordsOfTriage(french bool) *triageWords {
	if french {
		return frenchTriage
	}
	return englishTriage
}

// write writes what was found, for people.
func (t *triageWords) write(w io.Writer, name string, d *recfm.Diagnosis) error {
	var b strings.Builder
	clear := func(s string) string {
		if s == "" {
			return t.unclear
		}
		return s
	}
	fmt.Fprintf(&b, t.size, name, d.Size, d.Looked)
	b.WriteString(t.records + clear(d.Format) + "\n" + t.characters + clear(d.Characters) + "\n")
	if len(d.Findings) == 0 {
		b.WriteString("\n" + t.clean + "\n")
	}
	for i, f := range d.Findings {
		fmt.Fprintf(&b, "\n%d. %s (%s, "+t.sure+")\n", i+1, f.Code, t.severities[f.Severity], f.Confidence)
		b.WriteString("   " + t.seen + f.Evidence)
		if f.Offset >= 0 {
			fmt.Fprintf(&b, t.first, f.Offset)
		}
		b.WriteString(".\n")
		t.advise(&b, "   ", f.Advice)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// advise writes what can be said without the file.
func (t *triageWords) advise(b *strings.Builder, margin string, a recfm.Advice) {
	b.WriteString(margin + t.cause + a.Cause + "\n" + margin + t.again + "\n")
	for _, r := range a.Resend {
		b.WriteString(margin + "- " + r + "\n")
	}
	if a.Local != "" {
		b.WriteString(margin + t.asIs + a.Local + "\n")
	}
}

// writeJSON writes a value for programs.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
