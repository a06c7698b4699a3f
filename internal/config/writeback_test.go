package config

import (
	"strings"
	"testing"
	"time"
)

const backText = `
kafka: {brokers: ["127.0.0.1:9092"]}
bridges:
  - {name: cpp, queue: CPP.PAY.EVENT, deadLetters: D, copybook: "builtin:CPPPAYEV"}
writeBacks:
  - name: cpp-back
    topic: cpp.changes
    deadLetters: cpp.changes.dead
    queue: CPP.CHANGE
    copybook: builtin:CPPPAYEV
    types: [ca.example.benefits.cpp.payment.issued.v1]
    userIdentifier: PORTAGE1
    format: MQSTR
    echoes: {bridges: [cpp], within: 2h}
`

func TestWriteBackIsRead(t *testing.T) {
	c, err := Parse("p.yaml", []byte(backText))
	if err != nil {
		t.Fatal(err)
	}
	w := c.WriteBacks[0]
	if w.State() != "PORTAGE.STATE.CPP.BACK" || w.EchoQueue() != "PORTAGE.ECHO.CPP.BACK" || w.Echoes.Within != 2*time.Hour || w.UserIdentifier != "PORTAGE1" {
		t.Errorf("%+v", w)
	}
	w.StateQueue, w.Echoes.Queue = "S", "E"
	if w.State() != "S" || w.EchoQueue() != "E" {
		t.Errorf("queues that were named: %s, %s", w.State(), w.EchoQueue())
	}
	if w.Echoes = nil; w.EchoQueue() != "" {
		t.Error("without echoes there is a queue for them")
	}
}

func TestFaultsOfWriteBacksAreTold(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"no brokers":                      {`kafka: {brokers: ["127.0.0.1:9092"]}`, "", "no brokers are named"},
		"no topic":                        {"    topic: cpp.changes\n", "", "topic is missing"},
		"no dead letters":                 {"    deadLetters: cpp.changes.dead\n", "", "deadLetters is missing"},
		"dead letters come again":         {"cpp.changes.dead", "cpp.changes", "would come again as events"},
		"a name that is taken":            {"name: cpp-back", "name: cpp", "is taken"},
		"the queue of a bridge":           {"queue: CPP.CHANGE", "queue: CPP.PAY.EVENT", "what is written back would become events"},
		"state on Legacy's queue":         {"queue: CPP.CHANGE", "queue: CPP.CHANGE\n    stateQueue: CPP.CHANGE", "are the same queue"},
		"echoes on the state queue":       {"within: 2h", "queue: PORTAGE.STATE.CPP.BACK", "are the same queue"},
		"a bridge that is not there":      {"bridges: [cpp]", "bridges: [cpq]", `there is no bridge "cpq"`},
		"no bridge":                       {"bridges: [cpp], ", "", "echoes without bridges"},
		"within below zero":               {"within: 2h", "within: -2h", "within is below zero"},
		"a batch that is too large":       {"format: MQSTR", "batch: 101", "1 to 100 events"},
		"a format that is too long":       {"MQSTR", "MQSTRINGS", "at most 8 characters"},
		"an identity that is none":        {"PORTAGE1", "portage", "userIdentifier has at most 12"},
		"a queue's name that is too long": {"name: cpp-back", "name: cpp-back-that-has-a-name-of-more-than-34-letters", "more than 48"},
		"a setting that there is not one": {"    types:", "    typs:", `did you mean "types"?`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(backText, c.from, c.to, 1)
			if text == backText {
				t.Fatalf("%q does not stand there", c.from)
			}
			if _, err := Parse("p.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("says %v, want %q", err, c.want)
			}
		})
	}
	second := strings.Replace(backText[strings.Index(backText, "  - name: cpp-back"):], "cpp-back", "other\n    stateQueue: PORTAGE.STATE.CPP.BACK", 1)
	if _, err := Parse("p.yaml", []byte(backText+second)); err == nil || !strings.Contains(err.Error(), "would share the queue that remembers") {
		t.Errorf("two with one state queue: %v", err)
	}
}
