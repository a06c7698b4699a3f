package recfm

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
)

// maxUnpacked is how much of a packed file is unpacked, in bytes.
const maxUnpacked = 4 << 20

// archives are forms that are only named. TSO TRANSMIT begins with a segment of control record INMR01 in EBCDIC
// (z/OS TSO/E Customization, "Format of transmitted data"); the others by their magic numbers.
var archives = []struct {
	name  string
	at    int
	magic string
}{
	{"zip", 0, "PK\x03\x04"}, {"xz", 0, "\xfd7zXZ\x00"}, {"compress", 0, "\x1f\x9d\x90"},
	{"TSO TRANSMIT", 2, "\xc9\xd5\xd4\xd9\xf0\xf1"},
}

// strangers are files that hold no records; by their magic numbers.
var strangers = []struct{ name, magic string }{
	{"a program (ELF)", "\x7fELF"}, {"a program (PE)", "MZ\x90\x00"}, {"a document (PDF)", "%PDF-"},
	{"a picture (PNG)", "\x89PNG"}, {"a picture (JPEG)", "\xff\xd8\xff"}, {"a database (SQLite)", "SQLite format 3\x00"},
}

// unwrap takes off what stands around the records: compression, hexadecimal digits, base64. What cannot be
// taken off leaves an empty sample.
func (x *examination) unwrap() {
	for range 3 {
		if !x.unpack() && !x.unarmour() {
			return
		}
	}
}

func (x *examination) unpack() bool {
	for _, a := range archives {
		if len(x.s.head) > a.at && bytes.HasPrefix(x.s.head[a.at:], []byte(a.magic)) {
			x.d.format = say("packed: %s", a.name)
			x.find("packed-file", Form, 99, 0, "it begins as %s", a.name)
			x.s = sample{}
			return false
		}
	}
	for _, a := range strangers {
		if bytes.HasPrefix(x.s.head, []byte(a.magic)) {
			x.d.format = say(a.name)
			x.find("not-records", Form, 99, 0, "it begins as %s", a.name)
			x.s = sample{}
			return false
		}
	}
	r, name, closer, err := unpack(bytes.NewReader(x.s.head))
	if err == nil && name == "" {
		if bytes.HasPrefix(x.s.head, []byte{0x1f, 0x8b, 8}) || bytes.HasPrefix(x.s.head, []byte{0x1f, 0xc2, 0x8b, 8}) {
			err = fmt.Errorf("unpack gzip")
		} else {
			return false
		}
	}
	var out []byte
	if err == nil {
		out, err = io.ReadAll(io.LimitReader(r, maxUnpacked+1))
		_ = closer() // nothing is open but memory
	}
	if err != nil && (x.s.whole || len(out) == 0) {
		x.d.format = say("packed, and broken")
		x.find("packed-file-broken", Damage, 97, 0, "it begins as a packed file, and unpacking fails after %d bytes", len(out))
	} else {
		x.find("packed-file", Form, 99, 0, "it begins as %s, and unpacks", name)
	}
	x.s = wholly(out[:min(len(out), maxUnpacked)], err == nil && len(out) <= maxUnpacked)
	return len(out) > 0
}

// unarmour recognises bytes written as characters.
func (x *examination) unarmour() bool {
	head := x.s.head[:min(len(x.s.head), 64<<10)]
	if out, lines := unhexdump(head); out != nil {
		x.find("hex-dump", Form, 97, 0, "%d lines hold nothing but hexadecimal digits", lines)
		return x.unarmoured(func(b []byte) []byte { out, _ := unhexdump(b); return out })
	}
	if out, lines := unbase64(head); out != nil {
		x.find("base64", Form, 95, 0, "%d lines hold nothing but characters of base64", lines)
		return x.unarmoured(func(b []byte) []byte { out, _ := unbase64(b); return out })
	}
	return false
}

func (x *examination) unarmoured(back func([]byte) []byte) bool {
	out := back(x.s.head)
	complete := x.s.whole
	if out == nil { // what is behind the first 64 KiB is of another kind
		out, complete = back(x.s.head[:64<<10]), false
	}
	x.s = wholly(out, complete)
	return len(out) > 0
}

// armoured cuts text into lines without line ends; the last one may be cut off.
func armoured(b []byte) [][]byte {
	var out [][]byte
	for line := range bytes.Lines(b) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			out = append(out, line)
		}
	}
	return out
}

// unhexdump returns the bytes of a printout: plain digits, or as xxd, hexdump -C and od -A x -t x1 print them.
// nil: it is none. A file that holds fewer than 32 digits is none.
func unhexdump(b []byte) (out []byte, lines int) {
	all := armoured(b)
	for i, line := range all {
		digits := hexDigits(line)
		if i > 0 && i == len(all)-1 && len(digits) < 10 && len(digits)%2 != 0 { // a closing offset
			break
		}
		if digits == nil {
			if i > 0 && i == len(all)-1 && len(b) >= 64<<10 { // cut off by the sample
				break
			}
			return nil, 0
		}
		n, err := hex.Decode(digits, digits)
		if err != nil && i < len(all)-1 {
			return nil, 0
		}
		out = append(out, digits[:n]...)
		lines++
	}
	if len(out) < 16 || !bytes.ContainsAny(b, "ABCDEFabcdef") {
		return nil, 0
	}
	return out, lines
}

// hexDigits returns the digits of one line without its offset and its column of characters; nil if it holds
// anything else.
func hexDigits(line []byte) []byte {
	if bar := bytes.IndexByte(line, '|'); bar > 0 { // hexdump -C: the characters stand between bars
		line = line[:bar]
	}
	if c := bytes.IndexByte(line, ':'); c > 0 && c <= 16 && hexOnly(line[:c]) { // xxd: two blanks before the characters
		line = bytes.TrimLeft(line[c+1:], " ")
		if i := bytes.Index(line, []byte("  ")); i > 0 {
			line = line[:i]
		}
	}
	words := bytes.Fields(line)
	if len(words) > 1 && len(words[0]) >= 6 && len(words[0]) <= 10 && len(words[1]) <= 4 { // od, hexdump: an offset
		words = words[1:]
	}
	digits := bytes.Join(words, nil)
	if !hexOnly(digits) {
		return nil
	}
	return digits
}

func hexOnly(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return len(b) > 0
}

// unbase64 returns the bytes of base64 (RFC 4648, section 4; lines as RFC 2045 has them). nil: it is none. The text
// must have 64 characters, of both cases, and lines of one length but for the last.
func unbase64(b []byte) (out []byte, lines int) {
	all := armoured(b)
	if len(all) == 0 || len(b) < 64 {
		return nil, 0
	}
	upper, lower := false, false
	joined := make([]byte, 0, len(b))
	for i, line := range all {
		if len(line) != len(all[0]) && i < len(all)-1 || len(line) > len(all[0]) || len(all) > 1 && len(all[0])%4 != 0 {
			return nil, 0
		}
		for _, c := range bytes.TrimRight(line, "=") {
			switch {
			case c >= 'A' && c <= 'Z':
				upper = true
			case c >= 'a' && c <= 'z':
				lower = true
			case c >= '0' && c <= '9', c == '+', c == '/':
			default:
				return nil, 0
			}
		}
		joined = append(joined, line...)
	}
	if !upper || !lower {
		return nil, 0
	}
	joined = joined[:len(joined)/4*4]
	out = make([]byte, base64.StdEncoding.DecodedLen(len(joined)))
	n, err := base64.StdEncoding.Decode(out, joined)
	if err != nil || n == 0 {
		return nil, 0
	}
	return out[:n], len(all)
}
