package vault

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
)

// seeded returns dice that fall the same way for the same seed.
func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func open(t testing.TB, dir string, seed byte) *Vault {
	t.Helper()
	v, err := Open(dir, seeded(seed))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestKeysAreMadeOnceAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := open(t, dir, 1)
	if !first.Made() {
		t.Error("the first Open does not say that it made the keys")
	}
	before, err := os.ReadFile(first.Path())
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(first.Path())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o, want 0600", info.Mode().Perm())
	}
	second := open(t, dir, 2)
	if second.Made() {
		t.Error("the second Open says that it made the keys")
	}
	after, _ := os.ReadFile(first.Path())
	if !bytes.Equal(before, after) {
		t.Error("the second Open changed the file")
	}
	if first.MAC("p", []byte("x")) != second.MAC("p", []byte("x")) {
		t.Error("two Opens of one file have different keys")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("the folder holds %v, want keys.json alone", entries)
	}
}

func TestManyMakersEndWithTheSameKeys(t *testing.T) {
	dir := t.TempDir()
	const makers = 8
	var wg sync.WaitGroup
	macs := make([][16]byte, makers)
	made := make([]bool, makers)
	for i := range makers {
		wg.Go(func() {
			v, err := Open(dir, nil)
			if err != nil {
				t.Error(err)
				return
			}
			macs[i], made[i] = v.MAC("p", nil), v.Made()
		})
	}
	wg.Wait()
	winners := 0
	for i := range macs {
		if macs[i] != macs[0] {
			t.Errorf("maker %d has other keys", i)
		}
		if made[i] {
			winners++
		}
	}
	if winners != 1 {
		t.Errorf("%d makers say that they made the file, want 1", winners)
	}
}

func TestOpenRefuses(t *testing.T) {
	good := func(t *testing.T) (string, []byte) {
		v := open(t, t.TempDir(), 3)
		text, err := os.ReadFile(v.Path())
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(v.Path()), text
	}
	tests := []struct {
		name   string
		change func(path string, text []byte) error
		want   []string
	}{
		{"a file that the group can read", func(p string, _ []byte) error { return os.Chmod(p, 0o640) }, []string{"mode 0640", "chmod 600"}},
		{"a file that others can write", func(p string, _ []byte) error { return os.Chmod(p, 0o602) }, []string{"mode 0602", "chmod 600"}},
		{"a newer version", replaceText(`"version": 1`, `"version": 2`), []string{"version 2", "up to 1", "newer Portage"}},
		{"no version", replaceText(`"version": 1`, `"versiom": 1`), []string{"damaged", "version", "backup"}},
		{"half a file", func(p string, b []byte) error { return os.WriteFile(p, b[:len(b)/2], 0o600) }, []string{"damaged", "backup"}},
		{"an empty file", func(p string, _ []byte) error { return os.WriteFile(p, nil, 0o600) }, []string{"damaged", "backup"}},
		{"a missing keyset", replaceText(`"seals"`, `"sealz"`), []string{"damaged", "seals"}},
		{"keysets changed over", swapKeysets, []string{"damaged", "keyset"}},
		{"a folder in its place", func(p string, _ []byte) error { os.Remove(p); return os.Mkdir(p, 0o700) }, []string{"not a regular file"}},
		{"a huge file", func(p string, _ []byte) error { return os.Truncate(p, maxFileSize+1) }, []string{"too large"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, text := good(t)
			if err := tt.change(filepath.Join(dir, fileName), text); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir, seeded(9))
			if err == nil {
				t.Fatal("opened")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not mention %q", err, want)
				}
			}
			if leaksKey(err.Error(), text) {
				t.Errorf("error shows key material: %q", err)
			}
		})
	}
}

func replaceText(old, with string) func(string, []byte) error {
	return func(p string, b []byte) error {
		return os.WriteFile(p, bytes.Replace(b, []byte(old), []byte(with), 1), 0o600)
	}
}

func swapKeysets(p string, b []byte) error {
	b = bytes.Replace(b, []byte(`"macs"`), []byte(`"tmp"`), 1)
	b = bytes.Replace(b, []byte(`"references"`), []byte(`"macs"`), 1)
	return os.WriteFile(p, bytes.Replace(b, []byte(`"tmp"`), []byte(`"references"`), 1), 0o600)
}

// leaksKey reports whether text holds 12 characters in a row of any key value in the file.
func leaksKey(text string, file []byte) bool {
	for _, field := range strings.Split(string(file), `"value"`)[1:] {
		value := strings.Split(field, `"`)[1]
		for i := 0; i+12 <= len(value); i++ {
			if strings.Contains(text, value[i:i+12]) {
				return true
			}
		}
	}
	return false
}

func TestBrokenDiceMakeNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir, iotest.ErrReader(errors.New("no entropy"))); err == nil {
		t.Fatal("opened without random bytes")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestRotationKeepsOldKeys(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir, 4)
	oldRef, err := v.Reference("ei", "046454286", "10000001")
	if err != nil {
		t.Fatal(err)
	}
	oldSeal, err := v.Sealer("queues").Seal([]byte("content"), "Q/1")
	if err != nil {
		t.Fatal(err)
	}
	oldMAC := v.MAC("route-key", []byte("046454286"))
	sealer := v.Sealer("queues")
	for _, set := range sets {
		id, err := v.Rotate(set)
		if err != nil {
			t.Fatalf("rotate %s: %v", set, err)
		}
		if !hasPrimary(v.Keys(), set, id) {
			t.Errorf("%s: key %d is not the primary one in %v", set, id, v.Keys())
		}
	}
	for name, vault := range map[string]*Vault{"the same vault": v, "a reopened one": open(t, dir, 5)} {
		if p, s, c, err := vault.OpenReference(oldRef); err != nil || p != "ei" || s != "046454286" || c != "10000001" {
			t.Errorf("%s does not open the old Reference: %v", name, err)
		}
		newRef, _ := vault.Reference("ei", "046454286", "10000001")
		if newRef == oldRef {
			t.Errorf("%s still makes References with the old key", name)
		}
		if plain, err := vault.Sealer("queues").Open(oldSeal, "Q/1"); err != nil || string(plain) != "content" {
			t.Errorf("%s does not open what was sealed: %v", name, err)
		}
		macs := vault.MACs("route-key", []byte("046454286"))
		if len(macs) != 2 || macs[1] != oldMAC || macs[0] == oldMAC || macs[0] != vault.MAC("route-key", []byte("046454286")) {
			t.Errorf("%s: MACs do not give new, then old", name)
		}
	}
	newSeal, _ := sealer.Seal([]byte("content"), "Q/1")
	if bytes.Equal(newSeal[:5], oldSeal[:5]) {
		t.Error("a Sealer made before the rotation seals with the old key")
	}
	if info, _ := os.Stat(v.Path()); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %04o after rotation", info.Mode().Perm())
	}
}

func hasPrimary(keys []KeyInfo, set Set, id uint32) bool {
	for _, k := range keys {
		if k.Set == set && k.ID == id && k.Primary {
			return true
		}
	}
	return false
}

func TestRotateThatCannotBeKeptChangesNothing(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir, 6)
	before := v.MAC("p", nil)
	// A folder that cannot take a new file: its name is gone.
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Rotate(MACs); err == nil {
		t.Fatal("rotated without a place to keep the key")
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	if v.MAC("p", nil) != before || len(v.MACs("p", nil)) != 1 {
		t.Error("a failed rotation changed the keys")
	}
	if _, err := v.Rotate("passwords"); err == nil || !strings.Contains(err.Error(), "references") {
		t.Errorf("rotating an unknown keyset: %v", err)
	}
}

func TestMACKeepsPurposesApart(t *testing.T) {
	v := open(t, t.TempDir(), 7)
	seen := map[[16]byte]string{}
	for _, in := range [][2]string{{"a", "bc"}, {"ab", "c"}, {"", "abc"}, {"abc", ""}, {"a", "bcd"}, {"b", "bc"}} {
		sum := v.MAC(in[0], []byte(in[1]))
		if other, ok := seen[sum]; ok {
			t.Errorf("%q and %q have the same MAC", in, other)
		}
		seen[sum] = in[0] + "|" + in[1]
	}
	if open(t, t.TempDir(), 8).MAC("a", []byte("bc")) == v.MAC("a", []byte("bc")) {
		t.Error("two vaults give the same MAC")
	}
}

func TestSealerBindsPlaceAndContent(t *testing.T) {
	v := open(t, t.TempDir(), 10)
	other := open(t, t.TempDir(), 11)
	plain := []byte("SIN 046454286")
	sealed, err := v.Sealer("queues").Seal(plain, "Q/1")
	if err != nil {
		t.Fatal(err)
	}
	if len(sealed) != len(plain)+Overhead {
		t.Errorf("sealing adds %d bytes, Overhead says %d", len(sealed)-len(plain), Overhead)
	}
	again, _ := v.Sealer("queues").Seal(plain, "Q/1")
	if bytes.Equal(sealed, again) {
		t.Error("sealing twice gives the same bytes")
	}
	if bytes.Contains(sealed, []byte("046454286")) {
		t.Error("sealed bytes show their content")
	}
	if got, err := v.Sealer("queues").Open(sealed, "Q/1"); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("open: %v", err)
	}
	refused := map[string]func() ([]byte, error){
		"another context":           func() ([]byte, error) { return v.Sealer("queues").Open(sealed, "Q/2") },
		"another store":             func() ([]byte, error) { return v.Sealer("journal").Open(sealed, "Q/1") },
		"store and context shifted": func() ([]byte, error) { return v.Sealer("queue").Open(sealed, "sQ/1") },
		"another vault":             func() ([]byte, error) { return other.Sealer("queues").Open(sealed, "Q/1") },
		"nothing":                   func() ([]byte, error) { return v.Sealer("queues").Open(nil, "Q/1") },
	}
	for n := range len(sealed) {
		flipped := bytes.Clone(sealed)
		flipped[n] ^= 1
		if got, err := v.Sealer("queues").Open(flipped, "Q/1"); !errors.Is(err, ErrNotOurs) || got != nil {
			t.Errorf("byte %d flipped: %v", n, err)
		}
		if _, err := v.Sealer("queues").Open(sealed[:n], "Q/1"); !errors.Is(err, ErrNotOurs) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for name, open := range refused {
		if got, err := open(); !errors.Is(err, ErrNotOurs) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
