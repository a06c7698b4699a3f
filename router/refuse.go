package router

import (
	"net/http"
	"net/textproto"
	"strings"
	"unicode/utf8"
)

// maxQueryParams is the largest number of parameters in a query (CVE-2026-39825 hid one behind 10,000).
const maxQueryParams = 1000

// Refusals lists the codes of malformed requests: a closed set, used in problem answers and in
// portage_refusals_total{code}. What each one means stands beside it.
var Refusals = [...]string{
	"path-form",          // the path does not begin with a slash
	"path-character",     // a character that RFC 3986 §3.3 does not allow unescaped
	"path-escape",        // % without two hexadecimal digits
	"path-double-escape", // %25 before two hexadecimal digits: decoded twice it becomes something else
	"path-encoded-slash", // %2F or %5C
	"path-encoded-dot",   // %2E
	"path-control",       // an escaped control character, NUL included
	"path-backslash",     // \
	"path-parameter",     // ; or %3B: sides differ in what they make of it
	"path-dots",          // a segment . or ..
	"path-empty-segment", // //
	"path-utf8",          // escapes that are no UTF-8, overlong forms included
	"query-semicolon",    // ; separates parameters for some sides and not for others
	"query-escape",       // % without two hexadecimal digits
	"query-character",    // a control character, one outside ASCII, or #
	"query-parameters",   // more than 1,000
	"header-name",        // a header name outside [A-Za-z0-9-], such as X_Forwarded_For
	"method",             // CONNECT or TRACE
	"upgrade",            // Upgrade: connections are not switched to other protocols
	"shadow-loop",        // Portage-Shadow: a copy that came back
	"body-unreadable",    // the body broke off, or its framing is wrong
	"body-too-large",     // larger than the route's maxBody (413)
}

// path is a request's path, computed once: the same bytes are matched and forwarded.
type path struct {
	// escaped is canonical (RFC 3986 §6.2.2): unreserved characters bare, other escapes in upper case.
	escaped string
	// decoded is escaped without escapes; plain says that both are equal and need no escaping.
	decoded string
	plain   bool
}

// inspect computes the canonical path and finds what is malformed. code is empty or one of Refusals.
func inspect(r *http.Request) (p path, code string) {
	if r.Method == "CONNECT" || r.Method == "TRACE" {
		return p, "method"
	}
	raw := r.URL.RawPath
	if raw == "" {
		raw = r.URL.Path
		if !isPlain(raw) {
			raw = r.URL.EscapedPath()
		}
	}
	if p, code = canonicalPath(raw); code != "" {
		return p, code
	}
	if code = checkQuery(r.URL.RawQuery); code != "" {
		return p, code
	}
	return p, checkHeader(r)
}

// The classes of path characters (RFC 3986 §2.2, §2.3, §3.3).
const (
	unreserved = 1 << iota // ALPHA DIGIT - . _ ~
	pathOther              // sub-delims, : and @, except ;
	hexDigit
	headerByte // what a header's name may hold here: [A-Za-z0-9-]
)

var class = func() (t [256]uint8) {
	for c := range 256 {
		b := byte(c)
		digit := b >= '0' && b <= '9'
		alpha := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		if alpha || digit || strings.IndexByte("-._~", b) >= 0 {
			t[c] |= unreserved
		}
		if strings.IndexByte("!$&'()*+,=:@", b) >= 0 {
			t[c] |= pathOther
		}
		if digit || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' {
			t[c] |= hexDigit
		}
		if alpha || digit || b == '-' {
			t[c] |= headerByte
		}
	}
	return t
}()

// isPlain reports whether a path holds unreserved characters and slashes only.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; class[c]&unreserved == 0 && c != '/' {
			return false
		}
	}
	return true
}

// canonicalPath checks an escaped path and brings it into its one form.
func canonicalPath(raw string) (p path, code string) {
	if raw == "" || raw[0] != '/' {
		return p, "path-form"
	}
	if isPlain(raw) {
		return path{raw, raw, true}, checkSegments(raw)
	}
	escaped := make([]byte, 0, len(raw))
	decoded := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '%' {
			if code := checkPathByte(c); code != "" {
				return p, code
			}
			escaped, decoded = append(escaped, c), append(decoded, c)
			continue
		}
		v, ok := unhex(raw[i:])
		if !ok {
			return p, "path-escape"
		}
		if code := checkEscaped(v, raw[i+3:]); code != "" {
			return p, code
		}
		if class[v]&unreserved != 0 {
			escaped = append(escaped, v)
		} else {
			escaped = append(escaped, '%', upperHex[v>>4], upperHex[v&15])
		}
		decoded = append(decoded, v)
		i += 2
	}
	if !utf8.Valid(decoded) {
		return p, "path-utf8"
	}
	p = path{escaped: string(escaped), decoded: string(decoded)}
	p.plain = p.escaped == p.decoded && isPlain(p.escaped)
	return p, checkSegments(p.escaped)
}

const upperHex = "0123456789ABCDEF"

// unhex reads the escape at the beginning of s.
func unhex(s string) (byte, bool) {
	if len(s) < 3 || class[s[1]]&hexDigit == 0 || class[s[2]]&hexDigit == 0 {
		return 0, false
	}
	return nibble(s[1])<<4 | nibble(s[2]), true
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

func checkPathByte(c byte) string {
	switch {
	case c == '\\':
		return "path-backslash"
	case c == ';':
		return "path-parameter"
	case c != '/' && class[c]&(unreserved|pathOther) == 0:
		return "path-character"
	}
	return ""
}

// checkEscaped judges a character that was written as an escape; rest follows it.
func checkEscaped(v byte, rest string) string {
	switch {
	case v == '/' || v == '\\':
		return "path-encoded-slash"
	case v == '.':
		return "path-encoded-dot"
	case v == ';':
		return "path-parameter"
	case v < 0x20 || v == 0x7f:
		return "path-control"
	case v == '%' && len(rest) >= 2 && class[rest[0]]&hexDigit != 0 && class[rest[1]]&hexDigit != 0:
		return "path-double-escape"
	}
	return ""
}

// checkSegments refuses empty segments, . and .. ; one slash at the end is allowed.
func checkSegments(p string) string {
	start := 1
	for i := 1; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		switch p[start:i] {
		case "":
			if i < len(p) {
				return "path-empty-segment"
			}
		case ".", "..":
			return "path-dots"
		}
		start = i + 1
	}
	return ""
}

func checkQuery(q string) string {
	params := 1
	for i := 0; i < len(q); i++ {
		switch c := q[i]; {
		case c == ';':
			return "query-semicolon"
		case c == '&':
			params++
		case c == '%':
			if _, ok := unhex(q[i:]); !ok {
				return "query-escape"
			}
		case c <= ' ' || c >= 0x7f || c == '#': // a fragment never travels (RFC 9112 §3.2.1)
			return "query-character"
		}
	}
	if params > maxQueryParams {
		return "query-parameters"
	}
	return ""
}

func checkHeader(r *http.Request) string {
	for name := range r.Header {
		for i := range len(name) {
			if class[name[i]]&headerByte == 0 {
				return "header-name"
			}
		}
	}
	if len(r.Header["Upgrade"]) > 0 || listed(r.Header["Connection"], "upgrade") {
		return "upgrade"
	}
	if len(r.Header["Portage-Shadow"]) > 0 {
		return "shadow-loop"
	}
	return ""
}

// listed reports whether a comma-separated header holds a token, whatever its case.
func listed(values []string, token string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(textproto.TrimString(part), token) {
				return true
			}
		}
	}
	return false
}
