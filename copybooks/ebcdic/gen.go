//go:build ignore

// gen writes tables/*.txt from the iconv of this machine (glibc). Run it with go generate.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"
	"unicode/utf8"
)

// charsets are the names that iconv knows the pages by.
var charsets = strings.Fields(`IBM037 IBM273 IBM277 IBM278 IBM280 IBM284 IBM285 IBM297 IBM500 IBM850 IBM863 IBM870
	IBM871 IBM875 IBM1025 IBM1026 IBM1047 IBM1140 IBM1141 IBM1142 IBM1143 IBM1144 IBM1145 IBM1146 IBM1147 IBM1148
	IBM1149 IBM1153 EBCDIC-CA-FR ISO-8859-1 US-ASCII`)

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
}

func decode(charset string, c byte) (rune, bool) {
	cmd := exec.Command("iconv", "-f", charset, "-t", "UTF-8")
	cmd.Stdin = bytes.NewReader([]byte{c})
	out, err := cmd.Output()
	if err != nil {
		return 0, false
	}
	r, n := utf8.DecodeRune(out)
	if n != len(out) || r > 0xFFFF {
		log.Fatalf("%s %02X: % X", charset, c, out)
	}
	return r, true
}
