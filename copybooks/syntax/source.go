package syntax

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Form is a reference format of COBOL source.
type Form uint8

// The reference formats.
const (
	Auto     Form = iota // guessed from the lines
	Fixed                // columns 1 to 6 sequence, 7 indicator, 8 to 72 text, the rest not read
	Free                 // text from column 1 to the end of the line
	Variable             // as Fixed, but text goes on to the end of the line
)

var formWords = [...]string{"auto", "fixed", "free", "variable"}

// String returns auto, fixed, free or variable.
func (f Form) String() string {
	if int(f) < len(formWords) {
		return formWords[f]
	}
	return fmt.Sprintf("Form(%d)", uint8(f))
}

// MarshalText is String for encoders.
func (f Form) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText takes auto, fixed, free or variable; "" is auto.
func (f *Form) UnmarshalText(b []byte) error {
	for i, w := range formWords {
		if w == string(b) || len(b) == 0 {
			*f = Form(i)
			return nil
		}
	}
	return fmt.Errorf("form: %q is none of auto, fixed, free, variable", b)
}

// source is one text, cut into physical lines.
type source struct {
	name  string
	lines []string
	form  Form
	// guessed says that nobody told the form.
	guessed bool
}

// newSource cuts text into lines and settles its form, which is guessed from them if it is Auto.
func newSource(name string, text []byte, form Form) *source {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	text = bytes.TrimRight(text, "\x1a\x00\r\n\f ")
	if bytes.IndexByte(text, '\n') < 0 {
		text = bytes.ReplaceAll(text, []byte{'\r'}, []byte{'\n'}) // lines that end as on early Macintoshes
	}
	s := &source{name: name, form: form}
	if len(text) > 0 {
		s.lines = strings.SplitN(string(text), "\n", maxLines+1)
	}
	if s.form == Auto {
		s.form = guess(s.lines)
	}
	return s
}

// line returns the physical line n (from 1) with tabs expanded and the end of line removed.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return expand(s.lines[n-1])
}

// maxLine is the greatest length of a physical line, in bytes. Nobody types longer ones, and tabs could
// make them eight times as long.
const maxLine = 16 << 10

// maxLines is the greatest number of physical lines in one text.
const maxLines = 250_000

// tooLong returns the number of the first line (from 1) longer than maxLine, or too many; 0 if there is
// none.
func (s *source) tooLong() int {
	if len(s.lines) > maxLines {
		return maxLines + 1
	}
	for i, line := range s.lines {
		if len(line) > maxLine {
			return i + 1
		}
	}
	return 0
}

// expand replaces each tab by blanks up to the next multiple of 8 columns, and no-break spaces by blanks.
func expand(line string) string {
	line = strings.TrimLeft(strings.TrimRight(line, "\r\f\t "), "\f") // form feeds stand in listings
	if strings.IndexByte(line, '\t') < 0 && strings.IndexByte(line, 0xa0) < 0 {
		return line
	}
	if utf8.ValidString(line) {
		line = strings.ReplaceAll(line, "\u00a0", " ")
	} else {
		line = strings.ReplaceAll(line, "\xa0", " ") // Latin-1
	}
	var b strings.Builder
	column := 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\t':
			n := 8 - column%8
			b.WriteString("        "[:n])
			column += n
		case c >= 0x80 && c < 0xc0: // within a UTF-8 character
			b.WriteByte(c)
		default:
			b.WriteByte(c)
			column++
		}
	}
	return b.String()
}

// column returns the byte index of column n (from 1) in line, at most its length. A line that is UTF-8
// counts characters, any other counts bytes.
func column(line string, n int) int {
	if len(line) < n {
		return len(line)
	}
	for i := 0; i < n-1; i++ {
		if line[i] >= utf8.RuneSelf {
			return columnUTF8(line, n)
		}
	}
	return n - 1
}

func columnUTF8(line string, n int) int {
	if !utf8.ValidString(line) {
		return n - 1
	}
	k := 1
	for i := range line {
		if k == n {
			return i
		}
		k++
	}
	return len(line)
}

// guess settles the form of a text by what each line can be. A heading of a program that begins in columns 1
// to 5 settles it alone; the statements of the procedure division say nothing about data.
func guess(lines []string) Form {
	fixed, free, neither := 0, 0, 0
	sure, level := false, false // a line that only fixed form explains; an entry in columns 1 to 6
	for i, raw := range lines {
		if i == 2000 || len(raw) > maxLine {
			break
		}
		line := expand(raw)
		text := strings.TrimLeft(line, " ")
		if text == "" || includes(text) {
			continue
		}
		if f := directed(text); f != Auto {
			return f
		}
		indent := len(line) - len(text)
		if indent < 6 && heading(text) != "" {
			return Free
		}
		if heading(text[min(len(text), max(0, 6-indent)):]) == "PROCEDURE" {
			break
		}
		switch {
		case strings.HasPrefix(text, "*>"):
			if indent < 6 {
				free++
			}
		case text[0] == '*':
			fixed++
			sure = sure || indent == 6
		case indent < 6 && startsWithLevel(text) && !numbered(text):
			free++
			level = true
		case len(line) < 7:
		case strings.IndexByte(" *-/Dd$", line[6]) >= 0:
			fixed++
			sure = sure || indent < 6 && line[5] != ' '
		case indent <= 6: // text in the indicator column
			neither++
		}
	}
	if free+neither > fixed || (neither > 0 || level) && !sure {
		return Free
	}
	return Fixed
}

// numbered reports whether text, which begins with a level number, has another one behind it: then the first
// is a short sequence number.
func numbered(text string) bool {
	_, rest, _ := strings.Cut(text, " ")
	return startsWithLevel(strings.TrimLeft(rest, " "))
}

// heading returns the first word of text if it begins a division or a section of a program, in upper case;
// "" if it begins neither.
func heading(text string) string {
	first, rest, _ := strings.Cut(strings.TrimLeft(text, " "), " ")
	second, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	second = strings.TrimSuffix(second, ".")
	if !strings.EqualFold(second, "DIVISION") && !strings.EqualFold(second, "SECTION") {
		return ""
	}
	switch up := strings.ToUpper(first); up {
	case "ID", "IDENTIFICATION", "ENVIRONMENT", "DATA", "PROCEDURE", "CONFIGURATION", "INPUT-OUTPUT", "FILE",
		"WORKING-STORAGE", "LOCAL-STORAGE", "LINKAGE":
		return up
	}
	return ""
}

// directed returns the form that a compiler directive sets, Auto if text is none.
func directed(text string) Form {
	if !strings.HasPrefix(text, ">>") && text[0] != '$' {
		return Auto
	}
	up := strings.ToUpper(text)
	if !strings.Contains(up, "SOURCE") {
		return Auto
	}
	switch {
	case strings.Contains(up, "FREE"):
		return Free
	case strings.Contains(up, "VARIABLE"):
		return Variable
	case strings.Contains(up, "FIXED"):
		return Fixed
	}
	return Auto
}

// startsWithLevel reports whether text begins with a level number of one or two digits and a blank.
func startsWithLevel(text string) bool {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return (n == 1 || n == 2) && (n == len(text) || text[n] == ' ')
}
