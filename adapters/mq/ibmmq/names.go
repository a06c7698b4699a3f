package ibmmq

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Names of message properties are Java identifiers, joined by dots (IBM MQ, Developing, Property name
// restrictions), and names of headers are not. A name that is none is written in the way that Apache Camel made
// usual for JMS: "_HYPHEN_" for '-' and "_DOT_" for '.', and "_xHH_" with two hexadecimal digits for any other byte.
// propertyName and headerName are inverse for every header name.
const (
	hyphen = "_HYPHEN_"
	dot    = "_DOT_"
)

// reservedWords may not be names, in any case of their letters.
var reservedWords = []string{"NULL", "TRUE", "FALSE", "NOT", "AND", "OR", "BETWEEN", "LIKE", "IN", "IS", "ESCAPE"}

// propertyName returns the name under which a header travels as a message property.
func propertyName(header string) string {
	if validName(header) && headerName(header) == header {
		return header
	}
	if name := escaped(header, false); headerName(name) == header {
		return name
	}
	return escaped(header, true)
}

// escaped writes what a name may not hold. underscores says to write those too: they would be misread.
func escaped(header string, underscores bool) string {
	var b strings.Builder
	for i, c := range []byte(header) {
		letter := 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '$' || c == '_' && !underscores
		switch {
		case i == 0 && (reservedWord(header) || reservedStart(header)):
			fmt.Fprintf(&b, "_x%02X_", c)
		case letter, i > 0 && '0' <= c && c <= '9':
			b.WriteByte(c)
		case c == '-':
			b.WriteString(hyphen)
		case c == '.':
			b.WriteString(dot)
		default:
			fmt.Fprintf(&b, "_x%02X_", c)
		}
	}
	return b.String()
}

// headerName returns the header that a property's name stands for.
func headerName(property string) string {
	if !strings.Contains(property, "_") {
		return property
	}
	var b strings.Builder
	for rest := property; rest != ""; {
		switch {
		case strings.HasPrefix(rest, hyphen):
			b.WriteByte('-')
			rest = rest[len(hyphen):]
		case strings.HasPrefix(rest, dot):
			b.WriteByte('.')
			rest = rest[len(dot):]
		case len(rest) >= 5 && rest[:2] == "_x" && rest[4] == '_' && isHex(rest[2:4]):
			c, _ := hex.DecodeString(rest[2:4])
			b.WriteByte(c[0])
			rest = rest[5:]
		default:
			b.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	return b.String()
}

func isHex(s string) bool {
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// validName reports whether the MQI takes a name as it is. Only ASCII: others may be, and are escaped.
func validName(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || '0' <= part[0] && part[0] <= '9' {
			return false
		}
		for _, c := range []byte(part) {
			if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '$') {
				return false
			}
		}
	}
	return !reservedStart(name) && !reservedWord(name)
}

func reservedWord(name string) bool {
	return slices.ContainsFunc(reservedWords, func(w string) bool { return strings.EqualFold(w, name) })
}

// reservedStart reports a name in a space of IBM's own. "mq" is one as a folder, such as "mqps.Top".
func reservedStart(name string) bool {
	for _, p := range []string{"JMS", "usr.", "Root", "Body"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return len(name) >= 2 && strings.EqualFold(name[:2], "mq") && strings.Contains(name, ".")
}

// propertyText returns a property's value as text: numbers in decimal, truth as "true" and "false", bytes in
// hexadecimal, null as "". Floating-point values are properties of other programs and never money.
func propertyText(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int8, int16, int32, int64:
		return fmt.Sprint(v)
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []byte:
		return hex.EncodeToString(v)
	}
	return ""
}
