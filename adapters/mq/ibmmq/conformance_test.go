//go:build ibmmq

package ibmmq_test

import (
	"context"
	"testing"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/adaptertest"
	"github.com/portage-gateway/portage/adapters/mq"
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

// The same suite that runs over memory and over the embedded queue manager, here through IBM's client.
func TestConformance(t *testing.T) {
	f := adaptertest.Features{KeepsID: true, CountsAttempts: true}
	adaptertest.Run(t, f, func(t *testing.T) adaptertest.Rig {
		d := start(t).dial(t)
		sink := &mq.Sink{Dial: d, Queue: "IN"}
		t.Cleanup(sink.Close)
		source := func() adapters.Source {
			quick := mq.Pace{First: time.Millisecond, Most: 5 * time.Millisecond}
			return &mq.Source{Dial: d, Queue: "IN", Retry: quick, Reconnect: quick, MaxBatch: 16, BackoutThreshold: 5}
		}
		return adaptertest.Rig{
			Sink:   sink,
			Source: source(),
			Reopen: func(*testing.T) adapters.Source { return source() },
			Dest:   "OUT",
			Stored: func(ctx context.Context, dest string) ([]adapters.Message, error) {
				if dest == "" {
					dest = "IN"
				}
				return browse(ctx, d, dest)
			},
		}
	})
}
