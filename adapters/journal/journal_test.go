package journal

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/portage-gateway/portage/adapters"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("PORTAGE_KILL_CHILD"); dir != "" {
		publishUntilKilled(dir)
	}
	goleak.VerifyTestMain(m)
}

// gcm seals with AES-GCM under a fixed key and counted nonces: enough to see that plain text is gone
// and that the context binds.
type gcm struct {
	aead cipher.AEAD
	mu   *sync.Mutex
	n    *uint64
}

func newGCM() adapters.Sealer {
	block, err := aes.NewCipher([]byte("synthetic key, 32 bytes for AES!"))
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm{aead, new(sync.Mutex), new(uint64)}
}

func (g gcm) Seal(plain []byte, context string) ([]byte, error) {
	nonce := make([]byte, g.aead.NonceSize())
	g.mu.Lock()
	*g.n++
	copy(nonce, fmt.Sprintf("%012x", *g.n))
	g.mu.Unlock()
	return g.aead.Seal(nonce, nonce, plain, []byte(context)), nil
}

func (g gcm) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) < g.aead.NonceSize() {
		return nil, errors.New("short")
	}
	return g.aead.Open(nil, sealed[:g.aead.NonceSize()], sealed[g.aead.NonceSize():], []byte(context))
}

var clock = time.Date(2026, 3, 8, 7, 30, 0, 0, time.UTC)

func config(dir string) Config {
	return Config{Path: filepath.Join(dir, "journal.db"), Sealer: newGCM(), Now: func() time.Time { return clock }}
}

func open(t testing.TB, c Config) *Journal {
	t.Helper()
	j, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func message(n int) adapters.Message {
	return adapters.Message{ID: fmt.Sprintf("cpp-pay-%d", n), Key: []byte{1, byte(n)},
		Body:    fmt.Appendf(nil, `{"specversion":"1.0","id":"cpp-pay-%d","net":"%d.00"}`, n, n),
		Headers: []adapters.Header{{Name: "content-type", Value: "application/cloudevents+json"}, {Name: "x", Value: "1"}, {Name: "x", Value: "2"}},
		Time:    clock.Add(time.Duration(n) * time.Second)}
}

func messages(from, to int) (list []adapters.Message) {
	for n := from; n <= to; n++ {
		list = append(list, message(n))
	}
	return list
}

func publish(t testing.TB, s adapters.Sink, m ...adapters.Message) {
	t.Helper()
	if err := s.Publish(t.Context(), m...); err != nil {
		t.Fatal(err)
	}
}

func all(t testing.TB, j *Journal) (list []adapters.Message) {
	t.Helper()
	after := Cursor("")
	for {
		page, err := j.Read(t.Context(), after, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return list
		}
		for _, e := range page {
			if e.Cursor <= after {
				t.Fatalf("cursor %q does not grow after %q", e.Cursor, after)
			}
			list, after = append(list, e.Message), e.Cursor
		}
	}
}

func TestPublishedMessagesComeBackWholeAndInOrderAfterReopening(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	bare := adapters.Message{ID: "bare"}
	want := append(messages(1, 20), bare)
	publish(t, j, want[:3]...)
	publish(t, j, want[3:]...)
	if diff := cmp.Diff(want, all(t, j)); diff != "" {
		t.Fatalf("before reopening:\n%s", diff)
	}
	before := j.Head()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, c)
	if diff := cmp.Diff(want, all(t, j)); diff != "" {
		t.Fatalf("after reopening:\n%s", diff)
	}
	if j.Head() != before {
		t.Errorf("head moved from %s to %s", before, j.Head())
	}
	publish(t, j, message(21))
	page, err := j.Read(t.Context(), before, 0)
	if err != nil || len(page) != 1 || page[0].Message.ID != "cpp-pay-21" || !page[0].Appended.Equal(clock) {
		t.Errorf("after the old head: %v, %v", page, err)
	}
}

func TestSameIDSameBodyIsDroppedAndCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := config(t.TempDir())
	c.Registerer = reg
	j := open(t, c)
	publish(t, j, messages(1, 5)...)
	again := message(3)
	again.Headers = nil // the first one's stay
	publish(t, j, message(6), again, message(6), message(7))
	if got := len(all(t, j)); got != 7 {
		t.Errorf("%d entries, want 7", got)
	}
	if h := all(t, j)[2].Headers; len(h) != 3 {
		t.Errorf("the first headers are gone: %v", h)
	}
	if j.Duplicates() != 2 {
		t.Errorf("duplicates = %d, want 2", j.Duplicates())
	}
	want := "# HELP portage_journal_events_total Events appended to the journal since this process opened it; duplicates are not counted.\n" +
		"# TYPE portage_journal_events_total counter\nportage_journal_events_total 7\n"
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	s, err := j.Stats(t.Context())
	if err != nil || s.Events != 7 || s.Duplicates != 2 || s.Head != j.Head() {
		t.Errorf("stats %+v, %v", s, err)
	}
}

func TestSameIDOtherBodyIsRefusedWithAllOfItsCall(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, messages(1, 2)...)
	other := message(2)
	other.Body = []byte(`{"sin":"046454286"}`)
	err := j.Publish(t.Context(), message(3), other, message(4))
	var r *adapters.Refusal
	if !errors.As(err, &r) || r.Reason != "id-conflict" {
		t.Fatalf("got %v, want a Refusal of id-conflict", err)
	}
	if strings.Contains(err.Error(), "046454286") {
		t.Errorf("the error tells content: %v", err)
	}
	if got := len(all(t, j)); got != 2 {
		t.Errorf("%d entries after the refusal, want 2", got)
	}
	publish(t, j, message(3)) // the refusal is not sticky
	if diff := cmp.Diff(messages(1, 3), all(t, j)); diff != "" {
		t.Error(diff)
	}
}

func TestIDsAreRequiredAndBounded(t *testing.T) {
	j := open(t, config(t.TempDir()))
	for id, reason := range map[string]string{"": "id-missing", strings.Repeat("x", MaxID+1): "id-too-long"} {
		var r *adapters.Refusal
		if err := j.Publish(t.Context(), message(1), adapters.Message{ID: id}); !errors.As(err, &r) || r.Reason != reason {
			t.Errorf("ID of %d bytes: %v, want %s", len(id), err, reason)
		}
	}
	if got := all(t, j); len(got) != 0 {
		t.Errorf("entries: %v", got)
	}
}

func TestManyPublishersShareCommitsAndKeepTheirOwnOrder(t *testing.T) {
	j := open(t, config(t.TempDir()))
	const publishers, each = 16, 50
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for n := range each {
				m := adapters.Message{ID: fmt.Sprintf("%d-%d", p, n), Key: []byte{byte(p)}, Body: []byte{byte(n)}}
				if err := j.Publish(context.Background(), m); err != nil {
					t.Error(err)
				}
				if n%10 == 9 { // a refused neighbour in the group harms nobody
					m.Body = []byte("other")
					if err := j.Publish(context.Background(), m); err == nil {
						t.Error("conflict was accepted")
					}
				}
			}
		})
	}
	wg.Wait()
	next := map[byte]byte{}
	for _, m := range all(t, j) {
		if m.Body[0] != next[m.Key[0]] {
			t.Fatalf("publisher %d: entry %d, want %d", m.Key[0], m.Body[0], next[m.Key[0]])
		}
		next[m.Key[0]]++
	}
	for p := range publishers {
		if next[byte(p)] != each {
			t.Errorf("publisher %d: %d entries, want %d", p, next[byte(p)], each)
		}
	}
}

func TestNothingReadableLiesInTheFiles(t *testing.T) {
	dir := t.TempDir()
	j := open(t, config(dir))
	m := adapters.Message{ID: "cpp-pay-1", Key: []byte("SECRETKEY"), Body: []byte(`SECRETBODY`),
		Headers: []adapters.Header{{Name: "x", Value: "SECRETHEADER"}}}
	publish(t, j, m)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	seen := false
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("SECRET")) {
			t.Errorf("%s holds plain content", f)
		}
		seen = seen || bytes.Contains(b, []byte("cpp-pay-1"))
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", f, info.Mode(), err)
		}
	}
	if !seen {
		t.Error("the id is in no file: the test looks at the wrong ones")
	}
}

func TestContentMovedToAnotherIDDoesNotOpen(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, messages(1, 2)...)
	if _, err := j.writer.conn.ExecContext(t.Context(),
		"UPDATE events SET sealed = (SELECT sealed FROM events WHERE seq = 1) WHERE seq = 2"); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Read(t.Context(), "", 0); err == nil {
		t.Error("an entry with another's content was read")
	}
}

func TestOpenRefuses(t *testing.T) {
	foreign := func(sql string) func(*testing.T, Config) {
		return func(t *testing.T, c Config) {
			db, err := pool(c.Path, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name   string
		before func(*testing.T, Config)
		change func(*Config)
		want   string
	}{
		{name: "a newer schema", before: foreign(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 2", applicationID)), want: "schema 2, this program knows up to 1"},
		{name: "another program's database", before: foreign("PRAGMA application_id = 77"), want: "another program's"},
		{name: "an unnamed database", before: foreign("PRAGMA user_version = 3"), want: "another program's"},
		{name: "a missing folder", change: func(c *Config) { c.Path = filepath.Join(c.Path, "journal.db") }, want: "data folder must exist"},
		{name: "no sealer", change: func(c *Config) { c.Sealer = nil }, want: "no Sealer"},
		{name: "no path", change: func(c *Config) { c.Path = "" }, want: "Path is empty"},
		{name: "not a database", before: func(t *testing.T, c Config) {
			if err := os.WriteFile(c.Path, bytes.Repeat([]byte("not a database "), 100), 0o600); err != nil {
				t.Fatal(err)
			}
		}, want: "restore it from a backup"},
		{name: "no dice", change: func(c *Config) { c.Rand = strings.NewReader("") }, want: "random bytes"},
		{name: "a log that lost its tail", before: func(t *testing.T, c Config) {
			j := open(t, c)
			publish(t, j, messages(1, 3)...)
			j.Close()
			foreign("UPDATE log SET head = 2")(t, c)
		}, want: "damaged"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := config(t.TempDir())
			if tc.before != nil {
				tc.before(t, c)
			}
			if tc.change != nil {
				tc.change(&c)
			}
			j, err := Open(c)
			if err == nil {
				j.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// TestFullDiskStopsWritingUntilReopened makes SQLite refuse to grow the file.
func TestFullDiskStopsWritingUntilReopened(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	publish(t, j, messages(1, 3)...)
	var pages int
	if err := j.writer.conn.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	var limit int
	if err := j.writer.conn.QueryRowContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&limit); err != nil {
		t.Fatal(err)
	}
	big := message(4)
	big.Body = make([]byte, 1<<20)
	err := j.Publish(t.Context(), big)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, adapters.ErrInDoubt) || !strings.Contains(e.Hint, "disk is full") {
		t.Fatalf("got %v, want an Error in doubt with a hint", err)
	}
	if j.writer.conn.QueryRowContext(t.Context(), "PRAGMA max_page_count = 1000000").Scan(&limit); limit != 1000000 {
		t.Fatal("the limit stands")
	}
	if err := j.Publish(t.Context(), message(5)); !errors.As(err, &e) {
		t.Errorf("the failure did not stick: %v", err)
	}
	if j.Err() == nil {
		t.Error("Err is nil after a failure")
	}
	if diff := cmp.Diff(messages(1, 3), all(t, j)); diff != "" {
		t.Errorf("reading must go on:\n%s", diff)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, c)
	publish(t, j, big, message(5))
	if got := len(all(t, j)); got != 5 || j.Err() != nil {
		t.Errorf("after reopening: %d entries, %v", got, j.Err())
	}
}

func TestABusyFileIsNotAFailedStore(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	if _, err := j.writer.conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	other, err := pool(c.Path, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = j.Publish(t.Context(), message(1))
	if err == nil || !strings.Contains(err.Error(), "another process has the file open") || errors.Is(err, adapters.ErrInDoubt) {
		t.Errorf("got %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	publish(t, j, message(1))
}

func TestContextAndCloseEndWaiting(t *testing.T) {
	j := open(t, config(t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Publish(ctx, message(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("publish under an ended context: %v", err)
	}
	if err := j.Wait(ctx, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("wait under an ended context: %v", err)
	}
	waited := make(chan error)
	go func() { waited <- j.Wait(context.Background(), "") }()
	publish(t, j, message(1))
	if err := <-waited; err != nil {
		t.Errorf("wait: %v", err)
	}
	go func() { waited <- j.Wait(context.Background(), j.Head()) }()
	if err := errors.Join(j.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; !errors.Is(err, ErrClosed) {
		t.Errorf("wait on a closed journal: %v", err)
	}
	if err := j.Publish(t.Context(), message(2)); !errors.Is(err, ErrClosed) {
		t.Errorf("publish on a closed journal: %v", err)
	}
	if _, err := j.Read(t.Context(), "", 1); !errors.Is(err, ErrClosed) {
		t.Errorf("read on a closed journal: %v", err)
	}
}

func TestCursorsOfOtherLogsAreRefused(t *testing.T) {
	j := open(t, config(t.TempDir()))
	publish(t, j, messages(1, 3)...)
	other := open(t, config(t.TempDir()))
	publish(t, other, messages(1, 3)...)
	good := string(j.Head())
	for name, c := range map[string]string{
		"another log":     string(other.Head()),
		"past the head":   string(j.cursor(4)),
		"another version": "2" + good[1:],
		"upper case":      strings.ToUpper(good[:len(good)-16]) + "000000000000000A",
		"short":           good[1:],
		"text":            "yesterday",
		"negative":        good[:len(good)-16] + "-000000000000001",
		"signed":          good[:len(good)-16] + "+000000000000001",
	} {
		if _, err := j.Read(t.Context(), Cursor(c), 1); !errors.Is(err, ErrCursor) {
			t.Errorf("%s: %v, want ErrCursor", name, err)
		}
		if err := j.Wait(t.Context(), Cursor(c)); !errors.Is(err, ErrCursor) {
			t.Errorf("wait, %s: %v, want ErrCursor", name, err)
		}
	}
	if page, err := j.Read(t.Context(), Cursor(good), 1); err != nil || len(page) != 0 {
		t.Errorf("at the head: %v, %v", page, err)
	}
}

func TestLargeEntriesEndAPageEarly(t *testing.T) {
	j := open(t, config(t.TempDir()))
	for n := range 4 {
		m := message(n)
		m.Body = make([]byte, pageBytes/2+1)
		publish(t, j, m)
	}
	page, err := j.Read(t.Context(), "", 4)
	if err != nil || len(page) != 2 {
		t.Errorf("%d entries, %v; want 2", len(page), err)
	}
	if got := len(all(t, j)); got != 4 {
		t.Errorf("%d entries in all, want 4", got)
	}
}

func FuzzEnvelope(f *testing.F) {
	f.Add(appendEnvelope(nil, message(1)))
	f.Add(appendEnvelope(nil, adapters.Message{}))
	f.Add([]byte{1, 1, 0x80})
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseEnvelope(b)
		if err != nil {
			return
		}
		again, err := parseEnvelope(appendEnvelope(nil, m))
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Body) == 0 {
			m.Body, again.Body = nil, nil
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzCursor(f *testing.F) {
	j, err := Open(config(f.TempDir()))
	if err != nil {
		f.Fatal(err)
	}
	defer j.Close()
	if err := j.Publish(context.Background(), messages(1, 9)...); err != nil {
		f.Fatal(err)
	}
	f.Add(string(j.Head()))
	f.Add("1-00000000-0000000000000000")
	f.Fuzz(func(t *testing.T, c string) {
		seq, err := j.seq(Cursor(c))
		if err == nil && c != "" && j.cursor(seq) != Cursor(c) {
			t.Errorf("%q was read as %q", c, j.cursor(seq))
		}
		if err != nil && !errors.Is(err, ErrCursor) {
			t.Error(err)
		}
	})
}

var _ io.Closer = (*Journal)(nil)

func TestAcknowledgedMeansSynchronised(t *testing.T) {
	j := open(t, config(t.TempDir()))
	var mode, synchronous string
	err := errors.Join(j.writer.conn.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode),
		j.writer.conn.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&synchronous))
	if err != nil || mode != "wal" || synchronous != "2" { // 2 is FULL: the disk is synchronised at each commit
		t.Errorf("journal_mode %s, synchronous %s, %v", mode, synchronous, err)
	}
}
