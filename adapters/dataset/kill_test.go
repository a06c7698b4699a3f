package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/copybooks/recfm"
)

// entryLog is a Ledger in its plainest form, which doubles whatever it is given twice: each line holds the
// position and the records of one batch; a line that a kill cut off was never written.
type entryLog struct{ path string }

type logged struct {
	Position []byte
	Records  []string
}

func (l entryLog) read() (list []logged, err error) {
	b, err := os.ReadFile(l.path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	if whole < len(b) {
		if err := os.Truncate(l.path, int64(whole)); err != nil {
			return nil, err
		}
	}
	for line := range bytes.Lines(b[:whole]) {
		var e logged
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func (l entryLog) add(e logged) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(b, '\n'))
	return err
}

// deliverUntilKilled is the child: it delivers what is in dir into the log; every 17th record is a dead letter.
func deliverUntilKilled(dir string) {
	err := func() error {
		l := entryLog{filepath.Join(dir, "log")}
		list, err := l.read()
		if err != nil {
			return err
		}
		var position []byte
		if len(list) > 0 {
			position = list[len(list)-1].Position
		}
		c := killConfig(dir)
		c.Notify = func(context.Context, Event) { endWhenDone(dir) }
		endWhenDone(dir)
		s, err := Open(c)
		if err != nil {
			return err
		}
		if after, err := time.ParseDuration(os.Getenv("PORTAGE_DATASET_KILL")); err == nil {
			time.AfterFunc(after, func() { syscall.Kill(os.Getpid(), syscall.SIGKILL) })
		}
		if err := s.Resume(position); err != nil {
			return err
		}
		return s.Consume(context.Background(), func(ctx context.Context, u adapters.Unit, b adapters.Batch) error {
			e := logged{Position: b.Position}
			for _, m := range b.Messages {
				if n, _ := strconv.Atoi(m.ID[strings.LastIndex(m.ID, "/")+1:]); n%17 == 0 {
					if err := u.Put(ctx, "dead", m); err != nil {
						return err
					}
					continue
				}
				e.Records = append(e.Records, string(m.Body))
			}
			return l.add(e)
		})
	}()
	fmt.Println("the child ended:", err)
	os.Exit(1)
}

// endWhenDone ends the child when both generations are through.
func endWhenDone(dir string) {
	if list, err := os.ReadDir(filepath.Join(dir, "portage", folderAccepted)); err == nil && len(list) == 2 {
		os.Exit(0)
	}
}

func killConfig(dir string) Config {
	return Config{Name: "killed", Path: dir, Match: "IN*", Format: recfm.Format{Recfm: recfm.VB, Blksize: 512},
		Complete: Rename, Poll: time.Millisecond, MaxBatch: 7}
}

// TestKilledSourceLosesAndDoublesNothing kills a delivering process at random moments until two generations are
// through. PORTAGE_KILLS sets how often at most; 25 otherwise.
func TestKilledSourceLosesAndDoublesNothing(t *testing.T) {
	kills := 25
	if s := os.Getenv("PORTAGE_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	want := map[string]int{}
	for g := range 2 {
		writeGeneration(t, dir, g, 240*kills, want)
	}
	random := rand.New(rand.NewPCG(uint64(kills), 7))
	inside := 0
	for n := range kills {
		after := time.Duration(random.Int64N(int64(40 * time.Millisecond)))
		state := runChild(t, dir, after.String())
		if state.Success() {
			t.Logf("through after %d kills", n)
			break
		}
		list, err := entryLog{filepath.Join(dir, "log")}.read()
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 {
			if p, err := parsePosition(list[len(list)-1].Position); err == nil && !p.done() {
				inside++
			}
		}
	}
	t.Logf("%d kills in mid-file", inside)
	if state := runChild(t, dir, ""); !state.Success() {
		t.Fatal(state)
	}
	if inside == 0 {
		t.Error("no kill came in mid-file: the moments are wrong")
	}
	countRecords(t, dir, want)
}

// runChild runs a child that kills itself some time after it began; "": never.
func runChild(t *testing.T, dir, after string) *os.ProcessState {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "PORTAGE_DATASET_CHILD="+dir, "PORTAGE_DATASET_KILL="+after)
	out, err := child.CombinedOutput()
	if child.ProcessState == nil {
		t.Fatal(err)
	}
	if len(out) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	return child.ProcessState
}

func writeGeneration(t *testing.T, dir string, g, records int, want map[string]int) {
	t.Helper()
	sink, err := OpenSink(SinkConfig{Dir: dir, Name: "IN", Format: killConfig(dir).Format})
	if err != nil {
		t.Fatal(err)
	}
	var ms []adapters.Message
	for n := range records {
		body := fmt.Sprintf("generation %d record %06d", g, n+1)
		ms = append(ms, adapters.Message{ID: body, Body: []byte(body)})
		want[body] = n + 1
	}
	if err := sink.Publish(t.Context(), ms...); err != nil {
		t.Fatal(err)
	}
}

// countRecords requires each record once: in the log in its order, or among the letters.
func countRecords(t *testing.T, dir string, want map[string]int) {
	t.Helper()
	list, err := entryLog{filepath.Join(dir, "log")}.read()
	if err != nil {
		t.Fatal(err)
	}
	seen, last := map[string]int{}, ""
	for _, e := range list {
		for _, r := range e.Records {
			seen[r]++
			if r <= last {
				t.Errorf("%q came after %q", r, last)
			}
			last = r
		}
	}
	s, err := Open(killConfig(dir))
	if err != nil {
		t.Fatal(err)
	}
	letters, err := s.Letters(t.Context(), "dead", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		seen[string(l.Body)]++
		if want[string(l.Body)]%17 != 0 {
			t.Errorf("letter %q is none", l.Body)
		}
	}
	for body := range want {
		if seen[body] != 1 {
			t.Errorf("%q is there %d times", body, seen[body])
		}
	}
	if len(seen) != len(want) || len(letters) != 2*(len(want)/2/17) {
		t.Errorf("%d records and %d letters, want %d and %d", len(seen), len(letters), len(want), 2*(len(want)/2/17))
	}
}
