package vault

import (
	"encoding/base32"
	"fmt"
)

// A Reference is base32 (RFC 4648 §6, lower case, no padding) of what AES-SIV makes of program, SIN and
// claim number. Tink puts 5 bytes before it (1, then the key's id), and the synthetic IV takes 16.
//
// The plain text has three length bytes, the three texts, and zeros up to 29 bytes plus a multiple of 25:
// so a Reference always fills whole 5-byte groups, has no spare bits that a forger could flip, and tells
// nothing of its content's length within a step.
const (
	firstShape  = 29
	shapeStep   = 25
	lengthBytes = 3
	// maxPart is the longest program, SIN or claim number in bytes.
	maxPart = 64
	// overhead is Tink's prefix and the synthetic IV, in bytes.
	overhead = 5 + 16
	// maxReference is the longest Reference in characters.
	maxReference = (firstShape + 7*shapeStep + overhead) / 5 * 8
)

// referenceBinding is authenticated with each Reference, so that no other use of the keys can make one.
var referenceBinding = []byte("portage/reference/1")

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Reference returns the opaque name by which a claim or account is known outside Legacy. It is made of
// the characters a-z and 2-7, is 80 of them long for parts of up to 26 bytes together, and 40 longer for
// each 25 bytes more. Equal parts give equal References until Rotate(References). program may not be
// empty; each part may have up to 64 bytes.
func (v *Vault) Reference(program, sin, claim string) (string, error) {
	if program == "" {
		return "", fmt.Errorf("make a Reference: the program is empty")
	}
	size := lengthBytes
	for _, part := range [...]struct{ name, text string }{{"program", program}, {"SIN", sin}, {"claim number", claim}} {
		if len(part.text) > maxPart {
			return "", fmt.Errorf("make a Reference: the %s has %d bytes, at most %d are allowed", part.name, len(part.text), maxPart)
		}
		size += len(part.text)
	}
	plain := make([]byte, lengthBytes, shapeFor(size))
	plain[0], plain[1], plain[2] = byte(len(program)), byte(len(sin)), byte(len(claim))
	plain = append(append(append(plain, program...), sin...), claim...)
	plain = plain[:cap(plain)]
	sealed, err := v.current.Load().references.EncryptDeterministically(plain, referenceBinding)
	if err != nil {
		return "", fmt.Errorf("make a Reference: the keys refuse")
	}
	return lowerBase32.EncodeToString(sealed), nil
}

// OpenReference returns what Reference was given. Upper-case letters are taken as lower-case ones. Every
// failure is ErrNotOurs, whatever the cause.
func (v *Vault) OpenReference(ref string) (program, sin, claim string, err error) {
	sealed, ok := decodeReference(ref)
	if !ok {
		return "", "", "", ErrNotOurs
	}
	plain, err := v.current.Load().references.DecryptDeterministically(sealed, referenceBinding)
	if err != nil || len(plain) < lengthBytes {
		return "", "", "", ErrNotOurs
	}
	p, s, c := int(plain[0]), int(plain[1]), int(plain[2])
	if len(plain) != shapeFor(lengthBytes+p+s+c) {
		return "", "", "", ErrNotOurs
	}
	text := string(plain[lengthBytes : lengthBytes+p+s+c])
	return text[:p], text[p : p+s], text[p+s:], nil
}

// decodeReference checks every character itself: the standard decoder skips line ends.
func decodeReference(ref string) ([]byte, bool) {
	if len(ref) == 0 || len(ref) > maxReference || len(ref)%8 != 0 {
		return nil, false
	}
	lower := make([]byte, len(ref))
	for i := range len(ref) {
		c := ref[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return nil, false
		}
		lower[i] = c
	}
	sealed := make([]byte, len(lower)/8*5)
	if _, err := lowerBase32.Decode(sealed, lower); err != nil {
		return nil, false
	}
	return sealed, true
}

// shapeFor returns the length of the plain text that holds size bytes.
func shapeFor(size int) int {
	shape := firstShape
	for shape < size {
		shape += shapeStep
	}
	return shape
}
