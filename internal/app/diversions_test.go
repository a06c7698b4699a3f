package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/demo"
	"github.com/portage-gateway/portage/router"
)

// TestDivertedMessagesFollowTheRoutesDecision puts payments on a queue that is diverted at share 30 %: each
// goes to the side that also answers its client's requests, as an event or, unchanged, on Legacy's queue.
func TestDivertedMessagesFollowTheRoutesDecision(t *testing.T) {
	const messages = 60
	o := sampleOptions(t)
	c := o.Config
	c.Bridges, c.Contracts = nil, nil
	c.Routes[0].Share = 3000
	c.QueueManager.Queues = append(c.QueueManager.Queues,
		qmgr.Queue{Name: "CPP.DIVERTED"}, qmgr.Queue{Name: "CPP.LEGACY"}, qmgr.Queue{Name: "CPP.BACKOUT"})
	c.Diversions = []config.Diversion{{
		Name: "cpp", Route: sampleRoute, Queue: "CPP.DIVERTED", LegacyQueue: "CPP.LEGACY", Journal: true,
		BackoutQueue: "CPP.BACKOUT", Copybook: "builtin:CPPPAYEV",
	}}
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	up, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.Run(ctx, func() { close(up) }) }()
	<-up
	conn, err := a.dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	toModern, records := 0, map[string]bool{}
	view, err := benefits.View("CPPPAYEV")
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(messages) {
		record, err := demo.Payment(view, n+1, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		key := a.vault.MAC("key", []byte(demo.SIN(int(n+1))))
		if a.router.Table().Decide(router.Request{Route: sampleRoute, Key: key, HasKey: true}).Side == router.Modern {
			toModern++
		} else {
			records[string(record)] = true
		}
		if _, err := conn.Put(ctx, "CPP.DIVERTED", mq.Message{Descriptor: mq.Descriptor{Persistent: true, UserIdentifier: "payer"}, Body: record}, mq.PutOptions{PassContext: true}); err != nil {
			t.Fatal(err)
		}
	}
	if toModern == 0 || toModern == messages {
		t.Fatalf("%d of %d clients are Modern's: the test shows nothing", toModern, messages)
	}
	for range messages - toModern {
		m, err := conn.Get(ctx, "CPP.LEGACY", mq.GetOptions{Wait: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if !records[string(m.Body)] || m.UserIdentifier != "payer" {
			t.Error("Legacy got a message that was not its own, or not as it was put")
		}
		delete(records, string(m.Body))
	}
	if ids := journalIDs(t, a.TrafficURL(), toModern); len(ids) != toModern {
		t.Errorf("%d events", len(ids))
	}
	if m, err := conn.Get(ctx, "CPP.LEGACY", mq.GetOptions{}); !mq.IsReason(err, mq.RCNoMsgAvailable) {
		t.Errorf("Legacy got one more: %v, %v", m.MsgID, err)
	}
	conn.Close()
	stop()
	if err := errors.Join(<-done, a.Close()); err != nil {
		t.Error(err)
	}
	if len(records) != 0 {
		t.Errorf("%d messages of Legacy's were not passed on", len(records))
	}
}
