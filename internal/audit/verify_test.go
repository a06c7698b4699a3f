package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// record is a sound chain in memory, to damage and to write out.
type record struct {
	segments map[string][][]byte // lines with their line feeds
	names    []string
	head     []byte
	last     Head
}

func soundRecord(t testing.TB, entries int, maxSegment int64) record {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "audit")
	l := openLog(t, Config{Dir: dir, MaxSegment: maxSegment})
	appendN(t, l, entries)
	last := l.Head()
	l.Close()
	r := record{segments: map[string][][]byte{}, last: last}
	segments, err := listSegments(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segments {
		text, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(s.path)
		r.names = append(r.names, name)
		lines := bytes.SplitAfter(text, []byte("\n"))
		r.segments[name] = lines[:len(lines)-1] // what follows the last line feed is empty
	}
	if r.head, err = os.ReadFile(filepath.Join(dir, headName)); err != nil {
		t.Fatal(err)
	}
	return r
}

// write writes the record and returns its folder. Each line stands in its segment.
func (r record) write(t interface{ Fatal(...any) }, dir string) string {
	os.RemoveAll(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range r.names {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Join(r.segments[name], nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r.head != nil {
		if err := os.WriteFile(filepath.Join(dir, headName), r.head, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (r record) clone() record {
	c := record{segments: map[string][][]byte{}, names: slices.Clone(r.names), head: bytes.Clone(r.head), last: r.last}
	for name, lines := range r.segments {
		for _, line := range lines {
			c.segments[name] = append(c.segments[name], bytes.Clone(line))
		}
	}
	return c
}

// place finds entry seq.
func (r record) place(seq int) (name string, index int) {
	for _, name := range r.names {
		if seq <= len(r.segments[name]) {
			return name, seq - 1
		}
		seq -= len(r.segments[name])
	}
	panic("no such entry")
}

func wantDamage(t interface{ Errorf(string, ...any) }, dir string, seq uint64, heads ...Head) {
	_, err := Verify(dir, heads...)
	var d *Damage
	if !errors.As(err, &d) {
		t.Errorf("Verify says %v, want damage at entry %d", err, seq)
		return
	}
	if d.Seq != seq {
		t.Errorf("damage %v, want entry %d", d, seq)
	}
}

func TestVerifyNamesTheEntryOfEveryFlippedByte(t *testing.T) {
	r := soundRecord(t, 6, 700)
	if len(r.names) < 3 {
		t.Fatalf("only %d segments", len(r.names))
	}
	dir := r.write(t, filepath.Join(t.TempDir(), "audit"))
	flipEach := func(name string, text []byte, from int, check func(offset int)) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for n := range text {
			for _, mask := range []byte{0x01, 0x20, 0x80} {
				if _, err := f.WriteAt([]byte{text[n] ^ mask}, int64(from+n)); err != nil {
					t.Fatal(err)
				}
				check(n)
			}
			if _, err := f.WriteAt(text[n:n+1], int64(from+n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for seq := 1; seq <= 6; seq++ {
		name, index := r.place(seq)
		from := len(bytes.Join(r.segments[name][:index], nil))
		flipEach(name, r.segments[name][index], from, func(offset int) {
			if wantDamage(t, dir, uint64(seq)); t.Failed() {
				t.Fatalf("entry %d, byte %d", seq, offset)
			}
		})
	}
	flipEach(headName, r.head, 0, func(offset int) {
		if _, err := Verify(dir); !errors.As(err, new(*Damage)) {
			t.Errorf("byte %d of the head file flipped: %v", offset, err)
		}
	})
	if _, err := Verify(dir); err != nil {
		t.Errorf("with every byte as it was: %v", err)
	}
}

func TestVerifyNamesDeletionsInsertionsAndSwaps(t *testing.T) {
	r := soundRecord(t, 30, 2500)
	base := filepath.Join(t.TempDir(), "audit")
	rapid.Check(t, func(t *rapid.T) {
		c := r.clone()
		k := rapid.IntRange(1, 30).Draw(t, "entry")
		other := rapid.IntRange(1, 30).Filter(func(n int) bool { return n != k }).Draw(t, "other")
		name, index := c.place(k)
		otherName, otherIndex := c.place(other)
		want := k
		switch rapid.SampledFrom([]string{"delete", "insert", "swap", "overwrite"}).Draw(t, "damage") {
		case "delete":
			c.segments[name] = slices.Delete(c.segments[name], index, index+1)
		case "insert": // a copy of another entry before k
			c.segments[name] = slices.Insert(c.segments[name], index, c.segments[otherName][otherIndex])
		case "swap":
			c.segments[name][index], c.segments[otherName][otherIndex] = c.segments[otherName][otherIndex], c.segments[name][index]
			want = min(k, other)
		case "overwrite":
			c.segments[name][index] = c.segments[otherName][otherIndex]
		}
		wantDamage(t, c.write(t, base), uint64(want))
	})
}

func TestVerifyNamesTruncationAndMissingFiles(t *testing.T) {
	r := soundRecord(t, 30, 2500)
	base := filepath.Join(t.TempDir(), "audit")
	t.Run("the last entries are gone", func(t *testing.T) {
		for cut := 1; cut < 30; cut++ {
			c := r.clone()
			for seq := 30; seq > 30-cut; seq-- {
				name, index := c.place(seq)
				c.segments[name] = c.segments[name][:index]
			}
			for len(c.segments[c.names[len(c.names)-1]]) == 0 {
				c.names = c.names[:len(c.names)-1]
			}
			wantDamage(t, c.write(t, base), uint64(31-cut))
		}
	})
	t.Run("a line is cut at every byte", func(t *testing.T) {
		name, index := r.place(30)
		for n := range len(r.segments[name][index]) {
			c := r.clone()
			c.segments[name][index] = c.segments[name][index][:n]
			wantDamage(t, c.write(t, base), 30)
		}
	})
	t.Run("the head file is gone", func(t *testing.T) {
		c := r.clone()
		c.head = nil
		wantDamage(t, c.write(t, base), 30)
	})
	t.Run("everything was rolled back to an older copy", func(t *testing.T) {
		older := soundRecord(t, 20, 2500)
		dir := older.write(t, base)
		if _, err := Verify(dir); err != nil {
			t.Fatalf("an older copy is sound by itself: %v", err)
		}
		wantDamage(t, dir, 21, r.last)
		if head, err := ParseHead(r.last.String()); err != nil {
			t.Error(err)
		} else {
			wantDamage(t, dir, 21, head)
		}
	})
	for i, name := range r.names {
		t.Run("without "+name, func(t *testing.T) {
			c := r.clone()
			c.names = slices.Delete(c.names, i, i+1)
			first := 1
			for _, before := range r.names[:i] {
				first += len(r.segments[before])
			}
			wantDamage(t, c.write(t, base), uint64(first))
		})
	}
}

func TestVerifyFindsARewrittenEntry(t *testing.T) {
	r := soundRecord(t, 9, 1<<20)
	rewrite := func(c record, seq int) {
		name, index := c.place(seq)
		e, err := parseLine(bytes.TrimSuffix(c.segments[name][index], []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		e.Actor = "somebody else"
		if c.segments[name][index], err = appendLine(nil, &e); err != nil {
			t.Fatal(err)
		}
	}
	base := filepath.Join(t.TempDir(), "audit")
	t.Run("in the middle: its successor no longer follows", func(t *testing.T) {
		c := r.clone()
		rewrite(c, 4)
		wantDamage(t, c.write(t, base), 5)
	})
	t.Run("at the end: the head file names another", func(t *testing.T) {
		c := r.clone()
		rewrite(c, 9)
		wantDamage(t, c.write(t, base), 9)
	})
	t.Run("another chain's file", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "audit")
		l := openLog(t, Config{Dir: dir, Instance: "other"})
		appendN(t, l, 9)
		wantDamage(t, dir, 9, r.last)
	})
}

// A process that dies leaves at most lines behind the head, the last perhaps unfinished.
func TestOpenAfterDyingAnywhere(t *testing.T) {
	r := soundRecord(t, 5, 1<<20)
	name, index := r.place(5)
	e4, err := parseLine(bytes.TrimSuffix(r.segments[name][index-1], []byte("\n")))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(r.segments[name][index]) + 1 {
		t.Run(fmt.Sprintf("%d bytes of entry 5 on disk", n), func(t *testing.T) {
			c := r.clone()
			c.head = headText(Head{Chain: e4.Chain, Seq: 4, Hash: e4.Hash})
			c.segments[name][index] = c.segments[name][index][:n]
			dir := c.write(t, filepath.Join(t.TempDir(), "audit"))
			whole := n == len(r.segments[name][index])
			s, err := Verify(dir)
			if err != nil || (s.TornBytes == int64(n)) == whole || (s.BeyondHead == 1) != whole {
				t.Fatalf("before the restart: %+v %v", s, err)
			}
			l := openLog(t, Config{Dir: dir})
			if st := l.State(); st.Level != Green {
				t.Fatalf("state %+v", st)
			}
			appendN(t, l, 1)
			want := uint64(5)
			if whole {
				want = 6
			}
			if l.Head().Seq != want {
				t.Errorf("the next entry is %d, want %d", l.Head().Seq, want)
			}
			if _, err := Verify(dir, l.Head()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenFindsDamage(t *testing.T) {
	base := filepath.Join(t.TempDir(), "audit")
	r := soundRecord(t, 30, 2500)
	for name, harm := range map[string]func(c *record){
		"the newest file is gone":          func(c *record) { c.names = c.names[:len(c.names)-1] },
		"all files are gone":               func(c *record) { c.names = nil },
		"the head file is gone":            func(c *record) { c.head = nil },
		"the head file is empty":           func(c *record) { c.head = []byte{} },
		"the last entry is gone":           func(c *record) { n := c.names[len(c.names)-1]; c.segments[n] = c.segments[n][:len(c.segments[n])-1] },
		"the newest file's first is wrong": func(c *record) { n := c.names[len(c.names)-1]; c.segments[n][0][30] ^= 1 },
		"the head names another hash": func(c *record) {
			c.head = headText(Head{Chain: c.last.Chain, Seq: c.last.Seq, Hash: zeroHash})
		},
		"a very long line": func(c *record) {
			n := c.names[len(c.names)-1]
			c.segments[n] = append(c.segments[n], []byte(strings.Repeat("x", maxLine+1)+"\n"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := r.clone()
			harm(&c)
			l := openLog(t, Config{Dir: c.write(t, base)})
			defer l.Close()
			if st := l.State(); st.Level != Red {
				t.Errorf("state %+v", st)
			}
			if _, err := l.Append(t.Context(), change(0)); err == nil {
				t.Error("took an entry")
			}
		})
	}
}

func TestVerifyOfNothing(t *testing.T) {
	if _, err := Verify(filepath.Join(t.TempDir(), "nowhere")); err == nil || errors.As(err, new(*Damage)) {
		t.Errorf("no folder: %v", err)
	}
	s, err := Verify(t.TempDir())
	if err != nil || s.Entries != 0 {
		t.Errorf("an empty folder: %+v %v", s, err)
	}
	if _, err := Verify(t.TempDir(), Head{Seq: 3, Hash: zeroHash}); !errors.As(err, new(*Damage)) {
		t.Errorf("an empty folder that should hold three entries: %v", err)
	}
}

func TestParseHeadRefuses(t *testing.T) {
	for _, text := range []string{"", "7", "7:", ":" + zeroHash, "x:" + zeroHash, "7:" + zeroHash[1:], "7:" + zeroHash + "00", "-1:" + zeroHash} {
		if _, err := ParseHead(text); err == nil {
			t.Errorf("%q taken", text)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	e := change(1)
	e.Prev = zeroHash
	line, err := appendLine(nil, &e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimSuffix(line, []byte("\n")))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := parseLine(line)
		if err != nil {
			return
		}
		if got.Hash != hashOf(line[:len(line)-tailSize]) {
			t.Fatal("taken with another hash")
		}
	})
}
