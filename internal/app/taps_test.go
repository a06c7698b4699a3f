package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/copybooks/benefits"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/demo"
)

// TestATapTellsWhatLegacyGetsAndSaysWhatItLost reads copies of Legacy's queue: Legacy keeps each message, Modern hears of
// each that could be copied, and the losses stand in /readyz and among the bridges.
func TestATapTellsWhatLegacyGetsAndSaysWhatItLost(t *testing.T) {
	const messages, lost = 20, 3
	o := sampleOptions(t)
	c := o.Config
	c.Bridges, c.Contracts = nil, nil
	c.QueueManager.Queues = append(c.QueueManager.Queues,
		qmgr.Queue{Name: "CPP.LEGACY", StreamQueue: "CPP.TAP"}, qmgr.Queue{Name: "CPP.TAP"}, qmgr.Queue{Name: "CPP.BACKOUT"})
	c.Diversions = []config.Diversion{{
		Name: "cpp-tap", TapOf: "CPP.LEGACY", Queue: "CPP.TAP", Journal: true, BackoutQueue: "CPP.BACKOUT", Copybook: "builtin:CPPPAYEV",
	}}
	if err := Check(c); err != nil {
		t.Fatal(err)
	}
	o.Role = RoleBridge // a tap asks no route
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	up, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.Run(ctx, func() { close(up) }) }()
	<-up
	conn, err := a.direct(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	put := func(from, to int) {
		t.Helper()
		view, err := benefits.View("CPPPAYEV")
		if err != nil {
			t.Fatal(err)
		}
		for n := from; n < to; n++ {
			record, err := demo.Payment(view, int64(n+1), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Put(ctx, "CPP.LEGACY", mq.Message{Descriptor: mq.Descriptor{Persistent: true}, Body: record}, mq.PutOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	takes := func(word string) {
		t.Helper()
		if err := conn.(qmgr.Definer).Alter(ctx, "CPP.TAP", []string{"put=" + word}); err != nil {
			t.Fatal(err)
		}
	}
	put(0, messages)
	if ids := journalIDs(t, a.TrafficURL(), messages); len(ids) != messages {
		t.Errorf("%d events", len(ids))
	}
	if text := readiness(t, a); strings.Contains(text, "copies of") {
		t.Errorf("nothing was lost, and /readyz says\n%s", text)
	}
	takes("disabled")
	put(messages, messages+lost)
	takes("enabled")
	put(messages+lost, messages+lost+1)
	if ids := journalIDs(t, a.TrafficURL(), messages+1); ids[messages] != "cpp-pay-24" {
		t.Errorf("after the losses comes %s", ids[messages])
	}
	if text := readiness(t, a); !strings.Contains(text, "tap-cpp-tap: warning") || !strings.Contains(text, "3 copies of CPP.LEGACY were lost") {
		t.Errorf("/readyz says\n%s", text)
	}
	deadline := time.After(time.Minute)
	for tick := time.Tick(10 * time.Millisecond); ; <-tick { // the batch is counted once it is settled
		shown := a.bridgeCounts()
		if len(shown) == 1 && shown[0].Tap && shown[0].LostCopies == lost && shown[0].Published == messages+1 {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("the page shows %+v", shown)
		default:
		}
	}
	if err := conn.(qmgr.Definer).Alter(ctx, "CPP.LEGACY", []string{"streamq=CPP.BACKOUT"}); err != nil {
		t.Fatal(err)
	}
	if text := readiness(t, a); !strings.Contains(text, "makes no copies for CPP.TAP") {
		t.Errorf("/readyz says\n%s", text)
	}
	if got, err := conn.Inquire(ctx, "CPP.LEGACY"); err != nil || got.Depth != messages+lost+1 {
		t.Errorf("Legacy has %d messages, %v", got.Depth, err)
	}
	stop()
	if err := errors.Join(<-done, a.Close()); err != nil {
		t.Error(err)
	}
}

func readiness(t *testing.T, a *App) string {
	t.Helper()
	response, err := http.Get(a.ControlURL() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
