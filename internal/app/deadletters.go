package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/console"
)

// maxBrowse bounds how many messages of a dead letter queue are looked at for one answer.
const maxBrowse = 5000

// deadLetters lists the newest dead letters of every bridge that reads a queue: why and where, never what.
func (a *App) deadLetters(ctx context.Context, limit int) ([]console.DeadLetter, error) {
	out := []console.DeadLetter{}
	for _, b := range a.Config.Bridges {
		letters, err := a.browse(ctx, b)
		if err != nil {
			return nil, err
		}
		out = append(out, letters...)
	}
	slices.SortFunc(out, func(x, y console.DeadLetter) int { return y.Time.Compare(x.Time) })
	return out[:min(len(out), max(limit, 0))], nil
}

// browse reads a bridge's dead letter queue and takes nothing off it.
func (a *App) browse(ctx context.Context, b config.Bridge) ([]console.DeadLetter, error) {
	conn, err := a.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var out []console.DeadLetter
	for len(out) < maxBrowse {
		m, err := conn.Get(ctx, b.DeadLetters, mq.GetOptions{Browse: true})
		if mq.IsReason(err, mq.RCNoMsgAvailable) || mq.IsReason(err, mq.RCUnknownObjectName) {
			break
		}
		if err != nil {
			return nil, err
		}
		out = append(out, deadLetter(b, m))
	}
	return out, nil
}

func deadLetter(b config.Bridge, queued mq.Message) console.DeadLetter {
	m := mq.AsMessage(queued)
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
		Bridge: b.Name, Queue: b.DeadLetters, Time: queued.PutTime,
		Reason: cmp.Or(text(bridge.HeaderReason), "unknown"), Field: text(bridge.HeaderField),
		Offset: number(bridge.HeaderOffset), Size: number(bridge.HeaderSize),
	}
}
