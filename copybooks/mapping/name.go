package mapping

import (
	"strconv"
	"strings"
)

// memberName turns a data-name into a JSON member name. FILLER has the name "filler".
func memberName(cobol string, style Names) string {
	if cobol == "" {
		cobol = "FILLER"
	}
	switch style {
	case Cobol:
		return cobol
	case Snake:
		return strings.ReplaceAll(strings.ToLower(cobol), "-", "_")
	}
	var out strings.Builder
	up := false
	for _, c := range strings.ToLower(cobol) {
		switch {
		case c == '-' || c == '_':
			up = out.Len() > 0
			continue
		case up:
			out.WriteString(strings.ToUpper(string(c)))
		default:
			out.WriteRune(c)
		}
		up = false
	}
	return out.String()
}

// distinct returns name, with a number from 2 behind it if taken.
func distinct(name string, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	for n := 2; ; n++ {
		if s := name + strconv.Itoa(n); !taken(s) {
			return s
		}
	}
}

// pointer reads a JSON Pointer (RFC 6901) into its parts.
func pointer(text string) []string {
	parts := strings.Split(text, "/")[1:]
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

// escapePointer escapes one part of a JSON Pointer.
func escapePointer(part string) string {
	return strings.ReplaceAll(strings.ReplaceAll(part, "~", "~0"), "/", "~1")
}
