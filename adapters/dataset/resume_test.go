package dataset

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// broken delivers n batches of a file of ten records, in fours, and returns the last Position.
func (d *desk) broken(batches int, resume ...[]byte) (position []byte) {
	d.t.Helper()
	n := 0
	d.fail = func(b adapters.Batch) error {
		if n++; n > batches {
			return errReturned
		}
		position = b.Position
		return nil
	}
	d.through(resume...)
	d.fail = nil
	return position
}

var ten = extract("20260301", 1, 1, 2, 3, 4, 5, 6, 7, 8)

func (d *desk) forget(name string) {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.dir, "portage", name)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) fails(want string, resume []byte) {
	d.t.Helper()
	d.start(resume)
	d.sleep(10 * time.Second)
	d.stop()
	<-d.done
	if d.err == nil || !strings.Contains(d.err.Error(), want) {
		d.t.Fatalf("Consume: %v, want %q", d.err, want)
	}
}

func TestResume(t *testing.T) {
	story(t, map[string]func(*testing.T){
		"by the state": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			d.broken(2)
			d.holds(folderTaking, "PAYDAY")
			d.through()
			d.delivered(ten)
		},
		"by the ledger, which is ahead of the state": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			first := d.broken(1)
			state, err := os.ReadFile(d.dir + "/portage/state.json")
			if err != nil {
				t.Fatal(err)
			}
			second := d.broken(1, first)
			if err := os.WriteFile(d.dir+"/portage/state.json", state, 0o600); err != nil { // the kill
				t.Fatal(err)
			}
			d.through(second)
			d.delivered(ten)
		},
		"by the ledger, which is at the end": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			last := d.broken(3)
			d.through(last)
			d.delivered(ten)
			d.through(last)
			d.delivered(ten)
			d.holds(folderAccepted, "PAYDAY")
		},
		"an empty ledger gets all of the generation in hand": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			d.broken(2)
			d.got = nil
			d.through(nil)
			d.delivered(ten)
		},
		"what a killed run left half written is removed": func(t *testing.T) {
			d := newDesk(t, nil)
			d.through() // makes the folders
			halves := []string{".state.json.1.tmp", "rejected/.X.reason.2.tmp", "dead-letters/[dead]/.3-4.jsonl.pending.5.tmp"}
			if err := os.Mkdir(filepath.Join(d.dir, "portage", "dead-letters", "[dead]"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, half := range halves {
				d.put(filepath.Join("portage", half), "half")
			}
			d.put("PAYDAY", ten)
			d.through()
			d.delivered(ten)
			for _, half := range halves {
				if there, err := exists(filepath.Join(d.dir, "portage", half)); there || err != nil {
					t.Errorf("%s is still there, %v", half, err)
				}
			}
		},
		"the state is lost and the file still in hand": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			position := d.broken(2)
			d.forget("state.json")
			d.through(position)
			d.delivered(ten)
		},
		"all of work is lost, and later generations wait for the file": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			position := d.broken(2)
			if err := os.RemoveAll(d.dir + "/portage"); err != nil {
				t.Fatal(err)
			}
			later := extract("20260302", 2, 9)
			d.put("PAYDAY.2", later)
			d.through(position)
			d.expect("missing 1 from 1")
			d.put("PAYDAY.again", ten)
			d.through(position)
			d.delivered(ten + later)
		},
		"all of work is lost, and the ledger has all of it": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			position := d.broken(3)
			if err := os.RemoveAll(d.dir + "/portage"); err != nil {
				t.Fatal(err)
			}
			d.put("PAYDAY", ten)
			d.through(position)
			d.delivered(ten)
			d.expect("accepted PAYDAY", "repeated PAYDAY")
		},
		"a file that will not come back is abandoned": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			position := d.broken(2)
			p, err := parsePosition(position)
			if err != nil {
				t.Fatal(err)
			}
			d.cfg.Abandon = p.ID
			later := extract("20260302", 2, 9)
			d.put("PAYDAY.2", later)
			d.got = nil
			d.through(position)
			d.delivered(later)
			if r := d.reason("PAYDAY"); r.Reason != "abandoned" || r.Record != 8 {
				t.Errorf("reason %+v", r)
			}
		},
		"other content under the same identity": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			position := d.broken(2)
			if err := os.RemoveAll(d.dir + "/portage"); err != nil {
				t.Fatal(err)
			}
			d.put("PAYDAY", extract("20260301", 1, 8, 7, 6, 5, 4, 3, 2, 1))
			d.fails("other content", position)
		},
		"the file in hand is changed": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			position := d.broken(2)
			if err := os.WriteFile(d.dir+"/portage/taking/PAYDAY", []byte(ten+"D000001\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			d.fails("changed after it was judged", position)
		},
		"the format is another one": func(t *testing.T) {
			d := newDesk(t, nil)
			d.put("PAYDAY", ten)
			position := d.broken(2)
			d.cfg.Format = recfm.Format{Recfm: recfm.F, Lrecl: 9}
			d.fails("is the format another one", position)
		},
	})
}

// A position in the middle of a block, and of a packed file, is found again.
func TestResumeInEveryFormat(t *testing.T) {
	for name, f := range map[string]recfm.Format{
		"F": {Recfm: recfm.F, Lrecl: 13}, "V": {Recfm: recfm.V}, "VB": {Recfm: recfm.VB, Blksize: 40},
		"VBS": {Recfm: recfm.VBS, Blksize: 16}, "text": {Recfm: recfm.Text, SkipFileHeader: 3},
	} {
		for _, packed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s packed %v", name, packed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := newDesk(t, func(c *Config) { c.Format = f })
					var b bytes.Buffer
					w, err := recfm.NewWriter(&b, f)
					if err != nil {
						t.Fatal(err)
					}
					var want strings.Builder
					for line := range strings.Lines(ten) {
						record := fmt.Sprintf("%-13s", strings.TrimSpace(line))
						want.WriteString(record + "\n")
						if err := w.Write([]byte(record)); err != nil {
							t.Fatal(err)
						}
					}
					if err := w.Close(); err != nil {
						t.Fatal(err)
					}
					content := b.Bytes()
					if packed {
						content = gzipped(t, content)
					}
					d.put("PAYDAY", string(content))
					var position []byte
					for range 3 {
						position = d.broken(1, position)
					}
					d.through(position)
					d.delivered(want.String())
				})
			})
		}
	}
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestResumeRefuses(t *testing.T) {
	s, err := Open(paydayConfig(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	p := place{Version: 1, Dataset: "other", ID: "other/1", Content: strings.Repeat("0", 64), Of: 3, Record: 1}
	foreign, err := p.appendPosition(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, position := range []string{"seq 17", "{}", `{"v":2}`, string(foreign), strings.Repeat(" ", adapters.MaxPosition) + string(foreign)} {
		if err := s.Resume([]byte(position)); err == nil {
			t.Errorf("resumed at %.40q", position)
		}
	}
}

// TestLettersFollowTheLedger kills a Source, in effect, at each side of the Ledger's commit.
func TestLettersFollowTheLedger(t *testing.T) {
	story(t, map[string]func(*testing.T){
		"killed before the ledger's commit": func(t *testing.T) { lettersAfterKill(t, false) },
		"killed after the ledger's commit":  func(t *testing.T) { lettersAfterKill(t, true) },
	})
}

func lettersAfterKill(t *testing.T, committed bool) {
	d := newDesk(t, nil)
	d.put("PAYDAY", ten)
	first := d.broken(1)
	s, err := Open(d.cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Resume(first); err != nil {
		t.Fatal(err)
	}
	position, kill := first, filepath.Join(t.TempDir(), "as the kill leaves it")
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.Consume(ctx, func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
		if err := u.Put(ctx, "dead", b.Messages[0]); err != nil {
			t.Error(err)
		}
		if err := u.Put(ctx, "dead", b.Messages[2]); err != nil {
			t.Error(err)
		}
		if committed {
			position = b.Position
		}
		if err := os.CopyFS(kill, os.DirFS(filepath.Join(d.dir, "portage"))); err != nil {
			t.Error(err)
		}
		cancel()
		return errReturned
	}); err != nil {
		t.Fatal(err)
	}
	if letters, err := s.Letters(t.Context(), "dead", 0); err != nil || len(letters) > 0 {
		t.Fatalf("letters of a returned batch: %d, %v", len(letters), err)
	}
	d.cfg.Work = kill
	s, err = Open(d.cfg)
	if err != nil {
		t.Fatal(err)
	}
	// CopyFS does not keep times, and the file must be the one that was judged.
	info, err := os.Stat(filepath.Join(d.dir, "portage", "taking", "PAYDAY"))
	if err == nil {
		err = os.Chtimes(filepath.Join(kill, "taking", "PAYDAY"), info.ModTime(), info.ModTime())
	}
	if err != nil {
		t.Fatal(err)
	}
	d.got = d.got[:4]
	if committed {
		d.got = append(d.got, adapters.Message{Body: []byte("D000004\nD000005\nD000006\nD000007")})
	}
	d.through(position)
	d.delivered(ten)
	letters, err := s.Letters(t.Context(), "dead", 0)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, l := range letters {
		bodies = append(bodies, string(l.Body))
	}
	if want := map[bool]string{true: "D000004 D000006"}[committed]; strings.Join(bodies, " ") != want {
		t.Errorf("letters %q, want %q", bodies, want)
	}
	if left, _ := filepath.Glob(kill + "/dead-letters/dead/*" + pending); left != nil {
		t.Errorf("prepared letters are left: %q", left)
	}
}
