package console

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

func TestTokenFileIsMadeOnceAndClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.token")
	first, err := LoadTokens(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 1 || first[0].Name != "control" || !first[0].Change || len(first[0].Secret) < minSecret {
		t.Fatalf("made %+v", first)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	again, err := LoadTokens(path, nil)
	if err != nil || again[0].Secret != first[0].Secret {
		t.Errorf("the second reading has another secret, %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestTokenFileMadeByManyAtOnceIsOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.token")
	secrets := make([]string, 16)
	var wg sync.WaitGroup
	for i := range secrets {
		wg.Go(func() {
			tokens, err := LoadTokens(path, nil)
			if err != nil {
				t.Error(err)
				return
			}
			secrets[i] = tokens[0].Secret
		})
	}
	wg.Wait()
	for _, s := range secrets {
		if s != secrets[0] || s == "" {
			t.Fatal("two processes hold different secrets")
		}
	}
}

func TestTokenFileThatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.token")
	if _, err := LoadTokens(path, nil); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o602, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadTokens(path, nil); err == nil || !strings.Contains(err.Error(), "chmod 0600") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
}

func TestTokenFileFaultsNameTheLineAndNoSecret(t *testing.T) {
	secret := strings.Repeat("s", 40)
	for _, c := range []struct{ name, text, holds string }{
		{"two words", "deploy " + secret, ":1: a line has three words"},
		{"another word", "# first\n\ndeploy admin " + secret, ":3: the second word"},
		{"short", "deploy change " + secret[:31], ":1: the secret of deploy is shorter than 32"},
		{"twice", "deploy change " + secret + "\ndeploy read " + secret, ":2: a second token is called deploy"},
		{"empty", "# nothing\n", "holds no token"},
	} {
		_, err := parseTokens("control.token", c.text)
		if err == nil || !strings.Contains(err.Error(), c.holds) {
			t.Errorf("%s: %v, want %q", c.name, err, c.holds)
		} else if strings.Contains(err.Error(), "sss") {
			t.Errorf("%s: the error shows a secret: %v", c.name, err)
		}
	}
}

func TestTokenFileWithoutRandomnessIsNotMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.token")
	if _, err := LoadTokens(path, iotest.ErrReader(errors.New("no dice"))); err == nil {
		t.Error("a secret without dice")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was made all the same")
	}
	if _, err := LoadTokens(filepath.Join(t.TempDir(), "missing", "control.token"), nil); err == nil {
		t.Error("a file in no directory")
	}
}

func TestKeyringFindsEachTokenAndNoOther(t *testing.T) {
	k := newKeyring([]Token{{"a", true, changeSecret}, {"b", false, readSecret}})
	if got, ok := k.find(readSecret); !ok || got.Name != "b" {
		t.Errorf("found %v %v", got.Name, ok)
	}
	for _, s := range []string{"", changeSecret[:len(changeSecret)-1], changeSecret + " ", strings.ToUpper(changeSecret)} {
		if got, ok := k.find(s); ok {
			t.Errorf("a wrong secret opens as %s", got.Name)
		}
	}
	if _, ok := (keyring{}).find(""); ok {
		t.Error("an empty keyring opens")
	}
}

func FuzzParseTokens(f *testing.F) {
	f.Add("control change " + changeSecret)
	f.Add("# only words\na read " + readSecret + " # why\n")
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := parseTokens("file", text)
		if (err == nil) != (len(tokens) > 0) {
			t.Errorf("%d tokens, %v", len(tokens), err)
		}
		for _, token := range tokens {
			if len(token.Secret) < minSecret || token.Name == "" {
				t.Errorf("let in %q", token.Name)
			}
		}
	})
}
