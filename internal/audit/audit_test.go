package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// faultyDisk is a disk that can be told to refuse or to hang below one folder.
type faultyDisk struct {
	below string

	mu     sync.Mutex
	refuse map[string]error // by "open", "write", "sync"
	short  int              // bytes that a refused write still writes
	hang   chan struct{}    // a sync waits for it
}

func (d *faultyDisk) set(operation string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse == nil {
		d.refuse = map[string]error{}
	}
	d.refuse[operation] = err
}

func (d *faultyDisk) verdict(path, operation string) (hang chan struct{}, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !strings.HasPrefix(path, d.below+string(filepath.Separator)) {
		return nil, nil
	}
	return d.hang, d.refuse[operation]
}

func (d *faultyDisk) open(path string) (appendFile, error) {
	if _, err := d.verdict(path, "open"); err != nil {
		return nil, err
	}
	f, err := openForAppend(path)
	if err != nil {
		return nil, err
	}
	return &faultyFile{appendFile: f, path: path, disk: d}, nil
}

type faultyFile struct {
	appendFile
	path string
	disk *faultyDisk
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if _, err := f.disk.verdict(f.path, "write"); err != nil {
		n, _ := f.appendFile.Write(b[:min(f.disk.short, len(b))])
		return n, err
	}
	return f.appendFile.Write(b)
}

func (f *faultyFile) Sync() error {
	hang, err := f.disk.verdict(f.path, "sync")
	if hang != nil {
		<-hang
	}
	if err != nil {
		return err
	}
	return f.appendFile.Sync()
}

// ticking returns a clock that moves a second at each look.
func ticking() func() time.Time {
	var mu sync.Mutex
	now := time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

func openLog(t testing.TB, c Config) *Log {
	t.Helper()
	if c.Now == nil {
		c.Now = ticking()
	}
	if c.Patience == 0 {
		c.Patience = time.Minute // a busy host is no broken disk
	}
	l, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func change(n int) Entry {
	return Entry{Actor: "ops@example", Action: "raise", Object: "route/ei-claim-status", Before: fmt.Sprint(n), After: fmt.Sprint(n + 1), Reason: "step <" + fmt.Sprint(n) + "> é"}
}

func appendN(t testing.TB, l *Log, n int) {
	t.Helper()
	for i := range n {
		if _, err := l.Append(t.Context(), change(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAppendReadVerifyAcrossRestartsAndSegments(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	var heads []Head
	for run := range 4 {
		l := openLog(t, Config{Dir: dir, MaxSegment: 2000, Instance: fmt.Sprintf("run-%d", run)})
		appendN(t, l, 7)
		heads = append(heads, l.Head())
		if st := l.State(); st.Level != Green || st.Reason != "" {
			t.Errorf("run %d: %+v", run, st)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Verify(dir, heads...)
	if err != nil {
		t.Fatal(err)
	}
	if s.Entries != 28 || s.Head != heads[3] || s.Segments < 4 || s.TornBytes != 0 || s.BeyondHead != 0 || s.Chain != "run-0" {
		t.Errorf("summary %+v", s)
	}
	l := openLog(t, Config{Dir: dir, MaxSegment: 2000})
	all, err := l.Read(t.Context(), 0, 100)
	if err != nil || len(all) != 28 {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	for i, e := range all {
		if e.Seq != uint64(i+1) || e.Outcome != Done || e.After == "" {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	for after := range 29 {
		part, err := l.Read(t.Context(), uint64(after), 5)
		if err != nil || len(part) != min(5, 28-after) {
			t.Fatalf("after %d: %d entries, %v", after, len(part), err)
		}
		if len(part) > 0 && part[0] != all[after] {
			t.Errorf("after %d comes %d", after, part[0].Seq)
		}
	}
	latest, err := l.Latest(t.Context(), 3)
	if err != nil || len(latest) != 3 || latest[0].Seq != 28 || latest[2].Seq != 26 {
		t.Errorf("latest: %v %v", latest, err)
	}
	if few, err := l.Latest(t.Context(), 1000); err != nil || len(few) != 28 {
		t.Errorf("latest 1000: %d %v", len(few), err)
	}
}

func TestAppendRefusesWhatNobodyCouldRead(t *testing.T) {
	l := openLog(t, Config{Dir: filepath.Join(t.TempDir(), "audit")})
	for name, e := range map[string]Entry{
		"no actor":            {Action: "raise"},
		"no action":           {Actor: "x"},
		"an outcome of ours":  {Actor: "x", Action: "raise", Outcome: "maybe"},
		"a reason of a novel": {Actor: "x", Action: "raise", Reason: strings.Repeat("x", MaxText+1)},
	} {
		if _, err := l.Append(t.Context(), e); err == nil {
			t.Errorf("%s: taken", name)
		}
		e.TowardsLegacy = true
		if kept, err := l.Append(t.Context(), e); err != nil || kept.Seq == 0 || len(kept.Reason) > MaxText {
			t.Errorf("%s, towards Legacy: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, change(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	if kept, err := l.Append(ctx, Entry{Actor: "x", Action: "rollback", TowardsLegacy: true}); err != nil || kept.Origin != "" {
		t.Errorf("towards Legacy under an ended context: %v", err)
	}
}

func TestConcurrentAppendsMakeOneChain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := openLog(t, Config{Dir: dir, MaxSegment: 20_000})
	const writers, each = 16, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				e := change(i)
				e.Actor = fmt.Sprintf("writer-%d", w)
				if _, err := l.Append(t.Context(), e); err != nil {
					t.Error(err)
				}
				if i%5 == 0 {
					if _, err := l.Latest(t.Context(), 10); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	all, err := l.Read(t.Context(), 0, writers*each+1)
	if err != nil || len(all) != writers*each {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	next := map[string]int{}
	for _, e := range all {
		if e.Before != fmt.Sprint(next[e.Actor]) {
			t.Fatalf("%s: entry %s out of its order", e.Actor, e.Before)
		}
		next[e.Actor]++
	}
	if s, err := Verify(dir, l.Head()); err != nil || s.Entries != writers*each {
		t.Errorf("%+v %v", s, err)
	}
}

func TestDiskRefusesAndComesBack(t *testing.T) {
	for _, operation := range []string{"open", "write", "sync"} {
		for _, short := range []int{0, 100} {
			t.Run(fmt.Sprintf("%s refused after %d bytes", operation, short), func(t *testing.T) {
				root := t.TempDir()
				disk := &faultyDisk{below: filepath.Join(root, "audit"), short: short}
				// Segments of one entry each, so that opening is met as well.
				c := Config{Dir: disk.below, openFile: disk.open, MaxSegment: 100}
				l := openLog(t, c)
				appendN(t, l, 3)
				before := l.Head()

				disk.set(operation, syscall.ENOSPC)
				if _, err := l.Append(t.Context(), change(3)); !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("a share change: %v", err)
				}
				back, err := l.Append(t.Context(), Entry{Actor: "ops", Action: "rollback", Object: "route/x", TowardsLegacy: true})
				if err != nil {
					t.Fatalf("a rollback: %v", err)
				}
				if back.Chain != "portage/spill" {
					t.Errorf("the rollback stands in %q", back.Chain)
				}
				if st := l.State(); st.Level != Yellow || st.Waiting != 1 || st.InMemory != 0 || st.Reason == "" {
					t.Errorf("state %+v", st)
				}
				if _, err := l.Reconcile(t.Context()); err == nil {
					t.Error("reconciled with a disk that refuses")
				}
				if list, err := l.Read(t.Context(), before.Seq, 10); err != nil || len(list) != 0 {
					t.Errorf("read %d refused entries, %v", len(list), err)
				}

				disk.set(operation, nil)
				if n, err := l.Reconcile(t.Context()); err != nil || n != 1 {
					t.Fatalf("reconciled %d, %v", n, err)
				}
				appendN(t, l, 1)
				list, err := l.Read(t.Context(), before.Seq, 10)
				if err != nil || len(list) != 2 || list[0].Action != "rollback" || list[0].Origin == "" || !list[0].Time.Equal(back.Time) {
					t.Errorf("after the disk came back: %+v %v", list, err)
				}
				if st := l.State(); st.Level != Green {
					t.Errorf("state %+v", st)
				}
				if _, err := Verify(disk.below, before, l.Head()); err != nil {
					t.Error(err)
				}
				if _, err := Verify(disk.below + "-spill"); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestStateRecoversWithoutAnybodyActing(t *testing.T) {
	root := t.TempDir()
	disk := &faultyDisk{below: filepath.Join(root, "audit")}
	l := openLog(t, Config{Dir: disk.below, openFile: disk.open})
	disk.set("sync", syscall.EIO)
	if _, err := l.Append(t.Context(), change(0)); err == nil {
		t.Fatal("taken")
	}
	disk.set("sync", nil)
	if st := l.State(); st.Level != Yellow {
		t.Errorf("state %+v", st)
	}
	if _, err := l.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := l.State(); st.Level != Green {
		t.Errorf("state %+v", st)
	}
	if n, err := l.Reconcile(t.Context()); n != 0 || err != nil || l.Head().Seq != 1 {
		t.Errorf("a second Reconcile: %d, %v, head %d", n, err, l.Head().Seq)
	}
}

func TestReconcileGoesOnAfterARestart(t *testing.T) {
	root := t.TempDir()
	disk := &faultyDisk{below: filepath.Join(root, "audit")}
	c := Config{Dir: disk.below, SpillDir: filepath.Join(root, "elsewhere"), openFile: disk.open, Now: ticking(), MaxSegment: 1000}
	l := openLog(t, c)
	appendN(t, l, 2)
	for round := range 3 {
		disk.set("write", syscall.EIO)
		for range 4 {
			if _, err := l.Append(t.Context(), Entry{Actor: "ops", Action: "kill", Object: fmt.Sprint(round), TowardsLegacy: true}); err != nil {
				t.Fatal(err)
			}
		}
		l.Close()
		disk.set("write", nil)
		l = openLog(t, c)
		if st := l.State(); st.Waiting != 4 || st.Level != Yellow {
			t.Fatalf("round %d: state after the restart %+v", round, st)
		}
		if n, err := l.Reconcile(t.Context()); n != 4 || err != nil {
			t.Fatalf("round %d: reconciled %d, %v", round, n, err)
		}
		l.Close()
		l = openLog(t, c)
		if n, err := l.Reconcile(t.Context()); n != 0 || err != nil {
			t.Fatalf("round %d: reconciled %d twice, %v", round, n, err)
		}
	}
	if s, err := Verify(c.Dir, l.Head()); err != nil || s.Entries != 14 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestBothDisksRefuse(t *testing.T) {
	root := t.TempDir()
	disk := &faultyDisk{below: root}
	l := openLog(t, Config{Dir: filepath.Join(root, "audit"), openFile: disk.open})
	appendN(t, l, 1)
	disk.set("write", syscall.EROFS)
	if _, err := l.Append(t.Context(), Entry{Actor: "ops", Action: "rollback", TowardsLegacy: true}); err != nil {
		t.Fatal(err)
	}
	if st := l.State(); st.Level != Red || st.InMemory != 1 || st.Waiting != 1 {
		t.Errorf("state %+v", st)
	}
	disk.set("write", nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := ReadDir(t.Context(), filepath.Join(root, "audit"), 0, 10)
	if err != nil || len(list) != 2 || list[1].Origin != originMemory {
		t.Errorf("Close left %+v %v", list, err)
	}
}

// In the bubble time stands still while a disk works, and runs while one hangs.
func TestDiskHangs(t *testing.T) { synctest.Test(t, diskHangs) }

func diskHangs(t *testing.T) {
	root := t.TempDir()
	disk := &faultyDisk{below: filepath.Join(root, "audit"), hang: make(chan struct{})}
	l := openLog(t, Config{Dir: disk.below, openFile: disk.open, Patience: time.Second})
	kept, err := l.Append(t.Context(), Entry{Actor: "ops", Action: "rollback", TowardsLegacy: true})
	if err != nil || kept.Chain != "portage/spill" {
		t.Errorf("a rollback under a disk that hangs: %+v %v", kept, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := l.Append(ctx, change(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a share change under a disk that hangs: %v", err)
	}
	close(disk.hang)
	if n, err := l.Reconcile(t.Context()); err != nil || n != 1 {
		t.Fatalf("reconciled %d, %v", n, err)
	}
	list, err := l.Read(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Action == "share" {
			t.Error("a change that was refused stands in the record")
		}
	}
}

func TestDamagedChainServesRollbacksOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := openLog(t, Config{Dir: dir})
	appendN(t, l, 5)
	l.Close()
	flip(t, filepath.Join(dir, segmentName(1)), 700)
	l = openLog(t, Config{Dir: dir})
	if st := l.State(); st.Level != Red || !strings.Contains(st.Reason, "damaged") || !strings.Contains(st.Reason, dir) {
		t.Errorf("state %+v", st)
	}
	if _, err := l.Append(t.Context(), change(1)); err == nil {
		t.Error("a damaged chain took an entry")
	}
	if kept, err := l.Append(t.Context(), Entry{Actor: "ops", Action: "rollback", TowardsLegacy: true}); err != nil || kept.Chain != "portage/spill" {
		t.Errorf("%+v %v", kept, err)
	}
}

func flip(t testing.TB, path string, offset int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[offset] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMetrics(t *testing.T) {
	r := prometheus.NewRegistry()
	l := openLog(t, Config{Dir: filepath.Join(t.TempDir(), "audit"), Registerer: r})
	if n := testutil.CollectAndCount(l.metrics.entries); n != len(Actions)*3 {
		t.Errorf("%d series at the start, want %d", n, len(Actions)*3)
	}
	appendN(t, l, 2)
	if _, err := l.Append(t.Context(), Entry{Actor: "x", Action: "something new", Outcome: Refused}); err != nil {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(l.metrics.entries.WithLabelValues("raise", "done")); got != 2 {
		t.Errorf("raise/done counts %v", got)
	}
	if got := testutil.ToFloat64(l.metrics.entries.WithLabelValues("other", "refused")); got != 1 {
		t.Errorf("other/refused counts %v", got)
	}
}

func TestOpenNeedsAFolder(t *testing.T) {
	if _, err := Open(Config{}); err == nil {
		t.Error("opened nowhere")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: filepath.Join(file, "audit")}); err == nil {
		t.Error("opened below a file")
	}
}

func ExampleVerify() {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	l, err := Open(Config{Dir: filepath.Join(dir, "audit")})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, reason := range []string{"start of beta", "second step"} {
		if _, err := l.Append(context.Background(), Entry{Actor: "ops@example", Action: "raise", Object: "route/ei-claim-status", Reason: reason}); err != nil {
			fmt.Println(err)
		}
	}
	l.Close()
	s, err := Verify(filepath.Join(dir, "audit"))
	fmt.Println(s.Entries, err)

	file := filepath.Join(dir, "audit", "audit-00000000000000000001.jsonl")
	text, _ := os.ReadFile(file)
	os.WriteFile(file, []byte(strings.Replace(string(text), "second", "2nd", 1)), 0o600)
	_, err = Verify(filepath.Join(dir, "audit"))
	var damage *Damage
	fmt.Println(errors.As(err, &damage), damage.Seq, damage.Reason)
	// Output:
	// 2 <nil>
	// true 2 its bytes are not those that were written
}

func BenchmarkAppend(b *testing.B) {
	l := openLog(b, Config{Dir: filepath.Join(b.TempDir(), "audit")})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := l.Append(context.Background(), change(1)); err != nil {
				b.Error(err)
			}
		}
	})
}
