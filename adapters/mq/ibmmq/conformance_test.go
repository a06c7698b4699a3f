//go:build ibmmq

package ibmmq_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/ibmmq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
)

// browse returns all messages of a queue as a reader would see them, without taking them.
func browse(ctx context.Context, dial mq.Dial, queue string) ([]adapters.Message, error) {
	c, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var out []adapters.Message
	for o := (mq.GetOptions{Browse: true, BrowseFirst: true}); ; o.BrowseFirst = false {
		m, err := c.Get(ctx, queue, o)
		if mq.IsReason(err, mq.RCNoMsgAvailable) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, mq.AsMessage(m))
	}
}

// ownVar names a file with an ibmmq.Config in YAML: the suite then runs on that queue manager, on the scratch queues
// PORTAGE.TEST.IN and PORTAGE.TEST.OUT, which it empties before each test.
const ownVar = "PORTAGE_IBMMQ"

// scratch returns how to connect and two empty queues.
func scratch(t *testing.T) (d mq.Dial, in, out string) {
	t.Helper()
	file := os.Getenv(ownVar)
	if file == "" {
		return start(t).dial(t), "IN", "OUT"
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c ibmmq.Config
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	d, in, out = dialed(t, c), "PORTAGE.TEST.IN", "PORTAGE.TEST.OUT"
	conn := connect(t, d)
	for _, queue := range []string{in, out} {
		for err := error(nil); err == nil; {
			if _, err = conn.Get(t.Context(), queue, mq.GetOptions{}); err != nil && !mq.IsReason(err, mq.RCNoMsgAvailable) {
				t.Fatal(err)
			}
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	return d, in, out
}

// A person's own queue manager is reached by the file, and its scratch queues are emptied first.
func TestScratchQueuesOfOnesOwn(t *testing.T) {
	h := start(t, func(c *qmgr.Config) { c.Queues = []qmgr.Queue{{Name: "PORTAGE.TEST.IN"}, {Name: "PORTAGE.TEST.OUT"}} })
	file := filepath.Join(t.TempDir(), "mq.yaml")
	if err := os.WriteFile(file, []byte("channel: C\nconnection: "+h.socket+"\napplicationName: doctor\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := connect(t, h.dial(t))
	put(t, c, "PORTAGE.TEST.IN", "left over")
	put(t, c, "PORTAGE.TEST.OUT", "left over")
	t.Setenv(ownVar, file)
	d, in, out := scratch(t)
	for _, queue := range []string{in, out} {
		if ms, err := browse(t.Context(), d, queue); err != nil || len(ms) != 0 {
			t.Errorf("%s holds %d messages, %v", queue, len(ms), err)
		}
	}
}

// The same suite that runs over memory and over the embedded queue manager, here through IBM's client.
func TestConformance(t *testing.T) {
	f := adaptertest.Features{KeepsID: true, CountsAttempts: true}
	adaptertest.Run(t, f, func(t *testing.T) adaptertest.Rig {
		d, in, out := scratch(t)
		sink := &mq.Sink{Dial: d, Queue: in}
		t.Cleanup(sink.Close)
		source := func() adapters.Source {
			quick := mq.Pace{First: time.Millisecond, Most: 5 * time.Millisecond}
			return &mq.Source{Dial: d, Queue: in, Retry: quick, Reconnect: quick, MaxBatch: 16, BackoutThreshold: 5}
		}
		return adaptertest.Rig{
			Sink:   sink,
			Source: source(),
			Reopen: func(*testing.T) adapters.Source { return source() },
			Dest:   out,
			Stored: func(ctx context.Context, dest string) ([]adapters.Message, error) {
				if dest == "" {
					dest = in
				}
				return browse(ctx, d, dest)
			},
		}
	})
}
