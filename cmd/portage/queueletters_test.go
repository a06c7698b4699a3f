package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/internal/demo"
)

const (
	payEvents  = "CPP.PAY.EVENT"
	payLetters = "CPP.PAY.EVENT.DLQ"
	secretSIN  = "046454286"
)

// letterBox is a queue manager with dead letters, and a connection to it.
func letterBox(t *testing.T) (socket string, c mq.Conn) {
	t.Helper()
	socket = queueManager(t, queueManagerFlags{data: t.TempDir(), queues: []string{payEvents + ",bothresh=5,boqname=" + payLetters, "OTHER"}})
	c, err := qmgr.Dial(socket)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return socket, c
}

// payRecord is a payment event of the sample copybook, and the same with an amount that is no number.
func payRecord(t *testing.T) (good, spoiled []byte) {
	t.Helper()
	v, err := benefits.View("CPPPAYEV")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	good, err = demo.Payment(v, 46_454_286, at)
	if err != nil {
		t.Fatal(err)
	}
	spoiled = slices.Clone(good)
	demo.Spoil(spoiled)
	return good, spoiled
}

// putLetter puts a dead letter with number n.
func putLetter(t *testing.T, c mq.Conn, n byte, body []byte, beside ...string) string {
	t.Helper()
	m := mq.Message{Body: body, Descriptor: mq.Descriptor{MsgID: mq.ID{n}, Persistent: true, UserIdentifier: "CLERK1", CCSID: 37, Encoding: 785}}
	for i := 0; i < len(beside); i += 2 {
		m.Properties = append(m.Properties, adapters.Header{Name: beside[i], Value: beside[i+1]})
	}
	if _, err := c.Put(t.Context(), payLetters, m, mq.PutOptions{PassContext: true}); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(m.MsgID[:])
}

func TestDeadLettersAreListedAndRetried(t *testing.T) {
	socket, c := letterBox(t)
	first := putLetter(t, c, 1, []byte(secretSIN+" first"), "portage-reason", "packed-nibble", "portage-field", "PE.GROSS", "portage-offset", "41", "portage-size", "4", "portage-bridge", "pay", "own", "kept")
	putLetter(t, c, 2, []byte(secretSIN+" second"), "portage-reason", "backout-threshold", "portage-queue", "OTHER", "portage-attempts", "5")
	putLetter(t, c, 3, []byte("no letter: nobody says why it is here"))

	list, err := output(t, newQueue(), "dead-letters", "--socket", socket)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(list), "\n")
	if len(lines) != 3 || !strings.Contains(lines[1], "packed-nibble      PE.GROSS  41      CPP.PAY.EVENT  -") || !strings.Contains(lines[2], "backout-threshold  -         -       OTHER          5") {
		t.Errorf("list:\n%s", list)
	}
	asJSON, err := output(t, newQueue(), "dead-letters", payLetters, "--socket", socket, "--json")
	var parsed []letterLine
	if err := errors.Join(err, json.Unmarshal([]byte(asJSON), &parsed)); err != nil || len(parsed) != 2 || *parsed[0].Offset != 41 || *parsed[1].Attempts != 5 || parsed[1].Offset != nil {
		t.Errorf("--json, %v:\n%s", err, asJSON)
	}
	if strings.Contains(list+asJSON, secretSIN) || strings.Contains(list+asJSON, "CLERK1") {
		t.Error("content or identity is shown")
	}

	url, told, refuse := controlAPI(t)
	retry := func(args ...string) (string, error) {
		return output(t, newQueue(), append([]string{"dead-letters", "retry", "--socket", socket, "--data", t.TempDir(), "--reason", "ticket 4711"}, args...)...)
	}
	if out, err := retry(strings.ToUpper(first), "--control", url); err != nil || !strings.Contains(out, "is on CPP.PAY.EVENT\n") {
		t.Fatalf("%s, %v", out, err)
	}
	if out, err := retry("--all", "--control", url); err != nil || !strings.Contains(out, "is on OTHER\n") {
		t.Fatalf("%s, %v", out, err)
	}
	if want := `{"action":"redrive","object":"dead-letter/` + payLetters + "/" + first + `","reason":"ticket 4711"}`; len(*told) != 2 || (*told)[0] != want {
		t.Errorf("recorded %v, want %s and one more", *told, want)
	}
	refuse()
	third := putLetter(t, c, 4, []byte("third"), "portage-reason", "short-record", "portage-queue", "OTHER")
	for what, args := range map[string][]string{
		"unrecorded": {third, "--control", url}, "no Portage": {third}, "no reason": {third, "--control", url, "--reason", " "},
	} {
		if out, err := retry(args...); err == nil || out != "" {
			t.Errorf("%s: a letter moved: %s", what, out)
		}
	}
	got, err := c.Get(t.Context(), payEvents, mq.GetOptions{})
	if err != nil || string(got.Body) != secretSIN+" first" || got.BackoutCount != 0 || got.UserIdentifier != "CLERK1" || got.CCSID != 37 || fmt.Sprint(got.Properties) != "[{own kept}]" {
		t.Errorf("retried: %+v, %v", got.Descriptor, err)
	}
	if got, err := c.Get(t.Context(), "OTHER", mq.GetOptions{}); err != nil || len(got.Properties) != 0 {
		t.Errorf("retried: %+v, %v", got.Descriptor, err)
	}
	if a, err := c.Inquire(t.Context(), payLetters); err != nil || a.Depth != 2 {
		t.Errorf("%d messages are left, %v; want the one that is no letter and the one that nobody recorded", a.Depth, err)
	}
}

func TestRetriesThatMoveNothing(t *testing.T) {
	socket, c := letterBox(t)
	id := putLetter(t, c, 1, []byte("x"), "portage-reason", "short-record", "portage-queue", "GONE")
	url, _, _ := controlAPI(t)
	dead := mq.Message{Descriptor: mq.Descriptor{MsgID: mq.ID{9}, Format: "MQDEAD", Properties: []adapters.Header{{Name: "portage-reason", Value: "r"}}}, Body: []byte("DLH ")}
	if _, err := c.Put(t.Context(), payLetters, dead, mq.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"2085", []string{id}},
		{"dead-letter header", []string{hex.EncodeToString(dead.MsgID[:])}},
		{"no such dead letter", []string{strings.Repeat("0", 48)}},
		{"--all", []string{id, "--all"}},
		{"--all", nil},
	} {
		_, err := output(t, newQueue(), append([]string{"dead-letters", "retry", "--socket", socket, "--control", url, "--data", t.TempDir(), "--reason", "x"}, c.args...)...)
		if e := new(exitError); !errors.As(err, &e) || e.code != exitUsage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.args, err, c.want)
		}
	}
	if a, err := c.Inquire(t.Context(), payLetters); err != nil || a.Depth != 2 {
		t.Errorf("%d letters are there, %v; want both", a.Depth, err)
	}
	if out, err := output(t, newQueue(), "dead-letters", "retry", id, "--to", "OTHER", "--socket", socket, "--control", url, "--data", t.TempDir(), "--reason", "x"); err != nil {
		t.Errorf("%s, %v", out, err)
	}
}

// controlAPI records what is told before a disclosure; after refuse says so it takes nothing.
func controlAPI(t *testing.T) (url string, told *[]string, refuse func()) {
	t.Helper()
	told, refusing := new([]string), false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if refusing || r.URL.Path != "/control/v1/disclosures" {
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, `{"title":"no","detail":"the audit does not take it"}`)
			return
		}
		*told = append(*told, string(b))
		w.Write(b)
	}))
	t.Cleanup(s.Close)
	return s.URL, told, func() { refusing = true }
}

func TestDeadLetterIsShownMaskedAndRevealedOnTheRecord(t *testing.T) {
	socket, c := letterBox(t)
	_, body := payRecord(t)
	id := putLetter(t, c, 1, body, "portage-reason", "packed-nibble")
	url, told, refuse := controlAPI(t)
	show := func(args ...string) (string, error) {
		return output(t, newQueue(), append([]string{"dead-letters", "show", id, "--socket", socket, "--data", t.TempDir()}, args...)...)
	}
	plain, err := show()
	if err != nil || !strings.Contains(plain, "packed-nibble") || !strings.Contains(plain, "name --copybook") {
		t.Errorf("plain, %v:\n%s", err, plain)
	}
	decoded, err := show("--copybook", "builtin:CPPPAYEV", "--json")
	var shown shownLetter
	if err := errors.Join(err, json.Unmarshal([]byte(decoded), &shown)); err != nil || shown.Hex != "" || shown.Undecodable != "" {
		t.Errorf("decoded, %v:\n%s", err, decoded)
	}
	var fields map[string]any
	if err := json.Unmarshal(shown.Record, &fields); err != nil || fields["sin"] != "sin" || !strings.Contains(string(shown.Record), "decimal(") {
		t.Errorf("%v: fields are not there by their shapes: %s", err, shown.Record)
	}
	if strings.Contains(decoded, demo.SIN(6_454_286)) || strings.Contains(decoded, "2026-03") {
		t.Errorf("content is shown:\n%s", decoded)
	}
	file := filepath.Join(t.TempDir(), "portage.yaml")
	if err := os.WriteFile(file, []byte("bridges:\n  - {name: pay, queue: "+payEvents+", deadLetters: "+payLetters+", copybook: \"builtin:CPPPAYEV\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if byConfig, err := show("--config", file, "--json"); err != nil || byConfig != decoded {
		t.Errorf("by --config, %v:\n%s", err, byConfig)
	}
	if len(*told) != 0 {
		t.Errorf("%v was recorded of what discloses nothing", *told)
	}
	revealed, err := show("--reveal", "--reason", "ticket 4711", "--control", url)
	if err != nil || !strings.Contains(revealed, hex.Dump(body)) {
		t.Errorf("revealed, %v:\n%s", err, revealed)
	}
	out := filepath.Join(t.TempDir(), "letter.bin")
	export := func(args ...string) error {
		_, err := output(t, newQueue(), append([]string{"dead-letters", "export", id, out, "--socket", socket, "--data", t.TempDir()}, args...)...)
		return err
	}
	if err := export("--reveal", "--reason", "ticket 4712", "--control", url); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(out)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if got, err := os.ReadFile(out); err != nil || string(got) != string(body) {
		t.Errorf("%d bytes exported, %v", len(got), err)
	}
	object := `"object":"dead-letter/` + payLetters + "/" + id + `"`
	if want := []string{`{"action":"reveal",` + object + `,"reason":"ticket 4711"}`, `{"action":"disclose",` + object + `,"reason":"ticket 4712"}`}; fmt.Sprint(*told) != fmt.Sprint(want) {
		t.Errorf("recorded %v, want %v", *told, want)
	}

	if err := export("--reveal", "--reason", "again", "--control", url); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("over an old file: %v", err)
	}
	os.Remove(out)
	refuse()
	for what, f := range map[string]func() (string, error){
		"unrecorded":   func() (string, error) { return show("--reveal", "--reason", "x", "--control", url) },
		"no Portage":   func() (string, error) { return show("--reveal", "--reason", "x") },
		"no reason":    func() (string, error) { return show("--reveal", "--reason", " ") },
		"export":       func() (string, error) { return "", export("--reveal", "--reason", "x", "--control", url) },
		"not revealed": func() (string, error) { return "", export("--reason", "x", "--control", url) },
	} {
		text, err := f()
		if err == nil || strings.Contains(text, hex.Dump(body)[:40]) {
			t.Errorf("%s: %v\n%s", what, err, text)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("what is not recorded was exported")
	}
}

func TestQueuesAreDefinedAlteredAndAliased(t *testing.T) {
	socket, c := letterBox(t)
	for _, args := range [][]string{
		{"define", "CPP.PAY.DIVERT", "maxdepth=7"}, {"alias", "CPP.PAY", payEvents}, {"alias", "CPP.PAY", "CPP.PAY.DIVERT"}, {"alter", "CPP.PAY.DIVERT", "get=disabled"},
	} {
		if out, err := output(t, newQueue(), append(args, "--socket", socket)...); err != nil {
			t.Fatalf("%v: %s, %v", args, out, err)
		}
	}
	a, err := c.Inquire(t.Context(), "CPP.PAY")
	if err != nil || a.Queue != "CPP.PAY.DIVERT" || a.MaxDepth != 7 || !a.GetInhibited {
		t.Errorf("%+v, %v", a, err)
	}
	list, err := output(t, newQueue(), "list", "--socket", socket)
	if err != nil || !strings.Contains(list, "stands for CPP.PAY.DIVERT") {
		t.Errorf("%s, %v", list, err)
	}
	for want, args := range map[string][]string{
		"maxdepth": {"define", "Q", "depth=1"}, "2085": {"alias", "A", "NONE"}, "2100": {"define", payEvents}, "no such queue": {"alter", "NONE", "get=disabled"},
	} {
		_, err := output(t, newQueue(), append(args, "--socket", socket)...)
		if e := new(exitError); !errors.As(err, &e) || e.code != exitUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
