package journal

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/portage-gateway/portage/adapters"
)

func TestLedgerKeepsPositionAndEventsTogether(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	l, other := j.Ledger("cpp-payments"), j.Ledger("oas-extract")
	for _, l := range []*Ledger{l, other} {
		if p, err := l.Recover(t.Context()); p != nil || err != nil {
			t.Fatalf("a new ledger: %q, %v", p, err)
		}
	}
	at := func(l *Ledger, position string, m ...adapters.Message) {
		t.Helper()
		if err := l.PublishAt(t.Context(), []byte(position), m...); err != nil {
			t.Fatal(err)
		}
	}
	at(l, "one", messages(1, 2)...)
	at(other, "elsewhere")
	at(l, "two", messages(2, 3)...)
	if l.Duplicates() != 1 || other.Duplicates() != 0 {
		t.Errorf("duplicates %d and %d, want 1 and 0", l.Duplicates(), other.Duplicates())
	}

	conflict := message(3)
	conflict.Body = []byte("{}")
	var r *adapters.Refusal
	if err := l.PublishAt(t.Context(), []byte("three"), message(4), conflict); !errors.As(err, &r) {
		t.Fatalf("conflict: %v", err)
	}
	j.Close()

	j = open(t, c)
	for name, want := range map[string]string{"cpp-payments": "two", "oas-extract": "elsewhere"} {
		if p, err := j.Ledger(name).Recover(t.Context()); string(p) != want || err != nil {
			t.Errorf("%s recovered %q, %v; want %q", name, p, err, want)
		}
	}
	if diff := cmp.Diff(messages(1, 3), all(t, j)); diff != "" {
		t.Error(diff)
	}
}

func TestRecoverFencesTheEarlierHolder(t *testing.T) {
	j := open(t, config(t.TempDir()))
	old, young := j.Ledger("b"), j.Ledger("b")
	if err := old.PublishAt(t.Context(), nil, message(1)); err == nil || !strings.Contains(err.Error(), "before Recover") {
		t.Errorf("PublishAt before Recover: %v", err)
	}
	if _, err := old.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := young.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := old.PublishAt(t.Context(), []byte("old"), message(1)); !errors.Is(err, adapters.ErrFenced) {
		t.Errorf("the fenced holder published: %v", err)
	}
	if got := all(t, j); len(got) != 0 {
		t.Errorf("the fenced holder left %v", got)
	}
	if err := young.PublishAt(t.Context(), []byte("young"), message(1)); err != nil {
		t.Error(err)
	}
}

func TestPositionIsBounded(t *testing.T) {
	l := open(t, config(t.TempDir())).Ledger("b")
	if _, err := l.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	full := bytes.Repeat([]byte{0xff}, adapters.MaxPosition)
	if err := l.PublishAt(t.Context(), full); err != nil {
		t.Error(err)
	}
	if err := l.PublishAt(t.Context(), append(full, 0)); err == nil {
		t.Error("a position over the limit was taken")
	}
	if p, err := l.Recover(t.Context()); !bytes.Equal(p, full) || err != nil {
		t.Errorf("recovered %d bytes, %v", len(p), err)
	}
}
