package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Position is a place in a source text. Line and Column count from 1; Column counts characters after tabs
// are expanded to multiples of 8.
type Position struct {
	File         string
	Line, Column int
}

// String returns file:line:column.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Error is one fault in a source text.
type Error struct {
	Position
	// Found is the word at the place; "" at the end of the text.
	Found string
	// Expected says what could stand there, or which rule is broken.
	Expected string
	// Hint says what to do; "" if nothing is known.
	Hint string
	// Source is the line of the text, tabs expanded; "" if there is none to show.
	Source string
	// Err is the cause if the fault lies outside of the text, as where a copied text cannot be opened.
	Err error
}

// Error returns file:line:column and what was found and expected, then the source line with a caret below
// the place, then the hint.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Position.String())
	b.WriteString(": ")
	if e.Found != "" {
		b.WriteString("found " + clip(e.Found, 60) + ", ")
	}
	b.WriteString("expected " + e.Expected)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Source != "" {
		line, caret := excerpt(e.Source, e.Column)
		b.WriteString("\n  " + line + "\n  " + strings.Repeat(" ", caret) + "^")
	}
	if e.Hint != "" {
		b.WriteString("\n  hint: " + e.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors are the faults of one source text, in its order. Parse returns 20 at most.
type Errors []*Error

// Error returns the messages of all faults, a line break between them.
func (e Errors) Error() string {
	s := make([]string, len(e))
	for i, x := range e {
		s[i] = x.Error()
	}
	return strings.Join(s, "\n")
}

// Unwrap returns the faults for errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	s := make([]error, len(e))
	for i, x := range e {
		s[i] = x
	}
	return s
}

// clip shortens s to n characters.
func clip(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "..."
}

// excerpt returns at most 120 characters of line around column (from 1), and the caret's place in them.
func excerpt(line string, column int) (string, int) {
	r := []rune(clip(line, 1<<20))
	at := min(max(column-1, 0), len(r))
	from := 0
	if at > 100 {
		from = at - 60
	}
	to := min(len(r), from+120)
	return strings.TrimRight(string(r[from:to]), " "), at - from
}

// Nearest returns the word of among that is most like word, "" if none is near: at most a third of its
// letters may have to be changed, inserted, removed or swapped. Case does not count, and hyphens least.
func Nearest(word string, among []string) string {
	best, least := "", len(word)/3+1
	word = strings.ToUpper(word)
	if len(word) > 64 || len(word) < 2 {
		return ""
	}
	for _, w := range among {
		if unhyphened(w) == unhyphened(word) {
			return w
		}
	}
	for _, w := range among {
		if d := len(w) - len(word); d >= least || -d >= least {
			continue
		}
		if d := distance(word, strings.ToUpper(w), least); d < least {
			best, least = w, d
		}
	}
	return best
}

func unhyphened(s string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", "_", "").Replace(s))
}

// distance counts the changes that turn a into b (optimal string alignment); it may stop at enough.
func distance(a, b string, enough int) int {
	prev2, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > enough {
			return least
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
