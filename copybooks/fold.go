package copybooks

import (
	"sync"
	"unicode/utf8"
)

// folds are the letters without their marks, and the punctuation that typewriters had, of what a code page
// may lack. They are those of Latin script in Unicode's blocks Latin-1 Supplement, Latin Extended-A and
// General Punctuation.
var folds = sync.OnceValue(func() map[rune]string {
	m := map[rune]string{'Æ': "AE", 'æ': "ae", 'Œ': "OE", 'œ': "oe", 'ß': "ss", 'Þ': "TH", 'þ': "th", 'Ĳ': "IJ", 'ĳ': "ij", 'ŉ': "'n",
		'…': "...", '€': "EUR", '™': "TM", '«': "\"", '»': "\"", '\u00A0': " ", '\u202F': " ", '\u2009': " ", '\u2011': "-", '−': "-", '№': "No"}
	for base, marked := range map[string]string{
		"A": "ÀÁÂÃÄÅĀĂĄ", "a": "àáâãäåāăą", "C": "ÇĆĈĊČ", "c": "çćĉċč", "D": "ĎĐÐ", "d": "ďđð", "E": "ÈÉÊËĒĔĖĘĚ", "e": "èéêëēĕėęě",
		"G": "ĜĞĠĢ", "g": "ĝğġģ", "H": "ĤĦ", "h": "ĥħ", "I": "ÌÍÎÏĨĪĬĮİ", "i": "ìíîïĩīĭįı", "J": "Ĵ", "j": "ĵ", "K": "Ķ", "k": "ķĸ",
		"L": "ĹĻĽĿŁ", "l": "ĺļľŀł", "N": "ÑŃŅŇŊ", "n": "ñńņňŋ", "O": "ÒÓÔÕÖØŌŎŐ", "o": "òóôõöøōŏő", "R": "ŔŖŘ", "r": "ŕŗř",
		"S": "ŚŜŞŠȘ", "s": "śŝşšșſ", "T": "ŢŤŦȚ", "t": "ţťŧț", "U": "ÙÚÛÜŨŪŬŮŰŲ", "u": "ùúûüũūŭůűų", "W": "Ŵ", "w": "ŵ",
		"Y": "ÝŶŸ", "y": "ýÿŷ", "Z": "ŹŻŽ", "z": "źżž", "'": "‘’‚‛′`´", "\"": "“”„‟″", "-": "‐‒–—―",
	} {
		for _, r := range marked {
			m[r] = base
		}
	}
	return m
})

// fold returns text with each character that lacks a place in the page replaced by its base letters: é by e,
// œ by oe, a typographic apostrophe by a plain one. What has no base letters stays.
func (c *charset) fold(text []byte) []byte {
	if c.page == nil {
		return text
	}
	out := make([]byte, 0, len(text)+8)
	var buf [8]byte
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if _, err := c.page.Encode(buf[:0], text[:n]); err == nil {
			out = append(out, text[:n]...)
		} else if base, ok := folds()[r]; ok {
			out = append(out, base...)
		} else if !combining(r) {
			out = append(out, text[:n]...)
		}
		text = text[n:]
	}
	return out
}

// combining reports whether r is a mark of its own behind a letter (Combining Diacritical Marks).
func combining(r rune) bool { return r >= 0x300 && r <= 0x36F }

// Folds are the words that WithFold takes, beside "" for none.
const Folds = "ascii"

// WithFold returns the Codec with a rule for characters that its code page lacks. "": they are errors.
// "ascii": they lose their marks, é becomes e and œ oe; what has no base letter is still an error. What is
// read does not change. ok is false for another word, and for items that hold no characters of a code page.
func (c Codec) WithFold(fold string) (out Codec, ok bool) {
	c.fold = fold == Folds
	return c, fold == "" || c.fold && (c.form == formText || c.form == formVarchar)
}
