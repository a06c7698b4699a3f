package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/internal/store"
	"github.com/portage-gateway/portage/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func clock() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC) }

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func state(route string, version uint64, share int) router.State {
	return router.State{
		Route: route, Stage: router.Beta, Share: share, Killed: share%2 == 1, Version: version,
		Changed: clock(), Actor: "operator", Reason: "trial with 3 % of clients",
	}
}

func TestKeepsStatesOverReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.db")
	ctx := context.Background()
	s := open(t, path)
	if got, err := s.Load(ctx); err != nil || len(got) != 0 {
		t.Fatalf("new file: %v, %v; want nothing", got, err)
	}
	want := []router.State{state("a-route", 3, 301), state("ei-claim-status", 1, 0)}
	for _, st := range want {
		if err := s.Save(ctx, st, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path).Load(ctx)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("after reopening (-want +got):\n%s %v", diff, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("permissions %v, %v; want 0600", info.Mode(), err)
	}
}

func TestSaveExpectsAVersion(t *testing.T) {
	ctx := context.Background()
	s := open(t, filepath.Join(t.TempDir(), "control.db"))
	steps := []struct {
		version, expect uint64
		conflict        bool
	}{
		{2, 1, true},  // not known yet
		{1, 0, false}, // first
		{2, 0, true},  // known already
		{2, 1, false},
		{3, 1, true}, // stale
		{9, 2, false},
		{10, 9, false},
	}
	for _, c := range steps {
		err := s.Save(ctx, state("r", c.version, int(c.version)), c.expect)
		if errors.Is(err, router.ErrVersion) != c.conflict || (err != nil) != c.conflict {
			t.Errorf("save version %d over %d: %v; conflict wanted: %v", c.version, c.expect, err, c.conflict)
		}
	}
	if err := s.Save(ctx, state("r", 10, 0), 10); err == nil || errors.Is(err, router.ErrVersion) {
		t.Errorf("a version that does not grow: %v", err)
	}
	if got, _ := s.Load(ctx); len(got) != 1 || got[0].Version != 10 || got[0].Share != 10 {
		t.Errorf("stored %+v; want version 10", got)
	}
}

// Two instances, one file: of two that expect the same version one wins.
func TestOneWinner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.db")
	ctx := context.Background()
	stores := []*store.Store{open(t, path), open(t, path)}
	for v := uint64(0); v < 50; v++ {
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = stores[i%2].Save(ctx, state("r", v+1, i), v) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, router.ErrVersion):
				t.Fatal(err)
			}
		}
		if won != 1 {
			t.Fatalf("version %d: %d of 8 saves succeeded, want 1", v+1, won)
		}
	}
}

func TestRefusesANewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	exec1(t, path, "PRAGMA user_version = 7")
	_, err := store.Open(path, nil)
	if err == nil || !strings.Contains(err.Error(), "schema 7") || !strings.Contains(err.Error(), "run the newer Portage") {
		t.Fatalf("error %v; want a sentence that names both schemas and what to do", err)
	}
}

func TestRefusesWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.db")
	exec1(t, other, "CREATE TABLE accounts (id INTEGER)")
	if _, err := store.Open(other, nil); err == nil || !strings.Contains(err.Error(), "belongs to another program") {
		t.Errorf("other program's database: %v", err)
	}
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database at all\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(text, nil); err == nil || !strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("text file: %v", err)
	}
	if _, err := store.Open(filepath.Join(dir, "missing", "control.db"), nil); err == nil || !strings.Contains(err.Error(), "make the folder first") {
		t.Errorf("missing folder: %v", err)
	}
}

func exec1(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// The test binary runs itself as another user, since nothing is read-only for root.
func TestSaysThatTheFileCannotBeWritten(t *testing.T) {
	const env = "PORTAGE_STORE_READONLY"
	if path := os.Getenv(env); path != "" {
		_, err := store.Open(path, nil)
		fmt.Printf("open said: %v\n", err)
		return
	}
	dir, err := os.MkdirTemp("/tmp", "store")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "control.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "self.test")
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{path: 0o444, dir: 0o555} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(binary, "-test.run=^TestSaysThatTheFileCannotBeWritten$", "-test.v")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), env+"="+path)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "open said: open "+path) || !strings.Contains(string(out), "make the file and its folder writable") {
		t.Fatalf("%v\n%s\nwant an error with a hint", err, out)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}

// A change that was acknowledged survives the process: the next one reads it from the WAL.
func TestSavedMeansDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.db")
	s := open(t, path)
	for v := range uint64(20) {
		if err := s.Save(context.Background(), state("r", v+1, int(v)), v); err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "control.db") // the files as a killed process leaves them
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(copied+suffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := open(t, copied).Load(context.Background())
		if err != nil || len(got) != 1 || got[0].Version != v+1 {
			t.Fatalf("after save %d: %+v, %v", v+1, got, err)
		}
	}
}

func ExampleOpen() {
	dir, _ := os.MkdirTemp("", "store")
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := store.Open(filepath.Join(dir, "control.db"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()
	ctx := context.Background()
	first := router.State{Route: "ei-claim-status", Stage: router.Beta, Share: 100, Version: 1, Reason: "first values"}
	fmt.Println(s.Save(ctx, first, 0))
	second := first
	second.Share, second.Version = 500, 2
	fmt.Println(errors.Is(s.Save(ctx, second, 0), router.ErrVersion), s.Save(ctx, second, 1))
	// Output:
	// <nil>
	// true <nil>
}

func BenchmarkSave(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "control.db"))
	b.ReportAllocs()
	v := uint64(0)
	for b.Loop() {
		if err := s.Save(context.Background(), state("r", v+1, 1), v); err != nil {
			b.Fatal(err)
		}
		v++
	}
}
