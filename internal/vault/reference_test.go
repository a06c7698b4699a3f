package vault

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestReferenceRoundTrip(t *testing.T) {
	v := open(t, t.TempDir(), 20)
	shape := regexp.MustCompile(`^[a-z2-7]+$`)
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.StringN(0, 20, maxPart)
		program := rapid.StringN(1, 20, maxPart).Draw(t, "program")
		sin, claim := part.Draw(t, "sin"), part.Draw(t, "claim")
		ref, err := v.Reference(program, sin, claim)
		if err != nil {
			t.Fatal(err)
		}
		if !shape.MatchString(ref) || len(ref)%40 != 0 || len(ref) > maxReference {
			t.Fatalf("shape of %q", ref)
		}
		for _, written := range []string{ref, strings.ToUpper(ref)} {
			p, s, c, err := v.OpenReference(written)
			if err != nil || p != program || s != sin || c != claim {
				t.Fatalf("round trip: %q %q %q %v", p, s, c, err)
			}
		}
		if again, _ := v.Reference(program, sin, claim); again != ref {
			t.Fatal("not deterministic")
		}
	})
}

func TestReferencesOfAProgramHaveOneLength(t *testing.T) {
	v := open(t, t.TempDir(), 21)
	for _, in := range [][3]string{
		{"ei", "046454286", ""}, {"ei", "046454286", "1"}, {"ei", "046454286", "10000001"},
		{"cpp", "046454286", "99999999999999"}, {"oas", "", "123456789"},
	} {
		ref, err := v.Reference(in[0], in[1], in[2])
		if err != nil {
			t.Fatal(err)
		}
		if len(ref) != 80 {
			t.Errorf("%q: %d characters, want 80", in[0], len(ref))
		}
	}
}

func TestReferencePartsDoNotRunTogether(t *testing.T) {
	v := open(t, t.TempDir(), 22)
	seen := map[string]bool{}
	for _, in := range [][3]string{{"ei", "1", "23"}, {"ei", "12", "3"}, {"ei1", "2", "3"}, {"ei", "123", ""}, {"ei", "", "123"}, {"ei", "1", "23\x00"}} {
		ref, err := v.Reference(in[0], in[1], in[2])
		if err != nil {
			t.Fatal(err)
		}
		if seen[ref] {
			t.Errorf("%q shares its Reference", in)
		}
		seen[ref] = true
	}
}

func TestReferenceRefusesWithoutShowing(t *testing.T) {
	v := open(t, t.TempDir(), 23)
	long := strings.Repeat("046454286", 8)
	for _, in := range [][3]string{{"", "046454286", "1"}, {"ei", long, "1"}, {"ei", "1", long}, {long, "1", "1"}} {
		_, err := v.Reference(in[0], in[1], in[2])
		if err == nil {
			t.Errorf("%d/%d/%d bytes taken", len(in[0]), len(in[1]), len(in[2]))
			continue
		}
		if strings.Contains(err.Error(), "046454286") {
			t.Errorf("error shows content: %v", err)
		}
	}
}

func TestOpenReferenceRefuses(t *testing.T) {
	v := open(t, t.TempDir(), 24)
	other := open(t, t.TempDir(), 25)
	ref, err := v.Reference("ei", "046454286", "10000001")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Reference("ei", "046454286", "10000001")
	if err != nil {
		t.Fatal(err)
	}
	if foreign == ref {
		t.Fatal("two vaults make the same Reference")
	}
	bad := map[string]string{
		"empty": "", "another vault's": foreign, "a line end inside": ref[:40] + "\n" + ref[41:], "a line end after": ref + "\n",
		"padding": ref + "========", "a digit outside the alphabet": "1" + ref[1:], "too long": strings.Repeat("a", maxReference+8),
		"a letter outside ASCII": "é" + ref[2:], "two in a row": ref + ref, "a plain SIN": "046454286", "spaces": " " + ref[1:],
	}
	for i := range ref {
		changed := byte('a')
		if ref[i] == 'a' {
			changed = 'b'
		}
		bad[fmt.Sprintf("character %d changed", i)] = ref[:i] + string(changed) + ref[i+1:]
		bad[fmt.Sprintf("cut to %d characters", i)] = ref[:i]
	}
	for name, text := range bad {
		p, s, c, err := v.OpenReference(text)
		if !errors.Is(err, ErrNotOurs) || err.Error() != ErrNotOurs.Error() {
			t.Errorf("%s: %v", name, err)
		}
		if p+s+c != "" {
			t.Errorf("%s: content beside an error", name)
		}
	}
}

// A sealed value and a Reference are made with different keysets; still neither may be taken for the other.
func TestSealedBytesAreNoReference(t *testing.T) {
	v := open(t, t.TempDir(), 26)
	sealed, err := v.Sealer("x").Seal([]byte("12345"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := v.OpenReference(lowerBase32.EncodeToString(sealed)); !errors.Is(err, ErrNotOurs) {
		t.Errorf("opened: %v", err)
	}
}

func FuzzOpenReference(f *testing.F) {
	v := open(f, f.TempDir(), 27)
	for _, in := range [][3]string{{"ei", "046454286", "10000001"}, {"oas", "", strings.Repeat("9", 40)}} {
		ref, err := v.Reference(in[0], in[1], in[2])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(ref)
		f.Add(strings.ToUpper(ref))
		f.Add(ref[:len(ref)-8])
	}
	f.Add("")
	f.Add("\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, s, c, err := v.OpenReference(text)
		if err != nil {
			if !errors.Is(err, ErrNotOurs) || p+s+c != "" {
				t.Fatalf("error %v, content of %d bytes", err, len(p+s+c))
			}
			return
		}
		ref, err := v.Reference(p, s, c)
		if err != nil || ref != strings.ToLower(text) {
			t.Fatalf("opens, but is made as %q (%v)", ref, err)
		}
	})
}

func ExampleVault_Reference() {
	dir, err := os.MkdirTemp("", "vault")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	v, err := Open(dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ref, _ := v.Reference("ei", "046454286", "10000001")
	program, _, claim, _ := v.OpenReference(ref)
	fmt.Println(len(ref), program, claim)
	_, _, _, err = v.OpenReference("046454286")
	fmt.Println(err)
	// Output:
	// 80 ei 10000001
	// not made with the keys of this Portage, or changed since
}

func BenchmarkReference(b *testing.B) {
	v := open(b, b.TempDir(), 28)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Reference("ei", "046454286", "10000001"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenReference(b *testing.B) {
	v := open(b, b.TempDir(), 29)
	ref, _ := v.Reference("ei", "046454286", "10000001")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := v.OpenReference(ref); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	v := open(b, b.TempDir(), 30)
	data := []byte("046454286")
	b.ReportAllocs()
	for b.Loop() {
		v.MAC("route-key", data)
	}
}

func BenchmarkSeal586(b *testing.B) {
	s := open(b, b.TempDir(), 31).Sealer("queues")
	plain := make([]byte, 586)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Seal(plain, "EI.STATUS.REQ"); err != nil {
			b.Fatal(err)
		}
	}
}
