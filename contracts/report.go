package contracts

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Kind says in what way a side breaks a Contract.
type Kind string

// The kinds.
const (
	KindStatus      Kind = "status"      // another HTTP status
	KindHeader      Kind = "header"      // a header that is missing or says something else
	KindJSON        Kind = "json"        // a body or event that is not JSON, or that two readers could take differently
	KindType        Kind = "type"        // another kind of value
	KindFormat      Kind = "format"      // a text of another form
	KindValue       Kind = "value"       // another value
	KindMissing     Kind = "missing"     // nothing stands there
	KindExtra       Kind = "extra"       // something stands there
	KindLeak        Kind = "leak"        // a text that must stand nowhere
	KindSchema      Kind = "schema"      // whatever else a schema asks for
	KindEvent       Kind = "event"       // not a CloudEvent of the contract's type
	KindRefused     Kind = "refused"     // a record was refused that must be taken, or the other way round
	KindUnanswered  Kind = "unanswered"  // no answer came
	KindUnprepared  Kind = "unprepared"  // the target knows no value, or could not set the state up
	KindUnsupported Kind = "unsupported" // the target does not do what the contract speaks of
)

// absent stands for a value that is not there.
const absent = "absent"

// Failure is one way in which one side breaks one Interaction. It shows nothing of what the side answered
// but shapes, and values at public places.
type Failure struct {
	// Pointer is a JSON Pointer into the body or event; "" for the whole, "status" and "header/NAME" beside it.
	Pointer string `json:"pointer"`
	Kind    Kind   `json:"kind"`
	// Expected is what the contract asks for, Got the masked answer.
	Expected string `json:"expected"`
	Got      string `json:"got,omitempty"`
}

// Result is what came of one Interaction.
type Result struct {
	Name     string    `json:"name"`
	State    string    `json:"state,omitempty"`
	OK       bool      `json:"ok"`
	Failures []Failure `json:"failures,omitempty"`
}

// Report is what came of a Contract at one Target.
type Report struct {
	Contract     string   `json:"contract"`
	Version      string   `json:"version"`
	Target       string   `json:"target"`
	OK           bool     `json:"ok"`
	Interactions []Result `json:"interactions"`
}

// Verdict says whether every side honours a Contract.
type Verdict struct {
	Contract string    `json:"contract"`
	Version  string    `json:"version"`
	OK       bool      `json:"ok"`
	Reports  []*Report `json:"reports"`
}

// Judge joins the Reports of one Contract, one for each side. Without a Report, or with Reports of different
// contracts or versions, the Verdict is no.
func Judge(reports ...*Report) Verdict {
	v := Verdict{Reports: reports, OK: len(reports) > 0}
	for i, r := range reports {
		if i == 0 {
			v.Contract, v.Version = r.Contract, r.Version
		}
		v.OK = v.OK && r.OK && len(r.Interactions) > 0 && r.Contract == v.Contract && r.Version == v.Version
	}
	return v
}

// Summary joins the Verdicts of several Contracts: what `portage verify` and POST /control/v1/verify answer.
type Summary struct {
	OK       bool      `json:"ok"`
	Verdicts []Verdict `json:"verdicts"`
}

// Summarize joins Verdicts. Without a Verdict the Summary is no: nothing was verified.
func Summarize(verdicts ...Verdict) Summary {
	s := Summary{Verdicts: verdicts, OK: len(verdicts) > 0}
	for _, v := range verdicts {
		s.OK = s.OK && v.OK
	}
	return s
}

// WriteText writes the Summary for people: a line for each interaction at each side, its failures below it,
// and the verdict last.
func (s Summary) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, v := range s.Verdicts {
		v.text(&b)
	}
	switch {
	case len(s.Verdicts) == 0:
		b.WriteString("nothing was verified: no\n")
	case s.OK:
		fmt.Fprintf(&b, "%s: yes\n", count(len(s.Verdicts), "contract"))
	default:
		broken := 0
		for _, v := range s.Verdicts {
			if !v.OK {
				broken++
			}
		}
		fmt.Fprintf(&b, "%s, %d broken: no\n", count(len(s.Verdicts), "contract"), broken)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func (v Verdict) text(b *strings.Builder) {
	fmt.Fprintf(b, "%s %s\n", v.Contract, v.Version)
	width := len("modern  ")
	for _, r := range v.Reports {
		width = max(width, utf8.RuneCountInString(r.Target))
	}
	for _, r := range v.Reports {
		for _, i := range r.Interactions {
			mark := "ok  "
			if !i.OK {
				mark = "FAIL"
			}
			fmt.Fprintf(b, "  %s  %-*s %s\n", mark, width, r.Target, i.Name)
			for _, f := range i.Failures {
				f.text(b)
			}
		}
	}
}

func (f Failure) text(b *strings.Builder) {
	place := f.Pointer
	if place == "" {
		place = "(whole)"
	}
	fmt.Fprintf(b, "        %s  %s: expected %s", place, f.Kind, f.Expected)
	if f.Got != "" {
		fmt.Fprintf(b, ", got %s", f.Got)
	}
	b.WriteString("\n")
}
