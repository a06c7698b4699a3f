package app

import (
	"context"
	"fmt"

	"github.com/portage-gateway/portage/adapters/bridge"
	"github.com/portage-gateway/portage/adapters/mq"
	"github.com/portage-gateway/portage/adapters/mq/ibmmq"
	"github.com/portage-gateway/portage/adapters/mq/qmgr"
	"github.com/portage-gateway/portage/internal/config"
	"github.com/portage-gateway/portage/internal/console"
	"github.com/portage-gateway/portage/router"
)

// zosEncoding and zosCCSID describe areas and records of a z/OS program: big-endian integers, packed
// decimals, hexadecimal floats (MQENC_S390), code page 037.
const (
	zosEncoding = 785
	zosCCSID    = 37
)

// openQueues connects to the queue manager, or runs the embedded one.
func (a *App) openQueues(context.Context) error {
	name, dial, err := a.queueManager(a.Config.QueueManager)
	if err != nil {
		return err
	}
	a.dial, a.direct = a.metrics.mq.Dial(name, dial), dial
	depths := &mq.Depths{Dial: dial, Queues: a.queueNames()}
	a.registry.MustRegister(depths)
	a.onClose(depths.Close)
	a.check("queue-manager", func(ctx context.Context) error {
		conn, err := dial(ctx)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	return nil
}

// queueManager returns the way to the queue manager and its name in metrics.
func (a *App) queueManager(c config.QueueManager) (name string, dial mq.Dial, err error) {
	switch {
	case c.IBMMQ != nil:
		dial, err = ibmmq.Dial(*c.IBMMQ)
		return c.IBMMQ.QueueManager, dial, err
	case c.Socket != "":
		return c.Socket, qmgr.DialAs(c.Socket, "portage"), nil
	}
	m, err := qmgr.Open(qmgr.Config{
		Dir: a.data.path, Socket: a.data.file("queues.sock"), Queues: c.Queues, Sealer: a.vault.Sealer("queues"), Log: a.log,
	})
	if err != nil {
		return "", nil, err
	}
	a.onClose(m.Close)
	l, err := m.Listen()
	if err != nil {
		return "", nil, err
	}
	a.actors.add("queue manager", func(ctx context.Context) error { return m.Serve(ctx, l) })
	return "embedded", m.Dial, nil
}

// queueNames lists the queues that the configuration names.
func (a *App) queueNames() (names []string) {
	seen := map[string]bool{"": true}
	add := func(queues ...string) {
		for _, q := range queues {
			if !seen[q] {
				seen[q] = true
				names = append(names, q)
			}
		}
	}
	for _, e := range a.Config.Exchanges {
		add(e.Request, e.Reply, e.Reply+".LATE")
	}
	for _, b := range a.Config.Bridges {
		add(b.Queue, b.DeadLetters)
	}
	for _, d := range a.Config.Diversions {
		add(d.Queue, d.LegacyQueue, d.TapOf, d.ModernQueue, d.BackoutQueue)
	}
	for _, w := range a.Config.WriteBacks {
		add(w.Queue) // what the others hold waits for nobody: its age is no alarm
	}
	return names
}

// openExchanges makes a side of each transaction behind a queue.
func (a *App) openExchanges(context.Context) error {
	if !a.Role.routes() {
		return nil
	}
	for _, e := range a.Config.Exchanges {
		if err := a.openExchange(e); err != nil {
			return fmt.Errorf("exchange %s: %w", e.Name, err)
		}
	}
	return nil
}

func (a *App) openExchange(e config.Exchange) error {
	view, err := loadView(e.Copybook, e.Mapping)
	if err != nil {
		return err
	}
	requester := &mq.Requester{
		Name: e.Name, Dial: a.dial, RequestQueue: e.Request, ReplyQueue: e.Reply, InFlight: e.InFlight, Custom: e.Custom,
		Descriptor: mq.Descriptor{Encoding: zosEncoding, CCSID: zosCCSID, PutApplName: "portage"},
		Metrics:    a.metrics.mq, Log: a.log,
	}
	exchange := &bridge.Exchange{
		Name: e.Name, View: view, Call: requester.Call, Open: a.vault.OpenReference,
		Params: router.Params, Trace: e.Trace, Metrics: a.metrics.bridge, Log: a.log,
	}
	for _, r := range a.Config.Routes {
		if r.Legacy.Exchange == e.Name || r.Modern.Exchange == e.Name {
			exchange.ReferenceParam, exchange.Program = r.Reference, r.Program
		}
	}
	if err := exchange.Prepare(); err != nil {
		return err
	}
	a.sides[sideName(config.Side{Exchange: e.Name})] = exchange
	a.actors.add("exchange "+e.Name, requester.Run)
	a.onClose(func() error { requester.Close(); return nil })
	a.check("exchange-"+e.Name, func(context.Context) error {
		if !requester.Ready() {
			return console.Warn("answers are not being read; is the queue manager there?")
		}
		return nil
	})
	return nil
}

// queues tells the console of every queue.
func (a *App) queues(ctx context.Context) ([]console.Queue, error) {
	conn, err := a.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var out []console.Queue
	for _, name := range a.queueNames() {
		attributes, err := conn.Inquire(ctx, name)
		if mq.IsReason(err, mq.RCUnknownObjectName) {
			continue
		}
		if err != nil {
			return nil, err
		}
		q := console.Queue{Name: name, Depth: attributes.Depth, MaxDepth: attributes.MaxDepth}
		if attributes.Depth > 0 {
			age := attributes.OldestAge.Seconds()
			q.OldestAgeSeconds = &age
		}
		out = append(out, q)
	}
	return out, nil
}
