package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/portage-gateway/portage/adapters/webhook"
)

// TestSubscriberGetsTheJournalSignedAndMayLeave runs the sample with one subscriber that takes five events
// and then says that it is gone: the others of Portage go on.
func TestSubscriberGetsTheJournalSignedAndMayLeave(t *testing.T) {
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, left := make(chan string, 100), make(chan struct{})
	taken := 0
	subscriber := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("webhook-signature") == "" || r.Header.Get("idempotency-key") == "" {
			t.Errorf("an event came unsigned or cut off: %v", err)
		}
		if taken == 5 {
			w.WriteHeader(http.StatusGone)
			close(left)
			return
		}
		taken++
		got <- eventID(t, body)
	}))
	defer subscriber.Close()

	o := sampleOptions(t)
	o.Config.Webhooks = []webhook.Config{{Name: "partner", URL: subscriber.URL, KeyFiles: []string{keyFile}}}
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	up, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- a.Run(ctx, func() { close(up) }) }()
	<-up
	want := journalIDs(t, a.TrafficURL(), 7) // the bridge into the journal did not wait for the subscriber
	for i := range 5 {
		if id := <-got; id != want[i] {
			t.Errorf("event %d is %s, the journal has %s", i, id, want[i])
		}
	}
	<-left
	for body := ""; !strings.Contains(body, "gone (410)"); {
		response, err := http.Get(a.ControlURL() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || t.Context().Err() != nil {
			t.Fatal(err)
		}
		body = string(text)
	}
	stop()
	if err := errors.Join(<-done, a.Close()); err != nil {
		t.Error(err)
	}
}
