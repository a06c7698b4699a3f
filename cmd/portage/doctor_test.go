package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/internal/app"
)

func TestDoctor(t *testing.T) {
	socket := queueManager(t, queueManagerFlags{data: t.TempDir(), queues: []string{
		"GOOD,bothresh=5,boqname=GOOD.BOQ", "BAD,get=disabled", "SCRATCH,bothresh=1,boqname=GOOD.BOQ"}})
	run := func(code int, args ...string) string {
		t.Helper()
		out, err := output(t, newDoctor(), append([]string{"--mq", "--socket", socket}, args...)...)
		if e := new(exitError); code != exitDone && (!errors.As(err, &e) || e.code != code) || code == exitDone && err != nil {
			t.Errorf("%v: %v, want exit code %d", args, err, code)
		}
		return out
	}
	out := run(exitDone, "--queue", "GOOD", "--scratch", "SCRATCH")
	if strings.Count(out, "pass") < 17 || strings.Contains(out, "fault") {
		t.Errorf("a queue in order:\n%s", out)
	}
	var found []app.Finding
	if err := json.Unmarshal([]byte(run(exitNo, "--json")), &found); err != nil {
		t.Fatal(err)
	}
	fixes := map[string]string{}
	for _, f := range found {
		if f.Verdict == app.FindingFault && f.Queue == "BAD" {
			fixes[f.Check] = f.Fix
		}
	}
	for check, fix := range map[string]string{
		"get-enabled": "ALTER QLOCAL(BAD) GET(ENABLED)", "backout-threshold": "ALTER QLOCAL(BAD) BOTHRESH(5)",
		"backout-queue": "DEFINE QLOCAL(BAD.BOQ) MAXMSGL(4194304) MAXDEPTH(5000); ALTER QLOCAL(BAD) BOQNAME(BAD.BOQ)",
	} {
		if fixes[check] != fix {
			t.Errorf("%s: fix %q, want %q", check, fixes[check], fix)
		}
	}
	if out := run(exitNo, "--queue", "GONE"); !strings.Contains(out, "DEFINE QLOCAL(GONE)") || !strings.Contains(out, "name it with --scratch") {
		t.Errorf("no such queue:\n%s", out)
	}
	if _, err := output(t, newDoctor()); err == nil || !strings.Contains(err.Error(), "--mq") {
		t.Errorf("without --mq: %v", err)
	}
}

// A configuration says which queues there are, what for, and on which queue manager.
func TestDoctorTakesAConfiguration(t *testing.T) {
	data := t.TempDir()
	socket := queueManager(t, queueManagerFlags{data: data, queues: []string{"CPP.PAY.EVENT,bothresh=5,boqname=CPP.PAY.DEAD", "CPP.PAY.DEAD", "GOOD.STATE"}})
	bridges := "bridges:\n  - {name: pay, queue: CPP.PAY.EVENT, deadLetters: CPP.PAY.DEAD, copybook: builtin:CPPPAYEV}\n"
	run := func(text string, args ...string) (string, error) {
		file := filepath.Join(t.TempDir(), "portage.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return output(t, newDoctor(), append([]string{"--mq", "--config", file}, args...)...)
	}
	out, err := run("queueManager: {socket: " + socket + "}\n" + bridges)
	if err != nil || !strings.Contains(out, "CPP.PAY.EVENT") || !strings.Contains(out, "CPP.PAY.DEAD") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = run("data: " + data + `
kafka: {brokers: ["kafka:9092"]}
` + bridges + `writeBacks:
  - {name: back, topic: t, deadLetters: d, queue: CPP.PAY.DEAD, stateQueue: GOOD.STATE, copybook: "builtin:CPPPAYEV", echoes: {bridges: [pay]}}
`)
	if err == nil || !strings.Contains(out, "DEFINE QLOCAL(PORTAGE.ECHO.BACK)") || !strings.Contains(out, "GOOD.STATE") || strings.Contains(out, "GOOD.STATE.BOQ") {
		t.Errorf("what a write-back keeps: %v\n%s", err, out)
	}
	if out, err := run("data: " + data + "\n" + bridges); err != nil || !strings.Contains(out, "CPP.PAY.EVENT") {
		t.Errorf("by the data directory: %v\n%s", err, out)
	}
	if out, err := run("queueManager: {socket: "+socket+"}\n"+bridges, "--replies", "GONE"); err == nil || !strings.Contains(out, "DEFINE QLOCAL(GONE)") {
		t.Errorf("with a queue that is not there: %v\n%s", err, out)
	}
	if _, err := run("queueManager: {ibmmq: {channel: C, connection: \"mq1(1414)\"}}\n" + bridges); err == nil || !strings.Contains(err.Error(), "-tags ibmmq") {
		t.Errorf("IBM MQ in a build without its client: %v", err)
	}
	if _, err := run("queueManager: {sockets: x}"); err == nil || !strings.Contains(err.Error(), "socket") {
		t.Errorf("a configuration with a fault: %v", err)
	}
}
