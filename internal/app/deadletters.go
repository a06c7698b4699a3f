package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/portage-gateway/portage/adapters"
	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/internal/console"
)

// deadLetters lists the newest dead letters of every bridge that reads a queue, and the oldest of each dataset:
// why and where, never what.
func (a *App) deadLetters(ctx context.Context, limit int) ([]console.DeadLetter, error) {
	out := []console.DeadLetter{}
	for bridge, queue := range a.deadLetterQueues() {
		letters, err := a.browse(ctx, bridge, queue, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, letters...)
	}
	for _, d := range a.datasets {
		letters, err := d.letters(ctx, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, letters...)
	}
	slices.SortFunc(out, func(x, y console.DeadLetter) int { return y.Time.Compare(x.Time) })
	return out[:min(len(out), max(limit, 0))], nil
}

// deadLetterQueues names the queue that takes each bridge's or diversion's dead letters.
func (a *App) deadLetterQueues() map[string]string {
	queues := map[string]string{}
	for _, b := range a.Config.Bridges {
		queues[b.Name] = b.DeadLetters
	}
	for _, d := range a.Config.Diversions {
		queues[d.Name] = d.BackoutQueue
	}
	return queues
}

// browse reads a dead letter queue to its end, keeps the newest, and takes nothing off it.
func (a *App) browse(ctx context.Context, bridge, queue string, limit int) ([]console.DeadLetter, error) {
	conn, err := a.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var out []console.DeadLetter
	for {
		m, err := conn.Get(ctx, queue, mq.GetOptions{Browse: true})
		if mq.IsReason(err, mq.RCNoMsgAvailable) || mq.IsReason(err, mq.RCUnknownObjectName) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if out = append(out, deadLetter(bridge, queue, m.PutTime, mq.AsMessage(m))); len(out) >= 2*limit+1 {
			out = append(out[:0], out[len(out)-limit:]...)
		}
	}
}

func deadLetter(name, queue string, at time.Time, m adapters.Message) console.DeadLetter {
	text := func(name string) string {
		v, _ := m.Header(name)
		return v
	}
	number := func(name string) int {
		n, err := strconv.Atoi(text(name))
		if err != nil {
			return -1
		}
		return n
	}
	return console.DeadLetter{
		Bridge: name, Queue: queue, Time: at,
		Reason: cmp.Or(text(bridge.HeaderReason), "unknown"), Field: text(bridge.HeaderField),
		Offset: number(bridge.HeaderOffset), Size: number(bridge.HeaderSize),
	}
}
