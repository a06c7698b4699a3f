package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/portage-gateway/portage/copybooks/recfm"
)

// planted is one file with one sort of damage.
type planted struct {
	name  string
	data  []byte
	codes []string // one of these must be named
	known recfm.Known
	bare  bool // without the copybook, too
}

// plant makes every sort of damage that a corpus can have.
func plant(t *testing.T, c corpus, dice *rand.Rand) (out []planted) {
	add := func(name string, bare bool, data []byte, codes ...string) {
		out = append(out, planted{name, data, codes, c.known, bare})
	}
	expect := func(r recfm.Recfm) { out[len(out)-1].known.Recfm = r }
	plain := each(c.records, "", nil)
	v := framed(t, recfm.Format{Recfm: recfm.V}, c.records)
	vb := framed(t, recfm.Format{Recfm: recfm.VB}, c.records)
	latin := func(page string) func([]byte) []byte {
		return func(b []byte) []byte { return translated(t, page, b) }
	}
	trim := func(b []byte) []byte { return bytes.TrimRight(b, "\x40") }
	whole := plain
	if c.varying {
		whole = v
	}
	if c.packed {
		add("text FTP, CR LF", true, each(c.records, "\r\n", latin("cp1047")), "packed-translated")
		add("text FTP, LF, blanks trimmed", true, each(c.records, "\n", func(b []byte) []byte { return latin("cp037")(trim(b)) }), "packed-translated")
		add("iconv over RDWs", true, latin("cp037")(v), "packed-translated")
		add("iconv to UTF-8", true, asUTF8(latin("cp1047")(whole)), "packed-translated")
	} else {
		add("text in ASCII", true, each(c.records, "\n", latin("cp037")), "already-ascii")
	}
	add("translated twice", true, latin("cp037")(latin("cp037")(whole)), "double-translated")
	add("translated the wrong way", true, reversed(t, "cp1047", whole), "double-translated")
	add("V cut off", true, v[:len(v)-1-dice.IntN(len(c.records[len(c.records)-1]))], "truncated")
	add("VB cut off", true, vb[:len(vb)-1-dice.IntN(len(c.records[len(c.records)-1]))], "truncated")
	add("V cut in its first record", true, v[:min(len(v), 24)+dice.IntN(max(1, len(c.records[0])-24))], "truncated")
	block := min(int(vb[0])<<8|int(vb[1]), len(vb))
	add("VB cut in its first block", true, vb[:24+dice.IntN(block-24)], "truncated")
	add("V filled up", true, append(bytes.Clone(v), make([]byte, 5+dice.IntN(4000))...), "padded")
	add("VB filled up", true, append(bytes.Clone(vb), make([]byte, 8+dice.IntN(4000))...), "padded")
	add("RDW little", true, framed(t, recfm.Format{Recfm: recfm.V, RDW: recfm.Little}, c.records), "rdw-little")
	add("RDW uncounted", true, framed(t, recfm.Format{Recfm: recfm.V, RDWAdjust: 4}, c.records), "rdw-uncounted")
	var doubled [][]byte
	for _, r := range c.records {
		doubled = append(doubled, framed(t, recfm.Format{Recfm: recfm.V}, [][]byte{r}))
	}
	add("RDW doubled", true, framed(t, recfm.Format{Recfm: recfm.V}, doubled), "rdw-doubled")
	add("BDW kept", true, vb, "bdw-kept")
	expect(recfm.V)
	add("BDW lost", true, v, "bdw-lost")
	expect(recfm.VB)
	add("LF became CR LF", true, bytes.ReplaceAll(v, []byte("\n"), []byte("\r\n")), "newlines-inserted", "framing-lost")
	if bytes.Count(v, []byte("\n")) < 3 {
		out = out[:len(out)-1]
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(vb)
	_ = z.Close()
	add("gzip", true, packed.Bytes(), "packed-file")
	add("gzip cut off", true, packed.Bytes()[:packed.Len()*2/3], "packed-file-broken")
	add("gzip as text", true, bytes.ReplaceAll(asUTF8(packed.Bytes()), []byte("\n"), []byte("\r\n")), "packed-file-broken")
	few := framed(t, recfm.Format{Recfm: recfm.V}, c.records[:20])
	add("hexadecimal digits", true, []byte(hex.EncodeToString(few)), "hex-dump")
	add("hexdump -C", true, []byte(hex.Dump(few)), "hex-dump")
	lines := base64.StdEncoding.EncodeToString(few)
	var wrapped []byte
	for line := range slices.Chunk([]byte(lines), 76) {
		wrapped = append(append(wrapped, line...), '\n')
	}
	add("base64", true, wrapped, "base64")
	if c.varying {
		longest := 0
		for _, k := range c.known.Kinds {
			longest = max(longest, k.Max)
		}
		add("RDWs left out", true, plain, "rdw-stripped")
		add("V copied to F", false, each(c.records, "", func(b []byte) []byte {
			return append(bytes.Clone(b), bytes.Repeat([]byte{0x40}, longest-len(b))...)
		}), "padded")
	} else {
		n := len(c.records[0])
		add("F with CR LF", true, each(c.records, "\r\n", nil), "newlines-inserted")
		add("F with LF", true, each(c.records, "\n", nil), "newlines-inserted")
		add("F with NL", true, each(c.records, "\x15", nil), "ebcdic-newlines")
		add("F with EBCDIC LF", true, each(c.records, "\x25", nil), "ebcdic-newlines")
		add("F cut off", true, plain[:len(plain)-1-dice.IntN(n-1)], "truncated")
		add("F and zeros", true, append(bytes.Clone(plain), make([]byte, 16+dice.IntN(n))...), "padded", "truncated")
		add("F and empty records", true, append(bytes.Clone(plain), make([]byte, 3*n)...), "padded")
		add("LRECL too long", false, each(c.records, "", func(b []byte) []byte {
			return append(bytes.Clone(b), bytes.Repeat([]byte{0x40}, 1+n/7)...)
		}), "wrong-lrecl")
		add("LRECL too short", false, each(c.records, "", func(b []byte) []byte { return b[:n-1-n/9] }), "wrong-lrecl")
		if !c.packed {
			add("text, blanks trimmed", false, each(c.records, "\n", func(b []byte) []byte { return latin("cp037")(trim(b)) }), "blanks-trimmed")
		}
		trimmed := each(c.records, "", nil)[:0]
		short := 0
		for _, r := range c.records {
			b := trim(r)
			if len(b) < len(r) {
				short++
			}
			trimmed = append(trimmed, framed(t, recfm.Format{Recfm: recfm.V}, [][]byte{b})...)
		}
		if short*5 > len(c.records) {
			add("V, blanks trimmed", false, trimmed, "blanks-trimmed")
		}
	}
	if c.marks {
		for _, page := range []string{"cp500", "cp1047"} {
			other := c.again(page)
			add("text in "+page, true, framed(t, recfm.Format{Recfm: recfm.V}, other), "wrong-code-page")
			if !c.varying {
				add("F text in "+page, true, each(other, "", nil), "wrong-code-page")
			}
		}
	}
	return out
}

func diagnose(t *testing.T, data []byte, k recfm.Known, bare bool) *recfm.Diagnosis {
	t.Helper()
	if k.Pages = triagePages("cp037"); bare {
		k.Kinds, k.Length = nil, nil
	}
	d, err := recfm.Triage(bytes.NewReader(data), int64(len(data)), k)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func codes(d *recfm.Diagnosis) (out []string) {
	for _, f := range d.Findings {
		out = append(out, f.Code)
	}
	return out
}

func corpora(t *testing.T) []corpus {
	all := legacyCorpora(t)
	for seed := range uint64(12) {
		all = append(all, draw(t, seed))
	}
	return all
}

// At least 95 of 100 planted damages are named.
func TestTriageNamesPlantedDamage(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6))
	type score struct{ named, all int }
	scores := map[string]*score{}
	total, first := score{}, 0
	for _, c := range corpora(t) {
		for _, p := range plant(t, c, dice) {
			for _, bare := range []bool{false, true} {
				if bare && !p.bare {
					continue
				}
				name := fmt.Sprintf("%s, copybook %t", p.name, !bare)
				if scores[name] == nil {
					scores[name] = &score{}
				}
				d := diagnose(t, p.data, p.known, bare)
				scores[name].all++
				total.all++
				if slices.ContainsFunc(p.codes, func(code string) bool { return slices.Contains(codes(d), code) }) {
					scores[name].named++
					total.named++
					if slices.Contains(p.codes, d.Findings[0].Code) {
						first++
					} else {
						t.Logf("not first: %s: %s: want %v, found %v", c.name, name, p.codes, codes(d))
					}
				} else {
					t.Logf("missed: %s: %s: want %v, found %v (%s; %s; %d bytes)", c.name, name, p.codes, codes(d), d.Format, d.Characters, len(p.data))
				}
			}
		}
	}
	for name, s := range scores {
		if s.named < s.all {
			t.Logf("%4d of %4d %s", s.named, s.all, name)
		}
	}
	rate := float64(total.named) / float64(total.all) * 100
	t.Logf("%d of %d planted damages named: %.1f %%; %d of them first", total.named, total.all, rate, first)
	if rate < 95 {
		t.Errorf("only %.1f %% named", rate)
	}
}

// Clean files raise no alarm, with and without their copybook, however many records they have.
func TestTriageIsQuietOnCleanFiles(t *testing.T) {
	n := 0
	for _, c := range corpora(t) {
		for _, count := range []int{1, 2, 5, 9, 40, len(c.records)} {
			records := c.records[:min(count, len(c.records))]
			for _, f := range []recfm.Format{{Recfm: recfm.V}, {Recfm: recfm.VB}, {Recfm: recfm.VBS, Blksize: 3000}, {Recfm: recfm.F, Lrecl: len(records[0])}} {
				if f.Recfm == recfm.F && c.varying {
					continue
				}
				data := framed(t, f, records)
				for _, bare := range []bool{false, true} {
					k := c.known
					n++
					if d := diagnose(t, data, k, bare); len(d.Findings) > 0 {
						t.Errorf("%s: %d records, %s, copybook %t: %v: %s", c.name, len(records), f.Recfm, !bare, codes(d), d.Findings[0].Evidence)
					}
					if k.Recfm = f.Recfm; f.Recfm == recfm.VBS {
						k.Recfm = recfm.VB
					}
					if d := diagnose(t, data, k, bare); len(d.Findings) > 0 {
						t.Errorf("%s: %d records, %s expected, copybook %t: %v: %s", c.name, len(records), f.Recfm, !bare, codes(d), d.Findings[0].Evidence)
					}
				}
			}
		}
	}
	for _, c := range corpora(t) {
		if c.again == nil {
			continue
		}
		// Text in ASCII and numbers as they were, as Micro Focus and GnuCOBOL write: another form, and no damage.
		for name, data := range map[string][]byte{
			"latin1, F": each(c.again("latin1"), "", nil), "latin1, V": framed(t, recfm.Format{Recfm: recfm.V}, c.again("latin1")),
		} {
			if c.varying && name == "latin1, F" {
				continue
			}
			n++
			if d := diagnose(t, data, recfm.Known{}, true); d.Damaged() {
				t.Errorf("%s in %s: %v: %s", c.name, name, codes(d), d.Findings[0].Evidence)
			}
		}
	}
	t.Logf("%d clean files, each with and without its record format", n)
}
