package console

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Token opens the control API over HTTP. Its name is the actor of the changes that it makes.
type Token struct {
	// Name stands in the audit as "token NAME".
	Name string
	// Change permits changes; without it the token only reads.
	Change bool
	// Secret is what the caller shows: at least 32 characters.
	Secret string
}

// minSecret is the shortest secret in characters: 32 of base64 are 192 bits.
const minSecret = 32

// LoadTokens reads a token file, or makes it, with one token called "control" that may change, when it is
// not there. One token a line: NAME change|read SECRET; # starts a comment. The file must be closed to
// everyone but its owner (mode 0600): an open one is an error. random makes the first secret; nil is
// crypto/rand.
func LoadTokens(path string, random io.Reader) ([]Token, error) {
	if err := makeTokens(path, random); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("token file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("token file: %w", err)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, fmt.Errorf("token file %s has mode %04o: others can read it\n  chmod 0600 %s, and give it new secrets", path, info.Mode().Perm(), path)
	}
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("token file: %w", err)
	}
	return parseTokens(path, string(b))
}

// parseTokens never shows a secret, not even in an error.
func parseTokens(path, text string) (tokens []Token, err error) {
	names := map[string]bool{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		field := strings.Fields(line)
		switch {
		case len(field) == 0:
			continue
		case len(field) != 3:
			return nil, fmt.Errorf("%s:%d: a line has three words, NAME change|read SECRET, this one has %d", path, n, len(field))
		case field[1] != "change" && field[1] != "read":
			return nil, fmt.Errorf("%s:%d: the second word is change or read", path, n)
		case len(field[2]) < minSecret:
			return nil, fmt.Errorf("%s:%d: the secret of %s is shorter than %d characters", path, n, field[0], minSecret)
		case names[field[0]]:
			return nil, fmt.Errorf("%s:%d: a second token is called %s", path, n, field[0])
		}
		names[field[0]] = true
		tokens = append(tokens, Token{Name: field[0], Change: field[1] == "change", Secret: field[2]})
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("token file %s holds no token\n  remove it, and Portage makes a new one", path)
	}
	return tokens, nil
}

// makeTokens writes the file once. Two processes that start together leave one whole file: the second
// finds it there.
func makeTokens(path string, random io.Reader) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if random == nil {
		random = rand.Reader
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return fmt.Errorf("token file: %w", err)
	}
	temp, err := os.CreateTemp(dir(path), ".token*") // mode 0600
	if err != nil {
		return fmt.Errorf("token file: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = fmt.Fprintf(temp, "# NAME change|read SECRET, one a line. Whoever reads this file may change routes.\ncontrol change %s\n",
		base64.RawURLEncoding.EncodeToString(secret))
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("token file: %w", err)
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("token file: %w", err)
	}
	return nil
}

func dir(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i+1]
	}
	return "."
}

// keyring compares secrets in constant time: digests of equal length, and all of them each time.
type keyring struct {
	tokens  []Token
	digests [][sha256.Size]byte
}

func newKeyring(tokens []Token) keyring {
	k := keyring{tokens: tokens}
	for _, t := range tokens {
		k.digests = append(k.digests, sha256.Sum256([]byte(t.Secret)))
	}
	return k
}

// find returns the token whose secret this is.
func (k keyring) find(secret string) (Token, bool) {
	shown := sha256.Sum256([]byte(secret))
	found := -1
	for i := range k.digests {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(shown[:], k.digests[i][:]), i, found)
	}
	if found < 0 {
		return Token{}, false
	}
	return k.tokens[found], true
}
