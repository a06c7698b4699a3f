package qmgr_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

func TestRefusedAtOpen(t *testing.T) {
	q := func(qs ...qmgr.Queue) func(*qmgr.Config) { return func(c *qmgr.Config) { c.Queues = qs } }
	for _, c := range []struct {
		name   string
		change func(*qmgr.Config)
		want   string
	}{
		{"no directory", func(c *qmgr.Config) { c.Dir = "" }, "no directory"},
		{"no sealer", func(c *qmgr.Config) { c.Sealer = nil }, "unsealed"},
		{"a socket's path over 107 bytes", func(c *qmgr.Config) { c.Socket = "/tmp/" + strings.Repeat("s", 110) }, "at most 107"},
		{"a queue without a name", q(qmgr.Queue{}), "1 to 48"},
		{"a name with a blank", q(qmgr.Queue{Name: "A B"}), "only letters"},
		{"its own backout queue", q(qmgr.Queue{Name: "A", BackoutQueue: "A"}), "round for ever"},
		{"negative depth", q(qmgr.Queue{Name: "A", MaxDepth: -1}), "below 0"},
		{"length over 100 MiB", q(qmgr.Queue{Name: "A", MaxMsgLength: 101 << 20}), "maxMsgLength"},
		{"negative threshold", q(qmgr.Queue{Name: "A", BackoutThreshold: -1}), "below 0"},
	} {
		cfg := qmgr.Config{Dir: t.TempDir(), Sealer: xorSealer{}}
		c.change(&cfg)
		m, err := qmgr.Open(cfg)
		if err == nil {
			m.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", c.name, err, c.want)
		}
	}
}

func TestOneProcessOwnsADirectory(t *testing.T) {
	dir := t.TempDir()
	m := open(t, func(c *qmgr.Config) { c.Dir = dir })
	_, err := qmgr.Open(qmgr.Config{Dir: dir, Sealer: xorSealer{}})
	if err == nil || !strings.Contains(err.Error(), "belong to process") || !strings.Contains(err.Error(), "--data") {
		t.Errorf("a second owner: %v, want who has it and what to do", err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, func(c *qmgr.Config) { c.Dir = dir })
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	open(t, func(c *qmgr.Config) { c.Dir = dir }).Close()
	db, err := sql.Open("sqlite", filepath.Join(dir, "queues.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	_, err = qmgr.Open(qmgr.Config{Dir: dir, Sealer: xorSealer{}})
	if err == nil || !strings.Contains(err.Error(), "newer Portage (schema 99") {
		t.Errorf("schema 99: %v", err)
	}
}

type otherKeys struct{ xorSealer }

func (otherKeys) Open([]byte, string) ([]byte, error) { return nil, os.ErrPermission }

func TestOtherKeysAreRefused(t *testing.T) {
	dir := t.TempDir()
	m := open(t, func(c *qmgr.Config) { c.Dir = dir })
	put(t, must(t, m.Dial), "IN", text("x"), mq.PutOptions{})
	m.Close()
	_, err := qmgr.Open(qmgr.Config{Dir: dir, Sealer: otherKeys{}})
	if err == nil || !strings.Contains(err.Error(), "restore the keys") {
		t.Errorf("other keys: %v", err)
	}
	// Nothing was lost by trying.
	expect(t, "with the right keys", next(t, must(t, open(t, func(c *qmgr.Config) { c.Dir = dir }).Dial), "IN", mq.GetOptions{}), "x")
}

func TestParseQueue(t *testing.T) {
	q, err := qmgr.ParseQueue("CPP.PAY.EVENT,maxdepth=10,maxmsgl=20,bothresh=3,boqname=CPP.PAY.EVENT.BOQ,get=enabled,put=disabled")
	want := qmgr.Queue{Name: "CPP.PAY.EVENT", MaxDepth: 10, MaxMsgLength: 20, BackoutThreshold: 3, BackoutQueue: "CPP.PAY.EVENT.BOQ", PutInhibited: true}
	if err != nil || q != want {
		t.Errorf("%+v, %v", q, err)
	}
	for text, want := range map[string]string{
		"":               "1 to 48",
		"Q,depth=1":      `"depth" is no setting`,
		"Q,maxdepth=x":   "maxdepth=x",
		"Q,put=off":      "enabled or disabled",
		"Q,boqname=Q":    "round for ever",
		"Q,boqname=A B":  "only letters",
		"Q,maxdepth=-20": "below 0",
	} {
		if _, err := qmgr.ParseQueue(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}
