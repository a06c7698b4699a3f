//go:build ignore

// gen writes tables/*.txt and tables/*.dbcs.gz from the iconv of this machine (glibc). Run it with go generate.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
	"unicode/utf8"
)

// charsets are the names that iconv knows the pages by.
var charsets = strings.Fields(`IBM037 IBM273 IBM277 IBM278 IBM280 IBM284 IBM285 IBM297 IBM500 IBM850 IBM863 IBM870
	IBM871 IBM875 IBM1025 IBM1026 IBM1047 IBM1140 IBM1141 IBM1142 IBM1143 IBM1144 IBM1145 IBM1146 IBM1147 IBM1148
	IBM1149 IBM1153 EBCDIC-CA-FR ISO-8859-1 US-ASCII IBM930 IBM933 IBM935 IBM937 IBM939
	IBM1364 IBM1371 IBM1388`)

// mixed are those that have characters of two bytes between X'0E' and X'0F'.
var mixed = strings.Fields("IBM930 IBM933 IBM935 IBM937 IBM939 IBM1364 IBM1371 IBM1388")

func main() {
	version, err := exec.Command("iconv", "--version").Output()
	if err != nil {
		log.Fatal(err)
	}
	first, _, _ := strings.Cut(string(version), "\n")
	for _, charset := range charsets {
		var b bytes.Buffer
		fmt.Fprintf(&b, "# %s by %s\n# Unicode by byte, 16 a line; .... is no character.\n", charset, first)
		for i := range 256 {
			sep := " "
			if i%16 == 15 {
				sep = "\n"
			}
			if r, ok := decode(charset, byte(i)); ok {
				fmt.Fprintf(&b, "%04X%s", r, sep)
			} else {
				fmt.Fprintf(&b, "....%s", sep)
			}
		}
		if err := os.WriteFile("tables/"+charset+".txt", b.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	for _, charset := range mixed {
		double(charset, fmt.Sprintf("%s, two bytes a character, by %s", charset, first))
	}
}

// double writes the two-byte part of a page, as loadDouble reads it.
func double(charset, source string) {
	var in bytes.Buffer
	for hi := 0x40; hi <= 0xFE; hi++ {
		for lo := 0x40; lo <= 0xFE; lo++ {
			in.Write([]byte{0x0E, byte(hi), byte(lo), 0x0F, 0xE7}) // E7 is X, which no pair is
		}
	}
	found := strings.Split(iconv(charset, "UTF-8", in.Bytes()), "X")
	var raw bytes.Buffer
	var last uint16
	pairs := map[rune]int{}
	var several []rune
	for _, text := range found[:191*191] {
		r, n := utf8.DecodeRuneInString(text)
		if n != len(text) || n > 0 && (r == utf8.RuneError || r > 0xFFFF) {
			log.Fatalf("%s: a pair is %q", charset, text)
		}
		if n == 0 {
			r = 0
		} else if pairs[r]++; pairs[r] == 2 {
			several = append(several, r)
		}
		raw.Write(binary.BigEndian.AppendUint16(nil, uint16(r)-last))
		last = uint16(r)
	}
	slices.Sort(several)
	for _, r := range several {
		code := iconv("UTF-8", charset, []byte(string(r)))
		if len(code) != 4 {
			log.Fatalf("%s: %U is % X", charset, r, code)
		}
		raw.Write(binary.BigEndian.AppendUint16(nil, uint16(r)))
		raw.WriteString(code[1:3])
	}
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	z.Comment = source
	if _, err := z.Write(raw.Bytes()); err != nil {
		log.Fatal(err)
	}
	if err := z.Close(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("tables/"+charset+".dbcs.gz", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// iconv converts, and leaves out what is no character.
func iconv(from, to string, in []byte) string {
	cmd := exec.Command("iconv", "-c", "-f", from, "-t", to)
	cmd.Stdin = bytes.NewReader(in)
	out, _ := cmd.Output() // fails where something was left out
	return string(out)
}

func decode(charset string, c byte) (rune, bool) {
	cmd := exec.Command("iconv", "-f", charset, "-t", "UTF-8")
	cmd.Stdin = bytes.NewReader([]byte{c})
	out, err := cmd.Output()
	if err != nil {
		return 0, false
	}
	if len(out) == 0 {
		return 0, false // a shift
	}
	r, n := utf8.DecodeRune(out)
	if n != len(out) || r > 0xFFFF {
		log.Fatalf("%s %02X: % X", charset, c, out)
	}
	return r, true
}
