package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// queueManager runs the command's work for the length of a test and returns its socket.
func queueManager(t *testing.T, f queueManagerFlags) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- f.run(ctx, slog.New(slog.DiscardHandler), func(s string) { ready <- s }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case socket := <-ready:
		return socket
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
		return ""
	}
}

// output runs a command and returns what it prints.
func output(t *testing.T, cmd *cobra.Command, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestQueueCommands(t *testing.T) {
	dir := t.TempDir()
	socket := queueManager(t, queueManagerFlags{data: dir, queues: []string{"CPP.PAY.EVENT,maxdepth=20,bothresh=5,boqname=CPP.PAY.EVENT.DLQ", "EI.STATUS.REQ,put=disabled"}})
	c, err := qmgr.Dial(socket)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m := mq.Message{Body: []byte("046454286 is secret"), Descriptor: mq.Descriptor{
		MsgID: mq.ID{0xab}, Persistent: true, Format: "MQSTR", UserIdentifier: "CLERK1", PutTime: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Properties: []adapters.Header{{Name: "portage-reason", Value: "packed-nibble"}, {Name: "portage-field", Value: "PAY.AMOUNT"}, {Name: "portage-offset", Value: "41"}, {Name: "other", Value: "private"}},
	}}
	if _, err := c.Put(t.Context(), "CPP.PAY.EVENT.DLQ", m, mq.PutOptions{PassContext: true}); err != nil {
		t.Fatal(err)
	}

	list, err := output(t, newQueue(), "list", "--data", dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CPP.PAY.EVENT      0      20    -       after 5 to CPP.PAY.EVENT.DLQ  -", "CPP.PAY.EVENT.DLQ  1      5000", "EI.STATUS.REQ      0      5000  -       -                             put"} {
		if !strings.Contains(list, want) {
			t.Errorf("list has no line %q:\n%s", want, list)
		}
	}
	browsed, err := output(t, newQueue(), "browse", "CPP.PAY.EVENT.DLQ", "--socket", socket)
	if err != nil || !strings.Contains(browsed, "2026-03-01 12:00:00.00  19     MQSTR   0           packed-nibble at PAY.AMOUNT, byte 41") {
		t.Errorf("browse, %v:\n%s", err, browsed)
	}
	asJSON, err := output(t, newQueue(), "browse", "CPP.PAY.EVENT.DLQ", "--socket", socket, "--json", "--limit", "1")
	var lines []messageLine
	if err := errors.Join(err, json.Unmarshal([]byte(asJSON), &lines)); err != nil || len(lines) != 1 || lines[0].Portage["field"] != "PAY.AMOUNT" || lines[0].MsgID[:2] != "ab" {
		t.Errorf("browse --json, %v:\n%s", err, asJSON)
	}
	for _, secret := range []string{"046454286", "CLERK1", "private"} {
		if strings.Contains(list+browsed+asJSON, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	for _, c := range []struct {
		code int
		args []string
		want string
	}{
		{exitRemote, []string{"list", "--data", t.TempDir()}, "start `portage queue-manager`"},
		{exitUsage, []string{"browse", "CPP.PAY.EVNT", "--socket", socket}, "portage queue list"},
		{exitUsage, []string{"list", "--socket", strings.Repeat("x", 108)}, "107 bytes"},
		{exitUsage, []string{"browse", "X", "--limit", "-1"}, "--limit"},
	} {
		_, err := output(t, newQueue(), c.args...)
		if e := new(exitError); !errors.As(err, &e) || e.code != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want exit code %d and %q", c.args, err, c.code, c.want)
		}
	}
}

func TestQueueManagerRefusals(t *testing.T) {
	dir := t.TempDir()
	queueManager(t, queueManagerFlags{data: dir, queues: []string{"Q"}})
	for name, c := range map[string]struct {
		flags queueManagerFlags
		code  int
		want  string
	}{
		"a queue's setting misspelt": {queueManagerFlags{data: t.TempDir(), queues: []string{"Q,depth=1"}}, exitUsage, "maxdepth"},
		"data that is in use":        {queueManagerFlags{data: dir}, exitIO, "belong to process"},
	} {
		err := c.flags.run(t.Context(), slog.New(slog.DiscardHandler), func(string) {})
		if e := new(exitError); !errors.As(err, &e) || e.code != c.code || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want exit code %d and %q", name, err, c.code, c.want)
		}
	}
	if _, err := output(t, newQueueManager()); err == nil || !strings.Contains(err.Error(), "data") {
		t.Errorf("without --data: %v", err)
	}
}
